"""The phases as numbers: token geometry of many questions, layer by layer -> tidy tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.finetune.span_training import SpanTraining
from insidebert.measure.bootstrap import estimate
from insidebert.measure.representation_similarity import representation_similarity
from insidebert.measure.token_geometry import (
    cluster_purity,
    distances,
    nearest_alike,
    principal_components,
    separation,
    silhouette,
    z_scored,
)
from insidebert.models.loading import Model
from insidebert.papers.qa_layers.contrasts import contrasts
from insidebert.papers.qa_layers.pieces import Pieces, pieces_of, sentence_at, states_of_each
from insidebert.papers.qa_layers.question_sets import name_of, splits_of
from insidebert.papers.qa_layers.readers import fine_tuned
from insidebert.text.span_questions import SpanQuestion
from insidebert.text.span_scores import squad_scores

MEASURES = (
    "question + fact",
    "question + wrong fact",
    "answer",
    "predicted answer",
    "same word",
    "sentences",
    "sentences by chance",
    "two components",
)
"""Silhouettes of the question with the fact, and with the sentence of a wrong answer; distance of the answer, and of a
wrong answer, to the nearest other token, over the mean distance; share of tokens whose nearest is the same word; purity
of clusters by sentence, and of shuffled sentences; share of the variance that two components hold."""

SPACES = {"raw": np.asarray, "z-scored": z_scored}
SIMILARITY = "similarity to pre-trained"


@dataclass(frozen=True)
class Asked:
    """One question to look at.

    Args:
        question: itself.
        pieces: of its window.
        outcome: `right`, `wrong`, `partly right`, or `unread` where nobody was asked.
        chosen: [T] bool: pieces of a wrong answer.
        misled: [T] bool: pieces of the sentence that holds the wrong answer; none if that is a supporting fact.
    """

    question: SpanQuestion
    pieces: Pieces
    outcome: str
    chosen: np.ndarray
    misled: np.ndarray


def phases(
    model: Model,
    datasets: list[str | Path],
    train: int,
    test: int,
    distractors: int,
    plan: dict,
    reader: str | Path = "",
) -> dict[str, pd.DataFrame]:
    """Token geometry of the test questions in a reader, and in the pre-trained model that it was made from.

    A model with random weights is not fine-tuned: its states are measured as they are drawn.

    Args:
        datasets, train, test, distractors: as `splits_of` takes them; a reader each.
        plan: fields of `SpanTraining`.
        reader: a checkpoint to use in place of fine-tuning.

    Returns:
        layers: mean of each measure by layer (0 is the embedding), version, space and outcome, with 95% intervals over
            questions; `number` counts the data sets. contrasts: what claims are about. questions: how many were
            measured, and how many were not.
    """
    tables = {"layers": [], "contrasts": [], "questions": []}
    for number, dataset in enumerate(datasets, 1):
        learned, held = splits_of(dataset, train, test, distractors)
        versions, predictions = {"random weights": model}, None
        if model.source.weights == "trained":
            answering = fine_tuned(model, plan, learned, reader)
            versions, predictions = {"fine-tuned": answering.model, "pre-trained": model}, answering.predict(held)
        asked, left_out = asked_of(model, held, predictions, plan)
        found = Measured.of(versions, asked)
        common = {"dataset": name_of(dataset), "number": number}
        tables["layers"] += [common | row for row in found.rows()]
        tables["contrasts"] += [common | row for row in contrasts(found)]
        counts = pd.Series([one.outcome for one in asked]).value_counts().to_dict() | left_out
        tables["questions"] += [common | {"outcome": what, "questions": n} for what, n in counts.items()]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def asked_of(
    model: Model, questions: list[SpanQuestion], predictions: pd.DataFrame | None, plan: dict
) -> tuple[list[Asked], dict[str, int]]:
    """Questions with what a reader made of them, and how many cannot be looked at, by reason.

    Right is an exact match by SQuAD's rules, wrong an answer that shares no word with the right one.

    Args:
        predictions: of a reader; None if none was asked.
        plan: of the reader, for its windows.

    Raises:
        InputError: no question can be looked at.
    """
    scores = None if predictions is None else squad_scores(predictions, questions).set_index("id")
    best = None if predictions is None else predictions.drop_duplicates("id").set_index("id")
    asked, beyond, windows = [], 0, SpanTraining(**plan)
    for question in questions:
        try:
            pieces = pieces_of(model, question, windows.pieces, windows.stride, windows.asked)
        except InputError:
            beyond += 1
            continue
        nothing, outcome = np.zeros(len(pieces.parts), dtype=bool), "unread"
        chosen, misled = nothing, nothing
        if scores is not None:
            f1, exact = scores.loc[question.id, ["f1", "exact_match"]]
            outcome = "right" if exact else "wrong" if f1 == 0 else "partly right"
        if outcome == "wrong":
            start, stop = best.loc[question.id, ["start", "end"]]
            chosen = pieces.within(start, stop)
            misled = pieces.within(*sentence_at(question.context, start))
            misled = misled if not (pieces.parts[misled] == "supporting fact").any() else nothing
        asked.append(Asked(question, pieces, outcome, chosen, misled))
    if not asked:
        raise InputError(f"none of {len(questions)} questions has its answer in a window; allow longer windows")
    return asked, {"answer in no window": beyond} if beyond else {}


@dataclass(frozen=True)
class Measured:
    """Measures of questions.

    Args:
        values: (version, space, measure) -> [questions, S], NaN where a question does not have it.
        outcomes: [questions].
    """

    values: dict[tuple[str, str, str], np.ndarray]
    outcomes: np.ndarray

    @classmethod
    def of(cls, versions: dict[str, Model], asked: list[Asked]) -> "Measured":
        """Measure all questions; the states of eight of them at a time are in memory, in every version."""
        found: dict[tuple, list[np.ndarray]] = {}
        pieces = [one.pieces for one in asked]
        each = zip(asked, *(states_of_each(own, pieces) for own in versions.values()), strict=True)
        for one, *states in each:
            states = [own[:, one.pieces.real] for own in states]
            for (version, own), (space, scaled) in product(zip(versions, states, strict=True), SPACES.items()):
                for measure, value in _measures(scaled(own), one):
                    found.setdefault((version, space, measure), []).append(value)
            if len(states) > 1:
                for space, scaled in SPACES.items():
                    alike = representation_similarity(*map(scaled, states))
                    found.setdefault(("fine-tuned", space, SIMILARITY), []).append(alike)
        values = {key: np.stack(own) for key, own in found.items()}
        return cls(values, np.array([one.outcome for one in asked]))

    @property
    def layers(self) -> int:
        """Of the model; the embedding is not counted."""
        return next(iter(self.values.values())).shape[1] - 1

    def of_outcome(self, outcome: str) -> np.ndarray:
        """[questions] bool: those that were answered so; `all` of them."""
        return np.full(len(self.outcomes), True) if outcome == "all" else self.outcomes == outcome

    def rows(self) -> Iterator[dict]:
        """Means by layer, with intervals over questions."""
        for (version, space, measure), values in self.values.items():
            for outcome in ("all", "right", "wrong"):
                own = values[self.of_outcome(outcome)]
                own = own[np.isfinite(own).all(1)]
                labels = {"version": version, "space": space, "outcome": outcome, "measure": measure}
                for layer in range(values.shape[1] if len(own) > 1 else 0):
                    row = estimate(own[:, layer], name="value", **labels, layer=layer)
                    yield row | {"questions": len(own)}


def _measures(states: np.ndarray, one: Asked) -> Iterator[tuple[str, np.ndarray]]:
    """Each of MEASURES of one question, [S]; states [S, tokens, width] without special pieces."""
    real = one.pieces.real
    parts, sentences, ids = (own[real] for own in (one.pieces.parts, one.pieces.sentences, one.pieces.encoded.ids[0]))
    apart, asked = distances(states), parts == "question"
    joined = asked | (parts == "supporting fact") | (parts == "answer")
    yield "question + fact", silhouette(apart, joined)
    nothing = np.full(len(states), np.nan)
    yield "question + wrong fact", silhouette(apart, asked | one.misled[real]) if one.misled.any() else nothing
    yield "answer", separation(apart, parts == "answer")
    yield "predicted answer", separation(apart, one.chosen[real])
    yield "same word", nearest_alike(apart, ids)
    inside = sentences > 0
    yield from zip(
        ("sentences", "sentences by chance"), cluster_purity(states[:, inside], sentences[inside]).T, strict=True
    )
    yield "two components", principal_components(states).explained.sum(1)
