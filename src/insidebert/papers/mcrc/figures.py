"""The paper's tables, and its figures of what was measured; drawn from tidy tables alone."""

import textwrap
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from insidebert.papers.mcrc import seen
from insidebert.papers.mcrc.effect_figures import FEATURES, against, by_attack
from insidebert.papers.mcrc.printed import PAPER, PRINTED
from insidebert.papers.mcrc.text_figures import appended, options, procedures, shuffled_passage
from insidebert.results import plots
from insidebert.results.artifacts import Artifact

RANDOM = "random guess"
WHOLE = "passages are cut first, so that all that an attack adds is seen"
INTERVALS = "95% intervals over questions and, where there are several, trainings"
ATTACKED = f"Accuracy under each attack in %, and its change in % of the original's; {INTERVALS}; {WHOLE}"
PLANTED = "Accuracy without the passage against the share planted to need none"
TRAINED = f"Accuracy after un-answerable training in %, and its distance to the original's in points; {INTERVALS}"


def statistics(sets: pd.DataFrame) -> pd.DataFrame:
    """Table 1: questions per split, mean lengths in words."""
    titles, rows = ("data set", "train", "dev", "test", "passage", "question", "answer"), []
    for name, own in sets.groupby("dataset", sort=False):
        counts = own.set_index("split")["questions"].loc[["train", "dev", "test"]]
        lengths = (np.average(own[f"{c}_words"], weights=own["questions"]) for c in titles[4:])
        rows.append([name, *map(str, counts), *(f"{length:.0f}" for length in lengths)])
    rows += [[f"{name} (paper)", *map(str, cells)] for name, cells in PRINTED["table-1"].items()]
    return pd.DataFrame(rows, columns=titles)


def accuracies(attacks: pd.DataFrame) -> pd.DataFrame:
    """Table 2: accuracy under each attack in %, and its change in % of the original's; beside the paper's."""
    rows = plots.shown(attacks)
    chances = rows[rows["attack"] == "original"].assign(attack=RANDOM, accuracy=lambda own: own["chance"])
    return _beside_paper(pd.concat([chances, rows]), "attack", "table-2", "change", "% of original")


def trainings(conditions: pd.DataFrame) -> pd.DataFrame:
    """Table 3: accuracy after un-answerable training in %, and its distance to the original's in points."""
    return _beside_paper(plots.shown(conditions), "condition", "table-3", "difference", "points")


def _beside_paper(rows: pd.DataFrame, key: str, printed: str, change: str, unit: str) -> pd.DataFrame:
    """A row per attack or condition: columns of each model, the paper's for this data set or its mean over seven."""
    paper = PRINTED[printed] | {RANDOM: PRINTED["table-2"][RANDOM], "original": PRINTED["table-2"]["BERT"]}
    order, known = [name.lower() for name in PRINTED["table-1"]], rows["dataset"].iloc[0].lower()
    chosen = [order.index(known)] if known in order else range(len(order))
    title = f"paper, {known.upper() if known in order else 'mean of 7 data sets'}"
    found = []
    for name in dict.fromkeys(rows[key]):
        line = {"": name}
        for (dataset, model), own in rows[rows[key] == name].groupby(["dataset", "model"], sort=False):
            line |= {f"{dataset}, {model}{what}": cell for what, cell in _measured(own.iloc[0], name, change, unit)}
        values, original = (np.array(paper[n])[chosen] for n in (name, "original"))
        changes = (values / original - 1) * 100 if unit.startswith("%") else values - original
        line[title] = f"{values.mean():.1f}"
        line[f"{title}, change ({unit})"] = "-" if name in (RANDOM, "original") else f"{changes.mean():+.1f}"
        found.append(line)
    return pd.DataFrame(found)


