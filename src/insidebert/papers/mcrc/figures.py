"""The paper's tables, and its figures of what was measured; drawn from tidy tables alone."""

import textwrap
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insidebert.papers.mcrc import seen
from insidebert.papers.mcrc.effect_figures import by_answer, by_attack, by_degree, by_length
from insidebert.papers.mcrc.printed import PAPER, PRINTED
from insidebert.papers.mcrc.text_figures import RECIPES, appended, options, procedures, shuffled_passage
from insidebert.results import plots
from insidebert.results.artifacts import Artifact

RANDOM = "random guess"
WHOLE = "passages are cut first, so that all that an attack adds is seen"
INTERVALS = "95% intervals over questions and trainings"
ATTACKED = f"Accuracy under each attack in %, and its change in % of the original's; {INTERVALS}; {WHOLE}"
TRAINED = f"Accuracy after un-answerable training in %, and its distance to the original's in points; {INTERVALS}"


def statistics(sets: pd.DataFrame) -> pd.DataFrame:
    """Table 1: questions per split, mean lengths in words."""
    rows = []
    for name, own in sets.groupby("dataset", sort=False):
        counts = own.set_index("split")["questions"]
        weights = own["questions"]
        lengths = {c: np.average(own[f"{c}_words"], weights=weights) for c in ("passage", "question", "answer")}
        rows.append(
            {"data set": name}
            | {s: str(int(counts[s])) for s in ("train", "dev", "test")}
            | {c: f"{v:.0f}" for c, v in lengths.items()}
        )
    for name, cells in PRINTED["table-1"].items():
        rows.append(
            {"data set": f"{name} (paper)"}
            | dict(zip(("train", "dev", "test", "passage", "question", "answer"), map(str, cells), strict=True))
        )
    return pd.DataFrame(rows)


def accuracies(attacks: pd.DataFrame) -> pd.DataFrame:
    """Table 2: accuracy under each attack in %, and its change in % of the original's; beside the paper's."""
    rows = plots.shown(attacks)
    chances = rows[rows["attack"] == "original"].assign(attack=RANDOM, accuracy=lambda own: own["chance"])
    return _beside_paper(
        pd.concat([chances, rows]), "attack", "table-2", (RANDOM, "original", *RECIPES), "change", relative=True
    )


def trainings(conditions: pd.DataFrame) -> pd.DataFrame:
    """Table 3: accuracy after un-answerable training in %, and its distance to the original's in points."""
    rows = plots.shown(conditions)
    return _beside_paper(rows, "condition", "table-3", tuple(dict.fromkeys(rows["condition"])), "difference")


def _beside_paper(
    rows: pd.DataFrame, key: str, printed: str, names: tuple[str, ...], change: str, relative: bool = False
) -> pd.DataFrame:
    """A row per attack or condition: two columns a model, and the paper's for this data set, or its mean over seven."""
    paper = PRINTED[printed] | {name: PRINTED["table-2"][name] for name in (RANDOM, "BERT")}
    order, unit = [name.lower() for name in PRINTED["table-1"]], "% of original" if relative else "points"
    known = rows["dataset"].iloc[0].lower()
    chosen = [order.index(known)] if known in order else range(len(order))
    found = []
    for name in names:
        line = {"": name}
        for (dataset, model), own in rows.groupby(["dataset", "model"], sort=False):
            line |= _measured(own[own[key] == name].iloc[0], name, f"{dataset}, {model}", change, unit)
        values, original = (np.array(paper["BERT" if n == "original" else n])[chosen] for n in (name, "original"))
        changes = (values / original - 1) * 100 if relative else values - original
        title = f"paper, {known.upper() if known in order else 'mean of 7 data sets'}"
        line[title] = f"{values.mean():.1f}"
        line[f"{title}, change ({unit})"] = "-" if name in (RANDOM, "original") else f"{changes.mean():+.1f}"
        found.append(line)
    return pd.DataFrame(found)


def _measured(row: pd.Series, name: str, title: str, change: str, unit: str) -> dict[str, str]:
    """Cells of one model: accuracy, change, and for attacks how many passages were cut and additions seen whole."""
    interval = "" if name == RANDOM else f" [{row['low'] * 100:.0f}, {row['high'] * 100:.0f}]"
    ends = f"[{row[f'{change}_low'] * 100:+.0f}, {row[f'{change}_high'] * 100:+.0f}]"
    cells = {title: f"{row['accuracy'] * 100:.1f}{interval}"}
    changed = name not in (RANDOM, "original", "longest option")
    cells[f"{title}, change ({unit})"] = f"{row[change] * 100:+.1f} {ends}" if changed else "-"
    if "reached" in row:
        seen = f"{row['cut']:.0f} / {row['reached']:.0f} of {row['questions']:.0f}"
        cells[f"{title}, passages cut / questions seen whole"] = "-" if name == RANDOM else seen
    return cells


