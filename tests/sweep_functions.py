"""Measurements that are quick, for tests of what carries them; workers import them by name."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd


def digits(start: float, seconds: float = 0.0, log: str = "", fault: str = "") -> dict[str, pd.DataFrame]:
    """Numbers with more digits than a table keeps, texts, whole numbers and gaps.

    Args:
        start: of the numbers.
        seconds: that it takes.
        log: file, without the first slash, that notes every call.
        fault: why it fails; empty if it does not.
    """
    if log:
        with Path(f"/{log}").open("a", encoding="utf-8") as file:
            file.write(f"{start} {os.getpid()}\n")
    time.sleep(seconds)
    if fault:
        raise ValueError(fault)
    numbers = [start / 7, -start / 1e9, start * 1e7, float("nan"), 0.1 + 0.2]
    names, flags = [f'a, "{n}"\nb' for n in range(5)], [True, False, True, False, True]
    rows = pd.DataFrame({"name": names, "whole": range(5), "value": numbers, "yes": flags})
    return {"rows": rows, "none": pd.DataFrame({"empty": pd.Series([], dtype=float)})}


def layers(model, text: Path, factor: int = 1) -> dict[str, pd.DataFrame]:
    """Something of a model and of a file."""
    words = len(Path(text).read_text(encoding="utf-8").split())
    weight = sum(float(part.detach().double().abs().mean()) for part in model.encoder.parameters())
    return {"table": pd.DataFrame({"layers": [model.layers * factor], "weight": [weight], "words": [words]})}


def busy(start: float, rounds: int) -> dict[str, pd.DataFrame]:
    """Matrices, multiplied on one thread for about a tenth of a second a round."""
    own = np.random.default_rng(int(start)).normal(size=(800, 800)) / 30
    product = own
    for _ in range(rounds * 5):
        product = np.tanh(product @ own)
    return {"rows": pd.DataFrame({"sum": [float(product.sum())]})}
