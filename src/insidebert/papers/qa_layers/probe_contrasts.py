"""What claims on the probes are about: where tasks peak, what fine-tuning changes, what the majority has too."""

from collections.abc import Iterator

import numpy as np

from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.depth import layers_at
from insidebert.papers.qa_layers.probe_scores import Probed, f1_of

FACTS = "supporting facts"
KEPT = ("entities", "coreference", "relations")
"""Tasks that fine-tuning on questions hardly moves, the paper says."""


def contrasts(found: dict[tuple[str, str, str], Probed]) -> Iterator[dict]:
    """Rows of contrast, dataset, number, estimate, low and high, from macro F1.

    Tasks have test sentences of their own, so differences between tasks are drawn for each by itself. A peak is the
    layer with the highest macro F1, the lowest of several, over the number of layers. `number` counts the data sets;
    0 is the model before fine-tuning. A model with random weights stands for a reader of every data set.

    Args:
        found: (task, version, data set) -> decisions.
    """
    drawn = {key: _curves(own.counts) for key, own in found.items()}
    base = next(version for _, version, dataset in found if not dataset)
    abouts = [task.partition(", ")[2] for task, version, _ in found if version == base and task.startswith(FACTS)]
    peak = {task: _peak(curve) for (task, version, _), curve in drawn.items() if version == base}
    for task in ("coreference", "relations"):
        yield _row(f"peak of {task} minus peak of entities", "", 0, peak[task] - peak["entities"])
    for number, about in enumerate(abouts, 1):
        key = ("fine-tuned", about) if ("entities", "fine-tuned", about) in found else (base, "")
        facts, types = (f"{FACTS}, {about}", *key), ("question types", *key)
        for contrast, values in _of_reader(drawn[facts], drawn[types], _curves(found[facts].majority[:, None])).items():
            yield _row(contrast, about, number, values)
        if key[1]:
            change = {task: (drawn[task, *key] - drawn[task, base, ""])[:, 1:].mean(1) for task in KEPT}
            change["entities, coreference, relations"] = np.mean(list(change.values()), axis=0)
            for task, values in change.items():
                yield _row(f"{task}: fine-tuned minus pre-trained", about, number, values)
            before = _peak(drawn[facts[0], base, ""])
            yield _row(
                "peak of supporting facts: fine-tuned minus pre-trained", about, number, _peak(drawn[facts]) - before
            )


def _of_reader(facts: np.ndarray, types: np.ndarray, majority: np.ndarray) -> dict[str, np.ndarray]:
    """Contrasts of one reader; curves [1 + resamples, S] of its facts and types, [1 + resamples, 1] of the majority."""
    layers = facts.shape[1] - 1
    gain = facts - majority
    return {
        "peak of supporting facts": _peak(facts),
        "supporting facts minus majority, first five of 12 layers": gain[:, layers_at(layers, 1, 5)].mean(1),
        "supporting facts minus majority, best layer": gain.max(1),
        "question types: last layer minus middle": types[:, -1] - types[:, layers_at(layers, 5, 7)].mean(1),
    }


def _peak(curve: np.ndarray) -> np.ndarray:
    return curve.argmax(1) / (curve.shape[1] - 1)


def _curves(counts: np.ndarray) -> np.ndarray:
    """[1 + resamples, S] macro F1, the estimate first, of counts [sentences, S, K, 3]."""
    return f1_of(np.concatenate([counts.mean(0)[None], replicates(counts)]), "macro F1")


def _row(contrast: str, dataset: str, number: int, values: np.ndarray) -> dict:
    low, high = interval(values[1:])
    about = {"contrast": contrast, "dataset": dataset, "number": number}
    return about | {"estimate": float(values[0]), "low": low, "high": high}
