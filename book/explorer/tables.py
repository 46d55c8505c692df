"""What the page knows besides the models: rows of the committed tables, values of the paper, weights of a probe."""

import base64

import numpy as np

from book.explorer.models import OFFERED
from insidebert.explore.sentence import measured_relations
from insidebert.models import loading
from insidebert.models.encoding import encode, hidden_states
from insidebert.models.loading import Model
from insidebert.papers import printed
from insidebert.papers.open_sesame.probes import TASKS
from insidebert.papers.open_sesame.sentences import labelled_sentences
from insidebert.probes.position import PositionProbe
from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy

TASK = "main_auxiliary"
TRAINING, TEST, EPOCHS = 1500, 300, 6
"""Sentences and passes of the probe that the page applies; seconds, and as good as the one of the figure."""

PANELS = {2: ("R1", "R4"), 3: ("R5", "R8")}
"""Candidates -> first and last condition of Figure 5 of Lin et al. (2019)."""


def measured(paths: Paths) -> dict:
    """All of it, for `measured.json`."""
    trained = {own.name: loading.resolve(own.name) for own in OFFERED if not own.name.startswith("random:")}
    return {
        "relations": {name: relations(paths, source) for name, source in trained.items()},
        "confusion": {"paper": paper_confusion(), "ours": our_confusion(paths)},
        "probes": {
            name.replace(":", "-"): probe(loading.load(name)) for name in dict.fromkeys(own.name for own in OFFERED)
        },
    }


def relations(paths: Paths, source: loading.Source) -> list[dict]:
    """The best relation of every head, as `explore.sentence.measured_relations` finds it."""
    best, _ = measured_relations(paths, source)
    names = ["layer", "head", "relation", "direction", "accuracy", "offset", "offset_accuracy"]
    return [] if best.empty else best[names].astype({"offset": int}).to_dict("records")


def paper_confusion() -> dict[int, list[float]]:
    """Candidates -> bits by layer of BERT-base: the mean of the conditions that Figure 5 shows."""
    shown = printed("open_sesame")["figure-5"]
    return {
        count: np.mean([shown[label] for label in shown if first <= label <= last], axis=0).round(3).tolist()
        for count, (first, last) in PANELS.items()
    }


def our_confusion(paths: Paths) -> dict[str, dict[int, list[float]]]:
    """Model -> candidates -> bits by layer: the same mean, of the trained models that were measured."""
    path = paths.results / "open_sesame" / "reflexive-layers.csv"
    if not path.exists():
        return {}
    table = read_tidy(path).query("weights == 'trained'")
    return {
        model: {
            count: own[own["label"].between(*labels)].groupby("layer")["confusion"].mean().round(4).tolist()
            for count, labels in PANELS.items()
        }
        for model, own in table.groupby("model")
    }


def probe(model: Model) -> dict:
    """The main-auxiliary probe of every layer, trained as Lin et al. (2019, section 3) train it.

    Returns:
        weights: float32 [layers + 1, width] of the target's logit, the embedding first, in base 64; the bias is the
        same for all pieces of a sentence. accuracy: [layers + 1] share of generalization sentences. training, test:
        how many sentences.
    """
    plain, (other,) = TASKS[TASK]
    found = PositionProbe(epochs=EPOCHS).fit(*_states(model, plain, TRAINING))
    accuracy = found.score(*_states(model, other, TEST))[0]
    weights = found.weight_[1:, 1].numpy().astype("<f4")  # without the embedding that lacks positions
    text = base64.b64encode(weights.tobytes()).decode()
    return {"weights": text, "accuracy": accuracy[1:].round(4).tolist(), "training": TRAINING, "test": TEST}


def _states(model: Model, split: str, count: int):
    sentences = labelled_sentences(split, (count,))
    encoded = encode(model, [sentence.words for sentence in sentences], special=False)
    targets = np.array([encoded.pieces_of(i, [own.target])[0] for i, own in enumerate(sentences)])
    return hidden_states(model, encoded), targets
