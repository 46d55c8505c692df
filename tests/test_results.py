"""From measurements to files: intervals, regression, claims, artifacts that appear whole, comparison of runs."""

import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.papers import papers
from insidebert.papers.open_sesame.figures import ARTIFACTS
from insidebert.results import artifacts, plots
from insidebert.results.compare import compare, differing_rows
from insidebert.results.paths import Paths
from insidebert.results.records import Part, Record, seconds_taken
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.results.workspace import Workspace

PAPERS = {paper.name: paper for paper in papers()}


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


@pytest.mark.parametrize("paper", PAPERS)
def test_every_artifact_draws_from_the_committed_tables(tmp_path, paper):
    kept = Paths.find().results / paper
    for artifact in PAPERS[paper].load("artifacts"):
        made = artifacts.render(artifact, kept, tmp_path, dpi=30)
        endings = {path.suffix for path in tmp_path.glob(f"{artifact.slug}.*")}
        assert endings == ({".svg", ".png"} if isinstance(made, Figure) else {".csv", ".md", ".tex"})


def test_a_png_has_few_colours_and_few_bytes(tmp_path):
    figure = Figure(figsize=(3, 3))
    for place in range(300):
        ends = [place / 300, place * 7 % 300 / 300]
        figure.add_artist(Line2D(ends, [0, 1], color=plt.colormaps["viridis"](place), alpha=0.1))
    artifacts._save_png(figure, tmp_path / "few.png", 100)
    figure.savefig(tmp_path / "all.png", dpi=100)
    few, whole = (Image.open(tmp_path / f"{name}.png") for name in ("few", "all"))
    assert few.size == whole.size and len(few.getcolors()) <= 128
    assert (tmp_path / "few.png").stat().st_size < (tmp_path / "all.png").stat().st_size / 2
    apart = np.abs(np.asarray(few.convert("RGB"), int) - np.asarray(whole.convert("RGB"), int))
    assert apart.mean() < 3  # of 255


def test_drawing_in_another_process_writes_the_same_bytes(tmp_path):
    """Ids of clipping paths come from addresses in memory; the processes fill it differently."""
    code = (
        "import sys; from pathlib import Path; from insidebert.results import artifacts, paths\n"
        "from insidebert.papers.look_at.figures import ARTIFACTS\n"
        "crowd = [object() for _ in range(int(sys.argv[2]))]\n"
        "drawn = next(a for a in ARTIFACTS if a.slug == 'figure-5')\n"
        "artifacts.render(drawn, paths.Paths.find().results / 'look_at', Path(sys.argv[1]), dpi=30)"
    )
    for crowd in ("1", "4567"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / crowd), crowd], check=True)
    for ending in ("svg", "png"):
        one, other = ((tmp_path / crowd / f"figure-5.{ending}").read_bytes() for crowd in ("1", "4567"))
        assert one == other


def test_the_ids_of_an_svg_are_numbered_as_they_appear(tmp_path):
    figure = Figure()
    axes = figure.subplots(1, 2)
    axes[0].plot([0, 1], [1, 0], marker="o")
    axes[1].imshow([[0, 1]])
    with plt.rc_context({"svg.hashsalt": None}):
        texts = []
        for name in ("a", "b"):
            artifacts._save_svg(figure, tmp_path / name)
            texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    assert set(re.findall(r"url\(#(\w+)\)", texts[0])) <= set(re.findall(r'clipPath id="(\w+)"', texts[0]))


def test_the_manifest_lists_what_is_missing(tmp_path):
    entries = artifacts.manifest(Paths(tmp_path, "smoke", tmp_path), {"open_sesame": ARTIFACTS}, {})
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
        write_tidy(tmp_path / name / "paper" / "m-t.csv", kept)
    write_tidy(tmp_path / "kept" / "paper" / "m-only.csv", kept)
    report, different = compare(tmp_path / "kept", tmp_path / "fresh", ["paper"])
    assert different == 1
    assert "m-only.csv: not measured" in report
    with pytest.raises(InputError, match="no tidy tables below"):
        compare(tmp_path / "nowhere", tmp_path / "fresh", ["paper"])


def test_a_measurement_declares_that_it_trains(tmp_path):
    """The names of the columns decide nothing: read-off accuracies agree to a thousandth, trained ones to 2%."""
    table = pd.DataFrame({"accuracy": [0.5, 0.9], "split": ["a", "b"]})
    write_tidy(tmp_path / "kept" / "p" / "syntax-heads.csv", table)
    write_tidy(tmp_path / "fresh" / "p" / "syntax-heads.csv", table.assign(accuracy=[0.5, 0.91]))
    report, different = compare(tmp_path / "kept", tmp_path / "fresh", ["p"], {"p": {"probes"}})
    assert (different, "rows [2] differ (tolerance 0.001" in report) == (1, True)
    report, different = compare(tmp_path / "kept", tmp_path / "fresh", ["p"], {"p": {"syntax"}})
    assert (different, "agrees (tolerance 0.02" in report) == (0, True)


def test_kept_rows_of_models_that_were_not_measured_anew_are_left_out_and_counted(tmp_path):
    kept = pd.DataFrame({"model": ["a", "mine"], "weights": ["trained"] * 2, "x": [1.0, 2.0]})
    write_tidy(tmp_path / "kept" / "p" / "m-t.csv", kept)
    write_tidy(tmp_path / "fresh" / "p" / "m-t.csv", kept[:1])
    report, different = compare(tmp_path / "kept", tmp_path / "fresh", ["p"], {})
    assert different == 0
    assert "1 rows of models that were not measured anew" in report


def _random_alone(table):
    return (
        table[table["weights"] == "random"] if (table["weights"] == "random").any() else table.assign(weights="random")
    )


@pytest.mark.parametrize("paper", PAPERS)
def test_models_of_two_depths_and_random_models_alone_can_be_drawn(paper):
    kept = Paths.find().results / paper
    for artifact in PAPERS[paper].load("artifacts"):
        tables = [read_tidy(kept / f"{name}.csv") for name in artifact.tables]
        deeper = [t.assign(layer=t["layer"] * (1 + (t["model"] == "minilm-l6"))) if "layer" in t else t for t in tables]
        for changed in (deeper, [_random_alone(t) if "weights" in t else t for t in tables]):
            assert artifact.draw(*changed) is not None


def test_unknown_papers_and_artifacts_are_named():
    with pytest.raises(InputError, match="'51-closed-sesame-x' belongs to no paper"):
        Workspace.open("51-closed-sesame-x", "smoke")
    with pytest.raises(InputError, match="no artifact 'figure-99'; it has table-1"):
        Workspace.open("11-open-sesame-probing", "smoke").draw("figure-99")


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


def test_seconds_of_a_notebook_are_those_of_its_measurements(tmp_path):
    for name, notebook, seconds in (("a", "31-x", (1.0, 2.0)), ("b", "31-x", (4.0,)), ("c", "32-y", (0.5,))):
        parts = []
        for label, taken in zip("pq", seconds, strict=False):
            table = pd.DataFrame({"model": [label], "weights": ["trained"], "value": [1.0]})
            parts.append(Part({"label": label, "weights": "trained"}, {"seconds": taken}, {"t": table}))
        about = {"measurement": name, "notebook": notebook, "function": "f", "settings": {}}
        Record(about, "key", parts).write(tmp_path / "paper")
    assert seconds_taken(tmp_path) == {"31-x": 7.0, "32-y": 0.5}
    assert seconds_taken(tmp_path / "nowhere") == {}
