"""Folders that were built and are built again."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def rebuilt(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of the one before at the end of the block, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = {"dir": path.parent, "prefix": f".{path.name}-{os.getpid()}-", "suffix": ".tmp"}
    with tempfile.TemporaryDirectory(**beside) as scratch:  # a name that `files.remove_leftovers` knows
        made, before = Path(scratch) / "made", Path(scratch) / "before"
        made.mkdir()
        yield made
        if path.exists():
            path.rename(before)
        try:
            made.rename(path)
        except OSError:
            if before.exists():
                before.rename(path)
            raise
