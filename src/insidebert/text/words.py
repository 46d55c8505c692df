"""Words of a sentence that is a string, and where a phrase stands in it."""

import re
from collections.abc import Sequence
from unicodedata import category

from insidebert.errors import InputError

INSIDE = "'’-‐"
"""Marks that belong to a word when letters are on both sides: girl's, well-known."""


def tokenized(tokenizer, *texts, **options):
    """What a fast tokenizer makes of texts, without attention masks; special pieces typed in a text are text."""
    backend = tokenizer.backend_tokenizer
    before = backend.encode_special_tokens
    try:
        return tokenizer(*texts, split_special_tokens=True, return_attention_mask=False, **options)
    except TypeError:
        raise InputError("a sentence is no text, or holds half of a character (a lone surrogate); mend it") from None
    finally:
        backend.encode_special_tokens = before


def words_of(tokenizer, sentence: str) -> tuple[str, ...]:
    """Words and punctuation marks of a sentence, as the model's own tokenizer parts them.

    A word is what lies between spaces, without punctuation (as BERT's tokenizers know it), each mark of which is a
    word; Chinese is parted where the model's tokenizer parts it. An apostrophe or a hyphen between letters stays
    inside, and so do vowel signs, accents and invisible marks of any script. What has no piece (a lone U+200D) is no
    word.

    Args:
        tokenizer: a fast one, or a Model.
        sentence: plain text; special pieces in it are text.

    Returns:
        [W] words.

    Example:
        >>> import insidebert as ib
        >>> ib.words_of(ib.load("distilbert-cased"), "The girl's well-known dog, it sleeps.")
        ('The', "girl's", 'well-known', 'dog', ',', 'it', 'sleeps', '.')
    """
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)
    coded = tokenized(tokenizer, sentence, add_special_tokens=False, truncation=False, return_offsets_mapping=True)
    spans, owners = coded["offset_mapping"], coded.word_ids()
    starts = {spans[i][0] for i in range(len(spans)) if not i or owners[i] != owners[i - 1]}
    covered = {place for start, stop in spans for place in range(start, stop)}
    words = []
    for run in re.finditer(r"\S+", sentence):
        cuts = [i for i in range(run.start() + 1, run.end()) if _parts(sentence, i, i in starts)]
        places = zip([run.start(), *cuts], [*cuts, run.end()], strict=True)
        words += [sentence[a:b] for a, b in places if covered.intersection(range(a, b))]
    return tuple(words)


def places_of(words: Sequence[str], phrase: Sequence[str]) -> list[tuple[int, ...]]:
    """Everywhere that a phrase stands in a sentence: its words' places, zero-based.

    Example:
        >>> places_of(["the", "cat", "near", "the", "dog"], ["the"])
        [(0,), (3,)]
    """
    size = len(phrase)
    starts = range(len(words) - size + 1) if size else ()
    return [tuple(range(i, i + size)) for i in starts if tuple(words[i : i + size]) == tuple(phrase)]


def _parts(sentence: str, place: int, cut: bool) -> bool:
    """Whether a word ends before this place; `cut`: whether the tokenizer cuts there."""
    before, after, following = (sentence[i : i + 1] for i in (place - 1, place, place + 1))
    if category(after)[0] in "MC":
        return False  # a sign or an invisible mark belongs to its letter
    if after in INSIDE and _letter(before) and _letter(following):
        return False
    if before in INSIDE and _letter(after) and place > 1 and _letter(sentence[place - 2]):
        return False
    if _punctuation(before) or _punctuation(after):
        return True
    return cut and category(before) == category(after) == "Lo"  # Chinese, where the tokenizer parts it


def _letter(character: str) -> bool:
    return character.isalnum() or (character != "" and category(character)[0] == "M")


def _punctuation(character: str) -> bool:
    """BERT's own rule."""
    return category(character)[0] == "P" or (character.isascii() and category(character)[0] == "S")
