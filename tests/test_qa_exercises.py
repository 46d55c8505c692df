"""Checks of the exercises on question answering: right answers by hand, and the name of each usual mistake."""

from dataclasses import replace

import check
import numpy as np
import pytest

from insidebert.text.span_questions import SpanQuestion

GOLD = ["the red house", "cats", "two boats"]
SAID = ["Red house.", "wolves", "two boats and two oars"]
F1 = [1, 0, 4 / 7]
LINE = np.array([[0.0], [1.0], [9.0], [10.0]])
FIRST_TWO = np.array([True, True, False, False])


def test_f1_by_hand(capsys):
    check.answers([1, 0, 0], F1, SAID, GOLD)
    assert "Think: " in capsys.readouterr().out
    for exact, scores, message in (
        ([0, 0, 0], F1, "normalise both first"),
        ([1, 0, 1], F1, "the whole answer has to be the same"),
        ([1, 0, 0], [1, 0, 2 / 5], "this is precision"),
        ([1, 0, 0], [1, 0, 1], "this is recall"),
        ([1, 0, 0], [1, 0, 4 / 6], "once in a set"),
        ([1, 0, 0], [1, 0, 6 / 7], "only one fellow"),
        ([1, 0, 0], [0, 0, 4 / 7], "normalise both first"),
        ([1, 0, 0], [100, 0, 400 / 7], "in percent"),
        ([1, 0], F1, "the shape"),
        (None, F1, "numbers are asked for"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.answers(exact, scores, SAID, GOLD)


def test_components_by_hand():
    states = np.array([[5.0, 1.0, 2.0], [1.0, 1.0, 2.0], [3.0, 2.0, 2.5], [3.0, 0.0, 1.5]])
    points = np.array([[2, 0], [-2, 0], [0, 1.25**0.5], [0, -(1.25**0.5)]])
    check.components(points, 1.0, states)
    check.components(-points, 1.0, states)
    for wrong, message in (
        (points / [8**0.5, 2.5**0.5], "multiply it by its singular value"),
        (states[:, :2] - states[:, :2].mean(0), "the first two dimensions"),
        (points[:, 0], "the shape"),
        ("left", "numbers are asked for"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.components(wrong, 1.0, states)
    states = np.random.default_rng(0).normal(size=(8, 5)) + 3
    left, sizes, _ = np.linalg.svd(states - states.mean(0), full_matrices=False)
    share = (sizes[:2] ** 2).sum() / (sizes**2).sum()
    raw = states @ np.linalg.svd(states)[2][:2].T
    for points, answer, message in (
        (raw, share, "the mean was not taken"),
        (left[:, :2] * sizes[:2], sizes[:2].sum() / sizes.sum(), "variances are their squares"),
        (left[:, :2] * sizes[:2], sizes[0] ** 2 / (sizes**2).sum(), "the first component alone"),
        (left[:, :2] * sizes[:2], 1, "divide by the variance of all dimensions"),
        (left[:, :2] * sizes[:2], 1 - share, "does not show"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.components(points, answer, states)


def test_a_silhouette_by_hand():
    value = (8.5 / 9.5 + 7.5 / 8.5) / 2
    check.silhouettes(value, value, LINE, FIRST_TWO)  # z-scores of one dimension only stretch the line
    for raw, message in (
        ((9 / 9.5 + 8 / 8.5) / 2, "no fellow of its own"),
        (-value, "the sign is wrong"),
        (8, "divided by the larger"),
        ((1 - 1 / 90.5 + 1 - 1 / 72.5) / 2, "Euclidean"),
        (0.5, "Work out|small case"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.silhouettes(raw, value, LINE, FIRST_TWO)


def test_z_scores_over_the_wrong_axis_are_named():
    states = np.random.default_rng(0).normal(size=(6, 4)) * [9, 1, 1, 1] + [5, 0, 0, 0]
    marked = np.arange(6) < 3

    def silhouette(own):
        apart = np.linalg.norm(own[:, None] - own, axis=2)[marked]
        a, b = apart[:, marked].sum(1) / 2, apart[:, ~marked].mean(1)
        return ((b - a) / np.maximum(a, b)).mean()

    raw, scaled = silhouette(states), silhouette((states - states.mean(0)) / states.std(0))
    check.silhouettes(raw, scaled, states, marked)
    by_token = (states - states.mean(1, keepdims=True)) / states.std(1, keepdims=True)
    with pytest.raises(AssertionError, match="axis 0"):
        check.silhouettes(raw, silhouette(by_token), states, marked)
    with pytest.raises(AssertionError, match="this is `raw`"):
        check.silhouettes(raw, raw, states, marked)


def test_never_has_half_of_a_good_f1():
    gold, said = np.array([1, 0, 0, 0, 1, 0, 0, 0]), np.array([1, 0, 0, 1, 0, 0, 0, 0])
    never, macro, micro = 12 / 14 / 2, (0.5 + 10 / 12) / 2, 6 / 8
    check.majority(never, macro, micro, said, gold)
    for answer, message in (
        ((0.75, macro, micro), "`always`: this is the share of right answers"),
        ((12 / 14, macro, micro), "F1 of label 0 alone"),
        ((0, macro, micro), "F1 of label 1 alone"),
        ((never, 0.5, micro), "`macro`: this is the F1 of label 1 alone"),
        ((never, micro, micro), "`macro`: "),
        ((never, macro, macro), "this is macro F1"),
        ((never, macro, 0.5), "adds up the counts"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.majority(*answer, said, gold)


def test_another_question_is_compared_with_its_own(tiny, capsys):
    questions = [
        SpanQuestion("a", "who can sleep ?", "the cat can sleep. the dog can see.", (("cat", 4),), ((0, 18),)),
        SpanQuestion("b", "who can see ?", "the bird can sleep. the zebra can see.", (("zebra", 24),), ((20, 38),)),
    ]
    others = ["the doctor can see ?", "the horse can sleep ?"]
    changed = [replace(question, question=other) for question, other in zip(questions, others, strict=True)]
    own, other = (check.qa_layers._joined(tiny, asked) for asked in (questions, changed))
    effect = (own - other).mean(0)
    check.another_question(effect, tiny, questions, others)
    assert "largest in layer" in capsys.readouterr().out
    for wrong, message in (
        (-effect, "the sign is wrong"),
        (own - other, "a number a layer"),
        (effect[1:], "the embedding is missing"),
        (own.mean(0), "the silhouette itself"),
        (other.mean(0), "with another question"),
        (effect + 1, "too large"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.another_question(wrong, tiny, questions, others)
