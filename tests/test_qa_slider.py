"""The slider of question answering by layer, in a browser that has no network: keys, names, places."""

import pandas as pd

from insidebert.papers.qa_layers.slider import layer_slider
from tests.test_browser import page, pytestmark  # noqa: F401


def points(layers=4):
    """Two pieces that change sides from layer to layer."""
    common = {"model": "tiny", "weights": "trained", "sample": "right, told", "view": "each layer"}
    rows = []
    for layer in range(layers):
        for place, (piece, part) in enumerate([("who", "question"), ("<cat>", "answer")]):
            side = float((place + layer) % 2)
            rows.append(common | {"layer": layer, "place": place, "piece": piece, "part": part, "x": side, "y": side})
    return pd.DataFrame(rows)


def test_the_slider_goes_by_the_arrow_keys_and_says_where_it_is(page, tmp_path):  # noqa: F811
    path = tmp_path / "slider.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{layer_slider(points(), 'right, told')}", encoding="utf-8")
    page.emulate_media(reduced_motion="reduce")
    page.goto(path.as_uri())
    slider, marks = page.get_by_role("slider", name="layer"), page.locator("svg g")
    assert page.locator("output").inner_text() == "embedding" and marks.nth(1).text_content().endswith("<cat>")
    before = [marks.nth(i).bounding_box()["x"] for i in (0, 1)]
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("output").inner_text().startswith("layer 1 (5 of 12 in the paper")
    assert slider.get_attribute("aria-valuetext") == page.locator("output").inner_text()
    after = [marks.nth(i).bounding_box()["x"] for i in (0, 1)]
    assert before[0] < before[1] and after[0] > after[1]
    page.keyboard.press("End")
    assert page.locator("output").inner_text().startswith("layer 3")
