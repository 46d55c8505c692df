"""Copies of the notebooks and the exercises that begin with a cell for Colab.

A notebook needs the package and, beside it, a checkout: parameters, corpus, committed tables. The first cell brings
both where Colab runs it and does nothing elsewhere. The notebooks themselves have no such cell: what they are made
from is known by their source, and whoever has a clone needs none.
"""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from book import chinese
from book.address import Address
from book.chinese import ENGLISH, Phrases
from book.folders import rebuilt
from insidebert.files import write_text
from insidebert.results.paths import Paths
from teaching.make_student import SOURCES, student

CLONE = "/content/insidebert"
"""Where the checkout goes on Colab."""
EXTRAS = "models,notebooks,finetune"


def first_line(address: Address) -> str:
    """The code of the first cell: one line, which runs nothing where there is no Colab."""
    clone = f"test -d {CLONE} || git clone --quiet --depth 1 {address.url} {CLONE}"
    install = f"pip install --quiet '{CLONE}[{EXTRAS}]'"
    environment = f'os.environ.update(INSIDEBERT_ROOT="{CLONE}"), sys.path.append("{CLONE}/teaching/exercises")'
    return (
        f'import os, sys; "google.colab" in sys.modules and ({environment}, '
        f'get_ipython().system("{clone}; {install}"));'
    )


def for_colab(notebook: NotebookNode, address: Address) -> NotebookNode:
    """The notebook with the first cell before its own; its outputs are left out."""
    made = nbformat.from_dict(notebook)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    made.cells.insert(0, nbformat.v4.new_code_cell(first_line(address), id="colab"))
    nbformat.validate(made)
    return made


def links(place: str, address: Address, say: Phrases = ENGLISH) -> str:
    """Markdown that leads from the page of a notebook to the copy in the book, and to Colab where the address is known.

    Args:
        place: of the copy among the copies; the page has the same place below `notebooks/`.
        say: the words to use.
    """
    copy = f"{'../' * (place.count('/') + 1)}colab/{place}"
    own = f'<a href="{copy}" download>{say["Notebook to run"]}</a>'
    return f"{own} · [Colab]({address.colab(place)})" if address.known else own


def copies(paths: Paths) -> dict[str, NotebookNode]:
    """Place in the folder of copies -> notebook: all notebooks, those in Chinese, the student version of exercises."""
    address, found = Address.read(), {}
    for path in sorted(paths.notebooks.glob("[!.]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        found[path.name] = notebook
        if texts := chinese.texts(paths.notebooks, path.stem):
            found[f"zh/{path.name}"] = chinese.translated(notebook, texts)
    for path in sorted(SOURCES.glob("*.ipynb")):
        found[f"exercises/{path.name}"] = student(nbformat.read(path, as_version=4))
    return {place: for_colab(notebook, address) for place, notebook in found.items()}


def fill(paths: Paths, folder: Path) -> list[str]:
    """Write the copies into a folder, and the checks beside the exercises.

    Returns:
        Places of the notebooks in the folder.
    """
    made = copies(paths)
    for place, notebook in made.items():
        write_text(folder / place, nbformat.writes(notebook) + "\n")
    shutil.copytree(SOURCES / "check", folder / "exercises" / "check", ignore=shutil.ignore_patterns("__pycache__"))
    return list(made)


def write(paths: Paths) -> list[Path]:
    """Write the copies into `build/colab`, in the place of those before."""
    folder = paths.build / "colab"
    with rebuilt(folder) as made:
        places = fill(paths, made)
    return [folder / place for place in places]
