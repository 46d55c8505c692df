"""The command behind the Makefile: `python -m insidebert figures --profile embedded`."""

import argparse
import shutil
import sys
import time

import yaml

from insidebert.errors import InputError
from insidebert.models.embedded import EMBEDDED
from insidebert.models.loading import absolute
from insidebert.results import artifacts, claims
from insidebert.results.compare import compare
from insidebert.results.notebooks import Notebook, NotebookError, checked, discover, execute, merged, profile_parameters
from insidebert.results.paths import COMMITTED, FROM_SCRATCH, Paths
from insidebert.results.workspace import PAPERS, paper_artifacts


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error that the reader can mend is one line, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (InputError, NotebookError) as error:
        print(f"insidebert: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"insidebert: {error}; files that were there before are as they were", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "insidebert: interrupted; what was measured is kept, `figures` and `run` go on from there", file=sys.stderr
        )
        return 130


def figures(options) -> None:
    """Run the notebooks, then collect."""
    paths = Paths.find(options.profile)
    for notebook, parameters in _planned(paths, options, options.profile).values():
        _execute(notebook, parameters, paths)
    collect(options)


def run(options) -> None:
    """Run one notebook."""
    paths = Paths.find(options.profile)
    (planned,) = _planned(paths, options, options.profile, only=options.notebook).values()
    _execute(*planned, paths)


def train(options) -> None:
    """Fine-tune a notebook's reader into CHECKPOINT, where the notebook finds it; `accelerate launch` spreads it."""
    from insidebert.models import loading
    from insidebert.papers.mcrc.attacks import fine_tuned
    from insidebert.papers.mcrc.question_sets import splits_of

    paths = Paths.find(options.profile)
    ((notebook, parameters),) = _planned(paths, options, options.profile, only=options.notebook).values()
    if not parameters.get("CHECKPOINT"):
        raise InputError(f"notebook {notebook.name} keeps no training; -p CHECKPOINT=FOLDER names where to keep it")
    counts = [parameters[name] for name in ("TRAIN", "DEVELOPMENT", "TEST")]
    questions = splits_of(paths.data(parameters["DATASET"]), *counts, parameters["PLANTED"])[:2]
    plan, checkpoint = parameters["PLAN"] | parameters["RATES"], paths.data(parameters["CHECKPOINT"])
    for name in parameters["MODELS"]:
        reader = fine_tuned(loading.load(loading.resolve(name)), *questions, plan, checkpoint=checkpoint)
        if reader.first_process:
            print(f"{name}: development accuracy {reader.development:.3f}, kept in {parameters['CHECKPOINT']}")


def collect(options) -> None:
    """Draw what is missing, write the manifest and the scoreboard, and say where everything is."""
    paths = Paths.find(options.profile)
    for paper in PAPERS:
        for artifact in paper_artifacts(paper):
            sources = artifact.sources(paths, paper)
            tables_there = all((sources / f"{name}.csv").exists() for name in artifact.tables)
            if tables_there and not any((paths.figures / paper).glob(f"{artifact.slug}.*")):
                artifacts.render(artifact, sources, paths.figures / paper)
    table = claims.collect(paths, PAPERS)
    entries = artifacts.manifest(paths, {paper: paper_artifacts(paper) for paper in PAPERS})
    artifacts.write_json(paths.figures / "manifest.json", entries)
    print(claims.scoreboard(table))
    there = [entry for entry in entries if not entry["missing"]]
    print(f"\n{len(there)} of {len(entries)} figures and tables: {paths.figures}")
    print(f"tidy tables: {paths.results}\nscoreboard with numbers: {paths.figures / 'claims.md'}")


def redraw(options) -> None:
    """Draw every figure and table again from the tidy tables, without a model."""
    paths = Paths.find(options.profile)
    for paper in [options.paper] if options.paper else PAPERS:
        for artifact in paper_artifacts(paper):
            artifacts.render(artifact, artifact.sources(paths, paper), paths.figures / paper)
    collect(options)


