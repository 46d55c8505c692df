"""Exercises: student versions without solutions, checks that accept the right answer and name each usual mistake."""

import importlib.util
import math
import time
from dataclasses import replace
from random import Random

import check
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion
from insidebert.measure.head_accuracy import OFFSETS
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.models.attention import reducible, run_with_attention
from insidebert.models.encoding import batches, encode
from insidebert.models.segments import token_classes
from insidebert.papers.mcrc import stories
from insidebert.papers.mcrc.figures import PRINTED
from insidebert.results.notebooks import Notebook, NotebookError, execute
from insidebert.results.paths import Paths
from insidebert.text.attacks import attack, shuffle_degree
from insidebert.text.attacks import sentences as check_sentences
from insidebert.text.questions import Question
from insidebert.text.treebanks import Tree

TEACHING = Paths.find().root / "teaching"
SOURCES = sorted((TEACHING / "exercises").glob("*.ipynb"))
_spec = importlib.util.spec_from_file_location("make_student", TEACHING / "make_student.py")
make_student = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_student)


def graded(grade_id, source="x = 1", kind=new_code_cell, **changes):
    grading = {"schema_version": 3, "grade": False, "grade_id": grade_id, "locked": False, "solution": True}
    return kind(source, metadata={"nbgrader": grading | {"task": False} | changes})


def gradings(notebook):
    return [cell.metadata["nbgrader"] for cell in notebook.cells if "nbgrader" in cell.metadata]


# the notebooks and their student versions


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_sources_are_valid_for_nbgrader(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    keys = {"schema_version", "grade", "grade_id", "locked", "solution", "task"}
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get("execution_count")
        own = cell.metadata.get("nbgrader")
        assert ("BEGIN SOLUTION" in cell.source) == bool(own and own["solution"])
        if own:
            assert set(own) == keys | ({"points"} if own["grade"] else set())
            assert (own["schema_version"], own["task"]) == (3, False)
            assert own["locked"] == (own["grade"] and not own["solution"])  # tests are locked, answers are not
            assert not own["locked"] or "check." in cell.source
            assert cell.cell_type == "code" or (own["grade"] and own["solution"])
    ids = [own["grade_id"] for own in gradings(notebook)]
    assert len(ids) == len(set(ids)) and all(name.startswith(path.stem) for name in ids)
    assert 4 <= sum(own["locked"] for own in gradings(notebook)) <= 5


def test_grade_ids_are_unique_over_all_notebooks():
    ids = [own["grade_id"] for path in SOURCES for own in gradings(nbformat.read(path, as_version=4))]
    assert len(SOURCES) == 5
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_student_version_holds_no_solution_and_all_metadata(path):
    source = nbformat.read(path, as_version=4)
    made = make_student.student(source)
    nbformat.validate(made)
    text = "\n".join(cell.source for cell in made.cells)
    assert "SOLUTION" not in text
    assert gradings(made) == gradings(source)
    assert made.metadata == source.metadata
    cut = 0
    for before, after in zip(source.cells, made.cells, strict=True):
        assert {**after.metadata, **before.metadata} == after.metadata  # nothing lost
        assert (before.cell_type, before.id) == (after.cell_type, after.id)
        if not before.metadata.get("nbgrader", {}).get("solution"):
            assert after.source == before.source
            continue
        region = before.source.split("### BEGIN SOLUTION\n")[1].split("### END SOLUTION")[0]
        lines = [line.strip() for line in region.splitlines() if line.strip(" ()[]{},")]
        assert lines and not any(line in after.source for line in lines)
        assert not any(line in text for line in lines if len(line) > 25)
        stub = "raise NotImplementedError" if before.cell_type == "code" else "*your answer here*"
        assert stub in after.source
        cut += 1
    assert cut >= 3
    locked = [cell for cell in made.cells if cell.metadata.get("nbgrader", {}).get("locked")]
    assert locked and all(cell.metadata["editable"] is cell.metadata["deletable"] is False for cell in locked)


def test_the_command_writes_every_exercise(tmp_path, capsys):
    make_student.main(tmp_path)
    for folder in (tmp_path, tmp_path / "zh"):
        made = sorted(folder.glob("*.ipynb"))
        assert [path.name for path in made] == [path.name for path in SOURCES]
        assert not any("BEGIN SOLUTION" in path.read_text(encoding="utf-8") for path in made)
        assert (folder / "check" / "__init__.py").exists()
    assert str(tmp_path / "zh" / "look-at.ipynb") in capsys.readouterr().out


def test_in_chinese_the_code_and_the_grading_are_the_same(tmp_path):
    make_student.main(tmp_path)
    for path in SOURCES:
        english, made = (nbformat.read(folder / path.name, as_version=4) for folder in (tmp_path, tmp_path / "zh"))
        assert [cell.metadata for cell in made.cells] == [cell.metadata for cell in english.cells]
        assert [cell for cell in made.cells if cell.cell_type == "code"] == [
            cell for cell in english.cells if cell.cell_type == "code"
        ]
        texts = [cell for cell in made.cells if cell.cell_type == "markdown"]
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in cell.source) for cell in texts)
        written = [cell.source for cell in texts if "nbgrader" in cell.metadata]
        assert written and all(text.endswith("*在这里写下你的答案*") for text in written)


