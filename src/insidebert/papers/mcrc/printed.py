"""What Si et al. (2019) print, as data."""

from importlib.resources import files

import yaml

PAPER = "Si et al. (2019)"
PRINTED = yaml.safe_load((files("insidebert.papers.mcrc") / "printed.yml").read_text(encoding="utf-8"))
