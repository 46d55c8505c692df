"""Span probes of edge probing: one estimator, or all inputs, layers and seeds of a task in one pass.

Tenney et al. (2019a), *What do you learn from context?*, section 3.1; Tenney, Das and Pavlick (2019), section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator

from insidebert.errors import InputError
from insidebert.models.span_states import SpanStates
from insidebert.probes.span_network import Input, SpanNetworks
from insidebert.probes.span_targets import SpanTargets, targets_of
from insidebert.probes.span_training import OURS, Plan, counted, each_logits, f1_of, train
from insidebert.probes.span_training import PAPER as PAPER
from insidebert.text.edges import EdgeSentence, EdgeTask

NORMED = 2048
"""Pieces that mean norms of states are taken over."""
COUNTS = ("true_positives", "false_positives", "false_negatives")


@dataclass(frozen=True)
class SpanResults:
    """What probes that were trained together say of a task's targets.

    Args:
        inputs: [P] (input, seed), all seeds of the first input first.
        labels: [K] that the probes know.
        scored: labels that count in F1, those that training lacks included.
        probabilities: [P, N, K] float32, of the evaluated part, sentence by sentence.
        targets: [N] rows: sentence (its place in the part), target (its place in the sentence), span1 and span2
            (half-open words), context, distance, labels.
        weights: input, seed, layer, weight, gamma, norm (mean norm of the layer's states in the targets' spans).
        curves: input, seed, validation, f1 on the development part.
        left_out: reason -> how many targets.
    """

    inputs: list[tuple[str, int]]
    labels: tuple[str, ...]
    scored: tuple[str, ...]
    probabilities: np.ndarray
    targets: pd.DataFrame
    weights: pd.DataFrame
    curves: pd.DataFrame
    left_out: dict[str, int]

    @property
    def counts(self) -> pd.DataFrame:
        """Decisions, a row an input, seed, label and context: input, seed, label, context and the three of COUNTS."""
        every = sorted({*self.labels, *(label for own in self.targets["labels"] for label in own)})
        gold = np.array([[label in own for label in every] for own in map(set, self.targets["labels"])])
        known = [every.index(label) for label in self.labels]
        bins, place = np.unique(self.targets["context"], return_inverse=True)
        rows = []
        for (name, seed), own in zip(self.inputs, self.probabilities, strict=True):
            on = np.zeros_like(gold)
            on[:, known] = own >= 0.5
            for i, context in enumerate(bins):
                here = place == i
                kinds = (on & gold, on & ~gold, ~on & gold)
                three = np.stack([kind[here].sum(0) for kind in kinds], axis=1)
                rows += [(name, seed, label, context, *three[k]) for k, label in enumerate(every) if three[k].any()]
        return pd.DataFrame(rows, columns=["input", "seed", "label", "context", *COUNTS])

    @property
    def f1(self) -> pd.DataFrame:
        """Micro F1 of the scored labels: input, seed, f1, precision, recall, targets."""
        return micro_f1(self.counts, self.scored)


def fit_spans(
    states: SpanStates,
    task: EdgeTask,
    inputs: Sequence[str],
    seeds: Sequence[int] = (0,),
    plan: Plan = OURS,
    evaluate: str = "test",
) -> SpanResults:
    """Train a probe for every input and seed on a task, all in one pass over the states, and evaluate them.

    Probes are what they would be alone: they share the order of batches, and a seed its initial weights and dropout.

    Args:
        states: of the task's sentences, among others.
        inputs: `mix` of all layers, `cumulative 4` (a mix of layers 0 to 4), `layer 4`, `lex` (the word piece alone),
            `cat` (top layer and lex, side by side), `cnn 1` and `cnn 2` (a convolution over lex of width 3 and 5).
        seeds: of initial weights and dropout.
        evaluate: `test` or `development`.

    Raises:
        InputError: an unknown input, states that lack a sentence, spans outside one, a part without targets.
    """
    if evaluate not in ("test", "development"):
        raise InputError(f"evaluate is {evaluate!r}; it is test or development")
    pairs = [(name, seed) for name in inputs for seed in seeds]
    if not pairs or len(set(pairs)) < len(pairs):
        raise InputError("give inputs and seeds, each once")
    named = ("train", "development", evaluate)
    parts = {part: targets_of(states, getattr(task, part), task.labels, task.scored) for part in named}
    scored = np.isin(task.labels, task.scored)
    asked = parts[evaluate]
    probabilities = np.empty((len(pairs), len(asked), len(task.labels)), dtype=np.float32)
    weights, curves = [], []
    norms = _norms(states, asked)
    for own, networks in networks_of(pairs, states, task, plan):
        curve = train(networks, states, parts["train"], parts["development"], scored, plan, f"{task.name} probes")
        for batch, logits in each_logits(networks, states, asked):
            probabilities[np.ix_(own, batch)] = _probabilities(logits, plan).numpy()
        trained = [pairs[i] for i in own]
        weights += weights_of(networks, trained, norms)
        curves += [
            (*trained[i], v + 1, f1[i]) for v, f1 in enumerate(curve) for i in range(len(own)) if np.isfinite(f1[i])
        ]
    return SpanResults(
        pairs,
        task.labels,
        task.scored,
        probabilities,
        _table(states, getattr(task, evaluate)),
        pd.DataFrame(weights, columns=["input", "seed", "layer", "weight", "gamma", "norm"]),
        pd.DataFrame(curves, columns=["input", "seed", "validation", "f1"]),
        {part: dict(own.left_out) for part, own in parts.items() if own.left_out},
    )


def networks_of(
    pairs: Sequence[tuple[str, int]], states: SpanStates, task: EdgeTask, plan: Plan
) -> list[tuple[list[int], SpanNetworks]]:
    """(places among the pairs, networks) of probes that can be trained in one batch: those with as many inputs."""
    read = [Input.of(name, states.layers) for name, _ in pairs]
    made = []
    for shape in dict.fromkeys(own.shape for own in read):
        places = [i for i, own in enumerate(read) if own.shape == shape]
        networks = SpanNetworks(
            [read[i] for i in places],
            [pairs[i][1] for i in places],
            states.shape[2],
            1 + task.two_spans,
            len(task.labels),
            plan.hidden,
            plan.pooled,
            plan.precision == "bfloat16",
        )
        made.append((places, networks))
    return made


def cumulative_inputs(states: SpanStates) -> list[str]:
    """`cumulative 0` to `cumulative L`; the last is the mix of all layers."""
    return [f"cumulative {layer}" for layer in range(states.layers + 1)]


def layer_inputs(states: SpanStates) -> list[str]:
    """`layer 0` (the embeddings with positions) to `layer L`."""
    return [f"layer {layer}" for layer in range(states.layers + 1)]


def micro_f1(
    counts: pd.DataFrame, labels: Sequence[str] | EdgeTask | None = None, by: Sequence[str] = ("input", "seed")
) -> pd.DataFrame:
    """Micro F1 over (target, label) decisions.

    Args:
        counts: as `SpanResults.counts`.
        labels: those that count: a task's scored ones, a part of them such as `task.parts["core"]`, or None for all.
        by: columns to keep apart.

    Returns:
        The columns of `by`, f1, precision, recall, and n, the right labels that there were.

    Example:
        >>> own = [("mix", 0, "1", 3, 2, 4), ("mix", 0, "0", 9, 0, 0)]
        >>> micro_f1(pd.DataFrame(own, columns=["input", "seed", "label", *COUNTS]), ["1"])["f1"].tolist()
        [0.5]
    """
    labels = labels.scored if isinstance(labels, EdgeTask) else labels
    own = counts if labels is None else counts[counts["label"].isin(list(labels))]
    found = own.groupby(list(by), sort=False)[list(COUNTS)].sum()
    right, extra, missed = (found[name] for name in COUNTS)
    table = pd.DataFrame({"f1": f1_of(found.to_numpy()), "precision": right / (right + extra)}, index=found.index)
    return table.assign(recall=right / (right + missed), n=right + missed).reset_index()


def weights_of(networks: SpanNetworks, named: Sequence[tuple[str, int]], norms: np.ndarray) -> list[tuple]:
    """Rows (input, seed, layer, weight, gamma, norm) of the probes that mix; norms are [S]."""
    if networks.row:
        return []
    mixed, gamma = networks.weights().detach().numpy(), networks.parameters["gamma"].detach().numpy()[:, 0]
    columns = networks.columns
    return [
        (*name, columns[c] - 1, float(mixed[i, c]), float(gamma[i]), float(norms[columns[c]]))
        for i, name in enumerate(named)
        if networks.mixes[i]
        for c in range(len(columns))
        if networks.allowed[i, c]
    ]


def _norms(states: SpanStates, targets: SpanTargets) -> np.ndarray:
    """[S] mean norm of the states in spans, over evenly spread pieces."""
    first = np.unique(targets.spans[:, :, 0])
    pieces = first[np.linspace(0, len(first) - 1, min(NORMED, len(first))).astype(int)]
    return states.take(pieces).norm(dim=-1).mean(0).numpy()


def _probabilities(logits: torch.Tensor, plan: Plan) -> torch.Tensor:
    return logits.sigmoid() if plan.loss == "sigmoid" else logits.softmax(-1)


def _table(states: SpanStates, sentences: Sequence[EdgeSentence]) -> pd.DataFrame:
    """Targets in sentences that have states, in the order of `targets_of`."""
    rows = [
        (i, place, target.span1, target.span2, target.context, target.distance, target.labels)
        for i, sentence in enumerate(sentences)
        if states.row(sentence.words) is not None
        for place, target in enumerate(sentence.targets)
    ]
    return pd.DataFrame(rows, columns=["sentence", "target", "span1", "span2", "context", "distance", "labels"])


class SpanProbe(BaseEstimator):
    """A probe that labels spans, or pairs of spans, of words: projection, attentive pooling, a small network.

    Args:
        inputs: what it reads, as in `fit_spans`.
        seed: of initial weights and dropout.
        plan: how it is built and trained; None for `Plan()`.

    Attributes:
        labels_: [K] of the training part.
        weights_: [L + 1] mixing weights of the layers that it mixes (0 for others); None where it mixes none.

    Example:
        >>> import insidebert as ib
        >>> from insidebert.models.span_states import span_states
        >>> from insidebert.text.edges import EdgeSentence, EdgeTask, Target
        >>> words = ("The", "girl", "sleeps")
        >>> own = (EdgeSentence(words, (Target((0, 2), None, ("NP",)), Target((2, 3), None, ("VP",)))),)
        >>> states = span_states(ib.load("distilbert-cased"), [words])
        >>> probe = ib.SpanProbe().fit(states, EdgeTask("constituents", own, own, own))
        >>> probe.score(states, own), probe.weights_.shape
        (1.0, (7,))
    """

    def __init__(self, inputs: str = "mix", seed: int = 0, plan: Plan | None = None):
        self.inputs, self.seed, self.plan = inputs, seed, plan

    def fit(self, states: SpanStates, task: EdgeTask) -> "SpanProbe":
        """Train on the training part of a task; the best validation on its development part is kept."""
        plan = self.plan or OURS
        ((_, self.networks_),) = networks_of([(self.inputs, self.seed)], states, task, plan)
        self.labels_, self.scored_ = task.labels, task.scored
        parts = [targets_of(states, part, task.labels, task.scored) for part in (task.train, task.development)]
        train(self.networks_, states, *parts, np.isin(task.labels, task.scored), plan, f"{task.name} probe")
        mixed = weights_of(self.networks_, [(self.inputs, self.seed)], np.zeros(states.shape[1]))
        self.weights_ = np.bincount([w[2] for w in mixed], [w[3] for w in mixed], states.layers + 1) if mixed else None
        return self

    def predict_proba(self, states: SpanStates, sentences: Sequence[EdgeSentence]) -> np.ndarray:
        """[targets, K] probability of each label, for the targets of sentences that have states, in their order."""
        targets = self._targets(states, sentences)
        found = np.empty(targets.gold.shape, dtype=np.float32)
        for batch, logits in each_logits(self.networks_, states, targets):
            found[batch] = _probabilities(logits, self.plan or OURS)[0].numpy()
        return found

    def score(self, states: SpanStates, sentences: Sequence[EdgeSentence]) -> float:
        """Micro F1 of the labels that the task scores."""
        targets = self._targets(states, sentences)
        scored = np.isin(self.labels_, self.scored_)
        return float(f1_of(counted(self.networks_, states, targets, scored))[0])

    def _targets(self, states: SpanStates, sentences: Sequence[EdgeSentence]) -> SpanTargets:
        if not hasattr(self, "networks_"):
            raise InputError("this SpanProbe is not trained; call fit first")
        return targets_of(states, sentences, self.labels_, self.scored_)
