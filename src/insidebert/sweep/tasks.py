"""A measurement as a pure task: plain data that travels, tables that come back as text with schema and checksum.

What runs here runs on a worker, which needs the package and nothing of the client's disk.
"""

import pkgutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from insidebert.errors import InputError
from insidebert.models.embedded import EMBEDDED
from insidebert.results import cache
from insidebert.results.measurements import Measurement
from insidebert.results.records import Record, run_data
from insidebert.results.tables import read_back, written
from insidebert.sweep.cluster import misfit
from insidebert.sweep.parcels import Parcel, model_parcel, parcel

ONE_AT_A_TIME = threading.Lock()
"""Random states, threads and the loop over attention belong to a process, so a worker of many threads has one task."""


@dataclass(frozen=True)
class Task:
    """One measurement of one model, as it travels.

    Args:
        key: of its tables in the cache.
        about: measurement, notebook, function and settings, as its record holds them.
        settings: plain values, a Parcel in place of every Path.
        model: a name that means the same everywhere, or a Parcel; None for a measurement without a model.
        draw: of random weights: fields of a Source; empty for a trained model.
        identity: the model's, which a worker's own copy must have.
        reached: what a worker must have: see `reached`.
    """

    key: str
    about: dict
    settings: dict
    model: str | Parcel | None
    draw: dict
    identity: dict
    reached: tuple[str, str, dict]


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Args:
        tables: name -> text of the CSV, schema with its checksum.
        measured: as `records.run_data` gives it.
        absent: what the worker lacks; nothing was measured.
        misfit: why the worker cannot be used at all; nothing was measured.
        failed: why not, for a reader; empty if it was.
        batches: of a shard, what `join.of_shard` found.
        worker: address.
    """

    tables: dict[str, tuple[str, dict]] | None = None
    measured: dict | None = None
    absent: Parcel | None = None
    misfit: str = ""
    failed: str = ""
    batches: list | None = None
    worker: str = ""


def task_of(own: Measurement, root: Path) -> Task:
    """A measurement, ready to travel.

    Raises:
        InputError: a setting names a folder of this machine as text, so no other could know it.
    """
    model, draw = None, {}
    if own.source:
        named = own.source.label in EMBEDDED or own.source.revision
        model = own.source.name if named else model_parcel(own.source, root)
        if own.source.weights == "random":
            draw = {name: getattr(own.source, name) for name in ("weights", "seed", "keep_embeddings")}
    identity = {name: value for name, value in own.about.items() if name != "settings"}
    settings = _packed(own.settings, root)
    return Task(own.key, own.record.about, settings, model, draw, identity, reached(own))


def perform(task: Task, threads: int, shards: list[Outcome] | None = None) -> Outcome:
    """Measure, or join what shards measured; whatever goes wrong is told and not raised.

    Args:
        threads: that this process may use.
        shards: of all parts, if the corpus was split.
    """
    if wrong := next((shard for shard in shards or [] if shard.batches is None), None):
        return wrong
    return _told(lambda own: _measured(own, [shard.batches for shard in shards] if shards else None), task, threads)


def perform_shard(task: Task, threads: int, part: int, parts: int) -> Outcome:
    """What every `parts`-th batch of sentences gives."""
    from insidebert.sweep import join  # brings torch along

    return _told(lambda own: Outcome(batches=join.of_shard(own.made, part, parts)), task, threads)


def tables_of(outcome: Outcome) -> dict:
    """The tables that came back.

    Raises:
        InputError: one was altered on its way.
    """
    return {name: read_back(text.encode(), schema) for name, (text, schema) in outcome.tables.items()}


def _told(attempt, task: Task, threads: int) -> Outcome:
    worker = _worker()
    if reason := misfit({task.reached[0]: task.reached[1:]}):
        return Outcome(misfit=reason, worker=worker)
    try:
        own = _unpacked(task)
        if isinstance(own, Parcel):
            return Outcome(absent=own, worker=worker)
        with ONE_AT_A_TIME, _threads(threads):
            return replace(attempt(own), worker=worker)
    except Exception as error:  # it is a row of what failed, and the other tasks go on
        reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        return Outcome(failed=reason, worker=worker)


def _measured(own: Measurement, shards: list | None) -> Outcome:
    start = time.perf_counter()
    if shards is None:
        tables, measured = own.made()
    else:
        from insidebert.sweep import join

        with join.replayed(shards):
            tables, _ = own.made()
        measured = run_data(time.perf_counter() - start, own.identity["versions"])
    return Outcome({name: written(f"{own.name}-{name}", table) for name, table in tables.items()}, measured)


def _unpacked(task: Task) -> Measurement | Parcel:
    """The measurement on this machine, or what this machine lacks for it.

    Raises:
        InputError: the model is another one here.
    """
    settings, absent = _here(task.settings)
    if absent:
        return absent
    source = None
    if task.model is not None:
        from insidebert.models import loading

        source = task.model.here() if isinstance(task.model, Parcel) else loading.resolve(task.model)
        if source is None:
            return task.model
        source = replace(source, **task.draw)
        if source.identity != task.identity:
            odd = [name for name, value in source.identity.items() if value != task.identity.get(name)]
            raise InputError(f"model {source.label} is another one on {_worker()}: its {', '.join(odd)} differ")
    module, _, name = task.about["function"].rpartition(".")
    function = pkgutil.resolve_name(f"{module}:{name}")
    identity = {"model": task.identity, "versions": task.reached[2]}
    return Measurement(Record(task.about, "", []), function, source, settings, identity)


def _packed(value, root: Path):
    if isinstance(value, dict):
        return {name: _packed(item, root) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(item, root) for item in value]
    if isinstance(value, str) and Path(value).is_absolute():
        raise InputError(f"the setting {value!r} is a folder of this machine; a sweep cannot use it on others")
    return parcel(value, root) if isinstance(value, Path) else value


def _here(value) -> tuple:
    """Settings with paths of this machine, and what it lacks, if anything."""
    if isinstance(value, dict):
        found = {name: _here(item) for name, item in value.items()}
        return {name: own for name, (own, _) in found.items()}, next((a for _, a in found.values() if a), None)
    if isinstance(value, list):
        found = [_here(item) for item in value]
        return [own for own, _ in found], next((absent for _, absent in found if absent), None)
    if isinstance(value, Parcel):
        path = value.here()
        return path, None if path else value
    return value, None


def identify(name: str):
    """A model as the Hub has it now, or why there is none; its files stay on the machine that found it."""
    from insidebert.models import loading

    try:
        return replace(loading.resolve(name), folder=None)
    except (InputError, OSError) as error:
        return InputError(str(error))


def reached(own: Measurement) -> tuple[str, str, dict]:
    """The module of a measuring function, the hash of all code behind it, and the versions of the libraries."""
    modules = cache.closure(own.function.__module__)
    return own.function.__module__, cache.code_of(modules), cache.versions_of(modules)


def _worker() -> str:
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:  # not on a worker
        return "this process"


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Inside, torch, numba and the linear algebra libraries that are loaded use so many threads."""
    from threadpoolctl import threadpool_limits

    torch, numba = sys.modules.get("torch"), sys.modules.get("numba")
    before = torch and torch.get_num_threads(), numba and numba.get_num_threads()
    with threadpool_limits(count):
        if torch:
            torch.set_num_threads(count)
        if numba:
            numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before[0])
            if numba:
                numba.set_num_threads(before[1])
