"""Notebooks: their sources, the strict wrapper, and every one executed in the smoke profile."""

import ast
import csv
import itertools
import json
import os
import re
import subprocess
import tomllib

import nbformat
import pytest
import transformers
import yaml
from packaging.requirements import Requirement

from insidebert import __main__ as command
from insidebert.errors import InputError, NotebookError
from insidebert.models import loading
from insidebert.models.embedded import folder_of
from insidebert.papers import papers
from insidebert.results.notebooks import Notebook, discover, execute, fingerprints, up_to_date
from insidebert.results.parameters import checked, given, merged, profile_parameters
from insidebert.results.paths import Paths
from tests.conftest import save_checkpoint

PATHS = Paths.find()
SOURCES = sorted(PATHS.notebooks.glob("*.ipynb"))
LOCKED = dict(re.findall(r"^(\S+)==(\S+)", (PATHS.root / "requirements.lock").read_text(), re.MULTILINE))


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


DEFAULTS = {"PROFILE": "interactive", "MODELS": ["a"], "TRAIN": 3, "SEEDS": [0, 1], "SHARES": [0.0, 1.0]}
DEFAULTS |= {"PLAN": {"epochs": 3, "frozen": 4}, "RATES": {"rate": 3e-4}, "TEXTS": True, "TEXT": "corpus", "FOLDER": ""}


def taken(*assignments: str) -> dict:
    """What a command line makes of the defaults, as far as it names them."""
    made = checked("n", DEFAULTS, given(list(assignments), [DEFAULTS]))
    return {name: made[name] for name in given(list(assignments), [DEFAULTS])}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("TRAI=3", "no parameter 'TRAI'; there are PROFILE, MODELS, TRAIN"),
        ("TRAIN", "'TRAIN' is not NAME=VALUE"),
        ("TRAIN=x", "notebook n: TRAIN is 'x'; it takes a whole number from 1 to 4294967295, such as 3"),
        ("TRAIN=0", "TRAIN is '0'; it takes a whole number from 1"),
        ("TRAIN=true", "TRAIN is 'true'; it takes a whole number from 1"),
        ("TRAIN=", "TRAIN is ''; it takes a whole number from 1"),
        ("TRAIN=²", "TRAIN is '²'; it takes a whole number from 1"),
        ("TRAIN=@3", "parameter TRAIN, line 1: not YAML (found character '@'"),
        ("TRAIN=[", "parameter TRAIN, line 1: not YAML"),
        ("TRAIN=\x00", "parameter TRAIN: not YAML"),
        ("SEEDS=[-1]", "SEEDS[1] is '-1'; it takes a whole number from 0"),
        ("SEEDS=[0, 99999999999]", "SEEDS[2] is '99999999999'; it takes a whole number from 0 to 4294967295"),
        ("SHARES=[0.5, 1.5]", "SHARES[2] is '1.5'; it takes a share from 0 to 1"),
        ("SHARES=[nan]", "SHARES[1] is 'nan'; it takes a share"),
        ("MODELS=a", "MODELS is 'a'; it takes a list of at least one value, none of them twice, such as ['a']"),
        ("MODELS=[]", "MODELS is []; it takes a list"),
        ("MODELS=[b, b]", "MODELS is ['b', 'b']; it takes a list of at least one value, none of them twice"),
        ("MODELS=[a: b]", "MODELS[1] is {'a': 'b'}; it takes a text, such as 'a'"),
        ("PLAN={epochs: 0}", "PLAN.epochs is '0'; it takes a whole number from 1"),
        ("PLAN={epoch: 2}", "notebook n: PLAN has no 'epoch'; there are epochs, frozen"),
        ("PLAN=3", "PLAN is '3'; it takes NAME: VALUE pairs, such as {'epochs': 3, 'frozen': 4}"),
        ("RATES={rate: -1}", "RATES.rate is '-1'; it takes a number above 0"),
        ("RATES={rate: inf}", "RATES.rate is 'inf'; it takes a number above 0"),
        ("TEXTS=perhaps", "TEXTS is 'perhaps'; it takes true or false"),
        ("TEXT= ", "TEXT is ' '; it takes a text, such as 'corpus'"),
        ("PROFILE=embedded", "PROFILE is not a parameter to set by -p"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_in_one_line(assignment, message):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        taken(assignment)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ['"Hello", she said.', "* x", "@x", "a: b", "No", "2024", "1e5", "null", "[a", "=", "名"]
)
def test_a_text_is_the_text_that_was_given(text):
    assert taken(f"TEXT={text}") == {"TEXT": text}


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("TRAIN=5", {"TRAIN": 5}),
        ("RATES={rate: 1e-4}", {"RATES": {"rate": 1e-4}}),
        ("MODELS=[2024, 001, 1e5, nan, True, null]", {"MODELS": ["2024", "001", "1e5", "nan", "True", "null"]}),
        ("PLAN={frozen: 0}", {"PLAN": {"epochs": 3, "frozen": 0}}),
        ("SHARES=[1, 0.25]", {"SHARES": [1.0, 0.25]}),
        ("TEXTS=No", {"TEXTS": False}),
        ("FOLDER=", {"FOLDER": ""}),
    ],
)
def test_a_parameter_becomes_what_its_default_is(assignment, value):
    assert taken(assignment) == value


