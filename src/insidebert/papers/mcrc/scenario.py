"""Scenarios of everyday stories: pools of interchangeable values, events, details and questions.

They stand in the YAML files of `scenarios/`, shared values and details in its `shared.yml`. The notation:

    a / b / c + tail / tail     a pool of values, and tails that lengthen any of them; a bare name is a shared pool
    events                      paragraphs of lines: the events in order, each with its variants
    {what.1} {a} {b}            a role: what a question can ask for; the roles of a pool share its values
    {he} {him} {his} {himself}  the main character, by name, pronoun or in the first person; {a.he} likewise
    {they} {them} {their}       a group with the main character
    [x|y]                       either
    questions                   `role: phrasing / phrasing / phrasing`
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

KINDS = ("what", "where", "when", "why", "many")
"""Pools that a scenario may have; `who` is the same everywhere."""

APART = ("who", "many")
"""Pools whose tails stand in a sentence of their own: `Ben was a person of few words.`"""


@dataclass(frozen=True)
class Pool:
    """Interchangeable values, and tails that lengthen any of them."""

    values: tuple[str, ...]
    tails: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """What a story is made of.

    Args:
        pools: by question word.
        events: the variants of each event.
        questions: the phrasings of each role.
    """

    name: str
    pools: dict[str, Pool]
    events: tuple[tuple[str, ...], ...]
    details: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Every scenario of the package, in the order of its files."""
    here = Path(__file__).parent / "scenarios"
    shared = yaml.safe_load((here / "shared.yml").read_text(encoding="utf-8"))
    pools = {name: _pool(text) for name, text in shared["pools"].items()}
    names = _pool(f"{shared['women']} / {shared['men']} + {shared['tails of who']}")
    found = []
    for path in sorted(here.glob("*.yml")):
        if path.name != "shared.yml":
            for name, parts in yaml.safe_load(path.read_text(encoding="utf-8")).items():
                own = {word: pools.get(parts[word]) or _pool(parts[word]) for word in parts if word in KINDS}
                events = tuple(tuple(event.split("\n")) for event in parts["events"].strip().split("\n\n"))
                asked = (line.partition(": ") for line in parts["questions"].strip().split("\n"))
                questions = {role: tuple(text.split(" / ")) for role, _, text in asked}
                details = tuple(shared["details"][parts["details"]].strip().split("\n"))
                found.append(Scenario(name, {"who": names} | own, events, details, questions))
    return tuple(found)


@cache
def sexes() -> dict[str, str]:
    """`women` or `men` of every first name."""
    shared = yaml.safe_load((Path(__file__).parent / "scenarios" / "shared.yml").read_text(encoding="utf-8"))
    return {name: sex for sex in ("women", "men") for name in shared[sex].split(" / ")}


def _pool(text: str) -> Pool:
    values, _, tails = text.partition(" + ")
    return Pool(tuple(values.split(" / ")), tuple(tails.split(" / ")))


def joined(word: str, tail: str) -> str:
    """A tail as it is written behind a value."""
    return f", {tail}" if word in APART else tail if tail.startswith(",") else f" {tail}"
