"""Section 4.3: which head picks the antecedent of a mention? -> tidy tables (Table 2)."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.word_attention import align, attended_words
from insidebert.models.encoding import encode_every
from insidebert.models.loading import Model
from insidebert.text import coreference
from insidebert.text.antecedents import antecedents, baselines
from insidebert.text.coreference import KINDS, Document

LONGEST = 128
CANDIDATES = {"all other mentions": False, "earlier mentions": True}
"""Among which mentions a head chooses: the paper's way, and the one in which the baselines choose."""


def selection(model: Model, documents: Path | str) -> dict[str, pd.DataFrame]:
    """Antecedent selection by every head and by the three baselines.

    Documents are cut into parts of whole sentences of at most 128 pieces; antecedents are looked for within a part.

    Args:
        documents: as `coreference.documents` takes it.

    Returns:
        methods: accuracy of the baselines and of the best head, for all mentions and by kind; `held_out` is the head
        chosen on one half of the documents and scored on the other. heads: accuracy of every head. contrasts: what
        the claims speak of. documents: how many parts, and sentences left out.

    Raises:
        InputError: fewer than two documents with an antecedent.
    """
    whole, unread = coreference.documents(documents)
    parts, names, skipped = parts_of(model, whole)
    gold = [antecedents(part) for part in parts]
    aligned = align(model, [part.words for part in parts], LONGEST)
    allowed = [np.isin(np.arange(len(part.words)), [m.head for m in part.mentions]) for part in parts]
    guesses = [baselines(part) for part in parts]
    kinds = np.array([p.mentions[i].kind for p, g in zip(parts, gold, strict=True) for i in g])
    document = np.array([name for name, g in zip(names, gold, strict=True) for _ in g])
    _, document = np.unique(document, return_inverse=True)
    if document.max() == 0:
        raise InputError(f"{documents} has one document; a head is chosen on half of them and scored on the others")
    half = np.random.default_rng(0).permutation(document.max() + 1)[document] % 2
    rows, heads, held = [], [], {}
    for method in ("nearest", "head match", "rule-based"):
        right = np.array(
            [guess[method].get(i) in own for guess, g in zip(guesses, gold, strict=True) for i, own in g.items()]
        )
        held[method] = right
        rows += _accuracies({"method": method, "candidates": "earlier mentions"}, right, right, kinds, document)
    for candidates, earlier in CANDIDATES.items():
        attended = attended_words(model, aligned.encoded, allowed, earlier)
        right = np.stack(
            [
                np.isin(found[0, part.mentions[i].head], [part.mentions[j].head for j in own])
                for found, part, g in zip(attended, parts, gold, strict=True)
                for i, own in g.items()
            ]
        )  # [mentions, layers, heads]
        flat = right.reshape(len(right), -1)
        best = int(flat.sum(0).argmax())
        picked = [int(flat[half == side].sum(0).argmax()) for side in (1, 0)]
        held[candidates] = np.where(half == 0, flat[:, picked[0]], flat[:, picked[1]])
        layer, head = np.unravel_index(best, right.shape[1:])
        about = {"method": "best head", "candidates": candidates, "layer": layer + 1, "head": head + 1}
        rows += _accuracies(about, flat[:, best], held[candidates], kinds, document)
        means = right.mean(0)
        heads += [
            {"candidates": candidates, "layer": place[0] + 1, "head": place[1] + 1, "accuracy": means[place]}
            for place in np.ndindex(means.shape)
        ]
    contrasts = [
        {"contrast": f"best head ({candidates}) minus {method}"} | _difference(held[candidates], held[method], document)
        for candidates in CANDIDATES
        for method in ("nearest", "head match", "rule-based")
    ]
    counted = [{"what": "parts scored", "count": len(parts)}, {"what": "sentences left out", "count": skipped}]
    counted += [{"what": f"left out: {reason}", "count": count} for reason, count in unread.items()]
    tables = {"methods": rows, "heads": heads, "contrasts": contrasts, "documents": counted}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def parts_of(model: Model, documents: list[Document]) -> tuple[list[Document], list[int], int]:
    """Parts that hold an antecedent, the number of the document of each, and how many sentences were left out."""
    encoded = encode_every(model, [document.words for document in documents], special=True)
    room = min(LONGEST, model.limit) - 2
    parts, names, skipped = [], [], 0
    for number, (document, words) in enumerate(zip(documents, encoded.words, strict=True)):
        pieces = np.bincount(words[words >= 0], minlength=len(document.words))
        found, long = coreference.cut(document, pieces, room)
        kept = [part for part in found if antecedents(part)]
        parts += kept
        names += [number] * len(kept)
        skipped += long
    return parts, names, skipped


def _accuracies(
    about: dict, right: np.ndarray, held: np.ndarray, kinds: np.ndarray, document: np.ndarray
) -> list[dict]:
    rows = []
    for kind in ("all", *KINDS):
        own = np.ones(len(kinds), dtype=bool) if kind == "all" else kinds == kind
        if not own.any():
            continue
        low, high = _interval(held[own], document[own])
        rows.append(
            about
            | {"mentions": kind, "cases": int(own.sum()), "accuracy": right[own].mean()}
            | {"held_out": held[own].mean(), "low": low, "high": high}
        )
    return rows


def _interval(values: np.ndarray, document: np.ndarray) -> tuple[float, float]:
    """95% bootstrap interval of a mean over documents."""
    sums = np.stack([np.bincount(document, values), np.bincount(document)], axis=1)
    means = replicates(sums[sums[:, 1] > 0])
    return interval(means[:, 0] / means[:, 1])


def _difference(first: np.ndarray, second: np.ndarray, document: np.ndarray) -> dict:
    difference = first.astype(float) - second
    low, high = _interval(difference, document)
    return {"estimate": difference.mean(), "low": low, "high": high}
