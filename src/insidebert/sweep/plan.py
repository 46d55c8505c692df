"""What notebooks would measure, found by running the statements that their measurements rest on, and nothing else."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from insidebert.errors import InputError
from insidebert.models.names import draw_of, parts_of
from insidebert.results.measurements import Measurement, measurements
from insidebert.results.paths import Paths
from insidebert.results.workspace import Workspace
from insidebert.sweep.slices import measuring

if TYPE_CHECKING:
    from insidebert.models.loading import Source


@dataclass(frozen=True)
class Asked:
    """What one notebook asks with one set of parameters.

    Args:
        measurements: that can be named by now.
        waiting: names of those whose settings rest on tables that are not there yet.
    """

    measurements: tuple[Measurement, ...]
    waiting: tuple[str, ...]


def asked(
    notebook: Path,
    parameters: dict,
    paths: Paths,
    source_of: "Callable[[str], Source]",
    there: Callable[[Measurement], bool],
) -> Asked:
    """The measurements of a notebook, under the keys that it would find them by itself.

    Args:
        notebook: the source.
        parameters: all of them, checked.
        paths: whose cache is meant.
        source_of: model name -> what `loading.resolve` would give.
        there: measurement -> whether its tables are in the cache.

    Raises:
        InputError: a setting cannot be used; a statement fails, with its place.
    """
    work = _Planned(paths, source_of, there)
    names, later, waiting = dict(parameters), set(), []
    for statement in measuring(notebook):
        if statement.uses & later:
            later |= statement.binds
            waiting += statement.measures
            continue
        work.incomplete = False
        try:
            exec(compile(ast.Module([statement.tree], []), statement.place, "exec"), names)
        except InputError:
            raise
        except Exception as error:  # the notebook would stop there, whatever it is
            raise InputError(f"{statement.place}: {type(error).__name__}: {error}") from error
        if work.incomplete:
            later |= statement.binds
        names |= {name: work for name, value in names.items() if value is Workspace}
    return Asked(tuple(work.found), tuple(waiting))


@dataclass
class _Planned:
    """Stands for the workspace: notes what would be measured, and reads what is there."""

    paths: Paths
    source_of: "Callable[[str], Source]"
    there: Callable[[Measurement], bool]
    found: list[Measurement] = field(default_factory=list)
    notebook: str = ""
    incomplete: bool = False

    def open(self, notebook: str, profile: str, fresh: bool = False) -> "_Planned":
        self.notebook = notebook
        return self

    def measure(self, name: str, function: Callable, names: list[str] | None, **settings) -> "_Tables":
        sources = [None] if names is None else [self.source_of(model) for model in names]
        own = measurements(name, self.notebook, function, sources, settings, self.paths.root)
        self.found += own
        self.incomplete = self.incomplete or not all(map(self.there, own))
        return _Tables(own, self.paths.cache)

    def draw(self, *names: str) -> None:
        """Nothing is drawn."""

    seen = findings = draw


@dataclass(frozen=True)
class _Tables:
    """Tables of some measurements, read when one is asked for."""

    measurements: Sequence[Measurement]
    cache: Path

    def __getitem__(self, table: str) -> pd.DataFrame:
        parts = [part for own in self.measurements if (part := own.kept(self.cache))]
        if not parts:
            raise InputError(f"{self.measurements[0].name} could not be measured on any model")
        return pd.concat([part.tables[table] for part in parts], ignore_index=True)


def drawn(name: str, trained: "Callable[[str], Source]") -> "Source":
    """What `loading.resolve` gives for a name, where the trained model has been found already.

    Args:
        name: perhaps `random:...`.
        trained: name of a trained model -> its source.
    """
    random, base, revision, options = parts_of(name)
    if not random:
        return trained(name)
    return replace(trained(f"{base}@{revision}" if revision else base), **draw_of(name, options))
