"""Section 4: readers fine-tuned on un-answerable questions -> tidy tables (Table 3, Figure 4, planted shares)."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader, Training
from insidebert.measure.bootstrap import interval, replicates
from insidebert.models.loading import Model
from insidebert.papers.mcrc.attacks import SEED, rightness
from insidebert.papers.mcrc.question_sets import SCRIPTS, concealed, name_of, questions_of, splits_of
from insidebert.text.attacks import CONDITIONS, spoiled
from insidebert.text.questions import Question

SHUFFLED_AND_REMOVED = [(f"{part}-Shuffle", f"{part}-Remove") for part in ("P", "Q", "PQ")]
RANDOM, LONGEST = "random guess", "longest option"


def unanswerable(
    model: Model,
    dataset: Path | str,
    train: int,
    development: int,
    test: int,
    planted: dict,
    plan: dict,
    seeds: list[int],
    checkpoint: str = "",
) -> dict[str, pd.DataFrame]:
    """Fine-tune a reader per condition and seed on spoiled questions; score them all on the untouched test questions.

    The development questions that choose the epoch are spoiled like the training questions.

    Args:
        dataset, planted: as in `question_sets.questions_of`.
        train, development, test: so many questions.
        plan: fields of `reading.Training`, the same for every condition.
        seeds: of the new head, the order and dropout; the spoiling is the same for all.
        checkpoint: folder in which every training is kept; none if empty.

    Returns:
        conditions: accuracy under each condition and both baselines, and its distance to the original's, paired over
            questions. seeds: each training. contrasts: for claims.
    """
    train_set, development_set, own = splits_of(dataset, train, development, test, planted)
    right = {RANDOM: np.array([1 / len(q.options) for q in own]), LONGEST: np.array([_longest(q) for q in own])}
    trainings, lower = [], _frozen(model, plan)
    for condition in CONDITIONS:
        sets = [[spoiled(q, condition, SEED) for q in questions] for questions in (train_set, development_set)]
        scores = []
        for seed in seeds:
            folder = Path(checkpoint) / f"{condition}-{seed}" if checkpoint else None
            reader = Reader(model, Training(**plan, seed=seed), lower).fit(*sets, folder)
            scores.append(_rightness(own, reader.predict(own)))
            trainings.append(
                {"condition": condition, "seed": seed, "accuracy": scores[-1].mean()}
                | {"development_accuracy": reader.development, "precision": reader.training.computed_in}
            )
        right[condition] = np.mean(scores, axis=0)
    columns = np.stack(list(right.values()), axis=1)
    names = list(right)
    rows, drawn = [], replicates(columns)
    original = names.index("original")
    for i, name in enumerate(names):
        low, high = interval(drawn[:, i])
        below, above = interval(drawn[:, i] - drawn[:, original])
        rows.append(
            {"condition": name, "accuracy": columns[:, i].mean(), "low": low, "high": high}
            | {"difference": columns[:, i].mean() - columns[:, original].mean()}
            | {"difference_low": below, "difference_high": above}
            | {"questions": len(own), "train": len(train_set), "trainings": len(seeds) if name in CONDITIONS else 0}
        )
    return {
        "conditions": pd.DataFrame(rows).assign(dataset=name_of(dataset)),
        "seeds": pd.DataFrame(trainings).assign(dataset=name_of(dataset)),
        "contrasts": _contrasts(names, columns, drawn),
    }


def recovered(
    model: Model,
    shares: list[float],
    options: int,
    train: int,
    development: int,
    test: int,
    plan: dict,
    seeds: list[int],
) -> dict[str, pd.DataFrame]:
    """P-Remove on `scripts` with more and more questions that need no passage: what comes out against what went in.

    Args:
        shares: planted, 0 to 1; no other artifact is.
        options: of every question.

    Returns:
        curve: per share, accuracy without the passage, averaged over seeds, with its 95% interval over questions,
            and what a reader that takes every planted hint, and guesses otherwise, would score.
    """
    rows, lower = [], _frozen(model, plan)
    for share in shares:
        planted = {"options": options, "keywords": 0.0, "without_passage": share, "longest": 0.0}
        splits = splits_of(SCRIPTS, train, development, test, planted)
        sets = [[spoiled(question, "P-Remove", SEED) for question in split] for split in splits]
        readers = [Reader(model, Training(**plan, seed=seed), lower).fit(sets[0], sets[1]) for seed in seeds]
        right = np.mean([_rightness(sets[2], reader.predict(sets[2])) for reader in readers], axis=0)
        low, high = interval(replicates(right[:, None])[:, 0])
        rows.append(
            {"share": share, "accuracy": right.mean(), "low": low, "high": high, "questions": len(right)}
            | {"expected": share + (1 - share) / options, "trainings": len(seeds)}
        )
    return {"curve": pd.DataFrame(rows)}


def example(dataset: Path | str, train: int, planted: dict, texts: bool = True) -> dict[str, pd.DataFrame]:
    """Figure 4: of the training questions, the one with the shortest passage, before and after P-Shuffle."""
    question = min(questions_of(dataset, "train", train, planted), key=lambda q: len(q.passage))
    after = spoiled(question, "P-Shuffle", SEED)
    common = {"dataset": name_of(dataset), "passage": question.passage, "shuffled": after.passage}
    common |= {"question": question.question, "answer": question.answer}
    table = pd.DataFrame([common | {"option": i, "text": o} for i, o in enumerate(question.options)])
    return {"question": table if texts else concealed(table)}


def _frozen(model: Model, plan: dict) -> FrozenLayers | None:
    """Lower layers for all readers of a plan."""
    return FrozenLayers(model, plan["frozen"]) if plan.get("frozen") else None


def _rightness(questions: list[Question], predicted: list[np.ndarray]) -> np.ndarray:
    return np.array([rightness(found, q.answer) for q, found in zip(questions, predicted, strict=True)])


def _longest(question: Question) -> float:
    """Rightness of choosing the option with the most words; options of one length share it."""
    return rightness(np.array([len(option.split()) for option in question.options], dtype=float), question.answer)


def _contrasts(names: list[str], columns: np.ndarray, drawn: np.ndarray) -> pd.DataFrame:
    spoilt = [names.index(condition) for condition in CONDITIONS[1:]]
    pairs = [(names.index(a), names.index(b)) for a, b in SHUFFLED_AND_REMOVED]
    place = {name: i for i, name in enumerate(names)}

    def planned(mean: np.ndarray) -> dict[str, np.ndarray]:
        average = mean[..., spoilt].mean(-1)
        gain = mean[..., place["original"]] - mean[..., place[RANDOM]]
        gain = np.where(gain > 0, gain, np.nan)  # who gains nothing has nothing to keep
        kept = (mean[..., place["PQ-Shuffle"]] - mean[..., place[RANDOM]]) / gain
        return {
            "un-answerable training minus random guess": average - mean[..., place[RANDOM]],
            "un-answerable training minus longest option": average - mean[..., place[LONGEST]],
            "shuffled minus removed": np.mean([mean[..., a] - mean[..., b] for a, b in pairs], axis=0),
            "share of the gain that PQ-Shuffle keeps": kept,
        }

    resampled = planned(drawn)
    rows = []
    for name, estimate in planned(columns.mean(0)).items():
        known = resampled[name][np.isfinite(resampled[name])]
        low, high = interval(known) if len(known) else (np.nan, np.nan)
        rows.append({"contrast": name, "estimate": float(estimate), "low": low, "high": high})
    return pd.DataFrame(rows)
