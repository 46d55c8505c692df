"""The paper's figures that show questions, and the one that shows the attacks; drawn from tidy tables alone."""

import textwrap
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from insidebert.papers.mcrc import PAPER
from insidebert.results import plots

WRAPPED = 92
"""Letters in a line of text."""

LETTERS = "ABCDE"
RECIPES = {
    "AddSent2Pas-Shuffle": (("question", "all distractors"), True, "end of the passage"),
    "AddSent2Opt-Shuffle": (("distractor", "a passage sentence"), True, "new distractor"),
    "AddAns2Opt-Shuffle": (("distractor", "correct answer"), True, "new distractor"),
    "Sent2Opt-Shuffle": (("a passage sentence",), True, "new distractor"),
    "Ans2Opt-Shuffle": (("correct answer",), True, "new distractor"),
    "AddSent2Opt": (("distractor", "a passage sentence"), False, "new distractor"),
    "AddAns2Opt": (("distractor", "correct answer"), False, "new distractor"),
}


@dataclass(frozen=True)
class Line:
    """A line of a page.

    Args:
        text: of the line.
        red: what an attack put there.
        bold: headings, and the option that is chosen.
        boxed: part of a frame around all boxed lines that follow each other.
        columns: short texts at the right margin, each with whether it is bold.
    """

    text: str
    red: bool = False
    bold: bool = False
    boxed: bool = False
    columns: tuple[tuple[str, bool], ...] = ()


def appended(examples: pd.DataFrame) -> Figure:
    """Figure 1: a question with the un-readable sentence behind its passage."""
    rows = _of_first_model(examples, "AddSent2Pas-Shuffle")
    first = rows.iloc[0]
    lines = _wrapped(first["passage"])
    lines += [Line("\u2193 appended"), *_wrapped(first["appended"], red=True, boxed=True), Line("")]
    lines += [*_wrapped(first["question"], bold=True), Line("", columns=(("before", False), ("after", False)))]
    lines += _options(rows, "text", ("p_before", "p_after"))
    turned = "the attack turns it from right to wrong" if first["turned"] else "no question is turned by the attack"
    about = (
        f"Figure 1 of {PAPER.short}, with {first['model']}; red: appended words; probability of each option before and "
        f"after, the chosen one in bold; of the questions that are turned, the one with the shortest passage ({turned})"
    )
    return _page(lines, about)


def options(examples: pd.DataFrame) -> Figure:
    """Figure 3: the options of one question, untouched and under three attacks."""
    names = ("AddSent2Opt", "Sent2Opt-Shuffle", "AddSent2Opt-Shuffle")
    blocks = [_of_first_model(examples, name) for name in names]
    lines = [*_wrapped(blocks[0]["question"].iloc[0], bold=True), Line("untouched", bold=True)]
    lines += _options(blocks[0], "text", ("p_before",))
    for name, rows in zip(names, blocks, strict=True):
        lines += [Line(f"\u2193 {name}", bold=True), *_options(rows, "attacked", ("p_after",), red=True)]
    turned = sum(bool(rows["turned"].iloc[0]) for rows in blocks)
    about = (
        f"Figure 3 of {PAPER.short}, with {blocks[0]['model'].iloc[0]}; red: distractors as attacked; probability of "
        "each option, the chosen one in bold; of the questions that most of the three attacks turn from right to "
        f"wrong (here {turned}), the one with the shortest passage"
    )
    return _page(lines, about)


def shuffled_passage(question: pd.DataFrame) -> Figure:
    """Figure 4: a training question that cannot be answered: the words of its passage are shuffled."""
    first = question.iloc[0]
    lines = [Line("original passage", bold=True), *_wrapped(first["passage"], boxed=True)]
    lines += [Line("\u2193 P-Shuffle: the passage as trained on", bold=True)]
    lines += [*_wrapped(first["shuffled"], red=True, boxed=True), Line(""), *_wrapped(first["question"], bold=True)]
    for row in question.sort_values("option").itertuples():
        right = row.option == row.answer
        lines += _wrapped(f"{LETTERS[row.option]}  {row.text}{'  (correct)' if right else ''}")
    about = (
        f"Figure 4 of {PAPER.short}, on {first['dataset']}: P-Shuffle; of the training questions whose wrong options "
        "have most of their words in the passage, the one with the shortest"
    )
    return _page(lines, about)


