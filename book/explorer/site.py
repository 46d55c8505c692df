"""The explorer's folder in the book: the page, the libraries that it runs with, the models and the tables."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from book.chinese import ENGLISH, Phrases
from book.explorer import models, tables
from insidebert.errors import InputError
from insidebert.files import whole_folder, write_json
from insidebert.models import loading
from insidebert.results.paths import Paths
from insidebert.results.scoreboard import plain

HERE = Path(__file__).resolve().parent
PAGE = HERE / "page"

LIBRARIES = {
    "onnxruntime-web": ("dist/ort.wasm.min.mjs", "dist/ort-wasm-simd-threaded.mjs", "dist/ort-wasm-simd-threaded.wasm"),
    "@huggingface/tokenizers": ("dist/tokenizers.min.mjs", "LICENSE"),
}
"""npm package -> what the page needs of it."""

LIVE = "<!-- live -->"
"""Where `explorer.md` says whether the page is there."""
OPEN = "Open the explorer"
ABSENT = "The explorer is not in this book, because {}."


@dataclass(frozen=True)
class Explorer:
    """What the book holds of the explorer.

    Args:
        folder: to be copied into the book; None where it could not be made.
        why: it could not be made.
    """

    folder: Path | None
    why: str = ""


LEFT_OUT = Explorer(None, "it was left out of this book")


def prepare(paths: Paths) -> Explorer:
    """The explorer's folder, made in `build/explorer`; models that are there already are not exported again.

    Nothing is raised where a package, npm or the network is missing: the book is built without the explorer, and says
    why.
    """
    try:
        libraries = _libraries(paths.build / "explorer" / "libraries")
        folder = paths.build / "explorer" / "models" / _key()
        if not (folder / "models.json").is_file():
            print("exporting models for the explorer's page; this takes a few minutes, once")
            models.write(models.OFFERED, folder)
        known = folder / f"measured-{paths.profile}-{_digest(*sorted(paths.results.rglob('*.json')))}.json"
        if not known.is_file():
            write_json(known, tables.measured(paths))
    except InputError as error:
        return Explorer(None, str(error))
    return Explorer(_gathered(paths.build / "explorer" / "page", libraries, folder, known))


def told(text: str, explorer: Explorer, say: Phrases = ENGLISH) -> str:
    """A page with a link to the explorer where it says LIVE, or with the reason why there is none."""
    link = f'<p><a class="explorer" href="explorer/index.html{"" if say is ENGLISH else "#l=zh"}">{say[OPEN]}</a></p>'
    absent = f":::{{warning}}\n{say[ABSENT].format(plain(explorer.why))}\n:::"
    return text.replace(LIVE, link if explorer.folder else absent)


def _libraries(folder: Path) -> Path:
    """npm's packages as the lock file has them, with their checksums; fetched once."""
    folder = folder / _digest(PAGE / "package-lock.json")
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if not npm:
        raise InputError("npm is not installed; it comes with Node.js (https://nodejs.org), and fetches two libraries")
    with whole_folder(folder) as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PAGE / name, scratch)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        if run.returncode:
            said = next(iter(run.stderr.strip().splitlines()), "")
            raise InputError(f"npm could not fetch onnxruntime-web and @huggingface/tokenizers ({said})")
    return folder


def _gathered(target: Path, libraries: Path, folder: Path, known: Path) -> Path:
    """Everything in one folder, as the book holds it."""
    shutil.rmtree(target, ignore_errors=True)
    with whole_folder(target) as scratch:
        kept = shutil.ignore_patterns("package*.json", "*.test.js", "node_modules")
        shutil.copytree(PAGE, scratch, ignore=kept, dirs_exist_ok=True)
        for package, names in LIBRARIES.items():
            (scratch / "vendor").mkdir(exist_ok=True)
            for name in names:
                origin = libraries / "node_modules" / package / name
                shutil.copy(origin, scratch / "vendor" / Path(name).name)
        (scratch / "models").mkdir()
        for path in folder.iterdir():
            if not path.name.startswith("measured-"):
                shutil.copy(path, scratch / "models")
        shutil.copy(known, scratch / "models" / "measured.json")
    return target


def _key() -> str:
    """What exported models depend on: the weights, the heads, and the code that exports."""
    weights = [loading.resolve(own.name).identity for own in models.OFFERED]
    heads = sorted((Path(loading.__file__).parent / "masked_heads").glob("*.json"))
    return _digest(HERE / "export.py", HERE / "weights.py", HERE / "models.py", *heads, text=json.dumps(weights))


def _digest(*files: Path, text: str = "") -> str:
    parts = [text.encode(), *(path.read_bytes() for path in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
