"""The book and the slides on the disk: pages gathered, Sphinx and nbconvert run, every asset local."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

import nbformat
import yaml

from book import pages
from book.slides import slides
from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.papers import Paper, paper_of
from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy

HERE = Path(__file__).resolve().parent

MIRRORED = (
    *("README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE"),
    *("book", "corpus", "docs", "figures", "results", "src", "teaching"),
)
"""What the pages are made of and may link to; it keeps its place, so that links can be followed."""
KEPT = (
    "README*.md",
    "C*.md",
    "docs/*.md",
    "teaching/*.md",
    "teaching/*/*.md",
    "corpus/treebank/README.md",
    "src/insidebert/*/masked_heads/*.md",
)
"""Pages that have the same place in the book as in the checkout; those of `book/` move to its root."""
REVEAL = (
    *("dist/reveal.js", "dist/reveal.css", "plugin/notes"),
    *("dist/theme/white.css", "dist/theme/fonts/source-sans-pro"),
)
"""What slides need of reveal.js; other themes would load fonts from the network."""


def site(paths: Paths, papers: tuple[Paper, ...]) -> Path:
    """Build the book into `build/book`, from executed notebooks, figures, tables and the pages in `book/`.

    Args:
        paths: of the profile whose results are shown.
        papers: in order.

    Returns:
        Its first page.

    Raises:
        InputError: nothing was run yet, Sphinx is not installed, or it found something wrong.
    """
    executed = _executed(paths)
    asset("Sphinx", "sphinx")
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "source", Path(scratch) / "book"
        _gather(paths, papers, executed, source)
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", str(HERE)]
        command += ["-d", str(Path(scratch) / "doctrees"), str(source), str(target)]
        path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))  # for conf.py
        run = subprocess.run(
            command, capture_output=True, text=True, cwd=scratch, env=os.environ | {"PYTHONPATH": path}
        )
        if run.returncode:
            raise InputError(f"the book could not be built:\n{run.stderr.replace(f'{source}/', '').strip()}")
        return _replace(target, paths.build / "book") / "index.html"


def decks(paths: Paths) -> list[Path]:
    """Write reveal.js slides of every executed notebook into `build/slides`, and a page that lists them.

    Raises:
        InputError: nothing was run yet, or the package that ships reveal.js is not installed.
    """
    found, entries = _executed(paths), _manifest(paths)
    exporter = _exporter(HERE / "templates")
    titles = {}
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "slides"
        _copy_reveal(target / "reveal")
        for path in found:
            notebook = nbformat.read(path, as_version=4)
            titles[path.stem] = notebook.metadata["title"] = pages.heading(notebook.cells[0].source, path.stem)
            labels = {entry["slug"]: pages.label(entry) for entry in entries if entry["paper"] == _paper(path.stem)}
            html, _ = exporter.from_notebook_node(slides(notebook, labels))
            write_text(target / f"{path.stem}.html", html)
        write_text(target / "index.html", exporter.environment.get_template("list.html.j2").render(titles=titles))
        _replace(target, paths.build / "slides")
    return [paths.build / "slides" / f"{name}.html" for name in titles]


def _exporter(templates: Path):
    """nbconvert's slides with our template, whose scripts lie beside them."""
    from nbconvert import SlidesExporter

    return SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(templates)],
        reveal_url_prefix="reveal",
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


def _executed(paths: Paths) -> list[Path]:
    found = [path for path in _visible(paths.executed) if not path.name.endswith(".failed.ipynb")]
    if not found:
        profile = "" if paths.profile == "embedded" else f" PROFILE={paths.profile}"
        raise InputError(
            f"no executed notebook in {paths.executed}; `make figures{profile}` comes first "
            "(PROFILE=smoke is the quick one, for both)"
        )
    return found


def _manifest(paths: Paths) -> list[dict]:
    """The manifest, with what is not on the disk any more marked as missing."""
    path = paths.figures / "manifest.json"
    if not path.exists():
        raise InputError(f"{path} is missing; `make figures` writes it, with the same PROFILE")
    entries = json.loads(path.read_text(encoding="utf-8"))
    for entry in entries:
        entry["missing"] |= not all((paths.figures / name).exists() for name in entry["files"])
    return entries


