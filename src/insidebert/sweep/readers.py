"""Readers of one encoder, fine-tuned from several seeds, for a zoo that asks what fine-tuning leaves of a finding.

    python -m insidebert.sweep.readers build/readers --model minilm-l6 --seeds 0 1 2

They find answers in stories that are made here; a reader takes about a minute on one quiet core.
"""

import argparse
import sys
from pathlib import Path

import transformers

from insidebert.errors import InputError
from insidebert.finetune.span_reader import SpanReader
from insidebert.finetune.span_training import SpanTraining
from insidebert.models import loading
from insidebert.text.question_stories import told_questions
from insidebert.text.span_questions import split_by_group

QUESTIONS, HELD_OUT = 300, 0.2
"""Questions of one hop, and the share of them that chooses the epoch."""

PLAN = {"epochs": 3, "rate": 3e-4, "head_rate": 1e-3, "questions": 4, "pieces": 128, "stride": 32}


def train(model: loading.Model, folder: Path, seed: int) -> float:
    """Fine-tune a reader and keep it as `seed-<seed>`; every weight is trained, no layer is frozen.

    Args:
        model: its encoder is copied.
        folder: of all readers.
        seed: of the new head and of the order; the questions are the same for all.

    Returns:
        F1 on the questions that choose the epoch, between 0 and 1.
    """
    train, development = split_by_group(told_questions("one hop", QUESTIONS), HELD_OUT, 0)
    reader = SpanReader(model, SpanTraining(seed=seed, **PLAN)).fit(train, development)
    reader.save(folder / f"seed-{seed}")
    return reader.development


def main(arguments: list[str] | None = None) -> int:
    """Train readers from the command line; those that are there already stay."""
    parser = argparse.ArgumentParser(prog="python -m insidebert.sweep.readers", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args(arguments)
    transformers.utils.logging.disable_progress_bar()
    if min(options.seeds) < 0:
        raise InputError("seeds count from 0")
    model = loading.load(loading.resolve(options.model))
    for seed in options.seeds:
        if not (options.folder / f"seed-{seed}").exists():
            print(f"{options.folder / f'seed-{seed}'}: F1 {train(model, options.folder, seed):.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
