"""Dependency trees: CoNLL-U, CoNLL-X, the format of the paper's released code, Universal Dependencies by name."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import download_cache
from insidebert.text.files import WITHHELD, blocks, read_text, withheld

RELEASES = "https://raw.githubusercontent.com/UniversalDependencies"
READERS = (".conllu", ".conllx", ".conll", ".txt")


@dataclass(frozen=True)
class Tree:
    """A sentence with its basic dependency tree.

    Args:
        words: [W].
        upos, xpos: [W] universal and language-specific tags; empty strings where the file has none.
        heads: [W] zero-based place of each word's head, -1 for the root.
        relations: [W] such as `nsubj`.
        misc: [W] the last column as a dictionary.
        document: id of the document; the file where it names none.
        place: file and line, for messages.
        metadata: comments of the sentence, such as `global.Entity`.
    """

    words: tuple[str, ...]
    upos: tuple[str, ...]
    xpos: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    misc: tuple[dict, ...] = ()
    document: str = ""
    place: str = "a tree"
    metadata: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        reason = fault(self.heads)
        if reason:
            raise InputError(f"{self.place}: a tree with {reason}")

    def __len__(self) -> int:
        return len(self.words)


def fault(heads: tuple[int, ...]) -> str:
    """Why heads ([W], zero-based, -1 for the root) are no tree; empty if they are one."""
    if heads.count(-1) != 1:
        return "several roots" if -1 in heads else "no root"
    if not all(-1 <= head < len(heads) for head in heads):
        return "a head outside the sentence"
    for word in range(len(heads)):
        steps = 0
        while heads[word] != -1:
            word, steps = heads[word], steps + 1
            if steps == len(heads):
                return "a cycle"
    return ""


def read(source: str | Path) -> tuple[list[Tree], dict[str, int]]:
    """Trees of a file, or of all such files of a folder.

    A document whose id stands in two files and has other sentences in them counts as two documents.

    Args:
        source: a `.conllu` file; a `.conllx` or `.conll` file (eight to ten columns, CoNLL-X); a `.txt` file with a
            word, a space and `<head>-<relation>` a line (0-root), the format of the paper's released code; a folder of
            files of the first two kinds, or `UD_English-EWT/en_ewt-ud-dev.conllu@r2.14`, which `fetch` downloads.

    Returns:
        The trees; and reason -> how many sentences were left out: several roots, no root, a cycle, words withheld (all
        of them `_`), a copy of a sentence that was read.

    Raises:
        InputError: no such file, a malformed line, with file and line, or no sentence that can be used.
    """
    path = Path(source)
    if not path.exists() and str(source).startswith("UD_"):
        path = fetch(str(source))
    files = sorted(p for p in path.iterdir() if p.suffix in READERS[:-1]) if path.is_dir() else [path]
    if not files:
        raise InputError(f"no treebank in {path}; a folder holds {', '.join(READERS[:-1])} files")
    if files[0].suffix not in READERS:
        raise InputError(f"{path}: a treebank ends in {', '.join(READERS)}")
    if not files[0].is_file():
        raise InputError(f"no treebank at {path}; give a file, a folder, or UD_<Name>/<file>.conllu@<release>")
    trees, left_out, before = [], Counter(), set()
    for file in files:
        trees += _usable(_read_pairs(file) if file.suffix == ".txt" else _read_columns(file), left_out, before)
    if not trees:
        raise InputError(f"{path} holds no sentence that can be used{_reasons(left_out)}")
    return trees, dict(left_out)


def _reasons(left_out: Counter) -> str:
    if not left_out:
        return ""
    said = ", ".join(f"{reason} {count}" for reason, count in left_out.items())
    way_out = "; the treebank's README says how to put its text back" if WITHHELD in left_out else ""
    return f"; left out: {said}{way_out}"


def _usable(sentences: Iterator[tuple[str, dict]], left_out: Counter, before: set) -> Iterator[Tree]:
    """Trees of what a file holds; the others are counted in `left_out`.

    Args:
        sentences: (id, fields of the tree) of each.
        before: ids and words of the sentences of earlier files; those of this one are added.
    """
    documents = {document for document, _, _ in before}
    for number, fields in sentences:
        own = (fields["document"], number, fields["words"])
        reason = WITHHELD if withheld(fields["words"]) else "a copy" if own in before else fault(fields["heads"])
        if reason:
            left_out[reason] += 1
            continue
        before.add(own)
        if fields["document"] in documents:
            fields["document"] += f" of {fields['place'].rpartition(',')[0]}"
        yield Tree(**fields)


def fetch(name: str) -> Path:
    """Download one file of a release of Universal Dependencies, once.

    Args:
        name: `UD_English-EWT/en_ewt-ud-dev.conllu@r2.14`, with `#sha256=...` at the end to pin its content. Without a
            pin the first download's checksum is kept beside the file, and every later one must match it.

    Raises:
        InputError: malformed name, no network, or another content than the checksum says.
    """
    match = re.fullmatch(r"(UD_[\w-]+)/([\w-]+\.conllu)@(r[\d.]+)(?:#sha256=([0-9a-f]{64}))?", name)
    if not match:
        raise InputError(f"{name!r} is not like UD_English-EWT/en_ewt-ud-dev.conllu@r2.14")
    import pooch  # of the companion; measuring does without

    repository, file, release, pinned = match.groups()
    folder = download_cache() / "treebanks" / f"{repository}-{release}"
    kept = folder / f"{file}.sha256"
    known = pinned or (kept.read_text(encoding="utf-8").strip() if kept.exists() else None)
    try:
        path = Path(pooch.retrieve(f"{RELEASES}/{repository}/{release}/{file}", known, file, folder))
    except (OSError, ValueError) as error:
        raise InputError(f"{name} could not be downloaded: {error}") from None
    kept.write_text(pooch.file_hash(path) + "\n", encoding="utf-8")
    return path


def _read_columns(path: Path) -> Iterator[tuple[str, dict]]:
    """CoNLL-U, and CoNLL-X, which has no comments: (id of the sentence, fields of its tree)."""
    document, described = str(path), ()
    for first, block in blocks(read_text(path)):
        if block[0].startswith("#begin document"):
            raise InputError(f"{path}, line {first}: CoNLL-2012 has no dependency trees; it is for DOCUMENTS")
        comments = dict(_comment(line) for line in block if line.startswith("#"))
        if "newdoc" in comments or "newdoc id" in comments:
            document = comments.get("newdoc id") or comments.get("newdoc") or f"{path}, line {first}"
        described = tuple((k, v) for k, v in comments.items() if k.startswith("global.")) or described
        rows, places = [], []
        for place, line in enumerate(block, first):
            row = [] if line.startswith("#") else re.split("\t" if "\t" in line else " {2,}", line)
            if row and not re.fullmatch(r"[0-9]+([-.][0-9]+)?", row[0]):
                raise InputError(
                    f"{path}, line {place}: {row[0]!r} is no number of a word; is this CoNLL-U or CoNLL-X?"
                )
            if not row or not row[0].isdigit():  # 3-4 (don't) and 3.1 (an empty node) are no words
                continue
            if not 8 <= len(row) <= 10:
                raise InputError(f"{path}, line {place}: {len(row)} columns; there are ten, with tabs between them")
            if int(row[0]) != len(rows) + 1 or not re.fullmatch("[0-9]+", row[6]) or not row[1].strip():
                raise InputError(f"{path}, line {place}: word {row[0]} has no head, no form or is not {len(rows) + 1}")
            rows.append(row)
            places.append(f"{path}, line {place}")
        for row, place in zip(rows, places, strict=True):
            if int(row[6]) > len(rows):
                raise InputError(f"{place}: word {row[0]} has head {row[6]}, of {len(rows)} words")
        if rows:
            fields = _columns(rows) | {"document": document, "place": places[0], "metadata": described}
            yield comments.get("sent_id") or places[0], fields


def _columns(rows: list[list[str]]) -> dict:
    """The columns of a block as fields of a tree; `_` is nothing, but as a word."""
    names = {"upos": 3, "xpos": 4, "relations": 7}
    return {
        "words": tuple(row[1] for row in rows),
        "heads": tuple(int(row[6]) - 1 for row in rows),
        "misc": tuple(_misc(row[9] if len(row) == 10 else "_") for row in rows),
    } | {name: tuple("" if row[place] == "_" else row[place] for row in rows) for name, place in names.items()}


def _misc(column: str) -> dict:
    parts = [part.partition("=") for part in column.split("|") if part not in ("", "_")]
    return {key: None if value in ("", "_") else value for key, _, value in parts}


def _comment(line: str) -> tuple[str, str]:
    key, _, value = line[1:].partition("=")
    return key.strip(), value.strip()


def _read_pairs(path: Path) -> Iterator[tuple[str, dict]]:
    """The authors' format, as `_read_columns`."""
    for first, block in blocks(read_text(path)):
        rows = []
        for number, line in enumerate(block, first):
            match = re.fullmatch(r"(\S+) ([0-9]+)-(\S+)", line)
            if not match:
                raise InputError(f"{path}, line {number}: {line!r} is not a word, a space and <head>-<relation>")
            if int(match[2]) > len(block):
                raise InputError(f"{path}, line {number}: the word has head {match[2]}, of {len(block)} words")
            rows.append([match[1], int(match[2]) - 1, match[3]])
        words, heads, relations = map(tuple, zip(*rows, strict=True))
        blank, place = ("",) * len(words), f"{path}, line {first}"
        fields = {"words": words, "upos": blank, "xpos": blank, "heads": heads, "relations": relations}
        yield place, fields | {"misc": ({},) * len(words), "document": "", "place": place}
