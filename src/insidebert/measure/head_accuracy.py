"""Heads as classifiers of dependency relations: which word's head does a head of attention find?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.word_attention import align, attended_words
from insidebert.models.loading import Model
from insidebert.text.treebanks import Tree

OFFSETS = (-3, -2, -1, 1, 2)
"""Fixed offsets that a head has to beat (the authors' range)."""

DIRECTIONS = ("dependent to head", "head to dependent")
POSSESSIVES = {"poss", "nmod:poss"}
CLITICS = {"'s", "’s"}


@dataclass(frozen=True)
class HeadHits:
    """What heads and offsets say about every word of a treebank.

    Args:
        relations: [words].
        sentences: [words] the sentence each word is in.
        by_head: [words, 2 * layers * heads] bool, whether the word found is the gold head, by direction, layer, head.
        by_offset: [words, offsets] bool.
        shape: (2, layers, heads).
    """

    relations: np.ndarray
    sentences: np.ndarray
    by_head: np.ndarray
    by_offset: np.ndarray
    shape: tuple[int, int, int]


def head_accuracy(model: Model, trees: Sequence[Tree | tuple]) -> pd.DataFrame:
    """How often every head, from a word, looks most at the word's head in the tree (Clark et al. 2019, section 4.2).

    Args:
        trees: with gold heads; or (words, heads, relations) of each sentence, heads zero-based and -1 for the root.

    Returns:
        A row per relation (`all` for all words), direction, layer and head (one-based): accuracy, a share of `cases`
        words. Sentences that the model cannot take are counted by reason in `.attrs["skipped"]`.

    Raises:
        InputError: a tree with a head outside it, or no sentence that fits the model.

    Example:
        >>> import insidebert as ib
        >>> tree = ("The", "girl", "sleeps"), (1, 2, -1), ("det", "nsubj", "root")
        >>> table = ib.head_accuracy(ib.load("distilbert-cased"), [tree])
        >>> len(table), sorted(table["relation"].unique())
        (576, ['all', 'det', 'nsubj', 'root'])
    """
    trees = [tree if isinstance(tree, Tree) else _tree(i, *tree) for i, tree in enumerate(trees)]
    aligned = align(model, [tree.words for tree in trees])
    table = accuracy_table(answers([trees[i] for i in aligned.kept], attended_words(model, aligned.encoded)))
    table.attrs["skipped"] = aligned.skipped
    return table


def accuracy_of_maps(
    maps: Sequence[np.ndarray], heads: Sequence[Sequence[int]], relations: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """The same from maps between words that you have.

    Args:
        maps: per sentence, [layers, heads, W, W] FROM axis 2 TO axis 3.
        heads: per sentence, [W] zero-based place of each word's head, -1 for the root.
        relations: per sentence, [W].

    Example:
        >>> next_word = np.eye(3, k=1)[None, None]
        >>> table = accuracy_of_maps([next_word], [[1, 2, -1]], [["det", "nsubj", "root"]])
        >>> there = table[table["direction"] == "dependent to head"]
        >>> dict(zip(there["relation"], there["accuracy"].round(2)))
        {'all': 0.67, 'det': 1.0, 'nsubj': 1.0, 'root': 0.0}
    """
    trees = [_tree(i, [""] * len(own), own, names) for i, (own, names) in enumerate(zip(heads, relations, strict=True))]
    return accuracy_table(answers(trees, [attended_in_maps(own) for own in maps]))


def attended_in_maps(maps: np.ndarray) -> np.ndarray:
    """[layers, heads, W, W] -> [2, W, layers, heads] like `attended_words`; no word is its own candidate."""
    others = np.where(np.eye(maps.shape[-1], dtype=bool), -1.0, maps)
    found = np.stack([others.argmax(-1), others.argmax(-2)])
    return np.moveaxis(found if maps.shape[-1] > 1 else found - 1, -1, 1)


def accuracy_table(given: "HeadHits") -> pd.DataFrame:
    """A row per relation, direction, layer and head."""
    names = [None, *np.unique(given.relations).tolist()]
    shares, cases = accuracies(given, names), _members(given, names).sum(1).astype(int)
    labels = [["all", *names[1:]], DIRECTIONS, *(range(1, n + 1) for n in given.shape[1:])]
    places = pd.MultiIndex.from_product(labels, names=["relation", "direction", "layer", "head"])
    table = pd.Series(shares.ravel(), places).rename("accuracy").reset_index()
    table["accuracy"] = table["accuracy"].astype(float)
    return table.assign(cases=np.repeat(cases, shares[0].size))


def _tree(number: int, words: Sequence[str], heads: Sequence[int], relations: Sequence[str]) -> Tree:
    if not len(words) == len(heads) == len(relations) or not all(-1 <= head < len(words) for head in heads):
        raise InputError(f"tree {number + 1}: each of its words needs a relation and a head in the sentence, or -1")
    none = ("",) * len(words)
    return Tree(tuple(words), none, none, tuple(int(head) for head in heads), tuple(relations))


def answers(trees: list[Tree], attended: list[np.ndarray]) -> HeadHits:
    """Compare the attended words with the trees.

    Root words have no head in the sentence, so nothing can find it; they count as errors where all words are counted,
    as in the paper. A possessor followed by 's is represented by the 's, which is what the paper's `poss` rule says:
    possessors are attended from there. An offset counts from the 's likewise, as in the authors' code.

    Args:
        attended: per tree, [2, W, layers, heads], from `word_attention.attended_words`.
    """
    by_head, by_offset = [], []
    for tree, found in zip(trees, attended, strict=True):
        gold = np.array(tree.heads)
        asked = asked_words(tree)
        right = found[:, asked] == gold[:, None, None]
        right[:, gold == -1] = False
        by_head.append(np.moveaxis(right, 1, 0).reshape(len(tree), -1))
        by_offset.append((asked[:, None] + OFFSETS == gold[:, None]) & (gold[:, None] >= 0))
    return HeadHits(
        np.array([relation for tree in trees for relation in tree.relations]),
        np.repeat(np.arange(len(trees)), [len(tree) for tree in trees]),
        np.concatenate(by_head),
        np.concatenate(by_offset),
        (2, *attended[0].shape[2:]),
    )


def asked_words(tree: Tree) -> np.ndarray:
    """[W] the word whose attention counts for each word: itself, but for a possessor followed by 's the 's."""
    asked = np.arange(len(tree))
    for word, relation in enumerate(tree.relations[:-1]):
        if relation in POSSESSIVES and tree.words[word + 1].lower() in CLITICS:
            asked[word] = word + 1
    return asked


@dataclass(frozen=True)
class Best:
    """The best head of a relation and how much of it is luck.

    Args:
        cases: dependents with the relation.
        head: (direction, layer, head), zero-based, best on all cases: the paper's way.
        accuracy: its share of right answers on the same cases.
        offset, offset_accuracy: the same for fixed offsets.
        held_out, low, high: each half of the sentences scored with the head chosen on the other one; 95% bootstrap
            interval over sentences.
        gain, gain_low, gain_high: held-out accuracy minus that of an offset chosen likewise.
        stable: whether both halves choose the same head.
    """

    cases: int
    head: tuple[int, int, int]
    accuracy: float
    offset: int
    offset_accuracy: float
    held_out: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    stable: bool


def accuracies(given: HeadHits, relations: list[str | None]) -> np.ndarray:
    """[relations, directions, layers, heads] share of a relation's dependents whose head was found; None: all words."""
    members = _members(given, relations)
    right = members @ given.by_head.astype(np.float32)
    return (right / members.sum(1, keepdims=True)).reshape(-1, *given.shape)


def best_heads(given: HeadHits, relations: list[str | None], seed: int = 0) -> dict[str | None, Best]:
    """The best head of each relation, as published and as it should be.

    Args:
        relations: None stands for all words.
        seed: of the split of the sentences into halves.

    Returns:
        A relation that one of the halves lacks is left out.

    Raises:
        InputError: no relation is in both halves.
    """
    members = _members(given, relations)
    half = np.random.default_rng(seed).permutation(given.sentences.max() + 1)[given.sentences] % 2
    sides = [members * (half == side) for side in (0, 1)]
    there = [i for i in range(len(relations)) if sides[0][i].any() and sides[1][i].any()]
    if not there:
        raise InputError("too few sentences: a head is chosen on one half of them and scored on the other")
    relations, members = [relations[i] for i in there], members[there]
    published, held, picks = [], [], []
    for answers_of in (given.by_head, given.by_offset):
        right = [side[there] @ answers_of.astype(np.float32) for side in sides]  # [relations, heads or offsets]
        first, second = right[1].argmax(1), right[0].argmax(1)  # the half that is scored does not choose
        published.append(right[0] + right[1])
        held.append(np.where(half == 0, answers_of[:, first].T, answers_of[:, second].T) * members)
        picks.append(first == second)
    low_high = _intervals(np.stack([*held, members]), given.sentences)
    found = {}
    for i, relation in enumerate(relations):
        cases, (by_head, by_offset) = int(members[i].sum()), (scores[i] for scores in published)
        best, offset = int(by_head.argmax()), int(by_offset.argmax())
        right, beside = (scores[i].sum() / cases for scores in held)
        found[relation] = Best(
            cases=cases,
            head=tuple(int(part) for part in np.unravel_index(best, given.shape)),
            accuracy=float(by_head[best] / cases),
            offset=OFFSETS[offset],
            offset_accuracy=float(by_offset[offset] / cases),
            held_out=float(right),
            low=low_high[i][0][0],
            high=low_high[i][0][1],
            gain=float(right - beside),
            gain_low=low_high[i][1][0],
            gain_high=low_high[i][1][1],
            stable=bool(picks[0][i]),
        )
    return found


def _members(given: HeadHits, relations: list[str | None]) -> np.ndarray:
    """[relations, words] 1 where a word counts for a relation."""
    everything = np.ones(len(given.relations), dtype=bool)
    return np.array([everything if r is None else given.relations == r for r in relations], dtype=np.float32)


def _intervals(counts: np.ndarray, sentences: np.ndarray) -> list[tuple]:
    """Per relation, the 95% intervals over sentences of a head's accuracy, and of its gain over an offset.

    Args:
        counts: [3, relations, words]: right by head, right by offset, cases.
    """
    order = np.flatnonzero(np.r_[True, np.diff(sentences) > 0])
    by_sentence = np.add.reduceat(counts, order, axis=2)  # [3, relations, sentences]
    means = replicates(by_sentence.reshape(-1, by_sentence.shape[2]).T).reshape(-1, 3, counts.shape[1])
    found = []
    for head, offset, cases in zip(*np.moveaxis(means, 0, 2), strict=True):
        drawn = cases > 0  # a resample may lack a rare relation
        shares, beside = head[drawn] / cases[drawn], offset[drawn] / cases[drawn]
        found.append((interval(shares), interval(shares - beside)))
    return found
