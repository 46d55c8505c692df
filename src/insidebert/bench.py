"""What a measurement costs, as a ratio to the bare forward pass over the same sentences, in one process."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from insidebert import models
from insidebert.confusion import Dependency, confusion_scores
from insidebert.encoding import Encoded, batches, encode, hidden_states
from insidebert.papers.open_sesame.sentences import dependency, grammar
from insidebert.probes import LayerProbes, control_targets

SENTENCES = 2000
SCORED = 5000
REPEATS = 3


def open_sesame(model_name: str) -> list[str]:
    """Lines of a report: probing and confusion scores against the bare forward pass."""
    model = models.load(models.resolve(model_name))
    sampled = grammar("probing").sample("main_auxiliary.plain", SENTENCES, seed=0)
    encoded = encode(model, [s.words for s in sampled], special=False)
    gold = [encoded.pieces_of(i, [s.target])[0] for i, s in enumerate(sampled)]
    targets = np.stack([gold, control_targets(encoded.ids, seed=0)], axis=1)
    lines = [f"{model_name}, {torch.get_num_threads()} threads; median of {REPEATS} paired runs"]

    def bare(sentences: Encoded) -> Callable:
        return lambda: forward(model, sentences)

    def probed(epochs: int, seeds: int) -> Callable:
        def run():
            states = hidden_states(model, encoded)
            for seed in range(seeds):
                LayerProbes(epochs=epochs, seed=seed).fit(states, targets)

        return run

    what = f"probing all layers, {SENTENCES} sentences"
    lines.append(
        f"{what}, one epoch (the paper's) / bare forward: {ratio(probed(1, 1), bare(encoded)):.2f}  (at most 1.3)"
    )
    lines.append(
        f"{what}, 6 epochs x 3 seeds (the notebook's) / bare forward: {ratio(probed(6, 3), bare(encoded)):.2f}"
    )

    scored = dependencies(SCORED)
    special = encode(model, [d.words for d in scored], special=True)
    against = ratio(lambda: confusion_scores(model, scored), bare(special))
    lines.append(f"confusion scores, {SCORED} sentences / bare forward: {against:.2f}  (at most 1.3)")
    few, many = peak_of(model_name, SCORED // 5), peak_of(model_name, SCORED)
    lines.append(f"peak memory, {SCORED} sentences / {SCORED // 5}, a process each: {many / few:.3f}  (at most 1.1)")
    return lines


def dependencies(count: int) -> list[Dependency]:
    """Agreement sentences of all cells that have a distractor."""
    source = grammar("agreement")
    cells = [cell for cell in source.rules if cell.startswith(("agreement.pp.", "agreement.rc."))]
    return [dependency(s) for cell in cells for s in source.sample(cell, -(-count // len(cells)), seed=0)][:count]


def peak_of(model_name: str, count: int) -> int:
    """Peak resident memory of a fresh process that scores `count` sentences, in KiB on Linux."""
    command = [sys.executable, "-m", "insidebert.bench", model_name, str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@torch.inference_mode()
def forward(model: models.Model, encoded: Encoded) -> None:
    """The yardstick: evaluation mode, default attention, nothing kept."""
    for batch in batches(model, encoded):
        model.encoder(**batch.inputs)


def ratio(measured: Callable, yardstick: Callable) -> float:
    """Median of the ratios of paired runs; the two take turns, so that a drifting machine slows both."""
    yardstick()
    return statistics.median(time_of(measured) / time_of(yardstick) for _ in range(REPEATS))


def time_of(function: Callable) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def report(model_names: list[str]) -> None:
    """Print the ratios for some models."""
    for name in model_names:
        print("\n".join(open_sesame(name)), flush=True)


if __name__ == "__main__":
    confusion_scores(models.load(models.resolve(sys.argv[1])), dependencies(int(sys.argv[2])))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
