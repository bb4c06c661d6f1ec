"""The receipt for people: the first 48 hours by Sync Health's lists, and an Excel workbook that is safe to open."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.arrow_tables import arrow_rows
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.verification import receipt_workbook
from dynsync_lib.verification.receipt import RECEIPT
from dynsync_lib.verification.sync_health import watch_list
from dynsync_lib.verification.verify_folder import Verification, open_verification

FIGURES = {
    "records": 5,
    "hits": 3,
    "misses": 1,
    "accuracy": 0.75,
    "by_outcome": {"create": {"predicted": 2, "hits": 1}},
    "misses_by_outcome": {"create": 1},
    "by_cause": {"as_predicted": 3, "not_settled": 1, "rule_in_doubt": 1},
    "drift": {"hubspot/contacts": 1},
    "nothing_changed": True,
    "before_sha256": "0" * 64,
    "after_sha256": "1" * 64,
}
ROWS = [
    ("dynamics", "contact", "d1", "create", None, "create", True, "as_predicted", "record.create"),
    ("dynamics", "contact", "=1+1", "create", None, "untouched", False, "rule_in_doubt", "record.create"),
    ("hubspot", "contact", "1", "excluded", "no_email", "excluded", True, "as_predicted", "contact.no-email"),
    ("hubspot", "contact", "2", "shadowed", None, None, None, "not_settled", "contact.first-per-email"),
    ("hubspot", "contact", "3", "failing", "invalid_email", "failing", True, "as_predicted", "contact.invalid-email"),
]


@pytest.fixture
def verified(tmp_path: Path) -> Verification:
    """The folder of a verification by hand, opened."""
    rows = [dict(zip(RECEIPT.column_names, row, strict=False)) for row in ROWS]
    pq.write_table(arrow_rows(rows, RECEIPT.columns), tmp_path / "receipt.parquet")
    (tmp_path / "verification.json").write_text(json.dumps(FIGURES), encoding="utf-8")
    return open_verification(tmp_path)


def test_watch_list__by_the_three_lists(verified: Verification) -> None:
    rows = watch_list(verified.receipt_path)
    said = [(row["health"], row["predicted"], row["predicted_reason"], row["records"]) for row in rows]
    assert said == [
        ("in_sync", "create", None, 2),
        ("excluded", "excluded", "no_email", 1),
        ("excluded", "shadowed", None, 1),
        ("failing", "failing", "invalid_email", 1),
    ]
    assert (rows[0]["as_predicted"], rows[0]["rule_in_doubt"], rows[2]["not_settled"]) == (1, 1, 1)
    assert rows[0]["look_at"].startswith("Look at the misses first")
    assert rows[1]["look_at"] == "Listed as without e-mail. They come when they get an address."
    assert list(verified.watch_list["records"]) == [2, 1, 1, 1]


def test_workbook__has_no_formula(verified: Verification, tmp_path: Path) -> None:
    verified.write_workbook(tmp_path / "receipt.xlsx")
    book = openpyxl.load_workbook(tmp_path / "receipt.xlsx")
    assert book.sheetnames == ["Figures", "First 48 hours", "Misses", "Receipt"]
    assert [cell.value for cell in book["Misses"][2]][:4] == ["dynamics", "contact", "'=1+1", "create"]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert book["Receipt"].max_row == 6
    says = ("nothing changed between the two snapshots", "was the sync on?")
    assert says in [(row[0].value, row[1].value) for row in book["Figures"].iter_rows()]
    assert ("accuracy", 0.75) in [(row[0].value, row[1].value) for row in book["Figures"].iter_rows()]
    first = (tmp_path / "receipt.xlsx").read_bytes()
    verified.write_workbook(tmp_path / "receipt.xlsx")
    assert (tmp_path / "receipt.xlsx").read_bytes() == first


def test_workbook__says_what_is_left_out(
    verified: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_workbook, "MOST_ROWS", 2)
    verified.write_workbook(tmp_path / "receipt.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "receipt.xlsx")["Receipt"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [
        "dynamics",
        "dynamics",
        "3 more are left out; receipt.parquet has all.",
    ]


def test_bad_input__a_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="is no verification"):
        kit.open_verification(tmp_path)
    (tmp_path / "verification.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SnapshotError, match="cannot be used"):
        kit.open_verification(tmp_path)
    with pytest.raises(UsageError, match="was not kept"):
        Verification(FIGURES, None).write_workbook(tmp_path / "receipt.xlsx")
