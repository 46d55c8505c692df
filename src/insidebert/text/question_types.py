"""Questions of known type, in the classes of Li and Roth (2002), told from templates of our own."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from insidebert.errors import InputError
from insidebert.text.edges import EdgeSentence, Target


def typed_questions(count: int = 640, seed: int = 0) -> list[EdgeSentence]:
    """Questions, the whole of each a span that has its type as label, such as `LOC:city`.

    Types take turns, so that all are about equally frequent. A question's group is its template: a probe that is
    tested on other templates than it was trained on has to know more than how a question begins.

    Args:
        count: of questions; none occurs twice.
        seed: of the draw.

    Raises:
        InputError: more questions than the templates have.

    Example:
        >>> question = typed_questions(1)[0]
        >>> question.targets[0].labels, question.words[-1] in "?."
        (('ABBR:expansion',), True)
    """
    types, rng = _templates()["types"], np.random.default_rng(seed)
    found: dict[tuple[str, ...], EdgeSentence] = {}
    names, idle = list(types), 0
    while len(found) < count:
        name = names[len(found) % len(names)]
        number = int(rng.integers(len(types[name])))
        words = tuple(_filled(types[name][number], rng).split())
        idle = idle + 1 if words in found else 0
        if idle > 1000:
            raise InputError(f"the templates have only about {len(found)} questions; ask for fewer than {count}")
        target = Target((0, len(words)), None, (name,))
        found.setdefault(words, EdgeSentence(words, (target,), f"{name} {number}"))
    return list(found.values())


def _filled(template: str, rng: np.random.Generator) -> str:
    fillers = _templates()["fillers"]
    return re.sub(r"\{(\w+)\}", lambda match: str(rng.choice(fillers[match[1]])), template)


@cache
def _templates() -> dict:
    return yaml.safe_load(Path(__file__).with_name("question_types.yml").read_text(encoding="utf-8"))
