"""Figure 1: the probe, drawn anew."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from insidebert.results import plots

WORDS = ("The", "keeper", "fed", "the", "old", "seal")
SPANS = ((2, 3), (3, 6))
"""The verb and its object."""

COLOURS = ("#0173b2", "#de8f05")
"""Of the first and the second span."""


def probe() -> Figure:
    """Frozen encoder, projection, pooling inside the spans, a layer, a sigmoid per label."""
    figure, ((ax,),) = plots.new_figure(width=7.4, height=4.3)
    centre = (len(WORDS) - 1) / 2
    for x, word in enumerate(WORDS):
        side = next((i for i, (start, stop) in enumerate(SPANS) if start <= x < stop), None)
        ax.text(x, -0.1, word, ha="center", va="center", fontweight="normal" if side is None else "bold")
        ax.annotate("", (x, 0.45), (x, 0.1), arrowprops={"arrowstyle": "->", "color": "0.5"})
        colour = "0.7" if side is None else COLOURS[side]
        _box(ax, x, 1.75, 0.5, 0.32, colour)
        ax.annotate("", (x, 1.55), (x, 1.2), arrowprops={"arrowstyle": "->", "color": "0.5"})
    _box(ax, centre, 0.82, len(WORDS) - 0.2, 0.6, "0.7", "frozen encoder")
    for side, (start, stop) in enumerate(SPANS):
        middle = (start + stop - 1) / 2
        for x in range(start, stop):
            ax.plot([x, middle], [1.95, 2.55], color=COLOURS[side], lw=1)
        _box(ax, middle, 2.75, 0.9, 0.34, COLOURS[side], f"s{side + 1}")
        ax.annotate("", (centre, 3.5), (middle, 2.95), arrowprops={"arrowstyle": "->", "color": COLOURS[side]})
    _box(ax, centre, 3.72, 2.4, 0.4, "0.4", "hidden layer")
    for i, (label, share) in enumerate((("ARG0", "0.04"), ("ARG1", "0.93"), ("ARGM-TMP", "0.02"))):
        x = centre + (i - 1) * 1.7
        ax.annotate("", (x, 4.5), (centre, 3.95), arrowprops={"arrowstyle": "->", "color": "0.5"})
        _box(ax, x, 4.7, 1.45, 0.36, plots.MARKED if share == "0.93" else "0.6", f"{label}  {share}")
    for y, text in (
        (4.7, "a sigmoid per label: none,\none or several can be on"),
        (3.72, "tanh, layer norm, dropout"),
        (2.75, "pooling: attention inside the\nspan, of each span its own"),
        (1.75, "a mix of all layers' vectors,\nprojected to 256 numbers"),
        (0.82, "BERT is never changed"),
        (-0.1, "spans are given"),
    ):
        ax.text(len(WORDS) - 0.2, y, text, va="center", fontsize=8.5, color="0.25")
    ax.set_xlim(-0.6, len(WORDS) + 2.6)
    ax.set_ylim(-0.4, 5.0)
    ax.axis("off")
    return plots.caption(
        figure,
        "Figure 1 of Tenney et al. (2019a), drawn anew: which role has “the old seal”? Shares invented",
    )


def _box(ax: Axes, x: float, y: float, width: float, height: float, colour, text: str = "") -> None:
    place = (x - width / 2, y - height / 2)
    ax.add_patch(FancyBboxPatch(place, width, height, boxstyle="round,pad=0.02", fc="white", ec=colour, lw=1.3))
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5)
