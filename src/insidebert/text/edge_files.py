"""Edge files: JSON lines of words and labelled spans, ours and jiant's."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import write_text
from insidebert.text.edges import EdgeSentence, Target, merged
from insidebert.text.files import read_text


def read_edges(path: str | Path) -> tuple[list[EdgeSentence], Counter]:
    """Sentences with targets from JSON lines: {"text" or "words", "targets": [{"span1", "span2", "label"}]}.

    jiant's files are such lines: `text` is words with spaces between them, `label` a string or a list, `info` a
    dictionary whose `document_id` (or `sent_id`) names the group. Lines of ours hold `words` and `group`.

    Returns:
        The sentences; and reason -> how many: `sentence without targets`, `target of the same spans, merged`.

    Raises:
        InputError: no JSON, no words, a span that is empty or lies outside the sentence, an empty label, a label twice
            at one target; with file and line.
    """
    path, sentences, left_out = Path(path), [], Counter()
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line:
            place = f"{path}, line {number}"
            sentence = _sentence(_object(line, place), place, left_out)
            left_out["sentence without targets"] += not sentence.targets
            sentences += [sentence] if sentence.targets else []
    if not sentences:
        raise InputError(f"{path} holds no sentence with a target")
    return sentences, +left_out


def write_edges(path: str | Path, sentences: Sequence[EdgeSentence]) -> None:
    """JSON lines that `read_edges` reads back as they were; the file appears whole or not at all."""
    lines = []
    for sentence in sentences:
        targets = [
            {"span1": t.span1} | ({} if t.span2 is None else {"span2": t.span2}) | {"label": t.labels}
            for t in sentence.targets
        ]
        lines.append(
            json.dumps({"words": sentence.words, "group": sentence.group, "targets": targets}, ensure_ascii=False)
        )
    write_text(Path(path), "\n".join(lines) + "\n")


def _object(line: str, place: str) -> dict:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: no JSON ({error.msg} at column {error.colno}); a line holds one object") from None
    if not isinstance(found, dict) or not isinstance(found.get("targets"), list):
        raise InputError(f'{place}: an edge file has objects {{"text": ..., "targets": [...]}} in its lines')
    return found


def _sentence(line: dict, place: str, left_out: Counter) -> EdgeSentence:
    words = line.get("words", line.get("text"))
    words = words.split(" ") if isinstance(words, str) else words
    if not isinstance(words, list) or not words or not all(isinstance(w, str) and w.strip() for w in words):
        raise InputError(f"{place}: no words; give `text`, words with one space between them, or `words`, a list")
    info = line.get("info") or {}
    group = line.get("group") or info.get("document_id") or info.get("sent_id") or place
    targets = [_target(own, len(words), f"{place}, target {i}") for i, own in enumerate(line["targets"], 1)]
    return EdgeSentence(tuple(words), merged(targets, left_out), str(group))


def _target(own: dict, words: int, place: str) -> Target:
    if not isinstance(own, dict):
        raise InputError(f"{place}: {own!r} is no object with span1 and label")
    spans = [
        None if own.get(name) is None else _span(own[name], words, f"{place}, {name}") for name in ("span1", "span2")
    ]
    if spans[0] is None:
        raise InputError(f"{place}: no span1")
    labels = own.get("label", own.get("labels"))
    labels = [labels] if isinstance(labels, str) else labels
    if not isinstance(labels, list) or not all(isinstance(x, str) and x.strip() for x in labels):
        raise InputError(f"{place}: label is {labels!r}; it is a text that is not empty, or a list of such")
    if len(set(labels)) < len(labels):
        raise InputError(f"{place}: a label stands twice in {labels}")
    return Target(spans[0], spans[1], tuple(labels))


def _span(value: object, words: int, place: str) -> tuple[int, int]:
    if not (isinstance(value, list) and len(value) == 2 and all(type(x) is int for x in value)):
        raise InputError(f"{place}: {value!r} is no half-open interval [first word, word after the last] from 0")
    start, stop = value
    if start == stop:
        raise InputError(f"{place}: {value} is empty; spans are half-open, so one word is [{start}, {start + 1}]")
    if not 0 <= start < stop <= words:
        raise InputError(
            f"{place}: {value} lies outside the sentence of {words} words; if the file was made for another "
            "tokenisation (jiant's *.retokenized files count pieces), give the one that it was made from"
        )
    return start, stop
