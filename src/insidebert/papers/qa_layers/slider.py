"""The layers of one question as a picture with a slider: a page's fragment that needs no kernel and no network."""

import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template

import pandas as pd
from matplotlib.colors import to_hex

from insidebert.errors import InputError
from insidebert.papers.qa_layers.layers import PHASES, phase_layers
from insidebert.papers.qa_layers.sample_figures import STYLES

SIDE = 600
"""Width of the picture in its own units; its height is two thirds."""

GLYPHS = {".": "\u2022", "o": "\u25cf", "s": "\u25a0", "*": "\u2605", "P": "\u271a", "D": "\u25c6"}
"""Marker of STYLES -> a letter that looks like it."""

PLANES = {
    "each layer": "components of each layer",
    "all layers": "one plane for all layers",
    "z-scored": "components of each layer, z-scored",
}


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
        f'<span style="color:{_shade(part)}">{GLYPHS[STYLES[part][1]]} {escape(part)}</span>'
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
        title=escape(f"{model}, {sample}, {PLANES[view]}: {_question(first)}"),
        first=_names(len(layers) - 1)[0],
        places=json.dumps(places).replace("<", "\\u003c"),
        names=json.dumps(_names(len(layers) - 1)),
    )


def _scaled(rows: pd.DataFrame, column: str, size: float) -> pd.Series:
    """Every layer fills the picture, but for a margin; of one plane for all layers, all layers together do."""
    by_layer = rows["view"].iloc[0] != "all layers"
    groups = rows.groupby("layer")[column] if by_layer else rows.groupby("sample")[column]
    low, high = groups.transform("min"), groups.transform("max")
    return (rows[column] - low) / (high - low).replace(0, 1) * (size - 80) + 30


def _names(layers: int) -> list[str]:
    """What is said of each layer, the embedding first; where the paper shows a phase, its name and layer."""
    shown = {layer: f" ({PHASES[phase]} of 12 in the paper: {phase})" for phase, layer in phase_layers(layers).items()}
    return ["embedding", *(f"layer {layer}{shown.get(layer, '')}" for layer in range(1, layers + 1))]


def _question(pieces: pd.DataFrame) -> str:
    return " ".join(pieces.loc[pieces["part"] == "question", "piece"]).replace(" ##", "")


def _mark(part: str, piece: str, x: float, y: float) -> str:
    dot = f'<text text-anchor="middle" y="5" font-size="15">{GLYPHS[STYLES[part][1]]}</text>'
    text = f'<text x="8" y="4" font-size="11">{escape(piece)}</text>'
    return f'<g transform="translate({x:.1f} {y:.1f})" fill="{_shade(part)}">{dot}{text}</g>'


def _shade(part: str) -> str:
    """A part's colour; of the rest one that is dark enough to read."""
    return "#666666" if part == "rest" else to_hex(STYLES[part][0])
