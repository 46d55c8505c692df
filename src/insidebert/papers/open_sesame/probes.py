"""Experiment 1 (section 3): diagnostic classifiers layer by layer -> tidy tables."""

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.models.encoding import encode, encode_within, hidden_states, state_names
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import grammar
from insidebert.probes.position import PositionProbe, control_targets
from insidebert.text import corpus

CHUNK = 4096
"""Sentences encoded at a time; a few GB of states for the largest model, whatever the size of the corpus."""

TASKS = {
    "main_auxiliary": ("main_auxiliary.plain", ["main_auxiliary.relative"]),
    "subject_noun": ("subject_noun.plain", ["subject_noun.compound", "subject_noun.possessive"]),
}
"""Task -> condition of training and development, conditions of generalization."""

POSITIONS = tuple(range(2, 10))
"""n of the n-th token task."""

PIECE_RANGE = (10, 30)
"""Length in pieces of the sentences of the n-th token task."""


def grammar_task(
    model: Model, task: str, train: int, development: int, generalization: int, epochs: int, seeds: Sequence[int]
) -> dict[str, pd.DataFrame]:
    """Main auxiliary or subject noun: accuracy by layer on development and generalization sets.

    Args:
        task: a key of TASKS.
        train, development, generalization: sentences.
        epochs: passes over the training sentences.
        seeds: one probe each; their mean is what is reported.

    Returns:
        accuracy: a row per split, state and probe (`task`, or the `control` of Hewitt and Liang 2019), share correct
            with a 95% bootstrap interval over sentences.
        contrasts: planned comparisons between layers, paired over sentences.
    """
    plain, others = TASKS[task]
    source = grammar("probing")
    seen = source.sample(plain, train + development, seed=0)
    sets = {plain: seen} | {other: source.sample(other, generalization, seed=0) for other in others}
    encoded = {split: encode(model, [s.words for s in sampled], special=False) for split, sampled in sets.items()}
    targets = {}
    for split, sampled in sets.items():
        gold = [encoded[split].pieces_of(i, [s.target])[0] for i, s in enumerate(sampled)]
        targets[split] = np.stack([gold, control_targets(encoded[split].ids, seed=0)], axis=1)
    test = {plain: range(train, train + development)} | {other: range(generalization) for other in others}
    correct = _probed(model, encoded, targets, plain, range(train), test, epochs, seeds)
    accuracy, contrasts = [], []
    for split, shares in correct.items():
        accuracy += _accuracy_rows(model, shares, {"split": split}, ["task", "control"])
        contrasts += _depth_contrasts(split, shares[:, 0, 1:])
    return {"accuracy": pd.DataFrame(accuracy), "contrasts": pd.DataFrame(contrasts)}