def _measured(row: pd.Series, name: str, change: str, unit: str) -> Iterator[tuple[str, str]]:
    """Columns of one model: accuracy, change, passages that were cut, and for attacks, what was seen whole."""
    interval = "" if name == RANDOM else f" [{row['low'] * 100:.0f}, {row['high'] * 100:.0f}]"
    yield "", f"{row['accuracy'] * 100:.1f}{interval}"
    ends = f"[{row[f'{change}_low'] * 100:+.0f}, {row[f'{change}_high'] * 100:+.0f}]"
    changed = name not in (RANDOM, "original", "longest option")
    yield f", change ({unit})", f"{row[change] * 100:+.1f} {ends}" if changed else "-"
    if row[["cut"]].notna().all():  # an earlier version did not count them
        seen = f" / {row['reached']:.0f}" if "reached" in row else ""
        title = "passages cut / questions seen whole" if seen else "test passages cut"
        yield f", {title}", "-" if name == RANDOM else f"{row['cut']:.0f}{seen} of {row['questions']:.0f}"


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


EARLIER = {  # columns that tables of an earlier version lack, and what stands for them
    "statistics-sets": {"left_out": "not counted"},
    "attacks-accuracy": {"trainings": np.nan, "cut": np.nan, "reached": np.nan},
    "attacks-bins": {"low": np.nan, "high": np.nan},
    "attacks-correlations": {"over": "questions", "points": np.nan},
    "unanswerable-conditions": {"cut": np.nan},
}


def completed(use: Callable, names: tuple[str, ...], *tables: pd.DataFrame) -> Figure | pd.DataFrame | list[str]:
    """Draw or describe tables; what an earlier version did not record is unknown."""
    whole = []
    for name, table in zip(names, tables, strict=True):
        lacking = {column: value for column, value in EARLIER.get(name, {}).items() if column not in table}
        whole.append(table.assign(**lacking))
    return use(*whole)


AGAINST, EXAMPLES = ("attacks-bins", "attacks-correlations"), ("attacks-examples",)
PER_ATTACK = ("attacks-accuracy", "attacks-questions", "attacks-correlations")
BY_LENGTH, BY_ANSWER, BY_DEGREE = (
    (AGAINST, partial(against, feature), partial(seen.against, feature)) for feature in FEATURES
)
SHOWN = (  # slug, caption, tables, drawing, sentences
    ("figure-1", "A question with the appended un-readable sentence", EXAMPLES, appended, None),
    ("figure-2", "The attack procedures", (), procedures, None),
    ("figure-3", "Options of a question under three option attacks", EXAMPLES, options, None),
    ("figure-4", "A shuffled passage to train on", ("example-question",), shuffled_passage, None),
    ("table-1", "Questions per split and mean lengths in words", ("statistics-sets",), statistics, seen.statistics),
    ("table-2", ATTACKED, ("attacks-accuracy",), accuracies, seen.accuracies),
    ("table-3", TRAINED, ("unanswerable-conditions",), trainings, seen.trainings),
    ("figure-5", "Change of accuracy against change of option length", *BY_LENGTH),
    (
        "figure-6",
        "Change of accuracy against change of option length, per attack",
        PER_ATTACK,
        by_attack,
        seen.by_attack,
    ),
    ("figure-7", "Change of accuracy against the length of the answer", *BY_ANSWER),
    ("figure-8", "Change of accuracy against ShuffleDegree", *BY_DEGREE),
    ("figure-9", "An un-readable distractor, a word at a time", ("attacks-case",), word_by_word, seen.word_by_word),
    ("planted", PLANTED, ("recovered-curve",), planted, seen.planted),
)
RECORDED = ("table-1", "table-2", "table-3", "figure-5", "figure-6", "figure-7", "figure-8")


def _artifact(slug: str, caption: str, tables: tuple[str, ...], draw: Callable, said: Callable | None, **kind):
    """A figure or table as data, its label read from its slug."""
    label = "Planted questions" if slug == "planted" else slug.removesuffix("-recorded").replace("-", " ").capitalize()
    draw, said = (use and partial(completed, use, tables) for use in (draw, said))
    return Artifact(slug, label, caption, tables, draw, seen=said, **kind)


ARTIFACTS = (
    *(_artifact(slug, *parts, ours=slug == "planted") for slug, *parts in SHOWN),
    *(
        _artifact(f"{slug}-recorded", f"{caption} (DREAM)", *parts, ours=True, recorded=True)
        for slug, caption, *parts in SHOWN
        if slug in RECORDED
    ),
)
