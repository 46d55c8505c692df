"""Checks of teaching/exercises/multiple-choice.ipynb."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA, Hamming, Indel, Levenshtein

from check.compare_answer import praise, settle
from insidebert.text.attacks import shuffle_degree, spoiled
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


def change(changes, average, accuracies: pd.DataFrame, original: str = "BERT", predicted: str | None = None) -> None:
    """The change of accuracy under each attack, in % of the original accuracy, and its average.

    Args:
        changes: [attacks, data sets].
        average: over attacks and data sets.
        accuracies: a row for the original and one for each attack, a column a data set.
        original: name of the first of these rows.
        predicted: the attack that was expected to cost most; any will do.
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
    worst = attacked.index[right.mean(1).argmin()]
    said = "" if predicted is None else ", as you predicted" if predicted == worst else f" (you said {predicted})"
    praise(
        f"{right.mean():.1f}% on average, relative to the original; most under {worst}{said}.",
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


def counting(
    reader: Callable[[Question], int],
    accuracies: Mapping[str, float],
    attacked: Callable[[Question, Random], Question],
    questions: Sequence[Question],
) -> None:
    """A reader that counts words, and what four tests find out about it.

    Args:
        reader: question -> the option with the most different words that stand in the passage; the first, if several.
        accuracies: `original`, `P-Shuffle`, `P-Remove` and `AddSent2Opt-Shuffle` -> share of right answers.
        attacked: from exercise 2, drawing from Random(0) question by question.
    """
    random = Random(0)
    tests = {name: [spoiled(q, name, seed=1) for q in questions] for name in ("original", "P-Shuffle", "P-Remove")}
    tests["AddSent2Opt-Shuffle"] = [attacked(question, random) for question in questions]
    asked = [question for test in tests.values() for question in test]
    chosen = np.array([reader(question) for question in asked], dtype=object)

    def instead(score: Callable) -> np.ndarray:
        return np.array([int(np.argmax([score(_words(o), _words(q.passage)) for o in q.options])) for q in asked])

    right = instead(_shared)
    mistakes = {
        "this is the largest share of an option's words; the NUMBER of them is asked for": instead(
            lambda option, passage: _shared(option, passage) / len(option)
        ),
        "this is the option with the fewest such words": instead(lambda option, passage: -_shared(option, passage)),
        "options are counted from 0": right + 1,
        "this is the right answer; the reader must not look at it": np.array([q.answer for q in asked]),
    }
    names = [f"a question under {name}" for name, test in tests.items() for _ in test]
    settle("the option chosen", chosen, right, mistakes, names, case="Lower case, each word of an option once.")
    if set(accuracies) != set(tests):
        raise AssertionError(
            f"an accuracy for each of {', '.join(tests)} is asked for, not for {', '.join(accuracies)}"
        )
    rightness = (right == [q.answer for q in asked]).reshape(len(tests), -1)
    wanted = rightness.mean(1)
    mistakes = {
        "these are in percent; shares are asked for": 100 * wanted,
        "these are numbers of questions; divide by how many there are": rightness.sum(1),
        "these are shares of wrong answers": 1 - wanted,
    }
    settle("the accuracy", [accuracies[name] for name in tests], wanted, mistakes, list(tests))
    praise(
        ", ".join(f"{name} {share:.2f}" for name, share in zip(tests, wanted, strict=True)) + ".",
        "which of the four tests show that this reader does not read, and which does it pass?",
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _shared(option: set[str], passage: set[str]) -> int:
    return len(option & passage)


def _edits(before: list[str], after: list[str], row: int = 1, column: int = 1) -> int:
    """Least number of edits from a table whose row 0 and column 0 count by `row` and `column`; 1 is right, 0 forgot."""
    table = np.add.outer(column * np.arange(len(before) + 1), row * np.arange(len(after) + 1))
    for i, one in enumerate(before, start=1):
        for j, other in enumerate(after, start=1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (one != other))
    return table[-1, -1]
