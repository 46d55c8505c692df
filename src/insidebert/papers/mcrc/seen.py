"""What is seen in the figures and tables, in sentences whose numbers come from the tidy tables.

Every function takes the tables that its artifact is drawn from and returns sentences, one or more a model.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from insidebert.papers.mcrc.printed import PRINTED
from insidebert.results.plots import shown

UNREAD = ("random guess", "longest option")


def statistics(sets: pd.DataFrame) -> list[str]:
    """Table 1."""
    return [
        f"{name}: {own['questions'].sum()} questions on {own['passages'].sum()} passages of "
        f"{np.average(own['passage_words'], weights=own['questions']):.0f} words; left out: "
        f"{', '.join(dict.fromkeys(own['left_out']))}."
        for name, own in sets.groupby("dataset", sort=False)
    ]


def accuracies(attacks: pd.DataFrame) -> list[str]:
    """Table 2."""
    found = []
    for model, rows in _models(attacks):
        own = rows.set_index("attack")
        changed, first = own.drop(index="original"), own.loc["original"]
        worst, best = (f"{name} ({changed.at[name, 'change'] * 100:+.0f}% of it)" for name in _ends(changed["change"]))
        below = ", ".join(changed.index[changed["high"] < first["chance"]]) or "none"
        found.append(
            f"{model}: {first['accuracy']:.0%} untouched; {worst} changes that most, {best} least. Clearly below "
            f"random guessing ({first['chance']:.0%}): {below}. {_cut(first)}; {_trained(first['trainings'])}."
        )
    return found


def trainings(conditions: pd.DataFrame) -> list[str]:
    """Table 3."""
    found = []
    for model, rows in _models(conditions):
        own = rows.set_index("condition")
        accuracy, (least, _) = own["accuracy"], _ends(own["accuracy"].drop(["original", *UNREAD]))
        below = accuracy.index[accuracy <= accuracy["longest option"]].difference(UNREAD, sort=False)
        found.append(
            f"{model}: {accuracy['original']:.0%} after proper training, {accuracy['P-Shuffle']:.0%} with shuffled "
            f"passages, {accuracy['P-Remove']:.0%} without; the least is {least} with {accuracy[least]:.0%}. Not above "
            f"the longest option ({accuracy['longest option']:.0%}): {', '.join(below) or 'none'}. "
            f"{_cut(own.loc['original'])}; {_trained(own.at['original', 'trainings'])}."
        )
    return found


def against(feature: str, bins: pd.DataFrame, correlations: pd.DataFrame) -> list[str]:
    """Figures 5, 7 and 8."""
    printed = ", ".join(f"{value:.2f} on {name}" for name, value in PRINTED["correlations"][feature].items())
    found = []
    for model, rows in _models(correlations[correlations["feature"] == feature]):
        own = rows[rows["over"] != "attacks"]
        over = (f"{correlation(row)} over {_points(row)}" for _, row in own.iterrows())
        found.append(f"{model}: {' and '.join(over)}; the paper, over its bins: {printed}.")
    return [*found, "A few means correlate easily; whether the interval holds 0 says more than the size of r."]


def by_attack(attacks: pd.DataFrame, questions: pd.DataFrame, correlations: pd.DataFrame) -> list[str]:
    """Figure 6."""
    printed = f"the paper has {PRINTED['correlations']['attacks']:.2f} over attacks and data sets"
    rows = correlations[correlations["over"] == "attacks"]
    return [
        f"{model}: {correlation(own.iloc[0])} over {_points(own.iloc[0])}; {printed}." for model, own in _models(rows)
    ]


def word_by_word(case: pd.DataFrame) -> list[str]:
    """Figure 9."""
    found = []
    for model, rows in _models(case):
        own = rows.sort_values("step")
        ahead = own.loc[own["distractor"] > own["answer"], "step"]
        when = f"the distractor is ahead from {ahead.min()} words on" if len(ahead) else "it never wins"
        first, last = own["answer"].iloc[[0, -1]]
        found.append(
            f"{model}: beside the distractor at its shortest the answer has {first:.0%}, beside all of "
            f"it {last:.0%}; {when}."
        )
    return found


def planted(curve: pd.DataFrame) -> list[str]:
    """The curve of planted questions."""
    found = []
    for model, rows in _models(curve):
        own = rows.sort_values("share")
        first, last = own.iloc[0], own.iloc[-1]
        inside = own["expected"].between(own["low"], own["high"]).sum()
        found.append(
            f"{model}: {first['accuracy']:.0%} where {first['share']:.0%} of the questions are planted, "
            f"{last['accuracy']:.0%} where {last['share']:.0%} are; the expected accuracy lies in the interval at "
            f"{inside} of {len(own)} shares."
        )
    return found


def correlation(row: pd.Series | None) -> str:
    """A correlation with its interval, in words where there is none."""
    if row is None or pd.isna(row["model"]):
        return "r was not recorded"
    if not np.isfinite(row["estimate"]):
        return "r is not defined (no spread)"
    return f"r = {row['estimate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"


def _models(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for model, own in shown(table).groupby("model", sort=False):
        yield f"{model} on {own['dataset'].iloc[0]}" if "dataset" in own else str(model), own


def _ends(values: pd.Series) -> tuple[str, str]:
    """Names of the least and of the greatest."""
    return values.idxmin(), values.idxmax()


def _points(row: pd.Series) -> str:
    return row["over"] if np.isnan(row["points"]) else f"{row['points']:.0f} {row['over']}"


def _cut(row: pd.Series) -> str:
    if np.isnan(row["cut"]):
        return "Recorded before passages that are cut were counted"
    return f"{row['cut']:.0f} of {row['questions']:.0f} test passages were cut"


def _trained(count: float) -> str:
    if np.isnan(count):
        return "recorded before trainings were counted"
    return "one training, so chance in training is not in the intervals" if count == 1 else f"{count:.0f} trainings"
