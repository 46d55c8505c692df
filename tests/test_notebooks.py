"""Notebooks: their sources, the strict wrapper, and every one executed in the smoke profile."""

import ast
import csv
import itertools
import json
import os
import re
import tomllib

import nbformat
import pytest
import transformers
import yaml

from insidebert import __main__ as command
from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.models.embedded import folder_of
from insidebert.results.notebooks import Notebook, NotebookError, checked, discover, execute, merged, profile_parameters
from insidebert.results.paths import Paths
from tests.conftest import save_checkpoint

PATHS = Paths.find()
SOURCES = sorted(PATHS.notebooks.glob("*.ipynb"))


def notebook(tmp_path, parameters="PROFILE = 'smoke'\nSIZE = 3\nMODELS = ['a']\nRATE = 0.5", body="SIZE"):
    cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    path = tmp_path / "01-some-notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell(body)]), path)
    return Notebook.read(path)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_sources_are_clean(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    source = [re.sub(r"(?m)^%.*$", "", cell.source) for cell in code]
    kinds = {type(node) for text in source for node in ast.walk(ast.parse(text))}
    assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.Lambda}
    assert max(text.count("\n") + 1 for text in source) <= 15
    assert Notebook.read(path).defaults["PROFILE"] == "interactive"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"SIZ": 3}, "no parameter 'SIZ'; it has PROFILE, SIZE, MODELS, RATE"),
        ({"SIZE": "3"}, "SIZE is '3', a str; it takes a int, such as 3"),
        ({"SIZE": True}, "a bool; it takes a int"),
        ({"MODELS": "a"}, "MODELS is 'a', a str; it takes a list"),
        ({"MODELS": [1]}, "MODELS is"),
        ({"MODELS": []}, r"MODELS is \[\]; it takes at least one"),
        ({"SIZE": 0}, "SIZE is 0; it takes at least one"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(tmp_path, parameters, message):
    with pytest.raises(InputError, match=message):
        checked(notebook(tmp_path), parameters)


def test_a_parameter_with_keys_changes_key_by_key(tmp_path):
    own = notebook(tmp_path, 'PLAN = {"epochs": 4, "rate": 0.1}')
    assert checked(own, {"PLAN": {"epochs": 0}}) == {"PLAN": {"epochs": 0, "rate": 0.1}}
    assert merged({"PLAN": {"a": 1, "b": 2}, "N": 1}, {"PLAN": {"b": 3}}) == {"PLAN": {"a": 1, "b": 3}, "N": 1}
    with pytest.raises(InputError, match="PLAN has no 'epoch'; it has epochs, rate"):
        checked(own, {"PLAN": {"epoch": 2}})
    for wrong in ({"epochs": "2"}, 3, {"rate": "fast"}):
        with pytest.raises(InputError, match="PLAN is"):
            checked(own, {"PLAN": wrong})


def test_parameters_that_fit(tmp_path):
    assert checked(notebook(tmp_path), {"RATE": 1, "MODELS": ["b", "c"]})["RATE"] == 1


@pytest.mark.parametrize("parameters", ["SIZE = len('abc')", "import os", "SIZE ="])
def test_a_parameters_cell_only_assigns_literals(tmp_path, parameters):
    with pytest.raises(InputError, match="may only assign literals"):
        notebook(tmp_path, parameters)


def test_profiles_are_strict(tmp_path):
    (tmp_path / "p.yml").write_text("all:\n  A: 1\nx:\n  A: 2\n")
    assert profile_parameters(tmp_path, "p", ["x", "y"]) == {"x": {"A": 2}, "y": {"A": 1}}
    with pytest.raises(InputError, match="'x' is no notebook"):
        profile_parameters(tmp_path, "p", ["y"])
    with pytest.raises(InputError, match="no profile 'q'; there are p"):
        profile_parameters(tmp_path, "q", ["y"])


@pytest.mark.parametrize("profile", ["embedded", "smoke", "paper", "recorded"])
def test_every_profile_fits_every_notebook(profile):
    notebooks = discover(PATHS)
    planned = profile_parameters(PATHS.notebooks / "profiles", profile, [n.name for n in notebooks])
    assert all(checked(n, planned[n.name])["MODELS"] for n in notebooks)


def test_environment_and_project_stay_in_step():
    environment = yaml.safe_load((PATHS.root / "environment.yml").read_text())
    project = tomllib.loads((PATHS.root / "pyproject.toml").read_text())["project"]
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    assert python == f"python{project['requires-python']}"
    assert environment["name"] == project["name"]
    assert environment["dependencies"][-1] == {"pip": ["--requirement requirements.lock", "--editable ."]}
    lock = (PATHS.root / "requirements.lock").read_text().lower().replace("_", "-")
    locked = dict(line.split("==") for line in lock.splitlines() if "==" in line and not line.startswith("#"))
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in itertools.chain(*groups):
        name, bound = re.fullmatch(r"([\w.-]+)[>=]=(.+)", requirement).groups()
        numbers = [tuple(int(n) for n in re.findall(r"\d+", version)[:3]) for version in (locked[name.lower()], bound)]
        assert numbers[0] >= numbers[1], requirement


def test_the_pre_commit_hooks_are_the_locked_ones():
    hooks = yaml.safe_load((PATHS.root / ".pre-commit-config.yaml").read_text())["repos"]
    ruff = next(repo["rev"] for repo in hooks if "ruff" in repo["repo"])
    assert f"ruff=={ruff.removeprefix('v')}\n" in (PATHS.root / "requirements.lock").read_text()


def test_no_expected_artifact_is_missing(shared):
    with (shared.parent / "expected_artifacts.csv").open() as file:
        expected = {(row["paper"], row["slug"]) for row in csv.DictReader(file)}
    manifest = json.loads((PATHS.figures / "manifest.json").read_text())
    there = {(entry["paper"], entry["slug"]) for entry in manifest if not entry["missing"]}
    assert {pair for pair in expected - there if pair[0] != "mcrc"} == set()


def test_a_relative_model_folder_is_found_from_any_folder(tmp_path, tiny_folder, monkeypatch):
    monkeypatch.chdir(tiny_folder("bert").parent)
    name = tiny_folder("bert").name
    assert loading.absolute(name) == str(tiny_folder("bert"))
    assert loading.absolute(f"random:{name}#seed=2") == f"random:{tiny_folder('bert')}#seed=2"
    assert loading.absolute("minilm-l6") == "minilm-l6"


def test_the_command_refuses_before_running(capsys):
    assert command.main(["figures", "--profile", "smoke", "-p", "SENTENCE=3"]) == 1
    assert "no parameter 'SENTENCE'" in capsys.readouterr().err
    assert command.main(["run", "99-nothing", "--profile", "smoke"]) == 1
    assert "no notebook '99-nothing'; there are 11-open-sesame-probing" in capsys.readouterr().err


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_executed_notebooks_hold_no_progress_bars(tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DELAY", "0")
    body = "from tqdm.auto import tqdm, trange\nsum(trange(3, leave=False)) + sum(tqdm([1, 2], desc='sum'))"
    execute(notebook(tmp_path, body=body), {}, tmp_path / "done.ipynb")
    (output,) = nbformat.read(tmp_path / "done.ipynb", as_version=4).cells[-1].outputs
    assert output.data == {"text/plain": "6"}
    assert os.environ["TQDM_DELAY"] == "0"


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_failing_cell_is_named_and_leaves_no_result(tmp_path):
    output = tmp_path / "out" / "01-some-notebook.ipynb"
    with pytest.raises(NotebookError, match="notebook 01-some-notebook, cell 3: ZeroDivisionError: division by zero"):
        execute(notebook(tmp_path, body="SIZE / 0"), {"SIZE": 1}, output)
    assert not output.exists()
    assert output.with_suffix(".failed.ipynb").exists()


@pytest.mark.notebook
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_every_notebook_executes_in_the_smoke_profile(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path))
    assert command.main(["figures", "--profile", "smoke"]) == 0
    printed = capsys.readouterr().out
    assert "main-auxiliary-rises" in printed
    for path in SOURCES:
        cells = nbformat.read(tmp_path / "smoke" / "notebooks" / path.name, as_version=4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
        assert any({"image/png", "text/html"} & set(o.get("data", {})) for o in outputs)  # a figure or a table
    manifest = json.loads((tmp_path / "smoke" / "figures" / "manifest.json").read_text())
    assert not any(entry["missing"] for entry in manifest)
    assert all(entry["sources"] for entry in manifest if entry["tables"])
    assert [entry["slug"] for entry in manifest if not entry["tables"]] == ["figure-2"]  # Si et al.'s drawing


@pytest.mark.notebook
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_the_paper_profile_runs_offline_on_checkpoints_of_the_papers_shapes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path / "build"))
    folders = []
    for name, layers, width, heads in (("base", 12, 768, 12), ("large", 24, 1024, 16)):
        folders.append(tmp_path / name)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder_of("minilm-l6"))
        save_checkpoint(folders[-1], "bert", layers, width, heads, tokenizer)
    sizes = {"TRAIN": 32, "DEVELOPMENT": 8, "GENERALIZATION": 8, "SEEDS": [0], "TEXT": "corpus/animals.txt"}
    for name, chosen in (("11-open-sesame-probing", sizes), ("12-open-sesame-confusion", {"SENTENCES": 2})):
        flags = [
            flag for key, value in {**chosen, "RANDOM_BASELINE": False}.items() for flag in ("-p", f"{key}={value}")
        ]
        assert command.main(["run", name, "--profile", "paper", "--models", *map(str, folders), *flags]) == 0
    layers = (tmp_path / "build/paper/results/open_sesame/reflexive-layers.csv").read_text()
    assert re.search(r"^large,trained,.*,24,", layers, re.M)
    assert not re.search(r"^base,trained,.*,13,", layers, re.M)
