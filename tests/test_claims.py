"""Claims: verdicts by interval, what they are compared with, how they print, what failed."""

import numpy as np
import pandas as pd
import pytest

from insidebert.errors import InputError
from insidebert.files import write_json
from insidebert.papers import papers
from insidebert.results import claims, scoreboard
from insidebert.results.failures import record_failure
from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy, write_tidy

PAPERS = [paper.name for paper in papers()]


@pytest.mark.parametrize(
    ("low", "high", "holds", "expected"),
    [
        (0.1, 0.2, "above 0", "holds"),
        (-0.2, -0.1, "above 0", "fails"),
        (-0.1, 0.1, "above 0", "cannot tell"),
        (-0.2, -0.1, "below 0", "holds"),
        (0.4, 0.6, "between 0.3 0.7", "holds"),
        (0.1, 0.4, "between 0.3 0.7", "cannot tell"),
        (0.8, 0.9, "between 0.3 0.7", "fails"),
        (0.0, 0.2, "above 0", "cannot tell"),
        (0.1, 0.2, None, "context"),
        (np.nan, np.nan, "above 0", "cannot tell"),
    ],
)
def test_verdicts(low, high, holds, expected):
    assert claims.verdict(low, high, holds) == expected


@pytest.mark.parametrize("holds", ["over 0", "above", "above x", "between 1", "above 1 2", ""])
def test_a_limit_that_cannot_be_read_is_refused(holds):
    with pytest.raises(InputError, match="a claim holds 'above X'"):
        claims.Claim("c", "s", "p", None, "t", {}, holds)


def test_a_unit_that_is_none_is_refused():
    with pytest.raises(InputError, match="claim c: no unit 'apples'; there are share"):
        claims.Claim("c", "s", "p", None, "t", {}, "above 0", unit="apples")


def test_a_claim_needs_exactly_one_row_a_model_and_sees_no_random_weights():
    claim = claims.Claim("c", "s", "p", None, "t", {"contrast": "x"}, "above 0")
    rows = [("m", "trained", "x", 1.0, 0.5, 1.5), ("m", "random", "x", 0.0, -1.0, 1.0)]
    table = pd.DataFrame(rows, columns=["model", "weights", "contrast", "estimate", "low", "high"])
    decided = {"model": "m", "measured": 1.0, "low": 0.5, "high": 1.5, "verdict": "holds", "random": "cannot tell"}
    decided["floor"] = 0.0
    assert claims.decide(claim, table) == [decided]
    assert claims.decide(claim, table[:1]) == [decided | {"random": "", "floor": np.nan}]
    assert claims.decide(claim, table[1:]) == []
    with pytest.raises(InputError, match="has 2 rows"):
        claims.decide(claim, pd.concat([table, table]))
    with pytest.raises(InputError, match="has 0 rows"):
        claims.decide(claim, table.assign(contrast="y"))


def test_a_claim_about_two_models_waits_for_both():
    claim = claims.Claim("c", "s", "p", None, "t", {}, "below 0", models=("large", "base"))
    rows = [("base", "trained", 0.9, 0.8, 1.0), ("large", "trained", 0.3, 0.2, 0.4)]
    table = pd.DataFrame(rows, columns=["model", "weights", "estimate", "low", "high"])
    (row,) = claims.decide(claim, table)
    assert (row["model"], row["verdict"]) == ("large - base", "holds")
    assert (row["low"], row["high"]) == (pytest.approx(-0.8), pytest.approx(-0.4))
    assert claims.decide(claim, table[:1]) == []


