"""Attention between words: TO a split word the sum over its pieces, FROM a split word their mean (section 4.1)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from insidebert.errors import InputError
from insidebert.measure._compiled import compiled
from insidebert.models.attention import LayerAttention, attention_batches
from insidebert.models.encoding import Batch, Encoded, encode_every
from insidebert.models.loading import Model


@dataclass(frozen=True)
class Aligned:
    """Sentences that a model can take, as pieces.

    Args:
        encoded: with special pieces at both ends.
        kept: [n] which of the sentences given these are.
        skipped: reason -> how many were left out.
    """

    encoded: Encoded
    kept: np.ndarray
    skipped: dict[str, int]


def align(model: Model, sentences: Sequence[Sequence[str]], longest: int | None = None) -> Aligned:
    """Sentences of words -> pieces; those that cannot be aligned are left out and counted.

    Args:
        longest: in pieces; the model's own limit if None.

    Raises:
        InputError: none is left.
    """
    encoded = encode_every(model, sentences, special=True)
    limit = min(longest or model.limit, model.limit)
    reasons = [
        f"more than {limit} pieces"
        if encoded.lengths[i] > limit
        else "a word without pieces"
        if len(np.unique(encoded.words[i])) - 1 < len(words)
        else ""
        for i, words in enumerate(sentences)
    ]
    kept = np.array([i for i, reason in enumerate(reasons) if not reason], dtype=np.int64)
    if not len(kept):
        raise InputError(f"no sentence fits {model.source.label}: {dict(Counter(reasons))}")
    return Aligned(encoded.select(kept), kept, dict(Counter(filter(None, reasons))))


def attended_words(
    model: Model, encoded: Encoded, allowed: list[np.ndarray] | None = None, earlier: bool = False
) -> list[np.ndarray]:
    """The word that every head, from every word, looks at most.

    [CLS], [SEP] and the word itself are no candidates. The whole of it costs little more than a forward pass, and what
    is kept is four bytes a word and head.

    Args:
        encoded: sentences with special pieces.
        allowed: per sentence, [W] bool, the words that may be chosen; all of them if None.
        earlier: only words before the one in question may be chosen.

    Returns:
        Per sentence, [2, W, layers, heads] int16: for word j the word that j attends to most, and the word that
        attends most to j; -1 where there is no candidate.
    """
    (found,) = attended_among(model, encoded, allowed, (earlier,))
    return found


def attended_among(
    model: Model, encoded: Encoded, allowed: list[np.ndarray] | None, earlier: tuple[bool, ...]
) -> list[list[np.ndarray]]:
    """`attended_words` for several values of `earlier`, from one forward pass; arguments as there.

    Returns:
        For each of them, what `attended_words` returns.
    """
    found: list[list] = [[None] * len(encoded) for _ in earlier]

    def most(batch: Batch) -> Callable[[LayerAttention], np.ndarray]:
        words = _Words(encoded, batch)
        may = words.mask(allowed)

        def reduce(layer: LayerAttention) -> np.ndarray:
            between = _between_words(layer.maps.cpu().numpy(), words.of, words.pieces)
            return np.stack([_most(between, words.pieces, may, only) for only in earlier])

        return reduce

    for batch, chosen in attention_batches(model, encoded, most, "attended words"):
        chosen = np.stack(chosen)  # [layers, values of `earlier`, B, heads, 2, W]
        for i, row in enumerate(batch.rows):
            count = encoded.words[row].max() + 1
            for among, own in zip(found, chosen[:, :, i, :, :, :count].transpose(1, 3, 4, 0, 2), strict=True):
                among[row] = own.copy()
    return found


@dataclass(frozen=True)
class WordMaps:
    """Attention between the words of sentences, of all heads, in half precision.

    Args:
        values: [pairs, layers * heads]; sentence s has W * (W + 2) pairs, FROM outside, TO inside; the last two TO are
            the first special piece ([CLS]) and the last one ([SEP]).
        starts: [sentences] first pair of each sentence.
        words: [sentences] W.
    """

    values: np.ndarray
    starts: np.ndarray
    words: np.ndarray

    def __getitem__(self, sentence: int) -> np.ndarray:
        """[W, W + 2, layers * heads] of one sentence."""
        w, start = self.words[sentence], self.starts[sentence]
        return self.values[start : start + w * (w + 2)].reshape(w, w + 2, -1)


def word_maps(model: Model, encoded: Encoded, file: Path | None = None) -> WordMaps:
    """All heads' attention between words, computed once.

    Args:
        encoded: sentences with special pieces.
        file: where the values go; in memory if None. The Penn Treebank's training part takes 7 GB for 144 heads.
    """
    words = np.array([w.max() + 1 for w in encoded.words])
    sizes = words * (words + 2)
    starts = np.cumsum(sizes) - sizes
    heads = model.heads
    shape = (int(sizes.sum()), model.layers * heads)
    if file is None:
        values = np.empty(shape, dtype=np.float16)
    else:
        values = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)

    def keep(batch: Batch) -> Callable[[LayerAttention], None]:
        own = _Words(encoded, batch)

        def write(layer: LayerAttention) -> None:
            maps = _between_words(layer.maps.cpu().numpy(), own.of, own.pieces)  # [B, heads, W, W + 2]
            place = slice(layer.index * heads, (layer.index + 1) * heads)
            for i, row in enumerate(batch.rows):
                w = own.counts[i]
                real = np.r_[:w, maps.shape[-1] - 2 : maps.shape[-1]]
                pairs = maps[i][:, :w, real].reshape(heads, -1).T
                values[starts[row] : starts[row] + sizes[row], place] = pairs

        return write

    for _ in attention_batches(model, encoded, keep, "attention between words"):
        pass
    return WordMaps(values, starts, words)


class _Words:
    """Which word each piece of a batch belongs to.

    Attributes:
        of: [B, T] the word; -1 first special piece, -2 last one, -3 padding and any other special piece.
        pieces: [B, W] how many pieces a word has; 0 where there is none.
        counts: [B] W of each sentence.
    """

    def __init__(self, encoded: Encoded, batch: Batch):
        self.counts = np.array([encoded.words[row].max() + 1 for row in batch.rows])
        self.of = np.full(batch.ids.shape, -3)
        self.pieces = np.zeros((len(batch.rows), self.counts.max()), dtype=np.float32)
        for i, row in enumerate(batch.rows):
            own = encoded.words[row]
            self.of[i, : len(own)] = np.where(own < 0, -3, own)
            self.of[i, 0], self.of[i, len(own) - 1] = -1, -2
            self.pieces[i, : self.counts[i]] = np.bincount(own[own >= 0])
        self.rows = batch.rows

    def mask(self, allowed: list[np.ndarray] | None) -> np.ndarray:
        """[B, W] bool: real words that may be chosen."""
        may = self.pieces > 0
        if allowed is not None:
            for i, row in enumerate(self.rows):
                may[i, : self.counts[i]] &= allowed[row]
        return may


@compiled(parallel=True)
def _between_words(maps, of, pieces):
    """[B, heads, T, T] attention between pieces, [B, T] words, [B, W] pieces -> [B, heads, W, W + 2]."""
    size, heads, length, _ = maps.shape
    words = pieces.shape[1]
    found = np.zeros((size, heads, words, words + 2), dtype=np.float32)
    for job in numba.prange(size * heads):
        b, h = job // heads, job % heads
        for i in range(length):
            source = of[b, i]
            if source < 0:
                continue
            for j in range(length):
                goal = of[b, j]
                if goal == -1:
                    goal = words
                elif goal == -2:
                    goal = words + 1
                if goal >= 0:
                    found[b, h, source, goal] += maps[b, h, i, j]
        for source in range(words):
            if pieces[b, source] > 0:
                for goal in range(words + 2):
                    found[b, h, source, goal] /= pieces[b, source]
    return found


@compiled(parallel=True)
def _most(between, pieces, may, earlier):
    """[B, heads, W, W + 2] -> the most attended and the most attending word of every word: [B, heads, 2, W] int16."""
    size, heads, words, _ = between.shape
    found = np.full((size, heads, 2, words), -1, dtype=np.int16)
    for job in numba.prange(size * heads):
        b, h = job // heads, job % heads
        for word in range(words):
            if pieces[b, word] == 0:
                continue
            most_to = most_from = np.float32(-1)
            for other in range(word if earlier else words):
                if other == word or not may[b, other]:
                    continue
                if between[b, h, word, other] > most_to:
                    most_to = between[b, h, word, other]
                    found[b, h, 0, word] = other
                if between[b, h, other, word] > most_from:
                    most_from = between[b, h, other, word]
                    found[b, h, 1, word] = other
    return found
