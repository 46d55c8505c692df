"""Section 3: un-readable data attacks on fine-tuned readers -> tidy tables (Tables 1-2, Figures 1, 3 and 5-9)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader
from insidebert.finetune.scorers import fit, fit_passages
from insidebert.models.loading import Model
from insidebert.papers.mcrc import effects, quotations
from insidebert.papers.mcrc.plans import training_of
from insidebert.papers.mcrc.question_sets import concealed, name_of, splits_of
from insidebert.text.attacks import ATTACKS, Attacked, added_to_passage, attack
from insidebert.text.questions import Question

SEED = 0
"""Of the attacks and of the spoiling; trainings have seeds of their own."""


def attacks(
    model: Model, plan: dict, seeds: list[int], texts: bool = True, checkpoint: str = "", **questions
) -> dict[str, pd.DataFrame]:
    """Fine-tune a reader per seed, then score the test questions under every attack.

    Args:
        plan: of fine-tuning, as `plans.training_of` reads it.
        seeds: of the new head, the order and dropout; what is right is averaged over them.
        texts: False for data that may not be copied; where a table quotes a question, x stands for every letter.
        checkpoint: folder in which the trainings are kept; none if empty.
        questions: data set and numbers of questions, as `question_sets.splits_of` takes them.

    Returns:
        accuracy: accuracy under each attack and its change, with 95% intervals over questions and trainings.
        questions: every question under every attack, without its text. bins, correlations: Figures 5 to 8.
        case: the distractor of Figure 9, word by word. examples: the texts of Figures 1 and 3. contrasts: for claims.
        training: each training.
    """
    train, development, test = splits_of(**questions)
    training = training_of(model, plan)
    versions = presented(model, test, training.pieces)
    lower = FrozenLayers.of_plan(model, vars(training))
    readers = [fine_tuned(model, train, development, plan, seed, checkpoint, lower) for seed in seeds]
    asked = {name: [made.question for made in own] for name, own in versions.items()}
    scored = [reader.predict_all(asked) for reader in readers]
    values = np.stack([[effects.rightnesses(asked["original"], found[name]) for name in asked] for found in scored])
    values = values.transpose(2, 0, 1)  # [questions, trainings, versions]
    facts = _facts(model, test, versions, training.pieces)
    facts["right"] = values.mean(1).T.ravel()
    facts["p_answer"] = np.mean([_of_answers(asked, found) for found in scored], axis=0)
    accuracy, contrasts = effects.accuracies(values, facts)
    bins, correlations = effects.against(values, facts)
    tables = {"accuracy": accuracy, "questions": facts, "bins": bins, "correlations": correlations}
    tables |= {"contrasts": contrasts, "training": _trainings(readers, train, development, test)}
    quoting = {"case": quotations.case(readers[0], versions, scored[0])}
    quoting["examples"] = quotations.examples(versions, scored[0])
    tables |= {name: table if texts else concealed(table) for name, table in quoting.items()}
    return {name: table.assign(dataset=name_of(questions["dataset"])) for name, table in tables.items()}


def fine_tuned(
    model: Model,
    train: list[Question],
    development: list[Question],
    plan: dict,
    seed: int = 0,
    checkpoint: str | Path = "",
    lower: FrozenLayers | None = None,
    condition: str = "original",
) -> Reader:
    """A reader, kept where `attacks` and `unanswerable` look for it.

    Args:
        plan: as for `attacks`.
        checkpoint: folder; none if empty.
        lower: the frozen layers, if another reader has them already.
        condition: of the training questions.
    """
    folder = Path(checkpoint) / f"{condition}-{seed}" if checkpoint else None
    return Reader(model, training_of(model, plan, seed), lower).fit(train, development, folder)


def presented(model: Model, questions: list[Question], pieces: int) -> dict[str, list[Attacked]]:
    """Questions as the reader sees them, untouched and under every attack; what an attack adds is always seen.

    Every passage is first cut so that the longest attack on it has room. Untouched and with a sentence appended, a
    question thus shows the same story; where new options are longer still, their story is cut once more.

    Returns:
        `original` or attack -> questions.
    """
    own = fit_passages(model, questions, pieces, [f" {added_to_passage(question)}" for question in questions])
    found = {"original": [Attacked(question, None, 0) for question in own]}
    for name in ATTACKS:
        made = [attack(question, name, SEED) for question in own]
        bare = [replace(part.question, passage=question.passage) for question, part in zip(own, made, strict=True)]
        cut = fit_passages(model, bare, pieces, [part.added for part in made])
        found[name] = [
            replace(part, question=replace(question, passage=question.passage + part.added))
            for question, part in zip(cut, made, strict=True)
        ]
    return found


def _facts(model: Model, whole: list[Question], versions: dict[str, list[Attacked]], pieces: int) -> pd.DataFrame:
    """What is known of every question under every attack before a reader sees it; `reached`: it fits with all of it."""
    rows = []
    for name, own in versions.items():
        fits = fit(model, [made.question for made in own], pieces)
        for uncut, before, made, reached in zip(whole, versions["original"], own, fits, strict=True):
            after, answer = made.question, uncut.options[uncut.answer]
            lengths = [_distractor_words(question) for question in (before.question, after)]
            rows.append(
                {"id": uncut.id, "attack": name, "length_change": lengths[1] / lengths[0] - 1}
                | {"answer_words": len(answer.split()), "options": len(uncut.options)}
                | {"degree": np.nan if made.degree is None else made.degree, "short": made.short}
                | {"cut": int(len(after.passage.removesuffix(made.added)) < len(uncut.passage))}
                | {"reached": int(reached)}
            )
    return pd.DataFrame(rows)


def _distractor_words(question: Question) -> int:
    return sum(len(option.split()) for i, option in enumerate(question.options) if i != question.answer)


def _of_answers(asked: dict[str, list[Question]], found: dict[str, list[np.ndarray]]) -> list[float]:
    """Probability of the answer of every question, a version after the other."""
    return [p[q.answer] for name, own in asked.items() for q, p in zip(own, found[name], strict=True)]


def _trainings(readers: list[Reader], *splits: list[Question]) -> pd.DataFrame:
    sizes = dict(zip(("train", "development", "test"), map(len, splits), strict=True))
    return pd.DataFrame({"seed": reader.training.seed, **sizes, **reader.outcome} for reader in readers)
