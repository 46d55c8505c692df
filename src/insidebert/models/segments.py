"""Segments of two paragraphs, `[CLS] paragraph [SEP] paragraph [SEP]`, and what kind of token each piece is."""

import re
from pathlib import Path

import numpy as np

from insidebert.errors import InputError
from insidebert.models.encoding import Encoded
from insidebert.models.loading import Model
from insidebert.text import corpus
from insidebert.text.files import read_text
from insidebert.text.words import tokenized

WORDS_PER_PARAGRAPH = 50
"""At which a running text's paragraph is full."""

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
"""What counts as one in a paragraph: what lies between blanks, or a Chinese or Japanese character."""

CLASSES = ("[CLS]", "[SEP]", ". or ,", "other")
"""Names of token classes, by number; the separators of other models go by BERT's names."""


def paragraph_pairs(text: Path) -> list[tuple[str, str]]:
    """Pairs of neighbouring paragraphs.

    Args:
        text: a corpus folder; or a text file in the authors' format, one sentence a line and a blank line between
            documents, whose sentences are gathered into paragraphs of at least 50 words.

    Raises:
        InputError: there is no pair in it.
    """
    if text.is_dir():
        documents = [[" ".join(paragraph) for paragraph in article.paragraphs] for article in corpus.read(text)]
    else:
        blocks = read_text(text).split("\n\n")
        documents = [_gathered(block.split("\n")) for block in blocks]
    pairs = [(p[i], p[i + 1]) for p in documents for i in range(0, len(p) - 1, 2)]
    if not pairs:
        raise InputError(
            f"{text} has no document of two paragraphs of {WORDS_PER_PARAGRAPH} words; separate documents, "
            "and nothing else, by blank lines"
        )
    return pairs


def wikipedia_pairs(count: int) -> list[tuple[str, str]]:
    """Pairs of neighbouring paragraphs of as many Wikipedia articles, streamed from the Hub.

    Raises:
        InputError: the `datasets` package is missing, or the Hub is out of reach.
    """
    try:
        from datasets import load_dataset
    except ImportError:
        raise InputError("Wikipedia needs the `datasets` package: `pip install datasets`") from None
    try:
        pairs = []
        for article in load_dataset("wikimedia/wikipedia", "20231101.en", split="train", streaming=True):
            paragraphs = [p for p in article["text"].split("\n") if len(p.split()) >= WORDS_PER_PARAGRAPH]
            pairs += [tuple(paragraphs[:2])] if len(paragraphs) > 1 else []
            if len(pairs) == count:
                break
    except OSError as error:
        raise InputError(f"Wikipedia cannot be read from the Hub ({error}); give a text file or a folder") from None
    return pairs


def encode_pairs(model: Model, pairs: list[tuple[str, str]], longest: int = 128) -> Encoded:
    """Paragraph pairs as segments; where they are too long, the longer paragraph loses its end first.

    Segment ids are given to models that have two kinds of them.

    Args:
        longest: in pieces, special ones included.

    Raises:
        InputError: no pairs, or `longest` is more than the model takes.
    """
    if not pairs:
        raise InputError("there are no segments to encode")
    if longest > model.limit:
        raise InputError(f"segments of {longest} pieces are longer than {model.source.label} takes ({model.limit})")
    batch = tokenized(
        model.tokenizer,
        [first for first, _ in pairs],
        [second for _, second in pairs],
        truncation="longest_first",
        max_length=longest,
        return_token_type_ids=True,
    )
    return Encoded.of(model, batch)


def token_classes(model: Model, encoded: Encoded) -> list[np.ndarray]:
    """Per segment, [pieces] number of each piece's class in CLASSES."""
    tokenizer = model.tokenizer
    known = {}
    for piece in np.unique(np.concatenate(encoded.ids)).tolist():
        mark = tokenizer.convert_ids_to_tokens(piece).lstrip("\u0120\u2581") in (".", ",")
        known[piece] = 2 if mark else 3
    known |= {tokenizer.cls_token_id: 0, tokenizer.sep_token_id: 1}
    return [np.array([known[piece] for piece in ids.tolist()]) for ids in encoded.ids]


def _gathered(lines: list[str]) -> list[str]:
    paragraphs: list[list[str]] = []
    for line in filter(None, (line.strip() for line in lines)):
        if not paragraphs or sum(len(WORD.findall(sentence)) for sentence in paragraphs[-1]) >= WORDS_PER_PARAGRAPH:
            paragraphs.append([])
        paragraphs[-1].append(line)
    return [" ".join(paragraph) for paragraph in paragraphs]
