"""Where the repository lives: set in one place, `pyproject.toml`; links of pages are made from it."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import write_text

ROOT = Path(__file__).resolve().parents[1]
"""The checkout that the book is part of."""
UNKNOWN = "OWNER"
"""Stands for the owner in a checkout whose address nobody has set."""
COLAB = "colab"
"""The branch on which the workflow `book` puts the notebooks for Colab."""
PAGES = ("README.md", "README.zh.md", "docs/ways-in.md", "docs/ways-in.zh.md")
"""Pages that hold a block of links."""
FORM = re.compile(r"https://github\.com/(?P<owner>[A-Za-z\d-]+)/(?P<name>[\w.-]+?)(\.git)?/?")
LINE = re.compile(r'^Repository = "(.*)"$', flags=re.MULTILINE)
BLOCK = re.compile(r"(?<=<!-- address -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)


@dataclass(frozen=True)
class Address:
    """A repository on GitHub, and what services make of its name."""

    owner: str
    name: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read it off its URL.

        Raises:
            InputError: not the URL of a repository on GitHub, which is what Colab and Codespaces open.
        """
        if not (match := FORM.fullmatch(url)):
            raise InputError(f"{url!r} is no repository on GitHub; write it as https://github.com/me/insidebert")
        return cls(match["owner"], match["name"])

    @classmethod
    def read(cls, root: Path = ROOT) -> "Address":
        """The one of a checkout.

        Raises:
            InputError: `pyproject.toml` has none.
        """
        known = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {})
        if "Repository" not in known:
            raise InputError(f"{root / 'pyproject.toml'} has no Repository in [project.urls]")
        return cls.of(known["Repository"])

    @property
    def known(self) -> bool:
        """Whether somebody has set it."""
        return self.owner != UNKNOWN

    @property
    def url(self) -> str:
        return f"https://github.com/{self.owner}/{self.name}"

    def colab(self, notebook: str) -> str:
        """Where Colab opens a notebook, named as on the branch that has them."""
        return f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/{COLAB}/{notebook}"

    def links(self) -> dict[str, str]:
        """What pages call a link -> where it leads."""
        lab = "urlpath=lab/tree/notebooks/41-explorer.ipynb"
        return {
            "repository": self.url,
            "published": f"https://{self.owner.lower()}.github.io/{self.name}/",
            "colab": self.colab("41-explorer.ipynb"),
            "binder": f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/HEAD?{lab}",
            "codespaces": f"https://codespaces.new/{self.owner}/{self.name}",
        }


def with_links(text: str, address: Address) -> str:
    """A page with its block of links, which stands between `<!-- address -->` and `<!-- end -->`, made anew."""
    made = "".join(f"[{name}]: {link}\n" for name, link in address.links().items())
    return BLOCK.sub(lambda _: made, text)


def write(root: Path, repository: str = "") -> list[Path]:
    """Set the address of a checkout, and make the links of its pages anew.

    Args:
        root: the checkout.
        repository: such as `https://github.com/me/insidebert`; empty takes the one that is set.

    Returns:
        The files that changed.

    Raises:
        InputError: not a repository on GitHub.
    """
    address = Address.of(repository) if repository else Address.read(root)
    changed = []
    for name in ("pyproject.toml", *PAGES):
        before = (root / name).read_text(encoding="utf-8")
        toml = name == "pyproject.toml"
        after = LINE.sub(f'Repository = "{address.url}"', before) if toml else with_links(before, address)
        if after != before:
            write_text(root / name, after)
            changed.append(root / name)
    return changed
