"""Span readers: windows, n-best answers, training that learns, checkpoints that every measurement loads."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from insidebert.errors import InputError
from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.span_answers import best_spans
from insidebert.finetune.span_reader import SpanReader, SpanTraining
from insidebert.finetune.span_windows import Windows
from insidebert.measure.attention_maps import attention_maps
from insidebert.models import loading
from insidebert.models.encoding import hidden_states
from insidebert.text.question_stories import told_questions
from insidebert.text.span_questions import SpanQuestion

WORDS = ["cat", "dog", "horse", "bird", "zebra", "doctor"]
PLAN = SpanTraining(epochs=2, pieces=48, stride=16, asked=16, rate=1e-2, head_rate=1e-2, questions=4)


def made(count, seed=0):
    """The answer is what sleeps."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(count):
        one, other = random.permutation(WORDS)[:2]
        said = [f"the {one} can sleep .", f"the {other} can see ."]
        context = " ".join(said[j] for j in random.permutation(2))
        answer = (str(one), context.index(f"the {one}") + 4)
        found.append(SpanQuestion(f"q{seed}-{i}", "who can sleep ?", context, (answer,), group=f"{seed}-{i}"))
    return found


def asked(context, answer="cat", question="who ?"):
    return SpanQuestion("1", question, context, ((answer, context.index(answer)),))


@pytest.fixture
def fresh(tiny_folder):
    """Function: kind -> a model of its own."""
    return lambda kind="bert": loading.load(loading.resolve(str(tiny_folder(kind))))


def pieces(model, windows, window, side=1):
    ids = windows.encoded.ids[window][windows.sides[window] == side]
    return model.tokenizer.convert_ids_to_tokens(ids)


# --- windows ---


def test_windows_by_hand(tiny):
    """[CLS] a b [SEP] + 4 of 9 pieces + [SEP]: windows start at pieces 0, 3 and 6 for a stride of 3."""
    words = ["the", "cat", "can", "see", "the", "dog", "can", "see", "."]
    windows = Windows.of(tiny, [asked(" ".join(words), question="a b")], pieces=9, stride=3)
    assert [pieces(tiny, windows, i) for i in range(len(windows))] == [words[:4], words[3:7], words[6:]]
    assert windows.sides[0].tolist() == [-1, 0, 0, -1, 1, 1, 1, 1, -1]
    assert windows.encoded.types[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert windows.owners.tolist() == [0, 0, 0]
    assert windows.offsets[1][windows.sides[1] == 1].tolist() == [[12, 15], [16, 19], [20, 23], [24, 27]]


@pytest.mark.parametrize(
    ("length", "size", "stride", "expected"),
    [
        (4, 4, 2, [(0, 4)]),  # a context that just fits has one window
        (5, 4, 2, [(0, 4), (2, 5)]),
        (8, 4, 2, [(0, 4), (2, 6), (4, 8)]),
        (9, 4, 9, [(0, 4), (4, 8), (8, 9)]),  # a stride beyond the room would lose pieces: it is cut to the room
        (6, 1, 1, [(i, i + 1) for i in range(6)]),
    ],
)
def test_where_windows_start(tiny, length, size, stride, expected):
    context = " ".join(f"{'abcdefghij'[i]}" for i in range(length))
    windows = Windows.of(tiny, [asked(context, "a", "b")], pieces=size + 4, stride=stride)  # [CLS] b [SEP] ... [SEP]
    letters = context.split()
    assert [pieces(tiny, windows, i) for i in range(len(windows))] == [letters[a:b] for a, b in expected]


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 20))
def test_windows_cover_everything(tiny, length, size, stride):
    context = " ".join("abcdefghijklmnopqrstuvwxyz"[i % 26] for i in range(length))
    windows = Windows.of(tiny, [asked(context, "a", "b")], pieces=size + 4, stride=stride)
    starts = [set(own[side == 1, 0].tolist()) for own, side in zip(windows.offsets, windows.sides, strict=True)]
    assert set.union(*starts) == set(range(0, 2 * length, 2))
    assert windows.encoded.lengths.max() <= size + 4


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_targets_are_the_pieces_of_the_answer(fresh, kind):
    model = fresh(kind)
    question = asked("the cat can see the doctor .", "the doctor")
    windows = Windows.of(model, [question], pieces=60)
    first, last = windows.target(0, 16, 26)
    assert question.context[windows.offsets[0][first][0] : windows.offsets[0][last][1]].strip() == "the doctor"
    assert list(windows.covering(0, 16, 26)) == list(range(first, last + 1))
    assert windows.encoded.ids[0][0] == model.tokenizer.cls_token_id


