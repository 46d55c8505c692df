"""Documents with coreference: three formats, and the cut at 128 pieces."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from insidebert.errors import InputError
from insidebert.text.files import WITHHELD, read_text, withheld
from insidebert.text.stanford import is_english
from insidebert.text.treebanks import Tree, read

KINDS = ("pronoun", "proper", "nominal")
ENTITY = re.compile(r"\((?P<opened>[^()]+)(?P<at_once>\))?|(?P<closed>[^()]+)\)")
PART = re.compile(r"(?P<id>.*)\[(?P<part>\d+)/(?P<parts>\d+)\]$")


@dataclass(frozen=True)
class Mention:
    """A mention of an entity that is mentioned more than once.

    Args:
        words: places in the document, ascending; with a gap if the mention is discontinuous.
        head: place of its head word.
        entity: id.
        kind: pronoun, proper or nominal.
    """

    words: tuple[int, ...]
    head: int
    entity: str
    kind: str


@dataclass(frozen=True)
class Document:
    """A text, or a part of one, with its mentions in the order of their head words.

    Args:
        name: of the document.
        words, tags: [W] with Penn tags.
        ends: [sentences] place after each sentence's last word.
        mentions: of entities with at least two of them.
    """

    name: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    ends: tuple[int, ...]
    mentions: tuple[Mention, ...]


def documents(source: str | Path) -> tuple[list[Document], dict[str, int]]:
    """Documents of a file or folder, each once.

    Args:
        source: CoNLL-U with `Entity=` in MISC (this project's treebank, or UD English GUM); a CoNLL-2012 file
            `*_conll`, or a folder of them. Of `v4_gold`, `v4_auto` and `v9_gold` beside each other, gold goes before
            automatic annotation, then the later version before the earlier.

    Returns:
        The documents; and reason -> how many documents (CoNLL-2012) or sentences (CoNLL-U) were left out.

    Raises:
        InputError: nothing readable, a malformed line or a bracket without its other half, with its place, or no
            coreference.
    """
    path = Path(source)
    files = sorted(path.rglob("*_conll"), key=_version) if path.is_dir() else [path] if _is_conll_2012(path) else []
    if files:
        found, left_out = _read_all(files)
    else:
        trees, left_out = read(source)
        found = list(_of_trees(trees))
    if not any(document.mentions for document in found):
        raise InputError(f"{source} has no coreference: no entity is mentioned twice")
    return found, left_out


def _version(path: Path) -> tuple:
    """Sorts gold before automatic annotation, later versions before earlier ones."""
    version = re.search(r"v([0-9]+)_", path.name)
    return "auto" in path.name, -int(version[1]) if version else 0, path


def _is_conll_2012(path: Path) -> bool:
    if path.name.endswith("_conll"):
        return True
    return path.suffix == ".conll" and path.is_file() and read_text(path).startswith("#begin document")


def _read_all(files: list[Path]) -> tuple[list[Document], dict[str, int]]:
    found: dict[str, Document] = {}
    left_out: Counter = Counter()
    for file in files:
        for document in _read_conll_2012(file):
            if document.name in found or withheld(document.words):
                left_out[WITHHELD if withheld(document.words) else "another version of a document"] += 1
            else:
                found[document.name] = document
    return list(found.values()), dict(left_out)


def _of_trees(trees: list[Tree]) -> Iterator[Document]:
    by_document: dict[str, list[Tree]] = {}
    penn = is_english(trees) or not any(any(tree.upos) for tree in trees)
    for tree in trees:
        by_document.setdefault(tree.document, []).append(tree if penn else replace(tree, xpos=tree.upos))
    for name, own in by_document.items():
        mentions, start, ends = [], 0, []
        for tree in own:
            mentions += [
                replace(m, words=tuple(start + w for w in m.words), head=start + m.head) for m in mentioned(tree)
            ]
            start += len(tree)
            ends.append(start)
        words, tags = (tuple(x for tree in own for x in getattr(tree, column)) for column in ("words", "xpos"))
        yield Document(name, words, tags, tuple(ends), _coreferent(mentions))


def mentioned(tree: Tree) -> list[Mention]:
    """Mentions of one sentence from `Entity=`, as UD's coreference format has it.

    `global.Entity` names what stands between the hyphens; `eid` (GUM: `GRP`) comes first. The head is the field
    `head` if there is one, else the word whose head lies outside; the kind is the field `kind`, else told by the tag.

    Raises:
        InputError: a bracket that does not open or close, with its place.
    """
    fields = dict(tree.metadata).get("global.Entity", "eid").split("-")
    open_now: list[tuple[str, dict, int]] = []
    spans: list[tuple[dict, str, list[int], int, int]] = []  # fields, entity, words, part, parts
    for word, misc in enumerate(tree.misc):
        brackets = misc.get("Entity") or ""
        if ENTITY.sub("", brackets):
            raise InputError(f"{tree.place}: Entity={brackets} of word {word + 1} is no row of brackets")
        for match in ENTITY.finditer(brackets):
            if match["opened"]:
                named = dict(zip(fields, match["opened"].split("-", len(fields) - 1), strict=False))
                bracket = named[fields[0]]
                if match["at_once"]:
                    spans.append(_span(bracket, named, [word]))
                else:
                    open_now.append((bracket, named, word))
                continue
            place = next((i for i in reversed(range(len(open_now))) if open_now[i][0] == match["closed"]), None)
            if place is None:
                raise InputError(f"{tree.place}: word {word + 1} closes entity {match['closed']}, which is not open")
            bracket, named, first = open_now.pop(place)
            spans.append(_span(bracket, named, list(range(first, word + 1))))
    if open_now:
        raise InputError(f"{tree.place}: entity {open_now[0][0]} opens at word {open_now[0][2] + 1} and never closes")
    return [_mention(tree, *span) for span in _joined(tree, spans)]


def _span(bracket: str, named: dict, words: list[int]) -> tuple[dict, str, list[int], int, int]:
    match = PART.match(bracket)
    return (
        (named, match["id"], words, int(match["part"]), int(match["parts"])) if match else (named, bracket, words, 1, 1)
    )


def _joined(tree: Tree, spans: list) -> Iterator[tuple[dict, str, list[int]]]:
    """Parts of discontinuous mentions put together: (fields, entity, words)."""
    waiting: dict[str, tuple[dict, list[int], int]] = {}
    for named, entity, words, part, parts in sorted(spans, key=lambda span: span[3]):
        if parts == 1:
            yield named, entity, words
            continue
        first, before, seen = waiting.pop(entity, (named, [], 0))
        if part != seen + 1:
            raise InputError(f"{tree.place}: entity {entity} has part {part} of {parts} without the one before")
        if part == parts:
            yield first, entity, before + words
        else:
            waiting[entity] = first, before + words, part
    if waiting:
        raise InputError(f"{tree.place}: entity {min(waiting)} lacks its last part")


def _mention(tree: Tree, named: dict, entity: str, words: list[int]) -> Mention:
    outside = [word for word in words if tree.heads[word] not in words]
    nouns = [word for word in outside if tree.xpos[word].startswith(("N", "PRP", "WP", "PRO"))]
    given = named.get("head", "")
    if given and not (re.fullmatch("[0-9]+", given) and 1 <= int(given) <= len(words)):
        raise InputError(f"{tree.place}: entity {entity} has head {given}, of {len(words)} words")
    head = words[int(given) - 1] if given else (nouns or outside)[0]
    if not tree.xpos[head] and not named.get("kind"):
        raise InputError(f"{tree.place}: word {head + 1} has no tag, so entity {entity} has no kind; tag it in UPOS")
    return Mention(tuple(words), head, entity, named.get("kind") or kind_of(tree.xpos[head]))


def kind_of(tag: str) -> str:
    """Tag of a head word, of OntoNotes or a universal one -> pronoun (demonstratives too), proper or nominal."""
    if tag.startswith(("PRP", "WP", "DT", "WDT", "EX", "PRON")) or tag in ("DET", "PN"):
        return "pronoun"
    return "proper" if tag.startswith(("NNP", "NOUN_PROP")) or tag in ("PROPN", "NR") else "nominal"


def _coreferent(mentions: list[Mention]) -> tuple[Mention, ...]:
    names = [mention.entity for mention in mentions]
    kept = [mention for mention in mentions if names.count(mention.entity) > 1]
    return tuple(sorted(kept, key=lambda mention: (mention.head, -len(mention.words))))


def _read_conll_2012(path: Path) -> Iterator[Document]:
    """OntoNotes: word and tag in columns 4 and 5, coreference in the last; `#begin document` ... `#end document`."""
    name, words, tags, ends, mentions, stack = None, [], [], [], [], []
    number = 0
    for number, line in enumerate(read_text(path).split("\n"), 1):
        begins, ends_here = line.startswith("#begin document"), line.startswith("#end document")
        if begins or ends_here or not line:
            if stack:
                raise InputError(f"{path}, line {number}: entity {stack[0][0]} opens and never closes in its sentence")
            if words and (not ends or ends[-1] < len(words)):
                ends.append(len(words))
        if begins and name is None:
            name, words, tags, ends, mentions = line[len("#begin document") :].strip(), [], [], [], []
        elif begins or (ends_here and name is None):
            raise InputError(f"{path}, line {number}: #begin and #end document do not alternate")
        elif ends_here:
            if words:
                yield Document(name, tuple(words), tuple(tags), tuple(ends), _coreferent(mentions))
            name = None
        elif line and not line.startswith("#"):
            columns = line.split()
            if name is None or len(columns) < 12:
                found = f"{len(columns)} columns" if name else "a word outside a document"
                raise InputError(
                    f"{path}, line {number}: {found}; CoNLL-2012 has at least 12 columns, below a line "
                    "'#begin document'; mend it"
                )
            words.append(columns[3])
            tags.append(columns[4])
            for item in columns[-1].split("|") if columns[-1] != "-" else []:
                bracket = re.fullmatch(r"(\(?)([^()]+)(\)?)", item)
                if not bracket or not (bracket[1] or bracket[3]):
                    raise InputError(
                        f"{path}, line {number}: {item!r} opens no mention and closes none; it is (ID, ID) or (ID)"
                    )
                entity = bracket[2]
                if bracket[1]:
                    stack.append((entity, len(words) - 1))
                if bracket[3]:
                    place = next((i for i in reversed(range(len(stack))) if stack[i][0] == entity), None)
                    if place is None:
                        raise InputError(f"{path}, line {number}: entity {entity} closes and is not open")
                    span = range(stack.pop(place)[1], len(words))
                    head = _head_by_tags(tags, span)
                    mentions.append(Mention(tuple(span), head, entity, kind_of(tags[head])))
    if name is not None:
        raise InputError(f"{path}, line {number}: the last document has no #end document; the file may be cut off")


def _head_by_tags(tags: list[str], span: range) -> int:
    """Without a dependency tree: the last noun or pronoun before the mention's first preposition, comma or clause."""
    nouns = [word for word in span if tags[word].startswith(("N", "PRP"))]
    if not nouns:
        return span[-1]
    stops = [word for word in span if word > nouns[0] and re.match(r"IN|TO|,|:|-LRB-|W|VB", tags[word])]
    return max(word for word in nouns if not stops or word < stops[0])


def cut(document: Document, pieces: np.ndarray, longest: int) -> tuple[list[Document], int]:
    """A document in parts of whole sentences, each as long as the limit allows; entities are those of the part.

    Args:
        pieces: [W] word pieces of each word.
        longest: pieces a part may have, special ones not counted.

    Returns:
        The parts, and how many sentences were longer than the limit and left out.
    """
    total = np.r_[0, np.cumsum(pieces)]
    parts, skipped, start, stop = [], 0, 0, 0
    for first, last in zip((0, *document.ends[:-1]), document.ends, strict=True):
        if total[last] - total[first] > longest or (pieces[first:last] == 0).any():
            parts.append((start, stop))
            skipped += 1
            start = stop = last
        elif total[last] - total[start] > longest:
            parts.append((start, stop))
            start, stop = first, last
        else:
            stop = last
    return [part_of(document, *bounds) for bounds in [*parts, (start, stop)] if bounds[0] < bounds[1]], skipped


def part_of(document: Document, start: int, stop: int) -> Document:
    """The words from `start` to before `stop`; entities are those that are mentioned twice there."""
    inside = [m for m in document.mentions if m.words[0] >= start and m.words[-1] < stop]
    shifted = [replace(m, words=tuple(w - start for w in m.words), head=m.head - start) for m in inside]
    ends = tuple(end - start for end in document.ends if start < end <= stop)
    return Document(document.name, document.words[start:stop], document.tags[start:stop], ends, _coreferent(shifted))
