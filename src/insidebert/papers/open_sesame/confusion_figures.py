"""Figure 5, its companion for agreement, and Tables 2 and 3, drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from insidebert.papers import printed
from insidebert.results import plots

PAPER, PRINTED = "Lin et al. (2019)", printed("open_sesame")
FACTORS = {
    "Intercept": "intercept",
    "rc": "has relative clause",
    "match": "distractor number match",
    "inflected": "inflected auxiliary",
    "object_match": "object distractor gender match",
    "rc_match": "RC distractor gender match",
    "layer": "layer",
}
HUES = dict(zip(("A1 A2", "A3 A4", "R1 R2", "R3 R4", "R5 R6", "R7 R8"), (0, 1, 0, 1, 2, 4), strict=True))
"""Pair of conditions -> place in the colour-blind-safe palette; the first of a pair is solid, the second hollow."""

PRINTED_DIFFERENCES = {
    "PP minus RC (A1, A2 - A3, A4)": 0.12,
    "match minus mismatch, PP (A1 - A2)": 0.04,
    "match minus mismatch, RC (A3 - A4)": 0.04,
}
"""What follows from the paper's Table 2, bits."""


def reflexives(layers: pd.DataFrame) -> Figure:
    """Figure 5: confusion by layer, two candidates above, three below, the paper's own values laid under ours."""
    trained = plots.shown(layers)
    models, figure, axes = plots.model_panels(trained, 2, width=3.7, height=3.0, sharey="row", sharex="col")
    for column, model in zip(axes.T, models, strict=True):
        own = layers[layers["model"] == model]
        for ax, labels, candidates in zip(column, (("R1", "R4"), ("R5", "R8")), (2, 3), strict=True):
            shown = own[own["label"].between(*labels)]
            _paper_lines(ax, sorted(shown["label"].unique()), int(own["layer"].max()))
            _condition_lines(ax, shown)
            _even_split(ax, candidates)
        column[0].set_title(f"{model}: two candidates")
        column[1].set_title("three candidates")
        column[0].set_xlabel("")
    _bit_axes(axes)
    return plots.caption(
        figure,
        f"Figure 5 of {PAPER}, with {plots.model_list(trained)}; bands: 95% bootstrap intervals. Thin lines of the "
        "same colour: the paper's BERT-base, its 12 layers laid over ours by depth (read from its figure, to 0.02); "
        f"dashed black: random weights. {_key(trained)}",
    )


def agreement(layers: pd.DataFrame, differences: pd.DataFrame) -> Figure:
    """Companion of Figure 5: confusion by layer above, the planned differences with their intervals below."""
    trained, apart = plots.shown(layers), plots.shown(differences)
    models, figure, axes = plots.model_panels(trained, 2, width=3.7, height=3.0, sharey="row", sharex="col")
    for (above, below), model in zip(axes.T, models, strict=True):
        _condition_lines(above, layers[layers["model"] == model])
        _even_split(above, 2)
        above.set_title(f"{model}: agreement")
        above.set_xlabel("")
        _difference_lines(below, apart[apart["model"] == model])
        below.set_title("differences")
    _bit_axes(axes[:1])
    axes[1, 0].set_ylabel("difference (bits)")
    low, high = axes[1, 0].get_ylim()
    axes[1, 0].set_ylim(low, high + 0.45 * (high - low))  # room for the legend
    axes[1, 0].legend(loc="upper left", fontsize=7.5)
    return plots.caption(
        figure,
        f"Companion to Figure 5 of {PAPER}, who print no such figure; with {plots.model_list(trained)}; bands: 95% "
        f"bootstrap intervals; dashed black: random weights. In brackets: the mean that the paper's Table 2 gives. "
        f"{_key(trained)}",
    )


def representative_sentences(agreement: pd.DataFrame, reflexive: pd.DataFrame) -> pd.DataFrame:
    """Table 2: the sentence closest to the first model's condition mean; the paper's mean score and every model's."""
    trained = plots.shown(pd.concat([agreement, reflexive]))
    models = list(dict.fromkeys(trained["model"]))
    first = trained[trained["model"] == models[0]].set_index("label")
    names = [f"{label}: {in_words(condition)}" for label, condition in first["condition"].items()]
    table = pd.DataFrame({"condition": names, "sentence": first["example"]})
    table["paper, BERT-base (bits)"] = [f"{PRINTED['table-2'][label][1]:.2f}" for label in first.index]
    for model in models:
        means = trained[trained["model"] == model].set_index("label")
        table[f"{model} (bits)"] = [
            f"{means.at[label, 'confusion']:.2f} [{means.at[label, 'low']:.2f}, {means.at[label, 'high']:.2f}]"
            for label in table.index
        ]
    return table


