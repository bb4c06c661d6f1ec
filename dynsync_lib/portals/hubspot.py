"""Reads a HubSpot portal: account, properties, owners, records, associations.

Facts
    * Lists come 100 at a time in ascending id; `paging` is absent on the last page. There is no total on a list: a
      search without filters has one (portal-apis 2.2, 2.3).
    * Addresses stay below 6,000 characters: with more properties the list gives ids, a batch read gives the rest (2.7).
    * A record without associations is reported as an error of the batch that is none (2.5).
    * The primary company is typeId 1, 5 from deals; a labelled pair carries the unlabelled type as well (2.5).

Not modelled
    * Archived records, sensitive properties, custom objects, history.

Where it is used: `portals.pull`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx

from dynsync_lib.core.model import KEY_SOURCE, Object, RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.auth import BearerAuth
from dynsync_lib.portals.caller import Manners, PortalCaller
from dynsync_lib.portals.hubspot_errors import correlation_id_of_hubspot, explain_hubspot, pause_of_hubspot
from dynsync_lib.portals.pace import Limiter, Pace
from dynsync_lib.portals.pages import Page, Row, TableRead, listed, value_text

API_VERSION: Final = "v3, associations v4"
ASSOCIATION_PAIRS: Final = (
    (Object.CONTACT, Object.COMPANY),
    (Object.DEAL, Object.CONTACT),
    (Object.DEAL, Object.COMPANY),
    (Object.INVOICE, Object.CONTACT),
    (Object.INVOICE, Object.COMPANY),
)
IDS_PER_BATCH: Final = 500
_PLURALS: Final[Mapping[Object, str]] = {
    Object.CONTACT: "contacts",
    Object.COMPANY: "companies",
    Object.DEAL: "deals",
    Object.INVOICE: "invoices",
}
_PAGE_ROWS: Final = 100
_LONGEST_URL: Final = 6_000
_ALLOWED, _WINDOW_S, _HEADROOM = 90, 10.0, 0.9
_SEARCHES, _SEARCH_WINDOW_S = 4, 1.0
_PRIMARY_TYPES: Final = frozenset({"1", "2", "5", "6"})
_OWNER_NAMES: Final = ("id", "archived", "createdAt", "email", "firstName", "lastName", "type", "updatedAt", "userId")


class HubSpotReader:
    """Reads one portal. Every method raises PortalError."""

    def __init__(self, client: httpx.AsyncClient, pace: Pace) -> None:
        self._limiter = Limiter(pace, allowed=_ALLOWED, window_s=_WINDOW_S)
        self._search_limiter = Limiter(pace, allowed=_SEARCHES, window_s=_SEARCH_WINDOW_S)
        manners = Manners("HubSpot", explain_hubspot, pause_of_hubspot, self._heed, correlation_id_of_hubspot)
        self._caller = PortalCaller(client, manners, self._limiter, pace)

    async def read_account(self) -> dict[str, Any]:
        """The account's details, with its numbers as numbers."""
        details = await self._caller.get("/account-info/v3/details")
        if not isinstance(details, dict) or "portalId" not in details:
            raise UnexpectedReplyError(
                "HubSpot answers account-info without a portalId.", next_step="Check HubSpot's address."
            )
        numbers = {
            name: int(details[name]) for name in ("portalId", "utcOffsetMilliseconds") if _is_number(details, name)
        }
        return {**details, **numbers}

    async def read_properties(self, object_: Object) -> list[dict[str, Any]]:
        """Rows like `model.PROPERTIES` of one object."""
        answer = await self._caller.get(f"/crm/v3/properties/{_PLURALS[object_]}?archived=false")
        return [_property_row(object_, row) for row in listed(answer, "results", where="HubSpot")]

    async def count(self, object_: Object) -> int | None:
        """How many records there are, as the search index says; None when it does not say."""
        path = f"/crm/v3/objects/{_PLURALS[object_]}/search"
        answer = await self._caller.post(path, {"limit": 1}, limiter=self._search_limiter)
        total = str(answer.get("total", "")) if isinstance(answer, dict) else ""
        return int(total) if total.isdecimal() else None

    async def read_page(self, read: TableRead, cursor: str | None) -> Page:
        """The page that begins at a cursor; None is the first one."""
        if read.table.object is None:
            return await self._read_owners(cursor)
        address = _list_address(read, read.names, cursor)
        if len(address) <= _LONGEST_URL:
            answer = await self._caller.get(address)
            return Page(tuple(_record_row(row) for row in _results(answer)), _next_after(answer))
        answer = await self._caller.get(_list_address(read, (read.table.id_field,), cursor))
        ids = [str(row.get("id", "")) for row in _results(answer)]
        return Page(await self._read_batch(read, ids), _next_after(answer))

    async def read_links(self, pair: tuple[Object, Object], ids: Sequence[str]) -> list[dict[str, str | None]]:
        """Rows like `model.LINKS_IN` (flags as text) of records of the first object, in the order of `ids`."""
        found: dict[str, list[Mapping[str, Any]]] = {id_: [] for id_ in ids}
        inputs = [{"id": id_} for id_ in ids]
        asked: set[tuple[str, str]] = set()
        while inputs:
            answer = await self._read_associations(pair, inputs)
            inputs = []
            for row in _results(answer):
                id_ = str(row.get("from", {}).get("id"))
                found.setdefault(id_, []).extend(row.get("to") or ())
                after = _next_after(row)
                if after is not None:
                    _refuse_still_cursor(asked, (id_, after))
                    inputs.append({"id": id_, "after": after})
        return [link for id_, targets in found.items() for link in _link_rows(pair, id_, targets)]

    async def _read_owners(self, cursor: str | None) -> Page:
        """Owners in use, then the archived ones, who may still own records."""
        archived, _, after = (cursor or "false|").partition("|")
        address = f"/crm/v3/owners?limit=100&archived={archived}" + (
            f"&after={quote(after, safe='%')}" if after else ""
        )
        answer = await self._caller.get(address)
        rows = tuple(
            {name: value_text(row.get(name)) for name in _OWNER_NAMES if name in row} for row in _results(answer)
        )
        following = _next_after(answer)
        if following is not None:
            return Page(rows, f"{archived}|{following}")
        return Page(rows, "true|" if archived == "false" else None)

    async def _read_batch(self, read: TableRead, ids: Sequence[str]) -> tuple[Row, ...]:
        """The records of these ids with all their properties; those that went away in between are left out."""
        body = {"inputs": [{"id": id_} for id_ in ids], "properties": list(read.names)}
        answer = (
            await self._caller.post(f"/crm/v3/objects/{_plural(read)}/batch/read?archived=false", body) if ids else {}
        )
        _refuse_errors(answer)
        rows = {str(row.get("id")): _record_row(row) for row in answer.get("results", [])}
        return tuple(rows[id_] for id_ in ids if id_ in rows)

    async def _read_associations(self, pair: tuple[Object, Object], inputs: Sequence[Mapping[str, str]]) -> Any:
        path = f"/crm/v4/associations/{_PLURALS[pair[0]]}/{_PLURALS[pair[1]]}/batch/read"
        answer = await self._caller.post(path, {"inputs": list(inputs)})
        _refuse_errors(answer)
        return answer

    def _heed(self, response: httpx.Response) -> None:
        allowed = response.headers.get("x-hubspot-ratelimit-max", "")
        window_ms = response.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
        if allowed.isdecimal() and window_ms.isdecimal():
            self._limiter.adapt(allowed=int(int(allowed) * _HEADROOM), window_s=int(window_ms) / 1000)


