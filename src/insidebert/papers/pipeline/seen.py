"""What is seen in each figure, in sentences whose numbers are read from the tidy tables."""

from itertools import combinations

import numpy as np
import pandas as pd

from insidebert.papers.pipeline.critique_figures import EVENED, MEASURES, depths_of
from insidebert.papers.pipeline.layer_figures import LARGE, PRINTED, chosen, clear, short
from insidebert.papers.pipeline.sentence_figures import one_model
from insidebert.results.plots import shown
from insidebert.results.wording import each_model, percent

MOVED = 0.05
"""Bits by which weights of a mix must differ from even ones to be called moved."""


def summary(scores: pd.DataFrame, tasks: pd.DataFrame, models: int = 0) -> list[str]:
    """Figures 1 and A.2."""
    return _of(chosen(tasks, models), _summary, scores, tasks)


@each_model
def _summary(model: str, scores: pd.DataFrame, tasks: pd.DataFrame) -> str:
    said = {name: _order(tasks, name) for name in ("expected layer", "centre of gravity")}
    sure = {task for _, task in clear(tasks)}
    unclear = [task for task in tasks["task"].unique() if task not in sure]
    said["expected layer"] = said["expected layer"].drop(unclear, errors="ignore")
    depth = int(tasks["layers"].iloc[0])
    each = [
        f"{name}: {', '.join(f'{short(task)} {layer:.1f}' for task, layer in own.items()) or 'none'}"
        for name, own in said.items()
    ]
    each += [f"no clear gain, so no expected layer: {', '.join(map(short, unclear))}"] if unclear else []
    return f"{model} ({depth} layers), lowest first by {'; '.join(each)}."


def strips(weights: pd.DataFrame, scores: pd.DataFrame, tasks: pd.DataFrame, models: int = 0) -> list[str]:
    """Figures 2 and A.3."""
    return _of(chosen(tasks, models), _strips, weights, scores, tasks)


@each_model
def _strips(model: str, weights: pd.DataFrame, scores: pd.DataFrame, tasks: pd.DataFrame) -> str:
    gains = scores[(scores["probe"] == "cumulative") & (scores["layer"] > 0)]
    whole = gains.groupby("task")["difference"].sum()
    first = gains[gains["layer"] == 1].set_index("task")["difference"] / whole.where(whole != 0)
    brought = f"{percent(first.median())} of the gain in the median task" if first.notna().any() else "no gain"
    losses = (gains.groupby("task")["difference"].min() < 0).sum()
    heavy = weights.groupby(["task", "layer"])["weight"].mean().unstack().idxmax(axis=1)
    spread = tasks[tasks["statistic"] == "K of the weights"].set_index("task")["estimate"]
    return (
        f"{model}: layer 1 brings {brought}; in {losses} of "
        f"{len(first)} tasks some layer lowers the score; the heaviest layers of the mix are {heavy.min()} to "
        f"{heavy.max()}; K(s) lies between {spread.min():.2f} ({short(spread.idxmin())}) and {spread.max():.2f} bits "
        f"({short(spread.idxmax())})."
    )


def sentences(table: pd.DataFrame, first: int, last: int) -> list[str]:
    """Figure 3 and its companions."""
    rows = one_model(table)
    rows = rows[(rows["rank"] >= first) & (rows["rank"] <= last)] if len(rows) else rows
    said = []
    for _, own in rows.groupby("rank"):
        edges = own.drop_duplicates(["task", "edge"])
        each = [f"{short(row.task)} of “{row.edge}” ({row.gold}) {_settled(row.settled)}" for row in edges.itertuples()]
        said.append(f"“{own['sentence'].iloc[0]}”: {'; '.join(each)}.")
    return said or ["No sentence of this run has two uncertain edges of different tasks."]


def _settled(layer: float) -> str:
    return "is not right in the last layer" if np.isnan(layer) else f"from layer {layer:.0f} on"


