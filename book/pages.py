"""The book's pages as text: what the manifest, the claims and the executed notebooks become."""

import posixpath
import re
from collections.abc import Collection

import nbformat
import pandas as pd

from book.chinese import ENGLISH, Phrases
from insidebert.results.scoreboard import paper_value, plain

NOT_RUN = "Not run yet, and so not in this book: {}. `make figures` runs them."
SEE_ALSO = (
    "See also its figures and tables in [the gallery](#gallery-{paper}) and its claims on "
    "[the scoreboard](#{scoreboard})."
)
NOTICE = (
    '<span lang="zh-CN">这一页是所有的图和表，图注和图里的文字是英文。中文的说明见各章和中文 notebook，'
    "用语见[术语表](docs/glossary.zh.md)，论断见[记分表](scoreboard.zh.md)。</span>"
)
"""What a reader of Chinese is told on a page that is not translated."""
SETTINGS, CODE = "Settings and imports", "Code"
"""What a fold is called that hides a cell without output: what is no setting or import may be a measurement."""
WIDGET = "application/vnd.jupyter.widget-view+json"


def unmeasured(row: dict) -> str:
    """A notice of what could not be measured, and why."""
    about = ", ".join(plain(row[name]) for name in ("measurement", "model") if row[name])
    reason = plain(" ".join(row["reason"].split()))
    return f":::{{warning}}\n{'Not measured' if not about else f'Not measured, {about}'}, because {reason}\n:::"


def heading(text: str, otherwise: str = "") -> str:
    """The first `# heading` of a page, else what was given."""
    found = re.search(r"^# +(.+)$", text, flags=re.MULTILINE)
    return found[1].strip() if found else otherwise


def relinked(
    text: str,
    origin: str,
    homes: dict[str, str],
    files: Collection[str],
    folders: Collection[str],
    instead: dict[str, str] | None = None,
) -> str:
    """A page of the checkout with its links as they are in the book.

    A link to a page leads there; one to another file downloads it; one to a folder, which a site does not have, becomes
    plain text. Links out of the project, and those that lead nowhere, stay.

    Args:
        origin: the page's place in the checkout, such as `teaching/README.md`.
        homes: place in the checkout -> place in the book, of all pages.
        files, folders: places in the checkout.
        instead: place -> the one that is linked instead, such as the same in another language.
    """
    here = posixpath.dirname(homes[origin])

    def link(match: re.Match) -> str:
        picture, shown, (name, *anchor) = match[1], match[2], match[3].split("#", 1)
        place = posixpath.normpath(posixpath.join(posixpath.dirname(origin), name))
        place = (instead or {}).get(place, place)
        if not name or ":" in name:
            return match[0]
        if place in homes:
            home, *own = homes[place].split("#")
            return f"[{shown}]({'#'.join([posixpath.relpath(home, here or '.'), *(anchor or own)])})"
        if place in files:
            return f"{picture}[{shown}]({'' if picture else 'path:'}{posixpath.relpath(place, here or '.')})"
        return shown if place in folders else match[0]

    return re.sub(r"(!?)\[([^\]]*)\]\(([^()\s]+)\)", link, text)


