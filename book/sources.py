"""What Sphinx reads: the checkout's pages, the executed notebooks and the made pages, laid out in one folder."""

import shutil
from importlib.resources import files
from pathlib import Path

import nbformat
import pandas as pd
import yaml

from book import chinese, colab, pages
from book.address import Address
from book.dots import dots
from book.explorer.models import OFFERED
from book.explorer.site import Explorer, told
from book.scoreboard import scoreboard, with_strips
from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.papers import Paper, paper_of
from insidebert.results.paths import Paths
from insidebert.results.scoreboard import plain
from insidebert.results.tables import read_json, read_tidy

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
MADE = ("gallery.md", "scoreboard.md", "scoreboard.zh.md")
"""Pages that no file of the checkout holds."""


def executed(paths: Paths) -> list[Path]:
    """The executed notebooks of a profile.

    Raises:
        InputError: nothing was run yet.
    """
    found = [path for path in _visible(paths.executed) if not path.name.endswith(".failed.ipynb")]
    if not found:
        profile = "" if paths.profile == "embedded" else f" PROFILE={paths.profile}"
        raise InputError(
            f"no executed notebook in {paths.executed}; `make figures{profile}` comes first "
            "(PROFILE=smoke is the quick one, for both)"
        )
    return found


def manifest(paths: Paths) -> list[dict]:
    """The manifest, with what is not on the disk any more marked as missing.

    Raises:
        InputError: it is not there, or damaged.
    """
    path = paths.figures / "manifest.json"
    if not path.exists():
        raise InputError(f"{path} is missing; `make figures` writes it, with the same PROFILE")
    entries = read_json(path, list)
    try:
        for entry in entries:
            entry["missing"] |= not all((paths.figures / name).exists() for name in entry["files"])
    except (KeyError, TypeError):
        raise InputError(f"{path} is damaged; `make redraw` writes it anew, with the same PROFILE") from None
    return entries


def paper(notebook: str) -> str:
    """The paper that a notebook is about, empty for none."""
    return found.name if (found := paper_of(notebook)) else ""


def gather(paths: Paths, papers: tuple[Paper, ...], executed: list[Path], source: Path, explorer: Explorer) -> None:
    """Lay out the sources of all pages.

    Args:
        paths: of the profile whose results are shown.
        papers: in order.
        executed: notebooks with outputs.
        source: a folder, which must not be there.
        explorer: whose page says whether it is there.
    """
    entries, say = manifest(paths), chinese.phrases()
    _mirror(paths, source)
    claims = read_tidy(source / "figures" / "claims.csv")
    titles, translated = _notebooks(paths, executed, source, entries, claims)
    texts = _written(source, _homes(paths, papers, source), [*translated])
    for name, words in (("explorer.md", chinese.ENGLISH), ("explorer.zh.md", say)):
        if name in texts:
            texts[name] = told(texts[name], explorer, words)
    ran = [path.stem for path in executed]
    heads = {own.name: pages.heading(texts.setdefault(own.chapter, f"# {plain(own.title)}")) for own in papers}
    heads_zh = {name: pages.heading(texts.get(f"{name}.zh.md", ""), head) for name, head in heads.items()}
    for own in papers:
        notebooks = {name: title for name, title in titles.items() if own.owns(name)}
        texts[own.chapter] = pages.chapter(texts[own.chapter], own.name, notebooks, ran)
        if (name := f"{own.name}.zh.md") in texts:
            notebooks = {name: title for name, title in translated.items() if own.owns(name)}
            texts[name] = pages.chapter(texts[name], own.name, notebooks, ran, say, "zh/")
    printed = [(own.name, slug) for own in papers for slug in _printed(own.name)]
    offered = {own.name: own.id for own in reversed(OFFERED)}  # the first that has a name is the one to open
    heads_as_dots = dots(source / "results" / paths.profile, offered, live=explorer.folder is not None)
    texts["gallery.md"] = pages.gallery(entries, claims, heads, paths.profile, printed, heads_as_dots)
    texts["scoreboard.md"] = scoreboard(claims, heads, entries, link="[中文](scoreboard.zh.md)")
    texts["scoreboard.zh.md"] = scoreboard(claims, heads_zh, entries, say, "zh-", "[English](scoreboard.md)")
    texts["artifacts.md"] = pages.artifacts(entries, heads, paths.profile)
    others = [name for name in ran if not any(own.owns(name) for own in papers)]
    rooms = [f"notebooks/{name}.ipynb" for name in others]
    rooms_zh = [f"notebooks/zh/{name}.ipynb" for name in others if name in translated]
    texts["index.md"] += "\n\n" + _contents(papers, list(texts), rooms, rooms_zh)
    for name, text in texts.items():
        write_text(source / name, text)


