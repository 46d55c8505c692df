"""Chinese: every Markdown cell of a notebook or exercise has a text that says the same; made pages have theirs."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book import chinese
from book.slides import slides
from insidebert.errors import InputError
from insidebert.papers import papers
from insidebert.results import claims
from insidebert.results.paths import Paths
from tests.test_translations import numbers, out_of_step

FOLDER = Paths.find().notebooks
EXERCISES = Paths.find().root / "teaching" / "exercises"
FOLDERS = {path.stem: folder for folder in (FOLDER, EXERCISES) for path in sorted(folder.glob("*.ipynb"))}
NOTEBOOKS = {name: nbformat.read(folder / f"{name}.ipynb", as_version=4) for name, folder in FOLDERS.items()}
UNTRANSLATED: set[str] = set()
"""Notebooks and exercises that nobody has translated yet; readers of Chinese get them in English."""
TRANSLATED = sorted(set(NOTEBOOKS) - UNTRANSLATED)


BOOK = Path(chinese.__file__).parent


def claim_texts() -> set[str]:
    """Questions and statements of all papers' claims."""
    found = [claim for paper in papers() for claim in claims.read(paper.name)]
    return {claim.question for claim in found} | {claim.statement for claim in found}


def prose(notebook) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}


def test_what_is_not_translated_is_said():
    there = {path.stem for folder in (FOLDER, EXERCISES) for path in (folder / "zh").glob("*.md")}
    assert there == set(TRANSLATED), "translate it, or name it in UNTRANSLATED"


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_cell_has_a_translation_of_what_it_says_now(name):
    english, found = prose(NOTEBOOKS[name]), chinese.texts(FOLDERS[name], name)
    faults = [f"{cell} has no Chinese text" for cell in english if cell not in found]
    faults += [f"{cell} is no cell any more" for cell in found if cell not in english]
    for cell in english.keys() & found.keys():
        if found[cell][0] != (now := chinese.digest(english[cell])):
            faults.append(f"{cell}: the English has changed; once the Chinese says the same, its digest is {now}")
    assert faults == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_headings_tables_formulas_code_links_and_numbers_are_the_same(name):
    english, found = prose(NOTEBOOKS[name]), chinese.texts(FOLDERS[name], name)
    faults = {cell: out_of_step(text, found[cell][1]) for cell, text in english.items() if cell in found}
    assert {cell: fault for cell, fault in faults.items() if fault} == {}
    for cell in english.keys() & found.keys():
        formulas = [sorted(part for part in text.split("$")[1::2]) for text in (english[cell], found[cell][1])]
        assert formulas[0] == formulas[1], cell
        assert numbers(english[cell]) == numbers(found[cell][1]), cell


@pytest.mark.parametrize("name", TRANSLATED)
def test_code_and_parameters_are_the_same_in_chinese(name):
    made = chinese.translated(NOTEBOOKS[name], chinese.texts(FOLDERS[name], name))
    assert [cell.id for cell in made.cells] == [cell.id for cell in NOTEBOOKS[name].cells]
    for ours, theirs in zip(NOTEBOOKS[name].cells, made.cells, strict=True):
        if ours.cell_type == "code":
            assert ours == theirs
        else:
            assert any("\u4e00" <= letter <= "\u9fff" for letter in theirs.source)


@pytest.mark.parametrize("name", TRANSLATED)
def test_slides_are_the_same_in_chinese(name):
    made = chinese.translated(NOTEBOOKS[name], chinese.texts(FOLDERS[name], name))
    types = [[cell.metadata.slideshow.slide_type for cell in slides(own, {}).cells] for own in (NOTEBOOKS[name], made)]
    assert types[0] == types[1], "a paragraph, a list or a quotation is missing, or divided in another way"


def test_a_table_of_findings_is_in_chinese():
    table = '<th class="a" >verdict</th><td >A &lt; B</td><td >holds</td><td >between 0 and 5%</td><td >minilm</td>'
    outputs = [
        new_output("execute_result", {"text/html": table, "text/plain": "holds"}),
        new_output("stream", text="1"),
    ]
    cells = [new_code_cell(source, outputs=outputs) for source in ('work.findings("a")', 'work.draw("a")')]
    say = {"verdict": "判断", "holds": "成立", "A < B": "甲 < 乙", "between {}": "在 {} 之间", " and ": " 和 "}
    made = chinese.translated(new_notebook(cells=cells), {}, chinese.Phrases(say))
    found = [cell.outputs[0].data["text/html"] for cell in made.cells]
    changed = '<th class="a" >判断</th><td >甲 &lt; 乙</td><td >成立</td><td >在 0 和 5% 之间</td><td >minilm</td>'
    assert found == [changed, table]
    assert chinese.translated(made, {}).cells == made.cells


def test_outputs_stay_and_what_has_no_text_stays_english():
    cells = [new_markdown_cell("# A", id="a"), new_markdown_cell("B", id="b"), new_code_cell("1", id="c")]
    made = chinese.translated(new_notebook(cells=cells), {"a": ("", "# 甲"), "c": ("", "2")})
    assert [cell.source for cell in made.cells] == ["# 甲", "B", "1"]
    assert cells[0].source == "# A"  # the notebook that was given is as it was


def test_texts_come_back_by_cell(tmp_path):
    (tmp_path / "zh").mkdir()
    path = tmp_path / "zh" / "n.md"
    path.write_text("<!-- a 0123abcd -->\n# 甲\n\n乙 $x$\n<!-- b-1 00000000 -->\n丙\n", encoding="utf-8")
    assert chinese.texts(tmp_path, "n") == {"a": ("0123abcd", "# 甲\n\n乙 $x$"), "b-1": ("00000000", "丙")}
    assert chinese.texts(tmp_path, "other") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin with a cell's mark"),
        ("甲\n<!-- a 0123abcd -->\n", "does not begin with a cell's mark"),
        ("<!-- a 0123abcd -->\n甲\n<!-- a 0123abcd -->\n乙\n", "has cell a twice"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(tmp_path, text, message):
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "n.md").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        chinese.texts(tmp_path, "n")


def test_they_are_written_to_be_opened(tmp_path):
    paths = Paths(Paths.find().root, "interactive", tmp_path)
    made = chinese.write(paths)
    assert [path.stem for path in made] == [name for name in TRANSLATED if FOLDERS[name] == FOLDER]
    assert nbformat.read(made[0], as_version=4).cells[0].source.startswith("# Open Sesame 之一")


def test_phrases_are_those_of_the_pages_and_of_the_claims():
    sources = [*BOOK.rglob("*.py"), Path(claims.__file__)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources]
    constants = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    made = {f"{word} {{}}" for word in ("above", "below", "between")}
    unknown = set(chinese.phrases()) - constants - made - claim_texts()
    assert unknown == set(), "the English has changed: change the key in book/zh.yml, and the Chinese with it"


def test_phrases_keep_numbers_and_gaps():
    for english, found in chinese.phrases().items():
        assert numbers(english) == numbers(found), english
        assert sorted(re.findall(r"{[^}]*}", english)) == sorted(re.findall(r"{[^}]*}", found)), english


def test_what_has_no_phrase_stays_english():
    assert chinese.phrases()["nobody says this"] == "nobody says this" == chinese.ENGLISH["nobody says this"]
    assert chinese.phrases()["holds"] == "成立"
