"""Figures 2, 3 and 6: probing scores by layer, before and after fine-tuning; drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from insidebert.measure.depth import layers_at
from insidebert.papers import printed
from insidebert.papers.qa_layers import PAPER
from insidebert.papers.qa_layers.probe_tasks import SHORT
from insidebert.results import plots

BEFORE = ("#0173b2", "^")
AFTER = ((plots.MARKED, "o"), ("#de8f05", "D"), ("#7b1fa2", "s"), ("#029e73", "v"))
"""Colour and marker of the pre-trained model, and of readers by data set."""

STAND_FOR = {"one hop": "SQuAD", "two hops": "HotpotQA", "deduction": "bAbI"}
"""Our stories -> the data set of the paper that they stand for."""

PEAKS = printed("qa_layers")["peaks"]


def by_layer(scores: pd.DataFrame, label: str, which: int = 0, score: str = "macro F1") -> Figure:
    """Figures 2 and 3: a panel a task (SUP once a data set), a line a version.

    Args:
        which: number of the model, from 0; the last one if there are fewer.
    """
    trained = plots.shown(scores)
    models = list(dict.fromkeys(trained["model"]))
    model = models[min(which, len(models) - 1)]
    rows = scores[(scores["model"] == model) & (scores["score"] == score)]
    panels = list(dict.fromkeys(zip(rows["task"], rows["about"], strict=True)))
    columns = 3
    figure, axes = plots.new_figure(columns, -(-len(panels) // columns), width=3.3, height=2.5)
    datasets = [name for name in dict.fromkeys(rows["dataset"]) if name]
    for ax in axes.flat[len(panels) :]:
        ax.axis("off")
    for ax, (task, about) in zip(axes.flat, panels, strict=False):
        own = rows[(rows["task"] == task) & (rows["about"] == about)]
        depth = int(own["layer"].max())
        lines = [("pre-trained", "", *BEFORE, "pre-trained")]
        lines += [
            ("fine-tuned", name, *style, f"reader of {name}") for name, style in zip(datasets, AFTER, strict=False)
        ]
        for version, dataset, colour, marker, name in lines:
            line = own[(own["version"] == version) & (own["dataset"] == dataset)]
            if len(line):
                plots.line(ax, line, "layer", "f1", colour, marker, label=name, ms=3.5, lw=1.4)
        drawn = own[own["version"] == "random weights"].sort_values("layer")
        if len(drawn):
            ax.plot(drawn["layer"], drawn["f1"], color="0.35", ls=":", lw=1.2, label="random weights")
        ax.axhline(own["majority"].iloc[0], color="0.3", ls="--", lw=0.9, label="majority")
        plots.layer_axis(ax, depth, embedding=True)
        plots.percent_axis(ax, f"{score} (%)" if ax in axes[:, 0] else "")
        ax.set_title(f"{SHORT[task]}: {task}" + (f"\nof {about}" if about else ""), fontsize=8.5)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=5, fontsize=8)
    return plots.caption(
        figure,
        f"{label} of {PAPER.short}, with {model}; a probe a layer, on that layer's output alone; bands: 95% intervals\n"
        "over sentences of the test part; dashed: the commonest label of the training part, always",
    )


def heat_maps(scores: pd.DataFrame, score: str = "macro F1") -> Figure:
    """Figure 6: readers' scores by task and layer, raw above, below each task from its worst to its best layer."""
    rows = plots.shown(scores)
    rows = rows[rows["score"] == score]
    fine = rows[rows["version"] == "fine-tuned"]
    rows = fine if len(fine) else rows
    panels = list(dict.fromkeys(zip(rows["model"], rows["dataset"], strict=True)))
    figure, axes = plots.new_figure(len(panels), 2, width=3.4, height=2.3)
    for column, (model, dataset) in enumerate(panels):
        own = rows[(rows["model"] == model) & (rows["dataset"] == dataset)]
        tasks = [task for task in SHORT if task in set(own["task"])]
        table = own.pivot_table(index="task", columns="layer", values="f1").loc[tasks]
        spread = table.sub(table.min(axis=1), axis=0)
        normal = spread.div(spread.max(axis=1).replace(0, 1), axis=0)
        for ax, values, unit in ((axes[0, column], table * 100, "%.0f"), (axes[1, column], normal, "")):
            _map(ax, values, unit, table)
            if dataset in STAND_FOR and "supporting facts" in tasks:
                _paper_peak(ax, STAND_FOR[dataset], int(table.columns.max()), tasks.index("supporting facts"))
        axes[0, column].set_title(f"{model}\nreader of {dataset}" if dataset else model, fontsize=8.5)
        axes[1, column].set_xlabel("layer")
    axes[0, 0].set_ylabel(f"{score} (%)", fontsize=8)
    axes[1, 0].set_ylabel("worst to best layer", fontsize=8)
    return plots.caption(
        figure,
        f"Figure 6 of {PAPER.short}, with {plots.model_list(rows)}; above: {score} as measured, one scale for all;\n"
        "below: each task from its worst layer (dark) to its best (light), the best framed; emb: the embedding;\n"
        "bar below SUP: where the paper has it highest, at the same depth (SQuAD for one hop, bAbI for deduction)",
    )