def test_values_that_have_their_types_already_stay_as_they_are():
    assert checked("n", DEFAULTS, {}) == DEFAULTS
    with pytest.raises(InputError, match="TRAIN is True; it takes a whole number"):
        checked("n", DEFAULTS, {"TRAIN": True})


def test_a_parameter_with_keys_changes_key_by_key():
    assert merged({"PLAN": {"a": 1, "b": 2}, "N": 1}, {"PLAN": {"b": 3}}) == {"PLAN": {"a": 1, "b": 3}, "N": 1}


@pytest.mark.parametrize("parameters", ["SIZE = len('abc')", "import os", "SIZE ="])
def test_a_parameters_cell_only_assigns_literals(tmp_path, parameters):
    with pytest.raises(InputError, match="may only assign literals"):
        notebook(tmp_path, parameters)


def test_profiles_are_strict(tmp_path):
    (tmp_path / "p.yml").write_text("all:\n  A: 1\nx:\n  A: 2\n")
    (tmp_path / ".p.yml-killed.yml").write_text("all: 3")
    assert profile_parameters(tmp_path, "p", ["x", "y"]) == {"x": {"A": "2"}, "y": {"A": "1"}}
    with pytest.raises(InputError, match="no notebook 'x'; there are all, y"):
        profile_parameters(tmp_path, "p", ["y"])
    for name in ("q", "../p", str(tmp_path / "p"), ".p.yml-killed"):
        with pytest.raises(InputError, match=f"no profile '{name}'; there are p"):
            profile_parameters(tmp_path, name, ["y"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"all:\n  A: [1\n", "p.yml, line 3: not YAML"),
        (b"- 1\n", "p.yml, line 1: it holds sections"),
        (b"x:\n  - A\n", "p.yml, section x: ['A'] is not NAME: VALUE"),
        (b"x:\n  A: \xff\n", "p.yml, line 2: not UTF-8"),
        (b"x:\n  PROFILE: embedded\n", "section x: PROFILE is the profile's own name"),
    ],
)
def test_a_profile_that_cannot_be_read_is_refused_with_its_line(tmp_path, content, message):
    (tmp_path / "p.yml").write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)):
        profile_parameters(tmp_path, "p", ["x"])


