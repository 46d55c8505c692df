"""The book and the slides: generated pages, and a site that is whole and needs no network."""

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from book import chinese, pages, site, sources
from book.scoreboard import scoreboard
from book.slides import slides
from insidebert.errors import InputError
from insidebert.papers import papers
from insidebert.results.claims import COLUMNS
from insidebert.results.paths import Paths

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LEFT_OUT = "32-mcrc-unanswerable"
"""The notebook that nobody has run."""
TITLES = {"open_sesame": "Open Sesame", "look_at": "What does BERT look at?"}


def entry(slug: str, label: str, files: list[str], **other) -> dict:
    source = {"notebook": "21-look-at-surface", "tables": ["surface-heads", "surface-layers"]}
    made = {"paper": "look_at", "slug": slug, "label": label, "caption": f"About {label} [SEP]", "ours": False}
    made["tables"] = ["surface-layers"]
    return made | {"files": [f"look_at/{name}" for name in files], "missing": not files, "sources": [source]} | other


def claims(*rows: tuple) -> pd.DataFrame:
    """Rows of (id, place, paper value, model, measured, low, high, verdict)."""
    names = ("id", "place", "paper_value", "model", "measured", "low", "high", "verdict")
    common = {"paper": "look_at", "statement": "Half of all attention is on [SEP]", "holds_if": "above 0.5"}
    common |= {
        "unit": "share",
        "question": "No-op",
        "figure": "",
        "random": "",
        "floor": float("nan"),
        "q": 0.01,
        "why": "",
    }
    return pd.DataFrame([common | dict(zip(names, row, strict=True)) for row in rows], columns=COLUMNS)


THREE = claims(
    ("half-on-sep", "Section 3.1, Figure 2", 0.5, "distilbert-cased", 0.52, 0.51, 0.53, "holds"),
    ("half-on-sep", "Section 3.1, Figure 2", 0.5, "minilm-l6", 0.02, 0.01, 0.03, "fails"),
    ("half-on-sep", "Section 3.1, Figure 2", 0.5, "my_model", 0.5, 0.4, 0.6, "cannot tell"),
    ("no-op", "Section 3.2, Figure 3", None, "distilbert-cased", 0.1, 0.05, 0.15, "holds"),
)


def section(text: str, label: str) -> str:
    """One artifact's part of the gallery."""
    return text.split(f"### {label}\n")[1].split("\n(gallery-")[0]


def test_the_gallery_shows_every_artifact_in_order():
    entries = [entry("figure-2", "Figure 2", ["figure-2.svg", "figure-2.png"]), entry("figure-20", "Figure 20", [])]
    text = pages.gallery(entries, THREE, TITLES, "smoke", [])
    assert text.index("## Open Sesame") < text.index("## What does BERT") < text.index("### Figure 2\n")
    assert "Nothing has been made yet" in text.split("## What does BERT")[0]
    shown = section(text, "Figure 2")
    assert ":::{image} figures/look_at/figure-2.svg\n:alt: About Figure 2 [SEP]\n" in shown
    assert "[21-look-at-surface](notebooks/21-look-at-surface.ipynb)" in shown
    assert "[surface-layers](results/smoke/look_at/surface-layers.csv)" in shown
    assert "surface-heads" not in shown  # measured together, drawn elsewhere
    assert "The paper's number: 50%." in shown


def test_a_missing_artifact_shows_as_missing_and_borrows_no_number():
    gone = entry("figure-20", "Figure 20", ["figure-20.svg"], missing=True)
    shown = section(pages.gallery([gone], THREE, TITLES, "smoke", []), "Figure 20")
    assert "Missing" in shown and "make figures" in shown
    assert "figure-20.svg" not in shown and "paper's number" not in shown


def test_tables_are_shown_without_the_caption_that_stands_below():
    files = ["table-1.csv", "table-1.md", "table-1.tex"]
    text = pages.gallery([entry("table-1", "Table 1", files)], THREE, TITLES, "smoke", [("look_at", "table-1")])
    shown = section(text, "Table 1")
    assert ':::{include} figures/look_at/table-1.md\n:end-before: "Table 1. "\n' in shown
    assert "The paper's numbers stand in the table" in shown
    assert "[tex](figures/look_at/table-1.tex)" in shown


def test_recorded_artifacts_link_to_the_recorded_tables():
    made = entry("table-1-recorded", "Table 1", ["table-1-recorded.md"], ours=True)
    shown = section(pages.gallery([made], THREE, TITLES, "embedded", []), "Table 1, recorded")
    assert "results/recorded/look_at/surface-layers.csv" in shown and "Recorded on" in shown