def test_a_claim_about_the_difference_of_two_rows_adds_their_widths():
    claim = claims.Claim("c", "s", "p", None, "t", {"probe": "a"}, "above 0", {"probe": "b"})
    rows = [("m", "trained", "a", 0.6, 0.5, 0.7), ("m", "trained", "b", 0.25, 0.2, 0.3), ("n", "trained", "a", 1, 1, 1)]
    table = pd.DataFrame(rows, columns=["model", "weights", "probe", "score", "low", "high"])
    (row,) = claims.decide(claim, table)  # of n there is no second row
    assert (row["model"], row["verdict"]) == ("m", "holds")
    assert [row[name] for name in ("measured", "low", "high")] == pytest.approx([0.35, 0.2, 0.5])


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_is_about_a_table_that_is_measured(paper):
    kept = Paths.find().results / paper
    for claim in claims.read(paper):
        table = read_tidy(kept / f"{claim.table}.csv")
        decided = claims.decide(claim, table)
        models = set(table.loc[table["weights"] == "trained", "model"])
        run = len(models)
        least = 1 if claim.optional else run  # a model that gives no wrong answer has no row of them
        assert claim.models or least <= len(decided) <= run, claim.id
        assert not claim.models or bool(decided) == (set(claim.models) <= models), claim.id


def test_p_values_by_hand():
    """A mean two standard errors above its limit has p = 0.0455; the interval's half width is 1.96 of them."""
    assert claims.p_value(2.0, 2 - 1.959964, 2 + 1.959964, "above 0") == pytest.approx(0.0455, abs=1e-4)
    assert claims.p_value(-2.0, -3.959964, -0.040036, "above 0") == pytest.approx(0.0455, abs=1e-4)
    assert claims.p_value(0.5, 0.5 - 1.959964, 0.5 + 1.959964, "between -1.5 2.5") == pytest.approx(0.0455, abs=1e-4)
    assert claims.p_value(3.0, 3.0, 3.0, "above 0") == 0
    assert claims.p_value(0.0, 0.0, 0.0, "above 0") == 1
    assert np.isnan(claims.p_value(1.0, 0.5, 1.5, None))
    assert np.isnan(claims.p_value(np.nan, 0.5, 1.5, "above 0"))


def test_false_discovery_rate_by_hand():
    """Benjamini and Hochberg: p * n / rank, made monotone from the largest down; NaN counts for none."""
    q = claims.discoveries(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(q, [0.03, np.nan, 0.04, 0.04])


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.3449, "share", "34"),
        (0.00412, "", "0.0041"),
        (0.00412, "share", "0.41"),
        (0.9987, "share", "99.8"),
        (0.99999, "share", "99.9"),
        (1.0, "share", "100"),
        (123.4, "count", "123"),
        (9.96, "bits", "10"),
        (0.0996, "bits", "0.10"),
        (-1e-17, "", "0"),
        (-0.0, "share", "0"),
        (-0.004, "", "-0.0040"),
        (3e-7, "", "3.0e-07"),
        (np.nan, "", "?"),
    ],
)
def test_numbers_print_with_two_digits_and_never_as_zero(value, unit, expected):
    assert scoreboard.number(value, unit) == expected


