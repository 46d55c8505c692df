"""Checks of teaching/exercises/open-sesame.ipynb."""

import math
from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from check.compare_answer import numbers, praise, quotient, settle
from insidebert.measure.confusion import TriggerQuestion, bits, confusion_scores
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import SHORT_LABELS, condition_of


def confusion(answer, maps: np.ndarray, words: np.ndarray, dependency: TriggerQuestion) -> None:
    """The confusion score of one sentence in every layer, from its attention maps.

    Args:
        answer: [layers] bits.
        maps: [layers, heads, T, T] attention FROM axis 2 TO axis 3.
        words: [T] word of each piece, -1 for [CLS] and [SEP].
        dependency: target and triggers, as word indices.
    """
    target, triggers = [dependency.target], dependency.triggers
    pieces = [np.flatnonzero(np.isin(words, phrase)) for phrase in (target, *triggers)]
    received = _received(maps, pieces)  # [layers, heads, candidates]
    heads_mean = received.mean(1)
    right = bits(heads_mean)
    lengths = np.array([len(phrase) for phrase in pieces[1:]])
    with np.errstate(all="ignore"):
        mistakes = {
            "this is in nats; bits are asked for, so take the logarithm to base 2": right * math.log(2),
            "this comes from the logarithm to base 10; bits are asked for, so take it to base 2": right * math.log10(2),
            "the sign is wrong: the score is MINUS the logarithm of a share, and never negative": -right,
            "this is the true trigger's share itself; the score is minus its logarithm": 2**-right,
            "rows and columns are swapped: this is attention FROM the phrases TO the target; rows (axis 2) are FROM": (
                bits(_received(maps.swapaxes(2, 3), pieces).mean(1))
            ),
            "attention to a phrase is the SUM over its pieces; this is the mean, which is unfair to split words": (
                bits(heads_mean / lengths)
            ),
            "every head was scored and the scores were averaged; average the attention over heads first": (
                bits(received).mean(1)
            ),
            "the share is normalised by all attention, words that are no candidates included; divide by the candidates'"
            " alone": -np.log2(heads_mean[:, 0]),
            "the share is normalised by the distractors alone; the true trigger belongs in the denominator too": (
                np.log2(heads_mean[:, 1:].sum(1) / heads_mean[:, 0])
            ),
            "this is a distractor's score; the true trigger is the first of `triggers`": bits(heads_mean[:, ::-1]),
            "word indices were used as places of pieces; piece 0 is [CLS], and a word may have several pieces": (
                bits(_received(maps, [np.array(phrase) for phrase in (target, *triggers)]).mean(1))
            ),
            "only the first piece of each word was counted; a phrase is all pieces of its words": (
                bits(_received(maps, [_first_pieces(words, phrase) for phrase in (target, *triggers)]).mean(1))
            ),
            "only the last word of each phrase was counted, the noun; its determiner belongs to the phrase too": (
                bits(_received(maps, [np.flatnonzero(words == phrase[-1]) for phrase in (target, *triggers)]).mean(1))
            ),
            "attention to a phrase is the SUM over its pieces; this is the largest of them": (
                bits(np.stack([maps[:, :, pieces[0]][..., p].max(-1).mean(-1) for p in pieces[1:]], axis=-1).mean(1))
            ),
            "this is one number, the mean over layers; one score a layer is asked for": right.mean(),
        }
    case = "A small case: 0.4 to the trigger and 0.1 to the distractor are -log2(0.4 / 0.5) = 0.32 bits."
    settle("the confusion score", answer, right, mistakes, "layers", case=case)
    praise(
        "summed over pieces, averaged over heads, in bits.",
        "[CLS] and [SEP] took part in the attention. Would the score change if each row without them summed to 1?",
    )


