"""Surface patterns of attention: where each head looks on average, and how broadly, in one forward pass."""

import math
from collections.abc import Callable, Sequence

import numba
import numpy as np
import pandas as pd
import torch

from insidebert.measure._compiled import compiled
from insidebert.measure._fast_log import x_log2_x
from insidebert.models.attention import LayerAttention, attention_batches, output_projections
from insidebert.models.encoding import Batch, Encoded, encoded_from, padded
from insidebert.models.loading import Model
from insidebert.models.segments import token_classes

STATISTICS = (
    "to self",
    "to next",
    "to previous",
    "to [CLS]",
    "to [SEP]",
    "to . or ,",
    "[SEP] to [SEP]",
    "other to [SEP]",
    "entropy",
    "entropy from [CLS]",
    "norm to [CLS]",
    "norm to [SEP]",
    "norm to . or ,",
    "largest share",
)
"""What is measured of every head: shares of attention, entropies in nats, shares of value-weighted norms; `largest
share` is what a query's most attended piece gets."""

SMOOTHING = 1e-4
LOG_2 = np.float32(math.log(2))


def surface_statistics(model: Model, texts: Encoded | Sequence[str]) -> pd.DataFrame:
    """Average behaviour of every head: the mean of `segment_statistics` over texts.

    Args:
        texts: encoded, or as for `encode`, with special pieces.

    Returns:
        A row per layer, head (one-based) and statistic of STATISTICS, with its `value`: shares between 0 and 1,
        entropies in nats.

    Raises:
        InputError: as `encode`.

    Example:
        >>> import insidebert as ib
        >>> table = ib.surface_statistics(ib.load("distilbert-cased"), ["The girl sleeps.", "The dogs run, and wait."])
        >>> table[table["statistic"] == "to next"].nlargest(1, "value")[["layer", "head"]].values.tolist()
        [[1, 4]]
    """
    encoded = encoded_from(model, texts)
    mean = segment_statistics(model, encoded, token_classes(model, encoded)).mean(0)
    places = pd.MultiIndex.from_product([*(range(1, n + 1) for n in mean.shape[:2]), STATISTICS])
    return pd.Series(mean.ravel(), places.set_names(["layer", "head", "statistic"])).rename("value").reset_index()


def surface_of_maps(maps: np.ndarray, classes: np.ndarray, norms: np.ndarray | None = None) -> np.ndarray:
    """The same statistics from maps that you have.

    Args:
        maps: [layers, heads, T, T] of one segment, FROM axis 2 TO axis 3.
        classes: [T] 0 for [CLS], 1 for [SEP], 2 for `.` and `,`, 3 for the rest.
        norms: [layers, heads, T] of the values behind the output map; without them, every norm counts as 1.

    Returns:
        [layers, heads, statistics], as in STATISTICS.

    Example:
        >>> broad = np.full((1, 1, 4, 4), 0.25, dtype=np.float32)
        >>> found = surface_of_maps(broad, np.array([0, 3, 2, 1]))
        >>> round(float(found[0, 0, STATISTICS.index("entropy")]), 2)
        1.39
    """
    norms = np.ones(maps.shape[:3], dtype=np.float32) if norms is None else norms
    return _Averages(np.tile(classes, (len(maps), 1)))(maps.astype(np.float32), norms.astype(np.float32))


def segment_statistics(model: Model, encoded: Encoded, classes: list[np.ndarray]) -> np.ndarray:
    """Average behaviour of every head on every segment.

    Clark et al. (2019, section 3): averages over the query positions of a segment, where that query exists for `to
    next` (not the last) and `to previous` (not the first). `[SEP] to [SEP]` averages over the separators' queries,
    `other to [SEP]` over the rest. Entropy: attention is smoothed as 0.9999 a + 0.0001 / n. `norm to X`: the share of
    X in the summed norms ||a_ij v_j W_O|| of a query (Kobayashi et al. 2020), which counts what is moved and not only
    how much is looked.

    Args:
        encoded, classes: segments, and the token classes of their pieces.

    Returns:
        [segments, layers, heads, statistics].
    """
    found = np.empty((len(encoded), model.layers, model.heads, len(STATISTICS)), dtype=np.float32)
    # W_O W_O^T of each head, so that a value's norm behind W_O costs no projection
    gram = [part @ part.transpose(1, 2) for part in output_projections(model.encoder)]

    def averages(batch: Batch) -> Callable[[LayerAttention], np.ndarray]:
        average = _Averages(padded(classes, batch.rows, batch.length, -1).numpy())

        def reduce(layer: LayerAttention) -> np.ndarray:
            norms = torch.linalg.vecdot(layer.value @ gram[layer.index], layer.value).clamp(min=0).sqrt()
            return average(layer.maps.cpu().numpy(), norms.cpu().numpy())

        return reduce

    for batch, reduced in attention_batches(model, encoded, averages, "surface", "segment"):
        found[batch.rows] = np.stack(reduced, axis=1)
    return found


