"""The training loop of probes: Adam, and the weights of the best epoch."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from tqdm.auto import trange


def fit_best(
    parameters: list[torch.Tensor],
    losses: Callable[[], Iterable[torch.Tensor]],
    score: Callable[[], np.ndarray | float],
    epochs: int,
    rate: float,
    describe: str = "probe",
) -> np.ndarray:
    """Train, look at the score after every epoch, and end with the weights of the best one.

    Args:
        parameters: [L, ...] each, where L models are trained together; of any shape for one model.
        losses: yields the loss of every step of an epoch.
        score: [L], or a number; higher is better, and each model keeps its own best epoch.
        epochs, rate: of Adam.
        describe: what the progress bar says.

    Returns:
        The best score: [L], or a number.
    """
    adam = torch.optim.Adam(parameters, rate)
    best, kept = -np.inf, [own.detach().clone() for own in parameters]
    for _ in trange(epochs, desc=describe, unit="epoch", leave=False):
        for loss in losses():
            adam.zero_grad()
            loss.backward()
            adam.step()
        reached = np.asarray(score())
        better = torch.from_numpy(np.asarray(reached > best))
        for saved, own in zip(kept, parameters, strict=True):
            saved[better] = own.detach()[better]
        best = np.fmax(best, reached)
    with torch.no_grad():
        for saved, own in zip(kept, parameters, strict=True):
            own.copy_(saved)
    return best
