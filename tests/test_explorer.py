"""The explorer: what it measures and asks, what its pictures show, and that its widgets change them."""

import json
import math
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from insidebert.errors import InputError
from insidebert.explore import figures, sentence, widget
from insidebert.files import write_text
from insidebert.measure.confusion import TriggerQuestion
from insidebert.models import loading
from insidebert.results.paths import Paths
from insidebert.results.tables import write_tidy
from tests.conftest import save_checkpoint

SENTENCE = "the cat near the dogs does sleep."
WORDS = ("the", "cat", "near", "the", "dogs", "does", "sleep", ".")
ASKED = TriggerQuestion(WORDS, 5, ((0, 1), (3, 4)))
RELATIONS = pd.DataFrame(
    {
        "model": "tiny",
        "weights": "trained",
        "relation": ["all", "det", "dobj"],
        "offset": [1, 1, -2],
        "offset_accuracy": [0.1, 0.7, 0.3],
    }
)


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path, "mine", tmp_path / "build")


@pytest.fixture
def view(tiny_folder, paths):
    return widget.Explorer([str(tiny_folder("bert"))], paths, SENTENCE, "does", ["the cat", "the dogs"])


def test_a_question_in_words(tiny):
    assert sentence.question(tiny, SENTENCE, "does", ["the cat", "the dogs"]) == ASKED
    with pytest.raises(InputError, match=r"'the dog' does not stand in 'the cat near the dogs does sleep \."):
        sentence.question(tiny, SENTENCE, "does", ["the cat", "the dog"])
    with pytest.raises(InputError, match="'' does not stand in"):
        sentence.question(tiny, SENTENCE, "", ["the cat"])
    with pytest.raises(InputError, match="the target 'does sleep' is 2 words"):
        sentence.question(tiny, SENTENCE, "does sleep", ["the cat"])


def test_roles_and_clicks():
    roles = sentence.roles_of(ASKED)
    assert roles == {5: "target", 0: "trigger", 1: "trigger", 3: "distractor", 4: "distractor"}
    assert sentence.question_of(WORDS, roles) == ASKED
    moved = sentence.clicked(roles, 6, "target")
    assert moved == {6: "target", 0: "trigger", 1: "trigger", 3: "distractor", 4: "distractor"}
    assert sentence.clicked(moved, 6, "target") == {w: r for w, r in roles.items() if w != 5}
    assert sentence.clicked(roles, 3, "trigger")[3] == "trigger"
    assert roles[3] == "distractor"  # the roles given are left as they are


def test_neighbouring_distractors_are_one_phrase():
    roles = {7: "distractor", 2: "distractor", 3: "distractor", 0: "trigger", 6: "trigger", 5: "target"}
    assert sentence.question_of(WORDS, roles).triggers == ((0, 6), (2, 3), (7,))
    for role in widget.ROLES:
        assert sentence.question_of(WORDS, {w: r for w, r in roles.items() if r != role}) is None


def test_what_is_seen_agrees_with_the_maps(any_tiny):
    seen = sentence.look(any_tiny, SENTENCE)
    size = len(seen.pieces)
    assert seen.maps.shape == (3, 2, size, size)
    values = seen.surface.pivot(index=["layer", "head"], columns="statistic", values="value")
    assert list(values.index) == [(layer, head) for layer in (1, 2, 3) for head in (1, 2)]
    for (layer, head), row in values.iterrows():
        own = seen.maps[layer - 1, head - 1]
        assert row["to [CLS]"] == pytest.approx(own[:, 0].mean(), abs=1e-5)
        assert row["to [SEP]"] == pytest.approx(own[:, -1].mean(), abs=1e-5)
        assert row["to next"] == pytest.approx(np.diagonal(own, 1).mean(), abs=1e-5)
        assert row["to previous"] == pytest.approx(np.diagonal(own, -1).mean(), abs=1e-5)
        assert row["to self"] == pytest.approx(np.diagonal(own).mean(), abs=1e-5)
        assert row["to . or ,"] == pytest.approx(own[:, -2].mean(), abs=1e-5)
        smooth = 0.9999 * own + 0.0001 / size
        assert row["entropy"] == pytest.approx(-(smooth * np.log(smooth)).sum(1).mean(), abs=1e-3)


def test_sentences_that_cannot_be_shown(tiny, monkeypatch):
    with pytest.raises(InputError, match="type at least one word"):
        sentence.look(tiny, " \u200d ")
    with pytest.raises(InputError, match="the sentence has 49 pieces; the pictures hold 48"):
        sentence.look(tiny, "the " * 47)
    monkeypatch.setattr(sentence, "words_of", lambda tokenizer, text: tuple(text.split(" ")))
    with pytest.raises(InputError, match=r"has no pieces for '\\u200d'; leave it out"):
        sentence.look(tiny, "the \u200d")


MARKED_WORDS = "cafe\u0301 न\u093fद\u0940 น\u0e49\u0e33 ك\u064eت\u064e co\u00adoperate 👩\u200d💻"


