"""Section 3: un-readable data attacks on a fine-tuned reader -> tidy tables (Tables 1-2, Figures 1, 3 and 5-9)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.finetune.reader import Reader, Training
from insidebert.measure.bootstrap import interval, replicates
from insidebert.models import loading
from insidebert.models.loading import Model
from insidebert.papers.mcrc.question_sets import concealed, name_of, splits_of
from insidebert.text.attacks import ATTACKS, Attacked, attack
from insidebert.text.questions import Question

SEED = 0
BINS = 6
SHOWN = ("AddSent2Pas-Shuffle", "AddSent2Opt", "Sent2Opt-Shuffle", "AddSent2Opt-Shuffle")
CASE = "AddSent2Opt-Shuffle"
"""The attack of Figures 5, 7, 8 and 9."""


def attacks(
    model: Model,
    dataset: Path | str,
    train: int,
    development: int,
    test: int,
    planted: dict,
    plan: dict,
    texts: bool = True,
    checkpoint: str = "",
) -> dict[str, pd.DataFrame]:
    """Fine-tune a reader, then score the test questions under every attack.

    Args:
        dataset, planted: as in `question_sets.questions_of`.
        train, development, test: so many questions.
        plan: fields of `reading.Training`.
        texts: False for data that may not be copied; where a table quotes a question, x stands for every letter.
        checkpoint: folder in which the training is kept; none if empty.

    Returns:
        accuracy: accuracy under each attack and its change, with 95% bootstrap intervals over questions.
        questions: every question under every attack, without its text. bins, correlations: Figures 5, 7 and 8.
        case: the distractor of Figure 9, word by word. examples: the texts of Figures 1 and 3. contrasts: for claims.
    """
    train_set, development_set, own = splits_of(dataset, train, development, test, planted)
    folder = Path(checkpoint) / "original-0" if checkpoint else None
    reader = Reader(model, Training(**plan)).fit(train_set, development_set, folder)
    attacked = {name: [attack(question, name, SEED) for question in own] for name in ATTACKS}
    versions = {"original": own} | {name: [made.question for made in attacked[name]] for name in ATTACKS}
    scored = reader.predict_all(versions)
    unharmed = {"original": [Attacked(question, None, 0) for question in own]}
    parts = [_rows(name, own, made, scored[name]) for name, made in (unharmed | attacked).items()]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "dataset", name_of(dataset))
    accuracies, contrasts = _accuracies(table)
    bins, correlations = _against(table)
    tables = {"accuracy": accuracies, "bins": bins, "correlations": correlations}
    tables = {name: made.assign(dataset=name_of(dataset)) for name, made in tables.items()}
    tables |= {"questions": table, "contrasts": contrasts}
    quoting = {"case": _case(reader, own, scored, attacked), "examples": _examples(own, attacked, scored)}
    tables |= quoting if texts else {name: concealed(table) for name, table in quoting.items()}
    tables["training"] = pd.DataFrame(
        [
            {
                "dataset": name_of(dataset),
                "train": len(train_set),
                "development": len(development_set),
                "test": len(own),
            }
            | {"development_accuracy": reader.development, "precision": reader.training.computed_in}
        ]
    )
    return tables


def fine_tuned(model_name: str, training: Training, checkpoint: Path, **sets) -> Reader:
    """The reader that `attacks` fine-tunes first, kept where it looks for it; `sets` as for `splits_of`."""
    train_set, development_set, _ = splits_of(**sets)
    reader = Reader(loading.load(loading.resolve(model_name)), training)
    return reader.fit(train_set, development_set, checkpoint / "original-0")


def rightness(probabilities: np.ndarray, answer: int) -> float:
    """1 if the answer alone is most probable; shared if another option reads the same and is equally probable."""
    best = np.isclose(probabilities, probabilities.max(), atol=1e-9)
    return float(best[answer]) / best.sum()


def _rows(name: str, originals: list[Question], attacked: list[Attacked], scored: list[np.ndarray]) -> pd.DataFrame:
    rows = []
    for before, made, probabilities in zip(originals, attacked, scored, strict=True):
        lengths = [
            sum(len(option.split()) for i, option in enumerate(question.options) if i != question.answer)
            for question in (before, made.question)
        ]
        rows.append(
            {"id": before.id, "attack": name, "right": rightness(probabilities, before.answer)}
            | {"p_answer": probabilities[before.answer], "length_change": lengths[1] / lengths[0] - 1}
            | {"answer_words": len(before.options[before.answer].split()), "options": len(before.options)}
            | {"degree": np.nan if made.degree is None else made.degree, "short": made.short}
        )
    return pd.DataFrame(rows)


def _accuracies(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy and its change (attacked - original) / original, paired over questions."""
    right = table.pivot(index="id", columns="attack", values="right")[["original", *ATTACKS]].to_numpy()
    means = replicates(right)
    drawn = means[:, 0] > 0  # a resample in which nothing was right to begin with cannot change
    if not drawn.any():
        raise InputError("the reader answers no test question; a change of accuracy has no meaning")
    chance = (1 / table[table["attack"] == "original"]["options"]).mean()
    rows = []
    for i, name in enumerate(("original", *ATTACKS)):
        own = table[table["attack"] == name]
        low, high = interval(means[:, i])
        change_low, change_high = interval(means[drawn, i] / means[drawn, 0] - 1)
        rows.append(
            {"attack": name, "accuracy": right[:, i].mean(), "low": low, "high": high}
            | {
                "change": right[:, i].mean() / right[:, 0].mean() - 1,
                "change_low": change_low,
                "change_high": change_high,
            }
            | {
                "questions": len(right),
                "chance": chance,
                "degree": own["degree"].mean(),
                "short": int(own["short"].sum()),
            }
        )

    def planned(mean: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "average change over the attacks": mean[mean[:, 0] > 0, 1:].mean(1) / mean[mean[:, 0] > 0, 0] - 1,
            "accuracy minus chance": mean[:, 0] - chance,
            "least accuracy under attack minus chance": mean[:, 1:].min(1) - chance,
            "attacks with a drop": (mean[:, 1:] < mean[:, :1]).sum(1),
        }

    resampled, contrasts = planned(means), []
    for name, (estimate,) in planned(right.mean(0)[None]).items():
        low, high = interval(resampled[name])
        contrasts.append({"contrast": name, "estimate": float(estimate), "low": low, "high": high})
    return pd.DataFrame(rows), pd.DataFrame(contrasts)


