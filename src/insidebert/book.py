"""The book's pages as text: what the manifest, the claims and the executed notebooks become."""

import re
from collections.abc import Collection

import nbformat
import pandas as pd

WIDGET = "application/vnd.jupyter.widget-view+json"


def plain(text: str) -> str:
    """Text with everything escaped that Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", text)


def heading(text: str, otherwise: str = "") -> str:
    """The first `# heading` of a page, else what was given."""
    found = re.search(r"^# +(.+)$", text, flags=re.MULTILINE)
    return found[1].strip() if found else otherwise


def toctree(pages: Collection[str], caption: str = "") -> str:
    """A toctree that shows in the sidebar only; nothing for no pages."""
    if not pages:
        return ""
    options = ["```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*options, *pages, "```\n"])


def page(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An executed notebook as a page: no progress bars, no widget state, inputs without output folded away."""
    made = nbformat.from_dict(notebook)
    made.metadata.pop("widgets", None)
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
        if not cell.outputs:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
    return made


def stub(title: str, name: str) -> nbformat.NotebookNode:
    """The page that links reach while a notebook has no executed copy; in no table of contents."""
    text = f"# {title}\n\nNot run yet. `python -m insidebert run {name}` runs this notebook."
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)], metadata={"orphan": True})


def chapter(text: str, paper: str, notebooks: dict[str, str], executed: Collection[str]) -> str:
    """A paper's page.

    Args:
        text: what the paper asks, by hand.
        paper: such as `open_sesame`.
        notebooks: name -> title of all its notebooks, in order.
        executed: names of those that have been run.
    """
    there = [name for name in notebooks if name in executed]
    missing = [name for name in notebooks if name not in executed]
    parts = [text.strip(), "## Notebooks"]
    parts += ["\n".join(f"- [{plain(notebooks[name])}](notebooks/{name}.ipynb)" for name in there)] if there else []
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        parts.append(f":::{{warning}}\nNot run yet, and so not in this book: {names}. `make figures` runs them.\n:::")
    parts.append(f"See also its figures and tables in [the gallery](#gallery-{paper}) and its claims on ")
    parts[-1] += f"[the scoreboard](#scoreboard-{paper})."
    return "\n\n".join([*parts, toctree([f"notebooks/{name}" for name in there])])


def gallery(
    entries: list[dict], claims: pd.DataFrame, titles: dict[str, str], profile: str, printed: Collection[tuple]
) -> str:
    """Every figure and table, in the papers' order.

    Args:
        entries: `figures/manifest.json`.
        claims: `figures/claims.csv`; it knows what the papers print about a figure.
        titles: paper -> its heading.
        profile: folder below `results/` that holds the tidy tables.
        printed: (paper, slug) of tables that hold the paper's own numbers beside ours.
    """
    parts = [
        "# Gallery",
        "Every figure and table of the three papers, rebuilt. Each links to the notebook that explains it and to the "
        "tidy tables that it is drawn from; what the papers do not have is marked as ours.",
    ]
    for paper, title in titles.items():
        parts += [f"(gallery-{paper})=\n## {plain(title)}"]
        own = [entry for entry in entries if entry["paper"] == paper]
        parts += [_exhibit(entry, claims, profile, (paper, entry["slug"]) in printed) for entry in own]
        parts += [] if own else ["Nothing has been made yet; `make figures` makes it."]
    return "\n\n".join(parts) + "\n"


def _exhibit(entry: dict, claims: pd.DataFrame, profile: str, printed: bool) -> str:
    paper, slug = entry["paper"], entry["slug"]
    recorded = slug.endswith("-recorded")
    label = f"{entry['label']}, recorded" if recorded else entry["label"]
    parts = [f"(gallery-{paper}-{slug})=\n### {plain(label)}"]
    files = {name.rsplit(".", 1)[1]: f"figures/{name}" for name in entry["files"]}
    if entry["missing"]:
        parts.append(":::{warning}\nMissing: it has not been made yet. `make figures` makes it.\n:::")
    elif "svg" in files:
        alt = entry["caption"].replace("\n", " ")
        parts.append(f":::{{image}} {files['svg']}\n:alt: {alt}\n:loading: lazy\n:class: exhibit\n:::")
    else:  # the file ends with the caption, which comes below
        ending = f"{entry['label']}. "
        parts.append(f":::{{include}} {files['md']}\n:end-before: \"{ending}\"\n:::")
    parts.append(plain(entry["caption"]) + ("." if not entry["caption"].endswith((".", ")")) else ""))
    if printed and not entry["missing"]:
        parts.append("The paper's numbers stand in the table, beside ours.")
    elif not entry["ours"]:
        parts += _reported(paper, entry["label"], claims)
    own = "Ours: the paper does not have it. " if entry["ours"] else ""
    parts.append(own + _links(entry, files, "recorded" if recorded else profile))
    return "\n\n".join(part for part in parts if part)


