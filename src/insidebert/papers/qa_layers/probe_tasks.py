"""The paper's five probing tasks, as spans and labels: NEL, COREF, REL, QUES, SUP."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from insidebert.papers.edge_probing.tasks import first, tasks_of
from insidebert.papers.qa_layers.pieces import facts_of
from insidebert.papers.qa_layers.question_sets import name_of, splits_of
from insidebert.text.edge_sources import parted
from insidebert.text.edges import EdgeSentence, EdgeTask, Target
from insidebert.text.question_types import typed_questions
from insidebert.text.span_questions import SpanQuestion, sentences_of

SHORT = {
    "entities": "NEL",
    "coreference": "COREF",
    "relations": "REL",
    "question types": "QUES",
    "supporting facts": "SUP",
}
"""Tasks in the paper's order -> its abbreviation."""

WORD = re.compile(r"\w+|[^\w\s]")
SINGLE = "question whose context is one sentence"
QUESTION_TYPES = 480


def probe_tasks(
    edges: Path | str, datasets: Sequence[str | Path], train: int, test: int, questions: int, distractors: int
) -> dict[str, EdgeTask]:
    """All tasks; SUP once a data set, named `supporting facts, <data set>`.

    Args:
        edges: as `edge_probing.tasks.tasks_of` takes it.
        datasets: of questions, as `splits_of` takes them.
        train: targets to train a probe on, at most; development and test have at most `test`.
        questions: that SUP is made of.
        distractors: sentences of a story that its answer does not need.
    """
    tasks = dict(tasks_of(edges, ("entities", "coreference", "relations"), train, test))
    left_out: Counter = Counter()
    whole = {"question types": parted("question types", typed_questions(QUESTION_TYPES), left_out, "our templates", 0)}
    for dataset in datasets:
        asked = [*chain(*splits_of(dataset, questions * 3 // 4, questions // 4, distractors, seed=1))]
        lost: Counter = Counter()
        name = f"supporting facts, {name_of(dataset)}"
        whole[name] = parted(name, supporting(asked, lost), lost, name_of(dataset), 0)
    sizes = {"train": train, "development": test, "test": test}
    for name, task in whole.items():
        cut = {part: first(getattr(task, part), size) for part, size in sizes.items()}
        tasks[name] = EdgeTask(name, **cut, left_out=task.left_out, source=task.source)
    return tasks


def supporting(questions: Sequence[SpanQuestion], left_out: Counter) -> list[EdgeSentence]:
    """Question and context as one sentence of words; the question with each sentence of the context, label 1 or 0.

    The fact sheet, section Probes: no separator between question and context, words parted by white space and
    punctuation; contexts of one sentence are left out, and counted. Groups are stories or articles, so that none is
    in two parts of the task.
    """
    found = []
    for question in questions:
        spans, facts = sentences_of(question.context), facts_of(question)
        asked = WORD.findall(question.question)
        words = [(match.start(), match[0]) for match in WORD.finditer(question.context)]
        targets = []
        for start, stop in spans:
            own = [len(asked) + i for i, (place, _) in enumerate(words) if start <= place < stop]
            supports = any(first < stop and last > start for first, last in facts)
            if own:
                span = own[0], own[-1] + 1
                targets.append(Target((0, len(asked)), span, (str(int(supports)),)))
        if len(targets) > 1:
            text = (*asked, *(word for _, word in words))
            found.append(EdgeSentence(text, tuple(targets), question.group))
        else:
            left_out[SINGLE] += 1
    return found
