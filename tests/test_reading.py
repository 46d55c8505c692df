"""Readers of multiple choice: encoding, padding, training that learns and resumes."""

import os
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.baselines import PaddedReader
from insidebert.errors import InputError
from insidebert.finetune import frozen_layers, reader
from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader, Training, faster_precision
from insidebert.finetune.scorers import Sequences
from insidebert.models import loading
from insidebert.papers.mcrc.attacks import attacks
from insidebert.text.attacks import ATTACKS, attack
from insidebert.text.questions import Question, write
from tests import conftest

KINDS = set(conftest.KINDS)
WORDS = ["cat", "dog", "horse", "bird", "zebra", "doctor"]
PLAN = Training(epochs=2, pieces=48, questions=4, rate=1e-2, head_rate=1e-2, precision="float32")


def made(count, options=3, seed=0):
    """The answer is what sleeps."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(count):
        chosen = random.permutation(WORDS)[:options]
        answer = int(random.integers(options))
        passage = f"the {chosen[answer]} can sleep . " + "the will see . " * int(random.integers(3))
        found.append(Question(f"q{i}", passage.strip(), "who ?", tuple(chosen), answer))
    return found


@pytest.fixture
def fresh(tiny_folder):
    """Function: kind -> a model of its own, because training changes it."""
    return lambda kind="bert": loading.load(loading.resolve(str(tiny_folder(kind))))


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra"])
def test_batches_do_not_change_scores_and_segments_are_right(fresh, kind):
    reader = Reader(fresh(kind), PLAN)
    questions = [*made(4), *made(2, options=5, seed=1)]
    together = reader.predict(questions)
    for question, found in zip(questions, together, strict=True):
        assert np.allclose(reader.predict([question])[0], found, atol=1e-5)
        assert found.sum() == pytest.approx(1)
    model = reader.model
    own = Sequences.of(model, [("the cat", "who dog")], 48)
    pieces = model.tokenizer.convert_ids_to_tokens(own.encoded.ids[0][own.segments[0] == 1])
    assert "who" in "".join(pieces).replace("Ġ", "")
    assert len(own.segments[0]) == len(own.encoded.ids[0])


def test_only_the_passage_is_cut(fresh):
    model = fresh()
    long = " ".join(["sleep"] * 80)
    own = Sequences.of(model, [(long, "who will sleep"), ("", "who will sleep")], 20)
    assert own.encoded.lengths.max() == 20
    assert [(segments == 1).sum() for segments in own.segments] == [3, 3]
    with pytest.raises(InputError, match=r"question and option 'sleep .* have 80 pieces, 16 fit"):
        Sequences.of(model, [("the cat", long)], 20)
    exact = " ".join(long.split()[:17])
    assert len(Sequences.of(model, [("", exact)], 20).encoded.ids[0]) == 20
    with pytest.raises(InputError, match="have 17 pieces, 16 fit"):  # nothing would be left of the passage
        Sequences.of(model, [("the cat", exact)], 20)


def test_a_reader_learns_what_can_be_learned(fresh):
    torch.manual_seed(0)
    liked = [Question(f"q{i}", "the cat can sleep", "who ?", q.options, 0) for i, q in enumerate(made(240, seed=3))]
    known = [replace(q, answer=q.options.index("zebra")) for q in liked if "zebra" in q.options]
    reader = Reader(fresh(), replace(PLAN, epochs=4)).fit(known[:80], known[80:])
    assert reader.score(known[80:]) > 0.9
    assert reader.score(known[80:]) == reader.development


def test_an_interrupted_training_ends_with_the_same_weights(fresh, tmp_path):
    train, development = made(24), made(8, seed=2)
    plan = replace(PLAN, epochs=3)
    whole = Reader(fresh(), plan).fit(train, development, tmp_path / "whole")

    class Killed(Exception):
        pass

    cut, count = Reader(fresh(), plan), [0]

    def kill(*_):
        count[0] += 1
        if count[0] == 10:  # in the middle of the second epoch
            raise Killed

    cut.scorer.register_forward_pre_hook(lambda *_: kill() if cut.scorer.training else None)
    with pytest.raises(Killed):
        cut.fit(train, development, tmp_path / "cut")
    resumed = Reader(fresh(), plan).fit(train, development, tmp_path / "cut")
    for name, value in whole.scorer.state_dict().items():
        assert torch.equal(value, resumed.scorer.state_dict()[name]), name


@pytest.mark.parametrize("kind", sorted(KINDS - {"albert"}))
def test_frozen_layers_say_what_they_said_before_the_encoder_was_cut(fresh, kind):
    model, questions = fresh(kind), [*made(5), *made(2, options=5, seed=1)]
    whole = Reader(model, PLAN)
    for count in (1, 2):
        cut = Reader(model, replace(PLAN, frozen=count))
        cut.scorer.score.load_state_dict(whole.scorer.score.state_dict())
        for _ in range(2):  # computed, then remembered
            for a, b in zip(whole.predict(questions), cut.predict(questions), strict=True):
                assert np.allclose(a, b, atol=2e-3)  # half precision between the two parts
        assert len(cut.lower.kept) == sum(len(q.options) for q in questions)


def test_layers_that_share_their_weights_cannot_be_frozen(fresh):
    with pytest.raises(InputError, match=r"the layers of albert\w* share their weights.*frozen: 0"):
        Reader(fresh("albert"), replace(PLAN, frozen=1))


def test_frozen_layers_stay_and_can_be_shared(fresh):
    model = fresh()
    lower = FrozenLayers(model, 2)
    reader = Reader(model, replace(PLAN, frozen=2), lower)
    before = {name: value.clone() for name, value in reader.scorer.state_dict().items()}
    frozen = [value.clone() for value in lower.encoder.parameters()]
    reader.fit(made(16), made(4, seed=2))
    assert all(torch.equal(a, b) for a, b in zip(frozen, lower.encoder.parameters(), strict=True))
    assert not any(torch.equal(value, before[name]) for name, value in reader.scorer.state_dict().items())
    assert not any("layer.1." in name for name in before)
    alone = Reader(model, replace(PLAN, frozen=2)).fit(made(16), made(4, seed=2))
    for name, value in alone.scorer.state_dict().items():
        assert torch.equal(value, reader.scorer.state_dict()[name]), name
    for count in (3, -1):
        with pytest.raises(InputError, match=f"has 3 layers, {count} cannot be frozen|frozen is {count}"):
            Reader(model, replace(PLAN, frozen=count))


def test_frozen_layers_forget_the_oldest(fresh, monkeypatch):
    model = fresh()
    few, many = Reader(model, replace(PLAN, frozen=1)), Reader(model, replace(PLAN, frozen=1))
    many.scorer.load_state_dict(few.scorer.state_dict())
    expected = many.predict(made(8))
    monkeypatch.setattr(frozen_layers, "ROOM", 2_000)
    for a, b in zip(few.predict(made(8)), expected, strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert 0 < few.lower.used <= 2_000
    assert few.lower.used == sum(states.nbytes for states in few.lower.kept.values())
    assert len(few.lower.kept) < len(many.lower.kept)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("kind", sorted(KINDS - {"deberta"}))
def test_the_published_head(fresh, kind):
    questions = made(12)
    reader = Reader(fresh(kind), replace(PLAN, head="transformers", epochs=1))
    before = {name: value.clone() for name, value in reader.scorer.state_dict().items()}
    together = reader.predict(questions)
    for question, found in zip(questions, together, strict=True):
        assert np.allclose(reader.predict([question])[0], found, atol=1e-5)
    reader.fit(questions, made(4, seed=2))
    assert any("classifier" in n and not torch.equal(v, before[n]) for n, v in reader.scorer.state_dict().items())
    if kind != "albert":
        assert Reader(fresh(kind), replace(PLAN, head="transformers", epochs=1, frozen=1)).predict(questions)


def test_a_family_without_a_published_head_is_refused(fresh):
    with pytest.raises(InputError, match="transformers has no DebertaForMultipleChoice"):
        Reader(fresh("deberta"), replace(PLAN, head="transformers"))


def test_a_checkpoint_of_something_else_is_refused(fresh, tmp_path):
    model = fresh()
    first = Reader(model, PLAN).fit(made(8), made(4, seed=2), tmp_path)
    again = Reader(model, PLAN).fit(made(8), made(4, seed=2), tmp_path)  # finished: nothing is trained
    assert all(torch.equal(v, again.scorer.state_dict()[n]) for n, v in first.scorer.state_dict().items())
    assert again.development == first.development
    others = [(replace(PLAN, seed=1), made(8)), (PLAN, made(8, seed=5)), (replace(PLAN, rate=1e-3), made(8))]
    for plan, train in others:
        with pytest.raises(InputError, match=r"training.pt is of another model, other questions or another plan"):
            Reader(model, plan).fit(train, made(4, seed=2), tmp_path)


def test_the_faster_precision_is_tried_not_looked_up(monkeypatch):
    faster_precision.cache_clear()
    assert Training(precision="auto").computed_in in ("float32", "bfloat16")
    clock = iter([0, 9, 0, 9, 0, 9, 0, 9, 0, 9, 0, 1, 0, 9, 0, 9, 0, 9, 0, 9])  # the best bfloat16 time is shorter
    monkeypatch.setattr(reader.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    faster_precision.cache_clear()
    assert Training(precision="auto").computed_in == "bfloat16"
    assert Training(precision="float32").computed_in == "float32"
    faster_precision.cache_clear()


@pytest.mark.integration
def test_two_processes_train_one_reader(tiny_folder, tmp_path):
    """Both processes of `accelerate launch` end with the same weights, which are those of the checkpoint."""
    for split, count in (("train", 24), ("dev", 8), ("test", 8)):
        write(tmp_path / "data" / f"{split}.jsonl", made(count, seed=len(split)))
    sizes = {"TRAIN": 24, "DEVELOPMENT": 8, "TEST": 8, "PLAN": "{epochs: 2, questions: 8, pieces: 48, trained: 2}"}
    flags = [part for name, value in sizes.items() for part in ("-p", f"{name}={value}")]
    flags += ["-p", f"DATASET={tmp_path / 'data'}", "-p", f"CHECKPOINT={tmp_path / 'kept'}"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = ["--master_addr=127.0.0.1", f"--master_port={free.getsockname()[1]}"]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", *place, "-m"]
    command += ["insidebert", "train"]  # `accelerate launch` starts processes on processors only through MPI
    command += ["31-mcrc-attacks", "--models", str(tiny_folder("bert")), *flags]
    settings = {"capture_output": True, "text": True, "env": os.environ | {"OMP_NUM_THREADS": "1"}, "timeout": 180}
    done = subprocess.run(command, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("development accuracy") == 1
    state = torch.load(tmp_path / "kept/original-0/training.pt", weights_only=True)
    assert state["epoch"] == 2
    assert state["adam"]["state"][0]["step"] == 2 * 2  # 24 questions, 8 a step, 3 steps shared by two: 2 each
    model = loading.load(loading.resolve(str(tiny_folder("bert"))))
    plan = {"epochs": 2, "questions": 8, "pieces": 48, "frozen": 1, "head": "segments", "precision": "float32"}
    plan |= {"rate": 3e-4, "head_rate": 1e-3}
    questions = {"dataset": tmp_path / "data", "train": 24, "development": 8, "test": 8, "planted": {}}
    tables = attacks(model, plan, [0], checkpoint=str(tmp_path / "kept"), **questions)
    assert tables["training"]["development_accuracy"].item() == pytest.approx(state["reached"])


def test_versions_share_what_did_not_change(fresh):
    questions = made(6)
    versions = {name: [attack(q, name, 0).question for q in questions] for name in ATTACKS} | {"original": questions}
    reader = Reader(fresh(), PLAN)
    together = reader.predict_all(versions)
    for name, own in versions.items():
        for found, alone in zip(together[name], reader.predict(own), strict=True):
            assert np.allclose(found, alone, atol=1e-5)
    assert set(together) == {*ATTACKS, "original"}


@pytest.mark.parametrize(("name", "value"), [("head", "pooled"), ("precision", "half")])
def test_plans_are_checked(name, value):
    with pytest.raises(InputError, match=value):
        Training(**{name: value})


def test_bfloat16_scores_resemble_float32(fresh):
    questions = made(6)
    exact = Reader(fresh(), PLAN).predict(questions)
    rough = Reader(fresh(), replace(PLAN, precision="bfloat16")).predict(questions)
    assert np.allclose(np.concatenate(exact), np.concatenate(rough), atol=0.05)
    assert not np.allclose(np.concatenate(exact), np.concatenate(rough), atol=1e-9)


def test_padding_changes_no_score(fresh):
    model, questions = fresh(), made(6)
    for plan in (PLAN, replace(PLAN, frozen=1)):
        expected = Reader(model, plan).predict(questions)
        for a, b in zip(PaddedReader(model, plan).predict(questions), expected, strict=True):
            assert np.allclose(a, b, atol=2e-3 if plan.frozen else 1e-5)
