"""A zoo's verdicts, its spread over seeds and its pictures, from tables made up here."""

import resource
import time

import numpy as np
import pandas as pd
import pytest

from insidebert.measure.bootstrap import interval, seed_replicates
from insidebert.results.artifacts import render
from insidebert.results.claims import NOT_MEASURED, Claim
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.sweep import figures
from insidebert.sweep.scoreboard import WIDTH, agreement, decided, multi_bootstrap, spread
from insidebert.sweep.tables import members_table
from insidebert.sweep.zoo import Member

CLAIM = Claim("most", "Most of it", "Section 1", None, "m-contrasts", {"contrast": "share"}, "above 0.5", unit="share")


def contrasts(**rows) -> pd.DataFrame:
    """weights -> (estimate, low, high)."""
    return pd.DataFrame(
        {"model": "step-20", "weights": weights, "contrast": "share", "estimate": row[0], "low": row[1], "high": row[2]}
        for weights, row in rows.items()
    )


def test_a_claim_is_decided_by_the_members_own_rows():
    table = contrasts(trained=(0.7, 0.6, 0.8), random=(0.3, 0.2, 0.4))
    (row,) = decided("some/step-20", CLAIM, "look_at", {"m-contrasts": table})
    assert (row["member"], row["verdict"], row["random"], row["measured"]) == ("some/step-20", "holds", "fails", 0.7)
    (row,) = decided("random:x#seed=1", CLAIM, "look_at", {"m-contrasts": contrasts(random=(0.3, 0.2, 0.4))})
    assert row["verdict"] == "fails" and row["low"] == 0.2
    assert decided("x", CLAIM, "look_at", {}) == []
    (row,) = decided("x", CLAIM, "look_at", {"m-contrasts": table.assign(contrast="other")})
    assert row["verdict"] == NOT_MEASURED and "one a model is wanted" in row["why"]


def test_the_multi_bootstrap_of_tables_is_that_of_sentences_where_they_move_all_seeds_alike():
    random = np.random.default_rng(0)
    seeds, sentences = random.normal(0, 0.3, 25)[:, None], random.normal(0, 2, 400)
    values = seeds + sentences  # [seeds, sentences]; sentences do the same to every seed
    exact = interval(seed_replicates(values, 4000))
    both, alone = multi_bootstrap(values.mean(1), np.full(25, values[0].std() / 20), 4000)
    assert interval(both) == pytest.approx(exact, abs=0.03)
    assert interval(alone) == pytest.approx(
        interval(seed_replicates(np.repeat(values.mean(1)[:, None], 2, 1))), abs=0.02
    )
    own = seeds + random.normal(0, 2, (25, 400))  # sentences of its own luck for every seed: tables know less
    both, _ = multi_bootstrap(own.mean(1), own.std(1) / 20, 4000)
    assert np.ptp(interval(both)) > np.ptp(interval(seed_replicates(own, 4000)))


