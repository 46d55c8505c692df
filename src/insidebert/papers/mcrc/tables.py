"""The paper's tables, ours beside theirs; made from tidy tables alone."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from insidebert.papers import printed
from insidebert.papers.mcrc.seen import of_any_version
from insidebert.results import plots

PRINTED, RANDOM = printed("mcrc"), "random guess"


def statistics(sets: pd.DataFrame) -> pd.DataFrame:
    """Table 1: questions per split, mean lengths in words."""
    titles, rows = ("data set", "train", "dev", "test", "passage", "question", "answer"), []
    for name, own in sets.groupby("dataset", sort=False):
        counts = own.set_index("split")["questions"].loc[["train", "dev", "test"]]
        lengths = (np.average(own[f"{c}_words"], weights=own["questions"]) for c in titles[4:])
        rows.append([name, *map(str, counts), *(f"{length:.0f}" for length in lengths)])
    rows += [[f"{name} (paper)", *map(str, cells)] for name, cells in PRINTED["table-1"].items()]
    return pd.DataFrame(rows, columns=titles)


@of_any_version
def accuracies(attacks: pd.DataFrame) -> pd.DataFrame:
    """Table 2: accuracy under each attack in %, and its change in % of the original's; beside the paper's."""
    rows = plots.shown(attacks)
    chances = rows[rows["attack"] == "original"].assign(attack=RANDOM, accuracy=lambda own: own["chance"])
    return _beside_paper(pd.concat([chances, rows]), "attack", "table-2", "change", "% of original")


@of_any_version
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
        # The mean of changes with one decimal, as the paper prints them, and its own mean.
        changes = ((values / original - 1) * 100).round(1) if unit.startswith("%") else values - original
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
    if pd.notna(row["cut"]):
        seen = f" / {row['reached']:.0f}" if pd.notna(row["reached"]) else ""
        title = "passages cut / questions seen whole" if seen else "test passages cut"
        yield f", {title}", "-" if name == RANDOM else f"{row['cut']:.0f}{seen} of {row['questions']:.0f}"
