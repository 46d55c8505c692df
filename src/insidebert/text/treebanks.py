"""Dependency trees: CoNLL-U, CoNLL-X, the format of the paper's released code, Universal Dependencies by name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import conllu
import pooch

from insidebert.errors import InputError
from insidebert.files import download_cache

CONLL_X = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "phead", "pdeprel")
RELEASES = "https://raw.githubusercontent.com/UniversalDependencies"


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
        roots = [i + 1 for i, head in enumerate(self.heads) if head == -1]
        if len(roots) != 1:
            raise InputError(f"{self.place}: a tree has one root, this one has {len(roots)} (words {roots})")
        for word, head in enumerate(self.heads):
            if not -1 <= head < len(self.words):
                raise InputError(f"{self.place}: word {word + 1} has head {head + 1}, of {len(self.words)} words")
        for word in range(len(self.words)):
            if _above(self.heads, word) is None:
                raise InputError(f"{self.place}: the heads above word {word + 1} form a cycle")

    def __len__(self) -> int:
        return len(self.words)


def read(source: str | Path) -> list[Tree]:
    """Trees of a file, or of all such files of a folder.

    Args:
        source: a `.conllu` file; a `.conllx` or `.conll` file (ten columns, CoNLL-X); a `.txt` file with a word, a
            space and `<head>-<relation>` a line (0-root), the format of the paper's released code; a folder of files of
            the first two kinds, or `UD_English-EWT/en_ewt-ud-dev.conllu@r2.14`, which `fetch` downloads.

    Raises:
        InputError: no such file, or a malformed one, with file and line.
    """
    path = Path(source)
    if not path.exists() and str(source).startswith("UD_"):
        path = fetch(str(source))
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.suffix in READERS and p.suffix != ".txt"]
        if not found:
            raise InputError(f"no treebank in {path}; a folder holds .conllu, .conllx or .conll files")
        return [tree for file in found for tree in read(file)]
    if path.suffix not in READERS:
        raise InputError(f"{path}: a treebank ends in {', '.join(READERS)}")
    if not path.is_file():
        raise InputError(f"no treebank at {path}; give a file, a folder, or UD_<Name>/<file>.conllu@<release>")
    trees = list(READERS[path.suffix](path))
    if not trees:
        raise InputError(f"{path} holds no sentence")
    return trees


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


def _read_conllu(path: Path, fields=conllu.parser.DEFAULT_FIELDS) -> Iterator[Tree]:
    document, described = str(path), ()
    # conllu reads FEATS and DEPS as UD has them; here they are text, because CoNLL-X has them otherwise
    as_text = {name: (lambda line, i: line[i]) for name in ("feats", "deps", "phead", "pdeprel")}
    for first, block in _blocks(path):
        try:
            (sentence,) = conllu.parse("\n".join(block), fields=fields, field_parsers=as_text)
        except (conllu.exceptions.ParseException, ValueError) as error:
            raise InputError(f"{_culprit(path, first, block, fields, as_text)}: {error}") from None
        metadata = sentence.metadata
        if "newdoc" in metadata or "newdoc id" in metadata:
            document = metadata.get("newdoc id") or metadata.get("newdoc") or f"{path}, line {first}"
        described = tuple((k, v) for k, v in metadata.items() if k.startswith("global.")) or described
        tokens = [token for token in sentence if isinstance(token["id"], int)]  # not 3-4 (don't) and not 3.1 (empty)
        if not tokens:
            continue
        lines = [first + i for i, line in enumerate(block) if re.split(r"\t| {2,}", line)[0].isdigit()]
        for i, token in enumerate(tokens):
            if not isinstance(token.get("head"), int) or token["id"] != i + 1:
                raise InputError(f"{path}, line {lines[i]}: word {token['id']} has no head, or is not number {i + 1}")
        yield Tree(
            words=tuple(token["form"] for token in tokens),
            upos=tuple(token.get("upos") or "" for token in tokens),
            xpos=tuple(token.get("xpos") or "" for token in tokens),
            heads=tuple(token["head"] - 1 for token in tokens),
            relations=tuple(token.get("deprel") or "" for token in tokens),
            misc=tuple((token.get("misc") or {}) for token in tokens),
            document=document,
            place=f"{path}, line {lines[0]}",
            metadata=described,
        )


def _read_conllx(path: Path) -> Iterator[Tree]:
    return _read_conllu(path, CONLL_X)


def _read_pairs(path: Path) -> Iterator[Tree]:
    for first, block in _blocks(path):
        words, heads, relations = [], [], []
        for number, line in enumerate(block, first):
            match = re.fullmatch(r"(\S+) (\d+)-(\S+)", line)
            if not match:
                raise InputError(f"{path}, line {number}: {line!r} is not a word, a space and <head>-<relation>")
            words.append(match[1])
            heads.append(int(match[2]) - 1)
            relations.append(match[3])
        blank = ("",) * len(words)
        yield Tree(
            tuple(words), blank, blank, tuple(heads), tuple(relations), ({},) * len(words), "", f"{path}, line {first}"
        )


READERS = {".conllu": _read_conllu, ".conllx": _read_conllx, ".conll": _read_conllx, ".txt": _read_pairs}


def _blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without a blank one, with the number of their first line."""
    block: list[str] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines: a form may hold U+2028
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}") from None
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _culprit(path: Path, first: int, block: list[str], fields, parsers) -> str:
    """The line of a block that cannot be read."""
    for number, line in enumerate(block, first):
        try:
            conllu.parse(line, fields=fields, field_parsers=parsers)
        except (conllu.exceptions.ParseException, ValueError):
            return f"{path}, line {number}"
    return f"{path}, lines {first} to {first + len(block) - 1}"


def _above(heads: tuple[int, ...], word: int) -> int | None:
    """How many words stand above a word; None if the way up never ends."""
    for steps in range(len(heads)):
        if heads[word] == -1:
            return steps
        word = heads[word]
    return None