@each_model
def other_mixes(model: str, weights: pd.DataFrame) -> str:
    """Figure A.1."""
    mean = weights.groupby(["task", "layer"])["weight"].mean().unstack()
    even = 1 / mean.shape[1]
    task, layer = mean.stack().idxmax()
    return (
        f"{model}: the heaviest single weight is that of layer {layer} for {short(task)} "
        f"({percent(mean.loc[task, layer])}, an even share is {percent(even)}); the heaviest of ELMo's three is 85%."
    )


def orders(tasks: pd.DataFrame, lengths: pd.DataFrame) -> list[str]:
    """The later critique: orders by measure, and what is left of one."""
    return [*_orders(tasks, lengths), *_survival(tasks, lengths)]


@each_model
def _orders(model: str, tasks: pd.DataFrame, lengths: pd.DataFrame) -> str:
    found = depths_of(tasks, lengths, tasks["weights"].iloc[0])
    by = {name: list(own.sort_values("depth")["task"]) for name, own in found.groupby("measure")}
    if "expected layer" not in by:
        return f"{model}: no task gains clearly, so none has an expected layer."
    base = by["expected layer"]
    by = {name: [task for task in order if task in base] for name, order in by.items()}
    unclear = [task for task in dict.fromkeys(found["task"]) if task not in base]
    same = [MEASURES[name] for name, order in by.items() if order == base and name != "expected layer"]
    return (
        f"{model}: by expected layer {', '.join(map(short, base))}; {len({tuple(order) for order in by.values()})} "
        f"different orders by {len(by)} measures"
        + (f" (the same by {' and '.join(same)})" if same else "")
        + (f"; left out, without a clear gain: {', '.join(map(short, unclear))}." if unclear else ".")
    )


@each_model
def _survival(model: str, tasks: pd.DataFrame, lengths: pd.DataFrame) -> str:
    own, large = tasks.set_index(["statistic", "task"]), PRINTED["tasks"][LARGE]
    layer, sure = own.loc["expected layer"], {task for _, task in clear(tasks)}
    pairs = list(combinations([task for task in layer.index if task in sure], 2))
    apart = [(a, b) if layer.at[a, "high"] < layer.at[b, "low"] else (b, a) for a, b in pairs if _apart(layer, a, b)]
    paper = sum(large[a][2] < large[b][2] for a, b in apart if {a, b} <= large.keys())
    by = depths_of(tasks, lengths, tasks["weights"].iloc[0]).pivot(index="task", columns="measure", values="depth")
    every = list(combinations(by.dropna().index, 2))
    kept = sum(abs(np.sign(by.loc[a] - by.loc[b]).sum()) == by.shape[1] for a, b in every)
    spread = own.loc["K of the weights", "estimate"]
    moved = "have moved" if spread.max() >= MOVED else "have hardly moved"
    return (
        f"{model}: of {len(pairs)} pairs of tasks with a clear gain, {len(apart)} have expected layers whose intervals "
        f"lie apart, {paper} of them in BERT-large's order; {kept} of {len(every)} keep their order by all "
        f"{by.shape[1]} measures; the mixing weights {moved}: K(s) is {spread.min():.2f} to "
        f"{spread.max():.2f} bits (even weights: 0)."
    )


def _apart(layer: pd.DataFrame, one: str, other: str) -> bool:
    return layer.at[one, "high"] < layer.at[other, "low"] or layer.at[other, "high"] < layer.at[one, "low"]


@each_model
def by_context(model: str, bins: pd.DataFrame, tasks: pd.DataFrame) -> str:
    """Context length."""
    known = bins.dropna(subset="estimate")
    ends = [own["estimate"].iloc[-1] - own["estimate"].iloc[0] for _, own in known.groupby("task") if len(own) > 1]
    before, after = (_sure(_order(tasks, f"expected layer{end}"), tasks) for end in ("", EVENED))
    moved = (before - after).abs().dropna()
    if moved.empty:
        return f"{model}: no task gains anything, so none has an expected layer."
    return (
        f"{model}: from the shortest to the longest contexts the expected layer rises by "
        f"{np.mean(ends) if ends else 0:.1f} layers (mean of {len(ends)} tasks); with lengths evened out most moves "
        f"{short(moved.idxmax())} ({before[moved.idxmax()]:.1f} to {after[moved.idxmax()]:.1f}), and the order becomes "
        f"{', '.join(short(task) for task in after.index)}."
    )