def regression(table: pd.DataFrame) -> pd.DataFrame:
    """Tables 3: coefficients and p of the paper's regression, and the interval clustered by sentence."""
    rows = plots.shown(table)
    return pd.DataFrame(
        {
            "model": rows["model"],
            "fitted on": rows["fit"],
            "factor": rows["factor"].map(FACTORS),
            "coefficient (bits)": rows["coefficient"].map("{:+.3f}".format),
            "p": rows["p"].map(_p),
            "95% interval, clustered": [
                f"[{low:+.3f}, {high:+.3f}]" for low, high in zip(rows["low"], rows["high"], strict=True)
            ],
            "p, clustered": rows["p_clustered"].map(_p),
        }
    )


def in_words(condition: str) -> str:
    """reflexive.rc_object.match.mismatch -> RC match, object mismatch."""
    _, places, *kinds = condition.replace("pp", "PP").replace("rc", "RC").split(".")
    return ", ".join(f"{place} {kind}" for place, kind in zip(places.split("_"), kinds, strict=True))


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _style(label: str) -> dict:
    """Colour and marker of a condition: a hue and a shape for each pair of a panel, its second member hollow."""
    pair = next(pair for pair in HUES if label in pair)
    colour = to_rgb(plots.HUES[HUES[pair]])
    marker = plots.MARKERS[list(HUES).index(pair) % 2]
    return {"colour": colour, "marker": marker, "markerfacecolor": colour if pair.startswith(label) else "white"}


def _condition_lines(ax: Axes, rows: pd.DataFrame) -> None:
    """A line with its band per condition; random weights in dashed black below."""
    ends = []
    for label, own in plots.shown(rows).sort_values("layer").groupby("label"):
        style = _style(label)
        ends.append((*plots.line(ax, own, "layer", "confusion", **style), label, style["colour"]))
    for _, own in rows[rows["weights"] == "random"].sort_values("layer").groupby("label"):
        ax.plot(own["layer"], own["confusion"], color="black", lw=0.6, ls="--", zorder=1)
    ax.set_ylim(0, max(2.0, 1.05 * ax.dataLim.y1))
    plots.layer_axis(ax, int(rows["layer"].max()))
    plots.label_ends(ax, ends, gap=0.08)


def _paper_lines(ax: Axes, labels: list[str], layers: int) -> None:
    """The paper's values by layer, at the same relative depth."""
    for label in labels:
        values = PRINTED["figure-5"][label]
        depth = np.arange(1, len(values) + 1) * layers / len(values)
        rows = pd.DataFrame({"layer": depth, "bits": values})[depth >= 1]
        plots.line(ax, rows, "layer", "bits", **_style(label), band=False, lw=0.7, ms=2.5, alpha=0.55, zorder=1)


def _even_split(ax: Axes, candidates: int) -> None:
    bits = np.log2(candidates)
    ax.axhline(bits, color="0.2", lw=0.9, ls=":", zorder=1)
    ax.text(0.02, 0.03, f"dotted: an even split, {bits:.2f} bits", transform=ax.transAxes, fontsize=7.5, color="0.2")


def _difference_lines(ax: Axes, rows: pd.DataFrame) -> None:
    for i, (name, own) in enumerate(rows.groupby("contrast", sort=False)):
        label = f"{name.split(' (')[0]} ({PRINTED_DIFFERENCES[name]:+.2f})"
        plots.line(ax, own, "layer", "estimate", to_rgb(plots.HUES[(2, 0, 1)[i]]), marker=plots.MARKERS[i], label=label)
    ax.axhline(0, color="0.2", lw=0.9, zorder=1)
    plots.layer_axis(ax, int(rows["layer"].max()))


def _bit_axes(axes: np.ndarray) -> None:
    """One range from 0 for all panels of a row."""
    for row in axes:
        row[0].set_ylim(0, max(2.0, *(1.05 * ax.dataLim.y1 for ax in row)))
        row[0].set_ylabel("confusion (bits)")


def _key(table: pd.DataFrame) -> str:
    """What the short labels stand for."""
    names = table.drop_duplicates("label").set_index("label")["condition"]
    return "; ".join(f"{label}: {in_words(name)}" for label, name in names.items())
