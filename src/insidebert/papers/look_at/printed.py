"""What the paper prints, as data, and its relations in words."""

from importlib.resources import files

import yaml

PAPER = "Clark et al. (2019)"
PRINTED = yaml.safe_load((files("insidebert.papers.look_at") / "printed.yml").read_text(encoding="utf-8"))


def in_words(relation: str) -> str:
    """A Stanford relation in words, or its label."""
    return PRINTED["relations"].get(relation, relation)
