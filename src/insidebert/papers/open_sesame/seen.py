"""What is seen in each figure and table, in sentences whose numbers are read from the tidy tables."""

import numpy as np
import pandas as pd

from insidebert.papers import printed
from insidebert.papers.open_sesame.confusion_figures import FACTORS
from insidebert.papers.open_sesame.probe_figures import SPLITS, WITHOUT, by_layer
from insidebert.results.plots import shown
from insidebert.results.wording import each_model

PAPER = pd.Series({label: bits for label, (_, bits) in printed("open_sesame")["table-2"].items()})


def generalization(accuracy: pd.DataFrame, split: str) -> list[str]:
    """Figures 1 to 3."""
    rows = by_layer(accuracy, split)
    shortcut, chance = SPLITS[split][1], rows["chance"].mean()
    curves = _curve(rows, twins=rows[rows["weights"] == "random"])
    return [*curves, f"The lazy shortcut ({shortcut}) gets 0%, a random piece {chance:.0%}."]


@each_model
def _curve(model: str, rows: pd.DataFrame, twins: pd.DataFrame) -> str:
    shares, twin = rows["accuracy"].to_numpy(), twins[twins["model"] == model]
    best = int(shares[1:].argmax()) + 1
    random = f"; with random weights at best {twin['accuracy'].max():.0%}" if len(twin) else ""
    return (
        f"{model}: {shares[0]:.0%} at the embedding, {shares[best]:.0%} in the best layer ({best} of "
        f"{len(shares) - 1}), {shares[-1]:.0%} in the last{random}."
    )


def selectivity(*tables: pd.DataFrame) -> list[str]:
    """Task minus control."""

    @each_model
    def most(model: str, rows: pd.DataFrame, name: str) -> str:
        points = 100 * rows["accuracy"].to_numpy()
        layer = int(points.argmax())
        return (
            f"{name}, {model}: {points[0]:+.0f} at the embedding, at most {points[layer]:+.0f} points "
            f"({'embedding' if layer == 0 else f'layer {layer}'})."
        )

    rows = pd.concat(tables)
    return [
        sentence
        for split, (name, _) in SPLITS.items()
        for sentence in most(by_layer(rows, split, "task minus control"), name=name)
    ]


@each_model
def nth_token(model: str, accuracy: pd.DataFrame) -> str:
    """Figure 4."""
    without = accuracy["state"] == WITHOUT
    curve = accuracy[~without].groupby("layer")["accuracy"].mean().to_numpy()
    last = accuracy[accuracy["layer"] == accuracy["layer"].max()].set_index("n")["accuracy"]
    fall = int(np.diff(curve).argmin()) + 1
    return (
        f"{model}: on average over n {curve[1]:.0%} in layer 1 and {curve[-1]:.0%} in the last, the "
        f"largest fall from {'the embedding' if fall == 1 else f'layer {fall - 1}'} to layer {fall}; in the last layer "
        f"n = {last.idxmax()} is kept best ({last.max():.0%}), n = {last.idxmin()} worst ({last.min():.0%}). "
        f"Without position embeddings: {accuracy.loc[without, 'accuracy'].mean():.0%}."
    )


def reflexives(layers: pd.DataFrame) -> list[str]:
    """Figure 5."""
    return _reflexives(layers, twins=layers[layers["weights"] == "random"])


@each_model
def _reflexives(model: str, layers: pd.DataFrame, twins: pd.DataFrame) -> str:
    curves = layers.pivot(index="label", columns="layer", values="confusion")
    three = curves[curves.index > "R4"].mean()
    means, twin = _two_and_three(layers), twins[twins["model"] == model]
    random = f"; with random weights {_two_and_three(twin)}" if len(twin) else ""
    paper = f"{PAPER['R1':'R4'].mean():.2f} and {PAPER['R5':'R8'].mean():.2f}"
    return (
        f"{model}: R1-R4 and R5-R8 score {means} bits on average over layers (paper {paper}{random}). "
        f"R5-R8 peak in layer {three.idxmax()} ({three.max():.2f} bits), which is "
        f"{'above' if three.max() > np.log2(3) else 'not above'} an even split of three (1.58). {_rise(curves.mean())}"
    )


def _two_and_three(layers: pd.DataFrame) -> str:
    """Mean confusion with two candidates and with three."""
    two, three = (
        layers.loc[chosen, "confusion"].mean() for chosen in (layers["label"] <= "R4", layers["label"] > "R4")
    )
    return f"{two:.2f} and {three:.2f}"


@each_model
def agreement(model: str, layers: pd.DataFrame, differences: pd.DataFrame) -> str:
    """The companion of Figure 5."""
    parts = [
        f"{name.split(' (')[0]} {rows['estimate'].mean():+.2f} bits on average, clearly above 0 in "
        f"{(rows['low'] > 0).sum()} of {len(rows)} layers and clearly below in {(rows['high'] < 0).sum()}"
        for name, rows in differences.groupby("contrast", sort=False)
    ]
    return f"{model}: {'; '.join(parts)}. {_rise(layers.groupby('layer')['confusion'].mean())}"


def conditions(*tables: pd.DataFrame) -> list[str]:
    """Table 2."""
    return _conditions(pd.concat(tables))


@each_model
def _conditions(model: str, rows: pd.DataFrame) -> str:
    ours = rows.set_index("label")["confusion"]
    known = PAPER[ours.index]
    return (
        f"{model}: lowest {ours.idxmin()} ({ours.min():.2f}), highest {ours.idxmax()} ({ours.max():.2f}); the "
        f"paper's lowest is {known.idxmin()}, its highest {known.idxmax()}. A condition's mean lies "
        f"{(ours - known).abs().mean():.2f} bits from the paper's on average."
    )


def regression(table: pd.DataFrame) -> list[str]:
    """Table 3."""
    sentences = []
    for (model, fit), own in shown(table).groupby(["model", "fit"], sort=False):
        factors = own[own["factor"] != "Intercept"]
        named = [f"{FACTORS[row.factor]} {row.coefficient:+.3f} bits" for row in factors.itertuples()]
        named, clear = np.array(named, dtype=object), _clear(factors)
        said = [", ".join(named[chosen]) or "none" for chosen in (clear, ~clear)]
        sentences.append(f"{model}, {fit}: clear of 0 by the clustered interval: {said[0]}; not clear: {said[1]}.")
    return sentences


def _clear(rows: pd.DataFrame) -> np.ndarray:
    """Which intervals hold no 0."""
    return ((rows["low"] > 0) | (rows["high"] < 0)).to_numpy()


def _rise(mean: pd.Series) -> str:
    """Where a mean curve over layers rises most."""
    steps = mean.diff().iloc[1:]
    layer = steps.idxmax()
    if steps[layer] <= 0:
        return "Confusion rises nowhere on the way up."
    return f"Confusion rises most from layer {layer - 1} to {layer}, by {steps[layer]:.2f} bits."
