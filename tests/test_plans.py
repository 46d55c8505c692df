"""The numbers in the lesson plans are those of the tidy tables, and a handout asks what its plan asks.

A plan's numbers are listed here as pieces of its text, with a place for each number. English plans alone: that the
Chinese ones hold the same numbers is for test_translations.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
TEACHING = ROOT / "teaching"
RESULTS = ROOT / "results"
DISTILBERT, MINILM = MODELS = ("distilbert-cased", "minilm-l6")


def rows(table, weights="trained", run="embedded", **where):
    """Rows of a tidy table in which every named column has its value, or one of its values.

    The plans are about the two models that every class has.
    """
    found = pd.read_csv(RESULTS / run / f"{table}.csv")
    found = found[found["model"].isin([DISTILBERT, MINILM])]
    for column, value in {"weights": weights, **where}.items():
        found = found[found[column].isin(value if isinstance(value, list | range) else [value])]
    assert len(found), (table, where)
    return found


def value(table, column, **where):
    (number,) = rows(table, **where)[column]
    return number


def both(table, column, **where):
    return [value(table, column, model=model, **where) for model in MODELS]


def estimate(contrasts, contrast, model, scale=1.0, **where):
    """Estimate, low and high."""
    return (scale * rows(contrasts, contrast=contrast, model=model, **where)[["estimate", "low", "high"]]).iloc[0]


AUXILIARY = {"table": "open_sesame/main_auxiliary-accuracy", "split": "main_auxiliary.relative", "probe": "task"}
NOUN = {"table": "open_sesame/subject_noun-accuracy", "probe": "task"}
COMPOUND, POSSESSIVE = NOUN | {"split": "subject_noun.compound"}, NOUN | {"split": "subject_noun.possessive"}
PLACE = {"table": "open_sesame/nth_token-accuracy", "split": "test"}
LAYERS = {"state": "layer"}


def shares(where, **more):
    return rows(**where, **more)["accuracy"]


def best(where):
    """Number and accuracy of the best layer of either model."""
    found = [rows(**where, **LAYERS, model=model).nlargest(1, "accuracy").iloc[0] for model in MODELS]
    return [number for row in found for number in (row["layer"], row["accuracy"])]


def fall(model, n):
    """Points from the first layer to the last."""
    first, last = (value(**PLACE, column="accuracy", n=n, model=model, **LAYERS, layer=layer) for layer in (1, 6))
    return 100 * (first - last)


def open_sesame():
    fell, contrasts = "open_sesame/nth_token-contrasts", "open_sesame/agreement-contrasts"
    confusion, layers = "open_sesame/reflexive-contrasts", "open_sesame/reflexive-layers"
    three = "three candidates minus two (R5-R8 - R1-R4)"
    yield (
        "On the embeddings {:.0%} (`distilbert-cased`) and {:.0%} (`minilm-l6`)",
        both(**AUXILIARY, column="accuracy", state="embedding"),
    )
    yield "The best are layer {:.0f} of 6 with {:.0%} and layer {:.0f} of 6 with {:.0%}", best(AUXILIARY)
    yield "the last layer falls back to {:.0%} and {:.0%}", both(**AUXILIARY, column="accuracy", **LAYERS, layer=6)
    yield (
        "With random weights no layer gets above {:.0%}",
        [np.ceil(100 * shares(AUXILIARY, weights="random", **LAYERS).max()) / 100],
    )
    plain = AUXILIARY | {"split": "main_auxiliary.plain"}
    yield "finds at least {:.1%}", [shares(plain, weights=["trained", "random"], **LAYERS).min()]
    yield (
        "`distilbert-cased` reaches at least {:.0%} from layer 1 on",
        [shares(COMPOUND, model=DISTILBERT, **LAYERS).min()],
    )
    yield "`minilm-l6` at least {:.0%} from layer 3 on", [shares(COMPOUND, model=MINILM, layer=range(3, 7)).min()]
    yield (
        "but random weights reach {:.0%} and {:.0%}",
        [shares(COMPOUND, weights="random", **LAYERS, model=model).max() for model in MODELS],
    )
    yield (
        "climbs from {:.0%} (layer 1) to {:.0%} (layer 6)",
        list(shares(POSSESSIVE, model=DISTILBERT, **LAYERS, layer=[1, 6])),
    )
    yield "`minilm-l6` never gets above {:.0%}", [shares(POSSESSIVE, model=MINILM, **LAYERS).max()]
    yield "random weights stay at {:.0%}", [shares(POSSESSIVE, weights="random", **LAYERS).max()]
    middle = both("open_sesame/subject_noun-contrasts", "estimate", split=POSSESSIVE["split"], contrast="middle layers")
    yield "`distilbert-cased` ({:.2f} over the middle layers", middle[:1]
    yield "holds for `minilm-l6` ({:.2f})", middle[1:]
    yield (
        "Without the position embedding at most {:.0%} are found",
        [shares(PLACE, state="embedding without positions").max()],
    )
    embedding = shares(PLACE, state="embedding")
    yield "with it between {:.0%} and {:.0%}", [embedding.min(), embedding.max()]
    yield (
        "the mean loss is {:.0f} points (`distilbert-cased`) and {:.0f} points (`minilm-l6`)",
        [estimate(fell, "early layers minus last layer", model, 100).iloc[0] for model in MODELS],
    )
    yield (
        "The second piece holds out longest ({:.0%} and {:.0%} in the last layer)",
        both(**PLACE, column="accuracy", **LAYERS, layer=6, n=2),
    )
    last = [shares(PLACE, **LAYERS, layer=6, model=model, n=n).iloc[0] for model, n in zip(MODELS, (8, 9), strict=True)]
    assert last == [shares(PLACE, **LAYERS, layer=6, model=model).min() for model in MODELS]
    ninth = value(**PLACE, column="accuracy", **LAYERS, layer=6, n=9, model=DISTILBERT)
    yield (
        "in `distilbert-cased` ({:.0%}; the ninth has {:.0%}) and at the ninth in `minilm-l6` ({:.0%})",
        [*(last[0], ninth, last[1])],
    )
    mean = [estimate(fell, "fall of n = 2-3", model, 100).iloc[0] for model in MODELS]
    yield (
        "falls by {:.0f} points in `distilbert-cased` ({:.0f} and {:.0f}) and by {:.0f} in",
        [*(mean[0], fall(DISTILBERT, 2), fall(DISTILBERT, 3), mean[1])],
    )
    yield "more than two by {:.2f} and {:.2f} bits", [estimate(confusion, three, model).iloc[0] for model in MODELS]
    yield "with random weights by {:.2f}", [estimate(confusion, three, DISTILBERT, weights="random").iloc[0]]
    yield "R5 from {:.2f} to {:.2f} bits", list(rows(layers, model=DISTILBERT, label="R5", layer=[3, 4])["confusion"])
    pp = "PP minus RC (A1, A2 - A3, A4)"
    yield "the prepositional phrase, by {:.2f} bits", [estimate(contrasts, pp, DISTILBERT).iloc[0]]
    yield "In `minilm-l6` by {:.3f} bits [{:.3f}, {:.3f}]", estimate(contrasts, pp, MINILM)
    yield (
        "makes {:.3f} bits [{:.3f}, {:.3f}] after a preposition",
        estimate(contrasts, "match minus mismatch, PP (A1 - A2)", DISTILBERT),
    )
    yield (
        "{:.3f} [{:.3f}, {:.3f}] in a relative clause",
        estimate(contrasts, "match minus mismatch, RC (A3 - A4)", DISTILBERT),
    )
    control = AUXILIARY | {"probe": "control"}
    memory = shares(control, state="embedding")
    yield "in {:.0%} to {:.0%} of the main auxiliary's sentences", [memory.min(), memory.max()]


def attended(statistic, model, layers):
    return list(rows("look_at/surface-layers", statistic=statistic, model=model, layer=layers)["value"])


def relation(name, column, model):
    return value("look_at/syntax-relations", column, relation=name, model=model)


def chosen(mentions, method, model, candidates):
    return value(
        "look_at/selection-methods", "held_out", mentions=mentions, method=method, model=model, candidates=candidates
    )


def look_at():
    yield (
        "`distilbert-cased`: {:.0%}, {:.0%}, {:.0%} and {:.0%} in layers 3 to 6",
        attended("to [SEP]", DISTILBERT, range(3, 7)),
    )
    yield (
        "never above {:.0%}; its layers 2 to 5 put {:.0%} to {:.0%} on [CLS]",
        [
            max(attended("to [SEP]", MINILM, range(1, 7))),
            min(attended("to [CLS]", MINILM, range(2, 6))),
            max(attended("to [CLS]", MINILM, range(2, 6))),
        ],
    )
    yield (
        "{:.0%}, {:.0%} and {:.0%} in layers 3 to 5, but only {:.0%} in layer 6",
        attended("[SEP] to [SEP]", DISTILBERT, range(3, 7)),
    )
    yield "it never puts more than {:.0%} there", [max(attended("[SEP] to [SEP]", MINILM, range(1, 7)))]
    gradient = list(rows("look_at/importance-layers", model=DISTILBERT, tokens="[SEP]")["gradient"])
    yield "from {:.1f} thousandths in layer 1 to {:.1f} from layer 4 on", [1000 * gradient[0], 1000 * max(gradient[3:])]
    ratio = [rows("look_at/importance-contrasts", model=model)["estimate"].iloc[0] for model in MODELS]
    yield "at other words (ratio {:.2f})", ratio[:1]
    yield "the ratio is {:.2f} and the claim fails", ratio[1:]
    heads = [
        rows("look_at/surface-heads", statistic="entropy", model=model, layer=1)["value"].max() for model in MODELS
    ]
    broad = [attended("entropy", model, [1])[0] for model in MODELS]
    yield "(mean {:.1f} and {:.1f} nats, the broadest heads {:.2f} and {:.2f};", [*broad, *heads]
    yield (
        "{:.1f} nats in `distilbert-cased`, so the claim fails, {:.1f} in `minilm-l6`",
        [attended("entropy from [CLS]", model, [6])[0] for model in MODELS],
    )

    def gain(name):
        return [100 * (relation(name, "held_out", m) - relation(name, "offset_accuracy", m)) for m in MODELS]

    yield "direct object by {:.0f} points (`distilbert-cased`) and {:.0f} (`minilm-l6`)", gain("dobj")
    for name, words in {"pobj": "object of a preposition", "det": "determiner"}.items():
        first, second = (round(points) for points in gain(name))
        assert first == second
        yield f"{words} by {{}} in both", [first]
    yield "auxiliary by {:.0f} and {:.0f}. A possessor by only {:.0f} and {:.0f}", [*gain("aux"), *gain("poss")]
    yield "the next word finds {:.0%} here", [relation("poss", "offset_accuracy", DISTILBERT)]
    yield "the best head finds only {:.0%}", [relation("all", "held_out", DISTILBERT)]
    found = {
        (who, method, model): chosen(who, method, model, which)
        for who in ("all", "pronoun", "proper")
        for method, which in (("best head", "all other mentions"), ("head match", "earlier mentions"))
        for model in MODELS
    }
    yield (
        "`minilm-l6`, head 3-5: {:.0%} against {:.0%} on pronouns, {:.0%} against {:.0%} on names",
        [found[who, method, MINILM] for who in ("pronoun", "proper") for method in ("best head", "head match")],
    )
    yield (
        "`distilbert-cased`, head 2-6: {:.0%} against {:.0%}, and {:.0%} against {:.0%}",
        [
            value("look_at/selection-methods", column, mentions=who, method=method, model=DISTILBERT, candidates=which)
            for who in ("pronoun", "proper")
            for method, which, column in (
                ("best head", "all other mentions", "accuracy"),
                ("head match", "earlier mentions", "accuracy"),
            )
        ],
    )
    yield "the nearest mention finds {:.0%}, more", [chosen("pronoun", "nearest", DISTILBERT, "earlier mentions")]
    yield "win: 3-5 with {:.0%}", [chosen("pronoun", "best head", DISTILBERT, "earlier mentions")]
    yield "rule-based system ({:.0%} in all)", [chosen("all", "rule-based", DISTILBERT, "earlier mentions")]
    yield "head of `minilm-l6` holds its own ({:.0%})", [found["all", "best head", MINILM]]
    parsed = {
        probe: both("look_at/probes-scores", "score", probe=probe)
        for probe in ("distances + words", "attention", "attention + words", "random layers' attention + words")
    }
    yield "finds {:.1%} of the heads", parsed["distances + words"][:1]
    yield "No: {:.1%} (`distilbert-cased`) and {:.1%} (`minilm-l6`)", parsed["attention"]
    yield "Attention with words does, with {:.1%} and {:.1%}", parsed["attention + words"]
    yield "does not, with {:.1%} and {:.1%}", parsed["random layers' attention + words"]
    to, norm = (attended(statistic, DISTILBERT, [3, 6]) for statistic in ("to [SEP]", "norm to [SEP]"))
    yield "[SEP] gets {:.0%} of the attention but {:.0%} of what is moved", [to[0], norm[0]]
    yield "In layer 6 it is {:.0%} and {:.0%}", [to[1], norm[1]]
    yield "[SEP] still carries {:.0%} of what is moved", norm[1:]
    yield (
        'with {:.0%}; always answering "the next word" finds {:.0%}',
        [relation("all", column, DISTILBERT) for column in ("held_out", "offset_accuracy")],
    )
    yield (
        '"{:.0%} on `nn` is excellent."** The next word is right in {:.0%} too',
        [relation("nn", column, DISTILBERT) for column in ("accuracy", "offset_accuracy")],
    )
    yield '"The best head has {:.0%}."', [relation("auxpass", "accuracy", MINILM)]
    yield "scored on the other it is {:.0%}, like the offset", [relation("auxpass", "held_out", MINILM)]


def of_minilm(table, **where):
    """The plan is about the reader that everybody can train."""
    return rows(table, model=MINILM, **where)


def multiple_choice():
    attacks, spoilt = "mcrc/attacks-accuracy", "mcrc/unanswerable-conditions"
    change = of_minilm(attacks).set_index("attack")["change"]
    assert change.drop("original").idxmin() == "Sent2Opt-Shuffle"
    assert change.drop("original").idxmax() == "AddAns2Opt"
    assert (change.drop("original") < 0).all()
    average = [
        of_minilm("mcrc/attacks-contrasts", run=run, contrast="average change over the attacks")["estimate"].iloc[0]
        for run in ("embedded", "recorded")
    ]
    yield "Sent2Opt-Shuffle too ({:.0%}); least is lost to AddAns2Opt ({:.0%})", [change.min(), change["AddAns2Opt"]]
    yield "the mean over all attacks is {:.0%}, and {:.0%} on DREAM", average
    lowest = of_minilm(attacks).nsmallest(1, "accuracy").iloc[0]
    yield (
        "the lowest is {:.1f}% [{:.1f}, {:.1f}] where guessing finds 33%",
        [100 * lowest[column] for column in ("accuracy", "low", "high")],
    )
    dream = of_minilm(attacks, run="recorded").set_index("attack").drop("original")
    assert (dream["change"] < 0).all() and dream["change"].idxmax() == "Ans2Opt-Shuffle"
    least = dream.loc["Ans2Opt-Shuffle", ["change", "change_low", "change_high"]] * 100
    yield "Ans2Opt-Shuffle, {:.1f}% [{:.0f}, {:.0f}]", least
    related = [
        of_minilm("mcrc/attacks-correlations", over="questions", feature=feature)[["estimate", "low", "high"]].iloc[0]
        for feature in ("length_change", "answer_words")
    ]
    assert all(low < 0 < high for _, low, high in related)
    yield (
        "is {:.2f} [{:.2f}, {:.2f}] for longer options and {:.2f} [{:.2f}, {:.2f}] for the answer",
        [number for row in related for number in row],
    )
    trained = of_minilm(spoilt).set_index("condition")
    lost = -100 * trained["difference"]
    yield "the shuffled passage costs {:.0f} points and the missing one {:.0f}", [lost["P-Shuffle"], lost["P-Remove"]]
    nothing = 100 * trained.loc["PQ-Remove", ["accuracy", "low", "high"]]
    assert nothing["low"] < 100 / 3 < nothing["high"]
    yield "Ours: {:.1f}% [{:.0f}, {:.0f}], which is chance", nothing
    yield "the longest option has {:.0%}", [trained.loc["longest option", "accuracy"]]
    yield "(P-Remove), it has {:.1%}", [trained.loc["P-Remove", "accuracy"]]
    yield "guessing the others would give {:.1%}", [0.2 + 0.8 / 3]
    half = 100 * of_minilm("mcrc/recovered-curve", share=0.5)[["accuracy", "low", "high"]].iloc[0]
    assert half["low"] < 200 / 3 < half["high"]
    yield "Ours: {:.1f}% [{:.0f}, {:.0f}], and the interval meets the line", half
    yield "It falls by {:.0f}% against 36%", [-100 * average[0]]
    yield (
        "weak: {:.0%} before any attack",
        [of_minilm(attacks, run="recorded", attack="original")["accuracy"].item()],
    )


def pipeline():
    """Nothing: such a plan has the paper's numbers alone, and sends to the sentences below the figures for ours."""
    yield from ()


