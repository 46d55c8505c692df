"""The command behind the Makefile: `python -m insidebert figures --profile embedded`."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from insidebert.errors import InputError, NotebookError
from insidebert.files import write_json
from insidebert.models.embedded import EMBEDDED
from insidebert.models.names import absolute
from insidebert.papers import paper, paper_of, papers
from insidebert.results import artifacts, claims, scoreboard
from insidebert.results.compare import compare
from insidebert.results.failures import clear_failures, failures, record_failure
from insidebert.results.notebooks import discover, execute, fingerprints, up_to_date
from insidebert.results.parameters import checked, given, merged, profile_file, profile_parameters
from insidebert.results.paths import COMMITTED, FROM_SCRATCH, Paths
from insidebert.results.records import seconds_taken
from insidebert.results.tables import tables_intact


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error that the reader can mend is one line, without a traceback."""
    options = _parser().parse_args(arguments)
    if getattr(options, "only", False):
        os.environ["INSIDEBERT_ONLY"] = "1"  # kernels inherit it
    return guarded(lambda: options.run(options))


def guarded(command) -> int:
    """Run a command; what can be mended is told without a traceback, and is exit status 1."""
    try:
        return command() or 0
    except (InputError, NotebookError) as error:
        print(f"insidebert: {error}", file=sys.stderr)
    except OSError as error:
        print(f"insidebert: {error}; files that were there before are as they were", file=sys.stderr)
    except KeyboardInterrupt:
        print(
            "insidebert: interrupted; what was measured is kept, `figures`, `run` and `sweep` go on from there",
            file=sys.stderr,
        )
        return 130
    return 1


def figures(options) -> int:
    """Run the notebooks whose executed copy is not up to date, then collect; one that fails does not stop others."""
    paths = _paths(options)
    planned = _planned(paths, options, options.profile)
    made_from = fingerprints(planned, paths)
    stale = {
        name: planned[name]
        for name in planned
        if not (up_to_date(_executed(paths, name), made_from[name]) and tables_intact(name, paths.results))
    }
    _check(stale, paths)
    for name in [name for name in planned if name not in stale]:
        print(f"{name} is up to date")
    if options.scheduler and stale:
        from insidebert.sweep.command import measure_planned

        measure_planned(stale, paths, scheduler=options.scheduler)
    # Measured on two processors: notebooks 23 and 24 take 186 s beside each other and 236 s one after the other.
    jobs = options.jobs or (min(2, os.cpu_count() or 1) if options.profile == COMMITTED else 1)
    if jobs > 1:
        _run_apart(list(stale), paths, options, jobs)
    else:
        _run(stale, paths, made_from, options.threads)
    return _finish(paths, options, planned)


def run(options) -> int:
    """Run one notebook."""
    paths = _paths(options)
    planned = _planned(paths, options, options.profile, only=options.notebook)
    _check(planned, paths)
    _run(planned, paths, fingerprints(planned, paths), options.threads)
    return _told(paths, planned)


def sweep(options) -> int:
    """Measure every model of a zoo, on this machine or on a Dask cluster; a sweep that was cut off goes on."""
    from insidebert.sweep import command

    given = {name: getattr(options, name) for name in ("keep", "scheduler", "workers", "threads", "memory")}
    return command.sweep(options.zoo, **given)


def train(options) -> None:
    """Fine-tune a notebook's reader into CHECKPOINT, where the notebook finds it; `accelerate launch` spreads it."""
    paths = _paths(options)
    planned = _planned(paths, options, options.profile, only=options.notebook)
    ((notebook, parameters),) = planned.values()
    own = paper_of(notebook.name)
    if not own or "CHECKPOINT" not in parameters:
        keep = [path.stem for path in paths.notebooks.glob("*.ipynb") if (p := paper_of(path.stem)) and p.train]
        raise InputError(f"notebook {notebook.name} trains nothing that is kept; take {', '.join(sorted(keep))}")
    if not parameters["CHECKPOINT"]:
        raise InputError(f"notebook {notebook.name} keeps no training; -p CHECKPOINT=FOLDER names where to keep it")
    trained = own.load("train")
    _check(planned, paths)
    for name in parameters["MODELS"]:
        print(trained(name, paths, parameters))


