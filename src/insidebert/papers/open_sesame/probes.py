"""Experiment 1 (section 3): diagnostic classifiers layer by layer -> tidy tables."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, seed_replicates
from insidebert.measure.depth import middle
from insidebert.models.encoding import Encoded, encode, hidden_states, state_names
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import labelled_sentences
from insidebert.probes.position import PositionProbe, control_targets
from insidebert.text import corpus

CHUNK = 4096
"""Sentences encoded at a time; a few GB of states for the largest model, whatever the size of the corpus."""

TASKS = {
    "main_auxiliary": ("main_auxiliary.plain", ["main_auxiliary.relative"]),
    "subject_noun": ("subject_noun.plain", ["subject_noun.compound", "subject_noun.possessive"]),
}
"""Task -> condition of training and development, conditions of generalization."""

READINGS = {
    "task": lambda means: means[..., 0, :],
    "control": lambda means: means[..., 1, :],
    "task minus control": lambda means: means[..., 0, :] - means[..., 1, :],
}
"""What is read off mean accuracies [..., P, S] of the two labellings: [..., S]."""


def grammar_task(
    model: Model,
    task: str,
    train: int,
    development: int,
    generalization: int,
    epochs: int,
    seeds: Sequence[int],
    folder: Path | None = None,
) -> dict[str, pd.DataFrame]:
    """Main auxiliary or subject noun: accuracy by layer on development and generalization sets.

    Args:
        task: a key of TASKS.
        train, development, generalization: sentences.
        epochs: passes over the training sentences.
        seeds: one training of the probes each; their mean is what is reported.
        folder: of the authors' files, to be used in place of our grammar.

    Returns:
        accuracy: a row per split, state and probe (`task`, the `control` of Hewitt and Liang 2019, `task minus
            control`), a share with a 95% bootstrap interval over sentences and seeds; `chance` is a random piece's.
        contrasts: planned comparisons between layers, paired over sentences and seeds.
    """
    plain, others = TASKS[task]
    sets = {plain: labelled_sentences(plain, (train, development), folder)}
    sets |= {other: labelled_sentences(other, (generalization,), folder) for other in others}
    encoded = {split: encode(model, [s.words for s in own], special=False) for split, own in sets.items()}
    targets = {}
    for split, own in sets.items():
        gold = [encoded[split].pieces_of(i, [s.target])[0] for i, s in enumerate(own)]
        targets[split] = np.stack([gold, control_targets(encoded[split].ids, seed=0)], axis=1)
    test = {plain: range(train, train + development)} | {other: range(generalization) for other in others}
    accuracy, contrasts = [], []
    for split, correct in probed(model, encoded, targets, (plain, range(train)), test, epochs, seeds).items():
        common = {"split": split}
        chance = float((1 / encoded[split].select(test[split]).lengths).mean())
        accuracy += accuracy_rows(model, correct, READINGS, "probe", common, chance)
        contrasts += contrast_rows(correct[:, :, 0, 1:], depth_contrasts(model.layers), common)
    return {"accuracy": pd.DataFrame(accuracy), "contrasts": pd.DataFrame(contrasts)}


def examples(seed: int, folder: Path | None = None) -> dict[str, pd.DataFrame]:
    """One sentence per probing task and split, the target word in [brackets]: what Table 1 shows."""
    rows = []
    for task, (plain, others) in TASKS.items():
        for split in (plain, *others):
            sentence = max(labelled_sentences(split, (12,), folder, seed), key=lambda s: len(s.words))
            marked = [f"[{w}]" if i == sentence.target else w for i, w in enumerate(sentence.words)]
            used = "train and development" if split == plain else "generalization"
            rows.append({"task": task, "split": split, "used": used, "example": " ".join(marked)})
    return {"sentences": pd.DataFrame(rows)}


def natural_sentences(text: Path) -> list[list[list[str]]]:
    """Groups of sentences as words: the articles of a corpus folder, or the lines of a file."""
    if text.is_dir():
        return [[sentence.split() for sentence in article.sentences] for article in corpus.read(text)]
    return [[line.split()] for line in text.read_text(encoding="utf-8").splitlines() if line.strip()]


def depth_contrasts(layers: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What is compared between layers: functions of mean accuracies [n, 1 + layers], the embedding first."""
    between = middle(layers)
    return {
        "middle layers": lambda means: means[:, between].mean(1),
        "middle layers minus embedding": lambda means: means[:, between].mean(1) - means[:, 0],
        "middle layers minus last layer": lambda means: means[:, between].mean(1) - means[:, -1],
        "middle layers minus the better end": lambda means: (
            means[:, between].mean(1) - np.maximum(means[:, 0], means[:, -1])
        ),
        "depth of the largest rise": lambda means: (np.diff(means, axis=1).argmax(1) + 1) / layers,
        "depth of the peak": lambda means: (means[:, 1:].argmax(1) + 1) / layers,
    }


def probed(
    model: Model,
    encoded: dict[str, Encoded],
    targets: dict[str, np.ndarray],
    training: tuple[str, range],
    test: dict[str, range],
    epochs: int,
    seeds: Sequence[int],
) -> dict[str, np.ndarray]:
    """Train one set of probes a seed, chunk by chunk.

    Args:
        targets: split -> [n, P] pieces, one column a labelling.
        training: a split and its sentences. test: split -> sentences.

    Returns:
        Test split -> [seeds, n, P, S] bool, whether the target was found.
    """
    probes = [PositionProbe(epochs=epochs, seed=seed) for seed in seeds]
    split, rows = training
    order = np.random.default_rng(0).permutation(rows)  # every chunk is a fair sample, so the chunks can be small
    for chunk in _chunks(order):
        states = hidden_states(model, encoded[split].select(chunk), "training states")
        for probe in probes:
            probe.partial_fit(states, targets[split][chunk])
        del states  # before the next chunk's are made
    correct = {}
    for split, rows in test.items():
        parts = []
        for chunk in _chunks(np.asarray(rows)):
            states = hidden_states(model, encoded[split].select(chunk), split)
            parts.append(np.stack([probe.correct(states, targets[split][chunk]) for probe in probes]))
        correct[split] = np.concatenate(parts, axis=1)
    return correct


def accuracy_rows(
    model: Model, correct: np.ndarray, readings: dict, column: str, common: dict, chance: float
) -> list[dict]:
    """A row per reading of the labellings and state; correct [seeds, n, P, S], readings map [..., P, S] to [..., S]."""
    values, drawn = correct.mean(0), seed_replicates(correct)
    return [
        estimate(
            values, lambda m, of=reading, s=s: of(m)[..., s], name="accuracy", drawn=drawn, **common, **{column: name}
        )
        | {"state": state, "layer": layer, "chance": chance, "sentences": len(values)}
        for name, reading in readings.items()
        for s, (state, layer) in enumerate(state_names(model))
    ]


def contrast_rows(correct: np.ndarray, planned: dict[str, Callable], common: dict) -> list[dict]:
    """A row per planned statistic of the mean accuracies; correct [seeds, n, ...]."""
    values, drawn = correct.mean(0), seed_replicates(correct)
    return [estimate(values, statistic, drawn=drawn, **common, contrast=name) for name, statistic in planned.items()]


def _chunks(order: np.ndarray) -> list[np.ndarray]:
    return np.array_split(order, -(-len(order) // CHUNK))
