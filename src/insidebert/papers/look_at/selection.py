"""Section 4.3: which head picks the antecedent of a mention? -> tidy tables (Table 2)."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate
from insidebert.measure.word_attention import align, attended_among
from insidebert.models.encoding import encode_every
from insidebert.models.loading import Model
from insidebert.text import coreference
from insidebert.text.antecedents import antecedents, baselines
from insidebert.text.coreference import KINDS, Document

LONGEST = 128
BASELINES = ("nearest", "head match", "rule-based")
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
    read, left_out = coreference.documents(documents)
    parts, names, skipped = parts_of(model, read)
    gold = [antecedents(part) for part in parts]
    kinds = np.array([p.mentions[i].kind for p, g in zip(parts, gold, strict=True) for i in g])
    _, document = np.unique([name for name, g in zip(names, gold, strict=True) for _ in g], return_inverse=True)
    if document.max() == 0:
        raise InputError(f"{documents} has one document; a head is chosen on half of them and scored on the others")
    guesses = [baselines(part) for part in parts]
    rows, heads, held = [], [], {}
    for method in BASELINES:
        right = [guess[method].get(i) in own for guess, g in zip(guesses, gold, strict=True) for i, own in g.items()]
        held[method] = np.array(right)
        about = {"method": method, "candidates": "earlier mentions"}
        rows += _accuracies(about, held[method], held[method], kinds, document)
    for candidates, right in heads_right(model, parts, gold).items():
        best, held[candidates] = chosen_on_half(right.reshape(len(right), -1), document)
        layer, head = np.unravel_index(best, right.shape[1:])
        about = {"method": "best head", "candidates": candidates, "layer": layer + 1, "head": head + 1}
        rows += _accuracies(about, right[:, layer, head], held[candidates], kinds, document)
        heads += [
            {"candidates": candidates, "layer": layer + 1, "head": head + 1, "accuracy": share}
            for (layer, head), share in np.ndenumerate(right.mean(0))
        ]
    counted = [{"what": "parts scored", "count": len(parts)}, {"what": "sentences left out", "count": skipped}]
    counted += [{"what": f"left out: {reason}", "count": count} for reason, count in left_out.items()]
    tables = {"methods": rows, "heads": heads, "contrasts": _contrasts(held, kinds, document), "documents": counted}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def heads_right(model: Model, parts: list[Document], gold: list[dict[int, set[int]]]) -> dict[str, np.ndarray]:
    """Whether every head finds an antecedent of every mention that has one.

    Args:
        gold: per part, mention -> its antecedents.

    Returns:
        For each of CANDIDATES, [mentions, layers, heads] bool.
    """
    aligned = align(model, [part.words for part in parts], LONGEST)
    allowed = [np.isin(np.arange(len(part.words)), [m.head for m in part.mentions]) for part in parts]
    attended = attended_among(model, aligned.encoded, allowed, tuple(CANDIDATES.values()))
    asked = [
        (number, part.mentions[i].head, [part.mentions[j].head for j in own])
        for number, (part, g) in enumerate(zip(parts, gold, strict=True))
        for i, own in g.items()
    ]
    return {
        name: np.stack([np.isin(found[number][0, word], heads) for number, word, heads in asked])
        for name, found in zip(CANDIDATES, attended, strict=True)
    }


def chosen_on_half(right: np.ndarray, document: np.ndarray) -> tuple[int, np.ndarray]:
    """The best head of all, and the answers of heads that were chosen on the other half of the documents.

    Args:
        right: [mentions, heads] bool.
        document: [mentions] number of the document, from 0.

    Returns:
        Its number, and [mentions] bool.
    """
    half = np.random.default_rng(0).permutation(document.max() + 1)[document] % 2
    first, second = (int(right[half == side].sum(0).argmax()) for side in (1, 0))
    return int(right.sum(0).argmax()), np.where(half == 0, right[:, first], right[:, second])


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
        if own.any():
            cases = {"mentions": kind, "cases": int(own.sum()), "accuracy": right[own].mean()}
            rows.append(about | cases | _mean(held[own], document[own], name="held_out"))
    return rows


def _contrasts(held: dict[str, np.ndarray], kinds: np.ndarray, document: np.ndarray) -> list[dict]:
    """Heads, chosen on the other half, alone and minus each baseline; the paper's way for nominal mentions too."""
    simple = max(("nearest", "head match"), key=lambda method: held[method].sum())
    opponents = {name: held[name] for name in BASELINES} | {"the better simple baseline": held[simple]}
    first, nominal = next(iter(CANDIDATES)), kinds == "nominal"
    rows = [_mean(held[first], document, contrast=f"best head ({first})")]
    rows += [
        _mean(held[candidates] - right.astype(float), document, contrast=f"best head ({candidates}) minus {name}")
        for candidates in CANDIDATES
        for name, right in opponents.items()
    ]
    if nominal.any():
        gain = held[first][nominal] - held["head match"][nominal].astype(float)
        rows.append(_mean(gain, document[nominal], contrast=f"nominal mentions: best head ({first}) minus head match"))
    return rows


def _mean(values: np.ndarray, document: np.ndarray, **labels) -> dict:
    """A row with the mean of [mentions] values and its interval over documents."""
    sums = np.stack([np.bincount(document, values), np.bincount(document)], axis=1)
    return estimate(sums[sums[:, 1] > 0], lambda means: means[:, 0] / means[:, 1], **labels)
