"""Pulling in other ways: versions of the API, archived records, windows of time, short addresses, moving portals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.serving.portals_here import PortalsHere
from dynsync_lib.errors import UsageError
from dynsync_lib.portals.hubspot.paths import DEFAULT_VERSION, PATHS
from dynsync_lib.portals.pull.pull_portals import PullOptions
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot
from tests.everyday import one_of_each
from tests.pulls import GENEROUS, Row, SmallPortals, guid, pull, rows_of, small_portals

HUBSPOT_ONLY: dict[str, Any] = {"dynamics_url": None}
DYNAMICS_ONLY: dict[str, Any] = {"hubspot_token": None}


def _with(changes: Mapping[str, Callable[[Sequence[Row]], list[Row]]]) -> SmallPortals:
    """The small portals with other rows in some tables."""
    usual = small_portals()
    tables = {name: changes[name](rows) if name in changes else rows for name, rows in usual.tables.items()}
    return SmallPortals(tables, usual.account, usual.organization)


def _tables(snapshot: Snapshot) -> dict[str, str]:
    """A hash of every table."""
    files = sorted(snapshot.path.rglob("*.parquet"))
    return {str(file.relative_to(snapshot.path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def usual(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of a pull in the usual way."""
    return _tables(pull(running, tmp_path_factory.mktemp("usual") / "s"))


# --- Versions ----------------------------------------------------------------------------------------------------

BEGINNINGS = {
    "v3": ("/account-info/v3/", "/crm/v3/", "/crm/v4/associations/"),
    "2026-03": ("/account-info/2026-03/", "/crm/"),
    "2026-09": ("/account-info/2026-09/", "/crm/"),
}


def test_paths__of_every_version() -> None:
    assert set(PATHS) == set(BEGINNINGS)
    assert PATHS["2026-09"].objects == "/crm/objects/2026-09"
    assert PATHS["2026-03"].associations == "/crm/associations/2026-03"
    assert PATHS["v3"].associations == "/crm/v4/associations"


@pytest.mark.parametrize("version", one_of_each(PATHS, lambda version: version == DEFAULT_VERSION))
def test_pull__every_version_brings_the_same(
    running: Emulator, tmp_path: Path, usual: dict[str, str], version: str
) -> None:
    running.conditions.reset()
    snapshot = pull(running, tmp_path / "s", options=PullOptions(hubspot_version=version))
    asked = [entry.path for entry in running.conditions.log() if entry.portal == "hubspot"]
    assert all(path.startswith(BEGINNINGS[version]) for path in asked)
    assert all(version in path for path in asked) or version == "v3"
    assert _tables(snapshot) == usual
    assert snapshot.manifest["api_versions"]["hubspot"] == PATHS[version].manifest_text


def test_pull_options__wrong() -> None:
    with pytest.raises(UsageError, match="no version '2019-01'"):
        PullOptions(hubspot_version="2019-01")
    with pytest.raises(UsageError, match="in 0 windows"):
        PullOptions(windows=0)


# --- Archived records --------------------------------------------------------------------------------------------


def _archived_contact(rows: Sequence[Row]) -> list[Row]:
    gone: Row = {**rows[0], "hs_object_id": "1000", "email": "gone@x.example", "archived": "true"}
    return [gone, *({**row, "archived": "false"} for row in rows)]


def test_pull__archived_records_stand_apart(tmp_path: Path) -> None:
    with Emulator(_with({"hubspot/contacts": _archived_contact}), limits=GENEROUS) as emulator:
        live = pull(emulator, tmp_path / "live", **HUBSPOT_ONLY)
        both = pull(emulator, tmp_path / "both", **HUBSPOT_ONLY, options=PullOptions(archived=True))
    assert (live.rows("hubspot/contacts"), both.rows("hubspot/contacts")) == (230, 230)
    assert "hubspot/archived_contacts" not in live.manifest["tables"]
    (gone,) = rows_of(both, "hubspot/archived_contacts")
    assert (gone["id"], gone["email_key"], gone["archived"]) == ("1000", "gone@x.example", "true")
    assert both.rows("hubspot/archived_companies") == 0
    assert open_snapshot(both.path).manifest == both.manifest
    assert {name: digest for name, digest in _tables(both).items() if "archived" not in name} == _tables(live)


# --- Windows -----------------------------------------------------------------------------------------------------


def _spread(rows: Sequence[Row]) -> list[Row]:
    """Thirty contacts, created on thirty days in no order that their ids know of."""
    return [{**row, "createdon": f"2026-01-{position * 7 % 30 + 1:02d}T03:04:05Z"} for position, row in enumerate(rows)]


@pytest.mark.parametrize("windows", one_of_each([3, 2, 4], lambda _: "windows"))
def test_pull__windows_bring_what_one_cursor_brings(tmp_path: Path, windows: int) -> None:
    with Emulator(_with({"dynamics/contacts": _spread}), limits=GENEROUS) as emulator:
        whole = pull(emulator, tmp_path / "whole", **DYNAMICS_ONLY)
        parted = pull(emulator, tmp_path / "parted", **DYNAMICS_ONLY, options=PullOptions(windows=windows))
        asked = [entry.query for entry in emulator.conditions.log() if entry.path.endswith("/contacts")]
    assert _tables(parted) == _tables(whole)
    assert [row["id"] for row in rows_of(parted, "dynamics/contacts")] == [guid(number) for number in range(1, 31)]
    assert len({query for query in asked if "filter=createdon" in query}) == windows


