"""Section 3.1 and 3.3: where heads look on average, and how broadly -> tidy tables; the example of Figure 1."""

from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import interval, replicates
from insidebert.measure.depth import first_sixth, late, middle_to_late
from insidebert.measure.surface import STATISTICS, surface_statistics
from insidebert.models.attention import attention_batches
from insidebert.models.loading import Model
from insidebert.models.segments import encode_pairs, paragraph_pairs, token_classes, wikipedia_pairs

PATTERNS = {"broad": "entropy", "next token": "to next", "[SEP]": "to [SEP]", "periods and commas": "to . or ,"}
"""Pattern of Figure 1 -> the statistic whose highest head shows it."""

EXAMPLE_PIECES = 24


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
        contrasts: what the paper's findings speak of; examples: the lines of Figure 1.
    """
    pairs = pairs_of(text, segments)
    encoded = encode_pairs(model, pairs)
    values = surface_statistics(model, encoded, token_classes(model, encoded))
    count, layers, heads, statistics = values.shape
    resampled = replicates(values.reshape(count, -1)).reshape(-1, layers, heads, statistics)
    lengths = encoded.lengths
    reference = {"entropy": np.log(lengths).mean(), "entropy from [CLS]": np.log(lengths).mean()}
    reference |= {"to [SEP]": (2 / lengths).mean()}
    head_rows, layer_rows = [], []
    for k, statistic in enumerate(STATISTICS):
        chance = reference.get(statistic, np.nan)
        for layer in range(layers):
            low, high = interval(resampled[:, layer, :, k].mean(1))
            common = {"statistic": statistic, "layer": layer + 1}
            layer_rows.append(
                common
                | {
                    "value": values[:, layer, :, k].mean(),
                    "low": low,
                    "high": high,
                    "uniform": chance,
                    "segments": count,
                }
            )
            for head in range(heads):
                low, high = interval(resampled[:, layer, head, k])
                mean = values[:, layer, head, k].mean()
                head_rows.append(common | {"head": head + 1, "value": mean, "low": low, "high": high})
    tables = {"heads": pd.DataFrame(head_rows), "layers": pd.DataFrame(layer_rows)}
    tables["contrasts"] = pd.DataFrame(_contrasts(values.mean(0)[None], resampled))
    tables["examples"] = _examples(model, pairs, values.mean(0))
    return tables


def _contrasts(mean: np.ndarray, resampled: np.ndarray) -> list[dict]:
    """Planned statistics of [resamples, layers, heads, statistics]; layers are picked by relative depth."""
    k = {name: i for i, name in enumerate(STATISTICS)}
    layers = mean.shape[1]
    first, upper, last = first_sixth(layers), middle_to_late(layers), late(layers)
    others = [layer for layer in range(layers) if layer not in last]
    rest = [layer for layer in range(layers) if layer not in first]

    def of(values, statistic, chosen):
        return values[:, chosen][..., k[statistic]].mean((1, 2))

    planned = {
        "strongest next-token head": lambda v: v[..., k["to next"]].max((1, 2)),
        "strongest previous-token head": lambda v: v[..., k["to previous"]].max((1, 2)),
        "heads above one half on the next token": lambda v: (v[..., k["to next"]] > 0.5).sum((1, 2)),
        "heads above one half on the previous token": lambda v: (v[..., k["to previous"]] > 0.5).sum((1, 2)),
        "to self, median head": lambda v: np.median(v[..., k["to self"]], axis=(1, 2)),
        "to [SEP], middle to late layers": lambda v: of(v, "to [SEP]", upper),
        "to [CLS], middle to late layers": lambda v: of(v, "to [CLS]", upper),
        "[SEP] to [SEP], middle to late layers": lambda v: of(v, "[SEP] to [SEP]", upper),
        "to [CLS], early layers minus the rest": lambda v: of(v, "to [CLS]", first) - of(v, "to [CLS]", rest),
        "to . or ,, last layers minus the rest": lambda v: of(v, "to . or ,", last) - of(v, "to . or ,", others),
        "broadest head of the lower layers": lambda v: v[:, : max(1, layers // 3), :, k["entropy"]].max((1, 2)),
        "entropy from [CLS], last layer minus the rest": lambda v: (
            of(v, "entropy from [CLS]", [layers - 1]) - of(v, "entropy from [CLS]", list(range(layers - 1)))
        ),
        "norm to [SEP] minus attention to [SEP], middle to late layers": lambda v: (
            of(v, "norm to [SEP]", upper) - of(v, "to [SEP]", upper)
        ),
    }
    rows = []
    for name, statistic in planned.items():
        low, high = interval(statistic(resampled))
        rows.append({"contrast": name, "estimate": float(statistic(mean)[0]), "low": low, "high": high})
    return rows


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
        for i, source in enumerate(pieces):
            for j, goal in enumerate(pieces):
                rows.append(
                    {"pattern": pattern, "layer": layer + 1, "head": head + 1, "from_place": i, "from_piece": source}
                    | {"to_place": j, "to_piece": goal, "attention": round(float(maps[layer][head, i, j]), 4)}
                )
    return pd.DataFrame(rows)