def planted(curve: pd.DataFrame) -> Figure:
    """Accuracy without the passage against the share of questions planted to need none."""
    rows = plots.shown(curve)
    figure, ((ax,),) = plots.new_figure(width=5.2, height=3.6)
    models = list(dict.fromkeys(rows["model"]))
    palette = plots.colours(models)
    for i, model in enumerate(models):
        own = rows[rows["model"] == model].sort_values("share")
        widths = [own["accuracy"] - own["low"], own["high"] - own["accuracy"]]
        ax.errorbar(
            own["share"] * 100,
            own["accuracy"] * 100,
            [width * 100 for width in widths],
            color=palette[model],
            marker=plots.MARKERS[i],
            label=f"{model}, trained and tested without passages",
        )
    known = rows.drop_duplicates("share").sort_values("share")
    label = "every planted hint taken, the rest guessed"
    ax.plot(known["share"] * 100, known["expected"] * 100, color=plots.REFERENCE, ls="--", lw=1, label=label)
    ax.set_xlabel("questions planted to need no passage (%)")
    ax.set_ylabel("accuracy without the passage (%)")
    ax.set_ylim(0, 103)
    ax.legend(loc="lower right")
    plots.caption(
        figure,
        f"Not in {PAPER}: P-Remove on the data set whose artifacts are known, with {plots.model_list(rows)};\n"
        "bars: 95% intervals over questions",
    )
    return figure


def word_by_word(case: pd.DataFrame) -> Figure:
    """Figure 9: the un-readable distractor, a word at a time, and the probabilities of answer and distractor."""
    rows = plots.shown(case)
    models = list(dict.fromkeys(rows["model"]))
    figure, axes = plots.new_figure(1, len(models), width=max(6.0, 0.3 * rows["step"].max() + 1.5), height=3.4)
    palette = plots.colours(["correct answer", "attacked distractor"])
    for ax, model in zip(axes[:, 0], models, strict=True):
        own = rows[rows["model"] == model].sort_values("step")
        for i, (name, column) in enumerate((("correct answer", "answer"), ("attacked distractor", "distractor"))):
            ax.plot(own["step"], own[column], marker=plots.MARKERS[i], color=palette[name], label=name, clip_on=False)
        ax.set_xticks(own["step"], ["(empty)", *own["word"].iloc[1:]], rotation=60, ha="right", fontsize=7)
        plots.percent_axis(ax, "probability (%)")
        first = own.iloc[0]
        lines = [f"{model}: {first['question']}", f"answer: {first['right']}"]
        lines.append(f"distractor before the attack: {first['original']}")
        ax.set_title("\n".join(textwrap.shorten(line, 80) for line in lines), fontsize=8)
        ax.legend(loc="best", fontsize=7.5)
    plots.caption(
        figure,
        f"Figure 9 of {PAPER}, with {plots.model_list(rows)}; the answer that loses most under AddSent2Opt-Shuffle",
    )
    return figure


PER_ATTACK = ("attacks-accuracy", "attacks-questions", "attacks-correlations")
AGAINST = ("attacks-bins", "attacks-correlations")
EXAMPLES = ("attacks-examples",)
SETS = "Questions per split and mean lengths in words"
BY_LENGTH = partial(seen.against, "length_change")
BY_ANSWER = partial(seen.against, "answer_words")
BY_DEGREE = partial(seen.against, "degree")
MEASURED = (  # at hand and recorded: slug, label, caption, tables, drawing, sentences
    ("table-1", "Table 1", SETS, ("statistics-sets",), statistics, seen.statistics),
    ("table-2", "Table 2", ATTACKED, ("attacks-accuracy",), accuracies, seen.accuracies),
    ("table-3", "Table 3", TRAINED, ("unanswerable-conditions",), trainings, seen.trainings),
    ("figure-5", "Figure 5", "Change of accuracy against change of option length", AGAINST, by_length, BY_LENGTH),
    ("figure-6", "Figure 6", "The same per attack", PER_ATTACK, by_attack, seen.by_attack),
    ("figure-7", "Figure 7", "Change of accuracy against the length of the answer", AGAINST, by_answer, BY_ANSWER),
    ("figure-8", "Figure 8", "Change of accuracy against ShuffleDegree", AGAINST, by_degree, BY_DEGREE),
)
CASE, CURVE = ("attacks-case",), ("recovered-curve",)
WORDS = "An un-readable distractor, a word at a time"
PLANTED = "Accuracy without the passage against the share planted to need none"
ARTIFACTS = (
    Artifact("figure-1", "Figure 1", "A question with the appended un-readable sentence", EXAMPLES, appended),
    Artifact("figure-2", "Figure 2", "The attack procedures", (), procedures),
    Artifact("figure-3", "Figure 3", "Options of a question under three option attacks", EXAMPLES, options),
    Artifact("figure-4", "Figure 4", "A shuffled passage to train on", ("example-question",), shuffled_passage),
    *(Artifact(*shown, seen=sentences) for *shown, sentences in MEASURED),
    Artifact(
        "figure-9",
        "Figure 9",
        "An un-readable distractor, a word at a time",
        CASE,
        word_by_word,
        seen=seen.word_by_word,
    ),
    Artifact("planted", "Planted questions", PLANTED, CURVE, planted, ours=True, seen=seen.planted),
    *(
        Artifact(
            f"{slug}-recorded", label, f"{caption} (DREAM)", tables, draw, ours=True, recorded=True, seen=sentences
        )
        for slug, label, caption, tables, draw, sentences in MEASURED
    ),
)
