"""How many bits a probe needs to tell the labels: the online code of Voita and Titov (2020, section 2.2)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.models.span_states import SpanStates
from insidebert.probes.span_targets import targets_of
from insidebert.probes.span_training import OURS, Plan, each_logits, losses, train
from insidebert.probes.spans import networks_of
from insidebert.text.edges import EdgeTask

CUTS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1)
"""Shares of the targets after which a new probe is trained, as in the paper."""


def code_length(
    states: SpanStates,
    task: EdgeTask,
    inputs: Sequence[str],
    seeds: Sequence[int] = (0,),
    plan: Plan = OURS,
    cuts: Sequence[float] = CUTS,
    updates: int | None = None,
) -> pd.DataFrame:
    """Bits of the training labels, given the states, when each part is told by probes trained on all before it.

    Sentences are shuffled and cut where their targets reach a share; the first part costs as much as even chances.
    A target costs its labels' decisions, K bits by even chances; with `loss="softmax"`, one choice among K labels.

    Args:
        inputs, seeds, plan: as in `fit_spans`; the last weights are used, without validation.
        cuts: ascending shares that end with 1; those that add no sentence are left out.
        updates: of every training, at least one pass; None for the plan's epochs.

    Returns:
        input, seed, bits, uniform_bits, compression (the second over the first), targets.

    Raises:
        InputError: as `fit_spans`; cuts that do not ascend to 1.
    """
    if list(cuts) != sorted(set(cuts)) or not cuts or cuts[0] <= 0 or cuts[-1] != 1:
        raise InputError(f"cuts are {list(cuts)}; they ascend to 1")
    pairs = [(name, seed) for name in inputs for seed in seeds]
    order = np.random.default_rng(0).permutation(len(task.train))
    targets = targets_of(states, [task.train[i] for i in order], task.labels)
    ends = np.unique(targets.starts[np.searchsorted(targets.starts, np.array(cuts) * len(targets) - 1e-9)])
    ends = ends[ends > 0]
    each = float(len(task.labels)) if plan.loss == "sigmoid" else float(np.log2(len(task.labels)))
    bits = np.full(len(pairs), each * ends[0])
    for known, upto in pairwise(ends):
        before, after = targets.chosen(np.arange(known)), targets.chosen(np.arange(known, upto))
        steps = -(-(len(before.starts) - 1) // plan.batch)
        own = replace(plan, epochs=max(1, round(updates / steps))) if updates else plan
        for places, networks in networks_of(pairs, states, task, own):
            train(networks, states, before, None, np.ones(len(task.labels), dtype=bool), own, "online code")
            for batch, logits in each_logits(networks, states, after):
                cost = losses(logits, after.tensor(batch), plan.loss).numpy() / np.log(2)
                bits[places] += cost * len(batch) * (len(task.labels) if plan.loss == "sigmoid" else 1)
    uniform = each * len(targets)
    rows = [(*pair, own, uniform, uniform / own, len(targets)) for pair, own in zip(pairs, bits, strict=True)]
    return pd.DataFrame(rows, columns=["input", "seed", "bits", "uniform_bits", "compression", "targets"])
