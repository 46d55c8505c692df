"""The paper's figures and tables of sections 4 and 5, drawn from tidy tables alone."""

from dataclasses import replace
from importlib.resources import files
from itertools import product

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from insidebert.measure.head_accuracy import DIRECTIONS
from insidebert.results import plots
from insidebert.results.artifacts import Artifact

PAPER = "Clark et al. (2019)"
PRINTED = yaml.safe_load((files("insidebert.papers.look_at") / "printed.yml").read_text(encoding="utf-8"))
KINDS = ("all", "pronoun", "proper", "nominal")
AS_PUBLISHED = "all other mentions"


def head_name(row) -> str:
    """Layer-head from 1, with an asterisk where the head word attends to the dependent."""
    return f"{row['layer']}-{row['head']}" + ("*" if row["direction"] == DIRECTIONS[1] else "")


def relations(table: pd.DataFrame) -> pd.DataFrame:
    """Table 1: the best head of each relation, as published and held out, beside offsets, luck and the paper."""
    trained, random = plots.shown(table), table[table["weights"] == "random"]
    first = trained[trained["model"] == trained["model"].iloc[0]]
    printed = PRINTED["table-1"]
    listed = sorted(
        first["relation"], key=lambda name: ([*printed, name].index(name), list(first["relation"]).index(name))
    )
    rows = []
    for name in listed:
        own = trained[trained["relation"] == name].set_index("model", drop=False)
        top = own.iloc[0]
        row = {
            "relation": name,
            "cases": str(top.cases),
            "offset": f"{top.offset_accuracy * 100:.1f} ({top.offset:+d})",
        }
        for model in dict.fromkeys(trained["model"]):
            if model not in own.index:
                continue
            best, luck = own.loc[model], random[(random["model"] == model) & (random["relation"] == name)]
            row[model] = f"{head_name(best)} {best.accuracy * 100:.1f}"
            row[f"{model} held out"] = f"{best.held_out * 100:.1f} [{best.low * 100:.0f}, {best.high * 100:.0f}]" + (
                "" if best.stable else " †"
            )
            row[f"{model} random"] = f"{luck['accuracy'].iloc[0] * 100:.1f}" if len(luck) else "-"
        head, accuracy, baseline, offset = printed.get(name, [None] * 4)
        row["paper"] = f"{head} {accuracy:.1f}" if head else "-"
        row["paper's offset"] = f"{baseline:.1f} ({offset:+d})" if head else "-"
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


def against_offsets(table: pd.DataFrame) -> Figure:
    """Beyond the paper: Table 1 as a picture, each relation's best head between the baselines."""
    trained, random = plots.shown(table), table[table["weights"] == "random"]
    models = list(dict.fromkeys(trained["model"]))
    listed = [name for name in PRINTED["table-1"] if name in set(trained["relation"])]
    figure, (axes,) = plots.new_figure(len(models), width=4.4, height=0.27 * len(listed) + 1.1, sharey=True)
    palette = plots.colours(["best head", "offset"])
    for ax, model in zip(axes, models, strict=True):
        own, luck = (part[part["model"] == model].set_index("relation") for part in (trained, random))
        there = [name for name in listed if name in own.index]
        places = [listed.index(name) for name in there]
        best = own.loc[there]
        ax.hlines(places, best["low"], best["high"], color=palette["best head"], lw=2.2)
        ax.plot(best["held_out"], places, "o", color=palette["best head"], label="best head, held out")
        ax.plot(best["offset_accuracy"], places, "D", color=palette["offset"], ms=4.5, label="best fixed offset")
        if len(luck):
            ax.plot(luck["accuracy"].reindex(there), places, "x", color="0.45", label="best head, random weights")
        printed = [PRINTED["table-1"][name][1] / 100 for name in there]
        ax.plot(printed, places, "|", color="0.1", ms=10, label="the paper's head")
        ax.set_yticks(range(len(listed)), listed)
        ax.set_xlim(0, 1)
        ax.set_xticks(np.arange(0, 1.01, 0.2), [f"{share * 100:.0f}" for share in np.arange(0, 1.01, 0.2)])
        ax.set_xlabel("accuracy (%)")
        ax.set_title(model)
        ax.grid(axis="y", lw=0.4, color="0.88")
    axes[0].invert_yaxis()
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.caption(
        figure, f"Not in {PAPER}, with {plots.model_list(trained)}; bars: 95% bootstrap intervals over sentences"
    )
    return figure


def selection(methods: pd.DataFrame) -> pd.DataFrame:
    """Table 2: accuracy of antecedent selection in %, by kind of mention."""
    rows = []
    for model, own in methods.groupby("model", sort=False):
        for weights, part in own.groupby("weights", sort=False):
            for (method, candidates), cells in part.groupby(["method", "candidates"], sort=False):
                first, is_head = cells.iloc[0], method == "best head"
                if weights == "random" and not is_head:
                    continue
                name = f"best head ({int(first['layer'])}-{int(first['head'])})" if is_head else method
                row = {"model": f"{model}, random weights" if weights == "random" else model, "method": name}
                row["candidates"] = candidates
                shares = cells.set_index("mentions")
                row |= {kind: f"{shares.at[kind, 'accuracy'] * 100:.0f}" for kind in KINDS if kind in shares.index}
                row["held out, all"] = _interval(shares.loc["all"]) if is_head else "-"
                rows.append(row)
    for method, cells in PRINTED["table-2"].items():
        shares = {kind: "-" if cell is None else str(cell) for kind, cell in zip(KINDS, cells, strict=True)}
        rows.append({"model": "paper (BERT-base)", "method": method, "candidates": "", **shares, "held out, all": "-"})
    return pd.DataFrame(rows).fillna("-")


