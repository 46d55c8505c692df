"""Edge probing: tasks cut to size, encoders compared, claims that follow from printed numbers, figures."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from insidebert.errors import InputError
from insidebert.papers import printed
from insidebert.papers.edge_probing import checks, encoders, tables, tasks
from insidebert.papers.edge_probing.encoders import RANDOM, Decided, contrasts, distances, names, planned
from insidebert.papers.edge_probing.figures import ARTIFACTS
from insidebert.papers.edge_probing.plans import plan_of
from insidebert.results.paths import Paths
from insidebert.results.tables import read_tidy, write_tidy
from insidebert.text.edges import EdgeSentence, Target
from tests.planted_edges import task

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CLAIMS = yaml.safe_load((files("insidebert.papers.edge_probing") / "claims.yml").read_text(encoding="utf-8"))
F1 = printed("edge_probing")["f1"]
SUBROWS = ("core", "non-core")
ASKED = ["pos", "dependencies", "roles", "coreference"]
PLAN = {"updates": 2, "batch": 4, "rate": 0.01, "hidden": 8}


def gain(one: str, other: str, only=None) -> float:
    """Mean difference of two printed rows, over the tasks that both have."""
    both = [name for name in F1[one] if name in F1[other] and name not in SUBROWS]
    return np.mean([F1[one][name] - F1[other][name] for name in only or both]) / 100


def test_the_papers_side_of_a_claim_follows_from_what_it_prints():
    said = {claim["where"]["contrast"]: claim["paper"] for claim in CLAIMS}
    mix, lex, cat = (f"BERT-base, {name}" for name in ("mix", "lex", "cat"))
    learned = 1 - gain("ELMo, orthonormal", "ELMo, lex") / gain("ELMo, mix", "ELMo, lex", list(nine()))
    follows = {
        "mix minus lex": gain(mix, lex),
        "mix minus cat": gain(mix, cat),
        "mix minus lex, syntax minus semantics": gain(mix, lex, encoders.SYNTAX) - gain(mix, lex, encoders.SEMANTICS),
        "roles: gain of core minus non-core": gain(mix, lex, ["core"]) - gain(mix, lex, ["non-core"]),
        "relations: mix minus lex": gain(mix, lex, ["relations"]),
        "random layers minus lex": gain("ELMo, orthonormal", "ELMo, lex"),
        "constituents: mix minus cnn 2": gain("ELMo, mix", "ELMo, cnn 2", ["constituents"]),
        "coreference: mix minus cnn 2": gain("ELMo, mix", "ELMo, cnn 2", ["coreference"]),
        "roles, non-core: mix minus cnn 2": gain("ELMo, mix", "ELMo, cnn 2", ["non-core"]),
        "spr: mix minus cnn 2": gain("ELMo, mix", "ELMo, cnn 2", ["spr"]),
    }
    for name, value in follows.items():
        assert said[name] == pytest.approx(value, abs=6e-4), name
    assert learned == pytest.approx(0.78, abs=0.005)
    eight = [name for name in F1["ELMo, cnn 1"] if name not in SUBROWS]
    closed = [gain(f"ELMo, cnn {k}", "ELMo, lex") / gain("ELMo, mix", "ELMo, lex", eight) for k in (1, 2)]
    assert closed == pytest.approx([0.69, 0.75], abs=0.005)
    assert gain("BERT-large, mix", mix) == pytest.approx(said["mix"], abs=0.001)


def nine() -> dict:
    return {name: f1 for name, f1 in F1["ELMo, orthonormal"].items() if name not in SUBROWS}


def decided(shares: dict[str, float], sentences: int = 40) -> Decided:
    """One target a sentence; each input is right on a share of them, and otherwise misses the label."""
    counts = np.zeros((len(names()), 1, sentences, 3))
    for i, name in enumerate(names()):
        right = np.arange(sentences) < shares.get(name, 0.5) * sentences
        counts[i, 0, :, 0], counts[i, 0, :, 2] = right, ~right
    distance = np.arange(sentences) % 10
    return Decided({"": counts}, counts, distance, np.arange(sentences))


def test_contrasts_by_hand():
    one = decided({"lex": 0.2, "cnn 1": 0.4, "cnn 2": 0.6, RANDOM: 0.3, "cat": 0.9, "mix": 1.0})
    other = decided({"lex": 0.6, "cnn 1": 0.6, "cnn 2": 0.6, RANDOM: 0.6, "cat": 1.0, "mix": 1.0})
    found = {row["contrast"]: row["estimate"] for row in contrasts({"constituents": one, "coreference": other})}

    def f1(share):
        return 2 * share / (1 + share)

    gains = [f1(1) - f1(0.2), f1(1) - f1(0.6)]
    assert found["mix minus lex"] == pytest.approx(np.mean(gains))
    assert found["mix minus cat"] == pytest.approx((1 - f1(0.9)) / 2)
    assert found["share of the gain, cnn 2"] == pytest.approx((f1(0.6) - f1(0.2)) / sum(gains))
    assert found["share of the gain that is learned"] == pytest.approx(1 - (f1(0.3) - f1(0.2)) / sum(gains))
    assert found["coreference: mix minus cnn 2"] == pytest.approx(gains[1])
    assert "roles: gain of core minus non-core" not in found
    assert "dependencies: lost with distance, mix" not in found


def test_distances_are_binned_and_few_targets_left_out():
    rows = pd.DataFrame(distances(decided({"mix": 1.0}, 100)))
    own = rows[rows["input"] == "mix"].set_index("distance")["targets"]
    assert own.to_dict() == {"0": 10, "1": 10, "2": 10, "3": 10, "4-5": 20, "6-8": 30, "9+": 10}
    few = pd.DataFrame(distances(decided({"mix": 1.0}, 40)))
    assert "9+" not in set(few["distance"])  # four targets


def test_lost_with_distance_is_near_minus_far():
    own = decided({}, 40)
    own.by_target[:, 0, :, 0] = own.distance == 1
    own.by_target[:, 0, :, 2] = own.distance != 1
    own.counts[""][:] = own.by_target
    more = Decided(own.counts, np.concatenate([own.by_target] * 5, axis=2), np.tile(own.distance, 5), np.arange(200))
    found = {row["contrast"]: row["estimate"] for row in contrasts({"dependencies": more})}
    assert found["dependencies: lost with distance, mix"] == pytest.approx(1)
    assert found["dependencies: lost with distance, cnn 2 minus mix"] == pytest.approx(0)


def test_whole_sentences_are_taken_and_tasks_share_them():
    some = task("pos", 30).train
    cut = tasks.first(some, 40)
    assert len(cut) == 10 and set(cut) <= set(some)
    assert tasks.first(some[::-1], 40) == cut  # the order is that of their words
    assert len(tasks.first(some, 3)) == 1
    assert [s.words for s in tasks.first(task("roles", 30).train, 40)] == [s.words for s in cut]


def test_a_plan_counts_updates():
    own = task("pos", 30)
    assert plan_of(own, updates=40, batch=8, rate=0.1).epochs == 10
    assert plan_of(own, updates=1, batch=8).epochs == 1


def test_spans_are_marked():
    words = ("a", "b", "c")
    assert tasks.marked(words, [(0, 2)]) == "[a b] c"
    assert tasks.marked(words, [(0, 1), (0, 3)]) == "[[a]1 b c]2"


def test_a_name_that_is_no_task_is_refused():
    with pytest.raises(InputError, match="no task 'tags'"):
        tasks.tasks_of(CORPUS, ["tags"], 10, 10)
    parameters = {"TASKS": ["tags"], "EDGES": "corpus", "TRAIN": 10, "TEST": 10}
    with pytest.raises(InputError, match="TASKS: no task 'tags'"):
        checks.check(parameters, Paths.find())
    with pytest.raises(InputError, match="EDGES, nowhere"):
        checks.check(parameters | {"TASKS": ["pos"], "EDGES": "nowhere"}, Paths.find())


@pytest.fixture(scope="module")
def measured(tiny, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Every tidy table, measured on a tiny model and written and read as notebooks do; its twin is itself again."""
    made = encoders.encoders(tiny, CORPUS, ASKED, 60, 60, PLAN, [0, 1], 1)
    models = {f"encoders-{name}": table for name, table in made.items()}
    plain = {f"tasks-{name}": table for name, table in tasks.counts(CORPUS, ASKED, 60, 60).items()}
    plain |= {f"examples-{name}": table for name, table in tasks.examples(CORPUS, ASKED).items()}
    folder, read = tmp_path_factory.mktemp("tables"), {}
    for name, table in (models | plain).items():
        both = [table.assign(model="tiny", weights=weights) for weights in ("trained", "random")]
        write_tidy(folder / f"{name}.csv", pd.concat(both) if name in models else table)
        read[name] = read_tidy(folder / f"{name}.csv")
    return read