def open_client(origin: httpx.URL, token: str, transport: httpx.AsyncBaseTransport, pace: Pace) -> httpx.AsyncClient:
    """The HTTP client of one portal; close it after use."""
    return httpx.AsyncClient(base_url=origin, auth=BearerAuth(token), transport=transport, timeout=pace.timeout_s)


def choose_properties(
    table: RecordTable, rows: Iterable[Mapping[str, Any]], wanted: Collection[str] | None
) -> tuple[str, ...]:
    """The properties to read: all of the portal's (`wanted` None), or those wanted; always id, times and key sources.

    Names the portal does not have are left out: it would leave them out without a word.
    """
    always = (table.id_field, table.created_field, table.modified_field)
    known = {str(row["name"]) for row in rows}
    chosen = known if wanted is None else known & {*wanted, *KEY_SOURCE.get(table.name, {}).values()}
    return (table.id_field, *sorted((chosen | set(always)) - {table.id_field}))


def owner_names() -> tuple[str, ...]:
    """The columns of owners."""
    return _OWNER_NAMES


def _is_number(details: Mapping[str, Any], name: str) -> bool:
    return str(details.get(name, "")).lstrip("-").isdecimal()


def _plural(read: TableRead) -> str:
    return read.table.name.partition("/")[2]


def _list_address(read: TableRead, names: Sequence[str], cursor: str | None) -> str:
    asked = quote(",".join(names), safe=",")
    start = f"/crm/v3/objects/{_plural(read)}?limit={_PAGE_ROWS}&archived=false&properties={asked}"
    return f"{start}&after={quote(cursor)}" if cursor else start