def test_an_answer_half_outside_is_in_no_window(tiny):
    question = asked("a b c d e f", "c d e", "g")
    windows = Windows.of(tiny, [question], pieces=8, stride=2)  # [CLS] g [SEP] and a b c d; c d e f
    assert [windows.target(i, 4, 9) for i in range(2)] == [(0, 0), (3, 5)]


def test_long_questions_lose_their_end(tiny):
    long = asked("the cat", question="a b c d e f")
    windows = Windows.of(tiny, [long], pieces=20, asked=4)
    assert pieces(tiny, windows, 0, 0) == ["a", "b", "c", "d"]
    with pytest.raises(InputError, match=r"question 1: a window of 9 pieces has no room .* \(asked\)"):
        Windows.of(tiny, [long], pieces=9, asked=6)
    with pytest.raises(InputError, match="no questions"):
        Windows.of(tiny, [])


def test_a_context_of_which_nothing_is_left(tiny):
    question = SpanQuestion("7", "who", "\u200d", (("\u200d", 0),))
    with pytest.raises(InputError, match="question 7: no piece is left of its context"):
        Windows.of(tiny, [question], pieces=20)


# --- n-best ---


def literal(starts, ends, allowed, longest, count):
    """Every (start, end), as the field's scripts do it."""
    found = []
    for i in range(len(starts)):
        for j in range(i, len(ends)):
            if allowed[i] and allowed[j] and j - i + 1 <= longest:
                found.append((i, j, starts[i] + ends[j]))
    return sorted(found, key=lambda span: (-span[2], span[0], span[1]))[:count]


@given(st.data())
def test_the_best_spans_are_those_of_the_loop(data):
    size = data.draw(st.integers(1, 12))
    scores = st.lists(st.integers(-3, 3).map(float), min_size=size, max_size=size).map(np.array)
    starts, ends = data.draw(scores), data.draw(scores)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    longest, count = data.draw(st.integers(1, 15)), data.draw(st.integers(1, 200))
    assert best_spans(starts, ends, allowed, longest, count) == literal(starts, ends, allowed, longest, count)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_predictions_are_those_of_the_loop_over_all_windows(fresh, kind):
    plan = replace(PLAN, pieces=30, stride=8, longest=3)
    reader, questions = SpanReader(fresh(kind), plan), made(3)
    table = reader.predict(questions, best=5)
    assert table["rank"].tolist() == [1, 2, 3, 4, 5] * 3
    for question in questions:
        windows, found = reader.windows([question]), {}
        assert len(windows) > 1 or kind != "roberta"
        for i, ids in enumerate(windows.encoded.ids):
            inputs = {"input_ids": torch.from_numpy(ids)[None], "attention_mask": torch.ones(1, len(ids)).long()}
            if windows.encoded.types is not None:
                inputs["token_type_ids"] = torch.from_numpy(windows.encoded.types[i])[None]
            real = (windows.sides[i] == 1) & (np.ptp(windows.offsets[i], axis=1) > 0)  # a blank of its own is no answer
            with torch.inference_mode():
                scores = reader.scorer(inputs)[0].double().numpy()
            for a, b, score in literal(scores[:, 0], scores[:, 1], real, 3, 10**9):
                span = (windows.offsets[i][a][0], windows.offsets[i][b][1])
                found[span] = max(score, found.get(span, -math.inf))
        best = sorted(found.items(), key=lambda item: -item[1])[:5]
        own = table[table["id"] == question.id]
        assert own["score"].tolist() == pytest.approx([score for _, score in best], abs=1e-4)
        assert own["text"].tolist() == [question.context[a:b] for a, b in zip(own["start"], own["end"], strict=True)]
        assert own["probability"].sum() == pytest.approx(1)


def test_the_head_is_never_asked_for_no_answer(fresh):
    reader = SpanReader(fresh(), PLAN)
    with torch.no_grad():
        reader.scorer.qa_outputs.weight.zero_()
    table = reader.predict([asked("the cat can see the dog .")], best=99)
    assert (table["start"] < table["end"]).all()
    assert len(table) == 7 * 8 / 2  # every span of seven pieces, and nothing of question or special pieces


# --- training ---


