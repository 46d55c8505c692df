"""The paper's figures and tables, drawn from tidy tables alone."""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from insidebert.results import plots
from insidebert.results.artifacts import Artifact

PAPER = "Lin et al. (2019)"
FACTORS = {
    "Intercept": "intercept",
    "rc": "has relative clause",
    "match": "distractor number match",
    "inflected": "inflected auxiliary",
    "object_match": "object distractor gender match",
    "rc_match": "RC distractor gender match",
    "layer": "layer",
}


def generalization(label: str, split: str, title: str, accuracy: pd.DataFrame) -> Figure:
    """Accuracy on one generalization set by layer: a line per model, its random-weights twin dashed."""
    figure, ((ax,),) = plots.new_figure(width=6.4, height=3.6)
    rows = accuracy[
        (accuracy["split"] == split)
        & (accuracy["probe"] == "task")
        & (accuracy["state"] != "embedding without positions")
    ]
    palette, ends = plots.colours(rows["model"]), []
    for i, (model, own) in enumerate(rows.groupby("model", sort=False)):
        for weights, lines in own.groupby("weights", sort=False):
            random = weights == "random"
            style = {"style": "--" if random else "-", "marker": "" if random else plots.MARKERS[i]}
            plots.line(ax, lines, "layer", "accuracy", palette[model], **style)
            last = lines.sort_values("layer").iloc[-1]
            ends.append(
                (last["layer"], last["accuracy"], f"{model}, random weights" if random else model, palette[model])
            )
    plots.layer_axis(ax, int(rows["layer"].max()), embedding=True)
    plots.percent_axis(ax, "sentences with the right word (%)")
    plots.label_ends(ax, ends)
    ax.set_title(title)
    plots.caption(figure, f"{label} of {PAPER}, with {plots.model_list(rows)}; bands: 95% bootstrap intervals")
    return figure


def nth_token(accuracy: pd.DataFrame) -> Figure:
    """Accuracy for the n-th token by layer: a panel per model, a line per n; the embeddings as baselines."""
    trained = plots.shown(accuracy)
    models = list(trained["model"].unique())
    figure, (axes,) = plots.new_figure(columns=len(models), width=4.6, height=3.7, sharey=True)
    shades = plots.ordered(trained["n"], "viridis")
    for ax, model in zip(axes, models, strict=True):
        own = trained[trained["model"] == model]
        layers = int(own["layer"].max())
        for n, rows in own.groupby("n"):
            known = rows[rows["state"] != "embedding without positions"]
            plots.line(ax, known, "layer", "accuracy", shades[n], marker=plots.MARKERS[n - 2], band=False, label=n)
            bare = rows[rows["state"] == "embedding without positions"]
            ax.plot(-1, bare["accuracy"], marker=plots.MARKERS[n - 2], color=shades[n], linestyle="", clip_on=False)
        plots.layer_axis(ax, layers, embedding=True)
        ax.set_xlim(-1.5, layers + 0.25)
        ax.set_xticks([-1, *ax.get_xticks()], ["emb,\nno pos.", *(t.get_text() for t in ax.get_xticklabels())])
        plots.percent_axis(ax, "sentences with the right piece (%)" if ax is axes[0] else "")
        ax.set_title(f"n-th token, {model}")
    axes[-1].legend(title="n", loc="center left", bbox_to_anchor=(1.02, 0.5))
    sentences = int(trained["sentences"].iloc[0])
    plots.caption(
        figure,
        f"Figure 4 of {PAPER}, with {plots.model_list(trained)}; about {sentences} test sentences\n"
        "emb: embedding layer before any attention; no pos.: the same without its position embedding",
    )
    return figure


def selectivity(tables: pd.DataFrame, *more: pd.DataFrame) -> Figure:
    """Task accuracy, and control accuracy below it: a row per model, a column per generalization set."""
    rows = plots.shown(pd.concat([tables, *more]))
    rows = rows[
        rows["split"].isin(["main_auxiliary.relative", "subject_noun.compound", "subject_noun.possessive"])
        & (rows["state"] != "embedding without positions")
    ]
    models, splits = list(rows["model"].unique()), list(rows["split"].unique())
    titles = {
        "main_auxiliary.relative": "main auxiliary",
        "subject_noun.compound": "compound",
        "subject_noun.possessive": "possessive",
    }
    figure, axes = plots.new_figure(len(splits), len(models), width=2.9, height=2.4, sharey=True, sharex=True)
    task, control = plots.colours(["task", "control"]).values()
    for line_of_axes, model in zip(axes, models, strict=True):
        for ax, split in zip(line_of_axes, splits, strict=True):
            own = rows[(rows["model"] == model) & (rows["split"] == split)]
            plots.line(ax, own[own["probe"] == "task"], "layer", "accuracy", task, label="task")
            plots.line(
                ax, own[own["probe"] == "control"], "layer", "accuracy", control, marker="s", label="control task"
            )
            plots.layer_axis(ax, int(own["layer"].max()), embedding=True)
            plots.percent_axis(ax, f"{model}\naccuracy (%)" if split == splits[0] else "")
            if model == models[0]:
                ax.set_title(titles[split])
            if model != models[-1]:
                ax.set_xlabel("")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    plots.caption(
        figure,
        f"Not in {PAPER}: a control task (random labels per word type, Hewitt and Liang 2019)\n"
        "beside each generalization set; selectivity is the distance between the lines",
    )
    return figure


