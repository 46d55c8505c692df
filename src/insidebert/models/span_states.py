"""States of every layer on disk, in half precision, for probes that read spans of words."""

import copy
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from insidebert.errors import InputError
from insidebert.models.encoding import batches, encode_every, refuse_overflow
from insidebert.models.families import projected
from insidebert.models.loading import Model

TOO_LONG = "sentence longer than the model"
NO_PIECES = "sentence with a word without pieces"
CHUNK = 4096
"""Sentences that are in memory as pieces at a time."""


@dataclass(frozen=True)
class SpanStates:
    """Hidden states of sentences in a file, found by the sentences' words.

    Args:
        path: of float16 numbers, [pieces, S, width]: S = 2 + layers; state 0 is the word piece's embedding without
            position and segment (*lex*), state 1 the embedding block, then the output of every layer.
        shape: (pieces, S, width).
        starts: [sentences] where each sentence's pieces begin, special ones included.
        bounds: per sentence, [W + 1]: word w is pieces bounds[w] to before bounds[w + 1], counted from its start.
        rows: words of a sentence -> its number.
        left_out: reason -> how many sentences have no states.
    """

    path: Path
    shape: tuple[int, int, int]
    starts: np.ndarray
    lengths: np.ndarray
    bounds: list[np.ndarray]
    rows: dict[tuple[str, ...], int]
    left_out: Counter = field(default_factory=Counter)
    unusable: frozenset = frozenset()

    @property
    def layers(self) -> int:
        """Layers of the encoder, embeddings not counted."""
        return self.shape[1] - 2

    def row(self, words: Sequence[str]) -> int | None:
        """Number of a sentence; None if it was left out.

        Raises:
            InputError: the sentence was never given to `span_states`.
        """
        found = self.rows.get(tuple(words))
        if found is None and tuple(words) not in self.unusable:
            raise InputError(
                f"no states of the sentence {' '.join(words)[:60]!r}; give it to span_states with the others"
            )
        return found

    def pieces(self, sentence: int, span: tuple[int, int]) -> tuple[int, int]:
        """Words [i, j) of a sentence -> its pieces in the file, half-open."""
        start, bounds = self.starts[sentence], self.bounds[sentence]
        return int(start + bounds[span[0]]), int(start + bounds[span[1]])

    def take(self, pieces: np.ndarray, states: slice = slice(None)) -> torch.Tensor:
        """States of some pieces, [len(pieces), states, width] float32.

        The map is opened and closed here, so that pages that were read do not stay part of the process's memory.
        """
        values = np.memmap(self.path, np.float16, "r", shape=self.shape)
        return torch.from_numpy(values[pieces, states]).float()

    def close(self) -> None:
        """Remove the file; without it, a temporary one goes when the object does."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "SpanStates":
        return self

    def __exit__(self, *_) -> None:
        self.close()


@torch.inference_mode()
def span_states(
    model: Model, sentences: Sequence[Sequence[str]], folder: Path | None = None, describe: str = "states"
) -> SpanStates:
    """States of sentences from one forward pass of each distinct one, written to a file as they come.

    Memory does not grow with the sentences, but for 4 bytes a word. Disk: 2 * pieces * (2 + layers) * width bytes.

    Args:
        sentences: of words; special pieces [CLS] and [SEP] are added.
        folder: of the file; None for a temporary one.

    Raises:
        InputError: no sentence that can be encoded, an empty one, states that are not finite.

    Example:
        >>> import insidebert as ib
        >>> states = span_states(ib.load("distilbert-cased"), [["The", "girl's", "cat", "sleeps"]])
        >>> states.shape, states.pieces(0, (1, 3))
        ((9, 8, 768), (2, 6))
    """
    distinct = list(dict.fromkeys(map(tuple, sentences)))
    folder = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="insidebert-states-"))
    folder.mkdir(parents=True, exist_ok=True)
    lexical = _lexical(model)
    rows, unusable, starts, lengths, bounds = {}, {}, [], [], []
    path, done, shape = folder / "states.float16", 0, None
    with path.open("wb") as file, tqdm(total=len(distinct), desc=describe, unit="sentence", leave=False) as bar:
        for first in range(0, len(distinct), CHUNK):
            chunk = distinct[first : first + CHUNK]
            encoded = encode_every(model, chunk, special=True)
            own = [_bounds(words, len(chunk[i])) for i, words in enumerate(encoded.words)]
            reasons = [
                TOO_LONG if n > model.limit else NO_PIECES if b is None else ""
                for n, b in zip(encoded.lengths, own, strict=True)
            ]
            unusable |= {chunk[i]: reason for i, reason in enumerate(reasons) if reason}
            kept = [i for i, reason in enumerate(reasons) if not reason]
            places = np.empty(len(kept), dtype=np.int64)
            usable = encoded.select(kept)
            for batch in batches(model, usable) if kept else ():
                output = model.encoder(**batch.inputs, output_hidden_states=True)
                hidden = torch.stack([lexical(batch.ids), *output.hidden_states], dim=2)  # [B, T, S, width]
                values = hidden[batch.mask.bool()].half()
                refuse_overflow(model, values)
                file.write(values.cpu().numpy().tobytes())
                own_lengths = usable.lengths[batch.rows]
                places[batch.rows] = done + np.cumsum(own_lengths) - own_lengths
                done, shape = done + len(values), values.shape[1:]
                bar.update(len(batch.rows))
            for i, place in zip(kept, places, strict=True):
                rows[chunk[i]] = len(starts)
                starts.append(place)
                lengths.append(encoded.lengths[i])
                bounds.append(own[i])
    if shape is None:
        raise InputError(f"{model.source.label} can encode none of the sentences: {dict(Counter(unusable.values()))}")
    found = SpanStates(
        path,
        (done, *shape),
        np.array(starts),
        np.array(lengths),
        bounds,
        rows,
        Counter(unusable.values()),
        frozenset(unusable),
    )
    if folder.name.startswith("insidebert-states-"):
        weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return found


def _bounds(words: np.ndarray, count: int) -> np.ndarray | None:
    """[pieces] word of each, -1 for special ones -> [W + 1] first piece of each word and the end; None if one lacks."""
    own = words[words >= 0]
    sizes = np.bincount(own, minlength=count)
    if (sizes == 0).any():
        return None
    return (np.cumsum(np.r_[np.flatnonzero(words >= 0)[0], sizes])).astype(np.int32)


def _lexical(model: Model):
    """Word-piece embedding and its LayerNorm, without position and segment: *lex* of Tenney et al. (2019a)."""
    embeddings = copy.deepcopy(model.encoder.embeddings)
    for name in ("position_embeddings", "token_type_embeddings"):
        if getattr(embeddings, name, None) is not None:  # some families have none, or add positions in the layers
            getattr(embeddings, name).weight.zero_()
    return projected(model.encoder, embeddings)
