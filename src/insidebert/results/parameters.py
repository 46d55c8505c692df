"""Notebooks' parameters: their types and ranges, derived from the defaults in the notebook, and profiles that set them.

Values arrive as text, from YAML or a command line, and become what the default is: 1e-4 a number where it is a number,
`No` or `2024` text where it is text.
"""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from insidebert.errors import InputError

FROM_ZERO = {"SEED", "SEEDS", "seed", "frozen", "trained"}
"""Whole numbers that may be 0; all others count something, so that they are at least 1."""

LARGEST = 2**32 - 1
"""Of whole numbers; what a seed may be."""


def _no_bool(value):
    if isinstance(value, bool):
        raise ValueError("true and false are not numbers")
    return value


NO_BOOL = BeforeValidator(_no_bool)


def checked(notebook: str, defaults: dict, parameters: dict) -> dict:
    """A notebook's parameters with some replaced, as in `merged`, each of the type of its default.

    A whole number is at least 1, or 0 for a seed; one with a point is a share from 0 to 1 or, if its name says `rate`,
    above 0; text is not blank unless its default is empty; lists have at least one value and none twice.

    Args:
        notebook: its name, for messages.
        parameters: as a profile or a command line gives them.

    Raises:
        InputError: what does not fit, where, and what would.
    """
    _no_unknown(f"notebook {notebook} has no parameter", defaults, parameters)
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(parameters.get(name), dict):
            _no_unknown(f"notebook {notebook}: {name} has no", default, parameters[name])
    try:
        return TypeAdapter(_kind("", defaults)[0]).validate_python(merged(defaults, parameters))
    except ValidationError as error:
        raise InputError("\n".join(_explained(notebook, defaults, found) for found in error.errors())) from None


def merged(parameters: dict, changes: dict) -> dict:
    """Parameters with some replaced; of one that is a dict, only the keys that are named."""
    dicts = {name for name, value in changes.items() if isinstance(value, dict)}
    both = {name: parameters[name] | changes[name] for name in dicts if isinstance(parameters.get(name), dict)}
    return parameters | changes | both


def given(assignments: list[str], defaults: list[dict]) -> dict:
    """Parameters of a command line.

    Args:
        assignments: `NAME=VALUE`; the value of a text is taken as it is, any other is YAML.
        defaults: of every notebook that is asked for; one of them at least has the parameter.

    Raises:
        InputError: not NAME=VALUE, no such parameter, PROFILE, or broken YAML.
    """
    known = {name: value for own in defaults for name, value in own.items()}
    chosen = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise InputError(f"parameter {assignment!r} is not NAME=VALUE")
        if name == "PROFILE":
            raise InputError("PROFILE is not a parameter to set by -p, it says where results go; use --profile")
        _no_unknown("no parameter", known, {name: value})
        chosen[name] = value if isinstance(known[name], str) else _yaml(value, f"parameter {name}")
    return chosen


def profile_file(folder: Path, profile: str) -> Path:
    """The file of a profile.

    Raises:
        InputError: there is no such profile.
    """
    known = sorted(path.stem for path in folder.glob("[!.]*.yml"))
    if profile not in known:
        raise InputError(f"no profile {profile!r}; there are {', '.join(known)}")
    return folder / f"{profile}.yml"


def profile_parameters(folder: Path, profile: str, notebooks: list[str]) -> dict[str, dict]:
    """Parameters that a profile sets, per notebook.

    A profile file holds sections: `all`, and one a notebook that it changes.

    Raises:
        InputError: no such profile, not YAML in UTF-8, not sections of NAME: VALUE, or a section that is no notebook.
    """
    path = profile_file(folder, profile)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save it as UTF-8") from None
    sections = _yaml(text, str(path)) or {}
    if not isinstance(sections, dict):
        raise InputError(f"{path}, line 1: it holds sections, `all:` or a notebook's name, of NAME: VALUE")
    _no_unknown(f"{path}: no notebook", dict.fromkeys(["all", *notebooks]), sections)
    for name, section in sections.items():
        if section and not isinstance(section, dict):
            raise InputError(f"{path}, section {name}: {section!r} is not NAME: VALUE")
        if "PROFILE" in (section or {}):
            raise InputError(f"{path}, section {name}: PROFILE is the profile's own name; leave it out")
    return {name: merged(sections.get("all") or {}, sections.get(name) or {}) for name in notebooks}


def _yaml(text: str, place: str) -> Any:
    """YAML whose scalars stay text."""
    try:
        found = yaml.load(text, yaml.BaseLoader)
        return "" if found is None else found
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place}, line {mark.line + 1}" if mark else place
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML forbids"
        raise InputError(f"{where}: not YAML ({why}); put text in quotes") from None
    except (RecursionError, ValueError, TypeError) as error:
        raise InputError(f"{place}: not YAML ({type(error).__name__}); put text in quotes") from None


def _no_unknown(what: str, known: dict, found: dict) -> None:
    for name in found:
        if name not in known:
            raise InputError(f"{what} {name!r}; there are {', '.join(map(str, known))}")


def _kind(name: str, default) -> tuple[Any, str]:
    """The type of a parameter, for pydantic, and what it takes, in words."""
    least, rate = int(name not in FROM_ZERO), "rate" in name.lower()
    match default:
        case bool():
            return bool, "true or false"
        case int():
            bounds = Field(ge=least, le=LARGEST)
            return Annotated[int, NO_BOOL, bounds], f"a whole number from {least} to {LARGEST}, such as {default}"
        case float():
            words = f"a number above 0, such as {default}" if rate else "a share from 0 to 1"
            return Annotated[float, NO_BOOL, Field(gt=0) if rate else Field(ge=0, le=1)], words
        case str():
            words = f"a text, such as {default!r}" if default else "a text"
            return Annotated[str, Field(pattern=r"\S" if default.strip() else None)], words
        case list():
            own, _ = _kind(name, default[0] if default else "")
            words = f"a list of at least one value, none of them twice, such as {default}"
            return Annotated[list[own], Field(min_length=1), AfterValidator(_no_twins)], words
        case dict():
            fields = TypedDict("Fields", {key: _kind(key, value)[0] for key, value in default.items()})
            fields.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)
            return fields, f"NAME: VALUE pairs, such as {default}"
    raise InputError(f"parameter {name} is {default!r}; a default is a number, a text, True, False, a list or a dict")


def _explained(notebook: str, defaults: dict, found: dict) -> str:
    """A fault that pydantic found, with place, value and way out."""
    place, default, name = "", defaults, ""
    for part in found["loc"]:
        if isinstance(part, int) and not isinstance(default, list):
            break
        default = (default[0] if default else "") if isinstance(default, list) else default[part]
        name = part if isinstance(part, str) else name
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if place else part
    return f"notebook {notebook}: {place} is {found['input']!r}; it takes {_kind(name, default)[1]}"


def _no_twins(values: list) -> list:
    if any(value in values[:i] for i, value in enumerate(values)):
        raise ValueError("a value twice")
    return values
