"""The paper's figures and tables of sections 3 and 6, drawn from tidy tables alone."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insidebert.papers.look_at import word_figures
from insidebert.results import plots
from insidebert.results.artifacts import Artifact

PAPER = "Clark et al. (2019)"
TARGETS = ("to [CLS]", "to [SEP]", "to . or ,")
SEPARATORS = ("other to [SEP]", "[SEP] to [SEP]")
ENTROPIES = ("entropy", "entropy from [CLS]")
STRONG = {"to next": "next token", "to previous": "previous token"}


def patterns(examples: pd.DataFrame) -> Figure:
    """Figure 1: four heads with four patterns, attention as lines between two columns of tokens."""
    rows = plots.shown(examples)
    models, names = list(rows["model"].unique()), list(rows["pattern"].unique())
    places = rows["from_place"].max() + 1
    figure, axes = plots.new_figure(len(names), len(models), width=2.2, height=0.14 * places + 0.6)
    colour = plots.colours(["line"])["line"]
    for line_of_axes, model in zip(axes, models, strict=True):
        for ax, name in zip(line_of_axes, names, strict=True):
            own = rows[(rows["model"] == model) & (rows["pattern"] == name)]
            plots.linked_columns(ax, own, colour)
            ax.set_title(f"{name}\n{model} {own['layer'].iloc[0]}-{own['head'].iloc[0]}", fontsize=8.5)
    plots.caption(
        figure,
        f"Figure 1 of {PAPER}, with {plots.model_list(rows)}; heads as layer-head, each the highest in its statistic;\n"
        "attention from the left column to the right one, darker is more",
    )
    return figure


def special_tokens(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Figure 2: attention to special tokens; below, where attention to [SEP] comes from."""
    return _by_layer(
        "Figure 2",
        [(TARGETS, "average attention (%)", True), (SEPARATORS, "attention to [SEP] (%)", True)],
        heads,
        layers,
    )


