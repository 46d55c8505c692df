"""Papers declare themselves: a new one is a folder, its notebooks and its profile entries, and nothing else changes."""

import json
import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bench.__main__ import main as bench
from book import sources
from book.explorer.site import Explorer
from insidebert import __main__ as command
from insidebert import papers
from insidebert.errors import InputError
from insidebert.results.failures import clear_failures, failures, record_failure
from insidebert.results.paths import Paths
from insidebert.results.tables import write_tidy

HOSTILE = "<img src=x onerror=alert(1)>"

FILES = {
    "papers/toy/__init__.py": """
from insidebert.papers import Paper

PAPER = Paper("toy", "A Toy", "Toy (2020)", ("A. Toy",), 2020, "https://example.org", "toy.md", 9,
              artifacts="insidebert.papers.toy.figures:ARTIFACTS", bench="insidebert.papers.toy.figures:bench",
              train="insidebert.papers.toy.counting:train")
""",
    "papers/toy/figures.py": """
from insidebert.results.artifacts import Artifact


def table(counts):
    return counts[["model", "word", "estimate"]]


def bench(models, **settings):
    yield f"toy on {', '.join(models)}, questions {settings['dataset']}"


ARTIFACTS = (
    Artifact("table-1", "Table 1", "Counts", ("count-all",), table),
    Artifact("table-2", "Table 2", "Never made", ("lost-all",), table),
)
""",
    "papers/toy/counting.py": f"""
import pandas as pd


def count(model, factor):
    if model.source.label.startswith("electra"):
        raise ValueError("{HOSTILE}")
    return {{"all": pd.DataFrame([{{"word": "{HOSTILE}", "estimate": 2.0 * factor, "low": 5.5, "high": 6.5}}])}}


def train(name, paths, parameters):
    return f"{{name}} counts to {{parameters['FACTOR']}}, kept in {{paths.data(parameters['CHECKPOINT'])}}"
""",
    "papers/toy/claims.yml": """
- {id: toys-count, statement: Toys count, place: Table 1, paper: 6, table: count-all, where: {}, holds: above 5}
""",
    "notebooks/profiles/smoke.yml": "91-toy-counting: {FACTOR: 3}\n",
    "book/start.md": "# Start\n",
}


