"""What fine-tuning changes in attention, drawn from tidy tables alone."""

import pandas as pd
from matplotlib.figure import Figure

from insidebert.papers.qa_layers import PAPER
from insidebert.results import plots

UNITS = {"entropy": "nats", "confusion": "bits"}


def attention(layers: pd.DataFrame) -> Figure:
    """Statistics by layer before and after, a row a statistic and a column a model; shares in %."""
    rows = plots.shown(layers)
    models, statistics = list(dict.fromkeys(rows["model"])), list(dict.fromkeys(rows["statistic"]))
    figure, axes = plots.new_figure(len(statistics), len(models), width=2.3, height=2.3)
    datasets = list(dict.fromkeys(rows["dataset"]))
    palette = dict(zip(datasets, (plots.MARKED, "#de8f05", "#7b1fa2", "#029e73"), strict=False))
    for i, model in enumerate(models):
        for j, statistic in enumerate(statistics):
            ax, own = axes[i, j], rows[(rows["model"] == model) & (rows["statistic"] == statistic)]
            factor = 1 if statistic in UNITS else 100
            own = own.assign(**{name: own[name] * factor for name in ("value", "low", "high")})
            before = own[(own["version"] == "pre-trained") & (own["dataset"] == datasets[0])]
            plots.line(ax, before, "layer", "value", "#0173b2", "^", label="pre-trained", ms=3.5, lw=1.4)
            for dataset, marker in zip(datasets, "oDsv", strict=False):
                line = own[(own["version"] == "fine-tuned") & (own["dataset"] == dataset)]
                label = f"reader of {dataset}"
                plots.line(ax, line, "layer", "value", palette[dataset], marker, label=label, ms=3.5, lw=1.4)
            plots.layer_axis(ax, int(own["layer"].max()))
            ax.set_xlabel("layer" if i == len(models) - 1 else "")
            ax.set_ylim(bottom=0)
            ax.set_title(f"{statistic} ({UNITS.get(statistic, '%')})" if i == 0 else "", fontsize=8.5)
            ax.set_ylabel(model if j == 0 else "", fontsize=8.5)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, fontsize=8)
    return plots.caption(
        figure,
        f"Not in {PAPER.short}: attention of readers and of the models that they were made from, mean of a layer's\n"
        "heads, on paragraphs that neither was trained on; confusion: of agreement; bands: 95% intervals",
    )
