"""Diagnostic classifiers: one linear probe per layer and per task, all trained at once on cached states."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from sklearn.base import BaseEstimator
from tqdm.auto import trange

from insidebert.errors import InputError
from insidebert.models.encoding import States
from insidebert.probes.linear import LinearClassifiers

Sentences = States | Sequence[np.ndarray | torch.Tensor]


class PositionProbe(LinearClassifiers, BaseEstimator):
    """Linear classifiers "is this piece the target?", for every layer and any number of labellings.

    Lin et al. (2019, section 3): dropout, then one linear map to two classes, shared by all positions; cross-entropy
    over all real pieces; the prediction for a sentence is the position with the highest target logit. The probes
    share batches but no parameter, so training them together changes none of them and costs one pass over the states.

    Args:
        epochs: passes over the sentences of one `fit` or `partial_fit`. The paper makes one pass over 40,000; with
            fewer sentences more passes give the probe about as many steps.
        batch_size: sentences a step.
        learning_rate, weight_decay, dropout: of Adam and the classifier, as in the paper.
        seed: of the weights, the batches and the dropout.

    Attributes:
        weight_, bias_: [S, 2 P, width] and [S, 2 P, 1].

    Example: which word is the second?
        >>> import insidebert as ib
        >>> states = ib.hidden_states(ib.load("distilbert-cased"), ["The girl sleeps", "A cat runs away"])
        >>> ib.PositionProbe(epochs=20, learning_rate=0.01).fit(states, [2, 2]).score(states, [2, 2])[0, -1]
        np.float64(1.0)
    """

    def __init__(
        self,
        epochs: int = 1,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        dropout: float = 0.1,
        seed: int = 0,
    ):
        self.epochs, self.batch_size, self.seed = epochs, batch_size, seed
        self.learning_rate, self.weight_decay, self.dropout = learning_rate, weight_decay, dropout

    def fit(self, states: Sentences, targets: np.ndarray) -> "PositionProbe":
        """Train from scratch.

        Args:
            states: of n sentences; or an array [S, pieces, width] a sentence.
            targets: [n, P] position of the target piece in each sentence, one column a labelling; or [n].

        Raises:
            InputError: not a target for every sentence, or one outside it.
        """
        vars(self).pop("weight_", None)
        return self.partial_fit(states, targets)

    def partial_fit(self, states: Sentences, targets: np.ndarray) -> "PositionProbe":
        """Go on training with more sentences, so that a corpus of any size can be encoded chunk by chunk."""
        states = States.of(states)
        targets = _checked(states, targets)
        if not hasattr(self, "weight_"):
            self._start(states.values.shape[0], states.values.shape[2], targets.shape[1])
        gold = _one_hot(states, targets)
        for _ in trange(self.epochs, desc=f"probes, seed {self.seed}", unit="epoch", leave=False):
            order = self._random.permutation(len(targets))
            for start in range(0, len(order), self.batch_size):
                self._update(states.values, gold, states.pieces(order[start : start + self.batch_size]))
        return self

    def predict(self, states: Sentences) -> np.ndarray:
        """Predicted position in each sentence: [n, P, S]."""
        self._fitted()
        states = States.of(states)
        lengths = states.lengths
        predicted = np.empty((len(lengths), self.labellings_, len(self.weight_)), dtype=np.int64)
        with torch.inference_mode():
            for sentences in np.array_split(np.arange(len(lengths)), max(1, len(lengths) // 256)):
                inputs = states.values.index_select(1, states.pieces(sentences)).float()
                logits = self._logits(inputs)[..., 1]  # [S, pieces, P]
                for sentence, own in zip(sentences, logits.split(lengths[sentences].tolist(), dim=1), strict=True):
                    predicted[sentence] = own.argmax(1).T.numpy()
        return predicted

    def correct(self, states: Sentences, targets: np.ndarray) -> np.ndarray:
        """Whether each sentence's prediction is its target: [n, P, S] bool."""
        states = States.of(states)
        return self.predict(states) == _checked(states, targets)[:, :, None]

    def score(self, states: Sentences, targets: np.ndarray) -> np.ndarray:
        """Share of sentences whose predicted position is the target: [P, S]."""
        return self.correct(states, targets).mean(0)


def control_targets(words: Iterable[np.ndarray], seed: int) -> np.ndarray:
    """A control task for target words: the labelling that only a memory of word types can learn.

    Hewitt and Liang (2019), carried over from tags to positions: every type draws a random rank once, and the target
    of a sentence is its piece of the highest rank. Nothing about syntax or order can help, so a probe's accuracy here
    is what it owes to memorising types; selectivity is task accuracy minus this.

    Args:
        words: per sentence, [pieces] type ids.
        seed: of the ranks.

    Returns:
        [n] target position (the first, where the type occurs twice).
    """
    words = list(words)
    ranks = np.random.default_rng(seed).random(1 + max(int(ids.max()) for ids in words))
    return np.array([int(ranks[ids].argmax()) for ids in words])


def _checked(states: States, targets: np.ndarray) -> np.ndarray:
    targets = np.asarray(targets)
    targets = targets[:, None] if targets.ndim == 1 else targets
    lengths = states.lengths
    if len(targets) != len(lengths):
        raise InputError(f"{len(targets)} targets for {len(lengths)} sentences; give one row of targets a sentence")
    outside = np.flatnonzero(((targets < 0) | (targets >= lengths[:, None])).any(1))
    if len(outside):
        i = outside[0]
        raise InputError(f"sentence {i + 1} has {lengths[i]} pieces, its target is piece {targets[i].max() + 1}")
    return targets


def _one_hot(states: States, targets: np.ndarray) -> torch.Tensor:
    """[pieces, P, 2]: class 1 for the target piece of each labelling, class 0 for every other piece."""
    gold = torch.zeros(states.values.shape[1], targets.shape[1], 2)
    gold[..., 0] = 1
    where = torch.from_numpy(states.starts[:, None] + targets), torch.arange(targets.shape[1])
    gold[where] = torch.tensor([0.0, 1.0])
    return gold
