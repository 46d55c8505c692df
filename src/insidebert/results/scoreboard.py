"""Claims in words: numbers with their units, and the scoreboard as a page."""

import math
import re

import pandas as pd

IN_PER_CENT = ("share", "points")
"""Units of which tables hold 0 to 1; they print in per cent."""

UNITS = {"": "", "share": "%", "points": " points", "bits": " bits", "nats": " nats", "heads": " heads"}
UNITS |= {"layers": " layers", "depth": " of the depth", "count": "", "ratio": "", "correlation": ""}
"""What a number is counted in -> what is printed behind it."""


def number(value: float, unit: str = "") -> str:
    """A number with two significant digits, at least whole ones; shares and points in per cent.

    >>> number(0.3449, "share"), number(0.00412), number(123.4), number(-1e-17), number(0.9987, "share")
    ('34', '0.0041', '123', '0', '99.8')
    """
    if not math.isfinite(value):
        return "?"
    value = value * 100 if unit in IN_PER_CENT else value
    if abs(value) < 1e-12:
        return "0"
    if unit == "share" and 99 < value < 100:  # two digits would say that it is all
        return f"{math.floor(value * 10) / 10:g}"
    rounded = float(f"{value:.1e}")
    if abs(rounded) >= 100:
        return f"{value:.0f}"
    if abs(rounded) < 1e-4:
        return f"{value:.1e}"
    return f"{rounded:.{max(0, 1 - math.floor(math.log10(abs(rounded))))}f}"


def interval_in_words(measured: float, low: float, high: float, unit: str = "") -> str:
    """Such as `34 [33, 36]%` or `0.52 [0.41, 0.60] bits`."""
    shown = f"{number(measured, unit)} [{number(low, unit)}, {number(high, unit)}]"
    return shown + UNITS[unit]


def limit_in_words(holds: str, unit: str = "") -> str:
    """Such as `above 50%`; `-` for what is not decided."""
    if not holds:
        return "-"
    word, *bounds = holds.split()
    return f"{word} {' and '.join(_printed(float(bound), unit) for bound in bounds)}" + _per_cent(unit)


def paper_value(value: float, unit: str = "") -> str:
    """A number that a paper prints, such as `34.5%`."""
    return _printed(value, unit) + _per_cent(unit)


def _printed(value: float, unit: str) -> str:
    """A number that somebody wrote, with the digits that it was given."""
    return f"{value * 100 if unit in IN_PER_CENT else value:g}"


def _per_cent(unit: str) -> str:
    return UNITS[unit] if unit in IN_PER_CENT else ""


def plain(text: str) -> str:
    r"""Text from outside with everything escaped that Markdown would read as markup.

    >>> print(plain("<b>[x](y) $a_1$"))
    \<b\>\[x\](y) \$a\_1\$
    """
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", text)


def markdown(claims: pd.DataFrame, failed: list[dict], rate: float) -> str:
    """The scoreboard: a table a question, a row a claim and a column a model.

    Args:
        claims: as `claims.collect` makes them.
        failed: rows of notebook, measurement, model and reason.
        rate: of false discoveries; a verdict whose q is above it is marked.
    """
    stated = claims["verdict"].isin(["holds", "fails"])
    kept = int((stated & (claims["q"] <= rate)).sum())
    lines = [
        "# Scoreboard of claims",
        "",
        "Measured value [95% interval] verdict. `make figures` writes this page.",
        "",
        f"Of {int(stated.sum())} verdicts `holds` or `fails`, {kept} also stand where at most {rate:.0%} of those kept "
        "may be wrong (Benjamini and Hochberg, over all numbers here, p from the intervals by the normal "
        "approximation); the others carry a `?`. *random weights too*: the same model with random weights gets the "
        "same verdict.",
        "",
    ]
    for paper, own in claims.groupby("paper", sort=False):
        lines += [f"## {paper}", ""]
        for question, asked in own.groupby("question", sort=False):
            lines += ([f"### {_cell_text(question)}", ""] if question else []) + [*_table(asked, rate), ""]
    if failed:
        lines += ["## Not measured", "", "| notebook | measurement | model | because |", "| --- | --- | --- | --- |"]
        columns = ("notebook", "measurement", "model", "reason")
        lines += ["| " + " | ".join(_cell_text(row[name]) for name in columns) + " |" for row in failed] + [""]
    return "\n".join(lines)


def in_small(claims: pd.DataFrame) -> str:
    """The scoreboard for a terminal: verdicts by model."""
    if claims.empty:
        return "nothing could be decided"
    marks = claims.drop_duplicates(["paper", "id", "model"])
    marks = marks.pivot(index=["paper", "id"], columns="model", values="verdict").fillna("-")
    return marks.loc[list(dict.fromkeys(zip(claims["paper"], claims["id"], strict=True)))].to_string()


def _table(claims: pd.DataFrame, rate: float) -> list[str]:
    models = list(dict.fromkeys(claims["model"]))
    heads = ["claim", "place", "paper", "holds if", *map(_cell_text, models)]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for _, rows in claims.groupby("id", sort=False):
        claim, by_model = rows.iloc[0], {row["model"]: row for _, row in rows.iterrows()}
        value, unit = claim["paper_value"], claim["unit"]
        printed = "-" if pd.isna(value) else paper_value(value, unit)
        cells = [_cell_text(claim["statement"]), _cell_text(claim["place"]), printed]
        cells.append(limit_in_words(claim["holds_if"], claim["unit"]))
        cells += [_cell(by_model[model], rate) if model in by_model else "-" for model in models]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(row: pd.Series, rate: float) -> str:
    if row["why"]:
        return f"not measured, because {_cell_text(row['why'])}"
    said = interval_in_words(row["measured"], row["low"], row["high"], row["unit"])
    if row["verdict"] == "context":
        return said
    unsure = "?" if row["verdict"] in ("holds", "fails") and row["q"] > rate else ""
    too = " *random weights too*" if row["random"] == row["verdict"] == "holds" else ""
    return f"{said} **{row['verdict']}**{unsure}{too}"


def _cell_text(text: str) -> str:
    """Text from outside, as text in a table's cell."""
    return " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
