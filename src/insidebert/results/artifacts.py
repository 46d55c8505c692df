"""Files that appear whole or not at all: tidy tables with their provenance, figures, tables, the manifest."""

import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.results.paths import Paths
from insidebert.results.plots import STYLE

NUMERIC = ("torch", "transformers", "tokenizers", "numpy", "statsmodels")
"""Libraries that a measured number depends on."""


@dataclass(frozen=True)
class Artifact:
    """A figure or table of a paper, as data.

    Args:
        slug: file name without its ending.
        label: what the paper calls it.
        caption: one line.
        tables: names of the tidy tables it is drawn from.
        draw: function of those tables -> Figure, or a DataFrame that is ready to print.
        ours: True for an artifact that the paper does not have.
        recorded: True if the tables are those of the recorded runs on other people's data.
        seen: function of those tables -> sentences that say what is seen, their numbers computed.
    """

    slug: str
    label: str
    caption: str
    tables: tuple[str, ...]
    draw: Callable
    ours: bool = False
    recorded: bool = False
    seen: Callable | None = None

    def sources(self, paths: Paths, paper: str) -> Path:
        """Folder of the tidy tables."""
        return (paths.recorded if self.recorded else paths.results) / paper


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it, so that a full disk or ctrl-C loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=path.suffix)
    os.close(handle)
    scratch = Path(name)
    try:
        write(scratch)
        scratch.chmod(0o644)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """A text file, whole or not at all."""
    write_whole(path, lambda scratch: scratch.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: dict | list) -> None:
    """A JSON file, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_tidy(path: Path, table: pd.DataFrame) -> None:
    """A tidy table; nine significant digits, so that a later run can be compared row by row."""
    write_whole(path, lambda scratch: table.to_csv(scratch, index=False, float_format="%.9g"))


def read_tidy(path: Path) -> pd.DataFrame:
    """A tidy table; empty text stays empty text.

    Raises:
        InputError: it is not there, with the command that makes it.
    """
    if not path.exists():
        raise InputError(f"{path} is missing; `make figures` measures it")
    table = pd.read_csv(path)
    text = [name for name in table if table[name].isna().any() and not pd.api.types.is_numeric_dtype(table[name])]
    return table.fillna(dict.fromkeys(text, ""))


def render(artifact: Artifact, results: Path, folder: Path) -> Figure | pd.DataFrame:
    """Draw an artifact from its tidy tables, in the house style, and save it.

    Args:
        results: folder of the paper's tidy tables.
        folder: where the files go: a figure as svg and png (300 dpi), a table as csv, md and tex.

    Raises:
        InputError: a tidy table is missing.
    """
    tables = [read_tidy(results / f"{name}.csv") for name in artifact.tables]
    with plt.style.context(STYLE):
        made = artifact.draw(*tables)
        _save(artifact, made, folder)
    return made


def seen(artifact: Artifact, results: Path) -> list[str]:
    """What is seen in an artifact, in sentences; none where it says nothing.

    Args:
        results: folder of the paper's tidy tables.
    """
    if artifact.seen is None:
        return []
    return artifact.seen(*(read_tidy(results / f"{name}.csv") for name in artifact.tables))


def _save(artifact: Artifact, made: Figure | pd.DataFrame, folder: Path) -> None:
    if isinstance(made, Figure):
        writers = {
            "svg": lambda path: made.savefig(path, format="svg", metadata={"Date": None}),
            "png": lambda path: made.savefig(path, format="png", dpi=300),
        }
    else:
        writers = {
            "csv": lambda path: made.to_csv(path, index=False),
            "md": lambda path: path.write_text(
                f"{made.to_markdown(index=False, disable_numparse=True)}\n\n{artifact.label}. {artifact.caption}\n",
                encoding="utf-8",
            ),
            "tex": lambda path: path.write_text(_latex(artifact, made), encoding="utf-8"),
        }
    for ending, write in writers.items():
        write_whole(folder / f"{artifact.slug}.{ending}", write)


def manifest(paths: Paths, papers: dict[str, tuple[Artifact, ...]]) -> list[dict]:
    """Every artifact of the papers with its files and where they come from; missing ones are listed as missing."""
    entries = []
    for paper, artifacts in papers.items():
        for artifact in artifacts:
            files = sorted((paths.figures / paper).glob(f"{artifact.slug}.*"))
            sources = [
                record
                for path in sorted(artifact.sources(paths, paper).glob("*.json"))
                if set(artifact.tables) & set((record := json.loads(path.read_text()))["tables"])
            ]
            entries.append(
                {
                    "paper": paper,
                    "slug": artifact.slug,
                    "label": artifact.label,
                    "caption": artifact.caption,
                    "ours": artifact.ours,
                    "tables": list(artifact.tables),
                    "files": [f"{paper}/{path.name}" for path in files],
                    "missing": not files,
                    "sources": sources,
                }
            )
    return entries


def versions(names: tuple[str, ...] = (*NUMERIC, "pandas", "matplotlib", "insidebert")) -> dict[str, str]:
    """Versions of some libraries."""
    return {name: importlib.metadata.version(name) for name in names}


def _latex(artifact: Artifact, table: pd.DataFrame) -> str:
    columns = "l" * len(table.columns)
    body = table.to_latex(index=False, escape=True, column_format=columns)
    return f"% {artifact.label}. {artifact.caption}\n{body}"
