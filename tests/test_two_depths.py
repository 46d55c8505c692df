"""What notebooks and chapters say of twelve layers and of six: the numbers and verdicts are those of the tables.

A page's numbers are listed as pieces of its text, as for the lesson plans. English alone: that the Chinese has the same
numbers is for test_chinese and test_translations.
"""

from pathlib import Path

import pandas as pd
import pytest

from insidebert.results.scoreboard import number
from tests.test_quiz import numbers, prose

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = pd.read_csv(ROOT / "figures" / "claims.csv").set_index(["id", "model"])
THREE = MPNET, DISTILBERT, MINILM = ("mpnet-base", "distilbert-cased", "minilm-l6")
CONFUSION, NO_OP, PROBES = ("12-open-sesame-confusion", "22-look-at-no-op", "24-look-at-probes")
NOTEBOOKS = {name: f"../notebooks/{name}.ipynb" for name in (CONFUSION, NO_OP, PROBES)}
CHAPTERS = {name: f"../book/{name}.md" for name in ("open_sesame", "look_at")}


def table(name, **where):
    """Rows of an embedded model's tidy table in which every named column has its value."""
    found = pd.read_csv(ROOT / "results" / "embedded" / f"{name}.csv")
    for column, value in {"weights": "trained", **where}.items():
        found = found[found[column] == value]
    assert len(found), (name, where)
    return found


def measured(claim, *models):
    """A claim's numbers as the scoreboard writes them, losses unsigned."""
    rows = [CLAIMS.loc[(claim, model)] for model in models]
    return [number(abs(row["measured"]), row["unit"]) for row in rows]


def confusion():
    pp, rc = (f"agreement-{place}-match-over-mismatch" for place in ("pp", "rc"))
    yield "adds {} bits after a preposition and {} in a relative clause", measured(pp, MPNET) + measured(rc, MPNET)
    assert measured(rc, DISTILBERT) == measured(rc, MPNET)
    objects = measured("reflexive-object-match-over-mismatch", *THREE)
    yield "by {} bits in the object, against {} and {}", objects
    rise = CLAIMS.loc[("reflexive-bump", MPNET)]
    yield "rise there by {} bits, where the paper has {}", [number(rise["measured"]), number(rise["paper_value"])]
    yield "and agreement falls by {}", measured("agreement-bump", MPNET)
    (small,) = {f"{CLAIMS.loc[('agreement-pp-over-rc', model), 'measured']:.2f}" for model in (MPNET, MINILM)}
    yield "but by {} bits, and that is an average", [small]
    differences = table("open_sesame/agreement-differences", model=MINILM, contrast="PP minus RC (A1, A2 - A3, A4)")
    first, second = differences.sort_values("layer")["estimate"].iloc[:2]
    assert first > 0.1 and second < -0.1
    for phenomenon in ("reflexive", "agreement"):
        curve = table(f"open_sesame/{phenomenon}-layers", model=MPNET).pivot(
            index="label", columns="layer", values="confusion"
        )
        even = pd.Series([1.585 if label in ("R5", "R6", "R7", "R8") else 1 for label in curve.index], curve.index)
        assert curve.mean().idxmin() == 9 and (curve[12] > even).all()
    for claim, row in CLAIMS.xs(MPNET, level="model").iterrows():
        if claim.startswith("reflexive") and claim.endswith(("match", "mismatch")) and pd.notna(row["paper_value"]):
            more, *less = (CLAIMS.loc[(claim, model), "measured"] for model in THREE)
            assert more > row["paper_value"] > max(less), claim


