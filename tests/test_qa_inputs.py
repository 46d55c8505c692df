"""What people bring to question answering by layer: files, readers, questions of their own; and what is refused."""

import copy
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from markdown_it import MarkdownIt

import insidebert as ib
from insidebert.errors import InputError
from insidebert.finetune.span_reader import SpanReader
from insidebert.finetune.span_training import SpanTraining
from insidebert.models import loading
from insidebert.papers.qa_layers import checks, phases, question_sets, readers, samples
from insidebert.papers.qa_layers.layers import phase_layers
from insidebert.results.paths import Paths
from insidebert.text.span_files import write_span_questions
from insidebert.text.span_questions import SpanQuestion
from tests.conftest import save_checkpoint
from tests.test_qa_layers import PLAN, told

ROOT = Paths.find().root
GIVEN = {
    "PLAN": PLAN,
    "TRAIN": 6,
    "QUESTIONS": 4,
    "DISTRACTORS": 2,
    "DATASETS": ["one hop"],
    "READER": "",
    "MODELS": [],
}


def squad(path, *questions):
    """A SQuAD file of articles with a paragraph and a question each: (context, answer, start)."""
    data = [
        {
            "title": f"{i}",
            "paragraphs": [
                {
                    "context": context,
                    "qas": [{"id": f"{i}", "question": "who ?", "answers": [{"text": text, "answer_start": start}]}],
                }
            ],
        }
        for i, (context, text, start) in enumerate(questions)
    ]
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def saved(tiny_folder, tmp_path_factory):
    """A reader of a tiny model that has been saved."""
    model = loading.load(loading.resolve(str(tiny_folder("bert"))))
    return SpanReader(model, SpanTraining(**PLAN)).fit(told(18)).save(tmp_path_factory.mktemp("reader") / "mine")


GOOD = [(f"Ida {verb}. Otto slept.", "Ida", 0) for verb in ("left", "came", "sat", "ran")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (("Ida left.", "Eva", 0), "answer not in the context"),
        (("Ida left.", "left", 3), "answer start off by some characters"),
    ],
)
def test_answers_that_are_not_there_are_left_out_and_counted(tmp_path, bad, reason):
    learned, held = question_sets.splits_of(squad(tmp_path / "some.json", bad, *GOOD), 2, 2)
    assert len(learned) == len(held) == 2
    path = squad(tmp_path / "all.json", bad)
    with pytest.raises(InputError, match=f"all.json holds no question that can be used; 1 left out: {reason}"):
        question_sets.splits_of(path, 2, 2)


def test_yes_and_no_are_no_spans(tmp_path):
    item = {"_id": "1", "question": "who ?", "answer": "yes", "supporting_facts": [["Ida", 0]], "context": []}
    item["context"] = [["Ida", ["Ida left."]]]
    (tmp_path / "hotpot.json").write_text(json.dumps([item]), encoding="utf-8")
    with pytest.raises(InputError, match=r"hotpot.json .* 1 left out: yes or no answer"):
        question_sets.splits_of(tmp_path / "hotpot.json", 2, 2)


def test_an_empty_context_is_refused_with_its_place_before_anything_runs(tmp_path):
    path = squad(tmp_path / "dev.json", *GOOD, (" ", "Ida", 0))
    with pytest.raises(InputError, match=r"DATASETS, .*dev.json: .*article 5, paragraph 1.*context is ' '"):
        checks.check(GIVEN | {"DATASETS": [str(path)]}, Paths.find("smoke"))
    with pytest.raises(InputError, match="it is one of one hop, two hops, deduction, or a file of questions"):
        checks.check(GIVEN | {"DATASETS": ["three hops"]}, Paths.find("smoke"))


def test_an_answer_that_no_window_holds_is_counted(tiny):
    long = SpanQuestion("long", "who ?", "cat " * 60, (("cat " * 59 + "cat", 0),), group="long")
    asked, left_out = phases.asked_of(tiny, [*told(2), long], None, PLAN)
    assert len(asked) == 2 and left_out == {"answer in no window": 1}
    with pytest.raises(InputError, match="none of 1 questions has its answer in a window; allow longer windows"):
        phases.asked_of(tiny, [long], None, PLAN)


