"""Files of questions whose answer is a span: SQuAD and XQuAD, HotpotQA, the authors' demo, bAbI, our JSON lines."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.text.babi import YES_NO, read_babi
from insidebert.text.files import at, read_text
from insidebert.text.span_questions import Found, SpanQuestion, misplaced, occurrences, sentences_of


def read_span_questions(path: str | Path) -> tuple[list[SpanQuestion], Counter]:
    """Questions of a file, whose format is told by what is in it.

    SQuAD 1.1, XQuAD: `{"data": [{title, paragraphs: [{context, qas: [{id, question, answers}]}]}]}`. The supporting
    fact is the sentence where the first answer starts; an article is a group.
    HotpotQA: a list of `{_id, question, answer, supporting_facts, context}`. The context is every paragraph, its title
    in front; each place of the answer in the supporting sentences, or else anywhere, is an answer.
    The demo of van Aken et al. (2019): a list of `{id, question, answer, context, sup_ids}`.
    bAbI: numbered sentences and questions, any of the 20 tasks.
    JSON lines: as `write_span_questions` makes them.

    Args:
        path: one file.

    Returns:
        The questions in the file's order; and reason -> how many were left out: the answer is not in the context,
        starts elsewhere or is off by some characters, is yes, no or a list; a supporting fact is off or not there;
        the context repeats sentences, so that nobody knows which is meant.

    Raises:
        InputError: nothing recognisable, a malformed file or question, or an id that is there twice, with file and
            line or item; or no question is left.
    """
    path, found = Path(path), Found()
    text = read_text(path)
    if re.match(r"\s*\d+ ", text):
        read_babi(found, path)
    elif re.match(r"\s*\{", text) and _whole(text) is None:
        _read_lines(found, path, text)
    else:
        with at(path, "JSON"):
            held = json.loads(text)
        _reader_of(path, held)(found, path, held)
    if not found.questions:
        why = "".join(f"; {count} left out: {reason}" for reason, count in found.left_out.items())
        raise InputError(f"{path} holds no question that can be used{why}")
    return list(found.questions.values()), found.left_out


def write_span_questions(path: Path, questions: Iterable[SpanQuestion]) -> None:
    """Questions as JSON lines: id, question, context, answers, facts, hops, group, kind."""
    write_text(path, "".join(json.dumps(asdict(question), ensure_ascii=False) + "\n" for question in questions))


def _whole(text: str) -> object:
    """The JSON object that a text is; None if it is several, or one question in our own lines."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        first = text.lstrip().partition("\n")[0]
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            return {}  # broken JSON, of which the parser says the place
        return None
    return None if isinstance(held, dict) and {"id", "answers"} <= held.keys() else held


def _reader_of(path: Path, held):
    if isinstance(held, dict) and "data" in held:
        return _read_squad
    first = held[0] if isinstance(held, list) and held else None
    if isinstance(first, dict) and "supporting_facts" in first:
        return _read_hotpot
    if isinstance(first, dict) and {"question", "answer", "context"} <= first.keys():
        return _read_demo
    raise InputError(
        f"{path}: JSON of no known form; there are SQuAD and XQuAD ('data'), HotpotQA ('supporting_facts'), the "
        "demo's examples, bAbI's numbered lines, and JSON lines with id, question, context and answers"
    )


def _read_squad(found: Found, path: Path, held: dict) -> None:
    for a, article in enumerate(held["data"] if isinstance(held["data"], list) else [None], 1):
        with at(f"{path}, article {a}", "an article with title and paragraphs"):
            group, paragraphs = str(article.get("title", a)), list(article["paragraphs"])
        for p, paragraph in enumerate(paragraphs, 1):
            with at(f"{path}, article {a}, paragraph {p}", "SQuAD: a context and qas with id, question and answers"):
                context = paragraph["context"]
                sentences = sentences_of(context)
                for item in paragraph["qas"]:
                    _add_squad(found, item, context, sentences, group)


