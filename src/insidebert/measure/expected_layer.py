"""Where in the layers a task is solved: expected layer, centre of gravity, and how far both are from even.

Tenney, Das and Pavlick (2019), *BERT Rediscovers the Classical NLP Pipeline*, section 3. Plain lists in, numbers out.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from insidebert.errors import InputError


def differential(scores: Sequence[float]) -> list[float]:
    """Gains of every layer: Score(l) - Score(l - 1), l = 1..L.

    Args:
        scores: [L + 1] of the cumulative probes, layer 0 first.

    Raises:
        InputError: fewer than two scores, or one that is not finite.

    Example:
        >>> differential([80, 90, 88])
        [10, -2]
    """
    scores = list(scores)
    if len(scores) < 2 or not all(math.isfinite(score) for score in scores):
        raise InputError("give the scores of the cumulative probes of layers 0..L, two or more finite numbers")
    return [after - before for before, after in pairwise(scores)]


def expected_layer(scores: Sequence[float], clipped: bool = False) -> float:
    """Expected layer of cumulative scores: the layers' gains as weights of their numbers.

    Args:
        scores: [L + 1] F1 of the cumulative probes of layers 0..L, in any unit.
        clipped: count losses as nothing; the paper keeps them, so that its value is no true expectation.

    Returns:
        Sum of l * (Score(l) - Score(l - 1)) over Score(L) - Score(0); NaN where the gains add up to nothing.

    Raises:
        InputError: fewer than two scores, or one that is not finite.

    Example:
        >>> expected_layer([80, 90, 95, 95])
        1.3333333333333333
        >>> expected_layer([80, 90, 88]), expected_layer([80, 90, 88], clipped=True)
        (0.75, 1.0)
    """
    gains = [max(gain, 0) if clipped else gain for gain in differential(scores)]
    total = math.fsum(gains)
    return math.fsum(layer * gain for layer, gain in enumerate(gains, 1)) / total if total else math.nan


def centre_of_gravity(weights: Sequence[float]) -> float:
    """Centre of gravity of mixing weights: the mean layer, by weight. Even weights give L / 2.

    Args:
        weights: [L + 1] of layers 0..L, not negative; they need not add up to 1.

    Raises:
        InputError: no weight, one that is negative or not finite, or none above 0.

    Example:
        >>> centre_of_gravity([0.35, 0.50, 0.15])
        0.8
    """
    weights = list(weights)
    if not weights or not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights):
        raise InputError("give the mixing weights of layers 0..L: finite, none negative, one of them above 0")
    return math.fsum(layer * weight for layer, weight in enumerate(weights)) / math.fsum(weights)


def kl_uniform(values: Sequence[float]) -> float:
    """Divergence KL(values || uniform) in bits; 0 for even values, log2 of how many for one alone.

    Args:
        values: weights, or gains of layers 1..L (`differential`); negative ones count as 0 and the rest is made to
            add up to 1, as in the authors' notebook. NaN where nothing is above 0.

    Example:
        >>> kl_uniform([1, 1, 0, 0])
        1.0
    """
    kept = [max(value, 0) for value in values]
    total = math.fsum(kept)
    if not total:
        return math.nan
    return math.fsum(x / total * math.log2(x / total * len(kept)) for x in kept if x)
