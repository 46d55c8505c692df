"""What could not be measured, and why: kept beside a profile's executed notebooks until the notebook runs again."""

from pathlib import Path

from insidebert.errors import InputError
from insidebert.files import write_json
from insidebert.papers import paper_of
from insidebert.results.paths import Paths
from insidebert.results.tables import read_json

ROW = ("notebook", "measurement", "model", "reason")


def record_failure(paths: Paths, notebook: str, reason: str, measurement: str = "", model: str = "") -> None:
    """Keep why a notebook failed, or one of its models in one measurement.

    Args:
        measurement, model: empty if the notebook failed as a whole.
        reason: what follows "not measured, because".
    """
    row = {"notebook": notebook, "measurement": measurement, "model": model, "reason": reason}
    others = [known for known in _read(_path(paths, notebook)) if known | {"reason": ""} != row | {"reason": ""}]
    write_json(_path(paths, notebook), {"failures": [*others, row]})


def clear_failures(paths: Paths, notebook: str) -> None:
    """Forget a notebook's failures, because it runs anew."""
    _path(paths, notebook).unlink(missing_ok=True)


def failures(paths: Paths, paper: str | None = None) -> list[dict]:
    """All that is recorded, perhaps of one paper alone: rows of `notebook`, `measurement`, `model` and `reason`."""
    rows = [row for path in sorted(_path(paths, "").parent.glob("[!.]*.json")) for row in _read(path)]
    return [row for row in rows if not paper or ((own := paper_of(row["notebook"])) and own.name == paper)]


def _path(paths: Paths, notebook: str) -> Path:
    return paths.output / "failures" / f"{notebook}.json"


def _read(path: Path) -> list[dict]:
    try:
        rows = read_json(path)["failures"] if path.exists() else []
        return [{name: str(row[name]) for name in ROW} for row in rows]
    except (InputError, KeyError, TypeError):
        reason = "a record of what failed is damaged; run the notebook again"
        return [{"notebook": path.stem, "measurement": "", "model": "", "reason": reason}]
