"""Figures 1, 2 and A.1 to A.3, drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers import printed
from insidebert.papers.edge_probing.tasks import NAMES
from insidebert.results import plots

PAPER, PRINTED = "Tenney et al. (2019b)", printed("pipeline")
LIGHT, DARK, LOSS = "#8ec1e8", "#0173b2", "#de8f05"
"""Expected layer and gains; centre of gravity and weights; losses."""

LARGE, BASE = "BERT-large", "BERT-base"


def short(task: str) -> str:
    """A task's name without what stands in parentheses."""
    return NAMES[task].split(" (")[0]


def chosen(table: pd.DataFrame, models: int) -> list[str]:
    """So many trained models, the deepest first; 0 for all, as they come."""
    rows = plots.shown(table)
    depth = rows.groupby("model", sort=False)["layers" if "layers" in rows else "layer"].max()
    return list(depth.sort_values(ascending=False, kind="stable").index[:models]) if models else list(depth.index)


def summary(scores: pd.DataFrame, tasks: pd.DataFrame, models: int = 0) -> Figure:
    """Figures 1 and A.2: a row a task; expected layer and centre of gravity as bars, the paper's as diamonds."""
    names, own_tasks, own_scores = chosen(tasks, models), plots.shown(tasks), plots.shown(scores)
    figure, (axes,) = plots.new_figure(len(names), width=6.2 if len(names) == 1 else 4.5, height=4.3, sharey=True)
    order, sure = list(dict.fromkeys(own_tasks["task"])), clear(own_tasks)
    for ax, model in zip(axes, names, strict=True):
        rows = own_tasks[own_tasks["model"] == model].set_index(["task", "statistic"])
        curve = own_scores[(own_scores["model"] == model) & (own_scores["probe"] == "cumulative")]
        depth = int(rows["layers"].iloc[0])
        for y, task in enumerate(order):
            _bars(ax, y, rows.loc[task], depth, PRINTED["tasks"][LARGE].get(task), (model, task) in sure)
            ends = curve[curve["task"] == task].sort_values("layer")["f1"].iloc[[0, -1]] * 100
            ax.text(
                -0.02, y, f"{ends.iloc[0]:.1f} → {ends.iloc[1]:.1f}", ha="right", va="center", fontsize=8, **_left(ax)
            )
        ax.set_yticks(range(len(order)), [short(task) for task in order])
        ax.tick_params(axis="y", pad=72, length=0)
        ax.tick_params(labelleft=True)
        ax.set_ylim(len(order) - 0.4, -0.6)
        ax.set_xlim(0, depth)
        ax.set_xticks(range(0, depth + 1, 1 if depth <= 12 else 2))
        ax.set_xlabel("layer")
        ax.grid(axis="x")
        ax.set_title(f"{model}: F1 at layer 0 → {depth} (%)")
    handles = [
        ax.barh([0], [0], color=LIGHT, label="expected layer"),
        ax.barh([0], [0], color=DARK, label="centre of gravity"),
        ax.plot([], [], "d", mfc="white", mec="0.15", label="BERT-large, in print")[0],
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    label = "Figure 1" if models else "Figure A.2"
    return plots.caption(
        figure,
        f"{label} of {PAPER}, with {' and '.join(names)}; lines: 95% intervals over sentences\n"
        "(expected layer), range over seeds of the mix (centre of gravity; even weights give the middle);\n"
        "diamonds: the paper's BERT-large, at its relative depth; without a clear gain there is no expected layer",
    )


def _left(ax: Axes) -> dict:
    return {"transform": ax.get_yaxis_transform()}


def clear(tasks: pd.DataFrame) -> set[tuple[str, str]]:
    """(model, task) whose layers gain clearly; of the others the expected layer is a ratio of two noises."""
    gains = tasks[(tasks["statistic"] == "gain of F1") & (tasks["low"] > 0)]
    return set(zip(gains["model"], gains["task"], strict=True))


def _bars(ax: Axes, y: float, rows: pd.DataFrame, depth: int, of_paper: list | None, sure: bool) -> None:
    for name, colour, shift, place in (("expected layer", LIGHT, -0.19, 2), ("centre of gravity", DARK, 0.19, 3)):
        row = rows.loc[name]
        if of_paper:
            ax.plot(of_paper[place] * depth / 24, y + shift, "d", mfc="white", mec="0.15", ms=5, zorder=4)
        if name == "expected layer" and not sure:
            ax.text(0.55 * depth, y + shift, "no clear gain", va="center", fontsize=7, color="0.35")
            continue
        length = np.nan_to_num(np.clip(row["estimate"], 0, depth))
        ax.barh(y + shift, length, height=0.34, color=colour)
        ends = np.clip([row["low"], row["high"]], 0, depth)
        ax.plot(ends, [y + shift] * 2, color="0.15", lw=1)


def strips(weights: pd.DataFrame, scores: pd.DataFrame, tasks: pd.DataFrame, models: int = 0) -> Figure:
    """Figures 2 and A.3: a strip a task; weights filled, gains outlined, both as shares; losses in orange."""
    names, rows = chosen(tasks, models), plots.shown(weights)
    order = list(dict.fromkeys(rows["task"]))
    figure, axes = plots.new_figure(
        len(names), len(order), width=6.4 if len(names) == 1 else 4.4, height=0.78, sharex="col"
    )
    mean = rows.groupby(["model", "task", "layer"])["weight"].mean()
    gains = plots.shown(scores).query("probe == 'cumulative' and layer > 0").set_index(["model", "task"])
    numbers = plots.shown(tasks).set_index(["model", "task", "statistic"])["estimate"]
    for column, model in enumerate(names):
        for row, task in enumerate(order):
            ax, weight, gain = axes[row, column], mean[model, task], gains.loc[(model, task)]
            ax.bar(weight.index, weight, width=0.8, color=DARK, alpha=0.85, zorder=2)
            share = gain["difference"] / gain["difference"].sum()
            for layer, value in zip(gain["layer"], share, strict=True):
                ax.bar(layer, value, width=0.8, fc="none", ec="0.1" if value >= 0 else LOSS, lw=1.2, zorder=3)
            ax.axhline(1 / len(weight), color="0.5", lw=0.7, ls=":", zorder=1)
            ax.axhline(0, color="0.3", lw=0.6)
            ax.set_ylim(min(-0.12, max(share.min() * 1.1, -0.6)), 1.0)
            ax.set_yticks([0, 0.5, 1], ["0", "50", ""])
            ax.grid(visible=False)
            said = [numbers[model, task, f"K of the {name}"] for name in ("differences", "weights")]
            shown = ["-" if np.isnan(k) else f"{k:.2f}" for k in said]
            k = f"K(Δ) {shown[0]}\nK(s) {shown[1]}"
            ax.text(1.01, 0.5, k, va="center", fontsize=7.5, transform=ax.transAxes)
            if not column:
                ax.set_ylabel(short(task), rotation=0, ha="right", va="center")
        axes[0, column].set_title(model)
        plots.layer_axis(axes[-1, column], int(weight.index.max()), embedding=True)
        axes[-1, column].set_xlim(-0.5, weight.index.max() + 0.5)
    label = "Figure 2" if models else "Figure A.3"
    return plots.caption(
        figure,
        f"{label} of {PAPER}, with {' and '.join(names)}; shares in %. Filled: weights of the mix, mean of\n"
        "seeds (dotted: even). Outlined: differential scores as shares of the whole gain, orange where a layer\n"
        "lowers the score; bars beyond the strip are cut off",
    )


def other_mixes(weights: pd.DataFrame) -> Figure:
    """Figure A.1: weights of the mix as heat maps, of all models but the deepest, and of ELMo."""
    rows = plots.shown(weights)
    names = chosen(weights, 0)
    others = [name for name in names if name != chosen(weights, 1)[0]] or names
    order = list(dict.fromkeys(rows["task"]))
    elmo = pd.DataFrame({task: PRINTED["elmo"][task][:3] for task in order if task in PRINTED["elmo"]}).T.reindex(order)
    maps = {name: rows[rows["model"] == name].groupby(["task", "layer"])["weight"].mean().unstack() for name in others}
    maps = {name: found.loc[order] for name, found in maps.items()} | {"ELMo in the paper": elmo}
    widths = [found.shape[1] for found in maps.values()]
    figure, (axes,) = plots.new_figure(
        len(maps),
        width=1.4 + 0.36 * sum(widths) / len(maps),
        height=3.2,
        sharey=True,
        gridspec_kw={"width_ratios": widths},
    )
    for ax, (name, found) in zip(axes, maps.items(), strict=True):
        even = 1 / found.shape[1]
        image = ax.imshow(found / even, vmin=0, vmax=3, aspect="auto")
        for (y, x), share in np.ndenumerate(found.to_numpy()):
            if np.isfinite(share):
                ax.text(
                    x,
                    y,
                    f"{100 * share:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if share < 1.8 * even else "black",
                )
        ax.set_xticks(range(found.shape[1]), ["emb", *map(str, range(1, found.shape[1]))])
        ax.set_yticks(range(len(order)), [short(task) for task in order])
        ax.set_xlabel("layer")
        ax.grid(visible=False)
        ax.set_title(name)
    figure.colorbar(image, ax=axes[-1], label="times an even share", ticks=[0, 1, 2, 3])
    return plots.caption(
        figure,
        f"Figure A.1 of {PAPER}, with {' and '.join(others)}; weights of the mix in %, mean of seeds;\n"
        "colour: against an even share",
    )
