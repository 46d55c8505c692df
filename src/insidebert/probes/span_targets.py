"""Targets of a task as arrays, and batches of them without padding."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from insidebert.errors import InputError
from insidebert.models.span_states import NO_PIECES, TOO_LONG, SpanStates
from insidebert.text.edges import EdgeSentence

WITHOUT_STATES = f"target in a {TOO_LONG} or a {NO_PIECES}"


@dataclass(frozen=True)
class SpanTargets:
    """Targets of some sentences, sentence by sentence.

    Args:
        sentences: [N] place of each target's sentence among those that were given.
        starts: [sentences that have states + 1] where each one's targets begin.
        spans: [N, sides, 2] pieces of each span in the file of states, half-open.
        edges: [N, 2] pieces of the sentence in the file, half-open.
        gold: [N, K] whether a label is right.
        context: [N] words of the shortest stretch that holds all spans.
        unseen: [N] how many right labels that count the probe does not know.
        left_out: reason -> how many targets.
    """

    sentences: np.ndarray
    starts: np.ndarray
    spans: np.ndarray
    edges: np.ndarray
    gold: np.ndarray
    context: np.ndarray
    unseen: np.ndarray
    left_out: Counter

    def __len__(self) -> int:
        return len(self.gold)

    def tensor(self, batch: np.ndarray) -> torch.Tensor:
        """[T, K] right labels of some targets."""
        return torch.from_numpy(self.gold[batch])

    def chosen(self, targets: np.ndarray) -> "SpanTargets":
        """Some of the targets, ascending, with the sentences that hold them."""
        own = self.sentences[targets]
        arrays = (getattr(self, name)[targets] for name in ("spans", "edges", "gold", "context", "unseen"))
        return SpanTargets(own, _starts(own), *arrays, self.left_out)


@dataclass(frozen=True)
class Side:
    """One span of every target of a batch.

    Args:
        pieces: [U] the distinct pieces of all spans, places in the file.
        occurrences: [O] span after span, places in `pieces`.
        offsets: [T] where each span begins among the occurrences.
        owners: [O] target of each occurrence.
    """

    pieces: np.ndarray
    occurrences: torch.Tensor
    offsets: torch.Tensor
    owners: torch.Tensor


def targets_of(
    states: SpanStates, sentences: Sequence[EdgeSentence], labels: Sequence[str], scored: Sequence[str] = ()
) -> SpanTargets:
    """Targets as arrays; those in sentences without states are left out and counted.

    Args:
        labels: [K] that the probe knows.
        scored: labels that count; of those the probe does not know, every right one is missed.

    Raises:
        InputError: a span outside its sentence, targets of one span beside targets of two, or no target at all.
    """
    places = {label: i for i, label in enumerate(labels)}
    missed = set(scored) - set(labels)
    owners, spans, edges, context, unseen, right, left_out = [], [], [], [], [], [], Counter()
    for i, sentence in enumerate(sentences):
        row = states.row(sentence.words)
        if row is None:
            left_out[WITHOUT_STATES] += len(sentence.targets)
            continue
        start = states.starts[row]
        for target in sentence.targets:
            for first, stop in target.spans:
                if not 0 <= first < stop <= len(sentence.words):
                    raise InputError(
                        f"sentence {i + 1}, {' '.join(sentence.words)[:40]!r}: span [{first}, {stop}) is empty or lies "
                        f"outside its {len(sentence.words)} words"
                    )
            right += [(len(owners), places[label]) for label in target.labels if label in places]
            unseen.append(sum(label in missed for label in target.labels))
            owners.append(i)
            spans.append([states.pieces(row, span) for span in target.spans])
            edges.append((start, start + states.lengths[row]))
            context.append(target.context)
    if not owners:
        raise InputError(f"no target is left: {dict(left_out) or 'the sentences have none'}")
    if len({len(own) for own in spans}) > 1:
        raise InputError("some targets have one span and some two; make two tasks of them")
    gold = np.zeros((len(owners), len(labels)), dtype=bool)
    gold[tuple(np.array(right, dtype=int).reshape(-1, 2).T)] = True
    arrays = (np.array(spans), np.array(edges), gold, np.array(context), np.array(unseen))
    return SpanTargets(np.array(owners), _starts(np.array(owners)), *arrays, left_out)


def _starts(owners: np.ndarray) -> np.ndarray:
    return np.r_[0, np.flatnonzero(np.diff(owners)) + 1, len(owners)]


def batches(targets: SpanTargets, size: int, random: np.random.Generator | None = None) -> Iterator[np.ndarray]:
    """Targets of `size` sentences at a time; in the order of the file of states, or a random one."""
    count = len(targets.starts) - 1
    order = np.arange(count) if random is None else random.permutation(count)
    for first in range(0, count, size):
        chosen = order[first : first + size]
        yield np.concatenate([np.arange(targets.starts[i], targets.starts[i + 1]) for i in chosen])


def side_of(spans: np.ndarray) -> Side:
    """Spans [T, 2] of pieces -> what pooling needs of them."""
    sizes = spans[:, 1] - spans[:, 0]
    offsets = np.cumsum(sizes) - sizes
    owners = np.repeat(np.arange(len(spans)), sizes)
    pieces, occurrences = np.unique(np.arange(sizes.sum()) - offsets[owners] + spans[owners, 0], return_inverse=True)
    return Side(pieces, *(torch.from_numpy(part) for part in (occurrences, offsets, owners)))


def windows(pieces: np.ndarray, edges: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours of pieces: [U, 2 * reach + 1] places in the file, and whether they lie in the same sentence.

    Args:
        edges: [sentences, 2] of the batch's sentences, in any order.
    """
    edges = np.unique(edges, axis=0)
    own = edges[np.searchsorted(edges[:, 0], pieces, side="right") - 1]
    around = pieces[:, None] + np.arange(-reach, reach + 1)
    inside = (around >= own[:, :1]) & (around < own[:, 1:])
    return np.where(inside, around, pieces[:, None]), inside
