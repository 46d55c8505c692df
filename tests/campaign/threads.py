"""Notebooks where the environment gives one thread and where it gives two: the written tables are the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

from insidebert.results.processes import threads_of
from tests.campaign.cases import Tally

NOTEBOOKS = ("11-open-sesame-probing", "12-open-sesame-confusion", "21-look-at-surface", "23-look-at-heads")


def measure(build: Path, threads: int) -> None:
    """Run the notebooks in the smoke profile, from an empty cache, in an environment that asks for so many threads."""
    environment = os.environ | threads_of(threads) | {"INSIDEBERT_BUILD": str(build)}
    for name in NOTEBOOKS:
        command = [sys.executable, "-m", "insidebert", "run", "--profile", "smoke", name]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def compare(tally: Tally, folder: Path) -> None:
    """One verdict a table."""
    for threads in (1, 2):
        measure(folder / str(threads), threads)
    written = sorted(path.relative_to(folder / "1") for path in (folder / "1").rglob("results/**/*.csv"))
    for path in written:
        other = folder / "2" / path
        same = other.exists() and other.read_bytes() == (folder / "1" / path).read_bytes()
        tally.add("threads", "right" if same else "silently wrong", str(path))
    if not written:
        tally.add("threads", "lost", "no table was written")
