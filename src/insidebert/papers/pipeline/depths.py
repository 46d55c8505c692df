"""Expected layers of many curves at once, by context length and reweighted; orders that the lengths alone allow."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

import numpy as np

from insidebert.measure.decisions import f1

BINS = {"1": (1, 1), "2": (2, 2), "3-4": (3, 4), "5-8": (5, 8), "9+": (9, np.inf)}
"""Context lengths in words: the shortest stretch that holds all spans of an edge (Slobodkin et al. 2021)."""


def expected(scores: np.ndarray, clipped: bool = False) -> np.ndarray:
    """`ib.expected_layer` of many curves.

    Args:
        scores: [n, L + 1] of cumulative probes. clipped: losses count as nothing.

    Returns:
        [n]; NaN where the gains add up to nothing.
    """
    gains = np.diff(scores, axis=-1)
    gains = np.maximum(gains, 0) if clipped else gains
    total = gains.sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total == 0, np.nan, gains @ np.arange(1, scores.shape[-1]) / total)


def expected_of(clipped: bool = False) -> Callable[[np.ndarray], np.ndarray]:
    """The expected layer as a statistic of mean counts [n, L + 1, 3]."""
    return lambda means: expected(f1(means), clipped)


def bin_of(context: np.ndarray) -> np.ndarray:
    """[N] context lengths -> [N] places in BINS."""
    return np.searchsorted([last for _, last in BINS.values()], context)


def shares(bins: np.ndarray) -> np.ndarray:
    """[len(BINS)] share of targets in each bin."""
    return np.bincount(bins, minlength=len(BINS)) / len(bins)


def target_weights(bins: np.ndarray, wanted: np.ndarray, least: int) -> np.ndarray:
    """Weights that give a task's targets the wanted distribution of context lengths, as far as it has such targets.

    Args:
        bins: [N] of the targets. wanted: [len(BINS)] shares. least: a bin with fewer targets is left out.

    Returns:
        [N] with mean 1; 0 in bins that are left out. Where no bin is large enough: all 1.
    """
    counts = np.bincount(bins, minlength=len(BINS))
    used = np.where(counts >= least, wanted, 0)
    if not used.sum():
        return np.ones(len(bins))
    return (used / used.sum() * len(bins) / np.maximum(counts, 1))[bins]


def possible_orders(ranges: Mapping[str, tuple[float, float]]) -> int:
    """In how many orders tasks can come whose expected layers may lie anywhere in a range each.

    A task's expected layer is a mean of those of its bins, so another mixture of lengths moves it anywhere between the
    lowest and the highest.

    Example:
        >>> possible_orders({"a": (1, 2), "b": (3, 4)}), possible_orders({"a": (1, 3), "b": (2, 4)})
        (1, 2)
    """
    return sum(_possible(order) for order in permutations(ranges.values()))


def _possible(order: Sequence[tuple[float, float]]) -> bool:
    reached = -np.inf
    for low, high in order:
        reached = max(reached, low)
        if reached > high:
            return False
    return True
