"""A sweep from beginning to end: plan, measure, plan again where settings rest on tables, until nothing is left."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import remove_leftovers, write_json
from insidebert.models.embedded import EMBEDDED
from insidebert.models.names import absolute, folder_at, parts_of
from insidebert.papers import paper, paper_of
from insidebert.results.measurements import Measurement
from insidebert.results.notebooks import Notebook, discover
from insidebert.results.parameters import checked, merged, profile_file, profile_parameters
from insidebert.results.paths import Paths
from insidebert.sweep import tables
from insidebert.sweep import zoo as zoos
from insidebert.sweep.cluster import Cluster, opened
from insidebert.sweep.plan import Asked, asked, drawn
from insidebert.sweep.run import identified, measure

FAILED = ("model", "notebook", "measurement", "reason")


@dataclass(frozen=True)
class Run:
    """One notebook with one set of parameters.

    Args:
        member: of the zoo, for whoever reads what failed.
        notebook: the source.
        parameters: all of them, checked.
    """

    member: str
    notebook: Notebook
    parameters: dict


@dataclass
class Sweep:
    """What is asked, what is there, and what failed.

    Args:
        paths: whose cache is filled.
        cluster: that measures.
        shards: parts of a large corpus.
        say: what to do with a line for the reader.
    """

    paths: Paths
    cluster: Cluster
    shards: int = 1
    say: Callable[[str], None] = print
    failures: list[dict] = field(default_factory=list)
    plans: dict[tuple[str, str], Asked] = field(default_factory=dict)
    _there: dict[str, bool] = field(default_factory=dict)
    _sources: dict[str, object] = field(default_factory=dict)
    _measurements: dict[str, Measurement] = field(default_factory=dict)

    def all(self, runs: list[Run]) -> None:
        """Measure all that notebooks ask and that is not in the cache; what fails costs nothing else its tables."""
        self._identify({name for run in runs for name in run.parameters.get("MODELS", [])})
        waiting = runs
        while waiting:
            for run in waiting:
                self._plan(run)
            todo = [own for own in self._measurements.values() if not self._is_there(own)]
            self.say(f"{len(self._measurements)} measurements, {len(self._measurements) - len(todo)} of them are there")
            again = [run for run in waiting if self._of(run).waiting]
            if not todo and len(again) == len(waiting):
                break
            start, total, ended = time.perf_counter(), len(todo), []

            def done(own: Measurement, reason: str, start=start, total=total, ended=ended) -> None:
                ended.append(own)
                seconds = time.perf_counter() - start
                told = f"failed: {reason}" if reason else "done"
                self.say(f"[{len(ended)}/{total}, {seconds:.0f} s] {own.name}, {_label(own)}: {told}")

            failed = measure(todo, self.cluster, self.paths.cache, self.paths.root, self.shards, done)
            self._there |= {own.key: True for own in todo}
            for member, notebook in self.plans:
                for own in self.plans[member, notebook].measurements:
                    if own.key in failed:
                        self._fail(member if own.source else "", notebook, own.name, failed[own.key])
            waiting = again
        for run in waiting:
            for name in self._of(run).waiting:
                self._fail(run.member, run.notebook.name, name, "what its settings rest on was not measured")

    def _plan(self, run: Run) -> None:
        try:
            found = asked(run.notebook.path, run.parameters, self.paths, self._source, self._is_there)
        except InputError as error:
            self._fail(run.member, run.notebook.name, "", str(error))
            found = Asked((), ())
        before = self.plans.get((run.member, run.notebook.name))
        self.plans[run.member, run.notebook.name] = found if found.measurements or not before else before
        self._measurements |= {own.key: own for own in found.measurements}

    def _of(self, run: Run) -> Asked:
        return self.plans[run.member, run.notebook.name]

    def _is_there(self, own: Measurement) -> bool:
        """Whether a measurement is in the cache, whole; or failed, which will not change today."""
        if own.key not in self._there:
            self._there[own.key] = own.kept(self.paths.cache) is not None
        return self._there[own.key]

    def _identify(self, names: set[str]) -> None:
        """Find every trained model: what is here, here; what is on the Hub, where it will be measured."""
        from insidebert.models import loading

        trained = sorted({_trained(name) for name in names})
        here = (".", "/", "~")  # a folder that may be missing, and no name of the Hub
        away = [name for name in trained if not (name in EMBEDDED or folder_at(name) or name.startswith(here))]
        for name in [name for name in trained if name not in away]:
            try:
                self._sources[name] = loading.resolve(name)
            except (InputError, OSError) as error:
                self._sources[name] = InputError(str(error))
        if away:
            self._sources |= identified(away, self.cluster)

    def _source(self, name: str):
        def trained(base: str):
            found = self._sources[base]
            if isinstance(found, Exception):
                raise found
            return found

        return drawn(name, trained)

    def _fail(self, model: str, notebook: str, measurement: str, reason: str) -> None:
        row = dict(zip(FAILED, (model, notebook, measurement, reason), strict=True))
        if row not in self.failures:
            self.failures.append(row)


def runs_of(zoo: zoos.Zoo, members: list[zoos.Member], paths: Paths) -> list[Run]:
    """A run for every member and notebook that takes models.

    Raises:
        InputError: no such profile, paper, notebook or parameter, or a value that does not fit.
    """
    notebooks = discover(paths)
    known = [notebook.name for notebook in notebooks]
    for name in zoo.notebooks:
        if name not in known:
            raise InputError(f"the zoo names a notebook {name!r}; there are {', '.join(known)}")
    owners = [paper(name) for name in zoo.papers]
    if zoo.papers or zoo.notebooks:
        notebooks = [
            notebook
            for notebook in notebooks
            if notebook.name in zoo.notebooks or any(own.owns(notebook.name) for own in owners)
        ]
    profile_file(paths.notebooks / "profiles", zoo.profile)
    of_profile = profile_parameters(paths.notebooks / "profiles", zoo.profile, known)
    if odd := set(zoo.parameters) - {name for notebook in notebooks for name in notebook.defaults}:
        raise InputError(f"the zoo sets {min(odd)!r}, which is a parameter of none of its notebooks")
    if reserved := set(zoo.parameters) & {"MODELS", "PROFILE", "FRESH", "CHECKPOINT"}:
        raise InputError(f"the zoo sets {min(reserved)}; a sweep sets that itself")
    runs = []
    for notebook in notebooks:
        own = {name: value for name, value in zoo.parameters.items() if name in notebook.defaults}
        for member in members:
            chosen = own | {"MODELS": [absolute(member.name)]}
            parameters = checked(notebook.name, notebook.defaults, merged(of_profile[notebook.name], chosen))
            runs.append(Run(member.name, notebook, parameters))
    return runs


def told(failures: list[dict], folder: Path) -> int:
    """Keep and say what failed; 1 if something did."""
    write_json(folder / "failures.json", {"failures": failures})
    for row in failures:
        about = ", ".join(filter(None, (row["notebook"], row["measurement"], row["model"])))
        print(f"not measured, {about}: because {row['reason']}", file=sys.stderr)
    return int(bool(failures))


def _label(own: Measurement) -> str:
    if own.source is None:
        return "data"
    twin = f"random:{own.source.label}#seed={own.source.seed}"
    return twin if own.source.weights == "random" else own.source.label


def _trained(name: str) -> str:
    _, base, revision, _ = parts_of(name)
    return f"{base}@{revision}" if revision else base


def sweep(path: Path, keep: bool = False, **cluster) -> int:
    """Measure a zoo; the exit status is 1 if something failed.

    Args:
        path: of the zoo file.
        keep: tables and figures go where the repository keeps them, and the book shows them.
        cluster: arguments of `cluster.opened`.

    Raises:
        InputError: the zoo cannot be read, a parameter or a data set cannot be used, there is no cluster.
    """
    zoo, members = zoos.read(path)
    paths = Paths.find(f"zoo-{path.stem}")
    remove_leftovers(paths.output, paths.cache)
    runs = runs_of(zoo, members, paths)
    check({run.notebook.name: run for run in reversed(runs)}, paths)
    with opened(**cluster) as machines:
        made = Sweep(paths, machines, zoo.shards)
        made.all(runs)
    results, figures = paths.of_zoo(path.stem, keep)
    verdicts = tables.write(made.plans, members, made.failures, paths.cache, results)
    tables.draw(results, figures)
    status = told(made.failures, paths.output)
    counts = verdicts["verdict"].value_counts()
    print(
        f"{len(members)} models, {verdicts['id'].nunique()} claims: " + ", ".join(f"{n} {v}" for v, n in counts.items())
    )
    print(f"tidy tables: {results}\nfigures: {figures}")
    return status


def check(runs: dict[str, Run], paths: Paths) -> None:
    """What can be known before anything runs: each notebook's data, asked of one member.

    Raises:
        InputError: all that was found, a line each.
    """
    found = []
    for name, run in runs.items():
        if (own := paper_of(name)) and own.check:
            try:
                own.load("check")(run.parameters, paths)
            except InputError as error:
                found.append(f"notebook {name}: {error}")
    if found:
        raise InputError("nothing was run:\n" + "\n".join(found))


def measure_planned(planned: dict[str, tuple], paths: Paths, **cluster) -> None:
    """Measure on a cluster what notebooks are about to ask; what fails there is tried again by the notebook itself.

    Args:
        planned: name -> notebook and its parameters, checked.
        paths: of the profile.
        cluster: arguments of `cluster.opened`.
    """
    runs = [Run(", ".join(own.get("MODELS", [])), notebook, own) for notebook, own in planned.values()]
    with opened(**cluster) as machines:
        made = Sweep(paths, machines)
        made.all(runs)
    told(made.failures, paths.output)
