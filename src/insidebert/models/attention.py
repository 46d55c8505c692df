"""Attention, reduced inside the forward pass: no map of a corpus is ever kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import torch
from torch.nn.functional import scaled_dot_product_attention
from tqdm.auto import tqdm
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

from insidebert.models.by_hand import LayerMaps, watched
from insidebert.models.encoding import Batch, Encoded, batches, refuse_overflow
from insidebert.models.families import family_of, layers_of
from insidebert.models.loading import Model

IMPLEMENTATION = "insidebert_reduced"


@dataclass(frozen=True)
class LayerAttention:
    """What one layer's attention is computed from.

    Args:
        index: zero-based layer.
        query, key, value: [B, heads, T, width of a head].
        mask: [B, 1, T, T] bool, False where a key is padding or too far away; None where all are looked at.
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
        mask = self.mask
        if mask is not None:
            mask = mask.gather(2, positions[:, None, :, None].expand(-1, 1, -1, mask.shape[-1]))
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
            # exactly 0 behind the softmax, and no NaN where padding sees nothing at all (ModernBERT's windows)
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
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
    """Inside, the encoder passes queries, keys and values of every layer to the callback of `run_with_attention`.

    Its output stays what it is. The callback decides what to keep, so a statistic over any corpus costs one forward
    pass and constant memory. Nested use is free; afterwards the encoder attends as before.
    """
    before = encoder.config._attn_implementation
    if before == IMPLEMENTATION or family_of(encoder).by_hand:
        yield encoder
        return
    AttentionInterface.register(IMPLEMENTATION, _attend)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)  # without it padding is silently attended
    encoder.set_attn_implementation(IMPLEMENTATION)
    try:
        yield encoder
    finally:
        encoder.set_attn_implementation(before)


def run_with_attention(
    encoder: PreTrainedModel, reduce: Callable[[LayerAttention | LayerMaps], object], **inputs
) -> tuple[list, object]:
    """One forward pass, with a look at every layer, lowest first.

    Args:
        encoder: of a supported family; it is left as it was.
        reduce: called with each LayerAttention; with LayerMaps where a family computes attention by itself.
        inputs: what the encoder is called with, such as `input_ids` [B, T].

    Returns:
        What `reduce` returned for each layer, and the encoder's output.
    """
    kept: list = []

    def look(*parts) -> LayerAttention:
        layer = LayerAttention(len(kept), *parts)
        kept.append(reduce(layer))
        return layer

    def look_at_maps(value: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        layer = LayerMaps(len(kept), value, maps)
        kept.append(reduce(layer))
        return layer.maps

    if family_of(encoder).by_hand:
        with watched(encoder, look_at_maps):
            return kept, encoder(**inputs)
    with reducible(encoder):
        return kept, encoder(**inputs, reduce=look)


def attention_batches(
    model: Model,
    encoded: Encoded,
    make_reduce: Callable[[Batch], Callable[[LayerAttention], object]],
    describe: str = "attention",
    unit: str = "sentence",
) -> Iterator[tuple[Batch, list]]:
    """All sentences, batch by batch, each layer's attention reduced where it is computed.

    Args:
        encoded: sentences.
        make_reduce: batch -> the function that is called with each of its layers' LayerAttention.
        describe, unit: what the progress bar says.

    Yields:
        The batch, and what the function returned for each layer, lowest first.

    Example:
        >>> import insidebert as ib
        >>> model = ib.load("distilbert-cased")
        >>> encoded = ib.encode(model, ["The girl does sleep"])
        >>> for batch, maps in attention_batches(model, encoded, lambda batch: lambda layer: layer.maps):
        ...     print(batch.rows, len(maps), tuple(maps[0].shape))
        [0] 6 (1, 12, 6, 6)
    """
    with tqdm(total=len(encoded), desc=describe, unit=unit, leave=False) as bar:
        for batch in batches(model, encoded):
            with torch.inference_mode():  # not around the yield: whoever iterates may train, or raise and never return
                reduced, output = run_with_attention(model.encoder, make_reduce(batch), **batch.inputs)
                refuse_overflow(model, output.last_hidden_state)
            yield batch, reduced
            bar.update(len(batch.rows))


def output_projections(encoder: PreTrainedModel) -> list[torch.Tensor]:
    """Per layer, the part of the output map that each head's values go through: [heads, head width, width]."""
    heads, output = encoder.config.num_attention_heads, attrgetter(family_of(encoder).output)
    maps = [output(layer) for layer in layers_of(encoder)]
    return [linear.weight.detach().T.unflatten(0, (heads, -1)) for linear in maps]
