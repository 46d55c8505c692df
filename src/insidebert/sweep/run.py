"""Measurements through a cluster into the cache: one task a slot, each result kept as it comes, whatever dies."""

import queue
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from insidebert.errors import InputError
from insidebert.results.measurements import Measurement
from insidebert.sweep.cluster import TICK, Cluster
from insidebert.sweep.join import SHARDED
from insidebert.sweep.tasks import Outcome, Task, identify, perform, perform_shard, reached, tables_of, task_of

SENT = 100
"""Times that a task's files are sent; every worker may lack each of them once."""

DEATHS = 3
"""Times that a task is given out again after Dask gave it up because its workers died."""


@dataclass
class _Work:
    """A measurement that is not there yet.

    Args:
        own, task: what is measured.
        parts: shards; 1 for a corpus that stays whole.
        shards: part -> future of its outcome.
        deaths: how often it was given up.
        sent: how often something was sent to a worker that lacked it.
    """

    own: Measurement
    task: Task
    parts: int
    shards: dict = field(default_factory=dict)
    deaths: int = 0
    sent: int = 0

    def units(self) -> list["_Unit"]:
        """What has to be submitted first."""
        self.shards.clear()
        return [_Unit(self, part) for part in range(self.parts)] if self.parts > 1 else [_Unit(self)]


@dataclass(frozen=True)
class _Unit:
    """What a worker does at a time: a whole measurement, a shard, or (part is None) the join of shards."""

    work: _Work
    part: int | None = None
    worker: str = ""


def measure(
    asked: list[Measurement],
    cluster: Cluster,
    cache: Path,
    root: Path,
    shards: int = 1,
    done: Callable[[Measurement, str], None] = lambda own, reason: None,
) -> dict[str, str]:
    """Measure what is asked on a cluster and keep it under the keys of a single machine.

    As many tasks are given out as there are workers, so that a worker that dies costs one task its time and none its
    good name, and a sweep of any length needs no more memory than its largest results.

    Args:
        asked: not in the cache yet.
        cache: folder of it.
        root: the checkout.
        shards: parts of a large corpus.
        done: called with each measurement, and why it failed or "".

    Returns:
        Key of each measurement that failed -> why.

    Raises:
        InputError: no worker fits, or the scheduler does not come back.
        OSError: the cache cannot be written, for want of space or rights; all that was kept before is whole.
    """
    return _Run(cluster, cache, done).all(asked, root, shards) if asked else {}


def identified(names: list[str], cluster: Cluster) -> dict:
    """Trained models of the Hub, found where they will be measured: name -> source, or the error that says why not."""
    while not cluster.slots():
        time.sleep(TICK)
    futures = {name: cluster.submit(identify, name) for name in names}
    found = {}
    for name, future in futures.items():
        try:
            found[name] = future.result()
        except Exception as error:  # its worker died, or the scheduler; the other models go on
            found[name] = InputError(f"model {name} could not be looked up: {type(error).__name__}: {error}")
    return found


