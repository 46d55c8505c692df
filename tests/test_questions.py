"""Readers of multiple-choice questions: every format, and every way in which a file can be wrong."""

import json
from dataclasses import replace

import huggingface_hub
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from insidebert.errors import InputError
from insidebert.papers.mcrc.question_sets import described
from insidebert.text import questions
from insidebert.text.questions import Question, checked
from tests.strategies.questions import asked

ARTICLE = {
    "id": "middle2.txt",
    "article": "Otto keeps bees.\nHe sells the honey.",
    "questions": ["What does Otto keep?", "He sells _ ."],
    "options": [["cats", "bees", "hens", "fish"], ["honey", "milk", "eggs", "eggs"]],
    "answers": ["B", "A"],
}
TALK = [
    ["W: Is it raining?", "M: Only a little."],
    [{"question": "How is the weather?", "choice": ["Dry.", "Wet.", "Dry."], "answer": "Wet."}],
    "7-1",
]
STORY = [
    "mc160.train.0",
    "Author: x",
    r"Ida lost a key.\newline\tabIt was red.",
    *("one: What was lost?", "a key", "a hat", "a dog", "a cat"),
    *("multiple: Which colour?", "blue", "red", "grey", "pink"),
    *("multiple: Who lost it?", "Bo", "Al", "Ida", "Jo"),
    *("one: What happened?", "a theft", "a fire", "a fight", "a loss"),
]
SCRIPT = """<data>
<instance id="3" scenario="baking">
<text>I baked a cake.</text>
<questions>
<question id="0" text="What was baked?" type="text">
<answer correct="False" id="0" text="a loaf"/><answer correct="True" id="1" text="a cake"/>
</question>
<question id="1">Where?<answer correct="True">in an oven</answer><answer correct="False">in a lake</answer></question>
</questions>
</instance>
</data>
"""
QUESTION = Question("q1", "A short\u2028story.", "Why?", ("so", "thus"), 1, (("kind", "short"),))


def race(folder, article=ARTICLE, place="train/middle/2.txt"):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(article if isinstance(article, str) else json.dumps(article))
    return folder


def dream(folder, *talks):
    (folder / "dev.json").write_text(json.dumps(talks or [TALK]))
    return folder


def mctest(folder, columns=STORY, letters="A\tB\tC\tD\n", name="mc160"):
    (folder / f"{name}.train.tsv").write_text("\t".join(columns) + "\n")
    (folder / f"{name}.train.ans").write_text(letters)
    return folder


def mcscript(folder, text=SCRIPT):
    (folder / "dev-data.xml").write_text(text)
    return folder


def jsonl(folder, text):
    (folder / "test.jsonl").write_text(text)
    return folder


def record(**changed) -> str:
    whole = {"id": "a", "passage": "A story.", "question": "Why?", "options": ["so", "thus"], "answer": 0}
    return json.dumps({name: value for name, value in (whole | changed).items() if value is not None})


def ids(found) -> list[str]:
    return [question.id for question in found]


def test_race(tmp_path):
    race(tmp_path)
    race(tmp_path, ARTICLE | {"id": "middle10.txt"}, "train/middle/10.txt")
    race(tmp_path, ARTICLE | {"id": "high1.txt"}, "train/high/1.txt")
    found = questions.read(tmp_path, "train")
    assert [name.split("/")[0] for name in ids(found)[::2]] == ["middle2.txt", "middle10.txt", "high1.txt"]
    assert found[0] == Question(
        "middle2.txt/1", ARTICLE["article"], "What does Otto keep?", ("cats", "bees", "hens", "fish"), 1,
        (("level", "middle"),),
    )  # fmt: skip
    assert ids(questions.read(f"{tmp_path}#high", "train")) == ["high1.txt/1", "high1.txt/2"]


def test_dream(tmp_path):
    (found,) = questions.read(str(dream(tmp_path)), "dev")
    assert found == Question(
        "7-1/1", "W: Is it raining? M: Only a little.", "How is the weather?", ("Dry.", "Wet.", "Dry."), 1
    )


