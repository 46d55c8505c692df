"""The explorer's widgets: a sentence of your own behind a text box, sliders and words to click, in a notebook."""

import io
from collections.abc import Sequence
from functools import lru_cache, partial
from html import escape

import ipywidgets
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.explore.figures import all_heads, among_heads, by_layer, one_head
from insidebert.explore.sentence import (
    ROLES,
    clicked,
    confusion,
    look,
    measured_relations,
    question,
    question_of,
    relation_in_words,
    roles_of,
)
from insidebert.models import loading
from insidebert.results.paths import Paths
from insidebert.results.plots import MARKED

COLOURS = {"target": (MARKED, "white"), "trigger": ("#0173b2", "white"), "distractor": ("#de8f05", "black")}
"""Of a word's button: ground and text."""


class Explorer:
    """The pictures of `explore.figures` behind a text box, sliders and words to click; `box` is what a notebook shows.

    Args:
        names: of models, as `loading.resolve` reads them; each is loaded when it is chosen.
        paths: whose results know the heads' relations.
        sentence, target, triggers, layer, head: what is there at the start; the true trigger is the first.

    Raises:
        InputError: a model, the sentence or a phrase does not fit. What does not fit later is said in the box.
    """

    def __init__(
        self,
        names: Sequence[str],
        paths: Paths,
        sentence: str,
        target: str,
        triggers: Sequence[str],
        layer: int = 1,
        head: int = 1,
    ):
        self._paths = paths
        self._loaded = lru_cache(maxsize=None)(lambda name: loading.load(loading.resolve(name)))
        later = {"continuous_update": False}
        self.model = ipywidgets.Dropdown(options=names, description="model")
        self.sentence = ipywidgets.Text(sentence, description="sentence", layout={"flex": "1 1 30em"}, **later)
        self.layer = ipywidgets.IntSlider(layer, 1, max(layer, 1), description="layer", **later)
        self.head = ipywidgets.IntSlider(head, 1, max(head, 1), description="head", **later)
        self.role = ipywidgets.ToggleButtons(options=ROLES, style={"button_width": "8em"})
        self.words = ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        self.message, self.relation, self.legend = (ipywidgets.HTML() for _ in range(3))
        shrinking = {"max_width": "100%", "min_width": "0", "flex": "0 1 auto", "align_self": "flex-start"}
        pictures = [ipywidgets.Image(layout=shrinking) for _ in range(4)]
        self.grid, self.statistics, self.lines, self.confusion = pictures
        self.lines.layout = {"flex": "0 0 auto", "max_width": "none"}  # a long sentence is scrolled, not shrunk
        self.seen, self.roles = None, {}
        self._read()
        self.roles = roles_of(question(self._loaded(names[0]), sentence, target, triggers))
        self._ask()
        for widget in (self.model, self.sentence):
            widget.observe(self.read, "value")
        for widget in (self.layer, self.head):
            widget.observe(self.choose, "value")

    @property
    def box(self) -> ipywidgets.VBox:
        """All widgets."""
        a_click = ipywidgets.Label("a click makes a word the")
        rows = [
            *([self.model, self.sentence], [self.message], [self.layer, self.head], [self.grid, self.statistics]),
            *([self.relation], [self.lines], [a_click, self.role, self.legend], [self.words], [self.confusion]),
        ]
        flow = {self.grid: {"flex_flow": "row nowrap"}, self.lines: {"overflow": "auto"}}
        return ipywidgets.VBox(
            [ipywidgets.HBox(row, layout=flow.get(row[0], {"flex_flow": "row wrap"})) for row in rows]
        )

    def read(self, _=None) -> None:
        """Another sentence or model; one that does not fit leaves the pictures as they are and says why."""
        try:
            self._read()
        except InputError as error:
            self.message.value = f"<b>{escape(str(error))}</b>"

    def choose(self, _=None) -> None:
        """Another head."""
        layer, head = self.layer.value, self.head.value
        _draw(self.grid, all_heads(self.seen.maps, layer, head))
        _draw(self.statistics, among_heads(self.seen.surface, layer, head, len(self.seen.pieces)))
        _draw(self.lines, one_head(self.seen.pieces, self.seen.maps, layer, head))
        self.relation.value = escape(relation_in_words(*self._relations, layer, head))

    def click(self, word: int, _=None) -> None:
        """A word takes the chosen role, or gives it up."""
        self.roles = clicked(self.roles, word, self.role.value)
        self._ask()

    def _read(self) -> None:
        model = self._loaded(self.model.value)
        with capture_output():  # progress bars of one sentence
            seen = look(model, self.sentence.value)
        self.layer.max, self.head.max = seen.maps.shape[:2]  # a slider that this moves draws what was seen before
        if self.seen and seen.words != self.seen.words:
            self.roles = {}
        self.words.children = [_button(word, partial(self.click, place)) for place, word in enumerate(seen.words)]
        self.seen, self._relations = seen, measured_relations(self._paths, model.source)
        self.message.value = ""
        self.choose()
        self._ask()

    def _ask(self) -> None:
        for place, button in enumerate(self.words.children):
            role = self.roles.get(place)
            button.tooltip = role or "no role"
            button.style.button_color, button.style.text_color = COLOURS.get(role, (None, None))
        taken = {role: [self.seen.words[w] for w in sorted(self.roles) if self.roles[w] == role] for role in ROLES}
        self.legend.value = " &ensp; ".join(
            f"<span style='color:{COLOURS[role][0]}'>■</span> {role}: {escape(' '.join(words)) or 'click a word'}"
            for role, words in taken.items()
        )
        asked = question_of(self.seen.words, self.roles)
        self.confusion.layout.display = None if asked else "none"
        if asked:
            with capture_output():
                table = confusion(self._loaded(self.model.value), asked)
            _draw(self.confusion, by_layer(table, asked))


def _button(word: str, click) -> ipywidgets.Button:
    button = ipywidgets.Button(description=word, layout={"width": "auto"})
    button.on_click(click)
    return button


def _draw(image: ipywidgets.Image, figure: Figure) -> None:
    """A figure at 100 pixels an inch, with twice as many in it for sharp screens."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=200)
    image.value = file.getvalue()
    image.layout.width = f"{figure.get_figwidth() * 100:.0f}px"
