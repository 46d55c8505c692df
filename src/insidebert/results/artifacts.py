"""The papers' figures and tables: drawn from tidy tables in the house style, saved, listed with their provenance."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from insidebert.files import write_whole
from insidebert.results import fonts, plots
from insidebert.results.failures import failures
from insidebert.results.paths import Paths
from insidebert.results.tables import read_json, read_tidy


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

    def read(self, results: Path) -> list[pd.DataFrame]:
        """The tidy tables, from the folder of the paper's."""
        return [read_tidy(results / f"{name}.csv") for name in self.tables]


def render(artifact: Artifact, results: Path, folder: Path, dpi: int = 300) -> Figure | pd.DataFrame:
    """Draw an artifact from its tidy tables, in the house style, and save it.

    Args:
        results: folder of the paper's tidy tables.
        folder: where the files go: a figure as svg and png, a table as csv, md and tex.
        dpi: of the png.

    Raises:
        InputError: a tidy table is missing.
    """
    tables = artifact.read(results)
    with plt.style.context(plots.STYLE):
        made = artifact.draw(*tables)
        if isinstance(made, Figure):
            if artifact.recorded:
                plots.caption(made, f"{made.get_supxlabel()}\nRecorded on other people's data".strip())
            fonts.fit(made)
            writers = {"svg": _save_svg, "png": lambda figure, path: _save_png(figure, path, dpi)}
        else:
            said = f"{artifact.label}. {artifact.caption}\n"
            writers = {
                "csv": lambda table, path: table.to_csv(path, index=False),
                "md": lambda table, path: path.write_text(f"{_markdown(table)}\n\n{said}", encoding="utf-8"),
                "tex": lambda table, path: path.write_text(f"% {said}{_latex(table)}", encoding="utf-8"),
            }
        for ending, write in writers.items():
            write_whole(folder / f"{artifact.slug}.{ending}", lambda path, write=write: write(made, path))
    return made


def manifest(paths: Paths, papers: dict[str, tuple[Artifact, ...]], drawn: dict[tuple, str]) -> list[dict]:
    """Every artifact of the papers with its files and where they come from; missing ones are listed as missing.

    In `failures` an artifact has what failed of the measurements that it shows, and the notebook that draws it where
    that failed as a whole.

    Args:
        drawn: (paper, slug) -> notebook.
    """
    entries = []
    for paper, artifacts in papers.items():
        failed = failures(paths, paper)
        for artifact in artifacts:
            files = sorted((paths.figures / paper).glob(f"{artifact.slug}.*"))
            names = list(dict.fromkeys(table.rpartition("-")[0] for table in artifact.tables))
            records = [artifact.sources(paths, paper) / f"{name}.json" for name in names]
            wholly = {"notebook": drawn.get((paper, artifact.slug)), "measurement": ""}
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
                    "failures": [row for row in failed if row["measurement"] in names or row | wholly == row],
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


def _save_png(figure: Figure, path: Path, dpi: int) -> None:
    """A PNG of at most 128 colours: a third of the bytes, which are many where hundreds of faint lines cross."""
    whole = io.BytesIO()
    figure.savefig(whole, format="png", dpi=dpi)
    Image.open(whole).convert("RGB").quantize(128).save(path, format="png", optimize=True, dpi=(dpi, dpi))


def _markdown(table: pd.DataFrame) -> str:
    """A table in which no text is read as HTML, or as the end of a cell or line."""

    def escaped(value):
        if not isinstance(value, str):
            return value
        return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", value).replace("|", r"\|").replace("\r", " ").replace("\n", " ")

    return table.map(escaped).rename(columns=escaped).to_markdown(index=False, disable_numparse=True)


def _latex(table: pd.DataFrame) -> str:
    return table.to_latex(index=False, escape=True, column_format="l" * len(table.columns))