def test_dream_whole(shared):
    counts = [len(questions.read(shared / "dream", split)) for split in questions.SPLITS]
    assert counts == [6116, 2040, 2041]


def test_mctest(tmp_path):
    found = questions.read(mctest(tmp_path), "train")
    assert found[1] == Question(
        "mc160.train.0/2", "Ida lost a key.\n\tIt was red.", "Which colour?", ("blue", "red", "grey", "pink"), 1,
        (("sentences", "multiple"),),
    )  # fmt: skip
    assert [question.answer for question in found] == [0, 1, 2, 3]
    mctest(tmp_path, ["mc500.train.0", *STORY[1:]], name="mc500")
    assert ids(questions.read(f"{tmp_path}#mc500", "train"))[0] == "mc500.train.0/1"
    assert ids(questions.read(f"{tmp_path}#mc160-one", "train")) == ["mc160.train.0/1", "mc160.train.0/4"]
    assert ids(questions.read(f"{tmp_path}#mc160-multiple", "train")) == ["mc160.train.0/2", "mc160.train.0/3"]
    with pytest.raises(InputError, match=r"mc160 and mc500 .* write .*#mc160"):
        questions.read(tmp_path, "train")


def test_mcscript(tmp_path):
    first, second = questions.read(mcscript(tmp_path), "dev")
    assert first == Question("3/0", "I baked a cake.", "What was baked?", ("a loaf", "a cake"), 1, (("type", "text"),))
    assert (second.question, second.options, second.answer) == ("Where?", ("in an oven", "in a lake"), 0)


def test_json_lines_come_back_as_they_were(tmp_path):
    written = [QUESTION, replace(QUESTION, id="q2", notes=())]
    questions.write(tmp_path / "test.jsonl", written)
    assert questions.read(tmp_path, "test") == written
    assert len((tmp_path / "test.jsonl").read_bytes().split(b"\n")) == 3


def test_race_comes_before_the_others_and_a_folder_may_hold_a_hash(tmp_path):
    folder = tmp_path / "my#data"
    folder.mkdir()
    (folder / "train.jsonl").write_text(record())
    assert ids(questions.read(folder, "train")) == ["a"]
    race(folder)
    assert ids(questions.read(folder, "train"))[0] == "middle2.txt/1"
    assert ids(questions.read(f"{folder}#middle", "train"))[0] == "middle2.txt/1"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"options": ("so",), "answer": 0}, "question q1: it has 1 options"),
        ({"options": tuple("abcdef")}, "question q1: it has 6 options"),
        ({"answer": 2}, "question q1: answer 2"),
        ({"answer": -1}, "question q1: answer -1"),
        ({"answer": True}, "question q1: answer True"),
        ({"passage": " "}, "question q1: its passage"),
        ({"question": ""}, "question q1: its question"),
        ({"options": ("", "thus")}, "question q1: its option 0"),
        ({"options": ("thus ", "thus")}, "question q1: the answer 'thus' is there twice"),
    ],
)
def test_a_question_that_cannot_be(changed, message):
    with pytest.raises(InputError, match=message):
        checked(replace(QUESTION, **changed))


def test_two_wrong_options_may_read_the_same():
    assert replace(QUESTION, options=("so", "thus", "so")).answer == 1


