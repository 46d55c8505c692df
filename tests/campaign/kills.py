"""Runs that are killed at any moment: nothing broken is read, the next one ends in the same tables, nothing is left.

A run measures two small things on a tiny model and a text, and draws a figure. It is a fork of this process, so that a
kill costs a fraction of a second. Half of the kills come after a random time; the others at a random opening, renaming
or removal of a file, where something is there by half.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import matplotlib.pyplot as plt
import pandas as pd
import transformers

import insidebert as ib
from insidebert.errors import InputError
from insidebert.files import LEFTOVER
from insidebert.results import cache, failures
from insidebert.results.artifacts import Artifact, render
from insidebert.results.tables import read_json, read_tidy
from insidebert.results.workspace import Workspace
from tests.campaign.cases import Tally
from tests.conftest import save_checkpoint

SENTENCES = ["a zebra near the dogs does sleep.", "cats run", "the author laughs.", "she sees the dogs"]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
EVENTS = {"open", "os.rename", "os.remove"}
PROFILE, NOTEBOOK = "campaign", "21-look-at-surface"


def looked(model: ib.Model, sentences: list[str]) -> dict[str, pd.DataFrame]:
    own = ib.attention_maps(model, sentences[0]).maps.max(-1).mean(-1)
    return {"heads": pd.DataFrame({"layer": range(1, model.layers + 1), "share": own.mean(-1)})}


def states(model: ib.Model, sentences: list[str]) -> dict[str, pd.DataFrame]:
    own = ib.hidden_states(model, sentences).values.float()
    sizes = own.norm(dim=-1).mean(1).tolist()
    return {"sizes": pd.DataFrame({"size": sizes}), "about": pd.DataFrame({"sentence": sentences})}


def counted(sentences: list[str]) -> dict[str, pd.DataFrame]:
    return {"words": pd.DataFrame({"words": [len(sentence.split()) for sentence in sentences]})}


def run(models: list[str]) -> None:
    """What a notebook does, and a `collect` behind it."""
    work = Workspace.open(NOTEBOOK, PROFILE)
    for name, function, names in (("looked", looked, models), ("counted", counted, None), ("states", states, models)):
        work.measure(name, function, names, sentences=SENTENCES)
    failures.record_failure(work.paths, NOTEBOOK, "an example")
    artifact = Artifact("sizes", "Table 1", "Sizes.", ("states-sizes",), lambda table: table)
    render(artifact, artifact.sources(work.paths, "look_at"), work.paths.figures / "look_at")
    plt.close("all")


def forked(act: Callable[[], None]) -> int:
    """Start something in a copy of this process; returns the copy's id."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        act()
        status = 0
    finally:
        os._exit(status)


def ended(child: int, killed_after: float = 0, by: int = 0) -> int:
    """Its status; a process that hangs is ended after a minute."""
    if by:
        time.sleep(killed_after)
        os.kill(child, by)
    for _ in range(6000):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def at_event(number: int, by: int, act: Callable[[], None]) -> None:
    """Kill this process at its `number`-th event that touches a file."""
    seen = 0

    def hook(event: str, _) -> None:
        nonlocal seen
        if event in EVENTS:
            seen += 1
            if seen == number:
                os.kill(os.getpid(), by)

    sys.addaudithook(hook)
    act()


def files(root: Path) -> dict[str, bytes]:
    """What a run makes, without the records, which hold times."""
    made = (path for path in (root / "build").rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in made if path.suffix in (".csv", ".md", ".tex")}


def broken(root: Path) -> list[str]:
    """Files under a final name that are there by half: each can be read, or is refused by name."""
    found = []
    for path in (root / "build").rglob("*"):
        if LEFTOVER.fullmatch(path.name) or path.is_dir():
            continue
        content = path.read_bytes()
        if path.suffix == ".json" and not content.rstrip().endswith((b"}", b"]")):
            found.append(path.name)
        if path.suffix == ".csv" and path.with_suffix(".schema.json").exists():
            try:
                read_tidy(path)
                read_json(path.with_suffix(".schema.json"))
            except InputError as error:
                found += [] if path.name in str(error) else [path.name]
    return found


def kills(tally: Tally, folder: Path, models: list[str], count: int, rng: Random) -> None:
    """Kill `count` runs.

    Args:
        folder: empty; checkouts of the runs go there.
        models: folders of tiny checkpoints.
    """

    def checkout(name: str) -> Path:
        root = folder / name
        (root / "notebooks").mkdir(parents=True)
        os.environ |= {"INSIDEBERT_ROOT": str(root), "INSIDEBERT_BUILD": str(root / "build")}
        return root

    for function in (looked, counted, states):  # what every run would import and parse is there before they fork
        cache.identity(function, {}, folder)
    assert transformers.BertModel and transformers.DistilBertModel
    for name in ("first", "undisturbed"):  # the first compiles what is kept compiled
        root, start = checkout(name), time.perf_counter()
        if status := ended(forked(lambda: run(models))):
            raise RuntimeError(f"an undisturbed run ended with status {status}")
    seconds, whole = time.perf_counter() - start, files(root)
    assert len(whole) > 10
    for number in range(count):
        by, root = SIGNALS[number % len(SIGNALS)], checkout(str(number))
        if number % 2:
            child = forked(lambda: at_event(rng.randrange(1, 120), by, lambda: run(models)))  # noqa: B023
            status = ended(child)
        else:
            status = ended(forked(lambda: run(models)), rng.uniform(0, seconds), by)
        about = f"{by.name}, {number}, status {status}"
        rng.random()
        if half := broken(root):
            tally.add("kills", "silently wrong", f"{about}: {half}")
        elif ended(forked(lambda: run(models))):
            tally.add("kills", "traceback", f"{about}: the next run fails")
        elif (now := files(root)) != whole:
            lost = [name for name in whole if now.get(name) != whole[name]]
            tally.add("kills", "lost", f"{about}: {lost or set(now) - set(whole)}")
        elif left := [path.name for path in root.rglob(".*")]:
            tally.add("kills", "left behind", f"{about}: {left}")
        else:
            tally.add("kills", "right")


def main(folder: str, count: str, seed: str, *models: str) -> None:
    """In a process of its own, in which nothing but imports has happened: threads do not survive a fork."""
    tally = Tally()
    kills(tally, Path(folder), list(models), int(count), Random(int(seed)))
    print(json.dumps([[*key, n] for key, n in tally.counts.items()]), json.dumps(tally.faults), sep="\n")


def counted_apart(tally: Tally, folder: Path, count: int, seed: int) -> None:
    """The same from another process, with tiny models that are made here."""
    models = [str(folder / kind) for kind in ("bert", "distilbert")]
    for model in models:
        save_checkpoint(Path(model), Path(model).name)
    (folder / "runs").mkdir()
    command = [
        sys.executable,
        "-c",
        f"import sys; from {__name__} import main; main(*sys.argv[1:])",
        str(folder / "runs"),
        str(count),
        str(seed),
        *models,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    counts, faults = done.stdout.strip().split("\n")[-2:]
    tally.counts.update({(kind, verdict): n for kind, verdict, n in json.loads(counts)})
    tally.faults += json.loads(faults)
