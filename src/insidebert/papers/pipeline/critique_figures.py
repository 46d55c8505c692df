"""What later work puts beside the paper's figures, drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.measure.expected_layer import expected_layer
from insidebert.papers.pipeline.depths import BINS
from insidebert.papers.pipeline.layer_figures import BASE, LARGE, PAPER, PRINTED, clear, short
from insidebert.results import plots

MEASURES = {
    "expected layer": "expected layer",
    "expected layer, losses clipped": "losses clipped",
    "expected layer, context lengths evened out": "lengths evened",
    "code": "code length",
    "centre of gravity": "centre of gravity",
    "centre of gravity, weights times norms": "times norms",
}
"""Measures of depth, in the order of the columns: the statistic, and what its column says."""


def depths_of(tasks: pd.DataFrame, lengths: pd.DataFrame, weights: str = "trained") -> pd.DataFrame:
    """Every measure of depth of every task: model, measure, task, depth in layers.

    A task that gains nothing clearly has no expected layer, so it has no row of the three measures that are one.
    """
    tasks = tasks[tasks["weights"] == weights]
    rows, sure = tasks[tasks["statistic"].isin(MEASURES)], clear(tasks)
    known = np.array([pair in sure for pair in zip(rows["model"], rows["task"], strict=True)], dtype=bool)
    rows = rows[known | ~rows["statistic"].str.startswith("expected layer")]
    found = rows.rename(columns={"statistic": "measure", "estimate": "depth"})[["model", "measure", "task", "depth"]]
    own = lengths[lengths["weights"] == weights].sort_values("layer")
    coded = own.groupby(["model", "task"], sort=False)["bits"].agg(lambda bits: expected_layer([-b for b in bits]))
    return pd.concat([found, coded.rename("depth").reset_index().assign(measure="code")], ignore_index=True)


def orders(tasks: pd.DataFrame, lengths: pd.DataFrame) -> Figure:
    """A line a task: its rank by every measure, with the paper's two orders left of them."""
    found = depths_of(tasks, lengths)
    found = found if len(found) else depths_of(tasks, lengths, "random")  # a run of random models alone
    models = list(dict.fromkeys(found["model"]))
    names = list(dict.fromkeys(plots.shown(tasks)["task"]))
    palette = plots.colours(names)
    figure, axes = plots.new_figure(1, len(models), width=8.2, height=3.4)
    for (ax,), model in zip(axes, models, strict=True):
        columns = {
            "BERT-large,\nexpected": _printed(LARGE, 2, names),
            "BERT-large,\ngravity": _printed(LARGE, 3, names),
        }
        for measure, said in MEASURES.items():
            own = found[(found["model"] == model) & (found["measure"] == measure)].set_index("task")["depth"]
            columns |= {said.replace(" ", "\n", 1): own.reindex(names)} if len(own) else {}
        ranks = pd.DataFrame(columns).rank(method="first")
        for i, task in enumerate(names):
            ax.plot(range(len(columns)), ranks.loc[task], color=palette[task], marker=plots.MARKERS[i % 8], ms=6)
            ax.text(
                len(columns) - 0.85,
                ranks.loc[task].iloc[-1],
                short(task),
                color=palette[task],
                va="center",
                fontsize=8.5,
            )
            ax.text(
                -0.15, ranks.loc[task].iloc[0], short(task), color=palette[task], va="center", ha="right", fontsize=8.5
            )
        ax.axvline(1.5, color="0.8", lw=0.8)
        ax.set_xticks(range(len(columns)), list(columns), fontsize=7.5)
        ax.set_xlim(-1.6, len(columns) + 0.4)
        ax.set_ylim(len(names) + 0.5, 0.5)
        ax.set_yticks(range(1, len(names) + 1))
        ax.set_ylabel("rank: 1 is the lowest")
        ax.grid(visible=False)
        ax.set_title(model)
    return plots.caption(
        figure,
        f"Not in {PAPER}: the tasks' order, lowest in the network first, by each measure of depth; the two columns on\n"
        "the left are the paper's. A task without a clear gain has no expected layer",
    )


def _printed(model: str, place: int, names: list[str]) -> pd.Series:
    return pd.Series({name: PRINTED["tasks"][model].get(name, [np.nan] * 6)[place] for name in names})


