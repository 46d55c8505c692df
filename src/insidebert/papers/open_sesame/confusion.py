"""Experiment 2 (section 4): confusion scores by condition and layer, and their regression -> tidy tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate, replicates
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import SHORT_LABELS, condition_of, factors, trigger_questions

PLANNED = {
    "agreement": {
        "PP minus RC (A1, A2 - A3, A4)": ("A1 A2", "A3 A4"),
        "match minus mismatch, PP (A1 - A2)": ("A1", "A2"),
        "match minus mismatch, RC (A3 - A4)": ("A3", "A4"),
    },
    "reflexive": {
        "match minus mismatch, object (R1 - R2)": ("R1", "R2"),
        "match minus mismatch, RC (R3 - R4)": ("R3", "R4"),
        "object minus RC (R1, R2 - R3, R4)": ("R1 R2", "R3 R4"),
        "three candidates minus two (R5-R8 - R1-R4)": ("R5 R6 R7 R8", "R1 R2 R3 R4"),
        "object match, with both distractors (R5, R6 - R7, R8)": ("R5 R6", "R7 R8"),
        "RC match, with both distractors (R5, R7 - R6, R8)": ("R5 R7", "R6 R8"),
    },
}
"""Differences of mean scores that the paper's findings speak of: those conditions minus these."""

FITS = {
    "agreement": {"A1-A4": "A1 A2 A3 A4"},
    "reflexive": {"R1-R8": "R1 R2 R3 R4 R5 R6 R7 R8", "R5-R8": "R5 R6 R7 R8"},
}
"""Conditions that each regression is fitted on. In R5-R8 every sentence has both distractors, so there a factor of
match is not mixed with having a third candidate."""


def confusion(
    model: Model, phenomenon: str, sentences: int, random_sentences: int | None = None, folder: Path | None = None
) -> dict[str, pd.DataFrame]:
    """Confusion scores of every cell that has a distractor.

    Args:
        phenomenon: `agreement` or `reflexive`.
        sentences: a cell. Cells without a distractor have no score, so they are not sampled.
        random_sentences: the same for a model of random weights, whose scores hardly vary; as many if not given.
        folder: of the authors' files, to be used in place of our grammar.

    Returns:
        layers: mean per condition and layer, bits, with a 95% bootstrap interval over sentences.
        conditions: mean per condition over layers, and the sentence whose score is closest to it.
        contrasts: planned differences of conditions and of layers. differences: those of conditions, layer by layer.
        regression: least squares on every sentence x layer score.

    Raises:
        InputError: the model has one layer, so that nothing can rise or fall.
    """
    if model.layers < 2:
        raise InputError(f"{model.source.label} has one layer; curves over layers need two")
    count = random_sentences if random_sentences and model.source.weights == "random" else sentences
    questions = trigger_questions(phenomenon, count, folder)
    return summarised(questions, confusion_scores(model, questions, describe=phenomenon).layers)


@dataclass(frozen=True)
class ConditionMeans:
    """Mean scores of C conditions in L layers, and their bootstrap replicates over sentences.

    Args:
        labels: [C] such as R1.
        means: [1, C, L] bits.
        drawn: [resamples, C, L]; the sentences of different conditions are different, and resampled apart.
    """

    labels: tuple[str, ...]
    means: np.ndarray
    drawn: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray) -> "ConditionMeans":
        """From each sentence's label [n] and its scores [n, L]."""
        known = [label for label in SHORT_LABELS.values() if (labels == label).any()]
        groups = [scores[labels == label] for label in known]
        means = np.stack([group.mean(0) for group in groups])[None]
        return cls(tuple(known), means, np.stack([replicates(g, seed=i) for i, g in enumerate(groups)], axis=1))

    def row(self, statistic: Callable[[np.ndarray], np.ndarray], **labels) -> dict:
        """A statistic of means [..., C, L] as a row with its interval."""
        return estimate(self.means, statistic, drawn=self.drawn, **labels)

    def difference(self, above: str, below: str) -> np.ndarray:
        """[C] weights: the mean of some conditions minus the mean of others."""
        above, below = above.split(), below.split()
        return np.array([(x in above) / len(above) - (x in below) / len(below) for x in self.labels])


def summarised(questions: Sequence[TriggerQuestion], scores: np.ndarray) -> dict[str, pd.DataFrame]:
    """Scores of questions that all have a distractor -> the tables of `confusion`.

    Args:
        scores: [n, L] bits.
    """
    labels = np.array([SHORT_LABELS[condition_of(q.condition)] for q in questions])
    phenomenon = questions[0].condition.split(".")[0]
    means, planned = ConditionMeans.of(labels, scores), PLANNED[phenomenon]
    return {
        "layers": pd.DataFrame(_layer_rows(means, labels)),
        "conditions": pd.DataFrame(_condition_rows(means, labels, questions, scores)),
        "contrasts": pd.DataFrame(_contrast_rows(means, planned)),
        "differences": pd.DataFrame(_difference_rows(means, planned)),
        "regression": regression(questions, scores),
    }


