"""A reader of multiple choice: an encoder fine-tuned to choose options; many versions of a question scored at once."""

import hashlib
import json
import math
import pickle
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from scipy.special import softmax
from torch import nn
from tqdm.auto import tqdm

from insidebert.errors import InputError
from insidebert.files import write_whole
from insidebert.finetune.frozen_layers import FrozenLayers, leave_upper
from insidebert.finetune.scorers import PublishedScorer, Scorer, Sequences, pairs_of
from insidebert.models.encoding import Batch, batches, padded
from insidebert.models.families import family_of
from insidebert.models.loading import Model
from insidebert.text.questions import Question

HEADS = ("segments", "first", "transformers")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Training:
    """How a reader is fine-tuned.

    Args:
        epochs: passes over the training questions; the one that is best on the development questions is kept.
        pieces: longest sequence; only the passage is cut.
        questions: a step. Small steps are more steps in the same time: with a hundred questions to train on, 2 a step
            learn far more than 8.
        rate, head_rate: of AdamW, for the encoder and for the new head; linear warm-up over a tenth, then linear decay.
        frozen: so many lower layers stay as they are, and the embeddings with them; what they say is computed once
            a sequence, so that an epoch of the last two of six layers costs a third. 0 trains everything.
        head: `segments` scores [first piece; mean of question and option; product of both segments' means], which
            learns from far fewer questions; `first` scores the first piece alone; `transformers` is the published
            multiple-choice head, for large training sets and checkpoints that bring a pooler.
        precision: `float32`; `bfloat16` for autocast, faster on some processors and slower on others; `auto` for
            whichever this machine is faster in.
        seed: of the new head, of the order of questions, of dropout.
    """

    epochs: int = 3
    pieces: int = 192
    questions: int = 8
    rate: float = 1e-4
    head_rate: float = 1e-3
    frozen: int = 0
    head: str = "segments"
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self):
        if self.head not in HEADS:
            raise InputError(f"no head {self.head!r}; there are {', '.join(HEADS)}")
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is {self.precision!r}; it is one of {', '.join(PRECISIONS)}")
        for name, least in (("epochs", 1), ("pieces", 1), ("questions", 1), ("frozen", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}; it is a whole number of at least {least}")
        for name in ("rate", "head_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)}; it is a number above 0")

    @property
    def computed_in(self) -> str:
        """`float32` or `bfloat16`: what `precision` comes to on this machine."""
        return faster_precision() if self.precision == "auto" else self.precision


@cache
def faster_precision() -> str:
    """`bfloat16` if this machine multiplies matrices clearly faster in it, else `float32`; tried for some milliseconds.

    That a processor has the instructions says little: they may be twice as fast as float32, or half.
    """
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    seconds = {}
    for kind in (torch.float32, torch.bfloat16):
        matrix, times = torch.ones(512, 512, dtype=kind), []
        for _ in range(5):
            start = time.perf_counter()
            matrix @ matrix
            times.append(time.perf_counter() - start)
        seconds[kind] = min(times)
    return "bfloat16" if seconds[torch.bfloat16] < 0.8 * seconds[torch.float32] else "float32"


class Reader:
    """A model fine-tuned to choose options: fit, predict, score.

    Args:
        model: left as it is; the reader trains a copy of its encoder.
        training: how.
        lower: the frozen layers, if another reader has them already.
    """

    def __init__(self, model: Model, training: Training, lower: FrozenLayers | None = None):
        with torch.random.fork_rng():
            torch.manual_seed(training.seed)
            published = training.head == "transformers"
            scorer = PublishedScorer(model) if published else Scorer(model.encoder, training.head)
        self.scorer = scorer.eval().to(model.encoder.device)
        self.model, self.training = replace(model, encoder=self.scorer.encoder), training
        self.lower = None
        if training.frozen:
            self.lower = lower or FrozenLayers(model, training.frozen)
            leave_upper(self.scorer.encoder, training.frozen)
        for name, module in self.scorer.encoder.named_modules():
            if isinstance(module, nn.Dropout) and name.endswith(f".{family_of(model.encoder).maps_dropout}"):
                module.p = 0.0  # on attention maps it costs half a step: it forbids the fused kernel

    @torch.random.fork_rng()
    def fit(self, train: list[Question], development: list[Question], checkpoint: Path | None = None) -> "Reader":
        """Fine-tune; the epoch that is best on the development questions is kept.

        Under `accelerate launch` every process takes its share of the steps; on one, this is a plain loop.

        Args:
            checkpoint: folder in which every finished epoch is kept, and from which an interrupted training goes on;
                it ends with the same weights as one that was not interrupted.

        Raises:
            InputError: the checkpoint is of another model, other questions or another plan.
        """
        plan, here = self.training, Accelerator(cpu=self.model.encoder.device.type == "cpu")
        sequences, places, gold = self._sequences(train)
        groups = self._groups(sequences, places)
        encoder = list(self.scorer.encoder.parameters())
        head = [p for p in self.scorer.parameters() if not any(p is other for other in encoder)]
        parameters = [{"params": encoder, "lr": plan.rate}, {"params": head, "lr": plan.head_rate}]
        adam = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)  # a third of the time, one pass over memory
        steps = len(groups) * plan.epochs
        schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: _warm(step, steps))
        several = here.num_processes > 1  # one process stays where the model is
        scorer, adam, schedule = here.prepare(self.scorer, adam, schedule, device_placement=[several] * 3)
        if self.lower and several:
            self.lower.encoder.to(here.device)
        parts = {"scorer": self.scorer, "adam": adam, "schedule": schedule}
        kept = _Kept(checkpoint / "training.pt" if checkpoint else None, self._identity(train, development))
        done, reached, best = kept.restore(parts)
        for epoch in range(done, plan.epochs):
            torch.manual_seed((plan.seed * 1000 + epoch) * here.num_processes + here.process_index)  # dropout
            order = np.random.default_rng([plan.seed, epoch]).permutation(len(groups))
            order = np.resize(order, -(-len(order) // here.num_processes) * here.num_processes)  # alike for everyone
            scorer.train()
            for group in tqdm(order[here.process_index :: here.num_processes], f"epoch {epoch + 1}", leave=False):
                adam.zero_grad()
                here.backward(self._loss(scorer, sequences, [places[q] for q in groups[group]], gold[groups[group]]))
                here.clip_grad_norm_(scorer.parameters(), 1.0)
                adam.step()
                schedule.step()
            now = self.score(development)
            if now > reached:
                reached, best = now, {name: value.clone() for name, value in self.scorer.state_dict().items()}
            if here.is_main_process:
                kept.store(parts, epoch + 1, reached, best)
            here.wait_for_everyone()
        self.scorer.load_state_dict(best)
        self.development, self.first_process = reached, here.is_main_process
        return self

    @property
    def outcome(self) -> dict:
        """What a table says of a training: accuracy on the development questions, and what it was computed in."""
        return {"development_accuracy": self.development, "precision": self.training.computed_in}

    def predict(self, questions: list[Question]) -> list[np.ndarray]:
        """Per question, [options] probabilities."""
        return self.predict_all({"": questions})[""]

    @torch.inference_mode()
    def predict_all(self, versions: dict[str, list[Question]]) -> dict[str, list[np.ndarray]]:
        """Probabilities of the options of several versions of the questions; what they share is scored once.

        Args:
            versions: name -> questions, such as the attacks of one set.
        """
        pairs = [pair for questions in versions.values() for question in questions for pair in pairs_of(question)]
        unique = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
        sequences = Sequences.of(self.model, list(unique), self.training.pieces)
        scores = np.empty(len(unique))
        self.scorer.eval()
        with tqdm(total=len(unique), desc="options", unit="option", leave=False) as bar, self._autocast():
            for batch in batches(self.model, sequences.encoded):
                scores[batch.rows] = self._scores(self.scorer, batch, sequences.segments).cpu().numpy()
                bar.update(len(batch.rows))
        return {
            name: [softmax(np.array([scores[unique[pair]] for pair in pairs_of(q)])) for q in questions]
            for name, questions in versions.items()
        }

    def score(self, questions: list[Question]) -> float:
        """Share of questions whose answer gets the highest probability."""
        chosen = [probabilities.argmax() for probabilities in self.predict(questions)]
        return float(np.mean([choice == q.answer for choice, q in zip(chosen, questions, strict=True)]))

    def _sequences(self, questions: list[Question]) -> tuple[Sequences, list[np.ndarray], torch.Tensor]:
        pairs = [pairs_of(question) for question in questions]
        starts = np.cumsum([0, *map(len, pairs)])
        places = [np.arange(a, b) for a, b in pairwise(starts)]
        gold = torch.tensor([question.answer for question in questions])
        return Sequences.of(self.model, list(chain(*pairs)), self.training.pieces), places, gold

    def _groups(self, sequences: Sequences, places: list[np.ndarray]) -> list[np.ndarray]:
        """Questions of like length, a step each."""
        lengths, size = sequences.encoded.lengths, self.training.questions
        order = np.argsort([lengths[own].max() for own in places], kind="stable")
        return [order[i : i + size] for i in range(0, len(order), size)]

    def _loss(self, scorer: nn.Module, sequences: Sequences, places: list[np.ndarray], gold: torch.Tensor):
        rows = np.concatenate(places)
        own = sequences.encoded.select(rows)
        (batch,) = batches(self.model, own, 10**9)
        with self._autocast():
            scores = self._scores(scorer, batch, [sequences.segments[r] for r in rows])
        scores = scores[torch.from_numpy(np.argsort(batch.rows)).to(scores.device)]  # batches sorts by length
        most = max(map(len, places))
        table = torch.full((len(places), most), -torch.inf, device=scores.device)
        filled = torch.arange(most) < torch.tensor([len(p) for p in places])[:, None]
        table[filled.to(scores.device)] = scores
        return nn.functional.cross_entropy(table, gold.to(scores.device))

    def _scores(self, scorer: nn.Module, batch: Batch, segments: list[np.ndarray]) -> torch.Tensor:
        """[B] scores of a batch."""
        inputs = batch.inputs
        if self.lower:
            inputs = {"inputs_embeds": self.lower.states(batch), "attention_mask": batch.mask}
        return scorer(inputs, padded(segments, batch.rows, batch.length, -1).to(batch.ids.device)).float()

    def _autocast(self):
        if self.training.computed_in == "float32":
            return nullcontext()
        return torch.autocast(self.model.encoder.device.type, torch.bfloat16)

    def _identity(self, train: list[Question], development: list[Question]) -> str:
        questions = hashlib.sha256(repr([train, development]).encode()).hexdigest()
        plan = asdict(self.training) | {"precision": self.training.computed_in}
        return json.dumps([self.model.source.identity, plan, questions], sort_keys=True)


@dataclass(frozen=True)
class _Kept:
    """A training's state after its last finished epoch, in a file; in none if `path` is None."""

    path: Path | None
    identity: str

    def restore(self, parts: dict) -> tuple[int, float, dict]:
        """Epochs done, best development accuracy and its weights; the parts are set to where they were."""
        if self.path is None or not self.path.exists():
            return 0, -1.0, {}
        try:
            state = torch.load(self.path, weights_only=True)
            known = state["identity"]
        except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError):
            raise InputError(f"{self.path} is damaged; delete it, and the training starts anew") from None
        if known != self.identity:
            raise InputError(
                f"{self.path} is of another model, other questions or another plan; delete it, or name another folder"
            )
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return state["epoch"], state["reached"], state["best"]

    def store(self, parts: dict, epoch: int, reached: float, best: dict) -> None:
        if self.path is None:
            return
        state = {name: part.state_dict() for name, part in parts.items()}
        state |= {"identity": self.identity, "epoch": epoch, "reached": reached, "best": best}
        write_whole(self.path, lambda path: torch.save(state, path))


def _warm(step: int, steps: int) -> float:
    warm = max(1, steps // 10)
    return min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
