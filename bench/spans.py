"""What span probes cost: many against one, and a whole task against the bare forward pass: `python -m bench.spans`."""

import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from transformers import BertConfig, BertModel

from bench.baselines import forward
from bench.timing import peak_of, ratio, time_of
from insidebert.models import loading
from insidebert.models.encoding import encode
from insidebert.models.span_states import span_states
from insidebert.probes.spans import Plan, cumulative_inputs, fit_spans
from insidebert.results.paths import Paths
from insidebert.text.edge_sources import embedded_tasks
from insidebert.text.edges import EdgeTask

TIMED = ("dependencies", "coreference", "relations")
EPOCHS = 3
PAPER_EPOCHS = {"dependencies": 69, "coreference": 69, "relations": 83}
"""Passes at the paper's largest number of updates, over its own training sentences; it stops earlier."""


def edge_probing(models: list[str], timed: Sequence[str] = ("dependencies",), **_) -> Iterator[str]:
    """What the probes of a task cost, line by line; without a model of 12 layers at hand, one of random weights."""
    tasks = embedded_tasks(Paths.find().corpus)
    for model in [of_twelve_layers(models[0]), *map(loading.load, map(loading.resolve, models))]:
        for name in timed:
            yield from costs(model, tasks[name])
    few, many = (peak_of(models[0], copies, "spans", "bench.spans") for copies in (1, 8))
    yield f"peak memory, dependencies, 8 times the sentences / once, a process each: {many / few:.2f}  (at most 1.2)"


def of_twelve_layers(tokenizer_of: str) -> loading.Model:
    """Random weights of BERT-base's shape, with an embedded model's tokenizer."""
    tokenizer = loading.load(loading.resolve(tokenizer_of)).tokenizer
    encoder = BertModel(BertConfig(vocab_size=len(tokenizer)), add_pooling_layer=False).eval()
    return loading.wrap(encoder, tokenizer, name="BERT-base's shape")


def costs(model: loading.Model, task: EdgeTask) -> Iterator[str]:
    """Lines of one task: training of all cumulative probes against one, and with encoding against the forward pass."""
    words = list(dict.fromkeys(s.words for s in task.sentences))
    encoded = encode(model, words)
    bare = min(time_of(partial(forward, model, encoded)) for _ in range(2))
    with span_states(model, words) as states:
        probes = cumulative_inputs(states)
        what = f"{model.source.label}, {task.name}"
        encoding = ratio(lambda: span_states(model, words).close(), partial(forward, model, encoded))
        yield f"{what}: states of every layer into a file / bare forward: {encoding:.2f}"
        for precision in ("float32", "bfloat16"):
            plan = Plan(epochs=EPOCHS, rate=1e-4, precision=precision)
            one = partial(fit_spans, states, task, probes[-1:], plan=plan)
            every = partial(fit_spans, states, task, probes, plan=plan)
            found = ratio(every, one)
            cost = min(time_of(every) for _ in range(2)) / bare
            yield f"{what}, {precision}: {len(probes)} cumulative probes / one: {found:.1f}  (at most 3)"
            whole = encoding.value + cost
            yield f"{what}, {precision}: encoding and {EPOCHS} epochs of all / bare forward: {whole:.2f}  (at most 2)"
            long = encoding.value + cost * PAPER_EPOCHS[task.name] / EPOCHS
            yield f"{what}, {precision}: at the paper's most updates, were there no early stop: {long:.1f}"


def many_times(task: EdgeTask, copies: int) -> EdgeTask:
    """A task with so many copies of its training sentences, each with a word of its own at the end."""
    train = [replace(s, words=(*s.words, str(copy))) for copy in range(copies) for s in task.train]
    return replace(task, train=tuple(train))


def measure(model_name: str, copies: int) -> None:
    """An epoch of the probes of dependencies, for a look at the process's memory."""
    model = loading.load(loading.resolve(model_name))
    task = many_times(embedded_tasks(Paths.find().corpus)["dependencies"], copies)
    with span_states(model, [s.words for s in task.sentences]) as states:
        fit_spans(states, task, cumulative_inputs(states), plan=Plan(epochs=1))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        for line in edge_probing(["minilm-l6"], TIMED):
            print(line, flush=True)
    else:
        measure(sys.argv[2], int(sys.argv[3]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
