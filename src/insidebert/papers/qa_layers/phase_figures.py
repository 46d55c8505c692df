"""The phases as numbers, and how alike a reader is to the model that it was made from; drawn from tidy tables."""

import pandas as pd
from matplotlib.figure import Figure

from insidebert.papers.qa_layers import PAPER
from insidebert.papers.qa_layers.layers import PHASES
from insidebert.results import plots

LINES = {
    ("fine-tuned", "right"): (plots.MARKED, "o", "-", "right answers"),
    ("fine-tuned", "wrong"): ("#7b1fa2", "s", (0, (4, 1.5)), "wrong answers"),
    ("pre-trained", "all"): ("#0173b2", "^", "-", "pre-trained"),
    ("random weights", "all"): ("0.35", "", ":", "random weights"),
}
"""Version and outcome -> colour, marker, line and name."""

PANELS = {
    "question + fact": "question with fact\n(silhouette)",
    "answer": "answer to nearest other\n(mean distance = 1)",
    "same word": "nearest token is\nthe same word (%)",
    "sentences": "purity by sentence (%)",
}
SHARES = ("same word", "sentences")


def phases(layers: pd.DataFrame, space: str = "raw") -> Figure:
    """Each measure by layer, a column a model and data set; beyond four, models below each other.

    Paler lines of sentences: shuffled sentences.
    """
    trained = plots.shown(layers)
    columns = list(dict.fromkeys(zip(trained["model"], trained["dataset"], strict=True)))
    across = len(columns) if len(columns) <= 4 else len(dict.fromkeys(trained["dataset"]))
    blocks = -(-len(columns) // across)
    height = 1.9 if blocks == 1 else 1.65
    figure, axes = plots.new_figure(across, len(PANELS) * blocks, width=2.9, height=height, sharey="row")
    of_space = layers[layers["space"] == space]
    for i, (measure, label) in enumerate(PANELS.items()):
        for j, (model, dataset) in enumerate(columns):
            ax = axes[j // across * len(PANELS) + i, j % across]
            at = (of_space["model"] == model) & (of_space["dataset"] == dataset)
            own = of_space[at & (of_space["measure"] == measure)]
            chance = of_space[at & (of_space["measure"] == "sentences by chance")]
            for (version, outcome), (colour, marker, style, name) in LINES.items():
                rows = own[(own["version"] == version) & (own["outcome"] == outcome)]
                if rows.empty:
                    continue
                plots.line(ax, rows, "layer", "value", colour, marker, style, label=name, ms=3.5, lw=1.4)
                if measure == "sentences":
                    shuffled = chance[(chance["version"] == version) & (chance["outcome"] == outcome)]
                    ax.plot(shuffled["layer"], shuffled["value"], color=colour, lw=0.7, alpha=0.5)
            depth = int(own["layer"].max())
            for phase in PHASES.values():
                ax.axvline(phase * depth / 12, color="0.85", lw=0.7, zorder=0)
            plots.layer_axis(ax, depth, embedding=True)
            if measure in SHARES:
                plots.percent_axis(ax, "")
            ax.set_ylabel(label if j % across == 0 else "", fontsize=7.5)
            ax.set_xlabel("layer" if i == len(PANELS) - 1 else "")
            ax.set_title(f"{model}\n{dataset}" if i == 0 else "", fontsize=8.5)
    plots.legend_above(figure, (name for *_, name in LINES.values()), 4)
    asked = trained.groupby(["model", "dataset"])["questions"].max().min()
    scaled = "in the full space" if space == "raw" else "in the full space, every dimension z-scored over the question"
    return plots.caption(
        figure,
        f"Not in {PAPER.short}: its phases as numbers, {scaled}; means over {asked} questions, right and wrong\n"
        "ones apart; bands: 95% intervals; grey lines: where the paper shows its\n"
        "four phases (layers 2, 5, 7 and 11 of 12); lowest row, thin lines: the same clusters with sentences shuffled",
    )


def similarity(layers: pd.DataFrame) -> Figure:
    """Similarity of a reader to the pre-trained model by layer (Merchant et al. 2020), raw and z-scored."""
    rows = layers[layers["measure"] == "similarity to pre-trained"]
    if rows.empty:
        figure, ((ax,),) = plots.new_figure(width=4.2, height=1.5)
        ax.text(0.5, 0.5, "no trained model, whose reader could be compared with it", ha="center")
        ax.axis("off")
        return figure
    models, figure, axes = plots.model_panels(plots.shown(rows), width=4.2, height=2.8, sharey=True)
    datasets = list(dict.fromkeys(rows["dataset"]))
    palette = plots.colours(datasets)
    for ax, model in zip(axes[0], models, strict=True):
        for dataset, marker in zip(datasets, plots.MARKERS, strict=False):
            for space, style in (("raw", "-"), ("z-scored", (0, (4, 1.5)))):
                own = rows[(rows["model"] == model) & (rows["dataset"] == dataset) & (rows["space"] == space)]
                own = own[own["outcome"] == "all"]
                label = f"{dataset}, {space}"
                plots.line(ax, own, "layer", "value", palette[dataset], marker, style, label=label)
        plots.layer_axis(ax, int(rows[rows["model"] == model]["layer"].max()), embedding=True)
        ax.set_title(model)
    axes[0][0].set_ylabel("similarity (Pearson's r)")
    axes[0][0].legend(fontsize=7.5, loc="lower left", handlelength=4)  # long enough to tell dashes
    return plots.caption(
        figure,
        f"Not in {PAPER.short}: how alike reader and pre-trained model see the tokens of a question (representational\n"
        "similarity, Merchant et al. 2020), mean over questions; bands: 95% intervals",
    )
