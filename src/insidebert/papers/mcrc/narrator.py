"""A story told: values, names and pronouns put into sentences, until there are as many words as wanted."""

import re
from dataclasses import dataclass

import numpy as np

from insidebert.errors import InputError
from insidebert.papers.mcrc.scenario import APART, Scenario, joined, scenarios, sexes

WORDS = (90, 160)
SENTENCES = (8, 14)
PATIENCE = 400
"""Drafts of one story before it counts as impossible."""

LEANING = re.compile(r"\b(?<!\{)(it|they|them)\b", re.IGNORECASE)
"""In an event that may mean something in the one before; nothing comes between them."""

FIRST_PERSON = 0.4
LEFT_OUT = 0.5
"""Of the events that a story can do without."""

PRONOUNS = {"women": ("she", "her", "her", "herself"), "men": ("he", "him", "his", "himself")}
FORMS = ("he", "him", "his", "himself")
GROUP = {"they": "we", "them": "us", "their": "our"}


@dataclass(frozen=True)
class Story:
    """A story before it is told: who and what is in it, and the roles that are asked for."""

    scenario: Scenario
    hero: str
    first_person: bool
    values: dict[str, str]
    asked: tuple[str, ...]
    rng: np.random.Generator


def planned(rng: np.random.Generator) -> Story:
    """A story of a drawn scenario, its people and things drawn too."""
    scenario = scenarios()[rng.integers(len(scenarios()))]
    people = [str(name) for name in rng.permutation(scenario.pools["who"].values)]
    values = {}
    for word, pool in scenario.pools.items():
        drawn = iter(people[1:] if word == "who" else rng.permutation(pool.values))
        # drawn alike for every role of a pool, so that without the story nobody knows which value went where
        values |= {role: str(next(drawn)) for role in scenario.questions if role.startswith(f"{word}.")}
    asked = rng.permutation(list(values))[: rng.integers(1, 5)]
    return Story(scenario, people[0], bool(rng.random() < FIRST_PERSON), values, tuple(map(str, asked)), rng)


def passage_of(story: Story, tails: dict[str, str], kept: set[str]) -> str:
    """The story as text with all roles that are kept, told again until its length is right."""
    rng, scenario = story.rng, story.scenario
    for _ in range(PATIENCE):
        parts = [
            str(rng.choice(event))
            for event, following in zip(scenario.events, (*scenario.events[1:], ()), strict=True)
            if event == scenario.events[0] or not _dispensable(event, following, kept) or rng.random() >= LEFT_OUT
        ]
        gaps = rng.permutation([i for i in range(1, len(parts)) if not LEANING.search(parts[i])])[: rng.integers(4)]
        for gap, detail in zip(sorted(gaps.tolist(), reverse=True), rng.permutation(scenario.details), strict=False):
            parts.insert(gap, str(detail))
        teller = Teller(story, tails)
        told = [sentence for part in parts for sentence in teller.tell(part)]
        passage = " ".join(told)
        if SENTENCES[0] <= len(told) <= SENTENCES[1] and WORDS[0] <= len(passage.split()) <= WORDS[1]:
            return passage
    raise InputError(f"the scenario {scenario.name!r} cannot be told in {WORDS} words; mend its events")


def _dispensable(event: tuple[str, ...], following: tuple[str, ...], kept: set[str]) -> bool:
    """Whether a story can do without an event: nobody asks for it or is met in it, and nothing leans on it."""
    roles = set(re.findall(r"\{([abc]|\w+\.\d)\b", event[0]))
    if not roles:
        return True
    leaned_on = any(LEANING.search(line) or not re.search(r"\{([abc]|\w+\.\d)\b", line) for line in following)
    return not (roles & (kept | {"a", "b", "what.1", "what.2"}) or leaned_on)


class Teller:
    """Puts values, names and pronouns into sentences; a pronoun stands where it cannot mean anyone else.

    Args:
        tails: what the story says in addition about a role.
        asking: a question, where `I` is `the narrator`.
    """

    def __init__(self, story: Story, tails: dict[str, str], asking: bool = False):
        self.story, self.asking = story, asking
        self.last: dict[str, tuple[str, int]] = {}  # who of each sex was mentioned last, and in which sentence
        self.sentence = 0
        self.pending = dict(tails)

    def tell(self, text: str) -> list[str]:
        """The sentences of an event, a detail or a question."""
        text = re.sub(r"\[([^]]*)\]", lambda match: str(self.story.rng.choice(match[1].split("|"))), text)
        told = []
        for pattern in re.split(r"(?<=[.?!]) ", text):
            self.sentence += 1
            pattern = self._resumed(pattern)
            after: list[str] = []
            sentence = re.sub(r"\{([\w.]+)\}", lambda match, after=after: self._filled(match[1], after), pattern)
            told += [re.sub(r"[A-Za-z]", lambda match: match[0].upper(), part, count=1) for part in [sentence, *after]]
        return told

    def _resumed(self, pattern: str) -> str:
        """A sentence about whom the last one was about begins with a pronoun, as in running text."""
        start = re.match(r"\{([abc])\}(?= (?!from|and))", pattern)
        if not start or self.asking:
            return pattern
        role = f"who.{start[1]}"
        known = self.last.get(sexes()[self.story.values[role]])
        return pattern.replace("}", ".he}", 1) if known == (role, self.sentence - 1) else pattern

    def _filled(self, token: str, after: list[str]) -> str:
        if token in GROUP:
            return GROUP[token] if self.story.first_person and not self.asking else token
        if token in FORMS:
            return self._person("hero", token)
        who, _, form = token.partition(".")
        role = f"who.{who}" if form in ("", *FORMS) else token
        value, tail = self.story.values[role], self.pending.get(role, "")
        apart = role.split(".")[0] in APART
        if apart and self.pending.pop(role, ""):
            after.append(f"{value if role.startswith('who') else 'that'} was {tail}.")
        if role.startswith("who."):
            return self._person(role, form)
        return value + (joined("", tail) if tail and not apart else "")

    def _person(self, who: str, form: str) -> str:
        """A name, or the pronoun of a form where it is clear."""
        narrator = who == "hero" and self.story.first_person
        if narrator and not self.asking:
            return dict(zip(FORMS, ("I", "me", "my", "myself"), strict=True))[form]
        name = "the narrator" if narrator else self.story.hero if who == "hero" else self.story.values[who]
        sex = "narrator" if narrator else sexes()[name]
        pronouns = ("they", "them", "their", "themselves") if narrator else PRONOUNS[sex]
        known, when = self.last.get(sex, ("", 0))
        self.last[sex] = (who, self.sentence)
        if form and (form == "himself" or (known == who and self.sentence - when <= 2)):
            return pronouns[FORMS.index(form)]
        return f"{name}'s" if form == "his" else name
