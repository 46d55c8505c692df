"""Zoo files, and what notebooks ask of a zoo's members."""

import json
from pathlib import Path

import pytest

from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.papers import paper_of
from insidebert.papers.open_sesame import confusion
from insidebert.results.measurements import Measurement
from insidebert.results.notebooks import Notebook, discover
from insidebert.results.paths import COMMITTED, Paths
from insidebert.results.tables import read_tidy
from insidebert.results.workspace import Workspace
from insidebert.sweep import command, readers, zoo
from insidebert.sweep.cluster import Cluster
from insidebert.sweep.command import Sweep
from insidebert.sweep.plan import asked, drawn
from insidebert.sweep.slices import measuring
from insidebert.sweep.tables import draw
from tests.test_sweep import local

pytestmark = [  # as in test_sweep
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PATHS = Paths.find(COMMITTED)
ZOOS = sorted((PATHS.root / "zoo").glob("*.yml"))


def written(tmp_path, text: str) -> Path:
    path = tmp_path / "own.yml"
    path.write_text(text)
    return path


def test_patterns_run_through_their_values(tmp_path):
    text = """
models:
  - name: minilm-l6
    groups: {size: 23}
  - name: "some/bert-seed_{seed}-step_{step}k"
    values: {step: [0, 20], seed: 1..3}
    revision: "r{seed}"
    groups: {size: 110}
"""
    _, members = zoo.read(written(tmp_path, text))
    assert [member.name for member in members[:3]] == [
        "minilm-l6",
        "some/bert-seed_1-step_0k@r1",
        "some/bert-seed_1-step_20k@r1",
    ]
    assert len(members) == 1 + 3 * 2
    family = "some/bert-seed_{seed}-step_{step}k@r{seed}"
    assert members[-1].groups == {"family": family, "size": 110, "seed": 3, "step": 20}


def test_a_group_without_values_stands_for_the_folders_there_are(tmp_path):
    for seed, step in ((1, 100), (1, 20), (0, 20)):
        (tmp_path / f"seed-{seed}" / f"step-{step}").mkdir(parents=True)
    (tmp_path / "seed-0" / "step-20" / "other").mkdir()
    (tmp_path / "seed-0" / "step-20.txt").touch()
    pattern = f"random:{tmp_path}/seed-{{seed}}/step-{{step}}"
    _, members = zoo.read(written(tmp_path, f"models: [{{name: '{pattern}'}}]"))
    assert [(member.groups["seed"], member.groups["step"]) for member in members] == [(0, 20), (1, 20), (1, 100)]
    assert members[0].name == f"random:{tmp_path}/seed-0/step-20"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: []", r"own.yml, models: List should have at least 1 item"),
        ("models: [{name: a}]\nmodel: b", r"model: there is no such key; about, profile"),
        ("models: [{name: a, size: 1}]", r"models\[1\].size: there is no such key"),
        ("models: [{name: a}, {name: a}]", "a is twice in the zoo"),
        ("models: [{name: 'a{seed}', values: {seed: 0-4}}]", r"values.seed is '0-4'; it takes a list, or a span"),
        ("models: [{name: a, values: {seed: 0..4}}]", "'seed' has values but"),
        ("models: [{name: 'a{seed}', values: {seed: [1]}, groups: {seed: 1}}]", "'seed' stands in the name and in"),
        ("models: [{name: 'no/such/{seed}'}]", "no folder is called no/such/{seed}"),
        ("models: [{name: 'a{seed}-{step}', values: {seed: [1]}}]", r"\{step\} has no values"),
        ("models: [{name: 3}]", r"models\[1\].name: Input should be a valid string, not 3"),
        ("models: [", "own.yml, line 1: not YAML"),
        ("- a", "own.yml, line 1: Input should be a valid dictionary"),
        ("models: [{name: a}]\nshards: 0", "shards: Input should be greater than or equal to 1"),
    ],
)
def test_what_a_zoo_file_says_wrongly_is_named(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        zoo.read(written(tmp_path, text))


def test_a_zoo_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no zoo file"):
        zoo.read(tmp_path / "none.yml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notebooks: [none]", "names a notebook 'none'; there are 11-open"),
        ("papers: [none]", "no paper 'none'"),
        ("profile: none", "no profile 'none'"),
        ("parameters: {NONE: 1}", "sets 'NONE', which is a parameter of none"),
        ("parameters: {MODELS: [a]}", "sets MODELS; a sweep sets that itself"),
        ("parameters: {SEGMENTS: many}", "SEGMENTS is 'many'; it takes a whole number"),
    ],
)
def test_what_a_zoo_asks_for_is_checked_first(tmp_path, text, said):
    found = zoo.read(written(tmp_path, f"models: [{{name: minilm-l6}}]\n{text}"))
    with pytest.raises(InputError, match=said):
        command.runs_of(*found, PATHS)