def entropies(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Figure 4: entropy of attention from all tokens and from [CLS], with uniform attention as the ceiling."""
    return _by_layer("Figure 4", [((name,), f"{name} (nats)", False) for name in ENTROPIES], heads, layers)


def norms(heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Beyond the paper: attention to [SEP] and [CLS] beside what is moved from there."""
    panels = [((f"to {name}", f"norm to {name}"), f"share of {name} (%)", True) for name in ("[SEP]", "[CLS]")]
    return _by_layer("Beyond", panels, heads, layers)


def importance(layers: pd.DataFrame) -> Figure:
    """Figure 3: mean |gradient| of the loss by layer and class of token."""
    rows = layers[layers["tokens"] != "[CLS]"]
    models = list(rows["model"].unique())
    figure, (axes,) = plots.new_figure(len(models), width=4.6, height=3.3)
    palette = plots.colours(rows["tokens"])
    for ax, model in zip(axes, models, strict=True):
        own, ends = rows[rows["model"] == model], []
        for i, (name, line) in enumerate(own.groupby("tokens", sort=False)):
            plots.line(ax, line, "layer", "gradient", palette[name], marker=plots.MARKERS[i])
            last = line.sort_values("layer").iloc[-1]
            ends.append((last["layer"], last["gradient"], name, palette[name]))
        plots.layer_axis(ax, int(own["layer"].max()))
        ax.set_ylim(bottom=0)
        ax.ticklabel_format(axis="y", scilimits=(0, 0), useMathText=True)
        ax.set_ylabel("mean |d loss / d attention| (nats)" if ax is axes[0] else "")
        ax.set_title(model)
        plots.label_ends(ax, ends)
    plots.caption(
        figure, f"Figure 3 of {PAPER}, with {plots.model_list(rows)}; bands: 95% bootstrap intervals over segments"
    )
    return figure


def strong_heads(heads: pd.DataFrame) -> pd.DataFrame:
    """Section 3.1: heads that put over half of their attention on the next or the previous token."""
    rows = plots.shown(heads)
    found = rows[rows["statistic"].isin(list(STRONG)) & (rows["value"] > 0.5)].sort_values(
        ["model", "statistic", "layer", "head"]
    )
    return pd.DataFrame(
        {
            "model": found["model"],
            "attends to": found["statistic"].map(STRONG),
            "head": found["layer"].astype(str) + "-" + found["head"].astype(str),
            "attention (%)": (found["value"] * 100).map("{:.1f}".format),
            "95% interval": [
                f"[{a * 100:.1f}, {b * 100:.1f}]" for a, b in zip(found["low"], found["high"], strict=True)
            ],
        }
    )


def map_of_heads(heads: pd.DataFrame) -> Figure:
    """Figure 6: heads in the plane, left coloured by behaviour, right by layer; a row per model."""
    rows = plots.shown(heads)
    models = list(rows["model"].unique())
    figure, axes = plots.new_figure(2, len(models), width=4.6, height=3.7)
    behaviours = plots.colours(["none of these", *sorted(set(rows["behaviour"]) - {"none of these"})])
    behaviours["none of these"] = (0.75, 0.75, 0.75)
    markers = dict(zip(behaviours, ".osD^vPX", strict=False))
    shades = plots.ordered(rows["layer"], "viridis")
    for (left, right), model in zip(axes, models, strict=True):
        own = rows[rows["model"] == model]
        for name, group in own.groupby("behaviour"):
            left.scatter(group["x"], group["y"], color=behaviours[name], marker=markers[name], s=32, label=name)
        for layer, group in own.groupby("layer"):
            right.scatter(group["x"], group["y"], color=shades[layer], s=26, label=layer)
        for ax, title in ((left, "by behaviour"), (right, "by layer")):
            ax.set_title(f"{model}, {title}")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.set_aspect("equal", adjustable="datalim")
            ax.legend(
                loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.1, title="layer" if ax is right else None
            )
    plots.caption(
        figure,
        f"Figure 6 of {PAPER}, with {plots.model_list(rows)}; multidimensional scaling of Jensen-Shannon divergences, "
        "axes have no unit",
    )
    return figure


def _by_layer(label: str, panels: list[tuple], heads: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """A row of panels per group of statistics, a column per model: heads as dots, layer means as lines."""
    heads, means, random = plots.shown(heads), plots.shown(layers), layers[layers["weights"] == "random"]
    models = list(means["model"].unique())
    figure, axes = plots.new_figure(len(models), len(panels), width=4.7, height=2.9, sharey="row")
    for row, (line_of_axes, (statistics, unit, share)) in enumerate(zip(axes, panels, strict=True)):
        palette = plots.colours(statistics)
        for ax, model in zip(line_of_axes, models, strict=True):
            ends, depth = [], int(means[means["model"] == model]["layer"].max())
            for i, name in enumerate(statistics):
                dots = heads[(heads["model"] == model) & (heads["statistic"] == name)]
                shift = (i - (len(statistics) - 1) / 2) * 0.12
                ax.scatter(dots["layer"] + shift, dots["value"], color=palette[name], s=7, alpha=0.55, linewidth=0)
                line = means[(means["model"] == model) & (means["statistic"] == name)].rename(columns={"value": "mean"})
                plots.line(ax, line, "layer", "mean", palette[name], marker=plots.MARKERS[i])
                last = line.sort_values("layer").iloc[-1]
                ends.append((last["layer"], last["mean"], name, palette[name]))
                drawn = random[(random["model"] == model) & (random["statistic"] == name)]
                ax.plot(drawn["layer"], drawn["value"], color=palette[name], lw=0.9, ls=":", zorder=1)
                if not share and not np.isnan(last["uniform"]):
                    ax.axhline(last["uniform"], color=plots.REFERENCE, ls="--", lw=1)
                    ax.annotate("uniform", (1, last["uniform"]), va="bottom", fontsize=7.5, color="0.4")
            plots.layer_axis(ax, depth)
            if share:
                plots.percent_axis(ax, unit if ax is line_of_axes[0] else "")
            else:
                ax.set_ylim(0, 5.4)
                ax.set_ylabel(unit if ax is line_of_axes[0] else "")
            if len(statistics) > 1:
                plots.label_ends(ax, ends, gap=0.075)
            if row == 0:
                ax.set_title(model)
            if row < len(panels) - 1:
                ax.set_xlabel("")
    which = f"Not in {PAPER}" if label == "Beyond" else f"{label} of {PAPER}"
    dotted = "; dotted: random weights" if len(random) else ""
    plots.caption(figure, f"{which}, with {plots.model_list(means)}; dots: heads, lines: means of a layer{dotted}")
    return figure


SURFACE = ("surface-heads", "surface-layers")
ARTIFACTS = (
    Artifact("figure-1", "Figure 1", "Four heads with four surface patterns", ("surface-examples",), patterns),
    Artifact("figure-2", "Figure 2", "Average attention to special tokens per head and layer", SURFACE, special_tokens),
    Artifact(
        "figure-3",
        "Figure 3",
        "Gradient-based importance of attention by class of token",
        ("importance-layers",),
        importance,
    ),
    Artifact("figure-4", "Figure 4", "Entropies of attention: from all tokens and from [CLS]", SURFACE, entropies),
    Artifact(
        "section-3-1",
        "Section 3.1",
        "Heads that attend to the next or the previous token",
        ("surface-heads",),
        strong_heads,
    ),
    *word_figures.ARTIFACTS,
    Artifact(
        "figure-6", "Figure 6", "Heads embedded by Jensen-Shannon divergence", ("clustering-heads",), map_of_heads
    ),
    Artifact("norms", "Norms", "Attention to [SEP] and [CLS], and what is moved from there", SURFACE, norms, ours=True),
)