@each_model
def choices(model: str, tasks: pd.DataFrame) -> str:
    """Seeds, norms, clipping."""
    own = tasks.set_index(["statistic", "task"])
    gravity = own.loc["centre of gravity"]
    width = gravity["high"] - gravity["low"]
    layer = _sure(own.loc["expected layer", "estimate"], tasks)
    if layer.empty:
        return f"{model}: no task gains clearly, so none has an expected layer."
    clipped = (own.loc["expected layer, losses clipped", "estimate"] - layer).abs().fillna(0)
    norms = (own.loc["centre of gravity, weights times norms", "estimate"] - gravity["estimate"]).abs()
    between = np.ptp(gravity["estimate"])
    return (
        f"{model}: centres of gravity of the tasks lie {between:.2f} layers apart, those of one task's seeds up to "
        f"{width.max():.2f} ({short(width.idxmax())}); clipping moves an expected layer by up to {clipped.max():.2f} "
        f"({short(clipped.idxmax())}), norms a centre of gravity by up to {norms.max():.2f} ({short(norms.idxmax())})."
    )


@each_model
def labels(model: str, table: pd.DataFrame, tasks: pd.DataFrame) -> str:
    """Labels."""
    depth = int(tasks["layers"].iloc[0])
    sure = table[(table["high"] - table["low"]) <= depth]
    reach = sure.groupby("task")["estimate"].agg(np.ptp)
    if reach.empty:
        return f"{model}: no label has an expected layer that is known to within the depth of the network."
    between = np.ptp(_sure(_order(tasks, "expected layer"), tasks))
    return (
        f"{model}: labels of {short(reach.idxmax())} lie up to {reach.max():.1f} layers apart; the tasks "
        f"themselves lie {between:.1f} apart."
    )


@each_model
def code(model: str, lengths: pd.DataFrame) -> str:
    """Code length."""
    best = lengths.loc[lengths.groupby("task", sort=False)["compression"].idxmax()]
    said = [f"{short(row.task)} in layer {row.layer} ({row.compression:.1f} times)" for row in best.itertuples()]
    return f"{model}: labels are shortest given the layers up to: {', '.join(said)}."


def curves(scores: pd.DataFrame) -> list[str]:
    """Trained and random weights."""
    twins = scores[(scores["weights"] == "random") & (scores["probe"] == "cumulative")]

    @each_model
    def gains(model: str, rows: pd.DataFrame) -> str:
        own = _gain(rows[rows["probe"] == "cumulative"])
        other = _gain(twins[twins["model"] == model])
        random = f"; random layers {100 * other.mean():+.1f}" if len(other) else ""
        return (
            f"{model}: all layers gain {100 * own.mean():+.1f} points of F1 over the embedding (mean of tasks){random}."
        )

    return gains(scores)


def _gain(rows: pd.DataFrame) -> pd.Series:
    curves = rows.sort_values("layer").groupby("task")["f1"]
    return curves.last() - curves.first()


def _order(tasks: pd.DataFrame, statistic: str) -> pd.Series:
    """Task -> layer by a statistic, lowest first; tasks that gain nothing have no expected layer."""
    return tasks[tasks["statistic"] == statistic].set_index("task")["estimate"].dropna().sort_values()


def _sure(layers: pd.Series, tasks: pd.DataFrame) -> pd.Series:
    """Of a series by task, the tasks that gain clearly; of the others an expected layer is a ratio of two noises."""
    return layers[layers.index.isin([task for _, task in clear(tasks)])]


def _of(models: list[str], say, *tables: pd.DataFrame) -> list[str]:
    return say(*(shown(table)[shown(table)["model"].isin(models)] for table in tables))