def most_confusing(
    prediction: str, means: Mapping, most: str, dependencies: Sequence[TriggerQuestion], scores: np.ndarray
) -> None:
    """The mean confusion of each reflexive condition, and the condition that confuses most.

    Args:
        prediction: a label of the paper, such as `R1`; any of them will do.
        means: label -> bits, the mean over sentences and layers.
        most: the label with the largest mean.
        dependencies, scores: what was measured; [n, layers] bits.
    """
    own = np.array([SHORT_LABELS[condition_of(d.condition)] for d in dependencies])
    labels = sorted(set(own))
    for name, label in (("the prediction", prediction), ("`most`", most)):
        if label not in labels:
            raise AssertionError(f"{name} is {label!r}; give one of the labels {', '.join(labels)}")
    if not isinstance(means, Mapping | pd.Series):
        raise AssertionError(f"the means are a {type(means).__name__}; a dictionary from label to mean is asked for")
    given = dict(means)
    if set(given) & set(SHORT_LABELS):
        raise AssertionError("the means go by the names of conditions; SHORT_LABELS turns those into R1 to R8")
    if set(given) != set(labels):
        odd = ", ".join(map(str, sorted(set(labels) ^ set(given), key=str)))
        raise AssertionError(f"one mean for each of {', '.join(labels)} is asked for; missing or too many: {odd}")
    by_label = [scores[own == label] for label in labels]
    right = np.array([part.mean() for part in by_label])
    candidates = [len(dependencies[np.flatnonzero(own == label)[0]].triggers) for label in labels]
    mistakes = {
        "these are sums over layers; the mean over layers is asked for": np.array([p.sum(1).mean() for p in by_label]),
        "this is the last layer alone; the mean over all layers is asked for": _means(by_label, -1),
        "this is the first layer alone; the mean over all layers is asked for": _means(by_label, 0),
        "these are medians; means are asked for": np.array([np.median(part) for part in by_label]),
        "these are divided by an even split's score; the plain mean is asked for": right / np.log2(candidates),
    }
    case = f"{labels[0]} has {len(by_label[0])} sentences of {scores.shape[1]} layers; the mean is over all of these."
    settle("the mean of a condition", [given[label] for label in labels], right, mistakes, labels, case=case)
    largest, least = labels[right.argmax()], labels[right.argmin()]
    if most == least != largest:
        raise AssertionError(f"{most} confuses LEAST: the higher the score, the less attention on the true trigger")
    if most != largest:
        raise AssertionError(f"{most} is not the condition with the largest mean; look at your own means again")
    praise(
        f"{largest} confuses most" + (", as you predicted." if prediction == largest else f"; you said {prediction}."),
        "an even split scores 1 bit between two candidates and log2(3) between three. "
        "Divide each mean by that: who leads now?",
    )


def control_task(answer, ids: Sequence[np.ndarray], task: np.ndarray) -> None:
    """Targets of a control task: every type has a random rank, the highest in a sentence is its target.

    Args:
        answer: [n] place of the target piece in each sentence.
        ids: per sentence, [pieces] types.
        task: [n] targets of the task that it controls.
    """
    lengths = np.array([len(own) for own in ids])
    targets = numbers("the control task", answer)
    if targets.shape != lengths.shape:
        raise AssertionError(f"{len(ids)} sentences need as many targets; these have the shape {targets.shape}")
    if any(target in own for target, own in zip(targets, ids, strict=True)) and (targets >= lengths).any():
        raise AssertionError("these are types; the PLACE of the target in its sentence is asked for (argmax, not max)")
    if (targets != targets.round()).any() or (targets < 0).any() or (targets >= lengths).any():
        raise AssertionError("a target is a whole number from 0 to the number of pieces minus 1")
    targets = targets.astype(int)
    if (targets == task).mean() > 0.5:
        same = f"in {(targets == task).sum()} of {len(targets)} sentences"
        raise AssertionError(
            f"{same} these are the targets of the task itself; a control task has nothing to do with it"
        )
    if len(set(targets.tolist())) == 1:
        raise AssertionError(
            f"the target is piece {targets[0]} everywhere; a probe that knows positions and no type would learn that"
        )
    types, counts = np.unique(np.concatenate(ids), return_counts=True)
    often = dict(zip(types.tolist(), counts.tolist(), strict=True))
    for what, key in (("id", int), ("number of occurrences", often.get)):
        keys = [np.array([key(one) for one in own.tolist()]) for own in ids]
        for name, extreme in (("largest", np.max), ("smallest", np.min)):
            if all(own[target] == extreme(own) for own, target in zip(keys, targets, strict=True)):
                raise AssertionError(
                    f"the target is the piece with the {name} {what}, which says something about the type; "
                    "draw a random rank for each type"
                )
    below: dict[int, set[int]] = {}
    for own, target in zip(ids, targets, strict=True):
        if target != own.tolist().index(own[target]):
            raise AssertionError("where the highest type occurs twice, the target is the first of them")
        below.setdefault(int(own[target]), set()).update(set(own.tolist()) - {int(own[target])})
    try:
        TopologicalSorter(below).prepare()
    except CycleError:
        raise AssertionError(
            "no ranking of types gives these targets: a type wins over another in one sentence and loses to it in the "
            "next. Draw the ranks ONCE, not in every sentence, so that a memory of types could learn the task"
        ) from None
    praise(
        "one rank a type, drawn once, nothing else.",
        "a probe that has 100% on this task, what would its accuracy on the other one be worth?",
    )