def test_a_region_becomes_a_stub_and_outputs_go():
    body = "def f():\n    '''Doc.'''\n    ### BEGIN SOLUTION\n    return 7\n    ### END SOLUTION\n\nf"
    ran = new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="1")], execution_count=3)
    notebook = new_notebook(cells=[graded("a", body), graded("b", "secret"), ran])
    made = make_student.student(notebook).cells
    stub = "    # your answer here\n    raise NotImplementedError\n"
    assert made[0].source == f"def f():\n    '''Doc.'''\n{stub}\nf"
    assert made[1].source == "# your answer here\nraise NotImplementedError"  # without a region all is solution
    assert (made[2].outputs, made[2].execution_count) == ([], None)
    assert notebook.cells[2].outputs and "return 7" in notebook.cells[0].source  # the source stays


def test_a_written_answer_becomes_a_written_stub():
    cell = graded("a", "Why?\n### BEGIN SOLUTION\nSo.\n### END SOLUTION", new_markdown_cell, grade=True, points=1)
    assert make_student.student(new_notebook(cells=[cell])).cells[0].source == "Why?\n*your answer here*"


REGION = "### BEGIN SOLUTION\n1\n### END SOLUTION"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([graded("a"), graded("a")], "cell 2: grade_id 'a' is taken"),
        ([graded("")], "cell 1: grade_id '' is missing"),
        ([graded("a", "### BEGIN SOLUTION\n1")], "cell 1: BEGIN SOLUTION without END"),
        ([graded("a", f"### BEGIN SOLUTION\n{REGION}")], "cell 1: BEGIN SOLUTION twice"),
        ([new_code_cell("1"), new_code_cell(REGION)], "cell 2: .* is no solution cell"),
        ([graded("a", REGION, solution=False, grade=True)], "cell 1: .* is no solution cell"),
    ],
)
def test_sources_that_would_leak_or_not_grade_are_refused(cells, message):
    with pytest.raises(InputError, match=message):
        make_student.student(new_notebook(cells=cells))


@pytest.mark.notebook
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_solutions_pass_in_a_minute_and_the_student_version_stops_at_the_first_exercise(path, tmp_path):
    start = time.monotonic()
    output = tmp_path / "solved" / path.name
    execute(Notebook.read(path), {}, output)
    assert time.monotonic() - start < 60
    solved = nbformat.read(output, as_version=4).cells
    checks = [cell for cell in solved if cell.metadata.get("nbgrader", {}).get("locked")]
    said = ["".join(output.get("text", "") for output in cell.outputs) for cell in checks]
    assert said and all(text.startswith("Right: ") and "\nThink: " in text for text in said)
    blank = tmp_path / path.name
    make_student.main(tmp_path)
    with pytest.raises(NotebookError, match="NotImplementedError"):
        execute(Notebook.read(blank), {}, tmp_path / "blank" / path.name)
    ran = nbformat.read(tmp_path / "blank" / f"{path.stem}.failed.ipynb", as_version=4).cells
    failed = [cell for cell in ran if any(o.output_type == "error" for o in cell.get("outputs", []))]
    assert [cell.outputs[-1].ename for cell in failed] == ["NotImplementedError"]
    assert failed[0].metadata["nbgrader"]["grade_id"] in (f"{path.stem}-1", f"{path.stem}-1-check")


# open sesame

HEDGEHOG = TriggerQuestion(("the", "hedgehog", "near", "cats", "does"), 4, ((0, 1), (3,)))
WORDS = np.array([-1, 0, 1, 1, 2, 3, 4, -1])  # [CLS] the hedge ##hog near cats does [SEP]
MAPS = np.random.default_rng(0).dirichlet(np.ones(8), size=(2, 2, 8))  # 2 layers, 2 heads
TO_TRIGGER = MAPS[:, :, 6, 1:4].sum(-1)  # [layers, heads]
TO_CATS = MAPS[:, :, 6, 5]
SHARE = TO_TRIGGER.mean(1) / (TO_TRIGGER + TO_CATS).mean(1)
BACK, BACK_CATS = MAPS[:, :, 1:4, 6].sum(-1).mean(1), MAPS[:, :, 5, 6].mean(1)
WORD_PLACES = MAPS[:, :, 4, :2].sum(-1).mean(1), MAPS[:, :, 4, 3].mean(1)


