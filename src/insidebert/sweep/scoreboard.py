"""What a zoo's models say of the papers' claims: verdicts by model, spread over seeds, claims for all, some or none.

Everything here goes from tidy tables to tidy tables.
"""

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval
from insidebert.results.claims import NOT_MEASURED, Claim, decide, verdict

VERDICTS = ("holds", "cannot tell", "fails", NOT_MEASURED)

WIDTH = 2 * 1.959964
"""A 95% interval's width in standard errors, by the normal approximation."""


def decided(member: str, claim: Claim, paper: str, tables: dict[str, pd.DataFrame]) -> list[dict]:
    """One claim against one member of a zoo: a row, or none where the claim compares two models or was not measured.

    Args:
        member: its name; of one with random weights, its own rows are those that decide.
        claim, paper: what is decided.
        tables: name -> the member's tidy tables.
    """
    if claim.models or claim.holds is None or claim.table not in tables:
        return []
    table = tables[claim.table]
    if member.startswith("random:"):
        table = table.assign(weights="trained")
    about = {"member": member, "paper": paper, "id": claim.id, "statement": claim.statement, "unit": claim.unit}
    about |= {"holds_if": claim.holds}
    try:
        rows = decide(claim, table)
    except InputError as error:
        return [about | _not_measured(str(error))]
    return [
        about | {name: row[name] for name in ("measured", "low", "high", "verdict", "random")} | {"why": ""}
        for row in rows
    ]


def not_measured(member: str, claim: Claim, paper: str, why: str) -> dict:
    """The row of a claim whose measurement failed for a member."""
    about = {"member": member, "paper": paper, "id": claim.id, "statement": claim.statement, "unit": claim.unit}
    return about | {"holds_if": claim.holds or ""} | _not_measured(why)


def _not_measured(why: str) -> dict:
    numbers = dict.fromkeys(("measured", "low", "high"), np.nan)
    return numbers | {"verdict": NOT_MEASURED, "random": "", "why": why}


def multi_bootstrap(
    measured: np.ndarray, errors: np.ndarray, resamples: int = 1000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Means over resampled seeds of resampled sentences: another draw of both would move the result so far.

    The multi-bootstrap of Sellam et al. (2021, section 4) draws seeds and, for all of them, the same sentences. Where
    sentences are at hand it is `measure.bootstrap.seed_replicates`. Tables have only what sentences do to each seed's
    number: its standard error. All seeds saw the same sentences, so what those do is taken to move all seeds together,
    which is the widest that it can be.

    Args:
        measured: [seeds, ...] a number a seed.
        errors: [seeds, ...] its standard error over sentences.

    Returns:
        [resamples, ...] of seeds and sentences, and of seeds alone.

    Example: four seeds far apart, sentences that hardly matter
        >>> both, seeds = multi_bootstrap(np.array([0.0, 1.0, 2.0, 3.0]), np.full(4, 1e-6))
        >>> bool(np.abs(both - seeds).max() < 1e-4)
        True
    """
    random, count = np.random.default_rng(seed), len(measured)
    shares = random.multinomial(count, np.full(count, 1 / count), resamples) / count
    shift = random.standard_normal(resamples).reshape(-1, *[1] * (measured.ndim - 1))
    seeds = np.tensordot(shares, measured, 1)
    return seeds + shift * np.tensordot(shares, errors, 1), seeds


def spread(verdicts: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Per claim, the seeds of every recipe together.

    Args:
        verdicts: rows of `decided`.
        members: member, random, and a column a group, `seed` among them.

    Returns:
        A row per recipe (the groups but the seed) and claim that at least two seeds have a number for: estimate, low,
        high and verdict by the multi-bootstrap; error, its standard deviation; and of it the share that is seeds'.
    """
    recipe = [column for column in members if column not in ("member", "seed")]
    columns = [*recipe, "paper", "id", "unit", "holds_if", "seeds", "estimate", "low", "high", "verdict"]
    columns += ["error", "of_seeds"]
    if "seed" not in members:
        return pd.DataFrame(columns=columns)
    own = verdicts[verdicts["measured"].notna()].merge(members, on="member", suffixes=("", "_weights"))
    own = own.rename(columns={"random": "twin", "random_weights": "random"})
    own["error"] = (own["high"] - own["low"]) / WIDTH
    said = own.drop_duplicates(["paper", "id"]).set_index(["paper", "id"])[["unit", "holds_if"]].to_dict("index")
    rows = []
    for recipe_of, group in own.groupby(recipe, dropna=False, sort=False):
        about = dict(zip(recipe, recipe_of, strict=True))
        wide = group.pivot(index="member", columns=["paper", "id"], values=["measured", "error"])
        measured, errors = wide["measured"], wide["error"]
        whole = measured.notna().all()
        if len(measured) < 2 or not whole.any():
            continue
        both, seeds = multi_bootstrap(measured.loc[:, whole].to_numpy(), errors.loc[:, whole].to_numpy())
        numbers = zip(measured.loc[:, whole].mean(), both.T, both.std(0), seeds.var(0), strict=True)
        for (paper, claim), (mean, drawn, error, of_seeds) in zip(measured.columns[whole], numbers, strict=True):
            asked, (low, high) = said[paper, claim], interval(drawn)
            rows.append(
                about
                | {"paper": paper, "id": claim, **asked, "seeds": len(measured), "estimate": mean}
                | {"low": low, "high": high, "verdict": verdict(low, high, asked["holds_if"]), "error": error}
                | {"of_seeds": float(of_seeds / error**2) if error else np.nan}
            )
    return pd.DataFrame(rows, columns=columns)


def agreement(verdicts: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Claims that hold for all, some or none of the trained models, and for how many of the random ones.

    Args:
        verdicts: rows of `decided`.
        members: member and random.

    Returns:
        A row a claim, those that hold for all first: paper, claim, `holds for`, and how many of the models it holds
        and fails for, cannot tell, or was not measured; of random models, how many it holds for.
    """
    own = verdicts.merge(members[["member", "random"]], on="member", suffixes=("_twin", ""))
    rows = []
    for (paper, claim), group in own.groupby(["paper", "id"], sort=False):
        trained, random = group[~group["random"]]["verdict"], group[group["random"]]["verdict"]
        counts = {name: int((trained == name).sum()) for name in VERDICTS}
        told = len(trained) - counts[NOT_MEASURED]
        holds_for = "all" if told and counts["holds"] == told else "some" if counts["holds"] else "none"
        rows.append(
            {"paper": paper, "claim": claim, "says": group["statement"].iloc[0], "holds for": holds_for}
            | counts
            | {"random weights": f"{int((random == 'holds').sum())} of {len(random)}" if len(random) else "-"}
        )
    table = pd.DataFrame(rows)
    order = table["holds for"].map({"all": 0, "some": 1, "none": 2})
    return table.iloc[np.lexsort((-table["holds"], order))].reset_index(drop=True)
