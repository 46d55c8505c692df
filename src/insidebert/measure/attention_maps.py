"""Attention maps of one sentence, between pieces or between words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from insidebert.errors import InputError
from insidebert.models.attention import attention_batches
from insidebert.models.encoding import encode
from insidebert.models.loading import Model
from insidebert.text.words import words_of


class AttentionMaps(NamedTuple):
    """Attention of one sentence.

    Args:
        pieces: [T] with the special ones.
        words: [W].
        maps: [layers, heads, T, T] probabilities FROM axis 2 TO axis 3; or [layers, heads, W, W], where a row sums to
            less than 1 by what goes to special pieces.
    """

    pieces: tuple[str, ...]
    words: tuple[str, ...]
    maps: np.ndarray


def attention_maps(model: Model, sentence: str | Sequence[str], level: str = "piece") -> AttentionMaps:
    """All heads' attention in one sentence.

    Args:
        sentence: a string, parted as by `words_of`, or a list of words.
        level: `piece`; or `word`: TO a split word the sum over its pieces, FROM it their mean (Clark et al. 2019,
            section 4.1).

    Raises:
        InputError: the sentence is empty or longer than the model takes; by word, a word has no pieces.

    Example:
        >>> import insidebert as ib
        >>> pieces, words, maps = ib.attention_maps(ib.load("distilbert-cased"), "The girl's cat sleeps.", level="word")
        >>> words, maps.shape
        (('The', "girl's", 'cat', 'sleeps', '.'), (6, 12, 5, 5))
    """
    if level not in ("piece", "word"):
        raise InputError(f"level is {level!r}; it is 'piece' or 'word'")
    words = words_of(model, sentence) if isinstance(sentence, str) else tuple(sentence)
    encoded = encode(model, [words])
    if level == "word":
        encoded.pieces_of(0, range(len(words)))
    ((_, layers),) = attention_batches(model, encoded, lambda _: lambda layer: layer.maps[0].cpu().numpy())
    pieces, maps = tuple(model.tokenizer.convert_ids_to_tokens(encoded.ids[0])), np.stack(layers)
    return AttentionMaps(pieces, words, maps if level == "piece" else between_words(maps, encoded.words[0]))


def between_words(maps: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Attention between pieces -> between words; special pieces are left out.

    Args:
        maps: [..., T, T] FROM the last axis but one TO the last.
        words: [T] word of each piece, -1 for a special one.

    Returns:
        [..., W, W]: the sum over a word's pieces TO it, the mean over its pieces FROM it.

    Example:
        >>> between_words(np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.4, 0.2, 0.4]]), np.array([0, 1, 1]))
        array([[0.5, 0.5],
               [0.3, 0.7]])
    """
    belongs = (np.asarray(words)[:, None] == np.arange(max(words) + 1)).astype(maps.dtype)  # [T, W]
    return np.swapaxes(belongs / belongs.sum(0), 0, 1) @ maps @ belongs
