"""What is seen in each figure and table, in sentences whose numbers are read from the tidy tables."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from insidebert.measure.depth import layers_at
from insidebert.papers.open_sesame.confusion_figures import FACTORS
from insidebert.papers.open_sesame.printed import printed
from insidebert.papers.open_sesame.probe_figures import SPLITS, WITHOUT, by_layer
from insidebert.results.plots import shown


def generalization(split: str, accuracy: pd.DataFrame) -> list[str]:
    """Figures 1 to 3."""
    _, shortcut = SPLITS[split]
    sentences = []
    for model, curve in _curves(by_layer(accuracy, split), "accuracy"):
        best = int(curve[1:].argmax()) + 1
        line = (
            f"{model}: {_percent(curve[0])} at the embedding, {_percent(curve[best])} in the best layer ({best} of "
            f"{len(curve) - 1}), {_percent(curve[-1])} in the last"
        )
        twin = accuracy[(accuracy["model"] == model) & (accuracy["weights"] == "random")]
        if len(twin):
            line += f"; with random weights at best {_percent(by_layer(twin, split)['accuracy'].max())}"
        sentences.append(f"{line}.")
    chance = by_layer(accuracy, split)["chance"].mean()
    return [*sentences, f"The lazy shortcut ({shortcut}) gets 0%, a random piece {_percent(chance)}."]


def layers_of_twelve(accuracy: pd.DataFrame) -> list[str]:
    """Which layers of the measured models stand for the paper's layers 4-6 of 12, and which are its middle ones."""
    deepest = shown(accuracy).groupby("model", sort=False)["layer"].max()
    return [
        f"{model}: layers 4-6 of 12 are layers {_span(layers_at(layers, 4, 6))} of its {layers}; "
        f"the middle ones, a third to two thirds of the depth, are {_span(layers_at(layers, 4, 8))}."
        for model, layers in deepest.items()
    ]


def selectivity(*tables: pd.DataFrame) -> list[str]:
    """Task minus control."""
    rows = pd.concat(tables)
    sentences = []
    for split, (name, _) in SPLITS.items():
        for model, curve in _curves(by_layer(rows, split, "task minus control"), "accuracy"):
            layer = int(curve.argmax())
            sentences.append(
                f"{name}, {model}: {_points(curve[0])} at the embedding, at most {_points(curve[layer])} points "
                f"({'embedding' if layer == 0 else f'layer {layer}'})."
            )
    return sentences


def nth_token(accuracy: pd.DataFrame) -> list[str]:
    """Figure 4."""
    sentences = []
    for model, own in shown(accuracy).groupby("model", sort=False):
        curve = own[own["state"] != WITHOUT].groupby("layer")["accuracy"].mean().to_numpy()
        bare = own.loc[own["state"] == WITHOUT, "accuracy"].mean()
        last = own[own["layer"] == own["layer"].max()].set_index("n")["accuracy"]
        fall = int(np.diff(curve).argmin()) + 1
        before = "the embedding" if fall == 1 else f"layer {fall - 1}"
        sentences.append(
            f"{model}: on average over n {_percent(curve[1])} in layer 1 and {_percent(curve[-1])} in the last, the "
            f"largest fall from {before} to layer {fall}; in the last layer n = {last.idxmax()} is kept best "
            f"({_percent(last.max())}), n = {last.idxmin()} worst ({_percent(last.min())}). "
            f"Without position embeddings: {_percent(bare)}."
        )
    return sentences


def reflexives(layers: pd.DataFrame) -> list[str]:
    """Figure 5."""
    sentences = []
    for model, own in shown(layers).groupby("model", sort=False):
        curves = own.pivot(index="label", columns="layer", values="confusion")
        mean = curves.mean()
        three = curves.loc[curves.index > "R4"].mean()
        sentences.append(
            f"{model}: R1-R4 score {curves[curves.index <= 'R4'].mean().mean():.2f} bits on average over layers, "
            f"R5-R8 {three.mean():.2f} (paper {_printed('R1', 'R4'):.2f} and {_printed('R5', 'R8'):.2f}). "
            f"R5-R8 peak in layer {three.idxmax()} ({three.max():.2f} bits), which is "
            f"{'above' if three.max() > np.log2(3) else 'not above'} an even split of three (1.58). {_rise(mean)}"
        )
    return sentences


def agreement(layers: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """The companion of Figure 5."""
    sentences = []
    for model, own in shown(layers).groupby("model", sort=False):
        apart = shown(differences)[lambda rows, model=model: rows["model"] == model]
        parts = []
        for name, rows in apart.groupby("contrast", sort=False):
            clear = int(((rows["low"] > 0) | (rows["high"] < 0)).sum())
            parts.append(
                f"{name.split(' (')[0]} {rows['estimate'].mean():+.2f} bits on average, its interval without 0 in "
                f"{clear} of {len(rows)} layers"
            )
        sentences.append(f"{model}: {'; '.join(parts)}. {_rise(own.groupby('layer')['confusion'].mean())}")
    return sentences


def conditions(*tables: pd.DataFrame) -> list[str]:
    """Table 2."""
    rows = shown(pd.concat(tables))
    paper = pd.Series({label: bits for label, (_, bits) in printed()["table-2"].items()})
    sentences = []
    for model, own in rows.groupby("model", sort=False):
        ours = own.set_index("label")["confusion"]
        known = paper[ours.index]
        sentences.append(
            f"{model}: lowest {ours.idxmin()} ({ours.min():.2f}), highest {ours.idxmax()} ({ours.max():.2f}); the "
            f"paper's lowest is {known.idxmin()}, its highest {known.idxmax()}. A condition's mean lies "
            f"{(ours - known).abs().mean():.2f} bits from the paper's on average."
        )
    return sentences


def regression(table: pd.DataFrame) -> list[str]:
    """Table 3."""
    sentences = []
    for (model, fit), own in shown(table).groupby(["model", "fit"], sort=False):
        factors = own[own["factor"] != "Intercept"]
        clear = (factors["low"] > 0) | (factors["high"] < 0)
        sentences.append(
            f"{model}, {fit}: clear of 0 by the clustered interval: {_coefficients(factors[clear])}; "
            f"not clear: {_coefficients(factors[~clear])}."
        )
    return sentences


def _curves(rows: pd.DataFrame, column: str) -> Iterator[tuple[str, np.ndarray]]:
    """(model, values by layer) of the trained models."""
    for model, own in shown(rows).groupby("model", sort=False):
        yield model, own.sort_values("layer")[column].to_numpy()


def _coefficients(rows: pd.DataFrame) -> str:
    named = [f"{FACTORS[row.factor]} {row.coefficient:+.3f} bits" for row in rows.itertuples()]
    return ", ".join(named) or "none"


def _rise(mean: pd.Series) -> str:
    """Where a mean curve over layers rises most."""
    steps = mean.diff().iloc[1:]
    layer = steps.idxmax()
    if steps[layer] <= 0:
        return "Confusion rises nowhere on the way up."
    return f"Confusion rises most from layer {layer - 1} to {layer}, by {steps[layer]:.2f} bits."


def _printed(first: str, last: str) -> float:
    return float(np.mean([bits for label, (_, bits) in printed()["table-2"].items() if first <= label <= last]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _points(share: float) -> str:
    return f"{100 * share:+.0f}"


def _span(layers: list[int]) -> str:
    return str(layers[0]) if len(layers) == 1 else f"{layers[0]}-{layers[-1]}"
