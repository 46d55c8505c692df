"""The book and the slides: `python -m book site` and `python -m book slides`, run in a checkout."""

import argparse
import sys

from book.site import decks, site
from insidebert.__main__ import guarded
from insidebert.papers import papers
from insidebert.results.parameters import profile_file
from insidebert.results.paths import COMMITTED, Paths


def main(arguments: list[str] | None = None) -> int:
    """Build the book, or slides of the executed notebooks, and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("what", choices=("site", "slides"), nargs="?", default="site")
    parser.add_argument("--profile", default=COMMITTED, help="whose results are shown")
    options = parser.parse_args(arguments)
    return guarded(lambda: build(options.what, options.profile))


def build(what: str, profile: str) -> None:
    """Build one of the two and print where it is."""
    paths = Paths.find(profile)
    profile_file(paths.notebooks / "profiles", profile)
    made = [site(paths, papers())] if what == "site" else decks(paths)
    print(*(f"{'the book' if what == 'site' else 'slides'}: {path}" for path in made), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
