"""Files and folders that a task reads: known by content, looked for where the task runs, sent where they lack."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from insidebert.errors import InputError
from insidebert.files import model_cache, whole_folder
from insidebert.models.names import HUB_FILES
from insidebert.results.cache import content
from insidebert.results.paths import Paths

if TYPE_CHECKING:
    from insidebert.models.loading import Source

LARGEST = 256 * 2**20
"""Bytes of a file or folder that may go through the scheduler; a checkpoint of BERT-base has 440 MB."""


@dataclass(frozen=True)
class Parcel:
    """A file or folder by its content.

    Args:
        path: where the client has it, with `#part` behind it if the setting names a part.
        inside: the same relative to the client's checkout; empty if it lies elsewhere.
        sha256: of data, as `cache.content` gives it; of a model, of its weights and all else that is read.
        size: bytes.
        model: whether it is a checkpoint folder.
    """

    path: str
    inside: str
    sha256: str
    size: int
    model: bool

    @property
    def shelf(self) -> Path:
        """Where a machine keeps it once it was sent, under its own name, which tables may show."""
        return model_cache().parent / "sent" / self.sha256[:16] / Path(self.path).name.partition("#")[0]

    def here(self) -> "Path | Source | None":
        """It, or None if this machine does not have it: data as a path, a model as its source."""
        places = [Path(self.path), self.shelf]
        if "#" in Path(self.path).name:
            places[1] = self.shelf.with_name(Path(self.path).name)
        with suppress(InputError):  # the package without a checkout
            places.insert(1, Paths.find().root / self.inside)
        for place in places if self.inside else places[:1] + places[-1:]:
            if found := self._at(place):
                return found
        return None

    def files(self) -> dict[str, bytes]:
        """Its files where the client has it: name -> content; a single file under its own name.

        Raises:
            InputError: larger than what may go through the scheduler.
        """
        if self.size > LARGEST:
            raise InputError(
                f"{self.path} has {self.size / 2**20:.0f} MB, and at most {LARGEST / 2**20:.0f} MB go through the "
                "scheduler; put it under the same path on every machine, or name a model of the Hub"
            )
        return {name: path.read_bytes() for name, path in _files(self._path, self.model).items()}

    @property
    def _path(self) -> Path:
        path = Path(self.path)
        return path if path.exists() else path.with_name(path.name.partition("#")[0])

    def _at(self, place: Path) -> "Path | Source | None":
        try:
            if not self.model:
                return place if content(place) == self.sha256 else None
            from insidebert.models import loading

            source = loading.resolve(place) if place.is_dir() else None
            return source if source and weight_of(source) == self.sha256 else None
        except (InputError, OSError):
            return None


def parcel(path: Path, root: Path) -> Parcel:
    """A file or folder of data."""
    whole = path if path.exists() else path.with_name(path.name.partition("#")[0])
    size = sum(file.stat().st_size for file in _files(whole, False).values())
    return Parcel(str(path), _inside(path, root), content(path), size, False)


def model_parcel(source: "Source", root: Path) -> Parcel:
    """A model in a local folder."""
    size = sum(file.stat().st_size for file in _files(source.folder, True).values())
    return Parcel(str(source.folder), _inside(source.folder, root), weight_of(source), size, True)


def weight_of(source: "Source") -> str:
    """What stands for a checkpoint folder: weights, configuration and tokenizer."""
    return hashlib.sha256(json.dumps([source.sha256, source.described]).encode()).hexdigest()


def shelve(parcel: Parcel, files: dict[str, bytes]) -> None:
    """Put what was sent on this machine's shelf."""
    if set(files) == {parcel.shelf.name} and not parcel.model:
        with whole_folder(parcel.shelf.parent) as scratch:
            (scratch / parcel.shelf.name).write_bytes(files[parcel.shelf.name])
        return
    with whole_folder(parcel.shelf) as scratch:
        for name, read in files.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(read)


def _files(path: Path, model: bool) -> dict[str, Path]:
    """Name -> file, of a file or of all that is read of a folder."""
    if path.is_file():
        return {path.name: path}
    inside = [file for file in sorted(path.rglob("*")) if file.is_file()]
    if model:
        inside = [file for file in inside if any(file.match(pattern) for pattern in HUB_FILES)]
    names = {file.relative_to(path).as_posix(): file for file in inside}
    return {name: file for name, file in names.items() if not any(part[0] == "." for part in name.split("/"))}


def _inside(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
