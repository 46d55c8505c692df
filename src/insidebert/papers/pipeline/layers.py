"""Where in the layers a task is solved: cumulative probes and mixing weights -> tidy tables (Figures 1, 2, A.1-A.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, interval, replicates
from insidebert.measure.decisions import decisions, f1, sums_by
from insidebert.measure.expected_layer import centre_of_gravity, kl_uniform
from insidebert.models.loading import Model
from insidebert.models.span_states import SpanStates, span_states
from insidebert.papers.edge_probing.plans import plan_of
from insidebert.papers.edge_probing.tasks import tasks_of
from insidebert.papers.pipeline import ambiguous, contexts
from insidebert.papers.pipeline.depths import expected, expected_of
from insidebert.papers.pipeline.findings import Measured, contrasts
from insidebert.probes.spans import Plan, cumulative_inputs, fit_spans, layer_inputs
from insidebert.text.edges import EdgeTask

LEAST = 20
"""A label or a bin of context lengths with fewer targets is left out."""


@dataclass(frozen=True)
class Probed:
    """What the probes of one task say of its test targets.

    Args:
        task: with its sentences.
        targets: [N] rows with `sentence`, `context` and `labels`.
        labels: [K] that the probes know.
        probabilities: [L + 1, N, K] of the cumulative probes.
        cumulative, single: [N, L + 1, 3] decisions of the cumulative probes and of those of one layer.
        weights: [seeds, L + 1] of the mix of all layers.
        norms: [L + 1] mean norm of the states.
    """

    task: EdgeTask
    targets: pd.DataFrame
    labels: Sequence[str]
    probabilities: np.ndarray
    cumulative: np.ndarray
    single: np.ndarray
    weights: np.ndarray
    norms: np.ndarray

    def by_sentence(self, values: np.ndarray) -> np.ndarray:
        """[sentences, ...] sums of what belongs to targets, [N, ...]."""
        return sums_by(values, pd.factorize(self.targets["sentence"])[0])


def layers(
    model: Model,
    edges: Path | str,
    tasks: Sequence[str],
    train: int,
    test: int,
    plan: dict,
    seeds: Sequence[int],
    texts: bool = True,
) -> dict[str, pd.DataFrame]:
    """Probes of every layer and up to every layer, for every task.

    Args:
        edges, tasks, train, test: as in `tasks_of`; all numbers are of the test part.
        plan: as for `plans.plan_of`: updates, batch, rate.
        seeds: of the mix of all layers, whose centre of gravity has a range over them; the other probes have the first.
        texts: keep the words of single sentences; False for other people's data.

    Returns:
        scores: F1 and differential score of a task, probe and layer, with intervals over sentences. weights: of the
        mix, by seed. tasks: expected layer, centre of gravity, divergences. bins, labels: expected layer by context
        length and by label. sentences: single edges through the layers (Figure 3). contrasts: what claims ask.
    """
    given = tasks_of(edges, tasks, train, test)
    words = dict.fromkeys(sentence.words for task in given.values() for sentence in task.sentences)
    with span_states(model, list(words)) as states:
        probed = {name: probe(states, task, plan_of(task, **plan), seeds) for name, task in given.items()}
    measured = {name: measure(own) for name, own in probed.items()}
    depth = model.layers
    edges_shown = ambiguous.edges_of(probed)
    wanted = contexts.common_shares(probed)
    binned = pd.DataFrame([row for name, own in probed.items() for row in contexts.bins(name, own, LEAST)])
    summary = [row for name, own in measured.items() for row in summarised(name, own, depth)]
    summary += [contexts.reweighted(name, own, wanted, LEAST) for name, own in probed.items()]
    asked = contrasts(measured, depth) + ambiguous.contrasts(edges_shown) + contexts.contrasts(binned, depth)
    return {
        "scores": pd.DataFrame([row for name, own in probed.items() for row in scores(name, own)]),
        "weights": pd.DataFrame([row for name, own in probed.items() for row in weights(name, own, seeds)]),
        "tasks": pd.DataFrame(summary),
        "bins": binned,
        "labels": pd.DataFrame([row for name, own in probed.items() for row in by_label(name, own)], columns=BY_LABEL),
        "sentences": ambiguous.shown(probed, edges_shown, texts),
        "contrasts": pd.DataFrame(asked).assign(dataset=Path(edges).name),
    }


def probe(states: SpanStates, task: EdgeTask, plan: Plan, seeds: Sequence[int]) -> Probed:
    """Train all cumulative and single-layer probes of a task in one pass, and the whole mix again with each seed."""
    every, alone = cumulative_inputs(states), layer_inputs(states)
    first = fit_spans(states, task, [*every, *alone[1:]], seeds[:1], plan)  # the first ones are the same probe
    found = [first.weights[first.weights["input"] == every[-1]]]
    if len(seeds) > 1:
        found.append(fit_spans(states, task, ["mix"], seeds[1:], plan).weights)
    mixes = pd.concat(found)
    counted = decisions(first.probabilities, first.targets["labels"].tolist(), first.labels, task.scored)
    single = np.concatenate([counted[:, :1], counted[:, len(every) :]], axis=1)
    return Probed(
        task,
        first.targets,
        first.labels,
        first.probabilities[: len(every)],
        counted[:, : len(every)],
        single,
        mixes.pivot(index="seed", columns="layer", values="weight").loc[list(seeds)].to_numpy(),
        found[0].set_index("layer")["norm"].sort_index().to_numpy(),
    )


def measure(own: Probed) -> Measured:
    """A task's numbers and their bootstrap replicates."""
    values = own.by_sentence(own.cumulative)
    drawn = replicates(values)
    picked = np.random.default_rng(1).integers(len(own.weights), size=(len(drawn), len(own.weights)))
    return Measured(f1(values.mean(0))[None], f1(drawn), own.weights, own.weights[picked].mean(1), own.norms)