def reproduce(options) -> int:
    """Measure everything anew, from scratch, and compare with the kept tables."""
    kept, fresh = Paths.find(options.profile), Paths.find(FROM_SCRATCH)
    shutil.rmtree(fresh.output, ignore_errors=True)
    for notebook, parameters in _planned(kept, options, FROM_SCRATCH).values():
        _execute(notebook, parameters, fresh)
    report, different = compare(kept.results, fresh.results, [options.paper] if options.paper else list(PAPERS))
    print(report)
    return 1 if different else 0


def bench(options) -> None:
    """Print what the measurements cost, as ratios to the bare forward pass."""
    from bench.report import report

    papers = [options.paper] if options.paper else list(PAPERS)
    data = Paths.find().data
    questions = {"dataset": data(options.questions), "count": options.train, "pieces": options.pieces}
    report(options.models or list(EMBEDDED), papers, options.treebank and data(options.treebank), questions)


def book(options) -> None:
    """Build the book, a static site, from the executed notebooks."""
    from book.site import site

    print(f"the book: {site(Paths.find(options.profile), PAPERS)}")


def slides(options) -> None:
    """Make slides of the executed notebooks."""
    from book.site import decks

    print(*(f"slides: {path}" for path in decks(Paths.find(options.profile))), sep="\n")


def models(options) -> None:
    """List the embedded models."""
    for name, model in EMBEDDED.items():
        print(f"{name:20}{model.about}  [{model.requirement}]")


def _planned(paths: Paths, options, profile: str, only: str | None = None) -> dict[str, tuple[Notebook, dict]]:
    """Notebooks and their parameters, all checked before the first one runs."""
    found = discover(paths, options.paper)
    if only:
        names = [notebook.name for notebook in found]
        if only not in names:
            raise InputError(f"no notebook {only!r}; there are {', '.join(names)}")
        found = [notebook for notebook in found if notebook.name == only]
    everything = [path.stem for path in sorted(paths.notebooks.glob("*.ipynb"))]
    set_by_profile = profile_parameters(paths.notebooks / "profiles", options.profile, everything)
    chosen = {"PROFILE": profile} | ({"MODELS": options.models} if options.models else {})
    for item in options.parameter:
        name, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"parameter {item!r} is not NAME=VALUE")
        if not any(name in notebook.defaults for notebook in found):
            raise InputError(f"no parameter {name!r} in {', '.join(notebook.name for notebook in found)}")
        chosen[name] = yaml.safe_load(value)
    planned = {}
    for notebook in found:
        own = {name: value for name, value in chosen.items() if name in notebook.defaults}
        parameters = checked(notebook, merged(set_by_profile[notebook.name], own))
        parameters["MODELS"] = [absolute(name) for name in parameters["MODELS"]]  # notebooks run in their own folder
        planned[notebook.name] = notebook, parameters
    return planned


def _execute(notebook: Notebook, parameters: dict, paths: Paths) -> None:
    start = time.perf_counter()
    print(f"{notebook.name} ...", flush=True)
    execute(notebook, parameters, paths.executed / f"{notebook.name}.ipynb")
    print(f"{notebook.name} took {time.perf_counter() - start:.0f} s", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m insidebert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for function in (figures, run, train, collect, redraw, reproduce, book, slides, bench, models):
        command = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        command.set_defaults(run=function)
        command.add_argument("--profile", default=COMMITTED, help="embedded (default), smoke, paper")
        command.add_argument("--paper", choices=PAPERS, help="only this paper")
        if function in (figures, run, train, reproduce, bench):
            command.add_argument("--models", nargs="+", help="models in place of the profile's")
        if function in (figures, run, train, reproduce):
            command.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")
        if function in (run, train):
            command.add_argument("notebook")
        if function is bench:
            command.add_argument("--treebank", help="a CoNLL-U file in place of ours")
            command.add_argument("--questions", default="scripts", help="a data set in place of ours")
            command.add_argument("--train", type=int, default=240, help="so many of its questions behind the accuracy")
            command.add_argument("--pieces", type=int, default=224, help="longest sequence of passage and option")
    return parser


if __name__ == "__main__":
    sys.exit(main())
