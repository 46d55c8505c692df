"""A thin slice of the campaign, and that its verdicts can be bad."""

from random import Random

import numba
import pytest

from insidebert.errors import InputError
from insidebert.finetune.reader import Training, _Kept
from insidebert.measure._compiled import compiled
from tests.campaign import files, kills, questions, sentences, texts
from tests.campaign.cases import VERDICTS, Case, Tally, judged


def fails(error: Exception):
    def attempt():
        raise error

    return attempt


@pytest.mark.parametrize(
    ("attempt", "right", "names", "verdict"),
    [
        (lambda: 3, (3).__eq__, None, "right"),
        (lambda: 3, (4).__eq__, None, "silently wrong"),
        (lambda: 3, None, ("x",), "silently wrong"),
        (lambda: 3, lambda found: found.shape == 1, None, "silently wrong"),
        (fails(InputError("x is broken; mend it")), None, ("x",), "clear"),
        (fails(InputError("x is broken; mend it")), (3).__eq__, None, "refused"),
        (fails(InputError("y is broken; mend it")), None, ("x",), "unclear"),
        (fails(InputError("x broke")), None, ("x",), "unclear"),
        (fails(InputError("x is broken; mend it\nand more")), None, ("x",), "unclear"),
        (fails(InputError(f"x {'y' * 900}; mend it")), None, ("x",), "unclear"),
        (fails(ValueError("x is broken; mend it")), None, ("x",), "traceback"),
    ],
)
def test_a_verdict_can_be_bad(attempt, right, names, verdict):
    assert judged(Case("k", "n", attempt, right, names))[0] == verdict


def test_kinds_of_input_that_are_read_quickly(tmp_path):
    tally, rng = Tally(), Random(0)
    folders = [tmp_path / name for name in "abcde"]
    for folder in folders:
        folder.mkdir()
    for cases in (texts.trees, texts.documents, texts.texts, questions.cases):
        tally.judge(cases(rng, folders.pop()))
    tally.judge(files.tables(folders.pop())).judge(files.pages())
    assert tally.faults == []
    assert tally.of("clear") > 100 and tally.of("right") > 100
    assert sum(map(tally.of, VERDICTS)) == sum(tally.counts.values())


def test_sentences_of_any_script(tiny):
    assert Tally().judge(sentences.cases(tiny)).faults == []


def test_what_is_there_by_half_is_seen(tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "m.json").write_text('{"tables": ')
    (tmp_path / "build" / ".x.json-1-abcdefgh.tmp").write_text("{")
    assert kills.broken(tmp_path) == ["m.json"]


def test_compiled_functions_need_no_place_to_be_kept(monkeypatch):
    njit = numba.njit

    def without_a_place(*given, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*given, **options)

    monkeypatch.setattr(numba, "njit", without_a_place)
    assert compiled()(lambda x: x + 1)(1) == 2


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_a_damaged_training_is_named(tmp_path, content):
    (tmp_path / "training.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"training\.pt is damaged; delete it"):
        _Kept(tmp_path / "training.pt", "x").restore({})


@pytest.mark.parametrize("plan", [{"epochs": 0}, {"rate": -1e-4}, {"rate": float("nan")}, {"frozen": -1}])
def test_a_plan_that_cannot_be_is_refused(plan):
    with pytest.raises(InputError, match=f"{next(iter(plan))} is .*; it is a"):
        Training(**plan)
