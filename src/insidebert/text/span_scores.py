"""How SQuAD scores answers that are spans: exact match and F1 over words."""

import re
import string
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from insidebert.errors import InputError
from insidebert.text.span_questions import SpanQuestion

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """An answer as SQuAD compares it: lower case, without ASCII punctuation, articles and superfluous blanks.

    Source:
        SQuAD 1.1's evaluation script, `normalize_answer`.

    Example:
        >>> normalised("The  Denver-Broncos!")
        'denverbroncos'
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def exact_match(prediction: str, answers: Sequence[str]) -> bool:
    """Whether a prediction is one of the answers, once all are normalised."""
    return normalised(prediction) in map(normalised, answers)


def f1(prediction: str, answers: Sequence[str]) -> float:
    """The best F1 of the words of a prediction against those of an answer, between 0 and 1.

    As in SQuAD 1.1's script, texts of which nothing is left (`the`) have no word in common, even with themselves.

    Example:
        >>> f1("the red house", ["a red old house", "house"])
        0.8
    """
    return max(map(_shared(normalised(prediction).split()), answers), default=0.0)


def squad_scores(predictions: pd.DataFrame | dict[str, str], questions: Sequence[SpanQuestion]) -> pd.DataFrame:
    """Exact match and F1, a row a question.

    Args:
        predictions: what `SpanReader.predict` gave, of which the first rank counts; or question's id -> text.
        questions: each with at least one answer.

    Returns:
        id, kind, hops, group, answer (the first), prediction, exact_match (bool), f1 (0 to 1), in the questions' order.

    Raises:
        InputError: a question without a prediction.
    """
    if isinstance(predictions, pd.DataFrame):
        first = predictions[predictions["rank"] == 1]
        predictions = dict(zip(first["id"], first["text"], strict=True))
    rows = []
    for question in questions:
        if question.id not in predictions:
            raise InputError(f"question {question.id} has no prediction; predict the same questions that are scored")
        answers, said = [text for text, _ in question.answers], predictions[question.id]
        known = {"id": question.id, "kind": question.kind, "hops": question.hops, "group": question.group}
        right = {"exact_match": exact_match(said, answers), "f1": f1(said, answers)}
        rows.append(known | {"answer": answers[0], "prediction": said} | right)
    columns = ["id", "kind", "hops", "group", "answer", "prediction", "exact_match", "f1"]
    return pd.DataFrame(rows, columns=columns).astype({"exact_match": bool, "f1": float})


def _shared(said: list[str]):
    """Function: answer -> F1 of these words against it."""

    def score(answer: str) -> float:
        words = normalised(answer).split()
        same = sum((Counter(said) & Counter(words)).values())
        return 2 * same / (len(said) + len(words)) if same else 0.0

    return score