def differences(table: pd.DataFrame, score: str = "macro F1") -> Figure:
    """What fine-tuning changes: fine-tuned minus pre-trained, by task and layer, with intervals."""
    rows = plots.shown(table)
    rows = rows[rows["score"] == score]
    panels = list(dict.fromkeys(zip(rows["model"], rows["dataset"], strict=True)))
    figure, (axes,) = plots.new_figure(len(panels), width=3.4, height=2.9, sharey=True)
    palette = plots.colours(SHORT)
    for ax, (model, dataset) in zip(axes, panels, strict=True):
        own, ends = rows[(rows["model"] == model) & (rows["dataset"] == dataset)], []
        for task, marker in zip(SHORT, plots.MARKERS, strict=False):
            line = own[own["task"] == task].assign(value=lambda t: t["difference"] * 100)
            line = line.assign(low=line["low"] * 100, high=line["high"] * 100)
            if len(line):
                end = plots.line(ax, line, "layer", "value", palette[task], marker, ms=3.5, lw=1.4)
                ends.append((*end, SHORT[task], palette[task]))
        ax.axhline(0, color="0.3", lw=0.8)
        plots.layer_axis(ax, int(own["layer"].max()), embedding=True)
        plots.label_ends(ax, ends, gap=0.08)
        ax.set_title(f"{model}\nreader of {dataset}", fontsize=8.5)
    axes[0].set_ylabel(f"fine-tuned minus pre-trained\n({score}, points)")
    return plots.caption(
        figure,
        f"Not in {PAPER.short} as such: Figure 2's lines, one taken from the other, paired over sentences; bands: 95%",
    )


def _paper_peak(ax: Axes, dataset: str, depth: int, row: int) -> None:
    """A bar below a row, at the layers that lie as deep as those in which the paper has its best scores."""
    first, last, whole = PEAKS[dataset]
    own = layers_at(depth, first, last, whole)
    ax.plot([min(own) - 0.45, max(own) + 0.45], [row + 0.58] * 2, color="0.2", lw=2.5, clip_on=False)


def _map(ax: Axes, values: pd.DataFrame, written: str, raw: pd.DataFrame) -> None:
    top = 100 if written else 1
    ax.imshow(values, cmap="cividis", vmin=0, vmax=top, aspect="auto")
    for (i, j), value in np.ndenumerate(values.to_numpy()):
        if written:
            ax.text(j, i, written % value, ha="center", va="center", fontsize=6.5, color="w" if value < 60 else "0.1")
    for i, j in enumerate(raw.to_numpy().argmax(1)):
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=plots.MARKED, lw=1.2))
    ax.set_xticks(range(values.shape[1]), ["emb" if layer == 0 else str(layer) for layer in values.columns])
    ax.set_yticks(range(len(values)), [SHORT[task] for task in values.index])
    ax.grid(False)
