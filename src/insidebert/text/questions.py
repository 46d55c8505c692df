"""Multiple-choice reading comprehension: RACE, DREAM, MCTest, MCScript, JSON lines of our own, the Hub."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.text.files import at, read_text

SPLITS = ("train", "dev", "test")
LETTERS = ("A", "B", "C", "D", "E")


@dataclass(frozen=True)
class Question:
    """A question on a passage with its options, one of which is right.

    Args:
        id: of the question, not of the passage.
        options: two to five.
        answer: zero-based place of the right option.
        notes: what else the data set says, such as `("sentences", "one")`.
    """

    id: str
    passage: str
    question: str
    options: tuple[str, ...]
    answer: int
    notes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        count = len(self.options)
        if not 2 <= count <= 5:
            raise InputError(f"question {self.id}: it has {count} options; give 2 to 5")
        if type(self.answer) is not int or not 0 <= self.answer < count:
            raise InputError(f"question {self.id}: answer {self.answer!r} is not a whole number from 0 to {count - 1}")


def checked(question: Question) -> Question:
    """A question as a data set should have it; attacks and removals make others.

    Raises:
        InputError: an empty text, or a wrong option that reads like the answer.
    """
    texts = {"passage": question.passage, "question": question.question}
    for name, text in (texts | {f"option {i}": option for i, option in enumerate(question.options)}).items():
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"question {question.id}: its {name} is {text!r}; give a text, or leave the question out")
    right = question.options[question.answer].strip()
    if [option.strip() for option in question.options].count(right) > 1:
        raise InputError(f"question {question.id}: the answer {right!r} is there twice; leave out one")
    return question


def read(source: str | Path, split: str) -> list[Question]:
    """Questions of one split of a data set, in its order; `read_counted` also counts what is left out."""
    return read_counted(source, split)[0]


def read_counted(source: str | Path, split: str) -> tuple[list[Question], dict[str, int]]:
    """Questions of one split of a data set, in its order, and how many were left out.

    Args:
        source: a name on the Hub, `hub:ehovy/race#middle` (parquet files with the columns of RACE), or a folder, which
            is the first of these that it looks like:
            RACE: `{train,dev,test}/{middle,high}/*.txt`, or without levels, a JSON a file with article, questions,
            options, answers (letters) and id; `FOLDER#middle` or `FOLDER#high` for one level.
            DREAM, C3: `{train,dev,test}.json`, a list of `[turns, [{question, choice, answer}], id]`; the passage is
            the turns joined by a space.
            MCTest: `mc160.train.tsv` (id, author, story, four times question and four options) and `mc160.train.ans`;
            `FOLDER#mc160` or `FOLDER#mc500` where both are there, `FOLDER#mc160-one` or `FOLDER#mc160-multiple` for
            the questions that need one sentence of the story or several.
            MCScript and MCScript2.0: one XML a split whose name holds the split's, such as `train-data.xml`.
            JSON lines: `{train,dev,test}.jsonl` as `write` makes them.
        split: `train`, `dev` or `test`.

    Returns:
        The questions; and reason -> how many were left out: fewer than two options or more than five, or the answer
        twice among them.

    Raises:
        InputError: nothing recognisable, no such split, a malformed file or question or an id that is there twice,
            with file and line or item.
    """
    found = _Found()
    if split not in SPLITS:
        raise InputError(f"split {split!r} is none of {', '.join(SPLITS)}")
    if str(source).startswith("hub:"):
        _read_hub(found, str(source), split)
    else:
        whole = Path(source).exists()  # a folder's own name may hold a #
        path, part = (source, "") if whole else re.fullmatch(r"(?s)(.*?)(?:#([\w-]*))?", str(source)).groups("")
        folder = Path(path)
        alike = [row for row in READERS if any(_holds(folder, row[1], known) for known in SPLITS)]
        if not alike:
            known = ", ".join(row[0] for row in READERS)
            raise InputError(f"no data set in {folder}; there are {known} folders, and hub:ehovy/race#middle")
        name, patterns, parts, reader = alike[0]
        if part and not re.fullmatch(parts, part):
            raise InputError(f"{source}: {name} has {f'the parts {parts}' if parts else 'no parts'}, not {part!r}")
        if not _holds(folder, patterns, split):
            wanted = " or ".join(pattern.format(split) for pattern in patterns)
            raise InputError(f"{folder} looks like {name}, but holds no {wanted}; add it, or ask for another split")
        reader(found, folder, split, part)
    if not found.questions:
        why = "".join(f", left out: {count} with {reason}" for reason, count in found.left_out.items())
        raise InputError(f"{source} holds no question for split {split}{why}; ask for another part or split")
    return list(found.questions.values()), dict(found.left_out)


@dataclass
class _Found:
    """Questions by id, and reason -> how many cannot be used."""

    questions: dict[str, Question] = field(default_factory=dict)
    left_out: Counter = field(default_factory=Counter)

    def add(self, name: str, passage: str, asked: str, options: list, answer, notes: tuple = (), keys=LETTERS) -> None:
        """Keep a question whose answer is one of the keys: letters, numbers or the options themselves."""
        if not isinstance(options, list):
            raise InputError(f"question {name}: {options!r} is not a list of options")
        if name in self.questions:
            raise InputError(f"question {name} is there twice; give every question an id of its own")
        keys = list(keys)[: len(options)]
        if not 2 <= len(options) <= 5:
            self.left_out[f"{len(options)} options"] += 1
            return
        if answer not in keys:
            raise InputError(f"question {name}: answer {answer!r} is none of {', '.join(map(str, keys))}")
        place = keys.index(answer)
        if [str(option).strip() for option in options].count(str(options[place]).strip()) > 1:
            self.left_out["the answer twice"] += 1
            return
        self.questions[name] = checked(Question(name, passage, asked, tuple(options), place, notes))


def write(path: Path, questions: list[Question]) -> None:
    """Questions as JSON lines: id, passage, question, options, answer (zero-based) and notes."""
    records = [vars(question) | {"notes": dict(question.notes)} for question in questions]
    write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def _read_race(found: _Found, folder: Path, split: str, part: str) -> None:
    for level in (part,) if part else ("middle", "high", ""):
        # files are numbered: 2.txt comes before 10.txt
        for path in sorted((folder / split / level).glob("*.txt"), key=lambda path: (len(path.name), path.name)):
            with at(path, "an article with an id and as many questions as lists of options and answers"):
                item = json.loads(read_text(path))
                rows = zip(item["questions"], item["options"], item["answers"], strict=True)
                notes = (("level", level),) if level else ()
                for i, (asked, options, letter) in enumerate(rows, 1):
                    found.add(f"{item['id']}/{i}", item["article"], asked, options, letter, notes)


def _read_dream(found: _Found, folder: Path, split: str, _: str) -> None:
    path = folder / f"{split}.json"
    with at(path, "a JSON list"):
        items = list(json.loads(read_text(path)))
    for number, item in enumerate(items, 1):
        with at(f"{path}, item {number}", "[turns, [{question, choice, answer}], id]"):
            turns, asked, name = item
            passage = turns if isinstance(turns, str) else " ".join(turns)
            for i, own in enumerate(asked, 1):
                options = own["choice"]
                found.add(f"{name}/{i}", passage, own["question"], options, own["answer"], keys=options)


def _read_mctest(found: _Found, folder: Path, split: str, part: str) -> None:
    name, _, wanted = part.partition("-")
    sets = [known for known in ("mc160", "mc500") if (folder / f"{known}.{split}.tsv").exists()]
    if name not in sets and (name or len(sets) > 1):
        raise InputError(f"{folder} holds {' and '.join(sets)} for split {split}; write {folder}#{sets[0]}")
    path, answers = (folder / f"{name or sets[0]}.{split}.{ending}" for ending in ("tsv", "ans"))
    stories, letters = _lines(path), dict(_lines(answers))
    if [number for number, _ in stories] != list(letters):
        raise InputError(f"{answers} has {len(letters)} lines, not one for each of the {len(stories)} of {path.name}")
    for number, line in stories:
        columns = [text.replace("\\newline", "\n").replace("\\tab", "\t") for text in line.split("\t")]
        own = letters[number].split()
        with at(f"{path} and {answers.name}, line {number}", "a story"):
            if len(columns) != 23 or len(own) != 4:
                raise InputError(f"{len(columns)} columns and {len(own)} letters; a story has 23 columns and 4 answers")
            for i, letter in enumerate(own):
                asked, *options = columns[3 + 5 * i : 8 + 5 * i]
                match = re.fullmatch(r"\s*(one|multiple):\s*(.*)", asked, re.DOTALL)
                if not match:
                    raise InputError(f"{asked!r} does not begin with 'one: ' or 'multiple: '")
                if wanted in ("", match[1]):
                    notes = (("sentences", match[1]),)
                    found.add(f"{columns[0]}/{i + 1}", columns[2], match[2], options, letter, notes)


def _read_mcscript(found: _Found, folder: Path, split: str, _: str) -> None:
    path, *others = sorted(folder.glob(f"*{split}*.xml"))
    if others:
        raise InputError(f"{path} and {others[0].name} could both be split {split}; leave only one in the folder")
    with at(path, "XML"):
        root = ElementTree.parse(path).getroot()
    for number, instance in enumerate(root.iter("instance"), 1):
        for i, asked in enumerate(instance.iter("question"), 1):
            name = f"{instance.get('id', number)}/{asked.get('id', i)}"
            right = [answer.get("correct", "").lower() == "true" for answer in asked.iter("answer")]
            if sum(right) != 1:
                raise InputError(f"{path}, question {name}: {sum(right)} answers have correct='True'; it must be one")
            passage, options = instance.findtext("text", "").strip(), tuple(map(_content, asked.iter("answer")))
            notes = (("type", asked.get("type")),) if asked.get("type") else ()
            with at(path, "MCScript"):
                found.add(name, passage, _content(asked), list(options), right.index(True), notes, range(len(options)))


def _read_lines(found: _Found, folder: Path, split: str, _: str) -> None:
    path = folder / f"{split}.jsonl"
    for number, line in _lines(path):
        with at(f"{path}, line {number}", "JSON with id, passage, question, options, answer and perhaps notes"):
            item = json.loads(line)
            if not isinstance(item["options"], list) or not isinstance(item["id"], str | int):
                raise InputError(f"options {item['options']!r} are not a list, or id {item['id']!r} no text; mend it")
            texts, notes = (str(item["id"]), item["passage"], item["question"]), tuple(item.get("notes", {}).items())
            if type(item["answer"]) is not int:
                raise InputError(f"question {texts[0]}: answer {item['answer']!r} is not a whole number")
            found.add(*texts, item["options"], item["answer"], notes, range(len(item["options"])))


READERS = (  # name, what a split looks like, parts that can be chosen, reader
    ("RACE", ("{}/middle", "{}/high", "{}/*.txt"), "middle|high", _read_race),
    ("DREAM", ("{}.json",), "", _read_dream),
    ("MCTest", ("mc160.{}.tsv", "mc500.{}.tsv"), "(mc160|mc500)(-one|-multiple)?", _read_mctest),
    ("MCScript", ("*{}*.xml",), "", _read_mcscript),
    ("JSON lines", ("{}.jsonl",), "", _read_lines),
)


def _read_hub(found: _Found, name: str, split: str) -> None:
    from huggingface_hub import hf_hub_download, list_repo_files
    from huggingface_hub.errors import HFValidationError, HTTPError

    repository, _, part = name.removeprefix("hub:").partition("#")
    pattern = re.compile(rf"(?:(.+)/)?{'validation' if split == 'dev' else split}[-./].*parquet")
    files: dict[str, list[str]] = {}
    try:
        for revision in (None, "refs/convert/parquet"):  # the Hub's own conversion comes second, since it may be cut
            for file in sorted(list_repo_files(repository, repo_type="dataset", revision=revision)):
                if match := pattern.fullmatch(file):
                    files.setdefault(match[1] or "", []).append(file)
            if files:
                break
        part = part or (next(iter(files)) if len(files) == 1 else "all")
        if part not in files:
            known = ", ".join(files) or "none, so give a folder"
            raise InputError(f"{name} has no parquet files of split {split}, part {part!r}; parts are {known}")
        paths = [hf_hub_download(repository, file, repo_type="dataset", revision=revision) for file in files[part]]
    except (OSError, HTTPError, HFValidationError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"{name} is out of reach ({why}); download it and give its folder") from None
    seen = Counter()
    for path in paths:
        with at(path, "a table with article, question, options and answer"):
            for row, item in enumerate(pd.read_parquet(path).to_dict("records"), 1):
                passage = str(item.get("example_id", f"{Path(path).stem}-{row}"))
                seen[passage] += 1
                texts = f"{passage}/{seen[passage]}", item["article"], item["question"]
                found.add(*texts, list(item["options"]), item["answer"])


def _holds(folder: Path, patterns: tuple[str, ...], split: str) -> bool:
    return any(any(folder.glob(pattern.format(split))) for pattern in patterns)


def _lines(path: Path) -> list[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    lines = enumerate(read_text(path).split("\n"), 1)  # not splitlines: a text may hold U+2028
    return [(number, line) for number, line in lines if line.strip()]


def _content(element: ElementTree.Element) -> str:
    """The attribute `text`, or what stands in the element."""
    return element.get("text", element.text or "").strip()
