"""A measurement on the disk: each model's share of its tables, what is known about it, and how runs come together."""

import datetime
import platform
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from insidebert.errors import InputError
from insidebert.files import write_json
from insidebert.models.embedded import EMBEDDED
from insidebert.results.tables import agree, read_json, read_tidy, write_tidy

FIRST = "mpnet-base"
"""The embedded model of BERT-base's shape, of which the papers speak: its rows stand before the others'."""

WHOSE = ["model", "weights"]
"""Columns in front of every table that was measured on models."""


@dataclass(frozen=True)
class Part:
    """One model's share of a measurement.

    Args:
        about: the model's identity, and the settings that are its own; empty for a measurement without models.
        measured: date, processor, seconds and versions of the libraries.
        tables: name -> tidy table; the model's label and weights in front.
    """

    about: dict
    measured: dict
    tables: dict[str, pd.DataFrame]

    @property
    def whose(self) -> tuple:
        """The label and weights that tell its rows from others'."""
        return tuple(self.about.get(name, "") for name in ("label", "weights"))

    def settled(self, before: "Part | None") -> "Part":
        """The part of an earlier run where the two agree but for noise, so that its files stay as they are."""
        alike = before is not None and list(self.tables) == list(before.tables)
        if alike and all(agree(before.tables[name], table) for name, table in self.tables.items()):
            return replace(self, measured=before.measured, tables=before.tables)
        return self


@dataclass(frozen=True)
class Record:
    """A measurement: its parts, all made by one function with one setting and one state of the code.

    Args:
        about: measurement, notebook, function, settings.
        key: stands for function, settings, code and data.
        parts: a model each, in the order of the tables' rows.
        dropped: models whose earlier rows were left out, and why.
    """

    about: dict
    key: str
    parts: list[Part]
    dropped: list[dict] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path, name: str) -> "Record | None":
        """The record of a measurement; None where there is none, or it or one of its tables is damaged."""
        path = folder / f"{name}.json"
        if not path.exists():
            return None
        try:
            kept = read_json(path)
            whole = {table.removeprefix(f"{name}-"): read_tidy(folder / f"{table}.csv") for table in kept["tables"]}
            parts = [_part(about, whole) for about in kept["models"]]
            parts = parts or [Part({}, kept["measured"], whole)]
            about = {key: kept[key] for key in ("measurement", "notebook", "function", "settings")}
            return cls(about, kept["key"], parts, kept["dropped"])
        except (InputError, KeyError, TypeError, AttributeError):
            return None

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of all models, one under the other."""
        names = self.parts[0].tables if self.parts else {}
        return {name: pd.concat([part.tables[name] for part in self.parts], ignore_index=True) for name in names}

    def write(self, folder: Path) -> None:
        """The tables, then the record."""
        name, tables = self.about["measurement"], self.tables
        for table_name, table in tables.items():
            write_tidy(folder / f"{name}-{table_name}.csv", table)
        models = [part.about | {"measured": part.measured} for part in self.parts if part.about]
        alone = {} if models else {"measured": self.parts[0].measured}
        written = {"tables": sorted(f"{name}-{table}" for table in tables), "dropped": self.dropped}
        write_json(folder / f"{name}.json", self.about | {"key": self.key, "models": models} | alone | written)

    def part(self, about: dict) -> Part | None:
        """The part of exactly this model with these settings."""
        return next((part for part in self.parts if part.about == about), None)

    def joined(self, before: "Record | None", asked: list[tuple]) -> "Record":
        """This run's parts, among those of an earlier run's other models that were measured alike.

        Embedded models come first, the one of 12 layers before the others; then come those that were added.

        Args:
            asked: label and weights of the models of this run, those that failed included.
        """
        if before is None or not before.parts[0].about:
            return self
        others = [part for part in before.parts if part.whose not in asked]
        dropped = [row for row in before.dropped if (row["model"], row["weights"]) not in asked]
        if others and before.key != self.key:
            same = all(before.about[name] == self.about[name] for name in ("settings", "function"))
            why = "measured by other code or on other data files" if same else "measured with other settings"
            dropped += [dict(zip((*WHOSE, "why"), (*part.whose, why), strict=True)) for part in others]
            others = []
        rank = {part.whose: place for place, part in enumerate(before.parts)}
        parts = sorted([*others, *self.parts], key=lambda part: rank.get(part.whose, len(rank)))
        parts = sorted(parts, key=lambda part: (part.whose[0] != FIRST, part.whose[0] not in EMBEDDED))
        return replace(self, parts=parts, dropped=dropped)


def seconds_taken(results: Path) -> dict[str, float]:
    """Notebook -> seconds of computing that its kept measurements took; only those that have any.

    Args:
        results: folder of a profile, with a folder a paper.
    """
    taken: dict[str, float] = {}
    for path in sorted(results.glob("*/*.json")):
        if not path.name.endswith(".schema.json") and (record := Record.read(path.parent, path.stem)):
            own = sum(part.measured["seconds"] for part in record.parts)
            taken[record.about["notebook"]] = taken.get(record.about["notebook"], 0) + own
    return taken


def run_data(seconds: float, versions: dict[str, str]) -> dict:
    """When and on what something was measured."""
    today = datetime.datetime.now().astimezone().date().isoformat()
    return {"date": today, "processor": processor(), "seconds": round(seconds, 1), "versions": versions}


def processor() -> str:
    """The processor's name, as the system gives it."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8", errors="replace").splitlines() if described.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _part(kept: dict, whole: dict[str, pd.DataFrame]) -> Part:
    about = {name: value for name, value in kept.items() if name != "measured"}
    mine = {name: table[(table[WHOSE] == list(Part(about, {}, {}).whose)).all(axis=1)] for name, table in whole.items()}
    return Part(about, kept["measured"], mine)
