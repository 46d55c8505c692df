"""A notebook's way to the disk: measurements in, figures and tables out."""

import html
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from insidebert.errors import InputError
from insidebert.files import remove_leftovers
from insidebert.papers import paper, paper_of, papers
from insidebert.results import artifacts, claims
from insidebert.results.failures import record_failure
from insidebert.results.measurements import Measurement, measurements
from insidebert.results.paths import COMMITTED, INTERACTIVE, Paths, plain_name
from insidebert.results.records import Part, Record
from insidebert.results.scoreboard import plain

if TYPE_CHECKING:
    from IPython.display import Markdown
    from matplotlib.figure import Figure
    from pandas.io.formats.style import Styler


@dataclass(frozen=True)
class Workspace:
    """One paper's results in one profile.

    Args:
        paper: such as `open_sesame`.
        notebook: the name under which results are recorded.
        paths: where they go.
        fresh: measure what could be read back.
    """

    paper: str
    notebook: str
    paths: Paths
    fresh: bool = False
    unmeasured: dict[str, "Unmeasured"] = field(default_factory=dict, compare=False)

    @classmethod
    def open(cls, notebook: str, profile: str, fresh: bool = False) -> "Workspace":
        """The workspace of a notebook, whose name says the paper: `21-look-at-surface` is one of `look_at`."""
        if not (paper := paper_of(plain_name(notebook, "notebook"))):
            known = ", ".join(own.name.replace("_", "-") for own in papers())
            raise InputError(f"notebook {notebook!r} belongs to no paper; it is NN-PAPER-TOPIC, with one of {known}")
        work = cls(paper.name, notebook, Paths.find(profile), fresh)
        remove_leftovers(work.paths.results, work.paths.figures, work.paths.output, work.paths.cache)
        return work

    def measure(self, name: str, function: Callable, names: list[str] | None, **settings) -> dict[str, pd.DataFrame]:
        """Measure something on every model, or read it back if it has been measured before.

        Each model's part is kept as soon as it is there, so an interrupted run goes on where it stopped. What is kept
        is found again by all that it depends on: see `cache.identity`, and the model's weights. In the interactive
        profile it is also found among the committed results, unless the workspace is `fresh`; in every other one the
        rows of models that were measured before, in the same way, stay beside this run's, unless the environment
        variable INSIDEBERT_ONLY is set. A model that fails is recorded as a failure and costs no other its rows.

        Args:
            name: of the tidy tables, `<name>-<table>.csv`.
            function: (model, **settings) -> {table: tidy DataFrame}; without a model if `names` is None.
            names: models, as `loading.resolve` reads them.
            settings: plain values; a Path stands for the text below it and is known by its content. A dict with a key
                for the label of every model holds settings by model: each gets, and is known by, its own alone.

        Returns:
            The tables of all models, one under the other, with columns `model` and `weights` in front. Where no model
            can be measured they refuse to be read, saying why, and what is drawn from them says so in its place.

        Raises:
            InputError: a setting or a name cannot be used.
        """
        from insidebert.models import loading  # brings torch along, which collecting and drawing do without

        sources = [None] if names is None else [loading.resolve(model) for model in names]
        _refuse_namesakes(names or [], sources)
        asked = measurements(name, self.notebook, function, sources, settings, self.paths.root)
        record = replace(asked[0].record, parts=[])
        before = Record.read(self._folder, name)
        alike = before if before and before.about["settings"] == record.about["settings"] else None
        committed, failed, read_back = self._committed(record), [], []
        for own in asked:
            try:
                if part := committed and committed.part(own.about):
                    read_back.append(part)
                else:
                    part = self._measured(own)
                record.parts.append(part.settled(alike and alike.part(own.about)))
            except Exception as error:  # whatever it is, the other models' results are not to be lost by it
                failed.append((own.source, error))
        if self.paths.profile != INTERACTIVE and not os.environ.get("INSIDEBERT_ONLY"):
            record = record.joined(before, [own.whose for own in asked])
        if not record.parts and not all(isinstance(error, InputError) for _, error in failed):
            raise next(error for _, error in failed if not isinstance(error, InputError))
        self._tell(name, failed, read_back)
        if not record.parts:
            return self.unmeasured.setdefault(name, Unmeasured(name, str(failed[0][1])))
        record.write(self._folder)
        return record.tables

    def draw(self, slug: str) -> "Figure | Styler | Markdown":
        """Draw one of the paper's artifacts from the tidy tables and write its files."""
        artifact = self._artifact(slug)
        folder = artifact.sources(self.paths, self.paper)
        if why := self._lacking(f"{artifact.label} is not drawn", artifact.tables, folder):
            return why
        made = artifacts.render(artifact, folder, self.paths.figures / self.paper)
        return shown(made) if isinstance(made, pd.DataFrame) else made

    def seen(self, slug: str) -> "Markdown | None":
        """What is seen in one of the paper's artifacts, a sentence a model, its numbers read from the tidy tables."""
        artifact = self._artifact(slug)
        folder = artifact.sources(self.paths, self.paper)
        if why := self._lacking(f"{artifact.label} is not drawn", artifact.tables, folder):
            return why
        tables = artifact.read(folder)
        sentences = artifact.seen(*tables) if artifact.seen else []
        from IPython.display import Markdown  # brings half a second and a console along

        return Markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences)) if sentences else None

    def findings(self, *names: str) -> "Styler | Markdown":
        """What the paper says of some measurements beside what was measured: a row per claim and model."""
        if why := self._lacking("The findings are not decided", [f"{name}-" for name in names], self._folder):
            return why
        own = [claim for claim in claims.read(self.paper) if claim.table.rpartition("-")[0] in names]
        return shown(claims.findings(own, self._folder))

    def _lacking(self, said: str, tables: Sequence[str], folder: Path) -> "Markdown | None":
        """What stands in the place of what no model could be measured for, if nothing older is there either."""
        for table in tables:
            why = self.unmeasured.get(table.rpartition("-")[0])
            if why is not None and not any(folder.glob(f"{table}*.csv")):
                from IPython.display import Markdown

                return Markdown(f"*{said}: {html.escape(str(why))}*")
        return None

    def _artifact(self, slug: str) -> artifacts.Artifact:
        known = {artifact.slug: artifact for artifact in paper(self.paper).load("artifacts")}
        if slug not in known:
            raise InputError(f"{self.paper} has no artifact {slug!r}; it has {', '.join(known)}")
        return known[slug]

    @property
    def _folder(self) -> Path:
        return self.paths.results / self.paper

    def _committed(self, record: Record) -> Record | None:
        """The committed record of the same measurement, for who reads interactively."""
        if self.paths.profile != INTERACTIVE or self.fresh:
            return None
        folder = replace(self.paths, profile=COMMITTED).results / self.paper
        kept = Record.read(folder, record.about["measurement"])
        return kept if kept and kept.key == record.key else None

    def _measured(self, own: Measurement) -> Part:
        """One model's part, from the cache if it is there and whole."""
        kept = None if self.fresh else own.kept(self.paths.cache)
        return kept or own.keep(self.paths.cache, *own.made())

    def _tell(self, name: str, failed: list[tuple], read_back: list[Part]) -> None:
        """Say and record what was not measured, and say what was only read."""
        for source, error in failed:
            reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            record_failure(self.paths, self.notebook, reason, name, source.label)
            print(f"{name}, {source.label}: not measured, because {reason}", file=sys.stderr)
        for said in dict.fromkeys((part.measured["date"], part.measured["processor"]) for part in read_back):
            print(
                f"{name}: read from the committed record of {said[0]}, measured on {said[1]}; "
                "FRESH = True measures it here"
            )


@dataclass(frozen=True)
class Unmeasured(Mapping):
    """Stands for the tables of a measurement that no model could have, so that the rest of a notebook runs."""

    measurement: str
    reason: str

    def __str__(self) -> str:
        return f"{self.measurement} was not measured, because {self.reason}"

    def __getitem__(self, table: str):
        raise InputError(f"{self}; leave this cell out, or name another model in MODELS")

    def __iter__(self):
        return iter(())

    def __len__(self) -> int:
        return 0


def shown(table: pd.DataFrame) -> "Styler":
    """A table as a notebook shows it: without its index, and with text from outside as text."""
    return table.style.hide().format(escape="html").format_index(escape="html", axis=1)


def _refuse_namesakes(names: list[str], sources: list) -> None:
    known = {}
    for source, model in zip(sources, names, strict=False):
        other = known.setdefault((source.label, source.weights), model)
        if other != model:
            raise InputError(f"models {other} and {model} would both be called {source.label}; rename a folder")
