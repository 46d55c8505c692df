"""Questions whose answer is a span of their context, the sentences of a context, splits that tear no story apart."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from insidebert.errors import InputError

NEAR = 3
"""Characters by which an answer's start may be off before the answer counts as absent."""

BREAK = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+(?=[\"'(\[“‘]*[A-Z0-9])|(?<=[。！？])\s*|\s*\n\s*")
ABBREVIATION = re.compile(r"(?:\b[A-Z]|\b(?:Mrs?|Ms|Dr|St|Jr|Sr|vs|No|Gen|Prof)|\.\w)\.$")


@dataclass(frozen=True)
class SpanQuestion:
    """A question on a context, with answers that stand in it.

    Args:
        id: of the question.
        answers: (text, zero-based character where it starts in the context); the first one is trained on.
        facts: half-open character spans of the sentences that support the answer.
        hops: how many sentences have to be put together; None where nobody says.
        group: what must not be torn apart by a split: article, story or paragraph.
        kind: of question or data set, such as `two hops` or `squad`.

    Raises:
        InputError: an empty text, no answer, or an answer or fact that is not where it is said to be.
    """

    id: str
    question: str
    context: str
    answers: tuple[tuple[str, int], ...]
    facts: tuple[tuple[int, int], ...] = ()
    hops: int | None = None
    group: str = ""
    kind: str = ""

    def __post_init__(self):
        for name in ("question", "context"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise InputError(f"question {self.id}: its {name} is {text!r}; give a text, or leave the question out")
        if not self.answers:
            raise InputError(f"question {self.id}: it has no answer; give one, or leave the question out")
        for text, start in self.answers:
            if why := misplaced(self.context, text, start):
                raise InputError(f"question {self.id}: {why}: {text!r} at character {start}; mend the answer")
        for start, end in self.facts:
            if not 0 <= start < end <= len(self.context):
                raise InputError(f"question {self.id}: fact {(start, end)} is no span of its context; mend it")


@dataclass
class Found:
    """Questions by id, and reason -> how many were left out; what readers of files fill."""

    questions: dict[str, SpanQuestion] = field(default_factory=dict)
    left_out: Counter = field(default_factory=Counter)

    def add(self, question: SpanQuestion) -> None:
        """Keep a question.

        Raises:
            InputError: another one has its id.
        """
        if question.id in self.questions:
            raise InputError(f"question {question.id} is there twice; give every question an id of its own")
        self.questions[question.id] = question


def misplaced(context: str, text: str, start: int) -> str:
    """Why an answer is not where it is said to be, or "" if it is."""
    if not isinstance(text, str) or not text.strip():
        return "empty answer"
    if type(start) is not int:
        return "answer start that is no whole number"
    if start >= 0 and context.startswith(text, start):
        return ""
    near = context[max(0, start - NEAR) : max(0, start + NEAR + len(text))]
    if text in near:
        return "answer start off by some characters"
    return "answer elsewhere in the context" if text in context else "answer not in the context"


def occurrences(context: str, text: str) -> list[int]:
    """Characters where a text stands as whole words.

    Example:
        >>> occurrences("A cat, the cat, cats.", "cat")
        [2, 11]
    """
    before, after = (r"\b" if re.match(r"\w", end) else "" for end in (text[:1], text[-1:]))
    return [match.start() for match in re.finditer(before + re.escape(text) + after, context)]


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Half-open character spans of the sentences of a text, without the blanks between them.

    A sentence ends with its line, with a full stop of Chinese or Japanese, or with . ! or ? before a capital or a
    digit; not behind initials and titles.

    Example:
        >>> text = "Dr. Ida B. Low left. Why? She was ill."
        >>> [text[start:end] for start, end in sentences_of(text)]
        ['Dr. Ida B. Low left.', 'Why?', 'She was ill.']
    """
    spans, start = [], 0
    for match in BREAK.finditer(text):
        closing = re.match(r"\S*", match[0])[0]
        end = match.start() + len(closing)
        if "\n" not in match[0] and ABBREVIATION.search(text[start : match.start()]):
            continue
        spans.append((start, end))
        start = match.end()
    spans.append((start, len(text)))
    trimmed = []
    for start, end in spans:
        own = text[start:end]
        if own.strip():
            trimmed.append((start + len(own) - len(own.lstrip()), start + len(own.rstrip())))
    return trimmed


def split_by_group(
    questions: Sequence[SpanQuestion], share: float = 0.25, seed: int = 0
) -> tuple[list[SpanQuestion], list[SpanQuestion]]:
    """Questions parted so that no group, such as an article or a story, is on both sides.

    Args:
        share: of the groups that are held out; at least one on each side.

    Returns:
        The rest; those held out. Both in the order given.

    Raises:
        InputError: fewer than two groups, or a share that is none.

    Example:
        >>> asked = [SpanQuestion(str(i), "Who?", "Ida left.", (("Ida", 0),), group=str(i // 2)) for i in range(8)]
        >>> [[question.id for question in part] for part in split_by_group(asked, 0.25)]
        [['0', '1', '2', '3', '6', '7'], ['4', '5']]
    """
    if not 0 < share < 1:
        raise InputError(f"share is {share}; it lies between 0 and 1")
    groups = list(dict.fromkeys(question.group for question in questions))
    if len(groups) < 2:
        raise InputError(f"the questions have {len(groups)} group; with two stories or articles they can be parted")
    count = min(max(1, round(share * len(groups))), len(groups) - 1)
    held = {groups[i] for i in np.random.default_rng(seed).permutation(len(groups))[:count]}
    parts: tuple[list, list] = ([], [])
    for question in questions:
        parts[question.group in held].append(question)
    return parts
