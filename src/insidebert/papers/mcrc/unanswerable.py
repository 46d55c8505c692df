"""Section 4: readers fine-tuned on un-answerable questions -> tidy tables (Table 3, Figure 4, planted shares)."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.scorers import fit_passages
from insidebert.measure.bootstrap import estimate
from insidebert.models.loading import Model
from insidebert.papers.mcrc.attacks import SEED, fine_tuned
from insidebert.papers.mcrc.effects import resampled, rightness, rightnesses
from insidebert.papers.mcrc.plans import training_of
from insidebert.papers.mcrc.question_sets import SCRIPTS, concealed, name_of, questions_of, splits_of
from insidebert.text.attacks import CONDITIONS, spoiled
from insidebert.text.questions import Question

RANDOM, LONGEST = "random guess", "longest option"


def unanswerable(
    model: Model, plan: dict, seeds: list[int], checkpoint: str = "", **questions
) -> dict[str, pd.DataFrame]:
    """Fine-tune a reader per condition and seed on spoiled questions; score them all on the untouched test questions.

    The development questions that choose the epoch are spoiled like the training questions. Passages are cut to what
    the reader can take before they are spoiled, so that shuffling brings no word of a cut tail in.

    Args:
        plan: of fine-tuning, as `plans.training_of` reads it; the same for every condition.
        seeds: of the new head, the order and dropout; the spoiling is the same for all.
        checkpoint: folder in which every training is kept; none if empty.
        questions: data set and numbers of questions, as `question_sets.splits_of` takes them.

    Returns:
        conditions: accuracy under each condition and both baselines, and its distance to the original's, paired over
            questions, with intervals over questions and trainings. seeds: each training. contrasts: for claims.
    """
    whole, training = splits_of(**questions), training_of(model, plan)
    train, development, test = (fit_passages(model, split, training.pieces) for split in whole)
    lower, right, trainings = FrozenLayers.of_plan(model, vars(training)), {}, []
    for condition in CONDITIONS:
        splits = [[spoiled(question, condition, SEED) for question in own] for own in (train, development)]
        for seed in seeds:
            reader = fine_tuned(model, *splits, plan, seed, checkpoint, lower, condition)
            right[condition, seed] = rightnesses(test, reader.predict(test))
            accuracy = {"accuracy": right[condition, seed].mean()}
            trainings.append({"condition": condition, "seed": seed, **accuracy, **reader.outcome})
    values = np.array(list(right.values())).reshape(len(CONDITIONS), len(seeds), -1).transpose(2, 1, 0)
    unread = np.array([[1 / len(question.options), _longest(question)] for question in test])
    unread = np.repeat(unread[:, None], len(seeds), axis=1)
    cut = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in ((whole[0], train), (whole[2], test))]
    about = {"questions": len(test), "train": len(train), "cut": cut[1], "train_cut": cut[0]}
    conditions, contrasts = _compared(np.concatenate([unread, values], axis=2), about)
    tables = {"conditions": conditions, "seeds": pd.DataFrame(trainings), "contrasts": contrasts}
    return {name: table.assign(dataset=name_of(questions["dataset"])) for name, table in tables.items()}


def recovered(
    model: Model, shares: list[float], options: int, plan: dict, seeds: list[int], **sizes: int
) -> dict[str, pd.DataFrame]:
    """P-Remove on `scripts` with more and more questions that need no passage: what comes out against what went in.

    Args:
        shares: planted, 0 to 1; no other artifact is.
        options: of every question.
        plan: of fine-tuning, as `plans.training_of` reads it.
        seeds: of the trainings.
        sizes: numbers of questions: train, development and test.

    Returns:
        curve: per share, accuracy without the passage, averaged over seeds, with its 95% interval over questions,
            and what a reader that takes every planted hint, and guesses otherwise, would score.
    """
    rows, lower = [], FrozenLayers.of_plan(model, vars(training_of(model, plan)))
    for share in shares:
        planted = {"options": options, "keywords": 0.0, "without_passage": share, "longest": 0.0}
        splits = splits_of(SCRIPTS, planted=planted, **sizes)
        train, development, test = ([spoiled(question, "P-Remove", SEED) for question in own] for own in splits)
        readers = [fine_tuned(model, train, development, plan, seed, lower=lower) for seed in seeds]
        right = np.stack([rightnesses(test, reader.predict(test)) for reader in readers], axis=1)
        row = estimate(right.mean(1), name="accuracy", drawn=resampled(right), share=share)
        rows.append(row | {"expected": share + (1 - share) / options, "questions": len(right), "trainings": len(seeds)})
    return {"curve": pd.DataFrame(rows)}


def example(dataset: Path | str, train: int, planted: dict, texts: bool = True) -> dict[str, pd.DataFrame]:
    """Figure 4: a training question before and after P-Shuffle.

    Of the questions whose wrong options have most of their words in the passage, so that only reading tells them
    apart, the one with the shortest passage.
    """
    known = questions_of(dataset, "train", train, planted)
    question = min(known, key=lambda q: (-_least_told(q), len(q.passage)))
    after = spoiled(question, "P-Shuffle", SEED)
    common = {"dataset": name_of(dataset), "passage": question.passage, "shuffled": after.passage}
    common |= {"question": question.question, "answer": question.answer}
    table = pd.DataFrame([common | {"option": i, "text": o} for i, o in enumerate(question.options)])
    return {"question": table if texts else concealed(table)}


def _least_told(question: Question) -> float:
    """Share of its words that stand in the passage, for the wrong option with the smallest."""
    told = set(re.findall(r"\w+", question.passage.lower()))
    wrong = [re.findall(r"\w+", o.lower()) for i, o in enumerate(question.options) if i != question.answer]
    return min(sum(word in told for word in words) / max(1, len(words)) for words in wrong)


def _longest(question: Question) -> float:
    """Rightness of choosing the option with the most words; options of one length share it."""
    return rightness(np.array([len(option.split()) for option in question.options], dtype=float), question.answer)


def _compared(values: np.ndarray, about: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table 3, and what claims need.

    Args:
        values: [questions, trainings, both baselines and the conditions] rightness.
        about: columns that every row of Table 3 has.
    """
    place = {name: i for i, name in enumerate((RANDOM, LONGEST, *CONDITIONS))}
    drawn, mean, rows = resampled(values), values.mean(1), []
    for name, i in place.items():
        row = estimate(mean, lambda m, i=i: m[:, i], "accuracy", drawn, condition=name)
        other = estimate(mean, _minus(i, place["original"]), "difference", drawn)
        row |= {"difference": other["difference"], "difference_low": other["low"], "difference_high": other["high"]}
        rows.append(row | about | {"trainings": values.shape[1] if name in CONDITIONS else 0})
    planned = _contrasts(place).items()
    contrasts = [estimate(mean, statistic, drawn=drawn, contrast=name) for name, statistic in planned]
    return pd.DataFrame(rows), pd.DataFrame(contrasts)