def test_a_row_says_where_each_artifact_comes_from():
    made = entry("figure-2", "Figure 2", ["figure-2.svg"])
    made["sources"][0] |= {"function": "insidebert.papers.look_at.surface.surface"}
    text = pages.artifacts([made, entry("figure-3", "Figure 3", [], sources=[])], TITLES, "smoke")
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| [Figure")]
    assert cells[0] == [
        "[Figure 2](#gallery-look_at-figure-2)",
        "[21-look-at-surface](notebooks/21-look-at-surface.ipynb)",
        "`papers.look_at.surface.surface`",
        "[surface-layers](results/smoke/look_at/surface-layers.csv)",
    ]
    assert cells[1] == ["[Figure 3](#gallery-look_at-figure-3)", "-", "-", "-"]


def test_the_scoreboard_has_a_column_for_every_model():
    text = scoreboard(THREE, TITLES)
    assert "| claim | paper | distilbert-cased | minilm-l6 | my\\_model |\n| --- | --- | --- | --- | --- |\n" in text
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| Half")]
    (statement, paper, first, second, third), (_, unknown, *others) = rows
    assert statement.startswith("Half of all attention is on \\[SEP\\] [Section 3.1, Figure 2; holds if above 50%]")
    assert (paper, unknown) == ("50%", "-")
    assert first == "[holds]{.verdict .holds} 52 [\\[51, 53\\]%]{.interval}"
    assert second == "[fails]{.verdict .fails} 2.0 [\\[1.0, 3.0\\]%]{.interval}"
    assert third == "[cannot tell]{.verdict .cannot-tell} 50 [\\[40, 60\\]%]{.interval}"
    assert others[0].startswith("[holds]") and others[1:] == ["-", "-"]
    assert "- distilbert-cased: 2 hold\n- minilm-l6: 1 fail\n- my\\_model: 1 cannot tell" in text


def test_the_scoreboard_says_what_twelve_layers_show_that_six_do_not_and_the_reverse():
    verdicts = {"a": ["holds", "fails", "cannot tell"], "b": ["fails", "holds", "holds"], "c": ["holds"] * 3}
    verdicts["d"] = ["holds", "holds", "fails"]
    models = ("mpnet-base", "distilbert-cased", "minilm-l6")
    rows = claims(
        *((name, "", 0.5, model, 0.5, 0.4, 0.6, said) for name, all_three in verdicts.items()
          for model, said in zip(models, all_three, strict=True))
    )  # fmt: skip
    rows["statement"] = "Claim " + rows["id"]
    text = scoreboard(rows, TITLES)
    assert "Holds at 12 layers (mpnet-base) and in no embedded model of six:\n\n- Claim a\n\n" in text
    assert "cannot be told at 12 (mpnet-base):\n\n- Claim b\n\n" in text
    assert "at 12" not in scoreboard(rows[rows["model"] != "mpnet-base"], TITLES)


def test_the_scoreboard_says_what_random_weights_do_what_is_doubtful_and_what_is_not_decided():
    rows = THREE.assign(random=["holds", "", "", "holds"], q=[0.2, 0.01, 0.01, 0.01], figure="figure-2")
    rows.loc[2, ["verdict", "holds_if"]] = ["context", ""]
    rows.loc[1, "why"] = "too few heads"
    text = scoreboard(rows, TITLES, [entry("figure-2", "Figure 2", ["figure-2.svg"])])
    (line,) = [line for line in text.splitlines() if "| 50% |" in line]
    _, _, first, second, third = line.strip("| ").split(" | ")
    assert "[Section 3.1, Figure 2](#gallery-look_at-figure-2)" in line and "### No-op" in text
    assert first.startswith("[holds]{.verdict .holds}? 52") and first.endswith("[random weights too]{.interval}")
    assert second == "not measured, because too few heads"
    assert third == "50 [\\[40, 60\\]%]{.interval}"


def test_a_chapter_lists_what_was_run_and_names_what_was_not():
    text = pages.chapter("# A paper\n", "look_at", {"21-a": "One [SEP]", "22-b": "Two"}, ["21-a"])
    assert "- [One \\[SEP\\]](notebooks/21-a.ipynb)" in text
    assert "Not run yet, and so not in this book: `22-b`." in text
    assert "\nnotebooks/21-a\n```" in text and "notebooks/22-b" not in text


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[start](../book/start.md)", "[start](../index.md)"),
        ("[a plan](plans/a.md#aims)", "[a plan](plans/a.md#aims)"),
        ("[figures](../figures/look_at)", "[figures](../gallery.md#gallery-look_at)"),
        ("[sheet](sheet.ipynb)", "[sheet](path:sheet.ipynb)"),
        ("![picture](../book/images/a.svg)", "![picture](../book/images/a.svg)"),
        ("[the folder](plans)", "the folder"),
        ("[nowhere](nowhere.md)", "[nowhere](nowhere.md)"),
        ("[paper](https://arxiv.org/abs/1906.04341)", "[paper](https://arxiv.org/abs/1906.04341)"),
        ("[below](#below)", "[below](#below)"),
    ],
)
def test_links_lead_to_where_things_are_in_the_book(link, expected):
    homes = {"teaching/README.md": "teaching/README.md", "teaching/plans/a.md": "teaching/plans/a.md"}
    homes |= {"book/start.md": "index.md", "figures/look_at": "gallery.md#gallery-look_at"}
    files = {"book/images/a.svg", "teaching/sheet.ipynb"}
    found = pages.relinked(f"See {link}.", "teaching/README.md", homes, files, {"teaching/plans"})
    assert found == f"See {expected}."


