"""Everyday stories with multiple-choice questions whose artifacts are parameters.

Scenarios stand in the YAML files of `scenarios/`, shared values and details in its `shared.yml`. The notation:

    a / b / c + tail / tail     a pool of values, and tails that lengthen any of them; a bare name is a shared pool
    events                      paragraphs of lines: the events in order, each with its variants
    {what.1} {a} {b}            a role: what a question can ask for; the roles of a pool share its values
    {he} {him} {his} {himself}  the main character, by name, pronoun or in the first person; {a.he} likewise
    {they} {them} {their}       a group with the main character
    [x|y]                       either
    questions                   `role: phrasing / phrasing / phrasing`
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from insidebert.errors import InputError
from insidebert.questions import Question

WORDS = (90, 160)
SENTENCES = (8, 14)
PATIENCE = 400
"""Drafts of one story before it counts as impossible."""

KINDS = ("what", "where", "when", "why", "many")
"""Pools that a scenario may have; `who` is the same everywhere."""

ASKED = {"many": "how many"}
"""Question words of pools that are named otherwise."""

APART = ("who", "many")
"""Pools whose tails stand in a sentence of their own: `Ben was a person of few words.`"""

LEANING = re.compile(r"\b(?<!\{)(it|they|them)\b", re.IGNORECASE)
"""In an event that may mean something in the one before; nothing comes between them."""

FIRST_PERSON = 0.4
LEFT_OUT = 0.5
"""Of the events that a story can do without."""

LENGTHENED = 0.25
"""Share of the other questions in which an option, whichever, is lengthened, so that tails alone mean little."""

PRONOUNS = {"women": ("she", "her", "her", "herself"), "men": ("he", "him", "his", "himself")}
FORMS = ("he", "him", "his", "himself")
GROUP = {"they": "we", "them": "us", "their": "our"}


@dataclass(frozen=True)
class Pool:
    """Interchangeable values, and tails that lengthen any of them."""

    values: tuple[str, ...]
    tails: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """What a story is made of.

    Args:
        pools: by question word.
        events: the variants of each event.
        questions: the phrasings of each role.
    """

    name: str
    pools: dict[str, Pool]
    events: tuple[tuple[str, ...], ...]
    details: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Story:
    """A story before it is told: who and what is in it, and the roles that are asked for."""

    scenario: Scenario
    hero: str
    first_person: bool
    values: dict[str, str]
    asked: tuple[str, ...]
    rng: np.random.Generator


@dataclass(frozen=True)
class Choice:
    """The options of one question, and the roles and tails that its story has to mention."""

    options: tuple[str, ...]
    answer: int
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    tails: dict[str, str]


def generate(
    count: int,
    seed: int,
    *,
    options: int = 3,
    keywords: float = 0.5,
    without_passage: float = 0.3,
    longest: float = 0.3,
    prefix: str = "scripts",
) -> list[Question]:
    """Questions about everyday stories, one to four a story.

    Args:
        options: how many a question has, 2 to 5.
        keywords: share of questions whose distractors are not in the story.
        without_passage: share of questions whose distractors fit no such question; nothing else can be told from
            the options alone.
        longest: share of questions whose answer is lengthened until it has more words than any other option.
        prefix: of the ids.

    Raises:
        InputError: a number is out of its range, or the first two shares exceed 1.
    """
    _check(count, seed, options, keywords, without_passage, longest)
    stories: list[Story] = []
    roots = np.random.SeedSequence(seed)
    while sum(len(story.asked) for story in stories) < count:
        stories.append(_planned(np.random.default_rng(roots.spawn(1)[0])))
    lots = np.random.default_rng([seed, 1]).random((count, 2))
    ranks = lots.argsort(axis=0).argsort(axis=0)  # shares of ranks are exact
    by_keywords = round(count * keywords)
    alone = min(round(count * without_passage), count - by_keywords)  # halves must not both round up
    artifacts = np.select([ranks[:, 0] < by_keywords, ranks[:, 0] < by_keywords + alone], [0, 1], 2)
    made: list[Question] = []
    for number, story in enumerate(stories, 1):
        plan = range(len(made), min(len(made) + len(story.asked), count))
        wanted = [
            (("keywords", "without passage", "story")[artifacts[i]], bool(ranks[i, 1] < round(count * longest)))
            for i in plan
        ]
        made += _told(story, wanted, options, f"{prefix}-{number}")
    return made


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Every scenario of the package, in the order of its files."""
    here = Path(__file__).parent / "scenarios"
    shared = yaml.safe_load((here / "shared.yml").read_text(encoding="utf-8"))
    pools = {name: _pool(text) for name, text in shared["pools"].items()}
    names = _pool(f"{shared['women']} / {shared['men']} + {shared['tails of who']}")
    found = []
    for path in sorted(here.glob("*.yml")):
        if path.name != "shared.yml":
            for name, parts in yaml.safe_load(path.read_text(encoding="utf-8")).items():
                own = {word: pools.get(parts[word]) or _pool(parts[word]) for word in parts if word in KINDS}
                events = tuple(tuple(event.split("\n")) for event in parts["events"].strip().split("\n\n"))
                asked = (line.partition(": ") for line in parts["questions"].strip().split("\n"))
                questions = {role: tuple(text.split(" / ")) for role, _, text in asked}
                details = tuple(shared["details"][parts["details"]].strip().split("\n"))
                found.append(Scenario(name, {"who": names} | own, events, details, questions))
    return tuple(found)