def procedures() -> Figure:
    """Figure 2: what the seven attacks are made of."""
    figure, ((ax,),) = plots.new_figure(width=8.2, height=0.5 * len(RECIPES) + 0.5)
    palette = plots.colours(["question", "all distractors", "distractor", "a passage sentence", "correct answer"])
    for row, (name, (parts, shuffled, goal)) in enumerate(RECIPES.items()):
        ax.text(0, -row, name, va="center", fontsize=9, fontweight="bold")
        x = 2.6
        for part in parts:
            _box(ax, x, -row, part, palette[part])
            ax.text(x + 1.72, -row, "+" if part is not parts[-1] else "", va="center", ha="center")
            x += 1.95
        steps = [("shuffle", 6.6)] if shuffled else []
        at = 2.6 + 1.95 * len(parts) - 0.35
        for step, place in [*steps, (goal, 8.6)]:
            arrow = {"arrowstyle": "->", "color": "0.4", "lw": 0.9}
            ax.annotate("", (place, -row), (at, -row), arrowprops=arrow)
            _box(ax, place + 0.03, -row, step, (0.55, 0.55, 0.55))
            at = place + 1.6
    ax.set_xlim(-0.1, 10.4)
    ax.set_ylim(-len(RECIPES) + 0.4, 0.6)
    ax.axis("off")
    plots.caption(
        figure,
        f"Figure 2 of {PAPER.short}, drawn anew: what attacks are made of; question, answer and label never change",
    )
    return figure


def _of_first_model(examples: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = plots.shown(examples)
    return rows[(rows["model"] == rows["model"].iloc[0]) & (rows["attack"] == name)].sort_values("option")


def _options(rows: pd.DataFrame, text: str, probabilities: tuple[str, ...], red: bool = False) -> list[Line]:
    """Options with their letters and probabilities; the chosen one is bold, attacked distractors are red."""
    chosen = {column: rows[column].idxmax() for column in probabilities}
    lines = []
    for place, row in rows.iterrows():
        right = row["option"] == row["answer"]
        columns = tuple((f"{row[column]:.0%}", place == chosen[column]) for column in probabilities)
        bold = place == chosen[probabilities[-1]]
        own = _wrapped(
            f"{LETTERS[row['option']]}  {row[text]}{'  (correct)' if right else ''}", red and not right, bold
        )
        lines += [replace(own[0], columns=columns), *own[1:]]
    return lines


def _wrapped(text: str, red: bool = False, bold: bool = False, boxed: bool = False) -> list[Line]:
    width = WRAPPED - 12 * bold
    return [Line(line, red, bold, boxed) for line in textwrap.wrap(text, width, subsequent_indent="") or [""]]


def _page(lines: list[Line], about: str) -> Figure:
    """Text, a line under the other."""
    figure, ((ax,),) = plots.new_figure(width=6.8, height=0.2 * len(lines) + 0.6)
    for row, line in enumerate(lines):
        colour, weight = plots.MARKED if line.red else "0.1", "bold" if line.bold else "normal"
        style = {"va": "top", "fontsize": 8.5, "parse_math": False}  # two $ are no formula
        ax.text(0.01, -row, line.text, color=colour, fontweight=weight, **style)
        for i, (text, strong) in enumerate(reversed(line.columns)):
            ax.text(0.99 - 0.08 * i, -row, text, ha="right", fontweight="bold" if strong else "normal", **style)
    for boxed, group in groupby(enumerate(lines), key=lambda pair: pair[1].boxed):
        places = [row for row, _ in group]
        if boxed:
            colour = plots.MARKED if lines[places[0]].red else "0.5"
            frame = (0.0, -places[-1] - 0.8), 1.0, len(places)
            ax.add_patch(Rectangle(*frame, facecolor="none", edgecolor=colour, lw=0.8, clip_on=False))
    ax.set_xlim(0, 1)
    ax.set_ylim(-len(lines), 0.3)
    ax.axis("off")
    plots.caption(figure, about)
    return figure


def _box(ax, x: float, y: float, text: str, colour) -> None:
    style = {"boxstyle": "round,pad=0.02", "facecolor": (*colour, 0.22), "edgecolor": colour}
    ax.add_patch(FancyBboxPatch((x, y - 0.28), 1.5, 0.56, **style))
    ax.text(x + 0.75, y, text, ha="center", va="center", fontsize=7.5)
