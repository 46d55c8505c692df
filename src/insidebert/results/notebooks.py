"""Notebooks by name: what they take, what they draw, and their execution through papermill."""

import ast
import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError, NotebookError
from insidebert.files import write_text
from insidebert.papers import paper_of
from insidebert.results.cache import code_cells, notebook_fingerprint
from insidebert.results.parameters import checked
from insidebert.results.paths import Paths
from insidebert.results.processes import threads_of

QUIET = {"TQDM_DISABLE": "1", "TQDM_DELAY": "86400"}
"""No progress bars: tqdm's bars for notebooks do not heed the first, but wait a day before they appear."""


@dataclass(frozen=True)
class Notebook:
    """A notebook source.

    Args:
        name: file name without its ending.
        path: the source, without outputs.
        defaults: its parameters, read from the cell tagged `parameters`.
        draws: slugs of the artifacts that it draws.
    """

    name: str
    path: Path
    defaults: dict
    draws: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read a source and its parameters.

        Raises:
            InputError: not a notebook, or no cell (or several) tagged `parameters`, or one that does more than assign
                literals.
        """
        tagged = [code for code, tags in code_cells(path) if "parameters" in tags]
        if len(tagged) != 1:
            raise InputError(f"{path} has {len(tagged)} cells tagged `parameters`; it needs exactly one")
        try:
            body = ast.parse(tagged[0]).body
            defaults = {item.targets[0].id: ast.literal_eval(item.value) for item in body}
        except (AttributeError, ValueError, SyntaxError):
            raise InputError(f"{path}: the cell tagged `parameters` may only assign literals to names") from None
        source = "\n".join(code for code, _ in code_cells(path))
        return cls(path.stem, path, defaults, frozenset(re.findall(r'\.draw\("([^"]+)"', source)))


def discover(paths: Paths, paper: str | None = None) -> list[Notebook]:
    """The notebooks of one paper (`open_sesame` -> `11-open-sesame-...`) or of all, in order.

    Raises:
        InputError: there is none.
    """
    found = [path for path in sorted(paths.notebooks.glob("*.ipynb")) if not path.name.startswith(".")]
    if paper:
        found = [path for path in found if (own := paper_of(path.stem)) and own.name == paper]
    if not found:
        pattern = f"NN-{paper.replace('_', '-')}-TOPIC.ipynb" if paper else "NN-TOPIC.ipynb"
        raise InputError(f"no notebook in {paths.notebooks} is named {pattern}")
    return [Notebook.read(path) for path in found]


def fingerprints(planned: dict[str, tuple[Notebook, dict]], paths: Paths) -> dict[str, str]:
    """Of all that an executed copy depends on; planned: name -> notebook and its parameters."""
    return {name: notebook_fingerprint(own.path, parameters, paths) for name, (own, parameters) in planned.items()}


def up_to_date(output: Path, known: str) -> bool:
    """Whether an executed copy is there and was made from what has this fingerprint."""
    try:
        return json.loads(output.read_text(encoding="utf-8"))["metadata"].get("fingerprint") == known
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def execute(notebook: Notebook, parameters: dict, output: Path, made_from: str = "", threads: int = 1) -> None:
    """Run a notebook with papermill and keep the executed copy, also of a failed one (as `<name>.failed.ipynb`).

    Args:
        parameters: checked here, before anything runs.
        output: where the executed copy goes when all of it ran.
        made_from: fingerprint that the copy keeps.
        threads: of its process, whatever the environment says: sums of floats depend on their number, so one is what
            writes the same tables on every machine.

    Raises:
        InputError: a parameter does not fit.
        NotebookError: a cell failed.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    parameters = checked(notebook.name, notebook.defaults, parameters)
    failed = output.with_suffix(".failed.ipynb")
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _environment(QUIET | threads_of(threads)):
            papermill.execute_notebook(
                str(notebook.path),
                str(failed),
                parameters=parameters,
                cwd=str(notebook.path.parent),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                extra_arguments=["--IPKernelApp.log_level=40"],
            )
    except DeadKernelError:
        raise NotebookError(
            f"notebook {notebook.name}: its process died, most likely for want of memory; smaller sizes need less"
        ) from None
    except PapermillExecutionError as error:
        raise NotebookError(
            f"notebook {notebook.name}, cell {error.exec_count}: {error.ename}: {error.evalue}\n"
            f"(executed so far: {failed})"
        ) from None
    made = json.loads(failed.read_text(encoding="utf-8"))
    made["metadata"]["fingerprint"] = made_from
    write_text(output, json.dumps(made, indent=1, ensure_ascii=False))
    failed.unlink()


@contextmanager
def _environment(variables: dict[str, str]):
    """What the kernels that are started inside inherit; afterwards everything is as it was."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
