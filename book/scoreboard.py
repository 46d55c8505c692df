"""The scoreboard's page: a drawn strip a claim, and the same in tables."""

import re
from collections.abc import Collection
from html import escape

import nbformat
import pandas as pd

from book.chinese import ENGLISH, Phrases, limit
from book.pages import unmeasured
from book.strips import strip
from insidebert.models.embedded import EMBEDDED
from insidebert.results.claims import DISCOVERIES, read
from insidebert.results.records import FIRST
from insidebert.results.scoreboard import UNITS, limit_in_words, number, paper_value, plain

LEGEND = (
    "**How to read a strip.** A line is a model, its mark the measured value with its 95% interval; the diamond above "
    "is the paper's number, the short tick the same model with random weights. The claim asks for the shaded part of "
    "the scale. A full dot [holds]{.verdict .holds}: the whole interval is there. A cross [fails]{.verdict .fails}: it "
    "lies wholly elsewhere. A ring: we [cannot tell]{.verdict .cannot-tell}. A bar is a number that decides nothing."
)
NOTES = (
    "A claim that fails says something about the model that was run here, which is not the paper's. A question mark "
    "stands where of all verdicts at least as clear as this one more than {rate:.0%} may be wrong (Benjamini and "
    "Hochberg), or where a count lies exactly on its limit; "
    "*random too* where the same network with layers drawn anew passes as well. Each claim links to its figure. Below "
    "each group the numbers are a table, which sorts by the column whose heading is pressed: verdicts first."
)

IN_SHORT = (
    "Full dot: holds. Cross: fails. Ring: cannot tell. Bar: not decided. Diamond: the paper's number. Short tick: the "
    "same model with random weights, where it was measured. A question mark: of all verdicts at least as clear as this "
    "one more than {rate:.0%} may be wrong, or a count lies exactly on its limit; that depends on all claims of the "
    "scoreboard, so the numbers in the fold below do not have it."
)
"""Above the claims of a notebook."""


def scoreboard(
    claims: pd.DataFrame,
    titles: dict[str, str],
    entries: Collection[dict] = (),
    say: Phrases = ENGLISH,
    name: str = "",
    link: str = "",
) -> str:
    """Claim by claim and model by model: what the paper says, its number, ours, and the verdict as a word.

    Args:
        claims: `figures/claims.csv`; every model in it is a line of the strips and a column of the tables.
        titles: paper -> its heading.
        entries: `figures/manifest.json`; it knows what could not be measured.
        say: the words to use.
        name: put before the names of its places, such as `zh-`; two pages cannot have the same.
        link: Markdown below the title, such as one to the page in another language.
    """
    parts = [f"# {say['Scoreboard']}", link, say[LEGEND], say[NOTES].format(rate=DISCOVERIES)]
    for paper, title in titles.items():
        own = claims[claims["paper"] == paper]
        parts.append(f"({name}scoreboard-{paper})=\n## {plain(title)}")
        made = [entry for entry in entries if entry["paper"] == paper]
        parts += dict.fromkeys(unmeasured(row) for entry in made for row in entry.get("failures", []))
        parts.append(_counts(own, say) if len(own) else say["Nothing has been measured yet."])
        parts += _by_depth(own, say)
        drawn = {entry["slug"] for entry in made}
        for question, asked in own.groupby("question", sort=False):
            parts += [f"### {plain(say[question])}"] if question else []
            parts += [_strip(claim, drawn, say) for _, claim in asked.groupby("id", sort=False)]
            parts += [f'<details class="numbers"><summary>{say["The same in numbers"]}</summary>']
            parts += [_table(asked, drawn, say), "</details>"]
    return "\n\n".join(parts) + "\n"


def with_strips(
    notebook: nbformat.NotebookNode, paper: str, claims: pd.DataFrame, say: Phrases = ENGLISH
) -> nbformat.NotebookNode:
    """A notebook's page whose tables of findings (`work.findings(...)`) are drawn, and folded away below.

    Args:
        notebook: with outputs; it is changed.
        paper: that it is about; empty for a notebook that belongs to none.
        claims: `figures/claims.csv`.
        say: the words to use.
    """
    known = read(paper) if paper else []
    for cell in notebook.cells:
        asked = re.search(r"\.findings\(([^)]*)\)", cell.source) if cell.cell_type == "code" else None
        tables = [output for output in cell.get("outputs", []) if "text/html" in output.get("data", {})]
        names = re.findall(r'"([^"]+)"', asked[1]) if asked and tables else []
        own = [claim.id for claim in known if claim.table.rpartition("-")[0] in names]
        rows = claims[(claims["paper"] == paper) & claims["id"].isin(own)]
        if rows.empty:
            continue
        drawn = [_beside(claim, say) for _, claim in rows.groupby("id", sort=False)]
        folded = f'<details class="numbers"><summary>{say["The same in numbers"]}</summary>'
        how = f'<p class="where">{escape(say[IN_SHORT].format(rate=DISCOVERIES))}</p>'
        tables[0]["data"]["text/html"] = "\n".join([how, *drawn, folded, tables[0]["data"]["text/html"], "</details>"])
    return notebook


