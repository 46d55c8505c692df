"""The repository's address: set in one place, and the links that are made from it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from book import address
from book.address import Address, with_links, write
from insidebert.errors import InputError
from insidebert.results.paths import Paths

ROOT = Paths.find().root
MINE = Address("me", "fork")
TAKEN = re.compile(r"(?:github\.com|/v2/gh|colab\.research\.google\.com/github|codespaces\.new)/([\w.-]+/insidebert)\b")


@pytest.mark.parametrize("name", address.PAGES)
def test_pages_link_to_the_address_that_is_set(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.count("<!-- address -->\n") == 1
    assert with_links(text, Address.read(ROOT)) == text  # else: make address
    assert with_links(text, MINE) != text


def test_the_address_stands_nowhere_else():
    own = Address.read(ROOT)
    outside = [ROOT / "pyproject.toml", *(ROOT / name for name in address.PAGES)]
    rooms = ("book", "docs", "teaching", ".binder", ".devcontainer", ".github")
    pages = [*ROOT.glob("*"), *(path for room in rooms for path in (ROOT / room).rglob("*"))]
    texts = {path: path.read_text(encoding="utf-8", errors="ignore") for path in pages if path.is_file()}
    found = {path for path, text in texts.items() if f"{own.owner}/{own.name}" in TAKEN.findall(text)}
    assert found == set(outside)


@pytest.mark.parametrize("url", ["https://github.com/me/fork", "https://github.com/me/fork.git", f"{MINE.url}/"])
def test_an_address_is_read_off_its_url(url):
    assert Address.of(url) == MINE and Address.of(url).known
    assert not Address.of("https://github.com/OWNER/insidebert").known


@pytest.mark.parametrize(
    "url", ["", "me/fork", "http://github.com/me/fork", "https://github.com/me", "https://github.com/me/a/b", "a\nb"]
)
def test_what_is_no_repository_is_refused(url):
    with pytest.raises(InputError, match=r"write it as https://github.com/me/insidebert"):
        Address.of(url)


def test_links_are_of_the_form_that_the_services_document():
    links = MINE.links()
    assert links["published"] == "https://me.github.io/fork/"
    assert links["colab"] == "https://colab.research.google.com/github/me/fork/blob/colab/41-explorer.ipynb"
    assert links["codespaces"] == "https://codespaces.new/me/fork"
    binder = urlsplit(links["binder"])
    assert (binder.netloc, binder.path) == ("mybinder.org", "/v2/gh/me/fork/HEAD")
    place = parse_qs(binder.query)["urlpath"][0].removeprefix("lab/tree/")
    assert (ROOT / place).is_file()


def test_setting_it_rewrites_the_blocks_and_nothing_else(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("pyproject.toml", *address.PAGES):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    changed = write(tmp_path, MINE.url)
    assert changed == [tmp_path / "pyproject.toml", *(tmp_path / name for name in address.PAGES)]
    assert Address.read(tmp_path) == MINE
    for path in changed[1:]:
        before = (ROOT / path.relative_to(tmp_path)).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == with_links(before, MINE)
    assert write(tmp_path) == []
    with pytest.raises(InputError, match="no repository on GitHub"):
        write(tmp_path, "https://example.org/me/fork")


def test_a_checkout_without_an_address_says_where_it_belongs(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(InputError, match=r"pyproject.toml has no Repository in \[project.urls\]"):
        Address.read(tmp_path)
