"""The built book on localhost."""

import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from book import __main__ as command
from book.serve import server
from insidebert.errors import InputError


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


def test_the_command_says_the_address_and_ends_at_ctrl_c(folder, monkeypatch, capsys):
    (folder / "book").mkdir()
    (folder / "index.html").rename(folder / "book" / "index.html")
    seen = []

    def interrupted(running):
        seen.append(running.server_address)
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    monkeypatch.setenv("INSIDEBERT_BUILD", str(folder))
    assert command.main(["serve", "--port", "0"]) == 0
    ((host, port),) = seen
    assert host == "127.0.0.1"
    assert capsys.readouterr().out.startswith(f"http://127.0.0.1:{port}/ shows {folder / 'book'}; ctrl-C ends it\n")
    assert command.main(["serve", "--port", "-1"]) == 1
    assert "PORT=" in capsys.readouterr().err
