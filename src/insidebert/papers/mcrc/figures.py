"""The paper's figures of what was measured, and the curve of planted questions; drawn from tidy tables alone."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from insidebert.papers import artifacts, printed
from insidebert.papers.mcrc import PAPER
from insidebert.papers.mcrc.seen import correlation, of_any_version
from insidebert.results import plots

PRINTED = printed("mcrc")
FEATURES = {  # figure, label of the x axis, factor for it
    "length_change": ("Figure 5", "change of the distractors' length (%)", 100),
    "answer_words": ("Figure 7", "length of the correct answer (words)", 1),
    "degree": ("Figure 8", "largest ShuffleDegree of a distractor", 1),
}
PAPERS_POINTS = {"MCScript": ("s", "0.6"), "RACE-M": ("^", "0.75")}
"""Marker and grey of the paper's points, under ours."""


@of_any_version
def against(bins: pd.DataFrame, correlations: pd.DataFrame, feature: str) -> Figure:
    """Figures 5, 7 and 8: change of accuracy in bins of a feature.

    Args:
        feature: one of FEATURES.
    """
    label, axis, factor = FEATURES[feature]
    every, found = plots.shown(bins), plots.shown(correlations)
    rows = every[every["feature"] == feature]
    top = 100 * every[["change", "high"]].max(axis=None)  # one range for all three figures
    figure, panels = _panels(rows, 5.6)
    for ax, title, own in panels:
        own = own.sort_values("x").assign(x=own["x"] * factor)
        for name, (marker, shade) in PAPERS_POINTS.items():
            y = PRINTED["points"][feature][name]
            x = PRINTED["points"][feature]["x"][: len(y)]
            ax.plot(x, y, marker=marker, ms=4, lw=0.8, color=shade, label=f"paper, {name}", zorder=1)
        ax.errorbar(own["x"], own["change"] * 100, _ends(own, "low", "high"), marker="o", label=title)
        for row in own.itertuples():
            place = row.x, np.nanmax([row.change, row.high]) * 100
            style = {"fontsize": 6.5, "ha": "center", "path_effects": [withStroke(linewidth=2, foreground="white")]}
            ax.annotate(f"n={row.questions}", place, (0, 3), textcoords="offset points", **style)
        ax.set_ylim(-104, max(12, top + 24))
        known = found[(found["model"] == own["model"].iloc[0]) & (found["feature"] == feature)]
        known = known.set_index("over").reindex(["bins", "questions"])
        over = [f"over the {name} {correlation(row)}" for name, row in known.iterrows()]
        ax.set_title("\n".join([title, *over]), fontsize=8.5)
        ax.set_xlabel(axis)
        ax.legend(loc="upper right", fontsize=7, ncols=3, borderaxespad=0.1)
    bars = "with 95% intervals" if rows["low"].notna().any() else "recorded before they had intervals"
    printed = ", ".join(f"{name} {value:+.2f}" for name, value in PRINTED["correlations"][feature].items())
    plots.caption(
        figure,
        f"{label} of {PAPER.short}, with {plots.model_list(rows)}, AddSent2Opt-Shuffle; grey: BERT-large in the paper; "
        f"points: bins of n questions, {bars}; r of the paper, over its bins: {printed}",
    )
    return figure