@cache
def _sexes() -> dict[str, str]:
    shared = yaml.safe_load((Path(__file__).parent / "scenarios" / "shared.yml").read_text(encoding="utf-8"))
    return {name: sex for sex in PRONOUNS for name in shared[sex].split(" / ")}


def _pool(text: str) -> Pool:
    values, _, tails = text.partition(" + ")
    return Pool(tuple(values.split(" / ")), tuple(tails.split(" / ")))


def _check(count: int, seed: int, options: int, keywords: float, without_passage: float, longest: float) -> None:
    if count < 1:
        raise InputError(f"count is {count}; ask for at least one question")
    if seed < 0:
        raise InputError(f"seed is {seed}; give one that is not negative")
    if not 2 <= options <= 5:
        raise InputError(f"options is {options}; a question has 2 to 5 of them")
    for name, share in (("keywords", keywords), ("without_passage", without_passage), ("longest", longest)):
        if not 0 <= share <= 1:
            raise InputError(f"{name} is {share}; a share lies between 0 and 1")
    if keywords + without_passage > 1 + 1e-9:
        raise InputError(
            f"keywords ({keywords}) and without_passage ({without_passage}) exceed 1 together; lower one of them"
        )


def _planned(rng: np.random.Generator) -> Story:
    scenario = scenarios()[rng.integers(len(scenarios()))]
    people = [str(name) for name in rng.permutation(scenario.pools["who"].values)]
    values = {}
    for word, pool in scenario.pools.items():
        drawn = iter(people[1:] if word == "who" else rng.permutation(pool.values))
        # drawn alike for every role of a pool, so that without the story nobody knows which value went where
        values |= {role: str(next(drawn)) for role in scenario.questions if role.startswith(f"{word}.")}
    asked = rng.permutation(list(values))[: rng.integers(1, 5)]
    return Story(scenario, people[0], bool(rng.random() < FIRST_PERSON), values, tuple(map(str, asked)), rng)


def _told(story: Story, wanted: list[tuple[str, bool]], options: int, name: str) -> list[Question]:
    """A story's questions, each with an artifact and whether its answer is the longest option."""
    tails: dict[str, str] = {}
    choices = []
    for role, (artifact, longest) in zip(story.asked, wanted, strict=False):
        choices.append(_chosen(story, role, artifact, longest, options, tails))
        tails |= choices[-1].tails
    kept = {*story.asked, *(role for choice in choices for role in choice.roles)}
    passage = _passage(story, tails, kept)
    made = []
    for i, (choice, (artifact, longest)) in enumerate(zip(choices, wanted, strict=True)):
        role = story.asked[i]
        text = str(story.rng.choice(story.scenario.questions[role]))
        word = role.split(".")[0]
        notes = {
            "scenario": story.scenario.name,
            "asked": ASKED.get(word, word),
            "artifact": artifact,
            "longest": "yes" if longest else "no",
            "distractors": ",".join(choice.kinds),
        }
        question = _Teller(story, {}, asking=True).tell(text)[0]
        made.append(Question(f"{name}-{i + 1}", passage, question, choice.options, choice.answer, tuple(notes.items())))
    return made


