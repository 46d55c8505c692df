"""Layers by relative depth: what the papers say of layers of 12, for a model of any depth.

Layers are one-based everywhere, as in the papers' figures and in the tidy tables; an array's layer axis is zero-based,
so `values[:, [layer - 1 for layer in early(layers)]]`, or `places(early(layers))`.
"""

from collections.abc import Iterable


def layers_at(layers: int, first: float, last: float, of: int = 12) -> list[int]:
    """One-based layers whose relative depth lies in `first..last` of `of`, both included.

    Args:
        layers: of the model.
        first, last: one-based layers of a model of `of` layers.

    Returns:
        At least one layer: where none lies in the span, the one that is nearest to its middle.

    Example:
        >>> layers_at(12, 6, 10), layers_at(6, 6, 10), layers_at(4, 1, 2)
        ([6, 7, 8, 9, 10], [3, 4, 5], [1])
    """
    everyone = range(1, layers + 1)
    inside = [layer for layer in everyone if first * layers <= of * layer <= last * layers]
    return inside or [min(everyone, key=lambda layer: abs(2 * of * layer - (first + last) * layers))]


def early(layers: int) -> list[int]:
    """The first quarter: layers 1-3 of 12, 1 of 6.

    Example:
        >>> early(12), early(6), early(24)
        ([1, 2, 3], [1], [1, 2, 3, 4, 5, 6])
    """
    return layers_at(layers, 0, 3)


def middle(layers: int) -> list[int]:
    """A third to two thirds: layers 4-8 of 12, 2-4 of 6.

    Example:
        >>> middle(12), middle(6)
        ([4, 5, 6, 7, 8], [2, 3, 4])
    """
    return layers_at(layers, 4, 8)


def places(layers: Iterable[int]) -> list[int]:
    """Zero-based places on a layer axis of one-based layers."""
    return [layer - 1 for layer in layers]