def test_pull__no_more_windows_than_the_environment_runs_at_once(tmp_path: Path) -> None:
    limits = Limits(dataverse_dop_hint=2, hubspot_requests=100_000)
    with Emulator(_with({"dynamics/contacts": _spread}), limits=limits) as emulator:
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY, options=PullOptions(windows=9))
        asked = [entry.query for entry in emulator.conditions.log() if entry.path.endswith("/contacts")]
    assert len({query for query in asked if "filter=createdon" in query}) == 2


# --- Addresses that are too long ---------------------------------------------------------------------------------


def test_pull__portals_that_read_short_addresses_only(tmp_path: Path, usual: dict[str, str]) -> None:
    limits = Limits(hubspot_requests=100_000, hubspot_search_requests=100_000, hubspot_url_characters=115)
    with Emulator(small_portals(), limits=limits) as emulator:
        snapshot = pull(emulator, tmp_path / "s")
        statuses = [entry.status for entry in emulator.conditions.log()]
    assert _tables(snapshot) == usual
    assert 0 < statuses.count(414) <= 4


# --- Portals that move while they are read -----------------------------------------------------------------------


class Moving:
    """Changes the records of a portal when the first page of a table was kept."""

    def __init__(self, emulator: Emulator, table: str, *statements: tuple[str, tuple[Any, ...]]) -> None:
        assert isinstance(emulator.portals, PortalsHere)
        self._store, self._table, self._waiting = emulator.portals.store, table, list(statements)

    def __call__(self, table: str, rows: int, total: int | None) -> None:
        del rows, total
        if table == self._table and self._waiting:
            with self._store.change():
                for sql, values in self._waiting:
                    self._store.execute(sql, values)
            self._waiting = []


LATER = "2099-01-01T00:00:00.000Z"
CHANGE = ('UPDATE "hubspot/contacts" SET note = ?, lastmodifieddate = ? WHERE hs_object_id = ?', ("new", LATER, "1001"))
NEW = (
    'INSERT INTO "hubspot/contacts" ("@rank", "@order", "@id", "@archived", hs_object_id, email, createdate, '
    "lastmodifieddate) VALUES (?, ?, ?, 0, ?, ?, ?, ?)",
    (9001, 9001, "9001", "9001", "new@x.example", LATER, LATER),
)
NEW_LINK = ('INSERT INTO "hubspot/links" VALUES (?, ?, ?, ?, NULL, 1)', ("contact", 9001, "company", 5001))


def test_pull__hubspot_records_that_change_are_read_again(tmp_path: Path) -> None:
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        moving = Moving(emulator, "hubspot/contacts", CHANGE)
        snapshot = pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, progress=moving)
    rows = rows_of(snapshot, "hubspot/contacts")
    assert (rows[0]["id"], rows[0]["note"], rows[1]["note"]) == ("1001", "new", 'Line one,\n"quoted" ünï 2')
    assert len(rows) == 230
    note = snapshot.manifest["tables"]["hubspot/contacts"]["note"]
    assert note == "While it was read, 1 record changed and 0 came: all are as last seen."


def test_pull__hubspot_records_that_come_late_come_with_their_associations(tmp_path: Path) -> None:
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        late = Moving(emulator, "hubspot/links", NEW, NEW_LINK)

        def progress(table: str, rows: int, total: int | None) -> None:
            if rows == 232:  # the last of the associations, behind the last of the records
                late(table, rows, total)

        snapshot = pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, progress=progress)
    last = rows_of(snapshot, "hubspot/contacts")[-1]
    assert (last["id"], last["api_rank"], last["email_key"]) == ("9001", 230, "new@x.example")
    links = [row for row in rows_of(snapshot, "hubspot/links") if row["from_id"] == "9001"]
    assert [row["to_id"] for row in links if row["from_object"] == "contact"] == ["5001"]
    entry = snapshot.manifest["tables"]["hubspot/contacts"]
    assert (entry["rows"], entry["server_rows"]) == (231, 231)
    assert entry["note"] == "While it was read, 0 records changed and 1 came: all are as last seen."


def test_pull__dynamics_records_that_change_are_read_again(tmp_path: Path) -> None:
    positions = 'SELECT "@id", row_number() OVER (ORDER BY "@order") AS position FROM "dynamics/contacts"'
    chosen = f'SELECT "@id" FROM ({positions}) WHERE position IN (2, 4)'  # noqa: S608
    sql = f'UPDATE "dynamics/contacts" SET donotemail = ?, modifiedon = ? WHERE "@id" IN ({chosen})'  # noqa: S608
    change = (sql, ("true", LATER))
    with Emulator(small_portals(), limits=GENEROUS) as emulator:
        moving = Moving(emulator, "dynamics/contacts", change)
        snapshot = pull(emulator, tmp_path / "s", **DYNAMICS_ONLY, progress=moving)
    rows = rows_of(snapshot, "dynamics/contacts")
    assert [row["donotemail"] for row in rows[:6]] == ["true", "true", "true", "true", "true", "false"]
    note = snapshot.manifest["tables"]["dynamics/contacts"]["note"]
    assert note == "While it was read, 2 records changed and 0 came: all are as last seen."
