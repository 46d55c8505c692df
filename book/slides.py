"""An executed notebook as slides, by one rule, so that the notebooks need no marks of their own.

A heading (`#` or `##`) begins a slide, with the first paragraph below it and with every formula, list and quotation;
a quotation (*Predict first*) appears at a key press. All other prose goes into the speaker's notes (key S). Each figure
or table is a slide of its own, under its label, and scrolls if it is taller; code and what it prints are left out.
"""

import base64
import re
import struct
from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_markdown_cell

from book.chinese import ENGLISH, Phrases

KEPT = re.compile(r"\$\$|[-*] |\d+\. |\||```|!\[")
"""How a paragraph begins that is more than prose: formula, list, table, code, picture."""
SHOWN = ("image/png", "image/svg+xml", "text/html")
TALL = 1.2
"""Height over width from which a picture would become too small if all of it were on the slide at once."""


def slides(notebook: nbformat.NotebookNode, labels: dict[str, str], say: Phrases = ENGLISH) -> nbformat.NotebookNode:
    """The notebook with one cell per piece of a slide, each with its slide type; the rule stands above.

    Args:
        notebook: with outputs.
        labels: slug -> what stands above the figure or table that `work.draw("slug")` shows.
        say: the words to use.
    """
    made = nbformat.from_dict(notebook)
    made.metadata.pop("widgets", None)
    made.cells = []
    for cell in notebook.cells:
        pieces = _prose(cell.source) if cell.cell_type == "markdown" else _outputs(cell, labels, say)
        for kind, piece in pieces:
            piece.metadata["slideshow"] = {"slide_type": kind}
            made.cells.append(piece)
    return made


def _prose(text: str) -> Iterator[tuple[str, nbformat.NotebookNode]]:
    first = False
    for block in re.split(r"\n\s*\n", text.strip()):
        if re.match(r"##? ", block):
            kind, first = "slide", True
        elif block.startswith(">"):
            kind = "fragment"
        elif KEPT.match(block):
            kind = "-"
        else:
            kind, first = ("-" if first else "notes"), False
        yield kind, new_markdown_cell(block)


def _outputs(
    cell: nbformat.NotebookNode, labels: dict[str, str], say: Phrases
) -> Iterator[tuple[str, nbformat.NotebookNode]]:
    drawn = re.search(r'draw\("([^"]+)"', cell.source)
    label = say["The paper's claims, and ours"] if ".findings(" in cell.source else labels.get(drawn and drawn[1])
    for output in cell.get("outputs", []):
        if any(kind in output.get("data", {}) for kind in SHOWN):
            if label:
                yield "slide", new_markdown_cell(f"### {label}")
            metadata = {"tags": ["tall"]} if _tall(output) else {}
            yield "-" if label else "slide", nbformat.v4.new_code_cell("", outputs=[output], metadata=metadata)


def _tall(output: nbformat.NotebookNode) -> bool:
    if "image/png" not in output.data:
        return False
    width, height = struct.unpack(">II", base64.b64decode(output.data["image/png"])[16:24])
    return height > TALL * width
