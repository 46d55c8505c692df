"""Names from outside, of models and their folders, stay text: in what is seen, gallery, scoreboard and slides."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from docutils.core import publish_parts
from IPython.display import Markdown
from myst_parser.docutils_ import Parser
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book import chinese, pages, site
from book.scoreboard import scoreboard
from book.slides import slides
from insidebert.results import artifacts
from insidebert.results.paths import Paths
from insidebert.results.workspace import Workspace, shown
from tests.test_book import claims, entry

NAMES = [
    "<img src=x onerror=alert(1)>",
    "</table><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "a|b `c` *d* __e__",
    "$x$ and $$y$$",
    "模型 🙂",
]


class Seen(HTMLParser):
    """Text of a page, its tags, and what could run."""

    def __init__(self, html: str):
        super().__init__()
        self.text, self.tags, self.runs = "", set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.runs += [(tag, name, value) for name, value in attributes if name.startswith("on")]
        self.runs += [(tag, name, value) for name, value in attributes if (value or "").startswith("javascript:")]

    def handle_data(self, data):
        self.text += data


def rendered(text: str) -> Seen:
    """A page of Markdown as the book makes it, without what surrounds it."""
    settings = {"myst_enable_extensions": ["attrs_inline", "colon_fence", "dollarmath"], "report_level": 5}
    return Seen(publish_parts(text, parser=Parser(), writer="html5", settings_overrides=settings)["html_body"])


def assert_harmless(page: Seen, name: str) -> None:
    assert page.runs == [] and not page.tags & {"script", "img", "math", "em"}
    assert " ".join(name.split()) in " ".join(page.text.split())


@pytest.mark.parametrize("name", NAMES)
def test_in_the_gallery(name):
    failure = {"measurement": "surface", "model": name, "reason": f"KeyError: {name}"}
    made = entry("figure-2", "Figure 2", [], failures=[failure], caption=f"With {name}")
    page = rendered(pages.gallery([made], claims(), {"look_at": name}, "smoke", []))
    assert_harmless(page, name)
    assert page.text.count(name) == 4  # heading, model, reason, caption


@pytest.mark.parametrize("say", [chinese.ENGLISH, chinese.phrases()], ids=["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_on_the_scoreboard(name, say):
    rows = claims(("a", name, 0.5, name, 0.52, 0.51, 0.53, "holds"), ("b", name, None, "m", 0.5, 0.4, 0.6, "fails"))
    rows.loc[1, ["why", "statement"]] = name
    text = scoreboard(rows, {"look_at": "A paper"}, say=say).replace("*random too*", "").replace("*随机也是*", "")
    page = rendered(text)
    assert_harmless(page, name)
    assert page.tags >= {"svg", "table"}


@pytest.mark.parametrize(("language", "say"), [("en", chinese.ENGLISH), ("zh", chinese.phrases())])
@pytest.mark.parametrize("name", NAMES)
def test_in_what_is_seen_and_on_slides(name, language, say, monkeypatch, tmp_path):
    said = artifacts.Artifact("figure-2", "Figure 2", "", (), draw=None, seen=lambda *_: [f"{name}: 50%."])
    monkeypatch.setattr(Workspace, "_artifact", lambda *_: said)
    seen = Workspace("look_at", "n", Paths(tmp_path, "smoke", tmp_path)).seen("figure-2")
    assert isinstance(seen, Markdown)
    assert_harmless(rendered(seen.data), name)
    table = new_output("display_data", {"text/html": shown(pd.DataFrame({"model": [name]})).to_html()})
    sources = ('work.draw("figure-2")', 'work.findings("a")')
    cells = [new_markdown_cell("# A"), *(new_code_cell(source, outputs=[table]) for source in sources)]
    deck = slides(chinese.translated(new_notebook(cells=cells), {}, say), {"figure-2": "Figure 2"}, say)
    html, _ = site._exporter(language, "reveal").from_notebook_node(deck)
    page = Seen(html.split('<div class="slides">')[1].split("<script")[0])
    assert_harmless(page, name)