@pytest.mark.parametrize("profile", ["embedded", "smoke", "paper", "recorded"])
def test_every_profile_fits_every_notebook(profile):
    notebooks = discover(PATHS)
    planned = profile_parameters(PATHS.notebooks / "profiles", profile, [n.name for n in notebooks])
    assert all(checked(n.name, n.defaults, planned[n.name])["MODELS"] for n in notebooks)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_paths_are_relative_to_the_checkout_wherever_a_notebook_runs(path, tmp_path, monkeypatch):
    """Every parameter that names a file or folder goes through the one rule, and the rule needs no current folder."""
    monkeypatch.chdir(tmp_path)
    own = Notebook.read(path)
    named = {name for name, value in own.defaults.items() if isinstance(value, str) and (PATHS.root / value).exists()}
    named |= {"DATASET", "CHECKPOINT", "VECTORS"} & set(own.defaults)
    named -= {"READER"}  # a model, made absolute as those of MODELS are
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    for name in named:
        assert len(re.findall(rf"work\.paths\.data\({name}\)", code)), name
        assert PATHS.data("some/folder") == PATHS.root / "some" / "folder"
        uses = [line for line in code.splitlines() if re.search(rf"\b{name}\b", line.partition("#")[0])]
        assert all(f"data({name})" in line for line in uses if not line.startswith(f"{name} = ")), uses


def test_what_is_made_or_downloaded_stays_a_name():
    for name in ("scripts", "wikipedia", "glove-6b-50d", "hub:ehovy/race#middle", "UD_English-EWT/x.conllu@r2.14"):
        assert PATHS.data(name) == name


def test_environment_and_project_stay_in_step():
    environment = yaml.safe_load((PATHS.root / "environment.yml").read_text())
    project = tomllib.loads((PATHS.root / "pyproject.toml").read_text())["project"]
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    assert python == f"python{project['requires-python']}"
    assert environment["name"] == project["name"]
    locks = ("requirements.lock", "requirements-cuda.lock")
    assert environment["dependencies"][-1] == {"pip": [f"--requirement {name}" for name in locks]}
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in map(Requirement, itertools.chain(*groups)):
        if requirement.name != project["name"]:  # an extra of our own, in `all`
            assert LOCKED[requirement.name] in requirement.specifier, requirement


def test_every_locked_package_has_hashes_and_cuda_stands_apart():
    for name in ("requirements.lock", "requirements-cuda.lock"):
        for entry in re.split(r"\n(?=\S)", (PATHS.root / name).read_text().strip()):
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
            assert entry.startswith(("nvidia-", "cuda-", "triton==")) == (name == "requirements-cuda.lock"), entry


def test_the_pre_commit_hooks_are_the_locked_ones():
    hooks = yaml.safe_load((PATHS.root / ".pre-commit-config.yaml").read_text())["repos"]
    ruff = next(repo["rev"] for repo in hooks if "ruff" in repo["repo"])
    assert LOCKED["ruff"] == ruff.removeprefix("v")


def test_no_expected_artifact_is_missing(shared):
    with (shared.parent / "expected_artifacts.csv").open() as file:
        expected = {(row["paper"], row["slug"]) for row in csv.DictReader(file)}
    manifest = json.loads((PATHS.figures / "manifest.json").read_text())
    there = {(entry["paper"], entry["slug"]) for entry in manifest if not entry["missing"]}
    known = {own.name for own in papers()}
    assert {pair for pair in expected - there if pair[0] in known} == set()


def test_a_relative_model_folder_is_found_from_any_folder(tmp_path, tiny_folder, monkeypatch):
    monkeypatch.chdir(tiny_folder("bert").parent)
    name = tiny_folder("bert").name
    assert loading.absolute(name) == str(tiny_folder("bert"))
    assert loading.absolute(f"random:{name}#seed=2") == f"random:{tiny_folder('bert')}#seed=2"
    assert loading.absolute("minilm-l6") == "minilm-l6"


