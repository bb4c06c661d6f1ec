"""What the two writers do with records, associations, properties and columns, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import record_table
from dynsync_lib.emulator.conditions.switches import Fault, Rights
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import AccessError, AnswerLostError
from dynsync_lib.portals.pages import TableRead
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.written import Rows, Written
from tests.emulator.small_world import ADA, BOB, CY, FIRM
from tests.rehearsal.portals import with_portals, writes

TEXT = {"name": "own_text", "label": "Own", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
OWN_TEXT = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "new_OwnText",
    "MaxLength": 100,
}
NEW_ID = "a1b2c3d4-e5f6-4718-8000-000000000001"


async def _rows(portals: TestPortals, system: System, object_: Object, *names: str) -> dict[str, TextRow]:
    table = record_table(object_, system)
    reader = portals.hubspot.reader if system is System.HUBSPOT else portals.dynamics.reader
    page = await (await reader.read_page(TableRead(table, (table.id_field, *names)), None)).page()
    return {str(row[table.id_field]): row for row in page.rows}


def test_hubspot__creates_in_order_with_the_words_of_what_it_refuses(emulator: Emulator) -> None:
    rows: Rows = {
        "1": {"firstname": "Dee", "email": "dee@x.example", "lastname": None},
        "2": {"firstname": "Eve", "email": "no address"},
        "3": {"firstname": "Fay"},
        "4": {"email": "ada@firm.example"},
    }

    async def create(portals: TestPortals) -> tuple[Written, dict[str, TextRow]]:
        written = await portals.hubspot.writer.create(Object.CONTACT, rows)
        return written, await _rows(portals, System.HUBSPOT, Object.CONTACT, "firstname", "email")

    written, contacts = with_portals(emulator, create)
    assert written.ids == {"1": "104", "3": "105"}
    assert {name: refusal.code for name, refusal in written.refused.items()} == {
        "2": "VALIDATION_ERROR",
        "4": "CONFLICT",
    }
    assert "Existing ID: 101" in written.refused["4"].message
    assert contacts["104"]["email"] == "dee@x.example"
    assert contacts["105"]["firstname"] == "Fay"
    assert writes(emulator) == ["POST /crm/v3/objects/contacts/batch/create"]


def test_hubspot__changes_and_empties(emulator: Emulator) -> None:
    rows: Rows = {"101": {"firstname": None, "lastname": "Ames"}, "999": {"lastname": "Nobody"}}

    async def update(portals: TestPortals) -> tuple[Written, dict[str, TextRow]]:
        written = await portals.hubspot.writer.update(Object.CONTACT, rows)
        return written, await _rows(portals, System.HUBSPOT, Object.CONTACT, "firstname", "lastname")

    written, contacts = with_portals(emulator, update)
    assert written.ids == {"101": "101"}
    assert written.refused["999"].code == "OBJECT_NOT_FOUND"
    assert (contacts["101"]["firstname"], contacts["101"]["lastname"]) == (None, "Ames")


def test_hubspot__halves_what_is_refused_as_a_whole(emulator: Emulator) -> None:
    emulator.conditions.add_faults(
        [Fault(path="*/batch/create", times=1, status=400, body={"category": "VALIDATION_ERROR", "message": "no"})]
    )

    async def create(portals: TestPortals) -> Written:
        return await portals.hubspot.writer.create(Object.CONTACT, {str(n): {"firstname": str(n)} for n in range(4)})

    assert with_portals(emulator, create).ids == {"0": "104", "1": "105", "2": "106", "3": "107"}
    assert len(writes(emulator)) == 3


@pytest.mark.parametrize("status", [423, 429, 477])
def test_writers__send_again_what_was_not_done(emulator: Emulator, status: int) -> None:
    emulator.conditions.add_faults([Fault(path="*reate*", method="POST", times=2, status=status, body={})])

    async def create(portals: TestPortals) -> tuple[Written, Written]:
        row: Rows = {"1": {"firstname": "Dee", "lastname": "Doe"}}
        return (
            await portals.hubspot.writer.create(Object.CONTACT, row),
            await portals.dynamics.writer.create(Object.CONTACT, row),
        )

    hubspot, dynamics = with_portals(emulator, create)
    assert hubspot.ids == {"1": "104"}
    assert list(dynamics.ids) == ["1"]


@pytest.mark.parametrize("fault", [{"cut": True}, {"status": 500}, {"status": 504}, {"status": 408}])
def test_writers__do_not_send_again_what_may_have_been_done(emulator: Emulator, fault: dict[str, Any]) -> None:
    for system, path in ((System.HUBSPOT, "*/batch/create"), (System.DYNAMICS, "*.CreateMultiple")):
        emulator.conditions.reset()
        emulator.conditions.add_faults([Fault(path=path, times=1, body="", **fault)])

        async def create(portals: TestPortals, system: System = system) -> None:
            writer = portals.hubspot.writer if system is System.HUBSPOT else portals.dynamics.writer
            await writer.create(Object.CONTACT, {"1": {"firstname": "Dee"}})

        with pytest.raises(AnswerLostError, match="did not say whether the write"):
            with_portals(emulator, create)
        assert len(writes(emulator)) == 1


def test_writers__send_again_what_can_be_done_twice(emulator: Emulator) -> None:
    emulator.conditions.add_faults([Fault(path=f"*{what}", cut=True) for what in ("batch/archive", "UpdateMultiple")])

    async def write(portals: TestPortals) -> tuple[dict[str, TextRow], dict[str, TextRow]]:
        await portals.hubspot.writer.archive(Object.CONTACT, ["101", "999"])
        await portals.dynamics.writer.update(Object.CONTACT, {ADA: {"firstname": "Adah"}})
        return (
            await _rows(portals, System.HUBSPOT, Object.CONTACT),
            await _rows(portals, System.DYNAMICS, Object.CONTACT, "firstname"),
        )

    hubspot, dynamics = with_portals(emulator, write)
    assert sorted(hubspot) == ["102", "103"]
    assert dynamics[ADA]["firstname"] == "Adah"


def test_writers__take_a_page_for_no_answer(emulator: Emulator) -> None:
    emulator.conditions.add_faults([Fault(path="*UpdateMultiple", status=200, body="<html>Welcome</html>")])

    async def write(portals: TestPortals) -> dict[str, TextRow]:
        await portals.dynamics.writer.update(Object.CONTACT, {ADA: {"firstname": "Adah"}})
        return await _rows(portals, System.DYNAMICS, Object.CONTACT, "firstname")

    assert with_portals(emulator, write)[ADA]["firstname"] == "Adah"


def test_hubspot__associates_plainly_and_as_primary(emulator: Emulator) -> None:
    async def associate(portals: TestPortals) -> tuple[Any, ...]:
        writer, pair = portals.hubspot.writer, (Object.CONTACT, Object.COMPANY)
        refused = await writer.associate(pair, [("103", "201"), ("999", "201"), ("103", "202")])
        primary = await writer.associate(pair, [("103", "202")], primary=True)
        return refused, primary, await portals.hubspot.reader.read_links(pair, ["103"])

    refused, primary, links = with_portals(emulator, associate)
    assert refused == [("999", "201")]
    assert primary == []
    assert [(link["to_id"], link["is_primary"]) for link in links] == [("201", "false"), ("202", "true")]


def test_hubspot__makes_a_property_once_and_archives_it(emulator: Emulator) -> None:
    async def make(portals: TestPortals) -> tuple[Any, ...]:
        writer, reader = portals.hubspot.writer, portals.hubspot.reader
        new = [await writer.create_property(Object.CONTACT, TEXT) for _ in range(2)]
        names = {row["name"] for row in await reader.read_properties(Object.CONTACT)}
        for _ in range(2):
            await writer.archive_property(Object.CONTACT, "own_text")
        return new, names, {row["name"] for row in await reader.read_properties(Object.CONTACT)}

    new, names, names_after = with_portals(emulator, make)
    assert new == [True, False]
    assert names - names_after == {"own_text"}


def test_dynamics__creates_with_own_ids_lookups_and_types(emulator: Emulator) -> None:
    values = {
        "contactid": NEW_ID,
        "firstname": "Dee",
        "_parentcustomerid_value": FIRM,
        "_parentcustomerid_type": "account",
        "donotbulkemail": "true",
    }
    account = {"name": "New", "numberofemployees": "12", "revenue": "1500.50"}

    async def create(portals: TestPortals) -> tuple[Any, ...]:
        writer = portals.dynamics.writer
        contact = await writer.create(Object.CONTACT, {"7": values})
        again = await writer.create(Object.CONTACT, {"7": values})
        firm = await writer.create(Object.COMPANY, {"8": account})
        names = ("firstname", "_parentcustomerid_value", "_parentcustomerid_type", "donotbulkemail")
        contacts = await _rows(portals, System.DYNAMICS, Object.CONTACT, *names)
        accounts = await _rows(portals, System.DYNAMICS, Object.COMPANY, "revenue", "numberofemployees")
        return contact, again, contacts[NEW_ID], accounts[firm.ids["8"]]

    contact, again, row, firm = with_portals(emulator, create)
    assert contact.ids == {"7": NEW_ID}
    assert again.refused["7"].status == 412
    assert {name: row[name] for name in values} == values
    assert (firm["revenue"], firm["numberofemployees"]) == ("1500.50", "12")


def test_dynamics__halves_a_batch_around_the_refused_row(emulator: Emulator) -> None:
    rows: Rows = {str(n): {"lastname": "x" * (51 if n == 2 else 3)} for n in range(5)}

    async def create(portals: TestPortals) -> Written:
        return await portals.dynamics.writer.create(Object.CONTACT, rows)

    written = with_portals(emulator, create)
    assert sorted(written.ids) == ["0", "1", "3", "4"]
    assert written.refused["2"].code == "0x80044331"


def test_dynamics__sets_states_empties_lookups_and_deletes(emulator: Emulator) -> None:
    async def write(portals: TestPortals) -> tuple[Any, ...]:
        writer = portals.dynamics.writer
        rows: Rows = {
            BOB: {"statecode": "1", "statuscode": "2"},
            ADA: {"_parentcustomerid_value": None, "_parentcustomerid_type": "account"},
        }
        await writer.update(Object.CONTACT, rows)
        refused = await writer.delete(Object.CONTACT, [CY, NEW_ID])
        return refused, await _rows(portals, System.DYNAMICS, Object.CONTACT, "statecode", "_parentcustomerid_value")

    refused, contacts = with_portals(emulator, write)
    assert refused == []
    assert contacts[BOB]["statecode"] == "1"
    assert contacts[ADA]["_parentcustomerid_value"] is None
    assert CY not in contacts


def test_dynamics__makes_a_column_once(emulator: Emulator) -> None:
    async def make(portals: TestPortals) -> tuple[Any, ...]:
        writer = portals.dynamics.writer
        new = [await writer.create_column(Object.CONTACT, OWN_TEXT) for _ in range(2)]
        return new, "new_owntext" in await writer.columns(Object.CONTACT)

    assert with_portals(emulator, make) == ([True, False], True)


def test_dynamics__knows_a_column_that_it_has_just_made(emulator: Emulator) -> None:
    async def make(portals: TestPortals) -> list[bool]:
        writer = portals.dynamics.writer
        before = "new_owntext" in await writer.columns(Object.CONTACT)
        await writer.create_column(Object.CONTACT, OWN_TEXT)
        return [before, "new_owntext" in await writer.columns(Object.CONTACT)]

    assert with_portals(emulator, make) == [False, True]


def test_writers__name_the_scope_and_the_privilege_that_is_missing(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(
        scopes=frozenset({"crm.objects.contacts.read"}), missing_privileges=frozenset({"prvCreateContact"})
    )

    async def hubspot(portals: TestPortals) -> None:
        await portals.hubspot.writer.create(Object.CONTACT, {"1": {"firstname": "Dee"}})

    async def dynamics(portals: TestPortals) -> None:
        await portals.dynamics.writer.create(Object.CONTACT, {"1": {"firstname": "Dee"}})

    sentences = []
    for write in (hubspot, dynamics):
        with pytest.raises(AccessError) as caught:
            with_portals(emulator, write)
        sentences.append(str(caught.value))
    assert sentences == [
        "HubSpot does not let the token write to /crm/v3/objects/contacts/batch/create: it lacks the scope "
        "crm.objects.contacts.write.",
        "Dynamics does not let the application user write to contacts/Microsoft.Dynamics.CRM.CreateMultiple: the "
        "privilege prvCreateContact is missing.",
    ]
