"""What notebooks and chapters say of gold data, and of our own texts beside it: the numbers are those of the tables.

English alone, as pieces of the text: that the Chinese has the same numbers is for test_chinese and test_translations.
"""

from pathlib import Path

import pandas as pd
import pytest

from insidebert.papers import printed
from insidebert.papers.pipeline import seen
from insidebert.papers.pipeline.critique_figures import depths_of
from insidebert.papers.qa_layers.layers import PHASES, phase_layers
from insidebert.results import claims
from insidebert.results.tables import read_tidy
from tests.test_quiz import BOTH, DISTILBERT, MINILM, prose

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = pd.read_csv(ROOT / "figures" / "claims.csv").set_index(["id", "model"])
OURS, GOLD = "embedded", "recorded"
ENCODERS, LAYERS, GEOMETRY = (
    f"../notebooks/{name}.ipynb" for name in ("52-edge-probing-encoders", "61-pipeline-layers", "71-qa-layers-geometry")
)
PROBES = "../notebooks/72-qa-layers-probes.ipynb"
CHAPTER = "../book/pipeline.md"


def table(profile, name):
    """A tidy table's rows of the two models that are on every page."""
    found = read_tidy(ROOT / "results" / profile / f"{name}.csv")
    return found[(found["weights"] == "trained") & found["model"].isin(BOTH)]


def contrast(name, profile, words, **where):
    """Model -> row of a contrast."""
    found = table(profile, name)
    for column, value in {"contrast": words, **where}.items():
        found = found[found[column] == value]
    assert len(found) == len(BOTH), words
    return found.set_index("model")


def points(name, words, profile=GOLD):
    """100 times a contrast of each model."""
    found = contrast(f"{name}-contrasts", profile, words)["estimate"]
    return [100 * found[model] for model in BOTH]


def encoders():
    edges = "edge_probing/encoders"
    relations = points(edges, "relations: mix minus lex")
    yield "({:.0f} in `distilbert-cased`, {:.0f} in `minilm-l6`)", relations
    yield "(by {:.1f} and {:.1f} points)", points(edges, "spr: mix minus cnn 2")
    below = [-value for value in points(edges, "random layers minus lex")]
    yield "(by {:.1f} and {:.1f} points)", below
    fails = points(edges, "mix minus lex, syntax minus semantics")
    yield "({:.1f} and {:.1f} points)", fails
    scores = table(GOLD, f"{edges}-scores").set_index(["task", "input", "model"])["f1"] * 100
    alone, whole = ([scores["winograd", name, model] for model in BOTH] for name in ("lex", "mix"))
    yield "gets {:.0f} and {:.0f} F1", alone
    yield "all layers {:.0f} and {:.0f}", whole
    gains = [points(edges, f"{task}: mix minus lex") for task in ("constituents", "dependencies", "spr")]
    syntax = [(one + other) / 2 for one, other in zip(*gains[:2], strict=True)]
    each = [syntax[0], gains[2][0], syntax[1], gains[2][1]]
    yield "{:.1f} points against {:.1f} and {:.1f} against {:.1f}", each
    for profile in (OURS, GOLD):
        coreference = contrast(f"{edges}-contrasts", profile, "coreference: mix minus lex")
        assert (coreference["low"] <= 0).all()
    assert (contrast(f"{edges}-contrasts", GOLD, "share of the gain that is learned")["low"] > 1).all()
    critique = table(OURS, f"{edges}-critique").set_index(["task", "input", "model"]).sort_index()
    for task in ("constituents", "dependencies", "roles", "relations"):
        assert critique.loc[task, "control"].max() < 0.05
    for task in ("pos", "entities"):
        assert critique.loc[task, "control"].min() > 0.4
        assert critique.loc[(task, "lex"), "selectivity"].max() < 0.4
    for task in ("pos", "dependencies"):
        assert (critique.loc[(task, "lex"), "bits"] < critique.loc[(task, "mix"), "bits"]).all()
    base = printed("edge_probing")["f1"]
    gain = pd.Series(base["BERT-base, mix"]) - pd.Series(base["BERT-base, lex"])
    said = [gain[task] for task in ("relations", "roles", "coreference")]
    assert gain.idxmax() == "relations" and gain.drop("relations").idxmax() in ("constituents", "core")
    yield "gain most of all ({:+.0f}), roles ({:+.0f}) more than", said[:2]
    yield "coreference ({:+.0f}) as much", said[2:]


