"""One folder for a class: book, explorer, slides, notebooks and a start page, for any static server or a USB stick."""

import shutil
from pathlib import Path

import nbformat
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from book import colab, pages, sources
from book.explorer.site import LEFT_OUT, Explorer
from book.folders import rebuilt
from book.site import decks, site
from insidebert.files import write_text
from insidebert.papers import Paper
from insidebert.results.paths import Paths

TEMPLATES = Path(__file__).resolve().parent / "templates" / "class"
PAGES = {"en": "index.html", "zh-CN": "index.zh.html"}
"""Language -> start page."""


def write(paths: Paths, papers: tuple[Paper, ...], explorer: Explorer = LEFT_OUT) -> Path:
    """Build the book and the slides, and put everything that a class needs into `build/class`, whole or not at all.

    Args:
        paths: of the profile whose results are shown.
        papers: in order.
        explorer: the page that runs a model in the browser, or why it is left out.

    Returns:
        The start page in English; the one in Chinese is beside it.

    Raises:
        InputError: nothing was run yet, or something could not be built; the folder before stays as it is.
    """
    sources.executed(paths)
    book, slides = site(paths, papers, explorer).parent, decks(paths)[0].parent
    return assemble(paths, book, slides)


def assemble(paths: Paths, book: Path, slides: Path) -> Path:
    """Put a built book and built slides, the notebooks and the start pages into `build/class`.

    Returns:
        The start page in English.
    """
    with rebuilt(paths.build / "class") as folder:
        shutil.copytree(book, folder / "book")
        shutil.copytree(slides, folder / "slides")
        colab.fill(paths, folder / "notebooks")
        for language, name in PAGES.items():
            write_text(folder / name, start_page(paths, folder, language))
    return paths.build / "class" / PAGES["en"]


def start_page(paths: Paths, folder: Path, language: str) -> str:
    """The page that says what is where.

    Args:
        folder: with everything else in it; what is not there is not on the page.
        language: `en` or `zh-CN`.
    """
    words = yaml.safe_load((TEMPLATES / f"{language}.yml").read_text(encoding="utf-8"))
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    groups = {name: _there(folder, entries) for name, entries in words["groups"].items()}
    groups[words["notebooks"]] = _notebooks(paths, folder, language) | groups[words["notebooks"]]
    (other,) = ((key, name) for key, name in PAGES.items() if key != language)
    page = environment.get_template("index.html.j2")
    return page.render(words=words, groups=groups, language=language, other=other) + "\n"


def _there(folder: Path, entries: dict[str, str]) -> dict[str, str]:
    """What is called so -> place in the folder, perhaps with `#state` behind it, of those that are there."""
    return {name: place for name, place in entries.items() if (folder / place.partition("#")[0]).exists()}


def _notebooks(paths: Paths, folder: Path, language: str) -> dict[str, str]:
    """Title -> place of the notebooks to read and change, in a language as far as they are there in it."""
    found = {}
    for path in sorted(paths.notebooks.glob("[!.]*.ipynb")):
        own = f"notebooks/zh/{path.name}"
        place = own if language != "en" and (folder / own).is_file() else f"notebooks/{path.name}"
        cells = nbformat.read(folder / place, as_version=4).cells
        found[pages.heading(cells[1].source, path.stem)] = place
    return found
