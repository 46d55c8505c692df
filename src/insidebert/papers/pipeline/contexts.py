"""Context length, which Slobodkin, Choshen and Abend (2021) find behind the order of tasks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, interval, replicates
from insidebert.measure.decisions import f1
from insidebert.papers.pipeline.depths import (
    BINS,
    bin_of,
    expected_of,
    possible_orders,
    shares,
    target_weights,
)

if TYPE_CHECKING:
    from insidebert.papers.pipeline.layers import Probed


def bins(name: str, own: "Probed", least: int) -> list[dict]:
    """A row a bin of context lengths: expected layer of its targets alone, where there are enough.

    Without a gain that is clear of 0 the expected layer is the ratio of two noises, and NaN.
    """
    rows, places = [], bin_of(own.targets["context"].to_numpy())
    for place, label in enumerate(BINS):
        inside = places == place
        if inside.sum() < least:
            continue
        values = own.by_sentence(own.cumulative * inside[:, None, None])
        drawn = replicates(values)
        curves = f1(drawn)
        gain, (low, high) = np.nan, interval(curves[:, -1] - curves[:, 0])
        clear = low > 0
        row = estimate(values, expected_of(), drawn=drawn, task=name, words=label, targets=int(inside.sum()))
        gain = f1(values.mean(0)[-1]) - f1(values.mean(0)[0])
        row |= {} if clear else {"estimate": np.nan, "low": np.nan, "high": np.nan}
        rows.append(row | {"gain": float(gain), "gain_low": low, "gain_high": high})
    return rows


def common_shares(tasks: Mapping[str, "Probed"]) -> np.ndarray:
    """[bins] the distribution to which all tasks are reweighted: the mean of theirs."""
    return np.mean([shares(bin_of(own.targets["context"].to_numpy())) for own in tasks.values()], axis=0)


def reweighted(name: str, own: "Probed", wanted: np.ndarray, least: int) -> dict:
    """The expected layer if the task had the wanted context lengths, as far as it has them at all."""
    weight = target_weights(bin_of(own.targets["context"].to_numpy()), wanted, least)
    values = own.by_sentence(own.cumulative * weight[:, None, None])
    row = {"task": name, "statistic": "expected layer, context lengths evened out"}
    return row | estimate(values, expected_of()) | {"layers": own.cumulative.shape[1] - 1}


def contrasts(binned: pd.DataFrame, depth: int) -> list[dict]:
    """The longest contexts minus the shortest, mean over tasks that have both; and the orders that lengths allow."""
    known = binned.dropna(subset="estimate")
    ranges, apart = {}, []
    for name, own in known.groupby("task", sort=False):
        ranges[name] = (own["estimate"].min(), own["estimate"].max())
        if len(own) > 1:
            first, last = own.iloc[0], own.iloc[-1]
            errors = [(row["high"] - row["low"]) / 3.92 for row in (first, last)]
            apart.append((last["estimate"] - first["estimate"], *errors))
    rows = []
    if ranges:
        orders = float(possible_orders(ranges))
        rows.append(
            {"contrast": "orders that context lengths allow", "estimate": orders, "low": orders, "high": orders}
        )
    if apart:
        middle = np.mean([row[0] for row in apart]) / depth
        reach = 1.96 * np.sqrt(sum(e**2 for row in apart for e in row[1:])) / len(apart) / depth
        row = {"contrast": "expected layer, longest minus shortest contexts", "estimate": middle}
        rows.append(row | {"low": middle - reach, "high": middle + reach})
    return rows
