"""Every head of a model on a sentence of your own: measured, tabulated, and put behind buttons in a notebook."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from html import escape

import ipywidgets
import numpy as np
import pandas as pd
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.explore.figures import all_heads, among_heads, by_layer, one_head
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.models import loading
from insidebert.models.encoding import encode_every
from insidebert.models.segments import token_classes
from insidebert.papers.look_at.examples import own_sentence
from insidebert.results.artifacts import read_tidy
from insidebert.results.paths import COMMITTED, Paths
from insidebert.results.plots import MARKED

LONGEST = 48
"""Pieces of a sentence whose pictures can still be read."""

ROLES = ("target", "trigger", "distractor")
COLOURS = {"target": (MARKED, "white"), "trigger": ("#0173b2", "white"), "distractor": ("#de8f05", "black")}
"""Of a word's button: ground and text."""


@dataclass(frozen=True)
class Seen:
    """One sentence as one model sees it.

    Args:
        words: the sentence.
        pieces: [T] with the special ones.
        maps: [layers, heads, T, T] attention FROM axis 2 TO axis 3.
        surface: tidy, `layer`, `head`, `statistic`, `value`: shares between 0 and 1, entropies in nats.
    """

    words: tuple[str, ...]
    pieces: list[str]
    maps: np.ndarray
    surface: pd.DataFrame


def words_of(sentence: str) -> tuple[str, ...]:
    """Words and punctuation marks, whether or not there is a space between them."""
    return tuple(re.findall(r"\w+(?:['’-]\w+)*|[^\w\s]", sentence))


def look(model: loading.Model, words: Sequence[str]) -> Seen:
    """All heads on one sentence.

    Raises:
        InputError: no words, more than LONGEST pieces, or a word that has none.
    """
    if not words:
        raise InputError("the sentence is empty; type at least one word")
    encoded, limit = encode_every(model, [words], special=True), min(LONGEST, model.limit)
    if encoded.lengths[0] > limit:
        raise InputError(f"the sentence has {encoded.lengths[0]} pieces; the pictures hold {limit}, so shorten it")
    encoded.pieces_of(0, range(len(words)))
    with capture_output():  # progress bars of one sentence
        (values,) = segment_statistics(model, encoded, token_classes(model, encoded))
    places = pd.MultiIndex.from_product([*(range(1, n + 1) for n in values.shape[:2]), STATISTICS])
    surface = pd.Series(values.ravel(), places.set_names(["layer", "head", "statistic"])).rename("value").reset_index()
    return Seen(tuple(words), *own_sentence(model, " ".join(words)), surface)


def confusion(model: loading.Model, asked: TriggerQuestion) -> pd.DataFrame:
    """The confusion score of one sentence: tidy, `layer`, `bits`."""
    with capture_output():
        (bits,) = confusion_scores(model, [asked]).layers
    return pd.DataFrame({"layer": range(1, model.layers + 1), "bits": bits})


def phrase(words: Sequence[str], text: str) -> tuple[int, ...]:
    """Where a phrase first stands in a sentence.

    Raises:
        InputError: nowhere.
    """
    wanted = words_of(text)
    for start in range(len(words) - len(wanted) + 1):
        if wanted and tuple(words[start : start + len(wanted)]) == wanted:
            return tuple(range(start, start + len(wanted)))
    raise InputError(f"{text!r} does not stand in {' '.join(words)!r}; copy it from there, capitals too")


def dependency(sentence: str, target: str, triggers: Sequence[str]) -> TriggerQuestion:
    """A question for the confusion score, in words: the target, and phrases of which the first is the true trigger.

    Raises:
        InputError: a phrase does not stand in the sentence, or the target is not one word.
    """
    words = words_of(sentence)
    place = phrase(words, target)
    if len(place) > 1:
        raise InputError(f"the target {target!r} is {len(place)} words; attention is read off from one")
    return TriggerQuestion(words, place[0], tuple(phrase(words, text) for text in triggers))


def roles_of(asked: TriggerQuestion) -> dict[int, str]:
    """Word -> role."""
    roles = {asked.target: "target"}
    for number, places in enumerate(asked.triggers):
        roles |= dict.fromkeys(places, "distractor" if number else "trigger")
    return roles


