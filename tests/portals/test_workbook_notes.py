"""What is said of a workbook's formulas, errors, merged cells and hidden rows, which hold less than people see."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from dynsync_lib import kit
from dynsync_lib.errors import InputFileError

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"
HEADINGS = ["contactid", "emailaddress1", "lastname"]
SAVE = "Open the workbook in Excel, save it, and load it again."


def _load(tmp_path: Path, fill: Callable[[Any], None], name: str = "contacts") -> tuple[list[dict[str, Any]], Any]:
    """The rows, and what was said of the file; `fill` writes below the headings of a workbook of xlsxwriter."""
    (tmp_path / "dynamics").mkdir()
    book = xlsxwriter.Workbook(str(tmp_path / "dynamics" / f"{name}.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    fill(sheet)
    book.close()
    return _loaded(tmp_path)


def _loaded(tmp_path: Path) -> tuple[list[dict[str, Any]], Any]:
    snapshot = kit.load(None, tmp_path / "dynamics", tmp_path / "out", taken_at=NOON)
    (report,) = kit.read_load_report(snapshot)["files"]
    return pq.read_table(snapshot.table_path("dynamics/contacts")).to_pylist(), report


def test_formulas__without_a_saved_value_are_named(tmp_path: Path) -> None:
    (tmp_path / "dynamics").mkdir()
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADINGS)
    sheet.append([f"{GUID}a", '="a" & "@x.example"', "A"])
    sheet.append([f"{GUID}b", "=B2", "B"])
    book.save(tmp_path / "dynamics" / "contacts.xlsx")
    rows, report = _loaded(tmp_path)
    assert [row["emailaddress1"] for row in rows] == [None, None]
    says = f"emailaddress1: formulas without a saved value (2, the first in B2) are read as blank. {SAVE}"
    assert report["notes"] == [says]


def test_formulas__with_a_saved_value_are_read_and_said(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, [f"{GUID}a", "a@x.example"])
        sheet.write_formula(1, 2, "=UPPER(B2)", None, "A@X.EXAMPLE")

    rows, report = _load(tmp_path, fill)
    assert [row["lastname"] for row in rows] == ["A@X.EXAMPLE"]
    assert report["guessed"] == ["lastname: formulas (1, the first in C2), read as the values saved last."]


def test_formulas__whose_values_are_all_0_were_not_worked_out(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, [f"{GUID}a", "a@x.example"])
        sheet.write_formula(1, 2, "=UPPER(B2)")

    rows, report = _load(tmp_path, fill)
    assert [row["lastname"] for row in rows] == ["0"]
    assert report["guessed"] == [
        "lastname: formulas (1, the first in C2), read as the values saved last. All are 0, as programs write that "
        "work nothing out: open the workbook in Excel, save it, and load it again."
    ]


def test_formulas__that_gave_an_empty_text_have_a_saved_value(tmp_path: Path) -> None:
    """Excel writes such a cell as a text without letters; xlsxwriter cannot, so its file is changed."""
    source = tmp_path / "source.xlsx"
    book = xlsxwriter.Workbook(str(source))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    sheet.write_row(1, 0, [f"{GUID}a", "a@x.example"])
    sheet.write_formula(1, 2, "=LEFT(B2,0)", None, "empty")
    book.close()
    (tmp_path / "dynamics").mkdir()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "dynamics" / "contacts.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>empty</v>", b"<v></v>"))
    rows, report = _loaded(tmp_path)
    assert [row["lastname"] for row in rows] == [None]
    assert report["guessed"] == ["lastname: formulas (1, the first in C2), read as the values saved last."]
    assert report["notes"] == []


def test_formulas__alone_in_a_row_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dynamics").mkdir()
    book = openpyxl.Workbook()
    for row in (HEADINGS, [f"{GUID}a", "a@x.example", "A"], ["=A2", "=B2", "=C2"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "dynamics" / "contacts.xlsx")
    with pytest.raises(InputFileError, match=r"line 3: it holds formulas, and no value of them was saved\.") as fault:
        _loaded(tmp_path)
    assert fault.value.next_step == SAVE
    assert not (tmp_path / "out").exists()


def test_errors__are_blank_and_named(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, [f"{GUID}a", "a@x.example"])
        sheet.write_formula(1, 2, "=NA()", None, "#N/A")
        sheet.write_row(2, 0, [f"{GUID}b", "b@x.example", "#N/A"])

    rows, report = _load(tmp_path, fill)
    assert [row["lastname"] for row in rows] == [None, "#N/A"]
    assert report["notes"] == [
        "lastname: errors of the spreadsheet, such as #N/A, (1, the first in C2) are read as blank.",
        "lastname: texts that are errors of a spreadsheet, such as #N/A, (1, the first on line 3) stay as they are.",
    ]


def test_merged_cells_and_hidden_rows__are_said(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, [f"{GUID}a", "a@x.example"])
        sheet.write_row(2, 0, [f"{GUID}b", "b@x.example"])
        sheet.merge_range("C2:C3", "A")
        sheet.set_row(2, None, None, {"hidden": True})

    rows, report = _load(tmp_path, fill)
    assert [row["lastname"] for row in rows] == ["A", None]
    assert report["guessed"] == [
        "Merged cells (1): the first of each holds the value, the others are read as blank.",
        "Rows that the workbook hides (1) are read like the others.",
    ]


def test_links__formulas_are_said_of_every_kind_of_file(tmp_path: Path) -> None:
    folder = tmp_path / "hubspot"
    folder.mkdir()
    book = openpyxl.Workbook()
    for row in (["contact_id", "company_id", "is_primary", "label"], ["1", "5", "true", "=A1"]):
        book.worksheets[0].append(row)
    book.save(folder / "links.xlsx")
    (folder / "contacts.csv").write_text("hs_object_id,email\n1,a@x.example\n", encoding="utf-8")
    snapshot = kit.load(folder, None, tmp_path / "out", taken_at=NOON)
    notes = {file["file"]: file["notes"] for file in kit.read_load_report(snapshot)["files"]}
    says = f"label: formulas without a saved value (1, the first in D2) are read as blank. {SAVE}"
    assert notes["hubspot/links.xlsx"] == [says]
