"""The confusion score: by hand, against the literal loop, and on the authors' sentences."""

from pathlib import Path

import numpy as np
import pytest
import torch

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion, bits, confusion_scores
from insidebert.models import loading
from insidebert.papers.open_sesame.authors_files import read_attention
from tests.conftest import attentions

CAT = TriggerQuestion(("the", "cat", "near", "the", "dogs", "does", "sleep"), 5, ((0, 1), (3, 4)))
LONG = TriggerQuestion(
    ("the", "zebra", "that", "the", "cats", "see", "can", "meet", "some", "dogs", "by", "itself"),
    11,
    ((0, 1), (3, 4), (8, 9)),
)


def literal(model, dependency, heads=None):
    """The definition, word by word, from eager attention maps of the sentence alone -> bits [layers]."""
    batch = model.tokenizer([list(dependency.words)], is_split_into_words=True, return_tensors="pt")
    words = batch.word_ids(0)
    with torch.inference_mode():
        maps = attentions(model.encoder, input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    scores = []
    for layer in maps:
        own = layer[0] if heads is None else layer[0][heads]
        attention = own.tolist()  # plain floats: a tensor's item() is a hundred times as slow
        received = []
        for phrase in dependency.triggers:
            total = 0.0
            targets = [i for i, w in enumerate(words) if w == dependency.target]
            for head in attention:
                for y in targets:
                    for x, word in enumerate(words):
                        if word in phrase:
                            total += head[y][x] / len(targets)
            received.append(total)
        with np.errstate(divide="ignore"):  # a trigger outside of ModernBERT's window receives nothing
            scores.append(-np.log2(received[0] / sum(received)))
    return scores


@pytest.mark.parametrize(
    ("received", "expected"),
    [([1, 0], 0), ([1, 1], 1), ([0.2, 0.2, 0.2], np.log2(3)), ([1, 3], 2), ([0.3, 0.1], -np.log2(0.75))],
)
def test_bits_by_hand(received, expected):
    assert bits(np.array(received)) == pytest.approx(expected)


def test_bits_where_the_trigger_receives_nothing():
    assert bits(np.array([0.0, 0.5])) == np.inf


def test_scores_equal_the_literal_loop(any_tiny):
    scores = confusion_scores(any_tiny, [LONG, CAT], heads=True)
    np.testing.assert_allclose(scores.layers, [literal(any_tiny, LONG), literal(any_tiny, CAT)], atol=1e-5)
    for row, dependency in enumerate([LONG, CAT]):
        for head in range(2):
            own = literal(any_tiny, dependency, heads=[head])
            np.testing.assert_allclose(scores.heads[row, :, head], own, atol=1e-4)


def test_order_and_company_change_nothing(tiny):
    together = confusion_scores(tiny, [CAT, LONG, CAT]).layers
    alone = confusion_scores(tiny, [CAT]).layers[0]
    np.testing.assert_allclose(together[[0, 2]], [alone, alone], atol=1e-5)


def test_a_sentence_without_distractor_is_skipped_and_counted(tiny):
    single = TriggerQuestion(("the", "cat", "does", "sleep"), 2, ((0, 1),))
    scores = confusion_scores(tiny, [single, CAT, single])
    assert (scores.kept.tolist(), scores.skipped, len(scores.layers)) == ([1], 2, 1)
    with pytest.raises(InputError, match="none of the 2 sentences has a distractor"):
        confusion_scores(tiny, [single, single])


def test_an_empty_distractor_is_no_distractor(tiny):
    empty = TriggerQuestion(CAT.words, 5, ((0, 1), ()))
    assert confusion_scores(tiny, [empty, CAT]).skipped == 1
    both = confusion_scores(tiny, [TriggerQuestion(CAT.words, 5, ((0, 1), (), (3, 4))), CAT]).layers
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


@pytest.mark.parametrize(
    ("triggers", "message"),
    [(((), (3, 4)), "sentence 2 .* has no words"), (((0, 1), (3, 44)), "sentence 2 .* outside")],
)
def test_senseless_phrases_are_named_by_their_sentence(tiny, triggers, message):
    single = TriggerQuestion(("the", "cat", "does", "sleep"), 2, ((0, 1),))
    with pytest.raises(InputError, match=message):
        confusion_scores(tiny, [single, TriggerQuestion(CAT.words, 5, triggers)])


def test_overlapping_phrases_are_refused(tiny):
    with pytest.raises(InputError, match="overlap"):
        confusion_scores(tiny, [TriggerQuestion(CAT.words, 5, ((0, 1), (1, 4)))])
    with pytest.raises(InputError, match="overlap"):
        confusion_scores(tiny, [TriggerQuestion(CAT.words, 4, ((0, 1), (3, 4)))])


@pytest.mark.integration
@pytest.mark.parametrize("file", ["agr.13", "refl.5"])
def test_authors_sentences_on_the_default_model_equal_the_literal_loop(file):
    model = loading.load(loading.resolve("distilbert-cased"))
    dependencies = read_attention(Path(__file__).parent / "data" / "open_sesame" / file)
    scores = confusion_scores(model, dependencies)
    recomputed = np.array([literal(model, dependency) for dependency in dependencies])
    np.testing.assert_allclose(scores.layers, recomputed, atol=1e-4)
    assert scores.layers.mean() == pytest.approx(recomputed.mean(), abs=1e-5)
