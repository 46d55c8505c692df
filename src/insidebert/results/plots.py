"""What the figures of all papers share: the style, colours, lines with intervals, labels beside lines."""

import math
import textwrap
from collections.abc import Iterable
from importlib.resources import files
from itertools import cycle

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

STYLE = str(files("insidebert.results") / "house.mplstyle")
MARKERS = "osD^vPX*"
REFERENCE = "0.55"
"""Grey of baselines and reference lines."""

HUES = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9")
"""Ten colours that the colour-blind can tell apart, those of seaborn's palette `colorblind`."""

LINKED = 0.02
"""Attention below this share is not drawn as a line."""

MARKED = "#c1272d"
"""Red of what a figure is about."""

BRIGHTEST_TEXT = 0.52
"""Between black and white; letters that are brighter are hard to read on paper."""

FAINTEST = 0.35
"""Least opacity of a red line, which must be seen also where a head gives it little."""

WIDEST = 11.4
"""Inches of a row of panels; in a wider one letters are too small on a page."""

NARROWEST = 2.6
"""Inches of a panel all the same, however many there are."""

TICK = 0.19
"""Inches that the number of a layer needs."""

LETTERS = 18
"""Of a caption, in an inch."""

TOKEN_COLOURS = {"[CLS]": "#0173b2", "[SEP]": "#de8f05", ". or ,": "#029e73", "other": "#4d4d4d"}
"""One colour a class of tokens, in every figure; colour-blind-safe."""


def new_figure(columns: int = 1, rows: int = 1, width: float = 4.6, height: float = 3.2, **options) -> tuple:
    """A figure and its axes [rows, columns]; not registered with pyplot, so it needs no closing.

    Args:
        width, height: of one panel, in inches.
    """
    figure = Figure(figsize=(width * columns, height * rows))
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def colours(names: Iterable[str]) -> dict[str, tuple]:
    """A colour-blind-safe colour for each name."""
    return dict(zip(dict.fromkeys(names), cycle(map(to_rgb, HUES)), strict=False))


def ordered(values: Iterable[float], palette: str = "cividis") -> dict:
    """Colours for ordered values, dark to light; readable in grey and by the colour-blind."""
    values = sorted(set(values))
    places = np.linspace(0, 1, len(values) + 3)[1:-2]  # without both ends, and without the brightest that is left
    return dict(zip(values, map(tuple, matplotlib.colormaps[palette](places)[:, :3]), strict=True))


def line(ax: Axes, rows: pd.DataFrame, x: str, y: str, colour, marker="o", style="-", band=True, **options) -> tuple:
    """A line over `x` with its interval `low` to `high` as a band, and its end (x, y); options as for `Axes.plot`."""
    rows, options = rows.sort_values(x), {"clip_on": False, "zorder": 3} | options
    ax.plot(rows[x], rows[y], color=colour, marker=marker, linestyle=style, **options)
    if band:
        ax.fill_between(rows[x], rows["low"], rows["high"], color=colour, alpha=0.18, linewidth=0, zorder=2)
    return rows[x].iloc[-1], rows[y].iloc[-1]


def layer_axis(ax: Axes, layers: int, embedding: bool = False) -> None:
    """Layers from 1, and 0 written as `emb` where the embedding is shown; only so many as have room."""
    first = 0 if embedding else 1
    room = ax.get_position().width * ax.figure.get_figwidth()
    step = max(1, math.ceil(TICK * (layers + 1 - first) / room))
    ticks = [layer for layer in range(first, layers + 1) if layer % step == 0]
    ax.set_xlim(first - 0.25, layers + 0.25)
    ax.set_xticks(ticks, ["emb" if tick == 0 else str(tick) for tick in ticks])
    ax.set_xlabel("layer")


def depth_axis(ax: Axes, rows: pd.DataFrame, embedding: bool = False) -> pd.DataFrame:
    """Layers of models of several depths at their relative depth: those of 6 layers under those of 12.

    Args:
        rows: model, layer; all that the axis is for.

    Returns:
        The rows with a column `depth`, their place on the axis.
    """
    layers = rows.groupby("model")["layer"].transform("max")
    depths = sorted({int(count) for count in layers}, reverse=True)
    layer_axis(ax, depths[0], embedding)
    if len(depths) > 1:
        steps = range(0 if embedding else 1, depths[-1] + 1)
        names = ["\n".join(f"{step * count / depths[-1]:g}" for count in depths) for step in steps]
        ax.set_xticks([step * depths[0] / depths[-1] for step in steps], ["emb", *names[1:]] if embedding else names)
        ax.set_xlabel(f"layer of {'; below, of '.join(map(str, depths))}")
    return rows.assign(depth=rows["layer"] * depths[0] / layers)


def percent_axis(ax: Axes, label: str) -> None:
    """A share between 0 and 1, written in %."""
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.set_ylabel(label)


