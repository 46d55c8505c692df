"""Training of many span probes in one pass: they share batches, and no parameter."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from insidebert.errors import InputError
from insidebert.models.span_states import SpanStates
from insidebert.probes.span_network import SpanNetworks
from insidebert.probes.span_targets import SpanTargets, batches

LOSSES = ("sigmoid", "softmax")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Plan:
    """How span probes are built and trained; `PAPER` is the authors' way.

    Args:
        hidden: width inside the probe.
        epochs: passes over the training targets, at most.
        rate: of Adam; halved after `patience` validations without gain, down to `least_rate`, where a probe stops.
        mixing_rate: of the mixing logits and gamma; None for `rate`. Adam moves a number by about its rate a step, so
            that few steps at the paper's rate leave the mix as even as it began.
        batch: sentences a step.
        dropout: before the last layer.
        clip: largest norm of a probe's gradient.
        patience, stop: validations without gain before the rate is halved, and before a probe stops.
        loss: `sigmoid`, a decision a label (the paper); `softmax`, one label a target.
        validate_every: steps; None for every epoch.
        pooled: `attention` inside the span (the paper), or `mean`.
        precision: `bfloat16` multiplies matrices so, much faster on processors that can.
    """

    hidden: int = 256
    epochs: int = 20
    rate: float = 1e-3
    mixing_rate: float | None = None
    batch: int = 32
    dropout: float = 0.3
    clip: float = 5.0
    patience: int = 5
    stop: int = 20
    least_rate: float = 1e-6
    loss: str = "sigmoid"
    validate_every: int | None = None
    pooled: str = "attention"
    precision: str = "float32"

    def __post_init__(self):
        for name in ("hidden", "epochs", "batch", "patience", "stop"):
            if not getattr(self, name) >= 1:
                raise InputError(f"{name} is {getattr(self, name)}; it is at least 1")
        for name in ("rate", "clip"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; it is above 0")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout is {self.dropout}; it is at least 0 and below 1")
        for name, known in (("loss", LOSSES), ("pooled", ("attention", "mean")), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"{name} is {getattr(self, name)!r}; it is {' or '.join(known)}")


OURS = Plan()

PAPER = Plan(rate=1e-4, epochs=70, validate_every=1000)
"""Tenney et al. (2019a), appendix C, for OntoNotes: at most 250 validations of 1,000 steps, 69 epochs."""


class Optimizer:
    """Adam with a rate a probe; gradients are clipped a probe."""

    def __init__(self, networks: SpanNetworks, plan: Plan):
        self.parameters, self.clip, probes = networks.parameters, plan.clip, len(networks)
        self.views = [{name: own.detach()[i] for name, own in self.parameters.items()} for i in range(probes)]
        mixing = plan.rate if plan.mixing_rate is None else plan.mixing_rate
        groups = []
        for views in self.views:
            apart = [views[name] for name in ("mixing", "gamma") if name in views]
            groups.append({"params": [own for name, own in views.items() if name not in ("mixing", "gamma")]})
            groups += [{"params": apart, "lr": mixing}] if apart else []
        self.groups = len(groups) // probes
        self.adam = torch.optim.Adam(groups, plan.rate, fused=True)

    def step(self, loss: torch.Tensor) -> None:
        """Go down the gradient of a sum over probes, each of which has its own."""
        for own in self.parameters.values():
            own.grad = None
        loss.backward()
        grads = {name: own.grad for name, own in self.parameters.items() if own.grad is not None}
        norms = torch.stack([grad.flatten(1).norm(dim=1) for grad in grads.values()]).norm(dim=0)
        if (norms > self.clip).any():
            shares = (self.clip / norms).clamp(max=1)
            for grad in grads.values():
                grad *= shares.view(-1, *[1] * (grad.ndim - 1))
        for i, views in enumerate(self.views):
            for name, grad in grads.items():
                views[name].grad = grad[i]
        self.adam.step()

    def slower(self, probe: int, by: float) -> None:
        """Multiply a probe's rates."""
        for group in self.adam.param_groups[self.groups * probe : self.groups * (probe + 1)]:
            group["lr"] *= by

    def rate(self, probe: int) -> float:
        """The rate of most of a probe's weights."""
        return self.adam.param_groups[self.groups * probe]["lr"]