def test_the_command_refuses_before_running(capsys, monkeypatch):
    monkeypatch.setattr(command, "execute", None)  # a notebook that starts ends in a TypeError
    assert command.main(["figures", "--profile", "smoke", "-p", "SENTENSE=3"]) == 1
    assert "no parameter 'SENTENSE'" in capsys.readouterr().err
    assert command.main(["run", "99-nothing", "--profile", "smoke"]) == 1
    assert "no notebook '99-nothing'; there are 11-open-sesame-probing" in capsys.readouterr().err
    assert command.main(["figures", "--profile", "smoke", "-p", "PROFILE=embedded"]) == 1
    assert "use --profile" in capsys.readouterr().err
    assert command.main(["collect", "--profile", "../smoke"]) == 1
    assert "a profile cannot be called '../smoke'" in capsys.readouterr().err
    assert command.main(["train", "12-open-sesame-confusion", "--profile", "smoke"]) == 1
    assert "trains nothing that is kept; take 31-mcrc-attacks, 32-mcrc-unanswerable" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["figures", "--jobs", "foo"])
    assert "'foo' is not a number from 1" in capsys.readouterr().err


def test_everything_is_checked_before_the_first_notebook_starts(tmp_path, tiny_folder, monkeypatch, capsys):
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path))
    monkeypatch.setattr(command, "execute", None)  # a notebook that starts ends in a TypeError
    wrong = {"TREEBANK": "nowhere", "RELATIONS": "cn", "TEXT": "nowhere", "DATASET": "nowhere", "TARGET": "zebra"}
    flags = [flag for name, value in wrong.items() for flag in ("-p", f"{name}={value}")]
    flags += ["--models", str(tiny_folder("bert"))]
    assert command.main(["figures", "--profile", "smoke", "--paper", "mcrc", "-p", "PLAN={head: tail}"]) == 1
    assert "no head 'tail'" in capsys.readouterr().err
    flags_of_mcrc = ["figures", "--profile", "smoke", "--paper", "mcrc"]
    assert command.main([*flags_of_mcrc, "--models", str(tiny_folder("bert")), "-p", "PLAN={trained: 9}"]) == 1
    assert "no upper 9 can learn" in capsys.readouterr().err
    assert command.main([*flags_of_mcrc, "--models", "./nowhere"]) == 1
    assert capsys.readouterr().err.count("./nowhere does not exist") == 1  # once, not once a notebook
    assert command.main(["figures", "--profile", "smoke", *flags]) == 1
    said = capsys.readouterr().err
    for notebook in ("11-open-sesame", "21-look-at", "22-look-at", "23-look-at", "24-look-at", "31-mcrc", "32-mcrc"):
        assert f"notebook {notebook}" in said
    assert "TEXT, nowhere" in said and "no relations 'cn'; there are stanford, ud" in said
    assert "'zebra' does not stand in" in said
    assert not (tmp_path / "smoke").exists()


def test_make_refuses_what_is_no_number_of_jobs():
    made = subprocess.run(["make", "-n", "figures", "JOBS=foo"], cwd=PATHS.root, capture_output=True, text=True)
    assert made.returncode and "JOBS=foo is not a number" in made.stderr


def test_of_processes_beside_each_other_the_longest_begin_and_none_dies_unnoticed(tmp_path, monkeypatch, capsys):
    started = []

    def process(arguments):
        started.append((arguments[-1], arguments[arguments.index("--threads") + 1]))
        return subprocess.CompletedProcess(arguments, -9 if arguments[-1].startswith("41") else 0)

    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path))
    monkeypatch.setattr(command.subprocess, "run", process)
    monkeypatch.setattr(command, "_check", lambda *_: None)
    monkeypatch.setattr(command, "_finish", lambda paths, options, planned: command._told(paths, planned))
    monkeypatch.setattr(command, "seconds_taken", lambda _: {"31-mcrc-attacks": 1.0, "32-mcrc-unanswerable": 2.0})
    assert command.main(["figures", "--profile", "smoke", "--jobs", "2"]) == 1
    assert sorted(name for name, _ in started) == [path.stem for path in SOURCES]
    assert {name for name, _ in started[-2:]} == {"31-mcrc-attacks", "32-mcrc-unanswerable"}  # the shortest end
    assert {threads for _, threads in started} == {"1"}
    assert "41-explorer: because its process ended with status -9" in capsys.readouterr().err


