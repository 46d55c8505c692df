"""The page of many models says what the kept tables say."""

from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy
from insidebert.sweep.scoreboard import agreement

PATHS = Paths.find()
PAGE = (PATHS.root / "book" / "many-models.md").read_text(encoding="utf-8")


def tables(zoo: str) -> list:
    results, _ = PATHS.of_zoo(zoo, keep=True)
    return [read_tidy(results / f"{name}.csv") for name in ("members", "verdicts", "spread")]


def test_claims_that_hold_for_all_some_or_none_are_counted():
    members, verdicts, _ = tables("embedded")
    table = agreement(verdicts, members)
    counts = table["holds for"].value_counts()
    draws = int(members["random"].sum())
    too = (table["random weights"] == f"{draws} of {draws}").sum()
    assert (
        f"Of {len(table)} claims, {counts['all']} hold for both trained models, {counts['some']} for one of them and "
        f"{counts['none']} for neither; {too} hold for every draw of random weights"
    ) in PAGE


def test_the_luck_of_a_draw_is_counted():
    members, verdicts, spread = tables("embedded")
    random = verdicts[verdicts["member"].str.startswith("random:")]
    told = random.groupby(["paper", "id"])["verdict"].agg(set)
    differ = sum({"holds", "fails"} <= own for own in told)
    unsure = (spread["verdict"] == "cannot tell").sum()
    assert (
        f"{differ} claims hold for one draw and fail for another; over draws and sentences together {unsure} of "
        f"{len(spread)} cannot be told"
    ) in PAGE
    assert members["random"].sum() == spread["seeds"].max()


def test_what_training_changes_is_counted():
    members, verdicts, spread = tables("tiny")
    wide = spread.pivot(index=["paper", "id"], columns="step", values="verdict")
    first, last = wide[wide.columns.min()], wide[wide.columns.max()]
    known = first.notna() & last.notna()
    moved = known & (first != last)
    assert (
        f"Of {known.sum()} claims, {moved.sum()} have another verdict after {wide.columns.max():,} steps than before "
        f"the first, {(moved & (last == 'holds')).sum()} of which hold in the end"
    ) in PAGE
    always = (agreement(verdicts, members)["holds for"] == "all").sum()
    assert f"{always} hold for every seed at every step, before the first one too" in PAGE
