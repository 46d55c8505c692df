"""Decisions about labels, counted: what micro F1 over (target, label) pairs is made of, so that it can be resampled."""

from collections.abc import Sequence

import numpy as np


def decisions(
    probabilities: np.ndarray, gold: Sequence[Sequence[str]], labels: Sequence[str], scored: Sequence[str]
) -> np.ndarray:
    """Right and wrong decisions of probes about each target; a label is on when its probability is at least 1/2.

    Args:
        probabilities: [P, N, K] of probes, targets and labels.
        gold: [N] right labels of each target; one that is not among `labels` can only be missed.
        labels: [K] that the probes know.
        scored: labels that count.

    Returns:
        [N, P, 3] true positives, false positives, false negatives.

    Example:
        >>> decisions(np.array([[[0.9, 0.6], [0.1, 0.2]]]), [["a"], ["b"]], ["a", "b"], ["a", "b"]).tolist()
        [[[1, 1, 0]], [[0, 0, 1]]]
    """
    counted = [k for k, label in enumerate(labels) if label in set(scored)]
    on = probabilities[:, :, counted] >= 0.5
    right = np.array([[labels[k] in own for k in counted] for own in gold], dtype=bool).reshape(len(gold), len(counted))
    wanted = np.array([sum(label in set(scored) for label in own) for own in gold])
    hits = (on & right).sum(2)
    return np.stack([hits, (on & ~right).sum(2), wanted - hits], axis=2).swapaxes(0, 1)


def f1(counts: np.ndarray) -> np.ndarray:
    """Micro F1 of counts, or of their means.

    Args:
        counts: [..., 3] true positives, false positives, false negatives.

    Returns:
        [...] 2 tp / (2 tp + fp + fn); NaN where nothing was on and nothing should have been.

    Example:
        >>> f1(np.array([3, 1, 1])).item()
        0.75
    """
    hits, extra, missed = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    with np.errstate(invalid="ignore"):
        return 2 * hits / (2 * hits + extra + missed)


def sums_by(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sums of rows that belong together, such as the targets of a sentence, which are resampled as one.

    Args:
        values: [N, ...].
        groups: [N] numbers from 0, none missing.

    Returns:
        [groups, ...].
    """
    summed = np.zeros((groups.max() + 1, *values.shape[1:]))
    np.add.at(summed, groups, values)
    return summed
