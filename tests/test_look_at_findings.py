"""What Clark et al. claim: the rows that decide, by hand; what figures and sentences say of tables of known numbers."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import yaml

from insidebert.errors import InputError
from insidebert.measure.surface import STATISTICS
from insidebert.papers.look_at import (
    examples,
    figures,
    no_op,
    probe_figures,
    probes,
    seen,
    selection,
    surface,
    syntax,
    word_figures,
)
from insidebert.papers.look_at.probe_figures import PRINTED
from insidebert.results import plots
from insidebert.results.wording import each_model, percent, span

CLAIMS = yaml.safe_load((files("insidebert.papers.look_at") / "claims.yml").read_text(encoding="utf-8"))
UNITS = {"share", "points", "bits", "nats", "heads", "layers", "depth", "count", "ratio", "correlation"}
METHODS = ("nearest", "head match", "rule-based")


def means(layers: int, heads: int, **values) -> np.ndarray:
    """[1, layers, heads, statistics]: 0 but for what is named, `to_SEP` for `to [SEP]`; each [layers, heads]."""
    found = np.zeros((1, layers, heads, len(STATISTICS)))
    for name, own in values.items():
        found[0, ..., STATISTICS.index(name.replace("_", " "))] = own
    return found


def held_answers() -> dict[str, np.ndarray]:
    """Four mentions: which of them each method finds."""
    found = {"nearest": "1100", "head match": "0001", "rule-based": "1110"}
    found |= {"all other mentions": "1011", "earlier mentions": "1111"}
    return {name: np.array([mark == "1" for mark in marks]) for name, marks in found.items()}


def test_every_claim_is_complete_and_decided_by_a_row_that_is_measured():
    held, kinds = held_answers(), np.array(["nominal", "pronoun", "nominal", "proper"])
    best = {None: best_of("all"), **{name: best_of(name) for name in syntax.SHOWN}}
    rows = {
        "surface-contrasts": set(surface.contrasts(6)),
        "importance-contrasts": {"[SEP] / other tokens, layers 5-12 of 12"},
        "clustering-contrasts": {"nearest head is of the same layer, minus chance"},
        "syntax-contrasts": {row["contrast"] for row in syntax._contrasts(best)},
        "selection-contrasts": {row["contrast"] for row in selection._contrasts(held, kinds, np.array([0, 0, 1, 1]))},
        "probes-contrasts": {f"attention + words minus {name}" for name in PRINTED["table-3"]} | {probes.STRUCTURAL},
        "probes-scores": set(PRINTED["table-3"]),
    }
    slugs = {artifact.slug for artifact in figures.ARTIFACTS}
    for claim in CLAIMS:
        decided_by = {*claim["where"].values(), *claim.get("minus", {}).values()}
        assert decided_by and decided_by <= rows[claim["table"]], claim["id"]
        assert claim["figure"] in slugs and claim["unit"] in UNITS and claim["question"], claim["id"]
    assert [claim["id"] for claim in CLAIMS if claim["holds"] is None] == ["neural-coreference", "structural-probe"]


def best_of(name: str, gain: float = 0.1, way: int = 0) -> syntax.Best:
    numbers = {"accuracy": 0.6, "offset": 1, "offset_accuracy": 0.5, "held_out": 0.6, "low": 0.5, "high": 0.7}
    gains = {"gain": gain, "gain_low": gain - 0.05, "gain_high": gain + 0.05, "stable": True}
    return syntax.Best(cases=10, head=(way, 1, 1), **numbers, **gains)


def test_shares_of_relations_leave_all_words_out():
    best = {None: best_of("all", -1), "det": best_of("det"), "dobj": best_of("dobj", way=1), "nn": best_of("nn", -0.1)}
    rows = {row["contrast"]: row["estimate"] for row in syntax._contrasts(best)}
    assert rows["relations whose best head beats best offset"] == pytest.approx(2 / 3)
    assert rows["relations whose best head looks from dependent to head"] == pytest.approx(2 / 3)


def test_contrasts_of_heads_by_hand():
    six = surface.contrasts(6)
    cls = np.zeros((6, 2))
    cls[1] = 0.5  # layer 2 of 6 is not among layers 2-3 of 12, which is layer 1
    found = means(6, 2, **{"to_[CLS]": cls})
    assert six["depth of most attention to [CLS]"](found) == pytest.approx(2 / 6)
    assert six["to [CLS], layers 2-3 of 12 minus the rest"](found) == pytest.approx(-0.1)
    assert surface.contrasts(12)["depth of most attention to [CLS]"](
        means(12, 1, **{"to_[CLS]": np.eye(12)[:, 1:2]})
    ) == (pytest.approx(2 / 12))
    entropy = np.full((6, 2), 2.0)
    entropy[0] = 4.0
    found = means(6, 2, entropy=entropy)
    assert six["share of broad heads, layers 1-4 of 12 minus the rest"](found) == pytest.approx(0.5)  # of layers 1, 2
    assert six["entropy, layers 1-4 of 12 minus the rest"](found) == pytest.approx(1)
    next_token = np.zeros((6, 2))
    next_token[2] = [0.7, 0.4]
    found = means(6, 2, **{"to_next": next_token, "to_self": np.full((6, 2), 0.1)})
    assert six["heads above one half on the next token"](found) == 1
    assert six["to self minus to a neighbour, mean of heads"](found) == pytest.approx(0.1 - 1.1 / 12 / 2)


def test_random_layers_do_not_make_lower_layers_broader():
    """The claim that broad heads are low must not hold where all heads are alike."""
    alike = means(6, 12, entropy=np.full((6, 12), 4.85))
    assert surface.contrasts(6)["share of broad heads, layers 1-4 of 12 minus the rest"](alike) == 0


def test_coreference_is_set_against_the_better_simple_baseline_and_nominal_mentions_alone():
    held, kinds = held_answers(), np.array(["nominal", "pronoun", "nominal", "proper"])
    rows = selection._contrasts(held, kinds, np.array([0, 0, 1, 1]))
    rows = {row["contrast"]: row["estimate"] for row in rows}
    assert rows["best head (all other mentions) minus head match"] == pytest.approx(0.5)
    assert rows["best head (all other mentions) minus the better simple baseline"] == pytest.approx(0.25)  # nearest
    assert rows["nominal mentions: best head (all other mentions) minus head match"] == 1
    assert rows["best head (earlier mentions) minus rule-based"] == pytest.approx(0.25)


def test_a_head_is_scored_on_the_half_that_did_not_choose_it():
    document = np.arange(10).repeat(2)
    half = np.random.default_rng(0).permutation(10)[document] % 2
    right = np.stack([half == 0, half == 1], axis=1)  # each head knows one half and nothing of the other
    best, held = selection.chosen_on_half(right, document)
    assert best == 0 and not held.any()


def test_intervals_hold_the_trainings_too():
    sentences = np.stack([np.full(30, 4), np.full(30, 10)], axis=1)
    agreeing, apart = np.stack([sentences] * 3), np.stack([sentences, sentences * [0, 1], sentences * [2, 1]])
    one = probes._score("a", sentences[None])
    assert (one["score"], one["low"], one["high"], one["seeds"]) == pytest.approx((0.4, 0.4, 0.4, 1))
    assert probes._score("a", agreeing)["high"] == pytest.approx(0.4)
    wide = probes._score("a", apart)
    assert (wide["score"], wide["low"], wide["high"]) == pytest.approx((0.4, 0, 0.8))
    gain = probes._gains({"right-branching": sentences[None] * [0.5, 1], "attention + words": apart})[0]
    assert gain["contrast"] == "attention + words minus right-branching"
    assert (gain["estimate"], gain["low"], gain["high"]) == pytest.approx((0.2, -0.2, 0.6))


def test_stress_is_0_where_a_plane_holds_the_distances():
    plane = np.array([[0.0, 0], [3, 0], [0, 4]])
    wanted = np.array([[0, 3, 4], [3, 0, 5], [4, 5, 0]])
    assert no_op.stress(plane, wanted) == pytest.approx(0)
    assert no_op.stress(plane, wanted * 2) == pytest.approx(1)


def test_cards_of_language_model_heads():
    cards = no_op.head_cards(["distilbert-cased", "some/checkpoint"])
    assert cards["head"].tolist() == ["of insidebert", "of the checkpoint"]
    assert cards["found (%)"].iloc[0] > cards["the commonest piece, always (%)"].iloc[0]


def test_chosen_heads_are_those_of_the_trained_model_in_the_order_of_the_figure():
    columns = ["model", "weights", "relation", "direction", "layer", "head", "accuracy"]
    way = "dependent to head"
    relations = [["m", "trained", "det", way, 2, 1, 0.9], ["m", "trained", "dobj", way, 3, 2, 0.8]]
    relations += [["m", "trained", "nn", way, 1, 1, 0.7], ["m", "random", "det", way, 1, 1, 0.1]]
    methods = pd.DataFrame(
        {"model": "m", "weights": ["trained"] * 3 + ["random"], "method": ["nearest", *["best head"] * 3]}
        | {"candidates": ["earlier mentions", "all other mentions", "earlier mentions", "all other mentions"]}
        | {"mentions": "all", "layer": [np.nan, 2, 2, 1], "head": [np.nan, 2, 1, 1], "accuracy": [0.4, 0.6, 0.7, 0.1]}
    )
    chosen = examples.chosen_heads(pd.DataFrame(relations, columns=columns), methods)
    assert chosen["function"].tolist() == ["dobj", "det", "coreference"]
    assert chosen[["layer", "head"]].values.tolist() == [[3, 2], [2, 1], [2, 2]]


def test_heads_chosen_for_other_models_are_refused(tiny, tmp_path):
    with pytest.raises(InputError, match="no heads were chosen for bert0; there are other"):
        examples.examples(tiny, tmp_path, {"other": []})


HEADS = pd.DataFrame(
    {"model": "m", "weights": "trained", "layer": 2, "head": [1, 2] * 4}
    | {"statistic": np.repeat(["to [SEP]", "to next", "entropy", "to . or ,"], 2)}
    | {"value": [0.1, 0.3, 0.6, 0.2, 3.9, 1.0, 0.2, 0.1]}
)


@pytest.mark.parametrize(
    ("pattern", "head", "title"),
    [
        ("[SEP]", 2, "[SEP]\nm\nno such head (2-2: 30%)"),
        ("next token", 1, "next token\nm\nhead 2-1: 60%"),
        ("broad", 1, "broad\nm\nhead 2-1: 3.9 nats"),
    ],
)
def test_figure_1_says_where_there_is_no_such_head(pattern, head, title):
    row = pd.Series({"model": "m", "weights": "trained", "layer": 2, "head": head})
    assert figures.pattern_title(pattern, row, HEADS) == title


def test_a_class_of_tokens_has_one_colour_everywhere():
    for name in ("[CLS]", "[SEP]", ". or ,"):
        same = {figures.token_colour(f"to {name}"), figures.token_colour(f"norm to {name}"), plots.TOKEN_COLOURS[name]}
        assert len(same) == 1
    assert (
        figures.token_colour("other to [SEP]") == figures.token_colour("[SEP] to [SEP]") == plots.TOKEN_COLOURS["[SEP]"]
    )
    assert figures.BEHAVIOURS["periods and commas"][0] == plots.TOKEN_COLOURS[". or ,"]


def test_red_lines_are_seen_and_faint_ones_left_out():
    _, ((ax,),) = plots.new_figure()
    edges = {"from_place": [0, 0, 1, 1], "from_piece": ["a", "a", "b", "b"], "to_place": [0, 1, 0, 1]}
    edges = pd.DataFrame(edges | {"attention": [0.04, 0.06, 0.01, 0.9]})
    plots.linked_columns(ax, edges, "0.3", pd.Series([False, True, False, False]), least=0.05)
    (lines,) = ax.collections
    assert lines.get_colors()[:, 3].tolist() == [plots.FAINTEST, 0.9]
    assert [segment[:, 1].tolist() for segment in lines.get_segments()] == [[0, -1], [-1, -1]]


def test_the_papers_values_lie_at_their_relative_depth():
    layers = pd.DataFrame(
        {"model": "m", "weights": "trained", "layer": range(1, 7)}
        | {"statistic": "entropy from [CLS]", "value": 2.0, "low": 1.9, "high": 2.1, "uniform": 4.85}
    )
    layers = pd.concat([layers, layers.assign(statistic="entropy")])
    figure = figures.entropies(layers.assign(head=1), layers)
    (printed,) = [line for line in figure.axes[1].lines if line.get_marker() == "d" and len(line.get_xdata())]
    assert (printed.get_xdata().tolist(), printed.get_ydata().tolist()) == ([6], [3.89])
    assert "which prints the upper panel alone" in figure._supxlabel.get_text()


def relations_table() -> pd.DataFrame:
    rows = {
        "relation": ["all", "auxpass", "det"],
        "cases": 200,
        "layer": 1,
        "head": 2,
        "direction": "head to dependent",
    }
    rows |= {"accuracy": [0.4, 0.9, 0.8], "offset": 1, "offset_accuracy": [0.3, 0.85, 0.5], "stable": True}
    return pd.DataFrame(
        {"model": "m", "weights": "trained"} | rows | {"held_out": [0.4, 0.8, 0.7], "low": 0.3, "high": 0.9}
    )


def test_the_misprint_is_said_and_not_drawn():
    figure = word_figures.against_offsets(relations_table(), "on a treebank")
    (ticks,) = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert ticks.get_xdata().tolist() == pytest.approx([0.345, 0.943, 0.941])  # in the order of the paper's table
    said = figure._supxlabel.get_text()
    assert "on a treebank" in said and "82.5 is a misprint" in said
    captions = {a.slug: a.caption for a in figures.ARTIFACTS if a.slug.startswith("relations")}
    assert len(set(captions.values())) == 2 and "EWT" in captions["relations-recorded"]
    table = word_figures.relations(relations_table())
    assert table["in words"].tolist() == ["all words", "determiner", "passive auxiliary"]


def test_relations_in_sentences():
    (said,) = seen.relations(relations_table())
    assert "finds the head word of 40% of all words" in said and "above the best offset for 1 of 2 relations" in said
    assert "determiner (det, +20 points)" in said and "passive auxiliary (auxpass, -5)" in said


def test_special_tokens_in_sentences_say_which_layers_stand_for_those_of_twelve():
    values = {"to [CLS]": [0.2, 0.5, 0, 0, 0, 0], "to [SEP]": [0, 0, 0.5, 0.6, 0.7, 0.4]}
    values["to . or ,"] = [0.1, 0.1, 0, 0, 0, 0.5]
    values["[SEP] to [SEP]"] = [0, 0, 0.8, 0.9, 1, 0]
    layers = pd.concat(
        [
            pd.DataFrame({"model": "m", "weights": "trained", "statistic": name, "layer": range(1, 7), "value": own})
            for name, own in values.items()
        ]
    )
    (said,) = seen.special_tokens(layers, layers)
    assert "to [CLS] is highest in layer 2 (50%)" in said
    assert "In layers 3-5, which stand for 6-10 of 12, [SEP] gets 60% of all attention" in said
    assert "in layers 3-4 (5-9 of 12) [SEP] itself gives 85%" in said
    assert "most goes to [CLS] in layers 1-2, [SEP] in layers 3-5, periods and commas in layer 6;" in said


def test_the_heads_that_the_probe_trusts():
    weights = pd.DataFrame(
        {"model": "m", "weights": "trained", "layer": [1, 1, 2], "head": [1, 2, 1], "weight": [0.5, -2.0, 7.25]}
        | {"direction": ["dependent to head", "dependent to head", "head to dependent"]}
    )
    table = probe_figures.trusted_heads(weights)
    assert table["head"].tolist() == ["2-1*", "1-1", "1-2"]
    (said,) = seen.trusted_heads(weights)
    assert "head 2-1 most (head to dependent, weight 7.2)" in said and "1-2 as a sign against" in said


def test_every_sentence_function_reads_the_tables_of_its_artifact():
    assert all(artifact.seen is not None for artifact in figures.ARTIFACTS)


def test_a_sentence_a_model_is_read_from_its_rows_of_every_table():
    @each_model
    def said(model, rows, others, unit):
        return f"{model}: {rows['value'].sum()} and {others['value'].sum()} {unit}"

    rows = pd.DataFrame({"model": ["b", "b", "a", "b"], "weights": ["trained"] * 3 + ["random"], "value": [1, 2, 4, 8]})
    assert said(rows, rows.assign(value=16), unit="heads") == ["b: 3 and 32 heads", "a: 4 and 16 heads"]
    assert said(rows[rows["weights"] == "random"], rows, unit="bits") == ["b: 8 and 3 bits"]
    assert (percent(0.094), percent(0.104), span([2]), span([2, 3, 4])) == ("9.4%", "10%", "2", "2-4")


def test_no_strong_head_is_an_empty_table_with_its_columns():
    table = figures.strong_heads(HEADS.assign(statistic="to next", value=0.1, low=0, high=1))
    assert table.empty and list(table)[:3] == ["model", "attends to", "head"]


def test_an_artifact_is_its_entry_with_its_functions():
    known = {artifact.slug: artifact for artifact in figures.ARTIFACTS}
    recorded, own = known["table-1-recorded"], known["table-1"]
    assert recorded.recorded and recorded.ours and not own.ours
    assert recorded.caption == f"{own.caption}; on UD English EWT, development set, converted to Stanford Dependencies"
    assert known["figure-5-second"].draw.keywords == {"which": 1} and own.draw is word_figures.relations
    assert len(known) == len(figures.ARTIFACTS)