def test_confusion_by_hand(capsys):
    maps = np.zeros((1, 1, 8, 8))
    maps[0, 0, 6] = [0.3, 0.1, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05]  # 0.4 to the trigger, 0.1 to the distractor
    check.confusion([0.3219], maps, WORDS, HEDGEHOG)
    out = capsys.readouterr().out
    assert out.startswith("Right: ") and "\nThink: " in out and out.count("\n") == 2 and "?" in out
    check.confusion(torch.tensor(-np.log2(SHARE)), MAPS, WORDS, HEDGEHOG)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (-np.log(SHARE), "in nats; bits are asked for"),
        (-np.log10(SHARE), "base 10; bits"),
        (np.log2(SHARE), "MINUS the logarithm"),
        (SHARE, "share itself"),
        (-np.log2(BACK / (BACK + BACK_CATS)), "rows and columns are swapped"),
        (np.log2(1 + 3 * TO_CATS.mean(1) / TO_TRIGGER.mean(1)), "SUM over its pieces"),
        (np.log2(1 + TO_CATS / TO_TRIGGER).mean(1), "average the attention over heads first"),
        (-np.log2(TO_TRIGGER.mean(1)), "normalised by all attention"),
        (np.log2(TO_CATS.mean(1) / TO_TRIGGER.mean(1)), "normalised by the distractors alone"),
        (-np.log2(1 - SHARE), "a distractor's score"),
        (np.log2(1 + WORD_PLACES[1] / WORD_PLACES[0]), "word indices were used"),
        (np.log2(1 + TO_CATS.mean(1) / MAPS[:, :, 6, 1:3].sum(-1).mean(1)), "only the first piece"),
        (np.log2(1 + TO_CATS.mean(1) / MAPS[:, :, 6, 2:4].sum(-1).mean(1)), "only the last word of each phrase"),
        (np.log2(1 + TO_CATS.mean(1) / MAPS[:, :, 6, 1:4].max(-1).mean(1)), "the largest of them"),
        (np.round(-np.log2(SHARE), 2), "rounded too early"),
        (-np.log2(SHARE).mean(), "one number, the mean over layers"),
        (np.ones(3), r"shape \(3,\); \(2,\) is asked for, one for each of the layers"),
        ([np.nan, 1], "nan or infinity"),
        (["a", "b"], "numbers are asked for, not"),
        (None, "numbers are asked for, not None"),
        (-np.log2(SHARE) + [0, 5], "at place 1 .* too large. .*1 of 2 are right.* 0.32 bits"),
    ],
)
def test_confusion_says_what_is_wrong(answer, message):
    with pytest.raises(AssertionError, match=message):
        check.confusion(answer, MAPS, WORDS, HEDGEHOG)


R1 = TriggerQuestion(("a", "b", "c"), 2, ((0,), (1,)), "reflexive.object.match")
R2 = replace(R1, condition="reflexive.object.mismatch")
R5 = replace(R1, triggers=((0,), (1,), (3,)), condition="reflexive.rc_object.match.match")
REFLEXIVES = [R1, R1, R1, R2, R2, R2, R5, R5, R5]
SCORES = np.array([[1, 2], [1, 2], [4, 2], [0, 1], [0, 2], [3, 3], [3, 3], [3, 5], [4, 6]], dtype=float)
MEANS = {"R1": 2.0, "R2": 1.5, "R5": 4.0}


def test_most_confusing_by_hand(capsys):
    check.most_confusing("R2", MEANS, "R5", REFLEXIVES, SCORES)
    assert "R5 confuses most; you said R2" in capsys.readouterr().out
    check.most_confusing("R5", pd.Series(MEANS), "R5", REFLEXIVES, SCORES)
    assert "as you predicted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("prediction", "means", "most", "message"),
    [
        ("r2", MEANS, "R5", "the prediction is 'r2'; give one of the labels R1, R2, R5"),
        ("R2", MEANS, 4.0, "`most` is 4.0; give one of"),
        ("R2", [2.0, 1.5, 4.0], "R5", "a dictionary from label to mean"),
        ("R2", {R1.condition: 2.0}, "R5", "names of conditions"),
        ("R2", {"R1": 2.0, "R5": 4.0}, "R5", "missing or too many: R2"),
        ("R2", {"R1": 4.0, "R2": 3.0, "R5": 8.0}, "R5", "sums over layers"),
        ("R2", {"R1": 2.0, "R2": 2.0, "R5": 14 / 3}, "R5", "last layer alone"),
        ("R2", {"R1": 2.0, "R2": 1.0, "R5": 10 / 3}, "R5", "first layer alone"),
        ("R2", {"R1": 2.0, "R2": 1.5, "R5": 3.5}, "R5", "medians"),
        ("R2", {"R1": 2.0, "R2": 1.5, "R5": 4 / math.log2(3)}, "R5", "even split"),
        ("R2", MEANS | {"R2": 7.0}, "R5", "for R2 is 7, which is too large"),
        ("R2", MEANS, "R2", "confuses LEAST"),
        ("R2", MEANS, "R1", "R1 is not the condition with the largest mean"),
    ],
)
def test_most_confusing_says_what_is_wrong(prediction, means, most, message):
    with pytest.raises(AssertionError, match=message):
        check.most_confusing(prediction, means, most, REFLEXIVES, SCORES)


