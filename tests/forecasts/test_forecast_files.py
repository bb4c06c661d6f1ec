"""From exported files to forecast tables, by the kit's door: also with next to nothing in them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.tables import FORECAST_TABLES, OUTCOMES

TAKEN_AT = datetime(2026, 11, 23, tzinfo=UTC)


def write(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def settings(folder: Path, text: str) -> Path:
    file = folder / "dynsync.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "sections", ["", "[sync.contact]\n", "[sync.contact]\n[sync.company]\n[sync.deal]\n[sync.invoice]\n"]
)
def test_forecast__one_side_with_one_contact(tmp_path: Path, sections: str) -> None:
    hubspot = write(tmp_path / "h", contacts="hs_object_id,email\n1,a@example.com\n")
    snapshot = kit.load(hubspot, None, tmp_path / "s", taken_at=TAKEN_AT)
    told = kit.forecast(snapshot, settings(tmp_path, sections), tmp_path / "f", csv=True)
    rows = kit.records(told.outcomes)
    assert [(row["record_id"], row["outcome"], row["reason"]) for row in rows] == [
        ("1", "create", None) if "contact" in sections else ("1", "excluded", "object_off")
    ]
    assert sorted(path.name for path in (tmp_path / "f").iterdir()) == sorted(
        [
            *(f"{name}.csv" for name in FORECAST_TABLES),
            *(f"{name}.parquet" for name in FORECAST_TABLES),
            "forecast.json",
        ]
    )


def test_forecast__csv_has_the_contract_s_columns_and_empty_nulls(tmp_path: Path) -> None:
    hubspot = write(tmp_path / "h", contacts="hs_object_id,email\n1,A@example.com\n2,b@example.com\n")
    dynamics = write(tmp_path / "d", contacts="contactid,emailaddress1\nD1,a@example.com\nD2,A@example.com \n")
    snapshot = kit.load(hubspot, dynamics, tmp_path / "s", taken_at=TAKEN_AT)
    kit.forecast(snapshot, settings(tmp_path, "[sync.contact]\ndirection = 'to_hubspot'\n"), tmp_path / "f", csv=True)
    lines = (tmp_path / "f" / "outcomes.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(OUTCOMES.column_names)
    assert lines[1:] == [
        '"dynamics","contact","d1","link","in_sync","","contact.match-email","1","","a@example.com","email_norm"',
        '"dynamics","contact","d2","shadowed","excluded","","contact.first-per-email","","d1","a@example.com","email_norm"',
        '"hubspot","contact","1","link","in_sync","","contact.match-email","d1","","a@example.com","email_norm"',
        '"hubspot","contact","2","excluded","excluded","direction","record.direction","","","b@example.com",""',
    ]


def test_forecast__again_gives_the_same_bytes(tmp_path: Path) -> None:
    hubspot = write(tmp_path / "h", contacts="hs_object_id,email\n1,a@example.com\n")
    dynamics = write(tmp_path / "d", contacts="contactid,emailaddress1,firstname\nD1,a@example.com,Ada\n")
    snapshot = kit.load(hubspot, dynamics, tmp_path / "s", taken_at=TAKEN_AT)
    file = settings(tmp_path, "[sync.contact]\n")
    kit.forecast(snapshot, file, tmp_path / "one")
    kit.forecast(snapshot, file, tmp_path / "two")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