def toctree(pages: Collection[str], caption: str = "") -> str:
    """A toctree that shows in the sidebar only; nothing for no pages."""
    if not pages:
        return ""
    options = ["```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*options, *pages, "```\n"])


def page(
    notebook: nbformat.NotebookNode, captions: dict[str, str], link: str = "", say: Phrases = ENGLISH
) -> nbformat.NotebookNode:
    """An executed notebook as a page: no progress bars, no widget state, inputs without output folded away.

    Args:
        notebook: with outputs.
        captions: slug -> caption, for those who cannot see the figures that `work.draw("slug")` draws.
        link: Markdown below the title, such as one to the page in another language.
        say: the words to use.
    """
    made = nbformat.from_dict(notebook)
    if link:
        made.cells[0].source = re.sub(r"\A(# .+)", rf"\1\n\n{link}", made.cells[0].source)
    made.metadata.pop("widgets", None)
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
        if not cell.outputs:
            tags = cell.metadata.get("tags", [])
            settings = "parameters" in tags or re.search(r"^(import|from) ", cell.source, flags=re.MULTILINE)
            fold = say[SETTINGS if settings else CODE]
            cell.metadata["tags"] = [*tags, "hide-input"]
            cell.metadata["mystnb"] = {"code_prompt_show": fold, "code_prompt_hide": fold}
        drawn = re.search(r'draw\("([^"]+)"', cell.source)
        if drawn and drawn[1] in captions:
            cell.metadata.setdefault("mystnb", {})["image"] = {"alt": captions[drawn[1]]}
    return made


def stub(title: str, name: str) -> nbformat.NotebookNode:
    """The page that links reach while a notebook has no executed copy; in no table of contents."""
    text = f"# {title}\n\nNot run yet. `python -m insidebert run {name}` runs this notebook."
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)], metadata={"orphan": True})


def chapter(
    text: str, paper: str, notebooks: dict[str, str], executed: Collection[str], say: Phrases = ENGLISH, room: str = ""
) -> str:
    """A paper's page.

    Args:
        text: what the paper asks, by hand.
        paper: such as `open_sesame`.
        notebooks: name -> title of all its notebooks, in order.
        executed: names of those that have been run.
        say: the words to use.
        room: folder of the notebooks' pages below `notebooks/`, such as `zh/`.
    """
    there = [name for name in notebooks if name in executed]
    missing = [name for name in notebooks if name not in executed]
    parts = [text.strip(), f"## {say['Notebooks']}"]
    if there:
        parts.append("\n".join(f"- [{plain(notebooks[name])}](notebooks/{room}{name}.ipynb)" for name in there))
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        parts.append(f":::{{warning}}\n{say[NOT_RUN].format(names)}\n:::")
    places = {"paper": paper, "scoreboard": f"{room.replace('/', '-')}scoreboard-{paper}"}
    parts.append(say[SEE_ALSO].format(**places))
    return "\n\n".join([*parts, toctree([f"notebooks/{room}{name}" for name in there])])


def gallery(
    entries: list[dict],
    claims: pd.DataFrame,
    titles: dict[str, str],
    profile: str,
    printed: Collection[tuple],
    dots: dict[tuple[str, str], str] | None = None,
) -> str:
    """Every figure and table, in the papers' order.

    Args:
        entries: `figures/manifest.json`.
        claims: `figures/claims.csv`; it knows what the papers print about a figure.
        titles: paper -> its heading.
        profile: folder below `results/` that holds the tidy tables.
        printed: (paper, slug) of tables that hold the paper's own numbers beside ours.
        dots: (paper, slug) -> HTML of its heads, to be pointed at.
    """
    parts = [
        "# Gallery",
        "Every figure and table of the papers, rebuilt. Each links to the notebook that explains it and to the "
        "tidy tables that it is drawn from; what the papers do not have is marked as ours, and what was measured on "
        "other people's data as recorded.",
        NOTICE,
    ]
    for paper, title in titles.items():
        parts += [f"(gallery-{paper})=\n## {plain(title)}"]
        own = [entry for entry in entries if entry["paper"] == paper]
        jumps = [f"[{plain(label(entry))}](#gallery-{paper}-{entry['slug']})" for entry in own]
        parts += ["; ".join(jumps) + "."] if own else []
        for entry in own:
            place = paper, entry["slug"]
            parts.append(_exhibit(entry, claims, profile, place in printed, (dots or {}).get(place, "")))
        parts += [] if own else ["Nothing has been made yet; `make figures` makes it."]
    return "\n\n".join(parts) + "\n"


def _exhibit(entry: dict, claims: pd.DataFrame, profile: str, printed: bool, dots: str) -> str:
    paper, slug = entry["paper"], entry["slug"]
    parts = [f"(gallery-{paper}-{slug})=\n### {plain(label(entry))}"]
    parts += [unmeasured(row) for row in entry.get("failures", [])]
    there = [] if entry["missing"] else entry["files"]
    files = {name.rsplit(".", 1)[1]: f"figures/{name}" for name in there}
    if entry["missing"] and not entry.get("failures"):
        parts.append(":::{warning}\nMissing: it has not been made yet. `make figures` makes it.\n:::")
    elif "svg" in files:
        shown = f":::{{image}} {files['svg']}\n:alt: {' '.join(entry['caption'].split())}\n:::"
        parts.append(f"::::{{container}} exhibit\n{shown}\n::::")
    elif "md" in files:  # the file ends with the caption, which comes below
        ending = f"{entry['label']}. "
        shown = f':::{{include}} {files["md"]}\n:end-before: "{ending}"\n:::'
        parts.append(f"::::{{container}} exhibit\n{shown}\n::::")
    parts.append(plain(entry["caption"]) + ("." if not entry["caption"].endswith((".", ")")) else ""))
    parts += [dots] if dots and not entry["missing"] else []
    if printed and not entry["missing"]:
        parts.append("The paper's numbers stand in the table, beside ours.")
    elif not entry["ours"]:
        parts += _reported(paper, entry["label"].rpartition(", ")[2], claims)
    own = "Ours: the paper does not have it. " if entry["ours"] else ""
    own = "Recorded on data that is not ours to keep. " if _recorded(entry) else own
    parts.append(own + _links(entry, files, "recorded" if _recorded(entry) else profile))
    return "\n\n".join(part for part in parts if part)


def _recorded(entry: dict) -> bool:
    return entry["slug"].endswith("-recorded")


def label(entry: dict) -> str:
    """What an artifact is called: the paper's name for it, and whether its data was recorded."""
    return f"{entry['label']}, recorded" if _recorded(entry) else entry["label"]


def _reported(paper: str, name: str, claims: pd.DataFrame) -> list[str]:
    """What the paper prints about a figure, as far as a claim holds the number."""
    known = claims[(claims["paper"] == paper) & claims["paper_value"].notna()].drop_duplicates("id")
    here = known[known["place"].str.contains(rf"{re.escape(name)}(?!\d)")]
    said = [(plain(row.statement), paper_value(row.paper_value, row.unit)) for row in here.itertuples()]
    return [f"- {statement}. The paper's number: {value}." for statement, value in said]


def _links(entry: dict, files: dict[str, str], profile: str) -> str:
    notebooks = dict.fromkeys(source["notebook"] for source in entry["sources"])
    measured = {table for source in entry["sources"] for table in source["tables"]}
    groups = {
        "Notebook": [f"[{name}](notebooks/{name}.ipynb)" for name in notebooks],
        "Tidy tables": [
            f"[{name}](results/{profile}/{entry['paper']}/{name}.csv)" for name in entry["tables"] if name in measured
        ],
        "Files": [f"[{kind}]({path})" for kind, path in files.items() if kind not in ("md", "png")],
    }
    shown = [f"{name}: {', '.join(links)}" for name, links in groups.items() if links]
    return f"[{'; '.join(shown)}.]{{.sources}}" if shown else ""


def artifacts(entries: list[dict], titles: dict[str, str], profile: str) -> str:
    """Where each figure and table comes from: notebook, measuring function, tidy tables; a row each.

    Args:
        entries: `figures/manifest.json`.
        titles: paper -> its heading.
        profile: folder below `results/` that holds the tidy tables.
    """
    parts = ["# Where each figure comes from", "A notebook calls a function, which measures and returns tidy tables."]
    for paper, title in titles.items():
        lines = ["| artifact | notebook | function | tidy tables |", "| --- | --- | --- | --- |"]
        for entry in (entry for entry in entries if entry["paper"] == paper):
            folder = f"results/{'recorded' if _recorded(entry) else profile}/{paper}"
            measured = {table for source in entry["sources"] for table in source["tables"]}
            cells = [
                [f"[{plain(label(entry))}](#gallery-{paper}-{entry['slug']})"],
                [f"[{s['notebook']}](notebooks/{s['notebook']}.ipynb)" for s in entry["sources"]],
                [f"`{s['function'].removeprefix('insidebert.')}`" for s in entry["sources"]],
                [f"[{name}]({folder}/{name}.csv)" for name in entry["tables"] if name in measured],
            ]
            lines.append(f"| {' | '.join(', '.join(dict.fromkeys(cell)) or '-' for cell in cells)} |")
        parts += [f"## {plain(title)}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
