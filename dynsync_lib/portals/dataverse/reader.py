"""Reads a Dataverse environment: who is signed in, what it is, its tables page by page, and what changed meanwhile.

Facts
    * A page has 5,000 rows; the link to the next page is used as it came, with the same `Prefer`. A page that fails
      again and again is asked for with fewer rows (portal-apis 6.2, 7.2).
    * A list of columns of more than 6,000 characters is not sent: every column comes, and those not wanted are dropped.
    * `x-ms-dop-hint` says how many requests may run at once; each answer says what is left of the limits (7.1).
    * `RetrieveTotalRecordCount` may be a day old and counts rows that the caller may not see (6.2).

Not modelled
    * `odata.track-changes`: not every table has it, and it begins with a read of everything. Changed rows are selected
      by `modifiedon`.

Where it is used: `portals.pull.pull_portals`, `portals.pull.dynamics_tables`, `portals.check.check_portals`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import AccessError, PortalError, UnexpectedReplyError
from dynsync_lib.moments import utc_text
from dynsync_lib.portals.dataverse.column_metadata import KINDS, column_row, describe_column, is_selectable
from dynsync_lib.portals.dataverse.errors import dataverse_manners
from dynsync_lib.portals.dataverse.rows import record_row, selected, vendor_names
from dynsync_lib.portals.http.caller import AddressTooLongError, PortalCaller, client_timeout, moment_of
from dynsync_lib.portals.http.hosts import check_host
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.http.transport import Guard, ReadOnlyTransport, network
from dynsync_lib.portals.pages import Delivery, TableRead, listed, understood
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.portals.sign_in.auth import DataverseAuth, EntraSignIn
from dynsync_lib.portals.sign_in.connections import PortalConnections

API_VERSION: Final = "v9.2"
BASE_PATH: Final = f"/api/data/{API_VERSION}/"
ORGANIZATION: Final = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
"""The call that says which environment this is."""
LOGICAL_NAMES: Final[Mapping[str, str]] = {
    "dynamics/contacts": "contact",
    "dynamics/accounts": "account",
    "dynamics/leads": "lead",
    "dynamics/opportunities": "opportunity",
    "dynamics/invoices": "invoice",
    "dynamics/users": "systemuser",
}
_PAGE_ROWS: Final = (5_000, 5_000, 1_000, 250)
"""Rows asked for by the first, second, third and every further attempt at one page."""
_LONGEST_URL: Final = 6_000
_ANNOTATIONS: Final = '"Microsoft.Dynamics.CRM.lookuplogicalname"'
_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
    "If-None-Match": "null",
}
_ATTRIBUTES: Final = (
    "LogicalName,AttributeType,AttributeTypeName,RequiredLevel,IsValidForCreate,IsValidForUpdate,IsValidForRead,"
    "AttributeOf,DisplayName"
)
_LOCALE: Final = "organizations?$select=languagecode&$expand=basecurrencyid($select=isocurrencycode)"
_ALLOWED, _WINDOW_S, _SHARE = 5_000, 300.0, 0.95
_FIRST_LANES: Final = 4
_LEAST_TIME_S: Final = 60.0
"""With less execution time left than this (of 1,200 s in each 300 s), one request runs at a time."""
_understood: Final = understood("Dynamics")


@dataclass(slots=True)
class KnownTables:
    """What an environment said of its tables, by their names: the entity set of each, and what `read_columns` gives."""

    entity_sets: dict[str, str] = field(default_factory=dict)
    columns: dict[str, tuple[list[MetadataRow], tuple[str, ...]]] = field(default_factory=dict)


class DataverseReader:
    """Reads one environment. Every method sends requests and raises PortalError.

    `server_time` is the environment's clock at its first answer, in UTC; None before. `caller` sends its requests.
    What `known` has of tables is not asked again, and what is asked is added there.
    """

    def __init__(self, client: httpx.AsyncClient, pace: Pace, known: KnownTables | None = None) -> None:
        self.server_time: datetime | None = None
        self._limiter = Limiter(pace, allowed=_ALLOWED, window_s=_WINDOW_S, first_lanes=_FIRST_LANES)
        self.caller = PortalCaller(client, dataverse_manners(self._heed), self._limiter, pace)
        self._known = KnownTables() if known is None else known
        self._desk = asyncio.Lock()

    @_understood
    async def read_organization(self) -> dict[str, Any]:
        """Who is signed in and which environment this is.

        `WhoAmI` holds the ids of user, business unit and organisation, `Detail` the answer of
        RetrieveCurrentOrganization without its addresses.
        """
        caller = await self.caller.get(f"{BASE_PATH}WhoAmI")
        answer = await self.caller.get(f"{BASE_PATH}{ORGANIZATION}")
        detail = answer.get("Detail") if isinstance(answer, dict) else None
        if not isinstance(detail, dict) or not isinstance(caller, dict) or "OrganizationId" not in detail:
            raise UnexpectedReplyError(
                "Dynamics does not say which environment it is.", next_step="Check the address of Dynamics."
            )
        ids = {name: caller.get(name) for name in ("BusinessUnitId", "UserId", "OrganizationId")}
        return {"WhoAmI": ids, "Detail": {name: value for name, value in detail.items() if name != "Endpoints"}}

    @_understood
    async def read_locale(self) -> dict[str, Any]:
        """Under `Organization` the environment's `languagecode` and `isocurrencycode`; empty when it does not say."""
        try:
            answer = await self.caller.get(f"{BASE_PATH}{_LOCALE}")
        except (AccessError, UnexpectedReplyError):
            return {}
        (row,) = listed(answer, "value", where="Dynamics")
        currency = (row.get("basecurrencyid") or {}).get("isocurrencycode")
        return {"Organization": {"languagecode": row.get("languagecode"), "isocurrencycode": currency}}

    @_understood
    async def read_columns(self, table: RecordTable, object_: Object) -> tuple[list[MetadataRow], tuple[str, ...]]:
        """One row like `core.tables.COLUMNS` for each column of a table, and the names that can be read from its rows.

        A lookup can be read as its two columns, `_name_value` and `_name_type`. Costs a request for each kind of
        column that the table has (`portals.dataverse.column_metadata.KINDS`), and two.

        They are asked for once, and again after `forget_columns`.
        Raises AccessError when the environment lacks the table.
        """
        if table.name not in self._known.columns:
            self._known.columns[table.name] = await self._ask_columns(table, object_)
        return self._known.columns[table.name]

    def forget_columns(self, table: RecordTable) -> None:
        """What the table's columns are is asked again: somebody has made one."""
        self._known.columns.pop(table.name, None)

    async def _ask_columns(self, table: RecordTable, object_: Object) -> tuple[list[MetadataRow], tuple[str, ...]]:
        where = f"EntityDefinitions(LogicalName='{LOGICAL_NAMES[table.name]}')"
        await self._find_set(table)
        attributes = await self._metadata(f"{where}/Attributes?$select={_ATTRIBUTES}")
        own = [row for row in attributes if row.get("AttributeOf") is None and row.get("IsValidForRead") is not False]
        details = await self._read_details(where, {str(row.get("AttributeType")) for row in own})
        rows: list[MetadataRow] = [column_row(object_, row) | details.get(row["LogicalName"], {}) for row in own]
        names = [name for row in own if is_selectable(row) for name in vendor_names(row)]
        return rows, tuple(sorted(names))

    @_understood
    async def count(self, tables: Sequence[RecordTable]) -> dict[str, int]:
        """How many rows each table has, by table name, as the environment counted within the last day.

        Tables that it does not count are missing.
        """
        answer = await self.caller.get(count_path([LOGICAL_NAMES[table.name] for table in tables]))
        collection = answer.get("EntityRecordCountCollection") or {} if isinstance(answer, dict) else {}
        counts = dict(zip(collection.get("Keys") or (), collection.get("Values") or (), strict=False))
        texts = {table.name: str(counts.get(LOGICAL_NAMES[table.name], "")) for table in tables}
        return {name: int(text) for name, text in texts.items() if text.isdecimal()}

    @_understood
    async def read_page(self, read: TableRead, cursor: str | None) -> Delivery:
        """The page of a table that begins at a cursor (a link from an answer; None: the first page).

        Its rows are `TextRow`s.
        """
        if cursor is not None:
            return self._delivered(read, await self.caller.get(cursor, headers=_prefer))
        entity_set = await self._find_set(read.table)
        with suppress(AddressTooLongError):
            return self._delivered(
                read, await self.caller.get(_first_address(entity_set, read, read.names), headers=_prefer)
            )
        return self._delivered(read, await self.caller.get(_first_address(entity_set, read, ()), headers=_prefer))

    @_understood
    async def read_changed(self, read: TableRead, since: datetime, cursor: str | None) -> Delivery:
        """A page of the rows that changed at or after `since`; the cursor is as in `read_page`."""
        condition = f"{read.table.modified_field} ge {utc_text(since)}"
        return await self.read_page(TableRead(read.table, read.names, condition=condition), cursor)

    @_understood
    async def find_span(self, table: RecordTable) -> tuple[datetime, datetime] | None:
        """When the oldest and the newest row of a table were created; None when there are no rows."""
        path = f"{BASE_PATH}{await self._find_set(table)}?$select={table.created_field}&$top=1"
        texts = []
        for way in ("asc", "desc"):
            answer = await self.caller.get(f"{path}&$orderby={table.created_field} {way}".replace(" ", "%20"))
            texts += [row.get(table.created_field) for row in listed(answer, "value", where="Dynamics")]
        moments = [datetime.fromisoformat(text) for text in texts if isinstance(text, str)]
        return (moments[0], moments[-1]) if moments else None

    @_understood
    async def find_known(self, table: RecordTable, ids: Sequence[str]) -> set[str]:
        """Those of at most 100 row ids that the table has. Costs one request."""
        values = ",".join(f"'{id_}'" for id_ in ids)
        condition = f"Microsoft.Dynamics.CRM.In(PropertyName='{table.id_field}',PropertyValues=[{values}])"
        path = f"{BASE_PATH}{await self._find_set(table)}?$select={table.id_field}&$filter={quote(condition)}"
        answer = await self.caller.get(path)
        return {str(row[table.id_field]).lower() for row in listed(answer, "value", where="Dynamics")}

    async def read_privileges(self) -> dict[str, str] | None:
        """The depth of each privilege that the caller has, by name; None when Dataverse does not say."""
        try:
            user_id = str((await self.caller.get(f"{BASE_PATH}WhoAmI"))["UserId"]).lower()
        except (PortalError, KeyError, TypeError):
            return None
        return await read_privileges(self.caller, user_id)

    @property
    def lanes(self) -> int:
        """How many requests the environment allows at once, as its last answer said."""
        return self._limiter.most_lanes

    def _delivered(self, read: TableRead, answer: Any) -> Delivery:
        records = listed(answer, "value", where="Dynamics")

        @_understood
        async def rows() -> tuple[TextRow, ...]:
            async with self._desk:
                return await asyncio.to_thread(lambda: tuple(record_row(read, record) for record in records))

        return Delivery(answer.get("@odata.nextLink"), rows)

    async def _find_set(self, table: RecordTable) -> str:
        if table.name not in self._known.entity_sets:
            where = f"EntityDefinitions(LogicalName='{LOGICAL_NAMES[table.name]}')"
            answer = await self.caller.get(f"{BASE_PATH}{where}?$select=LogicalName,EntitySetName,PrimaryIdAttribute")
            self._known.entity_sets[table.name] = str(answer["EntitySetName"])
        return self._known.entity_sets[table.name]

    async def _metadata(self, path: str) -> list[Mapping[str, Any]]:
        return listed(await self.caller.get(f"{BASE_PATH}{path}"), "value", where="Dynamics")

    def _heed(self, response: httpx.Response) -> None:
        """Notes the environment's clock and its limits: requests at once, requests left, execution time left."""
        headers = response.headers
        self.server_time = self.server_time or moment_of(headers.get("date", ""))
        hint, left = headers.get("x-ms-dop-hint", ""), headers.get("x-ms-ratelimit-burst-remaining-xrm-requests", "")
        if hint.isdecimal():
            self._limiter.most_lanes = max(int(hint), 1)
            self._limiter.lanes = min(self._limiter.lanes, self._limiter.most_lanes)
        if left.isdecimal():
            self._limiter.adapt(allowed=int((self._limiter.used + int(left)) * _SHARE), window_s=_WINDOW_S)
        with suppress(ValueError):
            time_left = headers.get("x-ms-ratelimit-time-remaining-xrm-requests", "").replace(",", "")
            if float(time_left) < _LEAST_TIME_S:
                self._limiter.lanes = 1

    async def _read_details(self, where: str, types: Collection[str]) -> dict[str, dict[str, Any]]:
        """What only some kinds of columns have (length, options, targets, ...), by column name."""
        details: dict[str, dict[str, Any]] = {}
        for kind in KINDS:
            if kind.types & set(types):
                for row in await self._metadata(f"{where}/Attributes/{kind.cast}?{kind.query}"):
                    details[str(row.get("LogicalName"))] = describe_column(kind, row)
        return details