def _written(source: Path, homes: dict[str, str], translated: list[str]) -> dict[str, str]:
    """Pages that somebody wrote: place in the book -> text, with the links of the book.

    Args:
        homes: as `_homes` gives them.
        translated: names of the notebooks that have a page in Chinese; Chinese pages link to it.
    """
    notebooks = {f"notebooks/{name}.ipynb": f"notebooks/zh/{name}.ipynb" for name in translated}
    instead = notebooks | {"figures/claims.md": "figures/claims.zh.md"}
    homes = homes | {place: place for place in notebooks.values()} | {"figures/claims.zh.md": "scoreboard.zh.md"}
    places = {path.relative_to(source).as_posix(): path.is_dir() for path in source.rglob("*")}
    there, folders = ({name for name, folder in places.items() if folder == wanted} for wanted in (False, True))
    texts = {}
    for origin, home in homes.items():
        if origin.endswith(".md") and origin in there and home not in MADE:
            text = (source / origin).read_text(encoding="utf-8")
            others = instead if origin.endswith(".zh.md") else {}
            texts[home] = pages.relinked(text, origin, homes, there, folders, others)
    return texts


def _homes(paths: Paths, papers: tuple[Paper, ...], source: Path) -> dict[str, str]:
    """Place in the checkout -> place in the book, of everything that is a page there."""
    homes = {path.relative_to(source).as_posix(): path.name for path in sorted((source / "book").glob("*.md"))}
    kept = [path for pattern in KEPT for path in sorted(source.glob(pattern))]
    homes |= {path.relative_to(source).as_posix(): path.relative_to(source).as_posix() for path in kept}
    homes |= {f"notebooks/{path.name}": f"notebooks/{path.name}" for path in _visible(paths.notebooks)}
    homes |= {f"figures/{own.name}": f"gallery.md#gallery-{own.name}" for own in papers}
    return homes | {"book/start.md": "index.md", "figures": "gallery.md", "figures/claims.md": "scoreboard.md"}


def _contents(papers: tuple[Paper, ...], names: list[str], others: list[str], others_zh: list[str]) -> str:
    """The table of contents of the whole book.

    Args:
        names: all pages that are Markdown.
        others, others_zh: pages of notebooks that belong to no paper.
    """

    def starting(*beginnings: str) -> list[str]:
        return [name for name in names if name.startswith(beginnings) and not name.endswith(".zh.md")]

    chapters_zh = [name for own in papers if (name := f"{own.name}.zh.md") in names]
    first = ["start.zh.md", *chapters_zh, "scoreboard.zh.md"]
    rest = [name for name in names if name.endswith(".zh.md") and name not in (*first, "README.zh.md")]
    trees = {
        "Papers": [own.chapter for own in papers],
        "Results": ["gallery.md", "scoreboard.md", "many-models.md", "artifacts.md"],
        "More notebooks": others,
        "Use it": ["explorer.md", "own-model.md", "families.md", "api.md"],
        "For teachers": starting("teaching/README") + [n for n in starting("teaching/") if n != "teaching/README.md"],
        "Background": ["About the project <README.md>", *starting("docs/", "corpus/", "src/", "C"), "references.md"],
        "中文": [*first, *others_zh, "项目说明 <README.zh.md>", *rest],
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


def _notebooks(
    paths: Paths, executed: list[Path], source: Path, entries: list[dict], claims: pd.DataFrame
) -> tuple[dict[str, str], dict[str, str]]:
    """Write a page per notebook and language, a stub for one that was not run.

    Returns:
        name -> title of all, and of those that have a page in Chinese.
    """
    there = {path.stem: path for path in executed}
    sources = {path.stem for path in _visible(paths.notebooks)}
    address, say = Address.read(), chinese.phrases()
    titles, translated = {}, {}
    for name in sorted(sources | set(there)):
        notebook = nbformat.read(there.get(name, paths.notebooks / f"{name}.ipynb"), as_version=4)
        titles[name] = pages.heading(notebook.cells[0].source if notebook.cells else "", name)
        captions = {entry["slug"]: entry["caption"] for entry in entries if entry["paper"] == paper(name)}
        if name not in there:
            write_text(source / "notebooks" / f"{name}.ipynb", nbformat.writes(pages.stub(titles[name], name)))
            continue
        link = colab.links(f"{name}.ipynb", address) if name in sources else ""
        if texts := chinese.texts(paths.notebooks, name):
            own = chinese.translated(notebook, texts, chinese.phrases())
            translated[name] = pages.heading(own.cells[0].source, name)
            copy = colab.links(f"zh/{name}.ipynb", address, say)
            made = pages.page(own, captions, f"[English](../{name}.ipynb) · {copy}", say)
            made = with_strips(made, paper(name), claims, say)
            write_text(source / "notebooks" / "zh" / f"{name}.ipynb", nbformat.writes(made))
            link = f"[中文](zh/{name}.ipynb) · {link}"
        made = with_strips(pages.page(notebook, captions, link), paper(name), claims)
        write_text(source / "notebooks" / f"{name}.ipynb", nbformat.writes(made))
    return titles, translated


def _visible(folder: Path) -> list[Path]:
    """The notebooks of a folder, without what an editor or a killed run left behind."""
    return [path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")]


def _printed(paper: str) -> list[str]:
    """Slugs of the tables that show the paper's own numbers."""
    path = files(f"insidebert.papers.{paper}") / "printed.yml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else []
