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
from insidebert.results.scoreboard import interval_in_words, limit_in_words, markdown
from insidebert.results.tables import read_json, read_tidy, write_tidy

CONTEXT, NOT_MEASURED = "context", "not measured"
"""Verdicts on what is shown but not decided, and on what failed."""

UNITS = ("", "share", "points", "bits", "nats", "heads", "layers", "depth", "count", "ratio", "correlation")
"""Of a share, and of points between two shares, tables hold 0 to 1; they print in per cent."""

DISCOVERIES = 0.05
"""Of all verdicts `holds` and `fails` that a scoreboard keeps, so many are expected to be wrong."""

COLUMNS = [
    *("paper", "id", "statement", "place", "paper_value", "model", "measured", "low", "high", "holds_if", "verdict"),
    *("unit", "question", "figure", "random", "q", "file", "why"),
]


@dataclass(frozen=True)
class Claim:
    """A finding of a paper.

    Args:
        id, statement, place: what is said and where.
        paper: the number printed there, or None.
        table: tidy table that decides, with columns low, high and either estimate or coefficient.
        where: column -> value of the deciding row.
        holds: `above X`, `below X` or `between X Y`; None for a number that is shown as context and decides nothing.
        models: two models if the claim compares them (first minus second); empty if it is about each model.
        optional: the row may be missing, because a reader's data need not hold every case.
        unit: one of `UNITS`.
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
            _limits(self.holds)


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
    bottom, top = _limits(holds)
    if bottom < low and high < top:
        return "holds"
    return "fails" if high <= bottom or low >= top else "cannot tell"


def decide(claim: Claim, table: pd.DataFrame, weights: str = "trained") -> list[dict]:
    """The claim against every model of a tidy table.

    Args:
        weights: `trained`, or `random` to ask what the models' random twins would get.

    Raises:
        InputError: no row, or more than one a model, is where the claim says.
    """
    rows = table[table["weights"] == weights]
    if rows.empty:  # only baselines were run; a claim is about trained models
        return []
    for column, value in claim.where.items():
        rows = rows[rows[column] == value]
    rows = rows.set_index("model")
    if rows.empty and claim.optional:
        return []
    if rows.empty or rows.index.has_duplicates:
        raise InputError(
            f"claim {claim.id}: {claim.table} has {len(rows)} rows with {claim.where}, one a model is wanted"
        )
    measured = rows["coefficient"] if "coefficient" in rows else rows["estimate"]
    values = {model: (measured[model], rows.at[model, "low"], rows.at[model, "high"]) for model in rows.index}
    if claim.models:
        values = _difference(values, *claim.models)
    return [
        {"model": model, "measured": value, "low": low, "high": high, "verdict": verdict(low, high, claim.holds)}
        for model, (value, low, high) in values.items()
    ]


def decide_beside_random(claim: Claim, table: pd.DataFrame) -> list[dict]:
    """As `decide`, and in `random` the verdict that the model's random twin gets; empty where none was measured."""
    twins = {row["model"]: row["verdict"] for row in decide(claim, table, "random")}
    return [row | {"random": twins.get(row["model"], "")} for row in decide(claim, table)]


def p_value(measured: float, low: float, high: float, holds: str | None) -> float:
    """Probability of a distance this large between a number and the nearest limit of its claim, were there none.

    Two-sided, by the normal approximation: the standard error is the 95% interval's width / 3.92. NaN where nothing
    is decided.
    """
    from scipy.stats import norm

    if holds is None or not np.isfinite([measured, low, high]).all():
        return np.nan
    distance = min(abs(measured - limit) for limit in _limits(holds))
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
        for row in decide_beside_random(claim, read_tidy(results / f"{claim.table}.csv")):
            interval = interval_in_words(row["measured"], row["low"], row["high"], claim.unit)
            own = {"model": row["model"], "measured [95%]": interval, "verdict": row["verdict"]}
            rows.append(said | own | {"random weights": row["random"]})
    return pd.DataFrame(rows)


def collect(paths: Paths, papers: tuple[str, ...]) -> pd.DataFrame:
    """Decide every claim whose table is there, and write `claims.csv` and `claims.md` beside the figures.

    Raises:
        InputError: nothing was measured, and nothing failed; the files stay as they are.
    """
    rows, failed = [], failures(paths)
    for paper in papers:
        for claim in read(paper):
            common = {"paper": paper, "id": claim.id, "statement": claim.statement, "place": claim.place}
            common |= {"paper_value": claim.paper, "holds_if": claim.holds or "", "unit": claim.unit}
            common |= {"question": claim.question, "figure": claim.figure, "why": "", "random": "", "file": ""}
            measurement = claim.table.rpartition("-")[0]
            for folder in (paths.results, *[paths.recorded] * _recorded(claim, paths.recorded / paper)):
                table, known = _table(folder / paper, claim.table, folder == paths.recorded)
                for row in decide_beside_random(claim, table) if table is not None else []:
                    p = p_value(row["measured"], row["low"], row["high"], claim.holds)
                    shas = [known[model] for model in (claim.models or (row["model"],)) if model in known]
                    rows.append(common | row | {"p": p, "file": " ".join(shas)})
            for failure in failed:
                if failure["measurement"] == measurement and measurement:
                    missing = {"model": failure["model"], "verdict": NOT_MEASURED, "why": failure["reason"]}
                    rows.append(common | missing | {"p": np.nan})
    if not rows and not failed:
        raise InputError(f"no results in {paths.results}; `make figures` measures them")
    table = pd.DataFrame(rows, columns=[*COLUMNS, "p"])
    numbers = ["paper_value", "measured", "low", "high", "p"]
    table[numbers] = table[numbers].astype(float)
    table["q"] = discoveries(table.pop("p").to_numpy())
    write_tidy(paths.figures / "claims.csv", table)
    write_text(paths.figures / "claims.md", markdown(table, failed, DISCOVERIES))
    return table


def scoreboard(claims: pd.DataFrame) -> str:
    """The scoreboard in small, for a terminal: verdicts by model."""
    if claims.empty:
        return "nothing could be decided"
    marks = claims.drop_duplicates(["paper", "id", "model"])
    marks = marks.pivot(index=["paper", "id"], columns="model", values="verdict").fillna("-")
    return marks.loc[list(dict.fromkeys(zip(claims["paper"], claims["id"], strict=True)))].to_string()


def _limits(holds: str) -> tuple[float, float]:
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
    known = {"dataset", *claim.where} <= {*table}
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


def _difference(values: dict, first: str, second: str) -> dict:
    """First model minus second, if both were run; the sentences are the same, so adding the widths is cautious."""
    if first not in values or second not in values:
        return {}
    (a, a_low, a_high), (b, b_low, b_high) = values[first], values[second]
    return {f"{first} - {second}": (a - b, a_low - b_high, a_high - b_low)}
