"""What is seen in the figures and tables, in sentences whose numbers come from the tidy tables."""

from collections.abc import Callable
from functools import wraps

import numpy as np
import pandas as pd

from insidebert.papers import printed
from insidebert.results.scoreboard import interval_in_words
from insidebert.results.wording import each_model

PRINTED, UNREAD = printed("mcrc")["correlations"], ("random guess", "longest option")
NUMBERS = ("low", "high", "points", "trainings", "cut", "reached")
EARLIER = {"left_out": "not counted when this was recorded", "over": "questions", "dataset": ""}
EARLIER |= dict.fromkeys(NUMBERS, np.nan)
"""Columns that tables of an earlier version may lack, such as recorded ones, and what stands for them."""


def of_any_version(use: Callable) -> Callable:
    """Make a function of whole tables one of tables of which an earlier version recorded only a part."""

    @wraps(use)
    def used(*tables: pd.DataFrame, **options):
        lacking = [{column: EARLIER[column] for column in EARLIER.keys() - {*table}} for table in tables]
        return use(*(table.assign(**own) for table, own in zip(tables, lacking, strict=True)), **options)

    return used


@of_any_version
def statistics(sets: pd.DataFrame) -> list[str]:
    """Table 1."""
    return [
        f"{name}: {own['questions'].sum()} questions on {own['passages'].sum()} passages of "
        f"{np.average(own['passage_words'], weights=own['questions']):.0f} words; left out: "
        f"{', '.join(dict.fromkeys(own['left_out']))}."
        for name, own in sets.groupby("dataset", sort=False)
    ]


@of_any_version
@each_model
def accuracies(model: str, attacks: pd.DataFrame) -> str:
    """Table 2."""
    own = attacks.set_index("attack")
    changed, first = own.drop(index="original"), own.loc["original"]
    worst, best = (f"{name} ({changed.at[name, 'change'] * 100:+.0f}% of it)" for name in _ends(changed["change"]))
    below = ", ".join(changed.index[changed["high"] < first["chance"]]) or "none"
    return (
        f"{_on(model, own)}: {first['accuracy']:.0%} of {first['questions']:.0f} untouched questions right; {worst} "
        f"changes that most, {best} least. Clearly below random guessing ({first['chance']:.0%}): {below}."
        f"{_hardly_shuffled(own)} {_cut(first)}; {_trained(first['trainings'])}."
    )


@of_any_version
@each_model
def trainings(model: str, conditions: pd.DataFrame) -> str:
    """Table 3."""
    own = conditions.set_index("condition")
    accuracy, (least, _) = own["accuracy"], _ends(own["accuracy"].drop(["original", *UNREAD]))
    longest = accuracy["longest option"]
    below = ", ".join(accuracy.index[accuracy <= longest].difference(UNREAD, sort=False)) or "none"
    return (
        f"{_on(model, own)}: {accuracy['original']:.0%} after proper training on {own.at['original', 'train']:.0f} "
        f"questions, {accuracy['P-Shuffle']:.0%} with "
        f"shuffled passages, {accuracy['P-Remove']:.0%} without; the least is {least} with {accuracy[least]:.0%}. Not "
        f"above the longest option ({longest:.0%}): {below}. {_cut(own.loc['original'])}; "
        f"{_trained(own.at['original', 'trainings'])}."
    )


@of_any_version
def against(bins: pd.DataFrame, correlations: pd.DataFrame, feature: str) -> list[str]:
    """Figures 5, 7 and 8."""
    known = ", ".join(f"{value:.2f} on {name}" for name, value in PRINTED[feature].items())
    own = correlations[(correlations["feature"] == feature) & (correlations["over"] != "attacks")]
    advice = "A few means correlate easily; whether the interval holds 0 says more than the size of r."
    return [*_correlated(own, beside=f"the paper, over its bins: {known}"), advice]


@of_any_version
def by_attack(attacks: pd.DataFrame, questions: pd.DataFrame, correlations: pd.DataFrame) -> list[str]:
    """Figure 6."""
    own = correlations[correlations["over"] == "attacks"]
    return _correlated(own, beside=f"the paper has {PRINTED['attacks']:.2f} over attacks and data sets")


@each_model
def _correlated(model: str, rows: pd.DataFrame, beside: str) -> str:
    points = ("" if np.isnan(count) else f"{count:.0f} " for count in rows["points"])
    over = (
        f"{correlation(row)} over {count}{row['over']}" for count, (_, row) in zip(points, rows.iterrows(), strict=True)
    )
    return f"{_on(model, rows)}: {' and '.join(over)}; {beside}."


@each_model
def word_by_word(model: str, case: pd.DataFrame) -> str:
    """Figure 9."""
    own = case.sort_values("step")
    ahead = own.loc[own["distractor"] > own["answer"], "step"]
    when = f"the distractor is ahead from {ahead.min()} words on" if len(ahead) else "it never wins"
    first, last = own["answer"].iloc[[0, -1]]
    beside = f"beside the distractor at its shortest the answer has {first:.0%}, beside all of it {last:.0%}"
    return f"{model}: {beside}; {when}."


@each_model
def planted(model: str, curve: pd.DataFrame) -> str:
    """The curve of planted questions."""
    own = curve.sort_values("share")
    (_, first), *_, (_, last) = own.iterrows()
    return (
        f"{model}: {first['accuracy']:.0%} where {first['share']:.0%} of the questions are planted, "
        f"{last['accuracy']:.0%} where {last['share']:.0%} are; the expected accuracy lies in the interval at "
        f"{own['expected'].between(own['low'], own['high']).sum()} of {len(own)} shares."
    )


def correlation(row: pd.Series | None) -> str:
    """A correlation with its interval, in words where there is none."""
    if row is None or pd.isna(row["model"]):
        return "r was not recorded"
    if not np.isfinite(row["estimate"]):
        return "r is not defined (no spread)"
    return f"r = {interval_in_words(row['estimate'], row['low'], row['high'])}"


def _on(model: str, rows: pd.DataFrame) -> str:
    return f"{model} on {rows['dataset'].iloc[0]}"


def _ends(values: pd.Series) -> tuple[str, str]:
    """Names of the least and of the greatest."""
    return values.idxmin(), values.idxmax()


def _hardly_shuffled(attacks: pd.DataFrame) -> str:
    """What Ans2Opt-Shuffle cannot shuffle, in words."""
    own = attacks.loc["Ans2Opt-Shuffle"]
    options = own["questions"] * (1 / own["chance"] - 1)  # the wrong ones, where all questions have as many
    if not own["short"]:
        return ""
    return f" Under Ans2Opt-Shuffle {own['short']:.0f} of {options:.0f} wrong options hardly differ from the right one."


def _cut(row: pd.Series) -> str:
    if np.isnan(row["cut"]):
        return "This was recorded before passages that are cut were counted"
    return f"{row['cut']:.0f} of {row['questions']:.0f} test passages were cut"


def _trained(count: float) -> str:
    if np.isnan(count):
        return "how many trainings it was, was not recorded"
    return "one training, so chance in training is not in the intervals" if count == 1 else f"{count:.0f} trainings"
