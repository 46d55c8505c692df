"""Linear classifiers of every layer, trained together: what the position probe and the token probe share."""

import numpy as np
import torch

from insidebert.errors import InputError


class LinearClassifiers:
    """Dropout, one linear map a layer and labelling, cross-entropy, Adam; parameters are those of the probe."""

    def _start(self, layers: int, width: int, labellings: int, classes: int = 2) -> None:
        self._random = np.random.default_rng(self.seed)
        bound = width**-0.5  # torch.nn.Linear's own initialisation
        shape = layers, labellings * classes, width + 1
        uniform = torch.from_numpy(self._random.uniform(-bound, bound, shape).astype(np.float32))
        self.labellings_ = labellings
        self.weight_, self.bias_ = uniform[..., :-1].clone(), uniform[..., -1:].clone()
        self.weight_.grad, self.bias_.grad = torch.empty_like(self.weight_), torch.empty_like(self.bias_)
        self._adam = torch.optim.Adam([self.weight_, self.bias_], lr=self.learning_rate, weight_decay=self.weight_decay)

    def _update(self, values: torch.Tensor, gold: torch.Tensor, pieces: torch.Tensor) -> None:
        """One step. The gradient of a softmax is written out: half of the cost would be autograd's book-keeping.

        Args:
            values: [S, all pieces, width].
            gold: [all pieces, P, classes] one-hot.
            pieces: [pieces] those of this step.
        """
        # One dropout mask for all layers: each probe sees a fair one, and drawing them is the dearest part of a step.
        drawn = self._random.random((len(pieces), values.shape[2]), dtype=np.float32)
        kept = torch.from_numpy(drawn).ge_(self.dropout).div_(1 - self.dropout)
        wanted = gold[pieces].permute(1, 2, 0)
        for layer, weight in enumerate(self.weight_):  # one at a time: its inputs stay in the processor's cache
            inputs = values[layer].index_select(0, pieces).float().mul_(kept)
            logits = torch.addmm(self.bias_[layer], weight, inputs.T).unflatten(0, (self.labellings_, -1))
            error = logits.softmax(1).sub_(wanted).div_(len(pieces)).flatten(0, 1)  # [P * classes, pieces]
            torch.mm(error, inputs, out=self.weight_.grad[layer])
            torch.sum(error, 1, keepdim=True, out=self.bias_.grad[layer])
        self._adam.step()

    def _logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """[S, pieces, width] -> [S, pieces, P, classes]."""
        logits = self.weight_ @ inputs.transpose(1, 2) + self.bias_  # thrice as fast as inputs @ weight
        return logits.transpose(1, 2).unflatten(2, (self.labellings_, -1))

    def _fitted(self) -> None:
        if not hasattr(self, "weight_"):
            raise InputError(f"this {type(self).__name__} is not trained; call fit first")
