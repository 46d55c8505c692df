"""A large corpus in parts: what each batch of sentences gives is found on many machines and joined as if on one.

All measurements of attention go through one loop, `attention_batches`: a batch goes in, what was kept of each layer
comes out. A shard runs every n-th batch and stops there; who joins runs the measurement from its beginning and gives
it, batch by batch, what the shards kept. The batches are those of an undisturbed run, so the tables are too, to the
last byte.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import torch

from insidebert.errors import InputError
from insidebert.models import attention

SHARDED = frozenset(
    {
        "insidebert.papers.look_at.selection.selection",
        "insidebert.papers.look_at.surface.surface",
        "insidebert.papers.look_at.syntax.syntax",
        "insidebert.papers.open_sesame.confusion.confusion",
    }
)
"""Measurements that spend their time in one loop over the batches of a corpus. Probes need all sentences at once."""


class _Done(Exception):
    """A shard has what it was asked for."""


def of_shard(measure: Callable[[], object], part: int, parts: int) -> list[tuple[np.ndarray, list]]:
    """Run a measurement until its first loop over batches has been through this part's.

    Args:
        measure: without arguments.
        part: counted from 0.

    Returns:
        Per batch, the numbers [B] of its sentences, and what was kept of each layer.

    Raises:
        InputError: the measurement has no such loop.
    """
    kept, rows = [], []

    def own_batches(model, encoded, *options):
        for number, batch in enumerate(batches(model, encoded, *options)):
            if number % parts == part:
                rows.append(batch.rows)
                yield batch
        raise _Done

    def noted(*arguments, **inputs):
        reduced, output = run(*arguments, **inputs)
        kept.append([part.cpu() if isinstance(part, torch.Tensor) else part for part in reduced])
        return reduced, output

    batches, run = attention.batches, attention.run_with_attention
    try:
        with _in_place_of(batches=own_batches, run_with_attention=noted):
            measure()
    except _Done:
        return list(zip(rows, kept, strict=True))
    raise InputError("this measurement does not go through its sentences in batches, so it cannot be split; shards: 1")


@contextmanager
def replayed(shards: list[list[tuple[np.ndarray, list]]]) -> Iterator[None]:
    """Inside, the first loop over batches gets what shards found instead of running the model.

    Args:
        shards: of all parts, in order.

    Raises:
        InputError: the shards are those of another corpus.
    """
    known = {tuple(rows.tolist()): kept for shard in shards for rows, kept in shard}
    current: list = []

    def all_batches(model, encoded, *options):
        first = bool(known)
        for batch in batches(model, encoded, *options):
            current[:] = [tuple(batch.rows.tolist())] if first else []
            yield batch
            current.clear()
        if first and known:
            raise InputError(f"shards of another corpus: {len(known)} of their batches are not in this one")

    def found(encoder, reduce, **inputs):
        if not current:
            return run(encoder, reduce, **inputs)
        if current[0] not in known:
            raise InputError("shards of another corpus: one of its batches is in none of them")
        device = inputs["input_ids"].device
        kept = [part.to(device) if isinstance(part, torch.Tensor) else part for part in known.pop(current[0])]
        return kept, SimpleNamespace(last_hidden_state=torch.zeros(1))

    batches, run = attention.batches, attention.run_with_attention
    with _in_place_of(batches=all_batches, run_with_attention=found):
        yield


@contextmanager
def _in_place_of(**replacements: Callable) -> Iterator[None]:
    """Other functions inside the one loop; a worker does one task at a time, so nobody else is inside it."""
    before = {name: getattr(attention, name) for name in replacements}
    try:
        for name, function in replacements.items():
            setattr(attention, name, function)
        yield
    finally:
        for name, function in before.items():
            setattr(attention, name, function)
