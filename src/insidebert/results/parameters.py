"""Notebooks' parameters: their types and ranges, derived from the defaults in the notebook, and profiles that set them.

Values arrive as text, from YAML or a command line, and become what the default is: 1e-4 a number where it is a number,
`No` or `2024` text where it is text.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from insidebert.errors import InputError

FROM_ZERO = {"SEED", "SEEDS", "seed", "frozen"}
"""Whole numbers that may be 0; all others count something, so that they are at least 1."""

LARGEST = 2**32 - 1
"""Of whole numbers; what a seed may be."""

RESERVED = {"cache", "book", "slides", "exercises", "lock", "ci", "reproduce"}
"""Folders of `build/` that commands write anew, so that no profile may be called like them."""


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
        return TypeAdapter(_type("", defaults)).validate_python(merged(defaults, parameters))
    except ValidationError as error:
        raise InputError("\n".join(_explained(notebook, defaults, found) for found in error.errors())) from None


def merged(parameters: dict, changes: dict) -> dict:
    """Parameters with some replaced; of one that is a dict, only the keys that are named."""
    both = {name: parameters[name] | changes[name] for name in changes if _both_dicts(parameters, changes, name)}
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
        InputError: there is no such profile, or its name is that of a folder that commands write anew.
    """
    known = sorted(path.stem for path in folder.glob("*.yml") if not path.name.startswith("."))
    if profile in RESERVED:
        raise InputError(f"a profile may not be called {profile!r}: a command writes build/{profile} anew; rename it")
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


def _type(name: str, default) -> Any:
    """The type of a parameter, for pydantic."""
    match default:
        case bool():
            return bool
        case int():
            return Annotated[int, BeforeValidator(_plain_number), Field(ge=int(name not in FROM_ZERO), le=LARGEST)]
        case float():
            bounds = Field(gt=0) if "rate" in name.lower() else Field(ge=0, le=1)
            return Annotated[float, BeforeValidator(_plain_number), bounds]
        case str():
            return Annotated[str, AfterValidator(partial(_not_blank, bool(default.strip())))]
        case list():
            own = _type(name, default[0] if default else "")
            return Annotated[list[own], Field(min_length=1), AfterValidator(_no_twins)]
        case dict():
            fields = TypedDict("Fields", {key: _type(key, value) for key, value in default.items()})
            fields.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)
            return fields
    raise InputError(f"parameter {name} is {default!r}; a default is a number, a text, True, False, a list or a dict")


def _takes(name: str, default) -> str:
    """What a parameter takes, in words."""
    match default:
        case bool():
            return "true or false"
        case int():
            return f"a whole number from {int(name not in FROM_ZERO)} to {LARGEST}, such as {default}"
        case float():
            return f"a number above 0, such as {default}" if "rate" in name.lower() else "a share from 0 to 1"
        case str():
            return f"a text, such as {default!r}" if default else "a text"
        case list():
            return f"a list of at least one value, none of them twice, such as {default}"
    return f"NAME: VALUE pairs, such as {default}"


def _explained(notebook: str, defaults: dict, found: dict) -> str:
    """A fault that pydantic found, with place, value and way out."""
    place, default, name = "", defaults, ""
    for part in found["loc"]:
        if isinstance(part, int) and not isinstance(default, list):
            break
        default = (default[0] if default else "") if isinstance(default, list) else default[part]
        name = part if isinstance(part, str) else name
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if place else part
    return f"notebook {notebook}: {place} is {found['input']!r}; it takes {_takes(name, default)}"


def _plain_number(value):
    if isinstance(value, bool):
        raise ValueError("true and false are not numbers")
    return value


def _not_blank(wanted: bool, text: str) -> str:
    if wanted and not text.strip():
        raise ValueError("blank")
    return text


def _no_twins(values: list) -> list:
    if any(value in values[:i] for i, value in enumerate(values)):
        raise ValueError("a value twice")
    return values


def _both_dicts(parameters: dict, changes: dict, name: str) -> bool:
    return isinstance(parameters.get(name), dict) and isinstance(changes[name], dict)
