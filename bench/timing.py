"""Ratios of times, measured until they agree, and the peak memory of a process."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

FEWEST, MOST = 2, 7
"""Pairs of runs behind a ratio."""

SPREAD = 0.05
"""Largest and smallest ratio so close to each other, as a share of the median, need no further pair."""

PATIENCE = 6.0
"""Seconds of pairs after which no further one is begun."""


@dataclass(frozen=True)
class Ratio:
    """How much longer one thing takes than another.

    Args:
        found: ratio of every pair of runs.
    """

    found: tuple[float, ...]

    @property
    def value(self) -> float:
        """Their median."""
        return statistics.median(self.found)

    def __format__(self, spec: str) -> str:
        if len(self.found) == 1:
            return f"{self.value:{spec}} (1 pair)"
        return f"{self.value:{spec}} ({min(self.found):{spec}} to {max(self.found):{spec}}, {len(self.found)} pairs)"


def seconds() -> float:
    """A clock: of the processor's time where torch has one thread, so that other programs do not count; else a wall's.

    Threads that wait for each other would count as work, so with several of them the wall clock is the fair one.
    """
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_available()
    return time.process_time() if alone else time.perf_counter()


def time_of(function: Callable, clock: Callable[[], float] = seconds) -> float:
    """Seconds of one call."""
    start = clock()
    function()
    return clock() - start


def enough(found: Sequence[float], spent: float) -> bool:
    """The rule by which a ratio is left at what it is.

    Two pairs at least, unless the first took all of PATIENCE, and seven at most; in between, as soon as the ratios lie
    within SPREAD of their median. From four pairs on the smallest and the largest are left out of that, so that one
    disturbance does not cost all seven.

    Args:
        found: ratio of every pair so far.
        spent: seconds that all pairs took.

    Example:
        >>> enough([1.30, 1.31], 0.1), enough([1.30, 1.60], 0.1), enough([1.30, 1.60, 1.31, 1.29], 0.1)
        (True, False, True)
    """
    if not found or (spent < PATIENCE and len(found) < FEWEST):
        return False
    inner = sorted(found)[1:-1] if len(found) > 3 else found
    close = max(inner) - min(inner) <= SPREAD * statistics.median(found)
    return close or spent >= PATIENCE or len(found) >= MOST


def ratio(measured: Callable, yardstick: Callable, clock: Callable[[], float] = seconds, known: bool = False) -> Ratio:
    """Ratios of paired runs, until they are `enough`; the two take turns, so that a drifting machine slows both.

    Args:
        measured, yardstick: what is timed.
        clock: gives seconds.
        known: that both have run before, so that what they compile and claim at first is behind them.
    """
    for function in () if known else (yardstick, measured):
        function()
    found, start = [], clock()
    while not enough(found, clock() - start):
        found.append(time_of(measured, clock) / time_of(yardstick, clock))
    return Ratio(tuple(found))


def peak_of(model_name: str, count: int, what: str = "confusion", module: str = "bench.report") -> int:
    """Peak resident memory of a fresh process that measures `count` sentences or segments, in KiB on Linux."""
    command = [sys.executable, "-m", module, what, model_name, str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
