"""Results of span probes whose layer is planted: later tasks need more of the network."""

import numpy as np
import pandas as pd

from insidebert.measure.decisions import decisions
from insidebert.papers.pipeline.layers import Probed
from insidebert.text.edges import EdgeSentence, EdgeTask, Target

LAYERS = 4
TASKS = {"pos": 0.3, "constituents": 0.7, "entities": 0.9, "dependencies": 1.2, "roles": 1.7, "coreference": 2.3}
TASKS |= {"relations": 3.0, "spr": 3.6}
"""Task -> how fast its labels become readable: larger is later."""

ONE_SPAN = ("pos", "constituents", "entities")
LABELS = {"coreference": ("0", "1"), "roles": ("ARG0", "ARG1", "ARGM-TMP")}
WORDS = ("the", "old", "keeper", "fed", "two", "seals", "before", "the", "rain", "began", "again", ".")


def task(name: str, sentences: int = 60, seed: int = 0) -> EdgeTask:
    """A task of sentences of twelve words with four targets each; its parts are the same."""
    random, labels = np.random.default_rng([seed, len(name)]), LABELS.get(name, ("a", "b", "c"))
    made = []
    for number in range(sentences):
        targets = {}
        while len(targets) < 4:
            first, second = (int(place) for place in random.integers(len(WORDS), size=2))
            spans = ((first, first + 1), None if name in ONE_SPAN else (second, second + 1))
            label = labels[random.integers(len(labels))]
            targets[spans] = Target(*spans, (label,))
        words = (*WORDS[:-1], str(number))
        made.append(EdgeSentence(words, tuple(targets.values()), str(number)))
    return EdgeTask(name, *[tuple(made)] * 3, source="planted")


def planted(name: str, seed: int = 0) -> Probed:
    """What probes would say if the right label's logit rose with the layers."""
    own, random = task(name, seed=seed), np.random.default_rng(seed)
    rows = [
        {"sentence": i, "context": target.context, "distance": target.distance, "labels": target.labels}
        for i, sentence in enumerate(own.test)
        for target in sentence.targets
    ]
    targets = pd.DataFrame(rows)
    truth = np.array([[label in row for label in own.labels] for row in targets["labels"]])
    hard = random.normal(size=truth.shape)
    strength = 4 * (1 - np.exp(-(np.arange(LAYERS + 1) + 0.2) / TASKS[name]))
    logits = strength[:, None, None] * (2 * truth - 1) + 1.5 * hard
    probabilities = 1 / (1 + np.exp(-logits))
    counted = decisions(probabilities, targets["labels"].tolist(), own.labels, own.scored)
    weights = np.exp(-np.abs(np.arange(LAYERS + 1) - TASKS[name]) + 0.1 * random.normal(size=(2, LAYERS + 1)))
    weights /= weights.sum(1, keepdims=True)
    return Probed(own, targets, own.labels, probabilities, counted, counted, weights, np.arange(1.0, LAYERS + 2))
