"""Every head of a model on a sentence of your own: maps, surface statistics, confusion, and what treebanks say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.attention_maps import attention_maps
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.measure.surface import STATISTICS, segment_statistics
from insidebert.models.encoding import encode_every
from insidebert.models.loading import Model, Source
from insidebert.models.segments import token_classes
from insidebert.results.paths import COMMITTED, Paths
from insidebert.results.tables import read_tidy
from insidebert.text.words import places_of, words_of

LONGEST = 48
"""Pieces of a sentence whose pictures can still be read."""

ROLES = ("target", "trigger", "distractor")


@dataclass(frozen=True)
class SentenceView:
    """One sentence as one model sees it.

    Args:
        words: [W] the sentence.
        pieces: [T] with the special ones.
        owners: [T] the word of each piece, -1 for a special one.
        maps: [layers, heads, T, T] attention FROM axis 2 TO axis 3.
        surface: tidy, `layer`, `head`, `statistic`, `value`: shares between 0 and 1, entropies in nats.
    """

    words: tuple[str, ...]
    pieces: list[str]
    owners: np.ndarray
    maps: np.ndarray
    surface: pd.DataFrame


def look(model: Model, sentence: str) -> SentenceView:
    """All heads on one sentence.

    Raises:
        InputError: no words, more than LONGEST pieces, or a word that has none.
    """
    words = words_of(model.tokenizer, sentence)
    if not words:
        raise InputError("the sentence is empty; type at least one word")
    encoded, limit = encode_every(model, [words], special=True), min(LONGEST, model.limit)
    if encoded.lengths[0] > limit:
        raise InputError(f"the sentence has {encoded.lengths[0]} pieces; the pictures hold {limit}, so shorten it")
    owners = encoded.words[0]
    lost = [words[word] for word in sorted({*range(len(words))} - {*owners.tolist()})]
    if lost:
        raise InputError(f"{model.source.label} has no pieces for {lost[0]!r}; leave it out, or take another model")
    (values,) = segment_statistics(model, encoded, token_classes(model, encoded))
    places = pd.MultiIndex.from_product([*(range(1, n + 1) for n in values.shape[:2]), STATISTICS])
    surface = pd.Series(values.ravel(), places.set_names(["layer", "head", "statistic"])).rename("value").reset_index()
    seen = attention_maps(model, words)
    return SentenceView(words, list(seen.pieces), owners, seen.maps, surface)


def attention_table(
    seen: SentenceView, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
) -> pd.DataFrame:
    """Attention between words, averaged over heads: what a word's pieces receive is added up, what they give averaged.

    Clark et al. (2019), section 4.1. Special pieces stand for themselves, so that every row adds up to 1.

    Args:
        layers, heads: which ones, from 1; all of them if None.

    Returns:
        A row per word that looks, a column per word that is looked at, shares between 0 and 1.

    Raises:
        InputError: no such layer or head.
    """
    chosen = []
    for name, wanted, count in zip(("layer", "head"), (layers, heads), seen.maps.shape[:2], strict=True):
        chosen.append([number - 1 for number in wanted or range(1, count + 1)])
        if not set(chosen[-1]) <= set(range(count)):
            raise InputError(f"no {name}s {list(wanted)}; they go from 1 to {count}")
    mean = seen.maps[np.ix_(*chosen)].mean((0, 1))
    starts = np.flatnonzero(np.r_[True, (np.diff(seen.owners) != 0) | (seen.owners[1:] == -1)])
    sizes = np.diff(np.r_[starts, len(seen.owners)])
    values = np.add.reduceat(np.add.reduceat(mean, starts, axis=1), starts, axis=0) / sizes[:, None]
    names = [seen.pieces[i] if seen.owners[i] == -1 else seen.words[seen.owners[i]] for i in starts]
    return pd.DataFrame(values, pd.Index(names, name="from"), pd.Index(names, name="to"))


def confusion(model: Model, asked: TriggerQuestion) -> pd.DataFrame:
    """The confusion score of one sentence: tidy, `layer`, `bits`."""
    (bits,) = confusion_scores(model, [asked]).layers
    return pd.DataFrame({"layer": range(1, model.layers + 1), "bits": bits})


def question(model: Model, sentence: str, target: str, triggers: Sequence[str]) -> TriggerQuestion:
    """A question for the confusion score, in words: the target, and phrases of which the first is the true trigger.

    Raises:
        InputError: a phrase does not stand in the sentence, or the target is not one word.
    """
    words, found = words_of(model.tokenizer, sentence), []
    for text in (target, *triggers):
        places = places_of(words, words_of(model.tokenizer, text))
        if not places:
            raise InputError(f"{text!r} does not stand in {' '.join(words)!r}; copy it from there, capitals too")
        found.append(places[0])
    if len(found[0]) > 1:
        raise InputError(f"the target {target!r} is {len(found[0])} words; name one of them")
    return TriggerQuestion(words, found[0][0], tuple(found[1:]))


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


def question_of(words: Sequence[str], roles: dict[int, str]) -> TriggerQuestion | None:
    """What the roles ask for; neighbouring distractors are one phrase. None while a role is not taken."""
    places = {role: sorted(w for w, r in roles.items() if r == role) for role in ROLES}
    if not all(places.values()):
        return None
    runs = np.split(places["distractor"], np.flatnonzero(np.diff(places["distractor"]) > 1) + 1)
    distractors = (tuple(run.tolist()) for run in runs)
    return TriggerQuestion(tuple(words), places["target"][0], (tuple(places["trigger"]), *distractors))


def measured_relations(paths: Paths, source: Source) -> tuple[pd.DataFrame, str]:
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
