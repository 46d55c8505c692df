"""A span reader: an encoder fine-tuned to say where in a context the answer to a question starts and ends."""

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import transformers
from torch import nn
from tqdm.auto import tqdm

from insidebert.errors import InputError
from insidebert.files import whole_folder
from insidebert.finetune.frozen_layers import FrozenLayers
from insidebert.finetune.reader import Reader
from insidebert.finetune.span_answers import best_spans, ranked
from insidebert.finetune.span_training import SpanTraining
from insidebert.finetune.span_windows import Windows
from insidebert.models import checkpoint
from insidebert.models.encoding import Batch, batches, padded
from insidebert.models.loading import Model, load, resolve, wrap
from insidebert.text.span_questions import SpanQuestion, split_by_group
from insidebert.text.span_scores import squad_scores

HELD_OUT = 0.1
"""Share of the groups that choose the epoch, where no development questions are given."""

PLAN = "reader.json"
"""What stands beside a saved reader's weights: how it was trained."""

USUAL = SpanTraining()
"""The plan of whoever names none."""


class SpanScorer(nn.Module):
    """An encoder and a linear head: two scores for every piece, as an answer's start and as its end."""

    def __init__(self, encoder: nn.Module, head: nn.Linear):
        super().__init__()
        self.encoder, self.qa_outputs = encoder, head

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """[B, T, 2] scores of [B, T] pieces."""
        return self.qa_outputs(self.encoder(**inputs).last_hidden_state)