IDS = [np.array(own) for own in ([5, 3, 9], [3, 9, 4, 3], [9, 5], [4, 4, 9], [9, 3, 7])]
TASK = np.array([0, 1, 0, 1, 1])
CONTROL = np.array([0, 0, 1, 0, 2])  # 7 over 5 over 3 over 4 over 9


def test_control_task_by_hand(capsys):
    check.control_task(CONTROL, IDS, TASK)
    assert capsys.readouterr().out.count("one rank a type") == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (CONTROL[:4], "5 sentences need as many targets"),
        ([5, 4, 5, 4, 7], "these are types; the PLACE"),
        ([0, 2, 2, 0, 2], "from 0 to the number of pieces minus 1"),
        ([0, 0.5, 1, 0, 2], "a whole number"),
        (TASK, "in 5 of 5 sentences these are the targets of the task itself"),
        ([0, 1, 0, 1, 2], "in 4 of 5 sentences"),  # the auxiliaries ranked on top
        ([0, 2, 1, 0, 2], "the smallest number of occurrences"),  # 7 over 5 over 4 over 3 over 9
        (np.zeros(5), "the target is piece 0 everywhere"),
        ([2, 1, 0, 2, 0], "largest id"),
        ([1, 0, 1, 0, 1], "smallest id"),
        ([0, 0, 1, 1, 2], "occurs twice, the target is the first"),
        ([2, 2, 1, 0, 2], "Draw the ranks ONCE"),  # 9 over 5, then 5 over 9
        ([None] * 5, "numbers are asked for"),
    ],
)
def test_control_task_says_what_is_wrong(answer, message):
    with pytest.raises(AssertionError, match=message):
        check.control_task(answer, IDS, TASK)


TASKED, CONTROLLED = np.array([0.5, 0.6, 0.8, 0.9, 0.95]), np.array([0.7, 0.7, 0.5, 0.4, 0.6])  # 3 layers


def test_selectivity_by_hand(capsys):
    check.selectivity([-0.2, -0.1, 0.3, 0.5, 0.35], 2, TASKED, CONTROLLED)
    assert "largest in layer 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "layer", "message"),
    [
        (CONTROLLED - TASKED, 2, "task MINUS control"),
        (TASKED / CONTROLLED, 2, "this is a ratio"),
        (TASKED, 2, "the accuracy on the task;"),
        (CONTROLLED, 2, "the accuracy on the control task"),
        (100 * (TASKED - CONTROLLED), 2, "percentage points"),
        ((TASKED - CONTROLLED)[2:], 2, "two embeddings are missing"),
        (TASKED - CONTROLLED, 1, "you counted from 0"),
        (TASKED - CONTROLLED, 3, "its place among the states"),
        (TASKED - CONTROLLED, 7, "layer 7 is not the most selective one$"),
        (TASKED - CONTROLLED, [1, 2], r"the layer is \[1.0, 2.0\]; one number is asked for"),
        (TASKED - CONTROLLED, None, "the layer: numbers are asked for"),
    ],
)
def test_selectivity_says_what_is_wrong(answer, layer, message):
    with pytest.raises(AssertionError, match=message):
        check.selectivity(answer, layer, TASKED, CONTROLLED)


def test_the_most_accurate_layer_is_not_the_most_selective_one():
    task, control = np.array([0.5, 0.5, 0.8, 0.7, 0.9]), np.array([0.5, 0.5, 0.4, 0.5, 0.7])
    with pytest.raises(AssertionError, match="layer 3 is not the most selective one, but the most accurate one"):
        check.selectivity(task - control, 3, task, control)


# look at

LENGTHS = np.array([5, 3])
PADDED = np.zeros((2, 3, 5, 5))  # 2 sentences, 3 heads
PADDED[0] = np.random.default_rng(1).dirichlet(np.ones(5), size=(3, 5))
PADDED[1, :, :, :3] = np.random.default_rng(2).dirichlet(np.ones(3), size=(3, 5))


def nats(distribution):
    return -sum(a * math.log(a) for a in distribution if a > 0)


ROWS = np.array([[[nats(row) for row in head] for head in maps] for maps in PADDED])  # [B, heads, T]
COLUMNS = np.array([[[nats(column) for column in head.T] for head in maps] for maps in PADDED])
BROAD = (ROWS[0].mean(1) + ROWS[1, :, :3].mean(1)) / 2


def test_entropy_by_hand():
    maps = np.zeros((1, 1, 4, 4))
    maps[0, 0, 0, :2] = 0.5
    maps[0, 0, [1, 2], 1] = 1
    maps[0, 0, 3, :3] = 0.2, 0.3, 0.5  # padding's query
    check.entropy([math.log(2) / 3], maps, np.array([3]))
    check.entropy(BROAD, PADDED, LENGTHS)


