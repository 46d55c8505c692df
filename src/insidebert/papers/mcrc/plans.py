"""The plan of fine-tuning for one model: as many upper layers learn in one of twelve layers as in one of six."""

from insidebert.errors import InputError
from insidebert.finetune.reader import Training
from insidebert.models.families import family_of
from insidebert.models.loading import Model


def training_of(model: Model, plan: dict, seed: int = 0) -> Training:
    """How a model is fine-tuned by a plan.

    Args:
        plan: fields of `reader.Training`; or `trained` in the place of `frozen`, so that models of any depth can share
            a plan: so many upper layers learn, those below and the embeddings stay as they are. 0: all learn.
        seed: of the new head, the order and dropout.

    Raises:
        InputError: both are given, the model has no more layers than that, or its layers share their weights.

    Example:
        >>> import insidebert as ib
        >>> training_of(ib.load("minilm-l6"), {"epochs": 3, "trained": 2}).frozen
        4
    """
    fields = {name: value for name, value in plan.items() if name != "trained"}
    trained, label = plan.get("trained", 0), model.source.label
    if "trained" in plan and "frozen" in plan:
        raise InputError("a plan says how many upper layers are trained or how many lower ones are frozen, not both")
    if trained and family_of(model.encoder).shared:
        raise InputError(f"the layers of {label} share their weights, so all learn or none; set PLAN={{trained: 0}}")
    if not 0 <= trained < model.layers:
        raise InputError(
            f"{label} has {model.layers} layers, so no upper {trained} can learn above others; "
            f"set PLAN={{trained: N}} with N below {model.layers}, 0 for all"
        )
    return Training(**({"frozen": model.layers - trained} if trained else {}) | fields, seed=seed)
