"""Stories with questions: what is said, what supports an answer, and that nothing but the story gives it away."""

import re
from collections import Counter

import pytest

from insidebert.errors import InputError
from insidebert.text.question_stories import HOPS, KINDS, most, told_questions
from insidebert.text.span_files import read_span_questions, write_span_questions
from insidebert.text.span_questions import sentences_of

CHANCE = 0.45
"""More than a quarter, which is what a story of eight sentences with four candidates leaves to a guess."""


def texts(question):
    return [question.context[start:end] for start, end in question.facts]


def values(question):
    """What else the story could answer: words in the slot of the answer, in the order of their sentences."""
    start = question.answers[0][1]
    (sentence,) = [question.context[a:b] for a, b in sentences_of(question.context) if a <= start < b]
    if question.kind == "deduction":
        return re.findall(r"are afraid of (\w+)\.", question.context)
    forms = {
        "place": r"(?:went to|walked to|is in) the (\w+)\.",
        "thing": r"(?:took|picked up|has) the (\w+)\.",
        "color": r"has a (\w+) door|door of \w+ is (\w+)\.",
        "job": r"(?:is|works as) a (\w+)\.",
    }
    (pattern,) = [form for form in forms.values() if re.search(form, sentence)]
    return ["".join(match.groups("")) for match in re.finditer(pattern, question.context)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distractors", [0, 1, 2, 5, 6])
def test_stories_are_as_long_as_asked_for(kind, distractors):
    for question in told_questions(kind, 12, distractors, per_story=1):
        assert len(sentences_of(question.context)) == HOPS[kind] + distractors
        assert len(question.facts) == question.hops == HOPS[kind]
        assert set(question.facts) <= set(sentences_of(question.context))
        assert any(start <= question.answers[0][1] < end for start, end in question.facts)


def test_one_hop_is_supported_by_its_sentence():
    for question in told_questions("one hop", 60):
        person = next(name for name in re.findall(r"\b[A-Z]\w+", question.question)[1:])
        (fact,) = texts(question)
        assert person in fact
        assert question.answers[0][0] in fact
        assert sum(person in question.context[a:b] for a, b in sentences_of(question.context)) <= 2


def test_two_hops_meet_in_a_person():
    for question in told_questions("two hops", 60):
        place = next(text for text in texts(question) if f"the {question.answers[0][0]}." in text)
        bridge = next(text for text in texts(question) if text != place)
        person = place.split()[0]
        asked = re.findall(r"\w+", question.question)[-1]
        assert person in bridge
        assert asked in bridge
        assert asked not in place
        assert question.context.count(person) == 2


def test_deductions_follow():
    for question in told_questions("deduction", 60):
        who = re.fullmatch(r"What is (\w+) afraid of\?", question.question)[1]
        kind = re.search(rf"{who} is a (\w+)\.", " ".join(texts(question)))[1]
        fear = next(text for text in texts(question) if "afraid" in text)
        irregular = {"wolf": "wolves", "mouse": "mice"}
        assert fear == f"{irregular.get(kind, kind + 's').capitalize()} are afraid of {question.answers[0][0]}."


@pytest.mark.parametrize("kind", KINDS)
def test_neither_position_nor_frequency_gives_the_answer_away(kind):
    """Of four candidates, each is told once; first, last and most frequent are right about as often as a guess."""
    questions = told_questions(kind, 400, 6 if kind != "one hop" else 7)
    right = Counter()
    for question in questions:
        found, words = values(question), Counter(re.findall(r"\w+", question.context.lower()))
        answer = question.answers[0][0]
        assert Counter(found)[answer] == 1
        assert len(found) == len(set(found)) == 4
        right["first"] += found[0] == answer
        right["last"] += found[-1] == answer
        most_frequent = max(words[value] for value in found)
        right["most frequent"] += words[answer] == most_frequent and sum(words[v] == most_frequent for v in found) == 1
        sentences = [question.context[a:b] for a, b in sentences_of(question.context)]
        right["last sentence"] += answer in sentences[-1]
    assert max(right.values()) / len(questions) < CHANCE
    values_of = Counter(question.answers[0][0] for question in questions)
    assert max(values_of.values()) / len(questions) < 0.2  # nor does the answer alone


@pytest.mark.parametrize("kind", ["two hops", "deduction"])
def test_no_single_sentence_holds_question_and_answer(kind):
    for question in told_questions(kind, 60):
        name = re.findall(r"\w+", question.question.replace(" afraid of", ""))[-1]
        for start, end in sentences_of(question.context):
            own = question.context[start:end]
            assert not (re.search(rf"\b{name}\b", own) and question.answers[0][0] in own.split(" the ")[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_no_story_is_told_twice_and_seeds_differ(kind):
    train, test = (told_questions(kind, 150, seed=seed) for seed in (0, 1))
    assert told_questions(kind, 150) == train
    assert told_questions(kind, 40) == train[:40]  # a smaller set is the beginning of a larger one
    groups = {question.group: question.context for question in train}
    assert len(set(groups.values())) == len(groups)
    assert len({question.id for question in train + test}) == 300
    assert not {question.context for question in train} & {question.context for question in test}
    assert not {question.group for question in train} & {question.group for question in test}


def test_one_form_of_question_and_one_of_answer_are_not_tied():
    """Ways of telling are drawn for each sentence, whichever is asked for."""
    facts = Counter(re.sub(r"^\w+ ", "", texts(q)[0]).partition(" the ")[0] for q in told_questions("one hop", 400))
    assert {"went to", "walked to", "is in", "took", "picked up", "has"} <= facts.keys()


def test_stories_come_back_from_a_file(tmp_path):
    questions = [question for kind in KINDS for question in told_questions(kind, 5)]
    write_span_questions(tmp_path / "stories.jsonl", questions)
    assert read_span_questions(tmp_path / "stories.jsonl") == (questions, {})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "three hops"}, "no kind of story 'three hops'; there are one hop, two hops, deduction"),
        ({"count": 0}, "count is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"per_story": 0}, "per_story is 0"),
        ({"distractors": -1}, r"distractors is -1; a story of one hop has 0 to \d+"),
        ({"kind": "deduction", "distractors": 99}, r"distractors is 99; a story of deduction has 0 to \d+"),
        (
            {"kind": "deduction", "distractors": 0, "count": 10**4},
            r"only \d+ questions of deduction with 0",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        told_questions(**given)


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_stories_can_be_told(kind):
    assert len(sentences_of(told_questions(kind, 1, most(kind) - HOPS[kind])[0].context)) == most(kind)
