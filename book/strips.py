"""The scoreboard as drawings: a claim is a strip, on which the paper and every model stand on one small scale.

Read without colour: a full dot holds, a cross fails, an open ring cannot be told, a bar is not decided; the paper is a
diamond, random weights a short tick, and the claim holds where the scale is shaded.
"""

import math
from collections.abc import Iterable
from html import escape

import pandas as pd
from matplotlib.ticker import MaxNLocator

from book.chinese import ENGLISH, Phrases
from insidebert.results.claims import DISCOVERIES, limits
from insidebert.results.scoreboard import IN_PER_CENT, UNITS, number, paper_value

WIDTH, ROW, TOP = 356, 17, 4
"""Of a strip and of a line in it, in pixels; the narrowest phone shows it as it is."""
LEFT, RIGHT = 116, 210
"""Where the scale begins and ends."""
LETTERS, NARROW = 18, 26
"""Of a model's name: a longer one is drawn narrower, and beyond the second cut, whole where the mouse rests on it."""

MARKS = {
    "holds": '<circle cx="{x}" cy="{y}" r="4.5"/>',
    "fails": '<path d="M{x} {y}m-4-4l8 8m0-8l-8 8"/>',
    "cannot tell": '<circle cx="{x}" cy="{y}" r="4" class="open"/>',
    "context": '<path d="M{x} {y}m0-5v10"/>',
}


def strip(claim: pd.DataFrame, say: Phrases = ENGLISH) -> str:
    """One claim as an SVG, to be put into a page as it is.

    Args:
        claim: its rows of `claims.csv`, one a model; numbers in the unit of the table.
        say: the words to use.

    Returns:
        Lines without an empty one between them, so that Markdown takes it for one piece of HTML.
    """
    first, unit = claim.iloc[0], claim["unit"].iloc[0]
    rows = claim.to_dict("records")
    bounds = [limit for limit in (limits(first["holds_if"]) if first["holds_if"] else ()) if math.isfinite(limit)]
    numbers = [row[name] for row in rows for name in ("measured", "low", "high", "floor")]
    scale = _Scale([*numbers, first["paper_value"], *bounds], unit)
    printed = math.isfinite(first["paper_value"])
    lines = [_paper(first["paper_value"], scale, unit, say)] if printed else []
    lines += [_model(row, TOP + ROW * (number + printed), scale, say) for number, row in enumerate(rows)]
    bottom = TOP + ROW * len(lines)
    spoken = f"{say['drawn, the numbers are in the table']}: {first['statement']}"
    return "\n".join(
        [
            f'<svg class="strip" viewBox="0 0 {WIDTH} {bottom + 16}" width="{WIDTH}" height="{bottom + 16}" '
            f'role="img" aria-label="{escape(" ".join(spoken.split()))}">',
            _zone(first["holds_if"], scale, bottom),
            *scale.axis(bottom),
            *lines,
            "</svg>",
        ]
    )


