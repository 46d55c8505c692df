"""Figures 4, 5, 8 and 9 and their fellows: the pieces of one question in two dimensions, drawn from tidy tables."""

import textwrap
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers.qa_layers import PAPER
from insidebert.papers.qa_layers.layers import PHASES, phase_layers
from insidebert.results import plots

STYLES = {
    "rest": ("0.6", "."),
    "supporting fact": ("#00798c", "o"),
    "wrong fact": ("#b0489e", "s"),
    "question": ("#e07b00", "*"),
    "wrong answer": ("#7b1fa2", "P"),
    "answer": (plots.MARKED, "D"),
}
"""Part -> colour and marker, the paper's where it has one; what is drawn last lies on top."""

SIZES = {".": 22, "*": 60}
COLUMNS = 4
LETTER, LINE = 3.4, 6.5
"""Width and height of a letter of size 6, in points."""
YOURS, ASKED = "your question", "right, yours"
"""A question of one's own in the tables and where it is drawn; nobody says what is right."""
NO_WRONG = "no wrong answer among the test questions"


def four_phases(
    points: pd.DataFrame, variance: pd.DataFrame, questions: pd.DataFrame, sample: int, label: str, which: int = 0
) -> Figure:
    """Figures 4 and 5: the four layers in which the paper shows its phases.

    Args:
        sample: number of the data set whose right answer is drawn, from 0.
        which: number of the model, from 0; the last one if there are fewer.
    """
    rows, model = _of_model(points, which)
    name = _right(rows, sample)
    rows, layers = rows[rows["sample"] == name], _phases(rows)
    figure, axes = plots.new_figure(2, 2, width=4.6, height=3.7)
    for ax, (phase, layer) in zip(axes.flat, layers.items(), strict=True):
        own = rows[(rows["view"] == "each layer") & (rows["layer"] == layer)]
        cloud(ax, own, texts=True)
        shown = _explained(variance, model, name, "each layer", layer)
        ax.set_title(f"{phase}: layer {layer} ({PHASES[phase]} of 12)\n{shown}", fontsize=8.5)
    _legend(figure, rows)
    return plots.caption(figure, f"{label} of {PAPER.short}, with {model}\n{_asked(questions, model, name)}")


