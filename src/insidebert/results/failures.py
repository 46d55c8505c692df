"""What could not be measured, and why: kept beside a profile's executed notebooks until the notebook runs again."""

import json

from insidebert.files import write_json
from insidebert.results.paths import Paths

ROW = ("notebook", "measurement", "model", "reason")


def record_failure(paths: Paths, notebook: str, reason: str, measurement: str = "", model: str = "") -> None:
    """Keep why a notebook failed, or one of its models in one measurement.

    Args:
        measurement, model: empty if the notebook failed as a whole.
        reason: what follows "not measured, because".
    """
    row = {"notebook": notebook, "measurement": measurement, "model": model, "reason": reason}
    others = [known for known in _of_notebook(paths, notebook) if known | {"reason": ""} != row | {"reason": ""}]
    write_json(_path(paths, notebook), [*others, row])


def clear_failures(paths: Paths, notebook: str) -> None:
    """Forget a notebook's failures, because it runs anew."""
    _path(paths, notebook).unlink(missing_ok=True)


def failures(paths: Paths) -> list[dict]:
    """All that is recorded: rows of `notebook`, `measurement`, `model` and `reason`."""
    files = [path for path in sorted((paths.output / "failures").glob("*.json")) if not path.name.startswith(".")]
    return [row for path in files for row in _of_notebook(paths, path.stem)]


def _path(paths: Paths, notebook: str):
    return paths.output / "failures" / f"{notebook}.json"


def _of_notebook(paths: Paths, notebook: str) -> list[dict]:
    try:
        rows = json.loads(_path(paths, notebook).read_text(encoding="utf-8"))
        return [{name: str(row[name]) for name in ROW} for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, RecursionError):
        reason = "a record of what failed is damaged; run the notebook again"
        return [{"notebook": notebook, "measurement": "", "model": "", "reason": reason}]
