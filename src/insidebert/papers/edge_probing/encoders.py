"""What context adds: probes of a word alone, of its neighbours, of random layers and of the model -> tidy tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.measure.bootstrap import estimate, interval, seed_replicates
from insidebert.measure.decisions import decisions, f1, sums_by
from insidebert.models.loading import Model
from insidebert.models.span_states import SpanStates, span_states
from insidebert.models.twins import orthonormal_twin
from insidebert.papers.edge_probing.plans import plan_of
from insidebert.papers.edge_probing.tasks import tasks_of
from insidebert.probes.span_code import code_length
from insidebert.probes.spans import Plan, SpanResults, fit_spans
from insidebert.text.edges import EdgeTask, control_of

INPUTS = ("lex", "cnn 1", "cnn 2", "cat", "mix")
RANDOM = "random layers"
"""The mix of the same model whose layers' matrices are random and orthogonal, its embeddings kept."""

DISTANCES = {"0": 0, "1": 1, "2": 2, "3": 3, "4-5": 5, "6-8": 8, "9+": np.inf}
"""Distances in words between the two spans' starts -> the largest of each."""

SYNTAX, SEMANTICS = ("constituents", "dependencies"), ("spr", "winograd")


@dataclass(frozen=True)
class Decided:
    """Decisions of a task's probes.

    Args:
        counts: [inputs, seeds, sentences, 3], by the name of a part; "" is the whole task.
        by_target: [inputs, seeds, N, 3]. distance, sentence: [N].
    """

    counts: dict[str, np.ndarray]
    by_target: np.ndarray
    distance: np.ndarray
    sentence: np.ndarray


def encoders(
    model: Model,
    edges: Path | str,
    tasks: Sequence[str],
    train: int,
    test: int,
    plan: dict,
    seeds: Sequence[int],
    code_updates: int,
) -> dict[str, pd.DataFrame]:
    """Probes of every task on every input, their control tasks and their code lengths.

    Args:
        edges, tasks, train, test: as in `tasks_of`; all numbers are of the test part.
        plan: as for `plans.plan_of`: updates, batch, rate.
        seeds: one training each.
        code_updates: of each of the trainings of the online code.

    Returns:
        scores: F1 of a task, a part of it (core and non-core roles) and an input, with a 95% interval over sentences
        and seeds. distances: of dependencies, by the distance between the spans. critique: F1 on the control task,
        selectivity, code length. contrasts: what claims ask.
    """
    given = tasks_of(edges, tasks, train, test)
    plans = {name: plan_of(task, **plan) for name, task in given.items()}
    decided, critique = {}, []
    words = list(dict.fromkeys(sentence.words for task in given.values() for sentence in task.sentences))
    with span_states(orthonormal_twin(model), words) as states:
        drawn = {name: fit_spans(states, task, ["mix"], seeds, plans[name]) for name, task in given.items()}
    with span_states(model, words) as states:
        for name, task in given.items():
            found = fit_spans(states, task, INPUTS, seeds, plans[name])
            decided[name] = decided_of(task, [found, drawn[name]], len(seeds))
            critique += criticised(name, task, decided[name], states, seeds, plans[name], code_updates)
    tables = {
        "scores": [row for name, own in decided.items() for row in scores(name, own)],
        "distances": distances(decided["dependencies"]) if "dependencies" in decided else [],
        "critique": critique,
        "contrasts": contrasts(decided),
    }
    columns = {"distances": ["input", "distance", "f1", "low", "high", "targets"]}
    made = {name: pd.DataFrame(rows, columns=columns.get(name) if not rows else None) for name, rows in tables.items()}
    return made | {"contrasts": made["contrasts"].assign(dataset=Path(edges).name)}


def names() -> tuple[str, ...]:
    """Inputs in the order of `Decided`."""
    return (*INPUTS, RANDOM)


