"""Checks of teaching/exercises/multiple-choice.ipynb."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA, Hamming, Indel, Levenshtein

from check.compare_answer import praise, settle
from insidebert.text.attacks import THRESHOLD, sentences, shuffle_degree
from insidebert.text.questions import Question

WORDS_OF_CASES = (
    ("the cat saw the dog", "the cat saw the dog"),
    ("who fed the dog", "dog the fed who"),
    ("one two three four five", "five one two three four"),
    ("she lost a key", "she a lost key"),
    ("act cat", "cat act"),
    ("who fed the dog", "who fed the dog behind the old house"),
    ("he put the red cup down", "the cup"),
)
"""Originals and what became of them; each tells some mistakes apart."""


SMALL = Question("small", "Rain fell. Birds sang. Doors closed.", "What was there?", ("tea", "nothing", "hot cake"), 1)
"""Three or four words a distractor: few orders, among them the original and some whose degree is exactly one half."""


def shuffle_degrees(function: Callable[[list[str], list[str]], float]) -> None:
    """A function of two lists of words, original and shuffled: least number of word edits / length of the original."""
    pairs = [tuple(text.split() for text in pair) for pair in WORDS_OF_CASES]
    found = [function(original.copy(), shuffled.copy()) for original, shuffled in pairs]
    right = np.array([shuffle_degree(*pair) for pair in pairs])

    def instead(measure: Callable) -> np.ndarray:
        return np.array([measure(*pair) for pair in pairs])

    mistakes = {
        "this is the number of edits; divide it by the length of the original": instead(Levenshtein.distance),
        "normalised by the longer of the two; the length of the ORIGINAL is asked for": instead(
            Levenshtein.normalized_distance
        ),
        "normalised by the length of the shuffled words; the length of the ORIGINAL is asked for": instead(
            lambda a, b: Levenshtein.distance(a, b) / len(b)
        ),
        "normalised by both lengths together; the length of the ORIGINAL is asked for": instead(
            lambda a, b: Levenshtein.distance(a, b) / (len(a) + len(b))
        ),
        "characters were edited; words are asked for, so do not join the lists": instead(
            lambda a, b: Levenshtein.distance(" ".join(a), " ".join(b)) / len(" ".join(a))
        ),
        "this is the share of places that hold another word; an insertion moves all that follow, and is ONE edit": (
            instead(lambda a, b: Hamming.distance(a, b, pad=True) / len(a))
        ),
        "this is the share of places that hold another word, as far as both go; words that are left over count too": (
            instead(lambda a, b: Hamming.distance(a[: len(b)], b[: len(a)]) / len(a))
        ),
        "row 0 and column 0 of the table are still 0; from i words to none there are i edits": (
            instead(lambda a, b: _edits(a, b, row=0, column=0) / len(a))
        ),
        "row 0 of the table is still 0; from no word to j words there are j edits": (
            instead(lambda a, b: _edits(a, b, row=0) / len(a))
        ),
        "column 0 of the table is still 0; from i words to none there are i edits": (
            instead(lambda a, b: _edits(a, b, column=0) / len(a))
        ),
        "the loops stop one short: the last word of each text is never looked at": (
            instead(lambda a, b: Levenshtein.distance(a[:-1], b[:-1]) / len(a))
        ),
        "the loops stop one short: the last entry of the table is what it was at the start": (
            instead(lambda a, b: (len(a) + len(b)) / len(a))
        ),
        "the last entry of the table was never filled, or this is not what is returned": 0 * right,
        "replacing a word counts as two edits here; it is one": instead(lambda a, b: Indel.distance(a, b) / len(a)),
        "swapping two neighbours counts as one edit here; only insert, delete and replace do": instead(
            lambda a, b: OSA.distance(a, b) / len(a)
        ),
        "this is a similarity: the same words in the same order have ShuffleDegree 0": 1 - right,
        "this is in percent; a share is asked for": 100 * right,
    }
    names = [f"{original!r} -> {shuffled!r}" for original, shuffled in WORDS_OF_CASES]
    case = "A small case: from 'act cat' to 'cat act' two words are replaced, so the degree is 2 / 2 = 1."
    settle("ShuffleDegree", found, right, mistakes, names, case=case)
    praise(
        "edits of words, over the length of the original.",
        "a long text shuffled at random has a high degree, but hardly ever 1. Which words keep it below?",
    )


def distractors(attacked: Callable[[Question, Random], Question], questions: Sequence[Question]) -> None:
    """A function that puts a question under AddSent2Opt-Shuffle: each distractor becomes a shuffle of itself and one
    sentence of the passage.

    Args:
        attacked: draws from the random that it is given, and from nothing else.
        questions: what it is tried on, besides a made question whose every outcome can be counted.
    """
    random = Random(0)
    made = [attacked(question, random) for question in questions]
    taken = [place for pair in zip(questions, made, strict=True) for place in _sentences_added(*pair)]
    random = Random(0)
    if made != [attacked(question, random) for question in questions]:
        raise AssertionError(
            "with the same `random` the result is another; draw with `random.choice` and `random.shuffle`, from the "
            "`random` that the function is given"
        )
    _draws([(new, _sentences_added(SMALL, new)) for new in (attacked(SMALL, Random(seed)) for seed in range(300))])
    praise(
        f"{len(taken)} distractors hold their own words and one sentence's, far from their order.",
        "the right option is now the shortest. Could a reader that looks at lengths alone profit from the attack?",
    )


def change(changes, average, accuracies: pd.DataFrame, original: str = "BERT") -> None:
    """The change of accuracy under each attack, in % of the original accuracy, and its average.

    Args:
        changes: [attacks, data sets].
        average: over attacks and data sets.
        accuracies: a row for the original and one for each attack, a column a data set.
        original: name of the first of these rows.
    """
    before = accuracies.loc[original].to_numpy()
    attacked = accuracies.drop(index=original)
    after = attacked.to_numpy()
    if isinstance(changes, pd.DataFrame):
        if set(changes.index) == set(attacked.index) and set(changes.columns) == set(attacked.columns):
            changes = changes.loc[attacked.index, attacked.columns]  # rows and columns in whatever order
        elif changes.shape != after.shape and changes.isna().to_numpy().any():
            raise AssertionError(
                f"the change has the shape {changes.shape} and holds nan: pandas pairs rows and columns by their labels"
                f"; take the original as one row, table.loc[{original!r}], and not as a table"
            )
    right = (after - before) / before * 100
    mistakes = {
        "the sign is wrong: a fall is negative, (attacked - original) / original": -right,
        "these are percentage points; divide by the original accuracy": after - before,
        "this is a share; in % it is 100 times that": right / 100,
        "divided by the accuracy under attack; the ORIGINAL is what it is relative to": (after - before) / after * 100,
        "this is what is left, in %; the change is what was lost": right + 100,
        "divided by the mean of the original over data sets; each data set has its own": (
            (after - before) / before.mean() * 100
        ),
        "rows and columns are swapped: attacks are rows, data sets are columns": right.T,
        "the original's own row is in it; its change is 0 and says nothing": np.vstack([0 * before, right]),
    }
    case = "A small case: from 80 to 60 is a change of -25%."
    settle("the change", changes, right, mistakes, tolerance=0.06, case=case)
    mistakes = {
        "the sign is wrong: a fall is negative": -right.mean(),
        "this is the change of the average accuracy; average the changes instead": (after.mean() / before.mean() - 1)
        * 100,
        "the original's own row is in the average; its change is 0 and says nothing": right.sum()
        / (right.size + right.shape[1]),
        "these are percentage points; divide by the original accuracy": (after - before).mean(),
        "this is a share; in % it is 100 times that": right.mean() / 100,
        "this is the median; the average is asked for": np.median(right),
    }
    settle("the average", average, right.mean(), mistakes, tolerance=0.06, case=case)
    praise(
        f"{right.mean():.1f}% on average, relative to the original.",
        "a reader that falls to chance changes by -67% from 75 with four options, by -43% from 87.7 with two. "
        "What would a fair comparison of data sets have to take into account?",
    )


def expected_accuracy(function: Callable[[float, int], float]) -> None:
    """A function of a share of known answers (0 to 1) and a number of options: expected accuracy, 0 to 1."""
    cases = [(share, options) for options in (2, 3, 5) for share in (0.0, 0.2, 0.5, 1.0)]
    found = [function(share, options) for share, options in cases]
    s, k = (np.array(part, dtype=float) for part in zip(*cases, strict=True))
    right = s + (1 - s) / k
    mistakes = {
        "guessing was forgotten: a question that it does not know is still right once in as many as it has options": s,
        "known answers were counted twice: only the OTHER questions, 1 - s of them, are guessed": s + 1 / k,
        "this stops at 1, but it still counts known answers twice: only 1 - s of the questions are guessed": (
            np.minimum(1, s + 1 / k)
        ),
        "the shares are swapped: s is what it KNOWS, 1 - s is what it guesses": (1 - s) + s / k,
        "this is guessing alone, whatever is known": 1 / k + 0 * s,
        "this is the larger of knowing and guessing; a reader does both, on different questions": np.maximum(s, 1 / k),
        "a guess is right with 1/k, not with (k - 1)/k": s + (1 - s) * (k - 1) / k,
        "a guess is among all k options, the right one included, not among k - 1": s + (1 - s) / (k - 1),
        "a guess is right with 1/k; here it is 1/2 whatever the number of options": s + (1 - s) / 2,
        "this is in percent; a share is asked for": 100 * right,
    }
    case = "A small case: half is known and there are 2 options; half of the other half is guessed right, so 0.75."
    settle(
        "expected accuracy",
        found,
        right,
        mistakes,
        [f"s = {share}, {options} options" for share, options in cases],
        case=case,
    )
    praise(
        "what is known, and a guess at the rest.",
        "a reader without passages scores a with k options. Solve for s: what share must it have known?",
    )


def _edits(before: list[str], after: list[str], row: int = 1, column: int = 1) -> int:
    """Least number of edits from a table whose row 0 and column 0 count by `row` and `column`; 1 is right, 0 forgot."""
    table = np.add.outer(column * np.arange(len(before) + 1), row * np.arange(len(after) + 1))
    for i, one in enumerate(before, start=1):
        for j, other in enumerate(after, start=1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (one != other))
    return table[-1, -1]


def _sentences_added(question: Question, new: Question) -> list[int]:
    """Which sentence of the passage each distractor got; raises where something else changed."""
    if not isinstance(new, Question):
        raise AssertionError(f"a Question is asked for, not {new!r}; dataclasses.replace(question, options=...)")
    where = f"question {question.id}"
    for part in ("id", "passage", "question", "answer"):
        if getattr(new, part) != getattr(question, part):
            raise AssertionError(f"{where}: its {part} changed; the attack touches nothing but the distractors")
    if len(new.options) != len(question.options):
        raise AssertionError(f"{where}: {len(question.options)} options became {len(new.options)}")
    if new.options[new.answer] != question.options[question.answer]:
        raise AssertionError(f"{where}: the right option changed; only the distractors are attacked")
    return [
        _sentence_added(f"{where}, option {place}", question, option, text)
        for place, (option, text) in enumerate(zip(question.options, new.options, strict=True))
        if place != question.answer
    ]


def _draws(tried: list[tuple[Question, list[int]]]) -> None:
    """Whether sentences and orders were drawn; tried: the small question attacked many times, and what it got."""
    added = Counter(place for _, places in tried for place in places)
    if len(added) == 1:
        raise AssertionError(f"sentence {min(added) + 1} of the passage was added everywhere; draw a random one")
    if never := set(range(len(sentences(SMALL.passage)))) - set(added):
        raise AssertionError(f"sentence {min(never) + 1} of the passage is never added; draw from all of them")
    if all(first == second for _, (first, second) in tried):
        raise AssertionError("both distractors of a question always get the same sentence; draw one for each")
    orders = {new.options[0] for new, (place, _) in tried if place == 0}
    if len(orders) < 5:
        raise AssertionError(
            f"'tea Rain fell.' has 5 orders that are far enough from it, and only {len(orders)} ever come; "
            "shuffle until the threshold is exceeded, and take the first order that exceeds it"
        )


def _sentence_added(where: str, question: Question, option: str, text: str) -> int:
    """Which sentence of the passage was shuffled into a distractor."""
    found, sources = Counter(text.split()), sentences(question.passage)
    for place, sentence in enumerate(sources):
        original = f"{option} {sentence}".split()
        if Counter(original) == found:
            degree = shuffle_degree(original, text.split())
            turned = len(original) > 5 and text.split() == f"{sentence} {option}".split()  # of few words it may come up
            if text.split() == original or turned:
                raise AssertionError(f"{where}: nothing is shuffled; that is AddSent2Opt without -Shuffle")
            if degree <= THRESHOLD:
                raise AssertionError(
                    f"{where}: its ShuffleDegree is {degree:.2f}; shuffle again until it exceeds {THRESHOLD}"
                )
            return place
    answer = question.options[question.answer]
    explained = {
        "no word was added; a sentence of the passage is asked for": [option],
        "the right answer was added; that is AddAns2Opt-Shuffle, a sentence of the passage is asked for": [
            f"{option} {answer}"
        ],
        "the right answer alone is there; that is Ans2Opt-Shuffle": [answer],
        "the distractor's own words are missing; that is Sent2Opt-Shuffle": sources,
        "the whole passage was added; one sentence of it is asked for": [f"{option} {question.passage}"],
        "the question was added; a sentence of the passage is asked for": [f"{option} {question.question}"],
    }
    for explanation, texts in explained.items():
        if any(Counter(source.split()) == found for source in texts):
            raise AssertionError(f"{where}: {explanation}")
    if any(Counter(f"{option}{s}".replace(" ", "")) == Counter(text.replace(" ", "")) for s in sources):
        raise AssertionError(f"{where}: letters are shuffled, or words glued together; the words stay as they are")
    raise AssertionError(f"{where}: {text!r} is not the words of the distractor and of one sentence of the passage")
