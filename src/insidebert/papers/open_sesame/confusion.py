"""Experiment 2 (section 4): confusion scores by condition and layer, and their regression -> tidy tables."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import SHORT_LABELS, cells, condition_of, dependency, factors, grammar

PLANNED = {
    "agreement": {
        "PP minus RC (A1, A2 - A3, A4)": (("A1", "A2"), ("A3", "A4")),
        "match minus mismatch, PP (A1 - A2)": (("A1",), ("A2",)),
        "match minus mismatch, RC (A3 - A4)": (("A3",), ("A4",)),
    },
    "reflexive": {
        "match minus mismatch, object (R1 - R2)": (("R1",), ("R2",)),
        "match minus mismatch, RC (R3 - R4)": (("R3",), ("R4",)),
        "three candidates minus two (R5-R8 - R1-R4)": (("R5", "R6", "R7", "R8"), ("R1", "R2", "R3", "R4")),
    },
}
"""Contrasts of mean scores that the paper's findings speak of."""


def confusion(model: Model, phenomenon: str, sentences: int) -> dict[str, pd.DataFrame]:
    """Confusion scores of an own sample of every cell that has a distractor.

    Args:
        phenomenon: `agreement` or `reflexive`.
        sentences: a cell. Cells without a distractor have no score, so they are not sampled.

    Returns:
        layers: mean per condition and layer, bits, with a 95% bootstrap interval over sentences.
        conditions: mean per condition over layers, and the sentence whose score is closest to it.
        contrasts: planned differences. regression: least squares on every sentence x layer score.
    """
    source = grammar(phenomenon)
    sampled = [
        dependency(sentence)
        for cell in cells(phenomenon)
        if cell.split(".")[1] != "none"
        for sentence in source.sample(cell, sentences, seed=0)
    ]
    return summarised(sampled, confusion_scores(model, sampled, describe=phenomenon).layers)


def summarised(dependencies: list[TriggerQuestion], scores: np.ndarray) -> dict[str, pd.DataFrame]:
    """Scores of dependencies that all have a distractor -> the tables of `confusion`.

    Args:
        scores: [n, layers] bits.
    """
    condition = np.array([condition_of(d.condition) for d in dependencies])
    phenomenon = condition[0].split(".")[0]
    by_label = {SHORT_LABELS[name]: scores[condition == name] for name in SHORT_LABELS if (condition == name).any()}
    names = {label: name for name, label in SHORT_LABELS.items()}
    layers, conditions = [], []
    for label, own in by_label.items():
        common = {"label": label, "condition": names[label]}
        resampled = replicates(np.column_stack([own, own.mean(1)]))
        for layer in range(scores.shape[1]):
            low, high = interval(resampled[:, layer])
            layers.append(
                common
                | {
                    "layer": layer + 1,
                    "confusion": own[:, layer].mean(),
                    "low": low,
                    "high": high,
                    "sentences": len(own),
                }
            )
        low, high = interval(resampled[:, -1])
        typical = np.flatnonzero(condition == names[label])[np.abs(own.mean(1) - own.mean()).argmin()]
        conditions.append(
            common
            | {"confusion": own.mean(), "low": low, "high": high, "sentences": len(own)}
            | {"example": " ".join(dependencies[typical].words), "example_confusion": scores[typical].mean()}
        )
    contrasts = [
        {"contrast": name}
        | _difference([by_label[label].mean(1) for label in a], [by_label[label].mean(1) for label in b])
        for name, (a, b) in PLANNED[phenomenon].items()
    ]
    bump, before = _bump_layers(scores.shape[1])
    rise = scores[:, bump] - scores[:, before]
    contrasts.append({"contrast": "a third of the depth minus the layer before"} | _difference([rise], []))
    return {
        "layers": pd.DataFrame(layers),
        "conditions": pd.DataFrame(conditions),
        "contrasts": pd.DataFrame(contrasts),
        "regression": regression(dependencies, scores),
    }


def regression(dependencies: list[TriggerQuestion], scores: np.ndarray) -> pd.DataFrame:
    """Ordinary least squares of the score on the condition's factors and the layer (1 = first), as in Table 3.

    The paper's p treats the scores of one sentence in different layers as independent. Beside it stands the same
    coefficient with errors clustered by sentence, which does not.

    Args:
        scores: [n, layers] bits.

    Returns:
        factor, coefficient (bits), p, low, high, p_clustered, observations.
    """
    count, layers = scores.shape
    table = pd.DataFrame([factors(d.condition) for d in dependencies]).loc[np.repeat(np.arange(count), layers)]
    names = [name for name in table if table[name].nunique() > 1]
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


def _difference(above: list[np.ndarray], below: list[np.ndarray]) -> dict:
    """Mean of group means minus mean of group means; the groups are resampled independently."""
    groups = [*above, *below]
    signs = [1 / len(above)] * len(above) + [-1 / max(1, len(below))] * len(below)
    resampled = [replicates(group[:, None], seed=i)[:, 0] for i, group in enumerate(groups)]
    low, high = interval(sum(sign * means for sign, means in zip(signs, resampled, strict=True)))
    estimate = sum(sign * group.mean() for sign, group in zip(signs, groups, strict=True))
    return {"estimate": float(estimate), "low": low, "high": high}


def _bump_layers(layers: int) -> tuple[int, int]:
    """Zero-based layer at a third of the depth (the paper's layer 4 of 12), and the one before it."""
    bump = max(1, round(layers / 3) - 1)
    return bump, bump - 1
