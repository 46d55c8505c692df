"""Questions whose answer is a span: readers of every format, every way in which a file can be wrong."""

import json

import pytest
from hypothesis import given

from insidebert.errors import InputError
from insidebert.text.span_files import read_span_questions, write_span_questions
from insidebert.text.span_questions import SpanQuestion
from tests.strategies.span_questions import span_questions

CONTEXT = "Ida keeps bees. Otto sells the honey."
ASKED = SpanQuestion("1", "Who keeps bees?", CONTEXT, (("Ida", 0),), ((0, 15),), 1, "bees", "own")
STORY = """1 Mary took the milk.
2 John went to the garden.
3 Mary went to the hall.
4 Where is the milk? \thall\t1 3
5 Is John in the hall?\tno\t2
6 John went to the garden.
7 Where is John?\tgarden\t6
"""


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def squad(answers, context=CONTEXT, **more):
    asked = {"id": "1", "question": "Who keeps bees?", "answers": answers} | more
    return {"version": "1.1", "data": [{"title": "Bees", "paragraphs": [{"context": context, "qas": [asked]}]}]}


def hotpot(**changed):
    item = {
        "_id": "h1",
        "question": "What does the sister of Otto keep?",
        "answer": "bees",
        "supporting_facts": [["Otto", 1], ["Ida", 0]],
        "context": [
            ["Otto", ["Otto sells honey.", " His sister is Ida."]],
            ["Ida", ["Ida keeps bees.", " No bees sting."]],
        ],
    }
    return [item | changed]


def demo(**changed):
    item = {"id": 0, "question": "Who keeps bees? ", "answer": "Ida", "context": CONTEXT + "\n", "sup_ids": [[0, 15]]}
    return [item | changed]


def one(path):
    (question,), left_out = read_span_questions(path)
    return question, dict(left_out)


def texts(question):
    return [question.context[start:end] for start, end in question.facts]


# --- formats ---


def test_squad(tmp_path):
    answers = [{"text": "Otto", "answer_start": 16}, {"text": "Ida", "answer_start": 0}]
    question, left_out = one(written(tmp_path / "dev.json", squad(answers)))
    assert question == SpanQuestion(
        "1", "Who keeps bees?", CONTEXT, (("Otto", 16), ("Ida", 0)), ((16, 37),), None, "Bees", "squad"
    )
    assert left_out == {}


def test_hotpot(tmp_path):
    question, left_out = one(written(tmp_path / "hotpot.json", hotpot()))
    assert question.context == "Otto Otto sells honey. His sister is Ida.\nIda Ida keeps bees. No bees sting."
    assert texts(question) == ["His sister is Ida.", "Ida keeps bees."]
    assert question.answers == (("bees", 56),)  # and not the bees of a sentence that supports nothing
    assert (question.hops, question.group, question.kind, left_out) == (2, "h1", "hotpot", {})


def test_the_demo(tmp_path):
    question, _ = one(written(tmp_path / "babi_examples.json", demo()))
    assert (question.question, question.answers, texts(question)) == (
        "Who keeps bees?",
        (("Ida", 0),),
        ["Ida keeps bees."],
    )
    assert (question.kind, question.hops) == ("babi", 1)
    del (item := demo(answer="Otto")[0])["sup_ids"]
    question, _ = one(written(tmp_path / "squad_examples.json", [item]))
    assert (texts(question), question.hops, question.kind) == (["Otto sells the honey."], None, "squad")


def test_babi(tmp_path):
    path = written(tmp_path / "qa2_two.txt", STORY + "1 Ida ran.\n2 Who ran?\tIda\t1\n")
    questions, left_out = read_span_questions(path)
    first, repeated, second = questions
    assert first.context == "Mary took the milk. John went to the garden. Mary went to the hall."
    assert (first.question, first.answers) == ("Where is the milk?", (("hall", 62),))
    assert texts(first) == ["Mary took the milk.", "Mary went to the hall."]
    assert (first.hops, first.kind, first.group) == (2, "babi 2", "qa2_two/1")
    assert repeated.answers == (
        ("garden", repeated.context.rindex("garden")),
    )  # the second copy is the one that counts
    assert texts(repeated) == ["John went to the garden."]
    assert (second.context, second.group) == ("Ida ran.", "qa2_two/2")
    assert left_out == {"yes or no answer": 1}


