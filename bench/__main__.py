"""What the measurements cost, as ratios to the bare forward pass: `python -m bench`, run in a checkout."""

import argparse
import sys
from pathlib import Path

from insidebert.__main__ import guarded
from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.papers import paper, papers
from insidebert.results.paths import Paths


def main(arguments: list[str] | None = None) -> int:
    """Check everything that is named, then print the ratios of every paper that has some."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: bench(options))


def bench(options) -> None:
    """Run the papers' benches on the models that were asked for."""
    paths = Paths.find()
    settings = {
        "treebank": paths.data(options.treebank) if options.treebank else paths.corpus / "treebank",
        "dataset": paths.data(options.questions),
        "count": options.train,
        "pieces": options.pieces,
    }
    for data in (options.treebank and settings["treebank"], settings["dataset"]):
        if isinstance(data, Path) and not (data.exists() or Path(str(data).partition("#")[0]).exists()):
            raise InputError(f"no data at {data}; name a file or a folder, relative to {paths.root}")
    names = options.models
    for name in names:
        loading.load(loading.resolve(name))
    asked = [paper(options.paper)] if options.paper else [own for own in papers() if own.bench]
    for report in [own.load("bench") for own in asked]:
        for line in report(names, **settings):
            print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--paper", choices=[own.name for own in papers()], help="only this paper")
    parser.add_argument("--models", nargs="+", default=["minilm-l6"], help="models in place of the smallest one")
    parser.add_argument("--treebank", help="a treebank in place of ours")
    parser.add_argument("--questions", default="scripts", help="a data set in place of ours")
    parser.add_argument("--train", type=int, default=48, help="so many of its questions behind the accuracy")
    parser.add_argument("--pieces", type=int, default=224, help="longest sequence of passage and option")
    return parser


if __name__ == "__main__":
    sys.exit(main())
