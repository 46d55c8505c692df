"""One measurement on one model: what it depends on, where it is kept, and how it is made if it is not there."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from insidebert.results import cache
from insidebert.results.paths import plain_name
from insidebert.results.records import WHOSE, Part, Record, run_data

if TYPE_CHECKING:
    from insidebert.models.loading import Source


@dataclass(frozen=True)
class Measurement:
    """A measuring function, a model and settings: whoever has all three can make the tables, here or elsewhere.

    Args:
        record: that of the measurement, still without parts.
        function: (model, **settings) -> {table: tidy DataFrame}; without a model if `source` is None.
        source: the model, found and checked but not loaded.
        settings: plain values; a Path stands for content.
        identity: all that the tables depend on, the model included; see `cache.identity`.
    """

    record: Record
    function: Callable
    source: "Source | None"
    settings: dict
    identity: dict

    @property
    def name(self) -> str:
        """Of its tidy tables."""
        return self.record.about["measurement"]

    @property
    def about(self) -> dict:
        """The model's identity, and the settings that are its own."""
        return self.identity["model"]

    @property
    def whose(self) -> tuple:
        """The label and weights that tell its rows from others'."""
        return Part(self.about, {}, {}).whose

    @property
    def key(self) -> str:
        """Name of the folder that keeps it."""
        label = re.sub(r"[^\w.-]+", "--", self.source.label) if self.source else "data"
        return f"{self.name}-{label}-{cache.key(self.identity)}"

    def kept(self, folder: Path) -> Part | None:
        """What the cache in a folder has of it, whole."""
        found = Record.read(folder / self.key, self.name)
        return found.parts[0] if found else None

    def keep(self, folder: Path, tables: dict[str, pd.DataFrame], measured: dict) -> Part:
        """Put tables into the cache in a folder; what is read back from there is what counts.

        Args:
            measured: as `records.run_data` gives it.
        """
        replace(self.record, parts=[Part(self.about, measured, tables)]).write(folder / self.key)
        return self.kept(folder)

    def made(self) -> tuple[dict[str, pd.DataFrame], dict]:
        """Measure: the tables, the model's label and weights in front, and when, on what and how long."""
        from insidebert.models import loading  # brings torch along

        start = time.perf_counter()
        own = (loading.load(self.source),) if self.source else ()
        tables = self.function(*own, **self.settings)
        if self.source:
            tables = {name: _of_model(table, self.source) for name, table in tables.items()}
        return tables, run_data(time.perf_counter() - start, self.identity["versions"])


def measurements(
    name: str, notebook: str, function: Callable, sources: "Sequence[Source | None]", settings: dict, root: Path
) -> list[Measurement]:
    """What a notebook asks of some models, a measurement each, in their order.

    Args:
        name: of the tidy tables.
        notebook: that asks.
        sources: models; [None] for a measurement without one.
        settings: plain values and Paths. A dict with a key for the label of every model holds settings by model: each
            gets, and is known by, its own alone.
        root: the checkout.

    Raises:
        InputError: as `cache.identity`.
    """
    plain_name(name, "measurement")
    labels = {source.label for source in sources if source}
    by_model = {k: v for k, v in settings.items() if labels and isinstance(v, dict) and labels <= set(v)}
    known = cache.identity(function, {k: v for k, v in settings.items() if k not in by_model}, root)
    about = {"measurement": name, "notebook": notebook} | {k: known[k] for k in ("function", "settings")}
    record = Record(about, cache.key(known["function"], known["settings"], known["code"]), [])
    found = []
    for source in sources:
        own = {k: {source.label: v[source.label]} for k, v in by_model.items()}
        model = {} if source is None else source.identity | ({"settings": cache.recorded(own, root)} if own else {})
        found.append(Measurement(record, function, source, settings | own, known | {"model": model}))
    return found


def _of_model(table: pd.DataFrame, source: "Source") -> pd.DataFrame:
    table = table.assign(model=source.label, weights=source.weights)
    return table[[*WHOSE, *(column for column in table if column not in WHOSE)]]