@pytest.mark.parametrize(
    ("number", "sentences", "asked", "expected"),  # every kind of answer that the 20 tasks have
    [
        (1, ["Mary moved to the hall."], "Where is Mary?\thall\t1", "hall"),
        (2, ["Mary got the milk.", "Mary left."], "Where is the milk?\thall\t1 2", "answer not in the context"),
        (3, ["Mary got it.", "Mary went to the hall.", "Mary left."], "Where was it before?\thall\t1 2 3", "hall"),
        (4, ["The hall is north of the park."], "What is north of the park?\thall\t1", "hall"),
        (5, ["Fred gave the milk to Jeff."], "Who received the milk?\tJeff\t1", "Jeff"),
        (6, ["Mary moved to the hall."], "Is Mary in the hall?\tyes\t1", "yes or no answer"),
        (7, ["Mary got the milk."], "How many objects is Mary carrying?\tone\t1", "answer not in the context"),
        (8, ["Mary got the milk.", "Mary got the ball."], "What is Mary carrying?\tmilk,ball\t1 2", "list as answer"),
        (8, ["Mary got the milk."], "What is Mary carrying?\tmilk\t1", "milk"),
        (8, ["Mary left the milk."], "What is Mary carrying?\tnothing\t1", "answer not in the context"),
        (9, ["Mary is not in the hall."], "Is Mary in the hall?\tno\t1", "yes or no answer"),
        (10, ["Mary is either in the hall or the park."], "Is Mary in the hall?\tmaybe\t1", "yes or no answer"),
        (11, ["Mary went to the hall.", "Then she ran."], "Where is Mary?\thall\t1 2", "hall"),
        (12, ["Mary and John ran to the hall."], "Where is John?\thall\t1", "hall"),
        (13, ["Mary and John ran off.", "Then they went to the hall."], "Where is John?\thall\t1 2", "hall"),
        (14, ["This morning Mary went to the hall."], "Where was Mary before the park?\thall\t1", "hall"),
        (15, ["Mice are afraid of wolves.", "Ida is a mouse."], "What is Ida afraid of?\twolf\t2 1", "wolves"),
        (
            15,
            ["Cats are afraid of mice.", "Ida is a cat.", "Bo is a mouse."],
            "What is Ida afraid of?\tmouse\t2 1",
            "mice",
        ),
        (16, ["Ida is a swan.", "Bo is a swan.", "Bo is white."], "What color is Ida?\twhite\t1 2 3", "white"),
        (17, ["The box is above the ball."], "Is the ball below the box?\tyes\t1", "yes or no answer"),
        (18, ["The box fits in the chest."], "Does the chest fit in the box?\tno\t1", "yes or no answer"),
        (19, ["The hall is north of the park."], "How do you go from the park to the hall?\tn,w\t1", "list as answer"),
        (20, ["Ida is hungry."], "Where will Ida go?\tkitchen\t1", "answer not in the context"),
        (20, ["Ida is hungry.", "Ida went to the kitchen."], "Why did Ida go there?\thungry\t1", "hungry"),
    ],
)
def test_all_tasks_of_babi(tmp_path, number, sentences, asked, expected):
    lines = [f"{i} {text}\n" for i, text in enumerate([*sentences, asked], 1)]
    path = written(tmp_path / f"qa{number}_x_train.txt", "".join(lines) + "1 Bo ran.\n2 Who ran?\tBo\t1\n")
    questions, left_out = read_span_questions(path)
    if len(questions) == 1:
        assert dict(left_out) == {expected: 1}
    else:
        ((text, start),) = questions[0].answers
        assert text == expected
        assert any(a <= start < b for a, b in questions[0].facts)
        assert questions[0].kind == f"babi {number}"


@given(span_questions())
def test_json_lines_come_back(tmp_path_factory, questions):
    path = tmp_path_factory.mktemp("lines") / "own.jsonl"
    write_span_questions(path, questions)
    assert read_span_questions(path) == (questions, {})


@given(span_questions())
def test_squad_comes_back(tmp_path_factory, questions):
    data = [
        {
            "title": str(i),
            "paragraphs": [
                {
                    "context": q.context,
                    "qas": [
                        {
                            "id": q.id,
                            "question": q.question,
                            "answers": [{"text": text, "answer_start": start} for text, start in q.answers],
                        }
                    ],
                }
            ],
        }
        for i, q in enumerate(questions)
    ]
    path = written(tmp_path_factory.mktemp("squad") / "own.json", {"data": data})
    found, left_out = read_span_questions(path)
    assert [(q.id, q.question, q.context, q.answers) for q in found] == [
        (q.id, q.question, q.context, q.answers) for q in questions
    ]
    assert not left_out
    for question in found:
        ((start, end),) = question.facts
        assert start <= question.answers[0][1] < end


# --- what cannot be used ---


@pytest.mark.parametrize(
    ("answers", "more", "reason"),
    [
        ([{"text": "bees", "answer_start": 11}], {}, "answer start off by some characters"),
        ([{"text": "bees", "answer_start": 8}], {}, "answer start off by some characters"),
        ([{"text": "bees", "answer_start": -1}], {}, "answer elsewhere in the context"),
        ([{"text": "honey", "answer_start": 0}], {}, "answer elsewhere in the context"),
        ([{"text": "wasps", "answer_start": 10}], {}, "answer not in the context"),
        ([{"text": "Ida", "answer_start": 4000}], {}, "answer elsewhere in the context"),
        ([{"text": "", "answer_start": 0}], {}, "empty answer"),
        ([{"text": "Ida", "answer_start": "0"}], {}, "answer start that is no whole number"),
        ([], {}, "no answer"),
        ([{"text": "Ida", "answer_start": 0}], {"is_impossible": True}, "no answer"),
    ],
)
def test_squad_counts_what_it_leaves_out(tmp_path, answers, more, reason):
    with pytest.raises(InputError, match=f"dev.json holds no question that can be used; 1 left out: {reason}"):
        read_span_questions(written(tmp_path / "dev.json", squad(answers, **more)))
    held = squad(answers, **more)
    held["data"] += squad([{"text": "Ida", "answer_start": 0}], id="2")["data"]
    question, left_out = one(written(tmp_path / "dev.json", held))
    assert (question.id, left_out) == ("2", {reason: 1})


