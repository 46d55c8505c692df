"""Damaged tables, records and caches, leftovers and hidden files; and any text in figures, tables and pages."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pandas as pd
from markdown_it import MarkdownIt

from insidebert.files import remove_leftovers
from insidebert.results import failures, plots
from insidebert.results.artifacts import Artifact, render
from insidebert.results.notebooks import discover, up_to_date
from insidebert.results.paths import Paths
from insidebert.results.records import Record
from insidebert.results.tables import intact, read_tidy, write_tidy
from insidebert.results.workspace import Workspace, shown
from tests.campaign.cases import Case
from tests.campaign.commands import command

TEXTS = [
    "NA",
    "null",
    "None",
    "nan",
    "001",
    "1e5",
    "True",
    "",
    " a ",
    'a,"b"',
    "a\nb",
    "a\r\nb",
    "狗",
    "é",
    "e\u0301",
    "👩\u200d💻",
    "a\u2028b",
    "$5 or #$6^",
    "<img src=x onerror=alert(1)>",
    "</script><script>x",
    "a|b",
    "\\end{tabular}",
    "`x`",
    "[x](javascript:y)",
    "&lt;",
    "-",
    "=1+1",
]
DAMAGES = {
    "cut to half its rows": lambda b: b"\n".join(b.split(b"\n")[:3]) + b"\n",
    "cut off": lambda b: b[:-5],
    "a number changed": lambda b: b.replace(b"0.5", b"0.7"),
    "a row twice": lambda b: b + b.split(b"\n")[1] + b"\n",
    "nothing": lambda b: b"",
    "rubbish": lambda b: b"\xff\xfe\x00",
    "another header": lambda b: b.replace(b"model", b"modal"),
}
JSON_DAMAGES = {
    "cut off": lambda b: b[: len(b) // 2],
    "a list": lambda b: b"[]",
    "null": lambda b: b"null",
    "an empty object": lambda b: b"{}",
    "nothing": lambda b: b"",
    "not UTF-8": lambda b: b"\xff" + b,
    "too deep": lambda b: b"[" * 100_000,
    "fields of other types": lambda b: b'{"columns": 3, "sha256": [], "tables": 3, "models": 3}',
}
TABLE = pd.DataFrame({"model": list("abcd"), "weights": "trained", "value": [0.5, 0.25, 1e-9, 123456.75]})
CALLS: list[int] = []


def measured(number: int = 1) -> dict[str, pd.DataFrame]:
    """A measurement that notes that it was made."""
    CALLS.append(number)
    return {"table": TABLE.assign(value=TABLE["value"] * number)}


def damaged(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def tables(folder: Path) -> Iterator[Case]:
    for number, text in enumerate(TEXTS):

        def again(text=text, path=folder / f"t{number}.csv"):
            write_tidy(path, pd.DataFrame({"a": [text, "x"], text or "empty": [0.5, 1.0]}))
            return read_tidy(path)

        yield Case(
            "tables",
            f"text {text!r}",
            again,
            lambda found, t=text: found["a"].tolist() == [t, "x"] and list(found) == ["a", t or "empty"],
        )
    for name, change in DAMAGES.items():
        path = folder / f"table {name}.csv"
        write_tidy(path, TABLE)
        damaged(path, change)
        yield Case("tables", name, lambda p=path: read_tidy(p), None, (path.name, "make figures"))
    for name, change in JSON_DAMAGES.items():
        path = folder / f"schema {name}.csv"
        write_tidy(path, TABLE)
        damaged(path.with_suffix(".schema.json"), change)
        yield Case("tables", f"schema, {name}", lambda p=path: read_tidy(p), None, (path.stem, "make figures"))
    for name, column in {
        "mixed": [1, "a"],
        "a surrogate": ["\ud800", "a"],
        "NUL": ["\0", "a"],
        "objects": [[1], 2],
    }.items():
        yield Case(
            "tables",
            f"column of {name}",
            lambda c=column: write_tidy(folder / "x.csv", pd.DataFrame({"c": c}, dtype=object)),
            None,
            ("x.csv", "c"),
        )


def caches(folder: Path) -> Iterator[Case]:
    """Whatever is damaged of what is kept, the next run measures it anew, once, and has the right table."""
    places = {"cache": "build/cache/m-data-*/{}", "results": "build/smoke/results/look_at/{}"}
    for place, pattern in places.items():
        for file in ("m-table.csv", "m-table.schema.json", "m.json"):
            for name, change in (JSON_DAMAGES if file.endswith("json") else DAMAGES).items():
                root = folder / f"{place}-{file}-{name}"
                work = Workspace("look_at", "21-look-at-surface", Paths(root, "smoke", root / "build"))
                work.measure("m", measured, None)
                (path,) = root.glob(pattern.format(file))
                damaged(path, change)
                calls = len(CALLS)

                def again(work=work, calls=calls):
                    return work.measure("m", measured, None)["table"], len(CALLS) - calls

                anew = int(place == "cache")  # results are written again from the cache
                yield Case(
                    "caches",
                    f"{place}, {file}, {name}",
                    again,
                    lambda found, n=anew: found[0]["value"].tolist() == [0.5, 0.25, 1e-9, 123457] and found[1] == n,
                )
                yield Case(
                    "caches",
                    f"{place}, {file}, {name}, afterwards",
                    lambda w=work: intact(w.paths.results / "look_at" / "m.json"),
                    True.__eq__,
                )
        shutil.rmtree(folder, ignore_errors=True)


def leftovers(root: Path) -> Iterator[Case]:
    """Files that nobody's program finished, where commands look."""
    paths = Paths.find("smoke")
    for name, change in JSON_DAMAGES.items():
        path = paths.output / "failures" / "21-look-at-surface.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change(b'[{"notebook": "a"}]'))
        yield Case(
            "files",
            f"record of failures, {name}",
            lambda: failures.failures(paths),
            lambda rows: all(set(row) == {"notebook", "measurement", "model", "reason"} for row in rows),
        )
        path.unlink(missing_ok=True)
        executed = paths.executed / "21-look-at-surface.ipynb"
        executed.parent.mkdir(parents=True, exist_ok=True)
        executed.write_bytes(change(b'{"metadata": {}}'))
        yield Case("files", f"executed notebook, {name}", lambda p=executed: up_to_date(p, "x"), False.__eq__)
        executed.unlink()
        record = paths.results / "look_at" / "surface.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_bytes(change(b'{"tables": []}'))
        yield Case(
            "files", f"record, {name}", lambda p=record: Record.read(p.parent, "surface"), lambda found: found is None
        )
        record.unlink()
    hidden = [
        paths.figures / "look_at",
        paths.results / "look_at",
        paths.notebooks,
        paths.notebooks / "profiles",
        paths.output / "failures",
    ]
    for folder in ("results", "figures"):  # a run to collect
        shutil.copytree(
            root / folder / ("embedded" if folder == "results" else ""), paths.output / folder, dirs_exist_ok=True
        )
    for where in hidden:
        where.mkdir(parents=True, exist_ok=True)
        names = (".x.json", ".11-open-sesame-probing.ipynb", ".x.yml", ".gallery.svg-999999999-abcdefgh.tmp")
        for name in names:
            (where / name).write_text("{", encoding="utf-8")
        yield Case(
            "files",
            f"hidden files in {where.name}",
            lambda: command("collect", "--profile", "smoke"),
            lambda said: "figures and tables" in said,
        )
        yield Case(
            "files",
            f"hidden files in {where.name}, notebooks",
            lambda: [n.name[0] for n in discover(Paths.find())],
            lambda found: len(found) == len(list(Paths.find().notebooks.glob("[0-9]*.ipynb"))) and "." not in found,
        )
        for name in names:
            (where / name).unlink(missing_ok=True)
    dead, alive = root / ".x.csv-999999999-abcdefgh.tmp", root / ".x.csv-1-abcdefgh.tmp"
    for path in (dead, alive):
        path.write_text("x", encoding="utf-8")
    yield Case(
        "files", "temporary files", lambda: remove_leftovers(root), lambda gone: gone == [dead] and alive.exists()
    )
    alive.unlink(missing_ok=True)