def every_layer(points: pd.DataFrame, variance: pd.DataFrame, questions: pd.DataFrame, view: str) -> Figure:
    """All layers of the first sample of every model; the embedding is layer 0.

    Args:
        view: one of `samples.VIEWS`.
    """
    known = plots.shown(points)
    models = list(dict.fromkeys(known["model"]))
    depth = int(known["layer"].max()) + 1
    lines = -(-depth // COLUMNS)
    figure, axes = plots.new_figure(COLUMNS, lines * len(models), width=2.5, height=2.0)
    for ax in axes.flat:
        ax.axis("off")
    for number, model in enumerate(models):
        rows = known[(known["model"] == model) & (known["view"] == view)]
        name = _right(rows, 0)
        own = rows[rows["sample"] == name]
        limits = own if view == "all layers" else None
        for layer, at in own.groupby("layer"):
            ax = axes[number * lines + layer // COLUMNS, layer % COLUMNS]
            ax.axis("on")
            cloud(ax, at, texts=False, limits=limits)
            said = f"layer {layer}" if layer else f"{model}, embedding"
            ax.set_title(f"{said}\n{_explained(variance, model, name, view, layer)}", fontsize=7.5)
    _legend(figure, known)
    meant = {
        "each layer": "components of each layer by itself",
        "all layers": "one plane for all layers",
        "z-scored": "components of each layer, every dimension with variance 1",
    }[view]
    asked = "\n".join(_asked(questions, model, _right(known[known["model"] == model], 0)) for model in models)
    return plots.caption(figure, f"Not in {PAPER.short}: all layers, {meant}\n{asked}")


def wrong_answer(points: pd.DataFrame, variance: pd.DataFrame, questions: pd.DataFrame) -> Figure:
    """Figure 8: a wrong answer in the layer of the third phase, a panel a model."""
    rows = plots.shown(points)
    models = list(dict.fromkeys(rows["model"]))
    figure, (axes,) = plots.new_figure(len(models), width=5.0, height=4.0)
    said = []
    for ax, model in zip(axes, models, strict=True):
        own = rows[(rows["model"] == model) & (rows["sample"] == "wrong") & (rows["view"] == "each layer")]
        if own.empty:
            ax.text(0.5, 0.5, NO_WRONG, ha="center", transform=ax.transAxes)
            ax.axis("off")
            continue
        layer = _third(own)
        cloud(ax, own[own["layer"] == layer], texts=True)
        shown = _explained(variance, model, "wrong", "each layer", layer)
        ax.set_title(f"{model}, layer {layer} (7 of 12); {shown}", fontsize=8.5)
        said.append(_asked(questions, model, "wrong"))
    _legend(figure, rows[rows["sample"] == "wrong"] if said else rows)
    return plots.caption(figure, "\n".join([f"Figure 8 of {PAPER.short}, with {plots.model_list(rows)}", *said]))


def by_sentence(points: pd.DataFrame, variance: pd.DataFrame, questions: pd.DataFrame) -> Figure:
    """Figure 9: the first sample in the layer of the third phase, coloured by sentence."""
    rows = plots.shown(points)
    models = list(dict.fromkeys(rows["model"]))
    figure, (axes,) = plots.new_figure(len(models), width=5.0, height=4.0)
    said = []
    for ax, model in zip(axes, models, strict=True):
        own = rows[(rows["model"] == model) & (rows["view"] == "each layer")]
        name = _right(own, 0)
        own = own[(own["sample"] == name) & (own["layer"] == _third(own))]
        palette = plots.colours(sorted(own["sentence"].unique()))
        for number, (sentence, part) in enumerate(own.groupby("sentence")):
            marker = plots.MARKERS[number % len(plots.MARKERS)]
            label = f"sentence {sentence}" if sentence else "question"
            ax.scatter(part["x"], part["y"], s=24, marker=marker, color=palette[sentence], label=label, zorder=3)
        _written(ax, own, own["sentence"].map(palette))
        _bare(ax)
        ax.legend(fontsize=6.5, loc="best", ncols=2, handletextpad=0.2, columnspacing=0.6)
        shown = _explained(variance, model, name, "each layer", int(own["layer"].iloc[0]))
        ax.set_title(f"{model}, layer {own['layer'].iloc[0]} (7 of 12); {shown}", fontsize=8.5)
        said.append(_asked(questions, model, name))
    return plots.caption(figure, "\n".join([f"Figure 9 of {PAPER.short}, with {plots.model_list(rows)}", *said]))


def yours(points: pd.DataFrame, variance: pd.DataFrame, questions: pd.DataFrame) -> Figure:
    """The question of the reader of the notebook, as Figure 4, by the first model."""
    kept = []
    for table in (points, variance, questions):
        own = table[table["sample"] == YOURS]
        kept.append(own.assign(sample=ASKED))
    return four_phases(*kept, sample=0, label="Your question, as Figure 4")


def cloud(ax: Axes, rows: pd.DataFrame, texts: bool, limits: pd.DataFrame | None = None) -> None:
    """Pieces of one layer, marked by what they are."""
    for part, (colour, marker) in STYLES.items():
        own = rows[rows["part"] == part]
        if len(own):
            size = SIZES.get(marker, 26) * (1 if texts else 0.55)
            ax.scatter(own["x"], own["y"], s=size, marker=marker, color=colour, linewidth=0, label=part, zorder=3)
    if texts:
        rank = {part: place for place, part in enumerate(reversed(STYLES))}
        shades = {part: "0.45" if part == "rest" else colour for part, (colour, _) in STYLES.items()}
        ranked = rows.sort_values("part", key=lambda parts: parts.map(rank), kind="stable")
        _written(ax, ranked, ranked["part"].map(shades))
    ax.margins(0.12)
    if limits is not None:
        for axis, bound in (("x", ax.set_xlim), ("y", ax.set_ylim)):
            low, high = limits[axis].min(), limits[axis].max()
            bound(low - 0.08 * (high - low), high + 0.08 * (high - low))
    _bare(ax)


def _written(ax: Axes, rows: pd.DataFrame, colours) -> None:
    """Pieces beside their marks, at one of four corners; a piece that would lie on others is not written."""
    ax.autoscale_view()
    own, figure = ax.get_position(), ax.figure
    width, height = 72 * own.width * figure.get_figwidth(), 72 * own.height * figure.get_figheight()
    size = np.array([width / max(np.ptp(rows["x"]), 1e-9), height / max(np.ptp(rows["y"]), 1e-9)]) / 1.24  # margins
    taken: list[tuple[float, float, float, float]] = []
    for row, colour in zip(rows.itertuples(), colours, strict=True):
        x, y = np.array([row.x, row.y]) * size
        wide = LETTER * len(row.piece)
        for right, above in product((True, False), (True, False)):
            left, low = x + (3 if right else -3 - wide), y + (1 if above else -1 - LINE)
            box = left, left + wide, low, low + LINE
            if any(box[0] < b and a < box[1] and box[2] < d and c < box[3] for a, b, c, d in taken):
                continue
            place = {"xytext": (3 if right else -3, 2 if above else -2), "textcoords": "offset points", "fontsize": 6}
            aligned = {"ha": "left" if right else "right", "va": "bottom" if above else "top"}
            ax.annotate(row.piece, (row.x, row.y), color=colour, parse_math=False, zorder=4, **place, **aligned)
            taken.append(box)
            break


def _bare(ax: Axes) -> None:
    """No ticks: directions and units of components mean nothing."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(True)
        side.set_color("0.85")


def _legend(figure: Figure, rows: pd.DataFrame) -> None:
    present = set(rows["part"])
    columns = 6 if figure.get_figwidth() > 7 else 3
    plots.legend_above(figure, (name for name in reversed(STYLES) if name in present), columns)


def _of_model(points: pd.DataFrame, which: int) -> tuple[pd.DataFrame, str]:
    rows = plots.shown(points)
    models = list(dict.fromkeys(rows["model"]))
    model = models[min(which, len(models) - 1)]
    return rows[rows["model"] == model], model


def _right(rows: pd.DataFrame, number: int) -> str:
    """Name of the right answer of a data set, by number; the last one if there are fewer, any sample if none."""
    names = list(dict.fromkeys(rows["sample"]))
    right = [name for name in names if "right, " in name] or names
    return right[min(number, len(right) - 1)]


def _third(rows: pd.DataFrame) -> int:
    return _phases(rows)["question and fact"]


def _phases(rows: pd.DataFrame) -> dict[str, int]:
    """The layers that stand for the paper's four phases, or those next to them in the table."""
    there = sorted(rows["layer"].unique())
    wanted = phase_layers(int(rows["layer"].max()))
    return {phase: min(there, key=lambda layer: abs(layer - at)) for phase, at in wanted.items()}


def _explained(variance: pd.DataFrame, model: str, sample: str, view: str, layer: int) -> str:
    at = (variance["model"] == model) & (variance["sample"] == sample) & (variance["view"] == view)
    row = variance[at & (variance["layer"] == layer) & (variance["weights"] == "trained")]
    row = row if len(row) else variance[at & (variance["layer"] == layer)]
    return f"{float(np.sum(row[['first', 'second']].iloc[0])):.0%} of the variance"


def _asked(questions: pd.DataFrame, model: str, sample: str) -> str:
    row = questions[(questions["model"] == model) & (questions["sample"] == sample)].iloc[0]
    said = f"the reader says: {row['said']}" if row["said"] != row["answer"] else "the reader says the same"
    said = f"{row['answer']} ({said})" if sample != ASKED else f"the reader says: {row['said']}"
    text = f"{model}, {row['dataset']}: {row['question']} - {said}"
    return textwrap.shorten(text, 150, placeholder=" ...")
