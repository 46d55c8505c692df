"""Experiment 2 (section 4): confusion scores by condition and layer, and their regression -> tidy tables."""

from collections.abc import Sequence
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


def summarised(questions: Sequence[TriggerQuestion], scores: np.ndarray) -> dict[str, pd.DataFrame]:
    """Scores of questions that all have a distractor -> the tables of `confusion`.

    Args:
        scores: [n, L] bits.
    """
    labels = np.array([SHORT_LABELS[condition_of(q.condition)] for q in questions])
    named = {short: {"label": short, "condition": cell} for cell, short in SHORT_LABELS.items() if short in labels}
    own = {label: np.flatnonzero(labels == label) for label in named}
    means = np.stack([scores[rows].mean(0) for rows in own.values()])[None]  # [1, conditions, L]
    drawn = [replicates(scores[rows], seed=i) for i, rows in enumerate(own.values())]  # sentences of their own
    row, layers = partial(estimate, means, drawn=np.stack(drawn, axis=1)), range(scores.shape[1])
    planned = {
        name: np.array([(x in above) / len(above) - (x in below) / len(below) for x in own])
        for name, pair in PLANNED[questions[0].condition.split(".")[0]].items()
        for above, below in [[labels.split() for labels in pair]]
    }
    over_layers = {
        "a third of the depth minus the layer before": partial(rise_at, 1 / 3),
        "two thirds of the depth minus the layer before": partial(rise_at, 2 / 3),
        "depth of the largest rise in the lower half": depth_of_first_rise,
    }
    return {
        "layers": pd.DataFrame(
            row(lambda m, c=c, i=i: m[:, c, i], name="confusion", **named[label], layer=i + 1)
            | {"sentences": len(own[label])}
            for c, label in enumerate(own)
            for i in layers
        ),
        "conditions": pd.DataFrame(
            row(lambda m, c=c: m[:, c].mean(1), name="confusion", **named[label])
            | {"sentences": len(own[label])}
            | _typical([questions[i] for i in own[label]], scores[own[label]].mean(1))
            for c, label in enumerate(own)
        ),
        "contrasts": pd.DataFrame(
            [row(lambda m, of=of: m.mean(2) @ of, contrast=name) for name, of in planned.items()]
            + [row(lambda m, of=of: of(m.mean(1)), contrast=name) for name, of in over_layers.items()]
        ),
        "differences": pd.DataFrame(
            row(lambda m, i=i, of=of: m[:, :, i] @ of, contrast=name) | {"layer": i + 1}
            for name, of in planned.items()
            for i in layers
        ),
        "regression": regression(questions, scores),
    }


def _typical(questions: Sequence[TriggerQuestion], overall: np.ndarray) -> dict:
    """The sentence whose score is closest to the mean."""
    typical = np.abs(overall - overall.mean()).argmin()
    return {"example": " ".join(questions[typical].words), "example_confusion": overall[typical]}


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