def selectivity(answer, layer: int, task: np.ndarray, control: np.ndarray) -> None:
    """Selectivity of a probe in every state, and the layer where it is largest.

    Args:
        answer: [2 + layers] for the embedding without positions, the embedding, and every layer.
        layer: the most selective of the layers, from 1.
        task, control: [2 + layers] accuracies.
    """
    right = task - control
    mistakes = {
        "the sign is wrong: selectivity is task MINUS control": -right,
        "this is a ratio; selectivity is a difference": quotient(task, control),
        "this is the accuracy on the task; the control's is to be taken from it": task,
        "this is the accuracy on the control task": control,
        "this is in percentage points; a share is asked for, as the accuracies are": 100 * right,
        "the two embeddings are missing; all states are asked for": right[2:],
    }
    case = "A small case: 0.9 on the task and 0.6 on the control task are a selectivity of 0.3."
    settle("selectivity", answer, right, mistakes, "states", case=case)
    layer = numbers("the layer", layer)
    if layer.size != 1:
        raise AssertionError(f"the layer is {layer.tolist()}; one number is asked for, counted from 1")
    layer = layer.item()
    best = np.flatnonzero(right[2:] == right[2:].max()) + 1
    if layer not in best:
        reason = f"layer {layer:g} is not the most selective one"
        if layer + 1 in best:
            reason += ": you counted from 0; layers are counted from 1"
        elif layer - 1 in best:
            reason += ": this is its place among the states, which begin with two embeddings; layers count from 1"
        elif layer in np.flatnonzero(task[2:] == task[2:].max()) + 1:
            reason += ", but the most accurate one; the control's accuracy counts too"
        raise AssertionError(reason)
    praise(
        f"task minus control, largest in layer {layer:g}.",
        "the control's accuracy is usually highest in the embeddings. Why should that be so?",
    )


def swapped(
    function: Callable[[TriggerQuestion, str], TriggerQuestion],
    effect,
    model: Model,
    questions: Sequence[TriggerQuestion],
    word: str,
) -> None:
    """What a change of one word, the target, does to the confusion score.

    Args:
        function: a question and a word -> the question with this word as its target.
        effect: [layers] bits, confusion with the word minus confusion before, the mean over questions.
    """
    for question in questions:
        new, wanted = function(question, word), list(question.words)
        wanted[question.target] = word
        if not isinstance(new, TriggerQuestion):
            raise AssertionError(
                f"a TriggerQuestion is asked for, not {new!r}; dataclasses.replace(question, words=...)"
            )
        if list(new.words) != wanted:
            raise AssertionError(f"{' '.join(new.words)!r}: {' '.join(wanted)!r} is asked for, with one word changed")
        if (new.target, new.triggers) != (question.target, question.triggers):
            raise AssertionError("target and triggers stay where they are; only the word changes")
    before, after = (
        confusion_scores(model, asked).layers
        for asked in (questions, [function(question, word) for question in questions])
    )
    right = (after - before).mean(0)
    mistakes = {
        "the sign is wrong: it is AFTER the swap minus before": -right,
        "this is the confusion after the swap; the score before it is to be taken from that": after.mean(0),
        "this is the confusion before the swap": before.mean(0),
        "this is a quotient; a difference is asked for": after.mean(0) / before.mean(0),
        "this is one number; one for each layer is asked for": right.mean(),
        "this is the first sentence alone; the mean over sentences is asked for": (after - before)[0],
        "these are medians; means are asked for": np.median(after - before, axis=0),
        "this is the size of the change without its sign": np.abs(after - before).mean(0),
    }
    case = f"The first sentence goes in layer 1 from {before[0, 0]:.2f} to {after[0, 0]:.2f} bits."
    settle("the effect", effect, right, mistakes, "layers", case=case)
    praise(
        f"one word swapped; {right.mean():+.2f} bits on the mean of the layers.",
        "a word that agrees with nothing has no need of its subject's number. Is that what these layers show?",
    )


def _received(maps: np.ndarray, pieces: Sequence[np.ndarray]) -> np.ndarray:
    """[layers, heads, candidates] attention from the target's pieces (the first of `pieces`) to each phrase."""
    target, *phrases = pieces
    return np.stack([maps[:, :, target][..., phrase].sum(-1).mean(-1) for phrase in phrases], axis=-1)


def _first_pieces(words: np.ndarray, phrase: Sequence[int]) -> np.ndarray:
    return np.array([np.flatnonzero(words == word)[0] for word in phrase])


def _means(parts: Sequence[np.ndarray], layer: int) -> np.ndarray:
    return np.array([part[:, layer].mean() for part in parts])
