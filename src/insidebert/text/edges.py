"""Edges: labels of spans, or of pairs of spans, in a sentence of words.

Tenney et al. (2019a), *What do you learn from context?*, section 2: spans are given, labels are to be predicted.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from insidebert.errors import InputError

UNSEEN = "label unseen in training"
SAME_SPANS = "target of the same spans, merged"
OUTSIDE_SCORE = {"coreference": {"0"}, "winograd": {"0"}, "gap": {"0"}, "relations": {"Other"}}
"""Labels that are trained and not scored (Tenney et al. 2019a); of the winograd tasks only by analogy."""
CORE = re.compile(r"ARG[0-5A](-.*)?|actor|undergoer|recipient|sole argument|complement")
REFERRING = re.compile(r"[RC]-")
"""PropBank's R- (relative pronouns) and C- (continued arguments): trained and not scored."""


@dataclass(frozen=True)
class Target:
    """A span, or two, and its labels.

    Args:
        span1, span2: half-open word intervals from 0; span2 is None where the task has one span.
        labels: distinct; none at all means that every label is wrong, as of SPR.
    """

    span1: tuple[int, int]
    span2: tuple[int, int] | None
    labels: tuple[str, ...]

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """One span or two."""
        return (self.span1,) if self.span2 is None else (self.span1, self.span2)

    @property
    def context(self) -> int:
        """Words of the shortest stretch that holds all spans (Slobodkin et al. 2021)."""
        return max(stop for _, stop in self.spans) - min(start for start, _ in self.spans)

    @property
    def distance(self) -> int:
        """Words from the first span's start to the second's; 0 for one span."""
        return 0 if self.span2 is None else abs(self.span2[0] - self.span1[0])


@dataclass(frozen=True)
class EdgeSentence:
    """A sentence and its targets.

    Args:
        words: [W].
        targets: of one task.
        group: a document or a story; splits never cut one.
    """

    words: tuple[str, ...]
    targets: tuple[Target, ...]
    group: str = ""


