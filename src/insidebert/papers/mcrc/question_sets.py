"""The questions of a data set by name, and how many there are of what (Table 1)."""

from pathlib import Path
from statistics import fmean

import pandas as pd

from insidebert.errors import InputError
from insidebert.papers.mcrc import stories
from insidebert.text import questions
from insidebert.text.questions import Question

SCRIPTS = "scripts"
SEEDS = {"train": 1, "dev": 2, "test": 3}
"""The three splits of `scripts` are other stories, not other questions on the same ones."""


def questions_of(dataset: Path | str, split: str, count: int | None, planted: dict) -> list[Question]:
    """Up to `count` questions of a split, or all.

    Args:
        dataset: `scripts`, made anew with shares `planted`, or what `questions.read` takes.
        planted: arguments of `stories.generate`; other data sets have none.

    Raises:
        InputError: fewer than two questions.
    """
    if str(dataset) == SCRIPTS:
        return stories.generate(count, SEEDS[split], **planted)
    found = questions.read(dataset, split)[:count]
    if len(found) < 2:
        raise InputError(f"{dataset} has {len(found)} questions in {split}; that is too few")
    return found


def splits_of(
    dataset: Path | str, train: int, development: int, test: int, planted: dict
) -> tuple[list[Question], list[Question], list[Question]]:
    """Up to so many training, development and test questions; arguments as for `questions_of`."""
    counts = zip(SEEDS, (train, development, test), strict=True)
    return tuple(questions_of(dataset, split, count, planted) for split, count in counts)


def statistics(dataset: Path | str, train: int, development: int, test: int, planted: dict) -> dict[str, pd.DataFrame]:
    """Table 1: how many questions there are, and how long passages, questions and answers are, in words.

    Data sets that are read are described whole, however many of their questions are used; `left_out` says how many
    cannot be, and why.
    """
    rows = []
    for split, used in (("train", train), ("dev", development), ("test", test)):
        if str(dataset) == SCRIPTS:
            found, left_out = questions_of(dataset, split, used, planted), {}
        else:
            found, left_out = questions.read_counted(dataset, split)
        reasons = "; ".join(f"{count} with {reason}" for reason, count in left_out.items())
        rows.append({"dataset": name_of(dataset), "split": split} | described(found) | {"left_out": reasons or "none"})
    return {"sets": pd.DataFrame(rows)}


def described(questions: list[Question]) -> dict:
    """How many questions and different passages, and mean lengths in words, as whitespace has them.

    Returns:
        `questions`, `passages`, and the means `passage_words` (each passage once), `question_words`, `answer_words`
        (the right option) and `option_words` (all of them).
    """
    if not questions:
        raise InputError("there are no questions to describe")
    texts = {
        "passage_words": {question.passage for question in questions},
        "question_words": [question.question for question in questions],
        "answer_words": [question.options[question.answer] for question in questions],
        "option_words": [option for question in questions for option in question.options],
    }
    means = {name: fmean(len(text.split()) for text in own) for name, own in texts.items()}
    return {"questions": len(questions), "passages": len(texts["passage_words"]), **means}


def concealed(table: pd.DataFrame) -> pd.DataFrame:
    """A table with x for every letter and digit of the questions that it quotes."""
    quoted = {"question", "passage", "shuffled", "appended", "text", "attacked", "right", "original", "word"}
    return table.assign(**{c: table[c].str.replace(r"\w", "x", regex=True) for c in table if c in quoted})


def name_of(dataset: Path | str) -> str:
    """What tables and figures call a data set: the last part of its path or of its name on the Hub."""
    return Path(str(dataset)).name
