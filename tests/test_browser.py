"""Real front ends in headless Chromium: the explorer in JupyterLab, and every page of a built book.

`make test-browser` runs these, other runs leave them out. CHROMIUM names a browser that is not on the path;
SCREENSHOTS a folder for pictures of what was seen.
"""

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest

from insidebert.files import write_text
from insidebert.results.paths import Paths

PATHS = Paths.find()
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
FLAGS += ("--disable-background-networking", "--disable-component-update")
BOOK = PATHS.build / "book"
PATIENCE = 300
"""Seconds for JupyterLab to start, and for a notebook to run, on a busy machine."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium: none of {', '.join(NAMES)}; name one by CHROMIUM=..."),
]


@pytest.fixture
def page(tmp_path):
    """A page of a browser that knows nothing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[browser]'")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path / "chromium", executable_path=CHROMIUM, args=FLAGS, viewport={"width": 1400, "height": 1600}
        )
        context.set_default_timeout(PATIENCE * 1000)
        yield context.pages[0]
        context.close()


@pytest.fixture
def lab(tmp_path):
    """JupyterLab of its own on a folder with the explorer: its address and its token."""
    root, log = tmp_path / "root", tmp_path / "lab.log"
    root.mkdir()
    shutil.copy(PATHS.notebooks / "41-explorer.ipynb", root)
    places = {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"}
    places |= {"JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"}
    settings = tmp_path / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab"
    write_text(
        settings / "apputils-extension" / "notification.jupyterlab-settings",
        '{"fetchNews": "false", "checkForUpdates": false}',
    )
    write_text(settings / "notebook-extension" / "tracker.jupyterlab-settings", '{"windowingMode": "none"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, address = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    options = {"port": port, "port_retries": 0, "root_dir": root, "open_browser": False, "allow_root": True}
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *(f"--ServerApp.{name}={value}" for name, value in options.items())],
            env=os.environ | {name: str(tmp_path / name) for name in places} | {"JUPYTER_TOKEN": token},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(f"{address}/api/status?token={token}", server, log)
        yield root, f"{address}/lab/tree/41-explorer.ipynb?token={token}"
    finally:
        server.terminate()  # JupyterLab ends its kernels
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(address, server, log):
    for _ in range(PATIENCE):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(1)
    pytest.fail(f"JupyterLab did not start within {PATIENCE} s: {log.read_text()[-2000:]}")


def data_of(image) -> str:
    """Digest of the bytes that an image widget shows."""
    shown = image.evaluate("async image => Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer()))")
    assert bytes(shown[:4]) == b"\x89PNG"
    return hashlib.sha256(bytes(shown)).hexdigest()


def until_changed(image, before: str) -> str:
    for _ in range(PATIENCE * 4):
        if (now := data_of(image)) != before:
            return now
        time.sleep(0.25)
    pytest.fail("the picture stayed as it was")


def kept(page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_explorer_in_jupyterlab(page, lab):
    root, address = lab
    broken = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    images = page.locator("img.widget-image")
    images.nth(3).wait_for()
    grid, statistics, lines, confusion = (images.nth(number) for number in range(4))
    before = [data_of(image) for image in (grid, statistics, lines, confusion)]
    assert len(set(before)) == 4
    grid.scroll_into_view_if_needed()
    kept(page, "explorer")

    page.locator(".widget-hslider", has_text="layer").locator(".noUi-handle").press("ArrowRight")
    after = [until_changed(image, old) for image, old in zip((grid, statistics, lines), before, strict=False)]
    page.get_by_text("Head 4-10, best relation: ").wait_for()
    page.locator(".widget-hslider", has_text="head").locator(".noUi-handle").press("ArrowLeft")
    page.get_by_text("Head 4-9, best relation: ").wait_for()
    assert until_changed(lines, after[2]) != before[2]
    assert data_of(confusion) == before[3]

    page.get_by_role("button", name="give", exact=True).click()
    until_changed(confusion, before[3])
    kept(page, "explorer-another-question")

    sentence = page.get_by_role("textbox", name="sentence")
    shown = data_of(grid)
    sentence.fill("Nobody knows what the boys near her car said.")
    sentence.press("Enter")
    page.get_by_role("button", name="Nobody", exact=True).wait_for()
    until_changed(grid, shown)
    assert not confusion.is_visible()
    sentence.fill("")
    sentence.press("Enter")
    page.get_by_text("type at least one word").wait_for()
    kept(page, "explorer-no-sentence")

    page.keyboard.press("Control+s")
    cells = saved(root / "41-explorer.ipynb")
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4  # what other front ends show
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert broken == []


def saved(path):
    for _ in range(PATIENCE):
        cells = nbformat.read(path, as_version=4).cells
        if cells[-2].get("execution_count"):
            return cells
        time.sleep(1)
    pytest.fail("JupyterLab did not save the notebook")


@contextmanager
def served(folder: Path):
    """The address of a folder on localhost."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


LOOK_AT_A_PAGE = """async () => {
    const images = [...document.images];
    for (const image of images) image.loading = "eager";
    await Promise.all(images.map(image => image.decode().catch(() => null)));
    return {
        links: [...document.querySelectorAll("a[href]")].map(link => link.href.baseVal === undefined
            ? link.href : new URL(link.href.baseVal, location).href),
        places: [...document.querySelectorAll("[id], a[name]")].flatMap(place => [place.id, place.name]),
        lost: images.filter(image => !image.naturalWidth).map(image => image.src),
        text: document.body.innerText.trim(),
    };
}"""


def faults_of(page, folder: Path) -> tuple[int, list[str]]:
    """How many pages a site has, and what is wrong with them.

    All pages below a folder are opened, but for those in folders that begin with `_`, which are parts of pages. A
    fault is an empty page, a picture that does not load, a link or an anchor that leads nowhere within the site, an
    error on the console, an exception of a script, or something asked from another host. A fragment with `=` in it is a
    state of the explorer, not a place.
    """
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*.html"))]
    names = [name.as_posix() for name in names if not any(part.startswith("_") for part in name.parts)]
    faults, links, places = [], {}, {}
    with served(folder) as address:

        def away(route):
            faults.append(f"{here}: asks {route.request.url}")
            route.abort()

        page.route(lambda url: url.startswith("http") and not url.startswith(address), away)
        page.on("pageerror", lambda error: faults.append(f"{here}: {error}"))
        page.on("console", lambda said: said.type == "error" and faults.append(f"{here}: console: {said.text}"))
        for here in names:
            page.goto(address + here)
            seen = page.evaluate(LOOK_AT_A_PAGE)
            faults += [f"{here}: no picture {lost.removeprefix(address)}" for lost in seen["lost"]]
            faults += [] if seen["text"] else [f"{here}: is empty"]
            links[here] = {link.removeprefix(address) for link in seen["links"] if link.startswith(address)}
            places[here] = {"", "top", *seen["places"]}
        page.unroute_all()
    for source, link in sorted((name, link) for name, found in links.items() for link in found):
        target, fragment = urldefrag(link)
        name = unquote(urlsplit(target).path)
        name += "index.html" if not name or name.endswith("/") else ""
        if not (folder / name).is_file():
            faults.append(f"{source}: no page {name}")
        elif name in places and "=" not in fragment and unquote(fragment) not in places[name]:
            faults.append(f"{source}: no place {name}#{unquote(fragment)}")
    return len(names), faults


def html(body: str) -> str:
    return f"<!doctype html><html><head><title>t</title><link rel=icon href=data:,></head><body>{body}</body></html>"


def test_a_good_site_has_no_faults(page, tmp_path):
    site = tmp_path / "site"
    picture = "<img loading=lazy src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9'/>\">"
    away = "<a href='https://example.org/x'>elsewhere</a> <a href='mailto:a@example.org'>post</a>"
    write_text(site / "index.html", html(f"<p id=here>{picture} <a href='part/one.html#two%20three'>a</a></p>"))
    write_text(site / "part" / "one.html", html(f"<p id='two three'><a href='../'>b</a> <a href='#'>c</a>{away}"))
    write_text(site / "_static" / "macros.html", "")
    assert faults_of(page, site) == (2, [])


def test_faults_of_a_site_are_found(page, tmp_path):
    site = tmp_path / "site"
    body = "<p>text <a href='no.html'>a</a> <a href='two.html#no'>b</a> <a href='part/'>c</a>"
    write_text(site / "index.html", html(f"{body} <img src='no.png'><script>nothing()</script>"))
    write_text(site / "two.html", html("<script src='https://example.org/x.js'></script>"))
    count, faults = faults_of(page, site)
    assert count == 2
    for fault in (
        "index.html: no page no.html",
        "index.html: no place two.html#no",
        "index.html: no page part/index.html",
        "index.html: no picture no.png",
        "index.html: nothing is not defined",
        "two.html: is empty",
        "two.html: asks https://example.org/x.js",
    ):
        assert fault in faults
    assert any(fault.startswith("index.html: console: Failed to load resource") for fault in faults)


@pytest.mark.skipif(not (BOOK / "index.html").is_file(), reason=f"no book in {BOOK}")
def test_the_built_book(page):
    count, faults = faults_of(page, BOOK)
    assert count > 1
    assert faults == []
