"""Tables 1 to 3, ready to print, with the paper's numbers beside ours."""

import pandas as pd

from insidebert.papers import printed
from insidebert.papers.edge_probing.tasks import NAMES
from insidebert.results import plots

PRINTED = printed("edge_probing")
SHOWN = ("lex", "cat", "mix")


def examples(targets: pd.DataFrame) -> pd.DataFrame:
    """Table 1."""
    return targets.assign(task=targets["task"].map(NAMES))


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """Table 3: training / development / test in each cell."""
    rows = []
    for row in table.itertuples():
        _, labels, *numbers = PRINTED["counts"].get(row.task, ["", "", *[0] * 6])
        own = {
            "task": NAMES[row.task],
            "source": row.source,
            "labels": str(row.labels),
            "sentences": _three(row.sentences_train, row.sentences_development, row.sentences_test),
            "targets": _three(row.targets_train, row.targets_development, row.targets_test),
            "used here": _three(row.used_train, row.used_development, row.used_test),
        }
        rows.append(own | {"paper, labels": str(labels), "paper, targets": _three(*numbers[3:])})
    return pd.DataFrame(rows)


def left_out(table: pd.DataFrame) -> pd.DataFrame:
    """What was not used, by reason."""
    return table.assign(task=table["task"].map(NAMES), count=table["count"].map("{:,}".format))


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2: a row a task, its sub-rows under it, and the mean of the tasks."""
    trained = plots.shown(table)
    models = list(dict.fromkeys(trained["model"]))
    rows = [
        {"task": _named(task, part)}
        | _cells(trained[(trained["task"] == task) & (trained["part"] == part)], models)
        | _paper([part or task])
        for task, part in dict.fromkeys(zip(trained["task"], trained["part"], strict=True))
    ]
    whole = trained[trained["part"] == ""]
    mean = whole.groupby(["model", "input"], sort=False)["f1"].mean()
    last = {"task": "mean of the tasks"} | {f"{m}, {i}": f"{100 * mean[m, i]:.1f}" for m in models for i in SHOWN}
    last |= _gains({m: (mean[m, "lex"], mean[m, "mix"]) for m in models}) | _paper(list(dict.fromkeys(whole["task"])))
    return pd.DataFrame([*rows, last]).fillna("-")


def _cells(own: pd.DataFrame, models: list[str]) -> dict[str, str]:
    found = own.set_index(["model", "input"])
    cells = {}
    for model in models:
        for name in SHOWN:
            row = found.loc[(model, name)]
            cells[f"{model}, {name}"] = f"{100 * row['f1']:.1f} ±{50 * (row['high'] - row['low']):.1f}"
    return cells | _gains({m: tuple(found.loc[(m, i), "f1"] for i in ("lex", "mix")) for m in models})


def _gains(ends: dict[str, tuple[float, float]]) -> dict[str, str]:
    return {f"{model}, gain": f"{100 * (mix - lex):+.1f}" for model, (lex, mix) in ends.items()}


def _paper(tasks: list[str]) -> dict[str, str]:
    known = PRINTED["f1"]
    tasks = [task for task in tasks if task in known["BERT-base, mix"]]
    if not tasks:
        return {}
    mean = {name: sum(known[f"BERT-base, {name}"][task] for task in tasks) / len(tasks) for name in SHOWN}
    return {f"BERT-base, {name}": f"{value:.1f}" for name, value in mean.items()}


def _named(task: str, part: str) -> str:
    return f"{NAMES[task]}, {part}" if part else NAMES[task]


def _three(*numbers: int) -> str:
    return " / ".join(f"{number:,}" for number in numbers) if any(numbers) else "-"
