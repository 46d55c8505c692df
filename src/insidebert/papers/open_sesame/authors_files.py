"""The authors' file formats (github.com/yongjie-lin/bert-opensesame): one sentence a line, then indices."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion
from insidebert.text.grammar import Sentence

NUMBERS = ("sg", "pl")
KINDS = ("modal", "inflected")
AGREEMENT = [
    *(f"agreement.none.{n}.{k}" for n, k in product(NUMBERS, KINDS)),
    *(f"agreement.{m}.{n}.{d}.{k}" for m, n, d, k in product(("pp", "rc"), NUMBERS, NUMBERS, KINDS)),
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

FILES = {
    "main_auxiliary.plain": ("aux.train", "aux.test"),
    "main_auxiliary.relative": ("aux.gen",),
    "subject_noun.plain": ("sbjn-join.train", "sbjn-join.test"),
    "subject_noun.compound": ("sbjn-join.gen_comp",),
    "subject_noun.possessive": ("sbjn-join.gen_apost",),
    **{cell: (f"agr.{i}",) for i, cell in enumerate(AGREEMENT)},
    **{cell: (f"refl.{i}",) for i, cell in enumerate(REFLEXIVE)},
}
"""Our condition -> the authors' files; the first of two is the training set, the second the development set."""


def first(read: Callable[[Path], list], path: Path, count: int) -> list:
    """The first `count` sentences of a file.

    Raises:
        InputError: the file is not there, or holds fewer.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; name a folder that holds the authors' files")
    found = read(path)
    if len(found) < count:
        raise InputError(f"{path} holds {len(found)} sentences, {count} are wanted; ask for fewer")
    return found[:count]


def read_probing(path: Path) -> list[Sentence]:
    """A probing file: sentence, tab, target index -> sentences with the role `target`.

    The authors' index counts BERT's words, of which `fish's` is three; here it becomes an index of words.

    Raises:
        InputError: file and line of what cannot be read.
    """
    sentences = []
    for where, words, fields in _lines(path, columns=2):
        owners = [i for i, word in enumerate(words) for _ in re.findall(r"\w+|[^\w\s]", word)]
        (target,) = _indices(fields[0], where, len(owners), exactly_one=True)
        sentences.append(Sentence(words, (), (("target", (owners[target],)),), path.name))
    return sentences


def read_attention(path: Path) -> list[TriggerQuestion]:
    """An attention file: sentence, tab, index of Y, tab, indices of X_1, tab, indices of the distractors.

    The distractors' words stand in one list; every run of neighbouring indices is one phrase.

    Raises:
        InputError: file and line of what cannot be read.
    """
    conditions = {name: condition for condition, names in FILES.items() for name in names}
    condition = conditions.get(path.name, path.name)
    questions = []
    for where, words, (target, trigger, distractors) in _lines(path, columns=4):
        (y,) = _indices(target, where, len(words), exactly_one=True)
        phrases = [_indices(trigger, where, len(words)), *_runs(_indices(distractors, where, len(words)))]
        if not phrases[0]:
            raise InputError(f"{where}: the true trigger has no words")
        questions.append(TriggerQuestion(words, y, tuple(map(tuple, phrases)), condition))
    return questions


def _lines(path: Path, columns: int):
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise InputError(f"{path} is empty")
    for number, line in enumerate(lines, 1):
        sentence, *fields = line.split("\t")
        if len(fields) != columns - 1 or not sentence.strip():
            raise InputError(f"{path}, line {number}: {1 + len(fields)} columns where {columns} belong: {line!r}")
        yield f"{path}, line {number}", tuple(sentence.split()), fields


def _indices(field: str, where: str, length: int, exactly_one: bool = False) -> list[int]:
    try:
        indices = [int(index) for index in field.split()]
    except ValueError:
        raise InputError(f"{where}: {field!r} is not a list of indices") from None
    if exactly_one and len(indices) != 1:
        raise InputError(f"{where}: one target index belongs here, not {len(indices)}")
    if any(not 0 <= i < length for i in indices):
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
