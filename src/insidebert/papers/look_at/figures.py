"""The paper's figures and tables of sections 3 and 6, drawn from tidy tables alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers import artifacts
from insidebert.papers.look_at.probe_figures import PAPER, PRINTED
from insidebert.results import plots

STRONG = {"to next": "next token", "to previous": "previous token"}
PATTERNS = {"broad": ("entropy", 3.8), "next token": ("to next", 0.5)}
PATTERNS |= {"[SEP]": ("to [SEP]", 0.5), "periods and commas": ("to . or ,", 0.5)}
"""Pattern of Figure 1 -> statistic, and the value below which a model has no such head."""

BEHAVIOURS = {
    "none of these": ("0.75", "."),
    "[CLS]": (plots.TOKEN_COLOURS["[CLS]"], "o"),
    "[SEP]": (plots.TOKEN_COLOURS["[SEP]"], "s"),
    "periods and commas": (plots.TOKEN_COLOURS[". or ,"], "P"),
    "broad": ("#cc78bc", "D"),
    "next token": ("#ca9161", "^"),
    "previous token": ("#56b4e9", "v"),
}
LIGHT = {"lw": 1.1, "ls": ":", "zorder": 4, "clip_on": False}
"""Random weights, above the other lines, which would hide them."""


def token_colour(statistic: str) -> str:
    """The colour of the token class that a statistic is about, such as that of [SEP] for `other to [SEP]`."""
    return plots.TOKEN_COLOURS.get(statistic.rpartition("to ")[2], plots.TOKEN_COLOURS["other"])


def patterns(examples: pd.DataFrame, heads: pd.DataFrame) -> Figure:
    """Figure 1: four heads with four patterns, attention as lines between two columns of tokens."""
    rows = plots.shown(examples)
    models, names = list(rows["model"].unique()), list(rows["pattern"].unique())
    places = rows["from_place"].max() + 1
    figure, axes = plots.new_figure(len(names), len(models), width=1.85, height=0.115 * places + 0.6)
    for line_of_axes, model in zip(axes, models, strict=True):
        for ax, name in zip(line_of_axes, names, strict=True):
            own = rows[(rows["model"] == model) & (rows["pattern"] == name)]
            plots.linked_columns(ax, own, plots.TOKEN_COLOURS["[CLS]"])
            ax.set_title(pattern_title(name, own.iloc[0], heads), fontsize=8)
    return plots.caption(
        figure,
        f"Figure 1 of {PAPER}, with {plots.model_list(rows)}; heads as layer-head, each the highest in its statistic "
        "over all segments (its mean is given); attention from the left column to the right one, darker is more",
    )


def pattern_title(name: str, row: pd.Series, heads: pd.DataFrame) -> str:
    """Pattern, model, head and the head's mean; said to be no such head where the mean is below the bound."""
    statistic, least = PATTERNS[name]
    place = {"model": row["model"], "weights": row["weights"], "layer": row["layer"], "head": row["head"]}
    own = heads[(heads[list(place)] == pd.Series(place)).all(axis=1) & (heads["statistic"] == statistic)]
    value = own["value"].iloc[0]
    mean = f"{value:.1f} nats" if statistic == "entropy" else f"{value * 100:.0f}%"
    head = f"{row['layer']}-{row['head']}"
    found = f"head {head}: {mean}" if value >= least else f"no such head ({head}: {mean})"
    return f"{name}\n{row['model']}\n{found}"


@dataclass(frozen=True)
class Panel:
    """Statistics that share a panel, the first as a full line, a second one about the same tokens as a broken line."""

    statistics: tuple[str, ...]
    label: str
    share: bool = True