def test_pages_that_move_take_their_links_along():
    homes = {"book/start.md": "index.md", "notebooks/11-a.ipynb": "notebooks/11-a.ipynb"}
    text = "[a](../notebooks/11-a.ipynb) ![b](images/b.svg)"
    found = pages.relinked(text, "book/start.md", homes, {"book/images/b.svg"}, set())
    assert found == "[a](notebooks/11-a.ipynb) ![b](book/images/b.svg)"


def executed(name: str) -> nbformat.NotebookNode:
    """A tiny notebook as papermill would leave it."""
    bar = new_output("display_data", {pages.WIDGET: {"model_id": "1"}, "text/plain": "0%"})
    picture = new_output("execute_result", {"image/png": PIXEL, "text/plain": "<Figure>"})
    table = new_output("execute_result", {"text/html": "<table><tr><td>0.5</td></tr></table>", "text/plain": "0.5"})
    return new_notebook(
        cells=[
            new_markdown_cell(f"# Title of {name}\n\nFirst paragraph.\n\nSecond paragraph."),
            new_code_cell("SEEDS = [0]", metadata={"tags": ["parameters"]}),
            new_markdown_cell(
                "Prose.\n\n## The score\n\nIt is simple:\n\n$$s = \\frac{1}{2}$$\n\n> **Predict first.**"
            ),
            new_code_cell('work.draw("figure-1")', outputs=[bar, picture]),
            new_code_cell('work.findings("surface")', outputs=[table]),
            new_code_cell("print(1)", outputs=[new_output("stream", text="1")]),
        ],
        metadata={
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        },
    )


def test_a_page_has_no_widgets_folds_settings_away_and_describes_its_figures():
    made = pages.page(executed("a"), {"figure-1": "Four heads"})
    assert "widgets" not in made.metadata
    assert made.cells[1].metadata["tags"] == ["parameters", "hide-input"]
    assert made.cells[1].metadata["mystnb"]["code_prompt_show"] == "Settings and imports"
    assert [list(output.data) for output in made.cells[3].outputs] == [["image/png", "text/plain"]]
    assert made.cells[3].metadata["mystnb"]["image"]["alt"] == "Four heads"
    assert "tags" not in made.cells[3].metadata


def test_a_fold_that_hides_a_measurement_is_not_called_settings():
    cells = [new_code_cell(code) for code in ("import numpy as np", 'measured = work.measure("m", f)')]
    for say, names in ((pages.ENGLISH, ["Settings and imports", "Code"]), (chinese.phrases(), ["设置和导入", "代码"])):
        made = pages.page(new_notebook(cells=[new_markdown_cell("# A"), *cells]), {}, say=say)
        assert [cell.metadata["mystnb"]["code_prompt_hide"] for cell in made.cells[1:]] == names


def test_the_rule_that_makes_slides():
    made = slides(executed("a"), {"figure-1": "Figure 1"})
    found = [(cell.metadata["slideshow"]["slide_type"], cell.source or "output") for cell in made.cells]
    assert found == [
        ("slide", "# Title of a"),
        ("-", "First paragraph."),
        ("notes", "Second paragraph."),
        ("notes", "Prose."),
        ("slide", "## The score"),
        ("-", "It is simple:"),
        ("-", "$$s = \\frac{1}{2}$$"),
        ("fragment", "> **Predict first.**"),
        ("slide", "### Figure 1"),
        ("-", "output"),
        ("slide", "### The paper's claims, and ours"),
        ("-", "output"),
    ]


@pytest.mark.parametrize(("size", "tags"), [((10, 12), None), ((10, 13), ["tall"])])
def test_a_tall_picture_scrolls_on_its_slide(size, tags):
    with BytesIO() as file:
        Image.new("L", size).save(file, "png")
        picture = base64.b64encode(file.getvalue()).decode()
    output = new_output("display_data", {"image/png": picture})
    (made,) = slides(new_notebook(cells=[new_code_cell("", outputs=[output])]), {}).cells
    assert made.metadata.get("tags") == tags


