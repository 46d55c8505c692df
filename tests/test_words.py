"""Words of a sentence that is a string."""

import pytest

from insidebert.text.words import places_of, words_of
from tests.conftest import BYTES


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The girl's well-known 'dog', it sleeps.", "The|girl's|well-known|'|dog|'|,|it|sleeps|."),
        ("U.S. $5 a- ...", "U|.|S|.|$|5|a|-|.|.|."),
        ("well-known [SEP] [CLS]x", "well-known|[|SEP|]|[|CLS|]|x"),
        ("पानी है।", "पानी|है|।"),
        ("สวัสดี ชั่วโมง", "สวัสดี|ชั่วโมง"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("e\u0301te\u0301 co\u00adop a\u200db don’t e\u0301's", "e\u0301te\u0301|co\u00adop|a\u200db|don’t|e\u0301's"),
        (" a\u00a0b\n", "a|b"),
        (" ", ""),
    ],
)
def test_words_of_any_script_are_the_same_for_every_tokenizer(any_tiny, sentence, words):
    assert words_of(any_tiny, sentence) == tuple(filter(None, words.split("|")))


def test_chinese_is_parted_where_the_tokenizer_parts_it(tiny, any_tiny):
    assert words_of(tiny.tokenizer, "你好 B2B。") == ("你", "好", "B2B", "。")
    together = any_tiny.encoder.config.model_type in BYTES
    assert words_of(any_tiny, "你好") == (("你好",) if together else ("你", "好"))


def test_what_has_no_piece_is_no_word(tiny):
    assert words_of(tiny, "the \u200d cat \u00ad") == ("the", "cat")


def test_places_of_a_phrase():
    assert places_of(["the", "cat", "near", "the", "cat"], ["the", "cat"]) == [(0, 1), (3, 4)]
    assert places_of(["the"], []) == places_of(["the"], ["the", "cat"]) == []
