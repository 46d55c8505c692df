"""Single questions as pictures: every piece's place in two dimensions, layer by layer; and what the readers score."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate
from insidebert.measure.token_geometry import principal_components, z_scored
from insidebert.models.loading import Model
from insidebert.papers.qa_layers.phases import Asked, asked_of
from insidebert.papers.qa_layers.pieces import facts_of, states_of_each
from insidebert.papers.qa_layers.question_sets import name_of, splits_of
from insidebert.papers.qa_layers.readers import fine_tuned
from insidebert.text.span_questions import SpanQuestion
from insidebert.text.span_scores import squad_scores

VIEWS = ("each layer", "all layers", "z-scored")
"""Planes: the components of each layer; those of all layers at once; those of each layer, z-scored."""

RIGHT, WRONG, YOURS, NONE_RIGHT = "right", "wrong", "your question", "none right"


@dataclass(frozen=True)
class Sample:
    """A question to draw.

    Args:
        name: WRONG, YOURS, or RIGHT or NONE_RIGHT with the data set behind it.
        dataset: whose reader it is.
        model: the reader's.
        asked: the question with its pieces.
        answer: what the reader says.
    """

    name: str
    dataset: str
    model: Model
    asked: Asked
    answer: str


def samples(
    model: Model,
    datasets: list[str | Path],
    train: int,
    test: int,
    distractors: int,
    plan: dict,
    reader: str | Path = "",
    yours: dict | None = None,
    texts: bool = True,
) -> dict[str, pd.DataFrame]:
    """A right answer of every data set, a wrong one, and your own question, as the readers see them.

    Not picked by hand: of the right (and of the wrong) ones, it is the question with the fewest pieces.

    Args:
        datasets, train, test, distractors: as `splits_of` takes them; a reader each.
        plan: fields of `SpanTraining`.
        reader: a checkpoint to use in place of fine-tuning.
        yours: question and context of your own, for the first data set's reader; its answer is what the reader says.
        texts: False for data that may not be copied; x stands for every letter of questions and pieces.

    Returns:
        scores: exact match and F1 of every reader, with 95% intervals over questions. questions: each sample.
            points: its pieces by layer (0 is the embedding) and view. variance: what both components hold.
    """
    scores, chosen, wrong = [], [], []
    for dataset in datasets:
        learned, held = splits_of(dataset, train, test, distractors)
        answering, name = fine_tuned(model, plan, learned, reader), name_of(dataset)
        predictions = answering.predict(held)
        scores += _scores(name, squad_scores(predictions, held), 0 if reader else len(learned))
        said = predictions.drop_duplicates("id").set_index("id")["text"]
        asked, _ = asked_of(model, held, predictions, plan)

        def sample(kind: str, among: list[Asked], name=name, said=said, own=answering.model) -> list[Sample]:
            found = sorted(among, key=lambda one: len(one.pieces.texts))[:1]
            return [Sample(kind, name, own, one, said[one.question.id]) for one in found]

        right = [one for one in asked if one.outcome == "right"]
        chosen += sample(f"{RIGHT if right else NONE_RIGHT}, {name}", right or asked)
        wrong += sample(WRONG, [one for one in asked if one.misled.any()])
        wrong += sample(WRONG, [one for one in asked if one.outcome == "wrong"])
        if yours and dataset == datasets[0]:
            question = own_question(answering, **yours)
            asked, _ = asked_of(model, [question], None, plan)
            chosen.append(Sample(YOURS, name, answering.model, asked[0], question.answers[0][0]))
    chosen += wrong[:1]
    parts = [_drawn(sample) for sample in chosen]
    names = ("questions", "points", "variance")
    drawn = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in names}
    if not texts:
        drawn = {name: _concealed(table) for name, table in drawn.items()}
    return {"scores": pd.DataFrame(scores), **drawn}


def own_question(reader, question: str, context: str) -> SpanQuestion:
    """A question whose answer is what a reader says.

    Raises:
        InputError: an empty question or context.
    """
    if not question.strip() or not context.strip():
        raise InputError("a question of your own needs a question and a context, and one of them is empty")
    asked = SpanQuestion(
        "yours", question, context, ((context.split()[0], len(context) - len(context.lstrip())),), (), None, "yours"
    )
    best = reader.predict([asked]).iloc[0]
    return SpanQuestion("yours", question, context, ((best["text"], int(best["start"])),))


def _scores(dataset: str, each: pd.DataFrame, learned: int) -> list[dict]:
    about = {"questions": len(each), "train": learned}
    return [
        estimate(each[column].to_numpy(float), name="score", dataset=dataset, measure=measure) | about
        for measure, column in (("exact match", "exact_match"), ("F1", "f1"))
    ]


def _concealed(table: pd.DataFrame) -> pd.DataFrame:
    quoted = [name for name in ("question", "context", "answer", "said", "facts", "piece") if name in table]
    return table.assign(**{name: table[name].str.replace(r"\w", "x", regex=True) for name in quoted})


def _drawn(sample: Sample) -> dict[str, pd.DataFrame]:
    """A sample's share of the tables."""
    asked, common = sample.asked, {"sample": sample.name, "dataset": sample.dataset}
    question, pieces = asked.question, asked.pieces
    facts = " / ".join(question.context[start:stop] for start, stop in facts_of(question))
    about = {"question": question.question, "context": question.context, "answer": question.answers[0][0]}
    about |= {"said": sample.answer, "facts": facts, "outcome": asked.outcome}
    (states,) = states_of_each(sample.model, [pieces])
    planes = {
        "each layer": principal_components(states),
        "all layers": principal_components(states, together=True),
        "z-scored": principal_components(z_scored(states)),
    }
    shown, layers = np.flatnonzero(pieces.real), np.arange(len(states))
    part = np.where(asked.misled & (pieces.parts == "rest"), "wrong fact", pieces.parts)
    part = np.where(asked.chosen, "wrong answer", part)
    points = [
        pd.DataFrame(
            {
                **common,
                "view": view,
                "layer": np.repeat(layers, len(shown)),
                "place": np.tile(shown, len(layers)),
                "piece": np.tile(np.array(pieces.texts, dtype=object)[shown], len(layers)),
                "part": np.tile(part[shown], len(layers)),
                "sentence": np.tile(pieces.sentences[shown], len(layers)),
                "x": plane.points[:, shown, 0].ravel(),
                "y": plane.points[:, shown, 1].ravel(),
            }
        )
        for view, plane in planes.items()
    ]
    variance = [
        common | {"view": view, "layer": layer, "first": first, "second": second}
        for view, plane in planes.items()
        for layer, (first, second) in enumerate(plane.explained)
    ]
    tables = {"questions": pd.DataFrame([common | about]), "points": pd.concat(points, ignore_index=True)}
    return tables | {"variance": pd.DataFrame(variance)}
