"""The same model with layers drawn anew: the baseline of Lin et al. (2019) and of Clark et al. (2019)."""

from dataclasses import replace

from insidebert.models.loading import Model, reinitialised


def random_twin(model: Model, seed: int = 0, keep_embeddings: bool = True) -> Model:
    """The same architecture, tokenizer and (trained) embeddings, with all layers drawn anew.

    Args:
        model: left as it is.
        seed: of the draw.
        keep_embeddings: False draws the embeddings too, which asks what the architecture alone can do.

    Returns:
        A model on the same device, whose `source.weights` is `random`.

    Example:
        >>> import insidebert as ib
        >>> ib.random_twin(ib.load("distilbert-cased"), seed=3).source.weights
        'random'
    """
    source = replace(model.source, weights="random", seed=seed, keep_embeddings=keep_embeddings)
    encoder = reinitialised(model.encoder, seed, keep_embeddings).eval().to(model.encoder.device)
    return replace(model, source=source, encoder=encoder)
