"""Questions that figures quote: the case of Figure 9, the examples of Figures 1 and 3."""

from dataclasses import replace

import numpy as np
import pandas as pd

from insidebert.finetune.reader import Reader
from insidebert.text.attacks import Attacked
from insidebert.text.questions import Question

CASE = "AddSent2Opt-Shuffle"
"""The attack of Figures 5, 7, 8 and 9."""

APPENDED, OPTIONS = "AddSent2Pas-Shuffle", ("AddSent2Opt", "Sent2Opt-Shuffle", CASE)
"""The attacks of Figure 1 and of Figure 3."""


def case(reader: Reader, versions: dict[str, list[Attacked]], scored: dict[str, list[np.ndarray]]) -> pd.DataFrame:
    """Figure 9: the question whose answer loses most under the attack; its worst distractor, a word at a time.

    Step 0 is the empty distractor, as in the paper.
    """
    own = [made.question for made in versions["original"]]
    pairs = zip(own, scored["original"], scored[CASE], strict=True)
    number = int(np.argmax([before[q.answer] - after[q.answer] for q, before, after in pairs]))
    question, made = own[number], versions[CASE][number].question
    worst = max((i for i in range(len(made.options)) if i != made.answer), key=lambda i: scored[CASE][number][i])
    words = made.options[worst].split()
    steps = [_with_option(question, worst, " ".join(words[:k])) for k in range(len(words) + 1)]
    rows = [
        {"step": k, "word": word, "answer": found[question.answer], "distractor": found[worst]}
        for k, (word, found) in enumerate(zip(["", *words], reader.predict(steps), strict=True))
    ]
    options = {"right": question.options[question.answer], "original": question.options[worst]}
    return pd.DataFrame(rows).assign(question=question.question, **options)


def examples(versions: dict[str, list[Attacked]], scored: dict[str, list[np.ndarray]]) -> pd.DataFrame:
    """Figures 1 and 3: the question with the shortest passage that the attack turns from right to wrong.

    Figure 3 shows one question under its three attacks, which all turn it; where none is, one that most of them turn.
    """
    own = [made.question for made in versions["original"]]
    turned = {
        name: np.array([_turned(*each) for each in zip(own, scored["original"], scored[name], strict=True)])
        for name in (APPENDED, *OPTIONS)
    }
    together = np.sum([turned[name] for name in OPTIONS], axis=0)
    chosen = {APPENDED: _shortest(own, turned[APPENDED])}
    chosen |= dict.fromkeys(OPTIONS, _shortest(own, together == together.max()))
    rows = []
    for name, number in chosen.items():
        before, made = own[number], versions[name][number]
        common = {"attack": name, "turned": bool(turned[name][number]), "answer": before.answer}
        common |= {"question": before.question, "passage": before.passage, "appended": made.added.strip()}
        for i, (option, other) in enumerate(zip(before.options, made.question.options, strict=True)):
            probabilities = {"p_before": scored["original"][number][i], "p_after": scored[name][number][i]}
            rows.append(common | {"option": i, "text": option, "attacked": other} | probabilities)
    return pd.DataFrame(rows)


def _with_option(question: Question, place: int, text: str) -> Question:
    return replace(question, options=tuple(text if i == place else o for i, o in enumerate(question.options)))


def _turned(question: Question, before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a right choice became a wrong one."""
    return bool(before.argmax() == question.answer != after.argmax())


def _shortest(questions: list[Question], chosen: np.ndarray) -> int:
    """Place of the chosen question with the shortest passage; of all, if none is chosen."""
    places = np.flatnonzero(chosen) if chosen.any() else range(len(questions))
    return int(min(places, key=lambda i: len(questions[i].passage)))
