"""The one reader of text files: UTF-8 with or without a byte order mark, any line ends, blank lines that are blank."""

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError

from insidebert.errors import InputError

WITHHELD = "words withheld"
"""Why a sentence is left out whose words a corpus may not publish: `_`, or `[WORD]` in CoNLL-2012."""

OTHERS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_text(path: str | Path) -> str:
    r"""A file's text.

    Line ends are `\n` whatever the file has (`\r\n`, `\r`); a line of nothing but blanks is empty; byte order marks at
    a line's start are gone. Split it by `"\n"` and not by `splitlines`: words may hold U+2028 or U+0085.

    Raises:
        InputError: no such file, or one that is not UTF-8, with line and byte and the way out.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    text = re.sub(r"\r\n?", "\n", decoded(content, path))
    return re.sub(r"(?m)^\ufeff+|^[^\S\n]+$", "", text)


def decoded(content: bytes, path: Path, line: int = 1) -> str:
    """Bytes of a file from its line `line` on as text.

    Raises:
        InputError: not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        encoding = OTHERS.get(content[:2], "another encoding, such as Latin-1")
        line += len(re.findall(rb"\r\n?|\n", content[: error.start]))
        raise InputError(
            f"{path}, line {line}: byte {content[error.start]:#04x} is not UTF-8; the file is "
            f"in {encoding}: save it as UTF-8, or `iconv -f <its encoding> -t UTF-8`"
        ) from None


@contextmanager
def at(place: str | Path, form: str) -> Iterator[None]:
    """What goes wrong inside becomes an InputError that begins with the place; parsers' messages give the line.

    Args:
        place: file, and line or item.
        form: what should have been there, such as `a JSON list`.
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    except OSError as error:
        raise InputError(f"{place} cannot be read ({error.strerror or error}); put it there") from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError, ParseError) as error:
        raise InputError(f"{place}: this is not {form} ({type(error).__name__}: {error}); mend it") from None


def blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without an empty one, each with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def withheld(words: Sequence[str]) -> bool:
    """Whether most of a sentence's words are placeholders."""
    return 2 * sum(word in ("_", "[WORD]") for word in words) > len(words)