class _Run:
    def __init__(self, cluster: Cluster, cache: Path, done: Callable[[Measurement, str], None]):
        self.cluster, self.cache, self.done = cluster, cache, done
        self.todo: deque[_Unit] = deque()
        self.flying: dict[str, tuple[_Unit, object]] = {}
        self.landed: queue.Queue[str] = queue.Queue()
        self.failed: dict[str, str] = {}

    def all(self, asked: list[Measurement], root: Path, shards: int) -> dict[str, str]:
        self.cluster.want([reached(own) for own in asked])
        for own in asked:
            split = own.record.about["function"] in SHARDED
            try:
                self.todo += _Work(own, task_of(own, root), shards if split else 1).units()
            except (InputError, OSError) as error:
                self._end(own, str(error))
        try:
            while self.todo or self.flying:
                self._submit()
                with suppress(queue.Empty):
                    self._land(self.landed.get(timeout=TICK))
                if self.cluster.lost:
                    self._start_over()
        finally:
            if not self.cluster.lost:
                self.cluster.client.cancel([future for _, future in self.flying.values()])
        return self.failed

    def _submit(self) -> None:
        try:
            free = self.cluster.slots() - len(self.flying) if self.todo else 0
        except OSError:  # the scheduler went while it was asked; the next look at the connection sees it
            return
        while self.todo and free > 0:
            unit = self.todo.popleft()
            work, threads = unit.work, self.cluster.threads
            if work.own.key in self.failed:
                continue
            if unit.part is not None:
                future = self.cluster.submit(
                    perform_shard, work.task, threads, unit.part, work.parts, worker=unit.worker
                )
            else:
                found = [work.shards[part] for part in sorted(work.shards)] or None
                future = self.cluster.submit(perform, work.task, threads, found, worker=unit.worker)
            self.flying[future.key] = unit, future
            future.add_done_callback(lambda future: self.landed.put(future.key))
            free -= 1

    def _land(self, key: str) -> None:
        unit, future = self.flying.pop(key, (None, None))
        if unit is None or unit.work.own.key in self.failed:  # of a connection that was lost; of a part of what failed
            return
        if future.status in ("cancelled", "lost"):
            self.flying[key] = unit, future
            self._start_over()
        elif future.status == "error":
            self._broken(unit, future.exception())
        elif unit.part is None:
            self._submit()  # so that the worker goes on while this is checked and kept
            self._outcome(unit, future.result())
        else:
            self._shard(unit, future)

    def _shard(self, unit: _Unit, future) -> None:
        """A shard's batches stay where they were found; once all are there they are joined."""
        work = unit.work
        work.shards[unit.part] = future
        if len(work.shards) == work.parts:
            self.todo.appendleft(_Unit(work))

    def _outcome(self, unit: _Unit, outcome: Outcome) -> None:
        own = unit.work.own
        if outcome.absent:
            unit.work.sent += 1
            if unit.work.sent > SENT:
                return self._end(own, f"{outcome.absent.path} was sent {SENT} times, and workers still lack it")
            try:
                self.cluster.send(outcome.absent, outcome.worker)
                self.todo.extendleft(_Unit(again.work, again.part, outcome.worker) for again in unit.work.units())
            except (InputError, OSError) as error:
                self._end(own, str(error))
        elif outcome.misfit:
            self.cluster.refuse(outcome.worker, outcome.misfit)
            self.todo.extendleft(unit.work.units())
        elif outcome.failed:
            self._end(own, outcome.failed)
        else:
            try:
                tables = tables_of(outcome)
            except InputError as error:
                return self._end(own, str(error))
            own.keep(self.cache, tables, outcome.measured)
            self._end(own, "")

    def _broken(self, unit: _Unit, error: BaseException) -> None:
        """Dask gave a task up."""
        from distributed import KilledWorker

        work = unit.work
        if not isinstance(error, KilledWorker):
            return self._end(work.own, f"{type(error).__name__}: {error}")
        work.deaths += 1
        if work.deaths < DEATHS:
            others = [again for again in self.todo if again.work is not work]
            self.todo = deque([*(work.units() if unit.part is None else [unit]), *others])
        else:
            self._end(work.own, "every worker that tried it died, most likely for want of memory")

    def _start_over(self) -> None:
        """After the scheduler was lost: whatever was on its way is asked anew."""
        waiting = {id(unit.work): unit.work for unit in self.todo}
        flying = {id(unit.work): unit.work for unit, _ in self.flying.values()}
        self.flying.clear()
        self.cluster.reconnect()
        works = [*flying.values(), *(work for name, work in waiting.items() if name not in flying)]
        self.todo = deque(unit for work in works for unit in work.units())

    def _end(self, own: Measurement, reason: str) -> None:
        if reason:
            self.failed[own.key] = reason
        self.done(own, reason)
