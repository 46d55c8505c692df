"""Both papers' tasks, cut to size; their counts (Table 3) and an example of each (Table 1)."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.text.edge_sources import embedded_tasks, recorded_tasks
from insidebert.text.edges import EdgeSentence, EdgeTask, counts_of

NAMES = {
    "pos": "POS",
    "constituents": "Constituents",
    "dependencies": "Dependencies",
    "entities": "Entities",
    "roles": "Roles (SRL)",
    "coreference": "Coreference",
    "spr": "Proto-roles (SPR)",
    "winograd": "Winograd-like",
    "relations": "Relations",
}
"""Tasks in the papers' order, as figures name them."""

OWN = "corpus"
"""Stands for our own texts; every other name is a folder of other people's data."""

PARTS = ("train", "development", "test")


def tasks_of(edges: Path | str, names: Sequence[str], train: int, test: int) -> dict[str, EdgeTask]:
    """Tasks by name, in the papers' order, each cut to size.

    Args:
        edges: the corpus folder, whose own trees and stories make the tasks; or a folder of data that
            `edge_sources.recorded_tasks` reads.
        names: of NAMES.
        train: targets to train on, at most; development and test have at most `test`. Whole sentences are taken, in
            an order that depends on their words alone, so that tasks on the same texts share sentences.

    Raises:
        InputError: a name that is no task, or one that the data lacks.
    """
    edges = Path(edges)
    known = embedded_tasks(edges) if edges.name == OWN else recorded_tasks(edges)
    for name in names:
        if name not in known:
            raise InputError(f"no task {name!r} in {edges}; there are {', '.join(known)}")
    sizes = {"train": train, "development": test, "test": test}
    cut = {name: {part: first(getattr(known[name], part), sizes[part]) for part in PARTS} for name in names}
    return {name: replace(known[name], **cut[name]) for name in NAMES if name in names}


def first(sentences: Sequence[EdgeSentence], targets: int) -> tuple[EdgeSentence, ...]:
    """Sentences with at most so many targets together (one sentence at least), in an order drawn from their words."""
    drawn = sorted(sentences, key=lambda s: (zlib.crc32(" ".join(s.words).encode()), s.words))
    reached = np.cumsum([len(s.targets) for s in drawn])
    return tuple(drawn[: max(1, int(np.searchsorted(reached, targets, side="right")))])


def counts(edges: Path | str, tasks: Sequence[str], train: int, test: int) -> dict[str, pd.DataFrame]:
    """Labels, sentences and targets of each task and part, as found and as used.

    Returns:
        counts: a row per task. left_out: a row per task and reason.
    """
    edges = Path(edges)
    whole = tasks_of(edges, tasks, 10**9, 10**9)
    used = tasks_of(edges, tasks, train, test)
    rows, lost = [], []
    for name, task in whole.items():
        known = {key.replace(" ", "_"): value for key, value in counts_of(task).items()}
        taken = {f"used_{part}": sum(len(s.targets) for s in getattr(used[name], part)) for part in PARTS}
        rows.append({"task": name, "source": task.source} | known | taken)
        lost += [{"task": name, "reason": reason, "count": count} for reason, count in sorted(task.left_out.items())]
    return {"counts": pd.DataFrame(rows), "left_out": pd.DataFrame(lost, columns=["task", "reason", "count"])}


def examples(edges: Path | str, tasks: Sequence[str]) -> dict[str, pd.DataFrame]:
    """One target a task, its spans in [brackets]: what Table 1 shows.

    The shortest test sentence of 8 words and more whose target has a scored label and, where there are two spans,
    two that do not touch.
    """
    rows = []
    for name, task in tasks_of(edges, tasks, 10**9, 10**9).items():
        scored = set(task.scored)
        found = [
            (
                len(sentence.words) < 8,
                target.context <= 3 and task.two_spans,
                len(sentence.words),
                sentence.words,
                target,
            )
            for sentence in task.test
            for target in sentence.targets
            if scored & set(target.labels)
        ]
        *_, words, target = min(found, key=lambda row: row[:3])
        rows.append({"task": name, "example": marked(words, target.spans), "labels": ", ".join(target.labels)})
    return {"targets": pd.DataFrame(rows)}


def marked(words: Sequence[str], spans: Sequence[tuple[int, int]]) -> str:
    """A sentence with its spans in brackets, numbered where there are two.

    Example:
        >>> marked(["It", "made", "its", "way"], [(1, 2), (2, 4)])
        'It [made]1 [its way]2'
    """
    words, several = list(words), len(spans) > 1
    for number, (start, stop) in enumerate(spans, 1):
        words[start] = f"[{words[start]}"
        words[stop - 1] += f"]{number if several else ''}"
    return " ".join(words)
