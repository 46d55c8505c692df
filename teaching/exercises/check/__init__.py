"""Checks of the exercises in `teaching/exercises`: what is wrong with an answer, and not only that it is.

Every check computes the right answer itself, with this package's own functions, and what the usual mistakes would give
instead. It prints what was right and a question to think about, or raises an AssertionError that explains; an answer
of the wrong kind or shape counts as wrong too.
"""

from check.distractors import distractors
from check.look_at import entropy, held_out, relation, switched_off
from check.mcrc import change, counting, expected_accuracy, shuffle_degrees
from check.open_sesame import confusion, control_task, most_confusing, selectivity, swapped
from check.pipeline import evened, evenness, expected_layers, one_class, turned
from check.qa_layers import another_question, answers, components, majority, silhouettes

__all__ = [
    "another_question",
    "answers",
    "change",
    "components",
    "confusion",
    "control_task",
    "counting",
    "distractors",
    "entropy",
    "evened",
    "evenness",
    "expected_accuracy",
    "expected_layers",
    "held_out",
    "majority",
    "most_confusing",
    "one_class",
    "relation",
    "selectivity",
    "shuffle_degrees",
    "silhouettes",
    "swapped",
    "switched_off",
    "turned",
]
