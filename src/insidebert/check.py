"""Checks of the exercises in `teaching/exercises`: what is wrong with an answer, and not only that it is.

Every check computes the right answer itself, with this package's own functions, and what the usual mistakes would give
instead. It prints what was right and a question to think about, or raises an AssertionError that explains; an answer
of the wrong kind or shape counts as wrong too.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA, Hamming, Indel, Levenshtein
from scipy.special import entr

from insidebert.attacks import THRESHOLD, sentences, shuffle_degree
from insidebert.confusion import Dependency, bits
from insidebert.heads import DIRECTIONS, OFFSETS, accuracies, answers
from insidebert.papers.open_sesame.sentences import SHORT_LABELS, condition_of
from insidebert.questions import Question
from insidebert.treebanks import Tree

TOLERANCE = 1e-3
WORDS_OF_CASES = (
    ("the cat saw the dog", "the cat saw the dog"),
    ("who fed the dog", "dog the fed who"),
    ("one two three four five", "five one two three four"),
    ("she lost a key", "she a lost key"),
    ("act cat", "cat act"),
    ("who fed the dog", "who fed the dog behind the old house"),
    ("he put the red cup down", "the cup"),
)
"""Originals and what became of them; each tells some mistakes apart."""


def confusion(answer, maps: np.ndarray, words: np.ndarray, dependency: Dependency) -> None:
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
            "this is one number, the mean over layers; one score a layer is asked for": right.mean(),
        }
    _settle("the confusion score", answer, right, mistakes, "layers")
    _praise(
        "summed over pieces, averaged over heads, in bits.",
        "[CLS] and [SEP] took part in the attention. Would the score change if each row without them summed to 1?",
    )


def most_confusing(
    prediction: str, means: Mapping, most: str, dependencies: Sequence[Dependency], scores: np.ndarray
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
    _settle("the mean of a condition", [given[label] for label in labels], right, mistakes, labels)
    largest, least = labels[right.argmax()], labels[right.argmin()]
    if most == least != largest:
        raise AssertionError(f"{most} confuses LEAST: the higher the score, the less attention on the true trigger")
    if most != largest:
        raise AssertionError(f"{most} is not the condition with the largest mean; look at your own means again")
    _praise(
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
    targets = _numbers("the control task", answer)
    if targets.shape != lengths.shape:
        raise AssertionError(f"{len(ids)} sentences need as many targets; these have the shape {targets.shape}")
    if any(target in own for target, own in zip(targets, ids, strict=True)) and (targets >= lengths).any():
        raise AssertionError("these are types; the PLACE of the target in its sentence is asked for (argmax, not max)")
    if (targets != targets.round()).any() or (targets < 0).any() or (targets >= lengths).any():
        raise AssertionError("a target is a whole number from 0 to the number of pieces minus 1")
    targets = targets.astype(int)
    if (targets == task).all():
        raise AssertionError("these are the targets of the task itself; a control task has nothing to do with them")
    if len(set(targets.tolist())) == 1:
        raise AssertionError(
            f"the target is piece {targets[0]} everywhere; a probe that knows positions and no type would learn that"
        )
    for name, by_id in (("largest", np.argmax), ("smallest", np.argmin)):
        if all(by_id(own) == target for own, target in zip(ids, targets, strict=True)):
            raise AssertionError(
                f"the target is the piece with the {name} id; ids are in an order, draw a random rank for each type"
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
    _praise(
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
        "this is a ratio; selectivity is a difference": _quotient(task, control),
        "this is the accuracy on the task; the control's is to be taken from it": task,
        "this is the accuracy on the control task": control,
        "this is in percentage points; a share is asked for, as the accuracies are": 100 * right,
        "the two embeddings are missing; all states are asked for": right[2:],
    }
    _settle("selectivity", answer, right, mistakes, "states")
    layer = _numbers("the layer", layer).item()
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
    _praise(
        f"task minus control, largest in layer {layer:g}.",
        "the control's accuracy is usually highest in the embeddings. Why should that be so?",
    )


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
    }
    # the paper's smoothing, 0.0001 / n, may be in the answer or not
    _settle("entropy", answer, right, mistakes, "heads", 5e-3)
    _praise(
        "nats, real queries only, sentence by sentence.",
        "uniform attention over n pieces has log n nats. Which of these heads comes close, and what might it be for?",
    )


def relation(
    accuracy, offset, offset_accuracy, trees: list[Tree], attended: list[np.ndarray], name: str, layer: int, head: int
) -> None:
    """How often a head finds the head word of a relation's dependents, and the best fixed offset.

    Args:
        accuracy, offset_accuracy: shares of the relation's dependents.
        offset: one of `heads.OFFSETS`, from the dependent to its head word.
        attended: per tree, [2, W, layers, heads], as of `word_attention.attended_words`.
        name: of the relation.
        layer, head: from 1.
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
    _settle("the head's accuracy", accuracy, right, mistakes)
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
    _settle("the offset's accuracy", offset_accuracy, shares.max(), mistakes)
    _praise(
        f"{right:.2f} for the head, {shares.max():.2f} for the offset {best}.",
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
    _settle("`same`", same, wanted, mistakes, "splits")
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
    _settle("`held`", held, wanted, mistakes, "splits")
    _praise(
        f"chosen on one half, scored on the other: {first.max(1).mean():.2f} becomes {wanted.mean():.2f} on average.",
        "would the number fall for a single head that you had named before you saw the data?",
    )


def shuffle_degrees(function: Callable[[list[str], list[str]], float]) -> None:
    """A function of two lists of words, original and shuffled: least number of word edits / length of the original."""
    pairs = [tuple(text.split() for text in pair) for pair in WORDS_OF_CASES]
    found = [function(original.copy(), shuffled.copy()) for original, shuffled in pairs]
    right = np.array([shuffle_degree(*pair) for pair in pairs])

    def instead(measure: Callable) -> np.ndarray:
        return np.array([measure(*pair) for pair in pairs])

    mistakes = {
        "this is the number of edits; divide it by the length of the original": instead(Levenshtein.distance),
        "normalised by the longer of the two; the length of the ORIGINAL is asked for": instead(
            Levenshtein.normalized_distance
        ),
        "normalised by the length of the shuffled words; the length of the ORIGINAL is asked for": instead(
            lambda a, b: Levenshtein.distance(a, b) / len(b)
        ),
        "normalised by both lengths together; the length of the ORIGINAL is asked for": instead(
            lambda a, b: Levenshtein.distance(a, b) / (len(a) + len(b))
        ),
        "characters were edited; words are asked for, so do not join the lists": instead(
            lambda a, b: Levenshtein.distance(" ".join(a), " ".join(b)) / len(" ".join(a))
        ),
        "this is the share of places that hold another word; an insertion moves all that follow, and is ONE edit": (
            instead(lambda a, b: Hamming.distance(a, b, pad=True) / len(a))
        ),
        "replacing a word counts as two edits here; it is one": instead(lambda a, b: Indel.distance(a, b) / len(a)),
        "swapping two neighbours counts as one edit here; only insert, delete and replace do": instead(
            lambda a, b: OSA.distance(a, b) / len(a)
        ),
        "this is a similarity: the same words in the same order have ShuffleDegree 0": 1 - right,
        "this is in percent; a share is asked for": 100 * right,
    }
    names = [f"{original!r} -> {shuffled!r}" for original, shuffled in WORDS_OF_CASES]
    _settle("ShuffleDegree", found, right, mistakes, names)
    _praise(
        "edits of words, over the length of the original.",
        "a long text shuffled at random has a high degree, but hardly ever 1. Which words keep it below?",
    )


def distractors(made: Sequence[Question], questions: Sequence[Question]) -> None:
    """Questions under AddSent2Opt-Shuffle: each distractor a shuffle of itself and one sentence of the passage.

    Args:
        made: one for each of the questions, in their order.
        questions: the originals.
    """
    if len(made) != len(questions):
        raise AssertionError(f"there are {len(questions)} questions, and {len(made)} attacked ones")
    taken = []
    for question, new in zip(questions, made, strict=True):
        if not isinstance(new, Question):
            raise AssertionError(f"a Question is asked for, not {new!r}; dataclasses.replace(question, options=...)")
        where = f"question {question.id}"
        for part in ("id", "passage", "question", "answer"):
            if getattr(new, part) != getattr(question, part):
                raise AssertionError(f"{where}: its {part} changed; the attack touches nothing but the distractors")
        if len(new.options) != len(question.options):
            raise AssertionError(f"{where}: {len(question.options)} options became {len(new.options)}")
        for place, (option, text) in enumerate(zip(question.options, new.options, strict=True)):
            if place != question.answer:
                taken.append(_sentence_added(f"{where}, option {place}", question, option, text))
            elif text != option:
                raise AssertionError(f"{where}: the right option changed; only the distractors are attacked")
    if len(taken) > 4 and len(set(taken)) == 1:
        raise AssertionError(f"sentence {taken[0] + 1} of the passage was added everywhere; draw a random one")
    _praise(
        f"{len(taken)} distractors hold their own words and one sentence's, far from their order.",
        "the right option is now the shortest. Could a reader that looks at lengths alone profit from the attack?",
    )


def change(changes, average, accuracies: pd.DataFrame, original: str = "BERT") -> None:
    """The change of accuracy under each attack, in % of the original accuracy, and its average.

    Args:
        changes: [attacks, data sets].
        average: over attacks and data sets.
        accuracies: a row for the original and one for each attack, a column a data set.
        original: name of the first of these rows.
    """
    before = accuracies.loc[original].to_numpy()
    after = accuracies.drop(index=original).to_numpy()
    right = (after - before) / before * 100
    mistakes = {
        "the sign is wrong: a fall is negative, (attacked - original) / original": -right,
        "these are percentage points; divide by the original accuracy": after - before,
        "this is a share; in % it is 100 times that": right / 100,
        "divided by the accuracy under attack; the ORIGINAL is what it is relative to": (after - before) / after * 100,
        "this is what is left, in %; the change is what was lost": right + 100,
        "divided by the mean of the original over data sets; each data set has its own": (
            (after - before) / before.mean() * 100
        ),
        "rows and columns are swapped: attacks are rows, data sets are columns": right.T,
        "the original's own row is in it; its change is 0 and says nothing": np.vstack([0 * before, right]),
    }
    _settle("the change", changes, right, mistakes, tolerance=0.06)
    mistakes = {
        "the sign is wrong: a fall is negative": -right.mean(),
        "this is the change of the average accuracy; average the changes instead": (after.mean() / before.mean() - 1)
        * 100,
        "the original's own row is in the average; its change is 0 and says nothing": right.sum()
        / (right.size + right.shape[1]),
        "these are percentage points; divide by the original accuracy": (after - before).mean(),
        "this is a share; in % it is 100 times that": right.mean() / 100,
        "this is the median; the average is asked for": np.median(right),
    }
    _settle("the average", average, right.mean(), mistakes, tolerance=0.06)
    _praise(
        f"{right.mean():.1f}% on average, relative to the original.",
        "a reader that falls to chance changes by -67% from 75 with four options, by -43% from 87.7 with two. "
        "What would a fair comparison of data sets have to take into account?",
    )


def expected_accuracy(function: Callable[[float, int], float]) -> None:
    """A function of a share of known answers (0 to 1) and a number of options: expected accuracy, 0 to 1."""
    cases = [(share, options) for options in (2, 3, 5) for share in (0.0, 0.2, 0.5, 1.0)]
    found = [function(share, options) for share, options in cases]
    s, k = (np.array(part, dtype=float) for part in zip(*cases, strict=True))
    right = s + (1 - s) / k
    mistakes = {
        "guessing was forgotten: a question that it does not know is still right once in as many as it has options": s,
        "known answers were counted twice: only the OTHER questions, 1 - s of them, are guessed": s + 1 / k,
        "this stops at 1, but it still counts known answers twice: only 1 - s of the questions are guessed": (
            np.minimum(1, s + 1 / k)
        ),
        "the shares are swapped: s is what it KNOWS, 1 - s is what it guesses": (1 - s) + s / k,
        "this is guessing alone, whatever is known": 1 / k + 0 * s,
        "this is the larger of knowing and guessing; a reader does both, on different questions": np.maximum(s, 1 / k),
        "a guess is right with 1/k, not with (k - 1)/k": s + (1 - s) * (k - 1) / k,
        "a guess is among all k options, the right one included, not among k - 1": s + (1 - s) / (k - 1),
        "a guess is right with 1/k; here it is 1/2 whatever the number of options": s + (1 - s) / 2,
        "this is in percent; a share is asked for": 100 * right,
    }
    _settle(
        "expected accuracy", found, right, mistakes, [f"s = {share}, {options} options" for share, options in cases]
    )
    _praise(
        "what is known, and a guess at the rest.",
        "a reader without passages scores a with k options. Solve for s: what share must it have known?",
    )


def _settle(
    name: str, answer, right, mistakes: Mapping[str, np.ndarray], places: str | Sequence[str] = (), tolerance=TOLERANCE
) -> None:
    """Compare an answer with the right one and with what mistakes give.

    Args:
        mistakes: explanation -> the answer that it explains.
        places: what the axis is, or a name for each place on it.

    Raises:
        AssertionError: the answer is wrong.
    """
    given, right = _numbers(name, answer), np.asarray(right, dtype=float)
    if _close(given, right, tolerance):
        return
    for explanation, wrong in mistakes.items():
        if _close(given, np.asarray(wrong, dtype=float), tolerance):
            raise AssertionError(f"{name}: {explanation}.")
    if given.shape != right.shape:
        axis = f", one for each of the {places}" if isinstance(places, str) else ""
        raise AssertionError(f"{name} has the shape {given.shape}; {right.shape} is asked for{axis}.")
    if not np.isfinite(given).all():
        raise AssertionError(f"{name} holds nan or infinity: something was divided by 0, or the logarithm of 0 taken.")
    off = np.flatnonzero(np.abs(given - right) > tolerance)
    place = "" if not right.ndim else f" for {places[off[0]]}" if len(places) == right.size else f" at place {off[0]}"
    size = "large" if given.flat[off[0]] > right.flat[off[0]] else "small"
    raise AssertionError(
        f"{name}{place} is {given.flat[off[0]]:.4g}, which is too {size}, and so none of the usual mistakes explains it"
        f" ({right.size - len(off)} of {right.size} are right). Work out one case by hand."
    )


def _numbers(name: str, answer) -> np.ndarray:
    try:
        if answer is None or None in np.asarray(answer, dtype=object).ravel().tolist():
            raise TypeError  # numpy would make nan of it
        return np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{name}: numbers are asked for, not {answer!r}. (A function gives None if it does not return.)"
        ) from None


