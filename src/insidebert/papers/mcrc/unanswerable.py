"""Section 4: readers fine-tuned on un-answerable questions -> tidy tables (Table 3, Figure 4, planted shares)."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader, Training
from insidebert.finetune.scorers import fit_passages
from insidebert.measure.bootstrap import estimate
from insidebert.models.loading import Model
from insidebert.papers.mcrc.attacks import SEED
from insidebert.papers.mcrc.effects import resampled, rightness, rightnesses
from insidebert.papers.mcrc.question_sets import SCRIPTS, concealed, name_of, questions_of, splits_of
from insidebert.text.attacks import CONDITIONS, spoiled
from insidebert.text.questions import Question

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

    The development questions that choose the epoch are spoiled like the training questions. Passages are cut to what
    the reader can take before they are spoiled, so that shuffling brings no word of a cut tail in.

    Args:
        dataset, planted: as in `question_sets.questions_of`.
        train, development, test: so many questions.
        plan: fields of `reader.Training`, the same for every condition.
        seeds: of the new head, the order and dropout; the spoiling is the same for all.
        checkpoint: folder in which every training is kept; none if empty.

    Returns:
        conditions: accuracy under each condition and both baselines, and its distance to the original's, paired over
            questions, with intervals over questions and trainings. seeds: each training. contrasts: for claims.
    """
    whole = splits_of(dataset, train, development, test, planted)
    cut = [fit_passages(model, questions, Training(**plan).pieces) for questions in whole]
    own, lower = cut[2], _frozen(model, plan)
    chance, longest = np.array([[1 / len(q.options), _longest(q)] for q in own]).T
    right = {name: np.tile(scores, (len(seeds), 1)) for name, scores in ((RANDOM, chance), (LONGEST, longest))}
    trainings = []
    for condition in CONDITIONS:
        spoilt = [[spoiled(question, condition, SEED) for question in questions] for questions in cut[:2]]
        right[condition] = np.empty((len(seeds), len(own)))
        for i, seed in enumerate(seeds):
            folder = Path(checkpoint) / f"{condition}-{seed}" if checkpoint else None
            reader = Reader(model, Training(**plan, seed=seed), lower).fit(*spoilt, folder)
            right[condition][i] = rightnesses(own, reader.predict(own))
            trainings.append(
                {"condition": condition, "seed": seed, "accuracy": right[condition][i].mean()}
                | {"development_accuracy": reader.development, "precision": reader.training.computed_in}
            )
    shortened = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in zip(whole, cut, strict=True)]
    about = {"questions": len(own), "train": len(cut[0]), "cut": shortened[2], "train_cut": shortened[0]}
    values = np.stack(list(right.values()), axis=-1).transpose(1, 0, 2)  # [questions, seeds, rows]
    conditions, contrasts = _compared(list(right), values, about)
    tables = {"conditions": conditions, "seeds": pd.DataFrame(trainings), "contrasts": contrasts}
    return {name: table.assign(dataset=name_of(dataset)) for name, table in tables.items()}


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
        right = np.stack([rightnesses(sets[2], reader.predict(sets[2])) for reader in readers], axis=1)
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


def _frozen(model: Model, plan: dict) -> FrozenLayers | None:
    """Lower layers for all readers of a plan."""
    return FrozenLayers(model, plan["frozen"]) if plan.get("frozen") else None


def _longest(question: Question) -> float:
    """Rightness of choosing the option with the most words; options of one length share it."""
    return rightness(np.array([len(option.split()) for option in question.options], dtype=float), question.answer)


def _compared(names: list[str], values: np.ndarray, about: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table 3, and what claims need.

    Args:
        values: [questions, trainings, names] rightness.
        about: columns that every row of Table 3 has.
    """
    place, drawn, mean = {name: i for i, name in enumerate(names)}, resampled(values), values.mean(1)
    original, rows = place["original"], []
    for name, i in place.items():
        row = estimate(mean, lambda m, i=i: m[:, i], "accuracy", drawn, condition=name)
        other = estimate(mean, lambda m, i=i: m[:, i] - m[:, original], "difference", drawn)
        row |= {"difference": other["difference"], "difference_low": other["low"], "difference_high": other["high"]}
        rows.append(row | about | {"trainings": values.shape[1] if name in CONDITIONS else 0})

    def minus(a: str, b: str) -> Callable[[np.ndarray], np.ndarray]:
        return lambda m: m[:, place[a]] - m[:, place[b]]

    def kept(m: np.ndarray) -> np.ndarray:
        gain = minus("original", RANDOM)(m)  # who gains nothing has nothing to keep
        return minus("PQ-Shuffle", RANDOM)(m) / np.where(gain > 0, gain, np.nan)

    spoilt = [place[name] for name in CONDITIONS[1:]]
    parts = {f"{part} shuffled minus removed": minus(f"{part}-Shuffle", f"{part}-Remove") for part in ("P", "Q", "PQ")}
    planned = {
        f"un-answerable training minus {floor}": lambda m, f=place[floor]: m[:, spoilt].mean(1) - m[:, f]
        for floor in (RANDOM, LONGEST)
    }
    planned |= {f"{name} minus {floor}": minus(name, floor) for floor in (RANDOM, LONGEST) for name in CONDITIONS[1:]}
    planned |= {"P-Shuffle minus original": minus("P-Shuffle", "original"), **parts}
    planned["shuffled minus removed"] = lambda m: np.mean([statistic(m) for statistic in parts.values()], axis=0)
    planned["share of the gain that PQ-Shuffle keeps"] = kept
    contrasts = [estimate(mean, statistic, drawn=drawn, contrast=name) for name, statistic in planned.items()]
    return pd.DataFrame(rows), pd.DataFrame(contrasts)