def label_ends(ax: Axes, ends: list[tuple[float, float, str, object]], gap: float = 0.06) -> None:
    """Write each line's name right of the axis, level with its end, moved apart where they would overlap.

    Args:
        ends: (x, y, text, colour) of every line's end.
        gap: least distance, as a share of the axis' height.
    """
    bottom, top = ax.get_ylim()
    gap *= top - bottom
    ends = sorted(ends, key=lambda end: end[1])
    places = spread([y for _, y, _, _ in ends], gap)
    beside = ax.get_xlim()[1] + 0.01 * np.ptp(ax.get_xlim())
    for place, (x, y, text, colour) in zip(places, ends, strict=True):
        ax.annotate(
            text,
            xy=(x, y),
            xytext=(beside, place),
            color=legible(colour),
            fontsize=8.5,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 4},
        )


def legible(colour) -> tuple[float, float, float]:
    """The colour, made darker until text in it can be read on white, also in grey print.

    >>> legible("#de8f05") == to_rgb("#de8f05"), max(legible("white")) < 0.7
    (False, True)
    """
    red, green, blue = to_rgb(colour)
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue  # as a black-and-white printer sees it
    share = min(1.0, BRIGHTEST_TEXT / max(brightness, BRIGHTEST_TEXT))
    return red * share, green * share, blue * share


def spread(places: list[float], gap: float) -> list[float]:
    """Places at least `gap` apart, each group of crowded ones centred on their mean; sorted in, sorted out."""
    groups = [[place] for place in places]
    centres = list(places)
    i = 0
    while i + 1 < len(groups):
        reach = gap * (len(groups[i]) + len(groups[i + 1])) / 2
        if centres[i + 1] - centres[i] < reach:
            groups[i] += groups.pop(i + 1)
            centres.pop(i + 1)
            centres[i] = float(np.mean(groups[i]))
            i = max(i - 1, 0)
        else:
            i += 1
    return [c + gap * (k - (len(g) - 1) / 2) for c, g in zip(centres, groups, strict=True) for k in range(len(g))]


def linked_columns(
    ax: Axes, edges: pd.DataFrame, colour, marked: pd.Series | None = None, least: float = LINKED
) -> None:
    """Attention as lines from a left column of pieces to the same pieces on the right; darker is more.

    Args:
        edges: from_place, from_piece, to_place, attention.
        marked: [edges] bool, lines and their words to draw in red, the lines broad and the words bold.
        least: attention below this share is not drawn.
    """
    marked = pd.Series(False, index=edges.index) if marked is None else marked
    red = [set(edges.loc[marked, column]) for column in ("from_place", "to_place")]
    pieces = edges.drop_duplicates("from_place").sort_values("from_place")["from_piece"]
    for place, piece in enumerate(pieces):
        for x, side, own in ((-0.03, "right", red[0]), (1.03, "left", red[1])):
            style = {"color": MARKED, "weight": "bold"} if place in own else {"color": "0.1"}
            ax.text(x, -place, piece, ha=side, va="center", fontsize=6.5, **style)
    shown = edges["attention"].to_numpy() > least
    ends = -edges.loc[shown, ["from_place", "to_place"]].to_numpy()
    opacity, is_red = edges.loc[shown, "attention"].to_numpy(), marked[shown].to_numpy()
    opacity = np.clip(np.where(is_red, np.maximum(opacity, FAINTEST), opacity), 0, 1)
    shades = [to_rgba(MARKED if red else colour, alpha) for red, alpha in zip(is_red, opacity, strict=True)]
    lines = np.stack([np.broadcast_to([0, 1], ends.shape), ends], axis=2)
    widths = np.where(is_red, 2.6, 1.2)  # in print without colour red is what is broad
    ax.add_collection(LineCollection(lines, colors=shades, linewidths=widths, rasterized=True))
    ax.set_xlim(-0.75, 1.75)
    ax.set_ylim(-len(pieces) + 0.3, 0.7)
    ax.axis("off")


def model_panels(
    table: pd.DataFrame, rows: int = 1, width: float = 4.6, **options
) -> tuple[list[str], Figure, np.ndarray]:
    """The models of a table, and a figure with a column of panels for each; options as for `new_figure`.

    Many columns are narrower than the width that is asked for.
    """
    models = list(dict.fromkeys(table["model"]))
    width = min(width, max(WIDEST / len(models), NARROWEST))
    return models, *new_figure(len(models), rows, width, **options)


def caption(figure: Figure, text: str) -> Figure:
    """The figure with the paper's label and the models under it, each line of the text broken at the figure's width."""
    letters = int(LETTERS * figure.get_figwidth())
    text = "\n".join(textwrap.fill(line, letters, break_on_hyphens=False) for line in text.split("\n"))
    figure.supxlabel(text, fontsize=7.5, color="0.35", ha="left", x=0.01)
    return figure


def legend_above(figure: Figure, order: Iterable[str], columns: int) -> None:
    """One legend above all panels: what is labelled in any of them, once, in an order; the rest of the order is absent.

    Args:
        order: labels.
    """
    handles: dict = {}
    for ax in figure.axes:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    names = [name for name in order if name in handles]
    figure.legend([handles[name] for name in names], names, loc="outside upper center", ncols=columns, fontsize=8)


def model_list(table: pd.DataFrame) -> str:
    """The trained models of a tidy table, in words."""
    names = list(dict.fromkeys(shown(table)["model"]))
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of trained models; all rows where only random weights were measured."""
    trained = table[table["weights"] == "trained"]
    return table if trained.empty else trained
