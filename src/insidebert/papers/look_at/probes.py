"""Section 5: probes that read a whole tree off attention -> tidy tables (Table 3)."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from insidebert.errors import InputError
from insidebert.measure.bootstrap import estimate, seed_replicates
from insidebert.measure.head_accuracy import DIRECTIONS
from insidebert.measure.word_attention import WordMaps, align, word_maps
from insidebert.models import loading
from insidebert.models.encoding import Encoded
from insidebert.models.loading import Model
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
from insidebert.text.stanford import trees_of
from insidebert.text.treebanks import Tree

DEVELOPMENT = 10
"""Every so-manyth training sentence chooses the epoch; the test sentences choose nothing."""

STRUCTURAL = "structural probe (UUAS)"

IN_MEMORY = 2**31
"""Bytes of attention that are kept in memory; more goes to a file, in half precision too."""


@dataclass(frozen=True)
class Split:
    """Sentences by number; the development sentences choose the epoch, the test sentences choose nothing."""

    training: list[int]
    development: list[int]
    test: list[int]

    @classmethod
    def of(cls, train: int, sentences: int) -> "Split":
        """The first `train` sentences train, every DEVELOPMENT-th of them is put aside; the rest is the test."""
        development = list(range(0, train, DEVELOPMENT))
        return cls([i for i in range(train) if i % DEVELOPMENT], development, list(range(train, sentences)))


def probes(
    model: Model, treebank: Path | str, relations: str, train: int, vectors: str, epochs: int, seeds: list[int]
) -> dict[str, pd.DataFrame]:
    """Every row of Table 3, on the same sentences.

    Args:
        model: also its twin with trained embeddings and random layers is probed.
        treebank, relations: as in `stanford.trees_of`.
        train: so many sentences first train, the rest is the test.
        vectors: as `word_vectors.read` takes them.
        epochs: at most.
        seeds: one training each; the structural probe, which is quoted in the paper, is trained once.

    Returns:
        scores: UAS (of the structural probe UUAS), mean over trainings, with a 95% interval over test sentences and
        trainings; `seeds` says how many trainings there were. contrasts: attention + words minus each other probe.
        weights: how far the probe of attention alone trusts each head. sentences: how many were used.

    Raises:
        InputError: too few sentences.
    """
    trees, unread = trees_of(treebank, relations)
    aligned = align(model, [tree.words for tree in trees])
    kept = [trees[i] for i in aligned.kept]
    if not 20 <= train < len(kept):
        raise InputError(
            f"{treebank} has {len(kept)} sentences; train on at least 20 of them and leave some for the test"
        )
    heads, given = model.layers * model.encoder.config.num_attention_heads, word_vectors.read(vectors)
    split, blind = Split.of(train, len(kept)), Sentences.of(kept, None, given)
    held = [kept[i] for i in split.test]

    def trained(make: Callable[[], nn.Module], data: Sentences) -> list[HeadProbe]:
        return [_trained(make, data, split, epochs, seed) for seed in seeds]

    def found(probes_of: list[HeadProbe], data: Sentences) -> np.ndarray:
        return np.stack([attachment(held, probe.predict(data.select(split.test))) for probe in probes_of])

    right = {"right-branching": attachment(held, right_branching(held))[None]}
    right["distances + words"] = found(trained(lambda: DistancesAndWords(given.width), blind), blind)
    with attention_of(_twin(model), aligned.encoded) as maps:
        seen = replace(blind, maps=maps)
        words = trained(lambda: AttentionAndWords(heads, given.width), seen)
        right["random layers' attention + words"] = found(words, seen)
    del seen, maps
    with attention_of(model, aligned.encoded) as maps:
        seen = replace(blind, maps=maps)
        alone = trained(lambda: AttentionOnly(heads), seen)
        right["attention"] = found(alone, seen)
        right["attention + words"] = found(trained(lambda: AttentionAndWords(heads, given.width), seen), seen)
    edges, layer = _structural(model, aligned.encoded, kept, split, seeds[0])
    counts = {"training": train, "test": len(held)} | unread | aligned.skipped
    return {
        "scores": pd.DataFrame(
            [*(_score(name, own) for name, own in right.items()), _score(STRUCTURAL, edges) | {"layer": layer}]
        ),
        "contrasts": pd.DataFrame([*_gains(right), estimate(edges[0], _ratio, contrast=STRUCTURAL)]),
        "weights": pd.DataFrame(_weights([probe.scorer_ for probe in alone], model.layers)),
        "sentences": pd.DataFrame({"what": what, "sentences": count} for what, count in counts.items()),
    }


def _twin(model: Model) -> Model:
    """Its embeddings under random layers; a random model's twin is another draw."""
    seed = model.source.seed + (model.source.weights == "random")
    return loading.load(replace(model.source, weights="random", seed=seed, keep_embeddings=True))


@contextmanager
def attention_of(model: Model, encoded: Encoded) -> Iterator[WordMaps]:
    """Attention between words, computed once: in memory, or in a file that goes when it is no longer needed."""
    heads = model.layers * model.encoder.config.num_attention_heads
    large = sum((words.max() + 1) ** 2 for words in encoded.words) * heads * 2 > IN_MEMORY
    with tempfile.TemporaryDirectory() as folder:
        yield word_maps(model, encoded, Path(folder) / "attention.npy" if large else None)


def _trained(make: Callable[[], nn.Module], data: Sentences, split: Split, epochs: int, seed: int) -> HeadProbe:
    torch.manual_seed(seed)
    return HeadProbe(make(), epochs=epochs, seed=seed).fit(data.select(split.training), data.select(split.development))


def _structural(model: Model, encoded: Encoded, trees: list[Tree], split: Split, seed: int) -> tuple[np.ndarray, int]:
    """[1 training, test sentences, 2] edges found, of how many; and the layer that was chosen."""
    states = word_states(model, encoded)

    def of(which: list[int]) -> tuple[list[torch.Tensor], list[Tree]]:
        return [states[i] for i in which], [trees[i] for i in which]

    probe = StructuralProbe(seed=seed).fit(*of(split.training), *of(split.development))
    return probe.edges(*of(split.test))[:, probe.layer_][None], probe.layer_


def _score(name: str, right: np.ndarray) -> dict:
    row = {"probe": name} | estimate(right.mean(0), _ratio, name="score", drawn=seed_replicates(right))
    return row | {"words": int(right[0, :, 1].sum()), "seeds": len(right), "layer": -1}


def _gains(right: dict[str, np.ndarray]) -> list[dict]:
    best, rows = right["attention + words"], []
    for name, other in right.items():
        if other is not best:
            both = np.concatenate([best, np.broadcast_to(other, best.shape)], axis=2)
            gain = estimate(both.mean(0), lambda m: _ratio(m) - _ratio(m[:, 2:]), drawn=seed_replicates(both))
            rows.append({"contrast": f"attention + words minus {name}"} | gain)
    return rows


def _ratio(means: np.ndarray) -> np.ndarray:
    return means[:, 0] / means[:, 1]


def _weights(scorers: list[AttentionOnly], layers: int) -> list[dict]:
    """w_k (the head word looks at its dependent) and u_k (the other way round), mean over trainings."""
    rows = []
    for way, name in zip(DIRECTIONS, ("to_head", "to_dependent"), strict=True):
        weights = torch.stack([getattr(scorer, name) for scorer in scorers]).mean(0).detach().numpy()
        for (layer, head), weight in np.ndenumerate(weights.reshape(layers, -1)):
            rows.append({"layer": layer + 1, "head": head + 1, "direction": way, "weight": weight})
    return rows
