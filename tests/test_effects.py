"""What attacks do to accuracy: small tables by hand, and the paper's own numbers."""

import numpy as np
import pandas as pd
import pytest

from insidebert.errors import InputError
from insidebert.measure.bootstrap import replicates
from insidebert.papers.mcrc import effects
from insidebert.papers.mcrc.figures import PRINTED
from insidebert.results import claims
from insidebert.text.attacks import ATTACKS

POINTS = PRINTED["points"]
TABLE_2, TABLE_3 = ({k: np.array(v) for k, v in PRINTED[name].items()} for name in ("table-2", "table-3"))


@pytest.mark.parametrize("feature", effects.FEATURES)
@pytest.mark.parametrize("name", ["MCScript", "RACE-M"])
def test_the_papers_r_is_over_its_points(feature, name):
    y = POINTS[feature][name]
    found = effects._r(np.array([POINTS[feature]["x"][: len(y)]], dtype=float), np.array([y], dtype=float))
    assert found.item() == pytest.approx(PRINTED["correlations"][feature][name], abs=5e-5)


def test_the_claims_numbers_are_the_papers():
    """Means over the seven data sets, to the tenth of a per cent that the paper prints."""
    changes = {name: (row / TABLE_2["BERT"] - 1).mean() for name, row in TABLE_2.items()}
    guess, floors = TABLE_2["random guess"], {"guessing": TABLE_2["random guess"], "longest": TABLE_3["longest option"]}
    known = {claim.id: claim.paper for claim in claims.read("mcrc")}
    expected = {f"{name.lower()}-hurts": changes[name] for name in ATTACKS}
    expected |= {
        f"unshuffled-{n.lower()}-hurts-more": changes[n] - changes[f"{n}-Shuffle"] for n in effects.PAIRS.values()
    }
    parts = {part: TABLE_3[f"{part}-Shuffle"] - TABLE_3[f"{part}-Remove"] for part in ("P", "Q", "PQ")}
    expected |= {f"shuffled-beats-removed-{part.lower()}": gain.mean() / 100 for part, gain in parts.items()}
    for name, row in TABLE_3.items():
        if name != "longest option":
            expected |= {f"{name.lower()}-beats-{floor}": (row - low).mean() / 100 for floor, low in floors.items()}
    expected["p-shuffle-close-to-original"] = (TABLE_3["P-Shuffle"] - TABLE_2["BERT"]).mean() / 100
    kept = (TABLE_3["PQ-Shuffle"] - guess) / (TABLE_2["BERT"] - guess)
    expected |= {"attacks-hurt": np.mean([changes[n] for n in ATTACKS]), "word-order-matters-little": kept.mean()}
    for name, value in expected.items():
        assert known[name] == pytest.approx(value, abs=1.1e-3), name


def test_trainings_are_resampled_with_the_questions():
    values = np.zeros((40, 2, 1))
    values[:, 1] = 1  # one training is always right, the other never
    drawn = effects.resampled(values)[:, 0]
    assert set(drawn.tolist()) == {0.0, 0.5, 1.0}
    assert drawn.mean() == pytest.approx(0.5, abs=0.05)
    alike = np.repeat(np.random.default_rng(0).random((40, 1, 3)), 2, axis=1)
    assert effects.resampled(alike) == pytest.approx(replicates(alike[:, 0]))


def made(right: dict[str, list[float]], x: list[float]) -> tuple[np.ndarray, pd.DataFrame]:
    values = np.stack([np.array(right[name])[:, None] for name in ("original", *ATTACKS)], axis=-1)
    rows = [
        {
            "id": i,
            "attack": name,
            "options": 2,
            "degree": 0.6,
            "short": 0,
            "cut": i % 2,
            "reached": 1,
            "length_change": x[i],
            "answer_words": x[i],
        }
        for name in ("original", *ATTACKS)
        for i in range(len(x))
    ]
    return values, pd.DataFrame(rows)


def test_changes_by_hand():
    right = {name: [1.0, 0.0, 0.0, 0.0] for name in ATTACKS}
    right |= {"original": [1.0, 1.0, 0.0, 0.0], "AddAns2Opt": [1.0] * 4}
    values, questions = made(right, [1.0, 2.0, 3.0, 4.0])
    table, contrasts = effects.accuracies(values, questions)
    own = table.set_index("attack")
    assert own.loc["AddSent2Opt", ["accuracy", "change", "cut", "reached"]].tolist() == [0.25, -0.5, 2, 4]
    assert own.at["AddAns2Opt", "change"] == 1
    found = contrasts.set_index("contrast")["estimate"]
    assert found["un-shuffled minus shuffled, the answer added"] == 1.5
    assert found["attacks with a drop"] == 6
    assert found["average change over the attacks"] == pytest.approx((6 * -0.5 + 1) / 7)
    with pytest.raises(InputError, match="answers no test question"):
        effects.accuracies(values * 0, questions)


def test_bins_and_correlations_are_those_of_a_loop():
    random = np.random.default_rng(0)
    x = random.integers(1, 9, size=60).astype(float)
    right = {name: random.integers(0, 2, size=60).astype(float) for name in ("original", *ATTACKS)}
    values, questions = made(right, x.tolist())
    bins, correlations = effects.against(values, questions)
    before, after = right["original"], right["AddSent2Opt-Shuffle"]
    own = bins[bins["feature"] == "length_change"]
    assert own["questions"].sum() == 60
    edges = np.unique(np.quantile(x, np.linspace(0, 1, effects.BINS + 1)))
    for low, high, (_, row) in zip(edges[:-1], edges[1:], own.iterrows(), strict=True):
        inside = ((x > low) | (low == x.min())) & (x <= high)
        assert row["x"] == pytest.approx(x[inside].mean())
        assert row["change"] == pytest.approx(after[inside].sum() / before[inside].sum() - 1)
        assert row["low"] <= row["change"] <= row["high"]
    known = correlations[correlations["feature"] == "length_change"].set_index("over")
    assert known.at["bins", "estimate"] == pytest.approx(np.corrcoef(own["x"], own["change"])[0, 1])
    assert known.at["questions", "estimate"] == pytest.approx(np.corrcoef(x, after - before)[0, 1])
    assert np.isnan(known.at["attacks", "estimate"])  # all lengths are alike here
    assert correlations.loc[correlations["feature"] == "degree", "estimate"].isna().all()
