"""An encoder whose weights are random and orthogonal: what the architecture does without learning."""

import torch

from insidebert.models.loading import Model, random_twin


def orthonormal_twin(model: Model, seed: int = 0) -> Model:
    """The same architecture and embeddings; every weight matrix of its layers random normal, then made orthogonal.

    Tenney et al. (2019a), section 4, do so to ELMo's LSTMs: no information is lost, and none is learned.

    Args:
        model: left as it is.
        seed: of the draw.

    Example:
        >>> import insidebert as ib
        >>> twin = orthonormal_twin(ib.load("minilm-l6"))
        >>> weight = twin.encoder.encoder.layer[0].attention.self.query.weight
        >>> torch.allclose(weight @ weight.T, torch.eye(len(weight)), atol=1e-4)
        True
    """
    twin = random_twin(model, seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, own in twin.encoder.named_parameters():
            if own.ndim == 2 and "embedding" not in name:
                own.copy_(torch.nn.init.orthogonal_(torch.empty(own.shape), generator=random))
    return twin