def _chosen(story: Story, role: str, artifact: str, longest: bool, options: int, known: dict[str, str]) -> Choice:
    word = role.split(".")[0]
    pool, rng = story.scenario.pools[word], story.rng
    roles = [role]
    texts = [story.values[role]]
    tail = _tail(pool, role, known, rng)
    if artifact == "without passage":
        texts[0] += _joined(word, tail) if longest else ""
        kinds = ["implausible"] * (options - 1)
        texts += _implausible(story, word, texts[0], longest, options - 1)
        return _shuffled(texts, kinds, roles, {role: tail} if longest else {}, rng)
    if artifact == "story":
        others = [other for other in story.values if other.startswith(f"{word}.") and other != role]
        roles += [str(other) for other in rng.permutation(others)[: options - 1]]
        texts += [story.values[other] for other in roles[1:]]
    kinds = ["elsewhere"] * (len(texts) - 1) + ["absent"] * (options - len(texts))
    present = {story.hero, *story.values.values()}
    texts += [str(value) for value in rng.permutation(pool.values) if value not in present][: options - len(texts)]
    lengthened = 0 if longest else int(rng.integers(options)) if rng.random() < LENGTHENED else None
    said = {}
    if lengthened is not None:
        if lengthened < len(roles):
            tail = _tail(pool, roles[lengthened], known, rng)
            said = {roles[lengthened]: tail}
        texts[lengthened] += _joined(word, tail)
    return _shuffled(texts, kinds, roles, said, rng)


def _tail(pool: Pool, role: str, known: dict[str, str], rng: np.random.Generator) -> str:
    """The tail that the story mentions already, or else a fresh one."""
    fresh = [tail for tail in pool.tails if tail not in known.values()]
    return known.get(role) or str(rng.choice(fresh or pool.tails))


def _joined(word: str, tail: str) -> str:
    """A tail as it is written behind a value."""
    return f", {tail}" if word in APART else tail if tail.startswith(",") else f" {tail}"


@cache
def _phrases() -> tuple[tuple[str, str, str, int], ...]:
    """Question word, value, text and length in words of every value, with and without tails."""
    found = set()
    for scenario in scenarios():
        for word, pool in scenario.pools.items():
            texts = [
                (value, value + tail) for value in pool.values for tail in ("", *(_joined(word, t) for t in pool.tails))
            ]
            found |= {(word, value, text, len(text.split())) for value, text in texts}
    return tuple(sorted(found))


def _implausible(story: Story, word: str, answer: str, longest: bool, count: int) -> list[str]:
    """Values for another question word, foreign to the story; as long as the answer, or shorter if it is longest."""
    scenario, size = story.scenario, len(answer.split())
    here = " ".join([story.hero, *story.values.values(), *map(" ".join, scenario.events), *scenario.details])
    alien = [
        (abs(length - size), text)
        for other, value, text, length in _phrases()
        if other != word and (length < size or not longest) and value not in here
    ]
    near = sorted((alien[i] for i in story.rng.permutation(len(alien))), key=lambda found: found[0])
    return [text for _, text in near[:count]]


def _shuffled(
    texts: list[str], kinds: list[str], roles: list[str], tails: dict[str, str], rng: np.random.Generator
) -> Choice:
    order = rng.permutation(len(texts)).tolist()
    options, kinds = [texts[i] for i in order], [kinds[i - 1] for i in order if i]
    return Choice(tuple(options), order.index(0), tuple(kinds), tuple(roles), tails)


def _passage(story: Story, tails: dict[str, str], kept: set[str]) -> str:
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
        teller = _Teller(story, tails)
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


class _Teller:
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
        known = self.last.get(_sexes()[self.story.values[role]])
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
        return value + (_joined("", tail) if tail and not apart else "")

    def _person(self, who: str, form: str) -> str:
        """A name, or the pronoun of a form where it is clear."""
        narrator = who == "hero" and self.story.first_person
        if narrator and not self.asking:
            return dict(zip(FORMS, ("I", "me", "my", "myself"), strict=True))[form]
        name = "the narrator" if narrator else self.story.hero if who == "hero" else self.story.values[who]
        sex = "narrator" if narrator else _sexes()[name]
        pronouns = ("they", "them", "their", "themselves") if narrator else PRONOUNS[sex]
        known, when = self.last.get(sex, ("", 0))
        self.last[sex] = (who, self.sentence)
        if form and (form == "himself" or (known == who and self.sentence - when <= 2)):
            return pronouns[FORMS.index(form)]
        return f"{name}'s" if form == "his" else name
