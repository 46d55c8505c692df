"""One package per paper: its sentences, its measurements, its figures and its claims; each declares a `PAPER`."""

import importlib
import os
import pkgutil
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from insidebert.errors import InputError

if TYPE_CHECKING:
    from insidebert.results.artifacts import Artifact

__path__ += [folder for folder in os.environ.get("INSIDEBERT_PAPERS", "").split(os.pathsep) if folder]
# So papers that are kept elsewhere are found like ours.


@dataclass(frozen=True)
class Paper:
    """What the rest of the project knows about a paper; things to import are named, so that declaring costs nothing.

    Args:
        name: of its package; its notebooks are named `<number>-<name with dashes>-<topic>`.
        title: in full.
        short: how running text calls it, such as `Clark et al. (2019)`.
        authors: in full.
        year: of publication.
        citation: an address that stays, such as a DOI's.
        chapter: its page in `book/`.
        number: place among the papers, and first digit of its notebooks' numbers.
        artifacts: `module:NAME` of a tuple of `Artifact`, in the paper's order.
        trains: measurements that train something, by name; another processor changes them more than the others.
        check: `module:function` of (parameters of a notebook, paths) that raises InputError, quickly, for what the
            paper's measurements could not read; empty for none.
        bench: `module:function` of (models, **settings of the bench) -> lines of a report; empty for none.
        train: `module:function` of (model, paths, parameters of a notebook) -> line that tells what was trained.
    """

    name: str
    title: str
    short: str
    authors: tuple[str, ...]
    year: int
    citation: str
    chapter: str
    number: int
    artifacts: str
    trains: frozenset[str] = frozenset()
    check: str = ""
    bench: str = ""
    train: str = ""

    def load(self, what: str) -> Any:
        """Import what one of `artifacts`, `check`, `bench` and `train` names.

        Raises:
            InputError: the paper declares none.
        """
        if not (reference := getattr(self, what)):
            raise InputError(f"paper {self.name} declares no {what}; papers/{self.name}/__init__.py is where it would")
        return pkgutil.resolve_name(reference)

    def owns(self, notebook: str) -> bool:
        """Whether a notebook is the paper's, by its name: `21-look-at-surface` is that of `look_at`."""
        return paper_of(notebook) == self


def papers() -> tuple[Paper, ...]:
    """Every paper that a package beside this file, or in a folder of INSIDEBERT_PAPERS, declares as `PAPER`."""
    packages = [f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__) if module.ispkg]
    found = [getattr(importlib.import_module(package), "PAPER", None) for package in packages]
    return tuple(sorted((paper for paper in found if paper), key=lambda paper: (paper.number, paper.name)))


def paper(name: str) -> Paper:
    """A paper by its name.

    Raises:
        InputError: there is none of that name.
    """
    known = {paper.name: paper for paper in papers()}
    if name not in known:
        raise InputError(f"no paper {name!r}; there are {', '.join(known)}")
    return known[name]


def paper_of(notebook: str) -> Paper | None:
    """The paper that a notebook belongs to; None for one about no paper, such as the explorer."""
    topic = notebook.partition("-")[2]
    own = [paper for paper in papers() if topic.startswith(f"{paper.name.replace('_', '-')}-")]
    return max(own, key=lambda paper: len(paper.name), default=None)


@cache
def printed(name: str) -> dict:
    """The numbers that a paper prints, as its `printed.yml` has them."""
    return yaml.safe_load((files(f"{__name__}.{name}") / "printed.yml").read_text(encoding="utf-8"))


def artifacts(name: str) -> "tuple[Artifact, ...]":
    """The artifacts that a paper's `artifacts.yml` declares.

    Its entries are fields of `Artifact`; `draw` and `seen` name functions of the paper's modules, followed by keyword
    arguments where there are some: `[figures.generalization, {split: plain}]`; `where` is written behind the caption.
    """
    from insidebert.results.artifacts import Artifact

    def function(named: str | list | None):
        if named is None:
            return None
        reference, settings = named if isinstance(named, list) else (named, {})
        found = pkgutil.resolve_name(f"{__name__}.{name}.{reference}")
        return partial(found, **settings) if settings else found

    def declared(where: str = "", **fields) -> Artifact:
        fields |= {key: function(fields.get(key)) for key in ("draw", "seen")}
        caption = "; ".join(filter(None, (fields.pop("caption"), where)))
        return Artifact(caption=caption, tables=tuple(fields.pop("tables")), **fields)

    entries = yaml.safe_load((files(f"{__name__}.{name}") / "artifacts.yml").read_text(encoding="utf-8"))
    return tuple(declared(**entry) for entry in entries)
