"""Reads a Dataverse environment: who asks, which environment, tables by the page.

Facts
    * 5,000 rows a page; the link to the next page is used as it came, with the same `Prefer` (portal-apis 6.2).
    * A lookup is asked for as `_name_value`; where it points says an annotation, kept as `_name_type`.
    * `RetrieveTotalRecordCount` may be a day old and counts rows the caller may not see (6.2).
    * GUIDs are lower case in the snapshot, whatever the portal prints.

Where it is used: `portals.pull`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx

from dynsync_lib.core.model import KEY_SOURCE, Object, RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.caller import Manners, PortalCaller, retry_after_s
from dynsync_lib.portals.dataverse_columns import KINDS, column_row, describe_column, is_selectable
from dynsync_lib.portals.dataverse_errors import correlation_id_of_dataverse, explain_dataverse
from dynsync_lib.portals.pace import Limiter, Pace
from dynsync_lib.portals.pages import Page, TableRead, listed, value_text

API_VERSION: Final = "v9.2"
LOGICAL_NAMES: Final[Mapping[str, str]] = {
    "dynamics/contacts": "contact",
    "dynamics/accounts": "account",
    "dynamics/leads": "lead",
    "dynamics/opportunities": "opportunity",
    "dynamics/invoices": "invoice",
    "dynamics/users": "systemuser",
}
_BASE: Final = f"/api/data/{API_VERSION}/"
_PAGE_ROWS: Final = 5_000
_LONGEST_URL: Final = 30_000
_LOOKUP_TABLE: Final = "@Microsoft.Dynamics.CRM.lookuplogicalname"
_ANNOTATIONS: Final = '"Microsoft.Dynamics.CRM.lookuplogicalname"'
_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
    "If-None-Match": "null",
}
_PREFER: Final[Mapping[str, str]] = {
    "Prefer": f"odata.maxpagesize={_PAGE_ROWS},odata.include-annotations={_ANNOTATIONS}"
}
_ATTRIBUTES: Final = (
    "LogicalName,AttributeType,AttributeTypeName,RequiredLevel,IsValidForCreate,IsValidForUpdate,IsValidForRead,"
    "AttributeOf,DisplayName"
)
_USER_NAMES: Final = (
    "systemuserid",
    "createdon",
    "domainname",
    "fullname",
    "internalemailaddress",
    "isdisabled",
    "modifiedon",
)
_ORGANIZATION: Final = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
_ALLOWED, _WINDOW_S = 5_000, 300.0


class DataverseReader:
    """Reads one environment. Every method raises PortalError."""

    def __init__(self, client: httpx.AsyncClient, pace: Pace) -> None:
        self._limiter = Limiter(pace, allowed=_ALLOWED, window_s=_WINDOW_S)
        manners = Manners("Dynamics", explain_dataverse, retry_after_s, _ignore, correlation_id_of_dataverse)
        self._caller = PortalCaller(client, manners, self._limiter, pace)
        self._entity_sets: dict[str, str] = {}

    async def read_organization(self) -> dict[str, Any]:
        """Who asks and which environment this is: the answers of WhoAmI and RetrieveCurrentOrganization."""
        caller = await self._caller.get(f"{_BASE}WhoAmI")
        told = await self._caller.get(f"{_BASE}{_ORGANIZATION}")
        detail = told.get("Detail") if isinstance(told, dict) else None
        if not isinstance(detail, dict) or not isinstance(caller, dict) or "OrganizationId" not in detail:
            raise UnexpectedReplyError(
                "Dynamics does not say which environment it is.", next_step="Check the address of Dynamics."
            )
        ids = {name: caller.get(name) for name in ("BusinessUnitId", "UserId", "OrganizationId")}
        return {"WhoAmI": ids, "Detail": {name: value for name, value in detail.items() if name != "Endpoints"}}

    async def read_columns(self, table: RecordTable, object_: Object) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Rows like `model.COLUMNS` of one table, and the columns that can be read, lookups as their two columns.

        Raises AccessError when the environment lacks the table.
        """
        where = f"EntityDefinitions(LogicalName='{LOGICAL_NAMES[table.name]}')"
        await self._find_set(table)
        attributes = await self._metadata(f"{where}/Attributes?$select={_ATTRIBUTES}")
        own = [row for row in attributes if row.get("AttributeOf") is None and row.get("IsValidForRead") is not False]
        details = await self._read_details(where, {str(row.get("AttributeType")) for row in own})
        rows = [column_row(object_, row) | details.get(row["LogicalName"], {}) for row in own]
        names = [name for row in own if is_selectable(row) for name in _vendor_names(row)]
        return rows, tuple(sorted(names))

    async def count(self, tables: Sequence[RecordTable]) -> dict[str, int]:
        """How many rows each table has, by table name, as the environment counted them within the last day."""
        names = json.dumps([LOGICAL_NAMES[table.name] for table in tables], separators=(",", ":"))
        answer = await self._caller.get(
            f"{_BASE}RetrieveTotalRecordCount(EntityNames=@p1)?@p1={quote(names, safe='[],')}"
        )
        told = answer.get("EntityRecordCountCollection") or {} if isinstance(answer, dict) else {}
        counts = dict(zip(told.get("Keys") or (), told.get("Values") or (), strict=False))
        found = {table.name: str(counts.get(LOGICAL_NAMES[table.name], "")) for table in tables}
        return {name: int(count) for name, count in found.items() if count.isdecimal()}

    async def read_page(self, read: TableRead, cursor: str | None) -> Page:
        """The page that begins at a cursor (a link of the portal); None is the first one."""
        address = cursor or _first_address(await self._find_set(read.table), read.names)
        answer = await self._caller.get(address, headers=_PREFER)
        rows = listed(answer, "value", where="Dynamics")
        return Page(tuple(_record_row(read, row) for row in rows), answer.get("@odata.nextLink"))

    async def _find_set(self, table: RecordTable) -> str:
        if table.name not in self._entity_sets:
            where = f"EntityDefinitions(LogicalName='{LOGICAL_NAMES[table.name]}')"
            answer = await self._caller.get(f"{_BASE}{where}?$select=LogicalName,EntitySetName,PrimaryIdAttribute")
            self._entity_sets[table.name] = str(answer["EntitySetName"])
        return self._entity_sets[table.name]

    async def _metadata(self, path: str) -> list[Mapping[str, Any]]:
        return listed(await self._caller.get(f"{_BASE}{path}"), "value", where="Dynamics")

    async def _read_details(self, where: str, types: Collection[str]) -> dict[str, dict[str, Any]]:
        """What only columns of a kind have (lengths, options, targets, ...), by column name."""
        details: dict[str, dict[str, Any]] = {}
        for kind in KINDS:
            if kind.types & set(types):
                for row in await self._metadata(f"{where}/Attributes/{kind.cast}?{kind.query}"):
                    details[str(row.get("LogicalName"))] = describe_column(kind, row)
        return details