def rise_at(share: float, means: np.ndarray) -> np.ndarray:
    """Score at a relative depth minus the layer before it; the paper's layer 4 of 12 is at a third.

    Args:
        means: [..., L] bits by layer.
    """
    layer = max(2, round(share * means.shape[-1]))
    return means[..., layer - 1] - means[..., layer - 2]


def depth_of_first_rise(means: np.ndarray) -> np.ndarray:
    """Relative depth, 0 to 1, of the layer in the lower half of the model that lies furthest above the one before it.

    Args:
        means: [n, L] bits by layer.
    """
    layers = means.shape[1]
    return (np.diff(means[:, : max(2, layers // 2)], axis=1).argmax(1) + 2) / layers


def regression(questions: Sequence[TriggerQuestion], scores: np.ndarray) -> pd.DataFrame:
    """Ordinary least squares of the score on the condition's factors and the layer (1 = first), as in Table 3.

    The paper's p treats the scores of one sentence in different layers as independent. Beside it stands the same
    coefficient with errors clustered by sentence, which does not.

    Args:
        scores: [n, L] bits.

    Returns:
        fit (the conditions used), factor, coefficient (bits), p, low, high, p_clustered, observations.
    """
    labels = np.array([SHORT_LABELS[condition_of(q.condition)] for q in questions])
    table = pd.DataFrame([factors(q.condition) for q in questions])
    fits = FITS[questions[0].condition.split(".")[0]]
    parts = {name: np.isin(labels, chosen.split()) for name, chosen in fits.items()}
    return pd.concat([_fit(table[rows], scores[rows]).assign(fit=name) for name, rows in parts.items() if rows.any()])


def _fit(table: pd.DataFrame, scores: np.ndarray) -> pd.DataFrame:
    """Factors [n rows] and scores [n, L] -> a row per factor that varies."""
    count, layers = scores.shape
    names = [name for name in table if table[name].nunique() > 1]
    table = table.loc[np.repeat(table.index, layers)]
    table = table.assign(layer=np.tile(np.arange(1, layers + 1), count), confusion=scores.ravel())
    formula = smf.ols(f"confusion ~ {' + '.join([*names, 'layer'])}", table)
    plain, clustered = formula.fit(), formula.fit(cov_type="cluster", cov_kwds={"groups": table.index.to_numpy()})
    bounds = clustered.conf_int()
    return pd.DataFrame(
        {
            "factor": plain.params.index,
            "coefficient": plain.params.to_numpy(),
            "p": plain.pvalues.to_numpy(),
            "low": bounds[0].to_numpy(),
            "high": bounds[1].to_numpy(),
            "p_clustered": clustered.pvalues.to_numpy(),
            "observations": len(table),
        }
    )


def _layer_rows(means: ConditionMeans, labels: np.ndarray) -> list[dict]:
    return [
        means.row(lambda m, c=c, i=layer - 1: m[:, c, i], name="confusion", **_named(label), layer=layer)
        | {"sentences": int((labels == label).sum())}
        for c, label in enumerate(means.labels)
        for layer in range(1, means.means.shape[2] + 1)
    ]


def _condition_rows(means: ConditionMeans, labels: np.ndarray, questions, scores: np.ndarray) -> list[dict]:
    overall, rows = scores.mean(1), []
    for c, label in enumerate(means.labels):
        own = np.flatnonzero(labels == label)
        typical = own[np.abs(overall[own] - overall[own].mean()).argmin()]
        row = means.row(lambda m, c=c: m[:, c].mean(1), name="confusion", **_named(label)) | {"sentences": len(own)}
        example = {"example": " ".join(questions[typical].words), "example_confusion": overall[typical]}
        rows.append(row | example)
    return rows


def _contrast_rows(means: ConditionMeans, planned: dict) -> list[dict]:
    weights = {name: means.difference(*pair) for name, pair in planned.items()}
    over_conditions = {name: lambda m, of=own: m.mean(2) @ of for name, own in weights.items()}
    over_layers = {
        "a third of the depth minus the layer before": partial(rise_at, 1 / 3),
        "two thirds of the depth minus the layer before": partial(rise_at, 2 / 3),
        "depth of the largest rise in the lower half": depth_of_first_rise,
    }
    rows = [means.row(statistic, contrast=name) for name, statistic in over_conditions.items()]
    return rows + [
        means.row(lambda m, of=statistic: of(m.mean(1)), contrast=name) for name, statistic in over_layers.items()
    ]


def _difference_rows(means: ConditionMeans, planned: dict) -> list[dict]:
    weights = {name: means.difference(*pair) for name, pair in planned.items()}
    return [
        means.row(lambda m, i=layer - 1, of=own: m[:, :, i] @ of, contrast=name) | {"layer": layer}
        for name, own in weights.items()
        for layer in range(1, means.means.shape[2] + 1)
    ]


def _named(label: str) -> dict[str, str]:
    conditions = {short: condition for condition, short in SHORT_LABELS.items()}
    return {"label": label, "condition": conditions[label]}
