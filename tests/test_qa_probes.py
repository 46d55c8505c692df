"""Probes of question answering by layer: tasks, scores, peaks."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from insidebert.errors import InputError
from insidebert.papers.qa_layers import probe_contrasts, probe_tasks
from insidebert.papers.qa_layers.probe_scores import Probed, f1_of
from insidebert.text.edges import Target
from insidebert.text.question_types import typed_questions
from insidebert.text.span_questions import SpanQuestion
from tests.test_qa_layers import told


def test_supporting_facts_pair_the_question_with_every_sentence():
    question = told(1)[0]
    lost = Counter()
    (sentence,) = probe_tasks.supporting([question, SpanQuestion("x", "who ?", "a cat.", (("cat", 2),))], lost)
    assert sentence.words[:4] == ("who", "can", "sleep", "?") and lost == {probe_tasks.SINGLE: 1}
    first, second = sentence.targets
    assert first == Target((0, 4), (4, 9), ("0",)) and second == Target((0, 4), (9, 14), ("1",))
    assert sentence.words[9:14] == ("the", question.answers[0][0], "can", "sleep", ".")


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    gold, said = random.integers(4, size=200), random.integers(4, size=200)
    kinds = [(said == k) & (gold == k) for k in range(4)], [(said == k) & (gold != k) for k in range(4)]
    counts = np.stack([*kinds, [(said != k) & (gold == k) for k in range(4)]]).sum(2).T.astype(float)
    for average in ("macro", "micro"):
        expected = f1_score(gold, said, average=average)
        assert f1_of(counts, f"{average} F1") == pytest.approx(expected)
    nothing = np.vstack([counts, [[0, 0, 0]]])
    assert f1_of(nothing, "macro F1") == pytest.approx(f1_of(counts, "macro F1"))


def test_questions_of_every_type_and_no_template_on_two_sides():
    asked = typed_questions(320)
    assert len({question.words for question in asked}) == 320
    assert Counter(question.targets[0].labels[0] for question in asked).most_common()[-1][1] == 20
    task = probe_tasks.parted("question types", asked, Counter(), "", 0)
    groups = [{question.group for question in part} for part in (task.train, task.development, task.test)]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert not any("{" in word for question in asked for word in question.words)
    with pytest.raises(InputError, match="ask for fewer"):
        typed_questions(10**5)


def test_a_peak_is_found_and_the_interval_holds_it():
    counts = np.zeros((40, 4, 2, 3))
    counts[:, :, :, 2] = 1
    counts[:, 2, :, 0], counts[:, 2, :, 2] = 1, 0  # layer 2 of 3 is right, the others say nothing
    own = Probed(counts, counts[:, 0], 40)
    names = ["entities", "coreference", "relations", "question types", "supporting facts, told"]
    rows = pd.DataFrame(probe_contrasts.contrasts({(task, "random weights", ""): own for task in names}))
    rows = rows.set_index("contrast")
    assert rows.loc["peak of coreference minus peak of entities", ["estimate", "low", "high"]].tolist() == [0, 0, 0]
    assert rows.loc["peak of supporting facts", ["estimate", "number"]].tolist() == pytest.approx([2 / 3, 1])
    assert rows.loc["supporting facts minus majority, best layer", "estimate"] == pytest.approx(1)
