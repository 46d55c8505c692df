"""Binder, the Dockerfile, the dev container: whole, in step with each other and with what they name."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from insidebert.results.paths import Paths

ROOT = Paths.find().root
BINDER = ROOT / ".binder"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
DEV = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def test_one_python_everywhere_the_one_whose_torch_without_cuda_the_lock_knows():
    python = re.search(r"^FROM python:(\d+\.\d+)-slim", DOCKERFILE, re.MULTILINE)[1]
    assert (BINDER / "runtime.txt").read_text() == f"python-{python}\n"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"torch's CPU build for CPython {python} on x86-64" in makefile
    known = re.search(r"TORCH_CPU := (sha256:\w+)", makefile)[1]
    assert known in re.search(r"^torch==(?:.*\\\n)+.*", LOCK, re.MULTILINE)[0]


def test_the_image_runs_as_a_user_without_rights_and_listens_where_it_says():
    found = instructions()
    users = [argument for name, argument in found if name == "USER"]
    assert users == ["$USER_ID"] and ("ARG", "USER_ID=1000") in found
    names = [name for name, _ in found]
    assert names.index("USER") < names.index("COPY")
    command = json.loads(dict(found)["CMD"])
    assert command[:2] == ["jupyter", "lab"] and "--port=8888" in command
    (folder,) = (word.removeprefix("--notebook-dir=") for word in command if word.startswith("--notebook-dir="))
    assert (ROOT / folder).is_dir()
    assert {"8888", "8000"} == set(dict(found)["EXPOSE"].split()) == {str(port) for port in DEV["forwardPorts"]}
    assert set(DEV["portsAttributes"]) == {"8888", "8000"}


def test_what_the_image_is_built_from_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert {".git", ".venv", "build"} <= set(ignored)
    script = Path(next(argument for name, argument in instructions() if argument == ".binder/postBuild"))
    assert os.access(ROOT / script, os.X_OK) and script.parts[0] not in ignored
    read = set(re.findall(r"[\w-]+\.lock", (ROOT / script).read_text(encoding="utf-8"))) - {"torch.lock"}
    assert read == {"requirements.lock", "requirements-cuda.lock"} and all((ROOT / name).is_file() for name in read)


def test_the_dev_container_is_the_dockerfile_with_the_clone_in_it():
    assert DEV["build"] == {"dockerfile": "../Dockerfile", "context": ".."}
    assert re.search(rf"useradd .*\n .* {DEV['remoteUser']} |useradd .*{DEV['remoteUser']}", DOCKERFILE)
    interpreter = DEV["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert f"RUN python -m venv {Path(interpreter).parents[1]}" in DOCKERFILE
    assert shlex.split(DEV["postCreateCommand"])[-1] == "."


@pytest.mark.skipif(sys.platform == "win32", reason="a script for a shell")
@pytest.mark.parametrize("torch", ["2.13.0+cpu", "2.13.0"])
def test_what_is_installed_in_which_order(tmp_path, torch):
    """The script with a Python that only writes down what it is asked, and has one of two builds of torch."""
    log, fake = tmp_path / "log", tmp_path / "python"
    answer = f'[ "$1" = -c ] && exec "{sys.executable}" -c "import sys; sys.exit(\'+cpu\' not in \'{torch}\')"'
    fake.write_text(f'#!/bin/sh\n{answer}\necho "$@" >> "{log}"\n')
    fake.chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    subprocess.run([BINDER / "postBuild"], check=True, env=env, cwd=tmp_path)
    begin = "-m pip install --quiet --no-cache-dir --no-deps "
    asked = [line.removeprefix(begin) for line in log.read_text().splitlines()]
    first, *rest = asked
    lock = Path(first.split()[-1])
    assert first.startswith("--require-hashes --extra-index-url https://download.pytorch.org/whl/cpu --requirement ")
    assert lock.parent == tmp_path and not lock.exists()  # it cleans up
    gpu = [] if torch.endswith("+cpu") else ["--require-hashes --requirement requirements-cuda.lock"]
    assert rest == ["--require-hashes --requirement requirements.lock", *gpu, "--no-build-isolation --editable ."]
