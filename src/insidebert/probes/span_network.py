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
        read = self._read(states, sides, targets.edges[batch])
        pooled = [self._pooled(values, side, i) for i, (values, side) in enumerate(zip(read, sides, strict=True))]
        own = self.parameters
        hidden = torch.tanh(self._product(torch.cat(pooled, dim=-1), own["hidden"]) + own["hidden bias"])
        normal = functional.layer_norm(hidden, hidden.shape[-1:]) * own["norm"] + own["norm bias"]
        kept = normal if masks is None else normal * masks
        return torch.baddbmm(own["out bias"], kept, own["out"])

    def _read(self, states: SpanStates, sides: list[Side], edges: np.ndarray) -> list[torch.Tensor]:
        """Per side, what is projected: [P or 1, U, inputs]."""
        around = [windows(side.pieces, edges, self.reach) for side in sides]
        pieces = np.unique(np.concatenate([places.ravel() for places, _ in around]))
        first, last = self.columns[0], self.columns[-1] + 1
        values = states.take(pieces, slice(first, last))  # [U, columns, width]
        values = values if last - first == len(self.columns) else values[:, [c - first for c in self.columns]]
        if self.row:
            order = [self.columns.index(state) for state in self.inputs[0].states]
            values = values[:, order].flatten(1)
            found = []
            for places, inside in around:
                near = values[torch.from_numpy(np.searchsorted(pieces, places))]
                found.append((near * torch.from_numpy(inside)[..., None]).flatten(1)[None])
            return found
        gamma = torch.where(self.mixes[:, None], self.parameters["gamma"], 1.0)
        mixed = torch.matmul(self.weights() * gamma, values).transpose(0, 1)  # [P, U, width]
        places = [np.searchsorted(pieces, side.pieces) for side in sides]
        return [mixed if len(own) == len(pieces) else mixed[:, torch.from_numpy(own)] for own in places]

    def _pooled(self, values: torch.Tensor, side: Side, number: int) -> torch.Tensor:
        """Weighted sums inside the spans, [P, T, H]; scores have no bias, which would cancel in the softmax."""
        own = self.parameters
        values = values.expand(len(self), -1, -1)
        projected = self._product(values, own[f"project {number}"]) + own[f"project {number} bias"]
        probes, pieces, width = projected.shape
        if len(side.owners) == len(side.offsets):  # every span is one piece
            return projected[:, side.occurrences]
        scores = torch.zeros(probes, len(side.owners))
        if self.pooled == "attention":
            scores = (projected @ own[f"attend {number}"][..., None])[:, side.occurrences, 0]
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
