"""Sets of questions in every format with a single fault, beside the same without it."""

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from insidebert.finetune.reader import Training
from insidebert.text.questions import read, read_counted
from tests.campaign.cases import Case

TEXTS = [
    "null",
    "None",
    "NA",
    "$5 or $6",
    "<img src=x onerror=alert(1)>",
    "狗在家",
    "1e5",
    "a\u2028b",
    "[SEP] x",
    "True",
]
Asked = tuple[str, str, list[str], int]


def asked(rng: Random, count: int = 3) -> list[Asked]:
    """Passages, questions, options that differ, the place of the right one."""
    made = []
    for i in range(count):
        options = rng.sample(TEXTS, rng.randint(2, 4))
        made.append((f"passage {i} {rng.choice(TEXTS)}", f"question {i}?", options, rng.randrange(len(options))))
    return made


def json_lines(found: list[Asked]) -> dict[str, str]:
    keys = ("passage", "question", "options", "answer")
    lines = [json.dumps({"id": str(i)} | dict(zip(keys, own, strict=True))) for i, own in enumerate(found)]
    return {"test.jsonl": "\n".join(lines) + "\n"}


def dream(found: list[Asked]) -> dict[str, str]:
    items = [
        [p.split("\n"), [{"question": q, "choice": o, "answer": o[a]}], f"{i}"] for i, (p, q, o, a) in enumerate(found)
    ]
    return {"test.json": json.dumps(items)}


def race(found: list[Asked]) -> dict[str, str]:
    files = {}
    for i, (passage, question, options, answer) in enumerate(found):
        item = {
            "id": f"p{i}",
            "article": passage,
            "questions": [question],
            "options": [options],
            "answers": ["ABCDE"[answer]],
        }
        files[f"test/{i}.txt"] = json.dumps(item)
    return files


FORMATS = {"JSON lines": json_lines, "DREAM": dream, "RACE": race}

