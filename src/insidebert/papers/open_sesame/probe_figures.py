"""Figures 1 to 4, Table 1 and selectivity, drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.results import plots

PAPER = "Lin et al. (2019)"
GREY = "0.35"
WITHOUT = "embedding without positions"
SPLITS = {
    "main_auxiliary.relative": ("main auxiliary", "the first auxiliary"),
    "subject_noun.compound": ("compound", "the first noun"),
    "subject_noun.possessive": ("possessive", "the first noun"),
}
"""Generalization set -> its name, and the lazy shortcut that it is made to break."""


def by_layer(accuracy: pd.DataFrame, split: str, probe: str = "task") -> pd.DataFrame:
    """Rows of one set and probe: the embedding (layer 0) and every layer."""
    return accuracy[
        (accuracy["split"] == split) & (accuracy["probe"] == probe) & (accuracy["state"] != WITHOUT)
    ].sort_values("layer", kind="stable")


def generalization(accuracy: pd.DataFrame, split: str, label: str, title: str) -> Figure:
    """Accuracy on one generalization set by layer: a line per model, its random-weights twin dashed below."""
    figure, ((ax,),) = plots.new_figure(width=6.4, height=3.6)
    rows, (_, shortcut) = by_layer(accuracy, split), SPLITS[split]
    rows, ends = plots.depth_axis(ax, rows, embedding=True), []
    palette = plots.colours(rows["model"])
    for i, (model, own) in enumerate(rows.groupby("model", sort=False)):
        for weights, lines in own.groupby("weights", sort=False):
            random = weights == "random"
            dashes = (3 * i, (3, 3 * max(1, len(palette) - 1)))  # they take turns where lines meet
            style = {"marker": "", "style": dashes, "lw": 1.2} if random else {"marker": plots.MARKERS[i]}
            end = plots.line(ax, lines, "depth", "accuracy", palette[model], band=not random, **style)
            ends += [(*end, model, palette[model])] if not random or len(own) == len(lines) else []
    plots.percent_axis(ax, "sentences with the right word (%)")
    ax.set_ylim(-0.03, 1.03)
    for share, name in ((rows["chance"].mean(), "a random piece"), (0.0, f"lazy shortcut: {shortcut}")):
        ax.axhline(share, color=GREY, lw=0.9, ls=":", zorder=1)
        ends.append((rows["depth"].max(), share, name, GREY))
    plots.label_ends(ax, ends)
    ax.set_title(title)
    return plots.caption(
        figure,
        f"{label} of {PAPER}, with {plots.model_list(rows)}; bands: 95% bootstrap intervals over sentences and "
        "training seeds. Dashed: random weights, a twin that keeps its trained embeddings, its layers drawn anew.",
    )


def nth_token(accuracy: pd.DataFrame) -> Figure:
    """Accuracy for the n-th token as a heat map: a panel per model, a row per n, the embeddings as baselines."""
    trained = plots.shown(accuracy)
    models = list(dict.fromkeys(trained["model"]))
    figure, axes = plots.new_figure(1, len(models), width=6.0, height=2.7)
    for (ax,), model in zip(axes, models, strict=True):
        own = trained[trained["model"] == model]
        column = own["layer"].where(own["state"] != WITHOUT, -1)
        shares = own.assign(column=column).pivot(index="n", columns="column", values="accuracy")
        image = ax.imshow(shares, vmin=0, vmax=1, aspect="auto")
        if len(shares.columns) <= 14:
            _write_shares(ax, shares)
        names = ["no\npos.", "emb", *(str(int(layer)) for layer in shares.columns[2:])]
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks(range(len(shares)), shares.index)
        ax.set_ylabel("n")
        ax.grid(visible=False)
        ax.set_title(f"n-th token, {model}: sentences with the right piece (%)")
        figure.colorbar(image, ax=ax, pad=0.01, ticks=[0, 0.5, 1], format=lambda share, _: f"{100 * share:.0f}")
    axes[-1, 0].set_xlabel("layer")
    widest = (trained["high"] - trained["low"]).max() / 2
    return plots.caption(
        figure,
        f"Figure 4 of {PAPER}, with {plots.model_list(trained)}; {int(trained['sentences'].iloc[0])} test sentences "
        f"(the first model's); 95% intervals over sentences and seeds are at most ±{100 * widest:.0f} points. "
        "emb: embedding layer before any attention; no pos.: the same without its position embedding",
    )


def selectivity(*tables: pd.DataFrame) -> Figure:
    """Task accuracy minus control accuracy by layer: a panel per generalization set, a line per model."""
    rows = plots.shown(pd.concat(tables))
    splits = [split for split in SPLITS if (rows["split"] == split).any()]
    figure, (axes,) = plots.new_figure(len(splits), width=2.7, height=3.2, sharey=True)
    palette = plots.colours(rows["model"])
    for ax, split in zip(axes, splits, strict=True):
        own = plots.depth_axis(ax, by_layer(rows, split, "task minus control"), embedding=True)
        for i, (model, lines) in enumerate(own.groupby("model", sort=False)):
            plots.line(ax, lines, "depth", "accuracy", palette[model], marker=plots.MARKERS[i], label=model)
        ax.axhline(0, color="0.2", lw=0.9, zorder=1)
        ax.set_title(SPLITS[split][0])
    axes[0].set_ylim(-1, 1)
    axes[0].set_ylabel("task minus control (points)")
    axes[0].yaxis.set_major_formatter(lambda share, _: f"{100 * share:+.0f}" if share else "0")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(palette))
    return plots.caption(
        figure,
        f"Not in {PAPER}. Control task: every word type draws a rank by lot, the word of highest rank is the target "
        "(Hewitt and Liang 2019). Above 0 the probe does better than by memory of words alone; bands: 95% intervals",
    )


def example_sentences(sentences: pd.DataFrame) -> pd.DataFrame:
    """Table 1."""
    rows = sentences.rename(columns={"used": "split", "split": "condition"})
    return rows.assign(task=rows["task"].str.replace("_", " "))[["task", "split", "condition", "example"]]


def _write_shares(ax: Axes, shares: pd.DataFrame) -> None:
    for (row, column), share in np.ndenumerate(shares.to_numpy()):
        colour = "white" if share < 0.55 else "black"
        ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
