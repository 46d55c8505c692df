"""insidebert: what an encoder attends to and what its layers know, in a few lines; three papers rebuilt with it.

    >>> import insidebert as ib
    >>> model = ib.load("distilbert-cased")
    >>> ib.attention_maps(model, "The girl sleeps.").maps.shape
    (6, 12, 7, 7)

Letters of array axes, everywhere: B sentences of a batch; T pieces of a sentence, padding and special ones included;
W words; S states of a piece: the embedding without positions, the embedding, then every layer's output; P labellings
that a probe learns at once; K heads of all layers, layer by layer; C classes. Layers and heads are one-based in tables
and names and zero-based on array axes. Attention goes FROM the last axis but one TO the last. Entropies and divergences
are in nats, confusion in bits, shares between 0 and 1.

Names are imported when they are first used, so that `import insidebert` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PLACES = {
    "InputError": "errors",
    "Model": "models.loading",
    "load": "models.loading",
    "wrap": "models.loading",
    "random_twin": "models.loading",
    "words_of": "text.words",
    "encode": "models.encoding",
    "hidden_states": "models.encoding",
    "attention_maps": "measure.attention_maps",
    "TriggerQuestion": "measure.confusion",
    "confusion_score": "measure.confusion",
    "confusion_scores": "measure.confusion",
    "surface_statistics": "measure.surface",
    "head_distances": "measure.head_distances",
    "head_accuracy": "measure.head_accuracy",
    "expected_layer": "measure.expected_layer",
    "centre_of_gravity": "measure.expected_layer",
    "PositionProbe": "probes.position",
    "TokenProbe": "probes.tokens",
    "StructuralProbe": "probes.structural",
    "HeadProbe": "probes.attention",
    "SpanProbe": "probes.spans",
    "estimate": "measure.bootstrap",
}

__all__ = ["__version__", *_PLACES]

if TYPE_CHECKING:
    from insidebert.errors import InputError as InputError
    from insidebert.measure.attention_maps import attention_maps as attention_maps
    from insidebert.measure.bootstrap import estimate as estimate
    from insidebert.measure.confusion import TriggerQuestion as TriggerQuestion
    from insidebert.measure.confusion import confusion_score as confusion_score
    from insidebert.measure.confusion import confusion_scores as confusion_scores
    from insidebert.measure.expected_layer import centre_of_gravity as centre_of_gravity
    from insidebert.measure.expected_layer import expected_layer as expected_layer
    from insidebert.measure.head_accuracy import head_accuracy as head_accuracy
    from insidebert.measure.head_distances import head_distances as head_distances
    from insidebert.measure.surface import surface_statistics as surface_statistics
    from insidebert.models.encoding import encode as encode
    from insidebert.models.encoding import hidden_states as hidden_states
    from insidebert.models.loading import Model as Model
    from insidebert.models.loading import load as load
    from insidebert.models.loading import random_twin as random_twin
    from insidebert.models.loading import wrap as wrap
    from insidebert.probes.attention import HeadProbe as HeadProbe
    from insidebert.probes.position import PositionProbe as PositionProbe
    from insidebert.probes.spans import SpanProbe as SpanProbe
    from insidebert.probes.structural import StructuralProbe as StructuralProbe
    from insidebert.probes.tokens import TokenProbe as TokenProbe
    from insidebert.text.words import words_of as words_of


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'insidebert' has no attribute {name!r}")
    found = getattr(import_module(f"insidebert.{_PLACES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
