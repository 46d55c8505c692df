"""A page and its Chinese translation stay in step: headings, tables, code, links, pictures and numbers."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("book", "docs", "teaching")
TRANSLATED = [ROOT / "README.zh.md", *(path for room in ROOMS for path in (ROOT / room).rglob("*.zh.md"))]
PLANS = sorted(p for p in (ROOT / "teaching" / "plans").glob("*.md") if not p.name.endswith(".zh.md"))


def structure(text: str, own: str = "") -> dict:
    """What of a Markdown page does not depend on its language.

    Args:
        own: the page's English file name; a link from a page to its translation, or back, does not count.

    Returns:
        headings: their levels in order. tables: (rows, columns) of each. code blocks: (language, content) of each.
        inline code, links, images: sets; a link to `x.zh.md` counts as one to `x.md`, whatever heading it names.
    """
    found = {"headings": [], "tables": [], "code blocks": [], "inline code": set(), "links": set(), "images": set()}
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        match token.type:
            case "heading_open":
                found["headings"].append(token.tag)
            case "fence" | "code_block":
                page = token.info.startswith("{include}")  # a part of a page, which has its own translation
                found["code blocks"].append(("include", "") if page else (token.info, token.content))
            case "table_open":
                found["tables"].append((0, 0))
            case "tr_open":
                rows, columns = found["tables"].pop()
                found["tables"].append((rows + 1, columns))
            case "th_open":
                rows, columns = found["tables"].pop()
                found["tables"].append((rows, columns + 1))
        for child in token.children or []:
            match child.type:
                case "code_inline":
                    found["inline code"].add(child.content)
                case "link_open":
                    found["links"].add(child.attrs["href"].partition("#")[0].replace(".zh.md", ".md"))
                case "image":
                    found["images"].add(child.attrs["src"])
    found["links"].discard(own)
    return found


APART = {
    "README.zh.md": {"2"},
    "docs/glossary.zh.md": {"12", "1"},
    "teaching/exercises/answers.zh.md": {"1"},
    "teaching/plans/look-at.zh.md": {"12"},
    "teaching/plans/open-sesame.zh.md": {"6", "12", "1", "2", "8", "9"},
    "teaching/plans/multiple-choice.zh.md": {"1", "2", "5", "7"},
}
"""Page -> small numbers that one of the languages writes in words or leaves out."""


def numbers(text: str) -> Counter:
    """The numbers of a page, those in code and addresses left out."""
    text = re.sub(r"\]\([^)]*\)|```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return Counter(re.findall(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*", text))


def out_of_step(english: str, chinese: str, own: str = "") -> list[str]:
    """A line for each kind of thing in which two pages differ."""
    left, right = structure(english, own), structure(chinese, own)
    return [f"{kind}: {left[kind]} in English, {right[kind]} in Chinese" for kind in left if left[kind] != right[kind]]


def test_there_is_a_translation_of_every_page_for_readers_and_teachers():
    names = {path.relative_to(ROOT).as_posix() for path in TRANSLATED}
    plans = {path.relative_to(ROOT).with_suffix(".zh.md").as_posix() for path in PLANS}
    assert len(plans) == 5
    assert names >= plans | {"README.zh.md", "book/start.zh.md", "teaching/README.zh.md"}


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_translations_are_in_step(path):
    english = path.with_name(path.name.replace(".zh.md", ".md"))
    text = path.read_text(encoding="utf-8")
    assert out_of_step(english.read_text(encoding="utf-8"), text, english.name) == []
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_translations_have_the_same_numbers(path):
    english, chinese = (
        numbers(page.read_text(encoding="utf-8")) for page in (path.with_name(path.name.replace(".zh.md", ".md")), path)
    )
    differing = {*(english - chinese), *(chinese - english)}
    assert differing <= APART.get(path.relative_to(ROOT).as_posix(), set())
    assert all(number.isdigit() and int(number) <= 12 for number in differing)  # nothing measured


def test_a_number_that_differs_is_found():
    assert numbers("from 22% to 1,000 [-0.01]") - numbers("从 22% 到 1,000 [-0.02]，`3`") == Counter(["0.01"])


@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_lesson_plans_have_the_same_headings(ending):
    def headings(path):
        tokens = MarkdownIt("commonmark").parse(path.with_suffix(ending).read_text(encoding="utf-8"))
        return [b.content for a, b in pairwise(tokens) if (a.type, a.tag) == ("heading_open", "h2")]

    first, *others = [headings(path) for path in PLANS]
    assert len(first) == 9
    assert all(other == first for other in others)


ENGLISH = """# A
## B
| a | b |
| --- | --- |
| 1 | `x` |

[there](c.md#part) and [in Chinese](a.zh.md) ![p](p.svg)

```sh
make
```
"""


def test_pages_in_step_are_in_step():
    chinese = ENGLISH.replace("there", "那里").replace("c.md#part", "c.zh.md#部分").replace("a.zh.md", "a.md")
    assert out_of_step(ENGLISH, chinese, "a.md") == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("headings", "## B", "### B"),
        ("tables", "| 1 | `x` |", "| 1 | `x` |\n| 2 | `x` |"),
        ("tables", "| a | b |\n| --- | --- |", "| a | b | c |\n| --- | --- | --- |"),
        ("code blocks", "make\n", "make test\n"),
        ("inline code", "`x`", "`y`"),
        ("links", "c.md", "d.md"),
        ("images", "p.svg", "q.svg"),
    ],
)
def test_pages_out_of_step_are_reported(kind, before, after):
    assert before in ENGLISH
    (line,) = out_of_step(ENGLISH, ENGLISH.replace(before, after), "a.md")
    assert line.startswith(kind)
