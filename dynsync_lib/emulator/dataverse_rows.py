"""Rows of Dataverse tables: select, filter, order, pages and counts (portal-apis 6.2).

Facts
    * 5,000 rows a page unless `Prefer: odata.maxpagesize` asks for fewer; the link to the next page carries a cookie
      that names the last row's key. Without `$orderby` rows come in primary-key order.
    * Selected columns that are empty are null. The key comes always. Annotations only when asked for.

Not modelled
    * `$expand`, `$apply`, FetchXML: refused with 501. `$orderby` beyond one page.

Where it is used: dataverse_api.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse_columns import Column, columns_of, exact_json_reply
from dynsync_lib.emulator.dataverse_filter import filter_sql
from dynsync_lib.emulator.dataverse_names import Entity, context_of, refused, unknown_column
from dynsync_lib.emulator.store import Store, quoted

MOST_PER_PAGE: Final = 5_000
_KNOWN: Final = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$skiptoken"})
_SIZE: Final = re.compile(r"odata\.maxpagesize=(\d+)")
_LAST: Final = re.compile(r"last=\"\{([0-9A-Fa-f-]+)\}\"")
_FORMATTED: Final = "@OData.Community.Display.V1.FormattedValue"
_LOGICAL: Final = "@Microsoft.Dynamics.CRM.lookuplogicalname"


@dataclass(frozen=True, slots=True)
class Query:
    """One read, understood."""

    entity: Entity
    columns: tuple[Column, ...]
    where: str
    order: str
    top: int | None
    page_rows: int
    wants_count: bool
    annotates: bool


def read_query(store: Store, call: Call, entity: Entity) -> Query:
    """What a call asks for. Raises Refusal for options and columns that are not there."""
    for name, _ in call.options:
        if name not in _KNOWN:
            raise refused(
                501 if name.startswith("$") else 400, "0x80060888", f"The emulator has no query option {name}."
            )
    known = columns_of(store, entity)
    prefer = call.header("prefer")
    size = _SIZE.search(prefer)
    text = call.option("$filter")
    top = call.option("$top")
    return Query(
        entity,
        _selected(call, entity, known),
        filter_sql(text, entity, known) if text else "1",
        _order(call, entity, known),
        int(top) if top and top.isdecimal() else None,
        min(int(size[1]), MOST_PER_PAGE) if size else MOST_PER_PAGE,
        call.option("$count") == "true",
        "include-annotations" in prefer,
    )


def list_rows(store: Store, call: Call, entity: Entity) -> Reply:
    """`GET {set}`."""
    query = read_query(store, call, entity)
    after = _after(call)
    limit = min(query.top or query.page_rows, call.trick.short_page or query.page_rows)
    rows = _rows(store, query, after=after, limit=limit + 1)
    shown = rows[:limit]
    names = ",".join(column.name for column in query.columns)
    answer: dict[str, Any] = {"@odata.context": context_of(call, f"{entity.set}({names})")}
    if query.wants_count:
        answer["@odata.count"] = min(count_rows(store, query), MOST_PER_PAGE)
    answer["value"] = [_row_json(query, row) for row in shown]
    if len(rows) > limit and query.top is None:
        place = after if call.trick.repeat_page else int(shown[-1][0])
        answer["@odata.nextLink"] = _next_link(call, entity, place, str(shown[-1][1]))
    reply = exact_json_reply(answer)
    prefer = call.header("prefer")
    return reply.with_headers({"Preference-Applied": prefer}) if prefer else reply


def get_row(store: Store, call: Call, entity: Entity, guid: str) -> Reply:
    """`GET {set}({guid})`."""
    query = read_query(store, call, entity)
    columns = ", ".join(_stored(store, query))
    sql = f'SELECT "@rank", "@id", {columns} FROM {quoted(entity.table)} WHERE "@id" = ?'  # noqa: S608
    rows = store.query(sql, (guid.lower(),)) if store.has(entity.table) else []
    if not rows:
        raise refused(404, "0x80040217", f"Entity '{entity.logical}' With Id = {guid} Does Not Exist")
    return exact_json_reply({"@odata.context": context_of(call, f"{entity.set}/$entity"), **_row_json(query, rows[0])})


def count_rows(store: Store, query: Query) -> int:
    """How many rows a query finds."""
    return store.count(query.entity.table, query.where) if store.has(query.entity.table) else 0


def _selected(call: Call, entity: Entity, known: Mapping[str, Column]) -> tuple[Column, ...]:
    asked = call.listed("$select") or list(known)
    for name in asked:
        if name not in known:
            raise unknown_column(name, entity)
    return tuple(known[name] for name in dict.fromkeys([entity.key, *asked]))


def _order(call: Call, entity: Entity, known: Mapping[str, Column]) -> str:
    parts = []
    for part in (call.option("$orderby") or "").split(","):
        name, _, way = part.strip().partition(" ")
        if name and name not in known:
            raise unknown_column(name, entity)
        if name:
            parts.append(f"{quoted(known[name].stored)} {'DESC' if way.strip() == 'desc' else 'ASC'}")
    return ", ".join([*parts, '"@rank"'])


def _rows(store: Store, query: Query, *, after: int, limit: int) -> list[tuple[Any, ...]]:
    if not store.has(query.entity.table):
        return []
    columns = ", ".join(_stored(store, query))
    where = f'"@rank" > ? AND ({query.where}) ORDER BY {query.order} LIMIT ?'
    sql = f'SELECT "@rank", "@id", {columns} FROM {quoted(query.entity.table)} WHERE {where}'  # noqa: S608
    return store.query(sql, (after, limit))


def _stored(store: Store, query: Query) -> list[str]:
    """Each selected column, and for lookups the column that says where they point."""
    carried = store.columns(query.entity.table)
    names = [name for column in query.columns for name in (column.stored, _type_column(column))]
    return [quoted(name) if name in carried else "NULL" for name in names]


def _type_column(column: Column) -> str:
    return f"{column.stored.removesuffix('_value')}_type" if column.is_lookup else ""


def _row_json(query: Query, row: Sequence[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"@odata.etag": f'W/"{row[0]}"'}
    for place, column in enumerate(query.columns):
        text, points_to = row[2 + 2 * place], row[3 + 2 * place]
        value = str(row[1]) if column.name == query.entity.key else column.json(text)
        if query.annotates and value is not None:
            told |= _annotations(column, str(text), points_to)
        told[column.name] = value
    return told


def _annotations(column: Column, text: str, points_to: str | None) -> dict[str, str]:
    if column.is_lookup:
        return {f"{column.name}{_LOGICAL}": points_to or "account", f"{column.name}{_FORMATTED}": text}
    label = column.options().get(text)
    return {f"{column.name}{_FORMATTED}": label} if label is not None else {}


def _after(call: Call) -> int:
    """The place behind which the page begins. Raises Refusal 400 when the cookie cannot be read."""
    token = call.option("$skiptoken")
    if token is None:
        return 0
    place = re.search(r"pagenumber=\"(\d+)\"", token)
    if place is None or not _LAST.search(unquote(unquote(token))):
        raise refused(400, "0x80060888", "The paging cookie cannot be read.")
    return int(place[1])


def _next_link(call: Call, entity: Entity, place: int, last: str) -> str:
    """The address of the next page: `pagenumber` holds the place, the inner cookie names the key, as in life."""
    inner = f'<cookie page="{place}"><{entity.key} last="{{{last.upper()}}}" first="{{{last.upper()}}}" /></cookie>'
    cookie = f'<cookie pagenumber="{place}" pagingcookie="{quote(quote(inner))}" istracking="False" />'
    options = [
        part for part in call.raw_query.split("&") if part and not part.startswith(("$skiptoken=", "%24skiptoken="))
    ]
    return f"{call.origin}{call.raw_path}?" + html.unescape("&".join([*options, f"$skiptoken={quote(cookie)}"]))
