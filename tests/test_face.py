"""The library's face: every public name has an example that runs, and nothing heavy is imported before it is used."""

import doctest
import inspect
import subprocess
import sys
from functools import cache
from importlib import import_module

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import insidebert as ib
from insidebert.measure import confusion, head_accuracy, surface
from insidebert.models import loading
from tests.conftest import wordpiece_tokenizer

SPANS = ("models.span_states", "models.twins", "text.edges", "text.edge_recorded")
PLACES = [
    "insidebert",
    *sorted({f"insidebert.{p}" for p in [*ib._PLACES.values(), "measure.depth", "models.attention", *SPANS]}),
]
PROBES = (ib.PositionProbe, ib.TokenProbe, ib.StructuralProbe)
HEAVY = ["torch", "transformers", "pandas", "numpy", "matplotlib", "sklearn", "numba", "tqdm"]
COMPANION = ["matplotlib", "ipywidgets", "papermill", "nbformat", "onnx", "statsmodels", "pooch"]


IMPORTS = f"""
import sys, insidebert as ib
dir(ib)
print("importing:", *[name for name in {HEAVY} if name in sys.modules])
[getattr(ib, name) for name in ib.__all__]
print("using:", *[name for name in {COMPANION} if name in sys.modules])
"""


def test_importing_is_cheap_and_measuring_needs_nothing_of_the_companion():
    printed = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["importing:", "using:"]


def test_every_name_is_there_and_documented():
    for name in ib.__all__:
        assert name in dir(ib)
        assert name in ("__version__", "InputError", "Model") or inspect.getdoc(getattr(ib, name)), name
    with pytest.raises(AttributeError, match="no attribute 'confusion_scor'"):
        ib.confusion_scor  # noqa: B018


@pytest.fixture(scope="module")
def one_model():
    """Examples load the same model again and again; here it is loaded once."""
    patch = pytest.MonkeyPatch()
    patch.setattr(ib, "load", cache(loading.load), raising=False)
    yield
    patch.undo()


@pytest.mark.integration
@pytest.mark.parametrize("place", PLACES)
def test_examples(one_model, place):
    module = import_module(place)
    names = {"np": np, **vars(module)}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, extraglobs=names):
        runner.run(test)
    assert runner.failures == 0


def test_every_function_and_class_has_an_example_that_is_run():
    shown = [name for name in ib._PLACES if name != "InputError"]
    assert [name for name in shown if ">>> " not in inspect.getdoc(getattr(ib, name))] == []
    sources = [inspect.getsource(import_module(place)) for place in PLACES]
    assert not any("doctest: +SKIP" in source for source in sources)


def made_states(seed=0):
    """[2 layers, 120 tokens, 4]: the second layer holds the label, the first is noise."""
    random = np.random.default_rng(seed)
    labels = random.choice(["DET", "NOUN", "VERB"], 120)
    values = random.normal(size=(2, 120, 4))
    values[1, :, :3] = 3.0 * (labels[:, None] == ["DET", "NOUN", "VERB"])
    return values.astype(np.float32), labels


def test_a_token_probe_learns_every_layer_on_its_own():
    values, labels = made_states()
    probe = ib.TokenProbe(epochs=60).fit(values, labels)
    assert probe.score(values, labels)[1] == 1
    assert probe.score(values, labels)[0] < 0.7
    alone = ib.TokenProbe(epochs=60).fit(values[1], labels)
    assert alone.predict(values[1]).shape == (120,)
    assert alone.score(values[1], labels) == 1
    assert np.unique(probe.predict(values)).tolist() == probe.classes_.tolist() == ["DET", "NOUN", "VERB"]


def test_labels_may_come_by_sentence_and_must_match():
    values, labels = made_states()
    by_sentence = [labels[:50], labels[50:]]
    probe = ib.TokenProbe(epochs=2).fit(values, by_sentence)
    assert torch.equal(probe.weight_, ib.TokenProbe(epochs=2).fit(torch.from_numpy(values), labels).weight_)
    with pytest.raises(ib.InputError, match="119 labels for 120 tokens"):
        ib.TokenProbe().fit(values, labels[:-1])
    with pytest.raises(ib.InputError, match="not finite"):
        ib.TokenProbe().fit(values * np.nan, labels)
    with pytest.raises(ib.InputError, match="the probe knows 2 layers of 4"):
        probe.predict(values[:1])
    with pytest.raises(ib.InputError, match="TokenProbe is not trained"):
        ib.TokenProbe().predict(values)


@pytest.mark.parametrize("probe", PROBES)
def test_probes_are_estimators(probe):
    settings = probe(epochs=3, seed=5)
    again = clone(settings)
    assert again.get_params() == settings.get_params()
    assert again.get_params()["epochs"] == 3
    assert set(settings.get_params()) == set(inspect.signature(probe).parameters)
    assert again.set_params(seed=1).seed == 1


