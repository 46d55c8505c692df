"""Open Sesame: conditions and printed numbers, sentences of two sources, tables by hand, claims, figures, sentences."""

import importlib.resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.measure.bootstrap import interval, seed_replicates
from insidebert.measure.confusion import TriggerQuestion
from insidebert.models import loading
from insidebert.papers import printed
from insidebert.papers.open_sesame import authors_files, confusion, positions, probes, seen
from insidebert.papers.open_sesame.authors_files import AGREEMENT, FILES, REFLEXIVE
from insidebert.papers.open_sesame.confusion_figures import PRINTED_DIFFERENCES, representative_sentences
from insidebert.papers.open_sesame.figures import ARTIFACTS
from insidebert.papers.open_sesame.sentences import (
    SHORT_LABELS,
    factors,
    grammar,
    labelled_sentences,
    trigger_questions,
)
from insidebert.results.tables import read_tidy, write_tidy

SAMPLE = Path(__file__).parent / "data" / "open_sesame"
"""Sentences of our own in the authors' formats."""

CLAIMS = yaml.safe_load(
    (importlib.resources.files("insidebert.papers.open_sesame") / "claims.yml").read_text(encoding="utf-8")
)
PRINTED = printed("open_sesame")
SIZES = {"train": 24, "development": 12, "generalization": 12, "epochs": 1, "seeds": [0, 1], "folder": SAMPLE}