def decided_of(task: EdgeTask, results: Sequence[SpanResults], seeds: int) -> Decided:
    """Decisions of probes whose results are on the same test targets."""
    probabilities = np.concatenate([own.probabilities for own in results])
    targets = results[0].targets
    gold, sentence = targets["labels"].tolist(), pd.factorize(targets["sentence"])[0]

    def counted(labels: Sequence[str]) -> np.ndarray:
        found = decisions(probabilities, gold, results[0].labels, labels)
        return np.moveaxis(found, 1, 0).reshape(-1, seeds, *found.shape[:1], 3)

    by_target = counted(task.scored)
    parts = {"": by_target} | {part: counted(labels) for part, labels in task.parts.items()}
    summed = {part: by_sentence(values, sentence) for part, values in parts.items()}
    return Decided(summed, by_target, targets["distance"].to_numpy(), sentence)


def by_sentence(values: np.ndarray, sentence: np.ndarray) -> np.ndarray:
    """[inputs, seeds, N, 3] -> [inputs, seeds, sentences, 3]."""
    return np.moveaxis(sums_by(np.moveaxis(values, 2, 0), sentence), 0, 2)


def scores(name: str, own: Decided) -> list[dict]:
    """A row a part and input."""
    rows = []
    for part, counts in own.counts.items():
        for i, label in enumerate(names()):
            row = {"task": name, "part": part, "input": label}
            rows.append(f1_row(counts[i], **row) | {"targets": len(own.sentence), "seeds": counts.shape[1]})
    return rows


def f1_row(counts: np.ndarray, **labels) -> dict:
    """A row of F1 with its interval; counts [seeds, sentences, 3]."""
    return estimate(counts.mean(0), f1, name="f1", drawn=seed_replicates(counts), **labels)


def distances(own: Decided) -> list[dict]:
    """A row an input and distance."""
    places = np.searchsorted(list(DISTANCES.values()), own.distance)
    rows = []
    for i, label in enumerate(names()):
        for place, distance in enumerate(DISTANCES):
            inside = places == place
            if inside.sum() >= 5:
                counts = by_sentence(own.by_target[i : i + 1] * inside[:, None], own.sentence)[0]
                rows.append(f1_row(counts, input=label, distance=distance) | {"targets": int(inside.sum())})
    return rows


def criticised(
    name: str,
    task: EdgeTask,
    own: Decided,
    states: SpanStates,
    seeds: Sequence[int],
    plan: Plan,
    code_updates: int,
) -> list[dict]:
    """Selectivity and code length of a word alone and of the mix."""
    control = control_of(task)
    asked = ["lex", "mix"]
    found = decided_of(control, [fit_spans(states, control, asked, seeds[:1], plan)], 1)
    lengths = code_length(states, task, asked, seeds[:1], plan, updates=code_updates).set_index("input")
    rows = []
    for i, label in enumerate(asked):
        both = np.concatenate([own.counts[""][names().index(label)][:1], found.counts[""][i]], axis=2)[0]
        row = estimate(both, lambda m: f1(m[:, :3]) - f1(m[:, 3:]), name="selectivity", task=name, input=label)
        row |= {"f1": float(f1(both.mean(0)[:3])), "control": float(f1(both.mean(0)[3:]))}
        rows.append(row | lengths.loc[label, ["bits", "uniform_bits", "compression"]].astype(float).to_dict())
    return rows


def contrasts(decided: Mapping[str, Decided]) -> list[dict]:
    """A row per statistic that the tasks at hand allow, means over tasks where it names none."""
    parts = {(name, part): counts for name, own in decided.items() for part, counts in own.counts.items()}
    known = {key: _both(counts) for key, counts in parts.items()}
    far = _far(decided["dependencies"]) if "dependencies" in decided else None
    if far:
        known[("dependencies", "near")], known[("dependencies", "far")] = far
    rows = []
    for name, (needed, statistic) in planned([key for key in known if not key[1]]).items():
        if set(needed) <= set(known):
            point, drawn = ({key: values[i] for key, values in known.items()} for i in (0, 1))
            low, high = interval(statistic(drawn))
            rows.append({"contrast": name, "estimate": float(statistic(point)[0]), "low": low, "high": high})
    return rows


