"""Stories with questions whose answer is a span, their supporting sentences marked: one hop, two hops, deduction."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from insidebert.errors import InputError
from insidebert.text.span_questions import SpanQuestion

KINDS = ("one hop", "two hops", "deduction")
HOPS = {"one hop": 1, "two hops": 2, "deduction": 2}

PATIENCE = 50
"""Stories in a row that are known already, before a kind counts as exhausted."""


@dataclass(frozen=True)
class Told:
    """A sentence of a story, and where in it the value stands that a question may ask for (-1: none does)."""

    text: str
    value: str = ""
    place: int = -1


@dataclass(frozen=True)
class Asked:
    """A question about a story: the number of the sentence with the answer, and those of all supporting sentences."""

    text: str
    answer: int
    facts: tuple[int, ...]


def told_questions(
    kind: str = "one hop", count: int = 200, distractors: int = 6, seed: int = 0, per_story: int = 2
) -> list[SpanQuestion]:
    """Questions about stories that were made for them.

    `one hop`: who is where, has what, works as what; one sentence answers. `two hops`: where is what somebody has, or
    who is with somebody. `deduction`, in the manner of bAbI's task 15: the fears of a kind, and who is of it.
    Sentences come in any order, what is asked for is drawn, and every value is told once, so neither the place nor the
    frequency of a word gives an answer away; the wrong answers of a story are told in the same words.

    Args:
        kind: `one hop`, `two hops` or `deduction`.
        count: of questions.
        distractors: sentences of a story that do not support a question, of the same form as those that do.
        seed: of the draw; no two stories of a call are alike.
        per_story: questions a story at most; a story with few sentences has fewer.

    Returns:
        Questions with facts, hops, kind, and their story as group.

    Raises:
        InputError: no such kind, a number out of range, or more sentences than there are names for.

    Example:
        >>> question = told_questions("two hops", 1, distractors=2)[0]
        >>> question.hops, len(question.facts)
        (2, 2)
    """
    if kind not in KINDS:
        raise InputError(f"no kind of story {kind!r}; there are {', '.join(KINDS)}")
    for name, value, least in (("count", count, 1), ("seed", seed, 0), ("per_story", per_story, 1)):
        if value < least:
            raise InputError(f"{name} is {value}; it is a whole number of at least {least}")
    sentences = HOPS[kind] + distractors
    if not HOPS[kind] <= sentences <= most(kind):
        raise InputError(f"distractors is {distractors}; a story of {kind} has 0 to {most(kind) - HOPS[kind]}")
    made: list[SpanQuestion] = []
    known: set[str] = set()
    draw = idle = 0
    while len(made) < count and idle < PATIENCE:
        rng = np.random.default_rng([seed, KINDS.index(kind), draw])
        told, asked = {"one hop": _one_hop, "two hops": _two_hops, "deduction": _deduction}[kind](rng, sentences)
        order = rng.permutation(len(told)).tolist()
        draw += 1
        idle += 1
        if (text := " ".join(told[i].text for i in order)) in known:
            continue
        known.add(text)
        idle = 0
        chosen = [asked[i] for i in rng.permutation(len(asked))[:per_story]]
        made += _questions(kind, f"{kind.replace(' ', '-')}/{seed}-{len(known)}", told, order, chosen)
    if len(made) < count:
        raise InputError(f"there seem to be only {len(made)} questions of {kind} with {distractors} distractors")
    return made[:count]


def most(kind: str) -> int:
    """Sentences that a story of a kind has at most."""
    pools = _lexicon()["pools"]
    if kind == "deduction":
        return 2 * len(pools["kind"])
    fewest = min(len(pools[name]) for name in ("person", "place", "thing", "color", "job"))
    return 2 * (fewest if kind == "one hop" else min(len(pools["place"]), len(pools["person"]) // 2))


def _questions(kind: str, story: str, told: list[Told], order: list[int], asked: list[Asked]) -> list[SpanQuestion]:
    starts, context = {}, ""
    for number in order:
        starts[number] = len(context) + bool(context)
        context += " " * bool(context) + told[number].text
    found = []
    for i, own in enumerate(asked, 1):
        answer = told[own.answer]
        facts = tuple(sorted((starts[f], starts[f] + len(told[f].text)) for f in own.facts))
        answers = ((answer.value, starts[own.answer] + answer.place),)
        found.append(SpanQuestion(f"{story}-{i}", own.text, context, answers, facts, HOPS[kind], story, kind))
    return found


def _one_hop(rng: np.random.Generator, count: int) -> tuple[list[Told], list[Asked]]:
    """Two relations of as many people as there is room for; asked for is what another sentence rivals."""
    relations = _lexicon()["relations"]
    names = [str(name) for name in rng.permutation(list(relations))[:2]]
    size = -(-count // 2)
    people = _drawn(rng, "person", size)
    values = {name: _drawn(rng, name, size) for name in names}
    cells = [(name, i) for i in range(size) for name in names][:count]
    told = [_told(rng, relations[name]["told"], values[name][i], person=people[i]) for name, i in cells]
    asked = [
        Asked(str(rng.choice(relations[name]["asked"])).format(person=people[i]), number, (number,))
        for number, (name, i) in enumerate(cells)
    ]
    rivalled = {name for name in names if sum(name == other for other, _ in cells) > 1}
    return told, [own for own, (name, _) in zip(asked, cells, strict=True) if name in rivalled or count < 3]


def _two_hops(rng: np.random.Generator, count: int) -> tuple[list[Told], list[Asked]]:
    """Pairs of a bridge and a place; of an odd number of sentences, the last place lacks its bridge."""
    relations, bridges = _lexicon()["relations"], _lexicon()["bridges"]
    size = -(-count // 2)
    people, places = _drawn(rng, "person", 2 * size), _drawn(rng, "place", size)
    things = _drawn(rng, "thing", size)
    told, asked = [], []
    for i, person in enumerate(people[:size]):
        told.append(_told(rng, relations["place"]["told"], places[i], person=person))
        if len(told) == count:
            break
        bridge = str(rng.choice(list(bridges)))
        other = things[i] if bridge == "thing" else people[size + i]
        told.append(Told(str(rng.choice(bridges[bridge]["told"])).format(person=person, other=other)))
        text = str(rng.choice(bridges[bridge]["asked"])).format(other=other)
        asked.append(Asked(text, len(told) - 2, (len(told) - 2, len(told) - 1)))
    return told, asked


def _deduction(rng: np.random.Generator, count: int) -> tuple[list[Told], list[Asked]]:
    """Kinds that fear each other in a circle, and somebody of each kind, as far as there is room."""
    forms = _lexicon()["deduction"]
    size = -(-count // 2)
    kinds = [kind.split() for kind in _drawn(rng, "kind", max(2, size))]
    people = _drawn(rng, "person", size)
    told, asked = [], []
    for i, person in enumerate(people):
        feared = kinds[(i + 1) % len(kinds)][1]  # drawn in any order, so a circle of them is any circle
        told.append(_told(rng, forms["fear"], feared, kinds=kinds[i][1].capitalize()))
        if len(told) == count:
            break
        told.append(Told(str(rng.choice(forms["named"])).format(person=person, kind=kinds[i][0])))
        text = str(rng.choice(forms["asked"])).format(person=person)
        asked.append(Asked(text, len(told) - 2, (len(told) - 2, len(told) - 1)))
    return told, asked


def _drawn(rng: np.random.Generator, pool: str, count: int) -> list[str]:
    return [str(value) for value in rng.permutation(_lexicon()["pools"][pool])[:count]]


def _told(rng: np.random.Generator, forms: list[str], value: str, **others: str) -> Told:
    """A sentence in one of its forms, with the place of its value."""
    before, after = (part.format(**others) for part in str(rng.choice(forms)).split("{value}"))
    return Told(before + value + after, value, len(before))


@cache
def _lexicon() -> dict:
    """The YAML file beside this module, its alternatives as lists."""
    return _listed(yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")))


def _listed(part: dict | str) -> dict | list[str]:
    return part.split(" / ") if isinstance(part, str) else {name: _listed(own) for name, own in part.items()}
