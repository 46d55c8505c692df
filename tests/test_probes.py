"""Probes: against torch's own classifier, on states with a known answer, and the control task."""

import numpy as np
import pytest
import torch

from insidebert.errors import InputError
from insidebert.models.encoding import States
from insidebert.probes.position import PositionProbe, control_targets


def made_states(sentences=200, layers=2, width=6, seed=0):
    """States in whose second layer the target piece is marked by its first coordinate; the first layer is noise."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 9, sentences)
    starts = np.cumsum(lengths) - lengths
    values = torch.from_numpy(rng.normal(size=(layers, lengths.sum(), width))).half()
    targets = rng.integers(0, lengths)
    values[1, :, 0] = 0
    values[1, starts + targets, 0] = 3
    return States(values, starts, lengths), targets


def test_a_marked_target_is_found_and_noise_is_not():
    states, targets = made_states()
    score = PositionProbe(epochs=30, learning_rate=0.02).fit(states, targets).score(*made_states(seed=1))
    assert score.shape == (1, 2)
    assert score[0, 1] == 1.0
    assert score[0, 0] < 0.4


def test_probes_do_not_disturb_each_other():
    states, targets = made_states()
    first = np.zeros_like(targets)
    both = np.stack([targets, first], axis=1)
    together = PositionProbe(epochs=30, learning_rate=0.02).fit(states, both)
    assert together.score(states, both)[0, 1] == 1.0  # its second layer marks this target
    assert together.score(states, both)[1, 1] < 0.5  # and knows nothing of the other


def test_steps_equal_a_plain_torch_classifier():
    states, targets = made_states(sentences=64)
    probes = PositionProbe(epochs=3, batch_size=16, dropout=0.0, seed=5)
    probes._start(2, 6, 1)
    linear = torch.nn.Linear(6, 2)
    with torch.no_grad():
        linear.weight.copy_(probes.weight_[1])
        linear.bias.copy_(probes.bias_[1, :, 0])
    adam = torch.optim.Adam(linear.parameters(), lr=1e-3, weight_decay=0.01)
    orders = np.random.default_rng(5)
    orders.uniform(size=probes.weight_.numel() + probes.bias_.numel())  # the draw of the weights
    probes.partial_fit(states, targets)
    for _ in range(3):
        order = orders.permutation(64)
        for start in range(0, 64, 16):
            inputs, labels = [], []
            for i in order[start : start + 16]:
                for place in range(states.lengths[i]):
                    inputs.append(states.values[1, states.starts[i] + place].float())
                    labels.append(int(place == targets[i]))
            adam.zero_grad()
            torch.nn.functional.cross_entropy(linear(torch.stack(inputs)), torch.tensor(labels)).backward()
            adam.step()
            orders.random((len(inputs), 6), dtype=np.float32)  # the draw of the dropout
    torch.testing.assert_close(probes.weight_[1], linear.weight.data, atol=1e-6, rtol=1e-4)


def test_prediction_is_the_highest_target_logit_of_real_pieces():
    states, targets = made_states(sentences=30)
    probes = PositionProbe().fit(states, targets)
    predicted = probes.predict(states)
    for i in range(30):
        own = states.values[:, states.starts[i] : states.starts[i] + states.lengths[i]].float()
        logits = own @ probes.weight_[:, 1, :, None] + probes.bias_[:, 1, :, None]
        assert predicted[i, 0].tolist() == logits[..., 0].argmax(1).tolist()


def test_same_seed_same_probe_other_seed_other_probe():
    states, targets = made_states()
    first, again, other = (PositionProbe(seed=seed).fit(states, targets).weight_ for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_dropout_keeps_the_expected_share_and_the_mean(monkeypatch):
    lengths = np.full(400, 8)
    states = States(torch.ones(1, 3200, 6).half(), np.cumsum(lengths) - lengths, lengths)
    seen, multiply = [], torch.addmm
    monkeypatch.setattr(torch, "addmm", lambda bias, w, x: seen.append(x) or multiply(bias, w, x))
    PositionProbe(dropout=0.25).fit(states, np.zeros(400, dtype=int))
    inputs = torch.cat(seen, dim=1)  # [width, pieces]
    assert (inputs == 0).float().mean() == pytest.approx(0.25, abs=0.02)
    assert inputs.mean() == pytest.approx(1, abs=0.02)


def test_targets_must_fit_the_sentences():
    states, targets = made_states(sentences=5)
    with pytest.raises(InputError, match="4 targets for 5 sentences"):
        PositionProbe().fit(states, targets[:4])
    with pytest.raises(InputError, match=r"sentence 3 has \d pieces, its target is piece 100"):
        PositionProbe().fit(states, np.where(np.arange(5) == 2, 99, targets))
    with pytest.raises(InputError, match="not trained"):
        PositionProbe().predict(states)


def test_control_labels_are_random_per_type_and_blind_to_order():
    rng = np.random.default_rng(0)
    words = [rng.permutation(50)[: rng.integers(4, 12)] for _ in range(3000)]
    targets = control_targets(words, seed=0)
    shuffled = [rng.permutation(ids) for ids in words]
    assert [a[t] for a, t in zip(words, targets, strict=True)] == [
        a[t] for a, t in zip(shuffled, control_targets(shuffled, seed=0), strict=True)
    ]
    assert not np.array_equal(targets, control_targets(words, seed=1))
    relative = targets / (np.array([len(ids) for ids in words]) - 1)
    assert abs(relative.mean() - 0.5) < 0.02  # no place is preferred
    chosen = np.bincount([a[t] for a, t in zip(words, targets, strict=True)], minlength=50)
    other = np.bincount([a[t] for a, t in zip(words, control_targets(words, seed=1), strict=True)], minlength=50)
    assert abs(np.corrcoef(chosen, other)[0, 1]) < 0.4  # two draws of the ranks have nothing to do with each other
