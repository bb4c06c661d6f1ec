"""CSV files of a forecast hold no cell that a spreadsheet would run, however it divides the file."""

from __future__ import annotations

import csv
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.forecasts.csv_files import write_csv
from dynsync_lib.workbooks.safe_cells import safe_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (-5, "-5"),
        ("=1+1", "'=1+1"),
        (" @SUM(A1)", " '@SUM(A1)"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("+49 30 901820", "+49 30 901820"),
        ("Company A; =1+1", "Company A; '=1+1"),
        ("first line\n=1+1", "first line\n'=1+1"),
        ("first line\r=1+1", "first line\r'=1+1"),
        ("a\t+cmd", "a\t'+cmd"),
        ("\tx", "'\tx"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a@example.com", "a@example.com"),
        ("contact=3;company=1", "contact=3;company=1"),
        ("Müller-Lüdenscheidt", "Müller-Lüdenscheidt"),
    ],
)
def test_safe_cell(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_write_csv__quotes_every_cell(tmp_path: Path) -> None:
    text = _written(["a\rb", None, 'say "x"', "1"], tmp_path)
    assert text == 'text\n"a\rb"\n""\n"say ""x"""\n"1"\n'


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cells=st.lists(st.text("=+-@;,|\t\r\n\"' a1(\uff1d", max_size=12), min_size=1, max_size=4))
def test_write_csv__no_spreadsheet_finds_a_formula(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = _written(cells, Path(folder))
    for delimiter in ",;\t|":
        for row in csv.reader(text.splitlines(), delimiter=delimiter):
            assert not [cell for cell in row if _runs(cell)]


def _written(cells: list[str | None] | list[str], folder: Path) -> str:
    pq.write_table(pa.table({"text": pa.array(cells, pa.string())}), folder / "a.parquet")
    write_csv(folder / "a.parquet", folder / "a.csv")
    with (folder / "a.csv").open(encoding="utf-8", newline="") as stream:
        return stream.read()


def _runs(cell: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula that is more than a number."""
    cell = cell.lstrip()
    is_number = re.fullmatch(r"[+-][0-9 ()./-]*\"*", cell) is not None
    return cell[:1] in ("=", "@", "+", "-", "\uff1d") and not is_number
