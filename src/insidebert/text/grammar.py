"""Weighted context-free grammars as text: sampling distinct sentences with their tags and labelled positions."""

import itertools
import random
import re
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text.files import read_text

PATIENCE = 200
"""Draws per wanted sentence before a condition counts as exhausted."""


@dataclass(frozen=True)
class Sentence:
    """A sampled sentence.

    Args:
        words: its words; a possessive is written onto its noun (`fish's`).
        tags: the part of speech of each word, the symbol that produced it up to its first dot.
        roles: (role, word indices) of every labelled phrase, left to right.
        condition: the start symbol.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    roles: tuple[tuple[str, tuple[int, ...]], ...]
    condition: str

    def spans(self, role: str) -> tuple[tuple[int, ...], ...]:
        """Word indices of every phrase with a role."""
        return tuple(span for name, span in self.roles if name == role)

    @property
    def target(self) -> int:
        """Index of the target word, a phrase's last word."""
        (span,) = self.spans("target")
        return span[-1]


class Grammar:
    """A grammar read from text.

    The notation, one rule a line, `#` for comments:

        vary n: sg pl                          a variable; a rule with {n} on its left stands once for each value
        np.{n} -> Det Noun.{n} | 2 Det Adj Noun.{n}     a number in front of an alternative is its weight, else 1
        clause -> np.sg:subject Aux:target VI   a role after a colon labels the words of that phrase
        owner -> Noun.sg +'s                    a + glues to the word before

    What stands on the left of some rule is a symbol, anything else a word; words are written in lower case.
    """

    def __init__(self, text: str, name: str = "grammar"):
        self.name = name
        variables: dict[str, list[str]] = {}
        self.rules: dict[str, list[tuple[float, list[tuple[str, str | None]]]]] = {}
        for number, line in enumerate(text.split("\n"), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            if line.startswith("vary "):
                variable, _, values = line.removeprefix("vary ").partition(":")
                variables[variable.strip()] = values.split()
            elif "->" in line:
                where = f"{name}, line {number}"
                for rule in _expanded(line, variables, where):
                    self._add(*rule, where)
            else:
                raise InputError(f"{name}, line {number}: neither a rule (left -> right) nor a variable: {line!r}")
        for symbol, role in (item for options in self.rules.values() for _, items in options for item in items):
            if symbol not in self.rules and (not symbol.islower() or role):
                raise InputError(f"{name}: {symbol} is used but no rule says what it is; add one")

    @classmethod
    def read(cls, *paths: Path) -> "Grammar":
        """A grammar from files; later files may use symbols of earlier ones."""
        return cls("\n".join(map(read_text, paths)), " + ".join(map(str, paths)))

    def words_of(self, symbol: str) -> list[str]:
        """Every word that a lexical symbol can become."""
        return [items[0][0] for _, items in self.rules[symbol]]

    def sample(self, condition: str, count: int, seed: int) -> list[Sentence]:
        """`count` distinct sentences.

        Args:
            condition: a symbol of the grammar, such as `agreement.pp.sg.pl.inflected`.

        Raises:
            InputError: no such condition, or it has too few distinct sentences.
        """
        if condition not in self.rules:
            raise InputError(f"{self.name} has no condition {condition!r}; add its rule")
        draw = random.Random(f"{condition}/{seed}")  # conditions do not share a stream, so one can be sampled alone
        found: dict[tuple[str, ...], Sentence] = {}
        for _ in range(PATIENCE * count):
            if len(found) == count:
                break
            sentence = self._draw(condition, draw)
            found.setdefault(sentence.words, sentence)
        if len(found) < count:
            raise InputError(f"{condition} seems to have only {len(found)} distinct sentences, {count} are wanted")
        return list(found.values())

    def _add(self, left: str, right: str, where: str) -> None:
        for option in right.split("|"):
            items = option.split()
            weight = float(items.pop(0)) if items and re.fullmatch(r"\d+(\.\d+)?", items[0]) else 1.0
            if not weight:
                raise InputError(f"{where}: an alternative of {left} has weight 0; leave it out")
            if not items:
                raise InputError(f"{where}: an alternative of {left} is empty")
            if items[0].startswith("+"):
                raise InputError(
                    f"{where}: an alternative of {left} begins with {items[0]}, which glues to a word before"
                )
            labelled = [(symbol, role or None) for symbol, _, role in (item.partition(":") for item in items)]
            self.rules.setdefault(left, []).append((weight, labelled))

    def _draw(self, condition: str, draw: random.Random) -> Sentence:
        words: list[str] = []
        tags: list[str] = []
        roles: list[tuple[str, tuple[int, ...]]] = []
        try:
            self._expand(condition, draw, words, tags, roles)
        except RecursionError:
            raise InputError(f"{self.name}: {condition} never ends: its rules lead back to it") from None
        return Sentence(tuple(words), tuple(tags), tuple(sorted(roles, key=lambda role: role[1])), condition)

    def _expand(self, symbol: str, draw: random.Random, words: list, tags: list, roles: list) -> None:
        options = self.rules[symbol]
        (_, items) = draw.choices(options, [weight for weight, _ in options])[0]
        for item, role in items:
            start = len(words)
            if item in self.rules:
                self._expand(item, draw, words, tags, roles)
            elif item.startswith("+"):
                words[-1] += item[1:]
            else:
                words.append(item)
                tags.append(symbol.split(".")[0])
            if role:
                roles.append((role, tuple(range(start, len(words)))))


def _expanded(line: str, variables: dict[str, list[str]], where: str):
    """A rule with variables -> (left, right) for every combination of their values."""
    left, right = (side.strip() for side in line.split("->", 1))
    used = re.findall(r"\{(\w*)\}", left)
    for name in used:
        if name not in variables:
            raise InputError(f"{where}: {{{name}}} is no variable; declare it above, as `vary {name or 'n'}: sg pl`")
    for name in re.findall(r"\{(\w*)\}", right):
        if name not in used:
            raise InputError(f"{where}: {{{name}}} stands on the right alone; a variable is chosen on the left")
    if re.search("[{}]", re.sub(r"\{\w+\}", "", line)):
        raise InputError(f"{where}: a brace without its other half: {line!r}")
    for values in itertools.product(*(variables[name] for name in used)):
        chosen = dict(zip(used, values, strict=True))
        yield left.format_map(chosen), right.format_map(chosen)
