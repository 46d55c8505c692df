"""Section 3.2 (what attention to a token matters) and section 6 (which heads resemble each other) -> tidy tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from sklearn.manifold import MDS

from insidebert.measure.attention_gradients import attention_gradients
from insidebert.measure.bootstrap import estimate, interval, replicates
from insidebert.measure.depth import layers_at, places
from insidebert.measure.head_accuracy import accuracies, answers
from insidebert.measure.head_distances import head_distances
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.measure.word_attention import align, attended_words
from insidebert.models.loading import Model
from insidebert.models.masked_lm import FOLDER
from insidebert.models.segments import CLASSES, encode_pairs, token_classes
from insidebert.papers.look_at.surface import BROAD, pairs_of
from insidebert.papers.look_at.syntax import SHOWN
from insidebert.text.stanford import trees_of

BEHAVIOURS = {
    "to next": ("next token", 0.5),
    "to previous": ("previous token", 0.5),
    "to [CLS]": ("[CLS]", 0.6),
    "to [SEP]": ("[SEP]", 0.6),
    "to . or ,": ("periods and commas", 0.6),
    "entropy": ("broad", BROAD),
}
"""Statistic -> (behaviour, least value), in the order in which the paper asks (section 6)."""


def importance(model: Model, text: Path | str, segments: int) -> dict[str, pd.DataFrame]:
    """Gradient-based importance of attention to [SEP], to periods and commas, and to other tokens.

    Returns:
        layers: mean |gradient| a layer and class, with its interval over segments, and how many tokens there were;
        contrasts.
    """
    encoded = encode_pairs(model, pairs_of(text, segments))
    classes = token_classes(model, encoded)
    gradients = attention_gradients(model, encoded, classes)
    gradients = gradients[~np.isnan(gradients).any((1, 2))]  # a segment without a comma or a period has no say
    layers, kinds = gradients.shape[1:]
    drawn = replicates(gradients)
    counts = np.bincount(np.concatenate(classes), minlength=kinds)
    rows = []
    for layer, kind in np.ndindex(layers, kinds):
        row = estimate(gradients[:, layer, kind], name="gradient", drawn=drawn[:, layer, kind])
        about = {"layer": layer + 1, "tokens": CLASSES[kind]} | row
        rows.append(about | {"segments": len(gradients), "count": int(counts[kind])})
    sep, other, upper = CLASSES.index("[SEP]"), CLASSES.index("other"), places(layers_at(layers, 5, 12))
    ratio = estimate(
        gradients,
        lambda means: (means[:, upper, sep] / means[:, upper, other]).mean(1),
        drawn=drawn,
        contrast="[SEP] / other tokens, layers 5-12 of 12",
    )
    return {"layers": pd.DataFrame(rows), "contrasts": pd.DataFrame([ratio])}


def clustering(model: Model, text: Path | str, segments: int, treebank: Path | str) -> dict[str, pd.DataFrame]:
    """Heads in the plane by Jensen-Shannon divergence, and whether heads of one layer lie together.

    Args:
        text, segments: as in `surface.surface`.
        treebank: on which the linguistic heads are the best ones; in Stanford Dependencies, or converted.

    Returns:
        heads: place, behaviour, linguistic function and nearest head of every head, and the picture's `stress`;
        contrasts: the share of heads whose nearest head is of their own layer, minus the same under shuffled layers
        (95% interval over shuffles).
    """
    encoded = encode_pairs(model, pairs_of(text, segments))
    distances = head_distances(model, encoded)
    count = len(distances)
    layer = np.repeat(np.arange(model.layers), count // model.layers)
    plane = MDS(metric="precomputed", init="random", n_init=4, random_state=0).fit_transform(distances)
    nearest = (distances + np.diag(np.full(count, np.inf))).argmin(1)
    observed = (layer[nearest] == layer).mean()
    random = np.random.default_rng(0)
    shuffled = [(mixed[nearest] == mixed).mean() for mixed in (random.permutation(layer) for _ in range(2000))]
    low, high = interval(observed - np.array(shuffled))
    averages = segment_statistics(model, encoded, token_classes(model, encoded)).mean(0).reshape(count, -1)
    heads = pd.DataFrame(
        {
            "layer": layer + 1,
            "head": np.arange(count) % (count // model.layers) + 1,
            "x": plane[:, 0],
            "y": plane[:, 1],
            "behaviour": [_behaviour(row) for row in averages],
            "function": _functions(model, treebank).ravel(),
            "nearest_layer": layer[nearest] + 1,
            "stress": stress(plane, distances),
            "segments": len(encoded),
        }
    )
    contrast = {"contrast": "nearest head is of the same layer, minus chance"}
    contrast |= {"estimate": observed - float(np.mean(shuffled)), "low": low, "high": high}
    return {"heads": heads, "contrasts": pd.DataFrame([contrast])}


def _functions(model: Model, treebank: Path | str) -> np.ndarray:
    """[layers, heads] the relations of Figure 5 that a head is the best one for, as text."""
    trees, _ = trees_of(treebank, "stanford")
    aligned = align(model, [tree.words for tree in trees])
    given = answers([trees[i] for i in aligned.kept], attended_words(model, aligned.encoded))
    found, there = np.full(given.shape[1:], "", dtype=object), [name for name in SHOWN if name in given.relations]
    for relation, shares in zip(there, accuracies(given, there), strict=True):
        head = np.unravel_index(shares.argmax(), shares.shape)[1:]
        found[head] = ", ".join(filter(None, [found[head], relation]))
    return found


def stress(plane: np.ndarray, distances: np.ndarray) -> float:
    """Kruskal's stress-1: 0 where distances in the plane are those wanted; from 0.2 on a picture is called poor.

    Args:
        plane: [n, 2] places; distances: [n, n] wanted.
    """
    drawn, wanted = pdist(plane), distances[np.triu_indices(len(distances), 1)]
    return float(np.sqrt(((drawn - wanted) ** 2).sum() / (drawn**2).sum()))


def _behaviour(averages: np.ndarray) -> str:
    for statistic, (behaviour, least) in BEHAVIOURS.items():
        if averages[STATISTICS.index(statistic)] > least:
            return behaviour
    return "none of these"


def head_cards(models: list[str]) -> pd.DataFrame:
    """How good the language-model heads are that come with insidebert, on text they were not trained on.

    Args:
        models: names; one without such a head is measured under the head of its own checkpoint.
    """
    rows = []
    for name in models:
        path = FOLDER / f"{name}.json"
        row = {"model": name, "head": "of the checkpoint"}
        if path.exists():
            card = json.loads(path.read_text(encoding="utf-8"))
            row |= {"head": "of insidebert", "masked pieces": card["validation_pieces"]}
            row["found (%)"] = round(card["validation_top1"] * 100, 1)
            row["the commonest piece, always (%)"] = round(card["validation_unigram_top1"] * 100, 1)
        rows.append(row)
    return pd.DataFrame(rows)