def test_the_package_measures_the_same_entropy(tiny):
    encoded = encode(tiny, [["the", "cat", "can", "sleep"], ["dogs"], ["the", "dogs", "near", "the", "cat"]], True)
    (batch,) = batches(tiny, encoded)
    with torch.inference_mode(), reducible(tiny.encoder) as encoder:
        layers, _ = run_with_attention(encoder, lambda layer: layer.maps.numpy(), **batch.inputs)
    measured = segment_statistics(tiny, encoded, token_classes(tiny, encoded))[..., STATISTICS.index("entropy")]
    for layer, maps in enumerate(layers):
        check.entropy(measured[:, layer].mean(0), maps, encoded.lengths[batch.rows])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (BROAD / math.log(2), "in bits; nats are asked for"),
        (-BROAD, "MINUS the sum"),
        (ROWS.mean((0, 2)), "padding was not left out"),
        (np.concatenate([ROWS[0], ROWS[1, :, :3]], axis=1).mean(1), "queries were pooled"),
        ((ROWS[0, :, 1:4].mean(1) + ROWS[1, :, 1]) / 2, r"\[CLS\] and \[SEP\] were left out"),
        ((COLUMNS[0].mean(1) + COLUMNS[1, :, :3].mean(1)) / 2, "rows and columns are swapped"),
        (
            [(nats(PADDED[0, h].mean(0)) + nats(PADDED[1, h, :3].mean(0))) / 2 for h in range(3)],
            "averaged before its entropy",
        ),
        ((ROWS[0].sum(1) + ROWS[1, :, :3].sum(1)) / 2, "the sum over queries"),
        ((ROWS[0].mean(1) / math.log(5) + ROWS[1, :, :3].mean(1) / math.log(3)) / 2, "divided by the logarithm"),
        (ROWS[:, :, 0].mean(0), "row alone"),
        (BROAD.mean(), "the mean over heads"),
        (np.full(3, np.nan), "0 log 0 counts as 0"),
        (BROAD + np.array([1, 0, 0]), "at place 0 .* too large"),
    ],
)
def test_entropy_says_what_is_wrong(answer, message):
    with pytest.raises(AssertionError, match=message):
        check.entropy(answer, PADDED, LENGTHS)


def test_a_large_number_inside_the_logarithm():
    maps = np.random.default_rng(3).dirichlet(np.ones(40), size=(2, 3, 40))
    with pytest.raises(AssertionError, match="added inside the logarithm is too large"):
        check.entropy(-(maps * np.log(maps + 1e-3)).sum(-1).mean((0, 2)), maps, np.array([40, 40]))


def tree(words, heads, relations):
    blank = ("",) * len(heads)
    return Tree(tuple(words.split()), blank, blank, tuple(heads), tuple(relations.split()))


TREES = [
    tree("she saw a small dog today", [1, -1, 4, 4, 1, 1], "nsubj root det amod dobj advmod"),
    tree("a cat saw a dog", [1, 2, -1, 4, 2], "det nsubj root det dobj"),
]
ATTENDED = [np.zeros((2, len(t), 2, 2), dtype=int) for t in TREES]
ATTENDED[0][0, :, 0, 1] = [2, 0, 4, 4, 1, 1]  # head 1-2: det right
ATTENDED[1][0, :, 0, 1] = [2, 3, 1, 4, 3]  # det: wrong, right; counted from 1 the first would be right
ATTENDED[0][0, 2, 1, 0], ATTENDED[1][0, [0, 3], 1, 0] = 4, (1, 4)  # what indices 1, 2 (of 2) hold: always right
DET = {"trees": TREES, "attended": ATTENDED, "name": "det", "layer": 1, "head": 2}  # 3 cases: head 1-2 finds 2


def test_relation_by_hand(capsys):
    check.relation(2 / 3, 1, 2 / 3, **DET)
    assert "0.67 for the head, 0.67 for the offset 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("accuracy", "offset", "offset_accuracy", "message"),
    [
        (1.0, 1, 2 / 3, "the head's accuracy: layer and head are counted from 1"),
        (2 / 3 * 100, 1, 2 / 3, "in percent; a share"),
        (2, 1, 2 / 3, "a number of cases"),
        (5 / 11, 1, 2 / 3, "all words were counted; only dependents with the relation det"),
        (3 / 4, 1, 2 / 3, "sentences were averaged"),
        (0.0, 1, 2 / 3, "the other direction, head to dependent"),
        (1 / 3, 1, 2 / 3, "words were counted from 1"),
        (0.123, 1, 2 / 3, "0.123, which is too small"),
        (2 / 3, -1, 2 / 3, "offset -1: the sign is wrong"),
        (2 / 3, 2, 2 / 3, "offset 2 is not the best"),
        (2 / 3, None, 2 / 3, "offset None is not the best"),
        (2 / 3, 1, 5 / 11, "the offset's accuracy: all words"),
        (2 / 3, 1, 200 / 3, "the offset's accuracy: this is in percent"),
        (2 / 3, 1, 2, "the offset's accuracy: this is a number of cases"),
    ],
)
def test_relation_says_what_is_wrong(accuracy, offset, offset_accuracy, message):
    assert 1 in OFFSETS
    with pytest.raises(AssertionError, match=message):
        check.relation(accuracy, offset, offset_accuracy, **DET)