class SpanReader(Reader):
    """A model fine-tuned to find answers: fit, predict, score, save.

    Training, with its share of steps a process and its checkpoints, is that of `Reader`; a window is an item of it.

    Args:
        model: left as it is; the reader trains a copy of its encoder.
        training: how.
        lower: the frozen layers, if another reader has them already.

    Attributes:
        model: the model as fine-tuned, with all its layers, for any measurement.

    Example:
        >>> import insidebert as ib
        >>> from insidebert.text.question_stories import told_questions
        >>> reader = SpanReader(ib.load("minilm-l6"), SpanTraining(epochs=1))
        >>> len(reader.predict(told_questions("one hop", 3)))
        3
    """

    def __init__(self, model: Model, training: SpanTraining = USUAL, lower: FrozenLayers | None = None):
        super().__init__(model, training, lower)
        with torch.random.fork_rng():
            torch.manual_seed(training.seed)
            head = nn.Linear(model.encoder.config.hidden_size, 2)
        self.scorer = SpanScorer(self.scorer.encoder, head).eval().to(model.encoder.device)
        self._placed, self.model = self.model, model  # the first follows the scorer from device to device
        self.development, self.beyond = None, 0

    @classmethod
    def from_checkpoint(cls, name: str | Path, training: SpanTraining = USUAL) -> "SpanReader":
        """A reader that somebody has trained: any `...ForQuestionAnswering` checkpoint, by folder or Hub id.

        Raises:
            InputError: as `load`; the checkpoint has no span head, or one that is damaged.
        """
        source = resolve(name)
        found = checkpoint.read_checkpoint(source.folder)
        parts = {part: found.others.get(f"qa_outputs.{part}") for part in ("weight", "bias")}
        width = found.config.hidden_size
        shapes = [part and part.shape for part in parts.values()]
        if shapes != [(2, width), (2,)] or source.weights == "random":
            raise InputError(
                f"{source.label} has no span head (qa_outputs of {[2, width]}), so it answers no question; name a "
                "...ForQuestionAnswering checkpoint, or fit a SpanReader and save it"
            )
        weights = checkpoint.read_weights(parts)
        checkpoint.refuse_infinite(
            ((f"qa_outputs.{part}", value) for part, value in weights.items()), str(source.folder)
        )
        reader = cls(load(source), training)
        reader.scorer.qa_outputs.load_state_dict(weights)
        return reader

    @classmethod
    def load(cls, folder: str | Path) -> "SpanReader":
        """A reader that `save` wrote, with the plan that it was trained by."""
        path = Path(folder) / PLAN
        if not path.is_file():
            raise InputError(
                f"{folder} holds no {PLAN}, so no reader was saved there; SpanReader.from_checkpoint() "
                "takes other checkpoints"
            )
        known = {field.name for field in fields(SpanTraining) if field.init}
        try:
            plan = json.loads(path.read_text(encoding="utf-8"))["training"]
            training = SpanTraining(**{name: value for name, value in plan.items() if name in known})
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is damaged ({error}); save the reader again") from None
        return cls.from_checkpoint(folder, training)

    def fit(
        self,
        train: list[SpanQuestion],
        development: list[SpanQuestion] | None = None,
        checkpoint: Path | None = None,
    ) -> "SpanReader":
        """Fine-tune; the epoch with the best F1 on the development questions is kept.

        Args:
            train: a window that does not hold the first answer is trained to point at its first special piece, as in
                BERT's script; nothing is predicted there.
            development: if none are given, a tenth of the groups of `train` is held out.
            checkpoint: as for `Reader.fit`.
        """
        if development is None:
            train, development = split_by_group(train, HELD_OUT, self.training.seed)
        if not train or not development:
            raise InputError("there are no questions to train on, or none to choose the epoch by; give some")
        super().fit(train, development, checkpoint)
        self.model = wrap(self._whole(), self.model.tokenizer, f"reader of {self.model.source.label}")
        return self

    @property
    def outcome(self) -> dict:
        """What a table says of a training: F1 on the development questions, training answers that no window holds."""
        found = {"development_f1": self.development, "answers_in_no_window": self.beyond}
        return found | {"precision": self.training.computed_in}

    @torch.inference_mode()
    def predict(self, questions: Sequence[SpanQuestion], best: int = 1) -> pd.DataFrame:
        """The best answers to each question, out of all its windows.

        Args:
            best: how many answers; a span that several windows hold counts once, with its best score.

        Returns:
            id; rank (1 is best); text; start, end (half-open characters of the context); score (sum of the scores of
            first and last piece); probability (among the answers returned).

        Raises:
            InputError: as `Windows.of`; scores that are not finite.
        """
        windows = self.windows(questions)
        found: list[dict[tuple[int, int], float]] = [{} for _ in questions]
        self.scorer.eval()
        with tqdm(total=len(windows), desc="windows", unit="window", leave=False) as bar, self._autocast():
            for batch in batches(self._placed, windows.encoded, 4096):
                scores = self._piece_scores(self.scorer, batch).cpu().numpy()  # [B, T, 2]
                if not np.isfinite(scores).all():
                    raise InputError(
                        f"reader of {self.model.source.label}: scores are NaN or infinite; its weights are damaged, or "
                        f"were trained at too high a rate ({self.training.rate}, {self.training.head_rate})"
                    )
                for row, own in zip(batch.rows, scores, strict=True):
                    offsets, sides = windows.offsets[row], windows.sides[row]
                    allowed = (sides == 1) & (offsets[:, 0] < offsets[:, 1])
                    own = own[: len(sides)]
                    answers = found[windows.owners[row]]
                    for first, last, score in best_spans(own[:, 0], own[:, 1], allowed, self.training.longest, best):
                        span = int(offsets[first, 0]), int(offsets[last, 1])
                        answers[span] = max(score, answers.get(span, -math.inf))
                bar.update(len(batch.rows))
        rows = [ranked(question, answers, best) for question, answers in zip(questions, found, strict=True)]
        return pd.concat(rows, ignore_index=True)

    def windows(self, questions: Sequence[SpanQuestion]) -> Windows:
        """Questions and contexts as this reader sees them."""
        plan = self.training
        return Windows.of(self.model, questions, plan.pieces, plan.stride, plan.asked)

    def scores(self, questions: Sequence[SpanQuestion]) -> pd.DataFrame:
        """Exact match and F1 of every question, as `squad_scores` gives them."""
        return squad_scores(self.predict(questions), questions)

    def score(self, questions: Sequence[SpanQuestion]) -> float:
        """Mean F1, between 0 and 1."""
        return float(self.scores(questions)["f1"].mean())

    def save(self, folder: str | Path) -> Path:
        """Write the reader as a checkpoint of transformers, which every measurement loads by its folder.

        Raises:
            InputError: the folder is there already, and not empty.
        """
        folder = Path(folder)
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} is there already; name another folder, or delete it")
        encoder = self._whole()
        kind = getattr(transformers, type(encoder).__name__.replace("Model", "ForQuestionAnswering"))
        with torch.random.fork_rng():
            whole = kind(encoder.config)
        own = encoder.state_dict()  # a model in memory may have a pooler, which no reader uses
        whole.base_model.load_state_dict({name: own[name] for name in whole.base_model.state_dict()})
        whole.qa_outputs.load_state_dict(self.scorer.qa_outputs.state_dict())
        about = {"training": asdict(self.training), "model": self.model.source.label, **self.outcome}
        with whole_folder(folder) as scratch:
            whole.save_pretrained(scratch)
            self.model.tokenizer.save_pretrained(scratch)
            (scratch / PLAN).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        return folder

    def _sequences(self, questions: list[SpanQuestion]) -> tuple[Windows, list[np.ndarray], torch.Tensor]:
        """Windows; each as an item of its own; [windows, 2] first and last piece of the first answer."""
        windows = self.windows(questions)
        spans = [(start, start + len(text)) for text, start in (question.answers[0] for question in questions)]
        gold = np.array([windows.target(i, *spans[owner]) for i, owner in enumerate(windows.owners)])
        self.beyond = len(questions) - len(np.unique(windows.owners[gold[:, 0] > 0]))
        return windows, list(np.arange(len(windows))[:, None]), torch.from_numpy(gold)

    def _loss(self, scorer: nn.Module, sequences: Windows, places: list[np.ndarray], gold: torch.Tensor):
        rows = np.concatenate(places)
        (batch,) = batches(self._placed, sequences.encoded.select(rows), 10**9)
        with self._autocast():
            scores = self._piece_scores(scorer, batch)
        sides = padded([sequences.sides[row] for row in rows], batch.rows, batch.length, -1)
        choice = sides == 1  # the context, or the first special piece for "not in this window"
        choice[:, 0] = True
        scores = scores.masked_fill(~choice[..., None].to(scores.device), -torch.inf)
        gold = gold[torch.from_numpy(batch.rows)].to(scores.device)  # batches sorts by length
        return nn.functional.cross_entropy(scores, gold)

    def _piece_scores(self, scorer: nn.Module, batch: Batch) -> torch.Tensor:
        """[B, T, 2] scores of a batch's pieces."""
        inputs = batch.inputs
        if self.lower:
            inputs = {"inputs_embeds": self.lower.states(batch), "attention_mask": batch.mask}
        return scorer(inputs).float()

    def _whole(self) -> nn.Module:
        """A copy of the fine-tuned encoder with all its layers."""
        own = copy.deepcopy(self.scorer.encoder).eval()
        if not self.lower:
            return own
        whole = copy.deepcopy(self.lower.encoder)
        below, above = (getattr(part, "transformer", None) or part.encoder for part in (whole, own))
        below.layer = nn.ModuleList([*below.layer, *above.layer])
        return whole