def by_context(bins: pd.DataFrame, tasks: pd.DataFrame) -> Figure:
    """Expected layer by context length, a panel a model; right: each task as it is, and with lengths evened out."""
    rows, numbers = plots.shown(bins), plots.shown(tasks).set_index(["model", "task", "statistic"]).sort_index()
    models = list(dict.fromkeys(rows["model"]))
    names = list(dict.fromkeys(plots.shown(tasks)["task"]))
    palette, places, sure = plots.colours(names), {label: i for i, label in enumerate(BINS)}, clear(plots.shown(tasks))
    figure, axes = plots.new_figure(2, len(models), width=4.4, height=3.1, gridspec_kw={"width_ratios": [3, 2]})
    for (left, right), model in zip(axes, models, strict=True):
        depth = int(numbers.loc[model, "layers"].iloc[0])
        ends = []
        for i, name in enumerate(names):
            own = rows[(rows["model"] == model) & (rows["task"] == name)].dropna(subset="estimate")
            own = own.assign(place=own["words"].map(places).astype(float) + (i - len(names) / 2) * 0.05)
            marker = plots.MARKERS[i % 8]
            low, high = (own[side].clip(0, depth).to_numpy() for side in ("low", "high"))
            left.vlines(own["place"].to_numpy(), low, high, color=palette[name], lw=0.9)
            left.plot(own["place"], own["estimate"], color=palette[name], marker=marker, lw=1.2)
            evened = [numbers.loc[(model, name, f"expected layer{end}"), "estimate"] for end in ("", EVENED)]
            evened = np.clip(evened, 0, depth)
            if (model, name) not in sure or not np.isfinite(evened).all():
                continue
            right.plot([0, 1], evened, color=palette[name], marker=marker)
            ends.append((1, evened[1], short(name), palette[name]))
        left.set_xticks(range(len(BINS)), list(BINS))
        left.set_xlabel("words of the shortest stretch that holds all spans")
        left.set_ylabel("expected layer")
        right.set_xticks([0, 1], ["as it is", "evened"])
        right.set_xlim(-0.2, 1.2)
        for ax in (left, right):
            ax.set_ylim(0, depth)
        left.set_title(model)
        plots.label_ends(right, ends, gap=0.075)
    return plots.caption(
        figure,
        f"Not in {PAPER} (after Slobodkin et al. 2021). Left: expected layer of edges by context length, where\n"
        "at least 20 edges gain clearly; 95% intervals over sentences, cut at the axis. Right: each task's edges\n"
        "weighted so that their lengths are distributed alike, as far as the task has such lengths; only\n"
        "tasks that gain clearly",
    )


EVENED = ", context lengths evened out"


def choices(tasks: pd.DataFrame) -> Figure:
    """Pairs of numbers that differ by a choice: clipping, norms; with the range over seeds."""
    rows = plots.shown(tasks)
    models, figure, axes = plots.model_panels(rows, width=4.5, height=4.0, sharey=True)
    names = list(dict.fromkeys(rows["task"]))
    marks = (
        ("expected layer", "#0173b2", "o", -0.24),
        ("expected layer, losses clipped", "#56b4e9", "^", -0.08),
        ("centre of gravity", "#d55e00", "s", 0.08),
        ("centre of gravity, weights times norms", "#de8f05", "D", 0.24),
    )
    sure = clear(rows)
    for ax, model in zip(axes[0], models, strict=True):
        own = rows[rows["model"] == model].set_index(["statistic", "task"])
        depth = int(own["layers"].iloc[0])
        for statistic, colour, marker, shift in marks:
            line = own.loc[statistic].loc[names]
            line = line[[statistic.startswith("centre") or (model, name) in sure for name in names]]
            y = np.array([names.index(name) for name in line.index]) + shift
            ax.hlines(y, line["low"].clip(0, depth), line["high"].clip(0, depth), color=colour, lw=1.3)
            ax.plot(line["estimate"].clip(0, depth), y, marker, color=colour, label=statistic)
        ax.axvline(depth / 2, color="0.4", lw=0.9, ls=":", zorder=1)
        ax.set_yticks(range(len(names)), [short(name) for name in names])
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlim(0, depth)
        ax.set_xlabel("layer")
        ax.grid(axis="x")
        ax.set_title(model)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return plots.caption(
        figure,
        f"Not in {PAPER}. Lines: 95% intervals over sentences (expected layers, cut at the axis), range over seeds\n"
        "(centres of gravity); dotted: the centre of gravity of even weights; without a clear gain no expected layer",
    )


def labels(table: pd.DataFrame, tasks: pd.DataFrame) -> Figure:
    """Expected layer of single labels: a row a task, its own number as a line."""
    rows, whole = plots.shown(table), plots.shown(tasks)
    sure = clear(whole)
    models, figure, axes = plots.model_panels(whole, width=4.5, height=4.2, sharey=True)
    names = list(dict.fromkeys(whole["task"]))
    for ax, model in zip(axes[0], models, strict=True):
        own = whole[(whole["model"] == model) & (whole["statistic"] == "expected layer")].set_index("task")
        depth = int(own["layers"].iloc[0])
        for y, name in enumerate(names):
            single = rows[(rows["model"] == model) & (rows["task"] == name)].dropna(subset="estimate")
            single = single[(single["high"] - single["low"]) <= depth]
            if (model, name) in sure:
                ax.plot(np.clip([own.loc[name, "estimate"]] * 2, 0, depth), [y - 0.35, y + 0.35], color="0.2", lw=1.6)
            size = np.sqrt(single["targets"])
            ax.scatter(
                single["estimate"].clip(0, depth),
                [y] * len(single),
                s=4 * size,
                color="#0173b2",
                alpha=0.55,
                linewidth=0,
            )
            _name_ends(ax, single, y, depth)
        ax.set_yticks(range(len(names)), [short(name) for name in names])
        ax.set_ylim(len(names) - 0.4, -0.7)
        ax.set_xlim(0, depth)
        ax.set_xlabel("expected layer")
        ax.grid(axis="x")
        ax.set_title(model)
    return plots.caption(
        figure,
        f"Not in {PAPER} (after de Vries et al. 2020). Dots: labels with 20 test targets and more whose interval\n"
        "is no wider than the network is deep, larger for more targets; line: the task, where it\n"
        "gains clearly. Ends of rows are named",
    )