RIGHT = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 1, 1], [0, 1, 1]], dtype=bool)  # 6 cases, 3 heads
HALVES = np.array([[0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 1, 1]])
# First cut, half 0: 1, 2/3, 1/3, so head 0; half 1: 0, 1, 2/3. Second cut: 2/3, 1, 1/3, so head 1; 1/3, 2/3, 2/3.
SAME, HELD = np.array([1.0, 1.0]), np.array([0.0, 2 / 3])


def test_held_out_by_hand(capsys):
    check.held_out(SAME, HELD, RIGHT, HALVES)
    assert "1.00 becomes 0.33 on average" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("same", "held", "message"),
    [
        (HELD, HELD, "`same`: this is scored on half 1"),
        ([1.0, 2 / 3], HELD, "`same`: this is half 1's best head on half 1"),
        ([0.5, 5 / 6], HELD, "`same`: this is scored on all cases"),
        ([2 / 3, 1.0], HELD, "`same`: this is the head that is best on all cases"),
        (100 * SAME, HELD, "`same`: this is in percent"),
        (SAME, SAME, "`held`: chosen and scored on the same half: the head is half 0's best"),
        (SAME, [1.0, 2 / 3], "`held`: chosen and scored on the same half: this is the best that any head"),
        (SAME, [0.5, 5 / 6], "`held`: this is scored on all cases"),
        (SAME, 100 * HELD, "`held`: this is in percent"),
        (SAME, HELD[:1], r"`held` has the shape \(1,\); \(2,\) is asked for, one for each of the splits"),
    ],
)
def test_held_out_says_what_is_wrong(same, held, message):
    with pytest.raises(AssertionError, match=message):
        check.held_out(same, held, RIGHT, HALVES)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ([0.75], "chosen on all cases, so the half that scores it had a say"),  # head 2: 7 of 8
        ([0.25], "the halves are swapped"),  # head 1 is best on half 1
    ],
)
def test_a_head_chosen_with_a_look_at_the_other_half(held, message):
    first = [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 0]]  # head 0 is best on half 0
    second = [[0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 1, 0]]
    right, halves = np.array(first + second, dtype=bool), np.array([[0, 0, 0, 0, 1, 1, 1, 1]])
    check.held_out([1.0], [0.0], right, halves)
    with pytest.raises(AssertionError, match=message):
        check.held_out([1.0], held, right, halves)


# multiple choice


def edits(a, b, replace_cost=1):
    """The recursion of the definition."""
    if not a or not b:
        return len(a) + len(b)
    last = edits(a[:-1], b[:-1], replace_cost) + replace_cost * (a[-1] != b[-1])
    return min(edits(a[:-1], b, replace_cost) + 1, edits(a, b[:-1], replace_cost) + 1, last)


def degree(a, b):
    return edits(a, b) / len(a)


def swapping(a, b):
    """Edits where swapping two neighbours is one."""
    table = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            options = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                options.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(options)
    return table[-1, -1]


def characters(a, b):
    a, b = " ".join(a), " ".join(b)
    table = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
    return table[-1, -1] / len(a)


def started(a, b, row=1, column=1, short=0):
    """Edits from a table whose first row and column may be 0, or whose last entry is left as it was."""
    table = np.add.outer(column * np.arange(len(a) + 1), row * np.arange(len(b) + 1))
    for i in range(1, len(a) + 1 - short):
        for j in range(1, len(b) + 1 - short):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
    return table[-1, -1]


def places(a, b):
    return (sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))) / len(a)


def test_shuffle_degree_by_definition(capsys):
    check.shuffle_degrees(degree)
    assert capsys.readouterr().out.startswith("Right: edits of words")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (edits, "the number of edits; divide"),
        (lambda a, b: edits(a, b) / max(len(a), len(b)), "the longer of the two"),
        (lambda a, b: edits(a, b) / len(b), "the length of the shuffled words"),
        (lambda a, b: edits(a, b) / (len(a) + len(b)), "both lengths together"),
        (characters, "characters were edited; words"),
        (places, "share of places"),
        (lambda a, b: edits(a, b, 2) / len(a), "replacing a word counts as two"),
        (lambda a, b: swapping(a, b) / len(a), "swapping two neighbours"),
        (lambda a, b: 1 - degree(a, b), "a similarity"),
        (lambda a, b: 100 * degree(a, b), "in percent"),
        (lambda a, b: sum(x != y for x, y in zip(a, b, strict=False)) / len(a), "as far as both go"),
        (lambda a, b: started(a, b, row=0, column=0) / len(a), "row 0 and column 0 of the table are still 0"),
        (lambda a, b: started(a, b, row=0) / len(a), "row 0 of the table is still 0"),
        (lambda a, b: started(a, b, column=0) / len(a), "column 0 of the table is still 0"),
        (lambda a, b: edits(a[:-1], b[:-1]) / len(a), "the last word of each text is never looked at"),
        (lambda a, b: started(a, b, short=1) / len(a), "the last entry of the table is what it was at the start"),
        (lambda a, b: 0.0, "the last entry of the table was never filled"),
        (lambda a, b: round(degree(a, b), 1), "rounded too early"),
        (lambda a, b: None, "A function gives None if it does not return"),
        (lambda a, b: degree(a, b) + (len(a) == 5 and a[0] == "one"), "for 'one two three four five' -> .* too large"),
    ],
)
def test_shuffle_degree_says_what_is_wrong(function, message):
    with pytest.raises(AssertionError, match=message):
        check.shuffle_degrees(function)


