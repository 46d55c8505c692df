"""The paper's Table 3 and the weights behind it, and how tables name heads and intervals."""

import pandas as pd

from insidebert.measure.head_accuracy import DIRECTIONS
from insidebert.papers import printed
from insidebert.results import plots

PAPER, PRINTED = "Clark et al. (2019)", printed("look_at")

TRUSTED = 6
"""So many heads of the attention probe are listed."""


def probes(scores: pd.DataFrame) -> pd.DataFrame:
    """Table 3: unlabelled attachment scores of the probes, in %."""
    rows = []
    for name, of_paper in PRINTED["table-3"].items():
        row = {"probe": name}
        for (model, weights), own in scores.groupby(["model", "weights"], sort=False):
            cell = own[own["probe"] == name]
            if len(cell):
                found = cell.iloc[0].rename({"score": "held_out"})
                layer = int(found["layer"])
                name_of = model if weights == "trained" else f"{model}, random weights"
                trainings = "" if found["seeds"] == 1 else f", {found['seeds']:.0f} trainings"
                row[name_of] = interval(found) + trainings + ("" if layer < 0 else f", layer {layer}")
        rows.append(row | {"paper": str(of_paper)})
    return pd.DataFrame(rows).fillna("-")


def trusted_heads(weights: pd.DataFrame) -> pd.DataFrame:
    """Beyond the paper: the heads with the greatest weights in the probe that sees attention alone."""
    rows = []
    for model, own in plots.shown(weights).groupby("model", sort=False):
        for rank, (_, row) in enumerate(own.nlargest(TRUSTED, "weight").iterrows(), 1):
            head = {"head": head_name(row), "direction": row["direction"], "weight": f"{row['weight']:.1f}"}
            rows.append({"model": model, "rank": str(rank)} | head)
    return pd.DataFrame(rows)


def in_words(relation: str) -> str:
    """A Stanford relation in words, or its label."""
    return PRINTED["relations"].get(relation, relation)


def head_name(row) -> str:
    """Layer-head from 1, with an asterisk where the head word attends to the dependent."""
    return f"{row['layer']}-{row['head']}" + ("*" if row["direction"] == DIRECTIONS[1] else "")


def interval(row) -> str:
    """Held-out accuracy in %, with its interval."""
    return f"{row['held_out'] * 100:.1f} [{row['low'] * 100:.0f}, {row['high'] * 100:.0f}]"
