"""Small portals to pull from, and a time that passes without waiting."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.pull.pull_portals import DEFAULT_OPTIONS, PullOptions, pull_portals
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.snapshot.snapshot import Snapshot

KEYS = KeyMaker(frozenset({"com", "org", "example", "test"}))
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GENEROUS = Limits(hubspot_requests=100_000, hubspot_search_requests=100_000)
CONTACTS, COMPANIES = 230, 120
Row = dict[str, str | None]


@dataclass
class FakeTime:
    """A clock that only sleeping moves."""

    now_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def block(self, ended: threading.Event, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now_s += seconds
        return ended.is_set()

    def pace(self, *, tries: int = 4, longest_wait_s: float = 300.0) -> Pace:
        return Pace(
            tries=tries,
            longest_wait_s=longest_wait_s,
            sleep=self.sleep,
            block=self.block,
            elapsed_s=lambda: self.now_s,
            chance=lambda: 0.0,
        )


def connections(emulator: Emulator, **changes: Any) -> PortalConnections:
    """The connections of a running emulator."""
    told = emulator.addresses
    dynamics = told["dynamics"]
    usual: dict[str, Any] = {
        "hubspot_url": told["hubspot"]["url"],
        "hubspot_token": told["hubspot"]["token"],
        "dynamics_url": dynamics["tls_url"],
        "authority": dynamics["authority"],
        "tenant_id": dynamics["tenant_id"],
        "client_id": dynamics["client_id"],
        "client_secret": dynamics["client_secret"],
        "ca_file": Path(dynamics["ca_file"]),
    }
    return PortalConnections(**{**usual, **changes})


def pull(
    emulator: Emulator,
    out: Path,
    *,
    time: FakeTime | None = None,
    tries: int = 4,
    fields: Mapping[str, Sequence[str]] | None = None,
    options: PullOptions = DEFAULT_OPTIONS,
    progress: Callable[[str, int, int | None], None] | None = None,
    **changes: Any,
) -> Snapshot:
    """A pull from a running emulator that never really waits; `changes` replace parts of its connections."""
    spoken = {} if progress is None else {"progress": progress}
    return pull_portals(
        connections(emulator, **changes),
        out,
        key_maker=KEYS,
        clock=lambda: NOON,
        fields=fields,
        options=options,
        pace=(time or FakeTime()).pace(tries=tries),
        **spoken,
    )


def rows_of(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table_path(name)).to_pylist()
    return rows


def bytes_of(folder: Path) -> dict[str, str]:
    """A hash of every file of a snapshot; of the manifest without its notes on records that came twice."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    note = rb'"note": "\d+ records? came more than once[^"]*"'
    files["manifest.json"] = re.sub(note, b'"note": null', files["manifest.json"])
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def answering(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A transport that gives these answers one after the other, and the requests it got."""
    waiting, requests = list(answers), []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(handle), requests


def guid(number: int) -> str:
    """An invented GUID whose first digits descend with the number, whose last ascend."""
    return f"{65_536 - number:08x}-0000-4000-8000-{number:012x}"


@dataclass(frozen=True)
class SmallPortals:
    """A world of two small portals, as the emulator wants it."""

    tables: Mapping[str, Sequence[Row]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]


def small_portals() -> SmallPortals:
    """230 contacts (three pages) and 120 companies in HubSpot; 30 contacts, 12 accounts and some more in Dynamics."""
    tables: dict[str, list[Row]] = {
        "hubspot/contacts": [_contact(number) for number in range(1, CONTACTS + 1)],
        "hubspot/companies": [_company(number) for number in range(1, COMPANIES + 1)],
        "hubspot/deals": [_times({"hs_object_id": "9001", "dealname": "Pilot", "amount": "12.50"})],
        "hubspot/invoices": [],
        "hubspot/owners": [_owner("71", "ann"), _owner("72", "bob")],
        "hubspot/links": _links(),
        "hubspot/properties": _properties(),
        "dynamics/contacts": [_dynamics_contact(number) for number in range(1, 31)],
        "dynamics/accounts": [_dynamics_row("accountid", 100 + n, {"name": f"Firm {n}"}) for n in range(12)],
        "dynamics/leads": [_dynamics_row("leadid", 201, {"emailaddress1": "lead@y.example"})],
        "dynamics/opportunities": [_dynamics_row("opportunityid", 301, {"estimatedvalue": "100.00"})],
        "dynamics/invoices": [_dynamics_row("invoiceid", 401, {"name": "Bill"})],
        "dynamics/users": [_dynamics_row("systemuserid", 501, {"internalemailaddress": "ann@x.example"})],
        "dynamics/columns": _columns(),
    }
    return SmallPortals(tables, {"portalId": 424242, "accountType": "SANDBOX", "timeZone": "UTC"}, _organization())


def _times(row: Row) -> Row:
    return {**row, "createdate": "2026-01-02T03:04:05.678Z", "hs_lastmodifieddate": "2026-02-02T03:04:05.000Z"}


def _contact(number: int) -> Row:
    return {
        "hs_object_id": str(1_000 + number),
        "email": None if number % 10 == 0 else f"Person{number}@x.example",
        "hs_additional_emails": "second@x.example;third@x.example" if number == 1 else None,
        "note": f'Line one,\n"quoted" ünï {number}',
        "createdate": "2026-01-02T03:04:05.678Z",
        "lastmodifieddate": "2026-02-02T03:04:05.000Z",
    }


def _company(number: int) -> Row:
    return _times(
        {"hs_object_id": str(5_000 + number), "name": f" Firm  {number} ", "domain": f"www.f{number}.example"}
    )


def _owner(id_: str, name: str) -> Row:
    moment = "2025-01-02T03:04:05.678Z"
    return {"id": id_, "archived": "false", "email": f"{name}@x.example", "createdAt": moment, "updatedAt": moment}


def _links() -> list[Row]:
    rows = []
    for number in range(1, CONTACTS + 1, 2):
        ends: Row = {"from_object": "contact", "from_id": str(1_000 + number), "to_object": "company"}
        rows.append({**ends, "to_id": str(5_000 + number % COMPANIES), "is_primary": "true", "label": None})
        rows.append({**ends, "to_id": str(5_001 + number % COMPANIES), "is_primary": "false", "label": "Advisor"})
    deal: Row = {"from_object": "deal", "from_id": "9001", "label": None}
    rows.append({**deal, "to_object": "contact", "to_id": "1001", "is_primary": "false"})
    rows.append({**deal, "to_object": "company", "to_id": "5001", "is_primary": "true"})
    return rows


def _properties() -> list[Row]:
    told = {
        "contact": ("hs_object_id", "email", "hs_additional_emails", "note", "createdate", "lastmodifieddate"),
        "company": ("hs_object_id", "name", "domain", "createdate", "hs_lastmodifieddate"),
        "deal": ("hs_object_id", "dealname", "amount", "createdate", "hs_lastmodifieddate"),
        "invoice": ("hs_object_id", "createdate", "hs_lastmodifieddate"),
    }
    usual: Row = {"type": "string", "field_type": "text", "options": None, "length": None}
    flags: Row = {"read_only": "false", "calculated": "false", "unique": "false", "hidden": "false"}
    return [
        {"object": object_, "name": name, "label": name.title(), **usual, **flags}
        for object_, names in told.items()
        for name in names
    ]


def _dynamics_row(key: str, number: int, values: Row) -> Row:
    return {key: guid(number), **values, "createdon": "2026-01-02T03:04:05Z", "modifiedon": "2026-02-02T03:04:05Z"}


def _dynamics_contact(number: int) -> Row:
    is_under_contact = number == 3
    lookup: Row = {
        "_parentcustomerid_value": guid(1 if is_under_contact else 100 + number % 12),
        "_parentcustomerid_type": "contact" if is_under_contact else "account",
    }
    none: Row = {"_parentcustomerid_value": None, "_parentcustomerid_type": None}
    values: Row = {
        "emailaddress1": f"person{number}@x.example",
        "creditlimit": f"{number}.50",
        "donotemail": "true" if number % 2 else "false",
        "statecode": "0",
    }
    return _dynamics_row("contactid", number, {**values, **(none if number % 5 == 0 else lookup)})


def _columns() -> list[Row]:
    told = {
        "contact": {
            "contactid": "Uniqueidentifier",
            "emailaddress1": "String",
            "creditlimit": "Money",
            "donotemail": "Boolean",
            "statecode": "State",
            "parentcustomerid": "Customer",
        },
        "company": {"accountid": "Uniqueidentifier", "name": "String"},
        "lead": {"leadid": "Uniqueidentifier", "emailaddress1": "String"},
        "deal": {"opportunityid": "Uniqueidentifier", "estimatedvalue": "Money"},
        "invoice": {"invoiceid": "Uniqueidentifier", "name": "String"},
    }
    return [
        _column(object_, name, type_)
        for object_, columns in told.items()
        for name, type_ in {**columns, "createdon": "DateTime", "modifiedon": "DateTime"}.items()
    ]


def _column(object_: str, name: str, type_: str) -> Row:
    return {
        "object": object_,
        "name": name,
        "label": name.title(),
        "type": type_,
        "format": {"String": "Text", "DateTime": "DateAndTime"}.get(type_),
        "options": '[{"value": "0", "label": "Active"}]' if type_ == "State" else None,
        "read_only": "true" if type_ in {"Uniqueidentifier", "DateTime"} else "false",
        "required": "None",
        "length": "100" if type_ == "String" else None,
        "min_value": "0" if type_ == "Money" else None,
        "max_value": "1000000" if type_ == "Money" else None,
        "targets": "account;contact" if type_ == "Customer" else None,
        "behavior": "UserLocal" if type_ == "DateTime" else None,
    }


def _organization() -> dict[str, Any]:
    ids = {name: str(uuid.UUID(int=number)) for number, name in enumerate(("Org", "User", "Unit", "Tenant"), start=1)}
    caller = {"BusinessUnitId": ids["Unit"], "UserId": ids["User"], "OrganizationId": ids["Org"]}
    detail = {"OrganizationId": ids["Org"], "OrganizationType": "CustomerTest", "TenantId": ids["Tenant"]}
    return {"WhoAmI": caller, "Detail": {**detail, "OrganizationVersion": "9.2.1.1", "FriendlyName": "Small"}}
