"""What a notebook's parameters name, read before it starts."""

from insidebert.errors import InputError
from insidebert.papers.look_at.surface import pairs_of
from insidebert.results.paths import Paths
from insidebert.text import coreference, word_vectors
from insidebert.text.stanford import trees_of


def check(parameters: dict, paths: Paths) -> None:
    """Read texts, treebanks and documents; word vectors only have to be there, and Wikipedia to be wanted."""
    names = [name for name in ("TEXT", "TREEBANK", "DOCUMENTS", "EXAMPLES", "VECTORS") if name in parameters]
    for name in names:
        data = paths.data(parameters[name])
        try:
            if name == "TEXT" and data != "wikipedia" and not pairs_of(data, 1):
                raise InputError("no document of two paragraphs")
            if name in ("TREEBANK", "EXAMPLES"):
                trees_of(data, parameters["RELATIONS"] if name == "TREEBANK" else "stanford")
            if name == "DOCUMENTS":
                coreference.documents(data)
            if name == "VECTORS" and data != word_vectors.EMBEDDED and not data.is_file():
                raise InputError(f"no file; name a GloVe text file or {word_vectors.EMBEDDED}")
        except (InputError, OSError, UnicodeError) as error:
            raise InputError(f"{name}, {parameters[name]}: {error}") from None
