"""Parameters, profiles, names and commands with a single fault; and that nothing which was there is touched by them."""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from insidebert.__main__ import main
from insidebert.errors import InputError
from insidebert.results.notebooks import discover
from insidebert.results.parameters import checked, given, profile_parameters
from insidebert.results.paths import Paths
from insidebert.results.workspace import Workspace
from tests.campaign.cases import Case

KEPT = ("notebooks", "corpus/treebank", "corpus/animals.txt", "results/embedded", "figures")


def checkout(folder: Path) -> Path:
    """A copy of the checkout in which commands may do what they like; the environment leads them there."""
    own = Paths.find().root
    for name in KEPT:
        copy = shutil.copytree if (own / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(own / name, folder / name)
    os.environ |= {"INSIDEBERT_ROOT": str(folder), "INSIDEBERT_BUILD": str(folder / "build")}
    return folder


def content(folder: Path) -> str:
    """Hash of all that a run without a measurement has to leave alone."""
    sha256 = hashlib.sha256()
    for name in KEPT:
        for path in sorted((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name]):
            sha256.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return sha256.hexdigest()


def command(*arguments: str) -> str:
    """What a command prints; one that fails raises what it says.

    Raises:
        InputError: its message, without the program's name.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(list(arguments))
        except SystemExit as stop:  # argparse
            status = stop.code
            err = io.StringIO(err.getvalue().strip().rpartition("\n")[2])
    if status:
        raise InputError(err.getvalue().strip().removeprefix("insidebert: "))
    return out.getvalue()


def process(*arguments: str) -> str:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "insidebert", *arguments], capture_output=True, text=True, check=False)
    if "Traceback" in done.stderr:
        raise RuntimeError(done.stderr)
    if done.returncode:
        said = done.stderr.strip()
        raise InputError((said.rpartition("\n")[2] if done.returncode == 2 else said).removeprefix("insidebert: "))
    return done.stdout


BAD = {
    int: ["-1", "1.5", "x", "²", "1e99", "true", "[1]", "{a: 1}", "", "nan", "99999999999"],
    float: ["-0.1", "nan", ".inf", "x", "[0.1]", "true", "", "-1e-4", "1e999"],
    bool: ["2", "maybe", "[true]", ""],
    str: [],
    list: ["[]", "", "x", "{a: 1}", "[[1]]", "[1, 1]", "[minilm-l6, minilm-l6]"],
    dict: [
        "[]",
        "x",
        "{nothing: 1}",
        "{epochs: -1, rate: -1}",
        "{questions: 0, rate: nan}",
        "{pieces: x, head_rate: x}",
        "{frozen: 1.5, rate: true}",
        "{keywords: -0.5, rate: .inf}",
        "{longest: 2, rate: 0}",
        "",
    ],
}
BROKEN = ["[1, 2", "{a: 1", "a: b: c", "'x", "@x", "!!python/object:os.system x", "&a [*a]", "\t- x", "[" * 2000, "%x"]
TEXTS = [
    '"Hello", she said.',
    "* the cat",
    "@home",
    "The cat: it slept",
    "No",
    "null",
    "1e5",
    "2024",
    "$5 or $6",
    "a=b",
    "[SEP]",
    "狗 {a: 1}",
    "~",
    "|",
    "<img src=x>",
    "-x",
    "#5",
]
PROFILES = {
    "broken.yml": "all: [1",
    "list.yml": "- all",
    "text.yml": "hello",
    "flat.yml": "all: 3",
    "unknown.yml": "99-no-notebook: {A: 1}",
    "named.yml": "all: {PROFILE: embedded}",
    "latin.yml": b"all: {TEXT: caf\xe9}",
    "deep.yml": "all: " + "[" * 2000,
    "nul.yml": "all: {TEXT: a\0b}",
}
NAMES = [
    "../elsewhere",
    "/abs",
    "a/b",
    "..",
    ".",
    "",
    "book",
    "Slides",
    "CACHE",
    "lock",
    "exercises",
    "ci",
    "Embedded",
    "reproduce/../x",
    "a\nb",
    "a" * 200,
    "-x",
    " ",
    "狗/x",
    "~",
]


def parameters(rng: Random, root: Path) -> Iterator[Case]:
    notebooks = discover(Paths.find())
    every = [n.defaults for n in notebooks]

    def read(notebook, name: str, value: str):
        return checked(notebook.name, notebook.defaults, given([f"{name}={value}"], [notebook.defaults]))[name]

    named = [(n, name, default) for n in notebooks for name, default in n.defaults.items() if name != "PROFILE"]
    for notebook, name, default in named:
        for value in rng.sample(BAD[type(default)], min(2, len(BAD[type(default)]))):
            yield Case(
                "parameters",
                f"{notebook.name}, {name}={value}",
                lambda n=notebook, p=name, v=value: read(n, p, v),
                None,
                (notebook.name, name),
            )
    texts = [(n, name) for n, name, default in named if isinstance(default, str)]
    for value in TEXTS:
        notebook, name = rng.choice(texts)
        yield Case("parameters", f"{name}={value}", lambda n=notebook, p=name, v=value: read(n, p, v), value.__eq__)
    others = [(n, name) for n, name, default in named if isinstance(default, list | dict)]
    for value in BROKEN:
        notebook, name = rng.choice(others)
        yield Case("parameters", f"{name}={value}", lambda n=notebook, p=name, v=value: read(n, p, v), None, (name,))
    for assignment in ("SEEDS", "=1", "NOTHING=1", "PROFILE=embedded", "seeds=[1]", "", "PLAN.epochs=1"):
        yield Case(
            "parameters", assignment, lambda a=assignment: given([a], every), None, (assignment.partition("=")[0],)
        )
    reader = next(n for n in notebooks if "RATES" in n.defaults)
    for value in ("1e-4", "0.0001", "1.0E-4"):
        yield Case(
            "parameters",
            f"rate: {value}",
            lambda v=value: read(reader, "RATES", f"{{rate: {v}}}")["rate"],
            (1e-4).__eq__,
        )
    for value in ("2024", "007", "null", "1e5"):
        yield Case("parameters", f"MODELS=[{value}]", lambda v=value: read(reader, "MODELS", f"[{v}]"), [value].__eq__)
    folder = root / "notebooks" / "profiles"
    for name, text in PROFILES.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        yield Case(
            "profiles",
            name,
            lambda n=name: profile_parameters(folder, Path(n).stem, [n.name for n in notebooks]),
            None,
            (name,),
        )
    for name in PROFILES:
        (folder / name).unlink()


def names(root: Path) -> Iterator[Case]:
    for name in NAMES:
        yield Case("names", f"profile {name!r}", lambda n=name: Paths.find(n), None, (repr(name),))
        yield Case("names", f"notebook {name!r}", lambda n=name: Workspace.open(n, "smoke"), None, (repr(name),))
    for name in NAMES[:6]:
        work = Workspace("look_at", "21-look-at-surface", Paths(root, "smoke", root / "build"))
        yield Case(
            "names", f"measurement {name!r}", lambda n=name, w=work: w.measure(n, dict, None), None, (repr(name),)
        )
    for value, at in (
        ("", root / "build"),
        ("out", root / "out"),
        ("a/../b", root / "b"),
        (str(root / "x"), root / "x"),
    ):
        yield Case(
            "names", f"INSIDEBERT_BUILD={value}", lambda v=value: built(v), lambda p, a=at: p.resolve() == a.resolve()
        )


def built(value: str) -> Path:
    before = os.environ["INSIDEBERT_BUILD"]
    os.environ["INSIDEBERT_BUILD"] = value
    try:
        return Paths.find("smoke").build
    finally:
        os.environ["INSIDEBERT_BUILD"] = before


COMMANDS = (  # arguments, what the refusal names
    (["figures", "--profile", "nothing"], "nothing"),
    (["figures", "--profile", "../x"], "../x"),
    (["figures", "--profile", "/abs"], "/abs"),
    (["figures", "--profile", "book"], "book"),
    (["figures", "--profile", "interactive"], "interactive"),
    (["figures", "--profile", "smoke", "--paper", "open_sesame", "--models", "no-such-model"], "no-such-model"),
    (["figures", "--profile", "smoke", "--paper", "open_sesame", "--models", "./none"], "./none"),
    (["run", "24-look-at-probes", "--profile", "smoke", "-p", "TREEBANK=corpus/none.conllu"], "none.conllu"),
    (["run", "24-look-at-probes", "--profile", "smoke", "-p", "RELATIONS=dutch"], "dutch"),
    (["figures", "--profile", "smoke", "-p", "PROFILE=embedded"], "PROFILE"),
    (["figures", "--profile", "smoke", "-p", "SEED=²"], "SEED"),
    (["figures", "--profile", "smoke", "-p", "LEAST=-1"], "LEAST"),
    (["run", "31-mcrc-attacks", "--profile", "smoke", "-p", "DATASET=nowhere"], "nowhere"),
    (["run", "24-look-at-probes", "--profile", "smoke", "-p", "VECTORS=none.txt"], "none.txt"),
    (["figures", "--profile", "smoke", "-p", "RATES={rate: -1}"], "RATES"),
    (["figures", "--jobs", "foo"], "foo"),
    (["figures", "--jobs", "0"], "0"),
    (["figures", "--paper", "none"], "none"),
    (["run", "12-open-sesame-confusion", "--profile", "smoke", "-p", "PROFILE=../../elsewhere"], "PROFILE"),
    (["run", "nothing", "--profile", "smoke"], "nothing"),
    (["run", "21-look-at-surface", "--profile", "smoke", "-p", "TEXT=none"], "TEXT"),
    (["run", "23-look-at-heads", "--profile", "smoke", "-p", "DOCUMENTS=corpus/animals.txt"], "DOCUMENTS"),
    (["train", "12-open-sesame-confusion", "--profile", "smoke"], "12-open-sesame-confusion"),
    (["train", "31-mcrc-attacks", "--profile", "smoke"], "CHECKPOINT"),
    (["measure"], "measure"),
    ([], "command"),
)


def commands(rng: Random, folder: Path) -> Iterator[Case]:
    before = content(folder)

    def unharmed(attempt, arguments):
        try:
            attempt(*arguments)
        finally:
            if content(folder) != before:
                raise AssertionError("what was there has changed")

    for arguments, named in COMMANDS:
        yield Case("commands", " ".join(arguments), lambda a=arguments: unharmed(command, a), None, (named,))
    for arguments, named in rng.sample(COMMANDS, 4):
        yield Case("commands", " ".join(arguments), lambda a=arguments: unharmed(process, a), None, (named,))
    yield Case("commands", "models", lambda: command("models"), lambda said: "minilm-l6" in said)
