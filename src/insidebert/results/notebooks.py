"""Notebooks by name: their parameters, checked before anything runs, and their execution through papermill."""

import ast
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

from insidebert.errors import InputError
from insidebert.files import write_whole
from insidebert.results.paths import Paths

QUIET = {"TQDM_DISABLE": "1", "TQDM_DELAY": "86400"}


class NotebookError(RuntimeError):
    """A cell of a notebook failed; the message names notebook, cell and error."""


@dataclass(frozen=True)
class Notebook:
    """A notebook source.

    Args:
        name: file name without its ending.
        path: the source, without outputs.
        defaults: its parameters, read from the cell tagged `parameters`.
    """

    name: str
    path: Path
    defaults: dict

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read a source and its parameters.

        Raises:
            InputError: not a notebook, or no cell (or several) tagged `parameters`, or one that does more than assign
                literals.
        """
        try:
            cells = nbformat.read(path, as_version=4).cells
        except (ValueError, json.JSONDecodeError, nbformat.ValidationError) as error:
            raise InputError(f"{path} is not a notebook: {error}") from None
        tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        if len(tagged) != 1:
            raise InputError(f"{path} has {len(tagged)} cells tagged `parameters`; it needs exactly one")
        try:
            body = ast.parse(tagged[0]).body
            defaults = {item.targets[0].id: ast.literal_eval(item.value) for item in body}
        except (AttributeError, ValueError, SyntaxError):
            raise InputError(f"{path}: the cell tagged `parameters` may only assign literals to names") from None
        return cls(path.stem, path, defaults)


def discover(paths: Paths, paper: str | None = None) -> list[Notebook]:
    """The notebooks of one paper (`open_sesame` -> `11-open-sesame-...`) or of all, in order.

    Raises:
        InputError: none.
    """
    pattern = f"*-{paper.replace('_', '-')}-*.ipynb" if paper else "*.ipynb"
    found = sorted(paths.notebooks.glob(pattern))
    if not found:
        raise InputError(f"no notebook in {paths.notebooks} is named {pattern}")
    return [Notebook.read(path) for path in found]


def profile_parameters(folder: Path, profile: str, notebooks: list[str]) -> dict[str, dict]:
    """Parameters that a profile sets, per notebook.

    A profile file holds sections: `all`, and one a notebook that it changes.

    Raises:
        InputError: no such profile, or a section that is no notebook.
    """
    path = folder / f"{profile}.yml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yml")))
        raise InputError(f"no profile {profile!r}; there are {known}")
    sections = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    unknown = set(sections) - {"all", *notebooks}
    if unknown:
        raise InputError(f"{path}: {min(unknown)!r} is no notebook; there are {', '.join(notebooks)}")
    return {name: merged(sections.get("all") or {}, sections.get(name) or {}) for name in notebooks}


def merged(parameters: dict, changes: dict) -> dict:
    """Parameters with some replaced; of one that is a dict, only the keys that are named."""
    both = {name: parameters[name] | changes[name] for name in changes if _both_dicts(parameters, changes, name)}
    return parameters | changes | both


def checked(notebook: Notebook, parameters: dict) -> dict:
    """The notebook's parameters with some replaced, as in `merged`.

    Raises:
        InputError: a parameter that the notebook does not have, of another type than its default, an empty list, or
            a count below 1.
    """
    for name, value in merged(notebook.defaults, parameters).items():
        if name not in notebook.defaults:
            known = ", ".join(notebook.defaults)
            raise InputError(f"notebook {notebook.name} has no parameter {name!r}; it has {known}")
        expected = notebook.defaults[name]
        if isinstance(expected, dict) and isinstance(value, dict) and set(value) - set(expected):
            odd = min(set(value) - set(expected))
            raise InputError(f"notebook {notebook.name}: {name} has no {odd!r}; it has {', '.join(expected)}")
        if not _alike(expected, value):
            raise InputError(
                f"notebook {notebook.name}: {name} is {value!r}, a {type(value).__name__}; "
                f"it takes a {type(expected).__name__}, such as {expected!r}"
            )
        if value == [] or (type(value) is int and value < 1):
            raise InputError(f"notebook {notebook.name}: {name} is {value!r}; it takes at least one")
    return merged(notebook.defaults, parameters)


def execute(notebook: Notebook, parameters: dict, output: Path) -> None:
    """Run a notebook with papermill and keep the executed copy, also of a failed one (as `<name>.failed.ipynb`).

    Args:
        parameters: checked here, before anything runs.
        output: where the executed copy goes when all of it ran.

    Raises:
        InputError: a parameter does not fit.
        NotebookError: a cell failed.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    parameters = checked(notebook, parameters)
    failed = output.with_suffix(".failed.ipynb")
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _quiet():
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
    write_whole(output, failed.replace)


@contextmanager
def _quiet():
    """No progress bars in the kernels that are started inside; tqdm reads these variables itself.

    Its bars for notebooks do not heed the first, but wait a day before they appear.
    """
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _both_dicts(parameters: dict, changes: dict, name: str) -> bool:
    return isinstance(parameters.get(name), dict) and isinstance(changes[name], dict)


def _alike(expected, value) -> bool:
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(_alike(expected[key], value[key]) for key in expected)
    if isinstance(expected, list):
        return isinstance(value, list) and all(_alike(expected[0], item) for item in value)
    if isinstance(expected, float):
        return type(value) in (int, float)
    return type(expected) is type(value)
