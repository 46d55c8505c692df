"""Edges that our trees do not hold, told by a grammar: types of entities, proto-roles, relations of nominals.

The grammar's sentences are short and made up, so scores are higher than on other people's texts; what differs between
layers is what they are for.
"""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from insidebert.text.edges import EdgeSentence, Target
from insidebert.text.grammar import Grammar, Sentence

NAMES = {"person", "place", "organization"}
"""Types whose words are written with a capital."""

CALENDAR = {"monday", "tuesday", "thursday", "sunday", "january", "february", "march", "april", "august", "october"}

ALWAYS = ("existed_during",)
DOER = ("awareness", "existed_after", "existed_before", "instigation", "sentient", "volition")
MIND = ("awareness", "existed_after", "existed_before", "sentient")
PROPERTIES = {
    "giver": (*DOER, "change_of_possession"),
    "receiver": (*MIND, "change_of_possession", "was_for_benefit"),
    "given": ("change_of_location", "change_of_possession", "existed_after", "existed_before"),
    "breaker": DOER,
    "force": ("existed_before", "instigation"),
    "broken": ("change_of_state", "existed_before"),
    "maker": DOER,
    "made": ("change_of_state", "existed_after"),
    "beneficiary": (*MIND, "was_for_benefit"),
    "perceiver": MIND,
    "perceived": ("existed_after", "existed_before"),
    "experiencer": (*MIND, "change_of_state"),
    "goer": (*DOER, "change_of_location"),
    "carried": ("change_of_location", "existed_after", "existed_before"),
    "goal": ("existed_after", "existed_before", "location"),
    "absent": ("existed_after", "existed_before", "sentient"),
    "user": DOER,
    "tool": ("existed_after", "existed_before", "was_used"),
    "supply": ("change_of_state", "existed_before", "was_used"),
}
"""Argument of the grammar -> properties of the 20 of SPR2 that it has by how the grammar is built; all have ALWAYS."""


def grammar() -> Grammar:
    """The grammar of this module."""
    return Grammar.read(Path(str(files("insidebert.text") / "edges.grammar")))


def entities(count: int, seed: int) -> list[EdgeSentence]:
    """Typed names, times, quantities and more; the name, of which a sentence has one, is the group.

    A name can be that of a person, a place or an organization, and training and test share none.
    """
    pool = set(grammar().words_of("Name")) | set(grammar().words_of("Surname"))

    def told(sentence: Sentence) -> EdgeSentence:
        spans = [(role, (words[0], words[-1] + 1)) for role, words in sentence.roles]
        targets = tuple(Target(span, None, (role,)) for role, span in spans)
        named = [word for word in sentence.words if word in pool]
        return EdgeSentence(_written(sentence), targets, named[0] if named else "")

    return _told(["entity"], count, seed, told)


def proto_roles(count: int, seed: int) -> list[EdgeSentence]:
    """Predicate, argument and the argument's properties; the predicate is the group, so that test verbs are new."""

    def told(sentence: Sentence) -> EdgeSentence:
        (verb,) = sentence.spans("predicate")
        predicate = (verb[0], verb[-1] + 1)
        targets = tuple(
            Target(predicate, (words[0], words[-1] + 1), tuple(sorted((*PROPERTIES[role], *ALWAYS))))
            for role, words in sentence.roles
            if role != "predicate"
        )
        return EdgeSentence(_written(sentence), targets, sentence.words[verb[0]])

    return _told(["proto"], count, seed, told)


def relations(count: int, seed: int) -> list[EdgeSentence]:
    """Two nominals and their relation, of SemEval 2010's nine with a direction, or Other; the pair is the group."""

    def told(sentence: Sentence) -> EdgeSentence:
        ((one,), (other,)) = sentence.spans("e1"), sentence.spans("e2")
        target = Target((one[0], one[-1] + 1), (other[0], other[-1] + 1), (sentence.condition,))
        pair = sorted([sentence.words[one[-1]], sentence.words[other[-1]]])
        return EdgeSentence(_written(sentence), (target,), " ".join(pair))

    kinds = [symbol for symbol in grammar().rules if "(" in symbol or symbol == "Other"]
    return _told(kinds, count, seed, told)


def _told(kinds: list[str], count: int, seed: int, told: Callable[[Sentence], EdgeSentence]) -> list[EdgeSentence]:
    """`count` sentences, evenly from every start symbol."""
    source = grammar()
    return [told(own) for kind in kinds for own in source.sample(kind, -(-count // len(kinds)), seed)][:count]


def _written(sentence: Sentence) -> tuple[str, ...]:
    """Words as they are written: a capital for names and in front, a full stop."""
    words = ["," if word == "comma" else word for word in sentence.words]
    for role, places in sentence.roles:
        for place in places if role in NAMES else ():
            words[place] = words[place].capitalize()
    words[0] = words[0].capitalize()
    return (*(word.capitalize() if word in CALENDAR else word for word in words), ".")
