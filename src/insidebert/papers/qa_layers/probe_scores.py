"""Scores of probes label by label: macro and micro F1 by layer, the majority's beside them, paired differences."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, replicates
from insidebert.measure.decisions import sums_by
from insidebert.probes.spans import SpanResults
from insidebert.text.edges import EdgeTask

SCORES = ("macro F1", "micro F1")


@dataclass(frozen=True)
class Probed:
    """Decisions of a task's probes on its test part.

    Args:
        counts: [sentences, S, K, 3] true positives, false positives, false negatives by layer and label.
        majority: [sentences, K, 3] of the commonest labels of training, always.
        targets: of the test part.
    """

    counts: np.ndarray
    majority: np.ndarray
    targets: int


def probed(task: EdgeTask, results: SpanResults) -> Probed:
    """Counts of every label, also of those that edge probing leaves out of its score.

    All of these tasks have one label a target, so the most probable label is the decision, however unsure.
    """
    gold = np.array([[label in own for label in results.labels] for own in results.targets["labels"]])
    on = results.probabilities.argmax(-1)[..., None] == np.arange(len(results.labels))  # [S, N, K]
    commonest = pd.Series([target.labels for s in task.train for target in s.targets]).value_counts().index[0]
    always = np.broadcast_to(np.isin(results.labels, commonest), gold.shape)
    sentence = pd.factorize(results.targets["sentence"])[0]

    def counted(decided: np.ndarray) -> np.ndarray:
        kinds = (decided & gold, decided & ~gold, ~decided & gold)
        return np.stack(kinds, axis=-1).astype(float)

    counts = sums_by(np.moveaxis(counted(on), 1, 0), sentence)
    return Probed(counts, sums_by(counted(always), sentence), len(gold))


def f1_of(counts: np.ndarray, score: str) -> np.ndarray:
    """F1 of counts or of their means: [..., K, 3] -> [...].

    Args:
        score: `macro F1`, the mean over the labels that occur in the test part or were given; or `micro F1`.
    """
    if score == "micro F1":
        counts = counts.sum(-2, keepdims=True)
    hits, extra, missed = np.moveaxis(counts, -1, 0)
    whole = 2 * hits + extra + missed
    each = 2 * hits / np.where(whole > 0, whole, 1)
    there = whole > 0
    return each.sum(-1) / np.maximum(there.sum(-1), 1)


def rows(own: Probed, score: str, labels: dict) -> list[dict]:
    """A row a layer: F1 with its 95% interval over sentences, and that of always giving the commonest label.

    Args:
        score: as for `f1_of`.
        labels: columns that every row gets.
    """
    majority = float(f1_of(own.majority.mean(0), score))
    drawn = replicates(own.counts)
    found = []
    for layer in range(own.counts.shape[1]):
        row = estimate(own.counts, lambda m, i=layer: f1_of(m[:, i], score), "f1", drawn, **labels, score=score)
        found.append(row | {"layer": layer, "majority": majority, "targets": own.targets})
    return found


def differences(pair: np.ndarray, score: str, labels: dict) -> list[dict]:
    """[sentences, 2, S, K, 3] counts of the fine-tuned and the pre-trained model -> a row a layer."""
    drawn = replicates(pair)
    return [
        estimate(
            pair,
            lambda m, i=layer: f1_of(m[:, 0, i], score) - f1_of(m[:, 1, i], score),
            "difference",
            drawn,
            **labels,
            score=score,
            layer=layer,
        )
        for layer in range(pair.shape[2])
    ]
