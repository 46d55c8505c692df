"""A sweep at length: `python -m tests.campaign.sweeps [SEED]`, about four minutes on two cores.

200 tasks on two workers of a scheduler of their own. Thirty times a worker is killed at a random moment; twice the
scheduler is killed and another one takes its place; twice the client is interrupted and starts again; a worker of
another version stands by all the time; five tasks fail. What is left has to be what a plain loop writes, to the last
byte. Most tasks are short waits, twelve measure tiny models, whole and in shards. Then: what scheduling costs, and what
a second worker brings. `python -m tests.campaign.sweeps second` asks the last alone, in a minute and a half.
"""

import os

os.environ["TQDM_DISABLE"] = "1"

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from insidebert.models import loading
from insidebert.papers.open_sesame import confusion
from insidebert.results.measurements import Measurement, measurements
from insidebert.results.paths import Paths
from insidebert.results.processes import threads_of
from insidebert.sweep import run
from insidebert.sweep.cluster import opened
from tests.conftest import save_checkpoint
from tests.sweep_functions import busy, digits

ROOT = Paths.find().root
TASKS, KILLS, FAULTS, SECONDS = 200, 30, 5, 1.2


class Machines:
    """A scheduler and workers as processes of their own, each started again when it ends, as a supervisor would do."""

    def __init__(self, folder: Path, workers: int = 2, foreign: bool = False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.folder, self.over = folder, False
        environment = os.environ | threads_of(1) | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        self.commands = {"scheduler": (self._scheduler(), environment)}
        self.commands |= {f"worker {number}": (self._worker(), environment) for number in range(workers)}
        if foreign:
            other = folder / "other"
            shutil.copytree(ROOT / "src", other / "src")
            shutil.copytree(ROOT / "tests", other / "tests", ignore=shutil.ignore_patterns("data", "strategies"))
            (other / "tests" / "sweep_functions.py").open("a").write("\nNEWER = True\n")
            own = environment | {"PYTHONPATH": f"{other / 'src'}:{other}", "INSIDEBERT_ROOT": str(ROOT)}
            self.commands["foreign"] = (self._worker(), own)
        self.processes: dict[str, subprocess.Popen] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def _scheduler(self) -> list[str]:
        port = self.address.rpartition(":")[2]
        return ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--dashboard-address", ":0"]

    def _worker(self) -> list[str]:
        return ["worker", self.address, "--no-nanny", "--nthreads", "1", "--death-timeout", "30", "--no-dashboard"]

    def _watch(self) -> None:
        while not self.over:
            for name, (command, environment) in self.commands.items():
                if name not in self.processes or self.processes[name].poll() is not None:
                    with (self.folder / f"{name}.log").open("ab") as log:
                        command = [sys.executable, "-m", "dask", *command]
                        self.processes[name] = subprocess.Popen(
                            command, env=environment, cwd=self.folder, stdout=log, stderr=log
                        )
            time.sleep(0.1)

    def kill(self, name: str) -> bool:
        """Whether it was alive."""
        process = self.processes[name]
        alive = process.poll() is None
        if alive:
            os.kill(process.pid, signal.SIGKILL)
        return alive

    def close(self) -> None:
        self.over = True
        time.sleep(0.3)
        for process in self.processes.values():
            process.kill()
            process.wait()


@contextmanager
def machines(folder: Path, **options):
    made = Machines(folder, **options)
    try:
        yield made
    finally:
        made.close()


def asked(folder: Path) -> list[Measurement]:
    sources = []
    for number, kind in enumerate(("bert", "distilbert", "electra", "roberta") * 3):
        checkpoint = folder / f"{kind}-{number}"
        save_checkpoint(checkpoint, kind, layers=2 + number // 4)
        sources.append(loading.resolve(str(checkpoint)))
    real = measurements(
        "agreement", "test", confusion.confusion, sources, {"phenomenon": "agreement", "sentences": 40}, ROOT
    )
    plain = []
    for number in range(TASKS - len(real)):
        fault = {"fault": f"fault {number}"} if number % 40 == 7 else {}
        settings = {"start": number, "seconds": SECONDS * (0.5 + number % 11 / 10)} | fault
        plain += measurements(f"m{number}", "test", digits, [None], settings, ROOT)
    return [*plain[:60], *real, *plain[60:]]


def written(cache: Path) -> dict[str, bytes]:
    files = [*cache.rglob("*.csv"), *cache.rglob("*.schema.json")]
    return {path.relative_to(cache).as_posix(): path.read_bytes() for path in files}


def faults(rng: Random, folder: Path) -> int:
    """The sweep, its faults, and what came of them."""
    own = asked(folder / "models")
    start = time.perf_counter()
    for one in own:
        if "fault" not in one.settings:
            quick = {"seconds": 0.0} if "seconds" in one.settings else {}
            tables, measured = type(one)(
                one.record, one.function, one.source, one.settings | quick, one.identity
            ).made()
            one.keep(folder / "one", tables, measured)
    expected, counts = written(folder / "one"), {"kills": 0, "schedulers": 0, "interrupts": 0}
    print(f"a plain loop without the waits: {time.perf_counter() - start:.0f} s, {len(expected)} files", flush=True)
    start, failed, said = time.perf_counter(), {}, []
    with machines(folder, foreign=True) as there:
        over = threading.Event()

        def killer() -> None:
            while counts["kills"] < KILLS and not over.wait(rng.uniform(1.0, 6.0)):
                counts["kills"] += there.kill(rng.choice(["worker 0", "worker 1"]))
                if counts["kills"] in (10, 20) and counts["schedulers"] < counts["kills"] // 10:
                    counts["schedulers"] += there.kill("scheduler")

        threading.Thread(target=killer, daemon=True).start()
        left = own
        while left:
            ended = []

            def done(one: Measurement, reason: str, ended=ended) -> None:
                ended.append(one)
                if len(ended) == 60 and counts["interrupts"] < 2:
                    counts["interrupts"] += 1
                    raise KeyboardInterrupt

            with suppress(KeyboardInterrupt), opened(there.address, say=said.append) as cluster:
                failed |= run.measure(left, cluster, folder / "many", ROOT, shards=3, done=done)
            left = [one for one in left if one.key not in failed and not one.kept(folder / "many")]
        over.set()
    many = written(folder / "many")
    reasons = sorted(reason for reason in failed.values())
    foreign = [line for line in said if "other code behind tests.sweep_functions" in line]
    seconds = time.perf_counter() - start
    print(f"{len(own)} tasks in {seconds:.0f} s; {counts}; {len(foreign)} refusals of the other version")
    print(f"{len(failed)} failed: {', '.join(reasons)}")
    print(f"{len(many)} files, {sum(many[name] != expected.get(name) for name in many)} differ", flush=True)
    right = many == expected and all(reason.startswith("ValueError: fault") for reason in reasons)
    return int(not (right and len(failed) == FAULTS and counts["kills"] >= KILLS and foreign))


def scheduling(folder: Path) -> None:
    """Twelve tasks of five seconds in a plain loop and on one worker."""
    waits = [measurements(f"w{n}", "test", digits, [None], {"start": n, "seconds": 5.0}, ROOT)[0] for n in range(12)]
    start = time.perf_counter()
    for one in waits:
        one.keep(folder / "loop", *one.made())
    loop = time.perf_counter() - start
    with warm(folder / "warm", workers=1) as cluster:
        swept = swept_in(waits, cluster, folder / "swept")
    print(f"12 tasks of 5 s: plain loop {loop:.1f} s, one worker {swept:.1f} s, {100 * (swept / loop - 1):+.1f}%")


def second_worker(folder: Path) -> None:
    """Tasks that compute, and tasks that wait, on one worker and on two, which have been used before.

    What keeps two from half the time of one is either that tasks themselves take longer beside each other (they share
    a processor's cache, or another program runs), or that workers stand idle between them; both are told.
    """
    kinds = {
        "compute": (busy, {"rounds": 40}),
        "wait": (digits, {"seconds": 2.0}),
    }
    for kind, (function, settings) in kinds.items():
        seconds, own = {}, {}
        for workers in (1, 2):
            work = [
                measurements(f"{kind}{n}", "test", function, [None], {"start": n} | settings, ROOT)[0] for n in range(8)
            ]
            place = folder / f"{kind}-{workers}"
            with warm(folder / f"warm-{kind}-{workers}", workers) as cluster:
                seconds[workers] = swept_in(work, cluster, place)
            own[workers] = sum(one.kept(place).measured["seconds"] for one in work)
        idle = {workers: 1 - own[workers] / workers / seconds[workers] for workers in seconds}
        print(
            f"8 tasks that {kind}: one worker {seconds[1]:.1f} s, two {seconds[2]:.1f} s, "
            f"{seconds[2] / seconds[1]:.2f}; a task takes {own[2] / own[1]:.2f} times as long beside another one; "
            f"workers are idle {idle[1]:.1%} and {idle[2]:.1%} of the time",
            flush=True,
        )


@contextmanager
def warm(folder: Path, workers: int):
    """A cluster of this machine each of whose workers has done something, so that its imports are behind it."""
    with opened(workers=workers, say=lambda line: None) as cluster:
        first = [measurements(f"first{n}", "test", busy, [None], {"start": n, "rounds": 9}, ROOT)[0] for n in range(4)]
        run.measure(first, cluster, folder, ROOT)
        yield cluster


def swept_in(asked: list[Measurement], cluster, cache: Path) -> float:
    """Seconds that a sweep of these takes."""
    start = time.perf_counter()
    run.measure(asked, cluster, cache, ROOT)
    return time.perf_counter() - start


def main(what: str = "1") -> int:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        if what == "second":
            second_worker(folder)
            return 0
        (folder / "models").mkdir()
        status = faults(Random(int(what)), folder)
        scheduling(folder)
        second_worker(folder)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