def zoo(recipes: int, seeds: int, claims: int, steps: tuple[int, ...] = (0, 100)) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Members and verdicts: claim k of a recipe lies k standard deviations from its limit."""
    members = [
        Member(
            f"{'random:' if r == 0 else ''}r{r}/seed-{s}/step-{t}", {"family": f"r{r}", "size": r, "seed": s, "step": t}
        )
        for r in range(recipes)
        for s in range(seeds)
        for t in steps
    ]
    random, rows = np.random.default_rng(1), []
    for member in members:
        for k in range(claims):
            measured = 0.5 + 0.02 * (k - claims / 2) * member.groups["step"] / 100 + random.normal(0, 0.02)
            low, high = measured - 0.03, measured + 0.03
            verdict = "holds" if low > 0.5 else "fails" if high < 0.5 else "cannot tell"
            about = {"member": member.name, "paper": f"p{k % 3}", "id": f"claim-{k}", "statement": "s", "unit": "share"}
            about |= {"holds_if": "above 0.5", "measured": measured, "low": low, "high": high, "verdict": verdict}
            rows.append(about | {"random": "", "why": ""})
    return members_table(members), pd.DataFrame(rows)


def test_seeds_of_a_recipe_are_one_row_a_claim():
    members, verdicts = zoo(2, 4, 6)
    made = spread(verdicts, members)
    assert len(made) == 2 * 2 * 6 and (made["seeds"] == 4).all() and made["of_seeds"].between(0, 1).all()
    row = made[(made["size"] == 1) & (made["step"] == 100) & (made["id"] == "claim-5")].iloc[0]
    own = verdicts.merge(members.drop(columns="random"), on="member")
    own = own[(own["size"] == 1) & (own["step"] == 100) & (own["id"] == "claim-5")]
    assert row["estimate"] == pytest.approx(own["measured"].mean())
    assert row["low"] < row["estimate"] < row["high"] and row["error"] > 0.06 / WIDTH
    assert spread(verdicts, members.drop(columns="seed")).empty
    assert list(spread(verdicts, members.drop(columns="seed"))) == list(made)
    lonely = members.assign(size=range(len(members)))
    assert spread(verdicts, lonely).empty


def test_claims_that_hold_for_all_some_none():
    members = members_table([Member(name, {"family": "f"}) for name in ("a", "b", "random:a")])
    known = {"paper": "p", "statement": "s"}
    rows = [("x", "holds", "holds", "fails"), ("y", "fails", "holds", "holds"), ("z", "fails", "cannot tell", "fails")]
    rows += [("w", "holds", NOT_MEASURED, "holds")]
    verdicts = pd.DataFrame(
        known | {"id": claim, "member": member, "verdict": verdict, "random": ""}
        for claim, *own in rows
        for member, verdict in zip(("a", "b", "random:a"), own, strict=True)
    )
    made = agreement(verdicts, members).set_index("claim")
    assert made["holds for"].to_dict() == {"x": "all", "w": "all", "y": "some", "z": "none"}
    assert made.loc["w", NOT_MEASURED] == 1 and made.loc["y", "random weights"] == "1 of 1"


def test_pictures_follow_what_the_zoo_has(tmp_path):
    members, verdicts = zoo(2, 3, 7)
    seeds = spread(verdicts, members)
    depth = pd.DataFrame(
        {"member": name, "curve": "c", "unit": "share", "layer": n, "depth": n / 3, "value": n}
        for name in members["member"]
        for n in (1, 2, 3)
    )
    for name, table in {"members": members, "verdicts": verdicts, "spread": seeds, "depth": depth}.items():
        write_tidy(tmp_path / f"{name}.csv", table)
    drawn = figures.drawable(members, seeds, depth)
    assert [own.slug for own in drawn] == ["verdicts", "agreement", "seeds", "steps", "depth"]
    for own in drawn:
        render(own, tmp_path, tmp_path / "figures", dpi=40)
    drawn = figures.depth(depth, members).axes[0].get_lines()
    assert [curve.get_linestyle() for curve in drawn] == ["-", "--"]  # one size was trained, the other is random
    figure = figures.verdict_map(verdicts, members)
    grid = figure.axes[0].images[0].get_array()
    assert grid.shape == (7, 12)
    column = [label.get_text() for label in figure.axes[0].get_xticklabels()].index("r1/seed-2/step-100")
    last = verdicts[(verdicts["member"] == "r1/seed-2/step-100") & (verdicts["id"] == "claim-6")]["verdict"].item()
    assert figures.VERDICTS[grid[6, column]] == last
    alone = members[["member", "random", "family"]]
    assert [own.slug for own in figures.drawable(alone, seeds.iloc[:0], depth.iloc[:0])] == ["verdicts", "agreement"]


def test_groups_of_words_and_numbers():
    table = members_table(
        [Member("a", {"family": "f", "size": 3}), Member("random:b", {"family": "f", "size": 4, "kind": "x"})]
    )
    assert table["size"].tolist() == [3, 4] and table["kind"].tolist() == ["", "x"]
    assert table["random"].tolist() == [False, True]
    mixed = members_table([Member("a", {"family": "f", "size": 3}), Member("b", {"family": "f", "size": "large"})])
    assert mixed["size"].tolist() == ["3", "large"]


@pytest.mark.integration
def test_a_thousand_models_and_sixty_claims(tmp_path):
    members, verdicts = zoo(20, 10, 60, steps=(0, 50, 100, 200, 400))
    assert len(members) == 1000 and len(verdicts) == 60_000
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    seeds = spread(verdicts, members)
    for name, table in {"members": members, "verdicts": verdicts, "spread": seeds}.items():
        write_tidy(tmp_path / f"{name}.csv", table)
    for own in figures.drawable(members, seeds, seeds.iloc[:0]):
        render(own, tmp_path, tmp_path / "figures")
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
    print(f"1,000 models x 60 claims: {seconds:.1f} s of processor time, {grown:.0f} MB more at most")
    assert seconds < 30 and grown < 1024
    assert len(read_tidy(tmp_path / "spread.csv")) == len(seeds) == 20 * 5 * 60
    assert max(path.stat().st_size for path in (tmp_path / "figures").iterdir()) < 2**20
