"""Words to pieces and back, batches of like length, and the hidden states of every layer."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tqdm.auto import tqdm
from transformers import BatchEncoding

from insidebert.errors import InputError
from insidebert.models.families import projected
from insidebert.models.loading import Model
from insidebert.text.words import tokenized, words_of

PIECES_PER_BATCH = 1024
"""Enough to keep two cores busy; more gains nothing and costs cache."""


@dataclass(frozen=True)
class Encoded:
    """Sentences as word pieces, unpadded.

    Args:
        ids: per sentence, [pieces] vocabulary ids.
        words: per sentence, [pieces] index of the word that a piece belongs to; -1 for a special piece.
        types: per sentence, [pieces] 0 or 1 for the first or second segment; None where the model has no such ids.
    """

    ids: list[np.ndarray]
    words: list[np.ndarray]
    types: list[np.ndarray] | None = None

    @classmethod
    def of(cls, model: Model, batch: BatchEncoding) -> "Encoded":
        """What a tokenizer made of texts; with segment ids if they are asked for and the model tells two apart."""
        ids = [np.array(row) for row in batch["input_ids"]]
        words = [np.array([-1 if w is None else w for w in batch.word_ids(i)]) for i in range(len(ids))]
        two = "token_type_ids" in batch and getattr(model.encoder.config, "type_vocab_size", 1) > 1
        return cls(ids, words, [np.array(row) for row in batch["token_type_ids"]] if two else None)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(ids) for ids in self.ids])

    def select(self, sentences: Sequence[int]) -> "Encoded":
        """Some of the sentences, in the order given."""
        types = None if self.types is None else [self.types[i] for i in sentences]
        return Encoded([self.ids[i] for i in sentences], [self.words[i] for i in sentences], types)

    def pieces_of(self, sentence: int, words: Sequence[int]) -> np.ndarray:
        """Positions of the pieces of some words of a sentence.

        Raises:
            InputError: the tokenizer turned one of the words into nothing.
        """
        positions = np.flatnonzero(np.isin(self.words[sentence], words))
        lost = set(words) - set(self.words[sentence][positions].tolist())
        if lost:
            raise InputError(f"sentence {sentence + 1}: word {min(lost) + 1} has no pieces in this model's vocabulary")
        return positions


def encode(model: Model, sentences: Sequence[str | Sequence[str]], special: bool = True) -> Encoded:
    """Sentences -> word pieces.

    Args:
        sentences: strings, parted as by `words_of`; or lists of words.
        special: add the model's special pieces. Open Sesame's probes see the bare pieces, its confusion score and
            all of Clark et al. (2019) see [CLS] and [SEP]. Such pieces in a sentence itself are text.

    Raises:
        InputError: no sentences, an empty one, or one longer than the model takes.

    Example:
        >>> import insidebert as ib
        >>> encoded = ib.encode(ib.load("distilbert-cased"), ["The girl's cat sleeps."])
        >>> encoded.lengths, encoded.words[0]
        (array([10]), array([-1,  0,  1,  1,  1,  2,  3,  3,  4, -1]))
    """
    encoded = encode_every(model, sentences, special)
    longest = int(encoded.lengths.argmax())
    if encoded.lengths[longest] > model.limit:
        raise InputError(
            f"sentence {longest + 1} has {encoded.lengths[longest]} pieces, {model.source.label} takes {model.limit}; "
            "shorten or leave out such sentences"
        )
    return encoded


def encoded_from(model: Model, given: "Encoded | Sequence[str | Sequence[str]]") -> Encoded:
    """Sentences that are not yet pieces are encoded, with special pieces."""
    return given if isinstance(given, Encoded) else encode(model, given)


def encode_within(model: Model, sentences: Sequence[Sequence[str]], special: bool, bounds: tuple[int, int]) -> Encoded:
    """Those of the sentences that have at least bounds[0] and at most bounds[1] pieces; perhaps none."""
    encoded = encode_every(model, sentences, special)
    return encoded.select(np.flatnonzero((encoded.lengths >= bounds[0]) & (encoded.lengths <= bounds[1])))


def encode_every(model: Model, sentences: Sequence[str | Sequence[str]], special: bool) -> Encoded:
    """As `encode`, but a sentence may be longer than the model takes; whoever calls it sorts those out."""
    if isinstance(sentences, str):
        sentences = [sentences]
    if not len(sentences):
        raise InputError("there are no sentences to encode")
    sentences = [list(words_of(model, s) if isinstance(s, str) else s) for s in sentences]
    empty = [i for i, words in enumerate(sentences) if not words]
    if empty:
        raise InputError(f"sentence {empty[0] + 1} is empty; leave it out")
    options = {"add_special_tokens": special, "truncation": False, "return_token_type_ids": False}
    return Encoded.of(model, tokenized(model.tokenizer, model.spaced(sentences), is_split_into_words=True, **options))


@dataclass(frozen=True)
class Batch:
    """Sentences of like length, padded at the end.

    Args:
        rows: [B] their numbers.
        ids: [B, T] pieces.
        mask: [B, T] 1 for a real piece.
        types: [B, T] segment of each piece, or None.
    """

    rows: np.ndarray
    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor | None

    @property
    def inputs(self) -> dict[str, torch.Tensor]:
        """What the encoder is called with."""
        inputs = {"input_ids": self.ids, "attention_mask": self.mask}
        return inputs if self.types is None else inputs | {"token_type_ids": self.types}

    @property
    def length(self) -> int:
        return self.ids.shape[1]


def batches(model: Model, encoded: Encoded, pieces_per_batch: int = PIECES_PER_BATCH) -> Iterator[Batch]:
    """All sentences, shortest first, in batches of at most `pieces_per_batch` padded pieces (at least one sentence)."""
    lengths = encoded.lengths
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * lengths[order[stop]] <= pieces_per_batch:
            stop += 1
        rows = order[start:stop]
        length = int(lengths[rows[-1]])
        ids = padded(encoded.ids, rows, length, model.tokenizer.pad_token_id)
        mask = torch.from_numpy(np.arange(length) < lengths[rows, None]).long()
        types = None if encoded.types is None else padded(encoded.types, rows, length, 0)
        yield Batch(rows, *(part if part is None else part.to(model.encoder.device) for part in (ids, mask, types)))
        start = stop


def padded(values: list[np.ndarray], rows: np.ndarray, length: int, padding: int) -> torch.Tensor:
    """Some of the sentences' values, a row each: [B, length], filled up with `padding`."""
    filled = np.full((len(rows), length), padding)
    for i, row in enumerate(rows):
        filled[i, : len(values[row])] = values[row]
    return torch.from_numpy(filled)


