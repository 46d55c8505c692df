"""Files and tidy tables: whole or not at all, and as they were written."""

import os
import subprocess
import sys

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from insidebert import files
from insidebert.errors import InputError
from insidebert.results.tables import agree, intact, read_tidy, write_tidy

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\r\t\"',;#"), max_size=8)
WORDS = st.sampled_from(["NA", "null", "None", "nan", "1e5", "001", "True", "", "-", "inf", " x ", "1,2", "\ufeff"])
COLUMNS = {
    "string": TEXT | WORDS,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.integers(-999_999, 999_999).map(lambda n: n / 1000) | st.sampled_from([np.nan, np.inf, 1e-300, 3e200]),
    "boolean": st.booleans(),
}


@st.composite
def tables(draw) -> pd.DataFrame:
    rows = draw(st.integers(1, 5))
    kinds = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4))
    names = draw(st.lists(TEXT.filter(bool), min_size=len(kinds), max_size=len(kinds), unique=True))
    values = [draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows)) for kind in kinds]
    return pd.DataFrame(dict(zip(names, values, strict=True)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_tidy_tables_come_back_as_they_were(tmp_path, table):
    write_tidy(tmp_path / "t.csv", table)
    back = read_tidy(tmp_path / "t.csv")
    assert list(back) == list(table)
    for name in table:
        pd.testing.assert_series_equal(back[name], table[name], check_dtype=False, rtol=1e-5)
        assert [type(x) for x in back[name].tolist()] == [type(x) for x in table[name].tolist()]


def test_an_empty_table_keeps_its_types(tmp_path):
    table = pd.DataFrame({"model": ["a"], "x": [0.5], "n": [1], "b": [True]})[:0]
    write_tidy(tmp_path / "t.csv", table)
    assert read_tidy(tmp_path / "t.csv").dtypes.tolist() == table.dtypes.tolist()


def test_numbers_have_six_digits_and_noise_behind_them_changes_no_file(tmp_path):
    values = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    write_tidy(tmp_path / "a.csv", pd.DataFrame({"x": values, "n": 1234567890}))
    write_tidy(tmp_path / "b.csv", pd.DataFrame({"x": values * (1 + 1e-12), "n": 1234567890}))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    first = (tmp_path / "a.csv").read_text().splitlines()[101]
    assert first == f"{values[100]:.6g},1234567890"
    write_tidy(tmp_path / "a.csv", read_tidy(tmp_path / "a.csv"))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_minus_zero_is_written_as_zero(tmp_path):
    write_tidy(tmp_path / "t.csv", pd.DataFrame({"x": [-0.0, 0.5]}))
    assert (tmp_path / "t.csv").read_text() == "x\n0\n0.5\n"


@pytest.mark.parametrize("value", ["a\ud800", "bell\x07", "nul\x00"])
def test_what_no_text_file_holds_is_refused_by_column(tmp_path, value):
    with pytest.raises(InputError, match=r"t\.csv, column word: .* holds a character"):
        write_tidy(tmp_path / "t.csv", pd.DataFrame({"word": ["fine", value]}, dtype=object))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("values", [["a", 1], [True, None], [[1], [2]]])
def test_a_column_of_two_types_is_refused(tmp_path, values):
    with pytest.raises(InputError, match=r"t\.csv, column x: .* one type a column"):
        write_tidy(tmp_path / "t.csv", pd.DataFrame({"x": pd.Series(values, dtype=object)}))


def test_two_columns_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="two columns have one name"):
        write_tidy(tmp_path / "t.csv", pd.DataFrame([[1, 2]], columns=["x", "x"]))


def test_a_missing_text_is_empty_and_a_missing_number_is_none(tmp_path):
    write_tidy(tmp_path / "t.csv", pd.DataFrame({"t": ["a", None], "x": [1, None]}))
    back = read_tidy(tmp_path / "t.csv")
    assert back["t"].tolist() == ["a", ""]
    assert np.isnan(back["x"][1])


def test_a_table_that_was_cut_or_edited_is_refused(tmp_path):
    path = tmp_path / "m-t.csv"
    write_tidy(path, pd.DataFrame({"x": [1.0, 2.0, 3.0]}))
    files.write_json(tmp_path / "m.json", {"tables": ["m-t"]})
    assert intact(tmp_path / "m.json")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git checks it out elsewhere
    assert read_tidy(path)["x"].tolist() == [1.0, 2.0, 3.0]
    path.write_text("x\n1\n2\n")
    with pytest.raises(InputError, match=r"m-t\.csv is not as it was written"):
        read_tidy(path)
    assert not intact(tmp_path / "m.json")
    (tmp_path / "m-t.schema.json").write_text("{")
    with pytest.raises(InputError, match=r"schema\.json cannot be read"):
        read_tidy(path)
    (tmp_path / "m-t.schema.json").unlink()
    with pytest.raises(InputError, match="has no schema beside it"):
        read_tidy(path)
    with pytest.raises(InputError, match=r"none\.csv is missing; `make figures`"):
        read_tidy(tmp_path / "none.csv")


@pytest.mark.parametrize(("folder", "command"), [("embedded", "make figures"), ("recorded", "make recorded")])
def test_a_table_without_a_schema_names_the_command_that_makes_both(tmp_path, folder, command):
    path = tmp_path / folder / "m-t.csv"
    write_tidy(path, pd.DataFrame({"x": [1]}))
    path.with_suffix(".schema.json").unlink()
    with pytest.raises(InputError, match=rf"m-t\.csv has no schema beside it \(m-t\.schema\.json\); `{command}`"):
        read_tidy(path)


def test_tables_agree_but_for_noise():
    table = pd.DataFrame({"model": ["a", "b"], "x": [0.123456, np.nan], "n": [1, 2]})
    assert agree(table, table.assign(x=table["x"] * (1 + 1e-6)))
    assert not agree(table, table.assign(x=table["x"] * (1 + 1e-3)))
    assert not agree(table, table.assign(n=[1, 3]))
    assert not agree(table, table.assign(model=["a", "c"]))
    assert not agree(table, table[:1])


def test_files_appear_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text(path, "old")

    def interrupted(scratch):
        scratch.write_text("half")
        assert scratch.suffix == ".tmp"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_whole(path, interrupted)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from insidebert.files import write_whole\n"
        "write_whole(Path(sys.argv[1]) / 'deep' / 't.json', lambda scratch: os.kill(os.getpid(), 9))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (left,) = (tmp_path / "deep").iterdir()
    kept = [tmp_path / f".t.json-{os.getpid()}-abcdefgh.tmp", tmp_path / ".other.tmp", tmp_path / "t.tmp"]
    for path in kept:
        path.write_text("")
    assert files.remove_leftovers(tmp_path, tmp_path / "nowhere") == [left]
    assert all(path.exists() for path in kept)