def _both(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 of every input: as measured [1, inputs], and resampled [n, inputs]; counts [inputs, seeds, sentences, 3]."""
    values = np.moveaxis(counts, 0, 2)  # [seeds, sentences, inputs, 3]
    return f1(values.mean((0, 1)))[None], f1(seed_replicates(values))


def _far(own: Decided) -> tuple | None:
    """Dependencies of neighbouring words, and of words at least 6 apart; None where there are too few."""
    near, far = own.distance == 1, own.distance >= 6
    if min(near.sum(), far.sum()) < 5:
        return None
    return tuple(_both(by_sentence(own.by_target * chosen[:, None], own.sentence)) for chosen in (near, far))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return part / whole


Scores = Mapping[tuple[str, str], np.ndarray]


def planned(tasks: Sequence[tuple[str, str]]) -> dict[str, tuple[Sequence, Callable[[Scores], np.ndarray]]]:
    """Contrast -> the (task, part) that it needs, and the function of their F1."""
    place = {name: i for i, name in enumerate(names())}

    def gain(one: str, other: str, keys: Sequence[tuple[str, str]]) -> Callable[[Scores], np.ndarray]:
        return lambda of: np.mean([of[key][:, place[one]] - of[key][:, place[other]] for key in keys], axis=0)

    def share(part: str) -> Callable[[Scores], np.ndarray]:
        return lambda of: _ratio(gain(part, "lex", tasks)(of), gain("mix", "lex", tasks)(of))

    def minus(one: Callable, other: Callable) -> Callable[[Scores], np.ndarray]:
        return lambda of: one(of) - other(of)

    def drop(label: str) -> Callable[[Scores], np.ndarray]:
        near, far = ("dependencies", "near"), ("dependencies", "far")
        return lambda of: of[near][:, place[label]] - of[far][:, place[label]]

    syntax, semantics = [(name, "") for name in SYNTAX], [key for key in tasks if key[0] in SEMANTICS]
    core, rest = ("roles", "core"), ("roles", "non-core")
    ends = [("dependencies", "near"), ("dependencies", "far")]
    found = {f"{name}: mix minus lex": ([(name, "")], gain("mix", "lex", [(name, "")])) for name, _ in tasks}
    found |= {f"{name}: mix minus cnn 2": ([(name, "")], gain("mix", "cnn 2", [(name, "")])) for name, _ in tasks}
    if semantics:
        apart = minus(gain("mix", "lex", syntax), gain("mix", "lex", semantics))
        found["mix minus lex, syntax minus semantics"] = ([*syntax, *semantics], apart)
    return found | {
        "mix minus lex": ((), gain("mix", "lex", tasks)),
        "mix minus cat": ((), gain("mix", "cat", tasks)),
        "mix": ((), lambda of: np.mean([of[key][:, place["mix"]] for key in tasks], axis=0)),
        "random layers minus lex": ((), gain(RANDOM, "lex", tasks)),
        "share of the gain that is learned": ((), lambda of: 1 - share(RANDOM)(of)),
        "share of the gain, cnn 1": ((), share("cnn 1")),
        "share of the gain, cnn 2": ((), share("cnn 2")),
        "roles: gain of core minus non-core": (
            (core, rest),
            minus(gain("mix", "lex", [core]), gain("mix", "lex", [rest])),
        ),
        "roles, non-core: mix minus cnn 2": ((rest,), gain("mix", "cnn 2", [rest])),
        "dependencies: lost with distance, mix": (ends, drop("mix")),
        "dependencies: lost with distance, cnn 2 minus mix": (ends, minus(drop("cnn 2"), drop("mix"))),
        "dependencies: lost with distance, random layers minus mix": (ends, minus(drop(RANDOM), drop("mix"))),
    }
