"""Probes that read a dependency tree off attention and word vectors (Clark et al. 2019, section 5)."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import nn
from torch.nn.functional import cross_entropy

from insidebert.measure.word_attention import WordMaps
from insidebert.probes.fit import fit_best
from insidebert.text.treebanks import Tree
from insidebert.text.word_vectors import WordVectors

HIDDEN = 256
NEAR = (-2, -1, 0, 1, 2)


@dataclass(frozen=True)
class Sentences:
    """What probes see of a treebank.

    Args:
        trees: sentences with gold heads.
        maps: attention between their words; None for probes that see none.
        vectors: per sentence, [W, d].
    """

    trees: list[Tree]
    maps: WordMaps | None
    vectors: list[np.ndarray]

    @classmethod
    def of(cls, trees: list[Tree], maps: WordMaps | None, vectors: WordVectors) -> "Sentences":
        return cls(trees, maps, [vectors.of(tree.words) for tree in trees])

    def select(self, which: range | list[int]) -> "Sentences":
        """Some of the sentences; their attention is shared, not copied."""
        maps = self.maps and WordMaps(self.maps.values, self.maps.starts[which], self.maps.words[which])
        return Sentences([self.trees[i] for i in which], maps, [self.vectors[i] for i in which])


@dataclass(frozen=True)
class Padded:
    """A batch of sentences of like length.

    Args:
        rows: [B] their numbers.
        words: [B, W] bool, a real word.
        gold: [B, W] place of the head; W for the root; -100 for padding.
        maps: [B, W, W + 2, K] or None; the last two are [CLS] and [SEP].
        vectors: [B, W, d].
    """

    rows: np.ndarray
    words: torch.Tensor
    gold: torch.Tensor
    maps: torch.Tensor | None
    vectors: torch.Tensor


def padded_batches(data: Sentences, size: int, order: np.random.Generator | None = None) -> Iterator[Padded]:
    """All sentences by length, `size` at a time; the batches come in random order if a generator is given."""
    lengths = np.array([len(tree) for tree in data.trees])
    by_length = np.argsort(lengths, kind="stable")
    groups = [by_length[i : i + size] for i in range(0, len(by_length), size)]
    for group in [groups[i] for i in order.permutation(len(groups))] if order else groups:
        longest, first = lengths[group].max(), data.vectors[0]
        words = torch.zeros(len(group), longest, dtype=torch.bool)
        gold = torch.full((len(group), longest), -100)
        vectors = torch.zeros(len(group), longest, first.shape[1])
        maps = None
        if data.maps is not None:
            maps = torch.zeros(len(group), longest, longest + 2, data.maps.values.shape[1])
        for i, row in enumerate(group):
            w = lengths[row]
            heads = torch.tensor(data.trees[row].heads)
            words[i, :w] = True
            gold[i, :w] = heads.where(heads >= 0, longest)
            vectors[i, :w] = torch.from_numpy(data.vectors[row])
            if maps is not None:
                own = torch.from_numpy(data.maps[row]).float()
                maps[i, :w, :w], maps[i, :w, -2:] = own[:, :w], own[:, w:]
        yield Padded(group, words, gold, maps, vectors)


class AttentionOnly(nn.Module):
    """log p(i heads j) ~ sum over heads k of w_k a^k_ij + u_k a^k_ji.

    Args:
        heads: K.
    """

    def __init__(self, heads: int):
        super().__init__()
        self.to_dependent = nn.Parameter(torch.zeros(heads))
        self.to_head = nn.Parameter(torch.zeros(heads))
        self.to_special = nn.Parameter(torch.zeros(2, heads))

    def forward(self, batch: Padded) -> torch.Tensor:
        """[B, W, W + 1]: dependents, candidate heads, the last of them the root."""
        between, special = batch.maps[:, :, :-2], batch.maps[:, :, -2:]
        down, up = between @ self.to_dependent, between @ self.to_head  # [B, from, to]
        return torch.cat([down.transpose(1, 2) + up, (special * self.to_special).sum((2, 3))[..., None]], dim=2)


class AttentionAndWords(nn.Module):
    """As AttentionOnly, with weights that depend on both words: W_k (v_i ++ v_j) and U_k (v_i ++ v_j).

    Args:
        heads: K.
        width: d.
    """

    def __init__(self, heads: int, width: int):
        super().__init__()
        self.down = nn.ModuleDict({word: nn.Linear(width, heads, bias=False) for word in ("head", "dependent")})
        self.up = nn.ModuleDict({word: nn.Linear(width, heads, bias=False) for word in ("head", "dependent")})
        self.to_special = nn.Parameter(torch.zeros(2, heads))

    def forward(self, batch: Padded) -> torch.Tensor:
        """[B, W, W + 1]: dependents, candidate heads, the last of them the root."""
        between, special, vectors = batch.maps[:, :, :-2], batch.maps[:, :, -2:], batch.vectors
        # a sum over heads of a weight times attention, never the [B, W, W, K] weights themselves
        down = torch.einsum("bijk,bik->bij", between, self.down["head"](vectors))
        down += torch.einsum("bijk,bjk->bij", between, self.down["dependent"](vectors))
        up = torch.einsum("bjik,bik->bji", between, self.up["head"](vectors))
        up += torch.einsum("bjik,bjk->bji", between, self.up["dependent"](vectors))
        return torch.cat([down.transpose(1, 2) + up, (special * self.to_special).sum((2, 3))[..., None]], dim=2)


class DistancesAndWords(nn.Module):
    """No attention: one hidden layer of 256 tanh units over both words' vectors and how far apart they are.

    Distance features: the signed distance over the sentence's length, its two halves (before, after), an indicator
    for each offset from -2 to 2, and one for the root.

    Args:
        width: d.
    """

    def __init__(self, width: int):
        super().__init__()
        self.head = nn.Linear(width, HIDDEN)
        self.dependent = nn.Linear(width, HIDDEN, bias=False)
        self.distance = nn.Linear(3 + len(NEAR) + 1, HIDDEN, bias=False)
        self.out = nn.Linear(HIDDEN, 1)

    def forward(self, batch: Padded) -> torch.Tensor:
        """[B, W, W + 1]: dependents, candidate heads, the last of them the root."""
        size, words = batch.words.shape
        places = torch.arange(words)
        offset = (places[None, :] - places[:, None]).float()  # [dependent, head]
        scaled = offset / batch.words.sum(1)[:, None, None]
        near = torch.stack([offset == near for near in NEAR], dim=-1).float().expand(size, -1, -1, -1)
        far = torch.stack([scaled, scaled.clamp(min=0), scaled.clamp(max=0)], dim=-1)
        features = torch.zeros(size, words, words + 1, self.distance.in_features)
        features[:, :, :words, :-1] = torch.cat([far, near], dim=-1)
        features[:, :, words, -1] = 1
        heads = nn.functional.pad(batch.vectors, (0, 0, 0, 1))  # the root's vector is zero
        hidden = self.head(heads)[:, None] + self.dependent(batch.vectors)[:, :, None] + self.distance(features)
        return self.out(hidden.tanh())[..., 0]


class HeadProbe(BaseEstimator):
    """A scorer, trained to choose each word's head: fit, predict, score.

    Args:
        scorer: one of the modules above, fresh; a copy of it is trained.
        epochs: at most; the epoch that is best on the development sentences is kept. The paper makes one over 36,160
            sentences; with fewer sentences more of them are needed.
        batch: sentences a step (paper: 1).
        rate: of Adam (paper: 0.002).
        seed: of the order of batches.

    Example:
        >>> from insidebert.measure.word_attention import word_maps
        >>> import insidebert as ib
        >>> model = ib.load("distilbert-cased")
        >>> trees = [Tree(("The", "girl", "sleeps"), ("",) * 3, ("",) * 3, (1, 2, -1), ("det", "nsubj", "root"))] * 4
        >>> maps = word_maps(model, ib.encode(model, [tree.words for tree in trees]))
        >>> data = Sentences(trees, maps, [np.zeros((3, 1))] * 4)
        >>> probe = ib.HeadProbe(AttentionOnly(model.layers * model.heads), epochs=5, rate=0.05).fit(data, data)
        >>> probe.predict(data)[0].tolist()
        [1, 2, -1]
    """

    def __init__(self, scorer: nn.Module, epochs: int = 30, batch: int = 8, rate: float = 0.002, seed: int = 0):
        self.scorer, self.epochs, self.batch, self.rate, self.seed = scorer, epochs, batch, rate, seed

    def fit(self, training: Sentences, development: Sentences) -> "HeadProbe":
        """Train; after each epoch look at the development sentences, and end with the best epoch's weights."""
        order = np.random.default_rng(self.seed)
        self.scorer_ = copy.deepcopy(self.scorer)

        def losses() -> Iterator[torch.Tensor]:
            for batch in padded_batches(training, self.batch, order):
                yield cross_entropy(self._scores(batch).flatten(0, 1), batch.gold.flatten(), ignore_index=-100)

        score, name = partial(self.score, development), type(self.scorer).__name__
        fit_best(list(self.scorer_.parameters()), losses, score, self.epochs, self.rate, name)
        return self

    @torch.no_grad()
    def predict(self, data: Sentences) -> list[np.ndarray]:
        """Per sentence, [W] place of each word's head, -1 for the root; every word on its own, as in the paper."""
        found: list = [None] * len(data.trees)
        for batch in padded_batches(data, 32):
            chosen = self._scores(batch).argmax(2).numpy()
            root = batch.words.shape[1]
            for i, row in enumerate(batch.rows):
                own = chosen[i, : len(data.trees[row])]
                found[row] = np.where(own == root, -1, own)
        return found

    def score(self, data: Sentences) -> float:
        """Unlabelled attachment score without punctuation, 0 to 1."""
        right, words = attachment(data.trees, self.predict(data)).sum(0)
        return right / words

    def _scores(self, batch: Padded) -> torch.Tensor:
        """Scores with padding, and each word as its own head, ruled out."""
        scores = self.scorer_(batch)
        size, words, _ = scores.shape
        possible = torch.ones(size, words, words + 1, dtype=torch.bool)
        possible[:, :, :words] = batch.words[:, None] & ~torch.eye(words, dtype=torch.bool)
        return scores.masked_fill(~possible, -torch.inf)


def attachment(trees: list[Tree], predicted: list[np.ndarray]) -> np.ndarray:
    """[sentences, 2]: how many words found their head, of how many; punctuation is not counted."""
    rows = []
    for tree, heads in zip(trees, predicted, strict=True):
        counted = np.array(tree.relations) != "punct"
        rows.append([(np.array(tree.heads) == heads)[counted].sum(), counted.sum()])
    return np.array(rows)


def right_branching(trees: list[Tree]) -> list[np.ndarray]:
    """Every word's head is the next word, the last word is the root: the paper's 26 is the offset 1 of its Table 1."""
    return [np.r_[np.arange(1, len(tree)), -1] for tree in trees]
