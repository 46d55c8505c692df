"""From measurements to files: intervals, regression, claims, artifacts that appear whole, comparison of runs."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.papers.open_sesame.figures import ARTIFACTS
from insidebert.results import artifacts, claims, plots
from insidebert.results.compare import compare, differing_rows
from insidebert.results.paths import Paths
from insidebert.results.workspace import PAPERS, Workspace, paper_artifacts


def test_replicates_resample_columns_together():
    values = np.random.default_rng(0).normal(size=(300, 1))
    means = replicates(np.hstack([values, values + 1]))
    np.testing.assert_allclose(means[:, 1] - means[:, 0], 1)


def test_the_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(1).normal(size=(2000, 1))
    low, high = interval(replicates(values, resamples=4000)[:, 0])
    half = 1.96 * values.std() / np.sqrt(2000)
    assert low == pytest.approx(values.mean() - half, abs=0.005)
    assert high == pytest.approx(values.mean() + half, abs=0.005)


@pytest.mark.parametrize(
    ("low", "high", "holds", "expected"),
    [
        (0.1, 0.2, "above 0", "holds"),
        (-0.2, -0.1, "above 0", "fails"),
        (-0.1, 0.1, "above 0", "cannot tell"),
        (-0.2, -0.1, "below 0", "holds"),
        (0.4, 0.6, "between 0.3 0.7", "holds"),
        (0.1, 0.4, "between 0.3 0.7", "cannot tell"),
        (0.8, 0.9, "between 0.3 0.7", "fails"),
        (0.0, 0.2, "above 0", "cannot tell"),
    ],
)
def test_verdicts(low, high, holds, expected):
    assert claims.verdict(low, high, holds) == expected


def test_a_claim_needs_exactly_one_row_a_model_and_sees_no_random_weights():
    claim = claims.Claim("c", "s", "p", None, "t", {"contrast": "x"}, "above 0")
    rows = [("m", "trained", "x", 1.0, 0.5, 1.5), ("m", "random", "x", 0.0, -1.0, 1.0)]
    table = pd.DataFrame(rows, columns=["model", "weights", "contrast", "estimate", "low", "high"])
    assert claims.decide(claim, table) == [{"model": "m", "measured": 1.0, "low": 0.5, "high": 1.5, "verdict": "holds"}]
    with pytest.raises(InputError, match="has 2 rows"):
        claims.decide(claim, pd.concat([table, table]))
    with pytest.raises(InputError, match="has 0 rows"):
        claims.decide(claim, table.assign(contrast="y"))


def test_a_claim_about_two_models_waits_for_both():
    claim = claims.Claim("c", "s", "p", None, "t", {}, "below 0", ("large", "base"))
    rows = [("base", "trained", 0.9, 0.8, 1.0), ("large", "trained", 0.3, 0.2, 0.4)]
    table = pd.DataFrame(rows, columns=["model", "weights", "estimate", "low", "high"])
    (row,) = claims.decide(claim, table)
    assert (row["model"], row["verdict"], row["low"], row["high"]) == (
        "large - base",
        "holds",
        pytest.approx(-0.8),
        pytest.approx(-0.4),
    )
    assert claims.decide(claim, table[:1]) == []


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_is_about_a_table_that_is_measured(paper):
    kept = Paths.find().results / paper
    for claim in claims.read(paper):
        table = artifacts.read_tidy(kept / f"{claim.table}.csv")
        decided = claims.decide(claim, table)
        run = table.loc[table["weights"] == "trained", "model"].nunique()
        assert len(decided) == (0 if claim.models else run), claim.id


def test_files_appear_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    artifacts.write_text(path, "old")

    def interrupted(scratch):
        scratch.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.write_whole(path, interrupted)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_tidy_tables_come_back_as_they_were(tmp_path):
    table = pd.DataFrame({"model": ["a", "b"], "x": [0.123456789, 1.0], "n": [2, 3], "text": ["", "y"]})
    artifacts.write_tidy(tmp_path / "t.csv", table)
    pd.testing.assert_frame_equal(artifacts.read_tidy(tmp_path / "t.csv"), table)
    with pytest.raises(InputError, match=r"none\.csv is missing; `make figures`"):
        artifacts.read_tidy(tmp_path / "none.csv")


@pytest.mark.parametrize("paper", PAPERS)
def test_every_artifact_draws_from_the_committed_tables(tmp_path, paper):
    kept = Paths.find().results / paper
    for artifact in paper_artifacts(paper):
        made = artifacts.render(artifact, kept, tmp_path)
        endings = {path.suffix for path in tmp_path.glob(f"{artifact.slug}.*")}
        assert endings == ({".svg", ".png"} if isinstance(made, Figure) else {".csv", ".md", ".tex"})


def test_drawing_twice_writes_the_same_bytes(tmp_path):
    artifact = next(a for a in ARTIFACTS if a.slug == "figure-5")
    kept = Paths.find().results / "open_sesame"
    for folder in ("a", "b"):
        artifacts.render(artifact, kept, tmp_path / folder)
    for ending in ("svg", "png"):
        assert (tmp_path / f"a/figure-5.{ending}").read_bytes() == (tmp_path / f"b/figure-5.{ending}").read_bytes()


def test_the_manifest_lists_what_is_missing(tmp_path):
    entries = artifacts.manifest(Paths(tmp_path, "smoke", tmp_path), {"open_sesame": ARTIFACTS})
    assert len(entries) == len(ARTIFACTS)
    assert all(entry["missing"] and entry["files"] == [] for entry in entries)


def test_labels_are_spread_and_keep_their_order():
    places = plots.spread([0.0, 0.01, 0.02, 1.0], 0.1)
    assert np.diff(places).min() >= 0.1 - 1e-9
    assert places[3] == 1.0
    assert np.mean(places[:3]) == pytest.approx(0.01)


def test_comparison_names_the_rows_that_differ(tmp_path):
    kept = pd.DataFrame({"model": ["a", "b", "c"], "x": [0.5, 0.6, np.nan]})
    assert differing_rows(kept, kept.assign(x=kept.x + 0.01), 0.02) == ([], pytest.approx(0.01))
    assert differing_rows(kept, kept.assign(x=[0.5, 0.7, np.nan]), 0.02)[0] == [2]
    assert differing_rows(kept, kept.assign(model=["a", "b", "z"]), 0.02)[0] == [3]
    assert differing_rows(kept, kept[:2], 0.02)[0] == [1, 2, 3]
    for name in ("kept", "fresh"):
        artifacts.write_tidy(tmp_path / name / "paper" / "t.csv", kept)
    artifacts.write_tidy(tmp_path / "kept" / "paper" / "only.csv", kept)
    report, different = compare(tmp_path / "kept", tmp_path / "fresh", ["paper"])
    assert different == 1
    assert "only.csv: not measured" in report
    with pytest.raises(InputError, match="no tidy tables below"):
        compare(tmp_path / "nowhere", tmp_path / "fresh", ["paper"])


def test_a_measurement_is_made_once_and_resumes_by_model(tmp_path, tiny_folder, monkeypatch):
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path))
    work, calls = Workspace.open("open_sesame", "a-notebook", "smoke"), []

    def measured(model, factor):
        calls.append(model.source.label)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return {"table": pd.DataFrame({"layers": [model.layers * factor]})}

    names = [str(tiny_folder("bert")), str(tiny_folder("electra"))]
    with pytest.raises(KeyboardInterrupt):
        work.measure("m", measured, names, factor=2)
    tables = work.measure("m", measured, names, factor=2)
    assert calls == ["bert0", "electra0", "electra0"]
    assert tables["table"]["layers"].tolist() == [6, 6]
    work.measure("m", measured, names, factor=2)
    assert len(calls) == 3
    work.measure("m", measured, names, factor=3)
    assert len(calls) == 5
    record = json.loads((tmp_path / "smoke/results/open_sesame/m.json").read_text())
    assert record["settings"] == {"factor": 3}
    assert [m["label"] for m in record["models"]] == ["bert0", "electra0"]


def test_two_models_of_one_name_are_refused(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder("bert"), tmp_path / "bert0")
    work = Workspace("open_sesame", "n", Paths(tmp_path, "smoke", tmp_path))
    with pytest.raises(InputError, match="would both be called bert0"):
        work.measure("m", lambda model: {}, [str(tiny_folder("bert")), str(tmp_path / "bert0")])


def _random_alone(table):
    return (
        table[table["weights"] == "random"] if (table["weights"] == "random").any() else table.assign(weights="random")
    )


@pytest.mark.parametrize("paper", PAPERS)
def test_models_of_two_depths_and_random_models_alone_can_be_drawn(paper):
    kept = Paths.find().results / paper
    for artifact in paper_artifacts(paper):
        tables = [artifacts.read_tidy(kept / f"{name}.csv") for name in artifact.tables]
        deeper = [t.assign(layer=t["layer"] * (1 + (t["model"] == "minilm-l6"))) if "layer" in t else t for t in tables]
        for changed in (deeper, [_random_alone(t) if "weights" in t else t for t in tables]):
            assert artifact.draw(*changed) is not None


def test_unknown_papers_and_artifacts_are_named():
    with pytest.raises(InputError, match="no paper 'closed_sesame'"):
        Workspace.open("closed_sesame", "n", "smoke")
    with pytest.raises(InputError, match="no artifact 'figure-99'; it has table-1"):
        Workspace.open("open_sesame", "n", "smoke").draw("figure-99")


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readmes_count_the_verdicts_of_the_scoreboard(name):
    root = Paths.find().root
    board = (root / name).read_text().split("<!-- scoreboard -->")[1].split("<!-- end -->")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in board.strip().splitlines()]
    models = [cell.strip("`") for cell in rows[0][2:]]
    known = pd.read_csv(root / "figures" / "claims.csv")
    assert len(rows) == 2 + len(PAPERS)
    for paper, row in zip(PAPERS, rows[2:], strict=True):
        own = known[(known["paper"] == paper) & known["model"].isin(models)]
        assert int(row[1]) == own["id"].nunique()
        for model, cell in zip(models, row[2:], strict=True):
            verdicts = own[own["model"] == model]["verdict"]
            counts = [int((verdicts == verdict).sum()) for verdict in ("holds", "fails", "cannot tell")]
            assert [int(n) for n in re.findall(r"\d+", cell)] == (counts if len(verdicts) else [])
