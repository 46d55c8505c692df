"""Copies of the notebooks that begin with a cell for Colab."""

import os
import subprocess
import types

import nbformat
import pytest

from book import colab
from book.address import Address
from book.chinese import phrases
from book.folders import rebuilt
from insidebert.results.notebooks import Notebook, execute
from insidebert.results.parameters import profile_parameters
from insidebert.results.paths import Paths

PATHS = Paths.find()
NAMES = [path.stem for path in PATHS.notebooks.glob("*.ipynb")]
MINE = Address("me", "fork")


@pytest.fixture(scope="module")
def copies():
    return colab.copies(PATHS)


def test_there_is_a_copy_of_every_notebook_and_exercise(copies):
    names = {path.name for path in PATHS.notebooks.glob("*.ipynb")}
    exercises = {f"exercises/{path.name}" for path in colab.SOURCES.glob("*.ipynb")}
    assert names and exercises
    assert set(copies) == names | {f"zh/{name}" for name in names} | exercises
    assert not any("BEGIN SOLUTION" in cell.source for name in exercises for cell in copies[name].cells)


def test_a_copy_is_the_notebook_after_one_cell_of_one_line(copies):
    for name, copy in copies.items():
        first, *rest = copy.cells
        assert first.cell_type == "code" and "\n" not in first.source
        assert not any(cell.get("outputs") for cell in copy.cells)
        if "/" not in name:
            source = nbformat.read(PATHS.notebooks / name, as_version=4)
            assert [cell.source for cell in rest] == [cell.source for cell in source.cells]
            assert copy.metadata == source.metadata  # the kernel's name


def ran(modules: dict) -> tuple[list[str], dict, list[str]]:
    """What the first line gives the shell, and what it changes, in a process with some modules."""
    commands, environment, path = [], {}, []
    fake = {
        "os": types.SimpleNamespace(environ=environment),
        "sys": types.SimpleNamespace(modules=modules, path=path),
    }
    shell = types.SimpleNamespace(system=commands.append)
    code = colab.first_line(MINE).removeprefix("import os, sys; ")
    exec(code, {**fake, "get_ipython": lambda: shell})
    return commands, environment, path


def test_elsewhere_the_first_line_does_nothing():
    assert ran({}) == ([], {}, [])


def test_on_colab_it_fetches_the_checkout_and_installs_the_package():
    ((command,), environment, path) = ran({"google.colab": None})
    assert "git clone --quiet --depth 1 https://github.com/me/fork /content/insidebert; " in command
    assert command.endswith("pip install --quiet '/content/insidebert[models,notebooks,finetune]'")
    assert environment == {"INSIDEBERT_ROOT": "/content/insidebert"}
    assert path == ["/content/insidebert/teaching/exercises"]
    assert all((PATHS.root / "teaching" / "exercises" / name).exists() for name in ("check", "look-at.ipynb"))


@pytest.mark.parametrize("there", [True, False])
def test_what_it_tells_the_shell_works_on_a_clone_that_is_there_and_one_that_is_not(tmp_path, there):
    """The shell's part, with a repository of this disk and a pip that only says what it was asked."""
    origin, clone, tools = tmp_path / "origin", tmp_path / "content" / "insidebert", tmp_path / "tools"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "--quiet", origin], check=True)
    subprocess.run([*git, "-C", origin, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    tools.mkdir()
    (tools / "pip").write_text("#!/bin/sh\necho asked: $*\n")
    (tools / "pip").chmod(0o755)
    if there:
        clone.mkdir(parents=True)
    command = ran({"google.colab": None})[0][0]
    command = command.replace(MINE.url, origin.as_uri()).replace(colab.CLONE, str(clone))
    env = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(command, shell=True, capture_output=True, text=True, env=env)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"asked: install --quiet {clone}[models,notebooks,finetune]\n"
    assert (clone / ".git").exists() != there


def test_links_lead_from_a_page_to_its_copy_and_to_colab_where_the_address_is_known():
    own = '<a href="../colab/11-a.ipynb" download>Notebook to run</a>'
    there = "[Colab](https://colab.research.google.com/github/me/fork/blob/colab/"
    assert colab.links("11-a.ipynb", MINE) == f"{own} · {there}11-a.ipynb)"
    assert colab.links("11-a.ipynb", Address("OWNER", "insidebert")) == own
    chinese = colab.links("zh/11-a.ipynb", MINE, phrases())
    assert 'href="../../colab/zh/11-a.ipynb" download>可运行的 notebook<' in chinese
    assert chinese.endswith(f"{there}zh/11-a.ipynb)")


def test_the_command_replaces_the_folder_whole_or_not_at_all(tmp_path, monkeypatch):
    paths = Paths(PATHS.root, "embedded", tmp_path)
    (tmp_path / "colab").mkdir()
    (tmp_path / "colab" / "old.ipynb").touch()
    with pytest.raises(ZeroDivisionError), rebuilt(tmp_path / "colab") as folder:
        (folder / "new.ipynb").write_text(f"{1 / 0}")
    assert [path.name for path in tmp_path.rglob("*")] == ["colab", "old.ipynb"]
    made = colab.write(paths)
    assert all(path.is_file() for path in made) and (tmp_path / "colab" / "exercises" / "check").is_dir()
    assert not (tmp_path / "colab" / "old.ipynb").exists() and len(list(tmp_path.iterdir())) == 1


@pytest.mark.notebook
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_copy_runs_outside_the_checkout_with_the_package_from_a_wheel(tmp_path, monkeypatch, wheel_site, copies):
    """As on Colab: the package among the installed ones, the checkout somewhere else, the notebook in a third place."""
    here = tmp_path / "12-open-sesame-confusion.ipynb"
    copy = nbformat.from_dict(copies[here.name])
    copy.cells.append(nbformat.v4.new_code_cell("import insidebert; print(insidebert.__file__)"))
    nbformat.write(copy, here)
    monkeypatch.setenv("PYTHONPATH", str(wheel_site))
    monkeypatch.setenv("INSIDEBERT_ROOT", str(PATHS.root))
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path / "build"))
    notebook, output = Notebook.read(here), tmp_path / "ran" / here.name
    parameters = profile_parameters(PATHS.notebooks / "profiles", "smoke", NAMES)[here.stem]
    execute(notebook, parameters | {"PROFILE": "smoke", "MODELS": ["minilm-l6"]}, output)
    cells = nbformat.read(output, as_version=4).cells
    assert cells[0].source == copies[here.name].cells[0].source and cells[0].outputs == []
    assert cells[-1].outputs[0].text.startswith(str(wheel_site))
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
