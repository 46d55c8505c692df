"""What an attack adds reaches the reader, and nothing that the reader would not have seen comes in."""

import pytest

from insidebert.errors import InputError
from insidebert.finetune.scorers import Sequences, fit, fit_passages, pairs_of
from insidebert.models import loading
from insidebert.papers.mcrc.attacks import SEED, presented
from insidebert.text.attacks import ATTACKS, attack, spoiled
from insidebert.text.questions import Question

LONG = " ".join(["the cat can sleep .", "the dog will see ."] * 10 + ["the whale can see ."])
QUESTION = Question("q", LONG, "who can see .", ("cat", "the dog", "bird"), 0)


@pytest.fixture(scope="module")
def model(tiny_folder):
    return loading.load(loading.resolve(str(tiny_folder("bert"))))


def test_a_passage_is_cut_behind_a_word_for_the_longest_option(model):
    # 32 pieces, 3 special ones, `who can see .` and `the dog` have 6: 23 are left, and 19 beside 4 added ones
    (cut,) = fit_passages(model, [QUESTION], 32)
    assert cut.passage.split() == LONG.split()[:23]
    (beside,) = fit_passages(model, [QUESTION], 32, [" the cat can see"])
    assert beside.passage.split() == LONG.split()[:19]
    assert fit(model, [QUESTION, cut], 32).tolist() == [False, True]
    assert fit_passages(model, [cut], 32) == [cut]
    short = Question("s", "the cat", "who ?", ("cat", "dog"), 0)
    empty = Question("e", "", "who ?", ("cat", "dog"), 0)
    assert fit_passages(model, [short, empty], 32) == [short, empty]


def test_a_word_is_not_taken_apart(model):
    question = Question("q", "cat catdogcatdogcat cat", "who ?", ("cat", "dog"), 0)
    long = len(model.tokenizer("catdogcatdogcat", add_special_tokens=False)["input_ids"])
    assert long > 1
    (cut,) = fit_passages(model, [question], 3 + 3 + 1 + long - 1)
    assert cut.passage == "cat"


def test_nothing_left_of_a_passage_is_refused(model):
    with pytest.raises(InputError, match=r"question q: question, option and added text have 6 pieces, 5 fit beside"):
        fit_passages(model, [QUESTION], 3 + 6)
    assert fit_passages(model, [QUESTION], 3 + 7)[0].passage == "the"


@pytest.mark.parametrize("passage", [LONG, LONG.replace(" .", ""), "the cat can sleep ."])
def test_what_an_attack_adds_reaches_the_reader(model, passage):
    whole = [Question(f"q{i}", passage, QUESTION.question, QUESTION.options, 0) for i in range(5)]
    versions = presented(model, whole, 40)
    own = [made.question for made in versions["original"]]
    for name in ("original", *ATTACKS):
        assert fit(model, [made.question for made in versions[name]], 40).all()
        for original, before, made in zip(whole, own, versions[name], strict=True):
            after = made.question
            assert (after.id, after.question, after.answer) == (original.id, original.question, original.answer)
            if name != "original":
                assert after.options == attack(before, name, SEED).question.options
            assert after.passage.endswith(made.added)
            assert before.passage.startswith(after.passage.removesuffix(made.added))
            seen = Sequences.of(model, pairs_of(after), 40)
            ids = model.tokenizer(after.passage, add_special_tokens=False)["input_ids"]
            assert seen.encoded.ids[1][seen.segments[1] == 0].tolist() == ids
    appended = versions["AddSent2Pas-Shuffle"][0]
    assert appended.question.passage == own[0].passage + appended.added  # the same story as untouched
    assert sorted(appended.added.split()) == sorted(["who", "can", "see", ".", "the", "dog", "bird"])


def test_words_of_a_cut_tail_do_not_come_in(model):
    (cut,) = fit_passages(model, [QUESTION], 40)
    assert "whale" in QUESTION.passage
    assert "whale" not in cut.passage
    shuffled = spoiled(cut, "P-Shuffle", 0).passage
    assert sorted(shuffled.split()) == sorted(cut.passage.split())
