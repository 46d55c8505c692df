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
        worst, best = changed["change"].idxmin(), changed["change"].idxmax()
        below = changed.index[changed["high"] < first["chance"]]
        found.append(
            f"{model}: {_percent(first['accuracy'])} untouched; {worst} changes that most ({_change(changed, worst)} "
            f"of it), {best} least ({_change(changed, best)}). Clearly below random guessing "
            f"({_percent(first['chance'])}): {', '.join(below) or 'none'}. {first['cut']:.0f} of "
            f"{first['questions']:.0f} passages were cut, so that all that an attack adds is seen; "
            f"{_trained(first['trainings'])}."
        )
    return found


def trainings(conditions: pd.DataFrame) -> list[str]:
    """Table 3."""
    found = []
    for model, rows in _models(conditions):
        own = rows.set_index("condition")
        spoilt, longest = own.drop(index=["original", *UNREAD]), own.at["longest option", "accuracy"]
        least = spoilt["accuracy"].idxmin()
        below = spoilt.index[spoilt["accuracy"] <= longest]
        found.append(
            f"{model}: {_percent(own.at['original', 'accuracy'])} after proper training, "
            f"{_percent(own.at['P-Shuffle', 'accuracy'])} with shuffled passages, "
            f"{_percent(own.at['P-Remove', 'accuracy'])} without; the least is {least} with "
            f"{_percent(own.at[least, 'accuracy'])}. Not above the longest option ({_percent(longest)}): "
            f"{', '.join(below) or 'none'}; {_trained(own.at['original', 'trainings'])}."
        )
    return found


def against(feature: str, bins: pd.DataFrame, correlations: pd.DataFrame) -> list[str]:
    """Figures 5, 7 and 8."""
    found, printed = [], PRINTED["correlations"][feature]
    for model, rows in _models(correlations[correlations["feature"] == feature]):
        own = rows.set_index("over")
        found.append(
            f"{model}: r = {_r(own.loc['bins'])} over {own.at['bins', 'points']} bins and {_r(own.loc['questions'])} "
            f"over {own.at['questions', 'points']} questions; the paper, over its bins: "
            f"{', '.join(f'{value:.2f} on {name}' for name, value in printed.items())}."
        )
    return [*found, "A few means correlate easily; whether the interval holds 0 says more than the size of r."]


def by_attack(attacks: pd.DataFrame, questions: pd.DataFrame, correlations: pd.DataFrame) -> list[str]:
    """Figure 6."""
    rows = correlations[correlations["over"] == "attacks"]
    return [
        f"{model}: r = {_r(own.iloc[0])} over the {own['points'].iloc[0]} attacks; the paper has "
        f"{PRINTED['correlations']['attacks']:.2f} over attacks and data sets."
        for model, own in _models(rows)
    ]


def word_by_word(case: pd.DataFrame) -> list[str]:
    """Figure 9."""
    found = []
    for model, rows in _models(case):
        own = rows.sort_values("step").reset_index(drop=True)
        ahead = own.index[own["distractor"] > own["answer"]]
        when = f"from {own.at[ahead[0], 'step']} words on the distractor can win" if len(ahead) else "it never wins"
        found.append(
            f"{model}: beside the empty distractor the answer has {_percent(own['answer'].iloc[0])}, beside the whole "
            f"one {_percent(own['answer'].iloc[-1])}; {when}."
        )
    return found


def planted(curve: pd.DataFrame) -> list[str]:
    """The curve of planted questions."""
    found = []
    for model, rows in _models(curve):
        own = rows.sort_values("share")
        inside = ((own["low"] <= own["expected"]) & (own["expected"] <= own["high"])).sum()
        found.append(
            f"{model}: {_percent(own['accuracy'].iloc[0])} where nothing is planted, "
            f"{_percent(own['accuracy'].iloc[-1])} where {_percent(own['share'].iloc[-1])} is; the expected accuracy "
            f"lies in the interval at {inside} of {len(own)} shares."
        )
    return found


def _models(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for model, own in shown(table).groupby("model", sort=False):
        yield f"{model} on {own['dataset'].iloc[0]}" if "dataset" in own else str(model), own


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def _change(rows: pd.DataFrame, name: str) -> str:
    return f"{rows.at[name, 'change'] * 100:+.0f}%"


def _r(row: pd.Series) -> str:
    known = np.isfinite(row["estimate"])
    return f"{row['estimate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]" if known else "not defined (no spread)"


def _trained(count: float) -> str:
    return "one training, so chance in training is not in the intervals" if count == 1 else f"{count:.0f} trainings"
