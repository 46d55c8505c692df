"""The book, its slides, the notebooks in Chinese: `python -m book site`, `slides` or `chinese`, in a checkout."""

import argparse
import sys

from book import chinese
from book.explorer.site import prepare
from book.site import decks, site
from insidebert.__main__ import guarded
from insidebert.papers import papers
from insidebert.results.parameters import profile_file
from insidebert.results.paths import COMMITTED, Paths


def main(arguments: list[str] | None = None) -> int:
    """Build the book, slides of the executed notebooks, or notebooks in Chinese, and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("what", choices=("site", "slides", "chinese"), nargs="?", default="site")
    parser.add_argument("--profile", default=COMMITTED, help="whose results are shown")
    options = parser.parse_args(arguments)
    return guarded(lambda: build(options.what, options.profile))


def build(what: str, profile: str) -> None:
    """Build one of the three and print where it is."""
    paths = Paths.find(profile)
    profile_file(paths.notebooks / "profiles", profile)
    makers = {
        "site": ("the book", lambda: [site(paths, papers(), prepare(paths))]),
        "slides": ("slides", lambda: decks(paths)),
        "chinese": ("in Chinese", lambda: chinese.write(paths)),
    }
    name, make = makers[what]
    print(*(f"{name}: {path}" for path in make()), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
