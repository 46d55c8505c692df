"""The pipeline paper: its arithmetic on its own numbers, planted curves, context lengths, single edges, figures."""

from importlib.resources import files
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from insidebert.measure.decisions import decisions, f1, sums_by
from insidebert.measure.expected_layer import expected_layer, kl_uniform
from insidebert.papers import printed
from insidebert.papers.edge_probing.tasks import NAMES
from insidebert.papers.pipeline import ambiguous, contexts, critique_figures, layers, seen
from insidebert.papers.pipeline.depths import BINS, bin_of, expected, possible_orders, shares, target_weights
from insidebert.papers.pipeline.figures import ARTIFACTS
from insidebert.papers.pipeline.findings import CLASSICAL, Measured, agreement, contrasts, planned
from insidebert.papers.pipeline.layer_figures import short
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.text.edges import EdgeSentence, EdgeTask, Target
from tests.planted_edges import LAYERS, TASKS, planted

CLAIMS = yaml.safe_load((files("insidebert.papers.pipeline") / "claims.yml").read_text(encoding="utf-8"))
PRINTED = printed("pipeline")
LARGE, BASE = (PRINTED["tasks"][name] for name in ("BERT-large", "BERT-base"))


@pytest.mark.parametrize("task", PRINTED["cumulative"])
def test_the_authors_curves_give_their_expected_layer_and_divergence(task):
    scores = PRINTED["cumulative"][task]
    first, last, depth, _, divergence, _ = BASE[task]
    assert (scores[0], scores[-1]) == (first, last)
    curves = unrounded(scores, 0.05)
    assert expected_layer(scores) == pytest.approx(depth, abs=0.06)
    assert within(depth, [expected_layer(curve) for curve in curves], 0.005)
    assert within(divergence, [kl_uniform(np.diff(curve)) for curve in curves], 0.005)


def test_elmos_weights_give_their_divergence():
    for *weights, divergence in PRINTED["elmo"].values():
        assert within(divergence, [kl_uniform(row) for row in unrounded(weights, 0.005)], 0.005)


def unrounded(printed: list[float], half: float) -> np.ndarray:
    """[2000, n] numbers that print as these."""
    return np.array(printed) + np.random.default_rng(0).uniform(-half, half, (2000, len(printed)))


def within(number: float, found: list[float], half: float) -> bool:
    """Whether a printed number is one of what the printed numbers behind it allow."""
    return min(found) - half <= number <= max(found) + half


def test_the_papers_side_of_a_claim_follows_from_what_it_prints():
    said = {claim["where"]["contrast"]: claim["paper"] for claim in CLAIMS}
    depth, weight = ({name: own[i] / 24 for name, own in LARGE.items()} for i in (2, 3))
    syntax, semantics = ("pos", "constituents", "dependencies"), ("spr", "relations")

    def mean(values, names):
        return np.mean([values[name] for name in names])

    def tau(values, names):
        return np.mean([np.sign(values[b] - values[a]) for a, b in combinations(names, 2)])

    order = sorted(depth, key=depth.get)
    base = {name: own[2] / 12 for name, own in BASE.items()}
    curves = PRINTED["cumulative"].values()
    k_scores, k_weights = ({name: own[i] for name, own in LARGE.items()} for i in (4, 5))
    follows = {f"expected layer, {b} minus {a}": depth[b] - depth[a] for a, b in pairwise(CLASSICAL)} | {
        "order by expected layer": tau(depth, CLASSICAL),
        "order by centre of gravity": tau(weight, CLASSICAL),
        "expected layer, entities minus dependencies": depth["entities"] - depth["dependencies"],
        "centre of gravity, roles minus dependencies": weight["roles"] - weight["dependencies"],
        "expected layer, SPR and relations minus syntax": mean(depth, semantics) - mean(depth, syntax),
        "centre of gravity, SPR and relations minus syntax": mean(weight, semantics) - mean(weight, syntax),
        "K of the weights, syntax minus SPR and relations": mean(k_weights, syntax[1:]) - mean(k_weights, semantics),
        "K of the differences, syntax minus SPR and relations": mean(k_scores, syntax[1:]) - mean(k_scores, semantics),
        "centre of gravity minus expected layer": mean(weight, weight) - mean(depth, depth),
        "order of all tasks, with BERT-large's": tau(base, order),
        "distance from BERT-large's expected layers": np.mean([abs(base[name] - depth[name]) for name in depth]),
        "change in the last sixth of the layers": np.mean([c[-1] - c[10] for c in curves]) / 100,
        "POS at the embedding": LARGE["pos"][0] / 100,
    }
    for name, value in follows.items():
        assert said[name] == pytest.approx(value, abs=6e-4), name


