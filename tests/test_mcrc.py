"""The third paper's experiments on tiny models: what the tables say is what was scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from insidebert.errors import InputError
from insidebert.finetune.reader import Reader, Training
from insidebert.models import loading
from insidebert.papers.mcrc import (
    attacks,
    effects,
    figures,
    plans,
    question_sets,
    quotations,
    seen,
    tables,
    unanswerable,
)
from insidebert.results import artifacts, claims
from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.text import questions
from insidebert.text.attacks import ATTACKS, CONDITIONS, attack, spoiled
from insidebert.text.questions import Question

SIZES = {"train": 24, "development": 8, "test": 16}
PLAN = {"epochs": 1, "pieces": 64, "precision": "float32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    random, made = np.random.default_rng(0), tmp_path_factory.mktemp("toy")
    for split, count in (("train", 24), ("dev", 8), ("test", 16)):
        own = []
        for i in range(count):
            names = random.permutation(["cat", "dog", "horse", "bird"])[:3].tolist()
            passage = f"the {names[0]} can sleep . the {names[1]} will see ."
            order = random.permutation(3)
            own.append(
                Question(f"{split}{i}", passage, "who can ?", tuple(names[j] for j in order), int(order.argmin()))
            )
        questions.write(made / f"{split}.jsonl", own)
    return made


@pytest.fixture(scope="module")
def model(tiny_folder):
    return loading.load(loading.resolve(str(tiny_folder("bert"))))


@pytest.fixture(scope="module")
def attacked(model, folder):
    return attacks.attacks(model, PLAN, [0], dataset=folder, planted={}, **SIZES)


@pytest.fixture(scope="module")
def trained(model, folder):
    return unanswerable.unanswerable(model, PLAN | {"frozen": 1}, [0, 1], dataset=folder, planted={}, **SIZES)


def test_the_tables_agree_with_the_questions(attacked, folder):
    made = attacked
    rows, table = made["questions"], made["accuracy"].set_index("attack")
    assert list(table.index) == ["original", *ATTACKS]
    accuracy = rows.groupby("attack")["right"].mean()
    for name in table.index:
        assert table.at[name, "accuracy"] == pytest.approx(accuracy[name])
        assert table.at[name, "change"] == pytest.approx(accuracy[name] / accuracy["original"] - 1)
        assert table.at[name, "low"] <= table.at[name, "accuracy"] <= table.at[name, "high"]
    assert table["chance"].tolist() == pytest.approx([1 / 3] * 8)
    before = rows[rows["attack"] == "original"].set_index("id")
    assert (before["length_change"] == 0).all()
    added = rows[rows["attack"] == "AddAns2Opt"].set_index("id")
    assert (added["length_change"] == 1).all()  # a one-word answer behind one-word distractors
    contrasts = made["contrasts"].set_index("contrast")["estimate"]
    assert contrasts["average change over the attacks"] == pytest.approx(table["change"].iloc[1:].mean())
    case = made["case"]
    falls = before["p_answer"] - rows[rows["attack"] == quotations.CASE].set_index("id")["p_answer"]
    asked = {q.id: q for q in questions.read(folder, "test")}[falls.idxmax()]
    assert case["right"].iloc[0] == asked.options[asked.answer]
    assert " ".join(case["word"]).strip() in attack(asked, quotations.CASE, attacks.SEED).question.options
    assert (case["answer"] + case["distractor"] < 1).all()
    assert set(made["examples"]["attack"]) == set({quotations.APPENDED, *quotations.OPTIONS})
    assert "toy" in made["questions"]["dataset"].iloc[0]


def test_every_figure_is_drawn_from_what_was_measured(model, attacked, trained, folder, tmp_path):
    plan, sizes = {"epochs": 1, "pieces": 200, "precision": "float32"}, {"train": 4, "development": 2, "test": 3}
    made = {
        "attacks": attacked,
        "unanswerable": trained,
        "recovered": unanswerable.recovered(model, [0.0, 1.0], 3, plan, [0], **sizes),
        "example": unanswerable.example(folder, 8, {}),
        "statistics": question_sets.statistics(folder, **SIZES, planted={}),
    }
    for name, own in made.items():
        for key, table in own.items():
            write_tidy(tmp_path / f"{name}-{key}.csv", table.assign(model="tiny", weights="trained"))
    for artifact in figures.ARTIFACTS:
        artifacts.render(artifact, tmp_path, tmp_path / "figures", dpi=30)
        assert list((tmp_path / "figures").glob(f"{artifact.slug}.*")), artifact.slug
    table = pd.read_csv(tmp_path / "figures/table-2.csv").set_index("Unnamed: 0")
    accuracies = attacked["accuracy"].set_index("attack")["accuracy"]
    assert table.loc["AddAns2Opt"].iloc[0].startswith(f"{accuracies['AddAns2Opt'] * 100:.1f} [")
    assert table.loc["AddSent2Pas-Shuffle", "paper, mean of 7 data sets"] == 36.9  # (32.1+31.6+41+34.5+36.2+41.2+42)/7
    for claim in claims.read("mcrc"):
        (verdict,) = claims.decide(claim, read_tidy(tmp_path / f"{claim.table}.csv"))
        assert verdict["verdict"] in ("holds", "fails", "cannot tell")


def test_what_an_earlier_version_did_not_record_is_left_out_and_said(attacked):
    table = attacked["accuracy"].assign(model="tiny", weights="trained").drop(columns=["cut", "reached", "trainings"])
    assert not any("passages cut" in column for column in tables.accuracies(table))
    (said,) = seen.accuracies(table)
    assert "recorded before passages that are cut were counted; how many trainings it was, was not recorded." in said
    bins = attacked["bins"].assign(model="tiny", weights="trained").drop(columns=["low", "high"])
    found = attacked["correlations"].assign(model="tiny", weights="trained")
    found = found[found["over"] == "questions"].drop(columns=["over", "points"])
    figure = figures.against(bins, found, feature="answer_words")
    assert "over the bins r was not recorded" in figure.axes[0].get_title()
    assert "recorded before they had intervals" in figure.get_supxlabel()
    assert " over questions;" in seen.against(bins, found, feature="answer_words")[0]
    assert seen.by_attack(table, attacked["questions"], found) == []
    facts = attacked["questions"].assign(model="tiny", weights="trained")
    assert "over the attacks r was not recorded" in figures.by_attack(table, facts, found).axes[0].get_title()


def test_ties_are_shared():
    assert effects.rightness(np.array([0.5, 0.3, 0.2]), 0) == 1
    assert effects.rightness(np.array([0.4, 0.4, 0.2]), 1) == 0.5
    assert effects.rightness(np.array([0.5, 0.3, 0.2]), 2) == 0


def test_sets_by_name(folder):
    made = question_sets.statistics(folder, **SIZES, planted={})["sets"].set_index("split")
    assert made["questions"].to_dict() == {"train": 24, "dev": 8, "test": 16}
    assert made.at["test", "question_words"] == 3
    assert made.at["test", "answer_words"] == 1
    scripts = question_sets.questions_of("scripts", "test", 6, {"options": 4})
    assert [len(question.options) for question in scripts] == [4] * 6
    assert scripts[0].passage != question_sets.questions_of("scripts", "train", 6, {"options": 4})[0].passage
    with pytest.raises(InputError, match="no data set in"):
        question_sets.questions_of(folder / "nothing", "test", 3, {})


def test_training_tables_agree_with_the_readers(model, trained, folder):
    made = trained
    rows, seeds = made["conditions"].set_index("condition"), made["seeds"]
    assert rows.index.tolist() == ["random guess", "longest option", *CONDITIONS]
    assert rows.at["random guess", "accuracy"] == pytest.approx(1 / 3)
    assert rows.at["longest option", "accuracy"] == pytest.approx(1 / 3)  # all options have one word
    for condition in CONDITIONS:
        own = seeds[seeds["condition"] == condition]
        assert own["seed"].tolist() == [0, 1]
        assert rows.at[condition, "accuracy"] == pytest.approx(own["accuracy"].mean())
        difference = rows.at[condition, "accuracy"] - rows.at["original", "accuracy"]
        assert rows.at[condition, "difference"] == pytest.approx(difference)
        assert rows.at[condition, "difference_low"] <= difference + 1e-9 <= rows.at[condition, "difference_high"] + 2e-9
    reader = Reader(model, Training(**PLAN, frozen=1, seed=1))
    sets_ = [[spoiled(q, "Q-Remove", attacks.SEED) for q in questions.read(folder, s)] for s in ("train", "dev")]
    own = questions.read(folder, "test")
    right = [effects.rightness(p, q.answer) for p, q in zip(reader.fit(*sets_).predict(own), own, strict=True)]
    by_hand = seeds[(seeds["condition"] == "Q-Remove") & (seeds["seed"] == 1)]["accuracy"].item()
    assert by_hand == pytest.approx(np.mean(right))
    contrasts = made["contrasts"].set_index("contrast")["estimate"]
    spoilt = rows.loc[list(CONDITIONS[1:]), "accuracy"]
    assert contrasts["un-answerable training minus random guess"] == pytest.approx(spoilt.mean() - 1 / 3)
    removed = [spoilt[f"{part}-Shuffle"] - spoilt[f"{part}-Remove"] for part in ("P", "Q", "PQ")]
    assert contrasts["shuffled minus removed"] == pytest.approx(np.mean(removed))


def test_the_longest_option():
    question = Question("q", "a passage", "who ?", ("two words", "one", "words two"), 0)
    assert unanswerable._longest(question) == 0.5
    assert unanswerable._longest(replace(question, answer=1)) == 0
    assert unanswerable._longest(replace(question, options=("now three words", "one", "words two"))) == 1


def test_texts_can_be_concealed(model, attacked, folder):
    open_, closed = attacked, attacks.attacks(model, PLAN, [0], texts=False, dataset=folder, planted={}, **SIZES)
    for name in ("case", "examples"):
        letters = "".join(
            map(str, closed[name].select_dtypes("str").drop(columns=["attack", "dataset"], errors="ignore").values)
        )
        assert not set("abcdefghijklmnopqrstuvw") & set(letters)
        assert open_[name].shape == closed[name].shape
    assert closed["examples"]["passage"].str.len().tolist() == open_["examples"]["passage"].str.len().tolist()
    pd.testing.assert_frame_equal(open_["questions"], closed["questions"])
    shown = unanswerable.example(folder, 8, {}, texts=False)["question"]
    assert set("".join(shown["passage"] + shown["shuffled"] + shown["text"])) == {"x", " ", "."}


def test_data_sets_that_are_read_are_described_whole(folder):
    made = question_sets.statistics(folder, 2, 2, 2, {})["sets"]
    assert made["questions"].tolist() == [24, 8, 16]
    assert question_sets.statistics("scripts", 5, 3, 4, {})["sets"]["questions"].tolist() == [5, 3, 4]


def test_as_many_upper_layers_learn_whatever_the_depth(tiny_folder):
    for kind in ("bert", "distilbert"):
        model = loading.load(str(tiny_folder(kind)))
        assert plans.training_of(model, PLAN | {"trained": 1}, 3) == Training(**PLAN, frozen=model.layers - 1, seed=3)
        assert plans.training_of(model, PLAN | {"trained": 0}) == plans.training_of(model, PLAN) == Training(**PLAN)
    assert plans.training_of(model, PLAN | {"frozen": 1}).frozen == 1
    for count in (-1, model.layers):
        with pytest.raises(
            InputError, match=rf"has {model.layers} layers, so no upper {count} can .* PLAN={{trained: N}}"
        ):
            plans.training_of(model, PLAN | {"trained": count})
    with pytest.raises(InputError, match="not both"):
        plans.training_of(model, {"trained": 1, "frozen": 1})
    with pytest.raises(InputError, match=r"albert\w* share their weights.*trained: 0"):
        plans.training_of(loading.load(str(tiny_folder("albert"))), {"trained": 1})


@pytest.mark.integration
def test_the_dial_is_recovered():
    model = loading.load(loading.resolve("minilm-l6"))
    plan = {"epochs": 2, "questions": 4, "pieces": 64, "frozen": 4, "rate": 3e-4, "precision": "float32"}
    curve = unanswerable.recovered(model, [0.0, 1.0], 3, plan, [0], train=120, development=20, test=80)["curve"]
    curve = curve.set_index("share")
    assert curve.at[0.0, "low"] < 1 / 3 < curve.at[0.0, "high"] < curve.at[1.0, "low"]
    assert curve["expected"].tolist() == pytest.approx([1 / 3, 1])


@pytest.mark.parametrize("name", ["scripts2", "hub", "RACE#middle"])
def test_an_unknown_data_set_is_named(name):
    with pytest.raises(InputError, match=f"{name.partition('#')[0]}"):
        question_sets.questions_of(Paths.find().data(name), "train", 3, {})