BAD = [
    # source, split, what the message says
    (lambda f: race(f, "{\n'no': 1}"), "train", r"2\.txt: .*line 2 column 1"),
    (lambda f: race(f, ARTICLE | {"answers": ["B"]}), "train", r"2\.txt: this is not an article"),
    (lambda f: race(f, {"id": "x"}), "train", r"2\.txt: this is not an article .*KeyError: 'questions'"),
    (lambda f: race(f, ARTICLE | {"answers": ["B", ""]}), "train", r"2\.txt: question middle2.txt/2: answer ''"),
    (lambda f: race(f, ARTICLE | {"answers": ["E", "A"]}), "train", r"2\.txt: question middle2.txt/1: answer 'E'"),
    (
        lambda f: race(f, ARTICLE | {"options": ["abcd"] * 2}),
        "train",
        r"middle2.txt/1: 'abcd' is not a list",
    ),
    (lambda f: race(f), "dev", r"looks like RACE, but holds no dev/middle or dev/high"),
    (lambda f: f"{race(f)}#low", "train", r"RACE has the parts middle\|high, not 'low'"),
    (lambda f: f"{race(f)}#high", "train", r"#high holds no question for split train"),
    (lambda f: dream(f, TALK, TALK[:2]), "dev", r"dev\.json, item 2: this is not \[turns"),
    (lambda f: dream(f, [["t"], [TALK[1][0] | {"answer": "No."}], "7"]), "dev", r"item 1: question 7/1: answer 'No.'"),
    (lambda f: dream(f, [["t"], [TALK[1][0] | {"choice": ["Wet."]}], "7"]), "dev", r"left out: 1 with 1 options"),
    (lambda f: f"{dream(f)}#one", "dev", r"DREAM has no parts, not 'one'"),
    (lambda f: mctest(f, STORY[:-1]), "train", r"tsv and mc160.train.ans, line 1: 22 columns and 4 letters"),
    (lambda f: mctest(f, letters="A\tB\tC\n"), "train", r"line 1: 23 columns and 3 letters"),
    (lambda f: mctest(f, letters="A\tB\tC\tx\n"), "train", r"line 1: question mc160.train.0/4: answer 'x'"),
    (lambda f: mctest(f, letters="A\tB\tC\tD\n" * 2), "train", r"ans has 2 lines, not one for each of the 1 "),
    (lambda f: mctest(f, [*STORY[:3], "What?", *STORY[4:]]), "train", r"line 1: 'What\?' does not begin with 'one: '"),
    (lambda f: f"{mctest(f)}#mc500", "train", r"holds mc160 for split train"),
    (lambda f: mcscript(f, "<data>\n<instance></data>"), "dev", r"dev-data\.xml: this is not XML .*line 2, column"),
    (lambda f: mcscript(f, SCRIPT.replace('"False"', '"True"')), "dev", r"question 3/0: 2 answers have correct"),
    (lambda f: mcscript(f, SCRIPT.replace('"True"', '"False"')), "dev", r"question 3/0: 0 answers have correct"),
    (lambda f: mcscript(f, SCRIPT.replace("I baked a cake.", "")), "dev", r"xml: question 3/0: its passage is ''"),
    (lambda f: mcscript(f, "<data/>"), "dev", r"holds no question for split dev"),
    (lambda f: jsonl(f, record() + "\n\n{"), "test", r"test\.jsonl, line 3: this is not JSON"),
    (lambda f: jsonl(f, record(answer=None)), "test", r"test\.jsonl, line 1: .*KeyError: 'answer'"),
    (lambda f: jsonl(f, record(answer="A")), "test", r"test\.jsonl, line 1: question a: answer 'A'"),
    (lambda f: jsonl(f, record(options="ab")), "test", r"test\.jsonl, line 1: options 'ab' are not a list"),
    (lambda f: jsonl(f, record(notes=["x"])), "test", r"test\.jsonl, line 1: this is not .*AttributeError"),
    (lambda f: jsonl(f, record() + "\n\n" + record()), "test", r"test\.jsonl, line 3: question a is there twice"),
    (lambda f: race(f, ARTICLE | {"answers": [None, "A"]}), "train", r"2\.txt: question middle2.txt/1: answer None"),
    (
        lambda f: race(f, ARTICLE | {"options": [["a", "", "b", "c"]] * 2}),
        "train",
        r"middle2.txt/1: its option 1 is ''",
    ),
    (lambda f: race(f, ARTICLE | {"options": [["a", None, "b", "c"]] * 2}), "train", r"its option 1 is None"),
    (lambda f: dream(f, TALK, TALK), "dev", r"item 2: question 7-1/1 is there twice"),
    (lambda f: jsonl(f, ""), "test", r"holds no question for split test"),
    (lambda f: f, "test", r"no data set in .* RACE, DREAM, MCTest, MCScript, JSON lines .*hub:"),
    (lambda f: "squad", "test", r"no data set in squad; there are RACE"),
    (lambda f: race(f), "validation", r"split 'validation' is none of train, dev, test"),
]


