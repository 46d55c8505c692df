"""How differently two heads attend: Jensen-Shannon divergence between all pairs of heads."""

import math
from collections.abc import Sequence

import numba
import numpy as np
import torch

from insidebert.measure._compiled import compiled
from insidebert.measure._fast_log import x_log2_x
from insidebert.models.attention import attention_batches
from insidebert.models.encoding import Encoded, encoded_from
from insidebert.models.loading import Model

SMOOTHING = 1e-3


def head_distances(model: Model, texts: Encoded | Sequence[str]) -> np.ndarray:
    """Jensen-Shannon divergence of every two heads, in nats.

    Clark et al. (2019, section 6): summed over the tokens of a segment, attention smoothed as 0.999 a + 0.001 / n;
    here then averaged over segments.

    Args:
        texts: segments; encoded, or as for `encode`.

    Returns:
        [layers * heads, layers * heads], heads of the lowest layer first.

    Raises:
        InputError: as `encode`.

    Example:
        >>> import insidebert as ib
        >>> ib.head_distances(ib.load("distilbert-cased"), ["The girl sleeps."]).shape
        (72, 72)
    """
    encoded = encoded_from(model, texts)
    total = np.zeros((model.layers * model.heads,) * 2)
    looked_at = attention_batches(model, encoded, lambda _: lambda layer: layer.maps, "distances of heads", "segment")
    for batch, maps in looked_at:
        maps = torch.stack(maps, dim=1).flatten(1, 2).transpose(1, 2).cpu().numpy()  # [B, queries, heads, keys]
        for own, row in zip(maps, batch.rows, strict=True):
            length = len(encoded.ids[row])
            total += jensen_shannon(np.ascontiguousarray(own[:length, :, :length]))
    return total / len(encoded)


def jensen_shannon(maps: np.ndarray) -> np.ndarray:
    """Divergence of all pairs of heads on one segment, in nats, summed over its queries.

    Args:
        maps: [queries, heads, keys] float32, rows sum to 1; smoothed here.

    Returns:
        [heads, heads], symmetric, 0 on the diagonal.
    """
    smooth = maps * np.float32(1 - SMOOTHING) + np.float32(SMOOTHING / maps.shape[-1])
    # JS = (sum p log p + sum q log q) / 2 - sum m log m with m = (p + q) / 2; sum m log2 m = sum s log2 s / 2 - 1.
    own = (smooth * np.log2(smooth)).sum((0, 2), dtype=np.float64)
    upper = _sums_of_pairs(smooth, numba.get_num_threads())
    mixed = (upper + upper.T) / 2 - len(maps)
    divergence = ((own[:, None] + own[None, :]) / 2 - mixed) * math.log(2)
    np.fill_diagonal(divergence, 0)
    return np.maximum(divergence, 0)


@compiled(parallel=True, fastmath=True)
def _sums_of_pairs(maps, workers):
    """[heads, heads] sums of s log2 s, s = p + q, above the diagonal; each worker takes a share of the queries."""
    queries, heads, keys = maps.shape
    partial = np.zeros((workers, heads, heads))
    for worker in numba.prange(workers):
        for query in range(worker, queries, workers):
            for a in range(heads):
                for b in range(a + 1, heads):
                    total = np.float32(0)
                    for key in range(keys):
                        s = maps[query, a, key] + maps[query, b, key]
                        total += x_log2_x(s)
                    partial[worker, a, b] += total
    return partial.sum(0)
