"""What attacks do to accuracy, and what goes with it, with intervals over questions and trainings alike."""

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate, seed_replicates
from insidebert.papers.mcrc.quotations import CASE
from insidebert.text.attacks import ATTACKS
from insidebert.text.questions import Question

BINS = 6
FEATURES = ("length_change", "answer_words", "degree")
"""Of Figures 5, 7 and 8."""

PAIRS = {"a sentence": "AddSent2Opt", "the answer": "AddAns2Opt"}
"""Attacks that exist with and without shuffling, by what is added."""


def rightness(probabilities: np.ndarray, answer: int) -> float:
    """1 if the answer alone is most probable; shared if another option reads the same and is equally probable."""
    best = np.isclose(probabilities, probabilities.max(), atol=1e-9)
    return float(best[answer]) / best.sum()


def rightnesses(questions: list[Question], predicted: list[np.ndarray]) -> np.ndarray:
    """[questions] rightness of each."""
    return np.array([rightness(found, q.answer) for q, found in zip(questions, predicted, strict=True)])


def resampled(values: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Means over resampled questions and resampled trainings, drawn independently of each other.

    Args:
        values: [questions, trainings, ...].

    Returns:
        [resamples, ...].
    """
    return seed_replicates(np.moveaxis(values, 1, 0), resamples, seed)


def accuracies(values: np.ndarray, questions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy and its change (attacked - original) / original, paired over questions; the rows that claims need.

    Args:
        values: [questions, trainings, 1 + attacks] rightness, untouched first.
        questions: a row per question and version.

    Raises:
        InputError: the readers answer no test question, so a change has no meaning.
    """
    if not values[..., 0].any():
        raise InputError("the reader answers no test question; a change of accuracy has no meaning")
    drawn, mean = resampled(values), values.mean(1)
    chance = (1 / questions[questions["attack"] == "original"]["options"]).mean()
    rows = []
    for i, name in enumerate(("original", *ATTACKS)):
        own = questions[questions["attack"] == name]
        row = estimate(mean, lambda m, i=i: m[:, i], "accuracy", drawn, attack=name)
        change = estimate(mean, lambda m, i=i: _change(m, i), "change", drawn)
        rows.append(
            row
            | {"change": change["change"], "change_low": change["low"], "change_high": change["high"]}
            | {"questions": len(values), "trainings": values.shape[1], "chance": chance}
            | {"degree": own["degree"].mean(), **own[["short", "cut", "reached"]].sum()}
        )
    planned = {
        "average change over the attacks": lambda m: np.mean([_change(m, i) for i in range(1, m.shape[1])], axis=0),
        "accuracy minus chance": lambda m: m[:, 0] - chance,
        "least accuracy under attack minus chance": lambda m: m[:, 1:].min(1) - chance,
        "attacks with a drop": lambda m: (m[:, 1:] < m[:, :1]).sum(1),
    }
    planned |= {f"change under {name}": lambda m, i=i: _change(m, i) for i, name in enumerate(ATTACKS, 1)}
    for added, name in PAIRS.items():
        a, b = (1 + ATTACKS.index(known) for known in (name, f"{name}-Shuffle"))
        planned[f"un-shuffled minus shuffled, {added} added"] = lambda m, a=a, b=b: _change(m, a) - _change(m, b)
    contrasts = [estimate(mean, statistic, drawn=drawn, contrast=name) for name, statistic in planned.items()]
    return pd.DataFrame(rows), pd.DataFrame(contrasts)


def against(values: np.ndarray, questions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change of accuracy by length change, answer length and ShuffleDegree, under AddSent2Opt-Shuffle.

    Args:
        values, questions: as in `accuracies`.

    Returns:
        bins: equal shares of questions, each with its mean of the feature and its change.
        correlations: per feature, r over single questions and over the bins; over the seven attacks for Figure 6.
    """
    own, number = questions[questions["attack"] == CASE], 1 + ATTACKS.index(CASE)
    pair = values[:, :, [0, number]]  # untouched, attacked
    bins, correlations = [], []
    for feature in FEATURES:
        x = own[feature].to_numpy(dtype=float)
        rows, over_bins = _over_bins(feature, x, pair)
        bins += rows
        correlations += [over_bins, _over_questions(feature, x, pair)]
    lengths = questions.groupby("attack")["length_change"].mean()[list(ATTACKS)].to_numpy()
    correlations.append(_over_attacks(lengths, values))
    return pd.DataFrame(bins), pd.DataFrame(correlations)


def _over_bins(feature: str, x: np.ndarray, pair: np.ndarray) -> tuple[list[dict], dict]:
    """A row per bin, and r over the bins; x: [questions], pair: [questions, trainings, (untouched, attacked)]."""
    member = pd.get_dummies(pd.qcut(x, BINS, duplicates="drop")).to_numpy(dtype=float)
    member = member[:, member.any(0)]
    if not member.size:  # one value for all is one bin
        member = np.ones((len(x), 1))
    both = np.broadcast_to(np.stack([x, np.ones(len(x))], axis=-1)[:, None], (*pair.shape[:2], 2))
    parts = member[:, None, :, None] * np.concatenate([pair, both], axis=-1)[:, :, None]  # [.., bins, 4]
    drawn, mean = resampled(parts), parts.mean(1)
    rows = []
    for i, own in enumerate(member.T > 0):
        row = estimate(mean, lambda m, i=i: _bins(m)[1][:, i], "change", drawn, feature=feature, bin=i)
        rows.append(row | {"x": x[own].mean(), "questions": int(own.sum())})
    about = {"feature": feature, "over": "bins", "points": len(rows)}
    return rows, estimate(mean, lambda m: _r(*_bins(m)), drawn=drawn, **about)


def _over_questions(feature: str, x: np.ndarray, pair: np.ndarray) -> dict:
    """r over single questions."""
    y = pair[..., 1] - pair[..., 0]
    x = np.broadcast_to(x[:, None], y.shape)
    moments = np.stack([x, y, x * y, x**2, y**2], axis=-1)
    about = {"feature": feature, "over": "questions", "points": len(x)}
    return estimate(moments.mean(1), _r_of_moments, drawn=resampled(moments), **about)


def _over_attacks(lengths: np.ndarray, values: np.ndarray) -> dict:
    """r over the attacks; lengths: [attacks] mean change of the distractors' length."""

    def statistic(means: np.ndarray) -> np.ndarray:
        changes = np.stack([_change(means, i) for i in range(1, means.shape[1])], axis=1)
        return _r(np.broadcast_to(lengths, changes.shape), changes)

    about = {"feature": "length_change", "over": "attacks", "points": len(lengths)}
    return estimate(values.mean(1), statistic, drawn=resampled(values), **about)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """NaN where nothing is below."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def _change(means: np.ndarray, version: int) -> np.ndarray:
    """[n] change of accuracy of a version; NaN where nothing was right to begin with."""
    return _ratio(means[:, version], means[:, 0]) - 1


def _bins(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[n, bins] feature and change of every bin, from means [n, bins, (untouched, attacked, feature, members)]."""
    before, after, x, members = np.moveaxis(means, -1, 0)
    return _ratio(x, members), _ratio(after, before) - 1


def _r(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n] Pearson's r of each row; NaN without spread."""
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    spread = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    return np.divide((x * y).sum(1), spread, out=np.full(len(x), np.nan), where=spread > 1e-12)


def _r_of_moments(means: np.ndarray) -> np.ndarray:
    """[n] Pearson's r from means [n, (x, y, x * y, x * x, y * y)] over questions."""
    x, y, xy, xx, yy = np.moveaxis(means, -1, 0)
    spread = np.sqrt(np.clip(xx - x**2, 0, None) * np.clip(yy - y**2, 0, None))
    return np.divide(xy - x * y, spread, out=np.full(len(means), np.nan), where=spread > 1e-12)
