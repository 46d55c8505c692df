"""Readers fine-tuned on a data set, trained once and kept in the user's cache: all notebooks look at the same ones."""

import hashlib
import json
import re
from pathlib import Path

from filelock import FileLock

from insidebert.errors import InputError
from insidebert.files import model_cache, remove_leftovers, whole_folder
from insidebert.finetune import span_reader
from insidebert.finetune.span_reader import SpanReader
from insidebert.finetune.span_training import SpanTraining
from insidebert.models.loading import Model, resolve
from insidebert.results import cache
from insidebert.text.span_questions import SpanQuestion


def brought(name: str) -> Path | str:
    """A user's reader, named as models are, as a measurement takes it: its folder, by whose content it is known."""
    return resolve(name).folder if name else name


def fine_tuned(model: Model, plan: dict, questions: list[SpanQuestion], checkpoint: str | Path = "") -> SpanReader:
    """A reader of a model, a plan and questions; the one that is kept, if its code and libraries are the same too.

    Args:
        model: left as it is.
        plan: fields of `SpanTraining`.
        questions: to train on.
        checkpoint: a folder or Hub id of a model with a span head, which is taken as it is; none if empty.

    Raises:
        InputError: a checkpoint of other pieces or layers than the model, so that they cannot be compared.
    """
    if checkpoint:
        reader = SpanReader.from_checkpoint(checkpoint, SpanTraining(**plan))
        _check_kin(reader.model, model)
        return reader
    label = re.sub(r"[^\w.-]+", "--", model.source.label)
    folder = model_cache() / "readers" / f"{label}-{_key(model, plan, questions)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):  # notebooks that run side by side need the same reader
        if not folder.exists():
            remove_leftovers(folder.parent)
            reader = SpanReader(model, SpanTraining(**plan)).fit(questions)
            with whole_folder(folder) as scratch:
                reader.save(scratch)
    return SpanReader.load(folder)


def _check_kin(reader: Model, model: Model) -> None:
    """Before and after are compared piece by piece and layer by layer."""
    for what, differs in (
        (f"{reader.layers} layers, not {model.layers}", reader.layers != model.layers),
        ("another vocabulary", reader.tokenizer.get_vocab() != model.tokenizer.get_vocab()),
    ):
        if differs:
            raise InputError(
                f"READER {reader.source.label} has {what}: it was not made from {model.source.label}; "
                "name in MODELS the model that it was fine-tuned from"
            )


def _key(model: Model, plan: dict, questions: list[SpanQuestion]) -> str:
    reached = cache.closure(span_reader.__name__)
    known = [model.source.identity, plan, cache.code_of(reached), cache.versions_of(reached)]
    asked = hashlib.sha256(repr(questions).encode()).hexdigest()
    return cache.key(json.loads(json.dumps(known)), asked)
