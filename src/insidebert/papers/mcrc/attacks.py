"""Section 3: un-readable data attacks on fine-tuned readers -> tidy tables (Tables 1-2, Figures 1, 3 and 5-9)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader, Training
from insidebert.finetune.scorers import fit, fit_passages
from insidebert.models.loading import Model
from insidebert.papers.mcrc import effects, quotations
from insidebert.papers.mcrc.question_sets import concealed, name_of, splits_of
from insidebert.text.attacks import ATTACKS, Attacked, added_to_passage, attack
from insidebert.text.questions import Question

SEED = 0
"""Of the attacks and of the spoiling; trainings have seeds of their own."""


def attacks(
    model: Model,
    dataset: Path | str,
    train: int,
    development: int,
    test: int,
    planted: dict,
    plan: dict,
    seeds: list[int],
    texts: bool = True,
    checkpoint: str = "",
) -> dict[str, pd.DataFrame]:
    """Fine-tune a reader per seed, then score the test questions under every attack.

    Args:
        dataset, planted: as in `question_sets.questions_of`.
        train, development, test: so many questions.
        plan: fields of `reader.Training`.
        seeds: of the new head, the order and dropout; what is right is averaged over them.
        texts: False for data that may not be copied; where a table quotes a question, x stands for every letter.
        checkpoint: folder in which the trainings are kept; none if empty.

    Returns:
        accuracy: accuracy under each attack and its change, with 95% intervals over questions and trainings.
        questions: every question under every attack, without its text. bins, correlations: Figures 5 to 8.
        case: the distractor of Figure 9, word by word. examples: the texts of Figures 1 and 3. contrasts: for claims.
        training: each training.
    """
    whole = splits_of(dataset, train, development, test, planted)
    pieces = Training(**plan).pieces
    own, attacked, versions = presented(model, whole[2], pieces)
    lower = FrozenLayers(model, plan["frozen"]) if plan.get("frozen") else None
    readers = [fine_tuned(model, *whole[:2], plan, seed, checkpoint, lower) for seed in seeds]
    scored = [reader.predict_all(versions) for reader in readers]
    right = np.array([[effects.rightnesses(own, found[name]) for name in versions] for found in scored])  # [S, V, Q]
    facts = {name: _facts(name, whole[2], own, versions[name], attacked[name]) for name in versions}
    for i, (name, table) in enumerate(facts.items()):
        answer = [[p[q.answer] for q, p in zip(own, found[name], strict=True)] for found in scored]
        facts[name] = table.assign(right=right[:, i].mean(0), p_answer=np.mean(answer, axis=0))
    reached = {name: int(fit(model, versions[name], pieces).sum()) for name in versions}
    questions = pd.concat(facts.values(), ignore_index=True)
    values = right.transpose(2, 0, 1)  # [questions, seeds, versions]
    accuracy, contrasts = effects.accuracies(values, questions, reached)
    bins, correlations = effects.against(values, questions)
    quoting = {
        "case": quotations.case(readers[0], own, scored[0], attacked),
        "examples": quotations.examples(own, versions, scored[0]),
    }
    tables = {"accuracy": accuracy, "questions": questions, "bins": bins, "correlations": correlations}
    tables |= {"contrasts": contrasts, "training": _trainings(readers, seeds, *whole)}
    tables |= {name: table if texts else concealed(table) for name, table in quoting.items()}
    return {name: table.assign(dataset=name_of(dataset)) for name, table in tables.items()}


def fine_tuned(
    model: Model,
    train: list[Question],
    development: list[Question],
    plan: dict,
    seed: int = 0,
    checkpoint: str | Path = "",
    lower: FrozenLayers | None = None,
) -> Reader:
    """A reader on untouched questions, kept where `attacks` looks for it.

    Args:
        plan: fields of `reader.Training`.
        checkpoint: folder; none if empty.
        lower: the frozen layers, if another reader has them already.
    """
    folder = Path(checkpoint) / f"original-{seed}" if checkpoint else None
    return Reader(model, Training(**plan, seed=seed), lower).fit(train, development, folder)


def presented(
    model: Model, questions: list[Question], pieces: int
) -> tuple[list[Question], dict[str, list[Attacked]], dict[str, list[Question]]]:
    """Questions as the reader sees them, untouched and under every attack; what an attack adds is always seen.

    Every passage is first cut so that the longest attack on it has room. Untouched and with a sentence appended, a
    question thus shows the same story; where new options are longer still, their story is cut once more.

    Returns:
        the untouched questions, the attacks, and version -> questions.
    """
    own = fit_passages(model, questions, pieces, [f" {added_to_passage(question)}" for question in questions])
    attacked = {"original": [Attacked(question, None, 0) for question in own]}
    attacked |= {name: [attack(question, name, SEED) for question in own] for name in ATTACKS}
    versions = {}
    for name, made in attacked.items():
        bare = [replace(part.question, passage=question.passage) for question, part in zip(own, made, strict=True)]
        cut = fit_passages(model, bare, pieces, [part.added for part in made])
        versions[name] = [
            replace(question, passage=question.passage + part.added) for question, part in zip(cut, made, strict=True)
        ]
    return own, attacked, versions


def _facts(
    name: str, whole: list[Question], own: list[Question], changed: list[Question], attacked: list[Attacked]
) -> pd.DataFrame:
    """What is known of every question under an attack before a reader sees it."""
    rows = []
    for uncut, before, after, made in zip(whole, own, changed, attacked, strict=True):
        lengths = [
            sum(len(option.split()) for i, option in enumerate(question.options) if i != question.answer)
            for question in (before, after)
        ]
        story = after.passage.removesuffix(made.added)
        rows.append(
            {"id": before.id, "attack": name, "length_change": lengths[1] / lengths[0] - 1}
            | {"answer_words": len(before.options[before.answer].split()), "options": len(before.options)}
            | {"degree": np.nan if made.degree is None else made.degree, "short": made.short}
            | {"cut": int(len(story) < len(uncut.passage))}
        )
    return pd.DataFrame(rows)


def _trainings(readers: list[Reader], seeds: list[int], *splits: list[Question]) -> pd.DataFrame:
    sizes = dict(zip(("train", "development", "test"), map(len, splits), strict=True))
    return pd.DataFrame(
        {"seed": seed, **sizes, "development_accuracy": reader.development, "precision": reader.training.computed_in}
        for seed, reader in zip(seeds, readers, strict=True)
    )
