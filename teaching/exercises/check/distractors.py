"""Check of the un-readable distractors in teaching/exercises/multiple-choice.ipynb."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from check.compare_answer import praise
from insidebert.text.attacks import THRESHOLD, sentences, shuffle_degree
from insidebert.text.questions import Question

SMALL = Question("small", "Rain fell. Birds sang. Doors closed.", "What was there?", ("tea", "nothing", "hot cake"), 1)
"""Three or four words a distractor: few orders, among them the original and some whose degree is exactly one half."""


def distractors(attacked: Callable[[Question, Random], Question], questions: Sequence[Question]) -> None:
    """A function that puts a question under AddSent2Opt-Shuffle: each distractor becomes a shuffle of itself and one
    sentence of the passage.

    Args:
        attacked: draws from the random that it is given, and from nothing else.
        questions: what it is tried on, besides a made question whose every outcome can be counted.
    """
    random = Random(0)
    made = [attacked(question, random) for question in questions]
    taken = [place for pair in zip(questions, made, strict=True) for place in _sentences_added(*pair)]
    random = Random(0)
    if made != [attacked(question, random) for question in questions]:
        raise AssertionError(
            "with the same `random` the result is another; draw with `random.choice` and `random.shuffle`, from the "
            "`random` that the function is given"
        )
    _draws([(new, _sentences_added(SMALL, new)) for new in (attacked(SMALL, Random(seed)) for seed in range(300))])
    praise(
        f"{len(taken)} distractors hold their own words and one sentence's, far from their order.",
        "the right option is now the shortest. Could a reader that looks at lengths alone profit from the attack?",
    )


def _sentences_added(question: Question, new: Question) -> list[int]:
    """Which sentence of the passage each distractor got; raises where something else changed."""
    if not isinstance(new, Question):
        raise AssertionError(f"a Question is asked for, not {new!r}; dataclasses.replace(question, options=...)")
    where = f"question {question.id}"
    for part in ("id", "passage", "question", "answer"):
        if getattr(new, part) != getattr(question, part):
            raise AssertionError(f"{where}: its {part} changed; the attack touches nothing but the distractors")
    if len(new.options) != len(question.options):
        raise AssertionError(f"{where}: {len(question.options)} options became {len(new.options)}")
    if new.options[new.answer] != question.options[question.answer]:
        raise AssertionError(f"{where}: the right option changed; only the distractors are attacked")
    return [
        _sentence_added(f"{where}, option {place}", question, option, text)
        for place, (option, text) in enumerate(zip(question.options, new.options, strict=True))
        if place != question.answer
    ]


def _draws(tried: list[tuple[Question, list[int]]]) -> None:
    """Whether sentences and orders were drawn; tried: the small question attacked many times, and what it got."""
    added = Counter(place for _, places in tried for place in places)
    if len(added) == 1:
        raise AssertionError(f"sentence {min(added) + 1} of the passage was added everywhere; draw a random one")
    if never := set(range(len(sentences(SMALL.passage)))) - set(added):
        raise AssertionError(f"sentence {min(never) + 1} of the passage is never added; draw from all of them")
    if all(first == second for _, (first, second) in tried):
        raise AssertionError("both distractors of a question always get the same sentence; draw one for each")
    orders = {new.options[0] for new, (place, _) in tried if place == 0}
    if len(orders) < 5:
        raise AssertionError(
            f"'tea Rain fell.' has 5 orders that are far enough from it, and only {len(orders)} ever come; "
            "shuffle until the threshold is exceeded, and take the first order that exceeds it"
        )


def _sentence_added(where: str, question: Question, option: str, text: str) -> int:
    """Which sentence of the passage was shuffled into a distractor."""
    found, sources = Counter(text.split()), sentences(question.passage)
    for place, sentence in enumerate(sources):
        original = f"{option} {sentence}".split()
        if Counter(original) == found:
            degree = shuffle_degree(original, text.split())
            turned = len(original) > 5 and text.split() == f"{sentence} {option}".split()  # of few words it may come up
            if text.split() == original or turned:
                raise AssertionError(f"{where}: nothing is shuffled; that is AddSent2Opt without -Shuffle")
            if degree <= THRESHOLD:
                raise AssertionError(
                    f"{where}: its ShuffleDegree is {degree:.2f}; shuffle again until it exceeds {THRESHOLD}"
                )
            return place
    answer = question.options[question.answer]
    explained = {
        "no word was added; a sentence of the passage is asked for": [option],
        "the right answer was added; that is AddAns2Opt-Shuffle, a sentence of the passage is asked for": [
            f"{option} {answer}"
        ],
        "the right answer alone is there; that is Ans2Opt-Shuffle": [answer],
        "the distractor's own words are missing; that is Sent2Opt-Shuffle": sources,
        "the whole passage was added; one sentence of it is asked for": [f"{option} {question.passage}"],
        "the question was added; a sentence of the passage is asked for": [f"{option} {question.question}"],
    }
    for explanation, texts in explained.items():
        if any(Counter(source.split()) == found for source in texts):
            raise AssertionError(f"{where}: {explanation}")
    if any(Counter(f"{option}{s}".replace(" ", "")) == Counter(text.replace(" ", "")) for s in sources):
        raise AssertionError(f"{where}: letters are shuffled, or words glued together; the words stay as they are")
    raise AssertionError(f"{where}: {text!r} is not the words of the distractor and of one sentence of the passage")
