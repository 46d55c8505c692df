"""The zoo in pictures, from tidy tables alone: verdicts, spread over seeds, training steps, depth."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from insidebert.papers import papers
from insidebert.results.artifacts import Artifact
from insidebert.results.claims import NOT_MEASURED
from insidebert.results.plots import MARKERS, REFERENCE, line, new_figure, ordered
from insidebert.sweep.scoreboard import VERDICTS, agreement

COLOURS = {"holds": "#1b7837", "cannot tell": "#dcdcdc", "fails": "#762a83", NOT_MEASURED: "#ffffff"}
"""Green and purple of one darkness apart, which the colour-blind can tell."""

SHOWN = 24
"""Claims whose course is drawn; the table of verdicts has all of them."""

KEYED = 12
"""Recipes that a key names."""

FURTHEST = 100
"""Standard errors from its limit at which a claim is drawn at the edge."""

NAMED = 60
"""Models whose names fit below a map of verdicts; of more, the families are named."""


def in_order(members: pd.DataFrame) -> list[str]:
    """Members by random weights, family and groups, numbers as numbers."""
    columns = [column for column in members if column != "member"]
    return members.sort_values(["random", *(c for c in columns if c != "random")], kind="stable")["member"].tolist()


def verdict_map(verdicts: pd.DataFrame, members: pd.DataFrame) -> Figure:
    """Every claim (rows) and every model (columns): does it hold?"""
    measured = set(verdicts["member"])
    names = [name for name in in_order(members) if name in measured]
    claims = list(dict.fromkeys(zip(verdicts["paper"], verdicts["id"], strict=True)))
    codes = verdicts["verdict"].map({name: code for code, name in enumerate(VERDICTS)})
    grid = np.full((len(claims), len(names)), VERDICTS.index(NOT_MEASURED))
    rows = {claim: row for row, claim in enumerate(claims)}
    columns = {name: column for column, name in enumerate(names)}
    keys = zip(verdicts["paper"], verdicts["id"], strict=True)
    grid[[rows[key] for key in keys], verdicts["member"].map(columns)] = codes
    few = len(names) <= NAMED
    below = 0.065 * max(map(len, _short(names))) if few else 0.8  # inches of names
    figure, ((ax,),) = new_figure(width=min(3.6 + 0.17 * len(names), 11), height=0.8 + 0.145 * len(claims) + below)
    ax.imshow(
        grid,
        cmap=ListedColormap([COLOURS[name] for name in VERDICTS]),
        vmin=-0.5,
        vmax=3.5,
        aspect="auto",
        interpolation="none",
    )
    ax.set_yticks(range(len(claims)), [claim for _, claim in claims], fontsize=6.5)
    if few:
        ax.set_xticks(range(len(names)), _short(names), rotation=90, fontsize=6.5)
        ax.set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
        ax.set_yticks(np.arange(len(claims) - 1) + 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=0.8)
        ax.grid(which="major", visible=False)
    else:
        _name_families(ax, members.set_index("member").loc[names, "family"].tolist())
        ax.grid(visible=False)
    ax.tick_params(which="both", length=0)
    breaks = [row for row in range(1, len(claims)) if claims[row][0] != claims[row - 1][0]]
    for row in breaks:
        ax.axhline(row - 0.5, color="black", linewidth=0.8)
    for first, last in zip([0, *breaks], [*breaks, len(claims)], strict=True):
        ax.text(1.01, 1 - (first + last) / 2 / len(claims), _cited(claims[first][0]), transform=ax.transAxes,
                fontsize=7, rotation=270, va="center")  # fmt: skip
    trained = len(names) - int(members.set_index("member").loc[names, "random"].sum())
    if 0 < trained < len(names):
        ax.axvline(trained - 0.5, color="black", linewidth=0.8)
    handles = [Patch(facecolor=COLOURS[name], edgecolor="0.6", label=name) for name in VERDICTS]
    figure.legend(handles=handles, ncols=4, loc="outside upper left", fontsize=7.5)
    return figure


def spread_over_seeds(spread: pd.DataFrame) -> Figure:
    """How far every claim lies on its own side of its limit, in standard errors of the multi-bootstrap."""
    spread = spread[spread["error"] > 0]
    recipes = _recipes(spread)
    claims = list(dict.fromkeys(zip(spread["paper"], spread["id"], strict=True)))
    figure, ((ax,),) = new_figure(width=6.4, height=1.4 + 0.17 * len(claims))
    shades, many = ordered(range(recipes.nunique())), recipes.nunique() > KEYED
    for number, recipe in enumerate(dict.fromkeys(recipes)):
        own = spread[recipes == recipe]
        rows = [claims.index(key) for key in zip(own["paper"], own["id"], strict=True)]
        marker, distance = MARKERS[number % len(MARKERS)], np.clip(_distance(own), -FURTHEST, FURTHEST)
        ax.plot(distance, rows, marker, color=shades[number], markersize=4, label=recipe, rasterized=many)
    for side in (-1.96, 1.96):
        ax.axvline(side, color=REFERENCE, linewidth=0.8, linestyle=":")
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(range(len(claims)), [claim for _, claim in claims], fontsize=6.5)
    ax.set_ylim(len(claims) - 0.5, -0.5)
    ax.set_xscale("symlog", linthresh=2)
    ax.xaxis.set_major_locator(FixedLocator([-FURTHEST, -10, -2, 0, 2, 10, FURTHEST]))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(
        "distance from the claim's limit, in standard errors over seeds\n"
        f"and sentences; right of 0 it holds, {FURTHEST} and more at the edge"
    )
    if recipes.nunique() <= KEYED:
        figure.legend(fontsize=7, loc="outside upper left", ncols=3)
    return figure


def courses(verdicts: pd.DataFrame, members: pd.DataFrame, spread: pd.DataFrame) -> Figure:
    """Numbers of claims while models learn, those that change most: thin lines are seeds, thick ones their means."""
    own = verdicts.merge(members.drop(columns="random"), on="member")
    own = own[own["measured"].notna() & own["step"].notna()]
    steps = sorted(own["step"].unique())
    own = own.assign(place=own["step"].map({step: place for place, step in enumerate(steps)}))
    means = spread[~spread["random"].astype(bool) & spread["step"].isin(steps)]
    means = means.assign(place=means["step"].map({step: place for place, step in enumerate(steps)}))
    recipe = [c for c in means if c in members and c not in ("member", "step", "seed")]
    few = means.drop_duplicates(recipe).shape[0] <= KEYED
    claims = _that_change(means)
    columns = min(4, len(claims))
    figure, axes = new_figure(columns, -(-len(claims) // columns), width=2.5, height=1.8)
    of_claim = {name: dict(list(table.groupby(["paper", "id"]))) for name, table in (("all", own), ("mean", means))}
    for ax, claim in zip(axes.flat, claims, strict=False):
        part, mean = of_claim["all"][claim], of_claim["mean"][claim]
        ax.add_collection(_curves(part, ["family", "seed"], "measured", colors="0.7", linewidths=0.6))
        if few:
            for _, course in mean.groupby(recipe, dropna=False):
                line(ax, course, "place", "estimate", COLOURS["holds"], markersize=3, linewidth=1.6)
        else:
            ax.add_collection(_curves(mean, recipe, "estimate", colors=COLOURS["holds"], linewidths=1.2, zorder=3))
        for limit in part["holds_if"].iloc[0].split()[1:]:
            ax.axhline(float(limit), color=COLOURS["fails"], linestyle="--", linewidth=0.9)
        ax.autoscale_view()
        ax.set_title(claim[1], fontsize=7)
        ax.set_ylabel(part["unit"].iloc[0], fontsize=7)
        ax.set_xticks(range(len(steps)), [f"{step:g}" for step in steps], fontsize=6.5)
        ax.tick_params(axis="y", labelsize=6.5)
    for ax in axes.flat[len(claims) :]:
        ax.axis("off")
    figure.supxlabel("training step; dashed: the claim's limit", fontsize=8)
    return figure


def _curves(rows: pd.DataFrame, which: list[str], value: str, **options) -> LineCollection:
    """A line over `place` for each group of rows, drawn as one."""
    wide = rows.pivot_table(index=which, columns="place", values=value, dropna=False)
    curves = (np.column_stack([wide.columns, course]) for course in wide.to_numpy())
    return LineCollection([own[~np.isnan(own[:, 1])] for own in curves], rasterized=True, **options)


def _that_change(means: pd.DataFrame) -> list[tuple[str, str]]:
    """At most SHOWN claims, those whose means move furthest for their error first, in the order of the papers."""
    known = means[means["error"] > 0]
    groups = known.groupby(["paper", "id"], sort=False)
    change = (groups["estimate"].max() - groups["estimate"].min()) / groups["error"].mean()
    most = set(change.nlargest(SHOWN).index)
    return [claim for claim in change.index if claim in most]


def depth(layers: pd.DataFrame, members: pd.DataFrame) -> Figure:
    """What is measured by layer, at relative depth: a line a size (or step, or family), random weights in grey.

    Models that are alike in that are averaged, and so are all that have random weights.
    """
    group = next(name for name in ("size", "layers", "step", "weights", "family") if name in members)
    own = layers.merge(members, on="member")
    own = own[own[group].notna() | own["random"]]
    curves = list(dict.fromkeys(own["curve"]))
    values = list(dict.fromkeys(own.loc[~own["random"], group]))
    values = sorted(values) if all(isinstance(value, int | float) for value in values) else values
    shades = dict(zip(values, ordered(range(len(values)), "viridis").values(), strict=True))  # no grey among them
    figure, axes = new_figure(min(3, len(curves)), -(-len(curves) // 3), width=3.4, height=2.5)
    for ax, curve in zip(axes.flat, curves, strict=False):
        part = own[own["curve"] == curve]
        random = part["random"]
        for rows, colour, style in (
            *((part[~random & (part[group] == value)], shades[value], "-") for value in values),
            (part[random], REFERENCE, "--"),
        ):
            if len(rows):
                mean = rows.groupby("depth", as_index=False)["value"].mean()
                line(ax, mean, "depth", "value", colour, marker=".", style=style, band=False)
        ax.set_xlim(0, 1.02)
        ax.set_title(curve, fontsize=8)
        ax.set_ylabel(part["unit"].iloc[0], fontsize=8)
    for ax in axes.flat[len(curves) :]:
        ax.axis("off")
    names = [value if isinstance(value, str) else f"{group} {value:g}" for value in values]
    handles = [Line2D([], [], color=shades[value], label=name) for value, name in zip(values, names, strict=True)]
    if own["random"].any():
        handles.append(Line2D([], [], color=REFERENCE, linestyle="--", label="random weights"))
    figure.legend(handles=handles, loc="outside upper left", ncols=min(6, len(handles)), fontsize=7.5)
    figure.supxlabel("relative depth (layer / layers)", fontsize=8)
    return figure


def _distance(spread: pd.DataFrame) -> np.ndarray:
    """Signed distance from the nearest limit, in standard errors; positive where the claim holds."""
    found = []
    for estimate, error, holds in zip(spread["estimate"], spread["error"], spread["holds_if"], strict=True):
        word, *bounds = holds.split()
        limits = [float(bound) for bound in bounds]
        signed = {"above": estimate - limits[0], "below": limits[0] - estimate}
        inside = signed[word] if word in signed else min(estimate - limits[0], limits[-1] - estimate)
        found.append(inside / error)
    return np.array(found)


def _recipes(spread: pd.DataFrame) -> pd.Series:
    """What tells recipes apart, in words: random weights or not, and the groups that differ."""
    known = {"random", "paper", "id", "unit", "holds_if", "seeds", "estimate", "low", "high", "verdict", "error"}
    groups = [c for c in spread if c not in known | {"family", "of_seeds"} and spread[c].nunique() > 1]

    def words(row: pd.Series) -> str:
        told = ["random weights"] * bool(row["random"])
        own = {name: row[name] for name in groups if not pd.isna(row[name]) and row[name] != ""}
        told += [
            f"{name} {value:g}" if not isinstance(value, str) else f"{name} {value}" for name, value in own.items()
        ]
        return ", ".join(told) or row["family"]

    different = spread.drop_duplicates(["random", "family", *groups])
    names = {tuple(row[["random", "family", *groups]].astype(str)): words(row) for _, row in different.iterrows()}
    keys = spread[["random", "family", *groups]].astype(str).itertuples(index=False, name=None)
    return pd.Series([names[key] for key in keys], index=spread.index)


def _cited(name: str) -> str:
    """How running text calls a paper; a name that is none stays."""
    return next((own.short for own in papers() if own.name == name), name)


def _short(names: Iterable[str]) -> list[str]:
    """Names without the folder that they share."""
    names = list(names)
    parts = [name.removeprefix("random:").split("/") for name in names]
    shared = 0
    while all(len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    return [
        ("random: " if name.startswith("random:") else "") + "/".join(part[shared:])
        for name, part in zip(names, parts, strict=True)
    ]


def _name_families(ax, families: list[str]) -> None:
    starts = [0, *(i for i in range(1, len(families)) if families[i] != families[i - 1]), len(families)]
    middles = [(first + last - 1) / 2 for first, last in pairwise(starts)]
    labels = [f"{families[s][:40]} ({e - s})" for s, e in pairwise(starts)]
    ax.set_xticks(middles, labels, fontsize=6.5, rotation=20, ha="right")
    for start in starts[1:-1]:
        ax.axvline(start - 0.5, color="black", linewidth=0.8)


ARTIFACTS = (
    Artifact("verdicts", "The zoo", "Which claim holds for which model", ("verdicts", "members"), verdict_map),
    Artifact("agreement", "Claims", "Claims that hold for all, some or none", ("verdicts", "members"), agreement),
    Artifact("seeds", "Seeds", "Claims over seeds and sentences (multi-bootstrap)", ("spread",), spread_over_seeds),
    Artifact(
        "steps",
        "Training",
        "Claims while models learn, those that change most",
        ("verdicts", "members", "spread"),
        courses,
    ),
    Artifact("depth", "Depth", "Layers at relative depth", ("depth", "members"), depth),
)
"""What can be drawn of a zoo; `drawable` says which of them a zoo has the groups for."""


def drawable(members: pd.DataFrame, spread: pd.DataFrame, layers: pd.DataFrame) -> list[Artifact]:
    """The artifacts that a zoo's groups allow: no seeds without replicates, no course without steps."""
    there = {"verdicts": True, "agreement": True, "seeds": len(spread) > 0, "depth": len(layers) > 0}
    there["steps"] = "step" in members and members["step"].nunique() > 1 and len(spread) > 0
    return [artifact for artifact in ARTIFACTS if there[artifact.slug]]
