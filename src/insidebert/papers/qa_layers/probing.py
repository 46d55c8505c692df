"""Probes of every layer before and after fine-tuning -> tidy tables (Figures 2, 3 and 6)."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.models.loading import Model
from insidebert.models.span_states import span_states
from insidebert.papers.edge_probing.plans import plan_of
from insidebert.papers.qa_layers.probe_contrasts import contrasts
from insidebert.papers.qa_layers.probe_scores import SCORES, Probed, differences, probed, rows
from insidebert.papers.qa_layers.probe_tasks import probe_tasks
from insidebert.papers.qa_layers.question_sets import name_of, splits_of
from insidebert.papers.qa_layers.readers import fine_tuned
from insidebert.probes.spans import fit_spans, layer_inputs
from insidebert.text.edges import EdgeTask


def probes(
    model: Model,
    edges: Path | str,
    datasets: list[str | Path],
    train: int,
    test: int,
    questions: dict[str, int],
    distractors: int,
    plan: dict,
    probe: dict,
    reader: str | Path = "",
) -> dict[str, pd.DataFrame]:
    """Probe the pre-trained model and a reader of each data set, layer by layer, without a mix.

    A model with random weights is not fine-tuned; it is probed as it is drawn.

    Args:
        edges, datasets, distractors: as `probe_tasks` takes them.
        train, test: targets of a task.
        questions: `train` and `test` of the readers, and `facts` that SUP is made of.
        plan: fields of `SpanTraining`.
        probe: as `plans.plan_of` takes it.
        reader: a checkpoint to use in place of fine-tuning.

    Returns:
        scores: macro and micro F1 by task, version and layer (0 is the embedding), with 95% intervals over sentences;
            the majority's score beside it. differences: fine-tuned minus pre-trained, paired. contrasts: for claims.
            tasks: how many targets, and what was left out.
    """
    facts, learned = questions["facts"], (questions["train"], questions["test"])
    tasks = probe_tasks(edges, datasets, train, test, facts, distractors)
    versions = {("pre-trained", ""): model}
    if model.source.weights == "random":
        versions = {("random weights", ""): model}
    else:
        for dataset in datasets:
            own, _ = splits_of(dataset, *learned, distractors)
            versions["fine-tuned", name_of(dataset)] = fine_tuned(model, plan, own, reader).model
    words = list(dict.fromkeys(sentence.words for task in tasks.values() for sentence in task.sentences))
    found: dict[tuple[str, str, str], Probed] = {}
    for (version, dataset), own in versions.items():
        with span_states(own, words) as states:
            for name, task in tasks.items():
                if dataset and name.startswith("supporting") and not name.endswith(f", {dataset}"):
                    continue
                results = fit_spans(states, task, layer_inputs(states), (0,), plan_of(task, **probe))
                found[name, version, dataset] = probed(task, results)
    scored, changed = [], []
    for (task, version, dataset), own in found.items():
        labels = {"task": task.partition(",")[0], "about": task.partition(", ")[2]}
        labels |= {"version": version, "dataset": dataset}
        scored += [row for score in SCORES for row in rows(own, score, labels)]
        if version == "fine-tuned":
            pair = np.stack([own.counts, found[task, "pre-trained", ""].counts], axis=1)
            changed += [row for score in SCORES for row in differences(pair, score, labels)]
    tables = {"scores": scored, "contrasts": list(contrasts(found))}
    columns = ["task", "about", "version", "dataset", "score", "layer", "difference", "low", "high"]
    made = {name: pd.DataFrame(table) for name, table in tables.items()}
    made["differences"] = pd.DataFrame(changed, columns=columns)
    return made | {"tasks": _sizes(tasks)}


def _sizes(tasks: dict[str, EdgeTask]) -> pd.DataFrame:
    rows = []
    for name, task in tasks.items():
        sizes = {part: sum(len(s.targets) for s in getattr(task, part)) for part in ("train", "development", "test")}
        lost = ", ".join(f"{count} {reason}" for reason, count in sorted(task.left_out.items()))
        rows.append({"task": name, "source": task.source, "labels": len(task.labels)} | sizes | {"left_out": lost})
    return pd.DataFrame(rows)
