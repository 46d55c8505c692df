"""What a notebook's parameters name, read before it starts."""

from insidebert.errors import InputError
from insidebert.papers.open_sesame.probes import natural_sentences
from insidebert.results.paths import Paths


def check(parameters: dict, paths: Paths) -> None:
    """Read the text of the n-th token task."""
    if "TEXT" in parameters and not natural_sentences(paths.data(parameters["TEXT"])):
        raise InputError(f"TEXT, {parameters['TEXT']}: no sentence; name a corpus folder or a file of sentences")
