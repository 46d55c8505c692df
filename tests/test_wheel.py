"""What a wheel holds: the package works outside a checkout."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from insidebert.results.paths import Paths

ROOT = Paths.find().root
USED = """
import insidebert as ib
assert ib.__file__.startswith({folder!r}), ib.__file__
from insidebert.models import masked_lm
from insidebert.papers import papers
from insidebert.papers.open_sesame.sentences import grammar
from insidebert.results.plots import STYLE
from insidebert.text.antecedents import LEXICON
assert grammar("agreement").rules and LEXICON["pronouns"]
assert [paper.name for paper in papers()] == ["open_sesame", "look_at", "mcrc"]
assert all(paper.load("artifacts") for paper in papers())
assert len(list(masked_lm.FOLDER.glob("*.safetensors"))) == 3
assert open(STYLE).read()
"""


@pytest.mark.integration
def test_the_wheel_works_outside_a_checkout(tmp_path):
    source = tmp_path / "source"  # setuptools would put what an earlier build left in the checkout into the wheel
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path / "wheels"), str(source)], check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    folder = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    tracked = subprocess.run(["git", "ls-files", "src"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    wanted = {name.removeprefix("src/") for name in tracked.splitlines()}
    assert wanted <= {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    run = subprocess.run(
        [sys.executable, "-c", USED.format(folder=str(folder))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert run.returncode == 0, run.stderr