def test_weights_that_are_not_finite_are_refused(tiny):
    broken = copy.deepcopy(tiny.encoder)
    with torch.no_grad():
        broken.encoder.layer[1].output.dense.bias[0] = float("nan")
    with pytest.raises(InputError, match="NaN"):
        loading.wrap(broken, tiny.tokenizer)
    asked, _ = phases.asked_of(tiny, told(2), None, PLAN)
    model = loading.wrap(copy.deepcopy(tiny.encoder), tiny.tokenizer)
    with torch.no_grad():
        model.encoder.encoder.layer[1].output.dense.bias[0] = float("nan")  # spoilt after it was checked
    with pytest.raises(InputError, match="hidden states that are NaN"):
        phases.Measured.of({"random weights": model}, asked)


def test_a_reader_of_another_model_is_refused(saved, tiny, tmp_path):
    assert readers.fine_tuned(tiny, PLAN, [], saved).model.layers == tiny.layers
    save_checkpoint(tmp_path, "bert", layers=2)
    with pytest.raises(InputError, match="READER mine has 3 layers, not 2: it was not made from"):
        readers.fine_tuned(loading.load(str(tmp_path)), PLAN, [], saved)
    other = tmp_path / "roberta"
    save_checkpoint(other, "roberta")
    with pytest.raises(InputError, match="READER mine has another vocabulary"):
        checks.check(GIVEN | {"READER": str(saved), "MODELS": [str(other)]}, Paths.find("smoke"))
    with pytest.raises(InputError, match="has no span head"):
        checks.check(GIVEN | {"READER": str(other), "MODELS": [str(other)]}, Paths.find("smoke"))


def test_a_reader_is_known_by_its_folder(saved):
    assert readers.brought("") == "" and readers.brought(str(saved)) == saved


def test_a_saved_reader_is_a_model_of_every_measurement(saved):
    reader = SpanReader.load(saved)
    texts = ["the cat can sleep.", "the dogs can see."]
    one, other = (ib.surface_statistics(model, texts) for model in (ib.load(str(saved)), reader.model))
    pd.testing.assert_frame_equal(one, other)
    asked = "the cat near the dogs can sleep", "can", ["the cat", "the dogs"]
    one, other = (ib.confusion_score(model, *asked) for model in (ib.load(str(saved)), reader.model))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("empty", [{"YOUR_QUESTION": " "}, {"YOUR_CONTEXT": ""}])
def test_your_question_needs_words(tiny, empty):
    with pytest.raises(InputError, match="YOUR_QUESTION and YOUR_CONTEXT: give both"):
        checks.check(GIVEN | {"YOUR_QUESTION": "who ?", "YOUR_CONTEXT": "a cat."} | empty, Paths.find("smoke"))
    with pytest.raises(InputError, match="needs a question and a context"):
        samples.own_question(None, "who ?", "  ")


def test_other_peoples_texts_can_be_concealed(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "model_cache", lambda: tmp_path)
    path = tmp_path / "told.jsonl"
    write_span_questions(path, told(30))
    found = samples.samples(tiny, [path], 18, 12, 1, PLAN, texts=False)
    for name, columns in {"questions": ["question", "context", "answer", "said", "facts"], "points": ["piece"]}.items():
        for column in columns:
            assert not found[name][column].str.contains(r"[^\Wx]").any(), (name, column)
    assert set(found["points"]["part"]) >= {"question", "answer"}


@pytest.mark.parametrize("chapter", ["qa_layers", "qa_layers.zh"])
def test_the_chapter_says_which_layers_stand_for_the_phases(chapter):
    text = (ROOT / "book" / f"{chapter}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    found = [[int(row[i]) for row in rows] for i in range(3)]
    assert found == [list(phase_layers(layers).values()) for layers in (12, 6, 24)]


def test_the_code_of_the_chapter_runs(saved):
    text = (ROOT / "book" / "qa_layers.md").read_text(encoding="utf-8")
    (block,) = (t.content for t in MarkdownIt("commonmark").parse(text) if t.type == "fence" and t.info == "python")
    names = {}
    exec(block.replace("path/to/reader", str(saved)), names)  # ours
    assert names["states"].shape[0] == 4 and len(names["joined"]) == names["own"].real.sum()