def _beside(claim: pd.DataFrame, say: Phrases) -> str:
    """A claim in words beside its strip, as HTML."""
    first = claim.iloc[0]
    where = first["place"] + _holds_if(first, say)
    said = f'{escape(say[first["statement"]])} <span class="where">{escape(where)}</span>'
    return f'<div class="claim"><p>{said}</p>\n{strip(claim, say)}\n</div>'


def _counts(claims: pd.DataFrame, say: Phrases) -> str:
    counts = claims.groupby("model", sort=False)["verdict"].value_counts().unstack(fill_value=0)
    words = {"holds": "{} hold", "fails": "{} fail", "cannot tell": "{} cannot tell"}
    lines = []
    for model, row in counts.iterrows():
        shown = [say[said].format(row[verdict]) for verdict, said in words.items() if row.get(verdict)]
        lines.append(f"- {plain(model)}: {say[', '].join(shown)}")
    return "\n".join(lines)


def _by_depth(claims: pd.DataFrame, say: Phrases) -> list[str]:
    """The claims that the embedded model of 12 layers alone satisfies, and those that it alone does not."""
    decided = claims[claims["model"].isin(EMBEDDED) & claims["verdict"].isin(["holds", "fails", "cannot tell"])]
    holds = (decided["verdict"] == "holds").groupby([decided["id"], decided["model"]], sort=False).first().unstack()
    if FIRST not in holds or len(holds.columns) < 2:
        return []
    holds, of = holds.dropna(how="any").astype(bool), claims.drop_duplicates("id").set_index("id")["statement"]
    deep, shallow = holds[FIRST], holds.drop(columns=FIRST)
    found = {
        "Holds at 12 layers ({}) and in no embedded model of six:": deep & ~shallow.any(axis=1),
        "Holds in every embedded model of six layers and fails or cannot be told at 12 ({}):": ~deep
        & shallow.all(axis=1),
    }
    lists = {text: [f"- {plain(say[of[claim]])}" for claim in holds.index[chosen]] for text, chosen in found.items()}
    return ["\n".join([say[text].format(plain(FIRST)), "", *own]) for text, own in lists.items() if own]


def _strip(claim: pd.DataFrame, drawn: Collection[str], say: Phrases) -> str:
    """A claim in words, with where it comes from, beside its drawing."""
    return f":::{{container}} claim\n{_said(claim.iloc[0], drawn, say)}\n\n{strip(claim, say)}\n\n:::"


def _said(claim: pd.Series, drawn: Collection[str], say: Phrases) -> str:
    """Such as `[SEP] gets half [Section 3.1, Figure 2; holds if above 50%]`, linked to the figure if it was drawn."""
    place = plain(claim["place"])
    if claim["figure"] in drawn:
        place = f"[{place}](#gallery-{claim['paper']}-{claim['figure']})"
    return f"{plain(say[claim['statement']])} [{place}{plain(_holds_if(claim, say))}]{{.where}}"


def _holds_if(claim: pd.Series, say: Phrases) -> str:
    """Such as `; holds if above 50%`; nothing for a number that decides nothing."""
    if not claim["holds_if"]:
        return ""
    return f"; {say['holds if {}'].format(limit(limit_in_words(claim['holds_if'], claim['unit']), say))}"


def _table(claims: pd.DataFrame, drawn: Collection[str], say: Phrases) -> str:
    models = list(dict.fromkeys(filter(None, claims["model"])))
    heads = [say["claim"], say["paper"], *map(plain, models)]
    lines = [":::{container} scoreboard", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for _, claim in claims.groupby("id", sort=False):
        first = claim.iloc[0]
        printed = "-" if pd.isna(first["paper_value"]) else paper_value(first["paper_value"], first["unit"])
        cells = [_verdict(claim[claim["model"].isin([model, ""])], say) for model in models]
        lines.append("| " + " | ".join([_said(first, drawn, say), printed, *cells]) + " |")
    return "\n".join([*lines, ":::"])


def _verdict(rows: pd.DataFrame, say: Phrases) -> str:
    if rows.empty:
        return "-"
    row = rows.iloc[0]
    if row["why"]:
        return say["not measured, because {}"].format(plain(row["why"]))
    low, high = (number(row[name], row["unit"]) for name in ("low", "high"))
    measured = f"{number(row['measured'], row['unit'])} [\\[{low}, {high}\\]{UNITS[row['unit']]}]{{.interval}}"
    if row["verdict"] == "context":
        return measured
    verdict = row["verdict"]
    unsure = "?" if verdict in ("holds", "fails") and row["q"] > DISCOVERIES else ""
    too = f" [{say['random weights too']}]{{.interval}}" if row["random"] == verdict == "holds" else ""
    return f"[{say[verdict]}]{{.verdict .{verdict.replace(' ', '-')}}}{unsure} {measured}{too}"