def collect(options) -> int:
    """Draw what is missing, write the manifest and the scoreboard, and say where everything is."""
    return _finish(_paths(options), options, {})


def redraw(options) -> int:
    """Draw every figure and table again from the tidy tables, without a model."""
    paths = _paths(options)
    for own in [paper(options.paper)] if options.paper else papers():
        for artifact in own.load("artifacts"):
            artifacts.render(artifact, artifact.sources(paths, own.name), paths.figures / own.name)
    if options.profile == COMMITTED and not options.paper:
        from insidebert.sweep.tables import draw

        for zoo in paths.kept_zoos:
            draw(*paths.of_zoo(zoo, keep=True))
    return collect(options)


def reproduce(options) -> int:
    """Measure everything anew, from scratch, and compare with the kept tables."""
    kept, fresh = _paths(options), Paths.find(FROM_SCRATCH)
    planned = _planned(kept, options, FROM_SCRATCH)
    _check(planned, kept)
    shutil.rmtree(fresh.output, ignore_errors=True)
    _run(planned, fresh, {}, options.threads)
    names = [options.paper] if options.paper else [own.name for own in papers()]
    report, different = compare(kept.results, fresh.results, names)
    print(report)
    return _told(fresh, planned) or min(different, 1)


def models(options) -> None:
    """List the embedded models."""
    for name, model in EMBEDDED.items():
        print(f"{name:20}{model.about}  [{model.requirement}]")


def _paths(options) -> Paths:
    """Folders of a profile that exists; what was run interactively can be collected too."""
    paths = Paths.find(options.profile)
    if options.profile != "interactive" or options.run in (figures, run, train, reproduce):
        profile_file(paths.notebooks / "profiles", options.profile)
    return paths


def _planned(paths: Paths, options, profile: str, only: str | None = None) -> dict[str, tuple]:
    """Notebook -> (the notebook, its parameters), types and ranges checked."""
    found = discover(paths, options.paper)
    if only:
        names = [notebook.name for notebook in found]
        if only not in names:
            raise InputError(f"no notebook {only!r}; there are {', '.join(names)}")
        found = [notebook for notebook in found if notebook.name == only]
    everything = [notebook.name for notebook in discover(paths)]
    set_by_profile = profile_parameters(paths.notebooks / "profiles", options.profile, everything)
    chosen = given(options.parameter, [notebook.defaults for notebook in found])
    chosen |= {"PROFILE": profile} | ({"MODELS": options.models} if options.models else {})
    planned = {}
    for notebook in found:
        own = {name: value for name, value in chosen.items() if name in notebook.defaults}
        parameters = checked(notebook.name, notebook.defaults, merged(set_by_profile[notebook.name], own))
        if "MODELS" in parameters:  # notebooks run in their own folder
            parameters["MODELS"] = [absolute(name) for name in parameters["MODELS"]]
        if parameters.get("READER"):
            parameters["READER"] = absolute(parameters["READER"])
        planned[notebook.name] = notebook, parameters
    return planned


def _check(planned: dict[str, tuple], paths: Paths) -> None:
    if planned:
        from insidebert.results.checks import check  # brings the widgets along, which most commands do without

        check({name: parameters for name, (_, parameters) in planned.items()}, paths)


def _executed(paths: Paths, name: str):
    return paths.executed / f"{name}.ipynb"


def _run(planned: dict[str, tuple], paths: Paths, made_from: dict[str, str], threads: int) -> None:
    """Run notebooks one after the other; why some failed is recorded."""
    for name, (notebook, parameters) in planned.items():
        start = time.perf_counter()
        print(f"{name} ...", flush=True)
        clear_failures(paths, name)
        try:
            execute(notebook, parameters, _executed(paths, name), made_from.get(name, ""), threads)
            print(f"{name} took {time.perf_counter() - start:.0f} s", flush=True)
        except NotebookError as error:
            record_failure(paths, name, str(error))
            print(f"{name} failed after {time.perf_counter() - start:.0f} s", flush=True)


