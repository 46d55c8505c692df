"""Lower layers that are not trained: run once a sequence, and remembered while there is room."""

import copy
from operator import attrgetter

import torch
from torch import nn

from insidebert.errors import InputError
from insidebert.models.encoding import Batch
from insidebert.models.families import family_of
from insidebert.models.loading import Model

ROOM = 2**31
"""Bytes of remembered states; beyond that the oldest are forgotten."""


class FrozenLayers:
    """The embeddings and the first layers of an encoder, without gradient and without dropout.

    Readers of the same model can share one, since it never changes.

    Args:
        model: its encoder is copied.
        count: of layers.

    Raises:
        InputError: the encoder does not have more layers than that.
    """

    def __init__(self, model: Model, count: int):
        if not 0 < count < model.layers:
            raise InputError(
                f"{model.source.label} has {model.layers} layers, {count} cannot be frozen; "
                f"set PLAN={{frozen: N}} with N below {model.layers}"
            )
        family = family_of(model.encoder)
        if family.shared:
            raise InputError(
                f"the layers of {model.source.label} share their weights, so lower ones cannot be frozen; "
                "set PLAN={frozen: 0}"
            )
        self.encoder = copy.deepcopy(model.encoder).eval()
        _set_layers(self.encoder, slice(0, count))
        if family.final:
            setattr(self.encoder, family.final, nn.Identity())
        self.kept: dict[tuple, torch.Tensor] = {}
        self.used = 0

    @classmethod
    def of_plan(cls, model: Model, plan: dict) -> "FrozenLayers | None":
        """Those that all readers of a plan, fields of `reader.Training`, can share; None if it freezes nothing."""
        return cls(model, plan["frozen"]) if plan.get("frozen") else None

    @torch.no_grad()
    def states(self, batch: Batch) -> torch.Tensor:
        """[B, T, width] output of the last of these layers, rounded to half precision whether remembered or not."""
        lengths = batch.mask.sum(1).cpu().tolist()
        keys = [tuple(row[:length]) for row, length in zip(batch.ids.cpu().tolist(), lengths, strict=True)]
        found = {i: self.kept[key] for i, key in enumerate(keys) if key in self.kept}
        missing = [i for i in range(len(keys)) if i not in found]
        if missing:
            own = {name: value[missing] for name, value in batch.inputs.items()}
            computed = self.encoder(**own).last_hidden_state.half()
            for row, i in enumerate(missing):
                found[i] = computed[row, : lengths[i]].cpu()
                if keys[i] not in self.kept:
                    self.kept[keys[i]] = found[i].clone()
                    self.used += found[i].nbytes
        while self.used > ROOM:
            self.used -= self.kept.pop(next(iter(self.kept))).nbytes
        rows = [found[i] for i in range(len(keys))]
        states = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        beyond = batch.length - states.shape[1]  # a batch may be padded beyond its longest sequence
        return nn.functional.pad(states, (0, 0, 0, beyond)).float().to(batch.ids.device)


def leave_upper(encoder: nn.Module, count: int) -> None:
    """Take embeddings and first layers out of an encoder, which then takes their states as `inputs_embeds`."""
    family = family_of(encoder)
    _set_layers(encoder, slice(count, None))
    encoder.embeddings = _Given()
    if family.first_only:
        stack, _, part = family.first_only.rpartition(".")
        setattr(attrgetter(stack)(encoder), part, None)
    if hasattr(encoder, "embeddings_project"):  # ELECTRA's, where embeddings are narrower than layers
        del encoder.embeddings_project


class _Given(nn.Module):
    """Embeddings that are what they are given."""

    def forward(self, *given, **named) -> torch.Tensor:
        return next(v for v in (*given, *named.values()) if isinstance(v, torch.Tensor) and v.is_floating_point())


def _set_layers(encoder: nn.Module, chosen: slice) -> None:
    stack, _, name = family_of(encoder).layers.rpartition(".")
    owner = attrgetter(stack)(encoder) if stack else encoder
    setattr(owner, name, getattr(owner, name)[chosen])
