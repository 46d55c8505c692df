"""Section 3.1 and 3.3: where heads look on average, and how broadly -> tidy tables; the example of Figure 1."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, replicates
from insidebert.measure.depth import layers_at, places
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.models.attention import attention_batches
from insidebert.models.loading import Model
from insidebert.models.segments import encode_pairs, paragraph_pairs, token_classes, wikipedia_pairs

PATTERNS = {"broad": "entropy", "next token": "to next", "[SEP]": "to [SEP]", "periods and commas": "to . or ,"}
"""Pattern of Figure 1 -> the statistic whose highest head shows it."""

EXAMPLE_PIECES = 14

BROAD = 3.8
"""Nats; the paper's bound for a head that attends broadly."""


def pairs_of(text: Path | str, segments: int) -> list[tuple[str, str]]:
    """Up to `segments` paragraph pairs: of a folder, a text file, or Wikipedia if the text is the word `wikipedia`."""
    return wikipedia_pairs(segments) if str(text) == "wikipedia" else paragraph_pairs(Path(text))[:segments]


def surface(model: Model, text: Path | str, segments: int) -> dict[str, pd.DataFrame]:
    """Surface statistics of every head.

    Args:
        text: as in `pairs_of`.
        segments: at most so many.

    Returns:
        heads: a row per head and statistic, with its interval over segments; layers: the mean over a layer's heads;
        contrasts: as in `contrasts`; examples: the lines of Figure 1.
    """
    pairs = pairs_of(text, segments)
    encoded = encode_pairs(model, pairs)
    values = segment_statistics(model, encoded, token_classes(model, encoded))
    drawn = replicates(values)
    return {
        "heads": pd.DataFrame(_by_head(values, drawn)),
        "layers": pd.DataFrame(_by_layer(values, drawn, encoded.lengths)),
        "contrasts": pd.DataFrame(
            estimate(values, statistic, drawn=drawn, contrast=name)
            for name, statistic in contrasts(values.shape[1]).items()
        ),
        "examples": _examples(model, pairs, values.mean(0)),
    }


def _by_head(values: np.ndarray, drawn: np.ndarray) -> list[dict]:
    return [
        {"statistic": statistic, "layer": layer + 1, "head": head + 1}
        | estimate(values[:, layer, head, k], name="value", drawn=drawn[:, layer, head, k])
        for k, statistic in enumerate(STATISTICS)
        for layer, head in np.ndindex(values.shape[1:3])
    ]


def _by_layer(values: np.ndarray, drawn: np.ndarray, lengths: np.ndarray) -> list[dict]:
    """Means of a layer's heads, and what attention that is spread evenly would give."""
    even = {"entropy": np.log(lengths).mean(), "entropy from [CLS]": np.log(lengths).mean()}
    even |= {"to [SEP]": (2 / lengths).mean(), "to [CLS]": (1 / lengths).mean()}
    rows = []
    for k, statistic in enumerate(STATISTICS):
        for layer in range(values.shape[1]):
            about = {"statistic": statistic, "layer": layer + 1}
            row = estimate(values[:, layer, :, k].mean(1), name="value", drawn=drawn[:, layer, :, k].mean(1))
            rows.append(about | row | {"uniform": even.get(statistic, np.nan), "segments": len(values)})
    return rows


