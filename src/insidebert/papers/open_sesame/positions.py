"""Experiment 1 (section 3), third task: the n-th token of natural sentences -> tidy tables."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate, replicates, seed_replicates
from insidebert.measure.confusion import confusion_scores
from insidebert.measure.depth import early
from insidebert.models.encoding import encode_within
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.confusion import depth_of_first_rise
from insidebert.papers.open_sesame.probes import (
    accuracy_rows,
    contrast_rows,
    natural_sentences,
    probed,
)
from insidebert.papers.open_sesame.sentences import trigger_questions

POSITIONS = tuple(range(2, 10))
"""n of the n-th token task."""

NEAR, FAR = (2, 3), (7, 8, 9)
"""n that the paper calls first, and later."""

PIECE_RANGE = (10, 30)
"""Length in pieces of the sentences of the n-th token task."""

COMPARED = 25
"""Sentences a cell, for the depth at which confusion rises."""


def nth_token(model: Model, text: Path, epochs: int, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """The token at position n = 2..9 of natural sentences: accuracy by layer.

    Sentences are split by article, 85 / 15 (train, test), so that no article is in both; nothing is chosen on a
    development split, so there is none.

    Args:
        text: a corpus folder, or a text file with one sentence a line (such as the Penn Treebank's, which the paper
            uses); there the split is by sentence.
        epochs: passes over the training sentences.
        seeds: one training of the probes each; their mean is what is reported.

    Returns:
        accuracy: a row per n and state on the test split; contrasts: as planned from the paper's findings.
    """
    encoded = _encoded(model, text)
    targets = {split: np.tile(np.array(POSITIONS) - 1, (len(own), 1)) for split, own in encoded.items()}
    training, test = ("train", range(len(encoded["train"]))), {"test": range(len(encoded["test"]))}
    correct = probed(model, encoded, targets, training, test, epochs, seeds)["test"]
    readings = {n: lambda means, i=i: means[..., i, :] for i, n in enumerate(POSITIONS)}
    chance = float((1 / encoded["test"].lengths).mean())
    common = {"split": "test"}
    contrasts = contrast_rows(correct, position_contrasts(model.layers), common)
    contrasts.append(fall_and_rise(model, correct) | common)
    rows = accuracy_rows(model, correct, readings, "n", common, chance)
    return {"accuracy": pd.DataFrame(rows), "contrasts": pd.DataFrame(contrasts)}


def position_contrasts(layers: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What is compared: functions of mean accuracies [k, 8, 2 + layers], the two embedding states first."""
    first = [1 + layer for layer in early(layers)]

    def fall(means: np.ndarray, positions: tuple[int, ...] = POSITIONS) -> np.ndarray:
        own = means[:, [POSITIONS.index(n) for n in positions]].mean(1)
        return own[:, first].mean(1) - own[:, -1]

    return {
        "early layers": lambda means: means[:, :, first].mean((1, 2)),
        "early layers minus last layer": fall,
        "fall of n = 2-3": partial(fall, positions=NEAR),
        "fall of n = 7-9 minus fall of n = 2-3": lambda means: fall(means, FAR) - fall(means, NEAR),
        "embedding with minus without positions": lambda means: (means[:, :, 1] - means[:, :, 0]).mean(1),
        "embedding without positions": lambda means: means[:, :, 0].mean(1),
        "depth of the largest fall": lambda means: depth_of_fall(means.mean(1)[:, 1:]),
    }


def depth_of_fall(means: np.ndarray) -> np.ndarray:
    """Relative depth, 0 to 1, of the layer that lies furthest below the one before it.

    Args:
        means: [k, 1 + layers] accuracies, the embedding first.
    """
    return (np.diff(means, axis=1).argmin(1) + 1) / (means.shape[1] - 1)


def fall_and_rise(model: Model, correct: np.ndarray) -> dict:
    """Does the n-th token get lost where confusion rises? Depth of the largest fall minus depth of the first rise.

    Args:
        correct: [seeds, n, 8, 2 + layers].
    """
    scores = confusion_scores(model, trigger_questions("reflexive", COMPARED)).layers  # as many in every condition
    found = correct.mean(2)[:, :, 1:]  # [seeds, n, 1 + layers]
    states = found.shape[2]
    return estimate(
        np.concatenate([found.mean((0, 1)), scores.mean(0)])[None],
        lambda m: depth_of_fall(m[:, :states]) - depth_of_first_rise(m[:, states:]),
        drawn=np.concatenate([seed_replicates(found), replicates(scores, seed=2)], axis=1),
        contrast="depth of the largest fall minus depth of the rise of confusion",
    )


def _encoded(model: Model, text: Path) -> dict:
    """Split -> encoded sentences of the right length."""
    groups = natural_sentences(text)
    random.Random(0).shuffle(groups)
    bounds = [round(len(groups) * share) for share in (0, 0.85, 1)]
    splits = dict(zip(("train", "test"), pairwise(bounds), strict=True))
    encoded = {}
    for name, (start, end) in splits.items():
        sentences = [words for group in groups[start:end] for words in group]
        encoded[name] = encode_within(model, sentences, special=False, bounds=PIECE_RANGE)
        if not len(encoded[name]):
            raise InputError(f"{text}: no sentence of the {name} split has {PIECE_RANGE[0]} to {PIECE_RANGE[1]} pieces")
    return encoded
