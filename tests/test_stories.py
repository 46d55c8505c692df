"""The embedded reading-comprehension data: what is planted, and that nothing else gives the answer away."""

import re

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from insidebert.errors import InputError
from insidebert.papers.mcrc import stories
from insidebert.papers.mcrc.scenario import scenarios

NOTHING = {"keywords": 0.0, "without_passage": 0.0, "longest": 0.0}


@pytest.fixture(scope="module")
def questions():
    return stories.generate(1200, 1)


def notes(question):
    return dict(question.notes)


def inside(option, passage):
    """Whether a passage says an option; a tail after a comma may stand elsewhere in it."""
    return all(re.search(rf"\b{re.escape(part)}\b", passage, re.I) for part in option.split(", "))


def distractors(question):
    """(text, kind) of every wrong option."""
    wrong = [text for i, text in enumerate(question.options) if i != question.answer]
    return list(zip(wrong, notes(question)["distractors"].split(","), strict=True))


def words(text):
    return len(text.split())


@pytest.mark.parametrize("count", [10, 101])
@pytest.mark.parametrize(
    "shares", [(0.5, 0.3, 0.3), (1.0, 0.0, 0.0), (0.0, 1.0, 1.0), (0.5, 0.5, 0.25), (0.0, 0.0, 0.0)]
)
def test_shares_are_exact(count, shares):
    keywords, alone, longest = shares
    made = stories.generate(count, 3, keywords=keywords, without_passage=alone, longest=longest)
    artifacts = [notes(question)["artifact"] for question in made]
    by_keywords = round(count * keywords)
    assert len(made) == count
    assert artifacts.count("keywords") == by_keywords
    assert artifacts.count("without passage") == min(round(count * alone), count - by_keywords)
    assert sum(notes(question)["longest"] == "yes" for question in made) == round(count * longest)


def test_distractors_are_what_they_are_called(questions):
    allowed = {
        "keywords": {"absent"},
        "without passage": {"implausible"},
        "story": {"elsewhere", "absent"},
    }
    for question in questions:
        kinds = {kind for _, kind in distractors(question)}
        artifact = notes(question)["artifact"]
        assert kinds <= allowed[artifact]
        assert artifact != "story" or "elsewhere" in kinds
        assert inside(question.options[question.answer], question.passage), question
        for text, kind in distractors(question):
            assert inside(text, question.passage) == (kind == "elsewhere"), (text, kind, question)


def test_the_answer_is_longest_where_it_is_said_to_be(questions):
    by_chance = []
    for question in questions:
        longer = all(words(question.options[question.answer]) > words(text) for text, _ in distractors(question))
        if notes(question)["longest"] == "yes":
            assert longer, question
        else:
            by_chance.append(longer)
    assert np.mean(by_chance) < 1 / 3


@pytest.mark.parametrize("options", [2, 3, 4, 5])
def test_answers_stand_anywhere_among_distinct_options(options):
    made = stories.generate(400, 5, options=options)
    assert all(len(set(question.options)) == options for question in made)
    places = np.bincount([question.answer for question in made], minlength=options)
    assert chisquare(places).pvalue > 0.001


def test_same_seed_same_data_and_longer_sets_begin_alike():
    first, again, longer = stories.generate(40, 7), stories.generate(40, 7), stories.generate(80, 7)
    assert first == again
    assert [notes(a)["scenario"] for a in first] == [notes(b)["scenario"] for b in longer[:40]]
    assert [a.id for a in first] == [b.id for b in longer[:40]]
    assert not {q.passage for q in first} & {q.passage for q in stories.generate(40, 8)}


def read_without_passage(train, test):
    """Share of right answers of a linear scorer that sees pairs of a question word and an option word, nothing else."""

    def pairs(question):
        asked = set(re.findall(r"\w+", question.question.lower()))
        for option in question.options:
            said = re.findall(r"\w+", option.lower())
            yield " ".join([*(f"{a}_{b}" for a in asked for b in said), *said, f"length{len(said)}"])

    vectorizer = CountVectorizer(token_pattern=r"\S+", binary=True)
    features = vectorizer.fit_transform([text for question in train for text in pairs(question)])
    right = [i == question.answer for question in train for i in range(3)]
    scorer = LogisticRegression(C=0.1, max_iter=200).fit(features, right)
    scores = scorer.decision_function(vectorizer.transform([text for question in test for text in pairs(question)]))
    return np.mean(scores.reshape(-1, 3).argmax(axis=1) == [question.answer for question in test])


def test_only_the_story_tells_unless_the_dial_says_otherwise():
    fair = [stories.generate(count, seed, **NOTHING) for count, seed in ((900, 1), (900, 2))]
    assert abs(read_without_passage(*fair) - 1 / 3) < 0.06  # almost four standard errors
    alone = [
        stories.generate(count, seed, **NOTHING | {"without_passage": 1.0}) for count, seed in ((1200, 1), (300, 2))
    ]
    assert read_without_passage(*alone) > 0.9


@pytest.mark.parametrize(
    ("arguments", "thing"),
    [
        ({"count": 0}, "count"),
        ({"seed": -1}, "seed"),
        ({"options": 1}, "options"),
        ({"options": 6}, "options"),
        ({"keywords": 1.2}, "keywords"),
        ({"without_passage": -0.1}, "without_passage"),
        ({"longest": 2}, "longest"),
        ({"keywords": 0.6, "without_passage": 0.5}, "lower one"),
    ],
)
def test_bad_arguments_are_named(arguments, thing):
    with pytest.raises(InputError, match=thing):
        stories.generate(**{"count": 5, "seed": 1} | arguments)


def test_every_scenario_reads_like_text(questions):
    assert {notes(question)["scenario"] for question in questions} == {s.name for s in scenarios()}
    assert {notes(q)["asked"] for q in questions} == {"who", "what", "where", "when", "why", "how many"}
    for text in {q.passage for q in questions} | {q.question for q in questions}:
        assert not re.search(r"[{}\[\]|/]|  | a a|\ba (?!one)[aeio]|\ban (?!hour)[^aeiou]| [,.?]|,,|\.\.|,\.", text), (
            text
        )
        assert text[0].isupper() or text[0] == '"'
    for passage in {question.passage for question in questions}:
        assert 8 <= len(re.findall(r"[.?!]\"?(?= |$)", passage)) <= 14, passage
        assert 90 <= words(passage) <= 160, passage


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_a_scenario_gives_no_value_away(scenario):
    """Values stand in no fixed text and not in one another, and every variant of an event says the same."""
    text = " ".join([line for event in scenario.events for line in event] + list(scenario.details))
    for event in scenario.events:
        roles = [sorted(re.findall(r"\{(\w+\.\d)\}", line)) for line in event]
        assert len(event) >= 3 and all(line == roles[0] for line in roles), event
    for word, pool in scenario.pools.items():
        assert sum(role.startswith(f"{word}.") for role in scenario.questions) >= 2, word
        assert len(pool.values) >= 6
        sizes = [words(value) for value in pool.values]
        assert min(sizes) + min(words(tail.removeprefix(",")) for tail in pool.tails) > max(sizes), word
        others = [value for other in scenario.pools.values() for value in (*other.values, *other.tails)]
        for value in pool.values:
            found = [other for other in [text, *others] if re.search(rf"\b{re.escape(value)}\b", other, re.I)]
            assert found == [value], value
    assert all(len(phrasings) >= 3 for phrasings in scenario.questions.values())
