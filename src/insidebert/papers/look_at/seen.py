"""What is seen in the figures and tables, in sentences whose numbers come from the tidy tables.

Every function takes the tables that its artifact is drawn from and returns sentences, one or more a model.
"""

import pandas as pd

from insidebert.measure.depth import layers_at
from insidebert.papers.look_at.printed import in_words
from insidebert.results.plots import shown


def patterns(examples: pd.DataFrame, heads: pd.DataFrame) -> list[str]:
    """Figure 1."""
    found = []
    for model, own in _models(heads):
        strongest = [_strongest(own, f"to {name}") for name in ("next", "[SEP]", ". or ,")]
        said = [
            f"{what} (head {head}: {_percent(value)})" for what, (head, value) in zip(TARGETS, strongest, strict=True)
        ]
        found.append(f"In {model}, the highest averages are those {'; '.join(said)}.")
    return found


TARGETS = ("to the next token", "to [SEP]", "to periods and commas")


def special_tokens(heads: pd.DataFrame, layers: pd.DataFrame) -> list[str]:
    """Figure 2."""
    found = []
    for model, own in _models(layers):
        depth, peaks = int(own["layer"].max()), []
        for name in ("[CLS]", "[SEP]"):
            top = _line(own, f"to {name}")
            peaks.append(f"attention to {name} is highest in layer {top.idxmax()} ({_percent(top.max())})")
        inside = _line(own, "[SEP] to [SEP]").loc[layers_at(depth, 5, 9)].mean()
        spans = _spans(layers_at(depth, 6, 10))
        half = _line(own, "to [SEP]").loc[layers_at(depth, 6, 10)].mean()
        found.append(
            f"In {model}, {' and '.join(peaks)}. In layers {spans}, which stand for 6-10 of 12, [SEP] gets "
            f"{_percent(half)} of all attention; in layers {_spans(layers_at(depth, 5, 9))} (5-9 of 12) [SEP] itself "
            f"gives {_percent(inside)} of its attention to [SEP]."
        )
    return found


def importance(layers: pd.DataFrame) -> list[str]:
    """Figure 3."""
    found = []
    for model, own in _models(layers):
        by_class = own.pivot(index="layer", columns="tokens", values="gradient")
        upper = layers_at(int(own["layer"].max()), 5, 12)
        ratio = (by_class["[SEP]"] / by_class["other"]).loc[upper].mean()
        found.append(
            f"In {model}, from layer {upper[0]} on (layer 5 of 12) the gradient at attention to [SEP] is "
            f"{_percent(ratio)} of that to other tokens; in layer 1 it is "
            f"{_percent(by_class['[SEP]'].iloc[0] / by_class['other'].iloc[0])}."
        )
    return found


def entropies(heads: pd.DataFrame, layers: pd.DataFrame) -> list[str]:
    """Figure 4."""
    found = []
    for model, own in _models(layers):
        mean, of_cls = _line(own, "entropy"), _line(own, "entropy from [CLS]")
        even = own.loc[own["statistic"] == "entropy", "uniform"].iloc[0]
        found.append(
            f"In {model}, layer {mean.idxmax()} attends most broadly ({mean.max():.1f} nats of {even:.1f} for an even "
            f"spread) and layer {mean.idxmin()} most sharply ({mean.min():.1f}); in the last layer [CLS] has "
            f"{of_cls.iloc[-1]:.1f} nats (3.89 in the paper)."
        )
    return found


def norms(heads: pd.DataFrame, layers: pd.DataFrame) -> list[str]:
    """What is moved from [SEP] and [CLS]."""
    found = []
    for model, own in _models(layers):
        said = []
        for name in ("[SEP]", "[CLS]"):
            looked, moved = _line(own, f"to {name}"), _line(own, f"norm to {name}")
            at = looked.idxmax()
            said.append(
                f"in layer {at} {name} gets {_percent(looked[at])} of attention and {_percent(moved[at])} of norms"
            )
        found.append(f"In {model}, {'; '.join(said)}.")
    return found


def neighbours(heads: pd.DataFrame) -> list[str]:
    """Section 3.1."""
    found = []
    for model, own in _models(heads):
        counts = [int((own.loc[own["statistic"] == f"to {way}", "value"] > 0.5).sum()) for way in ("next", "previous")]
        total = int((own["statistic"] == "to next").sum())
        found.append(
            f"Of the {total} heads of {model}, {counts[0]} put over half of their attention on the next token and "
            f"{counts[1]} on the previous one; of the paper's 144 it is five and four."
        )
    return found