def open_client(
    origin: httpx.URL, auth: httpx.Auth, transport: httpx.AsyncBaseTransport, pace: Pace
) -> httpx.AsyncClient:
    """The HTTP client of one environment; close it after use."""
    return httpx.AsyncClient(
        base_url=origin, auth=auth, transport=transport, timeout=pace.timeout_s, headers=dict(_HEADERS)
    )


def choose_columns(table: RecordTable, readable: Iterable[str], wanted: Collection[str] | None) -> tuple[str, ...]:
    """The columns to read: all that can be read (`wanted` None), or those wanted; always id, times, key sources.

    A lookup may be wanted as `ownerid`, `_ownerid_value` or `_ownerid_type`; it is read as both its columns.
    """
    known = set(readable)
    keys = KEY_SOURCE.get(table.name, {}).values()
    always = {table.id_field, table.created_field, table.modified_field, *keys}
    bare = None if wanted is None else {_bare(name) for name in wanted} | always
    chosen = {name for name in known if bare is None or _bare(name) in bare} | {table.id_field}
    return (table.id_field, *sorted(chosen - {table.id_field}))


def user_names() -> tuple[str, ...]:
    """The columns of users."""
    return _USER_NAMES


def _ignore(response: httpx.Response) -> None:
    del response


def _bare(name: str) -> str:
    if not name.startswith("_"):
        return name
    return name.removeprefix("_").removesuffix("_value").removesuffix("_type")


def _vendor_names(row: Mapping[str, Any]) -> tuple[str, ...]:
    name = str(row["LogicalName"])
    is_lookup = row.get("AttributeType") in {"Lookup", "Customer", "Owner"}
    return (f"_{name}_value", f"_{name}_type") if is_lookup else (name,)


def _first_address(entity_set: str, names: Sequence[str]) -> str:
    """The address of the first page; without `$select` when that would be too long, which reads every column."""
    asked = ",".join(name for name in names if not _is_type(name))
    address = f"{_BASE}{entity_set}?$select={asked}"
    return address if len(address) <= _LONGEST_URL else f"{_BASE}{entity_set}"


def _is_type(name: str) -> bool:
    return name.startswith("_") and name.endswith("_type")


def _record_row(read: TableRead, record: Mapping[str, Any]) -> dict[str, str | None]:
    id_ = record.get(read.table.id_field)
    if not id_:
        raise UnexpectedReplyError(
            f"Dynamics delivers a record of {read.table.name} without {read.table.id_field}.", next_step="Report this."
        )
    row: dict[str, str | None] = {}
    for name in read.names:
        if _is_type(name):
            lookup = f"{name.removesuffix('_type')}_value"
            if lookup in record:
                row[name] = value_text(record.get(f"{lookup}{_LOOKUP_TABLE}"))
        elif name in record:
            row[name] = value_text(record[name])
    for name in (read.table.id_field, *(name for name in row if name.startswith("_") and name.endswith("_value"))):
        row[name] = _lower(row[name])
    return row


def _lower(guid: str | None) -> str | None:
    return None if guid is None else guid.lower()
