"""The layers of one question as a picture with a slider: a page's fragment that needs no kernel and no network."""

import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template

import pandas as pd
from matplotlib.colors import to_hex

from insidebert.errors import InputError
from insidebert.papers.qa_layers.sample_figures import STYLES

SIDE = 600
"""Width of the picture in its own units; its height is two thirds."""


def layer_slider(points: pd.DataFrame, sample: str, view: str = "each layer", model: str | None = None) -> str:
    """Pieces of a question that move from layer to layer as a slider is drawn.

    The first layer is drawn without a script, so that a page that runs none shows a picture all the same. Every text
    is escaped; nothing is loaded from elsewhere.

    Args:
        points: the table `samples-points`.
        sample, view: which of them.
        model: of `points`; None for the first trained one.

    Returns:
        HTML: a figure with an SVG, a slider with its label, and a short script.

    Raises:
        InputError: no such rows.
    """
    model = model or points.sort_values("weights", ascending=False, kind="stable")["model"].iloc[0]
    rows = points[(points["sample"] == sample) & (points["view"] == view) & (points["model"] == model)]
    if rows.empty:
        known = ", ".join(dict.fromkeys(points["sample"]))
        raise InputError(f"no points of {sample!r}, {view!r}, by {model}; there are the samples {known}")
    placed = rows.assign(x=_scaled(rows, "x", SIDE), y=SIDE * 2 / 3 - _scaled(rows, "y", SIDE * 2 / 3))
    layers = [own.sort_values("place") for _, own in placed.groupby("layer")]
    places = [own[["x", "y"]].round(1).to_numpy().tolist() for own in layers]
    name = "layers-" + hashlib.sha256(json.dumps([model, sample, view, places]).encode()).hexdigest()[:10]
    first = layers[0]
    marks = "".join(_mark(*row) for row in zip(first["part"], first["piece"], first["x"], first["y"], strict=True))
    legend = " ".join(
        f'<span style="color:{to_hex(STYLES[part][0])}">&#9679; {escape(part)}</span>'
        for part in reversed(STYLES)
        if part in set(first["part"])
    )
    template = Template(files("insidebert.papers.qa_layers").joinpath("slider.html").read_text(encoding="utf-8"))
    return template.substitute(
        name=name,
        side=SIDE,
        height=SIDE * 2 // 3,
        last=len(layers) - 1,
        marks=marks,
        legend=legend,
        title=escape(f"{model}: {sample}, {view}"),
        places=json.dumps(places).replace("<", "\\u003c"),
    )


def _scaled(rows: pd.DataFrame, column: str, size: float) -> pd.Series:
    """Every layer fills the picture, but for a margin; of one plane for all layers, all layers together do."""
    by_layer = rows["view"].iloc[0] != "all layers"
    groups = rows.groupby("layer")[column] if by_layer else rows.groupby("sample")[column]
    low, high = groups.transform("min"), groups.transform("max")
    return (rows[column] - low) / (high - low).replace(0, 1) * (size - 80) + 30


def _mark(part: str, piece: str, x: float, y: float) -> str:
    colour = to_hex(STYLES[part][0])
    dot = f'<circle r="{3 if part == "rest" else 5}" fill="{colour}"/>'
    text = f'<text x="7" y="4" fill="{colour}" font-size="11">{escape(piece)}</text>'
    return f'<g transform="translate({x:.1f} {y:.1f})">{dot}{text}</g>'