def layers():
    tasks, bits = ({p: table(p, f"pipeline/{name}") for p in (OURS, GOLD)} for name in ("layers-tasks", "code-lengths"))
    kept, lines = {}, set()
    for profile in (OURS, GOLD):
        for model, said in zip(BOTH, seen.orders(tasks[profile], bits[profile])[2:], strict=True):
            kept[profile, model] = said
        found = depths_of(tasks[profile], bits[profile])
        found = found[found["measure"] == "expected layer"].sort_values("depth")
        lines |= {tuple(own["task"]) for _, own in found.groupby("model")}
        if profile == GOLD:
            order = list(found.loc[found["model"] == DISTILBERT, "task"])
    assert len(lines) == 4
    assert set(order[:2]) == {"entities", "pos"} and set(order[5:]) == {"spr", "relations", "coreference"}
    assert "15 of 28 keep their order by all 6" in kept[GOLD, DISTILBERT]
    assert "2 of 21 keep their order by all 6" in kept[OURS, DISTILBERT]
    assert "of 21 pairs of tasks with a clear gain, 1 have" in kept[GOLD, MINILM]
    yield "15 of 28 pairs of tasks keep", []
    yield "On our own texts 2 of 21 do", []
    yield "of 21 pairs 1 has intervals", []
    scores = table(OURS, "pipeline/layers-scores").set_index(["probe", "task", "layer", "model"])["f1"]
    yield "has an F1 of {:.1f}", [100 * scores["cumulative", "spr", 0, DISTILBERT]]
    assert max(scores["single", task, 6, DISTILBERT] for task in ("roles", "coreference", "relations")) < 0.0005
    later = contrast("pipeline/layers-contrasts", GOLD, "expected layer, SPR and relations minus syntax")
    assert later.loc[DISTILBERT, "low"] > 0 > later.loc[MINILM, "low"]
    names = contrast("pipeline/layers-contrasts", GOLD, "expected layer, entities minus dependencies")
    spread = contrast("pipeline/layers-contrasts", GOLD, "K of the weights, syntax minus SPR and relations")
    assert (names["high"] < 0).all() and (spread["high"] < 0).all()
    own, gold = (
        points("pipeline/layers", "pairs of edges that are settled in reversed order", p) for p in (OURS, GOLD)
    )
    shares = [*own, *gold]
    yield "{:.0f}% and {:.0f}% are settled in reverse order ({:.0f}% and {:.0f}% on", shares
    every = read_tidy(ROOT / "results" / OURS / "pipeline" / "layers-contrasts.csv")
    random = every[every["contrast"].str.startswith("pairs of edges") & (every["weights"] == "random")]
    assert (random["estimate"] < 0.55).all() and len(random) >= len(BOTH)
    assert set(CLAIMS.loc["context-length-drives-it", "verdict"]) == {"cannot tell"}


def geometry():
    def phases(words, number, outcome="all"):
        return contrast("qa_layers/phases-contrasts", GOLD, words, number=number, space="raw", outcome=outcome)

    joined, more = (
        phases("question + fact: phase 3", 1),
        phases("question + fact: phase 3, fine-tuned minus pre-trained", 1),
    )
    pure = phases("sentences minus chance: phase 3", 1)
    said = [joined.loc[DISTILBERT, "estimate"], more.loc[DISTILBERT, "estimate"]]
    yield "(a silhouette of {:.3f}, and {:.2f} more than", said
    yield "(clusters are {:.0f} points purer", [100 * pure.loc[DISTILBERT, "estimate"]]
    assert (phases("question + fact: phase 4 minus phase 3", 1)["high"] < -0.05).all()
    for found in (joined, more, pure):
        assert found.loc[MINILM, "high"] < 0 < found.loc[DISTILBERT, "low"]
    assert (phases("question + fact: phase 3", 2)["high"] < 0).all()
    assert (phases("answer: phase 4 minus phase 3", 1, "right")["low"] > 0).all()
    assert (phases("question + fact: phase 3", 3)["low"] > 0).all()
    assert (phases("question + fact: phase 3, fine-tuned minus pre-trained", 3)["high"] < 0.01).all()


