"""The plan of a span reader: how it cuts contexts into windows, and how it is fine-tuned."""

from dataclasses import dataclass, field

from insidebert.errors import InputError
from insidebert.finetune.reader import Training


@dataclass(frozen=True)
class SpanTraining(Training):
    """How a span reader reads and is fine-tuned. The sizes of windows are those of van Aken et al. (2019).

    Args:
        epochs: passes over the training windows; the one that is best on the development questions is kept.
        pieces, stride, asked: of windows, as `Windows.of` reads them.
        longest: pieces of an answer.
        questions: windows a step.
        rate, head_rate, frozen, precision, seed: as for `Training`.
    """

    pieces: int = 384
    head: str = field(default="first", init=False)  # what `Reader` builds before the span head takes its place
    precision: str = "float32"
    stride: int = 128
    asked: int = 64
    longest: int = 30

    def __post_init__(self):
        super().__post_init__()
        for name in ("stride", "asked", "longest"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it is a whole number of at least 1")