def _close(given: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    return given.shape == other.shape and np.allclose(given, other, rtol=0, atol=tolerance, equal_nan=True)


def _praise(right: str, question: str) -> None:
    print(f"Right: {right}\nThink: {question}")


def _received(maps: np.ndarray, pieces: Sequence[np.ndarray]) -> np.ndarray:
    """[layers, heads, candidates] attention from the target's pieces (the first of `pieces`) to each phrase."""
    target, *phrases = pieces
    return np.stack([maps[:, :, target][..., phrase].sum(-1).mean(-1) for phrase in phrases], axis=-1)


def _first_pieces(words: np.ndarray, phrase: Sequence[int]) -> np.ndarray:
    return np.array([np.flatnonzero(words == word)[0] for word in phrase])


def _means(parts: Sequence[np.ndarray], layer: int) -> np.ndarray:
    return np.array([part[:, layer].mean() for part in parts])


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return above / below


def _sentence_added(where: str, question: Question, option: str, text: str) -> int:
    """Which sentence of the passage was shuffled into a distractor."""
    found, sources = Counter(text.split()), sentences(question.passage)
    for place, sentence in enumerate(sources):
        original = f"{option} {sentence}".split()
        if Counter(original) == found:
            degree = shuffle_degree(original, text.split())
            if text.split() in (original, f"{sentence} {option}".split()):
                raise AssertionError(f"{where}: nothing is shuffled; that is AddSent2Opt without -Shuffle")
            if degree <= THRESHOLD:
                raise AssertionError(
                    f"{where}: its ShuffleDegree is {degree:.2f}; shuffle again until it exceeds {THRESHOLD}"
                )
            return place
    answer = question.options[question.answer]
    explained = {
        "no word was added; a sentence of the passage is asked for": [option],
        "the right answer was added; that is AddAns2Opt-Shuffle, a sentence of the passage is asked for": [
            f"{option} {answer}"
        ],
        "the right answer alone is there; that is Ans2Opt-Shuffle": [answer],
        "the distractor's own words are missing; that is Sent2Opt-Shuffle": sources,
        "the whole passage was added; one sentence of it is asked for": [f"{option} {question.passage}"],
        "the question was added; a sentence of the passage is asked for": [f"{option} {question.question}"],
    }
    for explanation, texts in explained.items():
        if any(Counter(source.split()) == found for source in texts):
            raise AssertionError(f"{where}: {explanation}")
    if any(Counter(f"{option}{s}".replace(" ", "")) == Counter(text.replace(" ", "")) for s in sources):
        raise AssertionError(f"{where}: letters are shuffled, or words glued together; the words stay as they are")
    raise AssertionError(f"{where}: {text!r} is not the words of the distractor and of one sentence of the passage")
