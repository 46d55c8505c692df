"""Strips of the scoreboard: where marks stand, what they say without colour, and names from outside."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book.chinese import Phrases
from book.scoreboard import with_strips
from book.strips import LEFT, MARKS, RIGHT, strip

ROW = {"statement": "Half is on [SEP] & more", "paper_value": 0.5, "holds_if": "above 0.4", "unit": "share"}
ROW |= {
    "model": "m",
    "measured": 0.5,
    "low": 0.25,
    "high": 1.0,
    "verdict": "holds",
    "random": "",
    "floor": float("nan"),
}
ROW |= {"q": 0.01, "why": ""}


def drawn(*rows: dict, **options) -> ElementTree.Element:
    return ElementTree.fromstring(strip(pd.DataFrame([ROW | row for row in rows]), **options))


def words(svg: ElementTree.Element) -> list[str]:
    return [text.text for text in svg.iter("text")]


def test_numbers_stand_at_their_place_on_one_scale():
    svg = drawn({"low": 0.0, "high": 1.0, "floor": 0.25})
    x = {share: LEFT + (RIGHT - LEFT) * share for share in (0, 0.25, 0.4, 0.5, 1)}
    (zone,) = svg.iter("rect")
    assert float(zone.get("x")) == pytest.approx(x[0.4], abs=0.1)
    assert float(zone.get("x")) + float(zone.get("width")) == pytest.approx(RIGHT, abs=0.1)
    paths = {path.get("class"): path.get("d") for path in svg.iter("path")}
    assert re.match(rf"M{x[0.5]} ", paths["paper"]) and re.match(rf"M{x[0.25]} ", paths["floor"])
    assert paths["interval-line"].startswith(f"M{float(LEFT)} ") and paths["interval-line"].endswith(f"H{float(RIGHT)}")
    assert float(next(svg.iter("circle")).get("cx")) == x[0.5]


@pytest.mark.parametrize(("holds_if", "left", "right"), [("below 0.5", 0, 0.5), ("between 0.25 0.75", 0.25, 0.75)])
def test_the_scale_is_shaded_where_the_claim_holds(holds_if, left, right):
    (zone,) = drawn({"holds_if": holds_if, "low": 0.0}).iter("rect")
    width = RIGHT - LEFT
    assert float(zone.get("x")) == pytest.approx(LEFT + width * left, abs=0.1)
    assert float(zone.get("width")) == pytest.approx(width * (right - left), abs=0.1)


def test_verdicts_are_told_apart_by_shape_and_by_word():
    assert len(set(MARKS.values())) == len(MARKS)
    found = words(drawn(*({"model": verdict, "verdict": verdict} for verdict in MARKS)))
    pairs = [(verdict, "50" if verdict == "context" else f"50 {verdict}") for verdict in MARKS]
    assert found[-2 * len(MARKS) :] == [word for pair in pairs for word in pair]


def test_doubt_random_weights_and_other_words_are_said():
    say = Phrases({"holds": "成立", "random too": "随机权重也成立", ", ": "，"})
    assert words(drawn({"q": 0.2, "random": "holds"}, say=say))[-1] == "50 成立?，随机权重也成立"


def test_what_was_not_measured_has_a_line_but_no_mark():
    gone = {"measured": float("nan"), "low": float("nan"), "high": float("nan"), "verdict": "not measured", "why": "x"}
    svg = drawn({}, {"model": "other", **gone})
    assert words(svg)[-2:] == ["other", "not measured"]
    assert len(list(svg.iter("circle"))) == 1


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a&b", '"x" onload="y', "$x$", "模型 🙂"])
def test_names_from_outside_stay_text(name):
    svg = drawn({"model": name, "statement": name})
    assert {element.tag for element in svg.iter()} <= {"svg", "g", "rect", "path", "text", "title", "circle"}
    assert name in [title.text for title in svg.iter("title")]
    assert svg.get("aria-label").endswith(name) and "onload" not in svg.attrib


def test_a_scale_of_equal_numbers_is_no_speck():
    ticks = [text.text for text in drawn(dict.fromkeys(("measured", "low", "high", "paper_value"), 0.0)).iter("text")]
    assert "0" in ticks and not any("e-" in tick for tick in ticks)


def test_markdown_takes_a_strip_for_one_piece():
    lines = strip(pd.DataFrame([ROW])).splitlines()
    assert re.fullmatch(r"<svg [^>]*>", lines[0]) and all(lines)


@pytest.mark.parametrize("low", [-1234.5, -0.0250, 0.0001, 1e-9])
def test_labels_of_the_scale_have_room(low):
    svg = drawn(
        {"unit": "bits", "holds_if": "", "paper_value": float("nan"), "measured": 0.05, "low": low, "high": 0.075}
    )
    ticks = [(float(text.get("x")), 6 * len(text.text)) for text in svg.iter("text") if text.get("class") == "tick"]
    assert len(ticks) >= 2
    assert all(b - a >= (wide + wider) / 2 for (a, wide), (b, wider) in pairwise(ticks))


def test_findings_in_a_notebook_are_drawn_and_their_table_is_folded():
    codes = ('work.findings("surface", "other")', 'work.findings("nothing")', "work.draw('x')")
    shows = {"text/html": "<table>numbers</table>"}
    cells = [new_code_cell(code, outputs=[new_output("execute_result", dict(shows))]) for code in codes]
    row = {"paper": "look_at", "id": "half-on-sep", "place": "Section 3", **ROW}
    claims = pd.DataFrame([row, row | {"id": "no-head-knows-syntax", "statement": "not asked for"}])
    first, *others = with_strips(new_notebook(cells=cells), "look_at", claims).cells
    shown = first.outputs[0]["data"]["text/html"]
    assert shown.startswith('<p class="where">Full dot: holds.') and "more than 5% may be wrong" in shown
    assert shown.count("<svg") == 1 and "Half is on [SEP] &amp; more" in shown and "; holds if above 40%" in shown
    assert shown.endswith("The same in numbers</summary>\n<table>numbers</table>\n</details>")
    assert [cell.outputs[0]["data"] for cell in others] == [shows, shows]
