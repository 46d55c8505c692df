"""The form that makes links for a JupyterHub: their form is nbgitpuller's, and nothing else comes out."""

import json
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from insidebert.results.paths import Paths
from tests.test_browser import CHROMIUM, html, kept, page, served  # noqa: F401

SCRIPT = Paths.find().root / "book" / "static" / "hub-link.js"
REPOSITORY = "https://github.com/me/insidebert"
ASKED = {"hub": "https://hub.example.org", "repository": REPOSITORY, "branch": "main", "place": "notebooks"}


def links(*changes: dict) -> list:
    """What the script makes of addresses, in Node."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no Node to run the script without a browser")
    asked = json.dumps([ASKED | change for change in changes])
    code = f"{SCRIPT.read_text(encoding='utf-8')}\nconsole.log(JSON.stringify({asked}.map(hubLink)));"
    run = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_a_link_has_the_form_that_nbgitpuller_documents():
    place = "notebooks/41 & more?#.ipynb"
    (link,) = links({"place": f"/{place}", "branch": "a+b"})
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "hub.example.org", "/hub/user-redirect/git-pull")
    wanted = {"repo": [REPOSITORY], "branch": ["a+b"], "urlpath": [f"lab/tree/insidebert/{place}"]}
    assert parse_qs(parts.query, strict_parsing=True) == wanted and parts.fragment == ""


@pytest.mark.parametrize("end", ["", "/", "/hub", "/hub/", "/hub/home", "/hub/spawn?next=x#y"])
@pytest.mark.parametrize("base", ["", "/jupyter"])
def test_a_hub_is_known_by_any_of_its_addresses(base, end):
    (link,) = links({"hub": f" https://hub.example.org{base}{end}"})
    assert link.startswith(f"https://hub.example.org{base}/hub/user-redirect/git-pull?repo=")
    assert "next" not in link and "#" not in link


def test_the_folder_is_the_one_that_git_makes():
    made = links({"repository": f"{REPOSITORY}.git"}, {"repository": f"{REPOSITORY}/"}, {"place": "", "branch": ""})
    places = [parse_qs(urlsplit(link).query)["urlpath"][0] for link in made]
    assert places == ["lab/tree/insidebert/notebooks"] * 2 + ["lab/tree/insidebert"]
    assert "branch" not in made[2]


@pytest.mark.parametrize("address", ["", "hub.example.org", "javascript:alert(1)", "https://", "ftp://a/b", "data:,x"])
def test_what_is_no_web_address_makes_no_link(address):
    assert links({"hub": address}, {"repository": address}) == [None, None]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
@pytest.mark.parametrize(
    ("language", "hub", "link"),
    [("en", "Address of your hub", "The link for your students"), ("zh-CN", "你的 hub 的地址", "给学生的链接")],
)
def test_the_form_in_a_browser(page, tmp_path, language, hub, link):  # noqa: F811
    script = f'<script src="hub-link.js" defer data-repository="{REPOSITORY}"></script>'
    text = html(f'<div class="hub-link"></div>{script}').replace(
        "<html><head>", f'<html lang="{language}"><head><meta charset="utf-8">'
    )
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text(text, encoding="utf-8")
    shutil.copy(SCRIPT, tmp_path / "site")
    with served(tmp_path / "site") as address:
        page.goto(address)
        field, said = page.get_by_label(hub), page.get_by_role("status")
        field.fill("https://hub.example.org/<img src=x onerror=alert(1)>")
        assert said.get_by_role("link").count() == 1 and page.locator("img").count() == 0
        field.fill("javascript:alert(1)")
        assert said.get_by_role("link").count() == 0 and "https://" in said.inner_text()
        assert field.get_attribute("aria-invalid") == "true"
        field.fill("https://hub.example.org")
        shown = said.get_by_role("link")
        assert shown.inner_text() == shown.get_attribute("href") and said.inner_text().startswith(link)
        assert parse_qs(urlsplit(shown.inner_text()).query)["repo"] == [REPOSITORY]
        kept(page, f"hub-link-{language}")