PLANS = {
    "open-sesame": open_sesame,
    "look-at": look_at,
    "multiple-choice": multiple_choice,
    "pipeline": pipeline,
    "qa-layers": pipeline,
}


def text_of(name, room="plans", ending=".md"):
    return (TEACHING / room / f"{name}{ending}").read_text(encoding="utf-8")


def as_written(pattern, numbers):
    """A piece of text with its numbers; a minus that rounds to 0 is no minus."""
    return re.sub(r"-(0(\.0+)?)(?![.\d])", r"\1", pattern.format(*numbers))


@pytest.mark.parametrize("name", PLANS)
def test_the_numbers_of_a_plan_are_those_of_the_tables(name):
    text = text_of(name)
    wrong = [piece for piece in (as_written(*said) for said in PLANS[name]()) if piece not in text]
    assert wrong == []


def test_a_number_that_has_moved_is_found():
    assert as_written("from {:.0%} to {:.2f} [{:.1f}]", [0.246, -0.001, -0.26]) == "from 25% to 0.00 [-0.3]"
    pieces = [as_written(*said) for said in look_at()]
    assert len(pieces) > 20 and not any("nan" in piece for piece in pieces)


PROMPT = re.compile(r"^\d+\. \*(.+?)\* (.+)$", re.MULTILINE)
THEIRS = re.compile(r"\(paper[^)]*\)|; the paper has[^.]*|(The paper|In the paper|Paper)\b.*?(?=Ours|\. [A-Z`]|$)")


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_a_handout_has_every_prompt_and_no_answer(name, ending):
    prompts = PROMPT.findall(text_of(name, ending=ending))
    handout = text_of(name, "handouts", ending)
    assert len(prompts) in (6, 7)
    for number, (prompt, answer) in enumerate(prompts, start=1):
        assert f"\n{number}. {prompt}\n" in handout
        assert answer not in handout


@pytest.mark.parametrize("name", PLANS)
def test_every_answer_of_ours_is_in_the_tables(name):
    """A percentage in an answer stands in a piece that is looked up, or in a sentence on the paper or on chance."""
    looked_up = [as_written(*said) for said in PLANS[name]()]
    for _, answer in PROMPT.findall(text_of(name)):
        for piece in looked_up:
            answer = answer.replace(piece, "Ours:" if piece.startswith("Ours:") else "")
        ours = re.sub(
            r"\(paper[^)]*\)|; the paper has[^.]*|(The paper|In the paper|Paper)\b.*?(?=Ours|\. [A-Z`]|$)", "", answer
        )
        assert re.findall(r"\d+(?:\.\d+)?%", ours.split("Ours:")[-1]) in ([], ["50%"], ["67%"]), ours
