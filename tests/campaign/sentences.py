"""Sentences in any script, sentences that are none, and questions about them that make no sense."""

from collections.abc import Iterator

import numpy as np

import insidebert as ib
from insidebert.models.segments import token_classes
from tests.campaign.cases import Case

SENTENCES = {  # a sentence, and its words
    "Hindi": ("हिन्दी भाषा", 2),
    "Thai": ("นี่ ดี", 2),
    "vowelled Arabic": ("كَتَبَ وَلَد", 2),
    "a combining accent": ("cafe\u0301 ole\u0301", 2),
    "a soft hyphen": ("co\u00adoperate now", 2),
    "an emoji that is joined": ("a 👩\u200d💻 b", 3),
    "dollars": ("$5 or $6", 5),
    "HTML": ("<b> x", 4),
    "separators": ("[SEP] a [CLS]", 7),
    "a line end": ("a\nb\r\nc", 3),
    "blanks of other kinds": ("a\u00a0b\u3000c\u2028d", 4),
    "apostrophes": ("the girl's well-known", 3),
    "numbers": ("1e5 NA null", 3),
}
NO_SENTENCES = {"nothing": "", "blanks": " \t\n", "an invisible mark": "\u200d", "too long": "a " * 600}


def cases(model: ib.Model) -> Iterator[Case]:
    for name, (sentence, count) in SENTENCES.items():
        yield Case(
            "sentences",
            name,
            lambda s=sentence: ib.words_of(model, s),
            lambda found, s=sentence, n=count: (
                len(found) == n and "".join("".join(found).split()) == "".join(s.split())
            ),
        )
        yield Case(
            "sentences",
            f"{name}, encoded",
            lambda s=sentence: ib.encode(model, [s]),
            lambda found, m=model: (
                [np.isin([0, 1], token_classes(m, found)[0]).tolist()] == [[True, True]]
                and [int((token_classes(m, found)[0] == k).sum()) for k in (0, 1)] == [1, 1]
            ),
        )
        yield Case(
            "sentences",
            f"{name}, maps",
            lambda s=sentence: ib.attention_maps(model, s).maps.sum(-1),
            lambda found: np.allclose(found, 1, atol=1e-5),
        )
    for name, sentence in NO_SENTENCES.items():
        for call in (ib.encode, ib.attention_maps, ib.hidden_states, ib.surface_statistics):
            yield Case(
                "sentences",
                f"{name}, {call.__name__}",
                lambda c=call, s=sentence: c(model, s if c is ib.attention_maps else [s]),
                None,
                ("sentence",),
            )
    yield Case(
        "sentences",
        "a lone surrogate",
        lambda: ib.encode(model, ["a \ud800 b"]),
        lambda found: len(found) == 1,
        ("sentence",),
    )
    for target, triggers in (("x", ["the"]), ("the cat", ["the"]), ("the", ["x", "the"]), ("the", []), ("", ["the"])):
        yield Case(
            "sentences",
            f"asked {target!r}, {triggers}",
            lambda t=target, o=triggers: ib.confusion_score(model, "the cat near the dog", t, o),
            None,
            ("",),
        )
