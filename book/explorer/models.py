"""The models that the explorer's page offers: their files, and how far each is from the model in Python."""

import importlib.util
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from book.explorer.export import export, head_of, run, session
from insidebert.errors import InputError
from insidebert.files import sha256_of, whole_folder
from insidebert.measure.attention_maps import attention_maps
from insidebert.models import loading
from insidebert.models.encoding import encode
from insidebert.models.loading import Model
from insidebert.papers.open_sesame.sentences import labelled_sentences

NEEDED = ("onnxscript", "onnxruntime")
"""Packages that nothing else needs; the group `explorer` of pyproject.toml has them."""

CONDITIONS, SENTENCES = ("main_auxiliary.plain", "main_auxiliary.relative"), 12
"""Of our grammar, and how many of each, on which an exported model is compared."""

TOLERATED = {"codes": 1e-4, "half": 0.01, "rows": 0.25}
"""Storage -> greatest difference that a single share of attention may have from Python's."""


@dataclass(frozen=True)
class Offered:
    """A model as the page offers it.

    Args:
        id: how a permalink names it.
        name: as `ib.load` takes it.
        storage: as for `weights.shrunk`.
    """

    id: str
    name: str
    storage: str


OFFERED = (
    Offered("distilbert-cased", "distilbert-cased", "codes"),
    Offered("minilm-l6", "minilm-l6", "half"),
    Offered("minilm-l6-small", "minilm-l6", "rows"),
    Offered("random-distilbert-cased", "random:distilbert-cased", "rows"),
    Offered("random-minilm-l6", "random:minilm-l6", "rows"),
)


def write(offered: tuple[Offered, ...], folder: Path) -> None:
    """Export models and write `models.json`, which says of each what the page must know.

    Args:
        folder: which must not be there; it appears whole.

    Raises:
        InputError: a package is missing.
    """
    if absent := [name for name in NEEDED if not importlib.util.find_spec(name)]:
        raise InputError(f"{' and '.join(absent)} not installed; `make explorer` installs what exports the models")
    with whole_folder(folder) as scratch:
        cards = []
        for name in dict.fromkeys(own.name for own in offered):
            model, files = loading.load(name), {o.storage: f"{o.id}.onnx" for o in offered if o.name == name}
            export(model, {storage: scratch / file for storage, file in files.items()})
            vocabulary = f"{model.source.label}.tokenizer.json"
            shutil.copyfile(model.source.folder / "tokenizer.json", scratch / vocabulary)
            for own in (own for own in offered if own.name == name):
                cards.append(_card(own, model, scratch, vocabulary))
        cards.sort(key=lambda card: [own.id for own in offered].index(card["id"]))
        (scratch / "models.json").write_text(json.dumps(cards, indent=1) + "\n", encoding="utf-8")


def _card(own: Offered, model: Model, folder: Path, vocabulary: str) -> dict:
    files = {part: folder / name for part, name in (("model", f"{own.id}.onnx"), ("tokenizer", vocabulary))}
    moved = differences(files["model"], model)
    if moved["greatest"] > TOLERATED[own.storage]:
        raise InputError(f"{own.id}: attention differs from Python's by {moved['greatest']:.2g}; it is not exported")
    described = {
        part: {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for part, path in files.items()
    }
    return {
        "id": own.id,
        "label": model.source.label,
        "weights": model.source.weights,
        "storage": own.storage,
        "layers": model.layers,
        "heads": model.heads,
        "limit": model.limit,
        "predicts": head_of(model) is not None,
        "moved": moved,
    } | described


def differences(path: Path, model: Model) -> dict[str, float]:
    """How far an exported model's shares of attention are from those in Python: greatest and mean difference."""
    opened = session(path)
    apart = [
        np.abs(run(opened, encode(model, [words]).ids[0].tolist())["maps"] - attention_maps(model, words).maps).ravel()
        for condition in CONDITIONS
        for words in (sentence.words for sentence in labelled_sentences(condition, (SENTENCES,)))
    ]
    together = np.concatenate(apart)
    sentences = SENTENCES * len(CONDITIONS)
    return {"greatest": float(together.max()), "mean": float(together.mean()), "sentences": sentences}
