"""What a paper claims, as data, and whether it holds for the models at hand."""

from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.results.failures import failures
from insidebert.results.paths import Paths
from insidebert.results.scoreboard import UNITS, interval_in_words, limit_in_words, markdown
from insidebert.results.tables import read_json, read_tidy, write_tidy

CONTEXT, NOT_MEASURED = "context", "not measured"
"""Verdicts on what is shown but not decided, and on what failed."""

DISCOVERIES = 0.05
"""Of all verdicts `holds` and `fails` that a scoreboard keeps, so many are expected to be wrong."""

COLUMNS = [
    *("paper", "id", "statement", "place", "paper_value", "model", "measured", "low", "high", "holds_if", "verdict"),
    *("unit", "question", "figure", "random", "floor", "q", "file", "why"),
]


@dataclass(frozen=True)
class Claim:
    """A finding of a paper.

    Args:
        id, statement, place: what is said and where.
        paper: the number printed there, or None.
        table: tidy table that decides, with columns low, high and one of estimate, coefficient and score.
        where: column -> value of the deciding row.
        minus: the same of a second row, which is subtracted; None if the first decides alone.
        holds: `above X`, `below X` or `between X Y`; None for a number that is shown as context and decides nothing.
        models: two models if the claim compares them (first minus second); empty if it is about each model.
        optional: the row may be missing, because a reader's data need not hold every case.
        unit: one of `scoreboard.UNITS`.
        question: heading under which the scoreboard puts it.
        figure: slug of the artifact that shows it.
        data: `recorded` among them if the tables of runs on other people's data decide it too, as a model of its own.
    """

    id: str
    statement: str
    place: str
    paper: float | None
    table: str
    where: dict
    holds: str | None
    minus: dict | None = None
    models: tuple[str, ...] = ()
    optional: bool = False
    unit: str = ""
    question: str = ""
    figure: str = ""
    data: tuple[str, ...] = ("embedded",)

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(f"claim {self.id}: no unit {self.unit!r}; there are {', '.join(filter(None, UNITS))}")
        if self.holds is not None:
            limits(self.holds)


def read(paper: str) -> list[Claim]:
    """The claims of a paper.

    Raises:
        InputError: an entry cannot be read, with its place.
    """
    path = files(f"insidebert.papers.{paper}") / "claims.yml"
    known, found = {field.name for field in fields(Claim)}, []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in entries:
            if odd := set(entry) - known:
                raise InputError(f"{path}: claim {entry.get('id')} has an unknown key {min(odd)!r}")
            found.append(Claim(**entry))
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise InputError(f"{path}, behind claim {found[-1].id if found else 'none'}: {error}") from None
    return found


def verdict(low: float, high: float, holds: str | None) -> str:
    """Holds if the interval lies wholly where the claim says, fails if wholly elsewhere, else cannot tell.

    Args:
        low, high: 95% interval.
        holds: `above X`, `below X`, `between X Y`, or None for `context`.
    """
    if holds is None:
        return CONTEXT
    bottom, top = limits(holds)
    if bottom < low and high < top:
        return "holds"
    return "fails" if high <= bottom or low >= top else "cannot tell"


def decide(claim: Claim, table: pd.DataFrame) -> list[dict]:
    """The claim against every trained model of a tidy table, a row each.

    In `random` stands the verdict that the model's random twin gets, in `floor` its number; empty where none was
    measured.

    Raises:
        InputError: no row, or more than one a model, is where the claim says.
    """
    twins = {model: row for model, *row in _deciding(claim, table, "random")}
    return [
        {
            "model": model,
            "measured": measured,
            "low": low,
            "high": high,
            "verdict": verdict(low, high, claim.holds),
            "random": verdict(*twins[model][1:], claim.holds) if model in twins else "",
            "floor": twins[model][0] if model in twins else np.nan,
        }
        for model, measured, low, high in _deciding(claim, table, "trained")
    ]


def p_value(measured: float, low: float, high: float, holds: str | None) -> float:
    """Probability of a distance this large between a number and the nearest limit of its claim, were there none.

    Two-sided, by the normal approximation: the standard error is the 95% interval's width / 3.92. NaN where nothing
    is decided.
    """
    from scipy.stats import norm

    if holds is None or not np.isfinite([measured, low, high]).all():
        return np.nan
    distance = min(abs(measured - limit) for limit in limits(holds))
    error = (high - low) / (2 * norm.ppf(0.975))
    return float(2 * norm.sf(distance / error)) if error else float(distance == 0)


