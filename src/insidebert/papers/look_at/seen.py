"""What is seen in each figure and table, in sentences whose numbers are read from the tidy tables."""

from itertools import groupby
from operator import itemgetter

import pandas as pd

from insidebert.measure.depth import layers_at
from insidebert.papers.look_at.probe_figures import in_words
from insidebert.results.wording import each_model, percent, span


@each_model
def patterns(model: str, examples: pd.DataFrame, heads: pd.DataFrame) -> str:
    """Figure 1."""
    said, broadest = [], _top(heads, "entropy")
    for token, statistic in TARGETS.items():
        top = _top(heads, statistic)
        said.append(f"{token} (head {top['layer']}-{top['head']}: {percent(top['value'])})")
    return (
        f"In {model}, head {broadest['layer']}-{broadest['head']} attends most broadly ({broadest['value']:.1f} nats); "
        f"the highest averages are those {'; '.join(said)}."
    )


def _top(heads: pd.DataFrame, statistic: str) -> pd.Series:
    """The head that is highest in a statistic."""
    own = heads[heads["statistic"] == statistic]
    return own.loc[own["value"].idxmax()]


TARGETS = {"to the next token": "to next", "to [SEP]": "to [SEP]", "to periods and commas": "to . or ,"}


@each_model
def special_tokens(model: str, heads: pd.DataFrame, layers: pd.DataFrame) -> str:
    """Figure 2."""
    depth, peaks = int(layers["layer"].max()), []
    for name in ("[CLS]", "[SEP]"):
        top = _line(layers, f"to {name}")
        peaks.append(f"attention to {name} is highest in layer {top.idxmax()} ({percent(top.max())})")
    inner, upper = layers_at(depth, 5, 9), layers_at(depth, 6, 10)
    return (
        f"In {model}, {' and '.join(peaks)}. In layers {span(upper)}, which stand for 6-10 of 12, [SEP] gets "
        f"{percent(_line(layers, 'to [SEP]').loc[upper].mean())} of all attention; in layers {span(inner)} (5-9 of 12) "
        f"[SEP] itself gives {percent(_line(layers, '[SEP] to [SEP]').loc[inner].mean())} of its attention to [SEP]. "
        f"Of these and of periods and commas, most goes to {_leading(layers)}; in the paper early heads look at [CLS], "
        "layers 6-10 at [SEP], the last ones at periods and commas."
    )


def _leading(layers: pd.DataFrame) -> str:
    """Which kind of token gets most, layer by layer: `[CLS] in layers 1-3, [SEP] in layers 4-6`."""
    shares = pd.DataFrame({name: _line(layers, statistic) for name, statistic in KINDS.items()})
    runs = [(name, [layer for layer, _ in run]) for name, run in groupby(shares.idxmax(axis=1).items(), itemgetter(1))]
    return ", ".join(f"{name} in layer{'s' * (len(run) > 1)} {span(run)}" for name, run in runs)


KINDS = {"[CLS]": "to [CLS]", "[SEP]": "to [SEP]", "periods and commas": "to . or ,"}


@each_model
def importance(model: str, layers: pd.DataFrame) -> str:
    """Figure 3."""
    by_class = layers.pivot(index="layer", columns="tokens", values="gradient")
    upper, ratio = layers_at(int(layers["layer"].max()), 5, 12), by_class["[SEP]"] / by_class["other"]
    return (
        f"In {model}, from layer {upper[0]} on (layer 5 of 12) the gradient at attention to [SEP] is "
        f"{percent(ratio.loc[upper].mean())} of that to other tokens on average; in layer 1 it is "
        f"{percent(ratio.iloc[0])}, in the last layer {percent(ratio.iloc[-1])}."
    )


@each_model
def entropies(model: str, heads: pd.DataFrame, layers: pd.DataFrame) -> str:
    """Figure 4."""
    mean, of_cls = _line(layers, "entropy"), _line(layers, "entropy from [CLS]")
    even = layers.loc[layers["statistic"] == "entropy", "uniform"].iloc[0]
    return (
        f"In {model}, layer {mean.idxmax()} attends most broadly ({mean.max():.1f} nats of {even:.1f} for an even "
        f"spread) and layer {mean.idxmin()} most sharply ({mean.min():.1f}); in the last layer [CLS] has "
        f"{of_cls.iloc[-1]:.1f} nats (3.89 in the paper)."
    )