def nth_token(model: Model, text: Path, epochs: int, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """The token at position n = 2..9 of natural sentences: accuracy by layer.

    Sentences are split by article, 85 / 15 (train, test), so that no article is in both; nothing is chosen on a
    development split, so there is none.

    Args:
        text: a corpus folder, or a text file with one sentence a line (such as the Penn Treebank's, which the paper
            uses); there the split is by sentence.

    Returns:
        accuracy: a row per n and state on the test split; contrasts: as planned from the paper's findings.
    """
    groups = natural_sentences(text)
    random.Random(0).shuffle(groups)
    bounds = [round(len(groups) * share) for share in (0, 0.85, 1)]
    splits = dict(zip(("train", "test"), pairwise(bounds), strict=True))
    sets = {name: [words for group in groups[a:b] for words in group] for name, (a, b) in splits.items()}
    encoded, targets = {}, {}
    for name, sentences in sets.items():
        encoded[name] = encode_within(model, sentences, special=False, bounds=PIECE_RANGE)
        if not len(encoded[name]):
            raise InputError(f"{text}: no sentence of the {name} split has {PIECE_RANGE[0]} to {PIECE_RANGE[1]} pieces")
        targets[name] = np.tile(np.array(POSITIONS) - 1, (len(encoded[name]), 1))
    test = {"test": range(len(encoded["test"]))}
    shares = _probed(model, encoded, targets, "train", range(len(encoded["train"])), test, epochs, seeds)["test"]
    rows = _accuracy_rows(model, shares, {"split": "test"}, list(POSITIONS), probe="n")
    return {"accuracy": pd.DataFrame(rows), "contrasts": pd.DataFrame(_position_contrasts(shares))}


def natural_sentences(text: Path) -> list[list[list[str]]]:
    """Groups of sentences as words: the articles of a corpus folder, or the lines of a file."""
    if text.is_dir():
        return [[sentence.split() for sentence in article.sentences] for article in corpus.read(text)]
    return [[line.split()] for line in text.read_text(encoding="utf-8").splitlines() if line.strip()]


def examples(seed: int) -> dict[str, pd.DataFrame]:
    """One sentence per probing task and split, the target word in [brackets]: what Table 1 shows."""
    source, rows = grammar("probing"), []
    for task, (plain, others) in TASKS.items():
        for split in (plain, *others):
            sentence = max(source.sample(split, 12, seed), key=lambda s: len(s.words))
            marked = [f"[{w}]" if i == sentence.target else w for i, w in enumerate(sentence.words)]
            used = "train and development" if split == plain else "generalization"
            rows.append({"task": task, "split": split, "used": used, "example": " ".join(marked)})
    return {"sentences": pd.DataFrame(rows)}


def middle(layers: int) -> list[int]:
    """Layers (1 = first) between a third and two thirds of the depth: 4-8 of 12, 2-4 of 6."""
    return [layer for layer in range(1, layers + 1) if layers <= 3 * layer <= 2 * layers]


def early(layers: int) -> list[int]:
    """Layers of the first quarter: 1-3 of 12, 1 of 6."""
    return list(range(1, max(1, layers // 4) + 1))


def _probed(model, encoded, targets, train_split, train, test, epochs, seeds) -> dict[str, np.ndarray]:
    """Train one set of probes a seed, chunk by chunk -> per test split the share of seeds correct [n, P, S]."""
    probes = [PositionProbe(epochs=epochs, seed=seed) for seed in seeds]
    order = np.random.default_rng(0).permutation(train)  # every chunk is a fair sample, so the chunks can be small
    for chunk in np.array_split(order, -(-len(order) // CHUNK)):
        states = hidden_states(model, encoded[train_split].select(chunk), "training states")
        for probe in probes:
            probe.partial_fit(states, targets[train_split][chunk])
        del states  # before the next chunk's are made
    shares = {}
    for split, rows in test.items():
        parts = []
        for chunk in np.array_split(np.asarray(rows), -(-len(rows) // CHUNK)):
            states = hidden_states(model, encoded[split].select(chunk), split)
            parts.append(np.mean([probe.correct(states, targets[split][chunk]) for probe in probes], axis=0))
        shares[split] = np.concatenate(parts)
    return shares


def _accuracy_rows(model, shares: np.ndarray, common: dict, labellings: list, probe: str = "probe") -> list[dict]:
    sentences, _, states = shares.shape
    resampled = replicates(shares.reshape(sentences, -1)).reshape(-1, *shares.shape[1:])
    rows = []
    for p, labelling in enumerate(labellings):
        for s, (state, layer) in zip(range(states), state_names(model), strict=True):
            low, high = interval(resampled[:, p, s])
            estimate = shares[:, p, s].mean()
            rows.append(
                {**common, probe: labelling, "state": state, "layer": layer, "accuracy": estimate}
                | {"low": low, "high": high, "sentences": sentences}
            )
    return rows


def _contrast(split: str, contrast: str, shares: np.ndarray, statistic) -> dict:
    """A statistic of the mean accuracies [..., columns], with its interval over sentences."""
    low, high = interval(statistic(replicates(shares)))
    return {"split": split, "contrast": contrast, "estimate": float(statistic(shares.mean(0)[None])[0])} | {
        "low": low,
        "high": high,
    }


def _depth_contrasts(split: str, shares: np.ndarray) -> list[dict]:
    """What is compared between layers; shares [n, 1 + layers], the embedding first."""
    layers = shares.shape[1] - 1
    between = middle(layers)
    planned = {
        "middle layers": lambda means: means[:, between].mean(1),
        "middle layers minus embedding": lambda means: means[:, between].mean(1) - means[:, 0],
        "middle layers minus last layer": lambda means: means[:, between].mean(1) - means[:, -1],
        "depth of the largest rise": lambda means: (np.diff(means, axis=1).argmax(1) + 1) / layers,
        "depth of the peak": lambda means: means[:, 1:].argmax(1) / layers + 1 / layers,
    }
    return [_contrast(split, name, shares, statistic) for name, statistic in planned.items()]


def _position_contrasts(shares: np.ndarray) -> list[dict]:
    """shares [n, 8, 2 + layers]; the states begin with the embedding without positions and the embedding."""
    layers = shares.shape[2] - 2
    first = [1 + layer for layer in early(layers)]  # on the S axis
    index = {n: i for i, n in enumerate(POSITIONS)}
    near, far = [index[2], index[3]], [index[7], index[8], index[9]]
    flat = shares.reshape(len(shares), -1)

    def by_position(means, states):
        return means.reshape(-1, *shares.shape[1:])[:, :, states].mean(2)

    def fall(means):
        return by_position(means, first) - by_position(means, [-1])

    planned = {
        "early layers": lambda means: by_position(means, first).mean(1),
        "early layers minus last layer": lambda means: fall(means).mean(1),
        "fall of n = 2-3": lambda means: fall(means)[:, near].mean(1),
        "fall of n = 7-9 minus fall of n = 2-3": lambda means: (
            fall(means)[:, far].mean(1) - fall(means)[:, near].mean(1)
        ),
        "embedding with minus without positions": lambda means: (
            by_position(means, [1]) - by_position(means, [0])
        ).mean(1),
        "embedding without positions": lambda means: by_position(means, [0]).mean(1),
    }
    return [_contrast("test", name, flat, statistic) for name, statistic in planned.items()]
