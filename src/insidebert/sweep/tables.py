"""A zoo's tidy tables, gathered from the cache: members, verdicts, spread over seeds, curves over depth."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from insidebert.papers import paper_of
from insidebert.results import claims
from insidebert.results.artifacts import render
from insidebert.results.measurements import Measurement
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.sweep.figures import drawable
from insidebert.sweep.plan import Asked
from insidebert.sweep.scoreboard import decided, not_measured, spread
from insidebert.sweep.zoo import Member


@dataclass(frozen=True)
class Curve:
    """Something that is measured by layer, in every model.

    Args:
        name, unit: as figures show it.
        table: tidy table with a column `layer`.
        where: column -> value of its rows.
        value: column of the number.
    """

    name: str
    unit: str
    table: str
    where: dict
    value: str


CURVES = (
    Curve("attention to [SEP]", "share of attention", "surface-layers", {"statistic": "to [SEP]"}, "value"),
    Curve("breadth of attention", "entropy (nats)", "surface-layers", {"statistic": "entropy"}, "value"),
    Curve("attention to the next token", "share of attention", "surface-layers", {"statistic": "to next"}, "value"),
    Curve(
        "main auxiliary, new structures",
        "probe's accuracy",
        "main_auxiliary-accuracy",
        {"split": "main_auxiliary.relative", "probe": "task", "state": "layer"},
        "accuracy",
    ),
    Curve("agreement, A1", "confusion (bits)", "agreement-layers", {"label": "A1"}, "confusion"),
    Curve("reflexive, R1", "confusion (bits)", "reflexive-layers", {"label": "R1"}, "confusion"),
)


def write(
    plans: dict[tuple[str, str], Asked], members: list[Member], failures: list[dict], cache: Path, folder: Path
) -> pd.DataFrame:
    """Write a zoo's tables.

    Args:
        plans: (member, notebook) -> what was asked.
        members: of the zoo.
        failures: rows of model, notebook, measurement and reason.
        cache: where the measurements are.
        folder: where the tables go.

    Returns:
        The verdicts.
    """
    table = members_table(members)
    verdicts, layers = gathered(plans, cache, failures)
    made = {"members": table, "verdicts": verdicts, "spread": spread(verdicts, table), "depth": layers}
    for name, own in made.items():
        write_tidy(folder / f"{name}.csv", own)
    return verdicts


def draw(folder: Path, figures: Path) -> None:
    """Draw a zoo from its tables, as far as its groups allow.

    Args:
        folder: of the tables that `write` wrote.
        figures: where the figures go.
    """
    members, verdicts, seeds, layers = (
        read_tidy(folder / f"{name}.csv") for name in ("members", "verdicts", "spread", "depth")
    )
    for artifact in drawable(members, seeds, layers) if len(verdicts) else []:
        render(artifact, folder, figures)


def members_table(members: list[Member]) -> pd.DataFrame:
    """A row a member: its name, whether its weights are random, and its groups; a group of words has no numbers."""
    rows = [{"member": own.name, "random": own.name.startswith("random:")} | own.groups for own in members]
    table = pd.DataFrame(rows)
    for group in table.columns[2:]:
        if not all(isinstance(own.groups.get(group, 0), int | float) for own in members):
            table[group] = [str(own.groups.get(group, "")) for own in members]
    return table


def gathered(
    plans: dict[tuple[str, str], Asked], cache: Path, failures: list[dict]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdicts on every claim and member, and the curves over depth, a table each."""
    rows, points = [], []
    for (member, notebook), asked in plans.items():
        own = paper_of(notebook)
        tables = _tables(asked.measurements, cache)
        points += _points(member, tables)
        failed = {row["measurement"]: row["reason"] for row in failures if _is_of(row, member, notebook)}
        for claim in claims.read(own.name):
            measurement = claim.table.rpartition("-")[0]
            if found := decided(member, claim, own.name, tables):
                rows += found
            elif claim.holds and not claim.models and measurement in failed:
                rows.append(not_measured(member, claim, own.name, failed[measurement]))
    columns = ["member", "paper", "id", "statement", "unit", "holds_if"]
    columns += ["measured", "low", "high", "verdict", "random", "why"]
    curves = pd.DataFrame(columns=["member", "curve", "unit", "layer", "depth", "value"])
    return pd.DataFrame(rows, columns=columns), pd.concat(points, ignore_index=True) if points else curves


def _tables(measurements: tuple[Measurement, ...], cache: Path) -> dict[str, pd.DataFrame]:
    """Name -> tidy table of one member, that of its random twin included."""
    found: dict[str, list[pd.DataFrame]] = {}
    for own in measurements:
        if own.source is None:
            continue
        part = own.kept(cache)
        for name, table in part.tables.items() if part else ():
            found.setdefault(f"{own.name}-{name}", []).append(table)
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}


def _points(member: str, tables: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    weights = "random" if member.startswith("random:") else "trained"
    found = []
    for curve in CURVES:
        if curve.table in tables:
            own = tables[curve.table]
            for column, value in ({"weights": weights} | curve.where).items():
                own = own[own[column] == value]
            depth = own["layer"] / own["layer"].max()
            about = {"member": member, "curve": curve.name, "unit": curve.unit}
            found.append(pd.DataFrame(about | {"layer": own["layer"], "depth": depth, "value": own[curve.value]}))
    return found


def _is_of(failure: dict, member: str, notebook: str) -> bool:
    return failure["notebook"] == notebook and failure["model"] == member
