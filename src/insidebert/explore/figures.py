"""What the explorer shows, drawn from arrays and tidy tables alone."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion
from insidebert.papers.look_at import word_figures
from insidebert.results import fonts, plots

SHARES = ("to [SEP]", "to [CLS]", "to next", "to previous", "to self", "to . or ,")


@plt.style.context(plots.STYLE)
def all_heads(maps: np.ndarray, layer: int, head: int) -> Figure:
    """Every head's map as a thumbnail, the chosen one framed; the shade is the root of attention.

    Args:
        maps: [layers, heads, T, T].
        layer, head: from 1.

    Raises:
        InputError: no such head.
    """
    _check(maps, layer, head)
    layers, heads, size, _ = maps.shape
    gap = max(1, size // 8)
    cell = size + gap
    tiles = np.pad(np.sqrt(maps), ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    mosaic = tiles.transpose(0, 2, 1, 3).reshape(layers * cell, heads * cell)[:-gap, :-gap]
    figure, ((ax,),) = plots.new_figure(width=0.47 * heads + 0.6, height=0.47 * layers + 0.6)
    ax.imshow(mosaic, cmap=plt.get_cmap("Blues").with_extremes(bad="0.8"), vmin=0, vmax=1, interpolation="nearest")
    for set_ticks, count in ((ax.set_xticks, heads), (ax.set_yticks, layers)):
        set_ticks(np.arange(count) * cell + (size - 1) / 2, range(1, count + 1))
    corner = [(place - 1) * cell - 0.5 for place in (head, layer)]
    ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=plots.MARKED, linewidth=2, clip_on=False))
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="head", ylabel="layer")
    fonts.fit(figure)
    return figure


@plt.style.context(plots.STYLE)
def one_head(pieces: list[str], maps: np.ndarray, layer: int, head: int) -> Figure:
    """A head as a map and as lines between pieces; what is given and raised is as for `all_heads`."""
    _check(maps, layer, head)
    figure = word_figures.sentence(pieces, maps[layer - 1, head - 1], f"head {layer}-{head}")
    fonts.fit(figure)
    return figure


@plt.style.context(plots.STYLE)
def among_heads(surface: pd.DataFrame, layer: int, head: int, pieces: int) -> Figure:
    """A head's surface statistics in red, all heads' in grey.

    Args:
        surface: tidy, `layer`, `head`, `statistic`, `value`.
        pieces: how many the sentence has; an even spread over them has the greatest entropy.
    """
    values = surface.pivot(index=["layer", "head"], columns="statistic", values="value")
    figure, ((upper,), (lower,)) = plots.new_figure(rows=2, width=3.6, height=1.7, height_ratios=(len(SHARES), 1.3))
    for ax, names in ((upper, SHARES), (lower, ("entropy",))):
        for place, name in enumerate(names):
            own = values.at[(layer, head), name]
            ax.plot(values[name], np.full(len(values), place), "|", color="0.6", ms=9, mew=0.8)
            ax.plot(own, place, "o", color=plots.MARKED, ms=6, clip_on=False, zorder=3)
            ax.annotate(f"{own:.2f}", (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.grid(False)
    upper.set(xlim=(0, 1), xlabel="share of attention", title=f"head {layer}-{head} among all heads")
    lower.axvline(math.log(pieces), color=plots.REFERENCE, linestyle="--", lw=1)
    lower.set(xlim=(0, math.log(pieces) * 1.02), xlabel="nats; dashed: all pieces alike")
    fonts.fit(figure)
    return figure


@plt.style.context(plots.STYLE)
def by_layer(table: pd.DataFrame, asked: TriggerQuestion) -> Figure:
    """The confusion score layer by layer, with the score of an even split.

    Args:
        table: `layer`, `bits`.
        asked: what was scored.
    """
    figure, ((ax,),) = plots.new_figure(width=5.2, height=2.5)
    even = math.log2(len(asked.triggers))
    plots.line(ax, table, "layer", "bits", plots.MARKED, band=False)
    plots.layer_axis(ax, len(table))
    ax.axhline(even, color=plots.REFERENCE, linestyle="--", lw=1)
    finite = table["bits"][np.isfinite(table["bits"])]
    ax.set_ylim(0, 1.1 * max([even, *finite]))
    plots.label_ends(ax, [(len(table), even, "even split", plots.REFERENCE)])
    said = [" ".join(asked.words[w] for w in places) for places in asked.triggers]
    ax.set_title(f"from “{asked.words[asked.target]}”: “{said[0]}” or “{'”, “'.join(said[1:])}”?")
    ax.set_ylabel("confusion (bits)")
    fonts.fit(figure)
    return figure


def _check(maps: np.ndarray, layer: int, head: int) -> None:
    layers, heads = maps.shape[:2]
    if not (1 <= layer <= layers and 1 <= head <= heads):
        raise InputError(f"there is no head {layer}-{head}; layers go from 1 to {layers}, heads from 1 to {heads}")