def scores(name: str, own: Probed) -> list[dict]:
    """A row a probe and layer."""
    rows = []
    for kind, counted in (("cumulative", own.cumulative), ("single", own.single)):
        values = own.by_sentence(counted)
        drawn = replicates(values)
        for layer in range(values.shape[1]):
            row = {"task": name, "probe": kind, "layer": layer}
            row = estimate(values, lambda m, at=layer: f1(m[:, at]), name="f1", drawn=drawn, **row)
            gain = {"difference": np.nan, "difference_low": np.nan, "difference_high": np.nan}
            if layer and kind == "cumulative":
                found = estimate(values, lambda m, at=layer: f1(m[:, at]) - f1(m[:, at - 1]), drawn=drawn)
                gain = dict(zip(gain, found.values(), strict=True))
            rows.append(row | gain | {"targets": len(counted), "sentences": len(values)})
    return rows


def weights(name: str, own: Probed, seeds: Sequence[int]) -> list[dict]:
    """A row a seed and layer: the mix's weight, and what it carries once the layers' norms are counted."""
    carried = own.weights * own.norms
    carried /= carried.sum(1, keepdims=True)
    return [
        {"task": name, "seed": seed, "layer": layer, "weight": own.weights[i, layer], "norm": own.norms[layer]}
        | {"contribution": carried[i, layer]}
        for i, seed in enumerate(seeds)
        for layer in range(len(own.norms))
    ]


def summarised(name: str, own: Measured, depth: int) -> list[dict]:
    """A row a statistic; intervals over sentences, for what is read off mixing weights the range over seeds."""
    rows = []
    for statistic, of in (
        ("expected layer", expected),
        ("expected layer, losses clipped", lambda s: expected(s, clipped=True)),
        ("K of the differences", divergence),
        ("gain of F1", lambda s: s[:, -1] - s[:, 0]),
    ):
        low, high = interval(of(own.drawn_scores))
        rows.append({"statistic": statistic, "estimate": float(of(own.scores)[0]), "low": low, "high": high})
    carried = own.weights * own.norms
    for statistic, of, values in (
        ("centre of gravity", centre_of_gravity, own.weights),
        ("centre of gravity, weights times norms", centre_of_gravity, carried),
        ("K of the weights", kl_uniform, own.weights),
    ):
        by_seed = [of(row) for row in values]
        low, high = min(by_seed), max(by_seed)
        rows.append({"statistic": statistic, "estimate": float(np.mean(by_seed)), "low": low, "high": high})
    return [{"task": name} | row | {"layers": depth} for row in rows]


def divergence(scores: np.ndarray) -> np.ndarray:
    """[n] K of the differential scores of curves [n, L + 1]."""
    return np.array([kl_uniform(row) for row in np.diff(scores)])


BY_LABEL = ["task", "label", "targets", "estimate", "low", "high"]


def by_label(name: str, own: Probed) -> list[dict]:
    """Expected layer of every label that enough targets have, from the decisions about it alone."""
    gold, rows = own.targets["labels"].tolist(), []
    for label in own.task.scored:
        targets = sum(label in labels for labels in gold)
        if targets >= LEAST:
            values = own.by_sentence(decisions(own.probabilities, gold, own.labels, [label]))
            rows.append(estimate(values, expected_of(), task=name, label=label, targets=targets))
    return rows
