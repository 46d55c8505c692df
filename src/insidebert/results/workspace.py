"""A notebook's way to the disk: measurements in, figures and tables out."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure

import insidebert
from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.results import artifacts, claims
from insidebert.results.paths import Paths

DRAWING = {
    *(
        "plots.py",
        "claims.py",
        "claims.yml",
        "printed.yml",
        "artifacts.py",
        "workspace.py",
        "notebooks.py",
    ),
    *("book.py", "slides.py", "publish.py", "explorer.py", "views.py", "bench.py", "yardsticks.py"),
    *("reproduce.py", "errors.py", "paths.py", "__init__.py", "__main__.py"),
}
"""Modules that no measurement depends on, beside those named `...figures.py` and `check`; changing them recomputes
nothing."""

PAPERS = ("open_sesame", "look_at", "mcrc")


@dataclass(frozen=True)
class Workspace:
    """One paper's results in one profile.

    Args:
        paper: such as `open_sesame`.
        notebook: the name under which results are recorded.
        paths: where they go.
    """

    paper: str
    notebook: str
    paths: Paths

    @classmethod
    def open(cls, paper: str, notebook: str, profile: str) -> "Workspace":
        """The workspace of a notebook."""
        if paper not in PAPERS:
            raise InputError(f"no paper {paper!r}; there are {', '.join(PAPERS)}")
        return cls(paper, notebook, Paths.find(profile))

    def measure(self, name: str, function: Callable, names: list[str] | None, **settings) -> dict[str, pd.DataFrame]:
        """Measure something on every model, or read it back if it has been measured before.

        Each model's part is kept as soon as it is there, so an interrupted run goes on where it stopped. What is kept
        is found again by the model's weights, the settings and the source of every measuring module.

        Args:
            name: of the tidy tables, `<name>-<table>.csv`.
            function: (model, **settings) -> {table: tidy DataFrame}; without a model if `names` is None.
            names: models, as `loading.resolve` reads them.
            settings: plain values; a Path stands for the text below it and is known by its content.

        Returns:
            The tables of all models, one under the other, with columns `model` and `weights` in front.
        """
        sources = [None] if names is None else [loading.resolve(model) for model in names]
        known = {}
        for source, model in zip(sources, names or [None], strict=True):
            other = known.setdefault(source and (source.label, source.weights), model)
            if other != model:
                raise InputError(f"models {other} and {model} would both be called {source.label}; rename a folder")
        parts = [self._measured(name, function, source, settings) for source in sources]
        tables = {key: pd.concat([part[key] for part, _ in parts], ignore_index=True) for key in parts[0][0]}
        written = {f"{name}-{key}": table for key, table in tables.items()}
        for table_name, table in written.items():
            artifacts.write_tidy(self._table(table_name), table)
        record = {
            "measurement": name,
            "notebook": self.notebook,
            "function": f"{function.__module__}.{function.__name__}",
            "settings": _recorded(settings),
            "models": [source.identity for source in sources if source],
            "tables": sorted(written),
            "versions": artifacts.versions(),
            "seconds": round(sum(seconds for _, seconds in parts), 1),
        }
        artifacts.write_json(self._folder / f"{name}.json", record)
        return {key: artifacts.read_tidy(self._table(f"{name}-{key}")) for key in tables}

    def draw(self, slug: str) -> Figure | pd.DataFrame:
        """Draw one of the paper's artifacts from the tidy tables and write its files."""
        artifact = next((a for a in paper_artifacts(self.paper) if a.slug == slug), None)
        if artifact is None:
            known = ", ".join(a.slug for a in paper_artifacts(self.paper))
            raise InputError(f"{self.paper} has no artifact {slug!r}; it has {known}")
        return artifacts.render(artifact, artifact.sources(self.paths, self.paper), self.paths.figures / self.paper)

    def findings(self, *names: str) -> pd.DataFrame:
        """What the paper says of some measurements beside what was measured: a row per claim and model."""
        rows = []
        for claim in claims.read(self.paper):
            if claim.table.rsplit("-", 1)[0] not in names:
                continue
            said = {"the paper says": claim.statement, "where": claim.place, "holds if": claim.holds}
            for row in claims.decide(claim, artifacts.read_tidy(self._table(claim.table))):
                interval = f"{row['measured']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
                rows.append(said | {"model": row["model"], "measured [95%]": interval, "verdict": row["verdict"]})
        return pd.DataFrame(rows)

    def seen(self, slug: str) -> Markdown:
        """What is seen in one of the paper's artifacts, with its numbers from the tidy tables."""
        artifact = next(artifact for artifact in paper_artifacts(self.paper) if artifact.slug == slug)
        sentences = artifacts.seen(artifact, artifact.sources(self.paths, self.paper))
        return Markdown("\n".join(f"- {sentence}" for sentence in sentences))

    @property
    def _folder(self) -> Path:
        return self.paths.results / self.paper

    def _table(self, name: str) -> Path:
        return self._folder / f"{name}.csv"

    def _measured(self, name, function, source, settings) -> tuple[dict[str, pd.DataFrame], float]:
        identity = {
            "function": f"{function.__module__}.{function.__name__}",
            "model": source.identity if source else None,
            "settings": _recorded(settings),
            "code": measuring_code(),
            "versions": artifacts.versions(artifacts.NUMERIC),
        }
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        folder = self.paths.cache / f"{name}-{source.label.replace('/', '--') if source else 'data'}-{key}"
        done = folder / "done.json"  # written last
        if not done.exists():
            start = time.perf_counter()
            tables = function(loading.load(source), **settings) if source else function(**settings)
            for table_name, table in tables.items():
                if source:
                    table.insert(0, "weights", source.weights)
                    table.insert(0, "model", source.label)
                artifacts.write_tidy(folder / f"{table_name}.csv", table)
            seconds = time.perf_counter() - start
            artifacts.write_json(done, identity | {"tables": list(tables), "seconds": seconds})
        record = json.loads(done.read_text(encoding="utf-8"))
        return {table: artifacts.read_tidy(folder / f"{table}.csv") for table in record["tables"]}, record["seconds"]


def paper_artifacts(paper: str) -> tuple[artifacts.Artifact, ...]:
    """Every figure and table of a paper, in the paper's order."""
    return import_module(f"insidebert.papers.{paper}.figures").ARTIFACTS


def measuring_code() -> str:
    """Fingerprint of the source that measurements depend on: modules, grammars, lexicons; but for drawing."""
    package = Path(insidebert.__file__).parent
    files = [
        p
        for ending in ("*.py", "*.grammar", "*.yml")
        for p in package.rglob(ending)
        if p.name not in DRAWING and not p.name.endswith("figures.py") and p.parent.name != "check"
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _recorded(settings: dict) -> dict:
    return {
        name: {"data": value.name, "sha256": _content(value)} if isinstance(value, Path) else value
        for name, value in settings.items()
    }


def _content(path: Path) -> str:
    if not path.exists():
        path = path.with_name(path.name.partition("#")[0])  # a part of a data set, such as RACE#middle
    files = [path]
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".md")
        files = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts)]
    if not files or not all(file.is_file() for file in files):
        raise InputError(f"no text at {path}; name a file or a folder of texts, of treebank files or of questions")
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