def no_op():
    yield "the ratio is {}, against {} in `distilbert-cased`", measured("sep-is-a-no-op", MPNET, DISTILBERT)
    attention = table("look_at/surface-layers", statistic="to [CLS]").set_index(["model", "layer"])["value"]
    gradient = table("look_at/importance-layers").pivot(index=["model", "layer"], columns="tokens", values="gradient")
    ratio = gradient["[CLS]"] / gradient["other"]

    def ends(values, model, layers):
        own = values[model].loc[layers]
        return [number(own.min(), "share"), number(own.max(), "share")]

    early, middle, small = slice(3, 5), slice(6, 8), slice(2, 5)
    yield "In layers 3-5, where [CLS] gets {}% to {}% of attention", ends(attention, MPNET, early)
    yield "that gradient is {}% to {}% of the one at other tokens", ends(ratio, MPNET, early)
    yield "in layers 6-8, where [CLS] gets {}% to {}%,", ends(attention, MPNET, middle)
    yield " it is {}% to {}%. In layers 2-5", ends(ratio, MPNET, middle)
    yield "with {}% to {}% of attention on", ends(attention, MINILM, small)
    yield " [CLS], it is {}% to {}%.", ends(ratio, MINILM, small)
    heads = {model: table("look_at/clustering-heads", model=model) for model in THREE}
    near = {model: own["nearest_layer"] == own["layer"] for model, own in heads.items()}
    assert min(near[DISTILBERT].mean(), near[MINILM].mean()) > 0.5
    chance = near[MPNET].mean() - CLAIMS.loc[("heads-of-a-layer-lie-together", MPNET), "measured"]
    yield "by less, {}% against {}%", [number(near[MPNET].mean(), "share"), number(chance, "share")]
    by_layer = near[MPNET].groupby(heads[MPNET]["layer"]).mean()
    assert by_layer[[1, 2, 11, 12]].min() > by_layer.drop([1, 2, 11, 12]).max()
    assert not by_layer.loc[6:8].any()
    kinds = {model: own["behaviour"].value_counts(normalize=True) for model, own in heads.items()}
    assert "[SEP]" not in kinds[MPNET] and kinds[MPNET]["none of these"] > 0.5
    assert [("periods and commas" in kinds[model]) for model in THREE] == [True, False, False]
    assert set(heads[MPNET].loc[heads[MPNET]["behaviour"] == "periods and commas", "layer"]) <= {*range(5, 10)}


def probes():
    scores = table("look_at/probes-scores").pivot(index="model", columns="probe", values="score")
    alone, words, both = (scores[name] for name in ("attention", "distances + words", "attention + words"))
    yield "it draws level: {:.1%} against {:.1%}", [alone[MPNET], words[MPNET]]
    yield "and attention alone finds {:.1%} and {:.1%}", [alone[DISTILBERT], alone[MINILM]]
    short = both - scores["structural probe (UUAS)"]
    assert 0 < short[DISTILBERT] < 0.01 and short.idxmax() == MPNET
    assert (scores["random layers' attention + words"] < scores["right-branching"]).all()
    trusted = table("look_at/probes-weights").sort_values("weight", ascending=False).groupby("model").head(6)
    best = table("look_at/syntax-relations")
    found = trusted.merge(best, on=["model", "layer", "head", "direction"])
    (common,) = found[found["relation"].isin(["prep", "pobj", "det"])].itertuples()
    yield "only {}-{} of `distilbert-cased` is among them", [common.layer, common.head]
    first = trusted.groupby("model").head(1).merge(found, on=["model", "layer", "head", "direction"])
    assert set(first.loc[first["relation"] == "conj", "model"]) == {DISTILBERT, MINILM}
    assert MPNET not in set(first["model"])
    assert common.model == DISTILBERT and {1, 12} <= set(trusted.loc[trusted["model"] == MPNET, "layer"])


def open_sesame():
    pp, rc = (measured(f"agreement-{place}-match-over-mismatch", MPNET) for place in ("pp", "rc"))
    yield "by {} bits after a preposition and {} in a relative clause", pp + rc
    assert CLAIMS.loc["reflexive-object-match-over-mismatch"]["measured"].idxmax() == MPNET
    distilbert, minilm, mpnet = measured("nth-token-kept-early", DISTILBERT, MINILM, MPNET)
    yield "keep {}% of the positions and those of `minilm-l6` {}%", [distilbert, minilm]
    yield "those of `mpnet-base` no more than {}%", [mpnet]
    positions = table("open_sesame/nth_token-accuracy", model=MPNET, state="embedding").set_index("n")["accuracy"]
    assert positions.loc[4:].max() < 0.5
    auxiliary = table("open_sesame/main_auxiliary-accuracy", split="main_auxiliary.relative", probe="task")
    best = auxiliary[auxiliary["state"] == "layer"].groupby("model")["accuracy"].max()
    finds = [number(best[model], "share") for model in THREE]
    yield "in {}% of the sentences, that of `distilbert-cased` in {}% and that of `minilm-l6` in {}%", finds


