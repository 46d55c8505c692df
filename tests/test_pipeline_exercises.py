"""Checks of the exercises on the pipeline: right answers by hand, and the name of each usual mistake."""

import check
import numpy as np
import pytest

SCORES = [80.0, 90.0, 89.0, 95.0]
MIXES = {"even": [1 / 3, 1 / 3, 1 / 3], "late": [0.1, 0.2, 0.7]}
PAIRS = np.array([[0.9, 0.2], [0.3, 0.8], [0.4, 0.45], [0.8, 0.7], [0.2, 0.9]])
"""Probabilities of 0 and 1: right, right, none on, both on, wrongly on."""
SAME = np.array([0, 1, 1, 0, 0])
LENGTHS = np.array([[0.5, 0.9, 0.9], [0.5, 0.5, 0.7]])
SHORT, LONG = np.array([0.8, 0.2]), np.array([0.2, 0.8])


def test_an_expected_layer_by_hand(capsys):
    layer, clipped = (10 - 2 + 18) / 15, (10 + 18) / 16
    check.expected_layers(layer, clipped, SCORES)
    assert "Think: " in capsys.readouterr().out
    for answer, message in (
        ((layer - 1, clipped), "counted from 0"),
        ((26, clipped), "not divided by the whole gain"),
        (((10 + 2 + 18) / 17, clipped), "losses were turned into gains"),
        ((clipped, clipped), "that is `clipped`"),
        ((layer / 3, clipped), "a share of the depth"),
        ((layer, layer), "the losses are still in it"),
        ((layer, 28 / 15), "divide by the gains that were kept"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.expected_layers(*answer, SCORES)


def test_even_weights_have_no_bits():
    bits = np.log2(3) + sum(w * np.log2(w) for w in MIXES["late"])
    check.evenness([1, 1.6], [0, bits], MIXES)
    for centres, own, message in (
        ([2, 2.6], [0, bits], "counted from 1"),
        ([0, 2], [0, bits], "the heaviest layer"),
        ([1, 1.6], [0, bits * np.log(2)], "in nats"),
        ([1, 1.6], [np.log2(3), np.log2(3) - bits], "the entropy of the weights"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.evenness(centres, own, MIXES)


def test_f1_of_one_class_and_of_both_by_hand():
    same, both = 2 / (2 + 2 + 1), 6 / (6 + 2 + 2)  # class 1: 1 right, 2 wrongly on, 1 missed; 0: 2 right, 1 missed
    check.one_class(same, both, PAIRS, SAME)
    for answer, message in (
        ((both, both), "both classes"),
        ((4 / 5, both), "this is class 0"),
        ((1 / 3, both), "this is precision"),
        ((1 / 2, both), "this is recall"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.one_class(*answer, PAIRS, SAME)


def test_curves_are_mixed_before_their_expected_layer_is_taken():
    own, common = (0.32 + 0.04 * 2) / 0.36, (0.08 + 0.16 * 2) / 0.24
    check.evened(own, common, LENGTHS, SHORT, LONG)
    with pytest.raises(AssertionError, match="mix the curves first"):
        check.evened(0.8 * 1 + 0.2 * 2, common, LENGTHS, SHORT, LONG)
    with pytest.raises(AssertionError, match="of the other question"):
        check.evened(common, own, LENGTHS, SHORT, LONG)


def test_turned_pairs_by_hand():
    one, other = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "c": 2}
    check.turned([("c", "b")], one, other)
    for pairs, message in (
        ([("a", "b"), ("a", "c")], "the measures agree"),
        ([], "0 pairs too many, 1 missing"),
        ([("a", "x")], "no pair of two tasks"),
        (3, "a set"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.turned(pairs, one, other)