SAME = {  # how files are written otherwise, and read the same
    "nothing": lambda b: b,
    "a byte order mark": lambda b: codecs.BOM_UTF8 + b,
    "line ends of Windows": lambda b: b.replace(b"\n", b"\r\n"),
    "empty lines behind": lambda b: b + b"\n \n",
}
BROKEN = {
    "cut off": lambda b: b[: len(b) * 2 // 3],
    "Latin-1": lambda b: b.replace(b"question", b"caf\xe9"),
    "UTF-16": lambda b: b.decode().encode("utf-16"),
    "null": lambda b: b"null",
    "a number": lambda b: b"3",
    "a list of lists": lambda b: b"[[1]]",
    "too deep": lambda b: b"[" * 100_000,
    "no JSON": lambda b: b"Once upon a time.",
}
WRONG = {  # what is done to the first question of several: what the refusal names
    "an answer that is none": (lambda q: (*q[:3], 9), "answer"),
    "a passage of blanks": (lambda q: (" ", *q[1:]), "passage"),
    "a question that is empty": (lambda q: (q[0], "", *q[2:]), "question"),
    "an option that is empty": (lambda q: (*q[:2], ["", *q[2]], q[3] + 1), "option"),
}
LEFT_OUT = {
    "one option": (lambda q: (*q[:2], q[2][:1], 0), "1 options"),
    "six options": (lambda q: (*q[:2], list("abcdef"), 0), "6 options"),
    "the answer twice": (lambda q: (*q[:2], [*q[2], f" {q[2][q[3]]}"], q[3]), "the answer twice"),
}


def cases(rng: Random, folder: Path) -> Iterator[Case]:
    def put(files: dict[str, str], change: Callable[[bytes], bytes] = bytes) -> Path:
        own = folder / f"q{len(list(folder.iterdir()))}"
        for name, text in files.items():
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_bytes(change(text.encode()))
        return own

    for kind, form in FORMATS.items():
        whole = asked(rng)
        for name, change in SAME.items():
            own = put(form(whole), change)
            yield Case(
                "questions",
                f"{kind}, {name}",
                lambda p=own: read(p, "test"),
                lambda found, w=whole: [(q.passage, q.question, list(q.options), q.answer) for q in found] == w,
            )
        for name, change in BROKEN.items():
            own = put(form(whole), change)
            yield Case("questions", f"{kind}, {name}", lambda p=own: read(p, "test"), None, (own.name,))
        for name, (change, said) in WRONG.items():
            if kind == "JSON lines" or "answer" not in name:
                own = put(form([change(whole[0]), *whole[1:]]))
                yield Case("questions", f"{kind}, {name}", lambda p=own: read(p, "test"), None, (own.name, said))
        for name, (change, reason) in LEFT_OUT.items():
            if kind == "RACE" and name == "six options":
                continue
            own = put(form([change(whole[0]), *whole[1:]]))
            yield Case(
                "questions",
                f"{kind}, {name}",
                lambda p=own: read_counted(p, "test"),
                lambda found, r=reason, w=whole: len(found[0]) == len(w) - 1 and found[1] == {r: 1},
            )
        for split in ("dev", "tset", ""):
            own = put(form(whole))
            yield Case("questions", f"{kind}, split {split!r}", lambda p=own, s=split: read(p, s), None, (split,))
        own = put(form(whole))
        yield Case("questions", f"{kind}, another part", lambda p=own: read(f"{p}#other", "test"), None, ("other",))
    yield from _own_shapes(rng, put)
    for plan in (
        {"rate": 0},
        {"rate": -1e-4},
        {"epochs": 0},
        {"questions": 0},
        {"pieces": 0},
        {"frozen": -1},
        {"head": "tail"},
        {"precision": "float8"},
        {"rate": float("nan")},
    ):
        yield Case("questions", f"plan {plan}", lambda p=plan: Training(**p), None, tuple(plan))


def _own_shapes(rng: Random, put) -> Iterator[Case]:
    whole = asked(rng)
    twice = json_lines(whole)["test.jsonl"]
    yield from _refused(put({"test.jsonl": twice + twice}), "ids that repeat", "twice")
    yield from _refused(put({"test.jsonl": ""}), "no question", "test")
    yield from _refused(put({"readme.md": "x"}), "no data set", "DREAM")
    for field in ("id", "passage", "question", "options", "answer"):
        item = json.loads(twice.split("\n")[0])
        for value in (None, 3.5, [], {"a": 1}, True):
            if field == "id" and not isinstance(value, list | dict):
                continue
            yield from _refused(
                put({"test.jsonl": json.dumps(item | {field: value})}),
                f"{field} {value!r}",
                field if value == [] else "line 1",
            )
        del item[field]
        yield from _refused(put({"test.jsonl": json.dumps(item)}), f"no {field}", field)
    speech = json.loads(dream(whole)["test.json"])
    speech[0][0] = "W: Is it late? M: Yes."
    folder = put({"test.json": json.dumps(speech)})
    yield Case(
        "questions",
        "turns that are one text",
        lambda: read(folder, "test"),
        lambda found: found[0].passage == "W: Is it late? M: Yes.",
    )
    for change in ({"answers": ["B"] * 5}, {"answers": []}, {"questions": "one text"}, {"options": None}):
        item = json.loads(race(whole)["test/0.txt"]) | change
        yield from _refused(put({"test/0.txt": json.dumps(item)}), f"RACE, {change}", "0.txt")
    asks = "<questions><question id='1' text='q'>{}</question></questions>"
    xml = f"<d><instance id='1'><text>t</text>{asks}</instance></d>"
    answers = "<answer text='a' correct='{}'/><answer text='b' correct='{}'/>"
    for name, text in {
        "two answers right": xml.format(answers.format("True", "True")),
        "no answer right": xml.format(answers.format("False", "False")),
        "cut off": xml[:40],
        "an entity": "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/hosts'>]>" + xml.format("&e;"),
    }.items():
        yield from _refused(put({"test-data.xml": text}), f"MCScript, {name}", "test-data.xml")
    yield from _refused(
        put({"mc160.test.tsv": "a\tb\n", "mc160.test.ans": "A\tB\tC\tD\n"}), "MCTest, columns", "mc160.test"
    )
    yield from _refused(put({"mc160.test.tsv": "a\tb\n", "mc160.test.ans": ""}), "MCTest, answers", "mc160.test")


def _refused(folder: Path, name: str, said: str) -> Iterator[Case]:
    yield Case("questions", name, lambda: read(folder, "test"), None, (folder.name, said))