def look_at():
    yield (
        "it gets {1}% of attention where the paper has half, {0}% in `mpnet-base` and {2}% in",
        measured("half-on-sep", *THREE),
    )
    found = measured("neural-coreference", MPNET, MINILM, DISTILBERT)
    yield "finds {}% of antecedents in `mpnet-base`, {}% in `minilm-l6` and {}% in `distilbert-cased`", found
    yield "by {} points, against {} and {}", measured("a-head-for-objects-of-prepositions", *THREE)


PAGES = {
    NOTEBOOKS[CONFUSION]: confusion,
    NOTEBOOKS[NO_OP]: no_op,
    NOTEBOOKS[PROBES]: probes,
    CHAPTERS["open_sesame"]: open_sesame,
    CHAPTERS["look_at"]: look_at,
}

HOLDS, FAILS, OPEN = "holds", "fails", "cannot tell"
ALL = (HOLDS, HOLDS, HOLDS)
TWELVE = (HOLDS, FAILS, FAILS)
CASED = (FAILS, HOLDS, FAILS)
VERDICTS = {
    "agreement-pp-over-rc": ALL,
    "agreement-pp-match-over-mismatch": (HOLDS, OPEN, OPEN),
    "agreement-rc-match-over-mismatch": (HOLDS, OPEN, OPEN),
    "reflexive-object-match-over-mismatch": ALL,
    "reflexive-rc-match-over-mismatch": ALL,
    "reflexive-three-beyond-their-number": ALL,
    "reflexive-falls-with-depth": ALL,
    "agreement-falls-with-depth": ALL,
    "reflexive-bump": (FAILS, FAILS, HOLDS),
    "agreement-bump": CASED,
    "main-auxiliary-rises": ALL,
    "compound-does-well": ALL,
    "nth-token-kept-early": (FAILS, HOLDS, HOLDS),
    "nth-token-falls": ALL,
    "nth-token-falls-more-for-later": (FAILS, HOLDS, HOLDS),
    "early-heads-on-cls": TWELVE,
    "cls-peaks-early": (FAILS, FAILS, FAILS),
    "last-layers-on-punctuation": TWELVE,
    "heads-on-punctuation": TWELVE,
    "half-on-sep": CASED,
    "heads-on-sep": CASED,
    "sep-attends-to-sep": CASED,
    "sep-is-a-no-op": CASED,
    "lower-layers-are-broader": ALL,
    "heads-of-a-layer-lie-together": ALL,
    "no-head-knows-syntax": ALL,
    "a-head-for-passives": (OPEN, HOLDS, OPEN),
    "attention-holds-syntax": ALL,
    "words-help-attention": ALL,
    "attention-alone-holds-syntax": (OPEN, OPEN, FAILS),
}
"""Claim -> its verdict at twelve layers and in the two models of six, as the pages say in words."""
OTHERS = {"22", "60", "61", "58"}
"""A notebook, a bound in a claim, and what the paper prints; any other number of two digits or more is measured."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: Path(page).stem)
def test_the_numbers_of_both_depths_are_those_of_the_tables(page):
    text = prose(page, chinese=False)
    pieces = [pattern.format(*found) for pattern, found in PAGES[page]()]
    assert [piece for piece in pieces if piece not in text] == []
    for paragraph in text.split("\n\n"):
        if "welve layers" in paragraph and MPNET in paragraph:
            for piece in pieces:
                paragraph = paragraph.replace(piece, "")
            left = {found for found in numbers(paragraph) if not (found.isdigit() and int(found) <= 12)}
            assert left <= OTHERS, left


@pytest.mark.parametrize("claim", VERDICTS)
def test_what_holds_at_either_depth_is_what_the_pages_say(claim):
    assert tuple(CLAIMS.loc[claim].loc[list(THREE), "verdict"]) == VERDICTS[claim]
