"""A structural probe: a linear map under which squared distances of word states are distances in the tree.

Hewitt and Manning (2019); Clark et al. (2019, Table 3) quote it, here it is trained on the same sentences.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path
from sklearn.base import BaseEstimator

from insidebert.errors import InputError
from insidebert.models.encoding import Encoded, States, hidden_states
from insidebert.models.loading import Model
from insidebert.probes.fit import fit_best
from insidebert.text.treebanks import Tree

Trees = Sequence[Tree | Sequence[int]]


def word_states(model: Model, encoded: Encoded) -> list[torch.Tensor]:
    """Per sentence, [states, W, width] in half precision: the mean of a word's pieces, embedding to last layer."""
    return [own[1:] for own in hidden_states(model, encoded, level="word").each()]


def tree_distances(tree: Tree | Sequence[int]) -> np.ndarray:
    """[W, W] number of edges between words; of a tree, or of its words' heads (-1: the root)."""
    heads = np.asarray(getattr(tree, "heads", tree))
    (dependents,) = np.nonzero(heads >= 0)
    edges = csr_array((np.ones(len(dependents)), (dependents, heads[dependents])), shape=(len(heads), len(heads)))
    return shortest_path(edges, directed=False, unweighted=True)


class StructuralProbe(BaseEstimator):
    """One map a layer, all trained together: fit, score.

    Args:
        rank: of each map.
        epochs: the one with the best undirected score on the development sentences is kept, for each layer.
        batch: sentences a step.
        rate: of Adam.
        seed: of the initial maps and the order of sentences.

    Attributes:
        maps_: [layers, width, rank].
        layer_: the best layer on the development sentences, a place on the first axis of the states.

    Example:
        >>> import insidebert as ib
        >>> states = ib.hidden_states(ib.load("distilbert-cased"), ["The girl sleeps", "A cat runs"], level="word")
        >>> probe = ib.StructuralProbe(rank=4, epochs=1).fit(states, [[1, 2, -1], [1, 2, -1]])
        >>> probe.score(states, [[1, 2, -1], [1, 2, -1]]).shape
        (8,)
    """

    def __init__(self, rank: int = 64, epochs: int = 10, batch: int = 16, rate: float = 0.001, seed: int = 0):
        self.rank, self.epochs, self.batch, self.rate, self.seed = rank, epochs, batch, rate, seed

    def fit(
        self,
        states: States | list[torch.Tensor],
        trees: Trees,
        dev_states: States | list[torch.Tensor] | None = None,
        dev_trees: Trees | None = None,
    ) -> "StructuralProbe":
        """Train on the first pair of lists, choose epochs and the layer on the second (the first, if there is none).

        Args:
            states, dev_states: States by word, or per sentence [layers, W, width]; the embedding counts as a layer.
            trees, dev_trees: trees, or the heads of each sentence's words: [W] zero-based, -1 for the root.

        Raises:
            InputError: not as many trees as sentences, or a tree of other words.
        """
        states = _matched(states, trees)
        dev_states, dev_trees = (states, trees) if dev_states is None else (_matched(dev_states, dev_trees), dev_trees)
        layers, _, width = states[0].shape
        start = torch.randn(layers, width, self.rank, generator=torch.Generator().manual_seed(self.seed))
        self.maps_ = torch.nn.Parameter(start * 0.05 / width**0.5)
        wanted = [torch.from_numpy(tree_distances(tree)).float() for tree in trees]
        order = np.random.default_rng(self.seed)

        def losses() -> Iterator[torch.Tensor]:
            mixed = order.permutation(len(trees))
            for start in range(0, len(mixed), self.batch):
                chosen = mixed[start : start + self.batch]
                mapped = self._mapped(torch.cat([states[i] for i in chosen], dim=1))  # one product a step
                parts = zip(chosen, mapped.split([states[i].shape[1] for i in chosen], dim=1), strict=True)
                each = [(_distances(own) - wanted[i]).abs().mean((1, 2)).sum() for i, own in parts]
                yield torch.stack(each).sum() / len(chosen)

        score = partial(self.score, dev_states, dev_trees)
        best = fit_best([self.maps_], losses, score, self.epochs, self.rate, "structural probe")
        self.maps_, self.layer_ = self.maps_.detach(), int(np.argmax(best))
        return self

    def score(self, states: States | list[torch.Tensor], trees: Trees) -> np.ndarray:
        """[layers] undirected unlabelled attachment, 0 to 1; punctuation is left out."""
        right, edges = np.moveaxis(self.edges(states, trees).sum(0), 1, 0)
        return right / edges

    @torch.no_grad()
    def edges(self, states: States | list[torch.Tensor], trees: Trees) -> np.ndarray:
        """[sentences, layers, 2]: gold edges found in the minimum spanning tree, of how many; punctuation left out."""
        rows = []
        for own, tree in zip(_matched(states, trees), trees, strict=True):
            heads = getattr(tree, "heads", tree)
            counted = np.array(getattr(tree, "relations", [""] * len(heads))) != "punct"
            words = np.flatnonzero(counted)
            gold = {frozenset((i, heads[i])) for i in words if heads[i] >= 0 and counted[heads[i]]}
            distances = _distances(self._mapped(own[:, words])).numpy() + 1e-6  # a 0 would mean no edge to scipy
            found = []
            for layer in distances:
                spanning = minimum_spanning_tree(layer).tocoo()
                pairs = {frozenset((words[a], words[b])) for a, b in zip(spanning.row, spanning.col, strict=True)}
                found.append([len(gold & pairs), len(gold)])
            rows.append(found)
        return np.array(rows)

    def _mapped(self, states: torch.Tensor) -> torch.Tensor:
        """[layers, W, width] -> [layers, W, rank] under each layer's map."""
        return states.float() @ self.maps_


def _distances(mapped: torch.Tensor) -> torch.Tensor:
    """[layers, W, rank] -> [layers, W, W] squared distances."""
    return (mapped[:, :, None] - mapped[:, None]).square().sum(-1)


def _matched(states: States | list[torch.Tensor], trees: Trees) -> list[torch.Tensor]:
    """Per sentence, [layers, W, width], if the trees are theirs."""
    each = states.each() if isinstance(states, States) else [torch.as_tensor(own) for own in states]
    words = [len(getattr(tree, "heads", tree)) for tree in trees]
    if words != [own.shape[1] for own in each]:
        raise InputError(f"{len(each)} sentences and {len(words)} trees do not have the same words; states go by word")
    return each