PASSAGE = "Anna put seven red apples on the table. Then it rained all day long. Her brother slept."
APPLES = Question("q", PASSAGE, "Who slept there?", ("in the deep forest", "her brother", "a big dog"), 1)


FOREIGN = Random(3)


def attacked(first="long. rained the it all deep Then in day forest", third="slept. dog Her a brother big", **changes):
    return replace(APPLES, options=(first, "her brother", third), **changes)


def under_attack(question, random, *, draw=None, order=None, one=False, exceeds=lambda degree: degree > 0.5):
    """AddSent2Opt-Shuffle, with a step that may go wrong."""
    parts = check_sentences(question.passage)
    draw = draw or (lambda: random.choice(parts))
    options, sentence = list(question.options), draw()
    for place, option in enumerate(options):
        if place != question.answer:
            words = f"{option} {sentence if one else draw()}".split()
            shuffled = words.copy()
            if order:
                shuffled = order(words)
            else:
                random.shuffle(shuffled)
                while not exceeds(shuffle_degree(words, shuffled)):
                    random.shuffle(shuffled)
            options[place] = " ".join(shuffled)
    return replace(question, options=tuple(options))


def test_the_attack_passes(capsys):
    check.distractors(under_attack, [replace(APPLES, id=str(i)) for i in range(3)])
    assert "6 distractors hold their own words" in capsys.readouterr().out