def _reported(paper: str, label: str, claims: pd.DataFrame) -> list[str]:
    """What the paper prints about a figure, as far as a claim holds the number."""
    known = claims[(claims["paper"] == paper) & claims["paper_value"].notna()].drop_duplicates("id")
    here = known[known["place"].str.contains(rf"{re.escape(label)}(?!\d)")]
    return [f"- {plain(row.statement)}. The paper's number: {row.paper_value:g}." for row in here.itertuples()]


def _links(entry: dict, files: dict[str, str], profile: str) -> str:
    notebooks = dict.fromkeys(source["notebook"] for source in entry["sources"])
    tables = dict.fromkeys(table for source in entry["sources"] for table in source["tables"])
    groups = {
        "Notebook": [f"[{name}](notebooks/{name}.ipynb)" for name in notebooks],
        "Tidy tables": [f"[{name}](results/{profile}/{entry['paper']}/{name}.csv)" for name in tables],
        "Files": [f"[{kind}]({path})" for kind, path in files.items() if kind != "md"],
    }
    shown = [f"{name}: {', '.join(links)}" for name, links in groups.items() if links]
    return f"[{'; '.join(shown)}.]{{.sources}}" if shown else ""


def scoreboard(claims: pd.DataFrame, titles: dict[str, str]) -> str:
    """Claim by claim and model by model: what the paper says, its number, ours, and the verdict as a word.

    Args:
        claims: `figures/claims.csv`; every model in it is a column.
        titles: paper -> its heading.
    """
    parts = [
        "# Scoreboard",
        "A claim [holds]{.verdict .holds} if the whole 95% interval of what was measured lies where the claim puts it, "
        "[fails]{.verdict .fails} if it lies wholly elsewhere; otherwise we [cannot tell]{.verdict .cannot-tell}. "
        "A claim that fails says something about the model that was run here, which is not the paper's. "
        "Press a column's heading to sort by it.",
    ]
    for paper, title in titles.items():
        own = claims[claims["paper"] == paper]
        parts.append(f"(scoreboard-{paper})=\n## {plain(title)}")
        parts.append(f"{_counts(own)}\n\n{_table(own)}" if len(own) else "Nothing has been measured yet.")
    return "\n\n".join(parts) + "\n"


def _counts(claims: pd.DataFrame) -> str:
    counts = claims.groupby("model", sort=False)["verdict"].value_counts().unstack(fill_value=0)
    words = [(f"{plain(str(model))}", row.to_dict()) for model, row in counts.iterrows()]
    lines = [f"- {model}: " + ", ".join(f"{n} {verdict}" for verdict, n in row.items() if n) for model, row in words]
    return "\n".join(lines)


def _table(claims: pd.DataFrame) -> str:
    models = list(dict.fromkeys(claims["model"]))
    lines = [":::{container} scoreboard", f"| claim | paper | {' | '.join(map(plain, models))} |"]
    lines.append("|" + " --- |" * (2 + len(models)))
    for _, claim in claims.groupby("id", sort=False):
        first = claim.iloc[0]
        where = f"[{plain(first['place'])}; holds if {plain(first['holds_if'])}]{{.where}}"
        number = "" if pd.isna(first["paper_value"]) else f"{first['paper_value']:g}"
        cells = [_verdict(claim[claim["model"] == model]) for model in models]
        lines.append("| " + " | ".join([f"{plain(first['statement'])} {where}", number or "-", *cells]) + " |")
    return "\n".join([*lines, ":::"])


def _verdict(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "-"
    row = rows.iloc[0]
    measured = f"{row['measured']:.2f} [\\[{row['low']:.2f}, {row['high']:.2f}\\]]{{.interval}}"
    return f"[{row['verdict']}]{{.verdict .{row['verdict'].replace(' ', '-')}}} {measured}"
