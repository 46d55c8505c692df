"""Checks of teaching/exercises/multiple-choice.ipynb."""

from collections import Counter
from collections.abc import Callable, Sequence

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
        "replacing a word counts as two edits here; it is one": instead(lambda a, b: Indel.distance(a, b) / len(a)),
        "swapping two neighbours counts as one edit here; only insert, delete and replace do": instead(
            lambda a, b: OSA.distance(a, b) / len(a)
        ),
        "this is a similarity: the same words in the same order have ShuffleDegree 0": 1 - right,
        "this is in percent; a share is asked for": 100 * right,
    }
    names = [f"{original!r} -> {shuffled!r}" for original, shuffled in WORDS_OF_CASES]
    settle("ShuffleDegree", found, right, mistakes, names)
    praise(
        "edits of words, over the length of the original.",
        "a long text shuffled at random has a high degree, but hardly ever 1. Which words keep it below?",
    )


def distractors(made: Sequence[Question], questions: Sequence[Question]) -> None:
    """Questions under AddSent2Opt-Shuffle: each distractor a shuffle of itself and one sentence of the passage.

    Args:
        made: one for each of the questions, in their order.
        questions: the originals.
    """
    if len(made) != len(questions):
        raise AssertionError(f"there are {len(questions)} questions, and {len(made)} attacked ones")
    taken = []
    for question, new in zip(questions, made, strict=True):
        if not isinstance(new, Question):
            raise AssertionError(f"a Question is asked for, not {new!r}; dataclasses.replace(question, options=...)")
        where = f"question {question.id}"
        for part in ("id", "passage", "question", "answer"):
            if getattr(new, part) != getattr(question, part):
                raise AssertionError(f"{where}: its {part} changed; the attack touches nothing but the distractors")
        if len(new.options) != len(question.options):
            raise AssertionError(f"{where}: {len(question.options)} options became {len(new.options)}")
        for place, (option, text) in enumerate(zip(question.options, new.options, strict=True)):
            if place != question.answer:
                taken.append(_sentence_added(f"{where}, option {place}", question, option, text))
            elif text != option:
                raise AssertionError(f"{where}: the right option changed; only the distractors are attacked")
    if len(taken) > 4 and len(set(taken)) == 1:
        raise AssertionError(f"sentence {taken[0] + 1} of the passage was added everywhere; draw a random one")
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
    after = accuracies.drop(index=original).to_numpy()
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
    settle("the change", changes, right, mistakes, tolerance=0.06)
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
    settle("the average", average, right.mean(), mistakes, tolerance=0.06)
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
    settle("expected accuracy", found, right, mistakes, [f"s = {share}, {options} options" for share, options in cases])
    praise(
        "what is known, and a guess at the rest.",
        "a reader without passages scores a with k options. Solve for s: what share must it have known?",
    )


def _sentence_added(where: str, question: Question, option: str, text: str) -> int:
    """Which sentence of the passage was shuffled into a distractor."""
    found, sources = Counter(text.split()), sentences(question.passage)
    for place, sentence in enumerate(sources):
        original = f"{option} {sentence}".split()
        if Counter(original) == found:
            degree = shuffle_degree(original, text.split())
            if text.split() in (original, f"{sentence} {option}".split()):
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
