"""Single edges through the layers: those that stay uncertain, and whether they are settled in the paper's order."""

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate

if TYPE_CHECKING:
    from insidebert.papers.pipeline.layers import Probed

UNCERTAIN = 0.7
"""An edge is shown if no label's mean probability over the layers is above this (the paper's bound)."""

SENTENCES, EDGES = 6, 3
"""So many sentences are kept, two for Figure 3 and four for the appendix, with so many edges each."""

COLUMNS = ["rank", "sentence", "task", "edge", "gold", "layer", "right", "wrong", "wrong_label", "settled", "reversed"]


def edges_of(tasks: Mapping[str, "Probed"]) -> pd.DataFrame:
    """Every uncertain test edge with one right label that the probe knows, a row each.

    Returns:
        sentence (its words), task, row (of the task's targets), place (of the task in the paper's order), settled: the
        first layer from which on the right label is the strongest; NaN where it is not in the last layer.
    """
    rows = []
    for place, (name, own) in enumerate(tasks.items()):
        known = {label: k for k, label in enumerate(own.labels)}
        words = [" ".join(sentence.words) for sentence in own.task.test]
        uncertain = own.probabilities.mean(0).max(1) <= UNCERTAIN
        for row, (labels, sentence) in enumerate(zip(own.targets["labels"], own.targets["sentence"], strict=True)):
            if uncertain[row] and len(labels) == 1 and labels[0] in known:
                strongest = own.probabilities[:, row].argmax(1) == known[labels[0]]
                common = {"sentence": words[sentence], "task": name, "row": row, "place": place}
                rows.append(common | {"settled": first_of_the_end(strongest)})
    return pd.DataFrame(rows, columns=["sentence", "task", "row", "place", "settled"])


def first_of_the_end(held: np.ndarray) -> float:
    """The first place from which on something holds to the end; NaN if it does not hold at the end.

    Example:
        >>> first_of_the_end(np.array([True, False, True, True])), first_of_the_end(np.array([True, False]))
        (2.0, nan)
    """
    if not held[-1]:
        return np.nan
    return float(len(held) - np.argmin(held[::-1])) if not held.all() else 0.0


def pairs_of(edges: pd.DataFrame) -> pd.DataFrame:
    """Pairs of uncertain edges of one sentence and different tasks that are settled at different layers.

    Returns:
        sentence, reversed: whether the task that comes later in the paper's order is settled first.
    """
    rows = []
    for sentence, own in edges.dropna(subset="settled").groupby("sentence", sort=False):
        for one, other in combinations(own.itertuples(), 2):
            if one.place != other.place and one.settled != other.settled:
                reversed_ = (one.place < other.place) == (one.settled > other.settled)
                rows.append({"sentence": sentence, "reversed": reversed_})
    return pd.DataFrame(rows, columns=["sentence", "reversed"])


def contrasts(edges: pd.DataFrame) -> list[dict]:
    """The share of pairs that break the order, resampled by sentence."""
    pairs = pairs_of(edges)
    if pairs.empty:
        return []
    counts = pairs.astype({"reversed": float}).groupby("sentence", sort=False)["reversed"].agg(["sum", "size"])
    name = "pairs of edges that are settled in reversed order"
    return [estimate(counts.to_numpy(float), lambda means: means[:, 0] / means[:, 1], contrast=name)]


def shown(tasks: Mapping[str, "Probed"], edges: pd.DataFrame, texts: bool) -> pd.DataFrame:
    """The sentences of Figure 3, found by rule: of several uncertain edges, most reversed pairs, then the shortest.

    Args:
        texts: False keeps no words, so no rows.

    Returns:
        A row an edge and layer: `right`, `wrong` (the strongest wrong label) as shares of all labels' probabilities.
    """
    if not texts or edges.empty:
        return pd.DataFrame(columns=COLUMNS).astype({"layer": int, "right": float, "wrong": float, "settled": float})
    turned = pairs_of(edges).groupby("sentence")["reversed"].sum()
    kept = edges.groupby("sentence").filter(lambda own: len(own) > 1)
    several = kept.groupby("sentence")["task"].nunique()
    order = sorted(several.index, key=lambda s: (-several[s], -turned.get(s, 0), len(s), s))
    rows = []
    for rank, sentence in enumerate(order[:SENTENCES], 1):
        own = kept[kept["sentence"] == sentence]
        for edge in _one_a_task_first(own).head(EDGES).itertuples():
            common = {"rank": rank, "sentence": sentence, "task": edge.task, "settled": edge.settled}
            rows += [
                common | row | {"reversed": int(turned.get(sentence, 0))} for row in _layers(tasks[edge.task], edge)
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _one_a_task_first(own: pd.DataFrame) -> pd.DataFrame:
    """Edges of a sentence, each task's first one before any second one, then in the tasks' order."""
    number = own.groupby("task").cumcount()
    first = own.assign(number=number).sort_values(["number", "place"], kind="stable").head(EDGES)
    return first.sort_values(["place", "row"], kind="stable")


def _layers(own: "Probed", edge) -> list[dict]:
    target = own.targets.iloc[edge.row]
    gold = target["labels"][0]
    right = own.labels.index(gold)
    normal = own.probabilities[:, edge.row] / own.probabilities[:, edge.row].sum(1, keepdims=True)
    wrong = np.delete(normal, right, axis=1)
    names = [label for label in own.labels if label != gold]
    # one label for the whole strip: the wrong one that is strongest on average
    rival = int(wrong.mean(0).argmax()) if names else 0
    words = edge.sentence.split(" ")
    spans = [" ".join(words[start:stop]) for start, stop in _spans(own, target, edge.row)]
    return [
        {"edge": " - ".join(spans), "gold": gold, "layer": layer, "right": normal[layer, right]}
        | {"wrong": wrong[layer, rival] if names else 0.0, "wrong_label": names[rival] if names else ""}
        for layer in range(len(normal))
    ]


def _spans(own: "Probed", target: pd.Series, row: int) -> tuple[tuple[int, int], ...]:
    """The target's spans, from the task's own sentence."""
    before = (own.targets["sentence"].to_numpy()[:row] == target["sentence"]).sum()
    return own.task.test[target["sentence"]].targets[before].spans
