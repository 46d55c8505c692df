"""The authors' file formats (github.com/yongjie-lin/bert-opensesame): one sentence a line, then indices."""

from pathlib import Path

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion

NUMBERS = ("sg", "pl")
KINDS = ("modal", "inflected")
AGREEMENT = [
    *(f"agreement.none.{n}.{k}" for n in NUMBERS for k in KINDS),
    *(f"agreement.{m}.{n}.{d}.{k}" for m in ("pp", "rc") for n in NUMBERS for d in NUMBERS for k in KINDS),
]
"""Our names of the authors' files agr.0 ... agr.19, in their order."""

REFLEXIVE = [
    "reflexive.none",
    "reflexive.object.match",
    "reflexive.object.mismatch",
    "reflexive.rc.match",
    "reflexive.rc.mismatch",
    "reflexive.rc_object.match.match",
    "reflexive.rc_object.mismatch.match",
    "reflexive.rc_object.match.mismatch",
    "reflexive.rc_object.mismatch.mismatch",
]
"""Our names of refl.0 ... refl.8; rc_object names the relative clause's noun first, then the object."""


def read_probing(path: Path) -> list[tuple[tuple[str, ...], int]]:
    """A probing file: sentence, tab, target index -> (words, index).

    The index counts words in aux.* and uncased BERT pieces in sbjn-join.*, as the authors wrote them.

    Raises:
        InputError: file and line of what cannot be read.
    """
    rows = []
    for where, words, fields in _lines(path, columns=2):
        (target,) = _indices(fields[0], where, None, exactly_one=True)
        rows.append((words, target))
    return rows


def read_attention(path: Path) -> list[TriggerQuestion]:
    """An attention file: sentence, tab, index of Y, tab, indices of X_1, tab, indices of the distractors.

    The distractors' words stand in one list; every run of neighbouring indices is one phrase.

    Raises:
        InputError: file and line of what cannot be read.
    """
    phenomenon, _, cell = path.name.partition(".")
    names = {"agr": AGREEMENT, "refl": REFLEXIVE}.get(phenomenon, [])
    condition = names[int(cell)] if cell.isdigit() and int(cell) < len(names) else path.name
    dependencies = []
    for where, words, (target, trigger, distractors) in _lines(path, columns=4):
        (y,) = _indices(target, where, words, exactly_one=True)
        phrases = [_indices(trigger, where, words), *_runs(_indices(distractors, where, words))]
        if not phrases[0]:
            raise InputError(f"{where}: the true trigger has no words")
        dependencies.append(TriggerQuestion(words, y, tuple(map(tuple, phrases)), condition))
    return dependencies


def _lines(path: Path, columns: int):
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise InputError(f"{path} is empty")
    for number, line in enumerate(lines, 1):
        sentence, *fields = line.split("\t")
        if len(fields) != columns - 1 or not sentence.strip():
            raise InputError(f"{path}, line {number}: {1 + len(fields)} columns where {columns} belong: {line!r}")
        yield f"{path}, line {number}", tuple(sentence.split()), fields


def _indices(field: str, where: str, words: tuple[str, ...] | None, exactly_one: bool = False) -> list[int]:
    try:
        indices = [int(index) for index in field.split()]
    except ValueError:
        raise InputError(f"{where}: {field!r} is not a list of indices") from None
    if exactly_one and len(indices) != 1:
        raise InputError(f"{where}: one target index belongs here, not {len(indices)}")
    if any(i < 0 or (words is not None and i >= len(words)) for i in indices):
        raise InputError(f"{where}: an index of {field!r} lies outside the sentence")
    return indices


def _runs(indices: list[int]) -> list[list[int]]:
    """[3, 4, 9, 10] -> [[3, 4], [9, 10]]."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs
