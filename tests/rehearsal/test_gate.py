"""Nothing is written to a portal that is not known to be for tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.conditions.switches import Fault, PortalFacts
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import ProductionPortalError, SafetyError
from dynsync_lib.rehearsal.gate import Gate, Permit
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.transport import WritingTransport
from tests.rehearsal.portals import with_portals, writes

ACCOUNT, ORGANIZATION = "/account-info/v3/details", "/api/data/v9.2/RetrieveCurrentOrganization*"
NEW = {"new": {"firstname": "Dee", "lastname": "Doe"}}
_SILENT: tuple[Any, ...] = ({}, [], None, "<html>", {"portalId": 7}, {"Detail": {}}, {"Detail": None})
Job = Callable[[TestPortals], Awaitable[Any]]


async def _write_both(portals: TestPortals) -> None:
    await portals.hubspot.writer.create(Object.CONTACT, NEW)
    await portals.dynamics.writer.create(Object.CONTACT, NEW)


@pytest.mark.parametrize("type_", ["APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX"])
def test_gate__lets_hubspots_test_accounts_pass(emulator: Emulator, type_: str) -> None:
    emulator.conditions.portals = PortalFacts(account_type=type_)
    with_portals(emulator, _write_both)
    assert len(writes(emulator)) == 2


@pytest.mark.parametrize(
    "type_",
    [
        *("CustomerTest", "CustomerFreeTest", "CustomerPreview", "TestDrive"),
        *("EmailTrial", "Developer", "Trial", "Teams"),
    ],
)
def test_gate__lets_dataverses_test_environments_pass(emulator: Emulator, type_: str) -> None:
    emulator.conditions.portals = PortalFacts(organization_type=type_)
    with_portals(emulator, _write_both)
    assert len(writes(emulator)) == 2


@pytest.mark.parametrize("type_", ["STANDARD", "", "sandbox", "SANDBOX ", "PARTNER_TEST"])
def test_gate__takes_every_other_account_for_production(emulator: Emulator, type_: str) -> None:
    emulator.conditions.portals = PortalFacts(account_type=type_)
    with pytest.raises(ProductionPortalError, match="counts as production: nothing is written") as caught:
        with_portals(emulator, _write_both)
    assert caught.value.exit_code == 3
    assert writes(emulator) == []


@pytest.mark.parametrize("type_", ["Customer", "Secondary", "Default", "Monitoring", "Support", "Platform", "5", ""])
def test_gate__takes_every_other_environment_for_production(emulator: Emulator, type_: str) -> None:
    emulator.conditions.portals = PortalFacts(organization_type=type_)
    with pytest.raises(ProductionPortalError, match="counts as production: nothing is written"):
        with_portals(emulator, _write_both)
    assert writes(emulator) == []


@pytest.mark.parametrize("path", [ACCOUNT, ORGANIZATION])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, {}) for status in (400, 403, 404, 500, 503)),
        *((200, body) for body in _SILENT),
        (200, {"portalId": 7, "accountType": ["SANDBOX"]}),
        (200, {"portalId": None, "accountType": "SANDBOX"}),
        (200, {"Detail": {"OrganizationId": "x", "OrganizationType": {"CustomerTest": 5}}}),
    ],
)
def test_gate__takes_what_does_not_answer_for_production(emulator: Emulator, path: str, status: int, body: Any) -> None:
    emulator.conditions.add_faults([Fault(path=path, times=99, status=status, body=body)])
    with pytest.raises(ProductionPortalError, match="counts as production"):
        with_portals(emulator, _write_both)
    assert writes(emulator) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ACCOUNT, {"portalId": 424242, "accountType": "STANDARD"}),
        (ORGANIZATION, {"Detail": {"OrganizationId": "x", "OrganizationType": "Default"}}),
    ],
)
def test_gate__is_asked_again_before_each_batch(emulator: Emulator, path: str, body: Any) -> None:
    emulator.conditions.add_faults([Fault(path=path, skip=2, times=99, status=200, body=body)])
    system = System.HUBSPOT if path == ACCOUNT else System.DYNAMICS

    async def write_twice(portals: TestPortals) -> None:
        writer = portals.hubspot.writer if system is System.HUBSPOT else portals.dynamics.writer
        await writer.create(Object.CONTACT, NEW)
        await writer.create(Object.CONTACT, NEW)

    with pytest.raises(ProductionPortalError):
        with_portals(emulator, write_twice)
    assert len(writes(emulator)) == 1


def test_gate__is_asked_again_after_a_pause(emulator: Emulator) -> None:
    """A write that was told to wait is not sent to what is a production portal after the pause."""
    emulator.conditions.add_faults(
        [
            Fault(path="*/batch/create", status=429, body={"policyName": "TEN_SECONDLY_ROLLING"}),
            Fault(path=ACCOUNT, skip=2, times=99, status=200, body={"portalId": 424242, "accountType": "STANDARD"}),
        ]
    )

    async def write(portals: TestPortals) -> None:
        await portals.hubspot.writer.create(Object.CONTACT, NEW)

    with pytest.raises(ProductionPortalError):
        with_portals(emulator, write)
    assert writes(emulator) == ["POST /crm/v3/objects/contacts/batch/create"]


def test_gate__ends_the_writing_when_another_portal_answers(emulator: Emulator) -> None:
    other = {"portalId": 99, "accountType": "SANDBOX"}
    emulator.conditions.add_faults([Fault(path=ACCOUNT, skip=1, times=9, status=200, body=other)])

    async def write(portals: TestPortals) -> None:
        await portals.hubspot.writer.create(Object.CONTACT, NEW)

    with pytest.raises(SafetyError, match="HubSpot is portal 99 now and was"):
        with_portals(emulator, write)
    assert writes(emulator) == []


def _open_gate() -> Gate:
    return Gate(System.HUBSPOT, None, "", lambda answer: answer)  # type: ignore[arg-type]


# --- No way around it --------------------------------------------------------------------------------------------


def test_permit__is_made_by_the_gate_alone() -> None:
    with pytest.raises(SafetyError, match="Only the gate"):
        Permit(System.HUBSPOT, "424242", "SANDBOX")


def test_writing_transport__cannot_be_built_without_a_permit() -> None:
    with pytest.raises(SafetyError, match="without the gate's permit"):
        WritingTransport(None, None, httpx.URL("https://api.hubapi.com"), httpx.AsyncHTTPTransport())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/crm/v3/objects/contacts/merge"),
        ("POST", "/crm/v3/objects/contacts/gdpr-delete"),
        ("DELETE", "/crm/v3/objects/contacts/101"),
        ("PATCH", "/crm/v3/objects/contacts/101"),
        ("GET", "/crm/v3/objects/contacts"),
        ("POST", "/crm/v3/objects/contacts/batch%2Farchive"),
        ("POST", "/crm/v3/objects/contacts/batch/create?x=1"),
        ("DELETE", "/crm/v3/properties/contacts"),
    ],
)
def test_writing_transport__stops_what_is_not_listed(emulator: Emulator, method: str, path: str) -> None:
    async def check(portals: TestPortals) -> None:
        origin = httpx.URL("https://api.hubapi.com")
        transport = WritingTransport(portals.hubspot.permit, _open_gate(), origin, httpx.AsyncHTTPTransport())
        extensions = {"dynsync_permit": portals.hubspot.permit}
        transport.check(
            httpx.Request("POST", origin.join("/crm/v3/objects/contacts/batch/create"), extensions=extensions)
        )
        with pytest.raises(SafetyError, match="it is none of the writes of a rehearsal"):
            transport.check(httpx.Request(method, f"https://api.hubapi.com{path}", extensions=extensions))

    with_portals(emulator, check)


def test_writing_transport__wants_a_permit_with_each_request_and_its_own_host(emulator: Emulator) -> None:
    async def check(portals: TestPortals) -> None:
        origin = httpx.URL("https://api.hubapi.com")
        permits = portals.hubspot.permit, portals.dynamics.permit
        transport = WritingTransport(permits[0], _open_gate(), origin, httpx.AsyncHTTPTransport())
        path = "/crm/v3/objects/contacts/batch/create"
        with pytest.raises(SafetyError, match="gave no permit"):
            transport.check(httpx.Request("POST", origin.join(path)))
        with pytest.raises(SafetyError, match="gave no permit"):
            transport.check(httpx.Request("POST", origin.join(path), extensions={"dynsync_permit": permits[1]}))
        there = httpx.Request("POST", f"https://elsewhere.example{path}", extensions={"dynsync_permit": permits[0]})
        with pytest.raises(SafetyError, match="HubSpot is at"):
            transport.check(there)

    with_portals(emulator, check)
