"""A bad input, what may come of it, and the verdict on what came."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from insidebert.errors import InputError, NotebookError

VERDICTS = ("clear", "right", "unclear", "refused", "traceback", "silently wrong", "lost", "left behind")
"""The first two are good. `refused`: what should have worked was turned away, however clearly."""

LONGEST = 700
"""Characters of a message that still is read."""

WAY_OUT = re.compile(
    r"there (is|are) |it takes |it is |must |may |can(not)? |it needs|take[s ]|needs?\b|is none of|known here|"
    r"\b(add|ask|call|check|choose|copy|correct|delete|download|give|keep|leave|load|make|merge|name|put|remove|rename|save|"
    r"shorten|take|tag|type|use|write|mend|measure|run|install)s?\b|none of|is no |is not |has no |holds? no |"
    r"of \d+ words|alternate|never closes|not open|without the one|ends in |holds |has at least|otherwise|"
    r"one of the two|required|(the|no) parts|one for each|a story has",
)
"""What would fit, or what to do; a message has one of these."""


@dataclass(frozen=True)
class Case:
    """A bad input.

    Args:
        kind: of input, such as `models`.
        name: what is bad.
        attempt: gives it to the project and returns what comes back.
        right: whether what came back is what the input says; None where only a refusal will do.
        names: what a refusal mentions; None where nothing may be refused.
    """

    kind: str
    name: str
    attempt: Callable[[], Any]
    right: Callable[[Any], bool] | None = None
    names: Sequence[str] | None = None


@dataclass
class Tally:
    """Verdicts counted by kind of input, and what was said of those that are no good."""

    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, kind: str, verdict: str, about: str = "") -> None:
        self.counts[kind, verdict] += 1
        if verdict not in VERDICTS[:2]:
            self.faults.append(f"{verdict}: {kind}, {about}"[:600])

    def judge(self, cases: Iterable[Case]) -> "Tally":
        for case in cases:
            verdict, said = judged(case)
            self.add(case.kind, verdict, f"{case.name}: {said}")
        return self

    def of(self, verdict: str) -> int:
        return sum(count for (_, own), count in self.counts.items() if own == verdict)

    def table(self) -> str:
        kinds = list(dict.fromkeys(kind for kind, _ in self.counts))
        rows = [["", *VERDICTS, "all"]]
        for kind in kinds:
            own = [self.counts[kind, verdict] for verdict in VERDICTS]
            rows.append([kind, *map(str, own), str(sum(own))])
        own = [self.of(verdict) for verdict in VERDICTS]
        rows.append(["all", *map(str, own), str(sum(own))])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)


def judged(case: Case) -> tuple[str, str]:
    """The verdict on one case, and what was seen."""
    try:
        came = case.attempt()
    except (InputError, NotebookError) as error:
        if case.names is None:
            return "refused", str(error)
        unclear = why_unclear(str(error), case.names)
        return ("unclear", f"{unclear}: {error}") if unclear else ("clear", str(error))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "traceback", f"{type(error).__name__}: {error}"
    if case.right is None:
        return "silently wrong", f"not refused: {came!r:.200}"
    try:
        right = case.right(came)
    except Exception as error:  # what came back is not even of the kind that was asked for
        return "silently wrong", f"{type(error).__name__}: {error}"
    return ("right", "") if right else ("silently wrong", f"{came!r:.300}")


def why_unclear(message: str, names: Sequence[str]) -> str:
    """What a message lacks; empty if nothing.

    A message is a line, and one more for each further fault of a run that was refused as a whole.
    """
    lines = message.removeprefix("nothing was run:\n").split("\n")
    if any(len(line) > LONGEST for line in lines):
        return "too long"
    if len(lines) > 1 and not all(re.match(r"(notebook|MODELS,|TEXT|[\w./-]+:)", line) for line in lines):
        return "not one line"
    if lost := [name for name in names if name not in message]:
        return f"does not name {lost[0]}"
    if "Traceback" in message or not all(WAY_OUT.search(line) for line in lines):
        return "no way out"
    return ""
