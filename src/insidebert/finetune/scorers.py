"""Options as sequences of pieces, and an encoder with a head that scores them."""

import copy
import re
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from insidebert.errors import InputError
from insidebert.models.encoding import Encoded
from insidebert.models.loading import Model, load_with_head
from insidebert.text.questions import Question
from insidebert.text.words import tokenized


class Scorer(nn.Module):
    """An encoder and a head: a score for every sequence of passage, question and option.

    Args:
        encoder: copied.
        head: `segments` or `first`, as in reading.Training.
    """

    def __init__(self, encoder: nn.Module, head: str):
        super().__init__()
        self.encoder, self.head = copy.deepcopy(encoder).requires_grad_(True), head
        width = encoder.config.hidden_size
        self.score = nn.Linear(3 * width if head == "segments" else width, 1)

    def forward(self, inputs: dict[str, torch.Tensor], segments: torch.Tensor) -> torch.Tensor:
        """[B] scores of [B, T] pieces; segments: [B, T] 0 passage, 1 question and option, -1 neither."""
        states = self.encoder(**inputs).last_hidden_state
        first = states[:, 0]
        if self.head == "first":
            return self.score(first)[:, 0]
        passage, option = (_mean(states, segments == side) for side in (0, 1))
        return self.score(torch.cat([first, option, passage * option], dim=-1))[:, 0]


class PublishedScorer(nn.Module):
    """transformers' multiple-choice model of the same checkpoint: first piece, pooler, linear layer.

    Args:
        model: its folder is loaded again, since the measurements do without a pooler.
    """

    def __init__(self, model: Model):
        super().__init__()
        self.whole, _ = load_with_head(model.source, "MultipleChoice")

    @property
    def encoder(self) -> nn.Module:
        return self.whole.base_model

    def forward(self, inputs: dict[str, torch.Tensor], segments: torch.Tensor) -> torch.Tensor:
        """[B] scores of [B, T] pieces."""
        return self.whole(**{name: value[:, None] for name, value in inputs.items()}).logits[:, 0]


def _mean(states: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    weights = chosen.to(states.dtype)[..., None]
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)  # a removed passage has no pieces


@dataclass(frozen=True)
class Sequences:
    """Passages with a question and an option each, as pieces.

    Args:
        encoded: unpadded pieces.
        segments: per sequence, [pieces] 0 passage, 1 question and option, -1 special.
    """

    encoded: Encoded
    segments: list[np.ndarray]

    @classmethod
    def of(cls, model: Model, pairs: list[tuple[str, str]], pieces: int) -> "Sequences":
        """Encode (passage, question and option) pairs; only the passage is cut.

        Raises:
            InputError: a question with an option alone is longer than `pieces`.
        """
        tokenizer = model.tokenizer
        room = min(pieces, model.limit) - tokenizer.num_special_tokens_to_add(pair=True)
        own = tokenized(tokenizer, [second for _, second in pairs], add_special_tokens=False)
        left = [
            room - bool(passage) - len(ids)  # of a passage that is there, one piece at least stays
            for (passage, _), ids in zip(pairs, own["input_ids"], strict=True)
        ]
        longest = min(range(len(pairs)), key=left.__getitem__)
        if left[longest] < 0:
            pieces_of = len(own["input_ids"][longest])
            raise InputError(
                f"question and option {pairs[longest][1][:60]!r}... have {pieces_of} pieces, "
                f"{pieces_of + left[longest]} fit; allow more pieces, or leave the question out"
            )
        batch = tokenized(
            tokenizer,
            [first for first, _ in pairs],
            [second for _, second in pairs],
            truncation="only_first",
            max_length=min(pieces, model.limit),
            return_token_type_ids=True,
        )
        segments = [np.array([-1 if s is None else s for s in batch.sequence_ids(i)]) for i in range(len(pairs))]
        return cls(Encoded.of(model, batch), segments)


def pairs_of(question: Question) -> list[tuple[str, str]]:
    """(passage, question and option) of every option."""
    return [(question.passage, f"{question.question} {option}".strip()) for option in question.options]


def fit_passages(
    model: Model, questions: list[Question], pieces: int, added: list[str] | None = None
) -> list[Question]:
    """Questions whose passages are cut, behind a word, so that every option is scored with all that is left of it.

    Args:
        pieces: longest sequence.
        added: per question, a text that will be put into its sequence beside passage, question and option; it gets
            room too.

    Raises:
        InputError: question, option and added text leave no piece of the passage.
    """
    tokenizer = model.tokenizer
    taken = _lengths(tokenizer, added or [""] * len(questions))
    room, beside = _room(model, questions, pieces)
    found = []
    for question, extra, asked in zip(questions, taken, beside, strict=True):
        left = room - extra - asked
        if question.passage and left < 1:
            raise InputError(
                f"question {question.id}: question, option and added text have {room - left} pieces, "
                f"{room - 1} fit beside a passage; allow more pieces, or leave the question out"
            )
        found.append(replace(question, passage=_head(tokenizer, question.passage, left)))
    return found


def fit(model: Model, questions: list[Question], pieces: int) -> np.ndarray:
    """[questions] bool: whether passage, question and every option reach the reader whole."""
    room, asked = _room(model, questions, pieces)
    return np.array(_lengths(model.tokenizer, [question.passage for question in questions])) + asked <= room


def _room(model: Model, questions: list[Question], pieces: int) -> tuple[int, np.ndarray]:
    """Pieces of a sequence that are not special; [questions] those of a question with its longest option."""
    lengths = iter(_lengths(model.tokenizer, [second for question in questions for _, second in pairs_of(question)]))
    asked = np.array([max(next(lengths) for _ in question.options) for question in questions])
    return min(pieces, model.limit) - model.tokenizer.num_special_tokens_to_add(pair=True), asked


def _lengths(tokenizer, texts: list[str]) -> list[int]:
    """Pieces of each text, without special ones."""
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]]


def _head(tokenizer, text: str, pieces: int) -> str:
    """The first words of a text that have at most so many pieces; of a text without blanks, the first letters."""
    pieces_of = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    starts = [start for start, _ in pieces_of["offset_mapping"]]
    if len(starts) <= pieces:
        return text
    end = starts[pieces]
    word = text[:end] if text[end].isspace() else re.sub(r"\S+$", "", text[:end])
    return (word.strip() and word.rstrip()) or text[:end]
