"""The book and the slides on the disk: Sphinx and nbconvert run, every asset local."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import nbformat

from book import chinese, colab, pages, sources
from book.chinese import ENGLISH, Phrases
from book.explorer.site import LEFT_OUT, Explorer
from book.slides import slides
from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.papers import Paper
from insidebert.results.paths import Paths

HERE = Path(__file__).resolve().parent

REVEAL = (
    *("dist/reveal.js", "dist/reveal.css", "plugin/notes"),
    *("dist/theme/white.css", "dist/theme/fonts/source-sans-pro"),
)
"""What slides need of reveal.js; other themes would load fonts from the network."""
KEYS = "Arrow keys turn the pages, S opens the speaker's notes, Esc shows all slides at once."


def site(paths: Paths, papers: tuple[Paper, ...], explorer: Explorer = LEFT_OUT) -> Path:
    """Build the book into `build/book`, from executed notebooks, figures, tables and the pages in `book/`.

    Args:
        paths: of the profile whose results are shown.
        papers: in order.
        explorer: the page that runs models in the reader's browser, or why there is none.

    Returns:
        Its first page.

    Raises:
        InputError: nothing was run yet, Sphinx is not installed, or it found something wrong.
    """
    executed = sources.executed(paths)
    asset("Sphinx", "sphinx")
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "source", Path(scratch) / "book"
        sources.gather(paths, papers, executed, source, explorer)
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", str(HERE)]
        command += ["-d", str(Path(scratch) / "doctrees"), str(source), str(target)]
        path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))  # for conf.py
        run = subprocess.run(
            command, capture_output=True, text=True, cwd=scratch, env=os.environ | {"PYTHONPATH": path}
        )
        if run.returncode:
            raise InputError(f"the book could not be built:\n{run.stderr.replace(f'{source}/', '').strip()}")
        colab.fill(paths, target / "colab")
        if explorer.folder:
            shutil.copytree(explorer.folder, target / "explorer")
        return _replace(target, paths.build / "book") / "index.html"


def decks(paths: Paths) -> list[Path]:
    """Write reveal.js slides of every executed notebook into `build/slides`, in Chinese into `zh` below it.

    Returns:
        The two pages that list them.

    Raises:
        InputError: nothing was run yet, or the package that ships reveal.js is not installed.
    """
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sources.executed(paths)}
    entries, say = sources.manifest(paths), chinese.phrases()
    copies = {
        name: chinese.translated(own, chinese.texts(paths.notebooks, name), say) for name, own in notebooks.items()
    }
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "slides"
        _copy_reveal(target / "reveal")
        _decks(notebooks, entries, target, _exporter("en", "reveal"))
        _decks(copies, entries, target / "zh", _exporter("zh", "../reveal"), say)
        _replace(target, paths.build / "slides")
    return [paths.build / "slides" / "index.html", paths.build / "slides" / "zh" / "index.html"]


def _decks(
    notebooks: dict[str, nbformat.NotebookNode], entries: list[dict], folder: Path, exporter, say: Phrases = ENGLISH
) -> None:
    """Slides of each notebook, and a page that lists them, in one language."""
    titles = {}
    for name, notebook in notebooks.items():
        titles[name] = notebook.metadata["title"] = pages.heading(notebook.cells[0].source, name)
        labels = {entry["slug"]: pages.label(entry) for entry in entries if entry["paper"] == sources.paper(name)}
        html, _ = exporter.from_notebook_node(slides(notebook, labels, say))
        write_text(folder / f"{name}.html", html)
    words = {"language": exporter.language_code, "heading": say["Slides"], "keys": say[KEYS]}
    listed = exporter.environment.get_template("list.html.j2")
    write_text(folder / "index.html", listed.render(titles=titles, **words))


def _exporter(language: str, scripts: str):
    """nbconvert's slides with our template.

    Args:
        language: of the texts, such as `en`.
        scripts: where reveal.js lies, seen from the slides.
    """
    from nbconvert import SlidesExporter

    return SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(HERE / "templates")],
        language_code=language,
        reveal_url_prefix=scripts,
        reveal_theme="white",
        reveal_number="c/t",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )


def _copy_reveal(target: Path) -> None:
    origin = asset("sphinx-revealjs", "sphinx_revealjs/_static/revealjs")
    for path in REVEAL:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (origin / path).is_dir() else shutil.copy
        copy(origin / path, target / path)
    shutil.copy(mathjax(), target)


def asset(package: str, path: str) -> Path:
    """A file or folder that an installed package ships.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return Path(distribution(package).locate_file(path))
    except PackageNotFoundError:
        raise InputError(f"{package} is not installed; `pip install -r requirements.lock` brings it") from None


def mathjax() -> Path:
    """MathJax as one script, which draws formulas without fonts and without a network."""
    return asset("sphinx-mathjax-offline", "sphinx-mathjax-offline/static/mathjax/tex-svg.js")


def _replace(made: Path, target: Path) -> Path:
    """Put a finished folder in the place of the one before."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(made, target, ignore=shutil.ignore_patterns(".buildinfo"))
    return target