def _against(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change of accuracy by length change, answer length and ShuffleDegree, under AddSent2Opt-Shuffle."""
    before = table[table["attack"] == "original"].set_index("id")["right"]
    own = table[table["attack"] == CASE].set_index("id")
    drop = own["right"] - before
    bins, correlations = [], []
    for feature in ("length_change", "answer_words", "degree"):
        values = own[feature]
        groups = pd.qcut(values, BINS, labels=False, duplicates="drop").fillna(0)  # one value for all is one bin
        for number, part in drop.groupby(groups):
            original = before[part.index].mean()
            bins.append(
                {"feature": feature, "bin": int(number), "x": values[part.index].mean(), "questions": len(part)}
                | {"change": part.mean() / original if original else np.nan}
            )
        random = np.random.default_rng(SEED)
        draws = [random.integers(len(drop), size=len(drop)) for _ in range(1000)]
        drawn = [_correlation(values.to_numpy()[d], drop.to_numpy()[d]) for d in draws]
        drawn = [value for value in drawn if np.isfinite(value)]  # a feature may be the same for every question
        low, high = interval(np.array(drawn)) if drawn else (np.nan, np.nan)
        whole = _correlation(values.to_numpy(), drop.to_numpy())
        correlations.append({"feature": feature, "estimate": whole, "low": low, "high": high, "questions": len(drop)})
    return pd.DataFrame(bins), pd.DataFrame(correlations)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else float("nan")


def _case(reader: Reader, own: list[Question], scored: dict, attacked: dict[str, list[Attacked]]) -> pd.DataFrame:
    """Figure 9: the question whose answer loses most under the attack; its worst distractor, a word at a time."""
    falls = [
        before[q.answer] - after[q.answer]
        for q, before, after in zip(own, scored["original"], scored[CASE], strict=True)
    ]
    number = int(np.argmax(falls))
    question, made = own[number], attacked[CASE][number].question
    worst = max((i for i in range(len(made.options)) if i != made.answer), key=lambda i: scored[CASE][number][i])
    words = made.options[worst].split()
    steps = [
        replace(
            question, options=tuple(" ".join(words[:k]) if i == worst else o for i, o in enumerate(question.options))
        )
        for k in range(1, len(words) + 1)
    ]
    rows = []
    for k, probabilities in enumerate(reader.predict(steps), 1):
        rows.append(
            {
                "step": k,
                "word": words[k - 1],
                "answer": probabilities[question.answer],
                "distractor": probabilities[worst],
            }
        )
    about = {
        "question": question.question,
        "right": question.options[question.answer],
        "original": question.options[worst],
    }
    return pd.DataFrame(rows).assign(**about)


def _examples(own: list[Question], attacked: dict[str, list[Attacked]], scored: dict) -> pd.DataFrame:
    """Figures 1 and 3: of the questions that an attack turns from right to wrong, the one with the shortest passage."""
    rows = []
    for name in SHOWN:
        turned = [
            i
            for i, q in enumerate(own)
            if scored["original"][i].argmax() == q.answer and scored[name][i].argmax() != q.answer
        ]
        number = min(turned or range(len(own)), key=lambda i: len(own[i].passage))
        before, after = own[number], attacked[name][number].question
        common = {"attack": name, "turned": bool(turned), "answer": before.answer}
        common |= {"question": before.question, "passage": before.passage}
        common |= {"appended": after.passage[len(before.passage) :].strip()}
        for i, (option, other) in enumerate(zip(before.options, after.options, strict=True)):
            probabilities = {"p_before": scored["original"][number][i], "p_after": scored[name][number][i]}
            rows.append(common | {"option": i, "text": option, "attacked": other} | probabilities)
    return pd.DataFrame(rows)