@pytest.mark.parametrize(("kind", "frozen"), [("bert", 0), ("distilbert", 1), ("electra", 2), ("roberta", 1)])
def test_a_reader_comes_back_as_it_was_saved(fresh, kind, frozen, tmp_path):
    model = fresh(kind)
    before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
    reader = SpanReader(model, replace(PLAN, frozen=frozen, pieces=60)).fit(made(12), made(4, seed=1))
    assert all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())
    folder = reader.save(tmp_path / "saved")
    again = SpanReader.load(folder)
    assert again.training == reader.training
    test = made(6, seed=2)
    assert again.predict(test, best=4).equals(reader.predict(test, best=4))
    model = loading.load(folder)
    states = [hidden_states(own, ["the cat can sleep ."]).values for own in (model, reader.model, again.model)]
    assert torch.equal(states[0], states[1])
    assert torch.equal(states[0], states[2])
    assert attention_maps(model, "the cat can sleep .").maps.shape[:2] == (3, 2)
    assert loading.load(f"random:{folder}").source.weights == "random"
    assert (model.source.label, model.source.heads) == ("saved", ("qa_outputs",))
    with pytest.raises(InputError, match="saved is there already"):
        reader.save(folder)


def test_layers_below_stay_and_layers_above_move(fresh):
    model = fresh()
    own = SpanReader(model, replace(PLAN, frozen=2)).fit(made(12), made(4, seed=1)).model
    for layer, moves in ((0, False), (1, False), (2, True)):
        old, new = (m.encoder.encoder.layer[layer].attention.self.query.weight for m in (model, own))
        assert torch.equal(old, new) is not moves
    assert torch.equal(model.encoder.embeddings.word_embeddings.weight, own.encoder.embeddings.word_embeddings.weight)


def test_a_reader_learns_what_can_be_learned(fresh):
    here = [q for q in made(400) if "horse" in q.context]
    known = [replace(q, answers=(("horse", q.context.index("horse")),)) for q in here]
    reader = SpanReader(fresh(), replace(PLAN, epochs=4)).fit(known[:100], known[100:])
    scores = reader.scores(known[100:])
    assert scores["exact_match"].mean() > 0.9
    assert reader.score(known[100:]) == pytest.approx(scores["f1"].mean())
    assert reader.outcome == {"development_f1": reader.development, "answers_in_no_window": 0, "precision": "float32"}


def test_training_is_the_same_twice_and_leaves_the_random_state_alone(fresh):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = SpanReader(fresh(), PLAN).fit(made(8), made(4, seed=1)).predict(made(4, seed=2))
    assert torch.equal(torch.rand(1), expected)
    assert SpanReader(fresh(), PLAN).fit(made(8), made(4, seed=1)).predict(made(4, seed=2)).equals(first)
    other = SpanReader(fresh(), replace(PLAN, seed=1)).fit(made(8), made(4, seed=1)).predict(made(4, seed=2))
    assert not other.equals(first)


def test_without_development_questions_a_tenth_of_the_groups_is_held_out(fresh, monkeypatch):
    scored = []
    monkeypatch.setattr(SpanReader, "score", lambda _, questions: scored.append(len(questions)) or 0.5)
    SpanReader(fresh(), PLAN).fit(made(20))
    assert scored == [2, 2]
    with pytest.raises(InputError, match="no questions to train on"):
        SpanReader(fresh(), PLAN).fit(made(4), [])


def test_an_interrupted_training_goes_on(fresh, tmp_path):
    whole = SpanReader(fresh(), PLAN).fit(made(8), made(4, seed=1), tmp_path / "kept")
    again = SpanReader(fresh(), PLAN).fit(made(8), made(4, seed=1), tmp_path / "kept")  # finished: nothing is trained
    assert again.predict(made(4, seed=2)).equals(whole.predict(made(4, seed=2)))
    with pytest.raises(InputError, match=r"training\.pt is of another model"):
        SpanReader(fresh(), replace(PLAN, seed=1)).fit(made(8), made(4, seed=1), tmp_path / "kept")


def test_readers_share_frozen_layers_and_long_contexts_are_counted(fresh):
    model = fresh()
    lower = FrozenLayers(model, 1)
    plan = replace(PLAN, frozen=1, pieces=24, stride=8, epochs=1)
    context = " ".join("abcdefghijklmnopqrstuvwxyz")
    long = SpanQuestion("long", "who", context, ((context, 0),), group="long")
    train, development = [*made(3), long], made(2, seed=1)
    reader = SpanReader(model, plan, lower).fit(train, development)
    assert reader.outcome["answers_in_no_window"] == 1
    assert lower.used
    alone = SpanReader(model, plan).fit(train, development)
    assert alone.predict(made(2)).equals(reader.predict(made(2)))


