"""Span probes: against the plain loop, alone and together, planted layers, counts, code length, expected layer."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import insidebert as ib
from insidebert.measure.expected_layer import differential, kl_uniform
from insidebert.models.span_states import NO_PIECES, TOO_LONG, SpanStates, span_states
from insidebert.models.twins import orthonormal_twin
from insidebert.probes.span_code import code_length
from insidebert.probes.span_network import Input, MixedProjections
from insidebert.probes.span_targets import side_of, targets_of, windows
from insidebert.probes.span_training import losses
from insidebert.probes.spans import (
    COUNTS,
    Plan,
    cumulative_inputs,
    fit_spans,
    layer_inputs,
    micro_f1,
    networks_of,
)
from insidebert.text.edges import EdgeSentence, EdgeTask, Target

LAYERS, WIDTH = 4, 12
QUICK = Plan(hidden=16, epochs=12, rate=0.01, mixing_rate=0.1, batch=8, dropout=0.1)


def planted(folder, layer=None, sentences=60, seed=0, two=False):
    """States and a task: the label of a span is which half of its pieces' states is larger, in one layer alone.

    Args:
        layer: 0 to LAYERS; None plants nothing.
    """
    random = np.random.default_rng(seed)
    made, bounds, values, starts = [], [], [], []
    for number in range(sentences):
        words = tuple(f"w{number}-{i}" for i in range(random.integers(3, 7)))
        sizes = random.integers(1, 4, size=len(words))
        bounds.append(np.cumsum(np.r_[1, sizes]).astype(np.int32))
        own = random.normal(size=(sizes.sum() + 2, LAYERS + 2, WIDTH))
        targets = []
        for first in range(0, len(words) - 1, 2):
            span, label = (first, first + 2), int(random.integers(3))
            if layer is not None:
                own[bounds[-1][first] : bounds[-1][first + 2], layer + 1, label * 4 : label * 4 + 4] += 3
            targets.append(Target(span, (first, first + 1) if two else None, ("abc"[label],)))
        made.append(EdgeSentence(words, tuple(targets), str(number)))
        starts.append(sum(map(len, values)))
        values.append(own.astype(np.float16))
    path = folder / f"planted-{layer}-{seed}-{two}"
    whole = np.concatenate(values)
    path.write_bytes(whole.tobytes())
    rows = {s.words: i for i, s in enumerate(made)}
    states = SpanStates(path, whole.shape, np.array(starts), np.array([len(v) for v in values]), bounds, rows)
    third = sentences // 3
    return states, EdgeTask("constituents", *(tuple(made[i : i + third]) for i in (0, third, 2 * third)))


def plain_logits(networks, probe, states, sentence, target):
    """The definition, a probe and a target at a time."""
    own = {name: value.detach()[probe] for name, value in networks.parameters.items()}
    given, pooled = networks.inputs[probe], []
    row = states.row(sentence.words)
    everything = torch.from_numpy(np.fromfile(states.path, np.float16).reshape(states.shape)).float()
    start = int(states.starts[row])
    piece_states = everything[start : start + int(states.lengths[row])]  # [pieces, S, width]
    for side, (first, stop) in enumerate(target.spans):
        vectors = []
        for piece in range(states.bounds[row][first], states.bounds[row][stop]):
            if given.way == "row":
                near = [
                    piece_states[at, state] if 0 <= at < len(piece_states) else torch.zeros(states.shape[2])
                    for at in range(piece - given.reach, piece + given.reach + 1)
                    for state in given.states
                ]
                vector = torch.cat(near)
            else:
                logits = torch.tensor([own["mixing"][networks.columns.index(s)] for s in given.states])
                gamma = own["gamma"][0] if given.way == "mix" else 1
                shares = logits.softmax(0)
                vector = gamma * sum(w * piece_states[piece, s] for w, s in zip(shares, given.states, strict=True))
            vectors.append(vector @ own[f"project {side}"] + own[f"project {side} bias"][0])
        scores = torch.stack([own[f"attend {side}"] @ vector for vector in vectors])
        pooled.append(sum(w * vector for w, vector in zip(scores.softmax(0), vectors, strict=True)))
    hidden = torch.tanh(torch.cat(pooled) @ own["hidden"] + own["hidden bias"][0])
    centred = (hidden - hidden.mean()) / (hidden.var(unbiased=False) + 1e-5).sqrt()
    return (centred * own["norm"][0] + own["norm bias"][0]) @ own["out"] + own["out bias"][0]


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("names", [["mix", "cumulative 1", "layer 2", "lex"], ["cat"], ["cnn 1"], ["cnn 2"]])
def test_batched_logits_are_those_of_the_plain_loop(tmp_path, names, two):
    states, task = planted(tmp_path, 2, two=two)
    ((_, networks),) = networks_of([(name, seed) for name in names for seed in (0, 1)], states, task, QUICK)
    for own in networks.parameters.values():
        own.data += 0.3 * torch.randn(own.shape, generator=torch.Generator().manual_seed(1))
    targets = targets_of(states, task.train, task.labels)
    found = networks.logits(states, targets, np.arange(len(targets))).detach()
    for probe in range(len(networks)):
        plain = [plain_logits(networks, probe, states, s, t) for s in task.train[:5] for t in s.targets]
        torch.testing.assert_close(found[probe, : len(plain)], torch.stack(plain), atol=1e-4, rtol=1e-4)


def test_pooling_by_hand(tmp_path):
    states, task = planted(tmp_path, 2)
    for pooled, first in (("attention", [37 / 7, 10 / 7]), ("mean", [4.0, 1.0])):
        ((_, networks),) = networks_of([("lex", 0)], states, task, replace(QUICK, hidden=2, pooled=pooled))
        networks.parameters["attend 0"].data[0] = torch.tensor([0.0, math.log(2)])
        projected = torch.tensor([[[1.0, 0.0], [4.0, 1.0], [7.0, 2.0]]])  # weights of attention: 1, 2 and 4 of 7
        found = networks._pooled(projected, side_of(np.array([[0, 3], [2, 3]])), 0)[0].detach()
        torch.testing.assert_close(found, torch.tensor([first, [7.0, 2.0]]))


def test_gradients_that_are_written_out_are_those_of_autograd(tmp_path):
    random = torch.Generator().manual_seed(0)
    values = torch.randn(7, 4, 5, generator=random).double()
    given = [torch.randn(shape, generator=random).double().requires_grad_() for shape in ((3, 4), (3, 5, 2), (3, 5, 2))]
    places = [None, torch.tensor([1, 4])]
    assert torch.autograd.gradcheck(lambda *own: MixedProjections.apply(values, own[0], False, places, *own[1:]), given)


def test_sides_and_windows_by_hand():
    side = side_of(np.array([[4, 6], [5, 6], [9, 10]]))
    assert side.pieces.tolist() == [4, 5, 9]
    assert side.occurrences.tolist() == [0, 1, 1, 2]
    assert side.offsets.tolist() == [0, 2, 3]
    assert side.owners.tolist() == [0, 0, 1, 2]
    places, inside = windows(np.array([4, 7]), np.array([[4, 6], [6, 9], [4, 6]]), 1)
    assert places[inside].tolist() == [4, 5, 6, 7, 8]
    assert inside.tolist() == [[False, True, True], [True, True, True]]


def test_losses_by_hand():
    logits = torch.tensor([[[0.0, 0.0], [100.0, -100.0]]])
    gold = torch.tensor([[True, False], [True, False]])
    assert losses(logits, gold, "sigmoid").item() == pytest.approx(math.log(2) / 2)
    assert losses(logits, gold, "softmax").item() == pytest.approx(math.log(2) / 2)


def test_together_is_as_alone(tmp_path):
    states, task = planted(tmp_path, 2)
    plan = replace(QUICK, epochs=4, clip=0.5)
    names, seeds = ["cumulative 0", "mix", "lex", "cnn 1"], (0, 1)
    together = fit_spans(states, task, names, seeds, plan)
    assert together.inputs == [(name, seed) for name in names for seed in seeds]
    for i, (name, seed) in enumerate(together.inputs):
        alone = fit_spans(states, task, [name], [seed], plan)
        np.testing.assert_allclose(together.probabilities[i], alone.probabilities[0], atol=2e-4)
    again = fit_spans(states, task, names, seeds, plan)
    np.testing.assert_array_equal(together.probabilities, again.probabilities)
    assert np.abs(together.probabilities[0] - together.probabilities[1]).max() > 1e-3  # seeds differ


@pytest.mark.parametrize("layer", [1, 3])
def test_a_planted_layer_is_found(tmp_path, layer):
    states, task = planted(tmp_path, layer, sentences=150)
    found = fit_spans(states, task, cumulative_inputs(states) + layer_inputs(states), plan=QUICK)
    f1 = found.f1.set_index("input")["f1"]
    cumulative = f1[cumulative_inputs(states)].tolist()
    assert max(cumulative[:layer]) < 0.6 < 0.85 < min(cumulative[layer:])
    assert f1[layer_inputs(states)].argmax() == layer
    assert np.argmax(differential(cumulative)) == layer - 1
    weights = found.weights[found.weights["input"] == f"cumulative {LAYERS}"]["weight"].to_numpy()
    assert weights.argmax() == layer and weights.sum() == pytest.approx(1)
    norms = found.weights.groupby("layer")["norm"].first()
    assert norms.argmax() == layer and np.abs(norms.drop(layer) - math.sqrt(WIDTH)).max() < 0.3


def test_nothing_planted_gives_nothing(tmp_path):
    states, task = planted(tmp_path, None, sentences=120)
    assert fit_spans(states, task, ["mix"], plan=QUICK).f1["f1"].item() < 0.5


def test_counts_and_micro_f1():
    states = [("mix", 0, "a", 2, 3, 1, 1), ("mix", 0, "a", 5, 0, 1, 0), ("mix", 0, "b", 2, 9, 9, 9)]
    counts = pd.DataFrame(states, columns=["input", "seed", "label", "context", *COUNTS])
    table = micro_f1(counts, ["a"])
    assert table["f1"].tolist() == [6 / 9] and table["precision"].tolist() == [3 / 5]
    assert table["recall"].tolist() == [3 / 4] and table["n"].tolist() == [4]
    assert micro_f1(counts, by=["context"])["n"].tolist() == [22, 0]


def test_results_say_what_was_right(tmp_path):
    states, task = planted(tmp_path, 2)
    first = task.test[0]
    strange = replace(first.targets[0], labels=("never seen",))
    task = replace(task, test=(replace(first, targets=(strange, *first.targets[1:])), *task.test[1:]))
    found = fit_spans(states, task, ["mix"], plan=QUICK)
    on, gold = found.probabilities[0] >= 0.5, found.targets["labels"]
    right = sum(label in own for row, own in zip(on, gold, strict=True) for label in np.array(found.labels)[row])
    total = found.counts[list(COUNTS)].sum()
    assert total["true_positives"] == right
    assert total["false_positives"] == on.sum() - right
    assert total["false_negatives"] == len(gold) - right  # a label a target; the one never seen is missed
    assert found.counts.query("label == 'never seen'")[list(COUNTS)].to_numpy().tolist() == [[0, 0, 1]]
    assert found.targets["span1"].tolist() == [t.span1 for s in task.test for t in s.targets]
    assert set(found.curves["validation"]) <= set(range(1, 13))
    best = fit_spans(states, task, ["mix"], plan=QUICK, evaluate="development").f1["f1"].item()
    assert best == pytest.approx(found.curves["f1"].max())


def test_a_probe_stops_and_slows(tmp_path):
    states, task = planted(tmp_path, None)
    plan = replace(QUICK, epochs=40, patience=1, stop=3, rate=0.1)
    curve = fit_spans(states, task, ["mix", "layer 0"], plan=plan).curves
    for _, own in curve.groupby("input"):
        best = own["f1"].to_numpy().argmax()
        assert len(own) < 40 and len(own) - best - 1 == 3
    often = fit_spans(states, task, ["mix"], plan=replace(QUICK, epochs=2, batch=5, validate_every=3)).curves
    assert len(often) == 3  # 8 updates: after 3, 6 and at the end


def test_the_estimator_is_the_same_probe(tmp_path):
    states, task = planted(tmp_path, 2)
    probe = ib.SpanProbe("cumulative 3", seed=1, plan=QUICK).fit(states, task)
    found = fit_spans(states, task, ["cumulative 3"], [1], QUICK)
    np.testing.assert_allclose(probe.predict_proba(states, task.test), found.probabilities[0], atol=1e-5)
    assert probe.score(states, task.test) == pytest.approx(found.f1["f1"].item())
    assert probe.weights_.shape == (5,) and probe.weights_[4] == 0
    assert ib.SpanProbe("lex", plan=QUICK).fit(states, task).weights_ is None
    with pytest.raises(ib.InputError, match="not trained"):
        ib.SpanProbe().score(states, task.test)


def test_code_is_shorter_where_the_labels_are(tmp_path):
    states, task = planted(tmp_path, 2, sentences=240)
    for loss in ("sigmoid", "softmax"):
        own = replace(QUICK, loss=loss)
        table = code_length(states, task, ["layer 2", "layer 0"], plan=own, cuts=(0.2, 1), updates=30)
        bits = table.set_index("input")["bits"]
        targets = sum(len(s.targets) for s in task.train)
        assert bits["layer 2"] < 0.7 * bits["layer 0"]
        assert table["uniform_bits"].tolist() == pytest.approx(
            [targets * (3 if loss == "sigmoid" else math.log2(3))] * 2
        )
        np.testing.assert_allclose(table["compression"], table["uniform_bits"] / table["bits"])
    first = code_length(states, task, ["lex"], plan=QUICK, cuts=(1,))
    assert first["bits"].item() == first["uniform_bits"].item()  # nothing was known before
    with pytest.raises(ib.InputError, match="ascend to 1"):
        code_length(states, task, ["lex"], cuts=(0.5,))


def test_states_on_disk_are_the_hidden_states(any_tiny, tmp_path):
    sentences = [("the", "zebra", "runs"), ("cats", "sleep"), ("the", "zebra", "runs"), ("a",)]
    with span_states(any_tiny, sentences, tmp_path) as states:
        expected = ib.hidden_states(any_tiny, list(dict.fromkeys(sentences)))
        assert states.layers == any_tiny.layers and len(states.rows) == 3
        for words, own in zip(dict.fromkeys(sentences), expected.each(), strict=True):
            row = states.row(words)
            pieces = states.starts[row] + np.arange(states.lengths[row])
            torch.testing.assert_close(states.take(pieces)[:, 1:], own.transpose(0, 1)[:, 1:].float())
        first, stop = states.pieces(states.row(sentences[0]), (1, 2))
        encoded = ib.encode(any_tiny, [sentences[0]])
        assert (np.arange(first, stop) - states.starts[states.row(sentences[0])]).tolist() == encoded.pieces_of(
            0, [1]
        ).tolist()
        with pytest.raises(ib.InputError, match="no states of the sentence 'never seen'"):
            states.row(("never", "seen"))
    assert not states.path.exists()


def test_lex_knows_no_position(tiny, tmp_path):
    with span_states(tiny, [("cat", "near", "cat")], tmp_path) as states:
        own = states.take(states.starts[0] + np.array([1, 3]))
    torch.testing.assert_close(own[0, 0], own[1, 0])
    assert (own[0, 1] - own[1, 1]).abs().max() > 0.01


def test_sentences_that_do_not_fit_are_counted(tiny, tmp_path):
    long = ("zebra",) * 60
    with span_states(tiny, [("cat", "sleep"), long, ("cat", "")], tmp_path) as states:
        assert states.left_out == {TOO_LONG: 1, NO_PIECES: 1}
        given = [EdgeSentence(words, (Target((0, 1), None, ("x",)),)) for words in (long, ("cat", "sleep"))]
        targets = targets_of(states, given, ("x",))
        assert len(targets) == 1 and sum(targets.left_out.values()) == 1 and targets.sentences.tolist() == [1]
    with pytest.raises(ib.InputError, match="can encode none of the sentences"):
        span_states(tiny, [long], tmp_path)


def test_states_take_no_memory_by_the_sentence(tiny):
    states = span_states(tiny, [("cat", "sleep")])
    path = states.path
    assert path.exists()
    del states
    assert not path.exists()


def test_bad_input_is_named(tmp_path):
    states, task = planted(tmp_path, 2)
    for name in ("top", "layer 5", "cumulative x", "cnn"):
        with pytest.raises(ib.InputError, match=r"input|layers 0"):
            fit_spans(states, task, [name])
    with pytest.raises(ib.InputError, match="each once"):
        fit_spans(states, task, ["mix", "mix"])
    with pytest.raises(ib.InputError, match="test or development"):
        fit_spans(states, task, ["mix"], evaluate="train")
    outside = replace(task.test[0], targets=(Target((0, 99), None, ("a",)),))
    with pytest.raises(ib.InputError, match=r"sentence 1, 'w40.*span \[0, 99\) is empty or lies outside its"):
        targets_of(states, [outside], task.labels)
    with pytest.raises(ib.InputError, match="no target is left"):
        targets_of(states, [], task.labels)
    with pytest.raises(ib.InputError, match="dropout is 1"):
        Plan(dropout=1)
    with pytest.raises(ib.InputError, match=r"loss is inf|loss is nan"):
        fit_spans(states, task, ["mix"], plan=replace(QUICK, rate=1e30, clip=1e38))
    assert Input.of("cumulative 1", 4).states == (1, 2) and Input.of("cat", 4).states == (5, 0)


def test_an_orthonormal_twin_is_orthonormal(tiny):
    twin = orthonormal_twin(tiny, seed=3)
    for name, own in twin.encoder.named_parameters():
        if own.ndim == 2 and "embeddings" not in name:
            short = own if own.shape[0] <= own.shape[1] else own.T
            torch.testing.assert_close(short @ short.T, torch.eye(len(short)), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        twin.encoder.embeddings.word_embeddings.weight, tiny.encoder.embeddings.word_embeddings.weight
    )


CURVES = {
    "POS": ("88.4 93.5 95.0 95.4 96.0 96.4 96.4 96.4 96.6 96.5 96.6 96.4 96.5", 1.76, 1.72),
    "Deps.": ("85.2 90.2 91.3 92.6 93.7 94.1 94.6 94.9 95.2 95.2 95.1 95.3 95.2", 2.52, 1.18),
    "Coref.": ("80.0 82.5 84.3 85.2 86.9 87.6 88.3 88.9 90.3 90.4 90.6 90.3 90.2", 3.62, 0.63),
    "SPR1": ("77.8 78.8 79.7 80.3 80.9 81.7 82.1 82.9 83.0 83.5 83.5 83.6 83.5", 4.29, 0.45),
}
"""Cumulative F1 of BERT-base, printed with one decimal, and the E and K that the authors got from all of them."""


@pytest.mark.parametrize("task", CURVES)
def test_the_authors_curves_give_their_numbers(task):
    """F1 is known to +-0.05, so E and K are known to a range, and the printed digits must lie in it."""
    text, expected, divergence = CURVES[task]
    scores = [float(x) for x in text.split()]
    corners = itertools.product((-0.05, 0.05), repeat=len(scores))  # E is monotonous in every score
    layers = [ib.expected_layer([s + e for s, e in zip(scores, errors, strict=True)]) for errors in corners]
    assert min(layers) - 0.005 <= expected <= max(layers) + 0.005
    assert ib.expected_layer(scores) == pytest.approx(expected, abs=0.05)
    random = np.random.default_rng(0)
    drawn = [kl_uniform(differential(scores + random.uniform(-0.05, 0.05, len(scores)))) for _ in range(4000)]
    assert min(drawn) - 0.005 <= divergence <= max(drawn) + 0.005
    assert kl_uniform(differential(scores)) == pytest.approx(divergence, abs=0.05)


def test_elmo_weights_give_their_divergences():
    """Figure A.1: weights with two decimals, so to a hundredth; constituents and coreference."""
    assert kl_uniform([0.09, 0.83, 0.08]) == pytest.approx(0.77, abs=0.02)
    assert kl_uniform([0.35, 0.50, 0.16]) == pytest.approx(0.14, abs=0.01)
    assert kl_uniform([0.32, 0.49, 0.19]) == pytest.approx(0.10, abs=0.01)


def test_arithmetic_by_hand():
    assert ib.expected_layer([80, 90, 88]) == pytest.approx((1 * 10 + 2 * -2) / 8)
    assert ib.centre_of_gravity([1] * 13) == 6 and ib.centre_of_gravity([0, 0, 5]) == 2
    assert kl_uniform([1, 0]) == 1 and kl_uniform([3, 3, 3]) == 0 and math.isnan(kl_uniform([-1, 0]))
    assert math.isnan(ib.expected_layer([5, 7, 5]))
    for wrong in ([1], [1, math.nan]):
        with pytest.raises(ib.InputError, match="two or more finite numbers"):
            ib.expected_layer(wrong)
    for wrong in ([], [0, 0], [1, -1]):
        with pytest.raises(ib.InputError, match="none negative"):
            ib.centre_of_gravity(wrong)
