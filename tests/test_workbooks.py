"""New workbooks keep to Excel's limits, where the library that writes them drops what is beyond."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from dynsync_lib.workbooks.new import Limits, NewSheet, cell_of, new_workbook
from dynsync_lib.workbooks.sheet_marks import find_locks, find_merged

ROW = ("=1+1", 7, "https://example.com/a?b=1#/c/d", None)
COLUMNS = (("Text", 9), ("Number", 9), ("Open", 9), ("Empty", 9))


def write_rows(out: Path, rows: int, limits: Limits) -> NewSheet:
    with new_workbook(out, "Test") as book:
        sheet = NewSheet(book, "Sheet", COLUMNS, heading=None, links=("Open",), limits=limits)
        for _ in range(rows):
            assert not sheet.is_full
            sheet.add(ROW)
    return sheet


def test_links__keep_their_fragment_and_are_texts_where_a_sheet_has_no_more(tmp_path: Path) -> None:
    sheet = write_rows(tmp_path / "a.xlsx", 4, Limits(rows=10, links=2))
    assert sheet.first_text_link == 4
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Sheet"]
    assert [page.cell(line, 3).value for line in range(2, 6)] == [ROW[2]] * 4
    links = [page.cell(line, 3).hyperlink for line in range(2, 6)]
    assert [f"{link.target}#{link.location}" for link in links if link] == [ROW[2]] * 2
    assert [page.cell(2, column).value for column in (1, 2, 4)] == ["'=1+1", 7, None]


def test_sheet__is_full_with_its_heading(tmp_path: Path) -> None:
    assert write_rows(tmp_path / "a.xlsx", 2, Limits(rows=3, links=9)).is_full


def test_same_rows__same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_rows(tmp_path / name, 3, Limits(rows=10, links=2))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(("length", "is_cut"), [(32_767, False), (32_768, True)])
def test_long_text__is_cut_and_says_so(length: int, *, is_cut: bool) -> None:
    cell = cell_of("a" * length)
    assert len(cell) == 32_767
    assert cell.endswith("(cut: Excel holds no more in a cell)") is is_cut


def test_long_link__is_a_text(tmp_path: Path) -> None:
    with new_workbook(tmp_path / "a.xlsx", "Test") as book:
        sheet = NewSheet(book, "Sheet", COLUMNS, heading=None, links=("Open",))
        sheet.add(("", 1, f"https://example.com/{'a' * 2_079}", None))
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Sheet"]["C2"]
    assert (len(cell.value), cell.hyperlink) == (2_099, None)


def test_sheet_marks__are_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    plain, marked = book.active, book.create_sheet("Marked")
    assert plain is not None
    marked.merge_cells("B3:B5")
    marked.merge_cells("C1:D1")
    marked.protection.sheet = True
    book.save(tmp_path / "a.xlsx")
    parts = [f"/xl/worksheets/sheet{number}.xml" for number in (1, 2)]
    assert [sorted(find_merged(tmp_path / "a.xlsx", part)) for part in parts] == [[], ["B3:B5", "C1:D1"]]
    assert [find_locks(tmp_path / "a.xlsx", part) for part in parts] == [False, True]