def test_one_good_answer_of_several_is_enough(tmp_path):
    answers = [{"text": "bees", "answer_start": 9}, {"text": "Ida", "answer_start": 0}]
    assert one(written(tmp_path / "dev.json", squad(answers)))[0].answers == (("Ida", 0),)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (hotpot(answer="yes"), "yes or no answer"),
        (hotpot(answer="No"), "yes or no answer"),
        (hotpot(answer="wasps"), "answer not in the context"),
        (hotpot(supporting_facts=[["Ida", 7]]), "supporting fact that is not there"),
        (demo(sup_ids=[[2, 15]]), "supporting fact off by some characters"),
        (demo(context="Ida keeps bees. Ida keeps bees. Otto sells."), "repeated sentences in the context"),
    ],
)
def test_others_count_what_they_leave_out(tmp_path, held, reason):
    with pytest.raises(InputError, match=f"1 left out: {reason}"):
        read_span_questions(written(tmp_path / "x.json", held))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (squad([{"text": "Ida", "answer_start": 0}], " "), r"article 1, paragraph 1: question 1: its context is ' '"),
        (squad([{"text": "Ida", "answer_start": 0}], question=""), "paragraph 1: question 1: its question is ''"),
        (squad([{"text": "Ida"}]), r"article 1, paragraph 1: this is not SQuAD: .*KeyError: 'answer_start'"),
        ({"data": 3}, "article 1: this is not an article"),
        ({"version": 1}, "JSON of no known form"),
        ([], "JSON of no known form"),
        ("", "x.json: this is not JSON"),
        ('{"data": [}', r"x.json: this is not JSON .*char 10"),
        (hotpot(context=[["Otto"]]), "item 1: this is not HotpotQA"),
        (demo(sup_ids=[[0, 99]]), r"item 1: question 0: fact \(0, 99\) is no span"),
        (demo(answer=" "), "item 1: question 0: empty answer"),
        ("1 Ida ran.\n3 Who ran?\tIda\n", "line 2: 2 columns; a question is followed"),
        ("1 Ida ran.\n2 Who ran?\t\t1\n", "line 2: the question has no answer"),
        ("1 Ida ran.\n2 Who ran?\tIda\t4\n", "line 2: no sentence 4 before the question"),
        ("2 Ida ran.\n", "line 1: the first line of a story has number 1, not 2"),
        ("1 Ida ran.\nWho ran?\n", "line 2: no bAbI line"),
        ('{"id": 1}\n{"id": 2}\n', "line 1: this is not JSON with id, question.*KeyError"),
        (
            json.dumps({"id": "a", "question": "?", "context": "b c", "answers": [["c", 1]]}),
            "line 1: question a: answer start off",
        ),
    ],
)
def test_broken_files_are_refused_with_their_place(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_span_questions(written(tmp_path / "x.json", content))


def test_ids_are_unique(tmp_path):
    held = squad([{"text": "Ida", "answer_start": 0}])
    with pytest.raises(InputError, match="article 2, paragraph 1: question 1 is there twice"):
        read_span_questions(written(tmp_path / "x.json", held | {"data": held["data"] * 2}))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_span_questions(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"data": "caf\xe9"}')
    with pytest.raises(InputError, match="line 1: byte 0xe9 is not UTF-8"):
        read_span_questions(tmp_path / "latin.json")


# --- other people's files ---


def test_squad_as_it_is(shared):
    questions, left_out = read_span_questions(shared / "squad_small" / "xquad.en.part.json")
    assert len(questions) == 894
    assert len({q.group for q in questions}) == 36
    assert not left_out
    assert all(len(q.facts) == 1 for q in questions)


def test_the_demo_as_it_is(shared):
    counts = {}
    for name in ("babi", "hotpot", "squad"):
        questions, left_out = read_span_questions(shared / "qa_examples" / f"{name}_examples.json")
        counts[name] = (len(questions), sum(left_out.values()))
        assert {q.kind for q in questions} == {name}
    assert {name: sum(both) for name, both in counts.items()} == {"babi": 39, "hotpot": 49, "squad": 47}
    assert counts["babi"][1] == 28  # a slip of the demo's converter


def test_babi_as_it_is(shared):
    questions, left_out = read_span_questions(shared / "babi" / "qa1_single-supporting-fact_train.txt")
    assert (len(questions), len({q.group for q in questions}), dict(left_out)) == (10000, 2000, {})
    questions, left_out = read_span_questions(shared / "babi" / "qa2_two-supporting-facts_part.txt")
    assert (len(questions) + sum(left_out.values()), {q.kind for q in questions}) == (700, {"babi 2"})
