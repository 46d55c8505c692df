"""A label for every token, from its state: one linear classifier a layer."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from tqdm.auto import trange

from insidebert.errors import InputError
from insidebert.models.encoding import States
from insidebert.probes.linear import LinearClassifiers

Tokens = States | np.ndarray | torch.Tensor


class TokenProbe(LinearClassifiers, ClassifierMixin, BaseEstimator):
    """Linear classifiers of tokens by any labels, such as parts of speech; every layer has its own.

    Multinomial logistic regressions with dropout, trained by Adam on the same batches; they share no parameter.

    Args:
        epochs: passes over the tokens.
        batch_size: tokens a step.
        learning_rate, weight_decay: of Adam.
        dropout: share of a state's numbers that a step does not see.
        seed: of the weights, the batches and the dropout.

    Attributes:
        classes_: [C] labels.
        weight_, bias_: [layers, C, width] and [layers, C, 1].

    Example:
        >>> import insidebert as ib
        >>> states = ib.hidden_states(ib.load("distilbert-cased"), ["The girl sleeps", "A cat runs"], level="word")
        >>> labels = [["DET", "NOUN", "VERB"], ["DET", "NOUN", "VERB"]]
        >>> probe = ib.TokenProbe(epochs=50).fit(states, labels)
        >>> probe.score(states, labels).shape, probe.predict(states)[-1, :2].tolist()
        ((8,), ['DET', 'NOUN'])
    """

    def __init__(
        self,
        epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 1e-2,
        weight_decay: float = 0.0,
        dropout: float = 0.1,
        seed: int = 0,
    ):
        self.epochs, self.batch_size, self.seed = epochs, batch_size, seed
        self.learning_rate, self.weight_decay, self.dropout = learning_rate, weight_decay, dropout

    def fit(self, states: Tokens, labels: Sequence) -> "TokenProbe":
        """Train from scratch.

        Args:
            states: of sentences; or [layers, tokens, width], or [tokens, width] of one layer.
            labels: [tokens], or a list of them for each sentence.

        Raises:
            InputError: not as many labels as tokens, or a state that is not finite.
        """
        values, labels = _layers(states), _flat(labels)
        if len(labels) != values.shape[1]:
            raise InputError(f"{len(labels)} labels for {values.shape[1]} tokens; give every token one label")
        if not values.isfinite().all():
            raise InputError("some states are not finite; leave those tokens out")
        self.classes_, places = np.unique(labels, return_inverse=True)
        self.n_features_in_ = values.shape[2]
        gold = torch.nn.functional.one_hot(torch.from_numpy(places), len(self.classes_)).float()[:, None]
        self._start(len(values), values.shape[2], 1, len(self.classes_))
        for _ in trange(self.epochs, desc="token probe", unit="epoch", leave=False):
            for tokens in torch.from_numpy(self._random.permutation(len(labels))).split(self.batch_size):
                self._update(values, gold, tokens)
        return self

    def predict(self, states: Tokens) -> np.ndarray:
        """[layers, tokens] labels; [tokens] of states [tokens, width].

        Raises:
            InputError: the probe is not trained, or was trained on other layers or another width.
        """
        self._fitted()
        values = _layers(states)
        trained = self.weight_.shape[0], self.weight_.shape[2]
        if (values.shape[0], values.shape[2]) != trained:
            raise InputError(f"states of {tuple(values.shape)}; the probe knows {trained[0]} layers of {trained[1]}")
        with torch.inference_mode():
            found = self.classes_[self._logits(values.float())[:, :, 0].argmax(-1).numpy()]
        return found[0] if getattr(states, "ndim", 3) == 2 else found

    def score(self, states: Tokens, labels: Sequence) -> np.ndarray:
        """[layers] share of tokens whose label is found; a number for states [tokens, width]."""
        right = (self.predict(states) == _flat(labels)).mean(-1)
        return float(right) if right.ndim == 0 else right


def _layers(states: Tokens) -> torch.Tensor:
    """[layers, tokens, width], sentences in the order in which they were given."""
    if isinstance(states, States):
        return states.values.index_select(1, states.pieces(np.arange(len(states.lengths))))
    values = torch.as_tensor(states).cpu()
    if values.ndim not in (2, 3):
        raise InputError(f"states of {values.ndim} axes; they are [layers, tokens, width] or [tokens, width]")
    return values if values.ndim == 3 else values[None]


def _flat(labels: Sequence) -> np.ndarray:
    if len(labels) and not isinstance(labels[0], str) and np.ndim(labels[0]) == 1:
        return np.concatenate([np.asarray(own) for own in labels])
    return np.asarray(labels)