@dataclass(frozen=True)
class EdgeTask:
    """A task in three parts.

    Args:
        name: such as `dependencies`.
        train, development, test: sentences with at least one target.
        left_out: reason -> how many sentences, targets or labels were not used.
        source: where it comes from, for tables.
    """

    name: str
    train: tuple[EdgeSentence, ...]
    development: tuple[EdgeSentence, ...]
    test: tuple[EdgeSentence, ...]
    left_out: Counter = field(default_factory=Counter, compare=False)
    source: str = ""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """[K] labels of the training part, sorted."""
        return tuple(sorted({label for s in self.train for target in s.targets for label in target.labels}))

    @property
    def two_spans(self) -> bool:
        """Whether its targets have two spans."""
        return self.train[0].targets[0].span2 is not None

    @property
    def scored(self) -> tuple[str, ...]:
        """Labels that count in F1: of coreference `1` alone, of roles none with R- or C-, of relations not Other."""
        outside = OUTSIDE_SCORE.get(self.name, set())
        referring = self.name == "roles"
        return tuple(x for x in self._all if x not in outside and not (referring and REFERRING.match(x)))

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Of roles: core and non-core labels; of other tasks nothing."""
        if self.name != "roles":
            return {}
        core = tuple(label for label in self.scored if CORE.fullmatch(label))
        return {"core": core, "non-core": tuple(label for label in self.scored if label not in core)}

    @property
    def _all(self) -> list[str]:
        """Labels of every part: one that training lacks can only be missed, and that counts."""
        return sorted({x for s in self.sentences for target in s.targets for x in target.labels})

    @property
    def sentences(self) -> tuple[EdgeSentence, ...]:
        """Of all parts."""
        return self.train + self.development + self.test


def task_of(name: str, parts: dict[str, Sequence[EdgeSentence]], left_out: Counter, source: str = "") -> EdgeTask:
    """A task from its three parts; sentences without a target are left out, unseen labels are counted.

    Args:
        parts: `train`, `development` and `test` -> sentences.

    Raises:
        InputError: a part without a target, one label in training, or targets with one span beside some with two.
    """
    kept = {part: tuple(s for s in sentences if s.targets) for part, sentences in parts.items()}
    for part in ("train", "development", "test"):
        if not kept.get(part):
            raise InputError(f"{name}: the {part} part has no target; give it more documents")
    task = EdgeTask(name, **kept, left_out=+Counter(left_out), source=source)
    if len({len(t.spans) for s in task.sentences for t in s.targets}) > 1:
        raise InputError(f"{name}: some targets have one span and some two; make two tasks of them")
    if not task.labels or (len(task.labels) == 1 and _always(task)):
        raise InputError(f"{name}: its training part knows one label, {task.labels}; there is nothing to predict")
    known, later = set(task.labels), task.development + task.test
    unseen = sum(label not in known for s in later for target in s.targets for label in target.labels)
    if unseen:
        task.left_out[UNSEEN] += unseen
    return task


def _always(task: EdgeTask) -> bool:
    """Whether every target of training has a label, so that one label alone is always right."""
    return all(target.labels for s in task.train for target in s.targets)


def split(
    sentences: Sequence[EdgeSentence], shares: Sequence[float] = (0.7, 0.15, 0.15), seed: int = 0
) -> list[list[EdgeSentence]]:
    """Sentences in parts by group, in a random order of groups; a part ends when it has its share of the sentences.

    Args:
        shares: of the sentences, adding up to 1; as many parts.

    Raises:
        InputError: fewer groups than parts.

    Example:
        >>> own = [EdgeSentence((word,), (), group) for word, group in ["ax", "bx", "cy", "dz"]]
        >>> [[s.words[0] for s in part] for part in split(own, (0.5, 0.5), seed=1)]
        [['a', 'b'], ['c', 'd']]
    """
    groups: dict[str, list[EdgeSentence]] = {}
    for sentence in sentences:
        groups.setdefault(sentence.group, []).append(sentence)
    if len(groups) < len(shares):
        raise InputError(f"{len(groups)} documents cannot be split in {len(shares)} parts; give more of them")
    names = sorted(groups)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    bounds = np.cumsum(shares) * len(sentences) - 1e-9
    parts: list[list[EdgeSentence]] = [[]]
    taken = 0
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        missing = len(shares) - len(parts)
        if missing and parts[-1] and (taken >= bounds[len(parts) - 1] or left == missing):
            parts.append([])
        parts[-1] += groups[name]
        taken += len(groups[name])
    return parts


def merged(targets: Sequence[Target], left_out: Counter) -> tuple[Target, ...]:
    """Targets with the same spans become one that has the labels of all, and are counted; a label is either on or off.

    Unary chains of a phrase-structure tree (an S that is nothing but a VP) are such targets.
    """
    found: dict[tuple, Target] = {}
    for target in targets:
        before = found.get(target.spans)
        left_out[SAME_SPANS] += before is not None
        labels = target.labels if before is None else tuple(dict.fromkeys(before.labels + target.labels))
        found[target.spans] = Target(target.span1, target.span2, labels)
    return tuple(found.values())


def control_of(task: EdgeTask, seed: int = 0) -> EdgeTask:
    """The control task (Hewitt and Liang 2019): labels that nothing but memory of the words can give.

    Each string of words in a span (of two spans: each pair of strings, our extension) draws one target's labels from
    the training part, once for all parts. Sentences and spans are those of the task.
    """
    drawn: dict[tuple, tuple[str, ...]] = {}
    pool = [target.labels for s in task.train for target in s.targets]
    random = np.random.default_rng([seed, 2])

    def relabelled(sentences: tuple[EdgeSentence, ...]) -> tuple[EdgeSentence, ...]:
        made = []
        for s in sentences:
            targets = []
            for t in s.targets:
                strings = tuple(s.words[start:stop] for start, stop in t.spans)
                if strings not in drawn:
                    drawn[strings] = pool[random.integers(len(pool))]
                targets.append(Target(t.span1, t.span2, drawn[strings]))
            made.append(EdgeSentence(s.words, tuple(targets), s.group))
        return tuple(made)

    parts = [relabelled(part) for part in (task.train, task.development, task.test)]
    return EdgeTask(task.name, *parts, source=f"{task.source}, control task")


def counts_of(task: EdgeTask) -> dict[str, int]:
    """Labels, sentences and targets of each part, as in Table 3 of Tenney et al. (2019a)."""
    counted = {"labels": len(task.labels)}
    for part in ("train", "development", "test"):
        counted[f"sentences {part}"] = len(getattr(task, part))
        counted[f"targets {part}"] = sum(len(s.targets) for s in getattr(task, part))
    return counted
