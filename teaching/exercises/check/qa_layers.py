"""Checks of teaching/exercises/qa-layers.ipynb."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from check.compare_answer import praise, quotient, settle
from insidebert.measure.token_geometry import distances, principal_components, silhouette, z_scored
from insidebert.models.loading import Model
from insidebert.papers.qa_layers.pieces import pieces_of, states_of_each
from insidebert.papers.qa_layers.probe_scores import f1_of
from insidebert.text.span_questions import SpanQuestion
from insidebert.text.span_scores import exact_match, f1, normalised


def answers(exact, scores, said: Sequence[str], gold: Sequence[str]) -> None:
    """Exact match and F1 of answers, as SQuAD has them.

    Args:
        exact, scores: [answers] 0 or 1, and 0 to 1.
        said, gold: what a reader says, and what is right.
    """
    pairs = [
        (one.split(), other.split()) for one, other in zip(map(normalised, said), map(normalised, gold), strict=True)
    ]
    right = np.array([exact_match(one, [other]) for one, other in zip(said, gold, strict=True)], dtype=float)
    found = np.array([f1(one, [other]) for one, other in zip(said, gold, strict=True)])
    same = np.array([sum((Counter(one) & Counter(other)).values()) for one, other in pairs])
    lengths = np.array([[len(one), len(other)] for one, other in pairs])
    sets = [2 * len({*one} & {*other}) / (len({*one}) + len({*other})) for one, other in pairs]
    often = [2 * sum(word in other for word in one) / (len(one) + len(other)) for one, other in pairs]
    as_is = [2 * sum((Counter(a.split()) & Counter(b.split())).values()) for a, b in zip(said, gold, strict=True)]
    mistakes = {
        "case, articles and full stops count here; normalise both first": [
            a == b for a, b in zip(said, gold, strict=True)
        ],
        "a common word is not enough; the whole answer has to be the same": found > 0,
    }
    settle("`exact`", exact, right, mistakes, [*gold])
    mistakes = {
        "this is precision, the share of what was said; F1 counts what is missing too": same / lengths[:, 0],
        "this is recall, the share of what is right; F1 counts what is too much too": same / lengths[:, 1],
        "each word counts once in a set; a word that is said twice is too much once": sets,
        "a word that is said twice has only one fellow in the right answer; count with Counter(a) & Counter(b)": often,
        "case, articles and full stops count here; normalise both first": quotient(
            np.array(as_is), np.array([len(a.split()) + len(b.split()) for a, b in zip(said, gold, strict=True)])
        ),
        "this is in percent; a share is asked for": 100 * found,
    }
    settle("`scores`", scores, found, mistakes, [*gold])
    praise(
        f"{right.mean():.0%} exact, F1 {found.mean():.2f}.",
        "a reader that always says the whole context has which precision, recall and F1?",
    )


def components(points, share, states: np.ndarray) -> None:
    """Tokens on two principal components, and the share of the variance that these hold.

    Args:
        points: [tokens, 2], each column with any sign.
        states: [tokens, width].
    """
    found = principal_components(states[None])
    right, centred = np.abs(found.points[0]), states - states.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    raw = np.linalg.svd(states, full_matrices=False)
    mistakes = {
        "the mean was not taken from each dimension first": np.abs(raw[0][:, :2] * raw[1][:2]),
        "each component has length 1 here; multiply it by its singular value": np.abs(left[:, :2]),
        "these are the first two dimensions, not the first two components": np.abs(centred[:, :2]),
    }
    try:
        given = np.abs(np.asarray(points, dtype=float))  # signs mean nothing
    except (TypeError, ValueError):
        given = points
    settle("`points`", given, right, mistakes, "tokens and two components")
    squares = sizes**2
    mistakes = {
        "singular values are lengths; variances are their squares": sizes[:2].sum() / sizes.sum(),
        "this is the first component alone": squares[0] / squares.sum(),
        "this is what both hold of what both hold; divide by the variance of all dimensions": 1.0,
        "this is what the picture does not show": squares[2:].sum() / squares.sum(),
        "this is in percent; a share is asked for": 100 * squares[:2].sum() / squares.sum(),
    }
    settle("`share`", share, squares[:2].sum() / squares.sum(), mistakes)
    praise(
        f"the picture holds {found.explained.sum():.0%}.",
        "turn the picture by 30 degrees, or look at it in a mirror. Which statements about it stay true?",
    )


def silhouettes(raw, scaled, states: np.ndarray, marked: np.ndarray) -> None:
    """Silhouette of the marked tokens, in the states as they are and z-scored.

    Args:
        states: [tokens, width].
        marked: [tokens] bool.
    """
    spread = np.maximum(states.std(1, keepdims=True), 1e-12)
    other = {
        "z-scores are taken of each dimension over the tokens (axis 0), not of each token": (
            (states - states.mean(1, keepdims=True)) / spread
        ),
        "this is `raw` again; each dimension has a mean and a deviation of its own": states,
    }
    for name, answer, own in (("`raw`", raw, states), ("`scaled`", scaled, z_scored(states[None])[0])):
        apart = distances(own[None])[0]
        inside, outside = apart[marked][:, marked], apart[marked][:, ~marked].mean(1)
        a, with_itself = inside.sum(1) / (marked.sum() - 1), inside.mean(1)
        right = silhouette(apart[None], marked)[0]
        mistakes = {
            "a token is no fellow of its own: divide by one fewer": (
                (outside - with_itself) / np.maximum(outside, with_itself)
            ).mean(),
            "the sign is wrong: b - a, so that a group of its own is above 0": -right,
            "this is not divided by the larger of a and b": (outside - a).mean(),
            "the mean over the marked tokens alone is asked for": (
                right * marked.sum() + silhouette(apart[None], ~marked)[0] * (~marked).sum()
            )
            / len(marked),
            "distances are Euclidean; these are their squares": silhouette(apart[None] ** 2, marked)[0],
        }
        if name == "`scaled`":
            mistakes |= {text: silhouette(distances(wrong[None]), marked)[0] for text, wrong in other.items()}
        case = "A small case: marked at 0 and 1, the rest at 9 and 10, has (8.5 / 9.5 + 7.5 / 8.5) / 2 = 0.89."
        settle(name, answer, right, mistakes, case=case)
    before, after = (silhouette(distances(own), marked)[0] for own in (states[None], z_scored(states[None])))
    praise(
        f"{before:.2f} as it is, {after:.2f} z-scored.",
        "which of the two would you show in a paper, and what would you write below it?",
    )


def majority(always, macro, micro, said: np.ndarray, gold: np.ndarray) -> None:
    """F1 of a probe of supporting facts, and of the answer "never".

    Args:
        always: macro F1 of "never".
        macro, micro: of the probe.
        said, gold: [sentences] 0 or 1.
    """
    never = np.zeros_like(gold)
    for name, answer, own in (("`always`", always, never), ("`macro`", macro, said)):
        each, right = _each(own, gold), f1_of(_counts(own, gold), "macro F1")
        mistakes = {
            "this is the share of right answers; macro F1 is the mean of both labels' F1": (own == gold).mean(),
            "this is the F1 of label 1 alone": each[1],
            "this is the F1 of label 0 alone; label 1 counts as much, and its F1 may be 0": each[0],
            "labels are weighed by how often they occur; in macro F1 both count alike": (
                each @ np.bincount(gold, minlength=2) / len(gold)
            ),
            "this is in percent; a share is asked for": 100 * right,
        }
        settle(name, answer, right, mistakes)
    each, right = _each(said, gold), f1_of(_counts(said, gold), "micro F1")
    mistakes = {
        "this is macro F1": each.mean(),
        "this is the F1 of label 1 alone; micro F1 adds up the counts of both labels": each[1],
        "this is in percent; a share is asked for": 100 * right,
    }
    settle("`micro`", micro, right, mistakes)
    praise(
        f"never: {f1_of(_counts(never, gold), 'macro F1'):.2f}; the probe: macro {each.mean():.2f}, micro {right:.2f}.",
        "micro F1 of 'never' is three quarters. What does a probe with 78% know?",
    )


def another_question(effect, model: Model, questions: Sequence[SpanQuestion], others: Sequence[str]) -> None:
    """How much of a group question and fact are with their own question, minus with another one.

    Args:
        effect: [1 + layers] mean over the questions.
        others: a question to put in the place of each.
    """
    changed = [replace(question, question=other) for question, other in zip(questions, others, strict=True)]
    own, other = (_joined(model, asked) for asked in (questions, changed))
    right = (own - other).mean(0)
    mistakes = {
        "the sign is wrong: its own question MINUS another": -right,
        "the mean over the questions is asked for, a number a layer": own - other,
        "the embedding is missing; it is layer 0": right[1:],
        "this is the silhouette itself; take the one with another question from it": own.mean(0),
        "this is the silhouette with another question": other.mean(0),
        "the fact alone was marked; the question belongs to the group": (
            _joined(model, questions, ("answer", "supporting fact"))
            - _joined(model, changed, ("answer", "supporting fact"))
        ).mean(0),
        "the answer was left out; it is a part of its fact": (
            _joined(model, questions, ("question", "supporting fact"))
            - _joined(model, changed, ("question", "supporting fact"))
        ).mean(0),
    }
    settle("`effect`", effect, right, mistakes, "layers, the embedding first")
    praise(
        f"it is largest in layer {int(right.argmax())}.",
        "this model was never trained to answer. What then has brought question and fact together?",
    )


def _joined(model: Model, questions: Sequence[SpanQuestion], parts=("question", "answer", "supporting fact")):
    """[questions, 1 + layers] silhouettes."""
    asked = [pieces_of(model, question) for question in questions]
    states = states_of_each(model, asked)
    return np.stack(
        [
            silhouette(distances(own[:, one.real]), np.isin(one.parts[one.real], parts))
            for one, own in zip(asked, states, strict=True)
        ]
    )


def _counts(said: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """[labels, 3] rightly said, wrongly said, missed."""
    found = []
    for label in (0, 1):
        here, there = said == label, gold == label
        found.append([(here & there).sum(), (here & ~there).sum(), (~here & there).sum()])
    return np.array(found, dtype=float)


def _each(said: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """[labels] F1."""
    return np.array([f1_of(counts[None], "macro F1") for counts in _counts(said, gold)])
