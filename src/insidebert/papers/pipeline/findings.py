"""What the paper's claims ask of all tasks together: differences and orders, with their intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

import numpy as np
import yaml

from insidebert.measure.bootstrap import interval
from insidebert.measure.depth import layers_at
from insidebert.measure.expected_layer import kl_uniform
from insidebert.papers.pipeline.depths import expected

CLASSICAL = ("pos", "constituents", "dependencies", "roles", "coreference")
"""The order of the paper's text, but for entities, which it puts before roles and measures before dependencies."""

SYNTAX, SEMANTICS = ("pos", "constituents", "dependencies"), ("spr", "relations")


@dataclass(frozen=True)
class Measured:
    """A task's curve and weights; a first axis of 1 for what was measured, of many for bootstrap replicates.

    Args:
        scores, drawn_scores: [1 or n, L + 1] F1 of the cumulative probes.
        weights: [seeds, L + 1]. drawn_weights: [n, L + 1] means of resampled seeds.
        norms: [L + 1].
    """

    scores: np.ndarray
    drawn_scores: np.ndarray
    weights: np.ndarray
    drawn_weights: np.ndarray
    norms: np.ndarray

    def curves(self, drawn: bool) -> np.ndarray:
        return self.drawn_scores if drawn else self.scores

    def mixes(self, drawn: bool) -> np.ndarray:
        return self.drawn_weights if drawn else self.weights.mean(0)[None]


Tasks = Mapping[str, Measured]
Statistic = Callable[[Tasks, bool], np.ndarray]


def contrasts(tasks: Tasks, depth: int) -> list[dict]:
    """A row per statistic that the tasks at hand allow; depths are shares of the model's layers."""
    rows = []
    for name, (needed, statistic) in planned(depth).items():
        if set(needed) <= set(tasks):
            low, high = interval(statistic(tasks, True))
            rows.append({"contrast": name, "estimate": float(statistic(tasks, False)[0]), "low": low, "high": high})
    return rows


def planned(depth: int) -> dict[str, tuple[Sequence[str], Statistic]]:
    """Contrast -> the tasks that it needs, and the function of them."""

    def layer(name: str) -> Statistic:
        return lambda tasks, drawn: expected(tasks[name].curves(drawn)) / depth

    def gravity(name: str) -> Statistic:
        return lambda tasks, drawn: tasks[name].mixes(drawn) @ np.arange(depth + 1) / depth

    def spread(name: str) -> Statistic:
        return lambda tasks, drawn: np.array([kl_uniform(row) for row in tasks[name].mixes(drawn)])

    def unevenness(name: str) -> Statistic:
        return lambda tasks, drawn: np.array([kl_uniform(row) for row in np.diff(tasks[name].curves(drawn))])

    def first_gain(tasks: Tasks, drawn: bool) -> np.ndarray:
        curves = tasks["entities"].curves(drawn)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (curves[:, 1] - curves[:, 0]) / (curves[:, -1] - curves[:, 0])

    def end(name: str) -> Statistic:
        before = layers_at(depth, 11, 12)[0] - 1
        return lambda tasks, drawn: tasks[name].curves(drawn)[:, -1] - tasks[name].curves(drawn)[:, before]

    def every(of: Callable[[str], Statistic], names: Sequence[str] = ()) -> Statistic:
        """[n], the mean over some tasks, or over all."""
        return lambda tasks, drawn: np.mean([of(name)(tasks, drawn) for name in names or tasks], axis=0)

    def minus(one: Statistic, other: Statistic) -> Statistic:
        return lambda tasks, drawn: one(tasks, drawn) - other(tasks, drawn)

    def order(of: Callable[[str], Statistic], names: Sequence[str]) -> Statistic:
        return lambda tasks, drawn: agreement(np.stack([of(name)(tasks, drawn) for name in names], axis=1))

    pairs = pairwise(CLASSICAL)
    found = {f"expected layer, {b} minus {a}": ((a, b), minus(layer(b), layer(a))) for a, b in pairs}
    printed = yaml.safe_load((files(__package__) / "printed.yml").read_text(encoding="utf-8"))
    large = {name: values[2] / 24 for name, values in printed["tasks"]["BERT-large"].items()}
    of_large = sorted(large, key=large.get)
    parts = (*SYNTAX, *SEMANTICS)

    def distance(name: str) -> Statistic:
        return lambda tasks, drawn: np.abs(layer(name)(tasks, drawn) - large[name])

    return found | {
        "order by expected layer": (CLASSICAL, order(layer, CLASSICAL)),
        "order by centre of gravity": (CLASSICAL, order(gravity, CLASSICAL)),
        "expected layer, entities minus dependencies": (
            ("entities", "dependencies"),
            minus(layer("entities"), layer("dependencies")),
        ),
        "centre of gravity, roles minus dependencies": (
            ("roles", "dependencies"),
            minus(gravity("roles"), gravity("dependencies")),
        ),
        "expected layer, SPR and relations minus syntax": (
            parts,
            minus(every(layer, SEMANTICS), every(layer, SYNTAX)),
        ),
        "centre of gravity, SPR and relations minus syntax": (
            parts,
            minus(every(gravity, SEMANTICS), every(gravity, SYNTAX)),
        ),
        "K of the weights, syntax minus SPR and relations": (
            parts[1:],
            minus(every(spread, SYNTAX[1:]), every(spread, SEMANTICS)),
        ),
        "K of the differences, syntax minus SPR and relations": (
            parts[1:],
            minus(every(unevenness, SYNTAX[1:]), every(unevenness, SEMANTICS)),
        ),
        "entities, share of the gain in layer 1": (("entities",), first_gain),
        "centre of gravity minus expected layer": ((), minus(every(gravity), every(layer))),
        "order of all tasks, with BERT-large's": (of_large, order(layer, of_large)),
        "distance from BERT-large's expected layers": (of_large, every(distance, of_large)),
        "change in the last sixth of the layers": ((), every(end)),
        "POS at the embedding": (("pos",), lambda tasks, drawn: tasks["pos"].curves(drawn)[:, 0]),
    }


def agreement(values: np.ndarray) -> np.ndarray:
    """Kendall's tau between each row and rising order.

    Args:
        values: [n, tasks], in the order that is asked about.

    Returns:
        [n] from -1 to 1; a tie counts 0.

    Example:
        >>> agreement(np.array([[1, 2, 3], [1, 3, 2]])).round(2).tolist()
        [1.0, 0.33]
    """
    first, second = np.triu_indices(values.shape[1], 1)
    return np.sign(values[:, second] - values[:, first]).mean(1)