def _results(answer: Any) -> list[Mapping[str, Any]]:
    return listed(answer, "results", where="HubSpot")


def _next_after(answer: Mapping[str, Any]) -> str | None:
    following = (answer.get("paging") or {}).get("next") or {}
    after = following.get("after")
    return None if after is None else str(after)


def _record_row(record: Mapping[str, Any]) -> dict[str, str | None]:
    properties = record.get("properties")
    if not isinstance(properties, dict) or not record.get("id"):
        raise UnexpectedReplyError("HubSpot delivers a record without id or properties.", next_step="Report this.")
    return {**{name: value_text(value) for name, value in properties.items()}, "hs_object_id": str(record["id"])}


def _property_row(object_: Object, row: Mapping[str, Any]) -> dict[str, Any]:
    rights = row.get("modificationMetadata") or {}
    options = sorted(row.get("options") or (), key=_display_order)
    return {
        "object": object_.value,
        "name": row["name"],
        "label": row.get("label"),
        "type": row.get("type"),
        "field_type": row.get("fieldType"),
        "options": [{"value": one.get("value"), "label": one.get("label")} for one in options],
        "read_only": bool(rights.get("readOnlyValue", row.get("calculated", False))),
        "calculated": bool(row.get("calculated", False)),
        "unique": bool(row.get("hasUniqueValue", False)),
        "hidden": bool(row.get("hidden", False)),
    }


def _display_order(option: Mapping[str, Any]) -> tuple[bool, int]:
    """Options without a place (-1) come last, as HubSpot shows them."""
    order = int(option.get("displayOrder") or 0)
    return (order < 0, order)


def _link_rows(
    pair: tuple[Object, Object], from_id: str, targets: Iterable[Mapping[str, Any]]
) -> list[dict[str, str | None]]:
    """One row without label for a primary or unlabelled pair of records, and one row for each of its labels."""
    rows: list[dict[str, str | None]] = []
    for target in targets:
        types = target.get("associationTypes") or ()
        ends = {
            "from_object": pair[0].value,
            "from_id": from_id,
            "to_object": pair[1].value,
            "to_id": str(target.get("toObjectId")),
        }
        is_primary = any(_is_primary(type_) for type_ in types)
        labels = sorted({str(type_["label"]) for type_ in types if type_.get("label") and not _is_primary(type_)})
        if is_primary or not labels:
            rows.append({**ends, "label": None, "is_primary": value_text(is_primary)})
        rows += [{**ends, "label": label, "is_primary": "false"} for label in labels]
    return rows


def _is_primary(type_: Mapping[str, Any]) -> bool:
    return type_.get("category") == "HUBSPOT_DEFINED" and str(type_.get("typeId")) in _PRIMARY_TYPES


def _refuse_errors(answer: Any) -> None:
    """Raises for an error of a batch, other than that a record or its associations are not there."""
    errors = answer.get("errors") or () if isinstance(answer, dict) else ()
    for error in errors:
        kind = f"{error.get('category', '')} {error.get('subCategory', '')}"
        if "NOT_FOUND" not in kind and "NO_ASSOCIATIONS" not in kind:
            raise UnexpectedReplyError(
                f"HubSpot reports {kind.strip() or 'an error'} within a batch.", next_step="Run the same command again."
            )


def _refuse_still_cursor(asked: set[tuple[str, str]], cursor: tuple[str, str]) -> None:
    if cursor in asked:
        raise UnexpectedReplyError(
            f"HubSpot's associations of record {cursor[0]} do not go on after {cursor[1]}.", next_step="Report this."
        )
    asked.add(cursor)
