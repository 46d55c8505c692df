"""The exercises that change something: a word, a head, a test; each check names what is wrong with an answer."""

import re
from dataclasses import replace
from random import Random

import check
import numpy as np
import pytest
import torch

from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.models.encoding import hidden_states
from insidebert.papers.mcrc import stories
from insidebert.text.attacks import attack, spoiled

# swap a word

ASKED = [
    TriggerQuestion(("the", "cat", "near", "the", "dogs", "can", "sleep"), 5, ((0, 1), (3, 4))),
    TriggerQuestion(("the", "dogs", "near", "the", "cat", "can", "sleep"), 5, ((0, 1), (3, 4))),
]


def swap(question, word):
    return replace(question, words=(*question.words[:5], word, *question.words[6:]))


def change(model, swap=swap):
    before, after = (confusion_scores(model, asked).layers for asked in (ASKED, [swap(q, "dogs") for q in ASKED]))
    return before, after


def test_a_swapped_word_by_hand(tiny, capsys):
    before, after = change(tiny)
    assert not np.allclose(before, after)
    check.swapped(swap, (after - before).mean(0), tiny, ASKED, "dogs")
    assert "one word swapped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        (lambda before, after: (before - after).mean(0), "AFTER the swap minus before"),
        (lambda before, after: after.mean(0), "the confusion after the swap"),
        (lambda before, after: before.mean(0), "the confusion before the swap"),
        (lambda before, after: after.mean(0) / before.mean(0), "a quotient"),
        (lambda before, after: (after - before).mean(), "one number"),
        (lambda before, after: (after - before)[0], "the first sentence alone"),
        (lambda before, after: (after - before).mean(0) + 1, "too large.* The first sentence goes in layer 1 from"),
    ],
)
def test_a_wrong_effect_is_named(tiny, effect, message):
    with pytest.raises(AssertionError, match=message):
        check.swapped(swap, effect(*change(tiny)), tiny, ASKED, "dogs")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda q, word: None, "a TriggerQuestion is asked for, not None"),
        (lambda q, word: q, "with one word changed"),
        (lambda q, word: replace(q, words=(*q.words[:6], word)), "with one word changed"),
        (lambda q, word: replace(swap(q, word), target=4, triggers=((0, 1), (5, 6))), "stay where they are"),
    ],
)
def test_a_wrong_swap_is_named(tiny, wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.swapped(wrong, [0, 0], tiny, ASKED, "dogs")


# switch a head off

SENTENCES = [["the", "cat", "can", "sleep"], ["the", "dogs", "near", "the", "cat"]]


def remover(model, weight, *, shift=0, rows=False, finish=lambda distance: distance.mean().item(), restore=True):
    """The answer to the exercise, with a step that may go wrong."""
    before, size = hidden_states(model, SENTENCES, level="word").values.float(), len(weight) // model.heads

    def moved(head):
        whole, own = weight.clone(), slice((head - 1 + shift) * size, (head + shift) * size)
        weight[own if rows else (slice(None), own)] = 0
        after = hidden_states(model, SENTENCES, level="word").values.float()
        if restore:
            weight.copy_(whole)
        return finish(1 - torch.cosine_similarity(before, after, dim=-1)[-1])

    return moved


@pytest.fixture
def weight(tiny):
    weight = tiny.encoder.encoder.layer[0].attention.output.dense.weight.data
    whole = weight.clone()
    yield weight
    weight.copy_(whole)


def test_a_head_off_by_hand(tiny, weight, capsys):
    check.switched_off(remover(tiny, weight), tiny, weight, SENTENCES, [1])
    assert "everything put back" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"restore": False}, "head 1 stays off; put the weights back"),
        ({"finish": lambda distance: 1 - distance.mean().item()}, "this is the similarity"),
        ({"finish": lambda distance: distance.sum().item()}, "a sum over words"),
        ({"finish": lambda distance: 0.0}, "nothing moved"),
        ({"shift": 1}, "the next head was switched off"),
        ({"rows": True}, "COLUMNS"),
        ({"finish": lambda distance: 3.0}, "for head 1 is 3, which is too large"),
    ],
)
def test_a_wrong_switch_is_named(tiny, weight, wrong, message):
    whole = weight.clone()
    with pytest.raises(AssertionError, match=message):
        check.switched_off(remover(tiny, weight, **wrong), tiny, weight, SENTENCES, [1])
    assert torch.equal(weight, whole)


# a reader that cannot read

QUESTIONS = stories.generate(20, seed=7)


def bag(text):
    return set(re.findall(r"\w+", text.lower()))


def count(question, score=lambda option, passage: len(option & passage)):
    scores = [score(bag(option), bag(question.passage)) for option in question.options]
    return scores.index(max(scores))


def spoil(question, random):
    return attack(question, "AddSent2Opt-Shuffle", seed=random.randrange(10**9)).question


def shares():
    random = Random(0)
    tests = {name: [spoiled(q, name, seed=1) for q in QUESTIONS] for name in ("original", "P-Shuffle", "P-Remove")}
    tests["AddSent2Opt-Shuffle"] = [spoil(q, random) for q in QUESTIONS]
    return {name: np.mean([count(q) == q.answer for q in test]) for name, test in tests.items()}


def test_a_counting_reader_by_hand(capsys):
    found = shares()
    assert found["original"] == found["P-Shuffle"] > 0.5 > found["AddSent2Opt-Shuffle"]
    check.counting(count, found, spoil, QUESTIONS)
    assert "does not read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (lambda q: count(q, lambda option, passage: len(option & passage) / len(option)), "the NUMBER of them"),
        (lambda q: count(q, lambda option, passage: -len(option & passage)), "the fewest such words"),
        (lambda q: count(q) + 1, "counted from 0"),
        (lambda q: q.answer, "must not look at it"),
        (lambda q: None, "numbers are asked for"),
    ],
)
def test_a_wrong_reader_is_named(reader, message):
    with pytest.raises(AssertionError, match=message):
        check.counting(reader, shares(), spoil, QUESTIONS)


@pytest.mark.parametrize(
    ("accuracies", "message"),
    [
        (lambda found: {name: 100 * share for name, share in found.items()}, "in percent"),
        (lambda found: {name: 20 * share for name, share in found.items()}, "numbers of questions"),
        (lambda found: {name: 1 - share for name, share in found.items()}, "shares of wrong answers"),
        (lambda found: found | {"original": 0.123}, "for original is 0.123"),
        (lambda found: {"original": 0.5}, "an accuracy for each of original, P-Shuffle, P-Remove"),
    ],
)
def test_wrong_accuracies_are_named(accuracies, message):
    with pytest.raises(AssertionError, match=message):
        check.counting(count, accuracies(shares()), spoil, QUESTIONS)
