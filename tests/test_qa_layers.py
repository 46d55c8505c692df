"""Question answering by layer, on tiny models: marks of pieces, phases, contrasts, probes, figures, the slider."""

import csv
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.measure import token_geometry as geometry
from insidebert.models import loading
from insidebert.papers.qa_layers import (
    contrasts,
    figures,
    moved,
    phases,
    pieces,
    probe_tasks,
    probing,
    readers,
    samples,
)
from insidebert.papers.qa_layers.layers import phase_layers
from insidebert.papers.qa_layers.slider import layer_slider
from insidebert.papers.qa_layers.text_figures import scores, two_samples
from insidebert.results import artifacts, claims
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.text.span_files import write_span_questions
from insidebert.text.span_questions import SpanQuestion, sentences_of

WORDS = ["cat", "dog", "horse", "bird", "zebra", "doctor"]
PLAN = {"epochs": 1, "pieces": 48, "stride": 16, "asked": 16, "questions": 8, "rate": 1e-2, "head_rate": 1e-2}
SIZES = {"train": 18, "test": 12, "distractors": 1}


def told(count, seed=0):
    """What sleeps is the answer; the sentence that says so, the fact."""
    random, found = np.random.default_rng(seed), []
    for i in range(count):
        one, other = random.permutation(WORDS)[:2]
        fact, rest = f"the {one} can sleep.", f"the {other} can see."
        context = "\n".join([fact, rest] if i % 2 else [rest, fact])
        start = context.index(fact)
        answer = ((str(one), start + 4),)
        found.append(
            SpanQuestion(f"q{i}", "who can sleep ?", context, answer, ((start, start + len(fact)),), 1, f"g{i}")
        )
    return found


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    kept = tmp_path_factory.getbasetemp() / "readers-of-tests"
    monkeypatch.setattr(readers, "model_cache", lambda: kept)
    return kept


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "told.jsonl"
    write_span_questions(path, told(30))
    return path


@pytest.fixture(scope="module")
def tables(tiny_folder, file, tmp_path_factory):
    """Every table of the paper, of a tiny model and of its random twin, as they come back from a file."""
    folder, patch = tmp_path_factory.mktemp("tables"), pytest.MonkeyPatch()
    patch.setattr(readers, "model_cache", lambda: folder)
    text = folder / "text.txt"
    text.write_text("\n".join(["the cat can sleep, the dogs can see."] * 30), encoding="utf-8")
    found: dict[str, list[pd.DataFrame]] = {}
    yours = {"question": "who can see ?", "context": "the zebra can see."}
    sizes = {"train": 60, "test": 40, "questions": {"train": 18, "test": 12, "facts": 30}, "distractors": 1}
    for weights in ("", "random:"):
        model = loading.load(loading.resolve(f"{weights}{tiny_folder('bert')}"))
        made = {"phases": phases.phases(model, [file], **SIZES, plan=PLAN)}
        if not weights:
            made["samples"] = samples.samples(model, [file], **SIZES, plan=PLAN, yours=yours)
            made["moved"] = moved.moved(model, [file], **SIZES, plan=PLAN, text=text, segments=2, sentences=2)
        patch.setattr(probing, "probe_tasks", few_tasks)
        made["probes"] = probing.probes(model, "", [file], **sizes, plan=PLAN, probe={"updates": 2, "batch": 8})
        for measurement, own in made.items():
            for name, table in own.items():
                row = table.assign(model="tiny", weights=model.source.weights)
                found.setdefault(f"{measurement}-{name}", []).append(row)
    patch.undo()
    whole = {}
    for name, parts in found.items():
        write_tidy(folder / f"{name}.csv", pd.concat([part for part in parts if len(part)], ignore_index=True))
        whole[name] = read_tidy(folder / f"{name}.csv")
    return folder, whole


def few_tasks(edges, datasets, train, test, questions, distractors):
    """SUP of the file, and the same task under the other names, which would need a corpus."""
    own = probe_tasks.parted("supporting facts, told", probe_tasks.supporting(told(30), Counter()), Counter(), "", 0)
    names = ["entities", "coreference", "relations", "question types", "supporting facts, told"]
    return {name: probe_tasks.EdgeTask(name, own.train, own.development, own.test) for name in names}


def test_phases_lie_as_deep_in_any_model():
    assert list(phase_layers(12).values()) == [2, 5, 7, 11]
    assert list(phase_layers(1).values()) == [1, 1, 1, 1]
    for layers in range(1, 30):
        found = list(phase_layers(layers).values())
        assert found == sorted(found) and found[0] >= 1 and found[-1] <= layers