class _Scale:
    """Numbers of one unit -> pixels, with a few round ticks."""

    def __init__(self, numbers: list[float], unit: str):
        self.unit, self.factor = unit, 100 if unit in IN_PER_CENT else 1
        known = [value * self.factor for value in numbers if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        if low == high:
            low, high = min(low, 0.0), max(high, 0.0) or 1.0
        low = 0.0 if 0 < low < high / 2 else low  # nothing is the natural start of what is counted
        found = [MaxNLocator(nbins=count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) for count in (3, 2, 1)]
        self.ticks = next((ticks for ticks in found if _fit(ticks)), found[-1])

    def x(self, value: float) -> float:
        start, end = self.ticks[0], self.ticks[-1]
        share = (value * self.factor - start) / (end - start)
        return round(LEFT + (RIGHT - LEFT) * min(max(share, 0), 1), 1)

    def axis(self, bottom: int) -> list[str]:
        """The line below, its ticks, and the unit behind the last one."""
        lines = [f'<path class="axis" d="M{LEFT} {bottom}H{RIGHT}"/>']
        for tick in self.ticks:
            x = self.x(tick / self.factor)
            lines.append(f'<path class="axis" d="M{x} {bottom}v3"/>')
            lines.append(f'<text class="tick" x="{x}" y="{bottom + 13}">{tick:g}</text>')
        unit = UNITS[self.unit].strip().removeprefix("of the ")
        end = self.x(self.ticks[-1] / self.factor) + 4 + 3 * len(f"{self.ticks[-1]:g}")
        return [*lines, f'<text class="unit" x="{end}" y="{bottom + 13}">{unit}</text>'] if unit else lines


def _fit(ticks: Iterable[float]) -> bool:
    """Whether their labels have room beside each other, six pixels a letter."""
    return sum(6 * len(f"{tick:g}") + 6 for tick in ticks) < RIGHT - LEFT + 24


def _zone(holds_if: str, scale: _Scale, bottom: int) -> str:
    """Where the claim holds, shaded, with an edge at each limit."""
    if not holds_if:
        return "<g/>"
    low, high = limits(holds_if)
    left = scale.x(low) if math.isfinite(low) else LEFT
    right = scale.x(high) if math.isfinite(high) else RIGHT
    edges = "".join(f"M{scale.x(limit)} 0V{bottom}" for limit in (low, high) if math.isfinite(limit))
    shade = f'<rect class="zone" x="{left}" y="0" width="{round(right - left, 1)}" height="{bottom}"/>'
    return f'{shade}<path class="limit" d="{edges}"/>'


def _paper(value: float, scale: _Scale, unit: str, say: Phrases) -> str:
    x, y = scale.x(value), TOP + ROW / 2
    name = f'<text class="name" x="0" y="{y + 4}">{escape(say["paper"])}</text>'
    mark = f'<path class="paper" d="M{x} {y}m0-5l5 5l-5 5l-5-5z"/>'
    shown = paper_value(value, unit).removesuffix("%")
    return f'{name}{mark}<text class="said" x="{RIGHT + 10}" y="{y + 4}">{escape(shown)}</text>'


def _model(row: dict, top: int, scale: _Scale, say: Phrases) -> str:
    y, verdict, unit, model = top + ROW / 2, row["verdict"], row["unit"], str(row["model"])
    name = model if len(model) <= NARROW else model[: NARROW - 1] + "…"
    narrow = f' textLength="{LEFT - 6}" lengthAdjust="spacingAndGlyphs"' if len(name) > LETTERS else ""
    label = f'<text class="name" x="0" y="{y + 4}"{narrow}>{escape(name)}<title>{escape(model)}</title></text>'
    if not math.isfinite(row["measured"]):
        return f'{label}<text class="said" x="{LEFT}" y="{y + 4}">{escape(say["not measured"])}</text>'
    x, low, high = (scale.x(row[end]) for end in ("measured", "low", "high"))
    mark = f'<path class="interval-line" d="M{low} {y}H{high}"/>{MARKS[verdict].format(x=x, y=y)}'
    floor = ""
    if math.isfinite(row["floor"]):
        floor = f'<path class="floor" d="M{scale.x(row["floor"])} {y - 6}v12"/>'
    unsure = "?" if verdict in ("holds", "fails") and row["q"] > DISCOVERIES else ""
    words = "" if verdict == "context" else f" {say[verdict]}{unsure}"
    words += say[", "] + say["random too"] if row["random"] == verdict == "holds" else ""
    said = f'<text class="said" x="{RIGHT + 10}" y="{y + 4}">{escape(number(row["measured"], unit) + words)}</text>'
    interval = f"{number(row['measured'], unit)} [{number(row['low'], unit)}, {number(row['high'], unit)}]"
    pointed = f"<title>{escape(f'{model}: {interval}{words}')}</title>"
    return f'<g class="{verdict.replace(" ", "-")}">{pointed}{label}{floor}{mark}{said}</g>'
