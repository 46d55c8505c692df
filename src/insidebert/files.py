"""Files that appear whole or not at all, and the folders of the user's cache."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path

LEFTOVER = re.compile(r"\..+-(?P<process>\d+)-\w{8}\.tmp")


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it, so that a full disk or ctrl-C loses nothing.

    The temporary file is called `.<name>-<process>-<random>.tmp`, so nobody reads it as what it may become, and
    `remove_leftovers` can tell whether its writer still lives.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-{os.getpid()}-", suffix=".tmp")
    os.close(handle)
    scratch = Path(name)
    try:
        write(scratch)
        scratch.chmod(0o644)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which gets its name at the end of the block; the folder of whoever was first stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-{os.getpid()}-", suffix=".tmp"))
    try:
        yield scratch
        scratch.chmod(0o755)
        try:
            scratch.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """A text file, whole or not at all."""
    write_whole(path, lambda scratch: scratch.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: dict | list) -> None:
    """A JSON file, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def remove_leftovers(*folders: Path) -> list[Path]:
    """Remove temporary files and folders below some folders whose writers were killed; those of running processes stay.

    Returns:
        What was removed.
    """
    named = [(path, LEFTOVER.fullmatch(path.name)) for folder in folders for path in folder.rglob(".*.tmp")]
    dead = [path for path, match in named if match and not _runs(int(match["process"]))]
    for path in dead:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return dead


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; read once in a process while size and times stay the same."""
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


@lru_cache(maxsize=64)
def _sha256(path: Path, *state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download_cache() -> Path:
    """Folder in the user's cache that holds downloaded data."""
    return user_cache_path("insidebert")


def model_cache() -> Path:
    """Folder in the user's cache that holds converted and joined embedded models."""
    return user_cache_path("insidebert") / "models"


def _runs(process: int) -> bool:
    if os.name == "nt":  # there, asking a process by a signal ends it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
