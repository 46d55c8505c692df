"""Attention, reduced inside the forward pass: no map of a corpus is ever kept."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

IMPLEMENTATION = "insidebert_reduced"


@dataclass(frozen=True)
class LayerAttention:
    """What one layer's attention is computed from.

    Args:
        index: zero-based layer.
        query, key, value: [B, heads, T, width of a head].
        mask: [B, 1, T, T] bool, False where a key is padding; None where nothing is padded.
        scaling: factor of the scores.
    """

    index: int
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    mask: torch.Tensor | None
    scaling: float

    def rows(self, positions: torch.Tensor) -> torch.Tensor:
        """Attention FROM a few positions, at a fraction of a whole map's cost.

        Args:
            positions: [B, Q] query positions.

        Returns:
            [B, heads, Q, T] probabilities; padded keys get exactly 0.
        """
        index = positions[:, None, :, None].expand(-1, self.query.shape[1], -1, self.query.shape[-1])
        mask = None if self.mask is None else self.mask[:, :, :1]  # the same keys are padding for every query
        return self._probabilities(self.query.gather(2, index), mask)

    @cached_property
    def maps(self) -> torch.Tensor:
        """[B, heads, T, T] probabilities, FROM axis 2 TO axis 3; padded keys get exactly 0.

        Whoever looks at them pays for them once: the layer's output is then computed from the same maps.
        """
        return self._probabilities(self.query, self.mask)

    def _probabilities(self, query: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        scores = (query * self.scaling) @ self.key.transpose(2, 3)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-1)


def _attend(module, query, key, value, attention_mask, scaling=None, dropout=0.0, reduce=None, **_):
    """transformers' attention function: the usual output, and a look at the layer for whoever asked."""
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    looked_at = None
    if reduce is not None:
        looked_at = reduce(query, key, value, attention_mask, scaling)
    if looked_at is not None and "maps" in vars(looked_at):
        output = looked_at.maps @ value
    else:
        output = scaled_dot_product_attention(query, key, value, attention_mask, dropout, scale=scaling)
    return output.transpose(1, 2).contiguous(), None


@contextmanager
def reducible(encoder: PreTrainedModel):
    """Inside, `stack_layers` can look at the attention of this encoder.

    The encoder's output stays what it is: only queries, keys and values are lent out. The caller's function decides
    what to keep, so a statistic over any corpus costs one forward pass and constant memory.
    """
    AttentionInterface.register(IMPLEMENTATION, _attend)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)  # without it padding is silently attended
    before = encoder.config._attn_implementation
    encoder.set_attn_implementation(IMPLEMENTATION)
    try:
        yield encoder
    finally:
        encoder.set_attn_implementation(before)


def run_with_attention(
    encoder: PreTrainedModel, reduce: Callable[[LayerAttention], object], **inputs
) -> tuple[list, object]:
    """One forward pass, with a look at every layer, lowest first.

    Args:
        encoder: inside `reducible`.
        reduce: called with each LayerAttention.

    Returns:
        What `reduce` returned for each layer, and the encoder's output.
    """
    kept: list = []

    def look(*parts) -> LayerAttention:
        layer = LayerAttention(len(kept), *parts)
        kept.append(reduce(layer))
        return layer

    return kept, encoder(**inputs, reduce=look)


def stack_layers(encoder: PreTrainedModel, reduce: Callable[[LayerAttention], torch.Tensor], **inputs) -> torch.Tensor:
    """One forward pass; the reduced value of every layer, stacked.

    Args:
        encoder: inside `reducible`.
        reduce: LayerAttention -> tensor of a shape that is the same in every layer.

    Returns:
        [layers, ...].
    """
    return torch.stack(run_with_attention(encoder, reduce, **inputs)[0])


def output_projections(encoder: PreTrainedModel) -> list[torch.Tensor]:
    """Per layer, the part of the output map that each head's values go through: [heads, head width, width]."""
    heads = encoder.config.num_attention_heads
    if encoder.config.model_type == "distilbert":
        maps = [layer.attention.out_lin for layer in encoder.transformer.layer]
    else:
        maps = [layer.attention.output.dense for layer in encoder.encoder.layer]
    return [linear.weight.detach().T.unflatten(0, (heads, -1)) for linear in maps]