@pytest.mark.parametrize("threads", [1, 2])
def test_a_notebook_has_its_threads_whatever_the_environment_says(tmp_path, monkeypatch, threads):
    own = notebook(tmp_path, "TEXT = 'texts'", "import os\nos.environ['OMP_NUM_THREADS']")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    execute(own, {}, tmp_path / "done.ipynb", threads=threads)
    assert f"'{threads}'" in (tmp_path / "done.ipynb").read_text()
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_an_executed_copy_is_stale_when_what_it_was_made_from_changes(tmp_path):
    own = notebook(tmp_path, "TEXT = 'texts'\nSIZE = 3\nSENTENCE = 'x'")
    paths, defaults = Paths(tmp_path, "smoke", tmp_path / "build"), own.defaults | {"SENTENCE": "x " * 400}
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("one")

    def made_from(**changed):
        return fingerprints({own.name: (own, defaults | changed)}, paths)[own.name]

    before = made_from()
    assert made_from() == before != made_from(SIZE=4)
    (tmp_path / "done.ipynb").write_text(json.dumps({"metadata": {"fingerprint": before}}))
    assert up_to_date(tmp_path / "done.ipynb", before)
    (tmp_path / "texts" / "a.txt").write_text("two")
    assert not up_to_date(tmp_path / "done.ipynb", made_from())
    (tmp_path / "done.ipynb").write_text("{")
    assert not up_to_date(tmp_path / "done.ipynb", before) and not up_to_date(tmp_path / "none.ipynb", before)


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
@pytest.mark.xdist_group("notebooks")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_every_notebook_executes_in_the_smoke_profile(capsys):
    """In the checkout's own build, so that `make figures PROFILE=smoke` finds it done, and the other way round."""
    paths = Paths.find("smoke")
    assert command.main(["figures", "--profile", "smoke"]) == 0
    assert "main-auxiliary-rises" in capsys.readouterr().out
    for path in SOURCES:
        cells = nbformat.read(paths.executed / path.name, as_version=4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
        assert any({"image/png", "text/html"} & set(o.get("data", {})) for o in outputs)  # a figure or a table
    manifest = json.loads((paths.figures / "manifest.json").read_text())
    assert not any(entry["missing"] or entry["failures"] for entry in manifest)
    assert all(entry["sources"] for entry in manifest if entry["tables"])
    drawings = {(entry["paper"], entry["slug"]) for entry in manifest if not entry["tables"]}
    diagrams = {("edge_probing", "figure-1"), ("qa_layers", "figure-1"), ("qa_layers", "figure-7")}
    assert drawings == {("mcrc", "figure-2")} | diagrams  # Si et al.'s drawing, two of models, and one that is not run


@pytest.mark.notebook
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_the_paper_profile_runs_offline_on_checkpoints_of_the_papers_shapes(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path / "build"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder_of("minilm-l6"))
    shapes = {"base": (12, 768, 12), "large": (24, 1024, 16)}
    for name, shape in shapes.items():
        save_checkpoint(tmp_path / name, "bert", *shape, tokenizer)
    folders = [str(tmp_path / name) for name in shapes]
    flags = ["-p", "SENTENCES=2", "-p", "RANDOM_BASELINE=False", "--models", *folders]
    assert command.main(["run", "12-open-sesame-confusion", "--profile", "paper", *flags]) == 0
    layers = (tmp_path / "build/paper/results/open_sesame/reflexive-layers.csv").read_text()
    assert re.search(r"^large,trained,.*,24,", layers, re.M)
    assert not re.search(r"^base,trained,.*,13,", layers, re.M)