class _Averages:
    """Maps [B, heads, T, T] and norms [B, heads, T] -> [B, heads, statistics], for one batch.

    Args:
        kinds: [B, T] token classes, -1 for padding.
    """

    def __init__(self, kinds: np.ndarray):
        real = (kinds >= 0).astype(np.float32)
        self.lengths = real.sum(1).astype(np.int64)
        self.keys = np.stack([(kinds == kind).astype(np.float32) for kind in range(3)], axis=1)  # [B, 3, T]
        queries = np.stack([real, kinds == 0, kinds == 1, real - (kinds == 1)], axis=1).astype(np.float32)
        with np.errstate(invalid="ignore"):  # NaN where a segment has no such query
            self.queries = queries / queries.sum(2, keepdims=True)  # [B, 4, T]: all, [CLS], [SEP], all but [SEP]
            self.neighbours = real[:, 1:] / real[:, 1:].sum(1, keepdims=True)

    def __call__(self, maps: np.ndarray, norms: np.ndarray) -> np.ndarray:
        sums = _sums_of_rows(maps, self.keys, norms, self.lengths)  # [B, heads, T, 9]
        sums[..., 3:6] /= sums[..., 6:7]
        means = self.queries[:, None] @ sums  # [B, heads, 4 kinds of query, 9]
        columns = [
            np.einsum("bhii,bi->bh", maps, self.queries[:, 0]),
            np.einsum("bhii,bi->bh", maps[:, :, :-1, 1:], self.neighbours),
            np.einsum("bhii,bi->bh", maps[:, :, 1:, :-1], self.neighbours),
            *np.moveaxis(means[:, :, 0, :3], -1, 0),
            means[:, :, 2, 1],
            means[:, :, 3, 1],
            means[:, :, 0, 7],
            means[:, :, 1, 7],
            *np.moveaxis(means[:, :, 0, 3:6], -1, 0),
            means[:, :, 0, 8],
        ]
        return np.stack(columns, axis=-1)


@compiled(parallel=True, fastmath=True)
def _sums_of_rows(maps, keys, norms, lengths):
    """Everything that one look at a row of attention gives, without a second pass over the maps.

    Args:
        maps: [B, heads, T, T]; keys: [B, 3, T] 1 for [CLS], [SEP], `.` or `,`; norms: [B, heads, T]; lengths: [B].

    Returns:
        [B, heads, T, 9]: attention to the 3 classes, norms moved from the 3 classes and from all, entropy (nats),
        largest attention.
    """
    size, heads, queries, _ = maps.shape
    found = np.zeros((size, heads, queries, 9), dtype=np.float32)
    for job in numba.prange(size * heads):
        b, h = job // heads, job % heads
        length = lengths[b]
        floor = np.float32(SMOOTHING / length)
        for i in range(length):
            cls = sep = mark = cls_norm = sep_norm = mark_norm = all_norm = spread = most = np.float32(0)
            for j in range(length):
                a = maps[b, h, i, j]
                moved = a * norms[b, h, j]
                cls += a * keys[b, 0, j]
                sep += a * keys[b, 1, j]
                mark += a * keys[b, 2, j]
                cls_norm += moved * keys[b, 0, j]
                sep_norm += moved * keys[b, 1, j]
                mark_norm += moved * keys[b, 2, j]
                all_norm += moved
                most = max(most, a)
                spread -= x_log2_x(a * np.float32(1 - SMOOTHING) + floor)
            row = found[b, h, i]
            row[0], row[1], row[2], row[3], row[4], row[5] = cls, sep, mark, cls_norm, sep_norm, mark_norm
            row[6], row[7], row[8] = all_norm, spread * LOG_2, most
        found[b, h, length:, 6] = 1  # padding queries have weight 0 and must not divide by 0
    return found
