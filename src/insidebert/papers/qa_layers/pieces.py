"""A question with its context as the pieces that a reader sees, and what each is: question, answer, fact, rest."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from insidebert.errors import InputError
from insidebert.finetune.span_windows import Windows
from insidebert.models.encoding import Encoded, hidden_states
from insidebert.models.loading import Model
from insidebert.text.span_questions import SpanQuestion, sentences_of

PARTS = ("question", "answer", "supporting fact", "rest")
"""What the paper colours; [CLS] and [SEP] are `special`, and are not drawn."""

QUESTIONS_AT_ONCE = 8
"""Whose states are in memory together; each question's are reduced before the next eight are computed."""


@dataclass(frozen=True)
class Pieces:
    """One question and its context.

    Args:
        encoded: of this one question.
        texts: [T] pieces.
        spans: [T, 2] characters of the context, -1 for pieces of the question and special ones.
        parts: [T] one of PARTS, or `special`.
        sentences: [T] 0 for the question, 1 for the context's first sentence and so on, -1 for special pieces.
    """

    encoded: Encoded
    texts: list[str]
    spans: np.ndarray
    parts: np.ndarray
    sentences: np.ndarray

    @property
    def real(self) -> np.ndarray:
        """[T] bool: all but [CLS] and [SEP]."""
        return self.parts != "special"

    def within(self, start: int, stop: int) -> np.ndarray:
        """[T] bool: pieces of the context that share a character with start..stop."""
        return (self.spans[:, 0] < stop) & (self.spans[:, 1] > start) & (self.spans[:, 0] >= 0)


def pieces_of(model: Model, question: SpanQuestion, window: int = 384, stride: int = 128, asked: int = 64) -> Pieces:
    """The window of a question that holds its answer in the middle, `[CLS] question [SEP] context [SEP]`.

    Args:
        window, stride, asked: in pieces, as `Windows.of` takes them.

    Raises:
        InputError: no window holds the whole answer.
    """
    (text, start), windows = question.answers[0], Windows.of(model, [question], window, stride, asked)
    held = [i for i in range(len(windows)) if windows.target(i, start, start + len(text)) != (0, 0)]
    if not held:
        raise InputError(f"question {question.id}: no window of {window} pieces holds the answer {text[:40]!r}")
    row = max(held, key=lambda i: _room(windows, i, start, start + len(text)))
    sides = windows.sides[row]
    spans = np.where((sides == 1)[:, None], windows.offsets[row], -1)
    encoded = windows.encoded.select([row])
    texts = model.tokenizer.convert_ids_to_tokens(encoded.ids[0].tolist())
    parts = np.full(len(sides), "special", dtype="<U16")
    parts[sides == 0], parts[sides == 1] = "question", "rest"
    sentences = np.where(sides == 0, 0, -1)
    pieces = Pieces(encoded, texts, spans, parts, sentences)
    for number, (first, last) in enumerate(sentences_of(question.context), 1):
        sentences[pieces.within(first, last)] = number
    for first, last in facts_of(question):
        parts[pieces.within(first, last)] = "supporting fact"
    parts[pieces.within(start, start + len(text))] = "answer"
    return pieces


def sentence_at(text: str, place: int) -> tuple[int, int]:
    """The sentence that holds a character, or the last one that begins before it."""
    before = [span for span in sentences_of(text) if span[0] <= place]
    return before[-1] if before else (0, len(text))


def facts_of(question: SpanQuestion) -> list[tuple[int, int]]:
    """Characters of the supporting sentences; where none are marked, as in SQuAD, of the one that holds the answer."""
    return list(question.facts) or [sentence_at(question.context, question.answers[0][1])]


def states_of_each(model: Model, asked: list[Pieces]) -> Iterator[np.ndarray]:
    """Hidden states of each question in turn: [1 + layers, T, width], the embedding first, special pieces included.

    Eight questions' states are in memory at a time.
    """
    for first in range(0, len(asked), QUESTIONS_AT_ONCE):
        own = [pieces.encoded for pieces in asked[first : first + QUESTIONS_AT_ONCE]]
        types = None if own[0].types is None else [one.types[0] for one in own]
        together = Encoded([one.ids[0] for one in own], [one.words[0] for one in own], types)
        for states in hidden_states(model, together, "questions").each():
            yield states[1:].float().numpy()


def _room(windows: Windows, window: int, start: int, stop: int) -> int:
    """Pieces of the context between an answer and the nearer end of its window."""
    own, (first, last) = np.flatnonzero(windows.sides[window] == 1), windows.target(window, start, stop)
    return int(min(first - own[0], own[-1] - last))