def _run_apart(names: list[str], paths: Paths, options, jobs: int) -> None:
    """Run notebooks in processes of their own, some at a time.

    Those that took longest begin, so that the processes end together; what was never measured may be long too.
    """
    taken = seconds_taken(paths.results)
    names = sorted(names, key=lambda name: -taken.get(name, float("inf")))
    command = [sys.executable, "-m", "insidebert", "run", "--profile", options.profile]
    command += ["--threads", str(options.threads)]
    command += [flag for item in options.parameter for flag in ("-p", item)]
    command += ["--models", *options.models] if options.models else []

    def apart(name: str) -> None:
        status = subprocess.run([*command, "--", name]).returncode
        if status and not any(row["notebook"] == name for row in failures(paths)):
            record_failure(paths, name, f"its process ended with status {status}")

    for name in names:
        clear_failures(paths, name)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(apart, names))


def _finish(paths: Paths, options, planned: dict) -> int:
    """Collect what there is and sum up what failed; 1 if something did."""
    known = {own.name: own.load("artifacts") for own in papers()}
    for name, own in known.items():
        for artifact in own:
            sources = artifact.sources(paths, name)
            tables_there = all((sources / f"{table}.csv").exists() for table in artifact.tables)
            if tables_there and not any((paths.figures / name).glob(f"{artifact.slug}.*")):
                artifacts.render(artifact, sources, paths.figures / name)
    drawn = {(own.name, slug): n.name for n in discover(paths) if (own := paper_of(n.name)) for slug in n.draws}
    entries = artifacts.manifest(paths, known, drawn)
    write_json(paths.figures / "manifest.json", entries)
    status = _told(paths, planned)
    print(scoreboard.in_small(claims.collect(paths, tuple(known))))
    there = [entry for entry in entries if not entry["missing"]]
    print(f"\n{len(there)} of {len(entries)} figures and tables: {paths.figures}")
    print(f"tidy tables: {paths.results}\nscoreboard with numbers: {paths.figures / 'claims.md'}")
    return status


def _told(paths: Paths, planned: dict) -> int:
    """Say what failed in some notebooks, or in all if none are named; 1 if something did."""
    failed = [row for row in failures(paths) if not planned or row["notebook"] in planned]
    for row in failed:
        about = ", ".join(filter(None, (row["notebook"], row["measurement"], row["model"])))
        print(f"not measured, {about}: because {row['reason']}", file=sys.stderr)
    if names := sorted({row["notebook"] for row in failed}):
        print(f"{len(names)} of the notebooks failed, wholly or for a model: {', '.join(names)}", file=sys.stderr)
    return int(bool(failed))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1, such as 2")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m insidebert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for function in (figures, run, sweep, train, collect, redraw, reproduce, models):
        command = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        command.set_defaults(run=function)
        if function in (figures, sweep):
            command.add_argument("--scheduler", default="", metavar="tcp://HOST:8786", help="of a Dask cluster")
        if function is sweep:
            command.add_argument("zoo", type=Path, help="a zoo file, such as zoo/embedded.yml")
            command.add_argument("--keep", action="store_true", help="tables and figures go to the repository's own")
            command.add_argument("--workers", type=_count, default=1, help="processes on this machine")
            command.add_argument("--threads", type=_count, default=1, help="of every process")
            command.add_argument("--memory", default="auto", help="limit of every process on this machine, such as 4GB")
            continue
        command.add_argument("--profile", default=COMMITTED, help="embedded (default), smoke, paper")
        command.add_argument("--paper", choices=[own.name for own in papers()], help="only this paper")
        if function in (figures, run, train, reproduce):
            command.add_argument("--models", nargs="+", help="models in place of the profile's")
            command.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")
        if function is figures:
            command.add_argument("--jobs", type=_count, help="notebooks at a time; embedded 2, else 1")
        if function in (figures, run, reproduce):
            command.add_argument("--threads", type=_count, default=1, help="of a notebook; 1 writes the same anywhere")
        if function in (figures, run):
            command.add_argument("--only", action="store_true", help="tables of these models alone, nobody else's rows")
        if function in (run, train):
            command.add_argument("notebook")
    return parser


if __name__ == "__main__":
    sys.exit(main())
