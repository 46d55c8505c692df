"""A zoo: models by name, pattern and revision with the groups they belong to, and what is measured on them."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from insidebert.errors import InputError

PLACE = re.compile(r"\{(\w+)\}")
"""A group in a pattern, such as `{seed}`."""

SPAN = re.compile(r"(-?\d+)\.\.(-?\d+)")
"""Whole numbers from one to another, both included, such as `0..24`."""

RESERVED = {"member", "random", "family", "paper", "id", "statement", "unit", "holds_if", "measured", "low", "high"}
RESERVED |= {"verdict", "why", "estimate", "error", "of_seeds", "seeds", "curve", "layer", "depth", "value", "twin"}
"""Columns of the zoo's own tables."""

Value = int | float | str


class Pattern(BaseModel):
    """One entry of `models`.

    Args:
        name: as `load` reads it; in it, and in `revision`, `{group}` stands for each value of a group.
        revision: of a Hub model.
        values: group -> its values: a list, or `0..24`. All combinations are members. In the name of a folder a group
            without values stands for whatever folders there are.
        groups: what all its members have in common, such as `size: 110`.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(min_length=1)
    revision: str = ""
    values: dict[str, list[Value] | str] = {}
    groups: dict[str, Value] = {}


class Zoo(BaseModel):
    """What a zoo file holds.

    Args:
        about: a sentence for readers.
        profile: of `notebooks/profiles`; it gives the sizes of samples.
        papers, notebooks: whose measurements; all of them if neither is named.
        parameters: of notebooks, in place of the profile's.
        models: entries.
        shards: parts that a large corpus is split into, for the measurements that can be.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    about: str = ""
    profile: str = "embedded"
    papers: list[str] = []
    notebooks: list[str] = []
    parameters: dict[str, Value | bool | list[Value] | dict[str, Value]] = {}
    models: list[Pattern] = Field(min_length=1)
    shards: int = Field(default=1, ge=1, le=1000)


@dataclass(frozen=True)
class Member:
    """One model of a zoo.

    Args:
        name: as `load` reads it; also what the zoo's tables call it.
        groups: group -> value, such as {"seed": 3, "step": 20}; `family` is the pattern that it comes from.
    """

    name: str
    groups: dict[str, Value]


def read(path: Path) -> tuple[Zoo, list[Member]]:
    """A zoo file and its members, in order.

    Args:
        path: YAML; folders in it are relative to the current folder of whoever runs the command.

    Raises:
        InputError: it cannot be read, an unknown key, a pattern without members, or a member twice; with the place.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"no zoo file {path}; those of the repository are in zoo/") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(f"{path}{f', line {mark.line + 1}' if mark else ''}: not YAML in UTF-8; {error}") from None
    try:
        zoo = Zoo.model_validate(found)
    except ValidationError as error:
        raise InputError("\n".join(f"{path}, {_explained(fault)}" for fault in error.errors())) from None
    members = []
    for number, pattern in enumerate(zoo.models, start=1):
        members += _members(pattern, f"{path}, models[{number}]")
    seen = set()
    for member in members:
        if member.name in seen:
            raise InputError(f"{path}: {member.name} is twice in the zoo; leave one out")
        seen.add(member.name)
    return zoo, members


def _members(pattern: Pattern, place: str) -> list[Member]:
    whole = f"{pattern.name}@{pattern.revision}" if pattern.revision else pattern.name
    named = list(dict.fromkeys(PLACE.findall(whole)))
    values = {group: _values(given, f"{place}.values.{group}") for group, given in pattern.values.items()}
    if unused := [group for group in values if group not in named]:
        raise InputError(f"{place}: {unused[0]!r} has values but {{{unused[0]}}} is not in the name or the revision")
    if twice := set(named) & set(pattern.groups):
        raise InputError(f"{place}: {min(twice)!r} stands in the name and in groups; one of them is enough")
    if taken := RESERVED & {*named, *pattern.groups}:
        raise InputError(f"{place}: a group cannot be called {min(taken)!r}, tables have a column of that name")
    common = {"family": whole} | pattern.groups
    open_groups = [group for group in named if group not in values]
    if open_groups:
        if values or pattern.revision:
            raise InputError(f"{place}: {{{open_groups[0]}}} has no values; `values: {{{open_groups[0]}: 0..4}}`")
        return _folders(pattern.name, common, place)
    found = []
    for combination in itertools.product(*(values[group] for group in named)):
        own = dict(zip(named, combination, strict=True))
        found.append(Member(PLACE.sub(lambda match, own=own: str(own[match[1]]), whole), common | own))
    return found


def _values(given: list[Value] | str, place: str) -> list[Value]:
    if isinstance(given, list):
        return given
    if not (span := SPAN.fullmatch(given)):
        raise InputError(f"{place} is {given!r}; it takes a list, or a span of whole numbers such as 0..24")
    return list(range(int(span[1]), int(span[2]) + 1))


def _folders(name: str, common: dict, place: str) -> list[Member]:
    """The folders that a pattern with open groups matches, ordered by their groups, numbers as numbers."""
    random = "random:" if name.startswith("random:") else ""
    base = name.removeprefix(random)
    groups = PLACE.findall(base)
    pieces = PLACE.split(base)[::2]
    wanted = re.compile("([^/]+)".join(re.escape(piece) for piece in pieces))
    root = Path(base).anchor or "."
    paths = sorted(Path(root).glob("*".join(pieces).removeprefix(root)))
    found = []
    for path in paths:
        if path.is_dir() and (match := wanted.fullmatch(path.as_posix())):
            own = {g: int(v) if v.lstrip("-").isdecimal() else v for g, v in zip(groups, match.groups(), strict=True)}
            found.append(Member(random + path.as_posix(), common | own))
    if not found:
        raise InputError(f"{place}: no folder is called {name}; give the groups values, or make the folders first")
    return sorted(found, key=lambda member: [(isinstance(v, str), v) for v in map(member.groups.get, groups)])


def _explained(fault: dict) -> str:
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    if fault["type"] == "extra_forbidden":
        return f"{place}: there is no such key; {', '.join(Zoo.model_fields)}, and in models {_keys(Pattern)}"
    return f"{place or 'line 1'}: {fault['msg']}, not {fault['input']!r}"


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)
