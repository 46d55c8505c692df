"""Checks of teaching/exercises/look-at.ipynb."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.special import entr
from torch.nn.functional import cosine_similarity

from check.compare_answer import praise, settle
from insidebert.measure.head_accuracy import DIRECTIONS, OFFSETS, accuracies, answers
from insidebert.models.encoding import hidden_states
from insidebert.models.loading import Model
from insidebert.text.treebanks import Tree


def entropy(answer, maps: np.ndarray, lengths: np.ndarray) -> None:
    """The entropy of every head's attention in a padded batch, in nats.

    Args:
        answer: [heads] mean over the queries of a sentence, then over sentences.
        maps: [B, heads, T, T] attention of one layer, FROM axis 2 TO axis 3; padded keys have exactly 0.
        lengths: [B] pieces of each sentence, special ones included.
    """
    rows = entr(np.asarray(maps, dtype=np.float64)).sum(-1)  # [B, heads, T]
    real = [own[:, :length] for own, length in zip(rows, lengths, strict=True)]
    right = np.mean([own.mean(1) for own in real], axis=0)
    columns = entr(np.asarray(maps, dtype=np.float64)).sum(-2)
    averaged = [entr(own[:, :n].mean(1, dtype=np.float64)).sum(-1) for own, n in zip(maps, lengths, strict=True)]
    smoothed = -(maps * np.log(maps + 1e-3)).sum(-1)
    mistakes = {
        "this is in bits; nats are asked for, so take the natural logarithm": right / math.log(2),
        "the sign is wrong: entropy is MINUS the sum of a log a, and never negative": -right,
        "padding was not left out: rows of queries behind a sentence's end were averaged too": rows.mean((0, 2)),
        "all queries were pooled, so long sentences count more; average over each sentence's queries first": (
            np.concatenate(real, axis=1).mean(1)
        ),
        "[CLS] and [SEP] were left out; they are queries like the others": (
            np.mean([own[:, 1:-1].mean(1) for own in real], axis=0)
        ),
        "rows and columns are swapped: these are entropies of what a piece receives; rows (axis 2) are FROM": (
            np.mean([own[:, :n].mean(1) for own, n in zip(columns, lengths, strict=True)], axis=0)
        ),
        "attention was averaged before its entropy was taken; a head that always looks elsewhere then seems broad": (
            np.mean(averaged, axis=0)
        ),
        "this is the sum over queries; the mean is asked for": np.mean([own.sum(1) for own in real], axis=0),
        "this is divided by the logarithm of the length; entropy itself is asked for, in nats": (
            np.mean([own.mean(1) / math.log(own.shape[1]) for own in real], axis=0)
        ),
        "this is [CLS]'s row alone; the mean over all queries is asked for": rows[:, :, 0].mean(0),
        "this is one number, the mean over heads; one entropy a head is asked for": right.mean(),
        "the logarithm of 0 was taken: padded keys have attention 0, and 0 log 0 counts as 0": np.full_like(
            right, np.nan
        ),
        "the number that was added inside the logarithm is too large; leave zeros out instead": (
            np.mean([own[:, :n].mean(1) for own, n in zip(smoothed, lengths, strict=True)], axis=0)
        ),
    }
    # the paper's smoothing, 0.0001 / n, may be in the answer or not
    case = "A small case: a row of 0.5, 0.5 and zeros has log 2 = 0.69 nats, however many zeros."
    settle("entropy", answer, right, mistakes, "heads", 5e-3, case)
    praise(
        "nats, real queries only, sentence by sentence.",
        "uniform attention over n pieces has log n nats. Which of these heads comes close, and what might it be for?",
    )


def relation(
    accuracy,
    offset,
    offset_accuracy,
    trees: list[Tree],
    attended: list[np.ndarray],
    name: str,
    layer: int,
    head: int,
    predicted: int | None = None,
) -> None:
    """How often a head finds the head word of a relation's dependents, and the best fixed offset.

    Args:
        accuracy, offset_accuracy: shares of the relation's dependents.
        offset: one of `heads.OFFSETS`, from the dependent to its head word.
        attended: per tree, [2, W, layers, heads], as of `word_attention.attended_words`.
        name: of the relation.
        layer, head: from 1.
        predicted: the offset that was expected; any will do.
    """
    given = answers(trees, attended)
    mine = given.relations == name
    by_head, everything = (accuracies(given, [chosen])[0] for chosen in (name, None))
    right = by_head[0, layer - 1, head - 1]
    gold = np.concatenate([np.array(tree.heads) for tree in trees])
    found = np.concatenate([own[0, :, layer - 1, head - 1] for own in attended])
    per_sentence = [
        given.by_head[mine & (given.sentences == s)].mean(0).reshape(given.shape)[0, layer - 1, head - 1]
        for s in np.unique(given.sentences[mine])
    ]
    mistakes = {
        "layer and head are counted from 1; as indices they are one less": (
            by_head[0, layer % given.shape[1], head % given.shape[2]]
        ),
        f"this is the other direction, {DIRECTIONS[1]}; row 0 of `attended` holds {DIRECTIONS[0]}": (
            by_head[1, layer - 1, head - 1]
        ),
        f"all words were counted; only dependents with the relation {name} are asked for": everything[
            0, layer - 1, head - 1
        ],
        "this is in percent; a share is asked for": 100 * right,
        "this is a number of cases; divide by how many there are": right * mine.sum(),
        "sentences were averaged; every case counts the same, whatever its sentence": np.mean(per_sentence),
        "words were counted from 1; both `attended` and `heads` count them from 0": (found == gold + 1)[mine].mean(),
    }
    settle("the head's accuracy", accuracy, right, mistakes)
    shares = given.by_offset[mine].mean(0)
    best = OFFSETS[shares.argmax()]
    if offset == -best:
        raise AssertionError(f"offset {offset}: the sign is wrong; it goes FROM the dependent TO its head word")
    if offset != best:
        raise AssertionError(f"offset {offset!r} is not the best of {OFFSETS} for {name}")
    mistakes = {
        f"all words were counted; only dependents with the relation {name} are asked for": (
            given.by_offset.mean(0)[shares.argmax()]
        ),
        "this is in percent; a share is asked for": 100 * shares.max(),
        "this is a number of cases; divide by how many there are": shares.max() * mine.sum(),
    }
    settle("the offset's accuracy", offset_accuracy, shares.max(), mistakes)
    praise(
        f"{right:.2f} for the head, {shares.max():.2f} for the offset {best}"
        + ("." if predicted is None else ", as you predicted." if predicted == best else f"; you said {predicted}."),
        "in how many of the cases that the head finds does the offset find it too? What would that say about the head?",
    )


def held_out(same, held, right: np.ndarray, halves: np.ndarray) -> None:
    """The best head of one half, scored on the same half and on the other.

    Args:
        same, held: [splits] accuracy on half 0 and on half 1 of the head that is best on half 0.
        right: [cases, heads] bool, whether a head is right about a case.
        halves: [splits, cases] 0 or 1.
    """
    first, second = (np.array([right[half == side].mean(0) for half in halves]) for side in (0, 1))  # [splits, heads]
    splits, everywhere = np.arange(len(halves)), right.mean(0)
    chosen, other = first.argmax(1), second.argmax(1)
    wanted = first.max(1)
    mistakes = {
        "this is scored on half 1; `same` is chosen and scored on half 0": second[splits, chosen],
        "this is half 1's best head on half 1; `same` is about half 0": second.max(1),
        "this is scored on all cases; `same` is scored on half 0 alone": everywhere[chosen],
        "this is the head that is best on all cases; choose it on half 0 alone": first[:, everywhere.argmax()],
        "this is in percent; a share is asked for": 100 * wanted,
    }
    settle("`same`", same, wanted, mistakes, "splits")
    wanted = second[splits, chosen]
    mistakes = {
        "chosen and scored on the same half: the head is half 0's best, and it must be scored on half 1": first.max(1),
        "chosen and scored on the same half: this is the best that any head does on half 1": second.max(1),
        "the head was chosen on all cases, so the half that scores it had a say; choose on half 0 alone": (
            second[:, everywhere.argmax()]
        ),
        "the halves are swapped: chosen on half 1, scored on half 0": first[splits, other],
        "this is scored on all cases, half 0 included; score on half 1 alone": everywhere[chosen],
        "this is in percent; a share is asked for": 100 * wanted,
    }
    settle("`held`", held, wanted, mistakes, "splits")
    praise(
        f"chosen on one half, scored on the other: {first.max(1).mean():.2f} becomes {wanted.mean():.2f} on average.",
        "would the number fall for a single head that you had named before you saw the data?",
    )


def switched_off(
    moved: Callable[[int], float], model: Model, weight: torch.Tensor, sentences: list[list[str]], heads: Sequence[int]
) -> None:
    """How far the last layer's words move when a head is switched off.

    Args:
        moved: head, from 1 -> mean cosine distance over all words.
        weight: [width, width] of the projection behind a layer's heads; its columns belong to them, in order.
        heads: those that are tried, from 1.
    """
    whole, before = weight.clone(), hidden_states(model, sentences, level="word").values.float()
    found = []
    for head in heads:
        found.append(moved(head))
        if not torch.equal(weight, whole):
            weight.copy_(whole)
            raise AssertionError(f"head {head} stays off; put the weights back before you return, weight.copy_(...)")
    size = len(weight) // model.heads

    def distances(place: Callable[[int], tuple]) -> np.ndarray:
        """[layers, heads], the embedding first."""
        return np.array([_distance(model, weight, sentences, before, place(head)) for head in heads]).T

    by_layer = distances(lambda head: (slice(None), slice((head - 1) * size, head * size)))
    right = by_layer[-1]
    mistakes = {
        "this is the similarity; the distance is 1 minus that": 1 - right,
        "this is the mean over all states; the last layer alone is asked for": by_layer.mean(0),
        "nothing moved: was the weight changed in place, and before the states were computed?": 0 * right,
        "the head before it was switched off; heads are counted from 1, columns from 0": distances(
            lambda head: (slice(None), slice((head - 2) * size, (head - 1) * size))
        )[-1],
        "the next head was switched off; heads are counted from 1, columns from 0": distances(
            lambda head: (slice(None), slice(head * size, (head + 1) * size))
        )[-1],
        "rows were set to 0; a head's share of the projection is COLUMNS": distances(
            lambda head: slice((head - 1) * size, head * size)
        )[-1],
        "this is a sum over words; the mean is asked for": right * before.shape[1],
    }
    names = [f"head {head}" for head in heads]
    case = f"Head 1 has the columns 0 to {size - 1}: weight[:, :{size}] = 0."
    settle("the distance", found, right, mistakes, names, 1e-5, case)
    praise(
        "a head off, the last layer compared, everything put back.",
        "the head that finds most direct objects: does the model move more without it than without the others?",
    )


def _distance(model: Model, weight: torch.Tensor, sentences: list, before: torch.Tensor, place: object) -> np.ndarray:
    """[states] mean cosine distance over words with a part of the weight at 0."""
    whole = weight.clone()
    weight[place] = 0
    after = hidden_states(model, sentences, level="word").values.float()
    weight.copy_(whole)
    return 1 - cosine_similarity(before, after, dim=-1).mean(-1).numpy()
