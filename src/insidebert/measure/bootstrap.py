"""Intervals by bootstrap over sentences."""

import numpy as np


def replicates(values: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Means over resampled sentences; every column is resampled alike, so differences of columns stay paired.

    Args:
        values: [sentences, columns].

    Returns:
        [resamples, columns].
    """
    sentences = len(values)
    counts = np.random.default_rng(seed).multinomial(sentences, np.full(sentences, 1 / sentences), size=resamples)
    return counts @ values / sentences


def interval(estimates: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap estimates [resamples]."""
    low, high = np.quantile(estimates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
