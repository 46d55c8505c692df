"""Online code length by layer (Voita and Titov 2020): what a probe costs to learn, in place of what it scores."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.expected_layer import expected_layer
from insidebert.models.loading import Model
from insidebert.models.span_states import span_states
from insidebert.papers.edge_probing.plans import plan_of
from insidebert.papers.edge_probing.tasks import tasks_of
from insidebert.papers.pipeline.findings import CLASSICAL, agreement
from insidebert.probes.span_code import code_length
from insidebert.probes.spans import cumulative_inputs


def code(
    model: Model, edges: Path | str, tasks: Sequence[str], train: int, plan: dict, seed: int, updates: int
) -> dict[str, pd.DataFrame]:
    """Code lengths of the training part's labels, given the layers up to each.

    Args:
        edges, tasks, train: as in `tasks_of`. plan: as for `plans.plan_of`; its updates are replaced by `updates`.
        updates: of each of the trainings of the online code.

    Returns:
        lengths: bits of a task's labels given layers 0 to `layer`; compression: how many times shorter than the even
        code. contrasts: what claims ask; one training, so they have no interval of their own (low = high).
    """
    given = tasks_of(edges, tasks, train, 1)
    rows, found = [], {}
    with span_states(model, [s.words for task in given.values() for s in task.sentences]) as states:
        inputs = cumulative_inputs(states)
        for name, task in given.items():
            own = code_length(states, task, inputs, [seed], plan_of(task, **plan), updates=updates).set_index("input")
            own = own.loc[inputs]
            found[name] = expected_layer([-bits for bits in own["bits"]])
            for layer, row in enumerate(own.itertuples()):
                saved = {"bits": float(row.bits), "uniform_bits": float(row.uniform_bits)}
                rows.append({"task": name, "layer": layer} | saved | {"compression": float(row.compression)})
    return {"lengths": pd.DataFrame(rows), "contrasts": pd.DataFrame(_contrasts(found, Path(edges).name), columns=KEPT)}


KEPT = ["contrast", "estimate", "low", "high", "dataset"]


def _contrasts(found: dict[str, float], dataset: str) -> list[dict]:
    if not set(CLASSICAL) <= set(found):
        return []
    tau = float(agreement(np.array([[found[name] for name in CLASSICAL]]))[0])
    return [{"contrast": "order by code length", "estimate": tau, "low": tau, "high": tau, "dataset": dataset}]
