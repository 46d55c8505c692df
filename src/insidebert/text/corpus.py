"""The project's own prose: articles of two paragraphs, one sentence a line."""

import re
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text.files import read_text


@dataclass(frozen=True)
class Article:
    """An article of the corpus.

    Args:
        title: unique in the corpus.
        field: the file it stands in, such as `animals`.
        paragraphs: sentences of each paragraph.
    """

    title: str
    field: str
    paragraphs: tuple[tuple[str, ...], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        return sum(self.paragraphs, ())


def read(folder: Path) -> list[Article]:
    """All articles of a corpus folder, file by file.

    Raises:
        InputError: no text in the folder, or text before a first title, an empty article, a title used twice.
    """
    articles = [article for path in sorted(folder.glob("*.txt")) for article in _read_file(path)]
    if not articles:
        raise InputError(f"no articles in {folder}; a corpus folder holds *.txt files of '# Title' and sentences")
    seen: dict[str, str] = {}
    for article in articles:
        if article.title in seen:
            raise InputError(f"{article.title!r} stands in {seen[article.title]} and again in {article.field}")
        seen[article.title] = article.field
    return articles


def _read_file(path: Path):
    preamble, *parts = re.split(r"(?m)^# ", read_text(path))
    if preamble.strip():
        raise InputError(f"{path}, line 1: text before the first '# Title'; give it one")
    for part in parts:
        title, _, body = part.partition("\n")
        paragraphs = tuple(tuple(block.strip().split("\n")) for block in re.split("\n\n+", body) if block.strip())
        if not paragraphs:
            raise InputError(f"{path}: article {title.strip()!r} has no text")
        yield Article(title.strip(), path.stem, paragraphs)