def test_text_and_numbers_of_the_paper_disagree_on_entities():
    for model in (LARGE, BASE):
        assert model["entities"][2] < model["dependencies"][2]
    claim = next(claim for claim in CLAIMS if claim["id"] == "entities-after-parsing")
    assert claim["holds"] == "above 0" and claim["paper"] < 0


def test_expected_layers_of_many_curves_are_those_of_each():
    curves = np.random.default_rng(0).random((20, 7))
    for clipped in (False, True):
        each = [expected_layer(row, clipped) for row in curves]
        np.testing.assert_allclose(expected(curves, clipped), each)
    assert np.isnan(expected(np.ones((1, 4))))[0]


def test_decisions_and_f1_by_hand():
    probabilities = np.array([[[0.9, 0.6, 0.1], [0.4, 0.5, 0.9], [0.1, 0.1, 0.9]]])
    gold = [("a",), ("a", "b"), ("unseen",)]
    counts = decisions(probabilities, gold, ["a", "b", "odd"], ["a", "b", "unseen"])
    assert counts[:, 0].tolist() == [[1, 1, 0], [1, 0, 1], [0, 0, 1]]  # odd is not scored, unseen can only be missed
    assert f1(counts.sum(0)[0]) == pytest.approx(4 / (4 + 1 + 2))
    assert sums_by(counts, np.array([0, 0, 1]))[0, 0].tolist() == [2, 1, 1]
    assert np.isnan(f1(np.zeros(3)))


def test_context_lengths_by_hand():
    lengths = np.array([1, 2, 3, 4, 5, 8, 9, 40])
    assert [list(BINS)[i] for i in bin_of(lengths)] == ["1", "2", "3-4", "3-4", "5-8", "5-8", *["9+"] * 2]
    bins = np.array([0] * 30 + [1] * 10 + [2] * 3)
    weights = target_weights(bins, np.array([0.25, 0.25, 0.5, 0, 0]), least=5)  # the third bin is too small
    assert weights.mean() == pytest.approx(1)
    assert weights[bins == 2].sum() == 0
    assert weights[bins == 0].sum() == pytest.approx(weights[bins == 1].sum())
    np.testing.assert_array_equal(target_weights(bins, np.array([0, 0, 1, 0, 0]), least=5), 1)
    assert shares(bins).sum() == pytest.approx(1)


def test_orders_that_are_possible_are_counted():
    assert possible_orders({"a": (1, 2), "b": (3, 4), "c": (5, 6)}) == 1
    assert possible_orders({"a": (0, 9), "b": (0, 9), "c": (0, 9)}) == 6
    assert possible_orders({"a": (1, 3), "b": (2, 4), "c": (5, 6)}) == 2


def test_agreement_is_kendalls_tau():
    from scipy.stats import kendalltau

    values = np.random.default_rng(0).random((10, 6))
    each = [kendalltau(range(6), row).statistic for row in values]
    np.testing.assert_allclose(agreement(values), each)


def measured(curve: list[float], weights: list[float]) -> Measured:
    scores, mix = np.array([curve]), np.array([weights])
    return Measured(scores, scores.repeat(3, 0), mix, mix.repeat(3, 0), np.ones(len(weights)))


def test_contrasts_by_hand():
    early, late = measured([0.5, 0.9, 0.9], [1, 0, 0]), measured([0.5, 0.5, 0.9], [0, 0, 1])
    rows = contrasts({"pos": early, "constituents": late, "entities": early, "dependencies": late}, 2)
    found = {row["contrast"]: row["estimate"] for row in rows}
    assert found["expected layer, constituents minus pos"] == pytest.approx(0.5)
    assert found["expected layer, entities minus dependencies"] == pytest.approx(-0.5)
    assert found["entities, share of the gain in layer 1"] == 1
    assert found["POS at the embedding"] == 0.5
    assert found["centre of gravity minus expected layer"] == pytest.approx(0.5 - 0.75)
    assert found["change in the last sixth of the layers"] == pytest.approx(0.2)
    assert "order by expected layer" not in found  # roles and coreference are missing