@pytest.mark.parametrize("make", [lambda paths: site.site(paths, papers()), site.decks])
def test_without_executed_notebooks_the_way_out_is_named(tmp_path, make):
    with pytest.raises(InputError, match="`make figures PROFILE=smoke` comes first"):
        make(Paths(tmp_path, "smoke", tmp_path / "build"))


class Page(HTMLParser):
    """What a page holds: ids, links and everything that a browser would load."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.loaded, self.pictures = set(), [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.ids |= {known["id"]} if "id" in known else set()
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        elif tag in ("link", "script", "img", "source", "iframe", "object"):
            self.loaded += [known[name] for name in ("href", "src", "data") if name in known]
        self.pictures |= {known["alt"]} if "alt" in known else set()


def outside(place: str) -> bool:
    return re.match(r"(https?:)?//", place) is not None


def styles(folder) -> str:
    """Everything of a site that can load a font or a picture by itself."""
    return "\n".join(path.read_text(encoding="utf-8") for kind in ("css", "html") for path in folder.rglob(f"*.{kind}"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Paths:
    """This checkout with tiny executed copies of all its notebooks but one."""
    paths = Paths(Paths.find().root, "embedded", tmp_path_factory.mktemp("build"))
    paths.executed.mkdir(parents=True)
    for source in paths.notebooks.glob("*.ipynb"):
        if source.stem != LEFT_OUT:
            nbformat.write(executed(source.stem), paths.executed / source.name)
    nbformat.write(executed("broken"), paths.executed / "11-open-sesame-probing.failed.ipynb")
    return paths


@pytest.mark.integration
def test_the_book_is_whole_and_needs_no_network(checkout):
    first = site.site(checkout, papers())
    folder = first.parent
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    assert first.resolve() in pages and folder / "search.html" in pages
    for path, page in pages.items():
        assert not [place for place in page.loaded if outside(place)], path
        for place in page.loaded + page.links:
            if re.match(r"[a-z]+:", place):
                continue
            name, _, anchor = place.partition("#")
            target = (path.parent / unquote(name.split("?")[0])).resolve() if name else path
            assert target.exists(), f"{path.name} -> {place}"
            assert not anchor or target not in pages or unquote(anchor) in pages[target].ids, f"{path.name} -> {place}"
    assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", styles(folder))
    assert (folder / "_static" / "tex-svg.js").exists()

    entries = json.loads((checkout.figures / "manifest.json").read_text())
    gallery = pages[(folder / "gallery.html").resolve()]
    for item in entries:
        assert f"gallery-{item['paper']}-{item['slug']}".replace("_", "-") in gallery.ids
        if any(name.endswith(".svg") for name in item["files"]):
            assert item["caption"] in gallery.pictures
    tags = {name: (folder / name).read_text(encoding="utf-8")[:200] for name in ("mcrc.html", "mcrc.zh.html")}
    assert 'lang="en"' in tags["mcrc.html"] and 'lang="zh-CN"' in tags["mcrc.zh.html"]
    chapter = (folder / "mcrc.html").read_text(encoding="utf-8")
    assert f'not in this book: <code class="docutils literal notranslate"><span class="pre">{LEFT_OUT}' in chapter
    assert "Not run yet" in (folder / "notebooks" / f"{LEFT_OUT}.html").read_text()


@pytest.mark.integration
def test_slides_are_whole_and_need_no_network(checkout):
    names = sorted(path.stem for path in checkout.notebooks.glob("*.ipynb") if path.stem != LEFT_OUT)
    english, translated = site.decks(checkout)
    for path, language, other, scripts in (
        (english, "en", "zh/index.html", "reveal"),
        (translated, "zh", "../index.html", "../reveal"),
    ):
        listed = path.read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in listed and ("幻灯片" in listed) == (language == "zh")
        assert Page(listed).links == [other, *(f"{name}.html" for name in names)]
        assert (path.parent / other).exists()
        for name in names:
            deck = (path.parent / f"{name}.html").read_text(encoding="utf-8")
            loaded = Page(deck).loaded
            assert f'<html lang="{language}">' in deck and deck.count('<aside class="notes">') == 2
            assert not [place for place in loaded if outside(place)]
            assert all((path.parent / place).exists() for place in loaded if not place.startswith("data:"))
            assert f"{scripts}/tex-svg.js" in loaded and f"{scripts}/dist/reveal.js" in loaded
            assert ("论文的论断" in deck) == (language == "zh")
    assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", styles(english.parent))


@pytest.mark.parametrize("text", ['[{"files": ', "{}", "[1]", '[{"files": 3, "missing": false}]', "[{}]"])
def test_a_damaged_manifest_is_named(tmp_path, text):
    paths = Paths(tmp_path, "smoke", tmp_path / "build")
    paths.figures.mkdir(parents=True)
    (paths.figures / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json .*make "):
        sources.manifest(paths)
