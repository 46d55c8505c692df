"""bAbI's stories (Weston et al. 2015) as questions whose answer is a span, as far as they can be cast so."""

import re
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text.files import read_text
from insidebert.text.span_questions import Found, SpanQuestion, occurrences

YES_NO = ("yes", "no", "maybe")

PLURALS = {"mouse": "mice", "wolf": "wolves", "cat": "cats", "sheep": "sheep"}
"""Task 15 answers `wolf` where the story says `Mice are afraid of wolves`; the paper's sample answers in the plural."""


def read_babi(found: Found, path: Path) -> None:
    """The questions of one file, any of the 20 tasks.

    The answer is the last place in the supporting sentences where it stands as a word. What no place can answer is
    left out and counted: yes, no and maybe (tasks 6, 9, 10, 17, 18), lists and directions (8, 19), counts (7), and
    what the supporting sentences do not say (parts of 20).

    Raises:
        InputError: a line that is none of bAbI's, with its number; supporting sentences that are not in the story.
    """
    name = re.match(r"qa(\d+)", path.name)
    kind = f"babi {name[1]}" if name else "babi"
    story, lines, context = 0, {}, ""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        match = re.fullmatch(r"(\d+) (.*)", line)
        if not match:
            raise InputError(f"{path}, line {number}: no bAbI line, which is a number, a blank and a sentence; mend it")
        place, text = int(match[1]), match[2]
        if place == 1:
            story, lines, context = story + 1, {}, ""
        if not story:
            raise InputError(f"{path}, line {number}: the first line of a story has number 1, not {place}; mend it")
        if "\t" not in text:
            start = len(context) + bool(context)
            context += " " * bool(context) + text.strip()
            lines[place] = (start, len(context))
            continue
        asked, answer, facts = _asked(path, number, text, lines)
        reason = _reason(answer) or ("" if (cast := _cast(context, answer, facts)) else "answer not in the context")
        if reason:
            found.left_out[reason] += 1
            continue
        own = {"hops": len(facts) or None, "group": f"{path.stem}/{story}", "kind": kind}
        found.add(SpanQuestion(f"{path.stem}/{story}/{place}", asked, context, (cast,), facts, **own))


def _asked(path: Path, number: int, text: str, lines: dict) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """Question, answer and the spans of the supporting sentences, in the story's order."""
    columns = text.split("\t")
    if len(columns) != 3:
        raise InputError(
            f"{path}, line {number}: {len(columns)} columns; a question is followed by its answer and the numbers of "
            "its supporting sentences, with tabs between"
        )
    asked, answer, numbers = (column.strip() for column in columns)
    if not answer:
        raise InputError(f"{path}, line {number}: the question has no answer; give it, or leave the line out")
    wrong = [word for word in numbers.split() if not word.isdecimal() or int(word) not in lines]
    if wrong:
        raise InputError(f"{path}, line {number}: no sentence {wrong[0]} before the question in its story; mend it")
    return asked, answer, tuple(lines[place] for place in sorted({int(word) for word in numbers.split()}))


def _reason(answer: str) -> str:
    """Why an answer can be no span at all."""
    if answer.lower() in YES_NO:
        return "yes or no answer"
    return "list as answer" if "," in answer else ""


def _cast(context: str, answer: str, facts: tuple[tuple[int, int], ...]) -> tuple[str, int] | None:
    """The answer as a span: in a supporting sentence if there are any, the last place of several."""
    for text in dict.fromkeys((PLURALS.get(answer, answer), answer)):
        places = occurrences(context, text)
        inside = [place for place in places if not facts or any(a <= place < b for a, b in facts)]
        if inside:
            return text, inside[-1]
    return None
