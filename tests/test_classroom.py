"""The folder for a class."""

import re
from pathlib import Path

import pytest

from book import classroom
from book.serve import server
from insidebert.errors import InputError
from insidebert.papers import papers
from insidebert.results.paths import Paths
from tests.test_book import Page, outside
from tests.test_serve import asked, running

ROOT = Paths.find().root
BUILT = ("index.html", "start.zh.html", "explorer/index.html", "scoreboard.html", "scoreboard.zh.html")
BUILT += ("teaching/handouts/look-at.html",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A class's folder around a book and slides of a few empty pages."""
    build = tmp_path_factory.mktemp("build")
    for name in (*(f"book/{name}" for name in BUILT), "slides/index.html"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text(f"<p>{name}</p>")
    return classroom.assemble(Paths(ROOT, "embedded", build), build / "book", build / "slides").parent


def test_everything_is_there_and_nothing_else_lies_about(folder):
    assert {path.name for path in folder.iterdir()} == {"book", "slides", "notebooks", *classroom.PAGES.values()}
    assert (folder / "notebooks" / "exercises" / "check" / "__init__.py").is_file()
    assert not list(folder.parent.glob(".*"))


@pytest.mark.parametrize("name", classroom.PAGES.values())
def test_a_start_page_leads_to_everything_that_is_there_and_to_nothing_else(folder, name):
    page = Page((folder / name).read_text(encoding="utf-8"))
    assert not any(outside(place) for place in page.loaded + page.links)
    assert all((folder / place.partition("#")[0]).is_file() for place in page.links)
    assert any(place.startswith("book/explorer/index.html") for place in page.links)
    notebooks = {path.name for path in (folder / "notebooks").glob("*.ipynb")}
    room = "notebooks/zh" if ".zh." in name else "notebooks"
    assert {f"{room}/{own}" for own in notebooks} <= set(page.links)
    assert any("slides" in place for place in page.links) and not any("quiz" in place for place in page.links)
    assert set(page.links) & set(classroom.PAGES.values()) == set(classroom.PAGES.values()) - {name}


def test_the_start_pages_name_one_command_that_serves_the_folder(folder):
    said = {re.search(r"<code>(.+)</code>", (folder / name).read_text())[1] for name in classroom.PAGES.values()}
    assert said == {"python3 -m http.server 8000 --bind 127.0.0.1"}
    with running(folder) as (_, address):
        assert "What BERT learns" in asked(address)[0]


def test_both_languages_have_the_same_parts():
    english, chinese = (
        classroom.yaml.safe_load((classroom.TEMPLATES / f"{language}.yml").read_text(encoding="utf-8"))
        for language in classroom.PAGES
    )
    assert english.keys() == chinese.keys()
    places = [
        [[place.replace(".zh.html", ".html") for place in group.values()] for group in words["groups"].values()]
        for words in (english, chinese)
    ]
    starts = [places[0].pop(0), places[1].pop(0)]
    assert places[0] == places[1] and len(starts[0]) == len(starts[1])
    for words in (english, chinese):
        assert set(words["hints"]) <= set(words["groups"]) and words["notebooks"] in words["groups"]


def test_what_they_name_is_what_the_book_has():
    """Pages of the book, by the file that they are made from."""
    for language in classroom.PAGES:
        words = classroom.yaml.safe_load((classroom.TEMPLATES / f"{language}.yml").read_text(encoding="utf-8"))
        for place in (place for group in words["groups"].values() for place in group.values()):
            room, name = place.split("/", 1)
            page = name.replace(".html", ".md")
            if room == "book" and page not in ("index.md", "scoreboard.md", "scoreboard.zh.md"):
                assert (ROOT / page).is_file() or (ROOT / "book" / page).is_file() or "explorer" in page, place


def test_without_executed_notebooks_the_old_folder_stays(tmp_path):
    (tmp_path / "build" / "class").mkdir(parents=True)
    with pytest.raises(InputError, match="`make figures PROFILE=smoke` comes first"):
        classroom.write(Paths(tmp_path, "smoke", tmp_path / "build"), papers())
    assert (tmp_path / "build" / "class").is_dir()
    with pytest.raises(InputError, match=r"make class"):
        server(tmp_path / "build" / "class")