def clicked(roles: dict[int, str], word: int, role: str) -> dict[int, str]:
    """Roles after a click: the word takes the role or, if it has it, loses it; there is one target."""
    kept = {w: r for w, r in roles.items() if w != word and not r == role == "target"}
    return kept if roles.get(word) == role else kept | {word: role}


def dependency_of(words: Sequence[str], roles: dict[int, str]) -> TriggerQuestion | None:
    """What the roles ask for; neighbouring distractors are one phrase. None while a role is not taken."""
    places = {role: sorted(w for w, r in roles.items() if r == role) for role in ROLES}
    if not all(places.values()):
        return None
    runs = np.split(places["distractor"], np.flatnonzero(np.diff(places["distractor"]) > 1) + 1)
    distractors = (tuple(run.tolist()) for run in runs)
    return TriggerQuestion(tuple(words), places["target"][0], (tuple(places["trigger"]), *distractors))


def measured_relations(paths: Paths, source: loading.Source) -> tuple[pd.DataFrame, str]:
    """The best relation of every head, by how far it is above the best fixed offset, as notebook 23 measured it.

    Args:
        paths: its profile's tables are read; where they do not have the model, the committed ones.
        source: found in the tables by its weights, not by its name.

    Returns:
        A row per head: layer, head, relation, direction, accuracy, offset, offset_accuracy (shares); and the profile
        that was read. No rows and "" where the model was never measured.
    """
    drawn = ("sha256", "weights", "seed", "keep_embeddings")
    for profile in dict.fromkeys((paths.profile, COMMITTED)):
        record = replace(paths, profile=profile).results / "look_at" / "syntax.json"
        known = json.loads(record.read_text(encoding="utf-8"))["models"] if record.exists() else []
        same = [m["label"] for m in known if all(m[part] == source.identity[part] for part in drawn)]
        if same:
            mine = f"model == {same[0]!r} and weights == {source.weights!r} and relation != 'all'"
            heads, relations = (
                read_tidy(record.with_name(f"syntax-{name}.csv")).query(mine) for name in ("heads", "relations")
            )
            heads = heads.join(relations.set_index("relation")[["offset", "offset_accuracy"]], on="relation")
            gain = heads["accuracy"] - heads["offset_accuracy"]
            best = heads.loc[gain.groupby([heads["layer"], heads["head"]]).idxmax()]
            return best.reset_index(drop=True), profile
    return pd.DataFrame(columns=["layer", "head"]), ""


def relation_in_words(best: pd.DataFrame, profile: str, layer: int, head: int) -> str:
    """The best relation of a head, as a sentence."""
    own = best[(best["layer"] == layer) & (best["head"] == head)]
    if own.empty:
        return f"Head {layer}-{head}, best relation: not measured for this model; notebook 23 measures it."
    row = own.iloc[0]
    return (
        f"Head {layer}-{head}, best relation: {row['relation']} ({row['direction']}), right for "
        f"{row['accuracy']:.0%} of its words; the best fixed offset ({row['offset']:+d}) is right for "
        f"{row['offset_accuracy']:.0%}. Measured on a treebank, not on this sentence; from the tables of the "
        f"{profile} profile{' (the committed ones)' if profile == COMMITTED else ''}."
    )


class Explorer:
    """The pictures of `explorer_figures` behind a text box, sliders and words to click; `box` is what a notebook shows.

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
        self._loaded = lru_cache(maxsize=None)(_loaded)
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
        self.lines.layout = {
            "flex": "0 0 auto",
            "max_width": "none",
        }  # words that shrink cannot be read; a long sentence is scrolled
        self.seen, self.roles = None, roles_of(dependency(sentence, target, triggers))
        self._read()
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
        words, model = words_of(self.sentence.value), self._loaded(self.model.value)
        seen = look(model, words)
        self.layer.max, self.head.max = seen.maps.shape[:2]  # a slider that this moves draws what was seen before
        if self.seen and words != self.seen.words:
            self.roles = {}
        self.words.children = [_button(word, partial(self.click, place)) for place, word in enumerate(words)]
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
        asked = dependency_of(self.seen.words, self.roles)
        self.confusion.layout.display = None if asked else "none"
        if asked:
            _draw(self.confusion, by_layer(confusion(self._loaded(self.model.value), asked), asked))


def _loaded(name: str) -> loading.Model:
    return loading.load(loading.resolve(name))


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
