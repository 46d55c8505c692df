"""A structural probe: a linear map under which squared distances of word states are distances in the tree.

Hewitt and Manning (2019); Clark et al. (2019, Table 3) quote it, here it is trained on the same sentences.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path
from tqdm.auto import tqdm

from insidebert.models.encoding import Encoded, hidden_states
from insidebert.models.loading import Model
from insidebert.text.treebanks import Tree


def word_states(model: Model, encoded: Encoded) -> list[torch.Tensor]:
    """Per sentence, [states, W, width] in half precision: the mean of a word's pieces, embedding to last layer."""
    states = hidden_states(model, encoded)
    found = []
    for i, words in enumerate(encoded.words):
        pieces = states.values[1:, states.starts[i] : states.starts[i] + states.lengths[i]].float()
        real = torch.from_numpy(words >= 0)
        share = torch.nn.functional.one_hot(torch.from_numpy(words[words >= 0])).float()  # [pieces, W]
        found.append(((share / share.sum(0)).T @ pieces[:, real]).half())
    return found


def tree_distances(tree: Tree) -> np.ndarray:
    """[W, W] number of edges between words."""
    w = len(tree)
    dependents = [i for i, head in enumerate(tree.heads) if head >= 0]
    edges = csr_array((np.ones(len(dependents)), (dependents, [tree.heads[i] for i in dependents])), shape=(w, w))
    return shortest_path(edges, directed=False, unweighted=True)


@dataclass
class StructuralProbe:
    """One map a layer, all trained together: fit, score.

    Args:
        rank: of each map.
        epochs: the one with the best undirected score on the development sentences is kept, for each layer.
        batch: sentences a step.
        rate: of Adam.
        seed: of the initial maps and the order of sentences.
    """

    rank: int = 64
    epochs: int = 10
    batch: int = 16
    rate: float = 0.001
    seed: int = 0

    def fit(
        self,
        states: list[torch.Tensor],
        trees: list[Tree],
        dev_states: list[torch.Tensor],
        dev_trees: list[Tree],
    ) -> "StructuralProbe":
        """Train on the first pair of lists, choose epochs and the layer on the second.

        Args:
            states, dev_states: per sentence, [layers, W, width]; the embedding counts as a layer.
        """
        torch.manual_seed(self.seed)
        layers, _, width = states[0].shape
        self.maps = torch.nn.Parameter(torch.randn(layers, width, self.rank) * 0.05 / width**0.5)
        adam = torch.optim.Adam([self.maps], self.rate)
        wanted = [torch.from_numpy(tree_distances(tree)).float() for tree in trees]
        order = np.random.default_rng(self.seed)
        best, kept = np.full(layers, -1.0), self.maps.detach().clone()
        for _ in tqdm(range(self.epochs), desc="structural probe", unit="epoch", leave=False):
            mixed = order.permutation(len(trees))
            for start in range(0, len(mixed), self.batch):
                adam.zero_grad()
                chosen = mixed[start : start + self.batch]
                losses = [(self._distances(states[i]) - wanted[i]).abs().mean((1, 2)).sum() for i in chosen]
                (torch.stack(losses).sum() / len(chosen)).backward()
                adam.step()
            right = self.edges(dev_states, dev_trees).sum(0)
            reached = right[:, 0] / right[:, 1]
            better = reached > best
            best[better] = reached[better]
            kept[better] = self.maps.detach()[better]
        self.maps = copy.deepcopy(kept)
        self.layer = int(best.argmax())
        return self

    @torch.no_grad()
    def edges(self, states: list[torch.Tensor], trees: list[Tree]) -> np.ndarray:
        """[sentences, layers, 2]: gold edges found in the minimum spanning tree, of how many; punctuation left out."""
        rows = []
        for own, tree in zip(states, trees, strict=True):
            words = np.flatnonzero(np.array(tree.relations) != "punct")
            gold = {
                frozenset((i, tree.heads[i]))
                for i in words
                if tree.heads[i] >= 0 and tree.relations[tree.heads[i]] != "punct"
            }
            distances = self._distances(own[:, words]).numpy() + 1e-6  # a 0 would mean no edge to scipy
            found = []
            for layer in distances:
                spanning = minimum_spanning_tree(layer).tocoo()
                pairs = {frozenset((words[a], words[b])) for a, b in zip(spanning.row, spanning.col, strict=True)}
                found.append([len(gold & pairs), len(gold)])
            rows.append(found)
        return np.array(rows)

    def _distances(self, states: torch.Tensor) -> torch.Tensor:
        """[layers, W, width] -> [layers, W, W] squared distances under each layer's map."""
        mapped = states.float() @ self.maps
        return (mapped[:, :, None] - mapped[:, None]).square().sum(-1)