@of_any_version
def by_attack(attacks: pd.DataFrame, questions: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Figure 6: change of accuracy against change of length, a point per attack and model."""
    rows, found = plots.shown(attacks), plots.shown(correlations)
    lengths = plots.shown(questions).groupby(["model", "attack"], as_index=False)["length_change"].mean()
    rows = rows[rows["attack"] != "original"].merge(lengths).assign(x=lambda own: own["length_change"] * 100)
    figure, panels = _panels(rows, 5.4)
    palette = plots.colours(rows["attack"])
    for ax, title, own in panels:
        own = own.sort_values(["x", "change"])
        alike = own.groupby(own["x"].round(6))["x"]  # bars of one length stand beside each other
        beside = alike.cumcount() - (alike.transform("size") - 1) / 2
        places = own["x"] + beside * 0.02 * max(np.ptp(own["x"]), 1.0)
        for place, end, row in zip(places, _ends(own, "change_low", "change_high").T, own.itertuples(), strict=True):
            style = {"color": palette[row.attack], "marker": "o", "lw": 0.9, "ms": 5}
            ax.errorbar(place, row.change * 100, end[:, None], **style)
        ax.margins(x=0.08)
        ax.set_xlabel("change of the distractors' length (%)")
        known = found[(found["model"] == own["model"].iloc[0]) & (found["over"] == "attacks")]
        ax.set_title(f"{title}\nover the attacks {correlation(next(known.iterrows(), (0, None))[1])}", fontsize=8.5)
        ends = [(row.x, row.change * 100, row.attack, palette[row.attack]) for row in own.itertuples()]
        plots.label_ends(ax, ends, gap=0.075)
    plots.caption(
        figure,
        f"Figure 6 of {PAPER.short}, with {plots.model_list(rows)}; bars: 95% intervals "
        f"(paper, over 7 attacks on 7 data sets: r = {PRINTED['correlations']['attacks']:.4f})",
    )
    return figure


def planted(curve: pd.DataFrame) -> Figure:
    """Accuracy without the passage against the share of questions planted to need none."""
    rows = plots.shown(curve).sort_values("share").assign(share=lambda own: own["share"] * 100)
    figure, ((ax,),) = plots.new_figure(width=5.2, height=3.6)
    palette = plots.colours(rows["model"])
    for marker, (model, own) in zip(plots.MARKERS, rows.groupby("model", sort=False), strict=False):
        ends = np.stack([own["accuracy"] - own["low"], own["high"] - own["accuracy"]]) * 100
        label = f"{model}, trained and tested without passages"
        ax.errorbar(own["share"], own["accuracy"] * 100, ends, color=palette[model], marker=marker, label=label)
    known, label = rows.drop_duplicates("share"), "every planted hint taken, the rest guessed"
    ax.plot(known["share"], known["expected"] * 100, color=plots.REFERENCE, ls="--", lw=1, label=label)
    ax.set_xlabel("questions planted to need no passage (%)")
    ax.set_ylabel("accuracy without the passage (%)")
    ax.set_ylim(0, 103)
    ax.legend(loc="lower right")
    plots.caption(
        figure,
        f"Not in {PAPER.short}: P-Remove on the data set whose artifacts are known, with {plots.model_list(rows)}; "
        "bars: 95% intervals over questions",
    )
    return figure


def word_by_word(case: pd.DataFrame) -> Figure:
    """Figure 9: the un-readable distractor, a word at a time, and the probabilities of answer and distractor."""
    rows = plots.shown(case).sort_values("step")
    models = [own for _, own in rows.groupby("model", sort=False)]
    figure, axes = plots.new_figure(1, len(models), width=max(6.0, 0.3 * rows["step"].max() + 1.5), height=3.4)
    palette = plots.colours(["correct answer", "attacked distractor"])
    for ax, own in zip(axes[:, 0], models, strict=True):
        for (name, colour), marker, column in zip(
            palette.items(), plots.MARKERS, ("answer", "distractor"), strict=False
        ):
            ax.plot(own["step"], own[column], marker=marker, color=colour, label=name, clip_on=False)
        words = own["word"].where(own["step"] > 0, "(empty)")
        ax.set_xticks(own["step"], words, rotation=60, ha="right", fontsize=7)
        plots.percent_axis(ax, "probability (%)")
        first = own.iloc[0]
        lines = [f"{first['model']}: {first['question']}", f"answer: {first['right']}"]
        lines.append(f"distractor before the attack: {first['original']}")
        ax.set_title("\n".join(textwrap.shorten(line, 80) for line in lines), fontsize=8)
        ax.legend(loc="best", fontsize=7.5)
    plots.caption(
        figure,
        f"Figure 9 of {PAPER.short}, with {plots.model_list(rows)}; "
        "the answer that loses most under AddSent2Opt-Shuffle",
    )
    return figure


def _panels(rows: pd.DataFrame, width: float) -> tuple[Figure, list[tuple]]:
    """A figure, and a panel a model: its axes, its title and its rows."""
    own = [part for _, part in rows.groupby("model", sort=False)]
    figure, (axes,) = plots.new_figure(len(own), width=width if len(own) == 1 else 4.6, height=3.6, sharey=True)
    axes[0].set_ylabel("change of accuracy (%)")
    for ax in axes:
        ax.axhline(0, color=plots.REFERENCE, lw=0.8)
    titles = [f"{part['model'].iloc[0]}, {part['dataset'].iloc[0]}" for part in own]
    return figure, list(zip(axes, titles, own, strict=True))


def _ends(rows: pd.DataFrame, low: str, high: str) -> np.ndarray:
    """[2, rows] lengths of the bars below and above `change`, in %."""
    return np.stack([rows["change"] - rows[low], rows[high] - rows["change"]]) * 100


ARTIFACTS = artifacts("mcrc")
