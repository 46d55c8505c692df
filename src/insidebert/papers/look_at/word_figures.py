"""The paper's figures and tables of sections 4 and 5, drawn from tidy tables alone."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from insidebert.papers.look_at.probe_figures import PAPER, PRINTED, head_name, in_words, interval
from insidebert.results import plots

KINDS = ("all", "pronoun", "proper", "nominal")


def relations(table: pd.DataFrame) -> pd.DataFrame:
    """Table 1: the best head of each relation, as published and held out, beside offsets, luck and the paper."""
    trained, random = plots.shown(table), table[table["weights"] == "random"]
    first = trained[trained["model"] == trained["model"].iloc[0]]
    printed = PRINTED["table-1"]
    listed = sorted(first["relation"], key=lambda name: [*printed, name].index(name))  # the paper's first, in its order
    rows = []
    for name in listed:
        own = trained[trained["relation"] == name].set_index("model", drop=False)
        top = own.iloc[0]
        row = {"relation": name, "in words": in_words(name), "cases": str(top.cases)}
        row["offset"] = f"{top.offset_accuracy * 100:.1f} ({top.offset:+d})"
        for model in own.index:
            best, luck = own.loc[model], random[(random["model"] == model) & (random["relation"] == name)]
            row[model] = f"{head_name(best)} {best.accuracy * 100:.1f}"
            row[f"{model} held out"] = interval(best) + ("" if best.stable else " †")
            row[f"{model} random"] = f"{luck['accuracy'].iloc[0] * 100:.1f}" if len(luck) else "-"
        head, accuracy, baseline, offset = printed.get(name, [None] * 4)
        row["paper"] = f"{head} {accuracy:.1f}" if head else "-"
        row["paper's offset"] = f"{baseline:.1f} ({offset:+d})" if head else "-"
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


def against_offsets(table: pd.DataFrame, where: str) -> Figure:
    """Beyond the paper: Table 1 as a picture, each relation's best head between the baselines.

    Args:
        where: the treebank, in words.
    """
    trained, random = plots.shown(table), table[table["weights"] == "random"]
    listed = [name for name in PRINTED["table-1"] if name in set(trained["relation"])]
    height = 0.34 * len(listed) + 1.2
    models, figure, (axes,) = plots.model_panels(trained, width=7.4, height=height, sharey=True)
    for ax, model in zip(axes, models, strict=True):
        own, luck = (part[part["model"] == model].set_index("relation") for part in (trained, random))
        _ranges(ax, [name for name in listed if name in own.index], listed, own, luck)
        ax.set_title(model)
    axes[0].set_yticks(range(len(listed)), [f"{in_words(name)} ({name})" for name in listed])
    axes[0].invert_yaxis()
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return plots.caption(
        figure,
        f"Not in {PAPER}: {plots.model_list(trained)}, {where}; "
        "bars: 95% bootstrap intervals over sentences; ticks: BERT-base on the Wall Street Journal as printed, but "
        f"for auxpass, where the paper's {PRINTED['table-1']['auxpass'][1]} is a misprint for the "
        f"{PRINTED['notebook-1']['auxpass']} of its authors' notebook",
    )


def _ranges(ax: Axes, there: list[str], listed: list[str], own: pd.DataFrame, luck: pd.DataFrame) -> None:
    """Heads in the upper half of each relation's line, what they have to beat in the lower half."""
    palette, places = plots.colours(["best head", "offset"]), np.array([listed.index(name) for name in there])
    best, upper, lower = own.loc[there], places - 0.17, places + 0.17
    printed = [PRINTED["notebook-1"].get(name, PRINTED["table-1"][name][1]) / 100 for name in there]
    ax.plot(printed, upper, "|", color="0.1", ms=10, mew=1.6, label="the paper's head")
    ax.hlines(upper, best["low"], best["high"], color=palette["best head"], lw=2.2)
    ax.plot(best["held_out"], upper, "o", color=palette["best head"], ms=5, label="best head, held out")
    ax.plot(best["offset_accuracy"], lower, "D", color=palette["offset"], ms=4.5, label="best fixed offset")
    if len(luck):
        ax.plot(luck["accuracy"].reindex(there), lower, "x", color="0.35", label="best head, random weights")
    ax.set_xlim(0, 1)
    ax.set_xticks(np.arange(0, 1.01, 0.2), [f"{share * 100:.0f}" for share in np.arange(0, 1.01, 0.2)])
    ax.set_xlabel("accuracy (%)")
    ax.grid(axis="y", lw=0.4, color="0.88")


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
                row["held out, all"] = interval(shares.loc["all"]) if is_head else "-"
                rows.append(row)
    for method, cells in PRINTED["table-2"].items():
        shares = {kind: "-" if cell is None else str(cell) for kind, cell in zip(KINDS, cells, strict=True)}
        rows.append({"model": "paper (BERT-base)", "method": method, "candidates": "", **shares, "held out, all": "-"})
    return pd.DataFrame(rows).fillna("-")


def functions(lines: pd.DataFrame, which: int = 0) -> Figure:
    """Figure 5: six heads of one model and what they do, two sentences each, the function's words in red.

    Args:
        which: number of the model, from 0; where there are fewer, the last.
    """
    rows = plots.shown(lines)
    models = list(dict.fromkeys(rows["model"]))
    rows = rows[rows["model"] == models[min(which, len(models) - 1)]]
    names, examples = list(dict.fromkeys(rows["function"])), sorted(rows["example"].unique())
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    tallest = [rows[rows["function"].isin(pair)]["from_place"].max() + 1 for pair in pairs]
    figure, axes = plots.new_figure(
        2 * len(examples), len(pairs), width=1.9, height=0.115 * float(np.mean(tallest)) + 0.4, height_ratios=tallest
    )
    for ax in axes.flat:
        ax.axis("off")
    for line_of_axes, pair, most in zip(axes, pairs, tallest, strict=True):
        for ax, (name, example) in zip(line_of_axes, product(pair, examples), strict=False):
            own = rows[(rows["example"] == example) & (rows["function"] == name)]
            if own.empty:
                continue
            plots.linked_columns(ax, own, plots.TOKEN_COLOURS["other"], own["of_function"], least=0.05)
            ax.set_ylim(0.3 - most, 0.7)
            if example == examples[0]:
                best = own.iloc[0]
                ax.set_title(f"{in_words(name)}\n{head_name(best)}, right in {best['accuracy'] * 100:.0f}%", fontsize=8)
    return plots.caption(
        figure,
        f"Figure 5 of {PAPER}, with {rows['model'].iloc[0]}; best heads of our Tables 1 and 2 (*: from head word to "
        "dependent); the first short sentences in which the head is right; red, broad: what it is said to do; "
        "attention to [CLS] and [SEP], often the most, and shares below 5% are left out",
    )


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
