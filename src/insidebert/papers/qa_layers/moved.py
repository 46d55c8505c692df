"""What fine-tuning moved: measures of the earlier papers, asked of a reader and of the model it was made from."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate
from insidebert.measure.confusion import confusion_scores
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.models.loading import Model
from insidebert.models.segments import encode_pairs, token_classes
from insidebert.papers.look_at.surface import pairs_of
from insidebert.papers.open_sesame.sentences import trigger_questions
from insidebert.papers.qa_layers.layers import phase_layers
from insidebert.papers.qa_layers.question_sets import name_of, splits_of
from insidebert.papers.qa_layers.readers import fine_tuned

SHOWN = ("to next", "to previous", "to [SEP]", "to . or ,", "entropy")
CONFUSION = "confusion"
LAST = "answer apart"


def moved(
    model: Model,
    datasets: list[str | Path],
    train: int,
    test: int,
    distractors: int,
    plan: dict,
    text: str | Path,
    segments: int,
    sentences: int,
    reader: str | Path = "",
) -> dict[str, pd.DataFrame]:
    """Attention statistics (Clark et al. 2019) and confusion scores (Lin et al. 2019) before and after fine-tuning.

    Args:
        datasets, train, test, distractors: as `splits_of` takes them; a reader each.
        plan: fields of `SpanTraining`.
        text, segments: as in `look_at.surface.surface`.
        sentences: of each condition of agreement.
        reader: a checkpoint to use in place of fine-tuning.

    Returns:
        layers: each statistic by layer, mean over heads: of the reader, of the pre-trained model, and their difference,
            paired over segments or sentences, with 95% intervals. contrasts: differences for claims.
    """
    pairs, asked = pairs_of(text, segments), trigger_questions("agreement", sentences)
    before = dict(_values(model, pairs, asked))
    rows, claimed = [], []
    for number, dataset in enumerate(datasets, 1):
        learned, _ = splits_of(dataset, train, test, distractors)
        after = dict(_values(fine_tuned(model, plan, learned, reader).model, pairs, asked))
        last = phase_layers(model.layers)[LAST]
        for statistic, values in after.items():
            versions = {
                "fine-tuned": values,
                "pre-trained": before[statistic],
                "difference": values - before[statistic],
            }
            for version, own in versions.items():
                labels = {"dataset": name_of(dataset), "statistic": statistic, "version": version}
                for layer in range(own.shape[1]):
                    row = labels | {"layer": layer + 1} | estimate(own[:, layer], name="value")
                    rows.append(row | {"texts": len(own)})
            change = np.abs(versions["difference"])
            share = {"statistic": statistic, "dataset": name_of(dataset), "number": number}
            rise = change[:, last - 1 :].mean(1) - change[:, : max(1, model.layers // 4)].mean(1)
            claimed.append(share | estimate(rise, contrast="change at the top minus change at the bottom"))
            claimed.append(share | estimate(change.mean(1), contrast="mean change"))
    return {"layers": pd.DataFrame(rows), "contrasts": pd.DataFrame(claimed)}


def _values(model: Model, pairs: list, asked: list) -> Iterator[tuple[str, np.ndarray]]:
    """Statistic -> [texts, layers], the mean of a layer's heads; of confusion the layer's own score, in bits."""
    encoded = encode_pairs(model, pairs, min(128, model.limit))
    found = segment_statistics(model, encoded, token_classes(model, encoded))
    for name in SHOWN:
        yield name, found[..., STATISTICS.index(name)].mean(2)
    yield CONFUSION, confusion_scores(model, asked).layers