def refuse_overflow(model: Model, states: torch.Tensor) -> None:
    """Refuse states that finite weights have made infinite, NaN, or too large for the half precision they go by."""
    if not states.isfinite().all():
        raise InputError(
            f"{model.source.label} computes hidden states that are NaN, infinite or beyond half precision; its weights "
            "are damaged or too large"
        )


@dataclass(frozen=True)
class States:
    """Hidden states of some sentences, without padding.

    Args:
        values: [S, pieces, width] half precision; S = 2 + layers: the embedding without its position part, the
            embedding, then the output of every layer.
        starts: [sentences] where each sentence's pieces begin; they lie in the order in which they were encoded.
        lengths: [sentences] in pieces.
    """

    values: torch.Tensor
    starts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, sentences: "States | Sequence[np.ndarray | torch.Tensor]") -> "States":
        """From an array [S, pieces, width] a sentence; States stay what they are."""
        if isinstance(sentences, States):
            return sentences
        lengths = np.array([own.shape[1] for own in sentences])
        values = torch.cat([torch.as_tensor(own) for own in sentences], dim=1)
        return cls(values, np.cumsum(lengths) - lengths, lengths)

    def each(self) -> list[torch.Tensor]:
        """Per sentence, [S, pieces, width]."""
        bounds = zip(self.starts, self.lengths, strict=True)
        return [self.values[:, start : start + length] for start, length in bounds]

    def pieces(self, sentences: np.ndarray) -> torch.Tensor:
        """Places on the piece axis of some sentences, one sentence after the other."""
        return torch.from_numpy(np.concatenate([self.starts[i] + np.arange(self.lengths[i]) for i in sentences]))