def relations(table: pd.DataFrame) -> list[str]:
    """Table 1, and its picture."""
    found = []
    for model, own in _models(table):
        every, single = own[own["relation"] == "all"].iloc[0], own[own["relation"] != "all"]
        text = f"Over all words the best head of {model} finds {_percent(every['held_out'])} of the heads. "
        if len(single):
            gain = (single["held_out"] - single["offset_accuracy"]).set_axis(single["relation"])
            text += (
                f"It has a head above the best offset for {int((gain > 0).sum())} of {len(gain)} relations; most is "
                f"gained for {in_words(gain.idxmax())} ({gain.idxmax()}, {gain.max() * 100:+.0f} points), least for "
                f"{in_words(gain.idxmin())} ({gain.idxmin()}, {gain.min() * 100:+.0f})."
            )
        found.append(text.strip())
    return found


def functions(lines: pd.DataFrame, which: int = 0) -> list[str]:
    """Figure 5, of one model."""
    models = list(_models(lines))
    model, own = models[min(which, len(models) - 1)]
    found = []
    for name, rows in own.groupby("function", sort=False):
        marked = rows.loc[rows["of_function"], "attention"]
        found.append(f"{in_words(name)} {_percent(marked.mean())}")
    return [f"In {model}, the red lines carry on average: {', '.join(found)} of a word's attention."]


def selection(methods: pd.DataFrame) -> list[str]:
    """Table 2."""
    found = []
    for model, own in _models(methods):
        every = own[own["mentions"] == "all"].set_index(["method", "candidates"])["held_out"]
        head = every["best head"]
        found.append(
            f"In {model}, the best head finds {_percent(head['all other mentions'])} of antecedents among all "
            f"mentions, {_percent(head['earlier mentions'])} among earlier ones; the nearest mention is right in "
            f"{_percent(every['nearest'].iloc[0])}, the same head word in {_percent(every['head match'].iloc[0])}, the "
            f"rules in {_percent(every['rule-based'].iloc[0])}."
        )
    return found


def probes(scores: pd.DataFrame) -> list[str]:
    """Table 3."""
    found = []
    for model, own in _models(scores):
        by_name, trainings = own.set_index("probe")["score"], int(own["seeds"].max())
        found.append(
            f"On {model}, attention alone finds {_percent(by_name['attention'])} of the heads and "
            f"{_percent(by_name['attention + words'])} with words; words and distances, without a model, find "
            f"{_percent(by_name['distances + words'])} "
            f"({'one training' if trainings == 1 else f'{trainings} trainings'} each)."
        )
    return found


def trusted_heads(weights: pd.DataFrame) -> list[str]:
    """The attention probe's weights."""
    found = []
    for model, own in _models(weights):
        top, least = own.loc[own["weight"].idxmax()], own.loc[own["weight"].idxmin()]
        found.append(
            f"On {model} the probe trusts head {top['layer']}-{top['head']} most ({top['direction']}, weight "
            f"{top['weight']:.1f}); it takes head {least['layer']}-{least['head']} as a sign against a pair "
            f"({least['direction']}, {least['weight']:.1f})."
        )
    return found


def map_of_heads(heads: pd.DataFrame) -> list[str]:
    """Figure 6."""
    found = []
    for model, own in _models(heads):
        near, counts = (own["nearest_layer"] == own["layer"]).mean(), own["behaviour"].value_counts()
        counts = counts.drop("none of these", errors="ignore")
        named = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
        found.append(
            f"In {model}, {_percent(near)} of the heads have their nearest head in their own layer; named by "
            f"behaviour: {named}, of {len(own)}. The picture's stress is {own['stress'].iloc[0]:.2f}."
        )
    return found


def _models(table: pd.DataFrame):
    return shown(table).groupby("model", sort=False)


def _line(layers: pd.DataFrame, statistic: str) -> pd.Series:
    """A statistic's mean by layer, from 1."""
    return layers[layers["statistic"] == statistic].set_index("layer")["value"].sort_index()


def _strongest(heads: pd.DataFrame, statistic: str) -> tuple[str, float]:
    own = heads[heads["statistic"] == statistic]
    top = own.loc[own["value"].idxmax()]
    return f"{top['layer']}-{top['head']}", top["value"]


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%" if share >= 0.1 else f"{share * 100:.1f}%"


def _spans(layers: list[int]) -> str:
    return f"{layers[0]}-{layers[-1]}" if len(layers) > 1 else str(layers[0])
