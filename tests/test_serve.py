"""The built book on localhost."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from threading import Thread

import pytest

from book.serve import server
from insidebert.errors import InputError
from insidebert.results.paths import Paths


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<p>the book</p>")
    (tmp_path / "a module.mjs").write_text("export const one = 1;")
    return tmp_path


@contextmanager
def running(folder):
    with server(folder, 0) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made, f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()


def asked(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def test_a_folder_is_served_to_this_machine_alone(folder):
    with running(folder) as (made, address):
        assert made.server_address[0] == "127.0.0.1"
        assert asked(address)[0] == "<p>the book</p>"
        assert asked(f"{address}a%20module.mjs") == ("export const one = 1;", "text/javascript")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            asked(f"{address}../{folder.name}.txt")


def test_what_is_not_built_or_taken_is_said_with_the_way_out(folder, tmp_path):
    with pytest.raises(InputError, match=r"no page in .*`make figures` and then `make book`"):
        server(tmp_path / "none")
    with running(folder) as (made, _), pytest.raises(InputError, match=f"port {made.server_port} .*PORT="):
        server(folder, made.server_port)
    with pytest.raises(InputError, match=r"port 70000 .*PORT="):
        server(folder, 70000)


def test_the_command_says_the_address_and_ends_at_ctrl_c(folder):
    book = folder / "build" / "book"
    book.mkdir(parents=True)
    (book / "index.html").write_text("<p>of the command</p>")
    with subprocess.Popen(
        [sys.executable, "-m", "book", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Paths.find().root,
        env=os.environ | {"INSIDEBERT_BUILD": str(folder / "build")},
    ) as run:
        address = run.stdout.readline().split()[0]
        assert asked(address)[0] == "<p>of the command</p>"
        run.send_signal(signal.SIGINT)
        assert (run.wait(60), run.stderr.read()) == (0, "")