@pytest.mark.parametrize("word", MARKED_WORDS.split(" "))
def test_marks_inside_words_do_not_cut_them(any_tiny, word):
    seen = sentence.look(any_tiny, word)
    assert seen.words == (word,)
    assert seen.pieces == any_tiny.tokenizer.convert_ids_to_tokens(any_tiny.tokenizer(word)["input_ids"])


def test_attention_between_words_by_hand():
    maps = np.zeros((1, 2, 4, 4))  # [CLS] ca ##t [SEP]
    maps[0, 0] = [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.2, 0.5, 0.3, 0.0], [0.0, 0.0, 0.0, 1.0]]
    seen = sentence.SentenceView(("cat",), ["[CLS]", "ca", "##t", "[SEP]"], np.array([-1, 0, 0, -1]), maps, None)
    table = sentence.attention_table(seen, heads=[1])
    assert list(table.index) == list(table.columns) == ["[CLS]", "cat", "[SEP]"]
    assert np.allclose(table, [[0.1, 0.5, 0.4], [0.3, 0.65, 0.05], [0, 0, 1]])
    assert np.allclose(sentence.attention_table(seen), table / 2)  # the second head is empty
    with pytest.raises(InputError, match=r"no heads \[3\]; they go from 1 to 2"):
        sentence.attention_table(seen, heads=[3])


def test_attention_between_words_adds_up(any_tiny):
    table = sentence.attention_table(sentence.look(any_tiny, SENTENCE), layers=[2, 3])
    assert list(table.index)[1:-1] == list(WORDS)
    assert np.allclose(table.sum(axis=1), 1, atol=1e-5)


def test_confusion_is_read_off_the_maps(tiny):
    table = sentence.confusion(tiny, ASKED)
    received = sentence.look(tiny, SENTENCE).maps.mean(1)[:, 6]  # from `does`, behind [CLS]
    trigger, distractor = received[:, [1, 2]].sum(1), received[:, [4, 5]].sum(1)
    assert list(table["layer"]) == [1, 2, 3]
    assert np.allclose(table["bits"], -np.log2(trigger / (trigger + distractor)), atol=1e-4)


def heads_of(source, label):
    """Head 1-1 is most often right about det, but that is near the offset; about dobj it is far above it."""
    rows = [
        {"relation": relation, "direction": "dependent to head", "layer": 1, "head": head, "accuracy": share}
        for relation, shares in {"all": (1.0, 1.0), "det": (0.8, 0.75), "dobj": (0.6, 0.1)}.items()
        for head, share in enumerate(shares, start=1)
    ]
    return pd.DataFrame(rows).assign(model=label, weights=source.weights)


def write_measured(paths, source, label="tiny"):
    folder = paths.results / "look_at"
    write_tidy(folder / "syntax-heads.csv", heads_of(source, label))
    write_tidy(folder / "syntax-relations.csv", RELATIONS.assign(model=label))
    write_text(folder / "syntax.json", json.dumps({"models": [{**source.identity, "label": label}]}))


def test_the_best_relation_is_the_one_furthest_above_its_offset(tiny, paths):
    write_measured(paths, tiny.source, "another name")
    best, profile = sentence.measured_relations(paths, tiny.source)
    assert profile == "mine"
    assert best[["layer", "head", "relation"]].values.tolist() == [[1, 1, "dobj"], [1, 2, "det"]]
    said = sentence.relation_in_words(best, profile, 1, 1)
    assert said.startswith("Head 1-1, best relation: dobj (dependent to head), right for 60% of its words; ")
    assert "the best fixed offset (-2) is right for 30%" in said
    assert said.endswith("from the tables of the mine profile.")


def test_relations_fall_back_on_the_committed_tables_and_say_so(tiny, paths):
    assert sentence.measured_relations(paths, tiny.source)[1] == ""
    write_measured(replace(paths, profile="embedded"), tiny.source)
    best, profile = sentence.measured_relations(paths, tiny.source)
    assert profile == "embedded"
    assert sentence.relation_in_words(best, profile, 1, 2).endswith("the embedded profile (the committed ones).")
    other = replace(tiny.source, sha256="0" * 64)  # the same name, other weights
    best, profile = sentence.measured_relations(paths, other)
    assert sentence.relation_in_words(best, profile, 1, 2) == (
        "Head 1-2, best relation: not measured for this model; notebook 23 measures it."
    )


def test_the_committed_tables_know_the_default_model():
    source = loading.resolve("distilbert-cased")
    best, profile = sentence.measured_relations(Paths.find("interactive"), source)
    assert profile == "embedded" and len(best) == 72
    row = best.set_index(["layer", "head"]).loc[(3, 10)]
    assert (row["relation"], row["offset"]) == ("pobj", -1)
    assert row["accuracy"] == pytest.approx(0.728177309)