def _name_ends(ax: Axes, single: pd.DataFrame, y: float, depth: int) -> None:
    if len(single) < 2:
        return
    for place, side, apart in ((single["estimate"].idxmin(), "right", -1), (single["estimate"].idxmax(), "left", 1)):
        x = float(np.clip(single.at[place, "estimate"], 0, depth)) + apart * 0.025 * depth
        side = "left" if x < 0.1 * depth else "right" if x > 0.9 * depth else side
        beside = {"ha": side, "va": "center" if 0 < x < depth else "bottom", "fontsize": 6.5, "color": "0.25"}
        ax.text(x, y - (0 if 0 < x < depth else 0.2), single.at[place, "label"], parse_math=False, **beside)


def code(lengths: pd.DataFrame) -> Figure:
    """Code length by layer: compression given all layers up to each; random weights dotted."""
    rows = plots.shown(lengths)
    models, figure, axes = plots.model_panels(rows, width=4.5, height=3.4, sharey=True)
    names = list(dict.fromkeys(rows["task"]))
    palette, twins = plots.colours(names), lengths[lengths["weights"] == "random"]
    for ax, model in zip(axes[0], models, strict=True):
        ends = []
        for i, name in enumerate(names):
            own = rows[(rows["model"] == model) & (rows["task"] == name)]
            end = plots.line(ax, own, "layer", "compression", palette[name], plots.MARKERS[i % 8], band=False)
            ends.append((*end, short(name), palette[name]))
            random = twins[(twins["model"] == model) & (twins["task"] == name)].sort_values("layer")
            ax.plot(random["layer"], random["compression"], color=palette[name], ls=":", lw=1)
        plots.layer_axis(ax, int(own["layer"].max()), embedding=True)
        ax.set_ylim(0, rows["compression"].max() * 1.08)
        ax.set_ylabel("even code / online code (times)" if ax is axes[0][0] else "")
        ax.set_title(model)
        plots.label_ends(ax, ends)
    return plots.caption(
        figure,
        f"Not in {PAPER} (after Voita and Titov 2020): how many times shorter the labels become, given the mix of all\n"
        f"layers up to each{'; dotted: random weights' if len(twins) else ''}",
    )


def curves(scores: pd.DataFrame) -> Figure:
    """F1 by layer: cumulative probes and those of one layer, random weights, and BERT-base's four printed curves."""
    rows = plots.shown(scores)
    models = list(dict.fromkeys(rows["model"]))
    names = list(dict.fromkeys(rows["task"]))
    palette = plots.colours(models)
    across = 4 if len(names) > 4 else len(names)
    figure, axes = plots.new_figure(across, -(-len(names) // across), width=2.25, height=2.2)
    for ax in axes.flat[len(names) :]:
        ax.axis("off")
    for ax, name in zip(axes.flat, names, strict=False):
        for i, model in enumerate(models):
            own = scores[(scores["model"] == model) & (scores["task"] == name)]
            depth = own["layer"].max()
            for weights, probe, style, marker in STYLES:
                line = own[(own["weights"] == weights) & (own["probe"] == probe)].sort_values("layer")
                label = f"{model}, {WORDS[weights, probe]}"
                x = line["layer"] / depth
                ax.plot(
                    x,
                    line["f1"],
                    style,
                    color=palette[model],
                    marker=plots.MARKERS[i] if marker else "",
                    ms=3,
                    lw=1.3,
                    label=label,
                )
        known = PRINTED["cumulative"].get(name, [])
        ax.plot(
            np.linspace(0, 1, len(known)), np.array(known) / 100, "-", color="0.6", lw=1, label=f"{BASE} in the paper"
        )
        ax.set_xticks([0, 0.5, 1])
        ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}")
        ax.set_title(short(name))
    for row in axes:
        row[0].set_ylabel("micro F1 (%)")
    for ax in axes[-1]:
        ax.set_xlabel("depth (layer / layers)")
    handles, said = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, said, loc="outside upper center", ncols=2, fontsize=7.5)
    return plots.caption(
        figure,
        f"Beside Figure 2 of {PAPER}: scores of probes that mix all layers up to each, and of those that see one\n"
        "layer; grey: cumulative scores of BERT-base on the paper's data, where its authors' notebook holds them",
    )


STYLES = (
    ("trained", "cumulative", "-", True),
    ("trained", "single", "--", False),
    ("random", "cumulative", ":", False),
)
WORDS = {
    ("trained", "cumulative"): "layers up to it",
    ("trained", "single"): "one layer",
    ("random", "cumulative"): "random weights",
}
