"""The paper's figures that show questions, and the one that shows the attacks; drawn from tidy tables alone."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from insidebert.papers.mcrc.printed import PAPER
from insidebert.results import plots

WRAPPED, CAPTION = 92, 110
"""Letters in a line of text and in one of the caption."""

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


def appended(examples: pd.DataFrame) -> Figure:
    """Figure 1: a question with the un-readable sentence behind its passage."""
    rows = _of_first_model(examples, "AddSent2Pas-Shuffle")
    first = rows.iloc[0]
    lines = [(line, "0.1") for line in textwrap.wrap(first["passage"], WRAPPED)]
    lines += [(line, plots.MARKED) for line in textwrap.wrap(first["appended"], WRAPPED)]
    lines += [("", "0.1"), *((line, "0.1") for line in textwrap.wrap(first["question"], WRAPPED))]
    for row in rows.itertuples():
        lines.append((_option(row.option, row.text, row.option == row.answer, row), "0.1"))
    turned = "the attack turns it from right to wrong" if first["turned"] else "no question is turned by the attack"
    about = f"Figure 1 of {PAPER}, with {first['model']}; red: appended words; probabilities before and after; {turned}"
    return _page(lines, about)


def options(examples: pd.DataFrame) -> Figure:
    """Figure 3: the options of questions under three attacks."""
    lines: list[tuple[str, str]] = []
    for name in ("AddSent2Opt", "Sent2Opt-Shuffle", "AddSent2Opt-Shuffle"):
        rows = _of_first_model(examples, name)
        lines += [(name, "bold"), *((line, "0.1") for line in textwrap.wrap(rows["question"].iloc[0], WRAPPED))]
        for row in rows.itertuples():
            right = row.option == row.answer
            text = _option(row.option, row.attacked, right, row)
            lines += [
                (line, "0.1" if right else plots.MARKED)
                for line in textwrap.wrap(text, WRAPPED, subsequent_indent="    ")
            ]
        lines.append(("", "0.1"))
    model = plots.shown(examples)["model"].iloc[0]
    return _page(
        lines[:-1], f"Figure 3 of {PAPER}, with {model}; red: distractors as attacked; probabilities before and after"
    )


def shuffled_passage(question: pd.DataFrame) -> Figure:
    """Figure 4: a training question that cannot be answered: the words of its passage are shuffled."""
    first = question.iloc[0]
    lines = [("original passage", "bold"), *((line, "0.1") for line in textwrap.wrap(first["passage"], WRAPPED))]
    lines += [("", "0.1"), ("passage as trained on", "bold")]
    lines += [(line, plots.MARKED) for line in textwrap.wrap(first["shuffled"], WRAPPED)]
    lines += [("", "0.1"), *((line, "bold") for line in textwrap.wrap(first["question"], WRAPPED))]
    for row in question.sort_values("option").itertuples():
        lines.append((f"{LETTERS[row.option]}  {row.text}{'  (correct)' if row.option == row.answer else ''}", "0.1"))
    about = f"Figure 4 of {PAPER}, on {first['dataset']}: P-Shuffle; of the training questions, the shortest passage"
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
        f"Figure 2 of {PAPER}, drawn anew: what attacks are made of; question, answer and label never change",
    )
    return figure


def _of_first_model(examples: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = plots.shown(examples)
    return rows[(rows["model"] == rows["model"].iloc[0]) & (rows["attack"] == name)].sort_values("option")


def _option(number: int, text: str, right: bool, row) -> str:
    """An option with its letter and its probabilities before and after the attack."""
    return f"{LETTERS[number]}  {text}{'  (correct)' if right else ''}   {row.p_before:.0%} -> {row.p_after:.0%}"


def _page(lines: list[tuple[str, str]], about: str) -> Figure:
    """Text, a line under the other."""
    figure, ((ax,),) = plots.new_figure(width=6.4, height=0.2 * len(lines) + 0.5)
    for row, (text, colour) in enumerate(lines):
        bold = colour == "bold"
        ax.text(
            0, -row, text, va="top", fontsize=8.5, color="0.1" if bold else colour, fontweight="bold" if bold else None
        )
    ax.set_xlim(0, 1)
    ax.set_ylim(-len(lines), 0.3)
    ax.axis("off")
    plots.caption(figure, textwrap.fill(about, CAPTION))
    return figure


def _box(ax, x: float, y: float, text: str, colour) -> None:
    style = {"boxstyle": "round,pad=0.02", "facecolor": (*colour, 0.22), "edgecolor": colour}
    ax.add_patch(FancyBboxPatch((x, y - 0.28), 1.5, 0.56, **style))
    ax.text(x + 0.75, y, text, ha="center", va="center", fontsize=7.5)