@pytest.mark.parametrize(("make", "split", "message"), BAD)
def test_what_is_wrong_is_named_with_its_place(tmp_path, make, split, message):
    with pytest.raises(InputError, match=message):
        questions.read(make(tmp_path), split)


def test_other_numbers_of_options_are_read_and_what_cannot_be_used_is_counted(tmp_path):
    asked = ["Who?", "Where?", "When?", "Why?"]
    options = [["he", "she"], ["here"], ["now", "then", "now", "soon"], list("abcde")]
    article = ARTICLE | {"questions": asked, "options": options, "answers": ["B", "A", "A", "E"]}
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "1.txt").write_text(json.dumps(article), encoding="utf-8")  # RACE-C has no levels
    found, left_out = questions.read_counted(tmp_path, "train")
    assert [(question.options, question.answer, question.notes) for question in found] == [
        (("he", "she"), 1, ()),
        (tuple("abcde"), 4, ()),
    ]
    assert left_out == {"1 options": 1, "the answer twice": 1}


def test_turns_that_are_one_text_and_words_that_look_like_nothing(tmp_path):
    options = ["null", "None", "NA"]
    talk = ["M: null\r\nW: NA", [{"question": "None?", "choice": options, "answer": "NA"}], "7"]
    (question,) = questions.read(dream(tmp_path, talk), "dev")
    assert (question.passage, question.options, question.answer) == ("M: null\r\nW: NA", ("null", "None", "NA"), 2)
    questions.write(tmp_path / "own" / "test.jsonl", [question])
    assert questions.read(tmp_path / "own", "test") == [question]


def test_files_that_are_missing_doubled_or_not_utf8(tmp_path):
    (mctest(tmp_path) / "mc160.train.ans").unlink()
    with pytest.raises(InputError, match=r"mc160\.train\.ans cannot be read: No such file"):
        questions.read(tmp_path, "train")
    (tmp_path / "mc160.train.tsv").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"mc160\.train\.tsv, line 1: byte 0xe9 is not UTF-8"):
        questions.read(tmp_path, "train")
    (tmp_path / "mc160.train.tsv").unlink()
    (mcscript(tmp_path) / "old-dev.xml").write_text(SCRIPT)
    with pytest.raises(InputError, match=r"dev-data\.xml and old-dev\.xml could both be split dev"):
        questions.read(tmp_path, "dev")


