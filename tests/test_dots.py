"""Heads as dots below the figures of the gallery."""

import re
from html.parser import HTMLParser
from itertools import product
from urllib.parse import parse_qs, urldefrag

import pandas as pd
import pytest

from book.dots import FIGURES, dots
from insidebert.results.tables import write_tidy

NAMES = {"distilbert-cased": "distilbert-cased"}


@pytest.fixture
def results(tmp_path):
    """Tidy tables of two models with two layers of two heads."""
    heads = [
        {"model": model, "weights": weights, "layer": layer, "head": head}
        for model, weights, layer, head in product(("<b>", "distilbert-cased"), ("trained", "random"), (1, 2), (1, 2))
    ]
    statistics = ("to [CLS]", "to [SEP]", "to . or ,", "entropy")
    surface = [row | {"statistic": s, "value": 0.25, "low": 0.2, "high": 0.3} for row in heads for s in statistics]
    plane = [
        row | {"x": 1.0 * row["layer"], "y": -2.0 * row["head"], "behaviour": "broad", "function": ""} for row in heads
    ]
    best = [
        {"model": model, "weights": "trained", "relation": "det", "layer": 2, "head": 1, "accuracy": 0.9}
        | {"direction": "dependent to head"}
        for model in ("<b>", "distilbert-cased")
    ]
    (tmp_path / "look_at").mkdir()
    for name, rows in (("surface-heads", surface), ("clustering-heads", plane), ("syntax-relations", best)):
        write_tidy(tmp_path / "look_at" / f"{name}.csv", pd.DataFrame(rows))
    return tmp_path


class Links(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.links, self.circles = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.circles += tag == "circle"
        self.links += [dict(attributes)["href"]] if tag == "a" else []


def test_every_head_is_a_dot_and_leads_to_itself(results):
    made = dots(results, NAMES, live=True)
    assert set(made) == {("look_at", slug) for slug in FIGURES}
    for (_, slug), dots_of_a_model in zip(made, (12, 4, 4, 1), strict=True):
        found = Links(made["look_at", slug])
        assert found.circles == 2 * dots_of_a_model
        states = [parse_qs(urldefrag(link).fragment) for link in found.links]
        assert len(states) == dots_of_a_model and {state["m"][0] for state in states} == {"distilbert-cased"}
        assert slug != "table-1" or states[0]["h"] == ["2-1"]


def test_without_the_explorer_there_are_names_and_no_links(results):
    made = dots(results, NAMES, live=False)
    for html in made.values():
        assert not Links(html).links and "click" not in html
        assert re.search(r"head 2-1[:,]", html)


def test_a_model_named_like_a_tag_is_text(results):
    for html in dots(results, {}, live=True).values():
        assert "<b>" not in html and "&lt;b&gt;" in html
        assert "\n\n" not in html  # one piece of HTML for Markdown


def test_without_tables_there_is_nothing(tmp_path):
    assert dots(tmp_path, NAMES, live=True) == {}
