"""Entities and coreference of UD English GUM as edges; the two parts are its training and development documents."""

import re
from collections import Counter
from pathlib import Path

from insidebert.text import edge_trees
from insidebert.text.coreference import mentioned
from insidebert.text.edges import EdgeSentence, Target
from insidebert.text.files import read_text
from insidebert.text.treebanks import Tree, read


def entities(folder: Path, left_out: Counter) -> tuple[list[EdgeSentence], list[EdgeSentence]]:
    """GUM's entities of ten types, named or not, nested ones included."""

    def typed(tree: Tree) -> list[Target]:
        fields = dict(tree.metadata).get("global.Entity", "").split("-")
        types = _types(tree, fields)
        found = []
        for mention in mentioned(tree):
            span = (mention.words[0], mention.words[-1] + 1)
            kind = types.get((mention.entity, mention.words[0]))
            gap = span[1] - span[0] > len(mention.words)
            left_out["mention with a gap or without a type"] += gap or not kind
            found += [] if gap or not kind else [Target(span, None, (kind,))]
        return found

    train, test = (
        edge_trees.read_all(path, typed, left_out)
        for path in (folder / "gum" / "en_gum-ud-train-part.conllu", folder / "coref")
    )
    return train, test


def _types(tree: Tree, fields: list[str]) -> dict[tuple[str, int], str]:
    """(entity, first word) -> type of the outermost mention that begins there, from the brackets of `Entity=`."""
    found: dict[tuple[str, int], str] = {}
    for word, misc in enumerate(tree.misc):
        for opened in re.findall(r"\(([^()]+)", misc.get("Entity") or ""):
            named = dict(zip(fields, opened.split("-", len(fields) - 1), strict=False))
            found.setdefault((named[fields[0]].partition("[")[0], word), named.get("etype", ""))
    return found


def coreference(folder: Path, left_out: Counter) -> tuple[list[EdgeSentence], list[EdgeSentence]]:
    """Every pair of mentions of a sentence, in the OntoNotes scheme (OntoGUM); sentences come from the trees."""
    parts = []
    for path, part in ((folder / "gum" / "en_gum-ud-train-part.conllu", "train"), (folder / "coref", "dev")):
        trees, lost = read(path)
        left_out.update(lost)
        documents: dict[str, list[Tree]] = {}
        for tree in trees:
            documents.setdefault(tree.document, []).append(tree)
        sentences = []
        for name, own in documents.items():
            chains = folder / "gum" / "ontogum" / part / f"{name}.conll"
            if not chains.exists():
                left_out["document without OntoGUM"] += 1
                continue
            sentences += _chained(name, own, chains, left_out)
        parts.append(sentences)
    return parts[0], parts[1]


def _chained(name: str, trees: list[Tree], path: Path, left_out: Counter) -> list[EdgeSentence]:
    lines = [line.split("\t") for line in read_text(path).split("\n") if line and not line.startswith("#")]
    words = [word for tree in trees for word in tree.words]
    if [row[1] for row in lines] != words:
        left_out["document whose words differ in OntoGUM"] += 1
        return []
    sentences, start = [], 0
    for tree in trees:
        mentions = _brackets([row[2] for row in lines[start : start + len(tree)]], left_out)
        sentences.append(EdgeSentence(tree.words, tuple(edge_trees.pairs(mentions)), name))
        start += len(tree)
    return sentences


def _brackets(cells: list[str], left_out: Counter) -> dict[tuple[int, int], str]:
    """Span -> entity of one sentence, from cells such as `(4`, `4)3)` and `(1)`."""
    found, stack = {}, []
    for word, cell in enumerate(cells):
        for opened, at_once, closed in re.findall(r"\((\w+)(\))?|(\w+)\)", "" if cell == "_" else cell):
            if opened and not at_once:
                stack.append((opened, word))
                continue
            entity = opened or closed
            place = next((i for i in reversed(range(len(stack))) if stack[i][0] == entity), None)
            if closed and place is None:
                left_out["mention that crosses sentences"] += 1
                continue
            first = word if at_once else stack.pop(place)[1]
            if found.setdefault((first, word + 1), entity) != entity:
                left_out["mention of two entities"] += 1
    left_out["mention that crosses sentences"] += len(stack)
    return found