def test_thumbnails_lie_where_their_heads_are():
    maps = np.zeros((2, 3, 4, 4))
    maps[1, 2, 0, 3] = 0.25
    (ax,) = figures.all_heads(maps, 2, 3).axes
    mosaic = ax.images[0].get_array()
    assert mosaic.shape == (2 * 5 - 1, 3 * 5 - 1)
    assert mosaic[5, 13] == 0.5  # the root; behind one tile and a gap, two tiles and two gaps
    assert np.nansum(mosaic) == 0.5
    assert ax.patches[0].get_xy() == (9.5, 4.5)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3"]
    for layer, head in ((0, 1), (3, 1), (1, 4)):
        with pytest.raises(InputError, match=f"no head {layer}-{head}; layers go from 1 to 2, heads from 1 to 3"):
            figures.all_heads(maps, layer, head)
        with pytest.raises(InputError, match=f"no head {layer}-{head}"):
            figures.one_head(list("abcd"), maps, layer, head)


def test_statistics_of_a_head_stand_out(tiny):
    seen = sentence.look(tiny, SENTENCE)
    upper, lower = figures.among_heads(seen.surface, 2, 1, len(seen.pieces)).axes
    own = seen.surface.query("layer == 2 and head == 1").set_index("statistic")["value"]
    assert [text.get_text() for text in upper.texts] == [f"{own[name]:.2f}" for name in figures.SHARES]
    assert [text.get_text() for text in lower.texts] == [f"{own['entropy']:.2f}"]
    assert lower.lines[-1].get_xdata()[0] == pytest.approx(math.log(10))


def test_confusion_by_layer():
    three = replace(ASKED, triggers=((0, 1), (3, 4), (6,)))
    table = pd.DataFrame({"layer": [1, 2, 3], "bits": [0.5, math.inf, 2.0]})
    (ax,) = figures.by_layer(table, three).axes
    assert ax.get_title(loc="left") == "from “does”: “the cat” or “the dogs”, “sleep”?"
    assert ax.lines[0].get_ydata().tolist() == [0.5, math.inf, 2.0]
    assert ax.lines[1].get_ydata()[0] == pytest.approx(math.log2(3))
    assert ax.get_ylim() == (0, 2.2)


def pictures(view):
    return {name: bytes(getattr(view, name).value) for name in ("grid", "statistics", "lines", "confusion")}


def changed(view, before):
    return {name for name, value in pictures(view).items() if value != before[name]}


def test_sliders_change_the_pictures_of_a_head(view):
    before = pictures(view)
    assert all(value.startswith(b"\x89PNG") for value in before.values())
    view.layer.value = 3
    assert changed(view, before) == {"grid", "statistics", "lines"}
    assert view.relation.value.startswith("Head 3-1, ")
    before = pictures(view)
    view.head.value = 2
    assert changed(view, before) == {"grid", "statistics", "lines"}
    assert (view.layer.max, view.head.max) == (3, 2)
    assert plt.get_fignums() == []


def test_clicks_on_words_change_the_confusion(view):
    before = pictures(view)
    view.role.value = "target"
    view.words.children[6].click()
    assert changed(view, before) == {"confusion"}
    assert view.roles == {6: "target", 0: "trigger", 1: "trigger", 3: "distractor", 4: "distractor"}
    assert "target: sleep" in view.legend.value
    assert [button.tooltip for button in view.words.children[4:7]] == ["distractor", "no role", "target"]
    view.words.children[6].click()
    assert view.confusion.layout.display == "none"
    assert "target: click a word" in view.legend.value


def test_another_sentence(view):
    before = pictures(view)
    view.sentence.value = "dogs sleep"
    assert changed(view, before) == {"grid", "statistics", "lines"}
    assert [button.description for button in view.words.children] == ["dogs", "sleep"]
    assert view.roles == {} and view.confusion.layout.display == "none"
    before = pictures(view)
    view.sentence.value = "<b> " * 40
    assert "pieces; the pictures hold 48" in view.message.value
    assert changed(view, before) == set()
    view.sentence.value = "the cat"
    assert view.message.value == ""


def test_another_model_keeps_the_roles_and_moves_the_sliders(tiny_folder, tmp_path, paths):
    save_checkpoint(tmp_path / "small", "bert", layers=1, heads=1)
    names = [str(tiny_folder("bert")), str(tmp_path / "small")]
    view = widget.Explorer(names, paths, SENTENCE, "does", ["the cat", "the dogs"], layer=3, head=2)
    assert (view.layer.value, view.head.value) == (3, 2)
    before = pictures(view)
    view.model.value = names[1]
    assert changed(view, before) == {"grid", "statistics", "lines", "confusion"}
    assert (view.layer.value, view.head.value) == (1, 1)
    assert sentence.question_of(WORDS, view.roles) == ASKED
    view.model.value = names[0]
    assert (view.layer.max, view.head.max) == (3, 2)


def test_the_box_holds_everything(view):
    inside, waiting = set(), [view.box]
    while waiting:
        widget = waiting.pop()
        inside.add(widget)
        waiting += getattr(widget, "children", ())
    assert {view.model, view.sentence, view.layer, view.head, view.grid, view.statistics, view.lines} <= inside
    assert {view.role, view.words, view.legend, view.confusion, view.relation, view.message} <= inside
