"""An exercise through nbgrader: handed out, a right and a wrong answer graded, feedback written.

`make test-grading` installs nbgrader into a folder of its own and runs this; other runs leave it out.
"""

import csv
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from insidebert.results.paths import Paths

pytest.importorskip("nbgrader", reason="nbgrader is missing; make test-grading brings it")

SOURCE = Paths.find().root / "teaching" / "exercises"
ASSIGNMENT, EXERCISE = "lesson-3", "multiple-choice.ipynb"
RIGHT, WRONG = "return s + (1 - s) / k", "return s + 1 / k"
"""The last line of an answer, and the usual mistake in its place."""
SAID = "known answers were counted twice"
"""What the check says to it."""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Function: run a command of nbgrader in a course that has the exercise; the course."""
    folder = tmp_path_factory.mktemp("course")
    source = folder / "source" / ASSIGNMENT
    shutil.copytree(SOURCE / "check", source / "check", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOURCE / EXERCISE, source)
    kept = {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"}
    (folder / "jupyter").mkdir()
    env = os.environ | {name: str(folder / "jupyter" / name) for name in kept}

    def nbgrader(*command):
        run = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command], cwd=folder, env=env, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr

    return nbgrader, folder


def submitted(folder, student, replaced=("", "")):
    """Hand in the exercise with its solutions, one line of them replaced."""
    text = (SOURCE / EXERCISE).read_text(encoding="utf-8")
    assert text.count(replaced[0]) == 1 or not replaced[0]
    place = folder / "submitted" / student / ASSIGNMENT / EXERCISE
    place.parent.mkdir(parents=True)
    place.write_text(text.replace(*replaced), encoding="utf-8")


def points(notebook):
    """Points of the cells that a machine grades, and of those that a person does."""
    graded = [cell.metadata["nbgrader"] for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return tuple(sum(own["points"] for own in graded if own["solution"] == by_hand) for by_hand in (False, True))


@pytest.mark.notebook
@pytest.mark.integration
def test_an_exercise_goes_through_nbgrader_and_back(course):
    nbgrader, folder = course
    nbgrader("generate_assignment", ASSIGNMENT)
    release = folder / "release" / ASSIGNMENT
    text = (release / EXERCISE).read_text(encoding="utf-8")
    assert RIGHT not in text and "SOLUTION" not in text and "YOUR CODE HERE" in text
    assert (release / "check" / "__init__.py").is_file()

    submitted(folder, "right")
    submitted(folder, "wrong", (RIGHT, WRONG))
    nbgrader("autograde", ASSIGNMENT, "--ExecutePreprocessor.timeout=300")  # 30 s a cell are too few on a busy machine
    nbgrader("generate_feedback", ASSIGNMENT)
    nbgrader("export", "--to", "grades.csv")

    by_machine, by_hand = points(nbformat.read(SOURCE / EXERCISE, as_version=4))
    with (folder / "grades.csv").open(newline="") as file:
        grades = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {float(row["max_score"]) for row in grades.values()} == {by_machine + by_hand}
    assert float(grades["right"]["score"]) == by_machine
    assert float(grades["wrong"]["score"]) == by_machine - 1
    feedback = {name: (folder / "feedback" / name / ASSIGNMENT / "multiple-choice.html") for name in grades}
    assert SAID in feedback["wrong"].read_text(encoding="utf-8")
    assert SAID not in feedback["right"].read_text(encoding="utf-8")
