"""Chinese: the words of pages that are made, and the texts of notebooks and exercises, cell by cell.

`zh/<name>.md` beside a notebook holds its Markdown cells in Chinese. A comment is above each: the cell's id, and a
digest of the English text that was translated, by which a test sees what has changed since.
"""

import hashlib
import re
from html import escape, unescape
from pathlib import Path

import nbformat
import yaml

from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.results.paths import Paths

HERE = Path(__file__).resolve().parent
MARK = re.compile(r"^<!-- (\S+) ([0-9a-f]{8}) -->\n", flags=re.MULTILINE)
CELL = re.compile(r"(?<=>)[^<>]+(?=</t[dh]>)")
"""What is in a cell of a table that is HTML."""


class Phrases(dict):
    """English -> another language; what is not in it stays English."""

    def __missing__(self, english: str) -> str:
        return english


ENGLISH = Phrases()


def phrases() -> Phrases:
    """The Chinese of headings, verdicts, questions and claims, from `zh.yml`."""
    return Phrases(yaml.safe_load((HERE / "zh.yml").read_text(encoding="utf-8")))


def digest(english: str) -> str:
    """Eight digits by which a text is known; blanks at its ends do not count."""
    return hashlib.sha256(english.strip().encode()).hexdigest()[:8]


def texts(folder: Path, name: str) -> dict[str, tuple[str, str]]:
    """The Chinese of a notebook: id of a Markdown cell -> (digest of its English text, Chinese text).

    Args:
        folder: with notebooks or exercises; the texts are in `zh/<name>.md` below it. Without that file there are none.

    Raises:
        InputError: text before the first mark, or a cell twice, with the place.
    """
    path = folder / "zh" / f"{name}.md"
    if not path.exists():
        return {}
    before, *parts = MARK.split(path.read_text(encoding="utf-8"))
    if before.strip() or not parts:
        raise InputError(f"{path} does not begin with a cell's mark, such as `<!-- cell-01 0123abcd -->`")
    ids = parts[::3]
    if twice := [cell for cell in ids if ids.count(cell) > 1]:
        raise InputError(f"{path} has cell {twice[0]} twice")
    return {cell: (of, text.strip()) for cell, of, text in zip(ids, parts[1::3], parts[2::3], strict=True)}


def translated(
    notebook: nbformat.NotebookNode, chinese: dict[str, tuple[str, str]], say: Phrases = ENGLISH
) -> nbformat.NotebookNode:
    """The notebook with its Markdown cells in Chinese, as far as there are texts; code stays, and what it put out.

    Args:
        chinese: id of a cell -> (digest, text), as `texts` gives them.
        say: what the cells of tables of findings (`work.findings(...)`) say instead.
    """
    made = nbformat.from_dict(notebook)
    for cell in made.cells:
        if cell.cell_type == "markdown" and cell.id in chinese:
            cell.source = chinese[cell.id][1]
        elif cell.cell_type == "code" and ".findings(" in cell.source:
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output.data["text/html"] = CELL.sub(lambda found: _said(found[0], say), output.data["text/html"])
    return made


def _said(text: str, say: Phrases) -> str:
    return escape(say[unescape(text)]) if unescape(text) in say else limit(text, say)


def limit(text: str, say: Phrases) -> str:
    """What a claim asks for, such as `above 50%` or `between 0 and 0.1`; any other text as it is."""
    first, _, rest = text.partition(" ")
    return say[f"{first} {{}}"].format(rest.replace(" and ", say[" and "])) if f"{first} {{}}" in say else text


def write(paths: Paths) -> list[Path]:
    """Write the notebooks that have Chinese texts into `build/zh`, to be opened and run there."""
    made = []
    for path in sorted(paths.notebooks.glob("[!.]*.ipynb")):
        if chinese := texts(paths.notebooks, path.stem):
            notebook = translated(nbformat.read(path, as_version=4), chinese)
            made.append(paths.build / "zh" / path.name)
            write_text(made[-1], nbformat.writes(notebook) + "\n")
    return made
