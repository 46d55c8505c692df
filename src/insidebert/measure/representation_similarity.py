"""How alike two models see the same tokens, layer by layer: representational similarity analysis."""

import numpy as np

from insidebert.errors import InputError


def representation_similarity(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Correlation of two models' similarities between the same tokens, a number a layer.

    Merchant et al. (2020): per layer and model, the cosine similarity of all pairs of tokens; then Pearson's
    correlation of the two models over the pairs (the upper triangles). 1 where all pairs are as alike in one model as
    in the other, whatever the rotation of the space; the widths may differ.

    Args:
        one, other: [S, tokens, width] states of the same tokens.

    Returns:
        [S] from -1 to 1; NaN where a layer of one model has all pairs equally alike.

    Raises:
        InputError: not as many layers or tokens in both; fewer than three tokens; states that are not finite.

    Example:
        >>> states = np.random.default_rng(0).normal(size=(2, 5, 3))
        >>> turned = states[..., ::-1] * 2
        >>> representation_similarity(states, turned).round(6).tolist()
        [1.0, 1.0]
    """
    one, other = (np.asarray(states, dtype=np.float64) for states in (one, other))
    if one.ndim != 3 or one.shape[:2] != other.shape[:2]:
        raise InputError(
            f"states of {one.shape} and {other.shape}; both are [layers, tokens, width] of the same tokens"
        )
    if one.shape[1] < 3:
        raise InputError(f"{one.shape[1]} tokens have no pairs to compare; give at least three")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise InputError("some states are NaN or infinite; the model's weights are damaged, or too large")
    upper = np.triu_indices(one.shape[1], 1)
    pairs = np.stack([_cosines(states)[:, *upper] for states in (one, other)])  # [2, S, pairs]
    pairs -= pairs.mean(2, keepdims=True)
    sizes = np.sqrt((pairs**2).sum(2)).prod(0)
    return (pairs[0] * pairs[1]).sum(1) / np.where(sizes > 1e-12, sizes, np.nan)


def _cosines(states: np.ndarray) -> np.ndarray:
    sizes = np.linalg.norm(states, axis=2, keepdims=True)
    units = states / np.where(sizes > 0, sizes, 1)
    return units @ units.transpose(0, 2, 1)