def contrasts(layers: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What the paper's findings speak of, for a model of so many layers; its layers of 12 are found by depth.

    Returns:
        name -> function of means [n, layers, heads, statistics] -> [n].
    """
    every = range(1, layers + 1)
    spans = {first: layers_at(layers, *first) for first in ((2, 3), (5, 9), (6, 10), (11, 12), (1, 4))}

    def of(values: np.ndarray, statistic: str) -> np.ndarray:
        return values[..., STATISTICS.index(statistic)]

    def mean(statistic: str, span: tuple[int, int]):
        return lambda values: of(values, statistic)[:, places(spans[span])].mean((1, 2))

    def minus_rest(measure: Callable[[np.ndarray], np.ndarray], inside: list[int]):
        rest = [layer for layer in every if layer not in inside]
        return lambda values: (
            measure(values)[:, places(inside)].mean((1, 2)) - measure(values)[:, places(rest)].mean((1, 2))
        )

    def above(statistic: str, least: float):
        return lambda values: (of(values, statistic) > least).sum((1, 2))

    lower = spans[1, 4]
    return {
        "strongest next-token head": lambda v: of(v, "to next").max((1, 2)),
        "strongest previous-token head": lambda v: of(v, "to previous").max((1, 2)),
        "heads above one half on the next token": above("to next", 0.5),
        "heads above one half on the previous token": above("to previous", 0.5),
        "heads above 60% on [SEP]": above("to [SEP]", 0.6),
        "heads above 60% on . or ,": above("to . or ,", 0.6),
        "to self minus to a neighbour, mean of heads": lambda v: (
            of(v, "to self") - (of(v, "to next") + of(v, "to previous")) / 2
        ).mean((1, 2)),
        "to [SEP], layers 6-10 of 12": mean("to [SEP]", (6, 10)),
        "to [CLS], layers 6-10 of 12": mean("to [CLS]", (6, 10)),
        "[SEP] to [SEP], layers 5-9 of 12": mean("[SEP] to [SEP]", (5, 9)),
        "to [CLS], layers 2-3 of 12 minus the rest": minus_rest(lambda v: of(v, "to [CLS]"), spans[2, 3]),
        "depth of most attention to [CLS]": lambda v: (of(v, "to [CLS]").mean(2).argmax(1) + 1) / layers,
        "to . or ,, layers 11-12 of 12 minus the rest": minus_rest(lambda v: of(v, "to . or ,"), spans[11, 12]),
        "entropy, layers 1-4 of 12 minus the rest": minus_rest(lambda v: of(v, "entropy"), lower),
        "share of broad heads, layers 1-4 of 12 minus the rest": minus_rest(lambda v: of(v, "entropy") > BROAD, lower),
        "largest share of the broadest head, layers 1-4 of 12": lambda v: of(v, "largest share")[:, places(lower)].min(
            (1, 2)
        ),
        "entropy from [CLS], last layer": lambda v: of(v, "entropy from [CLS]")[:, -1].mean(1),
        "entropy from [CLS], last layer minus the rest": minus_rest(lambda v: of(v, "entropy from [CLS]"), [layers]),
        "norm to [SEP] minus attention to [SEP], layers 6-10 of 12": lambda v: (
            mean("norm to [SEP]", (6, 10))(v) - mean("to [SEP]", (6, 10))(v)
        ),
    }


def _examples(model: Model, pairs: list[tuple[str, str]], means: np.ndarray) -> pd.DataFrame:
    """Every line of Figure 1: the head that is highest in each pattern's statistic, on one short pair of sentences."""
    sentences = [(first.split(". ")[0] + ".", second.split(". ")[0] + ".") for first, second in pairs]
    encoded = encode_pairs(model, sentences)
    commas = [i for i, pair in enumerate(sentences) if "," in " ".join(pair)] or range(len(sentences))
    chosen = min(commas, key=lambda i: abs(int(encoded.lengths[i]) - EXAMPLE_PIECES))
    own = encoded.select([chosen])
    ((_, maps),) = attention_batches(model, own, lambda _: lambda layer: layer.maps[0].cpu().numpy())
    pieces = model.tokenizer.convert_ids_to_tokens(own.ids[0])
    rows = []
    for pattern, statistic in PATTERNS.items():
        scores = means[..., STATISTICS.index(statistic)]
        layer, head = np.unravel_index(scores.argmax(), scores.shape)
        about = {"pattern": pattern, "layer": layer + 1, "head": head + 1}
        rows += attention_lines(about, pieces, maps[layer][head])
    return pd.DataFrame(rows)


def attention_lines(about: dict, pieces: Sequence[str], attention: np.ndarray) -> list[dict]:
    """A row per pair of pieces; attention [T, T], FROM axis 0 TO axis 1."""
    return [
        about
        | {"from_place": i, "from_piece": source, "to_place": j, "to_piece": goal}
        | {"attention": round(float(attention[i, j]), 4)}
        for i, source in enumerate(pieces)
        for j, goal in enumerate(pieces)
    ]
