"""How much the model's prediction would change if a head looked elsewhere: gradients of the loss at the attention."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from insidebert.models.attention import LayerAttention, run_with_attention
from insidebert.models.encoding import Batch, Encoded, batches, padded
from insidebert.models.loading import Model
from insidebert.models.masked_lm import load_mlm_head, masked
from insidebert.models.segments import CLASSES

MASKED_SHARE = 0.15


def attention_gradients(model: Model, encoded: Encoded, classes: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """Mean |d loss / d attention| by layer and class of the token attended to.

    Clark et al. (2019, section 3.2): the magnitude of the gradient of the masked-language-model loss with respect to
    each attention weight. Here the loss of a segment is its mean over the masked 15% of its pieces, and magnitudes are
    averaged over all queries, over the keys of a class, and over heads.

    Args:
        classes: token classes of the pieces, as in `segments.CLASSES`.
        seed: of the masks.

    Returns:
        [segments, layers, classes]; NaN where a segment has no token of a class.

    Raises:
        InputError: the model has no masked-language-model head.
    """
    head, random = load_mlm_head(model), np.random.default_rng(seed)
    found = np.empty((len(encoded), model.layers, len(CLASSES)))
    with torch.enable_grad(), tqdm(total=len(encoded), desc="importance", unit="segment", leave=False) as bar:
        for batch in batches(model, encoded):
            found[batch.rows] = _batch_gradients(model, head, batch, classes, random)
            bar.update(len(batch.rows))
    return found


def _batch_gradients(model: Model, head, batch: Batch, classes: list[np.ndarray], random) -> np.ndarray:
    ids, chosen = masked(model, batch, MASKED_SHARE, random)

    def watch(layer: LayerAttention) -> torch.Tensor:
        maps = layer.maps  # computed here, and then used for the layer's output
        return maps if maps.requires_grad else maps.requires_grad_()

    maps, output = run_with_attention(model.encoder, watch, **batch.inputs | {"input_ids": ids})
    losses = cross_entropy(head(output.last_hidden_state[chosen]), batch.ids[chosen], reduction="none")
    weights = (chosen / chosen.sum(1, keepdim=True))[chosen]  # a segment's loss is its own mean; segments add up
    gradients = torch.autograd.grad((losses * weights).sum(), maps)  # the model's own weights get none
    kinds = padded(classes, batch.rows, batch.length, -1).to(batch.ids.device)
    keys = torch.stack([kinds == kind for kind in range(len(CLASSES))], dim=-1).float()  # [B, T, classes]
    queries = (kinds >= 0).float()
    pairs = queries.sum(1)[:, None] * keys.sum(1)  # [B, classes]
    sums = [torch.einsum("bhqk,bq,bkc->bc", g.abs(), queries, keys) / g.shape[1] for g in gradients]
    return (torch.stack(sums, dim=1) / pairs[:, None]).cpu().numpy()
