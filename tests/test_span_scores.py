"""SQuAD's scores by hand; sentences of a context; splits that tear no story apart."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given

from insidebert.errors import InputError
from insidebert.text.span_questions import SpanQuestion, occurrences, sentences_of, split_by_group
from insidebert.text.span_scores import exact_match, f1, normalised, squad_scores
from tests.strategies.span_questions import span_questions

CONTEXT = "Ida keeps bees. Otto sells the honey."
ASKED = SpanQuestion("1", "Who keeps bees?", CONTEXT, (("Ida", 0),), ((0, 15),), 1, "bees", "own")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Denver Broncos", "denver broncos"),
        ("an   apple, a\tday!", "apple day"),
        ("$5-7", "57"),
        ("theatre", "theatre"),
        ("A.", ""),
        ("Caf\u00e9 \u201cX\u201d", "caf\u00e9 \u201cx\u201d"),  # only ASCII punctuation goes, as in the script
    ],
)
def test_normalisation(text, expected):
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("said", "answers", "same", "score"),
    [
        ("the Broncos", ["Broncos"], True, 1),
        ("Denver Broncos", ["Broncos", "Denver"], False, 2 / 3),
        ("in the red old house", ["a red house"], False, 2 * 2 / (4 + 2)),
        ("no no", ["no"], False, 2 / 3),  # words are counted, not only compared
        ("cats", ["dogs"], False, 0),
        ("the", ["a"], True, 0),  # as the script has it: nothing left equals nothing left, and shares no word
        ("x", [], False, 0),
    ],
)
def test_exact_match_and_f1(said, answers, same, score):
    assert exact_match(said, answers) is same
    assert f1(said, answers) == pytest.approx(score)


def test_scores_are_a_row_a_question():
    other = SpanQuestion("2", "What?", CONTEXT, (("the honey", 27),), group="bees")
    predicted = pd.DataFrame({"id": ["1", "1", "2"], "rank": [2, 1, 1], "text": ["bees", "Ida", "sells honey"]})
    table = squad_scores(predicted, [ASKED, other])
    assert table[["id", "prediction", "exact_match"]].values.tolist() == [
        ["1", "Ida", True],
        ["2", "sells honey", False],
    ]
    assert table["f1"].tolist() == pytest.approx([1, 2 / 3])
    assert squad_scores({"1": "Ida", "2": "honey"}, [ASKED, other])["exact_match"].all()
    with pytest.raises(InputError, match="question 2 has no prediction"):
        squad_scores({"1": "Ida"}, [ASKED, other])


# --- sentences and splits ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('He said "Go." She went.', ['He said "Go."', "She went."]),
        ("Dr. B. Low paid 3.5 dollars. 4 left.", ["Dr. B. Low paid 3.5 dollars.", "4 left."]),
        ("It is in the U.S. and big. Yes.", ["It is in the U.S. and big.", "Yes."]),
        ("a line\n\n another line ", ["a line", "another line"]),
        ("猫在睡。狗在跑！好", ["猫在睡。", "狗在跑！", "好"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences(text, expected):
    assert [text[start:end] for start, end in sentences_of(text)] == expected


@given(span_questions())
def test_sentences_cover_all_but_blanks(questions):
    for question in questions:
        spans = sentences_of(question.context)
        covered = {place for start, end in spans for place in range(start, end)}
        assert all(question.context[i].isspace() for i in set(range(len(question.context))) - covered)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_occurrences_are_whole_words():
    assert occurrences("cat cats (cat) cat-cat", "cat") == [0, 10, 15, 19]
    assert occurrences("costs $5. $5", "$5") == [6, 10]


def test_a_split_tears_no_group_apart():
    asked = [SpanQuestion(str(i), "Who?", "Ida ran.", (("Ida", 0),), group=str(i // 3)) for i in range(30)]
    for seed in range(5):
        rest, held = split_by_group(asked, 0.3, seed)
        assert not {q.group for q in rest} & {q.group for q in held}
        assert len({q.group for q in held}) == 3
        assert sorted(rest + held, key=lambda q: int(q.id)) == asked
        assert (rest, held) == split_by_group(asked, 0.3, seed)
    with pytest.raises(InputError, match="have 1 group"):
        split_by_group(asked[:2])
    with pytest.raises(InputError, match="share is 1"):
        split_by_group(asked, 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"context": ""}, "its context is ''"),
        ({"question": "\n"}, "its question is"),
        ({"answers": ()}, "it has no answer"),
        ({"answers": (("Otto", 15),)}, "off by some characters: 'Otto' at character 15"),
        ({"facts": ((3, 3),)}, r"fact \(3, 3\) is no span"),
    ],
)
def test_questions_are_checked(changed, message):
    with pytest.raises(InputError, match=f"question 1: .*{message}"):
        SpanQuestion(**vars(ASKED) | changed)