def _contrasts(place: dict[str, int]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What claims are about, by name: functions of mean rightness [n, names] -> [n]; place: name -> its column."""
    spoilt = [place[name] for name in CONDITIONS[1:]]
    parts = {
        f"{part} shuffled minus removed": _minus(place[f"{part}-Shuffle"], place[f"{part}-Remove"])
        for part in ("P", "Q", "PQ")
    }
    planned = {
        f"un-answerable training minus {floor}": lambda m, f=place[floor]: m[:, spoilt].mean(1) - m[:, f]
        for floor in (RANDOM, LONGEST)
    }
    pairs = [*product(CONDITIONS[1:], (RANDOM, LONGEST)), ("P-Shuffle", "original")]
    planned |= {f"{a} minus {b}": _minus(place[a], place[b]) for a, b in pairs} | parts
    planned["shuffled minus removed"] = lambda m: np.mean([statistic(m) for statistic in parts.values()], axis=0)

    def kept(m: np.ndarray) -> np.ndarray:
        gain = _minus(place["original"], place[RANDOM])(m)  # who gains nothing has nothing to keep
        return _minus(place["PQ-Shuffle"], place[RANDOM])(m) / np.where(gain > 0, gain, np.nan)

    return planned | {"share of the gain that PQ-Shuffle keeps": kept}


def _minus(a: int, b: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda m: m[:, a] - m[:, b]
