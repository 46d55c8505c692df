"""Where the tokens of a text lie, layer by layer: two-dimensional pictures, and numbers in the full space.

van Aken et al. (2019) show four phases of question answering as pictures of one sample at a time. The numbers here are
ours: they say of any sample, and of any layer, how far a picture's claim holds in all dimensions.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.cluster import KMeans

from insidebert.errors import InputError


@dataclass(frozen=True)
class Components:
    """Tokens of every layer in few dimensions.

    Args:
        points: [S, tokens, components].
        explained: [S, components] share of a layer's variance that each component holds.
    """

    points: np.ndarray
    explained: np.ndarray


def principal_components(states: np.ndarray, components: int = 2, together: bool = False) -> Components:
    """Tokens on their first principal components, of each layer by itself or of all layers at once.

    The components of a layer have no sign of their own; each is turned so that it agrees with the layer below. How it
    is rotated still means nothing: what can be compared across layers is who is near whom. Of all layers at once
    (`together`), one plane is shared, and a layer's place in it means something.

    Args:
        states: [S, tokens, width].
        components: at most the number of tokens, and the width.
        together: fit one plane on all layers.

    Raises:
        InputError: fewer tokens or a smaller width than components; states that are not finite.

    Example:
        >>> line = np.outer([0.0, 1.0, 2.0], [3.0, 4.0])[None]
        >>> found = principal_components(line, 1)
        >>> np.abs(found.points[0, :, 0]).tolist(), found.explained.tolist()
        ([5.0, 0.0, 5.0], [[1.0]])
    """
    states = _finite(states)
    most = min(states.shape[1:])
    if not 0 < components <= most:
        raise InputError(
            f"{components} components of {states.shape[1]} tokens in {states.shape[2]} dimensions; 1-{most}"
        )
    if together:
        centred = states - states.mean((0, 1))
        flat = centred.reshape(-1, states.shape[2])
        points = centred @ np.linalg.svd(flat, full_matrices=False)[2][:components].T
    else:
        centred = states - states.mean(1, keepdims=True)
        values, vectors = np.linalg.eigh(centred @ centred.transpose(0, 2, 1))  # faster than a decomposition of states
        largest = np.maximum(values[:, ::-1][:, :components], 0)
        points = vectors[:, :, ::-1][:, :, :components] * np.sqrt(largest)[:, None]
        for below, layer in pairwise(points):
            layer *= np.where((below * layer).sum(0) < 0, -1.0, 1.0)
    own = points - points.mean(1, keepdims=True)
    whole = ((states - states.mean(1, keepdims=True)) ** 2).sum((1, 2))
    shares = (own**2).sum(1) / np.where(whole > 0, whole, np.nan)[:, None]
    return Components(points, shares)


def z_scored(states: np.ndarray) -> np.ndarray:
    """Every dimension with mean 0 and variance 1 over the tokens of a layer; a dimension without variance becomes 0.

    Timkey and van Schijndel (2021): one to five dimensions dominate the distances between BERT's states; this gives
    all dimensions the same say.

    Args:
        states: [S, tokens, width].
    """
    states = _finite(states)
    spread = states.std(1, keepdims=True)
    return (states - states.mean(1, keepdims=True)) / np.where(spread > 1e-12, spread, np.inf)


def distances(states: np.ndarray) -> np.ndarray:
    """Euclidean distances between the tokens of each layer: [S, tokens, width] -> [S, tokens, tokens]."""
    states = _finite(states)
    centred = states - states.mean(1, keepdims=True)  # smaller numbers, so that less is lost in the subtraction
    squares = (centred**2).sum(2)
    found = squares[:, :, None] + squares[:, None] - 2 * centred @ centred.transpose(0, 2, 1)
    found = np.sqrt(np.maximum(found, 0))
    found[:, np.arange(found.shape[1]), np.arange(found.shape[1])] = 0
    return found


def silhouette(distances: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """How well the marked tokens form one group apart from the rest: their mean silhouette (Rousseeuw 1987).

    Of a marked token, a is its mean distance to the other marked ones and b that to the rest; its silhouette is
    (b - a) / max(a, b), from -1 (it is among the rest) over 0 to 1 (far from the rest).

    Args:
        distances: [S, tokens, tokens].
        marked: [tokens] bool.

    Returns:
        [S]; NaN where fewer than two tokens are marked, or all of them.

    Example:
        >>> places = np.array([0.0, 1.0, 9.0, 10.0])
        >>> silhouette(np.abs(places[:, None] - places)[None], np.array([True, True, False, False])).round(2).tolist()
        [0.89]
    """
    marked = np.asarray(marked, dtype=bool)
    if marked.sum() < 2 or marked.all():
        return np.full(len(distances), np.nan)
    own = distances[:, marked]
    inside = own[:, :, marked].sum(2) / (marked.sum() - 1)
    outside = own[:, :, ~marked].mean(2)
    larger = np.maximum(inside, outside)
    return ((outside - inside) / np.where(larger > 0, larger, 1)).mean(1)


def separation(distances: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """How far the marked tokens stand from all others: distance to the nearest other one over the mean distance.

    Args:
        distances: [S, tokens, tokens].
        marked: [tokens] bool.

    Returns:
        [S] mean over the marked tokens, in units of the mean distance between two tokens of the layer; NaN where no
        token is marked, or all are, or all lie in one place.

    Example:
        >>> places = np.array([0.0, 1.0, 5.0])
        >>> separation(np.abs(places[:, None] - places)[None], np.array([False, False, True])).tolist()
        [1.2]
    """
    marked = np.asarray(marked, dtype=bool)
    tokens = len(marked)
    if not marked.any() or marked.all():
        return np.full(len(distances), np.nan)
    mean = distances.sum((1, 2)) / (tokens * (tokens - 1))
    nearest = distances[:, marked][:, :, ~marked].min(2).mean(1)
    return nearest / np.where(mean > 0, mean, np.nan)


def nearest_alike(distances: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Share of tokens whose nearest other token is of the same kind, among those that have a fellow of their kind.

    Args:
        distances: [S, tokens, tokens].
        kinds: [tokens] such as vocabulary ids.

    Returns:
        [S]; NaN where no kind occurs twice.

    Example:
        >>> places = np.array([0.0, 1.0, 9.0, 20.0])
        >>> nearest_alike(np.abs(places[:, None] - places)[None], np.array([1, 1, 1, 2])).round(2).tolist()
        [1.0]
    """
    alike = kinds[:, None] == kinds
    np.fill_diagonal(alike, False)
    asked = alike.any(1)
    if not asked.any():
        return np.full(len(distances), np.nan)
    apart = distances + np.where(np.eye(len(kinds)), np.inf, 0.0)
    nearest = apart.argmin(2)  # [S, tokens]
    return alike[np.arange(len(kinds)), nearest][:, asked].mean(1)


