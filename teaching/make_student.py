"""Student versions of the exercises: solutions cut out, outputs cleared, all metadata kept.

What nbgrader's `generate_assignment` does to a notebook, for who does not use nbgrader: `make exercises` writes
`build/exercises/*.ipynb` and `build/exercises/check`, and in `build/exercises/zh` the same with its texts in Chinese.
"""

import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from book import chinese
from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.results.paths import Paths

SOURCES = Path(__file__).parent / "exercises"
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
STUBS = {"code": ("# your answer here", "raise NotImplementedError"), "markdown": ("*your answer here*",)}
STUBS_ZH = STUBS | {"markdown": ("*在这里写下你的答案*",)}


def student(notebook: NotebookNode, stubs: dict[str, tuple[str, ...]] = STUBS) -> NotebookNode:
    """The student version of a notebook.

    As in nbgrader, a solution region becomes a stub of the same indentation, and a solution cell without a region is
    all solution. Graded cells that are no answers (the checks) cannot be edited, and none of them can be deleted.

    Args:
        notebook: with solutions; it stays as it is.
        stubs: kind of cell -> lines that stand in the place of a solution.

    Raises:
        InputError: a grade_id twice or none, a region that is not closed or not in a solution cell, with the cell.
    """
    made = nbformat.from_dict(notebook)
    seen: set[str] = set()
    for number, cell in enumerate(made.cells, 1):
        grading = cell.metadata.get("nbgrader", {})
        name = grading.get("grade_id")
        if grading and (not name or name in seen):
            raise InputError(f"cell {number}: grade_id {name!r} is {'taken' if name else 'missing'}; give it its own")
        seen.add(name)
        stripped = _without_solution(cell, stubs[cell.cell_type], f"cell {number}")
        if grading.get("solution"):
            cell.source = stripped if stripped != cell.source else "\n".join(stubs[cell.cell_type])
        elif stripped != cell.source:
            raise InputError(f"cell {number}: it holds a solution, but is no solution cell; set `solution` to true")
        if grading:
            cell.metadata["deletable"] = False
        if grading.get("locked"):
            cell.metadata["editable"] = False
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def _without_solution(cell: NotebookNode, stub: tuple[str, ...], where: str) -> str:
    lines, inside = [], False
    for line in cell.source.split("\n"):
        if BEGIN in line:
            if inside:
                raise InputError(f"{where}: {BEGIN} twice; close the first with {END}")
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + line for line in stub]
        elif END in line:
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise InputError(f"{where}: {BEGIN} without {END}; close it")
    return "\n".join(lines)


def main(folder: Path) -> None:
    """Write the student versions of all exercises into a folder, in Chinese into `zh` below it, with their checks."""
    for room, stubs in (("", STUBS), ("zh", STUBS_ZH)):
        target = folder / room
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SOURCES / "check", target / "check", ignore=ignored, dirs_exist_ok=True)
        for path in sorted(SOURCES.glob("*.ipynb")):
            texts = chinese.texts(SOURCES, path.stem) if room else {}
            try:
                made = student(chinese.translated(nbformat.read(path, as_version=4), texts), stubs)
            except InputError as error:
                raise InputError(f"{path}, {error}") from None
            write_text(target / path.name, nbformat.writes(made) + "\n")
            print(target / path.name)


if __name__ == "__main__":
    try:
        main(Paths.find().build / "exercises")
    except InputError as error:
        sys.exit(str(error))
