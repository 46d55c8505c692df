"""What is seen in each figure and table, in sentences whose numbers are read from the tidy tables."""

import pandas as pd

from insidebert.papers.edge_probing.tasks import NAMES
from insidebert.results.wording import each_model, percent

NOTHING = 0.02
"""F1 on a control task below which the probe has learned nothing of it."""


def counts(table: pd.DataFrame) -> list[str]:
    """Table 3."""
    most, least = (table.loc[table["targets_train"].agg(way)] for way in ("idxmax", "idxmin"))
    return [
        f"{len(table)} tasks; the largest is {NAMES[most['task']]} ({most['targets_train']:,} training targets, "
        f"{most['labels']} labels), the smallest {NAMES[least['task']]} ({least['targets_train']:,}); "
        f"{table['used_train'].sum():,} of {table['targets_train'].sum():,} training targets are used here."
    ]


@each_model
def scores(model: str, table: pd.DataFrame) -> str:
    """Table 2."""
    own = table[table["part"] == ""].pivot(index="task", columns="input", values="f1")
    gain, top = own["mix"] - own["lex"], own["mix"] - own["cat"]
    return (
        f"{model}: on average {percent(own['lex'].mean())} from word pieces, {percent(own['cat'].mean())} with the top "
        f"layer, {percent(own['mix'].mean())} from all layers; context gives most to {NAMES[gain.idxmax()]} "
        f"({100 * gain.max():+.0f} points) and least to {NAMES[gain.idxmin()]} ({100 * gain.min():+.0f}); all layers "
        f"beat the top one in {(top > 0).sum()} of {len(top)} tasks."
    )


@each_model
def baselines(model: str, table: pd.DataFrame) -> str:
    """Figure 2."""
    mean = table[table["part"] == ""].groupby("input")["f1"].mean()
    whole = mean["mix"] - mean["lex"]
    shares = {name: (mean[name] - mean["lex"]) / whole for name in ("random layers", "cnn 1", "cnn 2")}
    return (
        f"{model}: of what all layers gain over the word alone, random layers give {shares['random layers']:.0%}, one "
        f"neighbour on each side {shares['cnn 1']:.0%}, two {shares['cnn 2']:.0%} (ELMo 22%, 69% and 75% on the "
        "development sets of the paper)."
    )


@each_model
def by_distance(model: str, table: pd.DataFrame) -> str:
    """Figure 3."""
    by = table.pivot(index="distance", columns="input", values="f1")
    far = max(by.index, key=lambda text: int(text.split("-")[0].rstrip("+")))
    said = [f"{name} {by.loc['1', name]:.0%} and {by.loc[far, name]:.0%}" for name in ("mix", "cnn 2", "lex")]
    return f"{model}: between neighbours and at {far} words: {', '.join(said)}."


@each_model
def critique(model: str, table: pd.DataFrame) -> str:
    """Selectivity and code length."""
    own = table[table["input"] == "mix"].set_index("task")
    unclear = ", ".join(NAMES[task] for task in own.index[own["low"] <= 0])
    short = own["compression"].idxmax()
    alone = own.index[own["control"] < NOTHING]
    once = f" (of {', '.join(NAMES[task] for task in alone)} nothing was learned by heart)"
    return (
        f"{model}, all layers: the task is easier than its control task by {100 * own['selectivity'].mean():.0f} "
        f"points on average, {f'not clearly so for {unclear}' if unclear else 'clearly so for every task'}"
        f"{once if len(alone) else ''}; labels are compressed most for {NAMES[short]} "
        f"({own.loc[short, 'compression']:.1f} times)."
    )
