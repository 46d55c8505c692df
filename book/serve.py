"""A folder that was built, on localhost: `make serve`, `python -m book serve`."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from insidebert.errors import InputError

HOST = "127.0.0.1"
"""Nobody else on the network can ask this address."""
PORT = 8000


class Handler(SimpleHTTPRequestHandler):
    """Serves files, quietly, with the types that a browser insists on; a machine's own table of types may be wrong."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_):
        pass


def server(folder: Path, port: int = PORT) -> ThreadingHTTPServer:
    """A server of a folder on localhost; `serve_forever()` starts it.

    Args:
        folder: with an `index.html`, such as `build/book`.
        port: 0 takes any that is free.

    Raises:
        InputError: nothing was built there, the port is not a port, or somebody listens on it.
    """
    if not (folder / "index.html").is_file():
        raise InputError(
            f"no page in {folder}; `make figures` and then `make book` (or `make class`) build it "
            "(PROFILE=smoke is the quick one, for each)"
        )
    try:
        return ThreadingHTTPServer((HOST, port), partial(Handler, directory=folder))
    except (OSError, OverflowError) as error:
        raise InputError(f"port {port} of {HOST} cannot be used: {error}; name another by PORT=...") from None


def serve(folder: Path, port: int = PORT) -> None:
    """Serve a folder on localhost until ctrl-C, and say where."""
    with server(folder, port) as running:
        print(f"http://{HOST}:{running.server_port}/ shows {folder}; ctrl-C ends it", flush=True)
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            print()
