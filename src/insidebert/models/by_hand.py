"""A look at encoders that compute their attention themselves, where transformers' attention interface is not used."""

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter

import torch
from transformers import PreTrainedModel

from insidebert.models.families import family_of, layers_of, values_of


@dataclass(frozen=True)
class LayerMaps:
    """One layer's attention as the encoder computed it, with whatever its family adds to queries and keys.

    Args:
        index: zero-based layer.
        value: [B, heads, T, width of a head].
        maps: [B, heads, T, T] probabilities, FROM axis 2 TO axis 3; padded keys get exactly 0 from real pieces. The
            layer's output is computed from this very tensor.
    """

    index: int
    value: torch.Tensor
    maps: torch.Tensor

    def rows(self, positions: torch.Tensor) -> torch.Tensor:
        """Attention FROM a few positions.

        Args:
            positions: [B, Q] query positions.

        Returns:
            [B, heads, Q, T] probabilities.
        """
        index = positions[:, None, :, None].expand(-1, self.maps.shape[1], -1, self.maps.shape[-1])
        return self.maps.gather(2, index)


@contextmanager
def watched(encoder: PreTrainedModel, look: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]):
    """Inside, `look` sees values and maps of every layer as the encoder computes them, and gives the maps back.

    A map of probabilities goes through a dropout module, which does nothing in evaluation; it is looked at there, so
    no line of the encoder's own code is repeated, and its relative positions, masks and scales are in what is seen.
    """
    family, values = family_of(encoder), {}
    with ExitStack() as hooks:
        for layer in layers_of(encoder):
            attention = attrgetter(family.by_hand)(layer)

            def keep(module, _, projected, attention=attention):
                values[attention] = values_of(encoder, attention, projected)

            def show(module, _, maps, attention=attention):
                return look(values.pop(attention), maps)

            makes_values, dropout = attrgetter(family.values)(attention), attrgetter(family.maps_dropout)(layer)
            hooks.callback(makes_values.register_forward_hook(keep).remove)
            hooks.callback(dropout.register_forward_hook(show).remove)
        yield