def notebook(title: str, parameters: str, *code: str) -> nbformat.NotebookNode:
    cells = [new_markdown_cell(f"# {title}"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    return new_notebook(cells=[*cells, *map(new_code_cell, code)])


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Paths:
    """A checkout with a paper of its own and two notebooks, of which one fails."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    opening = "from insidebert.papers.toy import counting\nfrom insidebert.results.workspace import Workspace\n"
    opening += "work = Workspace.open('91-toy-counting', PROFILE, fresh=FRESH)"
    measured = "work.measure('count', counting.count, MODELS, factor=FACTOR)\nwork.draw(\"table-1\")"
    parameters = 'PROFILE = "interactive"\nFRESH = False\nFACTOR = 1\nMODELS = ["minilm-l6"]\nCHECKPOINT = ""'
    good = notebook("Counting", parameters, opening, measured, 'work.findings("count")')
    nbformat.write(good, tmp_path / "notebooks" / "91-toy-counting.ipynb")
    bad = notebook("Failing", 'PROFILE = "interactive"', f"if False:\n    work.draw(\"table-2\")\n{{}}['{HOSTILE}']")
    nbformat.write(bad, tmp_path / "notebooks" / "90-toy-failing.ipynb")
    (tmp_path / "notebooks" / ".91-toy-killed.ipynb").write_text("{")
    monkeypatch.setenv("INSIDEBERT_ROOT", str(tmp_path))
    monkeypatch.setenv("INSIDEBERT_BUILD", str(tmp_path / "build"))
    monkeypatch.setenv("INSIDEBERT_PAPERS", str(tmp_path / "papers"))
    monkeypatch.setattr(papers, "__path__", [*papers.__path__, str(tmp_path / "papers")])
    yield Paths.find("smoke")
    for name in [name for name in sys.modules if name.startswith("insidebert.papers.toy")]:
        del sys.modules[name]
    vars(papers).pop("toy", None)


def test_finding_papers_imports_nothing_heavy():
    code = "import sys; from insidebert.papers import papers; print([p.name for p in papers()])"
    code += "; print(sorted({'torch', 'transformers', 'matplotlib', 'pandas'} & set(sys.modules)))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout == "['open_sesame', 'look_at', 'mcrc', 'edge_probing', 'pipeline', 'qa_layers']\n[]\n"


def test_every_paper_declares_what_can_be_loaded():
    for own in papers.papers():
        assert all(artifact.draw and artifact.slug for artifact in own.load("artifacts"))
        assert own.title.split(":")[0] in (Paths.find().root / "book" / own.chapter).read_text(encoding="utf-8")
        for what in ("check", "bench", "train"):
            assert not getattr(own, what) or callable(own.load(what))
    with pytest.raises(InputError, match="paper look_at declares no train"):
        papers.paper("look_at").load("train")
    with pytest.raises(
        InputError, match="no paper 'look-at'; there are open_sesame, look_at, mcrc, edge_probing, pipeline, qa_layers"
    ):
        papers.paper("look-at")


def test_a_notebook_belongs_to_the_paper_in_its_name():
    assert papers.paper_of("21-look-at-surface").name == "look_at"
    assert papers.paper("look_at").owns("24-look-at-probes") and not papers.paper("mcrc").owns("24-look-at-probes")
    assert papers.paper_of("41-explorer") is papers.paper_of("21-look-atlas-x") is papers.paper_of("notes") is None


def test_what_failed_is_kept_until_it_runs_again(tmp_path):
    paths = Paths(tmp_path, "smoke", tmp_path / "build")
    record_failure(paths, "21-a", "no head", "importance", "electra")
    record_failure(paths, "21-a", "still no head", "importance", "electra")
    record_failure(paths, "22-b", "it fell over")
    (paths.output / "failures" / ".22-b.json-x.json").write_text("{")
    row = {"notebook": "21-a", "measurement": "importance", "model": "electra", "reason": "still no head"}
    assert failures(paths) == [row, {"notebook": "22-b", "measurement": "", "model": "", "reason": "it fell over"}]
    clear_failures(paths, "21-a")
    (paths.output / "failures" / "22-b.json").write_text("[{")
    assert [row["reason"] for row in failures(paths)] == ["a record of what failed is damaged; run the notebook again"]


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_paper_in_a_folder_of_its_own_is_seen_everywhere(toy, tiny_folder, capsys):
    """Two notebooks beside each other: one fails, the other has a model that fails; then one by one, and anew."""
    models = ["--models", str(tiny_folder("bert")), str(tiny_folder("electra"))]
    assert command.main(["figures", "--profile", "smoke", "--jobs", "2", *models]) == 1
    printed = capsys.readouterr()
    assert "2 of the notebooks failed, wholly or for a model: 90-toy-failing, 91-toy-counting" in printed.err
    assert f"90-toy-failing, cell 3: KeyError: '{HOSTILE}'" in printed.err
    assert f"not measured, 91-toy-counting, count, electra0: because ValueError: {HOSTILE}" in printed.err
    assert re.search(r"toys-count +holds +not measured", printed.out)
    table = (toy.figures / "toy" / "table-1.md").read_text()
    assert "&lt;img" in table and "6" in table and "<img" not in table and "electra0" not in table
    entries = {entry["slug"]: entry for entry in json.loads((toy.figures / "manifest.json").read_text())}
    assert "KeyError" in entries["table-2"]["failures"][0]["reason"] and entries["table-2"]["missing"]
    assert [row["model"] for row in entries["table-1"]["failures"]] == ["electra0"]
    assert (
        f"not measured, because ValueError: {HOSTILE.replace('<', '&lt;')}" in (toy.figures / "claims.md").read_text()
    )
    executed = nbformat.read(toy.executed / "91-toy-counting.ipynb", as_version=4)
    pages = [output.data["text/html"] for cell in executed.cells[3:] for output in cell.outputs if "data" in output]
    assert len(pages) == 2 and not any("<img" in page for page in pages) and "&lt;img" in pages[0]

    source = toy.build / "source"
    sources.gather(toy, papers.papers(), sources.executed(toy), source, Explorer(None, "there is none for this test"))
    gallery, scoreboard = ((source / name).read_text() for name in ("gallery.md", "scoreboard.md"))
    assert "(gallery-toy-table-1)=" in gallery
    assert ":::{warning}\nNot measured, because notebook 90-toy-failing, cell 3: KeyError: '\\<img" in gallery
    assert ":::{warning}\nNot measured, count, electra0, because ValueError: \\<img" in gallery
    assert "Toys count" in scoreboard and "Not measured, count, electra0, because" in scoreboard
    assert not any(HOSTILE in page for page in (gallery, scoreboard))
    assert "(notebooks/91-toy-counting.ipynb)" in (source / "toy.md").read_text()
    assert "toy.md" in (source / "index.md").read_text()

    (toy.notebooks / "90-toy-failing.ipynb").unlink()
    clear_failures(toy, "90-toy-failing")
    assert command.main(["figures", "--profile", "smoke", "--paper", "toy", *models]) == 1
    assert "91-toy-counting is up to date" in capsys.readouterr().out
    (toy.figures / "toy" / "table-1.md").unlink()
    lost = pd.DataFrame({"model": ["a"], "weights": "trained", "word": "", "estimate": 1})
    write_tidy(toy.results / "toy" / "lost-all.csv", lost)
    clear_failures(toy, "91-toy-counting")
    assert command.main(["redraw", "--profile", "smoke", "--paper", "toy"]) == 0
    assert (toy.figures / "toy" / "table-1.md").read_text() == table
    for path in (toy.results / "toy").glob("lost-all.*"):
        path.unlink()
    assert command.main(["reproduce", "--profile", "smoke", "--paper", "toy", *models]) == 1
    printed = capsys.readouterr()
    assert "toy/count-all.csv: agrees" in printed.out and "because ValueError" in printed.err


def test_training_and_the_bench_of_a_paper_are_its_own(toy, tiny_folder, capsys):
    asked = ["train", "91-toy-counting", "--profile", "smoke", "--models", str(tiny_folder("bert"))]
    assert command.main(asked) == 1
    assert "91-toy-counting keeps no training; -p CHECKPOINT=FOLDER names where" in capsys.readouterr().err
    assert command.main([*asked, "-p", "CHECKPOINT=build/kept"]) == 0
    assert capsys.readouterr().out == f"{tiny_folder('bert')} counts to 3, kept in {toy.root / 'build/kept'}\n"
    assert bench(["--paper", "toy", "--models", "minilm-l6"]) == 0
    assert capsys.readouterr().out == "toy on minilm-l6, questions scripts\n"


def test_the_bench_refuses_what_is_not_there_at_once(capsys):
    assert bench(["--treebank", "nowhere"]) == 1
    assert "no data at" in capsys.readouterr().err