def _add_squad(found: Found, item: dict, context: str, sentences: list[tuple[int, int]], group: str) -> None:
    given = [(answer["text"], answer["answer_start"]) for answer in item["answers"]]
    if item.get("is_impossible") or not given:
        found.left_out["no answer"] += 1
        return
    reasons = [misplaced(context, *answer) for answer in given]
    answers = tuple(dict.fromkeys(answer for answer, why in zip(given, reasons, strict=True) if not why))
    if context.strip() and not answers:
        found.left_out[reasons[0]] += 1
        return
    facts = tuple((start, end) for start, end in sentences if answers and start <= answers[0][1] < end)
    found.add(SpanQuestion(str(item["id"]), item["question"], context, answers, facts, None, group, "squad"))


def _read_hotpot(found: Found, path: Path, held: list) -> None:
    for number, item in enumerate(held, 1):
        with at(f"{path}, item {number}", "HotpotQA: _id, question, answer, supporting_facts and context"):
            context, places = "", {}
            for title, sentences in item["context"]:
                context += "\n" * bool(context) + title
                for i, sentence in enumerate(sentences):
                    context += " " + sentence.strip()
                    places[title, i] = (len(context) - len(sentence.strip()), len(context))
            wanted = {(title, i) for title, i in item["supporting_facts"]}
            facts = tuple(sorted(places[key] for key in wanted & places.keys()))
            reason = "supporting fact that is not there" if wanted - places.keys() else ""
            about = {"hops": 2, "group": str(item["_id"]), "kind": "hotpot"}
            _add_text(found, str(item["_id"]), item["question"], context, item["answer"], facts, about, reason)


def _read_demo(found: Found, path: Path, held: list) -> None:
    groups: dict[str, str] = {}
    for number, item in enumerate(held, 1):
        with at(f"{path}, item {number}", "an example of the demo: id, question, answer, context and sup_ids"):
            context = item["context"]
            facts = tuple((start, end) for start, end in item.get("sup_ids", ()))
            sentences = sentences_of(context)
            own = [context[start:end] for start, end in sentences]
            reason = "repeated sentences in the context" if facts and len(set(own)) < len(own) else ""
            trimmed = tuple(_trimmed(context, *span) for span in facts)
            if not reason and any(_cuts_word(context, place) for span in trimmed for place in span):
                reason = "supporting fact off by some characters"
            group = groups.setdefault(context, f"{path.stem}/{len(groups) + 1}")
            answers = [] if facts else occurrences(context, item["answer"])
            if answers:
                trimmed = tuple(span for span in sentences if span[0] <= answers[0] < span[1])
            about = {"hops": len(facts) or None, "group": group, "kind": path.stem.removesuffix("_examples")}
            _add_text(found, str(item["id"]), item["question"].strip(), context, item["answer"], trimmed, about, reason)


def _add_text(found: Found, name: str, asked: str, context: str, answer: str, facts: tuple, about: dict, reason: str):
    """Keep a question whose answer is given without a place, or count why not."""
    places = occurrences(context, answer)
    inside = [place for place in places if any(start <= place < end for start, end in facts)]
    if answer.strip().lower() in YES_NO:
        reason = "yes or no answer"
    elif not context.strip() or not answer.strip():
        reason = ""  # refused by SpanQuestion
    elif not places:
        reason = "answer not in the context"
    if reason:
        found.left_out[reason] += 1
        return
    answers = tuple((answer, place) for place in inside or places)
    found.add(SpanQuestion(name, asked, context, answers, facts, **about))


def _read_lines(found: Found, path: Path, text: str) -> None:
    form = "JSON with id, question, context, answers and perhaps facts, hops, group, kind"
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        with at(f"{path}, line {number}", form):
            item = json.loads(line)
            if not isinstance(item["id"], str | int):
                raise InputError(f"id {item['id']!r} is no text")
            spans = {"answers": tuple((text, start) for text, start in item["answers"])}
            spans["facts"] = tuple((start, end) for start, end in item.get("facts", ()))
            about = {name: item[name] for name in ("hops", "group", "kind") if name in item}
            found.add(SpanQuestion(str(item["id"]), item["question"], item["context"], **spans, **about))


def _trimmed(context: str, start: int, end: int) -> tuple[int, int]:
    """A span without the blanks at its ends; one that is none stays what it is, to be refused."""
    own = context[start:end]
    if end > len(context) or not own.strip():
        return start, end
    return start + len(own) - len(own.lstrip()), end - len(own) + len(own.rstrip())


def _cuts_word(context: str, place: int) -> bool:
    return 0 < place < len(context) and context[place - 1].isalnum() and context[place].isalnum()
