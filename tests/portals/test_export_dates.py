"""Of when exported files are: by their names, by what somebody said, or not known, and said so everywhere."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib import kit
from dynsync_lib.portals.files.export_dates import is_month_first, moment_of, read_day
from dynsync_lib.snapshot.snapshot import Snapshot

GUID = "4a4e1e7f-0000-4000-8000-000000000001"
PEOPLE = "Record ID,Email,Create Date\n1,a@x.example,2026-04-19 10:00\n"
CONTACTS = f"(Do Not Modify) Contact,Email\n{GUID},a@x.example\n"


def _load(tmp_path: Path, hubspot: str, dynamics: str | None = None, *, taken_at: datetime | None = None) -> Snapshot:
    for system, name, text in (("h", hubspot, PEOPLE), ("d", dynamics, CONTACTS)):
        (tmp_path / system).mkdir()
        if name is not None:
            (tmp_path / system / name).write_text(text, encoding="utf-8")
    return kit.load(tmp_path / "h", tmp_path / "d" if dynamics else None, tmp_path / "s", taken_at=taken_at)


# --- Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "moment"),
    [
        ("hubspot-crm-exports-all-contacts-2026-04-20", "2026-04-20 23:59:59"),
        ("hubspot-crm-exports-all-active-companies-2-2026-01-23-1", "2026-01-23 23:59:59"),
        ("hubspot-crm-exports-2024-04-19-weekly-2024-05-09", "2024-05-09 23:59:59"),
        ("all-contacts-2026-04-20 (1)", "2026-04-20 23:59:59"),
        ("Active Contacts 11-23-2026 9-00-00 AM", "2026-11-23 09:00:00"),
        ("Active Contacts 11-23-2026 12-00-00 AM", "2026-11-23 00:00:00"),
        ("Active Accounts 26-Feb-26 1-28-48 PM", "2026-02-26 13:28:48"),
        ("Aktive Kontakte 23.11.2026 09-00-00", "2026-11-23 09:00:00"),
        ("Aktive Kontakte 01.02.2026 09-00", "2026-02-01 09:00:00"),
        ("Aktive Kontakte 3-Mär-2026 09-00-00 (2)", "2026-03-03 09:00:00"),
        ("Meine Kontakte 2026-11-23 09-00-00", "2026-11-23 09:00:00"),
        ("Contacts 23-11-2026 21-00-00", "2026-11-23 21:00:00"),
        ("contacts", None),
        ("contacts 2026", None),
        ("all-contacts-2026-13-45", None),
        ("Contacts 99-99-2026 21-00-00", None),
    ],
)
def test_name__says_when(stem: str, moment: str | None) -> None:
    day = read_day(stem)
    read = moment_of(day, UTC, month_first=None) if day is not None else None
    assert (f"{read.moment:%Y-%m-%d %H:%M:%S}" if read else None) == moment
    assert read is None or not read.is_guessed


@pytest.mark.parametrize(
    ("stem", "others", "day", "is_guessed"),
    [
        ("Contacts 1-2-2026 9-00-00 AM", [], "2026-01-02", True),
        ("Contacts 1-2-2026 9-00-00", [], "2026-02-01", True),
        ("Contacts 1-2-2026 9-00-00 AM", ["Accounts 23-2-2026 9-00-00 AM"], "2026-02-01", False),
        ("Contacts 1-2-2026 9-00-00", ["Accounts 2-23-2026 9-00-00"], "2026-01-02", False),
        ("Contacts 1-2-2026 9-00-00", ["A 2-23-2026 9-00-00", "B 23-2-2026 9-00-00"], "2026-02-01", True),
    ],
)
def test_name__that_can_be_read_in_two_ways(stem: str, others: list[str], day: str, *, is_guessed: bool) -> None:
    days = [named for name in (stem, *others) if (named := read_day(name)) is not None]
    read = moment_of(days[0], UTC, month_first=is_month_first(days))
    assert (read.text[:10], read.is_guessed) == (day, is_guessed)


def test_name__tells_local_time() -> None:
    day = read_day("Active Contacts 7-23-2026 9-00-00 AM")
    assert day is not None
    berlin = moment_of(day, ZoneInfo("Europe/Berlin"), month_first=None)
    assert berlin.moment == datetime(2026, 7, 23, 7, 0, tzinfo=UTC)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 3_155_759_999))
def test_law__a_day_written_in_a_form_of_one_meaning_is_read_back(seconds: int) -> None:
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    half = "AM" if moment.hour < 12 else "PM"
    hour = moment.hour % 12 or 12
    for text in (
        f"{moment:%Y-%m-%d %H-%M-%S}",
        f"{moment:%d.%m.%Y %H-%M-%S}",
        f"{moment.day}-{MONTHS[moment.month - 1]}-{moment:%y} {hour}-{moment:%M-%S} {half}",
    ):
        day = read_day(f"Contacts {text}")
        assert day is not None
        assert moment_of(day, UTC, month_first=None).moment == moment


# --- What the load, the forecast and the report say ------------------------------------------------------------------


def test_load__of_the_latest_day_and_names_different_days(tmp_path: Path) -> None:
    snapshot = _load(
        tmp_path, "hubspot-crm-exports-all-contacts-2026-04-20.csv", "Active Contacts 11-23-2026 9-00-00 AM.csv"
    )
    assert (snapshot.manifest["started_at"], snapshot.manifest["finished_at"]) == (
        "2026-04-20T23:59:59Z",
        "2026-11-23T09:00:00Z",
    )
    assert snapshot.is_taken_at_known
    report = kit.read_load_report(snapshot)
    assert [file["exported"] for file in report["files"]] == ["2026-04-20", "2026-11-23 09:00:00"]
    assert report["dates"] == [
        "The data is of 2026-11-23 09:00 UTC by the names of the files; filters count days from then.",
        "The files are of different days: of 2026-04-20 hubspot/hubspot-crm-exports-all-contacts-2026-04-20.csv; "
        "of 2026-11-23 dynamics/Active Contacts 11-23-2026 9-00-00 AM.csv. What changed in between shows as a "
        "difference.",
    ]


def test_load__what_somebody_says_counts_and_another_day_is_named(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    snapshot = _load(
        tmp_path, "all-contacts-2026-04-20.csv", "Active Contacts 11-23-2026 9-00-00 AM.csv", taken_at=noon
    )
    assert snapshot.taken_at == noon
    assert kit.read_load_report(snapshot)["dates"] == [
        "The data is taken to be of 2026-11-23 12:00 UTC, though by its name hubspot/all-contacts-2026-04-20.csv says "
        "2026-04-20."
    ]


def test_load__a_name_without_a_day_beside_one_with(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, "contacts.csv", "Active Contacts 11-23-2026 9-00-00 AM.csv")
    assert kit.read_load_report(snapshot)["dates"][1:] == [
        "No date is in the name of hubspot/contacts.csv: nobody knows whether it is of the same time."
    ]


def _forecast(tmp_path: Path, snapshot: Snapshot, filter_: str = "") -> kit.Forecast:
    text = f"[sync.contact]\nfilter_to_dynamics = {filter_!r}\n"
    (tmp_path / "dynsync.toml").write_text(text, encoding="utf-8")
    return kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")


def test_unknown__is_said_by_load_forecast_report_and_replay(tmp_path: Path) -> None:
    snapshot = _load(tmp_path, "contacts.csv")
    assert not snapshot.is_taken_at_known
    (says,) = kit.read_load_report(snapshot)["dates"]
    assert says.startswith("When these files were exported is not known: no name says it.")
    forecast = _forecast(tmp_path, snapshot)
    assert forecast.info["taken_at_known"] is False
    assert "a date that is not known (the day of loading is " in repr(kit.cover(forecast))
    assert "a date that is not known" in kit.provenance(forecast).html
    assert "ds-grey" in kit.data_moment(forecast).html
    assert "at the moment named above" not in repr(kit.data_moment(forecast))
    later = shutil.copytree(snapshot.path, tmp_path / "later")
    manifest = later / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r'("finished_at": ")\d{4}', r"\g<1>2099", text), encoding="utf-8")
    replay = kit.replay(snapshot.path, later, tmp_path / "dynsync.toml", tmp_path / "r")
    assert [replay.info[side]["taken_at_known"] for side in ("before", "after")] == [False, False]


@pytest.mark.parametrize(("days", "outcome"), [(2, "create"), (1, "excluded")])
def test_filters__count_days_from_the_day_in_the_name(tmp_path: Path, days: int, outcome: str) -> None:
    snapshot = _load(tmp_path, "all-contacts-2026-04-20.csv")
    forecast = _forecast(tmp_path, snapshot, f"createdate within last {days} days")
    assert [row["outcome"] for row in forecast.rows("outcomes")] == [outcome]


def test_report__shows_every_file_and_what_was_left_alone(tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "all-contacts-2026-04-20.csv").write_text(
        "Record ID,Email,Shoe\n1,a@x.example,9\n", encoding="utf-8"
    )
    (tmp_path / "h" / "old.xls").write_bytes(b"x")
    snapshot = kit.load(tmp_path / "h", None, tmp_path / "s")
    forecast = _forecast(tmp_path, snapshot)
    table = kit.sources_table(forecast)
    assert repr(table) == "1 file was read, 1 left alone"
    for text in (
        "all-contacts-2026-04-20.csv",
        "2026-04-20",
        "Not known, kept as text: Shoe.",
        "old.xls",
        "left alone",
    ):
        assert text in table.html
    assert "Export the table again as XLSX or CSV." in table.html


def test_command__prints_the_dates_and_what_was_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dynsync_lib.cli import portal_words

    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "contacts.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "h" / "old.zip").write_bytes(b"x")
    portal_words.print_load_report(kit.read_load_report(kit.load(tmp_path / "h", None, tmp_path / "s")))
    printed = capsys.readouterr().out
    assert "When these files were exported is not known" in printed
    assert "hubspot/old.zip is neither CSV nor XLSX: left alone. Unpack it first." in printed
