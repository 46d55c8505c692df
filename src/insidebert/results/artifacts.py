"""Files that appear whole or not at all: tidy tables with their provenance, figures, tables, the manifest."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from insidebert.files import write_json, write_text, write_whole
from insidebert.results import fonts
from insidebert.results.failures import failures
from insidebert.results.paths import Paths
from insidebert.results.plots import STYLE
from insidebert.results.tables import read_json, read_tidy, write_tidy

__all__ = ["Artifact", "manifest", "read_tidy", "render", "write_json", "write_text", "write_tidy", "write_whole"]


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
        seen: function of those tables -> sentences that say what is seen, their numbers computed.
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


def render(artifact: Artifact, results: Path, folder: Path, dpi: int = 300) -> Figure | pd.DataFrame:
    """Draw an artifact from its tidy tables, in the house style, and save it.

    Args:
        results: folder of the paper's tidy tables.
        folder: where the files go: a figure as svg and png, a table as csv, md and tex.
        dpi: of the png.

    Raises:
        InputError: a tidy table is missing.
    """
    tables = [read_tidy(results / f"{name}.csv") for name in artifact.tables]
    with plt.style.context(STYLE):
        made = artifact.draw(*tables)
        _save(artifact, made, folder, dpi)
    return made


def seen(artifact: Artifact, results: Path) -> list[str]:
    """What is seen in an artifact, in sentences; none where it says nothing.

    Args:
        results: folder of the paper's tidy tables.
    """
    if artifact.seen is None:
        return []
    return artifact.seen(*(read_tidy(results / f"{name}.csv") for name in artifact.tables))


def _save(artifact: Artifact, made: Figure | pd.DataFrame, folder: Path, dpi: int) -> None:
    if isinstance(made, Figure):
        fonts.fit(made)
        writers = {
            "svg": lambda path: _save_svg(made, path),
            "png": lambda path: made.savefig(path, format="png", dpi=dpi),
        }
    else:
        writers = {
            "csv": lambda path: made.to_csv(path, index=False),
            "md": lambda path: path.write_text(
                f"{_markdown(made)}\n\n{artifact.label}. {artifact.caption}\n",
                encoding="utf-8",
            ),
            "tex": lambda path: path.write_text(_latex(artifact, made), encoding="utf-8"),
        }
    for ending, write in writers.items():
        write_whole(folder / f"{artifact.slug}.{ending}", write)


def manifest(paths: Paths, papers: dict[str, tuple[Artifact, ...]]) -> list[dict]:
    """Every artifact of the papers with its files and where they come from; missing ones are listed as missing.

    An artifact whose measurements failed says so: `failures` holds rows of notebook, measurement, model and reason.
    """
    entries, failed = [], failures(paths)
    for paper, artifacts in papers.items():
        for artifact in artifacts:
            files = sorted((paths.figures / paper).glob(f"{artifact.slug}.*"))
            measurements = list(dict.fromkeys(table.rpartition("-")[0] for table in artifact.tables))
            records = [artifact.sources(paths, paper) / f"{name}.json" for name in measurements]
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
                    "sources": [read_json(record) for record in records if record.exists()],
                    "failures": [row for row in failed if row["measurement"] in measurements],
                }
            )
    return entries


def _save_svg(figure: Figure, path: Path) -> None:
    """An SVG whose ids are numbered as they appear; matplotlib's depend on where things lie in memory."""
    figure.savefig(path, format="svg", metadata={"Date": None})
    text = path.read_text(encoding="utf-8")
    hashed, numbers = set(re.findall(r'id="(\w*[0-9a-f]{10})"', text)), {}
    named = re.compile(r"\b\w*[0-9a-f]{10}\b")
    path.write_text(
        named.sub(lambda m: numbers.setdefault(m[0], f"n{len(numbers) + 1}") if m[0] in hashed else m[0], text),
        encoding="utf-8",
    )


def _markdown(table: pd.DataFrame) -> str:
    """A table in which no text is read as HTML, or as the end of a cell or line."""

    def escaped(value):
        if not isinstance(value, str):
            return value
        return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", value).replace("|", r"\|").replace("\r", " ").replace("\n", " ")

    return table.map(escaped).rename(columns=escaped).to_markdown(index=False, disable_numparse=True)


def _latex(artifact: Artifact, table: pd.DataFrame) -> str:
    columns = "l" * len(table.columns)
    body = table.to_latex(index=False, escape=True, column_format=columns)
    return f"% {artifact.label}. {artifact.caption}\n{body}"