def state_names(model: Model) -> list[tuple[str, int]]:
    """(kind, layer) of the S axis of States; layer 0 is the embedding."""
    return [("embedding without positions", 0), ("embedding", 0), *(("layer", i + 1) for i in range(model.layers))]


@torch.inference_mode()
def hidden_states(
    model: Model,
    sentences: Encoded | Sequence[str | Sequence[str]],
    describe: str = "hidden states",
    level: str = "piece",
) -> States:
    """Hidden states of every layer for every piece or word, from one forward pass.

    Args:
        sentences: as for `encode`, or encoded; kept in memory as 2 * pieces * S * width bytes, so chunk a large corpus
            before calling.
        describe: what the progress bar says.
        level: `piece`, special ones included; or `word`: the mean of a word's pieces, without the special ones.

    Raises:
        InputError: as `encode`; by word, a word without pieces; states that are not finite.

    Example:
        >>> import insidebert as ib
        >>> states = ib.hidden_states(ib.load("distilbert-cased"), ["The girl's cat sleeps."], level="word")
        >>> states.values.shape, states.lengths
        (torch.Size([8, 5, 768]), array([5]))
    """
    if level not in ("piece", "word"):
        raise InputError(f"level is {level!r}; it is 'piece' or 'word'")
    encoded = encoded_from(model, sentences)
    if level == "word" and encoded is not sentences:
        for i, words in enumerate(sentences):
            encoded.pieces_of(i, () if isinstance(words, str) else range(len(words)))
    lengths, starts = encoded.lengths, np.empty(len(encoded), dtype=np.int64)
    positionless = _without_positions(model)
    values, done = None, 0
    with tqdm(total=len(encoded), desc=describe, unit="sentence", leave=False) as bar:
        for batch in batches(model, encoded):
            output = model.encoder(**batch.inputs, output_hidden_states=True)
            hidden = [positionless(batch.ids), *output.hidden_states]  # S times [B, T, width]
            if values is None:
                values = torch.empty(len(hidden), int(lengths.sum()), hidden[0].shape[-1], dtype=torch.float16)
            real = batch.mask.flatten().nonzero()[:, 0]
            for kept, state in zip(values, hidden, strict=True):
                own = kept[done : done + len(real)]
                own[:] = state.flatten(0, 1).index_select(0, real)
                refuse_overflow(model, own)
            starts[batch.rows] = done + np.cumsum(lengths[batch.rows]) - lengths[batch.rows]
            done += len(real)
            bar.update(len(batch.rows))
    states = States(values, starts, lengths)
    return states if level == "piece" else by_word(states, encoded)


def by_word(states: States, encoded: Encoded) -> States:
    """The mean of each word's pieces.

    Raises:
        InputError: a word has no pieces.
    """
    counts = np.array([words.max() + 1 for words in encoded.words])
    means = []
    for i, (words, pieces) in enumerate(zip(encoded.words, states.each(), strict=True)):
        encoded.pieces_of(i, range(counts[i]))
        real = torch.from_numpy(words >= 0)
        share = torch.nn.functional.one_hot(torch.from_numpy(words[words >= 0])).float()  # [pieces, W]
        means.append(((share / share.sum(0)).T @ pieces[:, real].float()).half())
    return States.of(means)


def _without_positions(model: Model):
    """The embedding layer with its position embeddings set to zero."""
    embeddings = copy.deepcopy(model.encoder.embeddings)
    if getattr(embeddings, "position_embeddings", None) is not None:  # else positions come in with the layers
        embeddings.position_embeddings.weight.zero_()
    return projected(model.encoder, embeddings)
