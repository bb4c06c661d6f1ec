"""Pages on disk: what is kept, what is begun again, and how records that come twice are noticed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import AccessError, UnexpectedReplyError
from dynsync_lib.portals.pages import Delivery, Page, TableRead, value_text
from dynsync_lib.portals.pull.pull_portals import no_progress
from dynsync_lib.portals.pull.snapshot_tables import write_records
from dynsync_lib.portals.pull.table_puller import TablePuller, TableResult, run_together
from dynsync_lib.portals.pull.work_folder import WorkFolder
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.snapshot.writer import SnapshotWriter
from tests.pulls import KEYS, NOON, guid

DEALS = RECORD_TABLES["hubspot/deals"]
ACCOUNTS = RECORD_TABLES["dynamics/accounts"]
ASKED = ("hs_object_id", "amount", "never")


def _folder(tmp_path: Path, *, portal: int = 1) -> WorkFolder:
    return WorkFolder(tmp_path / "s.part", identity={"hubspot": portal, "dynamics": None}, started_at=NOON)


def _puller(tmp_path: Path) -> TablePuller:
    return TablePuller(_folder(tmp_path), no_progress)


def _pull(tmp_path: Path, pages: Sequence[Page], *, table: str = "hubspot/deals", id_field: str = "") -> TableResult:
    """What a puller makes of these pages, given in turn."""
    waiting = list(pages)

    async def read_page(read: TableRead, cursor: str | None) -> Delivery:
        del read, cursor
        page = waiting.pop(0)

        async def rows() -> tuple[TextRow, ...]:
            return page.rows

        return Delivery(page.cursor, rows)

    read = TableRead(RECORD_TABLES[table], (id_field or RECORD_TABLES[table].id_field, "amount"), None)
    job = asyncio.run(_puller(tmp_path).read(read, read_page))
    return TableResult(table, (job,), read.names)


def _deals(*ids: str, cursor: str | None) -> Page:
    return Page(tuple({"hs_object_id": id_, "amount": f"{id_}.50"} for id_ in ids), cursor)


def test_add_page__survives(tmp_path: Path) -> None:
    work = _folder(tmp_path)
    job = work.job("hubspot/deals", ASKED)
    work.add_page(job, [{"hs_object_id": "1", "amount": None}, {"hs_object_id": "2"}], cursor="3", last_key="2")
    again = _folder(tmp_path).job("hubspot/deals", ASKED)
    assert (again.pages_read, again.rows_read, again.cursor, again.last_key) == (1, 2, "3", "2")
    assert not again.is_complete
    assert list(again.read_rows()) == [{"hs_object_id": "1", "amount": None}, {"hs_object_id": "2", "amount": None}]
    assert again.delivered == ("hs_object_id", "amount")


def test_delivered__without_rows_all_that_was_asked_for(tmp_path: Path) -> None:
    work = _folder(tmp_path)
    job = work.job("hubspot/deals", ASKED)
    work.add_page(job, [], cursor=None)
    assert job.delivered == ASKED
    assert job.is_complete


def test_job__other_columns_begin_again(tmp_path: Path) -> None:
    work = _folder(tmp_path)
    work.add_page(work.job("hubspot/deals", ASKED), [{"hs_object_id": "1"}], cursor="2")
    assert work.job("hubspot/deals", ("hs_object_id",)).pages_read == 0
    assert list((tmp_path / "s.part" / "pages").rglob("*.zst")) == []


def test_work_folder__other_portals_begin_again(tmp_path: Path) -> None:
    work = _folder(tmp_path)
    work.add_page(work.job("hubspot/deals", ASKED), [{"hs_object_id": "1"}], cursor="2")
    assert _folder(tmp_path, portal=2).job("hubspot/deals", ASKED).pages_read == 0


@pytest.mark.parametrize("journal", ["", "[]", "{}", '{"version": 0}'])
def test_work_folder__damaged_journal_begins_again(tmp_path: Path, journal: str) -> None:
    work = _folder(tmp_path)
    work.add_page(work.job("hubspot/deals", ASKED), [{"hs_object_id": "1"}], cursor="2")
    (tmp_path / "s.part" / "journal.json").write_text(journal)
    assert _folder(tmp_path).job("hubspot/deals", ASKED).pages_read == 0


def test_work_folder__page_without_journal_entry_is_read_again(tmp_path: Path) -> None:
    work = _folder(tmp_path)
    job = work.job("hubspot/deals", ASKED)
    before = (tmp_path / "s.part" / "journal.json").read_text()
    work.add_page(job, [{"hs_object_id": "lost"}], cursor="2")
    (tmp_path / "s.part" / "journal.json").write_text(before)
    work = _folder(tmp_path)
    job = work.job("hubspot/deals", ASKED)
    work.add_page(job, [{"hs_object_id": "1"}], cursor=None)
    assert [row["hs_object_id"] for row in job.read_rows()] == ["1"]


def test_work_folder__is_private(tmp_path: Path) -> None:
    assert stat.S_IMODE(_folder(tmp_path).path.stat().st_mode) == 0o700


def test_read__ascending_ids_by_number_not_by_text(tmp_path: Path) -> None:
    result = _pull(tmp_path, [_deals("9", "10", cursor="a"), _deals("101", cursor=None)])
    assert result.jobs[0].is_ordered
    assert result.jobs[0].rows_read == 3


def test_read__ascending_guids_as_sql_server_sorts(tmp_path: Path) -> None:
    pages = [Page(({"accountid": guid(1)}, {"accountid": guid(2)}), "a"), Page(({"accountid": guid(3)},), None)]
    result = _pull(tmp_path, pages, table="dynamics/accounts")
    assert result.jobs[0].is_ordered
    assert sorted([guid(1), guid(2), guid(3)]) != [guid(1), guid(2), guid(3)]


def test_read__records_that_come_twice_are_kept_once(tmp_path: Path) -> None:
    result = _pull(
        tmp_path, [_deals("1", "2", cursor="a"), _deals("2", "3", cursor="b"), _deals("1", "4", cursor=None)]
    )
    assert not result.jobs[0].is_ordered
    with SnapshotWriter(tmp_path / "s", source="api", started_at=NOON, build=tmp_path / "build") as writer:
        write_records(writer, DEALS, result, KEYS)
        snapshot = writer.finish(finished_at=NOON, facts={})
    table = snapshot.manifest["tables"]["hubspot/deals"]
    assert (table["rows"], table["note"]) == (4, "2 records came more than once and are kept once.")


@pytest.mark.parametrize(
    "pages",
    [
        [_deals("1", "2", cursor="a"), _deals("3", cursor="a")],
        [_deals("1", cursor="a"), _deals("2", cursor="b"), _deals("3", cursor="a")],
        [_deals("1", "2", cursor="a"), _deals("1", "2", cursor="b")],
        [Page((), "a"), Page((), "a")],
    ],
    ids=["still", "circle", "repeated", "empty"],
)
def test_read__never_for_ever(tmp_path: Path, pages: list[Page]) -> None:
    with pytest.raises(UnexpectedReplyError, match="same page twice"):
        _pull(tmp_path, pages)


def test_run_together__in_order() -> None:
    async def job(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def both() -> list[int]:
        return await run_together(job(2), job(1))

    assert asyncio.run(both()) == [2, 1]


def test_run_together__first_fault_ends_the_others() -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise AccessError("no")

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiting")

    async def both() -> None:
        await run_together(wait(), fail())

    with pytest.raises(AccessError):
        asyncio.run(both())
    assert ended == ["waiting"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (" x ", " x "),
        (True, "true"),
        (False, "false"),
        ([{"id": "1", "name": "West", "on": True}], '[{"id":"1","name":"West","on":true}]'),
        ({}, "{}"),
    ],
)
def test_value_text(value: object, text: str | None) -> None:
    assert value_text(value) == text
