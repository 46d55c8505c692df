"""Every public measurement works on another device, and leaves the caller's model, random state and logging alone."""

import importlib
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers.utils import logging

import insidebert as ib
from insidebert.finetune.reader import Reader, Training
from insidebert.measure.attention_gradients import attention_gradients
from insidebert.measure.surface import token_classes
from insidebert.measure.word_attention import attended_words, word_maps
from insidebert.models import masked_lm
from insidebert.probes.structural import word_states
from insidebert.text.questions import Question
from tests.other_device import DEVICE, OtherDevice, moved

SENTENCE = "a zebra near the dogs does sleep."
TREE = ("a", "zebra", "runs"), (1, 2, -1), ("det", "nsubj", "root")
QUESTIONS = [Question(f"q{i}", "the zebra runs.", "who runs?", ("a zebra", "the dogs"), i % 2) for i in range(4)]


def probed(probe, targets, level="piece"):
    return lambda model: probe.fit(states := ib.hidden_states(model, [SENTENCE], level=level), targets).score(
        states, targets
    )


def gradients(model):
    encoded = ib.encode(model, [SENTENCE] * 2)
    return attention_gradients(model, encoded, token_classes(model, encoded))


def masked_head(model):
    encoded = ib.encode(model, [SENTENCE] * 3)
    return list(masked_lm.train(model, encoded, encoded, epochs=1)[1].values())


def read(frozen):
    plan = Training(epochs=1, questions=2, precision="float32", frozen=frozen)
    return lambda model: np.concatenate(Reader(model, plan).fit(QUESTIONS, QUESTIONS).predict(QUESTIONS))


MEASUREMENTS = {
    "confusion": lambda m: ib.confusion_score(m, SENTENCE, "does", ["zebra", "dogs"]),
    "surface": lambda m: ib.surface_statistics(m, [SENTENCE])["value"],
    "distances": lambda m: ib.head_distances(m, [SENTENCE]),
    "maps": lambda m: ib.attention_maps(m, SENTENCE, level="word").maps,
    "states": lambda m: ib.hidden_states(m, [SENTENCE, "cats run"]).values.float(),
    "word states": lambda m: word_states(m, ib.encode(m, [SENTENCE]))[0].float(),
    "accuracy": lambda m: ib.head_accuracy(m, [TREE])["accuracy"],
    "attended words": lambda m: attended_words(m, ib.encode(m, [SENTENCE]))[0],
    "word maps": lambda m: word_maps(m, ib.encode(m, [SENTENCE])).values,
    "gradients": gradients,
    "masked head": masked_head,
    "twin": lambda m: ib.attention_maps(ib.random_twin(m), SENTENCE).maps,
    "token probe": lambda m: probed(ib.TokenProbe(epochs=2), list("abcdefgh"), "word")(m),
    "position probe": lambda m: probed(ib.PositionProbe(epochs=2), [1])(m),
    "structural probe": lambda m: probed(ib.StructuralProbe(rank=2, epochs=1), [[1, 2, 3, 4, 5, 6, 7, -1]], "word")(m),
    "reader": read(0),
    "reader with frozen layers": read(1),
}


@pytest.fixture
def shipped(tiny, monkeypatch):
    """A head for the tiny model, as those that are shipped."""
    head = masked_lm.MaskedHead(tiny.encoder.get_input_embeddings().weight).eval().requires_grad_(False)
    monkeypatch.setattr("insidebert.measure.attention_gradients.load_mlm_head", lambda m: head.to(m.encoder.device))


def state_of(model) -> list:
    encoder = model.encoder
    return [
        [p.requires_grad for p in encoder.parameters()],
        [p.grad for p in encoder.parameters()],
        [m.training for m in encoder.modules()],
        encoder.config._attn_implementation,
        encoder.device,
        {name: value.sum().item() for name, value in encoder.state_dict().items()},
        torch.get_rng_state().tolist(),
        [part if isinstance(part, (int, str, float)) else part.tolist() for part in np.random.get_state()],
        random.getstate(),
        torch.is_grad_enabled(),
        logging.get_verbosity(),
        logging.is_progress_bar_enabled(),
        model.tokenizer.backend_tokenizer.encode_special_tokens,
    ]


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_the_caller_keeps_what_is_his(tiny, shipped, name):
    before = state_of(tiny)
    MEASUREMENTS[name](tiny)
    assert state_of(tiny) == before


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_the_caller_keeps_what_is_his_when_something_breaks(tiny, shipped, name, monkeypatch):
    before, forward = state_of(tiny), type(tiny.encoder).forward
    calls = []

    def breaking(self, *given, **named):
        calls.append(forward(self, *given, **named))
        raise RuntimeError("broken off")

    with monkeypatch.context() as patch:
        patch.setattr(type(tiny.encoder), "forward", breaking)
        with pytest.raises(RuntimeError, match="broken off"):
            MEASUREMENTS[name](tiny)
    assert calls
    assert state_of(tiny) == before


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_measurements_run_on_another_device(tiny, shipped, name, monkeypatch):
    # a view made in inference mode cannot be wrapped; what is tested is where tensors are
    monkeypatch.setattr(torch._C, "_InferenceMode", lambda mode: torch.no_grad())
    # optimizers run in one pass on every device that torch knows; the double computes where they do
    optimizer = importlib.import_module("torch.optim.optimizer")
    devices = optimizer._get_fused_kernels_supported_devices()
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: [*devices, DEVICE.type])
    here = np.asarray(MEASUREMENTS[name](tiny), dtype=float)
    away = replace(tiny, encoder=moved(tiny.encoder))
    assert away.encoder.device == DEVICE
    with OtherDevice():
        found = np.asarray(MEASUREMENTS[name](away), dtype=float)
    assert found.shape == here.shape
    if not name.startswith("reader"):  # dropout is drawn otherwise there, as on any other device
        np.testing.assert_allclose(found, here, atol=1e-3)


def test_the_double_refuses_tensors_of_two_devices():
    with OtherDevice():
        one = torch.ones(3).to(DEVICE)
        assert (one + one).cpu().tolist() == [2, 2, 2]
        with pytest.raises(RuntimeError, match="same device"):
            one + torch.ones(3)
        with pytest.raises((RuntimeError, TypeError)):
            one.numpy()