def train(
    networks: SpanNetworks,
    states: SpanStates,
    targets: SpanTargets,
    development: SpanTargets | None,
    scored: np.ndarray,
    plan: Plan,
    describe: str = "span probes",
) -> list[np.ndarray]:
    """Train, and end with each probe's weights of its best validation; without development targets, with the last.

    The order of batches is the same for all probes and seeds; a seed draws initial weights and dropout.

    Args:
        scored: [K] labels that count in F1.

    Returns:
        F1 [P] on the development targets at every validation; NaN for a probe that had stopped.

    Raises:
        InputError: a loss that is not finite.
    """
    optimizer, order = Optimizer(networks, plan), np.random.default_rng(0)
    masks = {seed: torch.Generator().manual_seed(seed) for seed in networks.seeds}
    best, waited = np.full(len(networks), -np.inf), np.zeros(len(networks), dtype=int)
    kept = {name: own.detach().clone() for name, own in networks.parameters.items()}
    going, curve, steps = np.ones(len(networks), dtype=bool), [], 0

    def validate() -> None:
        reached = f1_of(counted(networks, states, development, scored))
        curve.append(np.where(going, reached, np.nan))
        better = going & ((reached > best) | np.isneginf(best))
        for name, own in networks.parameters.items():
            kept[name][torch.from_numpy(better)] = own.detach()[torch.from_numpy(better)]
        best[better] = reached[better]
        waited[:] = np.where(better, 0, waited + 1)
        for i in np.flatnonzero(going & (waited > 0) & (waited % plan.patience == 0)):
            optimizer.slower(i, 0.5)
        going[:] &= (waited < plan.stop) & np.array(
            [optimizer.rate(i) >= plan.least_rate for i in range(len(networks))]
        )

    bar = tqdm(range(plan.epochs), desc=describe, unit="epoch", leave=False)
    for _ in bar:
        for batch in batches(targets, plan.batch, order):
            drawn = {seed: _mask(len(batch), plan, random) for seed, random in masks.items()}
            logits = networks.logits(states, targets, batch, torch.stack([drawn[s] for s in networks.seeds]))
            loss = losses(logits, targets.tensor(batch), plan.loss).sum()
            if not loss.isfinite():
                raise InputError(
                    f"{describe}: the loss is {loss.item()} after {steps} updates; lower the rate ({plan.rate})"
                )
            optimizer.step(loss)
            steps += 1
            if development and plan.validate_every and steps % plan.validate_every == 0:
                validate()
        if development and not plan.validate_every:
            validate()
        if not going.any():
            break
    bar.close()
    if development and plan.validate_every and steps % plan.validate_every:
        validate()
    if development:
        with torch.no_grad():
            for name, own in networks.parameters.items():
                own.copy_(kept[name])
    return curve


def _mask(targets: int, plan: Plan, random: torch.Generator) -> torch.Tensor:
    drawn = torch.rand(targets, plan.hidden, generator=random)
    return drawn.ge_(plan.dropout).div_(1 - plan.dropout)


def losses(logits: torch.Tensor, gold: torch.Tensor, kind: str) -> torch.Tensor:
    """[P] mean loss: binary cross-entropy over targets and labels; or cross-entropy over targets.

    Args:
        logits: [P, T, K].
        gold: [T, K].
    """
    wanted = gold.float().expand_as(logits)
    if kind == "sigmoid":
        return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean((1, 2))
    wanted = wanted / wanted.sum(-1, keepdim=True).clamp(min=1)
    return -(logits.log_softmax(-1) * wanted).sum(-1).mean(1)


@torch.no_grad()
def each_logits(
    networks: SpanNetworks, states: SpanStates, targets: SpanTargets, size: int = 32
) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
    """(targets, logits [P, T, K]) of every batch, without dropout."""
    for batch in batches(targets, size):
        yield batch, networks.logits(states, targets, batch)


def counted(networks: SpanNetworks, states: SpanStates, targets: SpanTargets, scored: np.ndarray) -> np.ndarray:
    """[P, 3] true positives, false positives, false negatives of scored labels; unknown labels are missed."""
    found = np.zeros((len(networks), 3))
    for batch, logits in each_logits(networks, states, targets):
        on, gold = (logits >= 0).numpy()[..., scored], targets.gold[batch][:, scored]
        right = (on & gold).sum((1, 2))
        found += np.stack([right, on.sum((1, 2)) - right, gold.sum() - right], axis=1)
    found[:, 2] += targets.unseen.sum()
    return found


def f1_of(counts: np.ndarray) -> np.ndarray:
    """[..., 3] true positives, false positives, false negatives -> micro F1; 0 where nothing is right."""
    right, extra, missed = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    return 2 * right / np.maximum(2 * right + extra + missed, 1e-9)
