"""Attention of single heads on single sentences -> tidy tables (Figure 5, and a sentence of the reader's own)."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from insidebert.errors import InputError
from insidebert.measure.head_accuracy import DIRECTIONS, answers, asked_words
from insidebert.measure.word_attention import align, attended_words, word_maps
from insidebert.models.attention import reducible, run_with_attention
from insidebert.models.encoding import batches, encode
from insidebert.models.loading import Model
from insidebert.papers.look_at.selection import CANDIDATES, parts_of
from insidebert.text import coreference
from insidebert.text.antecedents import antecedents
from insidebert.text.coreference import Document
from insidebert.text.stanford import trees_of

SHOWN = ("dobj", "det", "poss", "auxpass", "pobj")
"""Relations of Figure 5; the sixth panel is coreference."""

WORDS = (9, 14)
"""Shortest and longest sentence that is shown."""

PART_WORDS = (10, 23)
"""The same for coreference, which needs more room."""

EXAMPLES = 2


def chosen_heads(relations: pd.DataFrame, methods: pd.DataFrame) -> dict[str, list]:
    """The best head of each function, from the tables of `syntax` and `selection`.

    Returns:
        model -> rows [function, direction, layer, head, accuracy], the heads one-based.
    """
    found: dict[str, list] = {}
    columns = ["relation", "direction", "layer", "head", "accuracy"]
    for (model, weights), own in relations.groupby(["model", "weights"], sort=False):
        if model in found:  # a model's random twin comes behind it
            continue
        by_name = own.set_index("relation", drop=False)
        found[model] = [[*by_name.loc[name, columns]] for name in SHOWN if name in by_name.index]
        wanted = {"model": model, "weights": weights, "method": "best head", "mentions": "all"}
        best = methods[(methods[list(wanted)] == pd.Series(wanted)).all(axis=1)]
        row = best[best["candidates"] == next(iter(CANDIDATES))].iloc[0]
        found[model].append(["coreference", DIRECTIONS[0], row["layer"], row["head"], row["accuracy"]])
    return {
        model: [[name, way, int(layer), int(head), float(share)] for name, way, layer, head, share in rows]
        for model, rows in found.items()
    }


def examples(model: Model, treebank: Path, heads: dict[str, list]) -> dict[str, pd.DataFrame]:
    """What the chosen heads do on two short sentences each.

    The sentences are the first short ones in which the head finds what it is the best head for; coreference takes
    parts of documents.

    Args:
        treebank: with trees and coreference.
        heads: from `chosen_heads`.

    Returns:
        lines: attention from word to word, and whether the line is one that the function is about.
    """
    if model.source.label not in heads:
        raise InputError(f"no heads were chosen for {model.source.label}; there are {', '.join(heads)}")
    trees = [tree for tree in trees_of(treebank, "stanford") if WORDS[0] <= len(tree) <= WORDS[1]]
    aligned = align(model, [tree.words for tree in trees])
    trees = [trees[i] for i in aligned.kept]
    given = answers(trees, attended_words(model, aligned.encoded))
    maps = word_maps(model, aligned.encoded)
    lines = []
    for name, way, layer, head, accuracy in heads[model.source.label]:
        about = {"function": name, "layer": layer, "head": head, "direction": way, "accuracy": accuracy}
        place = np.ravel_multi_index((DIRECTIONS.index(way), layer - 1, head - 1), given.shape)
        column = (layer - 1) * given.shape[2] + head - 1
        if name == "coreference":
            lines += _coreferent_lines(model, treebank, about, column)
            continue
        mine = given.relations == name
        wrong = given.sentences[mine & ~given.by_head[:, place]]
        right = np.setdiff1d(given.sentences[mine], wrong)  # every case of the sentence, not one of them
        for number, sentence in enumerate(right[:EXAMPLES]):
            tree = trees[sentence]
            asked = asked_words(tree)
            pairs = {(int(asked[w]), tree.heads[w]) for w, relation in enumerate(tree.relations) if relation == name}
            if way == DIRECTIONS[1]:
                pairs = {(goal, word) for word, goal in pairs}
            own = maps[sentence][:, : len(tree), column].astype(float)
            lines += _lines(about | {"example": number + 1}, tree.words, own, pairs)
    return {"lines": pd.DataFrame(lines)}


def _coreferent_lines(model: Model, treebank: Path, about: dict, column: int) -> list[dict]:
    short = [part for part in _pairs_of_sentences(treebank) if PART_WORDS[0] <= len(part.words) <= PART_WORDS[1]]
    parts, _, _ = parts_of(model, short)
    aligned = align(model, [part.words for part in parts])
    maps, lines, shown = word_maps(model, aligned.encoded), [], 0
    for number, part in enumerate(parts):
        heads = sorted({mention.head for mention in part.mentions})
        own = maps[number][:, : len(part.words), column].astype(float)
        gold = {
            (part.mentions[i].head, part.mentions[j].head) for i, before in antecedents(part).items() for j in before
        }
        picked = {word: max((h for h in heads if h != word), key=lambda h, word=word: own[word, h]) for word, _ in gold}
        if all((word, goal) in gold for word, goal in picked.items()) and shown < EXAMPLES:
            shown += 1
            lines += _lines(about | {"example": shown}, part.words, own, gold)
    return lines


def _pairs_of_sentences(treebank: Path) -> list[Document]:
    """Every sentence and the one behind it, as a document of its own."""
    found = []
    for document in coreference.documents(treebank):
        starts = (0, *document.ends[:-1])
        for start, stop in zip(starts, document.ends[1:], strict=False):
            found.append(coreference.part_of(document, start, stop))
    return found


def _lines(about: dict, words: tuple[str, ...], attention: np.ndarray, pairs: set[tuple[int, int]]) -> list[dict]:
    return [
        about
        | {"from_place": i, "from_piece": source, "to_place": j, "to_piece": goal}
        | {"attention": round(float(attention[i, j]), 4), "of_function": (i, j) in pairs}
        for i, source in enumerate(words)
        for j, goal in enumerate(words)
    ]


def own_sentence(model: Model, sentence: str) -> tuple[list[str], np.ndarray]:
    """All heads' attention between the pieces of one sentence of yours.

    Args:
        sentence: plain text; the words are what lies between spaces.

    Returns:
        [T] pieces, and [layers, heads, T, T] attention FROM axis 2 TO axis 3.
    """
    encoded = encode(model, [sentence.split()], special=True)
    with torch.inference_mode(), reducible(model.encoder) as encoder:
        (batch,) = batches(model, encoded)
        maps, _ = run_with_attention(encoder, lambda layer: layer.maps[0].cpu(), **batch.inputs)
    return model.tokenizer.convert_ids_to_tokens(encoded.ids[0]), torch.stack(maps).numpy()