def test_every_claim_has_a_row_that_is_measured(measured):
    slugs = {artifact.slug for artifact in ARTIFACTS}
    known = set(planned([("constituents", ""), ("coreference", ""), ("spr", ""), ("relations", "")]))
    rows = set(measured["encoders-contrasts"]["contrast"])
    for claim in CLAIMS:
        contrast = claim["where"]["contrast"]
        assert contrast in known and (claim.get("optional") or contrast in rows), claim["id"]
        assert claim["figure"] in slugs and claim["question"].endswith("?"), claim["id"]


def test_every_artifact_draws_and_says_what_is_seen(measured):
    for artifact in ARTIFACTS:
        own = [measured[name] for name in artifact.tables]
        made = artifact.draw(*own)
        if isinstance(made, Figure):
            width, height = made.get_size_inches()
            assert width <= 9.1 and height <= 10, artifact.slug
        else:
            assert len(made) and not made.isna().any().any(), artifact.slug
        if artifact.seen:
            sentences = artifact.seen(*own)
            assert sentences and all(said.endswith(".") for said in sentences), artifact.slug


def test_selectivity_is_task_minus_control(measured):
    rows = measured["encoders-critique"]
    np.testing.assert_allclose(rows["selectivity"], rows["f1"] - rows["control"], atol=1e-5)
    assert (rows["bits"] > 0).all() and (rows["uniform_bits"] > 0).all()


def test_table_3_prints_the_papers_counts_beside_ours(measured):
    made = tables.counts(measured["tasks-counts"]).set_index("task")
    assert made.loc["Dependencies", "paper, targets"] == "203,919 / 25,110 / 25,049"
    assert made.loc["POS", "paper, labels"] == "48"


def test_the_example_of_a_task_has_its_spans_marked(measured):
    made = measured["examples-targets"].set_index("task")["example"]
    assert "]1" in made["dependencies"] and "]2" in made["dependencies"]
    assert "[" in made["pos"] and "]1" not in made["pos"]


def test_targets_of_left_out_sentences_do_not_move_the_others():
    long = EdgeSentence(("x",) * 500, (Target((0, 1), None, ("a",)),), "long")
    short = EdgeSentence(("y", "z"), (Target((0, 1), None, ("a",)),), "short")
    assert tasks.first([long, short], 2) in ((long, short), (short, long))
