"""When a ratio is measured often enough, and what a measurement is held against."""

import numpy as np
import pytest
import torch

from bench import measurements, timing
from bench.measurements import watched
from bench.timing import FEWEST, MOST, PATIENCE, SPREAD, Ratio, enough, ratio
from insidebert.finetune.scorers import Scorer
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.results.notebooks import discover
from insidebert.results.paths import Paths


class Machine:
    """Two functions that take 1.3 and 1 units of a made-up time, disturbed, and the clock that sees it."""

    def __init__(self, noise: float, unit: float = 0.01, seed: int = 0, drift: float = 1.0):
        self.now, self.calls, self.unit, self.drift = 0.0, 0, unit, drift
        self.noise = np.random.default_rng(seed).normal(0, noise, 1000)

    def take(self, units: float) -> None:
        self.calls += 1
        self.unit *= self.drift
        self.now += units * self.unit * (1 + self.noise[self.calls])

    def measured(self) -> Ratio:
        return ratio(lambda: self.take(1.3), lambda: self.take(1.0), lambda: self.now)


def test_a_quiet_machine_needs_two_pairs():
    machine = Machine(0)
    found = machine.measured()
    assert found.value == pytest.approx(1.3) and len(found.found) == FEWEST and machine.calls == 2 + 2 * FEWEST
    assert f"{found:.2f}" == "1.30 (1.30 to 1.30, 2 pairs)"


def test_a_noisy_one_needs_more_and_ends():
    counts = {noise: [len(Machine(noise, seed=s).measured().found) for s in range(40)] for noise in (0.01, 0.04, 0.3)}
    means = {noise: np.mean(own) for noise, own in counts.items()}
    assert means[0.01] < means[0.04] < means[0.3] and max(counts[0.3]) == MOST and max(counts[0.01]) < MOST
    medians = [Machine(0.04, seed=s).measured().value for s in range(40)]
    assert np.mean(medians) == pytest.approx(1.3, abs=0.02) and np.std(medians) < 0.05


def test_what_slows_both_alike_needs_no_further_pair():
    assert len(Machine(0, drift=1.01).measured().found) == FEWEST


def test_what_takes_long_is_measured_once():
    found = Machine(0.3, unit=PATIENCE).measured()
    assert len(found.found) == 1 and f"{found:.1f}".endswith("(1 pair)")


def test_one_disturbance_does_not_cost_all_pairs():
    close = 1 + SPREAD / 3
    assert not enough([1, close, 2], 0) and enough([1, close, 2, close], 0) and not enough([1, 1.5, 2, close], 0)
    assert enough([1, 2] * MOST, 0) and enough([3], PATIENCE) and not enough([], 2 * PATIENCE)


def test_the_clock_is_the_processors_where_there_is_one_thread(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for threads, clock in ((1, "process_time"), (2, "perf_counter")):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        monkeypatch.setattr(timing.time, clock, lambda clock=clock: clock)
        assert timing.seconds() == clock


def test_every_sequence_of_a_measurement_is_passed_once(tiny):
    asked = [TriggerQuestion(("the", "cat", "near", "the", "dogs", "does"), 5, ((0, 1), (3, 4))) for _ in range(3)]
    with watched(tiny) as passes:
        confusion_scores(tiny, asked)
        confusion_scores(tiny, asked[:1])
    assert sum(len(inputs["input_ids"]) for inputs in passes.distinct) == 1
    assert len(passes.calls) == 2 and not any(gradients for *_, gradients in passes.calls)
    with watched(tiny) as own:
        passes.bare(tiny)
    (_, inputs, training, gradients), *others = own.calls
    assert not others and not training and not gradients and len(inputs["input_ids"]) == 1


def test_training_steps_of_a_copy_are_taken_again(tiny):
    ids = torch.tensor([[1, 2, 3, 0], [1, 2, 3, 4]])
    inputs = {"input_ids": ids, "attention_mask": (ids > 0).long()}
    with watched(tiny) as passes:
        scorer = Scorer(tiny.encoder, "first").train()
        scorer(inputs, ids).sum().backward()
        scorer.eval()
    assert [(training, gradients) for _, _, training, gradients in passes.calls] == [(True, True)]
    scorer.zero_grad()
    taken = []
    handle = next(scorer.encoder.parameters()).register_hook(taken.append)
    passes.again()
    handle.remove()
    assert len(taken) == 1 and not scorer.encoder.training
    assert all(weights.grad is None for weights in scorer.encoder.parameters())
    scorer(inputs, ids)
    assert len(passes.calls) == 1  # copies no longer tell


def test_a_notebooks_measurements_are_found_and_held_against_their_passes(tiny_folder, monkeypatch):
    (notebook,) = (own for own in discover(Paths.find()) if own.name == "12-open-sesame-confusion")
    monkeypatch.setattr(measurements, "discover", lambda paths, paper: [notebook])
    monkeypatch.setattr(measurements, "SIZES", {"RANDOM_BASELINE": False, "SENTENCES": 2})
    monkeypatch.setattr(
        measurements, "ratio", lambda measured, yardstick, known: (measured(), yardstick(), Ratio((2.0,)))[-1]
    )
    lines = list(measurements.of_paper("open_sesame", str(tiny_folder("bert"))))
    assert [line.split(": ")[0].rpartition(", ")[2] for line in lines] == ["reflexive", "agreement"]
    assert all(line.endswith("2.00 (1 pair)") for line in lines)
