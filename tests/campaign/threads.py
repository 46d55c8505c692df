"""Small measurements on an embedded model with one thread and with two: the written tables are the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import torch

import insidebert as ib
from insidebert.papers.open_sesame.confusion import confusion
from insidebert.papers.open_sesame.probes import grammar_task
from insidebert.results.tables import write_tidy
from tests.campaign.cases import Tally

SENTENCES = [f"The keeper of the {a} fed {b} , and it slept ." for a in ("dogs", "old cats") for b in ("me", "her")]
TREE = ("the", "girl", "sleeps"), (1, 2, -1), ("det", "nsubj", "root")


def write(folder: str, threads: str) -> None:
    """The tables, with so many threads of torch and numba."""
    torch.set_num_threads(int(threads))
    numba.set_num_threads(int(threads))
    model = ib.load("minilm-l6")
    tables = {"surface": ib.surface_statistics(model, SENTENCES), "heads": ib.head_accuracy(model, [TREE])}
    tables |= {f"confusion {name}": table for name, table in confusion(model, "agreement", 3).items()}
    tables |= {f"task {name}": t for name, t in grammar_task(model, "main_auxiliary", 64, 16, 16, 2, [0]).items()}
    for name, table in tables.items():
        write_tidy(Path(folder) / f"{name}.csv", table)


def compare(tally: Tally, folder: Path) -> None:
    """One verdict a table."""
    call = f"import sys; from {__name__} import write; write(*sys.argv[1:])"
    for threads in ("1", "2"):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads}
        subprocess.run([sys.executable, "-c", call, str(folder / threads), threads], env=environment, check=True)
    for path in sorted((folder / "1").glob("*.csv")):
        same = path.read_bytes() == (folder / "2" / path.name).read_bytes()
        tally.add("threads", "right" if same else "silently wrong", path.stem)
