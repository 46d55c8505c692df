"""Attention of a sentence of your own, in a notebook."""

from functools import lru_cache, partial

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.models.loading import Model
from insidebert.papers.look_at import word_figures
from insidebert.papers.look_at.examples import own_sentence
from insidebert.results.plots import STYLE


class HeadView:
    """One model, any sentence, any head.

    `show` is a picture that appears everywhere; `ipywidgets.interact(view.show, ...)` puts a text box and sliders above
    it where the front end has widgets; `bertviz` opens bertviz's own view, which loads scripts from the network.

    Args:
        model: whose attention is shown.
    """

    def __init__(self, model: Model):
        self.model = model
        self._maps = lru_cache(maxsize=2)(partial(own_sentence, model))

    @property
    def layers(self) -> tuple[int, int]:
        """Least and greatest layer, for a slider."""
        return 1, self.model.layers

    @property
    def heads(self) -> tuple[int, int]:
        """Least and greatest head, for a slider."""
        return 1, self.model.encoder.config.num_attention_heads

    def show(self, sentence: str, layer: int, head: int) -> Figure:
        """The attention of a head as a map and as lines.

        Args:
            sentence: plain text; a sentence longer than the model takes is an error.
            layer, head: from 1.

        Raises:
            InputError: an empty sentence, or no such head.
        """
        for name, value, (least, most) in (("layer", layer, self.layers), ("head", head, self.heads)):
            if not least <= value <= most:
                raise InputError(f"{self.model.source.label} has no {name} {value}; they go from {least} to {most}")
        with plt.style.context(STYLE):
            pieces, maps = self._maps(sentence)
            return word_figures.sentence(pieces, maps[layer - 1, head - 1], f"head {layer}-{head}")

    def bertviz(self, sentence: str):
        """bertviz's head view of a sentence, as HTML for the notebook.

        Raises:
            InputError: bertviz is not installed.
        """
        try:
            from bertviz import head_view
        except ImportError:
            raise InputError("bertviz is not installed; `pip install bertviz`, or use `show`") from None
        pieces, maps = self._maps(sentence)
        return head_view([torch.from_numpy(layer)[None] for layer in maps], pieces, html_action="return")
