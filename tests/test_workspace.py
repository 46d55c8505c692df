"""A notebook's way to the disk: measured once, kept by model, read back, merged; names that stay in their folders."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.results import cache, records
from insidebert.results.failures import failures
from insidebert.results.paths import COMMITTED, Paths
from insidebert.results.records import Part, Record
from insidebert.results.tables import read_tidy, tables_intact, write_tidy
from insidebert.results.workspace import Workspace

CALLS = []


def layers(model, factor=1, heads=None):
    """A measurement that notes whom it measured."""
    CALLS.append(model.source.label)
    if factor == "odd" and model.source.label == "electra0":
        raise RuntimeError("no such head")
    return {"table": pd.DataFrame({"layers": [model.layers * (factor if isinstance(factor, int) else 1)]})}


def counted(text):
    """A measurement without a model."""
    CALLS.append("data")
    return {"words": pd.DataFrame({"words": [len(text.read_text().split())]})}


@pytest.fixture
def calls():
    CALLS.clear()
    return CALLS


@pytest.fixture
def folders(tiny_folder):
    return [str(tiny_folder("bert")), str(tiny_folder("electra"))]


def work_in(tmp_path, profile="smoke", fresh=False, root=None) -> Workspace:
    return Workspace(
        "open_sesame", "11-open-sesame-probing", Paths(root or tmp_path, profile, tmp_path / "build"), fresh
    )


def record_of(work: Workspace) -> dict:
    return json.loads((work.paths.results / "open_sesame" / "m.json").read_text())


def test_a_measurement_is_made_once_and_resumes_by_model(tmp_path, folders, calls, monkeypatch):
    work = work_in(tmp_path)
    monkeypatch.setattr(records, "run_data", lambda *_: {})
    with monkeypatch.context() as patch:
        load = loading.load

        def interrupted(source):
            if source.label == "electra0":
                raise KeyboardInterrupt
            return load(source)

        patch.setattr(loading, "load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            work.measure("m", layers, folders, factor=2)
    tables = work.measure("m", layers, folders, factor=2)
    assert calls == ["bert0", "electra0"]
    assert tables["table"]["layers"].tolist() == [6, 6]
    work.measure("m", layers, folders, factor=2)
    assert len(calls) == 2
    work.measure("m", layers, folders, factor=3)
    assert len(calls) == 4
    assert record_of(work)["settings"] == {"factor": 3}
    assert [m["label"] for m in record_of(work)["models"]] == ["bert0", "electra0"]


def test_the_content_of_data_is_part_of_the_key(tmp_path, calls):
    work, text = work_in(tmp_path), tmp_path / "corpus.txt"
    text.write_text("one two")
    assert work.measure("m", counted, None, text=text)["words"]["words"].tolist() == [2]
    text.write_text("one two three")
    assert work.measure("m", counted, None, text=text)["words"]["words"].tolist() == [3]
    assert calls == ["data", "data"]


@pytest.mark.parametrize("damage", ["cut", "json", "gone"])
def test_a_damaged_cache_is_measured_anew(tmp_path, folders, calls, damage):
    work = work_in(tmp_path)
    work.measure("m", layers, folders[:1])
    (folder,) = work.paths.cache.iterdir()
    if damage == "cut":
        (folder / "m-table.csv").write_text("model,weights,layers\n")
    elif damage == "json":
        (folder / "m.json").write_text('{"tables": ')
    else:
        (folder / "m-table.csv").unlink()
    assert len(work.measure("m", layers, folders[:1])["table"]) == 1
    assert calls == ["bert0", "bert0"]


def test_the_scoreboard_grows(tmp_path, folders, calls):
    work = work_in(tmp_path)
    work.measure("m", layers, folders[:1], factor=2)
    assert work.measure("m", layers, folders[1:], factor=2)["table"]["model"].tolist() == ["bert0", "electra0"]
    again = work.measure("m", layers, folders[:1], factor=2)["table"]
    assert again["model"].tolist() == ["bert0", "electra0"]
    assert record_of(work)["dropped"] == []
    assert [m["sha256"][:4] for m in record_of(work)["models"]] != [""] * 2


def test_rows_measured_with_other_settings_are_dropped_and_counted(tmp_path, folders, calls):
    work = work_in(tmp_path)
    work.measure("m", layers, folders, factor=2)
    assert work.measure("m", layers, folders[:1], factor=3)["table"]["model"].tolist() == ["bert0"]
    dropped = {"model": "electra0", "weights": "trained", "why": "measured with other settings"}
    assert record_of(work)["dropped"] == [dropped]
    work.measure("m", layers, folders[1:], factor=3)
    assert record_of(work)["dropped"] == []


def test_rows_of_older_code_are_dropped_and_counted(tmp_path, folders, calls, monkeypatch):
    work = work_in(tmp_path)
    work.measure("m", layers, folders)
    monkeypatch.setattr(cache, "code_of", lambda modules: "changed")
    work.measure("m", layers, folders[:1])
    (dropped,) = record_of(work)["dropped"]
    assert dropped["why"] == "measured by other code or on other data files"


def test_only_this_runs_models_on_demand(tmp_path, folders, monkeypatch):
    work = work_in(tmp_path)
    work.measure("m", layers, folders[:1])
    monkeypatch.setenv("INSIDEBERT_ONLY", "1")
    assert work.measure("m", layers, folders[1:])["table"]["model"].tolist() == ["electra0"]


def test_embedded_models_come_first():
    def part(label):
        return Part({"label": label, "weights": "trained"}, {}, {"t": pd.DataFrame({"model": [label]})})

    before = Record({"settings": {}, "function": "f"}, "k", [part("mine"), part("minilm-l6")])
    joined = replace(before, parts=[part("other"), part("distilbert-cased")]).joined(
        before, [("other", "trained"), ("distilbert-cased", "trained")]
    )
    assert [p.whose[0] for p in joined.parts] == ["minilm-l6", "distilbert-cased", "mine", "other"]


def test_settings_by_model_reach_their_model_alone(tmp_path, folders, calls):
    work = work_in(tmp_path)
    heads = {"bert0": [1], "electra0": [2]}
    work.measure("m", layers, folders, heads=heads)
    assert [m["settings"] for m in record_of(work)["models"]] == [
        {"heads": {"bert0": [1]}},
        {"heads": {"electra0": [2]}},
    ]
    assert record_of(work)["settings"] == {}
    work.measure("m", layers, folders, heads=heads | {"electra0": [3]})
    assert calls == ["bert0", "electra0", "electra0"]


def test_one_model_that_fails_costs_no_other_its_rows(tmp_path, folders, capsys):
    work = work_in(tmp_path)
    assert work.measure("m", layers, folders, factor="odd")["table"]["model"].tolist() == ["bert0"]
    (failure,) = failures(work.paths)
    assert failure["model"] == "electra0"
    assert failure["reason"] == "RuntimeError: no such head"
    assert "m, electra0: not measured, because RuntimeError: no such head" in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="no such head"):
        work_in(tmp_path / "b").measure("m", layers, folders[1:], factor="odd")


@pytest.fixture
def committed(tmp_path, folders, calls):
    """A workspace of the committed profile in which `layers` was measured; the cache is gone."""
    work = work_in(tmp_path, COMMITTED)
    work.measure("m", layers, folders, factor=2)
    shutil.rmtree(tmp_path / "build")
    calls.clear()
    return work


def test_a_fresh_clone_reads_what_is_committed(committed, tmp_path, folders, calls, capsys, monkeypatch):
    reader = work_in(tmp_path, "interactive")
    monkeypatch.setattr("insidebert.models.loading.load", lambda source: pytest.fail("no model is needed"))
    table = reader.measure("m", layers, folders[1:], factor=2)["table"]
    assert (table["model"].tolist(), table["layers"].tolist()) == (["electra0"], [6])
    said = capsys.readouterr().out
    assert said.startswith("m: read from the committed record of 20")
    assert said.count("\n") == 1
    assert "FRESH = True measures it here" in said
    assert calls == []


def test_what_differs_from_the_committed_record_is_measured(committed, tmp_path, folders, calls, capsys):
    reader = work_in(tmp_path, "interactive")
    reader.measure("m", layers, folders[:1], factor=3)
    assert calls == ["bert0"]
    replace(reader, fresh=True).measure("m", layers, folders[:1], factor=2)
    assert calls == ["bert0"] * 2
    work_in(tmp_path, "smoke").measure("m", layers, folders[1:], factor=2)
    assert calls[2:] == ["electra0"]
    assert capsys.readouterr().out == ""


def test_a_damaged_committed_table_is_not_read(committed, tmp_path, folders, calls):
    path = committed.paths.results / "open_sesame" / "m-table.csv"
    path.write_text(path.read_text().replace("6", "7"))
    assert work_in(tmp_path, "interactive").measure("m", layers, folders, factor=2)["table"]["layers"].tolist() == [
        6,
        6,
    ]
    assert calls == ["bert0", "electra0"]


def test_a_run_that_agrees_but_for_noise_leaves_files_as_they_are(tmp_path):
    about = {"measurement": "m", "notebook": "n", "function": "f", "settings": {}}
    whose = {"label": "a", "weights": "trained", "sha256": "0"}

    def part(value, date):
        table = pd.DataFrame({"model": ["a"], "weights": ["trained"], "x": [value]})
        return Part(whose, {"date": date}, {"t": table})

    Record(about, "k", [part(0.1234564, "before")]).write(tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    before = Record.read(tmp_path, "m")
    Record(about, "k", [part(0.1234566, "after").settled(before.part(whose))]).write(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    Record(about, "k", [part(0.12346, "after").settled(before.part(whose))]).write(tmp_path)
    assert json.loads((tmp_path / "m.json").read_text())["models"][0]["measured"]["date"] == "after"
    assert read_tidy(tmp_path / "m-t.csv")["x"].tolist() == [0.12346]


def test_two_models_of_one_name_are_refused(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder("bert"), tmp_path / "bert0")
    with pytest.raises(InputError, match="would both be called bert0"):
        work_in(tmp_path).measure("m", layers, [str(tiny_folder("bert")), str(tmp_path / "bert0")])


@pytest.mark.parametrize(
    "name",
    ["../elsewhere", "/abs", "a/b", "..", ".", "", "book", "Slides", "CACHE", "lock", "exercises", "ci", "Embedded"],
)
def test_names_that_would_leave_their_folder_are_refused(name, tmp_path, folders):
    with pytest.raises(InputError, match="cannot be called"):
        Paths.find(name)
    if not name.isalpha():
        with pytest.raises(InputError, match="a measurement cannot be called"):
            work_in(tmp_path).measure(name, layers, folders)
        with pytest.raises(InputError, match=r"cannot be called|belongs to no paper"):
            Workspace.open(name, "smoke")


def test_a_build_folder_is_relative_to_the_checkout(monkeypatch, tmp_path):
    root = Paths.find().root
    for value, expected in (("", root / "build"), ("out", root / "out"), (str(tmp_path), tmp_path)):
        monkeypatch.setenv("INSIDEBERT_BUILD", value)
        assert Paths.find().build == expected


@pytest.mark.parametrize("name", ["corpus/treebank", "build/g.txt", "race#middle", "corpus/animals.txt"])
def test_every_path_is_relative_to_the_checkout(name, monkeypatch, tmp_path):
    paths = Paths.find()
    monkeypatch.chdir(tmp_path)
    assert paths.data(name) == paths.root / name
    assert paths.data(str(tmp_path / "x")) == tmp_path / "x"


def test_what_is_made_or_downloaded_stays_a_name(tmp_path):
    paths = Paths(tmp_path, "smoke", tmp_path)
    for name in ("scripts", "wikipedia", "glove-6b-50d", "UD_English-EWT/x.conllu@r2.14", "hub:ehovy/race#middle", ""):
        assert paths.data(name) == name
    (tmp_path / "scripts").mkdir()
    assert paths.data("scripts") == tmp_path / "scripts"


def test_a_notebook_whose_tables_or_records_are_damaged_is_known(tmp_path):
    paths = Paths(tmp_path, "smoke", tmp_path / "build")
    table = paths.results / "p" / "m-t.csv"
    write_tidy(table, pd.DataFrame({"x": [1.0]}))
    record = table.with_name("m.json")
    record.write_text(json.dumps({"notebook": "11-x", "tables": ["m-t"]}))
    assert tables_intact("11-x", paths.results)
    table.write_text("x\n2\n")
    assert not tables_intact("11-x", paths.results)
    assert tables_intact("12-x", paths.results)
    record.write_text("{")
    assert not tables_intact("12-x", paths.results)


def test_what_no_model_can_have_costs_the_notebook_nothing_else(tmp_path, folders, capsys):
    def headless(model):
        raise InputError(f"model {model.source.label} has no masked-language-model head")

    work = replace(work_in(tmp_path), paper="look_at", notebook="22-look-at-no-op")
    tables = work.measure("importance", headless, folders[:1])
    assert "importance, bert0: not measured, because model bert0 has no" in capsys.readouterr().err
    assert [row["model"] for row in failures(work.paths)] == ["bert0"]
    with pytest.raises(InputError, match="importance was not measured, because model bert0 has no"):
        tables["layers"]
    assert "Figure 3 is not drawn: importance was not measured" in work.draw("figure-3").data
    assert "not drawn" in work.seen("figure-3").data
    assert "not decided" in work.findings("importance").data
    with pytest.raises(InputError, match="missing"):
        work.draw("figure-6")


def test_a_fault_of_ours_is_raised_where_no_model_could_be_measured(tmp_path, folders):
    def faulty(model):
        raise KeyError("layer")

    with pytest.raises(KeyError):
        work_in(tmp_path).measure("m", faulty, folders[:1])
