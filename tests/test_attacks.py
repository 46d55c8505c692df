"""Attacks and un-answerable questions: what changes, what never does."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import pytest

from insidebert.errors import InputError
from insidebert.text.attacks import (
    ATTACKS,
    CONDITIONS,
    THRESHOLD,
    attack,
    holds_run,
    sentences,
    shuffle,
    shuffle_degree,
    spoiled,
)
from insidebert.text.questions import Question

QUESTIONS = [
    Question(
        f"q{i}",
        "Mia baked a large cake for her uncle. It rained all day! Did the oven work? It did, in the end.",
        "Who was the cake for?",
        ("a man who lived next door", "her uncle", "the people at the station", "nobody"),
        1,
    )
    for i in range(20)
]


def changed_parts(question, attacked):
    return [(a, b) for a, b in zip(question.options, attacked.options, strict=True) if a != b]


@pytest.mark.parametrize("name", ATTACKS)
def test_question_answer_and_label_never_change(name):
    for question in QUESTIONS:
        attacked = attack(question, name, 0).question
        assert (attacked.id, attacked.question, attacked.answer) == (question.id, question.question, question.answer)
        assert attacked.options[attacked.answer] == "her uncle"
        if name != "AddSent2Pas-Shuffle":
            assert attacked.passage == question.passage
            assert len(changed_parts(question, attacked)) == 3
        else:
            assert attacked.options == question.options
            assert attacked.passage.startswith(question.passage)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "AddSent2Pas-Shuffle"])
def test_distractors_are_made_of_what_the_attack_says(name):
    for question in QUESTIONS:
        for before, after in changed_parts(question, attack(question, name, 0).question):
            added = ["her uncle"] if "Ans2Opt" in name else sentences(question.passage)
            kept = before if name.startswith("Add") else ""
            made = [f"{kept} {text}".split() for text in added]
            if name.endswith("-Shuffle"):
                assert sorted(after.split()) in [sorted(words) for words in made]
            else:
                assert after.split() in made


def test_the_appended_sentence_holds_no_distractor():
    for question in QUESTIONS:
        attacked = attack(question, "AddSent2Pas-Shuffle", 0)
        added = attacked.question.passage[len(question.passage) :].split()
        wanted = f"{question.question} {' '.join(o for o in question.options if o != 'her uncle')}".split()
        assert sorted(added) == sorted(wanted)
        assert not any(holds_run(added, option.split()) for option in question.options[::2])
        assert attacked.short == 0


def test_the_threshold_is_met_or_counted():
    degrees = [attack(q, name, s) for q in QUESTIONS for name in ATTACKS if name.endswith("Shuffle") for s in (0, 1)]
    assert all(attacked.short or attacked.degree > THRESHOLD for attacked in degrees)
    assert np.mean([attacked.degree for attacked in degrees]) > 0.65
    short = Question("s", "Go there. Go there.", "Where?", ("here", "there"), 1)
    attacked = attack(short, "Ans2Opt-Shuffle", 0)  # one word cannot be shuffled
    assert (attacked.question.options[0], attacked.degree, attacked.short) == ("there", 0, 1)
    assert attack(short, "AddAns2Opt", 0).degree is None


def test_a_repetitive_text_is_kept_at_its_best():
    made = shuffle("a a a a b", Random(0))
    assert not made.reached
    assert 0 < made.degree <= THRESHOLD


def test_same_seed_same_text_whatever_the_workers():
    def all_of(workers):
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda q: [attack(q, name, 3) for name in ATTACKS], QUESTIONS))

    assert all_of(1) == all_of(4)
    assert attack(QUESTIONS[0], ATTACKS[0], 3) != attack(QUESTIONS[0], ATTACKS[0], 4)
    texts = {attack(q, "AddSent2Opt-Shuffle", 3).question.options for q in QUESTIONS}
    assert len(texts) > 10  # the same question under other ids is shuffled otherwise


def literal_distance(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    table[:, 0], table[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i in range(len(a)):
        for j in range(len(b)):
            step = table[i, j] + (a[i] != b[j])
            table[i + 1, j + 1] = min(step, table[i, j + 1] + 1, table[i + 1, j] + 1)
    return table[-1, -1]


def test_shuffle_degree_equals_the_literal_dynamic_programme():
    random = Random(0)
    for _ in range(200):
        words = [random.choice("abcdef") for _ in range(random.randint(1, 12))]
        order = words.copy()
        random.shuffle(order)
        assert shuffle_degree(words, order) == literal_distance(words, order) / len(words)
    assert shuffle_degree(["the", "cat", "sat"], ["sat", "the", "cat"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_training_conditions_change_what_they_name(condition):
    for question in QUESTIONS:
        made = spoiled(question, condition, 0)
        assert (made.options, made.answer, made.id) == (question.options, question.answer, question.id)
        for part, field in (("P", "passage"), ("Q", "question")):
            before, after = getattr(question, field), getattr(made, field)
            if part not in condition.split("-")[0]:
                assert after == before
            elif condition.endswith("Remove"):
                assert after == ""
            else:
                assert after != before
                assert sorted(after.split()) == sorted(before.split())


def test_unknown_names_are_named():
    with pytest.raises(InputError, match="no attack 'AddSent'; there are AddSent2Pas-Shuffle"):
        attack(QUESTIONS[0], "AddSent", 0)
    with pytest.raises(InputError, match="no training condition 'P'; there are original"):
        spoiled(QUESTIONS[0], "P", 0)