@each_model
def norms(model: str, heads: pd.DataFrame, layers: pd.DataFrame) -> str:
    """What is moved from [SEP] and [CLS]."""
    said = []
    for name in ("[SEP]", "[CLS]"):
        looked, moved = _line(layers, f"to {name}"), _line(layers, f"norm to {name}")
        at = looked.idxmax()
        said.append(f"in layer {at} {name} gets {percent(looked[at])} of attention and {percent(moved[at])} of norms")
    return f"In {model}, {'; '.join(said)}."


@each_model
def neighbours(model: str, heads: pd.DataFrame) -> str:
    """Section 3.1."""
    strong = [(heads.loc[heads["statistic"] == f"to {way}", "value"] > 0.5) for way in ("next", "previous")]
    return (
        f"Of the {len(strong[0])} heads of {model}, {strong[0].sum()} put over half of their attention on the next "
        f"token and {strong[1].sum()} on the previous one; of the paper's 144 it is five and four."
    )


@each_model
def relations(model: str, table: pd.DataFrame) -> str:
    """Table 1, and its picture."""
    every, single = table[table["relation"] == "all"].iloc[0], table[table["relation"] != "all"]
    text = f"The best attention head of {model} finds the head word of {percent(every['held_out'])} of all words."
    if single.empty:
        return text
    gain = (single["held_out"] - single["offset_accuracy"]).set_axis(single["relation"])
    most, least = gain.idxmax(), gain.idxmin()
    return (
        f"{text} Held out, its heads are above the best offset for {(gain > 0).sum()} of {len(gain)} relations; most "
        f"is gained for {in_words(most)} ({most}, {gain.max() * 100:+.0f} points), least for {in_words(least)} "
        f"({least}, {gain.min() * 100:+.0f})."
    )


def functions(lines: pd.DataFrame, which: int = 0) -> list[str]:
    """Figure 5, of one model."""
    sentences = _functions(lines)
    return [sentences[min(which, len(sentences) - 1)]]


@each_model
def _functions(model: str, lines: pd.DataFrame) -> str:
    marked = lines[lines["of_function"]].groupby("function", sort=False)["attention"].mean()
    found = [f"{in_words(name)} {percent(share)}" for name, share in marked.items()]
    return f"In {model}, the red lines carry on average: {', '.join(found)} of a word's attention."


@each_model
def selection(model: str, methods: pd.DataFrame) -> str:
    """Table 2."""
    every = methods[methods["mentions"] == "all"].set_index(["method", "candidates"])["held_out"]
    every, earlier = every.map(percent), "earlier mentions"
    return (
        f"In {model}, the best head, held out, finds {every['best head', 'all other mentions']} of antecedents among "
        f"all mentions, {every['best head', earlier]} among earlier ones; the nearest mention is right in "
        f"{every['nearest', earlier]}, the same head word in {every['head match', earlier]}, the "
        f"rules in {every['rule-based', earlier]}."
    )


@each_model
def probes(model: str, scores: pd.DataFrame) -> str:
    """Table 3."""
    found, trainings = scores.set_index("probe")["score"].map(percent), int(scores["seeds"].max())
    return (
        f"On {model}, attention alone finds {found['attention']} of the heads and {found['attention + words']} with "
        f"words; words and distances, without a model, find {found['distances + words']} "
        f"({'one training' if trainings == 1 else f'{trainings} trainings'} each)."
    )


@each_model
def trusted_heads(model: str, weights: pd.DataFrame) -> str:
    """The attention probe's weights."""
    top, least = weights.loc[weights["weight"].idxmax()], weights.loc[weights["weight"].idxmin()]
    return (
        f"On {model} the probe trusts head {top['layer']}-{top['head']} most ({top['direction']}, weight "
        f"{top['weight']:.1f}); it takes head {least['layer']}-{least['head']} as a sign against a pair "
        f"({least['direction']}, {least['weight']:.1f})."
    )


@each_model
def map_of_heads(model: str, heads: pd.DataFrame) -> str:
    """Figure 6."""
    near, sizes = (heads["nearest_layer"] == heads["layer"]).mean(), heads.groupby("layer")["layer"].transform("size")
    chance = ((sizes - 1) / (len(heads) - 1)).mean()
    counts = heads["behaviour"].value_counts().drop("none of these", errors="ignore")
    named = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
    return (
        f"In {model}, {percent(near)} of the heads have their nearest head in their own layer, by chance "
        f"{percent(chance)} would; named by behaviour: {named}, of {len(heads)}. "
        f"The picture's stress is {heads['stress'].iloc[0]:.2f}."
    )


def _line(layers: pd.DataFrame, statistic: str) -> pd.Series:
    """A statistic's mean by layer, from 1."""
    return layers[layers["statistic"] == statistic].set_index("layer")["value"].sort_index()
