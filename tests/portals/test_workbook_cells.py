"""Workbooks as Excel and xlsxwriter write them: line ends within cells, days, and times of day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from dynsync_lib import kit

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"


def _rows(tmp_path: Path, table: str, rows: list[list[Any]], **options: bool) -> list[dict[str, Any]]:
    """The rows of a table of Dynamics that xlsxwriter wrote; a cell that is a pair has a number format."""
    folder = tmp_path / "dynamics"
    folder.mkdir()
    book = xlsxwriter.Workbook(str(folder / f"{table}.xlsx"), options)
    sheet = book.add_worksheet()
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            value, form = cell if isinstance(cell, tuple) else (cell, None)
            sheet.write(line, column, value, book.add_format({"num_format": form}) if form else None)
    book.close()
    snapshot = kit.load(None, folder, tmp_path / "out", taken_at=NOON)
    return list(pq.read_table(snapshot.table_path(f"dynamics/{table}")).to_pylist())


@pytest.mark.parametrize("is_inline", [False, True])
def test_cells__line_ends_are_line_ends(tmp_path: Path, *, is_inline: bool) -> None:
    rows = [
        ["contactid", "emailaddress1", "address1_line1", "Own\r\nheading"],
        [f"{GUID}a", "a@b.example\r\n", "1 Street\r\nHouse 2", "x\x0by"],
        [f"{GUID}b", "\tc@d.example", "under_score_x00", "_x0041_"],
    ]
    first, second = _rows(tmp_path, "contacts", rows, constant_memory=is_inline)
    assert (first["email_key"], first["email_valid"]) == ("a@b.example", True)
    assert first["emailaddress1"] == "a@b.example\r\n"
    assert first["address1_line1"] == "1 Street\r\nHouse 2"
    assert first["Own\r\nheading"] == "x\x0by"
    assert (second["email_key"], second["address1_line1"]) == ("c@d.example", "under_score_x00")
    assert second["Own\r\nheading"] == "_x0041_"


def test_cells__names_of_accounts_match(tmp_path: Path) -> None:
    (row,) = _rows(tmp_path, "accounts", [["accountid", "name"], [f"{GUID}a", "Company A\r\n"]])
    assert row["name_key"] == "company a"


@pytest.mark.parametrize("form", ["yyyy-mm-dd", "dd.mm.yyyy", "m/d/yy", "[$-407]d. mmmm yyyy", 'dd"h"mm', "mmm yy"])
def test_cells__days(tmp_path: Path, form: str) -> None:
    day = datetime(2022, 5, 28)  # noqa: DTZ001 - as cells are
    cells: list[Any] = [f"{GUID}a", (day, form), (day, form), (day, form)]
    (row,) = _rows(tmp_path, "contacts", [["contactid", "birthdate", "createdon", "own"], cells])
    assert [row[name] for name in ("birthdate", "createdon", "own")] == ["2022-05-28"] * 3


@pytest.mark.parametrize("form", ["yyyy-mm-dd hh:mm", "d/m/yyyy h:mm AM/PM"])
def test_cells__times(tmp_path: Path, form: str) -> None:
    midnight = datetime(2022, 5, 28)  # noqa: DTZ001 - as cells are
    (row,) = _rows(tmp_path, "contacts", [["contactid", "own"], [f"{GUID}a", (midnight, form)]])
    assert row["own"] == "2022-05-28T00:00:00"


def test_cells__a_time_that_the_format_hides_stays(tmp_path: Path) -> None:
    moment = datetime(2022, 5, 28, 10, 30)  # noqa: DTZ001 - as cells are
    (row,) = _rows(tmp_path, "contacts", [["contactid", "own"], [f"{GUID}a", (moment, "yyyy-mm-dd")]])
    assert row["own"] == "2022-05-28T10:30:00"


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (1234, "00000", "01234"),
        (1234, "00000;-00000", "01234"),
        (1234, "General", "1234"),
        (1234, "0", "1234"),
        (1234, "0.00", "1234"),
        (123456, "00000", "123456"),
        (-5, "000", "-5"),
        (12.5, "00000", "12.5"),
    ],
)
def test_cells__zeros_that_a_format_shows(tmp_path: Path, number: float, form: str, text: str) -> None:
    rows: list[list[Any]] = [["contactid", "address1_postalcode"], [f"{GUID}a", (number, form)]]
    (row,) = _rows(tmp_path, "contacts", rows)
    assert row["address1_postalcode"] == text