def probes(scores: pd.DataFrame) -> pd.DataFrame:
    """Table 3: unlabelled attachment scores of the probes, in %."""
    rows = []
    for name, printed in PRINTED["table-3"].items():
        row = {"probe": name}
        for (model, weights), own in scores.groupby(["model", "weights"], sort=False):
            cell = own[own["probe"] == name]
            if len(cell):
                found = cell.iloc[0].rename({"score": "held_out"})
                layer = int(found["layer"])
                name_of = model if weights == "trained" else f"{model}, random weights"
                row[name_of] = _interval(found) + ("" if layer < 0 else f", layer {layer}")
        rows.append(row | {"paper": str(printed)})
    return pd.DataFrame(rows).fillna("-")


def functions(lines: pd.DataFrame) -> Figure:
    """Figure 5: six heads and what they do, two sentences each, the function's words in red."""
    rows = plots.shown(lines)
    models, names = list(dict.fromkeys(rows["model"])), list(dict.fromkeys(rows["function"]))
    examples = sorted(rows["example"].unique())
    pairs = [(model, names[i : i + 2]) for model in models for i in range(0, len(names), 2)]
    tallest = [
        rows[(rows["model"] == model) & rows["function"].isin(pair)]["from_place"].max() + 1 for model, pair in pairs
    ]
    figure, axes = plots.new_figure(
        2 * len(examples), len(pairs), width=2.1, height=0.135 * float(np.mean(tallest)) + 0.35, height_ratios=tallest
    )
    colour = plots.colours(["line"])["line"]
    for ax in axes.flat:
        ax.axis("off")
    for line_of_axes, (model, pair), most in zip(axes, pairs, tallest, strict=True):
        for ax, (name, example) in zip(line_of_axes, product(pair, examples), strict=False):
            own = rows[(rows["model"] == model) & (rows["example"] == example) & (rows["function"] == name)]
            if own.empty:
                continue
            plots.linked_columns(ax, own, colour, own["of_function"])
            ax.set_ylim(0.3 - most, 0.7)
            if example == examples[0]:
                best = own.iloc[0]
                ax.set_title(f"{name}\n{model} {head_name(best)}, {best['accuracy'] * 100:.0f}%", fontsize=8)
    plots.caption(
        figure,
        f"Figure 5 of {PAPER}, with {plots.model_list(rows)}; the best head of each function with its accuracy, as "
        "layer-head (*: head word\nto dependent); attention from the left word to the right one; red: the function's "
        "words; the first short sentences in which the head is right",
    )
    return figure


def sentence(pieces: list[str], attention: np.ndarray, title: str) -> Figure:
    """A head's attention on one sentence: a map, and the same as lines.

    Args:
        pieces: [T].
        attention: [T, T], FROM axis 0 TO axis 1.
    """
    size = max(2.6, 0.24 * len(pieces))
    figure, ((left, right),) = plots.new_figure(2, width=size + 1.1, height=size + 0.5)
    left.imshow(attention, cmap="Blues", vmin=0, vmax=1)
    left.set_xticks(range(len(pieces)), pieces, rotation=90, fontsize=7)
    left.set_yticks(range(len(pieces)), pieces, fontsize=7)
    left.set_xlabel("to")
    left.set_ylabel("from")
    left.grid(False)
    left.set_title(title)
    source, goal = (place.ravel() for place in np.indices(attention.shape))
    edges = {"from_place": source, "from_piece": np.array(pieces)[source], "to_place": goal}
    plots.linked_columns(right, pd.DataFrame(edges | {"attention": attention.ravel()}), plots.colours(["line"])["line"])
    return figure


def _interval(row) -> str:
    return f"{row['held_out'] * 100:.1f} [{row['low'] * 100:.0f}, {row['high'] * 100:.0f}]"


_TABLES = (
    Artifact(
        "table-1",
        "Table 1",
        "Best head per dependency relation against the best fixed offset, accuracy in % (*: head word to dependent; "
        "held out: chosen on one half of the sentences, scored on the other, 95% interval, † where the halves choose "
        "different heads; random: best of a random-weights model). The paper's auxpass row mixes two rows: its "
        "authors' notebook prints auxpass 94.1 (offset 82.5)",
        ("syntax-relations",),
        relations,
    ),
    Artifact(
        "table-2",
        "Table 2",
        "Antecedent selection accuracy in % (candidates: among which mentions the head chooses; held out: head chosen "
        "on one half of the documents and scored on the other, 95% interval)",
        ("selection-methods",),
        selection,
    ),
    Artifact(
        "table-3",
        "Table 3",
        "Unlabelled attachment score of attention-based probes in %, 95% interval over sentences (the structural "
        "probe's score is undirected and not comparable)",
        ("probes-scores",),
        probes,
    ),
)
# what `make recorded` was given for the tables that are committed
_RECORDED = {
    "table-1": "on UD English EWT, development set, converted to Stanford Dependencies",
    "table-2": "on UD English GUM, development set",
    "table-3": "on UD English EWT, trained on the first 1,600 sentences of the development set, tested on the rest",
}
RELATIONS = Artifact(
    "relations",
    "Relations",
    "Best head per relation between its baselines",
    ("syntax-relations",),
    against_offsets,
    ours=True,
)
ARTIFACTS = (
    Artifact("figure-5", "Figure 5", "Six heads and their linguistic functions", ("examples-lines",), functions),
    *_TABLES,
    *(
        replace(table, slug=f"{table.slug}-recorded", caption=f"{table.caption}; {where}", ours=True, recorded=True)
        for table, where in zip(_TABLES, _RECORDED.values(), strict=True)
    ),
    RELATIONS,
    replace(
        RELATIONS,
        slug="relations-recorded",
        caption=f"{RELATIONS.caption}; {_RECORDED['table-1']}",
        recorded=True,
    ),
)