@pytest.fixture(scope="module")
def tables(tiny, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Every tidy table, measured on a tiny model and written and read as notebooks do; its twin is itself again."""
    lines = tmp_path_factory.mktemp("text") / "lines.txt"
    lines.write_text("\n".join(["the cats can see my dogs near our birds and the bees will sleep"] * 20))
    measured = {task: probes.grammar_task(tiny, task, **SIZES) for task in probes.TASKS}
    measured["nth_token"] = positions.nth_token(tiny, lines, epochs=1, seeds=[0])
    measured |= {name: confusion.confusion(tiny, name, 6, folder=SAMPLE) for name in ("agreement", "reflexive")}
    folder, read = tmp_path_factory.mktemp("tables"), {}
    for name, parts in measured.items():
        for key, table in parts.items():
            both = [table.assign(model="tiny", weights=weights) for weights in ("trained", "random")]
            write_tidy(folder / f"{name}-{key}.csv", pd.concat(both))
            read[f"{name}-{key}"] = read_tidy(folder / f"{name}-{key}.csv")
    return read | {"examples-sentences": probes.examples(3)["sentences"]}


def condition_of_words(words: list[str]) -> str:
    """Which reflexive condition a sentence of the paper is in, from the genders of its nouns alone."""
    source = grammar("reflexive")
    genders = dict.fromkeys(source.words_of("Human.masc"), "masc")
    genders |= dict.fromkeys(source.words_of("Human.fem"), "fem")
    nouns = [genders[word] for word in words if word in genders]
    subject, *others = nouns
    matches = ["match" if other == subject else "mismatch" for other in others]
    has_clause, has_object = "that" in words, "by" in words
    return f"reflexive.{'rc_' * has_clause * has_object or 'rc' * has_clause}{'object' * has_object}." + ".".join(
        matches
    )


@pytest.mark.parametrize("label", [f"R{i}" for i in range(1, 9)])
def test_a_label_names_the_condition_of_the_papers_own_sentence(label):
    sentence, _ = PRINTED["table-2"][label]
    assert SHORT_LABELS[condition_of_words(sentence.split())] == label


def test_in_r6_the_object_matches_and_in_r7_the_relative_clause():
    names = {label: condition for condition, label in SHORT_LABELS.items()}
    assert factors(names["R6"]) == {"rc": 1, "object_match": 1, "rc_match": 0}
    assert factors(names["R7"]) == {"rc": 1, "object_match": 0, "rc_match": 1}
    assert SHORT_LABELS[REFLEXIVE[6]] == "R6"  # the authors' files stand in the paper's order


def test_the_means_of_figure_5_are_table_2():
    for label, by_layer in PRINTED["figure-5"].items():
        assert len(by_layer) == 12
        assert round(np.mean(by_layer), 2) == pytest.approx(PRINTED["table-2"][label][1], abs=0.0051), label


def printed_scores(labels):
    return np.array([PRINTED["table-2"][label][1] for label in labels])


def test_the_papers_side_of_a_claim_follows_from_what_it_prints():
    said = {claim["id"]: claim["paper"] for claim in CLAIMS}
    for claim in CLAIMS:
        phenomenon = claim["table"].split("-")[0]
        pair = confusion.PLANNED.get(phenomenon, {}).get(claim["where"].get("contrast"))
        if pair:
            above, below = (printed_scores(labels.split()).mean() for labels in pair)
            assert claim["paper"] == pytest.approx(above - below, abs=0.0051), claim["id"]
    curve = np.array(list(PRINTED["figure-5"].values()))
    assert said["reflexive-bump"] == pytest.approx(confusion.rise_at(1 / 3, curve).mean(), abs=0.0051)
    assert said["reflexive-second-rise"] == pytest.approx(confusion.rise_at(2 / 3, curve).mean(), abs=0.0051)
    assert confusion.rise_at(1 / 3, curve).min() > 0.1  # so that the paper's own model passes
    assert said["reflexive-falls-with-depth"] == pytest.approx(np.polyfit(range(12), curve.mean(0), 1)[0], abs=5e-4)
    assert confusion.depth_of_first_rise(curve.mean(0)[None])[0] == pytest.approx(4 / 12)
    for name, value in PRINTED_DIFFERENCES.items():
        above, below = (printed_scores(labels.split()).mean() for labels in confusion.PLANNED["agreement"][name])
        assert value == pytest.approx(above - below, abs=0.0051)


def test_every_claim_has_one_row_a_model_and_says_how_it_is_shown(tables):
    slugs = {artifact.slug for artifact in ARTIFACTS}
    for claim in CLAIMS:
        rows = tables[claim["table"]]
        for column, value in claim["where"].items():
            rows = rows[rows[column] == value]
        assert rows["weights"].tolist() == ["trained", "random"], claim["id"]
        assert claim["figure"] in slugs
        assert claim["unit"] in ("share", "bits", "depth")
        assert claim["question"].endswith("?")


def test_every_artifact_draws_and_says_what_is_seen(tables):
    for artifact in ARTIFACTS:
        own = [tables[name] for name in artifact.tables]
        made = artifact.draw(*own)
        if isinstance(made, Figure):
            width, height = made.get_size_inches()
            assert width <= 9
            assert height <= 10  # a page
        if artifact.seen:
            sentences = artifact.seen(*own)
            assert sentences
            assert all(sentence.endswith(".") and "nan" not in sentence for sentence in sentences)


def test_what_is_seen_is_read_from_the_table(tables):
    accuracy = tables["main_auxiliary-accuracy"]
    changed = accuracy.assign(accuracy=0.25, chance=0.1)
    peak = (changed["layer"] == 2) & (changed["weights"] == "trained") & (changed["state"] == "layer")
    changed.loc[peak, "accuracy"] = 0.75
    assert seen.generalization(changed, "main_auxiliary.relative") == [
        "tiny: 25% at the embedding, 75% in the best layer (2 of 3), 25% in the last; with random weights at best 25%.",
        "The lazy shortcut (the first auxiliary) gets 0%, a random piece 10%.",
    ]


def test_table_2_prints_the_papers_score_beside_ours(tables):
    table = representative_sentences(tables["agreement-conditions"], tables["reflexive-conditions"])
    rows = dict(zip(table["condition"], table["paper, BERT-base (bits)"], strict=True))
    assert rows["R6: RC mismatch, object match"] == "1.52"
    assert rows["R7: RC match, object mismatch"] == "1.49"
    assert rows["A4: RC mismatch"] == "0.81"
    assert len(rows) == 12


def test_selectivity_is_task_minus_control(tables):
    rows = tables["subject_noun-accuracy"].set_index(["weights", "split", "state", "layer"])
    task, control, apart = (rows[rows["probe"] == name]["accuracy"] for name in probes.READINGS)
    np.testing.assert_allclose(apart, task - control, atol=1e-6)


def test_chance_is_the_share_of_a_random_piece(tables):
    rows = tables["nth_token-accuracy"]
    assert (rows["chance"] < 0.1).all()  # sentences have 10 to 30 pieces
    assert (rows["chance"] >= 1 / 30).all()


def test_both_sources_give_sentences_of_the_same_kind():
    for split in FILES:
        kind = split.split(".")[0]
        if kind in probes.TASKS:
            counts = (20, 10) if split.endswith("plain") else (10,)
            ours, theirs = labelled_sentences(split, counts), labelled_sentences(split, counts, SAMPLE)
            assert len(ours) == len(theirs) == sum(counts)
            classes = [{s.words[s.target].removesuffix("s") for s in part} for part in (ours, theirs)]
            assert classes[0] & classes[1], split
    for phenomenon, cells in (("agreement", AGREEMENT), ("reflexive", REFLEXIVE)):
        ours, theirs = trigger_questions(phenomenon, 5), trigger_questions(phenomenon, 5, SAMPLE)
        assert [q.condition for q in ours] == [q.condition for q in theirs]
        assert {q.condition for q in theirs} == {cell for cell in cells if ".none" not in cell}
        assert [len(q.triggers) for q in ours] == [len(q.triggers) for q in theirs]


def test_an_index_of_pieces_becomes_an_index_of_words(tmp_path):
    path = tmp_path / "sbjn-join.gen_apost"
    path.write_text("our fish's new new worker ant will swim\t7\nthe cat can sleep\t1\n")
    assert [s.words[s.target] for s in authors_files.read_probing(path)] == ["ant", "cat"]
    path.write_text("our fish's ant will swim\t8\n")
    with pytest.raises(InputError, match="line 1: an index of '8' lies outside"):
        authors_files.read_probing(path)


def test_missing_and_short_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"aux\.gen holds 12 sentences, 13 are wanted"):
        labelled_sentences("main_auxiliary.relative", (13,), SAMPLE)
    with pytest.raises(InputError, match=r"agr\.4 is missing; name a folder"):
        trigger_questions("agreement", 1, tmp_path)


def test_regression_recovers_planted_coefficients():
    rng = np.random.default_rng(0)
    found = [
        TriggerQuestion(("x",), 0, ((0,), (1,)), cell) for cell in AGREEMENT if ".none." not in cell for _ in range(50)
    ]
    planted = np.array([[0.3 * (".rc." in d.condition) + 0.2 * d.condition.endswith("inflected")] for d in found])
    scores = 1.0 + planted - 0.1 * np.arange(1, 7) + rng.normal(0, 0.05, (len(found), 6))
    table = confusion.regression(found, scores).set_index("factor")
    expected = {"Intercept": 1.0, "rc": 0.3, "match": 0.0, "inflected": 0.2, "layer": -0.1}
    assert table["coefficient"].to_dict() == pytest.approx(expected, abs=0.01)
    assert table.at["layer", "p"] < 1e-6 < table.at["match", "p"]
    assert (table["observations"] == len(found) * 6).all()


def test_match_is_not_mixed_with_a_third_candidate_in_the_fit_on_both_distractors():
    cells = [cell for cell in REFLEXIVE if cell != "reflexive.none"]
    found = [TriggerQuestion(("x",), 0, ((0,), (1,)), cell) for cell in cells for _ in range(20)]
    three = np.array([[float("rc_object" in q.condition)] for q in found])  # nothing counts but the third candidate
    noise = np.random.default_rng(0).normal(0, 0.01, (len(found), 3))
    table = confusion.regression(found, three + noise).set_index(["fit", "factor"])["coefficient"]
    assert table["R1-R8", "object_match"] > 0.2
    assert table["R5-R8", "object_match"] == pytest.approx(0, abs=0.01)


def test_summary_means_and_contrasts_by_hand():
    cells = [cell for cell in REFLEXIVE if cell != "reflexive.none"]
    found = [TriggerQuestion(("a", cell), 0, ((0,), (1,)), cell) for cell in cells for _ in range(3)]
    base = np.repeat([1.0, 0.5, 0.8, 0.7, 2.4, 2.1, 2.3, 2.0], 3)  # the cells: R1-R5, R6, R7, R8
    noise = np.tile([-0.1, 0.0, 0.1], 8)
    tables = confusion.summarised(found, np.column_stack([base + noise, base + np.roll(noise, 1) + 0.2]))
    means = tables["conditions"].set_index("label")["confusion"]
    assert means["R1"] == pytest.approx(1.1)
    assert tables["conditions"]["example"][0] == "a reflexive.object.match"
    contrasts = tables["contrasts"].set_index("contrast")["estimate"]
    assert contrasts["match minus mismatch, object (R1 - R2)"] == pytest.approx(0.5)
    assert contrasts["object minus RC (R1, R2 - R3, R4)"] == pytest.approx(0.0)
    assert contrasts["three candidates minus two (R5-R8 - R1-R4)"] == pytest.approx(2.2 - 0.75)
    assert contrasts["object match, with both distractors (R5, R6 - R7, R8)"] == pytest.approx(0.1)
    assert contrasts["RC match, with both distractors (R5, R7 - R6, R8)"] == pytest.approx(0.3)
    assert contrasts["a third of the depth minus the layer before"] == pytest.approx(0.2)
    by_layer = tables["differences"].set_index(["contrast", "layer"])["estimate"]
    assert by_layer["match minus mismatch, object (R1 - R2)", 2] == pytest.approx(0.5)


def test_a_single_layer_cannot_rise(tiny, monkeypatch):
    monkeypatch.setattr(type(tiny), "layers", 1)
    with pytest.raises(InputError, match="has one layer"):
        confusion.confusion(tiny, "agreement", 1)


def test_a_twin_may_read_fewer_sentences(tiny_folder):
    for name, expected in ((str(tiny_folder("bert")), 4), (f"random:{tiny_folder('bert')}", 2)):
        model = loading.load(loading.resolve(name))
        tables = confusion.confusion(model, "reflexive", 4, random_sentences=2, folder=SAMPLE)
        assert set(tables["conditions"]["sentences"]) == {expected}


def test_rises_and_falls_by_hand():
    curve = np.array([[1.0, 0.5, 0.6, 0.9, 0.9, 0.9, 0.9, 2.0, 0.0, 0.0, 0.0, 0.0]])
    assert confusion.rise_at(1 / 3, curve)[0] == pytest.approx(0.3)
    assert confusion.rise_at(2 / 3, curve)[0] == pytest.approx(1.1)
    assert confusion.depth_of_first_rise(curve)[0] == pytest.approx(4 / 12)  # layer 8 rises more, in the upper half
    assert positions.depth_of_fall(np.array([[1.0, 0.9, 0.2, 0.1]]))[0] == pytest.approx(2 / 3)


def test_probe_seeds_are_in_the_interval():
    rng = np.random.default_rng(0)
    curves = np.array([[0.0, 0.9, 0.9, 0.9], [0.0, 0.2, 0.9, 0.9], [0.0, 0.1, 0.9, 0.9]])  # one seed rises earlier
    correct = rng.random((3, 400, 4)) < curves[:, None]
    rise = probes.depth_contrasts(3)["depth of the largest rise"]
    one_of_them = interval(rise(seed_replicates(correct[:1])))
    assert one_of_them == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    low, high = interval(rise(seed_replicates(correct)))
    assert (low, high) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    means = seed_replicates(correct)
    assert means.mean(0) == pytest.approx(correct.mean((0, 1)), abs=0.03)


def test_what_rises_and_does_not_decline_is_not_called_a_hump():
    better_end = probes.depth_contrasts(3)["middle layers minus the better end"]
    assert better_end(np.array([[0.1, 0.8, 0.8, 0.3], [0.9, 0.8, 0.8, 0.3]])) == pytest.approx([0.5, -0.1])