def _gather(paths: Paths, papers: tuple[Paper, ...], executed: list[Path], source: Path) -> None:
    """Lay out the sources of all pages."""
    entries = _manifest(paths)
    _mirror(paths, source)
    homes = _homes(paths, papers, source)
    places = {path.relative_to(source).as_posix(): path.is_dir() for path in source.rglob("*")}
    files, folders = ({name for name, folder in places.items() if folder == wanted} for wanted in (False, True))
    texts = {
        home: pages.relinked((source / origin).read_text(encoding="utf-8"), origin, homes, files, folders)
        for origin, home in homes.items()
        if origin.endswith(".md") and origin in files and home not in ("gallery.md", "scoreboard.md")
    }

    titles = _notebooks(paths, executed, source, entries)
    ran = [path.stem for path in executed]
    chapters = {
        paper.name: pages.heading(texts.setdefault(paper.chapter, f"# {pages.plain(paper.title)}")) for paper in papers
    }
    for paper in papers:
        own = {name: title for name, title in titles.items() if paper.owns(name)}
        texts[paper.chapter] = pages.chapter(texts[paper.chapter], paper.name, own, ran)
    claims = read_tidy(source / "figures" / "claims.csv")
    printed = [(paper.name, slug) for paper in papers for slug in _printed(paper.name)]
    texts["gallery.md"] = pages.gallery(entries, claims, chapters, paths.profile, printed)
    texts["scoreboard.md"] = pages.scoreboard(claims, chapters, entries)
    texts["artifacts.md"] = pages.artifacts(entries, chapters, paths.profile)
    others = [f"notebooks/{name}.ipynb" for name in ran if not any(paper.owns(name) for paper in papers)]
    texts["index.md"] += "\n\n" + _contents(papers, list(texts), others)
    for name, text in texts.items():
        write_text(source / name, text)


def _homes(paths: Paths, papers: tuple[Paper, ...], source: Path) -> dict[str, str]:
    """Place in the checkout -> place in the book, of everything that is a page there."""
    homes = {path.relative_to(source).as_posix(): path.name for path in sorted((source / "book").glob("*.md"))}
    kept = [path for pattern in KEPT for path in sorted(source.glob(pattern))]
    homes |= {path.relative_to(source).as_posix(): path.relative_to(source).as_posix() for path in kept}
    homes |= {f"notebooks/{path.name}": f"notebooks/{path.name}" for path in _visible(paths.notebooks)}
    homes |= {f"figures/{paper.name}": f"gallery.md#gallery-{paper.name}" for paper in papers}
    return homes | {"book/start.md": "index.md", "figures": "gallery.md", "figures/claims.md": "scoreboard.md"}


def _contents(papers: tuple[Paper, ...], names: list[str], others: list[str]) -> str:
    """The table of contents of the whole book."""

    def starting(*beginnings: str) -> list[str]:
        return [name for name in names if name.startswith(beginnings) and not name.endswith(".zh.md")]

    trees = {
        "Papers": [paper.chapter for paper in papers],
        "Results": ["gallery.md", "scoreboard.md", "artifacts.md"],
        "More notebooks": others,
        "Use it": ["own-model.md", "families.md", "api.md"],
        "For teachers": starting("teaching/README") + [n for n in starting("teaching/") if n != "teaching/README.md"],
        "Background": ["About the project <README.md>", *starting("docs/", "corpus/", "src/", "C"), "references.md"],
        "中文": [name for name in names if name.endswith(".zh.md")],
    }
    return "\n\n".join(pages.toctree(tree, name) for name, tree in trees.items())


def _mirror(paths: Paths, source: Path) -> None:
    """Copy what pages show or link to; figures and tables of another profile go over the committed ones."""
    source.mkdir()
    for name in MIRRORED:
        origin = paths.root / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*"))
        elif origin.exists():
            shutil.copy(origin, source / name)
    shutil.copytree(paths.figures, source / "figures", dirs_exist_ok=True)
    shutil.copytree(paths.results, source / "results" / paths.profile, dirs_exist_ok=True)


def _notebooks(paths: Paths, executed: list[Path], source: Path, entries: list[dict]) -> dict[str, str]:
    """Write a page per notebook, a stub for one that was not run; return name -> title."""
    there = {path.stem: path for path in executed}
    titles = {}
    for name in sorted({path.stem for path in _visible(paths.notebooks)} | set(there)):
        notebook = nbformat.read(there.get(name, paths.notebooks / f"{name}.ipynb"), as_version=4)
        titles[name] = pages.heading(notebook.cells[0].source if notebook.cells else "", name)
        captions = {entry["slug"]: entry["caption"] for entry in entries if entry["paper"] == _paper(name)}
        made = pages.page(notebook, captions) if name in there else pages.stub(titles[name], name)
        write_text(source / "notebooks" / f"{name}.ipynb", nbformat.writes(made))
    return titles


def _paper(notebook: str) -> str:
    return paper.name if (paper := paper_of(notebook)) else ""


def _visible(folder: Path) -> list[Path]:
    """The notebooks of a folder, without what an editor or a killed run left behind."""
    return [path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")]


def _printed(paper: str) -> list[str]:
    """Slugs of the tables that show the paper's own numbers."""
    path = files(f"insidebert.papers.{paper}") / "printed.yml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else []


def _replace(made: Path, target: Path) -> Path:
    """Put a finished folder in the place of the one before."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(made, target, ignore=shutil.ignore_patterns(".buildinfo"))
    return target
