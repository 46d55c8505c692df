"""Comparing two runs' tidy tables, row by row."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.results.artifacts import read_tidy

READ_OFF, TRAINED = 0.001, 0.02
"""A number agrees if it differs by at most the tolerance + the tolerance * its size. On the machine that measured it
nothing differs; another processor adds in another order. What is read off a model then differs in its last digits,
while a trained probe may decide a sentence or two differently."""

TRAINED_COLUMNS = {"accuracy", "split"}
"""Columns that only tables of trained probes have."""


def compare(kept: Path, fresh: Path, papers: list[str]) -> tuple[str, int]:
    """Every tidy table of some papers below `kept` against its namesake below `fresh`, and the other way round.

    Returns:
        A report, and the number of tables that are missing or have a row that differs.

    Raises:
        InputError: there is no kept table.
    """
    names = sorted({path.relative_to(top) for top in (kept, fresh) for p in papers for path in (top / p).glob("*.csv")})
    if not any((kept / name).exists() for name in names):
        raise InputError(f"no tidy tables below {kept}, so there is nothing to compare with; `make figures` makes them")
    lines, different = [], 0
    for name in names:
        if not ((kept / name).exists() and (fresh / name).exists()):
            lines.append(f"{name}: {'not measured' if (kept / name).exists() else 'not kept'}")
            different += 1
            continue
        table = read_tidy(kept / name)
        tolerance = TRAINED if TRAINED_COLUMNS & set(table) else READ_OFF
        rows, largest = differing_rows(table, read_tidy(fresh / name), tolerance)
        different += bool(rows)
        outcome = f"rows {rows[:5]} differ" if rows else "agrees"
        lines.append(f"{name}: {outcome} (tolerance {tolerance}, largest difference {largest:.2g})")
    lines.append(f"{different} of {len(lines)} tables differ")
    return "\n".join(lines), different


def differing_rows(kept: pd.DataFrame, fresh: pd.DataFrame, tolerance: float) -> tuple[list[int], float]:
    """Numbers of the rows (from 1) that differ, all of them if the shapes do, and the largest difference."""
    if list(kept) != list(fresh) or len(kept) != len(fresh):
        return list(range(1, 1 + max(len(kept), len(fresh)))), np.inf
    differs, largest = np.zeros(len(kept), dtype=bool), 0.0
    for column in kept:
        a, b = kept[column], fresh[column]
        if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
            gap = (a - b).abs().to_numpy(dtype=float)
            largest = max(largest, float(np.nan_to_num(gap).max(initial=0)))
            differs |= ~(np.isclose(b, a, rtol=tolerance, atol=tolerance, equal_nan=True))
        else:
            differs |= (a != b).to_numpy()
    return (np.flatnonzero(differs) + 1).tolist(), largest
