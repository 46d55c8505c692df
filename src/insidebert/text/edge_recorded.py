"""Edges from other people's data, read in place: PropBank on EWT, UD, GUM, SPR2, SemEval 2010 task 8, GAP.

Each reader gives (training sentences, test sentences or None where one file is to be split), and counts what it leaves
out. Stand-ins for OntoNotes, SPR1 and DPR, which are not free or not at hand.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text import edge_gum, edge_trees
from insidebert.text.edge_files import read_edges
from insidebert.text.edges import EdgeSentence, Target, merged
from insidebert.text.files import blocks, read_text

Parts = tuple[list[EdgeSentence], list[EdgeSentence] | None]
WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Source:
    """Where a task comes from.

    Args:
        named: for tables.
        needed: files and folders of the data folder.
        read: (folder, what is left out) -> training and test sentences.
    """

    named: str
    needed: tuple[str, ...]
    read: Callable[[Path, Counter], Parts]


@dataclass(frozen=True)
class Annotated:
    """A sentence of a `.gold_conll` file of PropBank: words, and columns in star notation.

    Args:
        arguments: a column per predicate.
        place: file and line.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    phrases: tuple[str, ...]
    arguments: tuple[tuple[str, ...], ...]
    document: str
    place: str


def propbank(path: Path) -> Iterator[Annotated]:
    """Sentences of a `.gold_conll` file, as described in the data's README.

    Raises:
        InputError: a line with too few columns, or another number of them than the first line of its sentence.
    """
    document = str(path)
    for first, block in blocks(read_text(path)):
        rows, start = [], first
        for number, line in enumerate(block, first):
            if line.startswith("#begin document"):
                document = line.partition("(")[2].partition(")")[0] or f"{path}, line {number}"
            if line.startswith("#"):
                continue
            row = line.split()
            start = start if rows else number
            if len(row) < 8 or (rows and len(row) != len(rows[0])):
                raise InputError(f"{path}, line {number}: {len(row)} columns; there are 8 and one a predicate")
            rows.append(row)
        if rows:
            columns = list(zip(*rows, strict=True))
            yield Annotated(columns[3], columns[4], columns[5], tuple(columns[8:]), document, f"{path}, line {start}")


def stars(column: tuple[str, ...], place: str) -> list[tuple[str, int, int]]:
    """Labels and half-open spans of a column in CoNLL-2012's star notation, inner ones before outer ones.

    Raises:
        InputError: a bracket without its other half.

    Example:
        >>> stars(("(S(NP*", "*)", "*)"), "here")
        [('NP', 0, 2), ('S', 0, 3)]
    """
    found, stack = [], []
    for word, cell in enumerate(column):
        for label, closing in re.findall(r"\(([^()*]+)|(\))", cell):
            if closing and not stack:
                raise InputError(f"{place}: word {word + 1} closes a bracket that is not open: {cell!r}")
            if closing:
                opened, first = stack.pop()
                found.append((opened, first, word + 1))
            else:
                stack.append((label, word))
    if stack:
        raise InputError(f"{place}: ({stack[-1][0]} opens at word {stack[-1][1] + 1} and never closes")
    return found


def _tags(sentence: Annotated, left_out: Counter) -> list[Target]:
    return [Target((i, i + 1), None, (tag,)) for i, tag in enumerate(sentence.tags)]


def _phrases(sentence: Annotated, left_out: Counter) -> list[Target]:
    """Phrases of height above 1: those that are more than a word and its tag; the root, TOP, is none."""
    spans = stars(sentence.phrases, sentence.place)
    return [Target((first, stop), None, (label,)) for label, first, stop in spans if label != "TOP"]


def _roles(sentence: Annotated, left_out: Counter) -> list[Target]:
    """Predicate and each argument; a predicate without a span of its own is left out."""
    targets = []
    for column in sentence.arguments:
        spans = stars(column, sentence.place)
        verbs = [(first, stop) for label, first, stop in spans if label == "V"]
        if not verbs:
            left_out["predicate without a word"] += 1
            continue
        targets += [Target(verbs[0], (a, b), (label,)) for label, a, b in spans if label not in ("V", "C-V")]
    return targets


def _ewt(targets: Callable[[Annotated, Counter], list[Target]], folder: Path, left_out: Counter) -> Parts:
    names = ("en_ewt-train-part.gold_conll", "en_ewt-dev.gold_conll")
    parts = [
        [
            EdgeSentence(s.words, merged(targets(s, left_out), left_out), s.document)
            for s in propbank(folder / "ewt_propbank" / name)
        ]
        for name in names
    ]
    return parts[0], parts[1]