# --- what cannot be used ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, 0) for name in ("epochs", "pieces", "stride", "asked", "longest", "questions", "rate")),
        *(("frozen", -1), ("seed", -1), ("head_rate", math.nan), ("precision", "half")),
    ],
)
def test_plans_are_checked(field, value):
    with pytest.raises(InputError, match=f"{field} is {value!r}"):
        SpanTraining(**{field: value})


def test_more_frozen_layers_than_there_are(fresh):
    with pytest.raises(InputError, match="has 3 layers, 3 cannot be frozen"):
        SpanReader(fresh(), replace(PLAN, frozen=3))


def test_checkpoints_without_a_head_or_with_a_damaged_one(fresh, tiny_folder, tmp_path):
    with pytest.raises(InputError, match=r"has no span head \(qa_outputs of \[2, 8\]\)"):
        SpanReader.from_checkpoint(tiny_folder("bert"))
    with pytest.raises(InputError, match=r"holds no reader\.json"):
        SpanReader.load(tiny_folder("bert"))
    folder = SpanReader(fresh(), PLAN).save(tmp_path / "saved")
    with pytest.raises(InputError, match="has no span head"):
        SpanReader.from_checkpoint(f"random:{folder}")
    weights = load_file(folder / "model.safetensors")
    for name in ("qa_outputs.weight", "bert.encoder.layer.1.output.dense.bias"):
        damaged = {key: value.clone() for key, value in weights.items()}
        damaged[name].view(-1)[0] = math.nan
        save_file(damaged, folder / "model.safetensors", {"format": "pt"})
        with pytest.raises(InputError, match=rf"weight {name.removeprefix('bert.')} has values that are NaN"):
            SpanReader.from_checkpoint(folder)
    save_file(weights | {"qa_outputs.weight": torch.zeros(3, 8)}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match="has no span head"):
        SpanReader.from_checkpoint(folder)
    (folder / "reader.json").write_text(json.dumps({"training": {"epochs": "x"}}))
    with pytest.raises(InputError, match=r"reader\.json is damaged"):
        SpanReader.load(folder)


def test_scores_that_are_not_finite(fresh):
    reader = SpanReader(fresh(), PLAN)
    with torch.no_grad():
        reader.scorer.qa_outputs.bias[1] = math.nan
    with pytest.raises(InputError, match=r"scores are NaN or infinite; .* too high a rate \(0\.01, 0\.01\)"):
        reader.predict(made(1))


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_any_checkpoint_of_transformers(tiny_folder, tmp_path, kind):
    theirs = transformers.AutoModelForQuestionAnswering.from_pretrained(tiny_folder(kind)).eval()
    theirs.save_pretrained(tmp_path / "theirs")
    loading.load(tiny_folder(kind)).tokenizer.save_pretrained(tmp_path / "theirs")
    reader = SpanReader.from_checkpoint(tmp_path / "theirs", replace(PLAN, pieces=60))
    windows = reader.windows([asked("the cat can see .")])
    inputs = {"input_ids": torch.from_numpy(windows.encoded.ids[0])[None]}
    if windows.encoded.types is not None:
        inputs["token_type_ids"] = torch.from_numpy(windows.encoded.types[0])[None]
    with torch.inference_mode():
        own, output = reader.scorer(inputs)[0], theirs(**inputs)
    assert torch.allclose(own[:, 0], output.start_logits[0], atol=1e-5)
    assert torch.allclose(own[:, 1], output.end_logits[0], atol=1e-5)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["minilm-l6", "distilbert-cased"])
def test_embedded_models_become_readers(name, tmp_path):
    """What is saved answers as before, and its folder is a model's name for whoever measures."""
    questions = told_questions("two hops", 12)
    reader = SpanReader(loading.load(name), SpanTraining(epochs=1, frozen=4)).fit(questions[:8], questions[8:])
    folder = reader.save(tmp_path / "reader")
    assert SpanReader.load(folder).predict(questions).equals(reader.predict(questions))
    for own in reader.predict(questions, best=3).itertuples():
        assert own.text.strip() == own.text != ""
    maps = [attention_maps(loading.load(known), "Ida has the key.").maps for known in (folder, name)]
    assert np.allclose(maps[0][:4], maps[1][:4], atol=1e-5)  # the frozen layers are those of the model
    assert not np.allclose(maps[0][5], maps[1][5], atol=1e-5)