async def read_privileges(caller: PortalCaller, user_id: str) -> dict[str, str] | None:
    """The depth of each privilege that a user has, by name; None when Dataverse does not say."""
    try:
        return await ask_privileges(caller, user_id)
    except PortalError:
        return None


async def ask_privileges(caller: PortalCaller, user_id: str) -> dict[str, str] | None:
    """As `read_privileges`, but raises PortalError when Dataverse refuses, or cannot be reached."""
    address = f"{BASE_PATH}systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
    answer = await caller.get(address)
    try:
        rows: Sequence[Mapping[str, Any]] = answer["RolePrivileges"]
        return {str(row["PrivilegeName"]): str(row["Depth"]) for row in rows}
    except (KeyError, TypeError):
        return None


def count_path(logical_names: Sequence[str]) -> str:
    """The path that asks for the row counts of tables, as counted within the last day."""
    names = quote(json.dumps(logical_names, separators=(",", ":")), safe="[],")
    return f"{BASE_PATH}RetrieveTotalRecordCount(EntityNames=@p1)?@p1={names}"


@asynccontextmanager
async def connect(connections: PortalConnections, pace: Pace) -> AsyncIterator[tuple[httpx.AsyncClient, DataverseAuth]]:
    """The HTTP client of the connections' environment, which can only read, and its sign-in; both end with the context.

    Nothing is sent yet. Raises SafetyError for a foreign host.
    """
    origin = check_host("dynamics", connections.dynamics_url)
    transport = ReadOnlyTransport(Guard("dynamics", origin), network(origin, ca_file=connections.ca_file))
    sign_in = EntraSignIn(connections, pace)
    auth = DataverseAuth(sign_in)
    try:
        async with open_client(origin, auth, transport, pace) as client:
            yield client, auth
    finally:
        sign_in.close()


def open_client(
    origin: httpx.URL, auth: httpx.Auth, transport: httpx.AsyncBaseTransport, pace: Pace
) -> httpx.AsyncClient:
    """The HTTP client of an environment over any transport; close it after use."""
    timeout, headers = client_timeout(pace), dict(_HEADERS)
    return httpx.AsyncClient(base_url=origin, auth=auth, transport=transport, timeout=timeout, headers=headers)


def _prefer(attempt: int) -> Mapping[str, str]:
    rows = _PAGE_ROWS[min(attempt, len(_PAGE_ROWS)) - 1]
    return {"Prefer": f"odata.maxpagesize={rows},odata.include-annotations={_ANNOTATIONS}"}


def _first_address(entity_set: str, read: TableRead, names: Sequence[str]) -> str:
    """The path of the first page; without `$select`, which reads every column, where it would be too long otherwise."""
    where = [] if read.condition is None else [f"$filter={quote(read.condition, safe=':')}"]
    select = f"$select={','.join(selected(names))}"
    for options in ([select, *where], where) if names else (where,):
        address = f"{BASE_PATH}{entity_set}" + ("?" + "&".join(options) if options else "")
        if len(address) <= _LONGEST_URL:
            break
    return address
