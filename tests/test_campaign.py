"""A thin slice of the campaign, and that its verdicts can be bad."""

from random import Random

import pytest

from insidebert.errors import InputError
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
