"""Attention, reduced inside the forward pass: no map of a corpus is ever kept."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

IMPLEMENTATION = "insidebert_reduced"


@dataclass(frozen=True)
class LayerAttention:
    """What one layer's attention is computed from.

    Args:
        query, key: [B, heads, T, width of a head].
        mask: [B, 1, T, T] bool, False where a key is padding; None where nothing is padded.
        scaling: factor of the scores.
    """

    query: torch.Tensor
    key: torch.Tensor
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

    def maps(self) -> torch.Tensor:
        """[B, heads, T, T] probabilities, FROM axis 2 TO axis 3; padded keys get exactly 0."""
        return self._probabilities(self.query, self.mask)

    def _probabilities(self, query: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        scores = query @ self.key.transpose(2, 3) * self.scaling
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-1)


def _attend(module, query, key, value, attention_mask, scaling=None, dropout=0.0, reduce=None, **_):
    """transformers' attention function: the usual output, and a look at the layer for whoever asked."""
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    if reduce is not None:
        reduce(LayerAttention(query, key, attention_mask, scaling))
    output = scaled_dot_product_attention(query, key, value, attention_mask, dropout, scale=scaling)
    return output.transpose(1, 2).contiguous(), None


@contextmanager
def reducible(encoder: PreTrainedModel):
    """Inside, `encoder(..., reduce=function)` calls `function(LayerAttention)` once a layer, lowest first.

    The encoder's output stays what it is: only the queries and keys are lent out. The caller's function decides
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


def collected(encoder: PreTrainedModel, reduce: Callable[[LayerAttention], torch.Tensor], **inputs) -> torch.Tensor:
    """One forward pass; the reduced value of every layer, stacked.

    Args:
        encoder: inside `reducible`.
        reduce: LayerAttention -> tensor of a shape that is the same in every layer.

    Returns:
        [layers, ...].
    """
    kept: list[torch.Tensor] = []
    encoder(**inputs, reduce=lambda layer: kept.append(reduce(layer)))
    return torch.stack(kept)
