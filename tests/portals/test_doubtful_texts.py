"""Texts that are no text, and ids that are none: they stay as they are, and the load report says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
GUID = "4a4e1e7f-0000-4000-8000-00000000000"


def _load(tmp_path: Path, side: str, text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The contacts of one side, and the notes on their file."""
    folder = tmp_path / side
    folder.mkdir()
    (folder / "contacts.csv").write_text(text, encoding="utf-8")
    folders = {"hubspot": None, "dynamics": None, side: folder}
    snapshot = kit.load(folders["hubspot"], folders["dynamics"], tmp_path / "out", taken_at=NOON)
    (report,) = kit.read_load_report(snapshot)["files"]
    return pq.read_table(snapshot.table_path(f"{side}/contacts")).to_pylist(), report["notes"]


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (("NULL", "(null)"), "say that nothing is there, such as NULL,"),
        (("nan", "None"), "say that nothing is there, such as NULL,"),
        (("#N/A", "#NV"), "are errors of a spreadsheet, such as #N/A,"),
        (("4.91715E+12", "4,91715E+12"), "a spreadsheet shortened, such as 1.2E+11 or ####,"),
        (("'+49171", "'0171"), "bear a spreadsheet's mark of texts, such as '+49 or =\"049\","),
        (("'a@x.example", '=""0171""'), "bear a spreadsheet's mark of texts, such as '+49 or =\"049\","),
        (("########", "####"), "a spreadsheet shortened, such as 1.2E+11 or ####,"),
    ],
)
def test_texts__that_are_no_text_are_counted(tmp_path: Path, texts: tuple[str, str], meaning: str) -> None:
    first, second = texts
    lines = f'Record ID,Email,Phone Number\n1,a@x.example,0171\n2,b@x.example,"{first}"\n3,c@x.example,"{second}"\n'
    rows, notes = _load(tmp_path, "hubspot", lines)
    assert [row["phone"] for row in rows] == ["0171", first, second.replace('""', '"')]
    assert notes == [f"Phone Number: texts that {meaning} (2, the first on line 3) stay as they are."]


def test_texts__match_columns_too(tmp_path: Path) -> None:
    _, notes = _load(tmp_path, "dynamics", f"contactid,emailaddress1\n{GUID}1,NULL\n{GUID}2,a@x.example\n")
    says = "texts that say that nothing is there, such as NULL, (1, the first on line 2) stay as they are."
    assert notes == [f"emailaddress1: {says}"]


@pytest.mark.parametrize(
    "text", ["Nan", "E+E", "#1 choice", "None of these", "C##", "1e5", "Null & Sons", "'t Hart", "=", "'Best' Ltd"]
)
def test_texts__that_people_write_are_no_doubt(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, "hubspot", f"Record ID,Email,Company Name\n1,a@x.example,{text}\n")[1] == []


@pytest.mark.parametrize(
    ("side", "lines", "form"),
    [
        ("hubspot", "Record ID,Email\n1,a@x.example\nTotal,\n", "numbers"),
        ("dynamics", f"contactid,emailaddress1\n{GUID}1,a@x.example\nGesamt,\n", "GUIDs"),
    ],
)
def test_ids__of_another_form_are_counted(tmp_path: Path, side: str, lines: str, form: str) -> None:
    rows, notes = _load(tmp_path, side, lines)
    assert len(rows) == 2
    says = f"Record ids that are no {form} (1, the first on line 3): taken for records. A line of totals is none: "
    assert notes == [f"{says}delete it."]
