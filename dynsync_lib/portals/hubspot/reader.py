"""Reads a HubSpot portal: account, properties, owners, records, associations, and what changed meanwhile.

Facts
    * Lists come 100 records a page in ascending id; `paging` is absent on the last page. A list has no total: a search
      without filters has one (portal-apis 2.2, 2.3).
    * Addresses stay below 6,000 characters: with more properties, or after a 414, the list delivers ids and a batch
      read the properties (2.7).
    * A list shows either live or archived records. The kit calls the archived ones a part of their table.
    * Changed records are searched by ascending id, not by cursor: a cursor ends after 10,000 results (2.3). Search lags
      behind by seconds, so the records in its answer are read again by id.
    * Pipelines are not read: deal stages are the options of `dealstage`. So the end of the first pipelines API on
      4 December 2026 (F16) concerns no pull.

Not modelled
    * Sensitive properties, custom objects, history.

Where it is used: `portals.pull.pull_portals`, `portals.pull.hubspot_tables`, `portals.check.check_portals`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from dynsync_lib.core.model import Object
from dynsync_lib.errors import PortalError, UnexpectedReplyError
from dynsync_lib.portals.http.caller import AddressTooLongError, PortalCaller, client_timeout, moment_of
from dynsync_lib.portals.http.hosts import check_host
from dynsync_lib.portals.http.pace import Limiter, Pace
from dynsync_lib.portals.http.transport import Guard, ReadOnlyTransport, network
from dynsync_lib.portals.hubspot.errors import hubspot_manners
from dynsync_lib.portals.hubspot.paths import DEFAULT_VERSION, PATHS, PLURALS
from dynsync_lib.portals.hubspot.rows import (
    ARCHIVED_NAMES,
    link_rows,
    owner_row,
    property_row,
    record_row,
    refuse_errors,
)
from dynsync_lib.portals.pages import ARCHIVED, Delivery, TableRead, listed, understood
from dynsync_lib.portals.rows import MetadataRow, TextRow
from dynsync_lib.portals.sign_in.auth import BearerAuth
from dynsync_lib.portals.sign_in.connections import PortalConnections

ASSOCIATION_PAIRS: Final = (
    (Object.CONTACT, Object.COMPANY),
    (Object.DEAL, Object.CONTACT),
    (Object.DEAL, Object.COMPANY),
    (Object.INVOICE, Object.CONTACT),
    (Object.INVOICE, Object.COMPANY),
)
IDS_PER_BATCH: Final = 500
_PAGE_ROWS: Final = 100
_SEARCH_ROWS: Final = 100
_LONGEST_URL: Final = 6_000
_ALLOWED, _WINDOW_S, _SHARE = 98, 10.0, 0.985
"""The window is the token's own, so that 1.5 % are room enough; what others leave is seen in the headers."""
_LIMIT_HEADERS: Final = ("max", "interval-milliseconds", "remaining")
_SEARCHES, _SEARCH_WINDOW_S = 4, 1.0
"""Of five that the whole account has, one is left to others."""
_understood: Final = understood("HubSpot")


