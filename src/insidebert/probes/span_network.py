"""Many span probes at once: the networks of Tenney et al. (2019a, section 3.1), batched over inputs and seeds.

Letters of axes: P probes; T targets of a batch; U its distinct pieces; S states of a piece; H width inside the probe;
K labels. Each distinct piece is projected once a probe, however many spans it is part of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from insidebert.errors import InputError
from insidebert.models.span_states import SpanStates
from insidebert.probes.span_targets import Side, SpanTargets, side_of, windows


@dataclass(frozen=True)
class Input:
    """What a probe reads of a piece.

    Args:
        states: places on the S axis that it mixes, or puts side by side.
        way: `mix` (trained scalar weights and gamma), `one` state, or `row`: states side by side.
        reach: pieces on each side that a convolution sees.
    """

    states: tuple[int, ...]
    way: str
    reach: int = 0

    @classmethod
    def of(cls, name: str, layers: int) -> "Input":
        """`mix`, `cumulative 4`, `layer 4`, `lex`, `cat`, `cnn 1`, of a model of so many layers.

        Raises:
            InputError: another name, or a layer that the model lacks.
        """
        kind, _, number = name.partition(" ")
        fixed = {"mix": cls(tuple(range(1, layers + 2)), "mix"), "lex": cls((0,), "one")}
        fixed["cat"] = cls((layers + 1, 0), "row")
        if name in fixed:
            return fixed[name]
        if kind not in ("cumulative", "layer", "cnn") or not number.isdigit():
            raise InputError(
                f"{name!r} is no input of a span probe; there are mix, lex, cat, 'cumulative 0' to 'cumulative "
                f"{layers}', 'layer 0' to 'layer {layers}', 'cnn 1' and 'cnn 2'"
            )
        place = int(number)
        if kind == "cnn":
            return cls((0,), "row", place)
        if place > layers:
            raise InputError(f"input {name!r}: the model has layers 0 (embeddings) to {layers}")
        return cls((place + 1,), "one") if kind == "layer" else cls(tuple(range(1, place + 2)), "mix")

    @property
    def shape(self) -> tuple:
        """Probes of the same shape are trained in one batch."""
        return (self.way == "row", self.states if self.way == "row" else (), self.reach)


class SpanNetworks:
    """P probes with the same number of inputs.

    Args:
        inputs: [P] of one shape.
        seeds: [P] of initial weights and dropout.
        width: of a state.
        sides: spans of a target, 1 or 2.
        labels: K.
        hidden: H.
        pooled: `attention` or `mean`.
        low: multiply matrices in bfloat16.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        seeds: Sequence[int],
        width: int,
        sides: int,
        labels: int,
        hidden: int,
        pooled: str = "attention",
        low: bool = False,
    ):
        self.inputs, self.seeds, self.pooled, self.low = list(inputs), list(seeds), pooled, low
        self.row, self.reach = inputs[0].way == "row", inputs[0].reach
        self.columns = sorted({state for own in inputs for state in own.states})
        self.width = width * (len(inputs[0].states) * (2 * self.reach + 1) if self.row else 1)
        self.allowed = torch.tensor([[column in own.states for column in self.columns] for own in inputs])
        self.mixes = torch.tensor([own.way == "mix" for own in inputs])
        draws = [_drawn(seed, self.width, sides, labels, hidden) for seed in seeds]
        self.parameters = {name: torch.stack([draw[name] for draw in draws]) for name in draws[0]}
        if not self.row:
            self.parameters["mixing"] = torch.zeros(len(inputs), len(self.columns))
            self.parameters["gamma"] = torch.ones(len(inputs), 1)
        for own in self.parameters.values():
            own.requires_grad_()

    def __len__(self) -> int:
        return len(self.inputs)

    def weights(self) -> torch.Tensor:
        """[P, columns] s(l) of each probe, without gamma; one-hot where nothing is mixed."""
        return self.parameters["mixing"].masked_fill(~self.allowed, -torch.inf).softmax(-1)

    def logits(
        self, states: SpanStates, targets: SpanTargets, batch: np.ndarray, masks: torch.Tensor | None = None
    ) -> torch.Tensor:
        """[P, T, K].

        Args:
            batch: [T] targets.
            masks: [P, T, H] dropout masks of training.
        """
        sides = [side_of(spans) for spans in np.moveaxis(targets.spans[batch], 1, 0)]
        projected = self._projected(states, sides, targets.edges[batch])
        pooled = [self._pooled(values, side, i) for i, (values, side) in enumerate(zip(projected, sides, strict=True))]
        own = self.parameters
        hidden = torch.tanh(self._product(torch.cat(pooled, dim=-1), own["hidden"]) + own["hidden bias"])
        normal = functional.layer_norm(hidden, hidden.shape[-1:]) * own["norm"] + own["norm bias"]
        kept = normal if masks is None else normal * masks
        return torch.baddbmm(own["out bias"], kept, own["out"])

    def _projected(self, states: SpanStates, sides: list[Side], edges: np.ndarray) -> list[torch.Tensor]:
        """Per side, [P, U, H] of its distinct pieces."""
        around = [windows(side.pieces, edges, self.reach) for side in sides]
        pieces = np.unique(np.concatenate([places.ravel() for places, _ in around]))
        first, last = self.columns[0], self.columns[-1] + 1
        values = states.take(pieces, slice(first, last))  # [U, columns, width]
        values = values if last - first == len(self.columns) else values[:, [c - first for c in self.columns]]
        weights = [self.parameters[f"project {side}"] for side in range(len(sides))]
        if self.row:
            read = [self._row(values, np.searchsorted(pieces, places), inside) for places, inside in around]
            found = [self._product(one.expand(len(self), -1, -1), to) for one, to in zip(read, weights, strict=True)]
        else:
            gamma = torch.where(self.mixes[:, None], self.parameters["gamma"], 1.0)
            places = [torch.from_numpy(np.searchsorted(pieces, side.pieces)) for side in sides]
            places = [None if len(one) == len(pieces) else one for one in places]
            found = MixedProjections.apply(values, self.weights() * gamma, self.low, places, *weights)
        return [one + self.parameters[f"project {side} bias"] for side, one in enumerate(found)]

    def _row(self, values: torch.Tensor, places: np.ndarray, inside: np.ndarray) -> torch.Tensor:
        """States side by side, of a piece and its neighbours: [U, inputs]."""
        order = [self.columns.index(state) for state in self.inputs[0].states]
        near = values[:, order].flatten(1)[torch.from_numpy(places)]
        return (near * torch.from_numpy(inside)[..., None]).flatten(1)

    def _pooled(self, projected: torch.Tensor, side: Side, number: int) -> torch.Tensor:
        """Weighted sums inside the spans, [P, T, H]; scores have no bias, which would cancel in the softmax."""
        probes, pieces, width = projected.shape
        if len(side.owners) == len(side.offsets):  # every span is one piece
            return projected[:, side.occurrences]
        scores = torch.zeros(probes, len(side.owners))
        if self.pooled == "attention":
            scores = (projected @ self.parameters[f"attend {number}"][..., None])[:, side.occurrences, 0]
        owners = side.owners.expand(probes, -1)
        highest = torch.full((probes, len(side.offsets)), -torch.inf).scatter_reduce(1, owners, scores.detach(), "amax")
        raised = (scores - highest.gather(1, owners)).exp()
        total = torch.zeros_like(highest).index_add(1, side.owners, raised)
        shares = raised / total.gather(1, owners)
        rows = torch.arange(probes)[:, None]
        bags = functional.embedding_bag(
            (side.occurrences + rows * pieces).flatten(),
            projected.reshape(probes * pieces, width),
            (side.offsets + rows * len(side.owners)).flatten(),
            mode="sum",
            per_sample_weights=shares.flatten(),
        )
        return bags.view(probes, -1, width)

    def _product(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.bmm(a.bfloat16(), b.bfloat16()).float() if self.low else torch.bmm(a, b)


class MixedProjections(torch.autograd.Function):
    """Mixes of states, projected: what most of a step's time goes to, so its gradient is written out.

    Each state is read once and mixed once for all probes and both spans, and no sum of the spans' gradients by piece is
    ever made: the mixing weights' gradient is all that is wanted of it.
    """

    @staticmethod
    def forward(ctx, values, weights, low, places, *projections):
        """[U, S, width], [P, S] and a [P, width, H] a side -> per side [P, U of the side, H]."""
        mixed = torch.matmul(weights, values)  # [U, P, width]
        mixed = mixed.bfloat16().transpose(0, 1).contiguous() if low else mixed.transpose(0, 1)
        projections = [own.bfloat16() for own in projections] if low else projections
        ctx.save_for_backward(values, mixed, *projections)
        ctx.low, ctx.places = low, places
        sides = zip(places, projections, strict=True)
        return tuple(torch.bmm(mixed if at is None else mixed[:, at], to).to(values.dtype) for at, to in sides)

    @staticmethod
    def backward(ctx, *gradients):
        values, mixed, *projections = ctx.saved_tensors
        of_weights, of_projections = 0, []
        for at, to, gradient in zip(ctx.places, projections, gradients, strict=True):
            gradient = gradient.bfloat16() if ctx.low else gradient
            own, read = (mixed, values) if at is None else (mixed[:, at], values[at])
            of_projections.append(torch.bmm(own.transpose(1, 2), gradient).to(values.dtype))
            of_mixed = torch.bmm(gradient, to.transpose(1, 2)).transpose(0, 1).to(values.dtype)
            of_weights = of_weights + torch.bmm(of_mixed, read.transpose(1, 2)).sum(0)
        return None, of_weights, None, None, *of_projections


def _drawn(seed: int, inputs: int, sides: int, labels: int, hidden: int) -> dict[str, torch.Tensor]:
    """Initial weights of one probe, as torch.nn.Linear draws them."""
    random = torch.Generator().manual_seed(seed)

    def uniform(fan: int, *shape: int) -> torch.Tensor:
        return torch.empty(shape).uniform_(-(fan**-0.5), fan**-0.5, generator=random)

    drawn = {}
    for side in range(sides):
        drawn[f"project {side}"] = uniform(inputs, inputs, hidden)
        drawn[f"project {side} bias"] = uniform(inputs, 1, hidden)
        drawn[f"attend {side}"] = uniform(hidden, hidden)
    drawn["hidden"] = uniform(sides * hidden, sides * hidden, hidden)
    drawn["hidden bias"] = uniform(sides * hidden, 1, hidden)
    drawn |= {"norm": torch.ones(1, hidden), "norm bias": torch.zeros(1, hidden)}
    return drawn | {"out": uniform(hidden, hidden, labels), "out bias": uniform(hidden, 1, labels)}
