"""Every measurement that a paper's notebooks ask, whole, against the passes of its encoder that it needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from bench.timing import ratio, time_of
from insidebert.models import loading
from insidebert.results.notebooks import discover
from insidebert.results.parameters import checked, merged
from insidebert.results.paths import Paths
from insidebert.sweep.plan import asked

SIZES = {
    "RANDOM_BASELINE": False,
    "SEEDS": [0],
    "11-open-sesame-probing": {"TRAIN": 300, "DEVELOPMENT": 60, "GENERALIZATION": 60, "NTH_EPOCHS": 4},
    "12-open-sesame-confusion": {"SENTENCES": 50},
    "21-look-at-surface": {"SEGMENTS": 24},
    "22-look-at-no-op": {"SEGMENTS": 8, "FUNCTIONS": "corpus/treebank/animals.conllu"},
    "23-look-at-heads": {
        "TREEBANK": "corpus/treebank/animals.conllu",
        "DOCUMENTS": "corpus/treebank/animals.conllu",
        "EXAMPLES": "corpus/treebank/animals.conllu",
        "LEAST": 30,
    },
    "24-look-at-probes": {"TREEBANK": "corpus/treebank/animals.conllu", "TRAIN": 90, "EPOCHS": 4},
    "31-mcrc-attacks": {"TRAIN": 24, "DEVELOPMENT": 8, "TEST": 16},
    "32-mcrc-unanswerable": {"TRAIN": 12, "DEVELOPMENT": 6, "TEST": 12, "SHARES": [0.0, 1.0], "CURVE": 16},
}
"""Parameters of notebooks in place of their own: those of a notebook, or of all of them."""

GIVEN = ("input_ids", "attention_mask", "token_type_ids", "inputs_embeds")


@dataclass
class Passes:
    """What an encoder, and copies of it, were given during a measurement.

    Args:
        calls: the module, its inputs (of states the shape alone), whether in training, whether gradients were kept.
        distinct: inputs of the sequences that had not been seen before, a batch each.
    """

    calls: list[tuple[torch.nn.Module, dict, bool, bool]] = field(default_factory=list)
    distinct: list[dict] = field(default_factory=list)
    _seen: set[tuple] = field(default_factory=set)

    def note(self, module: torch.nn.Module, named: dict) -> None:
        """Keep what an encoder is about to be given."""
        inputs = {name: named[name] for name in GIVEN if named.get(name) is not None}
        if "input_ids" in inputs:
            self._note_sequences(inputs)
        if "inputs_embeds" in inputs:
            inputs["inputs_embeds"] = torch.empty_like(inputs["inputs_embeds"], device="meta")
        self.calls.append((module, inputs, module.training, torch.is_grad_enabled()))

    def _note_sequences(self, inputs: dict) -> None:
        rows = []
        parts = [name for name in ("input_ids", "token_type_ids") if name in inputs]
        for row, mask in enumerate(inputs["attention_mask"].bool()):
            key = tuple(tuple(inputs[name][row][mask].tolist()) for name in parts)
            if key not in self._seen:
                self._seen.add(key)
                rows.append(row)
        if rows:
            self.distinct.append({name: own[rows] for name, own in inputs.items()})

    @torch.inference_mode()
    def bare(self, model: loading.Model) -> None:
        """Each sequence once through the encoder, nothing kept."""
        for inputs in self.distinct:
            model.encoder(**inputs)

    def again(self) -> None:
        """All calls once more, with the backward pass where gradients were kept, and nothing besides."""
        for module, inputs, training, gradients in self.calls:
            before = module.training
            own = {name: torch.zeros_like(x, device=module.device) if x.is_meta else x for name, x in inputs.items()}
            with torch.set_grad_enabled(gradients):
                states = module.train(training)(**own).last_hidden_state
                if gradients and states.requires_grad:
                    states.sum().backward()
            module.train(before)
            module.zero_grad(set_to_none=True)


@contextmanager
def watched(model: loading.Model) -> Iterator[Passes]:
    """Inside, the passes of a model's encoder and of copies that are made of it."""
    passes = Passes()

    def note(module, arguments, named):  # a plain function, which copies share
        if passes is not None:
            passes.note(module, named)

    handle = model.encoder.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield passes
    finally:
        handle.remove()
        passes = None


def of_paper(paper: str, model_name: str) -> Iterator[str]:
    """A line for every measurement of a paper's notebooks.

    Args:
        paper: such as `look_at`.
        model_name: as for `load`.
    """
    model = loading.load(loading.resolve(model_name))
    for notebook in discover(Paths.find(), paper):
        common = {name: value for name, value in SIZES.items() if name in notebook.defaults}
        sizes = common | SIZES.get(notebook.name, {}) | {"MODELS": [model_name]}
        parameters = checked(notebook.name, notebook.defaults, merged(notebook.defaults, sizes))
        found = asked(notebook.path, parameters, Paths.find(), loading.resolve, lambda own: False)
        for own in found.measurements:
            if own.source is not None:
                yield from costs(
                    f"{model_name}, {own.name}", lambda own=own: own.function(model, **own.settings), model
                )


def costs(what: str, measure: Callable, model: loading.Model) -> Iterator[str]:
    """Lines of one measurement: against the bare forward pass, and against its training steps if it has some."""
    with watched(model) as passes:
        measure()
    sequences = sum(len(inputs["input_ids"]) for inputs in passes.distinct)
    taken = time_of(lambda: passes.bare(model))
    found = ratio(measure, lambda: passes.bare(model), known=True)
    yield f"{what}: whole / bare forward of its {sequences} sequences ({taken:.1f} s): {found:.2f}"
    if any(gradients for *_, gradients in passes.calls):
        found, batches = ratio(measure, passes.again, known=True), len(passes.calls)
        yield f"{what}: whole / bare passes of its {batches} batches, backward where it trains: {found:.2f}"
