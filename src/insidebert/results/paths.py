"""Where everything lives: the only module that knows a folder's name."""

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from insidebert.errors import InputError

COMMITTED = "embedded"
"""The profile whose figures and tables are kept in the repository; every other writes below `build/`."""

RECORDED = "recorded"
"""The profile of runs on other people's data: only its tidy tables are kept in the repository."""

FROM_SCRATCH = "reproduce"
"""The profile that shares no cached measurement with any other."""


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
            InputError: the package is not installed from a checkout.
        """
        root = Path(os.environ.get("INSIDEBERT_ROOT") or Path(__file__).resolve().parents[3])
        if not (root / "notebooks").is_dir():
            raise InputError(f"no notebooks/ in {root}: install the package from a clone with `pip install -e .`")
        return cls(root, profile, Path(os.environ.get("INSIDEBERT_BUILD", root / "build")))

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

    @property
    def executed(self) -> Path:
        return self.output / "notebooks"

    @property
    def cache(self) -> Path:
        return (self.output if self.profile == FROM_SCRATCH else self.build) / "cache"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    def data(self, name: str) -> Path | str:
        """A file or folder of data, relative to the checkout; what is made or downloaded stays a name."""
        path = self.root / Path(name).expanduser()
        made = name in ("scripts", "wikipedia", "glove-6b-50d") or name.startswith(("UD_", "hub:"))
        return name if made and not path.exists() else path

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"


def download_cache() -> Path:
    """Folder in the user's cache that holds downloaded data."""
    return user_cache_path("insidebert")


def model_cache() -> Path:
    """Folder in the user's cache that holds converted embedded models."""
    return user_cache_path("insidebert") / "models"
