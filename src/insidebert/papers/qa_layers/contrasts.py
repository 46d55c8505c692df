"""What claims on the phases are about: differences between layers, versions and measures, paired over questions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from insidebert.measure.bootstrap import estimate
from insidebert.papers.qa_layers.layers import phase_layers

FIRST, SECOND, THIRD, LAST = "semantic clusters", "entities and attributes", "question and fact", "answer apart"
OWN, BEFORE = "own", "pre-trained"
"""Versions of a term: the fine-tuned one, or the random weights where there is no other; the pre-trained one."""


@dataclass(frozen=True)
class Term:
    """A measure in a phase's layer, added or taken away.

    Args:
        measure: one of `phases.MEASURES`.
        phase: whose layer is meant.
        sign: 1 or -1.
        version: OWN or BEFORE.
    """

    measure: str
    phase: str
    sign: int = 1
    version: str = OWN


FACT, WRONG, ANSWER, CHOSEN = "question + fact", "question + wrong fact", "answer", "predicted answer"
SIMILARITY = "similarity to pre-trained"


def _rise(measure: str, low: str, high: str) -> tuple[Term, Term]:
    return Term(measure, high), Term(measure, low, -1)


def _gain(measure: str, phase: str) -> tuple[Term, Term]:
    return Term(measure, phase), Term(measure, phase, -1, BEFORE)


PLANNED: dict[str, tuple[Term, ...]] = {
    "same word: phase 1 minus phase 4": _rise("same word", LAST, FIRST),
    "question + fact: phase 3 minus phase 1": _rise(FACT, FIRST, THIRD),
    "question + fact: phase 3": (Term(FACT, THIRD),),
    "question + fact: phase 4 minus phase 3": _rise(FACT, THIRD, LAST),
    "question + fact: phase 3, fine-tuned minus pre-trained": _gain(FACT, THIRD),
    "answer: phase 4 minus phase 3": _rise(ANSWER, THIRD, LAST),
    "answer: phase 4, fine-tuned minus pre-trained": _gain(ANSWER, LAST),
    "predicted answer: phase 4 minus phase 3": _rise(CHOSEN, THIRD, LAST),
    "wrong fact minus right fact: phase 3": (Term(WRONG, THIRD), Term(FACT, THIRD, -1)),
    "sentences minus chance: phase 3": (Term("sentences", THIRD), Term("sentences by chance", THIRD, -1)),
    "two components: phase 3": (Term("two components", THIRD),),
    "two components: phase 4": (Term("two components", LAST),),
    "similarity: phase 4 minus phase 2": _rise(SIMILARITY, SECOND, LAST),
    "similarity: phase 2": (Term(SIMILARITY, SECOND),),
    "similarity: phase 4": (Term(SIMILARITY, LAST),),
}


def contrasts(found) -> Iterator[dict]:
    """Each of PLANNED, in both spaces, over all questions and over the right and the wrong ones.

    Args:
        found: a `phases.Measured`.

    Returns:
        Rows of contrast, space, outcome, estimate, low, high and questions; a contrast that fewer than two questions
        have, or that needs a version that is not there, has no row.
    """
    versions = list(dict.fromkeys(version for version, _, _ in found.values))
    layer = phase_layers(found.layers)
    for name, terms in PLANNED.items():
        for space in ("raw", "z-scored"):
            keys = [(versions[0] if term.version == OWN else term.version, space, term.measure) for term in terms]
            if not all(key in found.values for key in keys):
                continue
            pairs = zip(terms, keys, strict=True)
            whole = np.sum([term.sign * found.values[key][:, layer[term.phase]] for term, key in pairs], axis=0)
            for outcome in ("all", "right", "wrong"):
                own = whole[found.of_outcome(outcome) & np.isfinite(whole)]
                if len(own) > 1:
                    row = estimate(own, contrast=name, space=space, outcome=outcome)
                    yield row | {"questions": len(own)}
