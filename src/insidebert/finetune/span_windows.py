"""Questions and contexts as windows of pieces: `[CLS] question [SEP] part of the context [SEP]`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insidebert.errors import InputError
from insidebert.models.encoding import Encoded
from insidebert.models.loading import Model
from insidebert.text.span_questions import SpanQuestion
from insidebert.text.words import tokenized


@dataclass(frozen=True)
class Windows:
    """Windows of all questions, one question after the other; together they cover every piece of each context.

    Args:
        encoded: unpadded pieces, with segment ids where the model tells two apart.
        owners: [windows] number of the question.
        sides: per window, [pieces] 0 question, 1 context, -1 special.
        offsets: per window, [pieces, 2] half-open character span of a piece in its question or context.
    """

    encoded: Encoded
    owners: np.ndarray
    sides: list[np.ndarray]
    offsets: list[np.ndarray]

    @classmethod
    def of(
        cls, model: Model, questions: Sequence[SpanQuestion], pieces: int = 384, stride: int = 128, asked: int = 64
    ) -> "Windows":
        """Slide a window over each context.

        Args:
            pieces: of a window, special ones included; no more than the model takes.
            stride: pieces from the start of a window's context to the start of the next one's, as in BERT's script
                (elsewhere `stride` is the overlap); less if a window has no room for so many.
            asked: a question keeps so many pieces, and loses its end.

        Raises:
            InputError: no questions, or one that leaves no room for its context, or of whose context nothing is left
                as pieces.

        Example:
            >>> import insidebert as ib
            >>> asked = SpanQuestion("1", "Who sleeps?", "Ida sat down. Otto sleeps.", (("Otto", 14),))
            >>> windows = Windows.of(ib.load("minilm-l6"), [asked], pieces=9, stride=3)
            >>> spans = [own[side == 1] for own, side in zip(windows.offsets, windows.sides)]
            >>> [asked.context[own[0, 0] : own[-1, 1]] for own in spans]
            ['Ida sat down', '. Otto sleeps', '.']
        """
        if not questions:
            raise InputError("there are no questions to encode")
        tokenizer, whole = model.tokenizer, min(pieces, model.limit)
        texts = [_head(tokenizer, question.question, asked) for question in questions]
        special = tokenizer.num_special_tokens_to_add(pair=True)
        cut = [
            _windows(tokenizer, question, text, (whole, stride, special))
            for question, text in zip(questions, texts, strict=True)
        ]
        encoded = [Encoded.of(model, batch) for batch in cut]
        types = [row for own in encoded for row in own.types] if encoded[0].types is not None else None
        places = [(batch, i) for batch in cut for i in range(len(batch["input_ids"]))]
        return cls(
            Encoded([row for own in encoded for row in own.ids], [row for own in encoded for row in own.words], types),
            np.repeat(np.arange(len(questions)), list(map(len, encoded))),
            [np.array([-1 if side is None else side for side in batch.sequence_ids(i)]) for batch, i in places],
            [np.array(batch["offset_mapping"][i]) for batch, i in places],
        )

    def __len__(self) -> int:
        return len(self.owners)

    def covering(self, window: int, start: int, end: int) -> np.ndarray:
        """Positions in a window of the pieces that lie, wholly or partly, in a character span of the context."""
        offsets = self.offsets[window]
        inside = (self.sides[window] == 1) & (offsets[:, 0] < end) & (offsets[:, 1] > start)
        return np.flatnonzero(inside)

    def target(self, window: int, start: int, end: int) -> tuple[int, int]:
        """First and last piece of an answer; (0, 0), the first special piece, if the window does not hold all of it."""
        own, offsets = self.covering(window, start, end), self.offsets[window]
        if len(own) and offsets[own[0], 0] <= start and offsets[own[-1], 1] >= end:
            return int(own[0]), int(own[-1])
        return 0, 0


def _windows(tokenizer, question: SpanQuestion, asked: str, sizes: tuple[int, int, int]):
    """All windows of one question."""
    whole, stride, special = sizes
    room = whole - special - len(tokenized(tokenizer, asked, add_special_tokens=False)["input_ids"])
    if room < 1:
        raise InputError(
            f"question {question.id}: a window of {whole} pieces has no room for its context beside the question; "
            "let windows have more pieces, or questions keep fewer (asked)"
        )
    batch = tokenized(
        tokenizer,
        [asked],
        [question.context],
        truncation="only_second",
        max_length=whole,
        stride=max(0, room - stride),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_token_type_ids=True,
    )
    if 1 not in batch.sequence_ids(0):
        raise InputError(f"question {question.id}: no piece is left of its context in this model's vocabulary")
    return batch


def _head(tokenizer, text: str, pieces: int) -> str:
    """A question without what lies behind its first pieces."""
    spans = tokenized(tokenizer, text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return text if len(spans) <= pieces else text[: spans[pieces - 1][1]]
