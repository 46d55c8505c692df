"""Sentences about what a figure or table shows, their numbers read from the tidy tables that it is drawn from."""

from collections.abc import Callable
from functools import wraps

import pandas as pd

from insidebert.results.plots import shown


def each_model(say: Callable[..., str]) -> Callable[..., list[str]]:
    """Make a function of one model's rows a function of tidy tables: a sentence a model, in the first table's order.

    Args:
        say: (model, its rows of every table, **options) -> sentence; trained models, unless only random ones are there.

    Example:
        >>> @each_model
        ... def best(model, own):
        ...     return f"{model}: {percent(own['accuracy'].max())}."
        >>> best(pd.DataFrame({"model": ["m", "m"], "weights": "trained", "accuracy": [0.25, 0.5]}))
        ['m: 50%.']
    """

    @wraps(say)
    def sentences(*tables: pd.DataFrame, **options) -> list[str]:
        trained = [shown(table) for table in tables]
        models = dict.fromkeys(trained[0]["model"])
        return [say(model, *(table[table["model"] == model] for table in trained), **options) for model in models]

    return sentences


def percent(share: float) -> str:
    """In whole percent; below ten with one decimal."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def span(layers: list[int]) -> str:
    """Neighbouring layers as `4-6`, or the only one."""
    return str(layers[0]) if len(layers) == 1 else f"{layers[0]}-{layers[-1]}"
