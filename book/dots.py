"""Heads as dots to point at: below a figure of the gallery, each with its name and a way to look at it."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd

from insidebert.papers.look_at.figures import BEHAVIOURS, token_colour
from insidebert.results.tables import read_tidy

WIDTH, HEIGHT, LEFT, TOP = 360, 220, 46, 24
"""Of a panel, and where its axes begin, in pixels."""
ROW = 16
"""A relation's line of Table 1, in pixels."""
SUMMARY = "The heads one by one: point at a dot to see which head it is{}"
CLICK = ", click it to look at that head in the explorer"


@dataclass(frozen=True)
class Dot:
    """A head at a place of its panel.

    Args:
        x, y: between 0 and 1, from the left and from the bottom.
        said: which head it is, and its value.
        layer, head: one-based.
        colour: of CSS.
    """

    x: float
    y: float
    said: str
    layer: int
    head: int
    colour: str


def dots(results: Path, known: dict[str, str], live: bool) -> dict[tuple[str, str], str]:
    """(paper, slug) -> HTML, for the figures of heads whose tidy tables are there.

    Args:
        results: folder of a profile's tidy tables.
        known: model as tables name it -> as the explorer names it.
        live: whether the book has the explorer.
    """
    folder, made = results / "look_at", {}
    for slug, (name, draw) in FIGURES.items():
        if not (path := folder / f"{name}.csv").exists():
            continue
        rows = read_tidy(path).query("weights == 'trained'")
        drawn = [draw(model, own, known.get(model, "") if live else "") for model, own in rows.groupby("model")]
        summary = SUMMARY.format(CLICK if live and known else "")
        opened = f'<details class="dots"><summary>{summary}</summary><div>'
        made["look_at", slug] = "\n".join([opened, *drawn, "</div></details>"])
    return made


def _shares(model: str, rows: pd.DataFrame, link: str) -> str:
    """Figure 2: by layer, attention to special tokens."""
    found = [
        Dot(_across(row, rows, shift), row.value, _said(row, f"{row.value:.0%} {name}"), row.layer, row.head, colour)
        for name, shift in (("to [CLS]", -0.2), ("to [SEP]", 0), ("to . or ,", 0.2))
        for colour in [token_colour(name)]
        for row in rows[rows["statistic"] == name].itertuples()
    ]
    return _panel(f"{model}: to [CLS], [SEP], . or ,", found, ("0%", "100%"), _layers(rows), link)


def _entropies(model: str, rows: pd.DataFrame, link: str) -> str:
    """Figure 4: by layer, entropy from all tokens."""
    own = rows[rows["statistic"] == "entropy"]
    most = own["value"].max()
    found = [
        Dot(_across(row, rows), row.value / most, _said(row, f"{row.value:.2f} nats"), row.layer, row.head, "#0173b2")
        for row in own.itertuples()
    ]
    return _panel(f"{model}: entropy", found, ("0", f"{most:.1f}"), _layers(rows), link)


def _plane(model: str, rows: pd.DataFrame, link: str) -> str:
    """Figure 6: heads by how alike they are."""
    low, span = rows[["x", "y"]].min(), rows[["x", "y"]].max() - rows[["x", "y"]].min()
    found = []
    for row in rows.itertuples():
        told = ", ".join(filter(None, (row.behaviour, row.function)))
        colour, _ = BEHAVIOURS[row.behaviour]
        colour = colour if colour.startswith("#") else "#999"
        x, y = (row.x - low["x"]) / span["x"], (row.y - low["y"]) / span["y"]
        found.append(Dot(x, y, _said(row, told), row.layer, row.head, colour))
    return _panel(f"{model}: alike heads lie close", found, ("", ""), [], link)


def _relations(model: str, rows: pd.DataFrame, link: str) -> str:
    """Table 1: the best head of every relation."""
    rows = rows.sort_values("accuracy", ascending=False)
    height = TOP + ROW * len(rows) + 10
    parts = [_text(0, 14, f"{model}: best head of each relation")]
    for place, row in enumerate(rows.itertuples()):
        y = TOP + ROW * place + 8
        said = f"{row.relation}: head {row.layer}-{row.head}, {row.accuracy:.0%} right, {row.direction}"
        mark = _circle(90 + 200 * row.accuracy, y, "#0173b2", said)
        parts += [
            _text(84, y + 4, row.relation, "end"),
            f'<path class="axis" d="M90 {y}H290"/>',
            _linked(mark, said, link, row.layer, row.head),
            _text(298, y + 4, f"{row.layer}-{row.head}"),
        ]
    return _svg(height, f"{model}: best head of each relation", parts)


FIGURES = {
    "figure-2": ("surface-heads", _shares),
    "figure-4": ("surface-heads", _entropies),
    "figure-6": ("clustering-heads", _plane),
    "table-1": ("syntax-relations", _relations),
}
"""Slug -> tidy table of heads, and what draws a model's rows."""


def _across(row, rows: pd.DataFrame, shift: float = 0) -> float:
    return (row.layer - 0.5 + shift) / rows["layer"].max()


def _layers(rows: pd.DataFrame) -> list[tuple[float, str]]:
    count = int(rows["layer"].max())
    return [((layer + 0.5) / count, str(layer + 1)) for layer in range(count)]


def _said(row, value: str) -> str:
    return f"head {row.layer}-{row.head}: {value}"


def _panel(title: str, found: list[Dot], ends: tuple[str, str], ticks: list[tuple[float, str]], link: str) -> str:
    wide, high = WIDTH - LEFT - 10, HEIGHT - TOP - 24
    bottom = TOP + high
    parts = [_text(LEFT, 14, title), f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{WIDTH - 10}"/>']
    parts += [_text(LEFT - 6, y, text, "end") for text, y in zip(ends, (bottom, TOP + 8), strict=True)]
    parts += [_text(LEFT + wide * x, bottom + 16, text, "middle") for x, text in ticks]
    for dot in found:
        mark = _circle(LEFT + wide * dot.x, bottom - high * dot.y, dot.colour, dot.said)
        parts.append(_linked(mark, dot.said, link, dot.layer, dot.head))
    return _svg(HEIGHT, title, parts)


def _circle(x: float, y: float, colour: str, said: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"><title>{escape(said)}</title></circle>'


def _linked(mark: str, said: str, link: str, layer: int, head: int) -> str:
    if not link:
        return mark
    state = urlencode({"m": link, "h": f"{layer}-{head}"})
    return f'<a href="explorer/index.html#{escape(state)}" aria-label="{escape(said)}">{mark}</a>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: int, title: str, parts: list[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join([f'<svg {size} role="group" aria-label="{escape(title)}">', *filter(None, parts), "</svg>"])