def special_tokens(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Figure 2: attention to special tokens; below, where attention to [SEP] comes from."""
    panels = [
        Panel(("to [CLS]", "to [SEP]", "to . or ,"), "average attention (%)"),
        Panel(("[SEP] to [SEP]", "other to [SEP]"), "attention to [SEP] (%)"),
    ]
    return _by_layer(f"Figure 2 of {PAPER}", panels, heads, layers, PRINTED["figure-2"])


def entropies(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Figure 4: entropy of attention from all tokens and from [CLS], with uniform attention as the ceiling."""
    panels = [Panel((name,), f"{name} (nats)", share=False) for name in ("entropy", "entropy from [CLS]")]
    which = f"Figure 4 of {PAPER} (which prints the upper panel alone)"
    return _by_layer(which, panels, heads, layers, PRINTED["figure-4"])


def norms(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Beyond the paper: attention to [SEP] and [CLS] beside what is moved from there."""
    panels = [Panel((f"to {name}", f"norm to {name}"), f"share of {name} (%)") for name in ("[SEP]", "[CLS]")]
    which = f"Not in {PAPER}: broken lines, shares of the norms |a v W_O| of what is moved (Kobayashi et al. 2020)"
    return _by_layer(which, panels, heads, layers, {})


def _by_layer(which: str, panels: list[Panel], heads: pd.DataFrame, layers: pd.DataFrame, printed: dict) -> Figure:
    """A row of panels per group of statistics, a column per model: heads as dots, layer means as lines."""
    heads, means, random = plots.shown(heads), plots.shown(layers), layers[layers["weights"] == "random"]
    models, figure, axes = plots.model_panels(means, len(panels), width=4.7, height=2.9, sharey="row")
    for line_of_axes, panel in zip(axes, panels, strict=True):
        for ax, model in zip(line_of_axes, models, strict=True):
            of_model = [table[table["model"] == model] for table in (heads, means, random)]
            _panel(ax, panel, *of_model, printed)
            ax.set_ylabel(panel.label if ax is line_of_axes[0] else "")
            ax.set_title(model if panel is panels[0] else "")
            if panel is not panels[-1]:
                ax.set_xlabel("")
    said = ["dots: heads", "lines: means of a layer", "dotted: random weights" if len(random) else ""]
    said += ["diamonds: BERT-base as printed, at its relative depth" if printed else ""]
    return plots.caption(figure, f"{which}, with {plots.model_list(means)}; {'; '.join(filter(None, said))}")


def _panel(ax: Axes, panel: Panel, heads: pd.DataFrame, means: pd.DataFrame, random: pd.DataFrame, printed: dict):
    ends, depth = [], int(means["layer"].max())
    for i, name in enumerate(panel.statistics):
        colour, again = token_colour(name), token_colour(name) in {token_colour(n) for n in panel.statistics[:i]}
        dots = heads[heads["statistic"] == name]
        shift = (i - (len(panel.statistics) - 1) / 2) * 0.16
        face = {"facecolors": "none", "edgecolors": colour} if again else {"color": colour}
        ax.scatter(dots["layer"] + shift, dots["value"], s=8, alpha=0.5, linewidth=0.6 if again else 0, **face)
        line = means[means["statistic"] == name]
        style = (0, (4, 1.5)) if again else "-"
        ends.append((*plots.line(ax, line, "layer", "value", colour, plots.MARKERS[i], style), name, colour))
        drawn = random[random["statistic"] == name]
        ax.plot(drawn["layer"], drawn["value"], color="0.2" if not panel.share else colour, **LIGHT)
        read = printed.get(name, {})
        places = [layer * depth / 12 for layer in read]
        ax.plot(places, list(read.values()), "d", ms=7, mfc="none", mec="0.15", zorder=5)
    plots.layer_axis(ax, depth)
    if panel.share:
        plots.percent_axis(ax, "")
    else:
        _even_spread(ax, float(line["uniform"].iloc[0]))
    if len(panel.statistics) > 1:
        plots.label_ends(ax, ends, gap=0.075)


def _even_spread(ax: Axes, nats: float) -> None:
    """The ceiling of entropies, with its name above it and no grid line through either."""
    ax.set_ylim(0, nats * 1.16)
    ax.axhline(nats, color="0.2", ls="--", lw=1)
    ax.annotate("spread evenly", (1, nats * 1.02), va="bottom", fontsize=7.5, color="0.2")


def importance(layers: pd.DataFrame) -> Figure:
    """Figure 3: mean |gradient| of the loss by layer and class of token."""
    rows = layers[layers["tokens"] != "[CLS]"]
    models, figure, (axes,) = plots.model_panels(rows, width=4.6, height=3.3, sharey=True)
    scaled = rows.assign(**{name: rows[name] * 1000 for name in ("gradient", "low", "high")})
    for ax, model in zip(axes, models, strict=True):
        own, ends = scaled[scaled["model"] == model], []
        for i, (name, line) in enumerate(own.groupby("tokens", sort=False)):
            colour = plots.TOKEN_COLOURS[name]
            end = plots.line(ax, line, "layer", "gradient", colour, marker=plots.MARKERS[i])
            ends.append((*end, name, colour))
        plots.layer_axis(ax, int(own["layer"].max()))
        ax.set_ylim(0, scaled["high"].max() * 1.05)
        ax.set_ylabel("mean |dL / da| (10⁻³ nats)" if ax is axes[0] else "")
        ax.set_title(model)
        plots.label_ends(ax, ends)
    return plots.caption(
        figure,
        f"Figure 3 of {PAPER}, with {plots.model_list(rows)}; bands: 95% bootstrap intervals over segments; L: "
        "loss at masked pieces, under the model's own language-model head or, where it has none, that in "
        "models/masked_heads; the paper's axis goes to 2.2: compare shapes; [CLS] is not drawn",
    )


def strong_heads(heads: pd.DataFrame) -> pd.DataFrame:
    """Section 3.1: heads that put over half of their attention on the next or the previous token."""
    found = plots.shown(heads).query("statistic in @STRONG and value > 0.5")
    found = found.sort_values(["model", "statistic", "layer", "head"])
    rows = []
    for row in found.itertuples():
        mean, low, high = (f"{share * 100:.1f}" for share in (row.value, row.low, row.high))
        rows.append((row.model, STRONG[row.statistic], f"{row.layer}-{row.head}", mean, f"[{low}, {high}]"))
    return pd.DataFrame(rows, columns=["model", "attends to", "head", "attention (%)", "95% interval"])


def map_of_heads(heads: pd.DataFrame) -> Figure:
    """Figure 6: heads in the plane, coloured by behaviour and by layer; a row per model."""
    rows = plots.shown(heads)
    models = list(rows["model"].unique())
    figure, axes = plots.new_figure(2, len(models), width=4.6, height=3.7)
    for (left, right), model in zip(axes, models, strict=True):
        own = rows[rows["model"] == model]
        shades = plots.ordered(own["layer"], "viridis")
        for name, (colour, marker) in BEHAVIOURS.items():
            group = own[own["behaviour"] == name]
            if len(group):
                left.scatter(group["x"], group["y"], color=colour, marker=marker, s=32, label=name)
        named = own[own["function"] != ""]
        left.scatter(named["x"], named["y"], s=90, facecolors="none", edgecolors=plots.MARKED, label="linguistic head")
        for place in named.itertuples():
            apart = np.hypot(named["x"] - place.x, named["y"] - place.y).drop(place.Index)
            up = apart.empty or named.at[apart.idxmin(), "y"] < place.y  # away from the nearest ring
            side = "right" if place.x > own["x"].mean() else "left"  # towards the middle, away from the legend
            away = (-7 if side == "right" else 7, 5 if up else -11)
            beside = {"xytext": away, "textcoords": "offset points", "ha": side}
            left.annotate(place.function, (place.x, place.y), fontsize=7.5, **beside)
        for layer, group in own.groupby("layer"):
            right.scatter(group["x"], group["y"], color=shades[layer], s=26, label=layer)
        for ax, title in ((left, "by behaviour"), (right, f"by layer (stress {own['stress'].iloc[0]:.2f})")):
            ax.set_title(f"{model}, {title}")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
            ax.grid(False)
            ax.set_aspect("equal", adjustable="datalim")
            names = "layer" if ax is right else None
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.1, title=names)
    return plots.caption(
        figure,
        f"Figure 6 of {PAPER}, with {plots.model_list(rows)}; distances stand for Jensen-Shannon divergences, "
        "axes have no unit; stress: 0 where the plane keeps all distances, from 0.2 on it keeps them poorly; "
        "rings: heads that are best at a relation (auxpass: passive auxiliary, det: determiner, dobj: direct object, "
        "pobj: object of a preposition, poss: possessor)",
    )


ARTIFACTS = artifacts("look_at")