def test_the_packages_own_attack_passes():
    questions = stories.generate(30, seed=5)

    def own(name):
        return lambda question, random: attack(question, name, seed=random.randrange(10**9)).question

    check.distractors(own("AddSent2Opt-Shuffle"), questions)
    for other in ("AddSent2Opt", "Sent2Opt-Shuffle", "AddAns2Opt-Shuffle", "Ans2Opt-Shuffle", "AddSent2Pas-Shuffle"):
        with pytest.raises(AssertionError, match="passage changed" if "Pas" in other else f"that is {other}"):
            check.distractors(own(other), questions)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (["a", "b", "c"], "a Question is asked for"),
        (attacked(answer=0), "question q: its answer changed"),
        (attacked(passage="Else."), "its passage changed"),
        (attacked(question="Why?"), "its question changed"),
        (replace(APPLES, options=("her brother", "x")), "3 options became 2"),
        (replace(attacked(), options=(attacked().options[0], "brother her", "x")), "the right option changed"),
        (attacked(third="a big dog"), "no word was added"),
        (attacked(third="Her brother slept. a big dog"), "option 2: nothing is shuffled"),
        (attacked(third="a big dog Her slept. brother"), "its ShuffleDegree is 0.33; shuffle again"),
        (attacked(third="dog a brother her big"), "that is AddAns2Opt-Shuffle"),
        (attacked(third="her brother"), "that is Ans2Opt-Shuffle"),
        (attacked(third="slept. brother Her"), "that is Sent2Opt-Shuffle"),
        (attacked(third=f"{PASSAGE} dog big a"), "the whole passage was added"),
        (attacked(third="slept there? Who dog a big"), "the question was added"),
        (attacked(third="gib a dog tpels. reH brothre"), "letters are shuffled"),
        (attacked(third="slept. dog Her a brother"), "is not the words of the distractor and of one sentence"),
    ],
)
def test_distractors_say_what_is_wrong(made, message):
    with pytest.raises(AssertionError, match=message):
        check.distractors(lambda question, random: made, [APPLES])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"exceeds": lambda degree: True}, "nothing is shuffled|its ShuffleDegree"),  # one shuffle, no threshold
        ({"exceeds": lambda degree: degree > 0}, "its ShuffleDegree is 0.5"),
        ({"exceeds": lambda degree: degree >= 0.5}, "its ShuffleDegree is 0.5"),
        ({"one": True}, "always get the same sentence"),
        ({"order": lambda words: words[::-1]}, "only 1 ever come"),
        ({"order": lambda words: [words[-1], *words[:-1]]}, "its ShuffleDegree|only 1 ever come"),
    ],
)
def test_attacks_that_are_drawn_wrongly_do_not_pass(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check.distractors(lambda question, random: under_attack(question, random, **wrong), [])


@pytest.mark.parametrize("which", [lambda s: s[0], lambda s: s[-1], lambda s: max(s, key=len)])
def test_always_the_same_sentence_is_not_random(which):
    def wrong(question, random):
        return under_attack(question, random, draw=lambda: which(check_sentences(question.passage)))

    with pytest.raises(AssertionError, match=r"sentence . of the passage was added everywhere"):
        check.distractors(wrong, [])


def test_a_sentence_that_is_never_drawn_is_missed():
    def wrong(question, random):
        return under_attack(question, random, draw=lambda: random.choice(check_sentences(question.passage)[1:]))

    with pytest.raises(AssertionError, match="sentence 1 of the passage is never added"):
        check.distractors(wrong, [])


def test_draws_come_from_the_random_that_is_given():
    with pytest.raises(AssertionError, match="with the same `random` the result is another"):
        check.distractors(lambda question, _: under_attack(question, FOREIGN), stories.generate(5, seed=5))


TABLE = pd.DataFrame([[80.0, 50.0, 40.0], [40.0, 60.0, 10.0], [60.0, 25.0, 38.0], [20.0, 50.0, 30.0]])
TABLE.index = ["BERT", "one", "two", "three"]
CHANGES = np.array([[-50.0, 20.0, -75.0], [-25.0, -50.0, -5.0], [-75.0, 0.0, -25.0]])
AVERAGE = -285 / 9


def test_change_by_hand(capsys):
    check.change(CHANGES, AVERAGE, TABLE)
    check.change(pd.DataFrame(CHANGES), AVERAGE, TABLE)
    labelled = pd.DataFrame(CHANGES, index=TABLE.index[1:])
    check.change(labelled[[2, 0, 1]], AVERAGE, TABLE)  # columns and rows in whatever order
    check.change(labelled.iloc[::-1], AVERAGE, TABLE)
    assert "-31.7% on average" in capsys.readouterr().out


def test_the_papers_average_change(capsys):
    table = pd.DataFrame(PRINTED["table-2"]).T.drop("random guess")
    changes = (table.drop("BERT") / table.loc["BERT"] - 1) * 100
    check.change(changes, -36.2, table)  # what the paper says
    assert "-36.2% on average" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "average", "message"),
    [
        (-CHANGES, AVERAGE, "the change: the sign is wrong"),
        (TABLE.iloc[1:] - TABLE.iloc[0], AVERAGE, "the change: these are percentage points"),
        (CHANGES / 100, AVERAGE, "the change: this is a share"),
        ((TABLE.iloc[1:] - TABLE.iloc[0]) / TABLE.iloc[1:] * 100, AVERAGE, "divided by the accuracy under attack"),
        (CHANGES + 100, AVERAGE, "this is what is left"),
        ((TABLE.iloc[1:] - TABLE.iloc[0]) / (170 / 3) * 100, AVERAGE, "each data set has its own"),
        (CHANGES.T, AVERAGE, "rows and columns are swapped"),
        (np.vstack([[0, 0, 0], CHANGES]), AVERAGE, "the original's own row is in it"),
        (TABLE.iloc[1:] - TABLE.iloc[:1], AVERAGE, r"has the shape \(4, 3\) and holds nan: pandas pairs rows"),
        (CHANGES, -AVERAGE, "the average: the sign"),
        (CHANGES, -32, "the average: rounded too early"),
        (CHANGES, (37 - 170 / 3) / (170 / 3) * 100, "the average: this is the change of the average accuracy"),
        (CHANGES, -285 / 12, "the average: the original's own row"),
        (CHANGES, 37 - 170 / 3, "the average: these are percentage points"),
        (CHANGES, AVERAGE / 100, "the average: this is a share"),
        (CHANGES, -25.0, "the average: this is the median"),
        (CHANGES, CHANGES.mean(1), r"the average has the shape \(3,\); \(\) is asked for"),
    ],
)
def test_change_says_what_is_wrong(changes, average, message):
    with pytest.raises(AssertionError, match=message):
        check.change(changes, average, TABLE)


def test_expected_accuracy_by_hand(capsys):
    check.expected_accuracy(lambda s, k: {2: (s + 1) / 2, 3: (2 * s + 1) / 3, 5: (4 * s + 1) / 5}[k])
    assert "a guess at the rest" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda s, k: s, "guessing was forgotten"),
        (lambda s, k: s + 1 / k, "known answers were counted twice"),
        (lambda s, k: min(1, s + 1 / k), "this stops at 1"),
        (lambda s, k: 1 - s + s / k, "the shares are swapped"),
        (lambda s, k: 1 / k, "guessing alone"),
        (lambda s, k: max(s, 1 / k), "the larger of knowing and guessing"),
        (lambda s, k: s + (1 - s) * (1 - 1 / k), r"not with \(k - 1\)/k"),
        (lambda s, k: s + (1 - s) / (k - 1), "among all k options"),
        (lambda s, k: s + (1 - s) / 2, "1/2 whatever"),
        (lambda s, k: 100 * (s + (1 - s) / k), "in percent"),
        (lambda s, k: s * s + (1 - s) / k, "for s = 0.2, 2 options is 0.44, which is too small"),
    ],
)
def test_expected_accuracy_says_what_is_wrong(function, message):
    with pytest.raises(AssertionError, match=message):
        check.expected_accuracy(function)
