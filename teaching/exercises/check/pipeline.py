"""Checks of teaching/exercises/pipeline.ipynb."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from check.compare_answer import praise, settle
from insidebert.measure.decisions import f1
from insidebert.measure.expected_layer import centre_of_gravity, expected_layer, kl_uniform


def expected_layers(layer, clipped, scores: Sequence[float]) -> None:
    """The expected layer of cumulative scores, and the one with losses counted as nothing.

    Args:
        scores: [L + 1] of the probes of layers 0 to L.
    """
    values, numbers = np.asarray(scores, dtype=float), np.arange(len(scores))
    gains = np.diff(values)
    right = expected_layer(scores)
    mistakes = {
        "layers were counted from 0: the first gain is layer 1's": right - 1,
        "scores were weighed; gains are asked for, Score(l) - Score(l - 1)": numbers @ values / values.sum(),
        "this is not divided by the whole gain": numbers[1:] @ gains,
        "losses were turned into gains; their sign is kept": numbers[1:] @ np.abs(gains) / np.abs(gains).sum(),
        "losses were left out; that is `clipped`": expected_layer(scores, clipped=True),
        "this is a share of the depth; a layer is asked for": right / numbers[-1],
    }
    case = "A small case: 80, 90, 95, 95 has the gains 10, 5, 0, and (1 x 10 + 2 x 5) / 15 = 1.33."
    settle("`layer`", layer, right, mistakes, case=case)
    kept = np.maximum(gains, 0)
    mistakes = {
        "the losses are still in it: each counts as 0, in the sum and in what it is divided by": right,
        "this is divided by the whole gain; divide by the gains that were kept": numbers[1:] @ kept / gains.sum(),
        "losses were turned into gains; they count as 0": numbers[1:] @ np.abs(gains) / np.abs(gains).sum(),
    }
    settle("`clipped`", clipped, expected_layer(scores, clipped=True), mistakes)
    praise(
        f"{right:.2f}, and {expected_layer(scores, clipped=True):.2f} with losses as nothing.",
        "the paper gives one F1 number for each probe. Which of its digits would another test set change?",
    )


def evenness(centres, bits, weights: Mapping[str, Sequence[float]]) -> None:
    """Centre of gravity of mixing weights, and their divergence from even ones.

    Args:
        centres, bits: [tasks] in the order of `weights`.
        weights: task -> [L + 1] of layers 0 to L.
    """
    rows = [np.asarray(own, dtype=float) for own in weights.values()]
    right = np.array([centre_of_gravity(own) for own in rows])
    mistakes = {
        "layers were counted from 1; layer 0 is the embedding": right + 1,
        "this is the heaviest layer; the mean by weight is asked for": [own.argmax() for own in rows],
        "this is a share of the depth; a layer is asked for": right / (len(rows[0]) - 1),
    }
    settle("`centres`", centres, right, mistakes, list(weights), 1e-2)
    divergence = np.array([kl_uniform(own) for own in rows])
    mistakes = {
        "this is in nats; bits are asked for": divergence * math.log(2),
        "this is the entropy of the weights; K is log2 of how many there are minus that": (
            math.log2(len(rows[0])) - divergence
        ),
        "the sign is wrong: a divergence is never negative": -divergence,
    }
    settle(
        "`bits`", bits, divergence, mistakes, list(weights), 1e-2, "A small case: 1, 0 has 1 bit, and 1/2, 1/2 has 0."
    )
    low = list(weights)[int(divergence.argmin())]
    praise(
        "means and divergences.",
        f"{low} has nearly no bits. What would its centre of gravity be if no layer helped more than another?",
    )


def one_class(same, both, probabilities: np.ndarray, gold: np.ndarray) -> None:
    """Micro F1 of coreference, for the class `1` alone and for both classes.

    Args:
        probabilities: [N, 2] of the labels 0 and 1, each a yes-or-no question of its own.
        gold: [N] 0 or 1.
    """
    on, truth = probabilities >= 0.5, np.eye(2, dtype=bool)[gold]
    counts = np.stack([(on & truth).sum(0), (on & ~truth).sum(0), (~on & truth).sum(0)], axis=1)  # [labels, 3]
    most = np.eye(2, dtype=bool)[probabilities.argmax(1)]
    chosen = np.stack([(most & truth).sum(0), (most & ~truth).sum(0), (~most & truth).sum(0)], axis=1)
    right, whole = f1(counts[1]), f1(counts.sum(0))
    mistakes = {
        "this is class 0; the class that counts is 1": f1(counts[0]),
        "this is both classes; that is `both`": whole,
        "the likelier label was taken; every label with a probability of at least 1/2 is on": f1(chosen[1]),
        "this is precision; F1 counts what was missed too": counts[1, 0] / counts[1, :2].sum(),
        "this is recall; F1 counts what was wrongly said too": counts[1, 0] / counts[1, [0, 2]].sum(),
        "this is in percent; a share is asked for": 100 * right,
    }
    settle("`same`", same, right, mistakes)
    mistakes = {
        "this is the mean of the two classes' F1; micro F1 adds up their counts first": (f1(counts[1]) + f1(counts[0]))
        / 2,
        "the likelier label was taken, so this is the accuracy; a target may have no label on, or two": f1(
            chosen.sum(0)
        ),
        "this is class 1 alone": right,
        "this is in percent; a share is asked for": 100 * whole,
    }
    settle("`both`", both, whole, mistakes)
    praise(
        f"{right:.2f} on the class 1, {whole:.2f} on both.",
        "two papers give 90 and 95 for coreference with BERT. What do you ask before you compare them?",
    )


def evened(own, common, curves: np.ndarray, shares: np.ndarray, wanted: np.ndarray) -> None:
    """The expected layer of a task as it is, and with other context lengths.

    Args:
        curves: [bins, L + 1] share of targets that are right, by context length and layer.
        shares, wanted: [bins] of the task's targets, and of the distribution that is asked for.
    """
    each = np.array([expected_layer(row) for row in curves])
    for name, answer, mix, other in (("`own`", own, shares, wanted), ("`common`", common, wanted, shares)):
        right = expected_layer(mix @ curves)
        mistakes = {
            "expected layers of the bins were averaged; mix the curves first, bins that gain more count more": mix
            @ each,
            "all bins were counted alike; weigh them by their shares": expected_layer(curves.mean(0)),
            "the shares are those of the other question": expected_layer(other @ curves),
        }
        settle(name, answer, right, mistakes)
    praise(
        f"{expected_layer(shares @ curves):.2f} becomes {expected_layer(wanted @ curves):.2f}.",
        "nothing about the network has changed. What then does an expected layer of a task describe?",
    )


def turned(pairs, expected: Mapping[str, float], gravity: Mapping[str, float]) -> None:
    """Pairs of tasks that two measures put in different orders.

    Args:
        pairs: a set of pairs, each in any order.
        expected, gravity: task -> depth.
    """
    right = {
        frozenset((a, b))
        for a, b in combinations(expected, 2)
        if (expected[a] - expected[b]) * (gravity[a] - gravity[b]) < 0
    }
    try:
        given = {frozenset(pair) for pair in pairs}
    except TypeError:
        raise AssertionError("`pairs` is a set (or list) of pairs of tasks, such as {('pos', 'roles')}") from None
    if odd := [pair for pair in given if len(pair) != 2 or not pair <= set(expected)]:
        raise AssertionError(f"{sorted(odd[0])} is no pair of two tasks of {', '.join(expected)}")
    if given == {frozenset(pair) for pair in combinations(expected, 2)} - right:
        raise AssertionError("these are the pairs on which the measures agree; the others are asked for")
    if given != right:
        wrong, missing = len(given - right), len(right - given)
        raise AssertionError(
            f"{wrong} pairs too many, {missing} missing; a pair is turned where one measure has the first task lower "
            "and the other has it higher"
        )
    everyone = len(expected) * (len(expected) - 1) // 2
    praise(
        f"{len(right)} of {everyone} pairs are turned.",
        "if one measure were drawn by lot, how many would you expect? Is this more like agreement or like chance?",
    )
