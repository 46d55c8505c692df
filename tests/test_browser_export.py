"""Encoders as ONNX graphs for the browser: what they tell, heads that are off, weights stored small."""

import importlib.util
import shutil
import subprocess

import numpy as np
import pytest

import insidebert as ib
from book.explorer import site
from book.explorer.export import export, run, session
from book.explorer.models import NEEDED
from book.explorer.site import ABSENT, LIVE, OPEN, PAGE, Explorer, told
from book.explorer.weights import codes_of
from insidebert.errors import InputError
from insidebert.models.encoding import hidden_states
from insidebert.results.paths import Paths

absent = [name for name in NEEDED if not importlib.util.find_spec(name)]
exporting = pytest.mark.skipif(bool(absent), reason=f"{absent} not installed: `make explorer`")


def test_codes_give_back_every_weight():
    values = ((np.random.default_rng(0).integers(3, 250, (40, 30)) - 117) * np.float32(0.0371)).astype(np.float32)
    codes, scale, zero = codes_of(values)
    assert codes.dtype == np.uint8
    assert np.array_equal((codes.astype(np.float32) - zero) * scale, values)


def test_weights_that_are_no_codes_are_refused():
    with pytest.raises(InputError, match="not made of 8-bit integers"):
        codes_of(np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32))


@exporting
@pytest.mark.filterwarnings("ignore")
def test_a_graph_tells_what_the_model_does_at_any_length(tiny_folder, tmp_path):
    from insidebert.models import loading

    model = loading.load(loading.resolve(str(tiny_folder("bert"))))
    path = tmp_path / "tiny.onnx"
    export(model, {"half": path})
    opened = session(path)
    for words in (["the", "girl"], ["the", "girl", "near", "the", "dogs", "does", "sleep", "."]):
        ids = ib.encode(model, [words]).ids[0]
        seen = run(opened, ids.tolist())
        assert np.abs(seen["maps"] - ib.attention_maps(model, words).maps).max() < 1e-5  # small matrices stay floats
        states = hidden_states(model, [words]).values[1:].float().numpy()
        assert np.abs(seen["states"] - states).max() < 0.01
    heads = np.ones((3, 2))
    heads[1, 0] = 0
    without = run(opened, ids.tolist(), heads)
    assert np.array_equal(without["maps"][:2], seen["maps"][:2])  # where the head looks is told although it is off
    assert np.abs(without["maps"][2] - seen["maps"][2]).max() > 1e-3


def test_the_page_says_whether_the_explorer_is_there(tmp_path):
    text = f"# Title\n\n{LIVE}\n"
    assert OPEN in told(text, Explorer(tmp_path)) and "explorer/index.html" in told(text, Explorer(tmp_path))
    missing = told(text, Explorer(None, "npm is not installed"))
    assert ABSENT.format("npm is not installed") in missing and "href" not in missing


def test_without_npm_the_book_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(site.shutil, "which", lambda _: None)
    made = site.prepare(Paths(tmp_path, "embedded", tmp_path / "build"))
    assert made.folder is None and "npm is not installed" in made.why


def test_functions_of_the_page():
    node = shutil.which("node")
    if not node:
        pytest.skip("no node")
    run = subprocess.run([node, "--test"], cwd=PAGE, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
