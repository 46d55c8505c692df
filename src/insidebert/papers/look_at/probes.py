"""Section 5: probes that read a whole tree off attention -> tidy tables (Table 3)."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.word_attention import WordMaps, align, word_maps
from insidebert.models import loading
from insidebert.models.encoding import Encoded
from insidebert.models.loading import Model
from insidebert.papers.look_at.syntax import trees_of
from insidebert.probes.attention import (
    AttentionAndWords,
    AttentionOnly,
    DistancesAndWords,
    HeadProbe,
    Sentences,
    attachment,
    right_branching,
)
from insidebert.probes.structural import StructuralProbe, word_states
from insidebert.text import word_vectors
from insidebert.text.treebanks import Tree

DEVELOPMENT = 10
"""Every so-manyth training sentence chooses the epoch; the test sentences choose nothing."""

IN_MEMORY = 2**31
"""Bytes of attention that are kept in memory; more goes to a file, in half precision too."""


def probes(
    model: Model, treebank: Path | str, relations: str, train: int, vectors: str, epochs: int, seeds: list[int]
) -> dict[str, pd.DataFrame]:
    """Every row of Table 3, on the same sentences.

    Args:
        model: also its twin with trained embeddings and random layers is probed.
        treebank, relations: as in `syntax.trees_of`.
        train: so many sentences first train, the rest is the test.
        vectors: as `word_vectors.read` takes them.
        epochs: at most.
        seeds: one training each; the structural probe, which is quoted in the paper, is trained once.

    Returns:
        scores: UAS (of the structural probe UUAS), mean over seeds, with a 95% interval over test sentences.
        contrasts: attention + words minus each other probe. sentences: how many were used.

    Raises:
        InputError: too few sentences.
    """
    trees, unread = trees_of(treebank, relations)
    aligned = align(model, [tree.words for tree in trees])
    kept = [trees[i] for i in aligned.kept]
    heads = model.layers * model.encoder.config.num_attention_heads
    if not 20 <= train < len(kept):
        raise InputError(
            f"{treebank} has {len(kept)} sentences; train on at least 20 of them and leave some for the test"
        )
    training, test = list(range(train)), list(range(train, len(kept)))
    given = word_vectors.read(vectors)
    blind = Sentences.of(kept, None, given)
    held = [kept[i] for i in test]

    def trained(make, data):
        return _trained(make, data, training, test, epochs, seeds)

    right = {"right-branching": attachment(held, right_branching(held))}
    right["distances + words"] = trained(lambda: DistancesAndWords(given.width), blind)
    drawn = model.source.seed + (model.source.weights == "random")  # a random model's twin is another draw
    twin = loading.load(replace(model.source, weights="random", seed=drawn, keep_embeddings=True))
    with attention_of(twin, aligned.encoded) as maps:
        seen = replace(blind, maps=maps)
        right["random layers' attention + words"] = trained(lambda: AttentionAndWords(heads, given.width), seen)
    del seen, maps
    with attention_of(model, aligned.encoded) as maps:
        seen = replace(blind, maps=maps)
        right["attention"] = trained(lambda: AttentionOnly(heads), seen)
        right["attention + words"] = trained(lambda: AttentionAndWords(heads, given.width), seen)
    rows = [_scored(name, found, 1 if name == "right-branching" else len(seeds)) for name, found in right.items()]
    rows.append(_structural(model, aligned.encoded, kept, training, test, seeds[0]))
    best = right["attention + words"]
    contrasts = [
        {"contrast": f"attention + words minus {name}"} | _gain(np.concatenate([best, other], axis=1))
        for name, other in right.items()
        if other is not best
    ]
    counts = {"training": len(training), "test": len(test)} | unread | aligned.skipped
    sentences = [{"what": what, "sentences": count} for what, count in counts.items()]
    tables = {"scores": rows, "contrasts": contrasts, "sentences": sentences}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


@contextmanager
def attention_of(model: Model, encoded: Encoded) -> Iterator[WordMaps]:
    """Attention between words, computed once: in memory, or in a file that goes when it is no longer needed."""
    heads = model.layers * model.encoder.config.num_attention_heads
    large = sum((words.max() + 1) ** 2 for words in encoded.words) * heads * 2 > IN_MEMORY
    with tempfile.TemporaryDirectory() as folder:
        yield word_maps(model, encoded, Path(folder) / "attention.npy" if large else None)


def _trained(make, data: Sentences, training, test, epochs: int, seeds: list[int]) -> np.ndarray:
    """[test sentences, 2]: words whose head was found, mean over seeds, of how many."""
    development = training[::DEVELOPMENT]
    rest = sorted(set(training) - set(development))
    found = []
    for seed in seeds:
        torch.manual_seed(seed)
        probe = HeadProbe(make(), epochs=epochs, seed=seed).fit(data.select(rest), data.select(development))
        held = data.select(test)
        found.append(attachment(held.trees, probe.predict(held)))
    return np.mean(found, axis=0)


def _structural(model: Model, encoded: Encoded, trees: list[Tree], training, test, seed: int) -> dict:
    states = word_states(model, encoded)
    development = training[::DEVELOPMENT]
    rest = sorted(set(training) - set(development))

    def of(which):
        return [states[i] for i in which], [trees[i] for i in which]

    probe = StructuralProbe(seed=seed).fit(*of(rest), *of(development))
    return _scored("structural probe (UUAS)", probe.edges(*of(test))[:, probe.layer_], 1) | {"layer": probe.layer_}


def _scored(name: str, right: np.ndarray, seeds: int) -> dict:
    means = replicates(right)
    low, high = interval(means[:, 0] / means[:, 1])
    right, words = right.sum(0)
    return {
        "probe": name,
        "score": right / words,
        "low": low,
        "high": high,
        "words": int(words),
        "seeds": seeds,
        "layer": -1,
    }


def _gain(both: np.ndarray) -> dict:
    means = replicates(both)
    low, high = interval(means[:, 0] / means[:, 1] - means[:, 2] / means[:, 3])
    total = both.sum(0)
    return {"estimate": total[0] / total[1] - total[2] / total[3], "low": low, "high": high}
