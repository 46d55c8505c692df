"""What a paper claims, as data, and whether it holds for the models at hand."""

from dataclasses import dataclass
from importlib.resources import files

import pandas as pd
import yaml

from insidebert.errors import InputError
from insidebert.results.artifacts import read_tidy, write_text, write_tidy
from insidebert.results.paths import Paths

COLUMNS = [
    "paper",
    "id",
    "statement",
    "place",
    "paper_value",
    "model",
    "measured",
    "low",
    "high",
    "holds_if",
    "verdict",
]


@dataclass(frozen=True)
class Claim:
    """A finding of a paper.

    Args:
        id, statement, place: what is said and where.
        paper: the number printed there, or None.
        table: tidy table that decides, with columns low, high and either estimate or coefficient.
        where: column -> value of the deciding row.
        holds: `above X`, `below X` or `between X Y`.
        data: `recorded` among them if the recorded tables decide it too, as a model of their own.
        optional: the row may be missing, because a reader's data need not hold every case.
        models: two models if the claim compares them (first minus second); empty if it is about each model.
    """

    id: str
    statement: str
    place: str
    paper: float | None
    table: str
    where: dict
    holds: str
    models: tuple[str, ...] = ()
    optional: bool = False
    unit: str = ""
    question: str = ""
    figure: str = ""
    data: tuple[str, ...] = ("embedded",)


def read(paper: str) -> list[Claim]:
    """The claims of a paper; an unknown key is an error."""
    text = (files(f"insidebert.papers.{paper}") / "claims.yml").read_text(encoding="utf-8")
    return [Claim(**entry) for entry in yaml.safe_load(text)]


def verdict(low: float, high: float, holds: str) -> str:
    """Holds if the interval lies wholly where the claim says, fails if wholly elsewhere, else cannot tell.

    Args:
        low, high: 95% interval.
        holds: `above X`, `below X` or `between X Y`.
    """
    word, *bounds = holds.split()
    limits = [float(bound) for bound in bounds]
    inside = {
        "above": lambda: (limits[0], float("inf")),
        "below": lambda: (float("-inf"), limits[0]),
        "between": lambda: tuple(limits),
    }
    if word not in inside:
        raise InputError(f"a claim holds 'above X', 'below X' or 'between X Y', not {holds!r}")
    bottom, top = inside[word]()
    if bottom < low and high < top:
        return "holds"
    return "fails" if high <= bottom or low >= top else "cannot tell"


def decide(claim: Claim, table: pd.DataFrame) -> list[dict]:
    """The claim against every trained model of a tidy table.

    Raises:
        InputError: no row, or more than one a model, is where the claim says.
    """
    rows = table[table["weights"] == "trained"]
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


def collect(paths: Paths, papers: tuple[str, ...]) -> pd.DataFrame:
    """Decide every claim whose table is there, and write `claims.csv` and `claims.md` beside the figures.

    Raises:
        InputError: no table is there; the files stay as they are.
    """
    rows = []
    for paper in papers:
        for claim in read(paper):
            common = {"paper": paper, "id": claim.id, "statement": claim.statement, "place": claim.place}
            common |= {"paper_value": claim.paper, "holds_if": claim.holds}
            for folder in (paths.results, *[paths.recorded] * ("recorded" in claim.data)):
                path = folder / paper / f"{claim.table}.csv"
                if path.exists():
                    table = read_tidy(path)
                    if folder == paths.recorded:
                        table["model"] += " on " + table["dataset"].str.upper()
                    rows += [common | row for row in decide(claim, table)]
    if not rows:
        raise InputError(f"no results in {paths.results}; `make figures` measures them")
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_tidy(paths.figures / "claims.csv", table)
    write_text(paths.figures / "claims.md", markdown(table))
    return table


def markdown(claims: pd.DataFrame) -> str:
    """The scoreboard, a row a claim and a column a model."""
    lines = [
        "# Scoreboard of claims",
        "",
        "Measured value [95% interval] verdict. `make figures` writes this page.",
        "",
    ]
    for paper, own in claims.groupby("paper", sort=False):
        models = list(dict.fromkeys(own["model"]))
        lines += [f"## {paper}", "", f"| claim | place | paper | holds if | {' | '.join(models)} |"]
        lines += ["|" + " --- |" * (4 + len(models))]
        for _, claim in own.groupby("id", sort=False):
            first = claim.iloc[0]
            cells = [_cell(claim[claim["model"] == model]) for model in models]
            printed = "-" if pd.isna(first["paper_value"]) else f"{first['paper_value']:g}"
            lines.append(
                "| " + " | ".join([first["statement"], first["place"], printed, first["holds_if"], *cells]) + " |"
            )
        lines.append("")
    return "\n".join(lines)


def scoreboard(claims: pd.DataFrame) -> str:
    """The scoreboard in small, for a terminal: verdicts by model."""
    marks = claims.pivot(index=["paper", "id"], columns="model", values="verdict").fillna("-")
    return marks.loc[list(dict.fromkeys(zip(claims["paper"], claims["id"], strict=True)))].to_string()


def _cell(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "-"
    row = rows.iloc[0]
    return f"{row['measured']:.2f} [{row['low']:.2f}, {row['high']:.2f}] **{row['verdict']}**"


def _difference(values: dict, first: str, second: str) -> dict:
    """First model minus second, if both were run; the sentences are the same, so adding the widths is cautious."""
    if first not in values or second not in values:
        return {}
    (a, a_low, a_high), (b, b_low, b_high) = values[first], values[second]
    return {f"{first} - {second}": (a - b, a_low - b_high, a_high - b_low)}