def test_pieces_know_what_they_are(tiny):
    question = told(1)[0]
    own = pieces.pieces_of(tiny, question)
    by_part = {part: "".join(np.array(own.texts)[own.parts == part]).replace("##", "") for part in pieces.PARTS}
    answer = question.answers[0][0]
    assert by_part["question"] == "whocansleep?".replace("?", "[UNK]")
    assert by_part["answer"] == answer and by_part["supporting fact"] == "thecansleep."
    assert own.texts[0] == "[CLS]" and own.parts[0] == own.parts[-1] == "special"
    for number, (start, stop) in enumerate(sentences_of(question.context), 1):
        text = "".join(np.array(own.texts)[own.sentences == number]).replace("##", "")
        assert text == question.context[start:stop].replace(" ", "")


def test_of_several_windows_the_one_with_the_answer_in_its_middle_is_taken(tiny):
    context = "a. " * 30 + "cat. " + "a. " * 30
    question = SpanQuestion("1", "who ?", context, (("cat", 90),))
    own = pieces.pieces_of(tiny, question, window=32, stride=8)
    place = own.texts.index("cat")
    assert len(own.texts) == 32 and 8 <= place <= 24 and own.parts[place] == "answer"
    with pytest.raises(InputError, match="question 2: no window of 12 pieces holds the answer"):
        pieces.pieces_of(tiny, SpanQuestion("2", "who ?", context, ((context[:60], 0),)), window=12, stride=4)


def test_without_marked_facts_the_fact_is_the_sentence_of_the_answer():
    question = SpanQuestion("1", "who ?", "One left. Ida came. He sat.", (("Ida", 10),))
    assert pieces.facts_of(question) == [(10, 19)]


def test_outcomes_are_exact_matches_and_answers_without_a_common_word(tiny):
    questions = told(3)
    said = []
    for question, kind in zip(questions, ("right", "wrong", "partly"), strict=True):
        answer, start = question.answers[0]
        spans = {"right": (start, start + len(answer)), "partly": (start, start + len(answer) + 4)}
        other = next(i for i, _ in sentences_of(question.context) if not i <= start < i + 19) + 4
        first, last = spans.get(kind, (other, other + 3))
        said.append({"id": question.id, "rank": 1, "text": question.context[first:last], "start": first, "end": last})
    asked, left_out = phases.asked_of(tiny, questions, pd.DataFrame(said), PLAN)
    assert [one.outcome for one in asked] == ["right", "wrong", "partly right"] and not left_out
    assert [bool(one.chosen.any()) for one in asked] == [False, True, False]
    misled = asked[1].misled
    assert misled.any() and set(asked[1].pieces.parts[misled]) == {"rest"}
    _, beyond = phases.asked_of(tiny, [*questions, long_question()], None, PLAN)
    assert beyond == {"answer in no window": 1}


def long_question():
    text = "cat " * 60
    return SpanQuestion("long", "who ?", text, ((text.strip(), 0),), group="long")


def test_measures_are_those_of_the_states(tiny, file):
    asked, _ = phases.asked_of(tiny, told(4), None, PLAN)
    found = phases.Measured.of({"random weights": tiny}, asked)
    (states,) = pieces.states_of_each(tiny, [asked[2].pieces])
    own = asked[2].pieces
    states, parts = states[:, own.real], own.parts[own.real]
    joined = np.isin(parts, ["question", "answer", "supporting fact"])
    expected = geometry.silhouette(geometry.distances(geometry.z_scored(states)), joined)
    np.testing.assert_allclose(found.values["random weights", "z-scored", "question + fact"][2], expected, atol=1e-3)
    expected = geometry.separation(geometry.distances(states), parts == "answer")
    np.testing.assert_allclose(found.values["random weights", "raw", "answer"][2], expected, atol=1e-3)
    assert found.layers == 3 and np.isnan(found.values["random weights", "raw", "predicted answer"]).all()


def test_states_are_the_same_one_at_a_time_and_by_eights(tiny):
    many = [pieces.pieces_of(tiny, question) for question in told(11)]
    for one, states in zip(many, pieces.states_of_each(tiny, many), strict=True):
        (alone,) = pieces.states_of_each(tiny, [one])
        np.testing.assert_allclose(states, alone, atol=5e-3)


