"""From scores of pieces to answers: the best spans of a window, and the answers to a question in their order."""

import math

import numpy as np
import pandas as pd
from scipy.special import softmax

from insidebert.text.span_questions import SpanQuestion

COLUMNS = ["id", "rank", "text", "start", "end", "score", "probability"]


def best_spans(
    starts: np.ndarray, ends: np.ndarray, allowed: np.ndarray, longest: int, count: int
) -> list[tuple[int, int, float]]:
    """The spans of pieces with the highest sums of a start's and an end's score.

    Args:
        starts, ends: [T] scores of each piece as the first and as the last of an answer.
        allowed: [T] bool, whether an answer may hold the piece at its ends.
        longest: pieces of a span.
        count: how many spans at most.

    Returns:
        (first piece, last piece, score), best first; of spans that are level, the one that starts or ends earlier.

    Example:
        >>> best_spans(np.array([0.0, 2, 1]), np.array([5.0, 1, 2]), np.ones(3, bool), 2, 2)
        [(0, 0, 5.0), (1, 2, 4.0)]
    """
    size = len(starts)
    width = min(longest, size)
    last = np.arange(size)[:, None] + np.arange(width)  # [T, width]
    inside = last < size
    last = np.minimum(last, size - 1)
    sums = np.where(inside & allowed[:, None] & allowed[last], starts[:, None] + ends[last], -math.inf).ravel()
    possible = np.flatnonzero(sums > -math.inf)
    order = possible[np.argsort(-sums[possible], kind="stable")][:count]
    return [(int(i // width), int(last.flat[i]), float(sums[i])) for i in order]


def ranked(question: SpanQuestion, answers: dict[tuple[int, int], float], best: int) -> pd.DataFrame:
    """The best answers to a question as rows.

    Args:
        answers: half-open character span of the context -> score.

    Returns:
        As `SpanReader.predict`, for one question.
    """
    chosen = sorted(answers, key=lambda span: (-answers[span], span))[:best]
    scores = np.array([answers[span] for span in chosen])
    rows = [
        (question.id, rank, question.context[start:end], start, end, score, probability)
        for rank, ((start, end), score, probability) in enumerate(zip(chosen, scores, softmax(scores), strict=True), 1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