class HubSpotReader:
    """Reads one portal. Every method sends requests and raises PortalError.

    `server_time` is the portal's clock at its first answer, in UTC; None before. `caller` sends its requests.
    """

    def __init__(self, client: httpx.AsyncClient, pace: Pace, *, version: str = DEFAULT_VERSION) -> None:
        self.server_time: datetime | None = None
        self._paths = PATHS[version]
        self._longest_url = _LONGEST_URL
        self._limiter = Limiter(pace, allowed=_ALLOWED, window_s=_WINDOW_S)
        self._search_limiter = Limiter(pace, allowed=_SEARCHES, window_s=_SEARCH_WINDOW_S)
        self.caller = PortalCaller(client, hubspot_manners(self._heed), self._limiter, pace)

    @_understood
    async def read_account(self) -> dict[str, Any]:
        """The answer of account-info as HubSpot names its values; `portalId` and the UTC offset are integers."""
        details = await self.caller.get(self._paths.account)
        if not isinstance(details, dict) or "portalId" not in details:
            raise UnexpectedReplyError(
                "HubSpot answers account-info without a portalId.", next_step="Check HubSpot's address."
            )
        numbers = {
            name: int(details[name]) for name in ("portalId", "utcOffsetMilliseconds") if _is_number(details, name)
        }
        return {**details, **numbers}

    @_understood
    async def read_properties(self, object_: Object) -> list[MetadataRow]:
        """One row like `core.tables.PROPERTIES` for each live property of an object."""
        answer = await self.caller.get(f"{self._paths.properties}/{PLURALS[object_]}?archived=false")
        return [property_row(object_, row) for row in _results(answer)]

    @_understood
    async def count(self, object_: Object) -> int | None:
        """How many live records the search index counts; None when it does not say."""
        answer = await self._search(PLURALS[object_], {"limit": 1})
        total = str(answer.get("total", "")) if isinstance(answer, dict) else ""
        return int(total) if total.isdecimal() else None

    @_understood
    async def read_page(self, read: TableRead, cursor: str | None) -> Delivery:
        """The page of a table that begins at a cursor (None: the first page). Its rows are `TextRow`s."""
        if read.table.object is None:
            return await self._read_owners(cursor)
        address = self._list_address(read, read.names, cursor)
        if len(address) <= self._longest_url:
            try:
                return _delivered(await self.caller.get(address))
            except AddressTooLongError:
                self._longest_url = len(address) - 1
        answer = await self.caller.get(self._list_address(read, (read.table.id_field,), cursor))
        ids = [str(row.get("id", "")) for row in _results(answer)]
        return Delivery(_next_after(answer), lambda: self._read_batch(read, ids))

    @_understood
    async def read_changed(self, read: TableRead, since: datetime, cursor: str | None) -> Delivery:
        """Live records changed at or after `since`, by ascending id, as they are now; the cursor is the last id."""
        changed = {
            "propertyName": read.table.modified_field,
            "operator": "GTE",
            "value": str(int(since.timestamp() * 1000)),
        }
        further = {"propertyName": read.table.id_field, "operator": "GT", "value": cursor or "0"}
        body = {
            "filterGroups": [{"filters": [changed, further]}],
            "sorts": [{"propertyName": read.table.id_field, "direction": "ASCENDING"}],
            "properties": [read.table.id_field],
            "limit": _SEARCH_ROWS,
        }
        ids = [str(row.get("id", "")) for row in _results(await self._search(_plural(read), body))]
        return Delivery(ids[-1] if len(ids) == _SEARCH_ROWS else None, lambda: self._read_batch(read, ids))

    @_understood
    async def read_links(self, pair: tuple[Object, Object], ids: Sequence[str]) -> list[TextRow]:
        """The associations of records of the pair's first object with its second, in the order of `ids`.

        One row like `core.tables.LINKS_IN`, flags as text, for each association or label of one. Costs one request, and
        more for records with many associations.
        """
        targets: dict[str, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
        inputs = [{"id": id_} for id_ in targets]
        asked: set[tuple[str, str]] = set()
        while inputs:
            answer = await self._read_associations(pair, inputs)
            inputs = []
            for row in _results(answer):
                id_ = str(row.get("from", {}).get("id"))
                targets.setdefault(id_, []).extend(row.get("to") or ())
                after = _next_after(row)
                if after is not None:
                    _refuse_still_cursor(asked, (id_, after))
                    inputs.append({"id": id_, "after": after})
        return [link for id_, ends in targets.items() for link in link_rows(pair, id_, ends)]

    @_understood
    async def find_unknown(self, object_: Object, ids: Sequence[str]) -> list[str]:
        """Those of at most 100 record ids that HubSpot no longer knows among its live records. Costs one request."""
        path = f"{self._paths.objects}/{PLURALS[object_]}/batch/read?archived=false"
        body = {"inputs": [{"id": id_} for id_ in ids], "properties": ["hs_object_id"]}
        answer = await self.caller.post(path, body)
        refuse_errors(answer)
        known = {str(row.get("id")) for row in _results(answer)}
        return [id_ for id_ in ids if id_ not in known]

    @_understood
    async def find_by_unique(self, object_: Object, name: str, values: Sequence[str]) -> dict[str, str]:
        """The ids of live records by their value of a property whose values are unique; of at most 100 values.

        Values that no record has are left out. It sees what was written a moment ago, as a search does not. Costs one
        request.
        """
        path = f"{self._paths.objects}/{PLURALS[object_]}/batch/read?archived=false"
        body = {"idProperty": name, "inputs": [{"id": value} for value in values], "properties": [name]}
        answer = await self.caller.post(path, body)
        refuse_errors(answer)
        return {str(row["properties"][name]): str(row["id"]) for row in _results(answer)}

    @_understood
    async def read_property_groups(self, object_: Object) -> list[str]:
        """The groups that an object's properties stand in, the most usual one first."""
        answer = await self.caller.get(f"{self._paths.properties}/{PLURALS[object_]}?archived=false")
        groups = Counter(str(row.get("groupName")) for row in _results(answer) if row.get("groupName"))
        return [group for group, _ in groups.most_common()]

    async def read_scopes(self, token: str) -> list[str] | None:
        """The scopes of a token, in order of the alphabet; None when HubSpot does not say (portal-apis 1.2)."""
        return await read_scopes(self.caller, token)

    async def _read_owners(self, cursor: str | None) -> Delivery:
        """Owners in use, then the archived ones, who may still own records."""
        archived, _, after = (cursor or "false|").partition("|")
        address = f"{self._paths.owners}?limit=100&archived={archived}" + (
            f"&after={quote(after, safe='%')}" if after else ""
        )
        answer = await self.caller.get(address)
        rows = tuple(map(owner_row, _results(answer)))
        following = _next_after(answer)
        if following is not None:
            return Delivery(f"{archived}|{following}", _already(rows))
        return Delivery("true|" if archived == "false" else None, _already(rows))

    @_understood
    async def _read_batch(self, read: TableRead, ids: Sequence[str]) -> tuple[TextRow, ...]:
        """The records of these ids with all properties asked for; those deleted in between are left out."""
        if not ids:
            return ()
        body = {"inputs": [{"id": id_} for id_ in ids], "properties": list(read.names)}
        path = f"{self._paths.objects}/{_plural(read)}/batch/read?archived={_archived(read)}"
        answer = await self.caller.post(path, body)
        refuse_errors(answer)
        rows = {str(row.get("id")): record_row(row) for row in _results(answer)}
        return tuple(rows[id_] for id_ in ids if id_ in rows)

    async def _read_associations(self, pair: tuple[Object, Object], inputs: Sequence[Mapping[str, str]]) -> Any:
        path = f"{self._paths.associations}/{PLURALS[pair[0]]}/{PLURALS[pair[1]]}/batch/read"
        answer = await self.caller.post(path, {"inputs": list(inputs)})
        refuse_errors(answer)
        return answer

    async def _search(self, plural: str, body: Mapping[str, Any]) -> Any:
        path = f"{self._paths.objects}/{plural}/search"
        return await self.caller.post(path, body, limiter=self._search_limiter)

    def _list_address(self, read: TableRead, names: Sequence[str], cursor: str | None) -> str:
        asked = quote(",".join(name for name in names if name not in ARCHIVED_NAMES), safe=",")
        path = f"{self._paths.objects}/{_plural(read)}"
        start = f"{path}?limit={_PAGE_ROWS}&archived={_archived(read)}&properties={asked}"
        return f"{start}&after={quote(cursor)}" if cursor else start

    def _heed(self, response: httpx.Response) -> None:
        """Notes the portal's clock and its limits: the whole window, or less when others use the same token."""
        headers = response.headers
        self.server_time = self.server_time or moment_of(headers.get("date", ""))
        limits = [headers.get(f"x-hubspot-ratelimit-{name}", "") for name in _LIMIT_HEADERS]
        if all(map(str.isdecimal, limits)):
            most, window_ms, remaining = map(int, limits)
            allowed = min(int(most * _SHARE), self._limiter.used + remaining)
            self._limiter.adapt(allowed=allowed, window_s=window_ms / 1000)


async def read_scopes(caller: PortalCaller, token: str) -> list[str] | None:
    """The scopes of a token, in order of the alphabet; None when HubSpot does not say (portal-apis 1.2)."""
    try:
        answer = await caller.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": token})
    except PortalError:
        return None
    scopes = answer.get("scopes") if isinstance(answer, dict) else None
    return sorted(map(str, scopes)) if isinstance(scopes, list) else None


def connect(connections: PortalConnections, pace: Pace) -> httpx.AsyncClient:
    """The HTTP client of the connections' portal, which can only read; close it after use.

    Raises SafetyError for a foreign host.
    """
    origin = check_host("hubspot", connections.hubspot_url)
    transport = ReadOnlyTransport(Guard("hubspot", origin), network(origin, ca_file=None))
    return open_client(origin, connections.token, transport, pace)


def open_client(origin: httpx.URL, token: str, transport: httpx.AsyncBaseTransport, pace: Pace) -> httpx.AsyncClient:
    """The HTTP client of a portal over any transport; close it after use."""
    auth, timeout = BearerAuth(token), client_timeout(pace)
    return httpx.AsyncClient(base_url=origin, auth=auth, transport=transport, timeout=timeout)


def _delivered(answer: Any) -> Delivery:
    records = _results(answer)

    @_understood
    async def rows() -> tuple[TextRow, ...]:
        return await asyncio.to_thread(lambda: tuple(map(record_row, records)))

    return Delivery(_next_after(answer), rows)


def _already(rows: tuple[TextRow, ...]) -> Any:
    async def deliver() -> tuple[TextRow, ...]:
        return rows

    return deliver


def _is_number(details: Mapping[str, Any], name: str) -> bool:
    return str(details.get(name, "")).lstrip("-").isdecimal()


def _plural(read: TableRead) -> str:
    return read.table.name.partition("/")[2]


def _archived(read: TableRead) -> str:
    return "true" if read.part == ARCHIVED else "false"


def _results(answer: Any) -> list[Mapping[str, Any]]:
    return listed(answer, "results", where="HubSpot")


def _next_after(answer: Mapping[str, Any]) -> str | None:
    following = (answer.get("paging") or {}).get("next") or {}
    after = following.get("after")
    return None if after is None else str(after)


def _refuse_still_cursor(asked: set[tuple[str, str]], cursor: tuple[str, str]) -> None:
    if cursor in asked:
        raise UnexpectedReplyError(
            f"HubSpot's associations of record {cursor[0]} do not go on after {cursor[1]}.", next_step="Report this."
        )
    asked.add(cursor)
