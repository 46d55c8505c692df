"""Where everything lives: the only module that knows a folder's name."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError

COMMITTED = "embedded"
"""The profile whose figures and tables are kept in the repository; every other writes below `build/`."""

RECORDED = "recorded"
"""The profile of runs on other people's data: only its tidy tables are kept in the repository."""

FROM_SCRATCH = "reproduce"
"""The profile that shares no cached measurement with any other."""

INTERACTIVE = "interactive"
"""The profile of reading: the notebooks' own parameters; what is committed is read instead of measured."""

RESERVED = {"book", "slides", "cache", "lock", "exercises", "ci", "zh", "colab", "class", "grading"}
"""Folders of `build/` that commands delete or share."""

MADE = ("scripts", "wikipedia", "glove-6b-50d")
"""Data that is made here or comes with a package, so it has no path."""


@dataclass(frozen=True)
class Paths:
    """Folders of one checkout, for one profile.

    Args:
        root: the checkout.
        profile: `embedded` writes to `figures/` and `results/`, `recorded` its tables to `results/`; all else goes to
            `build/<name>/`.
        build: executed notebooks and caches; the environment variable INSIDEBERT_BUILD moves it.
    """

    root: Path
    profile: str
    build: Path

    @classmethod
    def find(cls, profile: str = COMMITTED) -> "Paths":
        """The checkout that this package was installed from, with `pip install -e`; INSIDEBERT_ROOT names another.

        Raises:
            InputError: the package is not installed from a checkout; the profile's name would lead elsewhere.
        """
        root = Path(os.environ.get("INSIDEBERT_ROOT") or Path(__file__).resolve().parents[3])
        if not (root / "notebooks").is_dir():
            raise InputError(f"no notebooks/ in {root}: install the package from a clone with `pip install -e .`")
        own = (COMMITTED, RECORDED, FROM_SCRATCH)
        alike = profile not in own and plain_name(profile, "profile").lower() in (*RESERVED, *own)
        if alike or (profile == FROM_SCRATCH and (root / "notebooks" / "profiles" / f"{profile}.yml").exists()):
            raise InputError(
                f"a profile cannot be called {profile!r}: that folder of build/ is used otherwise; rename it"
            )
        return cls(root, profile, root / Path(os.environ.get("INSIDEBERT_BUILD") or "build").expanduser())

    @property
    def output(self) -> Path:
        return self.build / self.profile

    @property
    def figures(self) -> Path:
        return self.root / "figures" if self.profile == COMMITTED else self.output / "figures"

    @property
    def results(self) -> Path:
        kept = self.profile in (COMMITTED, RECORDED)
        return self.root / "results" / self.profile if kept else self.output / "results"

    @property
    def recorded(self) -> Path:
        return self.root / "results" / RECORDED

    def of_zoo(self, name: str, keep: bool) -> tuple[Path, Path]:
        """Folders of a zoo's tables and figures; those that the repository keeps, or those of this profile."""
        if keep:
            return self.root / "results" / "zoo" / name, self.root / "figures" / "zoo" / name
        return self.results / "zoo", self.figures / "zoo"

    @property
    def kept_zoos(self) -> list[str]:
        """Names of the zoos whose tables the repository keeps."""
        return sorted(path.parent.name for path in (self.root / "results" / "zoo").glob("*/verdicts.csv"))

    @property
    def executed(self) -> Path:
        return self.output / "notebooks"

    @property
    def cache(self) -> Path:
        return (self.output if self.profile == FROM_SCRATCH else self.build) / "cache"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    def data(self, name: str | Path) -> Path | str:
        """A file or folder of data, the one rule for every parameter that names one: relative to the checkout.

        Args:
            name: a path, perhaps with `#part` behind it. What is made or downloaded (`scripts`, `UD_...`, `hub:...`)
                stays a name, unless something lies there; so does the empty name, which stands for none.
        """
        path = self.root / Path(name).expanduser()
        made = str(name) in MADE or str(name).startswith(("UD_", "hub:"))
        return name if not str(name) or (made and not path.exists()) else path

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"


def plain_name(name: str, what: str) -> str:
    """The name, if a file or folder can be called so and stays where it belongs.

    Raises:
        InputError: it is empty, or holds something other than letters, digits, `_` and `-`.
    """
    if not re.fullmatch(r"\w[\w-]{0,99}", name):
        raise InputError(f"a {what} cannot be called {name!r}: letters, digits, _ and - make a name that is safe")
    return name