def test_a_token_probe_works_in_a_pipeline():
    values, labels = made_states()
    pipeline = make_pipeline(StandardScaler(), ib.TokenProbe(epochs=40)).fit(values[1], labels)
    assert pipeline.score(values[1], labels) == 1
    assert clone(pipeline).get_params()["tokenprobe__epochs"] == 40


def test_a_question_in_words(tiny):
    sentence, triggers = "the cat near the dogs does sleep.", ["the cat", "the dogs"]
    asked = ib.TriggerQuestion.of(tiny, sentence, "does", triggers)
    assert (asked.target, asked.triggers) == (5, ((0, 1), (3, 4)))
    expected = ib.confusion_scores(tiny, [asked]).layers[0]
    assert ib.confusion_score(tiny, sentence, target="does", triggers=triggers).tolist() == expected.tolist()
    with pytest.raises(ib.InputError, match=r"'the' stands 2 times in .*; name its words by number"):
        ib.confusion_score(tiny, sentence, "does", ["the", "dogs"])
    with pytest.raises(ib.InputError, match="'does sleep' is 2 words"):
        ib.confusion_score(tiny, sentence, "does sleep", triggers)
    with pytest.raises(ib.InputError, match="'the dog' does not stand in"):
        ib.confusion_score(tiny, sentence, "does", ["the cat", "the dog"])


def test_plain_arrays_give_what_the_model_gives(any_tiny):
    sentence = "a zebra, near the dogs does sleep."
    _, words, maps = ib.attention_maps(any_tiny, sentence)
    encoded = ib.encode(any_tiny, [sentence])
    place = {word: encoded.pieces_of(0, [i]) for i, word in enumerate(words)}
    bits = confusion.confusion_of_maps(maps, place["does"], [place["zebra"], place["dogs"]])
    expected = ib.confusion_score(any_tiny, sentence, "does", ["zebra", "dogs"])
    np.testing.assert_allclose(bits, expected, atol=1e-5)
    kinds = surface.token_classes(any_tiny, encoded)
    found = surface.surface_of_maps(maps, kinds[0])
    ours = surface.segment_statistics(any_tiny, encoded, kinds)[0]
    without_norms = [i for i, name in enumerate(surface.STATISTICS) if not name.startswith("norm")]
    np.testing.assert_allclose(found[..., without_norms], ours[..., without_norms], atol=1e-5)
    table = ib.surface_statistics(any_tiny, [sentence])
    np.testing.assert_allclose(table["value"].to_numpy().reshape(ours.shape), ours, atol=1e-6)
    by_word = ib.attention_maps(any_tiny, sentence, level="word")
    assert by_word.maps.shape[2:] == (len(words),) * 2
    expected = np.empty_like(by_word.maps)
    for i, a in enumerate(words):
        for j, b in enumerate(words):
            expected[:, :, i, j] = maps[:, :, place[a]][..., place[b]].sum(-1).mean(-1)
    np.testing.assert_allclose(by_word.maps, expected, atol=1e-6)


def test_accuracy_from_maps_equals_that_from_the_model(tiny):
    words = ("the", "cat", "near", "zebras", "does", "sleep")
    tree = words, (1, 5, 1, 2, 5, -1), tuple("abcdef")
    from_model = ib.head_accuracy(tiny, [tree, tree])
    maps = ib.attention_maps(tiny, tree[0], level="word").maps
    from_maps = head_accuracy.accuracy_of_maps([maps, maps], [tree[1]] * 2, [tree[2]] * 2)
    assert from_model.equals(from_maps)
    assert from_model.attrs["skipped"] == {}
    with pytest.raises(ib.InputError, match="tree 2: each of its words"):
        ib.head_accuracy(tiny, [tree, (("the", "cat"), (1, 2), ("det", "root"))])


def test_hidden_states_by_word_are_means_of_pieces(any_tiny):
    sentences = ["the zebra runs", "cats sleep"]
    pieces, by_word = (ib.hidden_states(any_tiny, sentences, level=level) for level in ("piece", "word"))
    encoded = ib.encode(any_tiny, sentences)
    assert by_word.lengths.tolist() == [3, 2]
    own = pieces.each()[0][:, encoded.pieces_of(0, [1])].float().mean(1)
    torch.testing.assert_close(by_word.each()[0][:, 1].float(), own, atol=2e-3, rtol=2e-3)
    with pytest.raises(ib.InputError, match="sentence 1: word 2 has no pieces"):
        ib.hidden_states(any_tiny, [["cat", ""]], level="word")


def test_special_pieces_typed_in_a_text_are_text(any_tiny):
    tokenizer, foreign = any_tiny.tokenizer, wordpiece_tokenizer()
    typed = " ".join(tokenizer.all_special_tokens)
    for text in (typed, ["the", *tokenizer.all_special_tokens]):
        ids = ib.encode(any_tiny, [text]).ids[0]
        assert np.isin(ids, [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id]).sum() == 2
    assert ib.words_of(foreign, "[SEP] a") == ("[", "SEP", "]", "a")
    assert foreign("[SEP]")["input_ids"].count(foreign.sep_token_id) == 2  # the caller's tokenizer is as it was
