"""Intervals by bootstrap over sentences, and the rows of tidy tables that hold them."""

from collections.abc import Callable

import numpy as np


def replicates(values: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Means over resampled sentences; every column is resampled alike, so differences of columns stay paired.

    Args:
        values: [sentences, ...].

    Returns:
        [resamples, ...].
    """
    sentences = len(values)
    counts = np.random.default_rng(seed).multinomial(sentences, np.full(sentences, 1 / sentences), size=resamples)
    return (counts @ values.reshape(sentences, -1) / sentences).reshape(resamples, *values.shape[1:])


def seed_replicates(correct: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Means over resampled sentences and resampled trainings: another sample of both would move the result so far.

    Args:
        correct: [trainings, sentences, ...].

    Returns:
        [resamples, ...]. With a single training the luck of training is not in it.
    """
    trainings = len(correct)
    each = replicates(np.moveaxis(correct, 0, 1), resamples, seed)  # [resamples, trainings, ...]
    counts = np.random.default_rng([seed, 1]).multinomial(trainings, np.full(trainings, 1 / trainings), resamples)
    return np.einsum("rk,rk...->r...", counts / trainings, each)


def interval(estimates: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap estimates [resamples]; NaN for none that is finite."""
    finite = estimates[np.isfinite(estimates)]
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2]) if len(finite) else (np.nan, np.nan)
    return float(low), float(high)


def estimate(
    values: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray] = lambda means: means,
    name: str = "estimate",
    drawn: np.ndarray | None = None,
    **labels,
) -> dict:
    """A row of a tidy table: the labels, a statistic of the sentences' means, and its 95% interval.

    Args:
        values: [sentences, ...].
        statistic: means [n, ...] -> [n]; such as `lambda means: means[:, 0] - means[:, 1]`.
        name: of the column that holds the estimate.
        drawn: [resamples, ...] `replicates(values)`, where many rows share them.

    Returns:
        labels | {name, "low", "high"}.

    Example:
        >>> values = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
        >>> row = estimate(values, lambda means: means[:, 0] - means[:, 1], contrast="first minus second")
        >>> row["contrast"], row["estimate"]
        ('first minus second', 0.5)
    """
    low, high = interval(statistic(replicates(values) if drawn is None else drawn))
    return labels | {name: float(statistic(values.mean(0)[None])[0]), "low": low, "high": high}