def discoveries(p_values: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's q of each p: the rate of false verdicts among those that are at least this clear."""
    from statsmodels.stats.multitest import multipletests

    q, tested = np.full(len(p_values), np.nan), np.isfinite(p_values)
    if tested.any():
        q[tested] = multipletests(p_values[tested], method="fdr_bh")[1]
    return q


def findings(claims: list[Claim], results: Path) -> pd.DataFrame:
    """Claims beside what was measured, in words: a row per claim and model.

    Args:
        results: folder of the paper's tidy tables.
    """
    rows = []
    for claim in claims:
        said = {"the paper says": claim.statement, "where": claim.place}
        said |= {"holds if": limit_in_words(claim.holds or "", claim.unit)}
        for row in decide(claim, read_tidy(results / f"{claim.table}.csv")):
            interval = interval_in_words(row["measured"], row["low"], row["high"], claim.unit)
            own = {"model": row["model"], "measured [95%]": interval, "verdict": row["verdict"]}
            rows.append(said | own | {"verdict with random weights": row["random"] or "not measured"})
    return pd.DataFrame(rows)


def collect(paths: Paths, papers: tuple[str, ...]) -> pd.DataFrame:
    """Decide every claim whose table is there, and write `claims.csv` and `claims.md` beside the figures.

    Raises:
        InputError: nothing was measured, and nothing failed; the files stay as they are.
    """
    rows, failed = [], failures(paths)
    for paper in papers:
        broken = failures(paths, paper)
        for claim in read(paper):
            common = {name: getattr(claim, name) for name in ("id", "statement", "place", "unit", "question", "figure")}
            common |= {"paper": paper, "paper_value": claim.paper, "holds_if": claim.holds or ""}
            common |= {"why": "", "random": "", "file": ""}
            for folder in (paths.results, *[paths.recorded] * _recorded(claim, paths.recorded / paper)):
                table, known = _table(folder / paper, claim.table, folder == paths.recorded)
                try:
                    decided = decide(claim, table) if table is not None else []
                except InputError as error:  # tables of an older version; the other claims are decided all the same
                    why = f"{error}; `make figures` measures it anew"
                    rows.append(common | {"model": "", "verdict": NOT_MEASURED, "why": why})
                    continue
                for row in decided:
                    p = p_value(row["measured"], row["low"], row["high"], claim.holds)
                    shas = [known[model] for model in (claim.models or (row["model"],)) if model in known]
                    rows.append(common | row | {"p": p, "file": " ".join(shas)})
            for failure in broken:
                if failure["measurement"] == claim.table.rpartition("-")[0]:
                    rows.append(common | {"model": failure["model"], "verdict": NOT_MEASURED, "why": failure["reason"]})
    if not rows and not failed:
        raise InputError(f"no results in {paths.results}; `make figures` measures them")
    table = pd.DataFrame(rows, columns=[*COLUMNS, "p"])
    numbers = ["paper_value", "measured", "low", "high", "floor", "p"]
    table = table.astype(dict.fromkeys(numbers, float))
    table["q"] = discoveries(table.pop("p").to_numpy())
    write_tidy(paths.figures / "claims.csv", table)
    write_text(paths.figures / "claims.md", markdown(table, failed, DISCOVERIES))
    return table


def limits(holds: str) -> tuple[float, float]:
    """Between which numbers a claim holds; an open end is infinite.

    Raises:
        InputError: it is none of `above X`, `below X` and `between X Y`.
    """
    try:
        word, *bounds = holds.split()
        numbers = [float(bound) for bound in bounds]
        if word == "between":
            bottom, top = numbers
            return bottom, top
        (number,) = numbers
        return {"above": (number, np.inf), "below": (-np.inf, number)}[word]
    except (ValueError, KeyError, AttributeError):
        raise InputError(f"a claim holds 'above X', 'below X' or 'between X Y', not {holds!r}") from None


def _recorded(claim: Claim, folder: Path) -> bool:
    """Whether a run on other people's data decides a claim too; one by an earlier version may lack its row."""
    path = folder / f"{claim.table}.csv"
    if "recorded" not in claim.data or not path.exists():
        return False
    table = read_tidy(path)
    known = {"dataset", "low", "high", *claim.where} <= {*table}
    return known and bool((table[[*claim.where]] == pd.Series(claim.where)).all(axis=1).any())


def _table(folder: Path, name: str, recorded: bool) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """A tidy table, None if it is not there, and each trained model's first digits of its file's SHA-256.

    In a recorded table the models say on which data they were measured.
    """
    path, record = folder / f"{name}.csv", folder / f"{name.rpartition('-')[0]}.json"
    if not path.exists():
        return None, {}
    table, models = read_tidy(path), read_json(record).get("models", []) if record.exists() else []
    files = {model["label"]: model["sha256"][:8] for model in models if model["weights"] == "trained"}
    if recorded:
        on = table["dataset"].str.upper()
        files = {f"{label} on {data}": sha for label, sha in files.items() for data in on.unique()}
        table = table.assign(model=table["model"] + " on " + on)
    return table, files


def _deciding(claim: Claim, table: pd.DataFrame, weights: str) -> list[tuple]:
    """What decides a claim: model, measured number, low, high.

    Of two models, or of two rows, the difference, first minus second, if both were run; the sentences are the same, so
    adding the widths is cautious.
    """
    found = _rows(claim, claim.where, table, weights)
    if claim.minus:
        other = {model: values for model, *values in _rows(claim, claim.minus, table, weights)}
        found = [(model, *_difference(values, other[model])) for model, *values in found if model in other]
    if not claim.models:
        return found
    known = {model: values for model, *values in found}
    if not set(claim.models) <= set(known):
        return []
    return [(" - ".join(claim.models), *_difference(*(known[model] for model in claim.models)))]


def _difference(first: list[float], second: list[float]) -> tuple[float, float, float]:
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    return a - b, a_low - b_high, a_high - b_low


def _rows(claim: Claim, where: dict, table: pd.DataFrame, weights: str) -> list[tuple]:
    """The rows where a claim says: model, what was measured, low, high."""
    rows = table[table["weights"] == weights]
    missing_is_fine = rows.empty or claim.optional  # where only baselines were run there are no trained models
    for column, value in where.items():
        rows = rows[rows[column] == value] if column in rows else rows[:0]
    if rows["model"].duplicated().any() or (rows.empty and not missing_is_fine):
        raise InputError(f"claim {claim.id}: {claim.table} has {len(rows)} rows with {where}, one a model is wanted")
    measured = next((name for name in ("coefficient", "estimate") if name in rows), "score")
    return [tuple(row) for row in rows[["model", measured, "low", "high"]].itertuples(index=False)]