@pytest.mark.parametrize(
    "path", [path for path in ZOOS if path.stem not in ("tiny", "readers")], ids=lambda path: path.stem
)
def test_every_zoo_of_the_repository_can_be_planned(path):
    found, members = zoo.read(path)
    runs = command.runs_of(found, members, PATHS)
    assert len({run.member for run in runs}) == len(members) > 1 and found.about


def test_a_notebook_is_cut_to_what_measurements_rest_on(tmp_path):
    cells = [
        ("A = 1", ["parameters"]),
        ("%matplotlib inline\nimport numpy as np\nimport pandas as pd\nfrom x import f, Workspace", []),
        ("work = Workspace.open('n', A)\nmodel = load(A)\nother = {}\nother['a'] = np.ones(A)", []),
        ("pd.DataFrame({name: 1 for name in model})\nname = model", []),
        ("found = work.measure('m', f, [A], own={name: A for name in other})\nwork.draw('m')", []),
    ]
    made = [{"cell_type": "code", "source": code, "metadata": {"tags": tags}} for code, tags in cells]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": made}))
    kept = measuring(path)
    assert [sorted(statement.binds) for statement in kept] == [
        ["np"],
        ["Workspace", "f"],
        ["work"],
        ["other"],
        ["other"],
        ["found"],
    ]
    assert kept[-1].measures == ("m",) and kept[-1].place == "n.ipynb, code cell 5"


@pytest.mark.integration
@pytest.mark.parametrize(
    "notebook", [n for n in discover(PATHS) if "RANDOM_BASELINE" in n.defaults or n.draws], ids=lambda n: n.name
)
def test_a_plan_asks_what_the_notebook_asked(notebook: Notebook):
    """Against the committed records, which the notebooks themselves wrote."""
    name = "minilm-l6"
    parameters = notebook.defaults | {"MODELS": [name], "PROFILE": COMMITTED}
    found = asked(notebook.path, parameters, PATHS, lambda model: drawn(model, loading.resolve), lambda own: False)
    folder = PATHS.results / paper_of(notebook.name).name
    records = [json.loads(path.read_text()) for path in folder.glob("[!.]*.json")]
    own = {record["measurement"]: record for record in records if "measurement" in record}
    wrote = {name for name, record in own.items() if record["notebook"] == notebook.name}  # two may ask for the same
    assert wrote <= {one.name for one in found.measurements} | set(found.waiting) <= set(own)
    assert found.waiting == (("examples",) if notebook.name == "23-look-at-heads" else ())
    for one in found.measurements:
        record = own[one.name]
        assert {key: record[key] for key in ("function", "settings")} == {
            key: one.record.about[key] for key in ("function", "settings")
        }
        if one.source:
            (kept,) = (m for m in record["models"] if (m["label"], m["weights"]) == one.whose)
            assert {key: kept[key] for key in one.about} == json.loads(json.dumps(one.about))


def test_a_model_that_is_not_there_costs_one_row_a_notebook(tmp_path, tiny_folder):
    found, members = zoo.read(
        written(tmp_path, f"notebooks: [12-open-sesame-confusion]\nmodels: [{{name: '{tmp_path}/none'}}]")
    )
    sweep = Sweep(Paths(PATHS.root, "zoo-own", tmp_path / "build"), Cluster(None), say=lambda line: None)
    sweep.all(command.runs_of(found, members, PATHS))
    (row,) = sweep.failures
    assert row["model"] == f"{tmp_path}/none" and "does not exist" in row["reason"]


