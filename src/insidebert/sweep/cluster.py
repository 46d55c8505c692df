"""Machines that measure: a Dask cluster of this machine or any other, whose workers fit or are refused by name."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from insidebert import __version__
from insidebert.errors import InputError
from insidebert.results import cache
from insidebert.results.processes import threads_of
from insidebert.sweep.parcels import Parcel, shelve

PATIENCE = 60.0
"""Seconds to wait for a scheduler to come back, or for a worker that fits."""

REACH = 10
"""Seconds that a scheduler may take to answer at all."""

TICK = 1.0
"""Seconds between looks at who is there."""


@dataclass
class Cluster:
    """A client of a scheduler, and which of its workers may be used.

    Args:
        connect: makes a client; raises OSError while there is no scheduler.
        threads: of every task.
        patience: seconds.
        say: what to do with a line for the reader.
        client: the connection.
        fit: workers that can be used.
        refused: worker -> why it is not used.
    """

    connect: Callable
    threads: int = 1
    patience: float = PATIENCE
    say: Callable[[str], None] = print
    client: object = None
    fit: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    _wanted: dict = field(default_factory=dict)
    _looked: float = 0.0
    _alone_since: float | None = None

    def want(self, modules: list[tuple[str, str, dict]]) -> None:
        """From now on, use workers that have these modules in this state, and no other worker.

        Args:
            modules: name, hash of all code behind it, versions of libraries; see `tasks.reached`.
        """
        self._wanted |= {name: [code, versions] for name, code, versions in modules}
        self._looked, self.fit, self.refused = 0.0, set(), {}

    def slots(self) -> int:
        """How many tasks can run at once: one a fit worker; workers that are new are asked first.

        Raises:
            InputError: none for longer than the cluster's patience, with those that were refused.
        """
        if time.monotonic() - self._looked > TICK:
            self._look()
            self._looked = time.monotonic()
        if self.fit:
            self._alone_since = None
            return len(self.fit)
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > self.patience:
            why = "".join(f"\n{worker}: {reason}" for worker, reason in self.refused.items()) or "\nthere is no worker"
            raise InputError(f"no worker of {self.client.scheduler.address} fits:{why}")
        return 0

    def _look(self) -> None:
        workers = set(self.client.scheduler_info(n_workers=-1)["workers"])
        self.fit &= workers
        if new := workers - self.fit - set(self.refused):
            answers = self.client.run(misfit, self._wanted, workers=sorted(new), on_error="return")
            for worker, answer in answers.items():
                if isinstance(answer, OSError):  # it went while it was asked
                    continue
                if answer:
                    self.refuse(
                        worker, answer if isinstance(answer, str) else f"it cannot run this package: {answer!r}"
                    )
                else:
                    self.fit.add(worker)

    def refuse(self, worker: str, reason: str) -> None:
        """Give a worker nothing more to do, and say so."""
        self.fit.discard(worker)
        if worker not in self.refused:
            self.refused[worker] = reason
            self.say(f"worker {worker} is not used: {reason}")

    def send(self, parcel: Parcel, worker: str) -> None:
        """Bring a file or folder to a worker that lacks it.

        Raises:
            InputError: it is too large for that.
        """
        files = parcel.files()
        self.say(f"{parcel.path}, {parcel.size / 2**20:.1f} MB, goes to {worker}")
        self.client.run(shelve, parcel, files, workers=[worker])

    def submit(self, function: Callable, *arguments, worker: str = ""):
        """A future of what a worker returns; it is a wish that it be this one, or one that fits.

        A firm restriction would leave a task waiting for workers that have died, and Dask asks it of no new one.
        """
        wish = [worker] if worker else sorted(self.fit) if self.refused else []
        where = {"workers": wish, "allow_other_workers": True} if wish else {}
        return self.client.submit(function, *arguments, pure=False, **where)

    @property
    def lost(self) -> bool:
        return self.client.status != "running"

    def reconnect(self) -> None:
        """A new connection, once there is a scheduler again.

        Raises:
            InputError: there is none for longer than the cluster's patience.
        """
        address = self.client.scheduler.address if self.client.scheduler else "the scheduler"
        self.say(f"{address} is gone; waiting for it")
        self.client.close(timeout=1)
        deadline = time.monotonic() + self.patience
        while True:
            try:
                self.client = self.connect()
                self._looked, self.fit, self.refused = 0.0, set(), {}
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise InputError(f"{address} did not come back in {self.patience:.0f} s") from None
                time.sleep(TICK)


@contextmanager
def opened(
    scheduler: str = "", workers: int = 1, threads: int = 1, memory: str = "auto", **options
) -> Iterator[Cluster]:
    """A cluster: that of a scheduler, or one of this machine, which ends with the block.

    Args:
        scheduler: address such as `tcp://host:8786`; empty for a cluster of this machine.
        workers, memory: processes and each one's limit, such as `4GB`, on this machine.
        threads: of every task.
        options: fields of Cluster.

    Raises:
        InputError: Dask is not installed, no scheduler answers, or memory is no size.
    """
    try:
        import dask.utils
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("a sweep needs Dask; `pip install 'insidebert[cluster]'` brings it") from None
    if scheduler:

        def connect():
            return Client(scheduler, timeout=REACH, set_as_default=False)

        with _quiet("distributed.client"):
            try:
                cluster = Cluster(connect, threads, client=connect(), **options)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"no scheduler answers at {scheduler} ({error}); `dask scheduler` starts one"
                ) from None
            try:
                yield cluster
            finally:
                cluster.client.close(timeout=5)
        return
    try:
        dask.utils.parse_bytes(memory if memory != "auto" else 0)
    except ValueError:
        raise InputError(f"the limit of memory is {memory!r}; it takes a size such as 4GB") from None
    limits = threads_of(threads) | {"TQDM_DISABLE": "1"}
    own = {"n_workers": workers, "threads_per_worker": 1, "memory_limit": memory, "dashboard_address": "127.0.0.1:0"}
    with dask.config.set({"distributed.nanny.pre-spawn-environ": limits}):
        local = LocalCluster(**own, silence_logs=logging.CRITICAL)
    with local, Client(local, set_as_default=False) as client:
        yield Cluster(lambda: Client(local, set_as_default=False), threads, client=client, **options)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Inside, a logger says nothing: that a scheduler is gone is told in one line, and not in a traceback."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def misfit(wanted: dict[str, list]) -> str:
    """Why this process cannot measure what is wanted; empty if it can.

    Args:
        wanted: module -> hash of all code behind it, versions of libraries.
    """
    for module, (code, versions) in wanted.items():
        try:
            reached = cache.closure(module)
            own, here = cache.code_of(reached), cache.versions_of(reached)
        except (InputError, ImportError, OSError) as error:
            return f"insidebert {__version__} there has no {module} ({error})"
        if own != code:
            return f"insidebert {__version__} there has other code behind {module}; install the client's version"
        if odd := [name for name in {**versions, **here} if versions.get(name) != here.get(name)]:
            return f"{odd[0]} is {here.get(odd[0])} there and {versions.get(odd[0])} here; install the same lock"
    return ""
