"""Chinese: the words of pages that are made, and the texts of the notebooks, cell by cell."""

from pathlib import Path

import nbformat
import yaml

from insidebert.errors import InputError

HERE = Path(__file__).resolve().parent


class Phrases(dict):
    """English -> another language; what is not in it stays English."""

    def __missing__(self, english: str) -> str:
        return english


ENGLISH = Phrases()


def phrases() -> Phrases:
    """The Chinese of headings, verdicts, questions and claims, from `zh.yml`."""
    return Phrases(yaml.safe_load((HERE / "zh.yml").read_text(encoding="utf-8")))


def texts(folder: Path, name: str) -> dict[str, str]:
    """The Chinese texts of a notebook: id of a Markdown cell -> text; nothing for a notebook that has none.

    Args:
        folder: with the notebooks; the texts are in `zh/<name>.yml` below it.

    Raises:
        InputError: the file cannot be read, with its place.
    """
    path = folder / "zh" / f"{name}.yml"
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(part, str) for pair in found.items() for part in pair):
        raise InputError(f"{path}: each line is the id of a Markdown cell and its text, such as `cell-01: |`")
    return found


def translated(notebook: nbformat.NotebookNode, chinese: dict[str, str]) -> nbformat.NotebookNode:
    """The notebook with its Markdown cells in Chinese, as far as there are texts; code and outputs stay.

    Args:
        chinese: id of a cell -> its text.
    """
    made = nbformat.from_dict(notebook)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = chinese.get(cell.id, cell.source).rstrip()
    return made
