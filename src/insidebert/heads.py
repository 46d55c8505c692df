"""Heads as classifiers of dependency relations: which word's head does a head of attention find?"""

from dataclasses import dataclass

import numpy as np

from insidebert.statistics import interval, replicates
from insidebert.treebanks import Tree

OFFSETS = (-3, -2, -1, 1, 2)
"""Fixed offsets that a head has to beat (the authors' range)."""

DIRECTIONS = ("dependent to head", "head to dependent")
POSSESSIVES = {"poss", "nmod:poss"}
CLITICS = {"'s", "’s"}


@dataclass(frozen=True)
class Answers:
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


def answers(trees: list[Tree], attended: list[np.ndarray]) -> Answers:
    """Compare the attended words with the trees.

    Root words have no head in the sentence, so nothing can find it; they count as errors where all words are counted,
    as in the paper. A possessor followed by 's is represented by the 's, which is what the paper's `poss` rule says:
    possessors are attended from there. Offsets know no such rule.

    Args:
        attended: per tree, [2, W, layers, heads], from `word_attention.attended_words`.
    """
    by_head, by_offset = [], []
    for tree, found in zip(trees, attended, strict=True):
        gold = np.array(tree.heads)
        speaker = np.arange(len(tree))
        for word, relation in enumerate(tree.relations[:-1]):
            if relation in POSSESSIVES and tree.words[word + 1].lower() in CLITICS:
                speaker[word] = word + 1
        right = found[:, speaker] == gold[:, None, None]
        right[:, gold == -1] = False
        by_head.append(np.moveaxis(right, 1, 0).reshape(len(tree), -1))
        by_offset.append((np.arange(len(tree))[:, None] + OFFSETS == gold[:, None]) & (gold[:, None] >= 0))
    return Answers(
        np.array([relation for tree in trees for relation in tree.relations]),
        np.repeat(np.arange(len(trees)), [len(tree) for tree in trees]),
        np.concatenate(by_head),
        np.concatenate(by_offset),
        (2, *attended[0].shape[2:]),
    )


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


def best_head(given: Answers, relation: str | None, seed: int = 0) -> Best | None:
    """The best head for a relation, as published and as it should be.

    Args:
        relation: None for all words.
        seed: of the split into halves.

    Returns:
        None where a half holds no case.
    """
    chosen = slice(None) if relation is None else given.relations == relation
    heads, offsets, sentences = given.by_head[chosen], given.by_offset[chosen], given.sentences[chosen]
    half = np.random.default_rng(seed).permutation(given.sentences.max() + 1)[sentences] % 2
    if not 0 < half.sum() < len(half):
        return None
    everywhere, offset = heads.sum(0), offsets.sum(0)
    picked = [int(heads[half == side].sum(0).argmax()) for side in (1, 0)]  # for half 0: chosen on half 1
    picked_offset = [int(offsets[half == side].sum(0).argmax()) for side in (1, 0)]
    right = np.where(half == 0, heads[:, picked[0]], heads[:, picked[1]])
    beside = np.where(half == 0, offsets[:, picked_offset[0]], offsets[:, picked_offset[1]])
    by_sentence = np.stack(
        [np.bincount(sentences, weights) for weights in (right, beside, np.ones(len(right)))], axis=1
    )
    means = replicates(by_sentence[by_sentence[:, 2] > 0])
    low, high = interval(means[:, 0] / means[:, 2])
    gain_low, gain_high = interval((means[:, 0] - means[:, 1]) / means[:, 2])
    best = int(everywhere.argmax())
    return Best(
        cases=len(heads),
        head=tuple(int(part) for part in np.unravel_index(best, given.shape)),
        accuracy=everywhere[best] / len(heads),
        offset=OFFSETS[int(offset.argmax())],
        offset_accuracy=offset.max() / len(heads),
        held_out=right.mean(),
        low=low,
        high=high,
        gain=right.mean() - beside.mean(),
        gain_low=gain_low,
        gain_high=gain_high,
        stable=picked[0] == picked[1],
    )
