"""The quiz: twenty questions whose answers stand in the book where they say, with the numbers of the tables."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from insidebert.results.scoreboard import number

ROOT = Path(__file__).resolve().parents[1]
TEACHING = ROOT / "teaching"
CLAIMS = pd.read_csv(ROOT / "figures" / "claims.csv").set_index(["id", "model"])
DISTILBERT, MINILM = "distilbert-cased", "minilm-l6"
BOTH = (DISTILBERT, MINILM)

ENTRY = re.compile(
    r"^\*\*(\d+)\.\*\* (.+?)\n\n<details><summary>\S+</summary>\n\n(.+?)\n\n\*[^*]+\*\s?(.+?)[.。]\n\n</details>$",
    flags=re.MULTILINE | re.DOTALL,
)
PLACE = re.compile(r"\]\(([^)]+)\)(?:, \"([^\"]+)\"|，“([^”]+)”)?")
OURS = {
    9: ("by {} bits in `distilbert-cased` and {} in `minilm-l6`", "agreement-pp-over-rc", BOTH),
    12: ("{}% in `distilbert-cased`, {}% in `minilm-l6`", "half-on-sep", BOTH),
    15: ("{}% and {}% here", "no-head-knows-syntax", BOTH),
    17: ("{}% here", "sent2opt-shuffle-hurts", (MINILM,)),
}
"""Question -> piece of its answer with our numbers, the claim and the models that they are of; losses unsigned."""


def entries(ending: str = ".md") -> list[tuple[int, str, str, str]]:
    """Number, question, answer and places."""
    found = ENTRY.findall((TEACHING / f"quiz{ending}").read_text(encoding="utf-8"))
    return [(int(count), *rest) for count, *rest in found]


def prose(place: str, chinese: bool) -> str:
    """The text of a page or of a notebook's Markdown cells."""
    path = (TEACHING / place).resolve()
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    if chinese:
        return (path.parent / "zh" / f"{path.stem}.md").read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def numbers(text: str) -> list[str]:
    """Numbers as written, those in names such as R5-R8 or Figure 3 left out; a half is one whether .5 or 0.5."""
    text = re.sub(r"`[^`]*`|\b[A-Z]+\d+(-[A-Z]+\d+)?|(Figure|Table)s? \d+", "", text)
    return [found.removeprefix("0") if "." in found else found for found in re.findall(r"\d*\.?\d+", text)]


def ours(count: int) -> str:
    """The piece of an answer that holds our numbers, as the tables have them now."""
    piece, claim, models = OURS[count]
    found = [CLAIMS.loc[(claim, model)] for model in models]
    return piece.format(*(number(abs(row["measured"]), row["unit"]) for row in found))


@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_there_are_twenty_questions_with_an_answer_and_its_place(ending):
    text = (TEACHING / f"quiz{ending}").read_text(encoding="utf-8")
    found = entries(ending)
    assert [count for count, *_ in found] == list(range(1, 21)) and text.count("<details>") == 20
    assert all(question[-1] in "?.？。" and "](" in places for _, question, _, places in found)


@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_every_place_is_in_the_book(ending):
    for count, _, _, places in entries(ending):
        for place, *sections in PLACE.findall(places):
            section = "".join(sections)
            text = prose(place, ending == ".zh.md")
            assert not section or re.search(rf"^#+ {re.escape(section)}$", text, flags=re.MULTILINE), (count, section)


@pytest.mark.parametrize("count", OURS)
def test_our_numbers_are_those_of_the_tables(count):
    answer = {entry[0]: entry[2] for entry in entries()}[count]
    assert ours(count) in answer, f"question {count}: the tables say {ours(count)!r}"


def test_every_other_number_stands_in_a_place_that_is_named():
    for count, question, answer, places in entries():
        left = answer.replace(ours(count), "") if count in OURS else answer
        read = " ".join(prose(place, chinese=False) for place in re.findall(r"\]\(([^)]+)\)", places))
        there = {*numbers(read), *numbers(question)}
        assert set(numbers(left)) <= there, (count, set(numbers(left)) - there)


def test_a_number_from_nowhere_is_found():
    assert numbers("`a 3` R5-R8 of Figure 2: 0.67 or .5, 1/64, 21.3%") == [".67", ".5", "1", "64", "21.3"]
