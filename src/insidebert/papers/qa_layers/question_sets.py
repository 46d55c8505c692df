"""Questions to train readers on and to look at: our own stories, or a file; split by story or article."""

from collections import Counter
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text.question_stories import KINDS, told_questions
from insidebert.text.span_files import read_span_questions
from insidebert.text.span_questions import SpanQuestion, split_by_group

STORIES = KINDS
"""Kinds of our own stories: they stand for SQuAD, HotpotQA and bAbI's task 15."""


def splits_of(
    dataset: str | Path, train: int, test: int, distractors: int = 4, seed: int = 0
) -> tuple[list[SpanQuestion], list[SpanQuestion]]:
    """Questions to train on and to test on; no story or article has questions in both.

    Args:
        dataset: one of STORIES, or a file that `read_span_questions` takes.
        train, test: numbers of questions, at most.
        distractors: sentences of a story that the answer does not need; of stories alone.
        seed: of the stories, and of the order of stories or articles.

    Raises:
        InputError: a file with too few articles to split, or without questions that can be used.
    """
    whole = train + test
    if dataset in STORIES:
        questions = told_questions(dataset, whole, distractors, seed)
    else:
        questions, left_out = read_span_questions(dataset)
        if not questions:
            raise InputError(f"{dataset} has no question that can be used ({reasons(left_out)})")
    learned, held = split_by_group(questions, test / whole, seed)
    return learned[:train], held[:test]


def name_of(dataset: str | Path) -> str:
    """How tables call a data set: a kind of story, or the file's name without its ending."""
    return dataset.stem if isinstance(dataset, Path) else dataset


def located(names: list[str], paths) -> list[str | Path]:
    """Data sets as a notebook names them, files relative to the checkout; paths: a `results.paths.Paths`."""
    return [name if name in STORIES else paths.data(name) for name in names]


def reasons(left_out: Counter) -> str:
    """What was left out, in words, such as `3 yes or no, 1 answer not in the context`."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it is empty"