def test_a_notebook_finds_what_a_cluster_measured(tmp_path, tiny_folder, monkeypatch):
    paths = Paths(PATHS.root, "smoke", tmp_path / "build")
    (notebook,) = (own for own in discover(PATHS) if own.name == "12-open-sesame-confusion")
    name = str(tiny_folder("bert"))
    changed = {"MODELS": [name], "SENTENCES": 4, "RANDOM_SENTENCES": 2, "PROFILE": "smoke"}
    monkeypatch.setattr(command, "opened", lambda scheduler: local())
    command.measure_planned({notebook.name: (notebook, notebook.defaults | changed)}, paths, scheduler="tcp://there:1")
    monkeypatch.setattr(Measurement, "made", lambda self: pytest.fail(f"{self.name} is measured twice"))
    work = Workspace("open_sesame", notebook.name, paths)
    found = work.measure(
        "reflexive",
        confusion.confusion,
        [name, f"random:{name}"],
        phenomenon="reflexive",
        sentences=4,
        random_sentences=2,
        folder=None,
    )
    assert list(dict.fromkeys(found["layers"]["weights"])) == ["trained", "random"]
    assert json.loads((paths.output / "failures.json").read_text()) == {"failures": []}


def test_a_zoo_that_is_kept_lies_where_the_repository_keeps_it(tmp_path):
    paths = Paths(tmp_path, "zoo-own", tmp_path / "build")
    assert paths.kept_zoos == []
    results, figures = paths.of_zoo("own", keep=True)
    assert (results, figures) == (tmp_path / "results" / "zoo" / "own", tmp_path / "figures" / "zoo" / "own")
    results.mkdir(parents=True)
    (results / "verdicts.csv").touch()
    assert paths.kept_zoos == ["own"]
    assert paths.of_zoo("own", keep=False)[0] == tmp_path / "build" / "zoo-own" / "results" / "zoo"


@pytest.mark.integration
@pytest.mark.parametrize("name", PATHS.kept_zoos)
def test_what_is_kept_of_a_zoo_can_be_drawn_again(name, tmp_path):
    results, figures = PATHS.of_zoo(name, keep=True)
    draw(results, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in figures.iterdir()}
    for path in tmp_path.glob("*.csv"):
        assert path.read_bytes() == (figures / path.name).read_bytes()


def test_readers_of_several_seeds_are_trained_once(tmp_path, tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(readers, "QUESTIONS", 12)
    monkeypatch.setattr(readers, "PLAN", readers.PLAN | {"epochs": 1})
    command_line = [str(tmp_path / "own"), "--model", str(tiny_folder("bert")), "--seeds", "1", "2"]
    assert readers.main(command_line) == 0
    assert capsys.readouterr().out.count(": F1 ") == 2
    _, members = zoo.read(written(tmp_path, f"models: [{{name: '{tmp_path}/own/seed-{{seed}}'}}]"))
    found = [loading.resolve(member.name) for member in members]
    assert all(loading.load(source).layers for source in found) and len({source.sha256 for source in found}) == 2
    assert readers.main(command_line) == 0 and not capsys.readouterr().out
    with pytest.raises(InputError, match="seeds count from 0"):
        readers.main([str(tmp_path / "own"), "--seeds", "-1"])


def test_a_zoo_of_tiny_models_from_beginning_to_end(tmp_path, tiny_folder, monkeypatch, capsys):
    """Two models, one of them not there; settings that rest on tables; tables, figures, and what failed."""
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(command, "opened", lambda **options: local())
    trees = "corpus/treebank/animals.conllu"
    text = f"""
notebooks: [23-look-at-heads]
profile: smoke
parameters: {{RANDOM_BASELINE: false, TREEBANK: {trees}, DOCUMENTS: {trees}, EXAMPLES: {trees}}}
models:
  - name: '{tiny_folder("bert")}'
  - name: 'random:{tiny_folder("bert")}#seed={{seed}}'
    values: {{seed: 1..2}}
  - name: '{tmp_path}/none'
"""
    assert command.sweep(written(tmp_path, text)) == 1
    said = capsys.readouterr()
    assert f"not measured, 23-look-at-heads, {tmp_path}/none: because" in said.err
    assert "examples, bert0: done" in said.out and "4 models" in said.out
    made = tmp_path / "build" / "zoo-own"
    verdicts = read_tidy(made / "results" / "zoo" / "verdicts.csv")
    assert verdicts["member"].nunique() == 3 and set(verdicts["paper"]) == {"look_at"}
    spread = read_tidy(made / "results" / "zoo" / "spread.csv")
    assert set(spread["seeds"]) == {2} and spread["random"].all()
    assert {"verdicts.png", "agreement.md", "seeds.svg"} <= {path.name for path in (made / "figures" / "zoo").iterdir()}
    monkeypatch.setattr(Measurement, "made", lambda self: pytest.fail(f"{self.name} is measured twice"))
    assert command.sweep(written(tmp_path, text)) == 1