def test_numbers_in_words():
    assert scoreboard.interval_in_words(0.5, 0.41, 0.6, "bits") == "0.50 [0.41, 0.60] bits"
    assert scoreboard.interval_in_words(0.468, 0.41, 0.5, "points") == "47 [41, 50] points"
    assert scoreboard.limit_in_words("between 0.25 0.42", "share") == "between 25 and 42%"
    assert scoreboard.limit_in_words("above 3.8", "nats") == "above 3.8"
    assert scoreboard.limit_in_words("") == "-"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Paths with one measured claim, one of context and one whose measurement failed for a model."""
    found = [
        claims.Claim("a", "A < B | C", "1", 0.4, "m-t", {"c": "x"}, "above 0", unit="share", question="Does it?"),
        claims.Claim("b", "How much", "2", None, "m-t", {"c": "x"}, None, question="Does it?", figure="figure-1"),
    ]
    monkeypatch.setattr(claims, "read", lambda paper: found)
    paths = Paths(tmp_path, "smoke", tmp_path)
    rows = [("m", "trained", "x", 0.004, 0.003, 0.005), ("m", "random", "x", 0.4, 0.3, 0.5)]
    table = pd.DataFrame(rows, columns=["model", "weights", "c", "estimate", "low", "high"])
    write_tidy(paths.results / "look_at" / "m-t.csv", table)
    drawn = (("trained", "12"), ("random", "3"))
    models = [{"label": "m", "weights": weights, "sha256": 8 * digits} for weights, digits in drawn]
    write_json(paths.results / "look_at" / "m.json", {"models": models, "tables": ["m-t"]})
    return paths


def test_the_scoreboard_says_unit_question_file_and_what_random_weights_do(toy):
    table = claims.collect(toy, ("look_at",))
    row = table.iloc[0]
    assert row[["verdict", "random", "file", "unit"]].tolist() == ["holds", "holds", "12121212", "share"]
    assert row["question"] == "Does it?"
    assert row["q"] < 0.05
    assert np.isnan(table.iloc[1]["q"])
    assert table.iloc[1][["verdict", "figure"]].tolist() == ["context", "figure-1"]
    written = (toy.figures / "claims.md").read_text()
    assert "### Does it?" in written
    assert "| A &lt; B \\| C | 1 | 40% | above 0% | 0.40 [0.30, 0.50]% **holds** *random weights too* |" in written
    assert "Of 1 verdicts" in written
    pd.testing.assert_frame_equal(read_tidy(toy.figures / "claims.csv"), table, check_dtype=False, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "models"),
    [
        ({}, ["m", "m on DREAM"]),
        ({"c": "y"}, ["m"]),  # its row is not there
        ({"dataset": None}, ["m"]),
        ({"c": None}, ["m"]),
    ],
)
def test_a_recorded_table_of_an_earlier_version_decides_what_it_can(toy, monkeypatch, change, models):
    claim = claims.Claim("a", "A", "1", 0.4, "m-t", {"c": "x"}, "above 0", data=("embedded", "recorded"))
    monkeypatch.setattr(claims, "read", lambda paper: [claim])
    row = {"model": "m", "weights": "trained", "dataset": "dream", "c": "x", "estimate": 0.4, "low": 0.3, "high": 0.5}
    write_tidy(toy.results / "p" / "m-t.csv", pd.DataFrame([row]))
    row = {name: value for name, value in (row | change).items() if value is not None}
    write_tidy(toy.recorded / "p" / "m-t.csv", pd.DataFrame([row]))
    assert claims.collect(toy, ("p",))["model"].tolist() == models


def test_a_table_of_an_earlier_version_costs_its_claim_and_no_other(toy, monkeypatch):
    asked = [claims.Claim(x, x, "1", None, "m-t", {"c": x}, "above 0") for x in ("there", "new")]
    monkeypatch.setattr(claims, "read", lambda paper: asked)
    row = {"model": "m", "weights": "trained", "c": "there", "estimate": 0.4, "low": 0.3, "high": 0.5}
    write_tidy(toy.results / "p" / "m-t.csv", pd.DataFrame([row]))
    table = claims.collect(toy, ("p",)).set_index("id")
    assert table["verdict"].to_dict() == {"there": "holds", "new": "not measured"}
    assert "`make figures` measures it anew" in table.at["new", "why"]


def test_what_failed_is_a_row(toy):
    record_failure(toy, "21-look-at-x", "it has no head", measurement="m", model="mine")
    table = claims.collect(toy, ("look_at",))
    row = table[table["model"] == "mine"].iloc[0]
    assert (row["verdict"], row["why"]) == ("not measured", "it has no head")
    written = (toy.figures / "claims.md").read_text()
    assert "not measured, because it has no head" in written
    assert "| 21-look-at-x | m | mine | it has no head |" in written
    assert "mine" in scoreboard.in_small(table)


def test_a_verdict_that_many_others_explain_is_marked(toy):
    table = claims.collect(toy, ("look_at",)).assign(q=0.2)
    assert "**holds**? *random" in scoreboard.markdown(table, [], 0.05)


def test_nothing_measured_and_nothing_failed_is_said(tmp_path):
    with pytest.raises(InputError, match="`make figures` measures them"):
        claims.collect(Paths(tmp_path, "smoke", tmp_path), tuple(PAPERS))


@pytest.mark.parametrize("text", ["- id: [", "- {id: a, colour: red}", "- 3", "x: 1"])
def test_claims_that_cannot_be_read_are_named(tmp_path, monkeypatch, text):
    (tmp_path / "claims.yml").write_text(text)
    monkeypatch.setattr(claims, "files", lambda package: tmp_path)
    with pytest.raises(InputError, match=r"claims\.yml"):
        claims.read("open_sesame")
