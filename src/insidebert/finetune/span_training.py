"""The plan of a span reader: how it cuts contexts into windows, and how it is fine-tuned."""

import math
from dataclasses import dataclass

from insidebert.errors import InputError
from insidebert.finetune.reader import PRECISIONS, faster_precision


@dataclass(frozen=True)
class SpanTraining:
    """How a span reader reads and is fine-tuned. The sizes of windows are those of van Aken et al. (2019).

    Args:
        epochs: passes over the training windows; the one that is best on the development questions is kept.
        pieces, stride, asked: of windows, as `Windows.of` reads them.
        longest: pieces of an answer.
        questions: windows a step.
        rate, head_rate: of AdamW, for the encoder and for the new head; linear warm-up over a tenth, then linear decay.
        frozen: so many lower layers stay as they are, and the embeddings with them; they are run once a window.
        precision: `float32`, `bfloat16`, or `auto` for whichever this machine is faster in.
        seed: of the new head, of the order of windows, of dropout.
    """

    epochs: int = 3
    pieces: int = 384
    stride: int = 128
    asked: int = 64
    longest: int = 30
    questions: int = 8
    rate: float = 1e-4
    head_rate: float = 1e-3
    frozen: int = 0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is {self.precision!r}; it is one of {', '.join(PRECISIONS)}")
        least = {"frozen": 0, "seed": 0}
        for name in ("epochs", "pieces", "stride", "asked", "longest", "questions", "frozen", "seed"):
            if getattr(self, name) < least.get(name, 1):
                raise InputError(
                    f"{name} is {getattr(self, name)}; it is a whole number of at least {least.get(name, 1)}"
                )
        for name in ("rate", "head_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)}; it is a number above 0")

    @property
    def head(self) -> str:
        """What `Reader` builds before the span head takes its place."""
        return "first"

    @property
    def computed_in(self) -> str:
        """`float32` or `bfloat16`: what `precision` comes to on this machine."""
        return faster_precision() if self.precision == "auto" else self.precision