def test_contrasts_by_hand():
    curve = np.array([[0.0, 0.1, 0.2, 0.5], [0.0, 0.3, 0.2, 0.7], [0.0, np.nan, np.nan, np.nan]])
    values = {("fine-tuned", "raw", "answer"): curve, ("pre-trained", "raw", "answer"): 0 * curve}
    found = phases.Measured(values, np.array(["right", "wrong", "right"]))
    rows = pd.DataFrame(contrasts.contrasts(found)).set_index(["contrast", "outcome"])
    rise = rows.loc["answer: phase 4 minus phase 3"]
    assert rise.loc["all", "estimate"] == pytest.approx((0.3 + 0.5) / 2) and rise.loc["all", "questions"] == 2
    assert "right" not in rise.index  # one question has no interval
    assert rows.loc[("answer: phase 4, fine-tuned minus pre-trained", "all"), "estimate"] == pytest.approx(0.6)


def test_the_majority_is_right_as_often_as_its_label(tables):
    scored = tables[1]["probes-scores"]
    own = scored[(scored["task"] == "supporting facts") & (scored["score"] == "micro F1")]
    assert own["majority"].nunique() == 1 and own["majority"].iloc[0] == pytest.approx(0.5)


def test_a_reader_is_trained_once(tiny, own_cache, monkeypatch):
    first = readers.fine_tuned(tiny, PLAN, told(18))
    monkeypatch.setattr(readers.SpanReader, "fit", lambda *_: pytest.fail("trained again"))
    again = readers.fine_tuned(tiny, PLAN, told(18))
    assert again.predict(told(3)).equals(first.predict(told(3)))
    monkeypatch.undo()
    monkeypatch.setattr(readers, "model_cache", lambda: own_cache)
    readers.fine_tuned(tiny, PLAN | {"seed": 1}, told(18))
    assert len([*(own_cache / "readers").iterdir()]) >= 2


def test_random_weights_are_not_fine_tuned(tables):
    of_phases = tables[1]["phases-layers"]
    assert set(of_phases.loc[of_phases["weights"] == "random", "version"]) == {"random weights"}
    assert set(of_phases.loc[of_phases["weights"] == "trained", "version"]) == {"fine-tuned", "pre-trained"}
    assert set(of_phases["layer"]) == {0, 1, 2, 3}


def test_everything_is_drawn_and_said(tables, tmp_path):
    folder, _ = tables
    for artifact in figures.ARTIFACTS:
        made = artifacts.render(artifact, folder, tmp_path, dpi=40)
        assert isinstance(made, Figure | pd.DataFrame)
        if artifact.seen:
            said = artifact.seen(*artifact.read(folder))
            assert said and all("nan" not in sentence for sentence in said)


def test_tables_one_and_two(tables):
    of = tables[1]
    assert list(two_samples(of["samples-questions"])["question"]) == ["who can sleep ?"]
    table = scores(of["samples-scores"])
    assert "unverified" in table["model"].iloc[-1] and "[" in table["F1"].iloc[0]


def test_claims_name_contrasts_that_there_are(tables):
    planned = set(contrasts.PLANNED)
    for claim in claims.read("qa_layers"):
        if claim.table == "phases-contrasts":
            assert claim.where["contrast"] in planned, claim.id
        elif claim.table == "probes-contrasts" and claim.where["number"] < 2:
            assert claims.decide(claim, tables[1]["probes-contrasts"]), claim.id
        assert claim.figure in {artifact.slug for artifact in figures.ARTIFACTS}


def test_every_artifact_that_is_asked_for_is_there(shared):
    expected = shared.parent / "expected_artifacts.csv"
    if not expected.exists():
        pytest.skip(f"no list at {expected}")
    with expected.open(encoding="utf-8") as rows:
        wanted = {row["slug"] for row in csv.DictReader(rows) if row["paper"] == "qa_layers"}
    assert wanted and wanted <= {artifact.slug for artifact in figures.ARTIFACTS}


def test_the_slider_needs_nothing_and_lets_no_text_out(tables):
    points = tables[1]["samples-points"]
    name = points["sample"].iloc[0]
    page = layer_slider(points, name)
    assert (
        not re.search(r"https?:|<link|src=", page)
        and page.count("<g ") == points.query("sample == @name and view == 'each layer' and layer == 0").shape[0]
    )
    bad = points.assign(piece="</script><b>&", sample="<i>")
    page = layer_slider(bad, "<i>", "all layers")
    assert "<b>" not in page and "<i>" not in page and page.count("</script>") == 1
    assert '<input type="range" min="0" max="3"' in page and "<label" in page and "arrow keys" in page
    assert "layer 2 (7 of 12 in the paper: question and fact)" in page
    with pytest.raises(InputError, match="there are the samples"):
        layer_slider(points, "another")