def confusion_by_layer(label: str, title: str, layers: pd.DataFrame) -> Figure:
    """Mean confusion by layer: a panel per model, a line per condition, random weights as a grey band."""
    trained = plots.shown(layers)
    models = list(trained["model"].unique())
    figure, (axes,) = plots.new_figure(columns=len(models), width=4.7, height=3.9, sharey=True)
    palette = plots.colours(trained["label"])
    for ax, model in zip(axes, models, strict=True):
        own, ends = trained[trained["model"] == model], []
        for i, (name, rows) in enumerate(own.groupby("label")):
            plots.line(ax, rows, "layer", "confusion", palette[name], marker=plots.MARKERS[i % 4])
            last = rows.sort_values("layer").iloc[-1]
            ends.append((last["layer"], last["confusion"], name, palette[name]))
        plots.layer_axis(ax, int(own["layer"].max()))
        random = layers[(layers["weights"] == "random") & (layers["model"] == model)]
        for _, rows in random.groupby("label"):
            ax.plot(rows["layer"], rows["confusion"], color=plots.REFERENCE, lw=0.8, ls="--", zorder=1)
        ax.set_ylim(0, layers["confusion"].max() * 1.08)
        ax.set_ylabel("confusion (bits)" if ax is axes[0] else "")
        plots.label_ends(ax, ends, gap=0.055)
        ax.set_title(f"{title}, {model}")
    note = "; dashed grey: random weights" if (layers["weights"] == "random").any() else ""
    plots.caption(
        figure,
        f"{label} of {PAPER}, with {plots.model_list(trained)}; bands: 95% bootstrap intervals{note}\n{_key(trained)}",
    )
    return figure


def example_sentences(sentences: pd.DataFrame) -> pd.DataFrame:
    """Table 1."""
    rows = sentences.rename(columns={"used": "split", "split": "condition"})
    return rows.assign(task=rows["task"].str.replace("_", " "))[["task", "split", "condition", "example"]]


def representative_sentences(agreement: pd.DataFrame, reflexive: pd.DataFrame) -> pd.DataFrame:
    """Table 2: the sentence closest to the first model's condition mean, and every model's mean score."""
    rows = pd.concat([agreement, reflexive])
    trained = plots.shown(rows)
    models = list(trained["model"].unique())
    first = trained[trained["model"] == models[0]].set_index("label")
    table = pd.DataFrame({"condition": first.index + " " + first["condition"], "sentence": first["example"]})
    table[f"sentence's score, {models[0]} (bits)"] = first["example_confusion"].map("{:.2f}".format)
    for model in models:
        means = trained[trained["model"] == model].set_index("label")
        table[f"mean, {model} (bits)"] = [
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
            "factor": rows["factor"].map(FACTORS),
            "coefficient (bits)": rows["coefficient"].map("{:+.3f}".format),
            "p": rows["p"].map(_p),
            "95% interval, clustered": [
                f"[{low:+.3f}, {high:+.3f}]" for low, high in zip(rows["low"], rows["high"], strict=True)
            ],
            "p, clustered": rows["p_clustered"].map(_p),
        }
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _key(table: pd.DataFrame) -> str:
    """What the short labels stand for."""
    names = table.drop_duplicates("label").set_index("label")["condition"]
    parts = [f"{label}: {_in_words(name)}" for label, name in names.items()]
    return ";\n".join("; ".join(parts[i : i + 4]) for i in range(0, len(parts), 4))


def _in_words(condition: str) -> str:
    """reflexive.rc_object.match.mismatch -> RC match, object mismatch."""
    _, places, *kinds = condition.replace("pp", "PP").replace("rc", "RC").split(".")
    return ", ".join(f"{place} {kind}" for place, kind in zip(places.split("_"), kinds, strict=True))


def _accuracy_figure(label: str, slug: str, task: str, split: str, title: str) -> Artifact:
    return Artifact(
        slug,
        label,
        f"{title}: generalization accuracy by layer",
        (f"{task}-accuracy",),
        partial(generalization, label, split, title),
    )


ARTIFACTS = (
    Artifact(
        "table-1", "Table 1", "Example sentences per probing task and split", ("examples-sentences",), example_sentences
    ),
    _accuracy_figure("Figure 1", "figure-1", "main_auxiliary", "main_auxiliary.relative", "Main auxiliary"),
    _accuracy_figure("Figure 2", "figure-2", "subject_noun", "subject_noun.compound", "Subject noun, compounds"),
    _accuracy_figure("Figure 3", "figure-3", "subject_noun", "subject_noun.possessive", "Subject noun, possessives"),
    Artifact("figure-4", "Figure 4", "n-th token: accuracy by layer for n = 2..9", ("nth_token-accuracy",), nth_token),
    Artifact(
        "table-2",
        "Table 2",
        "Representative sentences per condition and mean confusion score",
        ("agreement-conditions", "reflexive-conditions"),
        representative_sentences,
    ),
    Artifact(
        "figure-5",
        "Figure 5",
        "Reflexives: confusion by layer and condition",
        ("reflexive-layers",),
        partial(confusion_by_layer, "Figure 5", "Reflexives"),
    ),
    Artifact(
        "figure-5-agreement",
        "Figure 5 (agreement)",
        "Subject-verb agreement: confusion by layer and condition",
        ("agreement-layers",),
        partial(confusion_by_layer, "Companion to Figure 5", "Agreement"),
    ),
    Artifact(
        "table-3",
        "Table 3",
        "Regression of confusion on layer and condition, reflexives",
        ("reflexive-regression",),
        regression,
    ),
    Artifact(
        "table-3-agreement",
        "Table 3 (agreement)",
        "Regression of confusion on layer and condition, agreement",
        ("agreement-regression",),
        regression,
    ),
    Artifact(
        "selectivity",
        "Selectivity",
        "Probes and their control task on the generalization sets",
        ("main_auxiliary-accuracy", "subject_noun-accuracy"),
        selectivity,
        ours=True,
    ),
)
