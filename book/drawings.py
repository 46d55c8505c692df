"""The three drawings of the start page: `python book/drawings.py` writes them to book/images."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from insidebert.files import write_whole
from insidebert.measure.attention_maps import attention_maps
from insidebert.models import loading
from insidebert.results import plots

IMAGES = Path(__file__).parent / "images"
SENTENCE = "The girl gave the letters to her older brother ."
LAYER, HEAD, WORD = 4, 5, "her"
"""The head of distilbert-cased that is best at possessors in Table 1 of What Does BERT Look At?, and a possessor."""


def bert() -> Figure:
    """From words to vectors: pieces, embeddings, layers of heads."""
    figure, ((ax,),) = plots.new_figure(width=7.2, height=6.4)
    pieces, layers = ["[CLS]", "the", "cat", "near", "the", "dogs", "does", "sleep", "[SEP]"], 12
    shades = plots.ordered(range(layers + 1))
    columns = range(len(pieces))
    for x, piece in enumerate(pieces):
        ax.text(x, -0.95, piece, ha="center", va="center")
        ax.annotate("", (x, -0.28), (x, -0.72), arrowprops={"arrowstyle": "->", "color": "0.5"})
        for level in range(layers + 1):
            _box(ax, x, level, 0.62, 0.34, shades[level])
    for level in range(1, layers + 1):
        for x in columns:
            ax.plot([x, x], [level - 0.83, level - 0.2], color="0.8", lw=0.8)
    looking = pieces.index("does")
    for x in columns:
        ax.plot([looking, x], [3.82, 3.18], color=plots.MARKED, lw=1.1)
    _box(ax, looking, 4, 0.62, 0.34, plots.MARKED)
    for level in range(layers + 1):
        name = f"layer {level}" if level else "embedding"
        ax.text(-0.7, level, name, ha="right", va="center", fontsize=8.5)
    for y, text in (
        (layers, "after the last layer:\na vector for each piece"),
        (
            3.5,
            "attention: the vector of\n“does” in layer 4 is mixed\nfrom all vectors of layer 3,\nby 12 heads at once",
        ),
        (0, "which piece it is,\nand at which place"),
        (-0.95, "word pieces, and two\nspecial tokens"),
    ):
        ax.text(len(pieces) - 0.3, y, text, va="center", fontsize=8, color="0.25")
    ax.set_xlim(-2.1, len(pieces) + 2.9)
    ax.set_ylim(-1.3, layers + 0.4)
    ax.axis("off")
    return plots.caption(
        figure,
        "Schematic: an encoder of twelve layers with twelve heads each, like BERT-base and mpnet-base; the two small "
        "models that come with insidebert have six such layers",
    )


def attention() -> Figure:
    """A real sentence and a real head: one word's weights, and those of all words."""
    pieces, _, maps = attention_maps(loading.load("distilbert-cased"), SENTENCE)
    weights = maps[LAYER - 1, HEAD - 1]
    at = pieces.index(WORD)
    figure, ((bars, lines),) = plots.new_figure(2, width=3.7, height=3.4, width_ratios=[1.25, 1])
    places = np.arange(len(pieces))
    bars.barh(places, weights[at] * 100, color=plots.MARKED, height=0.6)
    for place, share in zip(places, weights[at] * 100, strict=True):
        bars.text(share + 1.5, place, f"{share:.0f}", va="center", fontsize=8, color="0.3")
    bars.set_yticks(places, pieces)
    bars.invert_yaxis()
    bars.grid(False)
    bars.set_xlim(0, 100)
    bars.set_xlabel("attention (%), 100 in all")
    bars.set_title(f"Where “{WORD}” looks")
    edges = pd.DataFrame(
        {"from_place": i, "from_piece": pieces[i], "to_place": j, "attention": weights[i, j]}
        for i in places
        for j in places
    )
    plots.linked_columns(
        lines, edges, plots.colours(["head"])["head"], (edges["from_place"] == at) & (edges["attention"] > plots.LINKED)
    )
    lines.set_title("Where every piece looks")
    plots.caption(
        figure,
        f"Measured: distilbert-cased, head {LAYER}-{HEAD} (layer {LAYER}, head {HEAD}), the one that is best at\n"
        "possessors in Table 1 of What Does BERT Look At?; from the left column to the right one, darker is more",
    )
    return figure


def probing() -> Figure:
    """How a probing figure is made, and how it is read."""
    figure, ((made, read),) = plots.new_figure(2, width=3.9, height=3.9, width_ratios=[1, 1.5])
    layers, colours = 6, plots.colours(["task", "control", "random"])
    shades = plots.ordered(range(layers + 1))
    for level in range(layers + 1):
        _box(made, 0, level, 1.5, 0.62, shades[level])
        name, colour = (f"layer {level}", "white") if level else ("emb", "white")
        made.text(0, level, name, ha="center", va="center", color=colour if level < 5 else "0.1", fontsize=8)
        made.annotate("", (1.75, level), (0.85, level), arrowprops={"arrowstyle": "->", "color": "0.4"})
        _box(made, 2.4, level, 1.1, 0.5, "0.9")
        made.text(2.4, level, "probe", ha="center", va="center", fontsize=8)
    made.text(0, 7, "frozen", ha="center", va="center", fontsize=8, color="0.3")
    made.text(2.4, 7, "trained", ha="center", va="center", fontsize=8, color="0.3")
    made.set_xlim(-1, 3.2)
    made.set_ylim(-0.6, 7.4)
    made.axis("off")
    made.set_title("A probe for every layer ...")

    x = np.arange(layers + 1)
    task, control, random = [25, 40, 68, 86, 90, 80, 72], [76, 70, 64, 60, 56, 53, 50], [25, 24, 22, 24, 23, 22, 21]
    read.fill_between(x, np.array(task) - 4, np.array(task) + 4, color=colours["task"], alpha=0.18, lw=0)
    for name, values, marker, style in (
        ("task", task, "o", "-"), ("control", control, "s", "-"), ("random", random, "D", "--")
    ):  # fmt: skip
        read.plot(x, values, color=colours[name], marker=marker, linestyle=style)
    plots.layer_axis(read, layers, embedding=True)
    read.set_ylim(0, 100)
    read.set_yticks([0, 100], ["none", "all"])
    read.set_ylabel("test sentences with the right answer")
    plots.label_ends(
        read,
        [
            (layers, task[-1], "1 the task\n(band: 95% interval)", colours["task"]),
            (layers, control[-1], "2 control task: what\nprobes can memorise", colours["control"]),
            (layers, random[-1], "3 random weights: what\nembeddings alone give", colours["random"]),
        ],
        gap=0.16,
    )
    read.set_title("... and what they answer")
    plots.caption(
        figure, "Schematic: invented curves, no measurement. Where line 1 lies above 2 and 3, it is worth a look"
    )
    return figure


def _box(ax: Axes, x: float, y: float, width: float, height: float, colour) -> None:
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0,rounding_size=0.08"
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=colour, edgecolor="none", zorder=3))


def main() -> None:
    """Write all three, whole or not at all."""
    with plt.style.context(plots.STYLE):
        for draw in (bert, attention, probing):
            drawing = draw()
            write_whole(
                IMAGES / f"{draw.__name__}.svg",
                lambda path, drawing=drawing: drawing.savefig(path, format="svg", metadata={"Date": None}),
            )


if __name__ == "__main__":
    main()
