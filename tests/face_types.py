"""Every public name as an editor sees it: `mypy` reads this file, nobody runs it."""

from typing import assert_type

import numpy as np
import pandas as pd

import insidebert as ib
from insidebert.measure.attention_maps import AttentionMaps
from insidebert.measure.confusion import Confusion
from insidebert.models.encoding import Encoded, States
from insidebert.probes.attention import AttentionOnly, Sentences


def every_name(data: Sentences) -> None:
    model = ib.load("distilbert-cased")
    assert_type(model, ib.Model)
    assert_type(ib.wrap(model.encoder, model.tokenizer, name="step 1000"), ib.Model)
    assert_type(ib.random_twin(model, seed=3), ib.Model)
    assert_type(ib.words_of(model, "The girl sleeps."), tuple[str, ...])
    encoded = ib.encode(model, ["The girl sleeps.", ["A", "cat", "runs"]])
    assert_type(encoded, Encoded)
    states = ib.hidden_states(model, encoded, level="word")
    assert_type(states, States)
    assert_type(ib.attention_maps(model, "The girl sleeps."), AttentionMaps)
    asked = ib.TriggerQuestion.of(model, "The girl near the dogs does sleep.", "does", ["The girl", "the dogs"])
    assert_type(asked, ib.TriggerQuestion)
    assert_type(ib.confusion_scores(model, [asked]), Confusion)
    score: np.ndarray = ib.confusion_score(model, asked.words, "does", ["girl", "dogs"])
    table: pd.DataFrame = ib.surface_statistics(model, encoded)
    distances: np.ndarray = ib.head_distances(model, encoded)
    accuracy: pd.DataFrame = ib.head_accuracy(model, [(("A", "cat"), (1, -1), ("det", "root"))])
    position = ib.PositionProbe(epochs=2).fit(states, np.array([1, 1]))
    assert_type(position, ib.PositionProbe)
    assert_type(ib.TokenProbe().fit(states, ["DET", "NOUN"]), ib.TokenProbe)
    assert_type(ib.StructuralProbe().fit(states, [[1, -1], [1, -1]]), ib.StructuralProbe)
    probe = ib.HeadProbe(AttentionOnly(model.layers * model.heads)).fit(data, data)
    assert_type(probe.score(data), float)
    scores = [80.0, 90.0, 88.0]
    layers: tuple[float, float] = ib.expected_layer(scores), ib.centre_of_gravity([0.2, 0.8])
    assert_type(ib.SpanProbe("cumulative 3"), ib.SpanProbe)
    row: dict = ib.estimate(score, name=ib.__version__)
    try:
        print(table, distances, accuracy, row, layers)
    except ib.InputError as error:
        raise SystemExit(str(error)) from None
