"""Figure 3 and its companions: the labels of single edges through the layers."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers.pipeline.layer_figures import DARK, LOSS, PAPER, short
from insidebert.results import plots

WRAPPED = 68


def sentences(table: pd.DataFrame, first: int, last: int, label: str) -> Figure:
    """A block a sentence, a strip an edge: the right label, the strongest wrong one, the rest."""
    rows = one_model(table)
    rows = rows[(rows["rank"] >= first) & (rows["rank"] <= last)]
    keys = list(dict.fromkeys(zip(rows["rank"], rows["task"], rows["edge"], strict=True)))
    if not keys:
        return _nothing(label)
    figure, axes = plots.new_figure(1, len(keys), width=7.6, height=0.8, sharex=True)
    shown = None
    for ax, key in zip(axes[:, 0], keys, strict=True):
        own = rows[(rows["rank"] == key[0]) & (rows["task"] == key[1]) & (rows["edge"] == key[2])]
        own = own.drop_duplicates("layer").sort_values("layer")
        _strip(ax, own)
        if key[0] != shown:
            ax.set_title("\n".join(textwrap.wrap(own["sentence"].iloc[0], WRAPPED)), fontsize=8.5, parse_math=False)
            shown = key[0]
    plots.layer_axis(axes[-1, 0], int(rows["layer"].max()), embedding=True)
    axes[-1, 0].set_xlim(-0.5, rows["layer"].max() + 0.5)
    model = rows["model"].iloc[0]
    return plots.caption(
        figure,
        f"{label} of {PAPER}, with {model}; share of all labels' probabilities (%). Blue: the right label,\n"
        "orange: the wrong one that is strongest on average, blank: the rest; line: from here on the right one leads.\n"
        "Test sentences with several edges whose labels all stay at 70% or less on average over the layers: of most\n"
        "tasks, with most pairs settled against the paper's order, then the shortest",
    )


def one_model(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the deepest trained model."""
    rows = plots.shown(table) if len(table) else table
    if rows.empty:
        return rows
    depth = rows.groupby("model", sort=False)["layer"].max().sort_values(ascending=False, kind="stable")
    return rows[rows["model"] == depth.index[0]]


def _strip(ax: Axes, own: pd.DataFrame) -> None:
    first = own.iloc[0]
    ax.bar(own["layer"], own["right"], width=0.85, color=DARK)
    ax.bar(own["layer"], own["wrong"], width=0.85, bottom=1 - own["wrong"], color=LOSS, alpha=0.85)
    if first["settled"] == first["settled"]:  # not NaN
        ax.axvline(first["settled"] - 0.5, color="0.1", lw=1.2)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1], ["0", "50", "100"], fontsize=7)
    ax.grid(visible=False)
    edge = textwrap.shorten(first["edge"], 34, placeholder=" …")
    ax.set_ylabel(
        f"{short(first['task'])}\n{edge}", rotation=0, ha="right", va="center", fontsize=7.5, parse_math=False
    )
    beside = {"transform": ax.transAxes, "fontsize": 8, "parse_math": False, "clip_on": False}
    ax.text(1.01, 0.78, first["wrong_label"], color="#a05a00", va="center", **beside)
    ax.text(1.01, 0.22, first["gold"], color=DARK, va="center", **beside)


def _nothing(label: str) -> Figure:
    figure, ((ax,),) = plots.new_figure(width=6, height=1)
    ax.text(0.5, 0.5, "no such sentence in this run", ha="center", va="center")
    ax.axis("off")
    return plots.caption(figure, f"{label} of {PAPER}")
