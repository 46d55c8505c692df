"""Pages say what is true: links lead somewhere, commands and messages are there, tables follow the code."""

import doctest
import importlib.util
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

import insidebert
from insidebert.measure.depth import layers_at
from insidebert.papers import printed
from insidebert.text.attacks import ATTACKS, CONDITIONS

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("book", "corpus", "docs", "figures", "src", "teaching")
PAGES = sorted([*ROOT.glob("*.md"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.md"))])
NOT_OURS = ("THESE PACKAGES DO NOT MATCH THE HASHES", "No module named 'matplotlib'")
"""Messages in docs/help.md that pip and Python write."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(text: str) -> list:
    return MarkdownIt("commonmark").enable("table").parse(text)


def links(text: str) -> list[str]:
    """Where a page's links and pictures lead."""
    inside = [child for token in parsed(text) for child in token.children or []]
    found = (child for child in inside if child.type in ("link_open", "image"))
    return [unquote(child.attrs.get("href") or child.attrs["src"]) for child in found]


def anchors(text: str) -> set[str]:
    """The anchors that headings get: lower case, dashes for blanks, nothing but letters and digits beside."""
    tokens = parsed(text)
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(path: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    found = []
    for link in links(path.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


def code(text: str) -> list[str]:
    """Code of a page: blocks line by line, and what stands between backquotes."""
    lines = [line for token in parsed(text) if token.type == "fence" for line in token.content.splitlines()]
    return lines + [c.content for t in parsed(text) for c in t.children or [] if c.type == "code_inline"]


def rows(text: str) -> list[list[str]]:
    """Cells of a page's tables, headings too."""
    found = []
    for token in parsed(text):
        if token.type == "tr_open":
            found.append([])
        elif token.type == "inline" and found and token.level > 3:
            found[-1].append(token.content)
    return found


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path):
    assert broken(path) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "b.md").write_text("# The *right* one\n")
    (tmp_path / "a.md").write_text("# A\n[1](b.md#the-right-one) [2](b.md#b) [3](c.md) [4](#a) [5](#b) `[6](d.md)`\n")
    assert broken(tmp_path / "a.md") == ["b.md#b", "c.md", "#b"]


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_commands_that_pages_name_are_there(path):
    lines = code(path.read_text(encoding="utf-8"))
    makefile = text_of("Makefile")
    targets = {name for line in re.findall(r"^([\w -]+):(?!=)", makefile, re.MULTILINE) for name in line.split()}
    wanted = {match[1] for line in lines if (match := re.search(r"(?:^|[ =])make ([a-z][a-z-]*)", line))}
    assert wanted <= targets
    modules = {match[1] for line in lines if (match := re.search(r"-m ((?:insidebert|book|bench)[\w.]*)", line))}
    assert all(importlib.util.find_spec(module) for module in modules)


def test_the_readme_names_the_commands_that_are_for_everybody():
    assert {"make figures", "make test", "make reproduce", "make book", "make lab"} <= set(code(text_of("README.md")))


@pytest.mark.integration
def test_the_library_of_the_readme_does_what_it_shows():
    (block,) = (t.content for t in parsed(text_of("README.md")) if t.type == "fence" and t.info == "pycon")
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", None, 0)
    assert doctest.DocTestRunner().run(test) == (0, len(test.examples)) and len(test.examples) > 5


def test_the_reference_has_every_public_name_once():
    described = re.findall(r"^\.\. auto\w+:: (\w+)$", text_of("book/api.md"), re.MULTILINE)
    assert sorted(described) == sorted(set(insidebert.__all__) - {"__version__"})


def test_architecture_has_every_room():
    folders = {path.parent.name for path in (ROOT / "src" / "insidebert").glob("*/__init__.py")}
    named = {name for row in rows(text_of("docs/architecture.md")) for name in re.findall(r"^`(\w+)`", row[0])}
    assert folders | {"insidebert"} <= named


@pytest.mark.parametrize("chapter", ["open_sesame", "look_at", "open_sesame.zh", "look_at.zh"])
def test_chapters_say_which_layers_stand_for_which(chapter):
    spans = [row for row in rows(text_of(f"book/{chapter}.md")) if re.fullmatch(r"\d+(-\d+)?", row[1])]
    assert len(spans) >= 3
    for place, *cells in spans:
        twelve, six, large = ([int(number) for number in cell.split("-")] for cell in cells)
        for layers, said in ((12, twelve), (6, six), (24, large)):
            found = layers_at(layers, 0 if re.search("quarter|四分之一", place) else twelve[0], twelve[-1])
            assert (found[0], found[-1]) == (said[0], said[-1])


def test_the_chapter_explains_every_attack_and_condition():
    shown = [row[0] for row in rows(text_of("book/mcrc.md"))]
    first = shown.index(ATTACKS[0])
    assert tuple(shown[first : first + len(ATTACKS)]) == ATTACKS
    assert all(any(condition in cell for cell in shown) for condition in CONDITIONS[1:])


def test_help_quotes_messages_that_exist():
    sources = [*(ROOT / "src").rglob("*.py"), ROOT / "Makefile"]
    source = " ".join(re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8")) for path in sources)
    cells = [row[0] for row in rows(text_of("docs/help.md"))]
    quoted = [text for cell in cells for text in re.findall("`([^`]+)`", cell) if " " in text and text not in NOT_OURS]
    assert len(quoted) > 20
    for text in quoted:
        assert all(part.strip() in source for part in text.split("...")), text


@pytest.mark.parametrize("page", ["book/mcrc.md", "book/mcrc.zh.md"])
def test_the_chapter_prints_the_papers_tables(page):
    known, found = printed("mcrc"), rows(text_of(page))
    (above,) = (place for place, row in enumerate(found) if row[1:] == [*known["table-1"]])
    wanted = [[name, *(f"{value:.1f}" for value in row)] for name, row in (known["table-2"] | known["table-3"]).items()]
    assert found[above + 1 : above + 1 + len(wanted)] == wanted
