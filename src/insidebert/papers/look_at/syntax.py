"""Section 4.2: heads as classifiers of dependency relations -> tidy tables (Table 1)."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.head_accuracy import DIRECTIONS, accuracies, answers, best_heads
from insidebert.measure.word_attention import align, attended_words
from insidebert.models.loading import Model
from insidebert.text.stanford import trees_of

UNLISTED = {"root", "punct"}
"""They get no row of their own, but count among all."""


def syntax(model: Model, treebank: Path | str, relations: str, least: int) -> dict[str, pd.DataFrame]:
    """Every head against every relation.

    Args:
        relations: `stanford` or `ud`, as in `trees_of`.
        least: relations with fewer cases get no row (the authors' 100).

    Returns:
        relations: a row per relation, the best head as published and as it generalizes, beside the best offset.
        heads: accuracy of every head, direction and relation. contrasts: what the claims speak of. sentences: how many
        were scored, and why others were not.
    """
    trees, unread = trees_of(treebank, relations)
    aligned = align(model, [tree.words for tree in trees])
    scored = [trees[i] for i in aligned.kept]
    given = answers(scored, attended_words(model, aligned.encoded))
    counts = Counter(given.relations.tolist())
    listed = [r for r, count in counts.most_common() if count >= least and r not in UNLISTED]
    rows, contrasts, heads = [], [], []
    best_of = best_heads(given, [None, *listed])
    shares = accuracies(given, list(best_of))
    for (relation, best), accuracy in zip(best_of.items(), shares, strict=True):
        name = relation or "all"
        way, layer, head = best.head
        rows.append(
            {"relation": name, "cases": best.cases, "layer": layer + 1, "head": head + 1, "direction": DIRECTIONS[way]}
            | {"accuracy": best.accuracy, "offset": best.offset, "offset_accuracy": best.offset_accuracy}
            | {"held_out": best.held_out, "low": best.low, "high": best.high, "stable": best.stable}
        )
        contrasts += [
            {"contrast": f"{name}: best head", "estimate": best.held_out, "low": best.low, "high": best.high},
            {"contrast": f"{name}: best head minus best offset", "estimate": best.gain}
            | {"low": best.gain_low, "high": best.gain_high},
        ]
        for place in np.ndindex(given.shape):
            heads.append(
                {"relation": name, "direction": DIRECTIONS[place[0]], "layer": place[1] + 1, "head": place[2] + 1}
                | {"accuracy": accuracy[place]}
            )
    left_out = [{"what": reason, "sentences": count} for reason, count in (unread | aligned.skipped).items()]
    sentences = [{"what": "scored", "sentences": len(scored)}, *left_out]
    tables = {"relations": rows, "heads": heads, "contrasts": contrasts, "sentences": sentences}
    return {name: pd.DataFrame(table) for name, table in tables.items()}
