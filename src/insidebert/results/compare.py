"""Comparing two runs' tidy tables, row by row."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.papers import papers
from insidebert.results.records import WHOSE
from insidebert.results.tables import read_tidy

READ_OFF, TRAINED = 0.001, 0.02
"""A number agrees if it differs by at most the tolerance + the tolerance * its size. On the machine that measured it
nothing differs; another processor adds in another order. What is read off a model then differs in its last digits,
while a trained probe may decide a sentence or two differently."""


def compare(
    kept: Path, fresh: Path, names: Collection[str], trains: Mapping[str, Collection[str]] | None = None
) -> tuple[str, int]:
    """Every tidy table of some papers below `kept` against its namesake below `fresh`, and the other way round.

    Args:
        names: of the papers.
        trains: paper -> its measurements that train something; what the papers declare, if it is not given.

    Returns:
        A report, and the number of tables that are missing or have a row that differs. Kept rows of models that were
        not measured anew are left out, and counted.

    Raises:
        InputError: there is no kept table.
    """
    trains = {paper.name: paper.trains for paper in papers()} if trains is None else trains
    found = {path.relative_to(top) for top in (kept, fresh) for p in names for path in (top / p).glob("[!.]*.csv")}
    if not any((kept / name).exists() for name in found):
        raise InputError(f"no tidy tables below {kept}, so there is nothing to compare with; `make figures` makes them")
    lines, different = [], 0
    for name in sorted(found):
        if not ((kept / name).exists() and (fresh / name).exists()):
            lines.append(f"{name}: {'not measured' if (kept / name).exists() else 'not kept'}")
            different += 1
            continue
        trained = name.stem.rpartition("-")[0] in trains.get(name.parts[0], ())
        tolerance = TRAINED if trained else READ_OFF
        anew = read_tidy(fresh / name)
        table, left_out = _measured_anew(read_tidy(kept / name), anew)
        rows, largest = differing_rows(table, anew, tolerance)
        different += bool(rows)
        outcome = f"rows {rows[:5]} differ" if rows else "agrees"
        aside = f", {left_out} rows of models that were not measured anew" if left_out else ""
        lines.append(f"{name}: {outcome} (tolerance {tolerance}, largest difference {largest:.2g}{aside})")
    lines.append(f"{different} of {len(lines)} tables differ")
    return "\n".join(lines), different


def differing_rows(kept: pd.DataFrame, fresh: pd.DataFrame, tolerance: float) -> tuple[list[int], float]:
    """Numbers of the rows (from 1) that differ, all of them if the shapes do, and the largest difference."""
    if list(kept) != list(fresh) or len(kept) != len(fresh):
        return list(range(1, 1 + max(len(kept), len(fresh)))), np.inf
    differs, largest = np.zeros(len(kept), dtype=bool), 0.0
    for column in kept:
        a, b = kept[column], fresh[column]
        if all(pd.api.types.is_numeric_dtype(c) and not pd.api.types.is_bool_dtype(c) for c in (a, b)):
            gap = (a - b).abs().to_numpy(dtype=float)
            largest = max(largest, float(np.nan_to_num(gap).max(initial=0)))
            differs |= ~(np.isclose(b, a, rtol=tolerance, atol=tolerance, equal_nan=True))
        else:
            differs |= (a != b).to_numpy()
    return (np.flatnonzero(differs) + 1).tolist(), largest


def _measured_anew(kept: pd.DataFrame, fresh: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The kept rows of the models that the fresh table has, and how many others there are."""
    if not set(WHOSE) <= set(kept) & set(fresh):
        return kept, 0
    there = pd.MultiIndex.from_frame(kept[WHOSE]).isin(pd.MultiIndex.from_frame(fresh[WHOSE]))
    return kept[there].reset_index(drop=True), int((~there).sum())
