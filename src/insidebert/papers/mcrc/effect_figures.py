"""Figures 5 to 8: change of accuracy against what goes with it; drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers.mcrc.printed import PAPER, PRINTED
from insidebert.results import plots

FEATURES = {  # figure, label of the x axis, factor for it
    "length_change": ("Figure 5", "change of the distractors' length (%)", 100),
    "answer_words": ("Figure 7", "length of the correct answer (words)", 1),
    "degree": ("Figure 8", "largest ShuffleDegree of a distractor", 1),
}


def by_length(bins: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Figure 5: change of accuracy against change of the distractors' length."""
    return _against("length_change", bins, correlations)


def by_answer(bins: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Figure 7: change of accuracy against the answer's length."""
    return _against("answer_words", bins, correlations)


def by_degree(bins: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Figure 8: change of accuracy against ShuffleDegree."""
    return _against("degree", bins, correlations)


def by_attack(attacks: pd.DataFrame, questions: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Figure 6: change of accuracy against change of length, a point per attack and model."""
    rows = plots.shown(attacks)
    rows = rows[rows["attack"] != "original"]
    lengths = plots.shown(questions).groupby(["model", "attack"])["length_change"].mean()
    models = list(dict.fromkeys(rows["model"]))
    figure, (axes,) = plots.new_figure(len(models), width=5.4, height=3.6, sharey=True)
    palette = plots.colours(rows["attack"])
    for ax, model in zip(axes, models, strict=True):
        own = rows[rows["model"] == model].assign(
            x=lambda own, model=model: [lengths[model, a] * 100 for a in own["attack"]]
        )
        apart = 0.02 * max(np.ptp(own["x"]), 1.0)  # bars of one length beside each other
        own = own.sort_values(["x", "change"]).assign(order=lambda own: own.groupby(own["x"].round(6)).cumcount())
        for row in own.itertuples():
            same = int((own["x"].round(6) == round(row.x, 6)).sum())
            place = row.x + apart * (row.order - (same - 1) / 2)
            ends = [[(row.change - row.change_low) * 100], [(row.change_high - row.change) * 100]]
            ax.errorbar(place, row.change * 100, ends, color=palette[row.attack], marker="o", lw=0.9, ms=5)
        ax.axhline(0, color=plots.REFERENCE, lw=0.8)
        ax.margins(x=0.08)
        ax.set_xlabel("change of the distractors' length (%)")
        ax.set_ylabel("change of accuracy (%)" if ax is axes[0] else "")
        found = plots.shown(correlations)
        found = found[(found["model"] == model) & (found["over"] == "attacks")].iloc[0]
        ax.set_title(f"{model}, {own['dataset'].iloc[0]}: over the attacks {_r(found)}", fontsize=9)
        names = [(r.x, r.change * 100, r.attack, palette[r.attack]) for r in own.itertuples()]
        plots.label_ends(ax, names, gap=0.075)
    plots.caption(
        figure,
        f"Figure 6 of {PAPER}, with {plots.model_list(rows)}; bars: 95% intervals\n"
        f"(paper, over 7 attacks on 7 data sets: r = {PRINTED['correlations']['attacks']:.4f})",
    )
    return figure


def _against(feature: str, bins: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    label, axis, factor = FEATURES[feature]
    every = plots.shown(bins)
    rows, found = every[every["feature"] == feature], plots.shown(correlations)
    models = list(dict.fromkeys(rows["model"]))
    figure, (axes,) = plots.new_figure(len(models), width=5.6 if len(models) == 1 else 4.4, height=3.6, sharey=True)
    top = max(12.0, *(every["high"].dropna() * 100 + 8))  # one range for all three figures
    for ax, model in zip(axes, models, strict=True):
        own = rows[rows["model"] == model].sort_values("x")
        _printed(ax, feature)
        ends = [(own["change"] - own["low"]) * 100, (own["high"] - own["change"]) * 100]
        colour = plots.colours(["bins"])["bins"]
        ax.errorbar(
            own["x"] * factor,
            own["change"] * 100,
            ends,
            marker="o",
            color=colour,
            label=f"{model}, {own['dataset'].iloc[0]}",
        )
        for row in own.itertuples():
            ax.annotate(
                f"n={row.questions}",
                (row.x * factor, row.high * 100),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=6.5,
            )
        ax.axhline(0, color=plots.REFERENCE, lw=0.8)
        ax.set_ylim(-104, top)
        known = found[(found["model"] == model) & (found["feature"] == feature)].set_index("over")
        over = [f"over the {name} {_r(known.loc[name])}" for name in ("bins", "questions")]
        ax.set_title(f"{model}, {own['dataset'].iloc[0]}\n{over[0]}\n{over[1]}", fontsize=8.5)
        ax.set_xlabel(axis)
        ax.set_ylabel("change of accuracy (%)" if ax is axes[0] else "")
        ax.legend(loc="upper right", fontsize=7, ncols=3)
    printed = ", ".join(f"{name} {value:+.2f}" for name, value in PRINTED["correlations"][feature].items())
    plots.caption(
        figure,
        f"{label} of {PAPER}, with {plots.model_list(rows)}, AddSent2Opt-Shuffle; grey: BERT-large in the paper\n"
        f"points: bins of n questions, with 95% intervals\nr of the paper, over its bins: {printed}",
    )
    return figure


def _printed(ax: Axes, feature: str) -> None:
    """The paper's points, under ours."""
    points = PRINTED["points"][feature]
    for name, marker, shade in (("MCScript", "s", "0.6"), ("RACE-M", "^", "0.75")):
        y = points[name]
        ax.plot(points["x"][: len(y)], y, marker=marker, ms=4, lw=0.8, color=shade, label=f"paper, {name}", zorder=1)


def _r(row: pd.Series) -> str:
    """A correlation with its interval, in words where there is none."""
    if not np.isfinite(row["estimate"]):
        return "r is not defined: no spread"
    return f"r = {row['estimate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
