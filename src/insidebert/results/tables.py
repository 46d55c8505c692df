"""Tidy tables on the disk: a CSV and, beside it, its written schema, so that they come back as they were."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from insidebert.errors import InputError
from insidebert.files import write_json, write_text
from insidebert.results.paths import RECORDED

DIGITS = "%.6g"
"""Six significant digits carry what a measurement means; more would differ from processor to processor."""

NOISE_SHARE, NOISE = 1e-5, 1e-6
"""Two runs agree where their numbers differ by at most a millionth + that share of their size: the sixth digit turns
when a seventh does, and sums of float32 differ there between processors."""

TYPES = {"string": str, "integer": "int64", "number": "float64", "boolean": bool}


def write_tidy(path: Path, table: pd.DataFrame) -> None:
    """A tidy table at six significant digits, and `<name>.schema.json` with its columns' types and its hash.

    Args:
        table: each column holds texts, integers, numbers (NaN for none) or booleans; a missing text becomes empty.

    Raises:
        InputError: a column mixes types, has another's name, or holds a character that no file can.
    """
    text, schema = written(path.name, table)
    write_text(path, text)
    write_json(_schema(path), schema)


def written(name: str, table: pd.DataFrame) -> tuple[str, dict]:
    """What `write_tidy` writes: the text of the CSV, and its schema."""
    if table.columns.has_duplicates:
        raise InputError(f"{name}: two columns have one name: {', '.join(map(str, table.columns))}")
    types = {column: _type(name, table[column]) for column in table}
    plain = pd.DataFrame({column: _plain(table[column], types[column]) for column in table}, index=table.index)
    for column, kind in types.items():
        for value in plain[column] if kind == "string" else []:
            if any((ord(sign) < 32 and sign not in "\t\n\r") or "\ud800" <= sign <= "\udfff" for sign in value):
                raise InputError(f"{name}, column {column}: {value!r} holds a character that text files cannot hold")
    text = plain.to_csv(index=False, float_format=DIGITS, lineterminator="\n")
    return text, {"columns": types, "sha256": _sha256(text.encode())}


def read_tidy(path: Path) -> pd.DataFrame:
    """A tidy table as it was written, but for digits behind the sixth.

    Raises:
        InputError: it is not there, or is not what was written, with the command that makes it.
    """
    command = "make recorded" if RECORDED in path.parts else "make figures"
    if not path.exists():
        raise InputError(f"{path} is missing; `{command}` measures it")
    if not _schema(path).exists():
        raise InputError(f"{path} has no schema beside it ({_schema(path).name}); `{command}` measures anew, with both")
    content, schema = path.read_bytes(), read_json(_schema(path))
    if _sha256(content) != schema.get("sha256"):
        content = content.replace(b"\r\n", b"\n")  # as git may check it out
    try:
        return read_back(content, schema)
    except InputError:
        raise InputError(f"{path} is not as it was written (cut off or edited); `{command}` measures it anew") from None


def read_back(content: bytes, schema: dict) -> pd.DataFrame:
    """A table from what `written` gave, wherever it has been in between.

    Raises:
        InputError: it is not what was written.
    """
    columns = schema.get("columns")
    if not isinstance(columns, dict) or _sha256(content) != schema.get("sha256"):
        raise InputError("a table is not as it was written: its checksum is another one")
    table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8", lineterminator="\n")
    return pd.DataFrame({name: _typed(table[name], kind) for name, kind in columns.items()})


def read_json(path: Path, kind: type = dict) -> dict | list:
    """A JSON object, or a list of objects.

    Raises:
        InputError: it is not one.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read ({error}); delete it, and `make figures` writes it anew") from None
    if not isinstance(found, kind) or not all(isinstance(row, dict) for row in (found if kind is list else ())):
        raise InputError(f"{path} is damaged; delete it, and `make figures` writes it anew")
    return found


def intact(record: Path, notebook: str | None = None) -> bool:
    """Whether a record can be read and each of its tables is as it was written.

    Args:
        notebook: if given, the tables of records that another one wrote are let be.
    """
    try:
        kept = read_json(record)
        if notebook in (None, kept.get("notebook")):
            for name in kept["tables"]:
                read_tidy(record.with_name(f"{name}.csv"))
    except (InputError, KeyError, TypeError):
        return False
    return True


def tables_intact(notebook: str, results: Path) -> bool:
    """Whether the records of a notebook, and all that cannot be read, and their tables are as they were written."""
    records = [path for path in results.glob("*/[!.]*.json") if not path.name.endswith(".schema.json")]
    return all(intact(path, notebook) for path in records)


def agree(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables have the same columns and rows, numbers but for noise."""
    if list(one) != list(other) or len(one) != len(other):
        return False
    for name in one:
        a, b = one[name], other[name]
        if pd.api.types.is_float_dtype(a) and pd.api.types.is_float_dtype(b):
            if not np.allclose(a, b, rtol=NOISE_SHARE, atol=NOISE, equal_nan=True):
                return False
        elif list(a) != list(b):
            return False
    return True


def _type(table: str, column: pd.Series) -> str:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    complete = not column.isna().any()
    if kind in ("string", "empty") and not pd.api.types.is_numeric_dtype(column):
        return "string"
    if kind == "boolean" and complete:
        return "boolean"
    if kind == "integer" and complete:
        return "integer"
    if kind in ("integer", "floating", "mixed-integer-float", "empty"):
        return "number"
    raise InputError(f"{table}, column {column.name}: {kind} values, where a tidy table has one type a column")


def _plain(column: pd.Series, kind: str) -> pd.Series:
    if kind == "string":
        return column.astype(object).where(column.notna(), "")
    return column.astype("float64") + 0.0 if kind == "number" else column  # + 0.0 makes -0 a 0


def _typed(column: pd.Series, kind: str) -> pd.Series:
    if kind == "boolean":
        return column == "True"
    if kind == "number":
        column = column.where(column != "", "nan")
    return column if kind == "string" else column.astype(TYPES[kind])


def _schema(path: Path) -> Path:
    return path.with_suffix(".schema.json")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
