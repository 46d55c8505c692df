"""What a wheel holds: the package works outside a checkout."""

import os
import subprocess
import sys

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
assert [paper.name for paper in papers()] == ["open_sesame", "look_at", "mcrc", "edge_probing", "pipeline", "qa_layers"]
assert all(paper.load("artifacts") for paper in papers())
assert len(list(masked_lm.FOLDER.glob("*.safetensors"))) == 3
assert open(STYLE).read()
"""


@pytest.mark.integration
def test_the_wheel_works_outside_a_checkout(wheel_site, tmp_path):
    tracked = subprocess.run(["git", "ls-files", "src"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    wanted = {name.removeprefix("src/") for name in tracked.splitlines()}
    assert wanted <= {path.relative_to(wheel_site).as_posix() for path in wheel_site.rglob("*")}
    run = subprocess.run(
        [sys.executable, "-c", USED.format(folder=str(wheel_site))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(wheel_site)},
    )
    assert run.returncode == 0, run.stderr