def test_statistics():
    longer = replace(QUESTION, id="q2", question="Why on earth?", options=("because of it", "no"), answer=0)
    assert described([QUESTION, longer, replace(longer, passage="One two three four five.")]) == {
        "questions": 3,
        "passages": 2,
        "passage_words": 4,  # 3 and 5, although the first is asked about twice
        "question_words": pytest.approx(7 / 3),
        "answer_words": pytest.approx(7 / 3),
        "option_words": pytest.approx(10 / 6),
    }
    with pytest.raises(InputError, match="no questions"):
        described([])


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Function: file names by revision, and a table that every one of them holds."""

    def install(files, **changed):
        columns = {"example_id": "middle2.txt", "article": ARTICLE["article"], "answer": ARTICLE["answers"]}
        columns |= {"question": ARTICLE["questions"], "options": ARTICLE["options"]} | changed
        pd.DataFrame({k: v for k, v in columns.items() if v is not None}).to_parquet(tmp_path / "0.parquet")
        asked = []

        def download(repository, file, repo_type, revision):
            asked.append((repository, file, repo_type, revision))
            return str(tmp_path / "0.parquet")

        monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda name, repo_type, revision: files[revision])
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
        return asked

    return install


def test_hub(hub):
    parts, splits = ("all", "high", "middle"), ("train", "validation")
    names = [f"{part}/{split}-00000-of-00001.parquet" for part in parts for split in splits]
    asked = hub({None: ["README.md", *names]})
    first, second = questions.read("hub:ehovy/race#middle", "dev")
    assert asked == [("ehovy/race", "middle/validation-00000-of-00001.parquet", "dataset", None)]
    assert first == Question(
        "middle2.txt/1", ARTICLE["article"], "What does Otto keep?", ("cats", "bees", "hens", "fish"), 1
    )
    assert (second.id, second.answer) == ("middle2.txt/2", 0)
    questions.read("hub:ehovy/race", "train")
    assert asked[-1][1] == "all/train-00000-of-00001.parquet"
    with pytest.raises(InputError, match="split train, part 'low'; parts are all, high, middle"):
        questions.read("hub:ehovy/race#low", "train")
    with pytest.raises(InputError, match="no parquet files of split test"):
        hub({None: names, "refs/convert/parquet": []})
        questions.read("hub:ehovy/race", "test")


def test_hub_conversion_is_second_choice(hub):
    converted = ["default/test/0000.parquet", "default/test/0001.parquet", "default/partial-train/0000.parquet"]
    asked = hub({None: ["race.py"], "refs/convert/parquet": converted})
    assert ids(questions.read("hub:a/b", "test")) == [f"middle2.txt/{i}" for i in (1, 2, 3, 4)]
    assert [(file, revision) for _, file, _, revision in asked] == [
        (file, "refs/convert/parquet") for file in converted[:2]
    ]


def test_hub_table_that_is_another(hub):
    hub({None: ["test.parquet"]}, article=None)
    with pytest.raises(InputError, match=r"0\.parquet: this is not a table with article, .*KeyError: 'article'"):
        questions.read("hub:a/b", "test")
    hub({None: ["test.parquet"]}, answer=["B", "F"])
    with pytest.raises(InputError, match=r"0\.parquet: question middle2.txt/2: answer 'F' is none of A, B, C, D"):
        questions.read("hub:a/b", "test")


@pytest.mark.parametrize("name", ["hub:ehovy/race#middle", "hub:not a/name/at all"])
def test_hub_out_of_reach(name):
    with pytest.raises(InputError, match=r"is out of reach .*give its folder"):
        questions.read(name, "train")


def test_hub_connection_lost(monkeypatch):
    def lost(*_, **__):
        raise huggingface_hub.errors.HTTPError("")

    monkeypatch.setattr(huggingface_hub, "list_repo_files", lost)
    with pytest.raises(InputError, match=r"hub:a/b is out of reach \(HTTPError\)"):
        questions.read("hub:a/b", "test")


@pytest.mark.parametrize("form", ["RACE", "DREAM", "JSON lines"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passages=asked())
def test_whatever_is_asked_comes_back(tmp_path_factory, form, passages):
    folder = tmp_path_factory.mktemp("asked")
    expected = [
        (passage, question, tuple(options), answer) for passage, own in passages for question, (options, answer) in own
    ]
    if form == "RACE":
        (folder / "test").mkdir()
        for i, (passage, own) in enumerate(passages):
            parts = {"questions": [q for q, _ in own], "options": [o for _, (o, _) in own]}
            item = {"id": f"{i}", "article": passage, **parts, "answers": ["ABCDE"[a] for _, (_, a) in own]}
            (folder / "test" / f"{i}.txt").write_text(json.dumps(item), encoding="utf-8")
    elif form == "DREAM":
        items = [
            [[passage], [{"question": q, "choice": o, "answer": o[a]} for q, (o, a) in own], f"{i}"]
            for i, (passage, own) in enumerate(passages)
        ]
        (folder / "test.json").write_text(json.dumps(items), encoding="utf-8")
    else:
        questions.write(folder / "test.jsonl", [Question(f"{i}", *row) for i, row in enumerate(expected)])
    found, left_out = questions.read_counted(folder, "test")
    assert [(q.passage, q.question, q.options, q.answer) for q in found] == expected
    assert left_out == {}