def probes():
    found = read_tidy(ROOT / "results" / OURS / "qa_layers" / "probes-scores.csv")
    found = found[(found["score"] == "macro F1") & (found["version"] == "fine-tuned")]
    found = found[(found["task"] == "supporting facts") & (found["dataset"] == "deduction")]
    level = found[(found["f1"] - found["majority"]).abs() < 0.01]
    assert {model: set(own["layer"]) for model, own in level.groupby("model")} == {DISTILBERT: {5}, MINILM: {4, 5, 6}}
    piece = "in layer 5 of `distilbert-cased` and from layer 4 of `minilm-l6` on"
    yield piece, []


def chapter():
    tasks, bits = table(OURS, "pipeline/layers-tasks"), table(OURS, "pipeline/code-lengths")
    one, other = seen.orders(tasks, bits)[2:]
    assert "of 21 pairs of tasks with a clear gain, 12 have" in one and ", 7 of them in BERT-large's order" in one
    assert "of 15 pairs of tasks with a clear gain, 3 have" in other
    yield "12 of 21 pairs", []
    yield "3 of 15 in the other, and of the twelve only 7", []


PAGES = {ENCODERS: encoders, LAYERS: layers, GEOMETRY: geometry, PROBES: probes, CHAPTER: chapter}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: Path(page).stem)
def test_what_pages_say_of_gold_data_is_in_the_tables(page):
    text = prose(page, chinese=False)
    pieces = [pattern.format(*found) for pattern, found in PAGES[page]()]
    assert [piece for piece in pieces if piece not in text] == []


VERDICTS = {
    "relations-gain-much": ("cannot tell", "fails", "holds", "holds"),
    "proto-roles-need-range": ("cannot tell", "fails", "holds", "holds"),
    "random-layers-help": ("holds", "holds", "fails", "fails"),
    "syntax-gains-most": ("holds", "holds", "fails", "fails"),
    "semantics-is-later": ("cannot tell", "cannot tell", "holds", "cannot tell"),
}
"""Claim -> its verdict on our own texts and on gold data, `distilbert-cased` first, as the pages say in words."""


@pytest.mark.parametrize("claim", VERDICTS)
def test_what_comes_out_on_gold_data_is_what_the_pages_say(claim):
    models = [*BOTH, *(f"{model} on DATA" for model in BOTH)]
    assert tuple(CLAIMS.loc[claim].loc[models, "verdict"]) == VERDICTS[claim]


def test_a_statement_counts_the_tasks_that_its_means_are_over():
    base = printed("edge_probing")["f1"]
    means = [pd.Series(base[f"BERT-base, {name}"]).drop(["core", "non-core"]) for name in ("mix", "lex")]
    statement = next(row for row in claims.read("edge_probing") if row.id == "context-helps").statement
    said = "ten tasks: {:.1f} against {:.1f}".format(*(own.mean() for own in means))
    assert len(means[0]) == 10 and said in statement


def test_pictures_that_count_as_the_text_are_one_layer_higher():
    higher = [layer + 1 for layer in PHASES.values()]
    assert "they show 3, 6, 8 and 12 of our count" in prose(GEOMETRY, chinese=False) and higher == [3, 6, 8, 12]
    now, then = list(phase_layers(6).values()), [int(layer / 2 + 0.5) for layer in higher]
    assert (now[0], then[0]) == (1, 2) and now[1:] == then[1:]


def test_twelve_layers_gain_early_too():
    """What notebook 61 says of mpnet-base: most of a gain, relations apart, by layer 4; coreference has none."""
    folder = ROOT / "results" / OURS / "pipeline"
    scores, tasks = (read_tidy(folder / f"layers-{name}.csv") for name in ("scores", "tasks"))
    scores, tasks = (own[(own["model"] == "mpnet-base") & (own["weights"] == "trained")] for own in (scores, tasks))
    f1 = scores[scores["probe"] == "cumulative"].pivot(index="task", columns="layer", values="f1")
    early = (f1[4] - f1[0]) / (f1[12] - f1[0])
    assert (early.drop(["relations", "coreference"]) > 0.5).all() and early["relations"] < 0.5
    gain = tasks[tasks["statistic"] == "gain of F1"]
    assert set(gain.loc[gain["low"] <= 0, "task"]) == {"coreference"}
