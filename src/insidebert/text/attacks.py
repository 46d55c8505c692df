"""Questions made un-readable or un-answerable by shuffling words (Si et al. 2019, sections 3 and 4)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from rapidfuzz.distance import Levenshtein

from insidebert.errors import InputError
from insidebert.text.questions import Question

THRESHOLD = 0.5
"""Least ShuffleDegree; the paper gives none, only that its average is above 0.65."""

TRIES = 50
"""Shuffles before a text is kept at its best: one of two words, or of one word repeated, never gets far."""


@dataclass(frozen=True)
class Shuffled:
    """Words in another order.

    Args:
        text: the words, a space apart.
        degree: ShuffleDegree, 0 to 1.
        reached: whether the threshold, and whatever else was asked for, was reached.
    """

    text: str
    degree: float
    reached: bool


@dataclass(frozen=True)
class Attacked:
    """A question under attack; its text, its answer and its label are those of the original.

    Args:
        question: with another passage or other distractors.
        degree: largest ShuffleDegree of its shuffled texts; None where nothing is shuffled.
        short: how many texts could not be shuffled enough.
        added: what stands behind the passage now, with the blank before it; empty if nothing does.
    """

    question: Question
    degree: float | None
    short: int
    added: str = ""


def shuffle_degree(original: list[str], shuffled: list[str]) -> float:
    """Least number of word edits from one to the other, over the number of words."""
    return Levenshtein.distance(original, shuffled) / max(1, len(original))


def shuffle(text: str, random: Random, allowed: Callable[[list[str]], bool] = lambda words: True) -> Shuffled:
    """Shuffle the words of a text until it is far from the original.

    Args:
        random: consumed.
        allowed: what else the shuffled words must fulfil.
    """
    words = text.split()
    best = Shuffled(" ".join(words), 0.0, False)
    for _ in range(TRIES):
        order = words.copy()
        random.shuffle(order)
        found = Shuffled(" ".join(order), shuffle_degree(words, order), False)
        if found.degree > THRESHOLD and allowed(order):
            return replace(found, reached=True)
        if found.degree > best.degree:
            best = found
    return best


def sentences(passage: str) -> list[str]:
    """A passage cut behind ., ! and ?."""
    return [sentence for sentence in re.split(r"(?<=[.!?])[\"'’”]?\s+", passage.strip()) if sentence]


def attack(question: Question, name: str, seed: int) -> Attacked:
    """A question under one of the seven attacks.

    Randomness depends on the seed, the attack and the question's id alone, so neither the order of questions nor the
    number of workers matters.

    Args:
        name: one of ATTACKS.

    Raises:
        InputError: no such attack.
    """
    if name not in ATTACKS:
        raise InputError(f"no attack {name!r}; there are {', '.join(ATTACKS)}")
    random = Random(f"{seed}|{name}|{question.id}")
    distractors = [option for i, option in enumerate(question.options) if i != question.answer]
    if name == "AddSent2Pas-Shuffle":
        runs = [distractor.split() for distractor in distractors if " " in distractor.strip()]
        added = shuffle(
            added_to_passage(question),
            random,
            lambda words: not any(holds_run(words, run) for run in runs),
        )
        behind = f" {added.text}"
        passage = question.passage + behind
        return Attacked(replace(question, passage=passage), added.degree, int(not added.reached), behind)
    made = [_distractor(name, distractor, question, random) for distractor in distractors]
    waiting = iter(made)
    options = tuple(o if i == question.answer else next(waiting).text for i, o in enumerate(question.options))
    changed = replace(question, options=options)
    if not name.endswith("-Shuffle"):
        return Attacked(changed, None, 0)
    return Attacked(changed, max(part.degree for part in made), sum(not part.reached for part in made))


def added_to_passage(question: Question) -> str:
    """What AddSent2Pas-Shuffle shuffles: the question and all distractors."""
    return " ".join([question.question, *(o for i, o in enumerate(question.options) if i != question.answer)])


def _distractor(name: str, distractor: str, question: Question, random: Random) -> Shuffled:
    parts = {
        "Sent": lambda: random.choice(sentences(question.passage)),
        "Ans": lambda: question.options[question.answer],
    }
    kind = "Sent" if "Sent2Opt" in name else "Ans"
    text = parts[kind]()
    if name.startswith("Add"):
        text = f"{distractor} {text}"
    return shuffle(text, random) if name.endswith("-Shuffle") else Shuffled(text, 0.0, True)


def holds_run(words: list[str], run: list[str]) -> bool:
    """Whether `run` stands verbatim among the words, without a gap."""
    return any(words[i : i + len(run)] == run for i in range(len(words) - len(run) + 1))


def spoiled(question: Question, condition: str, seed: int) -> Question:
    """A training question that should not be answerable: a part of it shuffled or removed.

    Args:
        condition: one of CONDITIONS; `original` changes nothing.

    Raises:
        InputError: no such condition.
    """
    if condition not in CONDITIONS:
        raise InputError(f"no training condition {condition!r}; there are {', '.join(CONDITIONS)}")
    if condition == "original":
        return question
    parts, how = condition.split("-")
    random = Random(f"{seed}|{condition}|{question.id}")
    for part, field in (("P", "passage"), ("Q", "question")):
        if part in parts:
            text = "" if how == "Remove" else shuffle(getattr(question, field), random).text
            question = replace(question, **{field: text})
    return question


ATTACKS = (
    "AddSent2Pas-Shuffle",
    "AddSent2Opt-Shuffle",
    "AddAns2Opt-Shuffle",
    "Sent2Opt-Shuffle",
    "Ans2Opt-Shuffle",
    "AddSent2Opt",
    "AddAns2Opt",
)
"""In the order of the paper's Table 2."""

IN_WORDS = {
    "AddSent2Pas-Shuffle": "question and wrong options, shuffled together, behind the passage",
    "AddSent2Opt-Shuffle": "every wrong option with a sentence of the passage, shuffled together",
    "AddAns2Opt-Shuffle": "every wrong option with the right one, shuffled together",
    "Sent2Opt-Shuffle": "a shuffled sentence of the passage in place of every wrong option",
    "Ans2Opt-Shuffle": "the shuffled right option in place of every wrong one",
    "AddSent2Opt": "a sentence of the passage behind every wrong option, in order",
    "AddAns2Opt": "the right option behind every wrong one, in order",
}
"""The attacks in words."""

CONDITIONS = ("original", "P-Shuffle", "Q-Shuffle", "PQ-Shuffle", "P-Remove", "Q-Remove", "PQ-Remove")
"""In the order of the paper's Table 3."""
