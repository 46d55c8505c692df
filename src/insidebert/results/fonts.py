"""Any text in any script in a picture: no formulas, fonts that have its characters, or a line that says which lack."""

import unicodedata
from functools import cache
from textwrap import fill

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import PercentFormatter, ScalarFormatter

ABSENT = "\u25a1"
"""An empty box, drawn for a character that no font has."""


def fit(figure: Figure) -> None:
    """Makes every text of a figure stand for itself.

    `$` starts no formula (those of this project are in the numbers of axes, which are left alone). A text with
    characters that its font lacks gets installed fonts behind its own. A character of no installed font is drawn as a
    box, and a line under the figure names it. A figure whose fonts have everything is drawn as before.
    """
    absent: set[str] = set()
    numbers: set[Text] = set()  # powers of ten are formulas
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), (ScalarFormatter, PercentFormatter)):
            numbers |= {*axis.findobj(Text)} - {axis.label}
        else:
            absent |= _fit_labels(axis)
    for text in figure.findobj(lambda artist: isinstance(artist, Text) and artist not in numbers):
        absent |= _fit_text(text)
    if absent:
        _say(figure, absent)


def _fit_labels(axis: Axis) -> set[str]:
    """Tick labels come anew from their formatter whenever they are drawn, so it is told what to write."""
    labels = axis.get_ticklabels()
    written = [text.get_text() for text in labels]
    absent = set().union(*map(_fit_text, labels))
    if [text.get_text() for text in labels] != written:
        axis.set_ticks(axis.get_majorticklocs(), [text.get_text() for text in labels])
    return absent


def _fit_text(text: Text) -> set[str]:
    """The characters that no font has."""
    text.set_parse_math(False)
    families, absent = families_for(text.get_text(), text.get_fontproperties())
    if families:
        text.set_fontfamily([*text.get_fontfamily(), *families])
    shown = "".join(_drawable(character, absent) for character in text.get_text())
    if shown != text.get_text():
        text.set_text(shown)
    return absent


def _drawable(character: str, absent: set[str]) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Cs") and character != "\n":
        return " "
    return ABSENT if character in absent else "" if category == "Cf" else character


def families_for(text: str, font: FontProperties | None = None) -> tuple[list[str], set[str]]:
    """Installed fonts that a text needs behind its own.

    Args:
        font: its own; the style's if None.

    Returns:
        Names of font families, and the characters that none has. Both are empty where its own font has all of them.
    """
    seen = {c for c in text if unicodedata.category(c)[0] not in "CZ"}
    lacking = {c for c in seen if ord(c) not in _characters(findfont(font or FontProperties()))}
    families = []
    for name, path in _installed() if lacking else ():
        found = {c for c in lacking if ord(c) in _characters(path)}
        if found:
            families.append(name)
            lacking -= found
    return families, lacking


@cache
def _characters(path: str) -> frozenset[int]:
    try:
        font = get_font(path)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()  # bitmaps, such as emoji in colour
    except (OSError, RuntimeError):
        return frozenset()  # a file that is no font, or is gone


def _installed() -> list[tuple[str, str]]:
    """Family and file of the upright fonts; Matplotlib's own last resort has boxes for everything."""
    fonts = [f for f in fontManager.ttflist if f.style == "normal" and "Last Resort" not in f.name]
    own = mpl.rcParams["font.sans-serif"]
    return [(f.name, f.fname) for f in sorted(fonts, key=lambda f: (f.name not in own, f.weight != 400, f.name))]


def _script(character: str) -> str:
    if unicodedata.category(character) == "So":
        return "emoji and signs"
    name = unicodedata.name(character, "unnamed").split()[0]
    return name if name == "CJK" else name.capitalize()


def _say(figure: Figure, absent: set[str]) -> None:
    """Names the characters under the figure, below what its caption says already."""
    codes = [f"U+{ord(c):04X}" for c in sorted(absent)]
    scripts = sorted({_script(c) for c in absent})
    more = f" and {len(codes) - 6} more" if len(codes) > 6 else ""
    said = fill(
        f"{ABSENT}: no font on this computer has {', '.join(codes[:6])}{more} ({', '.join(scripts[:3])}); install one, "
        "such as Noto Sans",
        round(17 * figure.get_figwidth()),
    )
    caption = figure.get_supxlabel()
    own = [text for text in figure.texts if caption and text.get_text() == caption]
    if own:
        own[0].set_text(f"{caption}\n{said}")
    else:
        figure.supxlabel(said, fontsize=7.5, color="0.35", ha="left", x=0.01)