def cluster_purity(states: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Purity of k-means clusters by groups that are known, such as sentences; as many clusters as groups.

    A cluster's purity is the share of its commonest group; the mean is weighted by size. Clusters of shuffled groups
    are not impure either, so what the same clusters would reach by chance stands beside it.

    Args:
        states: [S, tokens, width].
        groups: [tokens] whole numbers.
        seed: of k-means and of the shuffling.

    Returns:
        [S, 2] purity, and the mean purity of 20 shuffles of the groups; NaN where there is but one group.

    Example:
        >>> two = np.array([[[0.0], [0.1], [5.0], [5.1]]])
        >>> cluster_purity(two, np.array([0, 0, 1, 1]))[0, 0]
        np.float64(1.0)
    """
    states, (_, groups) = _finite(states), np.unique(groups, return_inverse=True)
    kinds = groups.max() + 1
    if kinds < 2:
        return np.full((len(states), 2), np.nan)
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(groups) for _ in range(20)]
    found = []
    for layer in states:
        clusters = KMeans(kinds, n_init=1, random_state=seed).fit_predict(layer)
        chance = np.mean([_purity(clusters, other, kinds) for other in shuffled])
        found.append((_purity(clusters, groups, kinds), chance))
    return np.array(found)


def _purity(clusters: np.ndarray, groups: np.ndarray, kinds: int) -> float:
    counts = np.zeros((kinds, kinds))
    np.add.at(counts, (clusters, groups), 1)
    return counts.max(1).sum() / len(groups)


def _finite(states: np.ndarray) -> np.ndarray:
    states = np.asarray(states, dtype=np.float64)
    if states.ndim != 3:
        raise InputError(f"states of {states.ndim} axes; they are [layers, tokens, width] of one text")
    if not np.isfinite(states).all():
        raise InputError("some states are NaN or infinite; the model's weights are damaged, or too large")
    return states
