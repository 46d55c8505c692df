"""Figures 2 and 3 and the later critique, drawn from tidy tables alone; and all artifacts."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers import artifacts, printed
from insidebert.papers.edge_probing.tasks import NAMES
from insidebert.results import plots

PAPER, PRINTED = "Tenney et al. (2019a)", printed("edge_probing")
STYLES = {
    "lex": ("0.55", "o", "the word alone"),
    "cnn 1": ("#de8f05", "^", "and one piece on each side"),
    "cnn 2": ("#d55e00", "v", "and two pieces on each side"),
    "random layers": ("#cc78bc", "D", "random, orthogonal layers"),
    "mix": ("#0173b2", "s", "the model, all layers"),
}
"""Input -> colour, marker and name, in all figures of this paper."""

OF_PAPER = {"random layers": "orthonormal"}


def baselines(scores: pd.DataFrame) -> Figure:
    """Figure 2: F1 by task, a column of marks a task; hollow marks: the paper's ELMo."""
    rows = plots.shown(scores)
    models, figure, axes = plots.model_panels(rows, width=4.5, height=3.9, sharey=True)
    keys = list(dict.fromkeys(zip(rows["task"], rows["part"], strict=True)))
    for ax, model in zip(axes[0], models, strict=True):
        own = rows[rows["model"] == model].set_index(["task", "part", "input"])
        for i, name in enumerate(STYLES):
            colour, marker, said = STYLES[name]
            shift = (i - 2) * 0.15
            found = [own.loc[(*key, name)] for key in keys]
            x = np.arange(len(keys)) + shift
            f1, low, high = (np.array([row[column] for row in found]) for column in ("f1", "low", "high"))
            ax.vlines(x, low, high, color=colour, lw=1.1)
            ax.plot(x, f1, marker, color=colour, ms=4.5, label=said)
            of_paper = PRINTED["f1"].get(f"ELMo, {OF_PAPER.get(name, name)}", {})
            there = [
                (x[k], of_paper[part or task] / 100)
                for k, (task, part) in enumerate(keys)
                if (part or task) in of_paper
            ]
            if there:
                ax.plot(*zip(*there, strict=True), marker, mfc="none", mec=colour, ms=4.5, alpha=0.6)
        ax.set_xticks(
            range(len(keys)), [part or NAMES[task].split(" (")[0] for task, part in keys], rotation=40, ha="right"
        )
        plots.percent_axis(ax, "micro F1 (%)" if ax is axes[0][0] else "")
        ax.set_ylim(max(0, np.floor(10 * rows["low"].min() - 0.5) / 10), 1.03)
        ax.set_title(model)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return plots.caption(
        figure,
        f"Figure 2 of {PAPER}, with {plots.model_list(rows)}; lines: 95% intervals over sentences and trainings;\n"
        "hollow: ELMo in the paper, on other data; core, non-core: two parts of roles",
    )


def by_distance(distances: pd.DataFrame) -> Figure:
    """Figure 3: F1 by distance, and how many targets lie so far apart."""
    rows = plots.shown(distances)
    models, figure, axes = plots.model_panels(rows, 2, width=4.5, height=2.6, gridspec_kw={"height_ratios": [3, 1]})
    order = list(dict.fromkeys(rows["distance"]))
    order.sort(key=lambda text: int(text.split("-")[0].rstrip("+")))
    for column, model in enumerate(models):
        upper, lower = axes[0, column], axes[1, column]
        own, ends = rows[rows["model"] == model].assign(place=lambda t: t["distance"].map(order.index)), []
        for name, (colour, marker, said) in STYLES.items():
            line = own[own["input"] == name]
            end = plots.line(upper, line, "place", "f1", colour, marker, band=name in ("lex", "mix"))
            ends.append((*end, said.split(",")[0].removeprefix("and ").removesuffix(" on each side"), colour))
        plots.percent_axis(upper, "dependencies, micro F1 (%)" if not column else "")
        counts = own[own["input"] == "mix"]
        lower.bar(counts["place"], counts["targets"], color="0.7")
        lower.set_ylabel("targets" if not column else "")
        for ax in (upper, lower):
            ax.set_xlim(-0.5, len(order) - 0.5)
            ax.set_xticks(range(len(order)), order if ax is lower else [])
        lower.set_xlabel("distance between the starts of the two spans (words)")
        upper.set_title(model)
        plots.label_ends(upper, ends)
    return plots.caption(
        figure,
        f"Figure 3 of {PAPER}, with {plots.model_list(rows)}; distance 0: the root, whose head is itself;\n"
        "bands (of the word alone and of the model): 95% intervals over sentences and trainings",
    )


def critique(table: pd.DataFrame) -> Figure:
    """Selectivity and compression by task, of the word alone and of all layers."""
    rows = plots.shown(table)
    models, figure, axes = plots.model_panels(rows, 2, width=4.6, height=2.9, sharey="row", sharex=True)
    for column, model in enumerate(models):
        own = rows[rows["model"] == model]
        tasks = list(dict.fromkeys(own["task"]))
        for name, shift in (("lex", -0.13), ("mix", 0.13)):
            colour, marker, said = STYLES[name]
            line = own[own["input"] == name].set_index("task").loc[tasks]
            x = np.arange(len(tasks)) + shift
            upper, lower = axes[0, column], axes[1, column]
            upper.vlines(x, line["low"], line["high"], color=colour, lw=1.2)
            upper.plot(x, line["selectivity"], marker, color=colour, label=said)
            lower.plot(x, line["compression"], marker, color=colour)
        _zero(upper, 0)
        _zero(lower, 1)
        lower.set_yscale("log")
        ticks = [t for t in (0.5, 1, 2, 4, 8, 16, 32) if t <= 1.2 * rows["compression"].max()]
        lower.set_yticks(ticks, [f"{t:g}" for t in ticks])
        lower.minorticks_off()
        lower.set_xticks(range(len(tasks)), [NAMES[task].split(" (")[0] for task in tasks], rotation=40, ha="right")
        upper.set_title(model)
        upper.yaxis.set_major_formatter(lambda share, _: f"{100 * share:+.0f}" if share else "0")
    axes[0, 0].set_ylabel("task minus control\n(points of F1)")
    axes[1, 0].set_ylabel("even code / online code\n(times)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return plots.caption(
        figure,
        f"Not in {PAPER}. Above: F1 minus F1 on a control task whose labels are drawn by lot, one a string of words\n"
        "(Hewitt and Liang 2019); 95% intervals over sentences. Below: compression of the labels by an online code\n"
        "(Voita and Titov 2020); above 1 the probe learns something",
    )


def _zero(ax: Axes, value: float) -> None:
    ax.axhline(value, color="0.2", lw=0.9, zorder=1)


ARTIFACTS = artifacts("edge_probing")