def _ud(folder: Path, left_out: Counter) -> Parts:
    """UD English EWT: a word, its head and the relation."""
    train, test = (
        edge_trees.read_all(folder / name, edge_trees.dependencies, left_out) for name in ("ewt_train", "treebank")
    )
    return train, test


def _spr2(folder: Path, left_out: Counter) -> Parts:
    """Predicate, argument and the properties that hold of it; the files are jiant's format, labels ready made."""
    parts = []
    for name in ("spr2-train-part.jsonl", "spr2-dev.jsonl"):
        sentences, lost = read_edges(folder / "spr2" / name)
        left_out.update(lost)
        parts.append(sentences)
    return parts[0], parts[1]


def _semeval(folder: Path, left_out: Counter) -> Parts:
    """Two nominals and their relation; the official test set is not at hand, so the one file is split."""
    path = folder / "semeval2010_task8" / "TRAIN_FILE.TXT"
    sentences = []
    for number, block in blocks(read_text(path)):
        match = re.fullmatch(r'(\d+)\t"(.*)"', block[0])
        marks = re.findall(r"</?e[12]>", block[0])
        if not match or len(block) < 2 or marks != ["<e1>", "</e1>", "<e2>", "</e2>"]:
            raise InputError(
                f"{path}, line {number}: no number, tab and quoted sentence with <e1> and <e2>, and a relation"
            )
        parts = [WORD.findall(part) for part in re.split(r"</?e[12]>", match[2])]
        sizes = [sum(map(len, parts[:i])) for i in range(6)]
        if not parts[1] or not parts[3]:
            raise InputError(f"{path}, line {number}: a nominal has no word")
        target = Target((sizes[1], sizes[2]), (sizes[3], sizes[4]), (block[1].strip(),))
        sentences.append(EdgeSentence(tuple(chain(*parts)), (target,), match[1]))
    return sentences, None


def _gap(folder: Path, left_out: Counter) -> Parts:
    """A pronoun and each of its two candidates, `1` if it refers to it; some sentences are one text."""
    train, test = (
        list(_gap_file(folder / "gap" / f"gap-{part}.tsv", left_out)) for part in ("development", "validation")
    )
    return train, test


def _gap_file(path: Path, left_out: Counter) -> Iterator[EdgeSentence]:
    rows = csv.DictReader(io.StringIO(read_text(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, 2):
        if any(row.get(name) is None for name in ("Text", "Pronoun-offset", "A-coref", "B-coref", "URL")):
            raise InputError(f"{path}, line {number}: a column is missing; GAP has eleven, with tabs between them")
        found = list(WORD.finditer(row["Text"]))
        spans = {}
        for name in ("Pronoun", "A", "B"):
            first = int(row[f"{name}-offset"])
            inside = [i for i, word in enumerate(found) if word.start() < first + len(row[name]) and word.end() > first]
            if not inside:
                raise InputError(f"{path}, line {number}: {name} {row[name]!r} is not at offset {first}")
            spans[name] = (inside[0], inside[-1] + 1)
        truth = {name: str(int(row[f"{name}-coref"].upper() == "TRUE")) for name in ("A", "B")}
        targets = [Target(spans["Pronoun"], spans[name], (truth[name],)) for name in truth]
        yield EdgeSentence(tuple(word[0] for word in found), merged(targets, left_out), row["URL"])


PROPBANK = "PropBank on EWT (for OntoNotes)"
GUM = ("gum", "coref")
SOURCES = {
    "pos": Source(PROPBANK, ("ewt_propbank",), partial(_ewt, _tags)),
    "constituents": Source(PROPBANK, ("ewt_propbank",), partial(_ewt, _phrases)),
    "dependencies": Source("UD English EWT", ("ewt_train", "treebank"), _ud),
    "entities": Source("GUM (for OntoNotes)", GUM, edge_gum.entities),
    "roles": Source(PROPBANK, ("ewt_propbank",), partial(_ewt, _roles)),
    "coreference": Source("OntoGUM (for OntoNotes)", GUM, edge_gum.coreference),
    "spr": Source("SPR2 (for SPR1)", ("spr2",), _spr2),
    "winograd": Source("GAP (for DPR)", ("gap",), _gap),
    "relations": Source("SemEval 2010 task 8", ("semeval2010_task8",), _semeval),
}
