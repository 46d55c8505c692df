"""The confusion score: how attention from a target is divided between its true trigger and the distractors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from insidebert.errors import InputError
from insidebert.models.attention import LayerAttention, attention_batches
from insidebert.models.encoding import Batch, Encoded, encode
from insidebert.models.loading import Model
from insidebert.text.words import places_of, words_of


@dataclass(frozen=True)
class TriggerQuestion:
    """A sentence with a target word and the phrases that compete for its attention.

    Args:
        words: the sentence.
        target: index of the target word, the agreeing auxiliary or the reflexive.
        triggers: word indices of each candidate phrase, the true trigger first, then the distractors.
        condition: the cell it was made for, such as `agreement.pp.sg.pl.inflected`.

    Example: is it the girl that does, or the dogs?
        >>> TriggerQuestion(("The", "girl", "near", "the", "dogs", "does", "sleep"), 5, ((0, 1), (3, 4))).target
        5
    """

    words: tuple[str, ...]
    target: int
    triggers: tuple[tuple[int, ...], ...]
    condition: str = ""

    @classmethod
    def of(cls, model: Model, sentence: str | Sequence[str], target: str, triggers: Sequence[str]) -> "TriggerQuestion":
        """A question in words.

        Args:
            model: whose tokenizer parts the sentence into words.
            sentence: a string, or a list of words.
            target: one word of it.
            triggers: phrases of it, the true trigger first.

        Raises:
            InputError: a phrase stands nowhere in the sentence or more than once, or the target is not one word.

        Example:
            >>> import insidebert as ib
            >>> model = ib.load("distilbert-cased")
            >>> sentence, triggers = "The girl near the dogs does sleep.", ["The girl", "the dogs"]
            >>> asked = ib.TriggerQuestion.of(model, sentence, "does", triggers)
            >>> asked.target, asked.triggers
            (5, ((0, 1), (3, 4)))
        """
        words = words_of(model, sentence) if isinstance(sentence, str) else tuple(sentence)

        def place(text: str) -> tuple[int, ...]:
            found = places_of(words, words_of(model, text))
            if len(found) != 1:
                stands = f"stands {len(found)} times" if found else "does not stand"
                way_out = (
                    "name its words by number in a TriggerQuestion" if found else "copy it from there, capitals too"
                )
                raise InputError(f"{text!r} {stands} in {' '.join(words)!r}; {way_out}")
            return found[0]

        if len(place(target)) > 1:
            raise InputError(f"the target {target!r} is {len(place(target))} words; name one of them")
        return cls(words, place(target)[0], tuple(place(text) for text in triggers))


@dataclass(frozen=True)
class Confusion:
    """Confusion scores of the dependencies that have a distractor.

    Args:
        kept: [n] their indices in the list that was given.
        skipped: how many had no distractor; the score is undefined for them, not 0.
        layers: [n, layers] bits, from the attention averaged over heads, as in the paper.
        heads: [n, layers, heads] bits, from each head's own attention; None where not asked for.
    """

    kept: np.ndarray
    skipped: int
    layers: np.ndarray
    heads: np.ndarray | None


def confusion_scores(
    model: Model, dependencies: Sequence[TriggerQuestion], heads: bool = False, describe: str = "confusion"
) -> Confusion:
    """Confusion of every dependency in every layer, and in every head if asked for.

    Lin et al. (2019, section 4): attn_l(X, Y) is the attention in layer l FROM the target Y TO the pieces of X, summed
    over the pieces of X, averaged over the pieces of Y and over heads;
    confusion_l = -log2( attn_l(X_1, Y) / sum_i attn_l(X_i, Y) ). 0 bits: all on the true trigger; 1 bit: an even
    split between two; log2(3): between three. [CLS] and [SEP] are part of the sentence.

    Args:
        dependencies: those without a distractor are skipped and counted.
        heads: keep each head's own score too; it takes as many times the memory as there are heads.

    Raises:
        InputError: no dependency has a distractor; overlapping phrases; a word without pieces; a sentence longer than
            the model takes.

    Example:
        >>> import insidebert as ib
        >>> words = ("The", "girl", "near", "the", "dogs", "does", "sleep")
        >>> asked = ib.TriggerQuestion(words, target=5, triggers=((0, 1), (3, 4)))
        >>> ib.confusion_scores(ib.load("distilbert-cased"), [asked], heads=True).heads.shape
        (1, 6, 12)
    """
    kept = np.array([i for i, d in enumerate(dependencies) if any(d.triggers[1:])])
    if not len(kept):
        raise InputError(f"none of the {len(dependencies)} sentences has a distractor, so there is nothing to confuse")
    chosen = [_checked(i, dependencies[i]) for i in kept]
    encoded = encode(model, [d.words for d in chosen], special=True)
    by_layer = np.empty((len(chosen), model.layers))
    by_head = np.empty((len(chosen), model.layers, model.heads)) if heads else None
    for batch, received in attention_batches(model, encoded, partial(_received, encoded, chosen), describe):
        received = torch.stack(received, dim=1).cpu().numpy()  # [B, layers, heads, candidates]
        by_layer[batch.rows] = bits(received.mean(2))
        if heads:
            by_head[batch.rows] = bits(received)
    return Confusion(kept, len(dependencies) - len(kept), by_layer, by_head)


def confusion_score(model: Model, sentence: str | Sequence[str], target: str, triggers: Sequence[str]) -> np.ndarray:
    """Confusion of one sentence in every layer (Lin et al. 2019, section 4).

    Args:
        sentence, target, triggers: in words, as for `TriggerQuestion.of`.

    Returns:
        [layers] bits: 0 where the true trigger gets all of the target's attention, 1 where one distractor gets half.

    Raises:
        InputError: a phrase is not in the sentence, phrases overlap, or there is no distractor.

    Example:
        >>> import insidebert as ib
        >>> model = ib.load("distilbert-cased")
        >>> triggers = ["The girl", "the dogs"]
        >>> bits = ib.confusion_score(model, "The girl near the dogs does sleep.", target="does", triggers=triggers)
        >>> bits.shape, bits.argmin() + 1
        ((6,), np.int64(4))
    """
    return confusion_scores(model, [TriggerQuestion.of(model, sentence, target, triggers)]).layers[0]


def confusion_of_maps(maps: np.ndarray, target: Sequence[int], triggers: Sequence[Sequence[int]]) -> np.ndarray:
    """The confusion score from an attention map that you have.

    Args:
        maps: [..., heads, T, T] FROM the last axis but one TO the last.
        target: places of the target's pieces.
        triggers: places of each candidate's pieces, the true trigger first.

    Returns:
        [...] bits, from the attention averaged over heads.

    Example:
        >>> confusion_of_maps(np.array([[[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.2, 0.6, 0.2]]]), [2], [[0], [1]])
        np.float64(2.0)
    """
    received = maps.mean(-3)[..., list(target), :].mean(-2)
    return bits(np.stack([received[..., list(phrase)].sum(-1) for phrase in triggers], axis=-1))


def bits(received: np.ndarray) -> np.ndarray:
    """-log2 of the true trigger's share.

    Args:
        received: [..., candidates] attention on each candidate, the true trigger first.

    Returns:
        [...] bits; inf where the true trigger receives nothing.
    """
    with np.errstate(divide="ignore"):
        return np.log2(received.sum(-1, dtype=np.float64)) - np.log2(received[..., 0], dtype=np.float64)


def _received(
    encoded: Encoded, dependencies: Sequence[TriggerQuestion], batch: Batch
) -> Callable[[LayerAttention], torch.Tensor]:
    """Function: a layer's attention -> [B, heads, candidates] from a batch's targets; a split target is a mean."""
    targets = [encoded.pieces_of(row, [dependencies[row].target]) for row in batch.rows]
    positions = torch.zeros(len(targets), max(map(len, targets)), dtype=torch.long)  # [B, Q]
    weights = torch.zeros(positions.shape)
    phrases = torch.zeros(len(targets), max(len(dependencies[row].triggers) for row in batch.rows), batch.length)
    for i, (row, target) in enumerate(zip(batch.rows, targets, strict=True)):
        positions[i, : len(target)] = torch.from_numpy(target)
        weights[i, : len(target)] = 1 / len(target)
        for c, phrase in enumerate(dependencies[row].triggers):
            phrases[i, c, encoded.pieces_of(row, phrase)] = 1
    positions, weights, phrases = (part.to(batch.ids.device) for part in (positions, weights, phrases))
    return lambda layer: torch.einsum("bq,bhqt,bct->bhc", weights, layer.rows(positions), phrases)


def _checked(number: int, dependency: TriggerQuestion) -> TriggerQuestion:
    """The dependency without empty distractors; its phrases must make sense."""
    where = f"sentence {number + 1} ({' '.join(dependency.words)!r})"
    trigger, *distractors = dependency.triggers
    triggers = (tuple(trigger), *(tuple(phrase) for phrase in distractors if phrase))
    words = [dependency.target, *sum(triggers, ())]
    if not trigger:
        raise InputError(f"{where}: the true trigger has no words")
    if any(not 0 <= word < len(dependency.words) for word in words):
        raise InputError(f"{where}: a word index lies outside the sentence")
    if len(set(words)) < len(words):
        raise InputError(f"{where}: its target and its triggers overlap")
    return replace(dependency, triggers=triggers)
