"""Everyday stories with multiple-choice questions whose artifacts are parameters."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from insidebert.errors import InputError
from insidebert.papers.mcrc.narrator import Story, Teller, passage_of, planned
from insidebert.papers.mcrc.scenario import Pool, joined, scenarios
from insidebert.text.questions import Question

ASKED = {"many": "how many"}
"""Question words of pools that are named otherwise."""

LENGTHENED = 0.25
"""Share of the other questions in which an option, whichever, is lengthened, so that tails alone mean little."""


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
        stories.append(planned(np.random.default_rng(roots.spawn(1)[0])))
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


def _told(story: Story, wanted: list[tuple[str, bool]], options: int, name: str) -> list[Question]:
    """A story's questions, each with an artifact and whether its answer is the longest option."""
    tails: dict[str, str] = {}
    choices = []
    for role, (artifact, longest) in zip(story.asked, wanted, strict=False):
        choices.append(_chosen(story, role, artifact, longest, options, tails))
        tails |= choices[-1].tails
    kept = {*story.asked, *(role for choice in choices for role in choice.roles)}
    passage = passage_of(story, tails, kept)
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
        question = Teller(story, {}, asking=True).tell(text)[0]
        made.append(Question(f"{name}-{i + 1}", passage, question, choice.options, choice.answer, tuple(notes.items())))
    return made


def _chosen(story: Story, role: str, artifact: str, longest: bool, options: int, known: dict[str, str]) -> Choice:
    word = role.split(".")[0]
    pool, rng = story.scenario.pools[word], story.rng
    roles = [role]
    texts = [story.values[role]]
    tail = _tail(pool, role, known, rng)
    if artifact == "without passage":
        texts[0] += joined(word, tail) if longest else ""
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
        texts[lengthened] += joined(word, tail)
    return _shuffled(texts, kinds, roles, said, rng)


def _tail(pool: Pool, role: str, known: dict[str, str], rng: np.random.Generator) -> str:
    """The tail that the story mentions already, or else a fresh one."""
    fresh = [tail for tail in pool.tails if tail not in known.values()]
    return known.get(role) or str(rng.choice(fresh or pool.tails))


@cache
def _phrases() -> tuple[tuple[str, str, str, int], ...]:
    """Question word, value, text and length in words of every value, with and without tails."""
    found = set()
    for scenario in scenarios():
        for word, pool in scenario.pools.items():
            texts = [
                (value, value + tail) for value in pool.values for tail in ("", *(joined(word, t) for t in pool.tails))
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
