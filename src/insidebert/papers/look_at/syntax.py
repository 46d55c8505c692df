"""Section 4.2: heads as classifiers of dependency relations -> tidy tables (Table 1)."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate
from insidebert.measure.head_accuracy import DIRECTIONS, Best, accuracies, answers, best_heads
from insidebert.measure.word_attention import align, attended_words
from insidebert.models.loading import Model
from insidebert.text.stanford import trees_of

SHOWN = ("dobj", "det", "poss", "auxpass", "pobj")
"""Relations of Figure 5, whose heads Figure 6 marks; the sixth panel is coreference."""

UNLISTED = {"root", "punct"}
"""They get no row of their own, but count among all."""


def syntax(model: Model, treebank: Path | str, relations: str, least: int) -> dict[str, pd.DataFrame]:
    """Every head against every relation.

    Args:
        relations: `stanford` or `ud`, as in `stanford.trees_of`.
        least: relations with fewer cases get no row (the authors' 100).

    Returns:
        relations: a row per relation, the best head as published and as it generalizes, beside the best offset.
        heads: accuracy of every head, direction and relation. contrasts: what the claims speak of, of relations
        with an interval over relations. sentences: how many were scored, and why others were not.
    """
    trees, unread = trees_of(treebank, relations)
    aligned = align(model, [tree.words for tree in trees])
    scored = [trees[i] for i in aligned.kept]
    given = answers(scored, attended_words(model, aligned.encoded))
    counts = Counter(given.relations.tolist())
    listed = [r for r, count in counts.most_common() if count >= least and r not in UNLISTED]
    best_of = best_heads(given, [None, *listed])
    shares = dict(zip(best_of, accuracies(given, list(best_of)), strict=True))
    counted = {"scored": len(scored)} | unread | aligned.skipped
    return {
        "relations": pd.DataFrame(_relation(name or "all", best) for name, best in best_of.items()),
        "heads": pd.DataFrame(
            {"relation": name or "all", "direction": DIRECTIONS[way], "layer": layer + 1, "head": head + 1}
            | {"accuracy": accuracy[way, layer, head]}
            for name, accuracy in shares.items()
            for way, layer, head in np.ndindex(given.shape)
        ),
        "contrasts": pd.DataFrame(_contrasts(best_of)),
        "sentences": pd.DataFrame({"what": what, "sentences": count} for what, count in counted.items()),
    }


def _relation(name: str, best: Best) -> dict:
    way, layer, head = best.head
    return (
        {"relation": name, "cases": best.cases, "layer": layer + 1, "head": head + 1, "direction": DIRECTIONS[way]}
        | {"accuracy": best.accuracy, "offset": best.offset, "offset_accuracy": best.offset_accuracy}
        | {"held_out": best.held_out, "low": best.low, "high": best.high, "stable": best.stable}
    )


def _contrasts(best_of: dict[str | None, Best]) -> list[dict]:
    """A relation's best head, held out, alone and against the offset; and shares of the relations."""
    rows = []
    for name, best in best_of.items():
        about = f"{name or 'all'}: best head"
        rows.append({"contrast": about, "estimate": best.held_out, "low": best.low, "high": best.high})
        gain = {"estimate": best.gain, "low": best.gain_low, "high": best.gain_high}
        rows.append({"contrast": f"{about} minus best offset"} | gain)
    of_relations = np.array([[best.gain > 0, best.head[0] == 0] for name, best in best_of.items() if name], dtype=float)
    if len(of_relations):
        for column, name in enumerate(("best head beats best offset", "best head looks from dependent to head")):
            rows.append(estimate(of_relations[:, column], contrast=f"relations whose {name}"))
    return rows
