"""Attention of single heads on single sentences -> tidy tables (Figure 5, and a sentence of the reader's own)."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from insidebert.errors import InputError
from insidebert.measure.head_accuracy import DIRECTIONS, HeadHits, answers, asked_words
from insidebert.measure.word_attention import align, attended_words, word_maps
from insidebert.models.attention import attention_batches
from insidebert.models.encoding import encode
from insidebert.models.loading import Model
from insidebert.papers.look_at.selection import CANDIDATES, parts_of
from insidebert.papers.look_at.surface import attention_lines
from insidebert.papers.look_at.syntax import SHOWN
from insidebert.text import coreference
from insidebert.text.antecedents import antecedents
from insidebert.text.coreference import Document
from insidebert.text.stanford import trees_of
from insidebert.text.treebanks import Tree

WORDS = (9, 14)
"""Shortest and longest sentence that is shown."""

PART_WORDS = (10, 23)
"""The same for coreference, which needs more room."""

EXAMPLES = 2


def chosen_heads(relations: pd.DataFrame, methods: pd.DataFrame) -> pd.DataFrame:
    """The best head of each function, from the tables of `syntax` and `selection`.

    Returns:
        A row per model and function: `model`, `function`, `direction`, `layer`, `head` (from 1) and `accuracy`; of the
        trained model where its random twin was measured too.
    """
    syntactic = _trained(relations[relations["relation"].isin(SHOWN)]).rename(columns={"relation": "function"})
    best = (methods["method"] == "best head") & (methods["mentions"] == "all")
    antecedent = _trained(methods[best & (methods["candidates"] == next(iter(CANDIDATES)))])
    antecedent = antecedent.assign(function="coreference", direction=DIRECTIONS[0])
    rows = pd.concat([syntactic, antecedent], ignore_index=True)
    order = {name: i for i, name in enumerate([*rows["model"].unique(), *SHOWN, "coreference"])}
    rows = rows.sort_values(["model", "function"], key=lambda names: names.map(order), ignore_index=True)
    columns = ["model", "function", "direction", "layer", "head", "accuracy"]
    return rows[columns].astype({"layer": int, "head": int})


def _trained(rows: pd.DataFrame) -> pd.DataFrame:
    """Of every model its first weights: a random twin comes behind the model."""
    return rows[rows["weights"] == rows.groupby("model")["weights"].transform("first")]


def examples(model: Model, treebank: Path, heads: dict[str, list[dict]]) -> dict[str, pd.DataFrame]:
    """What the chosen heads do on two short sentences each.

    The sentences are the first short ones in which the head finds what it is the best head for; coreference takes
    parts of documents.

    Args:
        treebank: with trees and coreference.
        heads: model -> its rows of `chosen_heads`, as dictionaries.

    Returns:
        lines: attention from word to word, and whether the line is one that the function is about.

    Raises:
        InputError: no heads were chosen for this model.
    """
    if model.source.label not in heads:
        raise InputError(f"no heads were chosen for {model.source.label}; there are {', '.join(heads)}")
    trees = [tree for tree in trees_of(treebank, "stanford")[0] if WORDS[0] <= len(tree) <= WORDS[1]]
    aligned = align(model, [tree.words for tree in trees])
    trees = [trees[i] for i in aligned.kept]
    given = answers(trees, attended_words(model, aligned.encoded))
    maps, lines = word_maps(model, aligned.encoded), []
    for row in heads[model.source.label]:
        about = {name: row[name] for name in ("function", "layer", "head", "direction", "accuracy")}
        place = (DIRECTIONS.index(row["direction"]), row["layer"] - 1, row["head"] - 1)
        column = int(np.ravel_multi_index(place[1:], given.shape[1:]))
        if row["function"] == "coreference":
            lines += _coreferent_lines(model, treebank, about, column)
            continue
        right = _sentences_found(given, row["function"], place)
        for number, sentence in enumerate(right[:EXAMPLES]):
            tree = trees[sentence]
            own = maps[sentence][:, : len(tree), column].astype(float)
            lines += _lines(about | {"example": number + 1}, tree.words, own, _pairs(tree, row))
    return {"lines": pd.DataFrame(lines)}


def _sentences_found(given: HeadHits, relation: str, place: tuple[int, int, int]) -> np.ndarray:
    """Sentences in which a head finds every word of a relation."""
    mine = given.relations == relation
    wrong = given.sentences[mine & ~given.by_head[:, np.ravel_multi_index(place, given.shape)]]
    return np.setdiff1d(given.sentences[mine], wrong)


def _pairs(tree: Tree, row: dict) -> set[tuple[int, int]]:
    """From which word to which a head of a relation looks."""
    asked = asked_words(tree)
    pairs = {(int(asked[w]), tree.heads[w]) for w, name in enumerate(tree.relations) if name == row["function"]}
    return pairs if row["direction"] == DIRECTIONS[0] else {(goal, word) for word, goal in pairs}


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
    for document in coreference.documents(treebank)[0]:
        starts = (0, *document.ends[:-1])
        for start, stop in zip(starts, document.ends[1:], strict=False):
            found.append(coreference.part_of(document, start, stop))
    return found


def _lines(about: dict, words: tuple[str, ...], attention: np.ndarray, pairs: set[tuple[int, int]]) -> list[dict]:
    rows = attention_lines(about, words, attention)
    return [row | {"of_function": (row["from_place"], row["to_place"]) in pairs} for row in rows]


def own_sentence(model: Model, sentence: str) -> tuple[list[str], np.ndarray]:
    """All heads' attention between the pieces of one sentence of yours.

    Args:
        sentence: plain text; the words are what lies between spaces.

    Returns:
        [T] pieces, and [layers, heads, T, T] attention FROM axis 2 TO axis 3.
    """
    encoded = encode(model, [sentence.split()], special=True)
    ((_, maps),) = attention_batches(model, encoded, lambda _: lambda layer: layer.maps[0].cpu())
    return model.tokenizer.convert_ids_to_tokens(encoded.ids[0]), torch.stack(maps).numpy()
