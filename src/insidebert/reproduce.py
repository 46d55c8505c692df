"""Comparing two runs' tidy tables, row by row."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.artifacts import read_tidy
from insidebert.errors import InputError

ABSOLUTE, RELATIVE = 0.02, 0.02
"""A number agrees if it differs by at most ABSOLUTE + RELATIVE * its size. On the machine that measured it, nothing
differs; another processor adds in another order, and a probe may then decide a sentence or two differently."""


def compare(kept: Path, fresh: Path) -> tuple[str, int]:
    """Every tidy table below `kept` against its namesake below `fresh`.

    Returns:
        A report, and the number of tables that are missing or have a row that differs.

    Raises:
        InputError: there is no kept table.
    """
    if not any(kept.rglob("*.csv")):
        raise InputError(f"no tidy tables below {kept}, so there is nothing to compare with; `make figures` makes them")
    lines, different = [], 0
    for path in sorted(kept.rglob("*.csv")):
        name = path.relative_to(kept)
        other = fresh / name
        if not other.exists():
            lines.append(f"{name}: not measured")
            different += 1
            continue
        rows, largest = differing_rows(read_tidy(path), read_tidy(other))
        different += bool(rows)
        lines.append(f"{name}: {f'rows {rows[:5]} differ' if rows else 'agrees'} (largest difference {largest:.2g})")
    lines.append(f"tolerance {ABSOLUTE} + {RELATIVE} x size; {different} of {len(lines)} tables differ")
    return "\n".join(lines), different


def differing_rows(kept: pd.DataFrame, fresh: pd.DataFrame) -> tuple[list[int], float]:
    """Numbers of the rows (from 1) that differ, all of them if the shapes do, and the largest difference."""
    if list(kept) != list(fresh) or len(kept) != len(fresh):
        return list(range(1, 1 + max(len(kept), len(fresh)))), np.inf
    differs, largest = np.zeros(len(kept), dtype=bool), 0.0
    for column in kept:
        a, b = kept[column], fresh[column]
        if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
            gap = (a - b).abs().to_numpy(dtype=float)
            largest = max(largest, float(np.nan_to_num(gap).max(initial=0)))
            differs |= ~(np.isclose(b, a, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))
        else:
            differs |= (a != b).to_numpy()
    return (np.flatnonzero(differs) + 1).tolist(), largest
