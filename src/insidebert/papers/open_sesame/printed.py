"""The numbers that the paper prints, as data."""

from functools import cache
from importlib.resources import files

import yaml


@cache
def printed() -> dict:
    """Table 2 (label -> sentence, bits), Figure 5 (label -> [12] bits by layer) and the sizes of the data sets."""
    return yaml.safe_load((files(__package__) / "printed.yml").read_text(encoding="utf-8"))
