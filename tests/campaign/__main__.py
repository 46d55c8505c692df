"""A campaign of bad inputs and killed runs: `make campaign`, or `python -m tests.campaign [SEED]`.

`python -m tests.campaign SEED fuzzed` tries damaged checkpoints alone.

Prints what came of them, counted by kind of input, and each that did not end as it should; then it ends with status 1.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

os.environ.pop("INSIDEBERT_BUILD", None)
os.environ |= {"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_OFFLINE": "1"}

import insidebert as ib
from tests.campaign import commands, files, kills, models, questions, sentences, texts, threads
from tests.campaign.cases import VERDICTS, Tally
from tests.conftest import save_checkpoint

FUZZED, KILLS = 60, 50


def bad_inputs(tally: Tally, rng: Random, folder: Path) -> None:
    """Every kind of input, a folder each."""
    places = iter(range(99))

    def place() -> Path:
        own = folder / str(next(places))
        own.mkdir(parents=True)
        return own

    tally.judge(models.cases(rng, place()))
    for kind in (texts.trees, texts.documents, texts.texts, questions.cases):
        tally.judge(kind(rng, place()))
    tiny = place()
    save_checkpoint(tiny, "bert")
    tally.judge(sentences.cases(ib.load(tiny)))
    tally.judge(files.tables(place())).judge(files.caches(place())).judge(files.pictures(place())).judge(files.pages())
    root = commands.checkout(place())
    tally.judge(commands.parameters(rng, root)).judge(commands.names(root))
    tally.judge(commands.commands(rng, root)).judge(files.leftovers(root))


def main(number: str = "1", part: str = "") -> int:
    if part not in ("", "fuzzed"):
        sys.exit(f"no part {part!r} of the campaign; leave it out, or write fuzzed")
    tally, start = Tally(), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("kills", "threads", "bad", "fuzzed"):
            (folder / name).mkdir()
        before = dict(os.environ)
        if part != "fuzzed":
            kills.counted_apart(tally, folder / "kills", KILLS, int(number))
            threads.compare(tally, folder / "threads")
            bad_inputs(tally, Random(int(number)), folder / "bad")
        models.fuzzed(tally, folder / "fuzzed", FUZZED, int(number))
        os.environ.clear()
        os.environ |= before
    print(tally.table(), *tally.faults, f"{time.perf_counter() - start:.0f} s, seed {number}", sep="\n")
    return int(any(tally.of(verdict) for verdict in VERDICTS[2:]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