def test_settled_is_the_first_layer_from_which_it_holds_to_the_end():
    marks = {"0111": 1, "1111": 0, "0101": 3, "1110": np.nan, "0000": np.nan}
    for text, layer in marks.items():
        found = ambiguous.first_of_the_end(np.array([mark == "1" for mark in text]))
        assert found == layer or (np.isnan(found) and np.isnan(layer)), text


def test_pairs_in_reversed_order_by_hand():
    rows = [("s", "pos", 0, 3), ("s", "roles", 1, 1), ("s", "roles", 1, 3), ("t", "pos", 0, 1), ("t", "roles", 1, 2)]
    rows += [("t", "coreference", 2, np.nan)]
    edges = pd.DataFrame(rows, columns=["sentence", "task", "place", "settled"])
    pairs = ambiguous.pairs_of(edges)
    assert pairs.values.tolist() == [["s", True], ["t", False]]  # equal layers, one task, or never: no pair
    assert ambiguous.contrasts(edges)[0]["estimate"] == pytest.approx(0.5)
    assert ambiguous.contrasts(edges.iloc[:0]) == []


@pytest.fixture(scope="module")
def probed() -> dict[str, layers.Probed]:
    return {name: planted(name) for name in TASKS}


@pytest.fixture(scope="module")
def tables(probed, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Every tidy table of planted results, as written and read; the twin is the model again."""
    edges = ambiguous.edges_of(probed)
    own = {name: layers.measure(task) for name, task in probed.items()}
    wanted = contexts.common_shares(probed)
    binned = pd.DataFrame([row for name, task in probed.items() for row in contexts.bins(name, task, 5)])
    summary = [row for name, task in own.items() for row in layers.summarised(name, task, LAYERS)]
    summary += [contexts.reweighted(name, task, wanted, 5) for name, task in probed.items()]
    asked = contrasts(own, LAYERS) + ambiguous.contrasts(edges) + contexts.contrasts(binned, LAYERS)
    made = {
        "layers-scores": [row for name, task in probed.items() for row in layers.scores(name, task)],
        "layers-weights": [row for name, task in probed.items() for row in layers.weights(name, task, [0, 1])],
        "layers-tasks": summary,
        "layers-bins": binned,
        "layers-labels": [row for name, task in probed.items() for row in layers.by_label(name, task)],
        "layers-sentences": ambiguous.shown(probed, edges, texts=True),
        "layers-contrasts": asked,
        "code-lengths": [
            {"task": name, "layer": i, "bits": 90.0 - 10 * i, "uniform_bits": 100.0, "compression": 100 / (90 - 10 * i)}
            for name in probed
            for i in range(LAYERS + 1)
        ],
        "code-contrasts": [{"contrast": "order by code length", "estimate": 1.0, "low": 1.0, "high": 1.0}],
    }
    folder, read = tmp_path_factory.mktemp("tables"), {}
    for name, rows in made.items():
        both = [pd.DataFrame(rows).assign(model="tiny", weights=weights) for weights in ("trained", "random")]
        write_tidy(folder / f"{name}.csv", pd.concat(both))
        read[name] = read_tidy(folder / f"{name}.csv")
    return read


def test_the_planted_layer_is_found(tables):
    own = tables["layers-tasks"].query("statistic == 'expected layer' and weights == 'trained'").set_index("task")
    order = [TASKS[name] for name in own["estimate"].sort_values().index]
    assert order == sorted(order)
    scores = tables["layers-scores"].query("weights == 'trained' and probe == 'cumulative'")
    for name, rows in scores.groupby("task"):
        assert own.loc[name, "estimate"] == pytest.approx(expected_layer(rows.sort_values("layer")["f1"]), abs=1e-3)


def test_every_claim_is_decided_by_a_row_that_is_measured(tables):
    slugs = {artifact.slug for artifact in ARTIFACTS}
    rows = {name: set(table["contrast"]) for name, table in tables.items() if name.endswith("contrasts")}
    for claim in CLAIMS:
        assert claim["where"]["contrast"] in rows[claim["table"]], claim["id"]
        assert claim["figure"] in slugs and claim["question"].endswith("?"), claim["id"]
    assert set(planned(LAYERS)) <= rows["layers-contrasts"]
    assert len({claim["id"] for claim in CLAIMS}) == len(CLAIMS)


def test_every_artifact_draws_and_says_what_is_seen(tables):
    for artifact in ARTIFACTS:
        own = [tables[name] for name in artifact.tables]
        made = artifact.draw(*own)
        assert isinstance(made, Figure)
        width, height = made.get_size_inches()
        assert width <= 9.1 and height <= 10, artifact.slug
        sentences = artifact.seen(*own)
        assert sentences and all(said.endswith(".") and "nan" not in said for said in sentences), artifact.slug


def test_figures_of_a_run_that_learned_nothing_say_so(tables):
    """No bin gains clearly, no sentence is uncertain, no label is known: every figure and sentence is there still."""
    empty = {name: tables[name].iloc[:0] for name in ("layers-sentences", "layers-labels")}
    unclear = {"layers-bins": tables["layers-bins"].assign(estimate=np.nan, low=np.nan, high=np.nan)}
    flat = {"layers-scores": tables["layers-scores"].assign(f1=0.0, difference=0.0)}
    numbers = tables["layers-tasks"]
    unknown = numbers["statistic"].str.startswith("expected layer")
    flat["layers-tasks"] = numbers.assign(**{name: numbers[name].mask(unknown) for name in ("estimate", "low", "high")})
    for artifact in ARTIFACTS:
        own = [(tables | empty | unclear | flat)[name] for name in artifact.tables]
        artifact.draw(*own).draw_without_rendering()
        assert all("nan" not in said for said in artifact.seen(*own)), artifact.slug


def test_without_texts_no_word_is_kept(probed):
    edges = ambiguous.edges_of(probed)
    assert len(ambiguous.shown(probed, edges, texts=True))
    kept = ambiguous.shown(probed, edges, texts=False)
    assert kept.empty and list(kept) == ambiguous.COLUMNS


def test_bars_of_an_edge_are_shares_of_its_labels():
    words = ("birds", "sing")
    task = EdgeTask("pos", *[(EdgeSentence(words, (Target((0, 1), None, ("b",)),)),)] * 3)
    targets = pd.DataFrame({"sentence": [0], "context": [1], "labels": [("b",)]})
    probabilities = np.array([[[0.3, 0.1, 0.2]], [[0.2, 0.6, 0.0]]])
    own = layers.Probed(task, targets, ["a", "b", "c"], probabilities, *[np.zeros((1, 2, 3))] * 2, *[np.ones(2)] * 2)
    rows = ambiguous.edges_of({"pos": own})
    assert rows["settled"].tolist() == [1]
    made = ambiguous._layers(own, next(rows.itertuples()))
    assert [row["right"] for row in made] == pytest.approx([1 / 6, 3 / 4])
    assert made[0]["wrong_label"] == "a" and [row["wrong"] for row in made] == pytest.approx([1 / 2, 1 / 4])
    assert made[0]["edge"] == "birds"


def test_code_length_has_an_expected_layer_too(tables):
    found = critique_figures.depths_of(tables["layers-tasks"], tables["code-lengths"])
    own = found[found["measure"] == "code"]
    assert set(own["task"]) == set(TASKS)
    assert own["depth"].tolist() == pytest.approx([(LAYERS + 1) / 2] * len(TASKS))  # every layer saves as much
    assert set(NAMES) >= set(TASKS)


def test_a_task_without_a_clear_gain_has_no_place_among_expected_layers(tables):
    task, tasks = next(iter(TASKS)), tables["layers-tasks"].copy()
    lost = (tasks["task"] == task) & (tasks["statistic"] == "gain of F1")
    tasks.loc[lost, "low"] = -0.01
    found = critique_figures.depths_of(tasks, tables["code-lengths"])
    of_lost = set(found.loc[found["task"] == task, "measure"])
    assert of_lost == {"centre of gravity", "centre of gravity, weights times norms", "code"}
    figure = critique_figures.orders(tasks, tables["code-lengths"])
    assert len(figure.axes[0].lines) == len(TASKS) + 1
    assert f"left out, without a clear gain: {short(task)}" in seen.orders(tasks, tables["code-lengths"])[0]
