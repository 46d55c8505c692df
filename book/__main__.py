"""The book and what else is made of it: `python -m book`, in a checkout; WHATS says what there is."""

import argparse
import sys

from book import address, chinese, classroom, colab
from book.explorer.site import prepare
from book.serve import PORT, serve
from book.site import decks, site
from insidebert.__main__ import guarded
from insidebert.papers import papers
from insidebert.results.parameters import profile_file
from insidebert.results.paths import COMMITTED, Paths

WHATS = {
    "site": "the book, from the notebooks that were run",
    "slides": "their slides",
    "chinese": "the notebooks with their texts in Chinese",
    "colab": "copies of notebooks and exercises that run on Colab",
    "class": "all of these in one folder for a class",
    "serve": "show the book on localhost",
    "address": "set the address of the repository that pages link to",
}


def main(arguments: list[str] | None = None) -> int:
    """Build one of the things, and say where it is."""
    described = "; ".join(f"{name}: {what}" for name, what in WHATS.items())
    parser = argparse.ArgumentParser(prog="python -m book", description=described)
    parser.add_argument("what", choices=tuple(WHATS), nargs="?", default="site")
    parser.add_argument("--profile", default=COMMITTED, help="whose results are shown")
    parser.add_argument("--port", type=int, default=PORT, help="of serve; 0 takes any that is free")
    parser.add_argument("--repository", default="", help="of address, such as https://github.com/me/insidebert")
    options = parser.parse_args(arguments)
    return guarded(lambda: build(options))


def build(options: argparse.Namespace) -> None:
    """Build one of the things and print where it is."""
    paths = Paths.find(options.profile)
    profile_file(paths.notebooks / "profiles", options.profile)
    if options.what == "serve":
        return serve(paths.build / "book", options.port)
    makers = {
        "site": ("the book", lambda: [site(paths, papers(), prepare(paths))]),
        "slides": ("slides", lambda: decks(paths)),
        "chinese": ("in Chinese", lambda: chinese.write(paths)),
        "colab": ("for Colab", lambda: colab.write(paths)),
        "address": ("links", lambda: address.write(paths.root, options.repository)),
        "class": ("for a class", lambda: [classroom.write(paths, papers(), prepare(paths))]),
    }
    name, make = makers[options.what]
    print(*(f"{name}: {path}" for path in make()), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