def pictures(folder: Path) -> Iterator[Case]:
    for number, text in enumerate(TEXTS):
        rows = pd.DataFrame({"a": [text, "x"], "value": [0.5, 1.0]})
        write_tidy(folder / f"m-{number}.csv", rows)

        def picture(table: pd.DataFrame):
            figure, ((ax,),) = plots.new_figure(width=4, height=3)
            ax.set_title(table["a"][0])
            ax.set_xticks([0, 1], table["a"])
            ax.plot([0, 1], table["value"], label=table["a"][0] or "none")
            ax.legend()
            return figure

        def rendered(draw, slug: str, number=number):
            made = render(
                Artifact(slug, "Figure 1", "Caption.", (f"m-{number}",), draw), folder, folder / "figures", dpi=40
            )
            plt.close("all")
            return made, {
                path.suffix: path.read_text(encoding="utf-8")
                for path in (folder / "figures").glob(f"{slug}.*")
                if path.suffix != ".png"
            }

        yield Case(
            "pictures",
            f"figure of {text!r}",
            lambda r=rendered, d=picture, n=number: r(d, f"p{n}"),
            lambda found, t=text: (
                ElementTree.fromstring(found[1][".svg"]).tag.endswith("svg")
                and "<img" not in found[1][".svg"]
                and "<script" not in found[1][".svg"]
                and _ascii(t) == _ascii(found[0].axes[0].get_title(loc="left"))
            ),
        )
        yield Case(
            "pictures",
            f"table of {text!r}",
            lambda r=rendered, n=number: r(lambda t: t, f"t{n}"),
            lambda found, t=text: (
                "<img" not in found[1][".md"]
                and "<script" not in found[1][".md"]
                and "</script" not in found[1][".md"]
                and found[1][".md"].count("\n") == 6
                and "\\end{tabular}\n" in found[1][".tex"]
                and found[1][".tex"].count("\\end{tabular}") == 1
                and t.replace("\r\n", "\n") in found[0]["a"][0].replace("\r\n", "\n")
            ),
        )
        yield Case(
            "pictures",
            f"notebook's table of {text!r}",
            lambda t=rows: shown(t).to_html(),
            lambda html: "<img" not in html and "<script" not in html,
        )


def _ascii(text: str) -> str:
    return "".join(character for character in text if "!" <= character <= "~")


def pages() -> Iterator[Case]:
    """What a page of the book, which is Markdown, makes of a text."""
    from book.pages import plain

    for text in TEXTS:
        yield Case(
            "pages",
            f"in a page, {text!r}",
            lambda t=text: MarkdownIt().render(f"Not measured, {plain(t)}"),
            lambda page: not re.search("<(?!/?p>)", page) and "href" not in page,
        )
