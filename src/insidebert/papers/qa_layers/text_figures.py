"""Figure 1, the diagram; Figure 7, which is not run; Tables 1 and 2."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from insidebert.papers import printed
from insidebert.papers.qa_layers import PAPER
from insidebert.results import plots

PRINTED = printed("qa_layers")
BLUE, GREEN, ORANGE, GREY = "#0173b2", "#029e73", "#de8f05", "#8a8a8a"


def diagram() -> Figure:
    """Figure 1: question and context through the layers to the answer, and a probe on one layer's states."""
    figure, ((ax,),) = plots.new_figure(width=7.2, height=4.3)
    _box(ax, 0.4, 0.1, 4.6, 0.6, "[CLS] question [SEP] context [SEP]", GREY)
    _box(ax, 0.4, 1.0, 4.6, 0.5, "embedding: layer 0", BLUE)
    for place, text in (
        (1.8, "layer 1"),
        (2.6, "layer n"),
        (3.4, "layer N (6 in our models, 12 or 24 in the paper's)"),
    ):
        _box(ax, 0.4, place, 4.6, 0.5, text, BLUE)
    _box(ax, 0.4, 4.3, 4.6, 0.6, "span head: a linear map and a softmax\nwhere the answer starts and ends", ORANGE)
    _box(ax, 5.9, 2.5, 3.4, 0.7, "one or two spans of h(1) ... h(m) of layer n,\nattentive pooling", GREEN)
    _box(ax, 5.9, 3.6, 3.4, 0.7, "probe: two layers, sigmoid", GREEN)
    _box(ax, 5.9, 4.7, 3.4, 0.5, "entity, coreference, relation,\nquestion type, supporting fact", GREEN)
    _box(ax, 5.9, 1.0, 3.4, 0.9, "or: all states of layer n on two\nprincipal components, to look at", GREEN)
    for start, stop in ((0.7, 1.0), (1.5, 1.8), (2.3, 2.6), (3.1, 3.4), (3.9, 4.3)):
        _arrow(ax, (2.7, start), (2.7, stop))
    _arrow(ax, (5.0, 2.85), (5.9, 2.85))
    _arrow(ax, (5.0, 2.75), (5.9, 1.6))
    _arrow(ax, (7.6, 3.2), (7.6, 3.6))
    _arrow(ax, (7.6, 4.3), (7.6, 4.7))
    ax.set_xlim(0.2, 9.5)
    ax.set_ylim(-0.1, 5.4)
    ax.axis("off")
    return plots.caption(
        figure, f"Figure 1 of {PAPER.short}, drawn anew: a question-answering model and what is read off it"
    )


def not_run() -> Figure:
    """Figure 7, which shows GPT-2: says that it is not run, and why."""
    figure, ((ax,),) = plots.new_figure(width=6.0, height=1.6)
    text = (
        "Not run: Figure 7 shows a bAbI sample in GPT-2, which is a decoder. Each of its tokens sees only those before "
        "it, and the models measured here are encoders (BERT, DistilBERT, RoBERTa, ELECTRA, MPNet); a decoder is "
        "refused by name. What is remembered of it, unverified: the answer is not fully separated from the others."
    )
    ax.text(0.0, 0.5, textwrap.fill(text, 88), va="center", fontsize=9, color="0.2")
    ax.axis("off")
    return plots.caption(figure, f"Figure 7 of {PAPER.short}: not run, a decoder")


def two_samples(questions: pd.DataFrame) -> pd.DataFrame:
    """Table 1: a right answer of each data set, with its supporting facts."""
    rows = plots.shown(questions)
    rows = rows[rows["sample"].str.contains("right, ")].drop_duplicates("dataset")
    names = {"dataset": "data", "question": "question", "answer": "answer", "facts": "supporting facts"}
    return rows[[*names, "context"]].rename(columns=names)


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2: exact match and F1 of the readers, above those that the paper is remembered to print."""
    rows, found = plots.shown(table), []
    for (model, dataset), own in rows.groupby(["model", "dataset"], sort=False):
        by = own.set_index("measure")
        cell = {
            measure: f"{r['score'] * 100:.1f} [{r['low'] * 100:.0f}, {r['high'] * 100:.0f}]"
            for measure, r in by.iterrows()
        }
        about = {"trained on": str(own["train"].iloc[0]), "tested on": str(own["questions"].iloc[0])}
        found.append({"data": dataset, "model": model} | cell | about)
    for dataset, values in PRINTED["table-2"].items():
        for model, value in values.items():
            row = {"data": dataset, "model": f"{model}, paper (unverified)", "exact match": "-", "F1": f"{value:.1f}"}
            found.append(row | {"trained on": "-", "tested on": "-"})
    return pd.DataFrame(found)


def _box(ax, x: float, y: float, width: float, height: float, text: str, colour: str) -> None:
    style = {"boxstyle": "round,pad=0.02", "facecolor": f"{colour}22", "edgecolor": colour}
    ax.add_patch(FancyBboxPatch((x, y), width, height, **style))
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=8)


def _arrow(ax, start: tuple[float, float], stop: tuple[float, float]) -> None:
    ax.add_patch(FancyArrowPatch(start, stop, arrowstyle="-|>", mutation_scale=9, color="0.35", lw=0.9))
