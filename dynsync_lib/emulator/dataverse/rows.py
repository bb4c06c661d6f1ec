"""Rows of Dataverse tables: pages, one row, counts, and how a row is printed (portal-apis 6.2).

Facts
    * 5,000 rows a page unless `Prefer: odata.maxpagesize` asks for fewer. Counts end at 5,000.
    * One row comes with its version as ETag, and as 304 to a caller whose If-None-Match names that version; `null`,
      which many clients send, names none.
    * Selected columns that are empty are null. Annotations come only when asked for, each by its name.

Where it is used: `emulator.dataverse.changes`, `emulator.dataverse.writes`, `emulator.dataverse.routes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse.columns import Column, columns_of, exact_json_reply
from dynsync_lib.emulator.dataverse.names import BY_LOGICAL, Entity, context_of, does_not_exist
from dynsync_lib.emulator.dataverse.navigation import navigation_name
from dynsync_lib.emulator.dataverse.pages import (
    Mark,
    Position,
    after_sql,
    delta_link,
    marked,
    next_link,
    order_sql,
    read_position,
)
from dynsync_lib.emulator.dataverse.prefer import (
    FORMATTED,
    LOGICAL_NAME,
    MOST_PER_PAGE,
    NAVIGATION,
    NO_PREFERENCES,
    TOTAL,
)
from dynsync_lib.emulator.dataverse.query import Expansion, Query, read_query
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

_HEAD: Final = 3
"""The number of values before the columns of a selected row: key order, id, version. The sorted values come last."""
_MOST_ASKED: Final = 900
Names = Mapping[str, Mapping[str, str | None]]


def list_rows(store: Store, call: Call, entity: Entity) -> Reply:
    """`GET {set}`: one page of rows, with the address of the next page or of later changes."""
    query = read_query(store, call, entity)
    position = read_position(call, query)
    if query.prefer.tracks_changes and position.tracked_from is None:
        position = replace(position, tracked_from=store.version)
    limit = min(query.prefer.page_rows if query.top is None else query.top, call.trick.short_page or MOST_PER_PAGE)
    rows = _rows(store, query, position, limit=limit + 1)
    shown = rows[:limit]
    answer: dict[str, Any] = {"@odata.context": context_of(call, f"{entity.set}({_selected_names(query)})")}
    answer |= _count(store, query) if query.wants_count else {}
    answer["value"] = print_rows(store, query, shown)
    if len(rows) > limit and query.top is None:
        answer["@odata.nextLink"] = next_link(
            call, query, position if _repeats(call) else _position_behind(query, position, shown)
        )
    elif position.tracked_from is not None:
        answer["@odata.deltaLink"] = delta_link(call, position.tracked_from)
    return applied(exact_json_reply(answer), query)


def get_row(store: Store, call: Call, entity: Entity, guid: str) -> Reply:
    """`GET {set}({guid})`."""
    query = read_query(store, call, entity)
    row = read_row(store, call, query, guid)
    return applied(exact_json_reply(row).with_headers({"ETag": row["@odata.etag"]}), query)


def unless_unchanged(call: Call, reply: Reply) -> Reply:
    """The reply with a row, or 304 without it when the call already has this version of it.

    Not with `$expand`: the version of a row says nothing of the rows that it leads to.
    """
    versions = [part.strip() for part in call.header("if-none-match").split(",")]
    if call.option("$expand") is not None or not {reply.headers["ETag"], "*"} & set(versions):
        return reply
    return Reply(304, b"", {"ETag": reply.headers["ETag"]})


def read_row(store: Store, call: Call, query: Query, guid: str) -> dict[str, Any]:
    """One row as Dataverse prints it, with its context. Raises Refusal 404 when it is not there."""
    sql = f'SELECT {_select(store, query)} FROM {quoted(query.entity.table)} WHERE "@id" = ?'  # noqa: S608
    rows = store.query(sql, (guid.lower(),)) if store.has(query.entity.table) else []
    if not rows:
        raise does_not_exist(query.entity, guid)
    context = context_of(call, f"{query.entity.set}({_selected_names(query)})/$entity")
    return {"@odata.context": context, **print_rows(store, query, rows)[0]}


def count_rows(store: Store, query: Query) -> int:
    """The number of rows that satisfy a query's filter."""
    return store.count(query.entity.table, query.where) if store.has(query.entity.table) else 0


def select_rows(store: Store, query: Query, rest: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a query as `_select` lays them out; `rest` is the part of the SQL from WHERE on."""
    if not store.has(query.entity.table):
        return []
    sql = f"SELECT {_select(store, query)} FROM {quoted(query.entity.table)} {rest}"  # noqa: S608
    return store.query(sql, parameters)


def print_rows(store: Store, query: Query, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows of `select_rows` as Dataverse prints them, with annotations and expanded rows."""
    names = _names_of_targets(store, query, rows) if query.prefer.annotates(FORMATTED) else {}
    printed = [_print_row(query, row, names) for row in rows]
    for expansion in query.expansions:
        _expand(store, query, expansion, rows, printed)
    return printed


def _names_of_targets(store: Store, query: Query, rows: Sequence[Sequence[Any]]) -> dict[str, dict[str, str | None]]:
    """The primary names of all rows that lookups point to, by table and id."""
    wanted: dict[str, set[str]] = {}
    for column in query.columns:
        for row in rows if column.is_lookup else ():
            id_, target = _end_of(query, column, row)
            if id_ is not None:
                wanted.setdefault(target, set()).add(id_)
    names = {}
    for entity in (BY_LOGICAL[logical] for logical in wanted if logical in BY_LOGICAL):
        name = columns_of(store, entity)[entity.primary_name]
        rows_by_id = _by_id(store, _plain_query(entity, (name,)), wanted[entity.logical])
        names[entity.logical] = {id_: row[_HEAD] for id_, row in rows_by_id.items()}
    return names


def _expand(
    store: Store, query: Query, expansion: Expansion, rows: Sequence[Sequence[Any]], printed: list[dict[str, Any]]
) -> None:
    """Puts the row at the end of a navigation into each row; null where there is none."""
    navigation = expansion.navigation
    inner = _plain_query(navigation.target, expansion.columns)
    ends = [_end_of(query, navigation.column, row) for row in rows]
    ids = [id_ if target == navigation.target.logical else None for id_, target in ends]
    targets = _by_id(store, inner, {id_ for id_ in ids if id_ is not None})
    for row, id_ in zip(printed, ids, strict=True):
        row[navigation.name] = _print_row(inner, targets[id_], {}) if id_ in targets else None


def _end_of(query: Query, column: Column, row: Sequence[Any]) -> tuple[str | None, str]:
    """The id that a lookup of a row holds (None when it is empty), and the table it points to."""
    index = _HEAD + 2 * query.fetched.index(column)
    return row[index], row[index + 1] or column.default_target


def _plain_query(entity: Entity, columns: Sequence[Column]) -> Query:
    return Query(entity, tuple(columns), "1", (), None, False, (), NO_PREFERENCES)


def _by_id(store: Store, query: Query, ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """The rows of these ids, by id; ids without a row are left out."""
    wanted = sorted(ids)
    rows: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(wanted), _MOST_ASKED):
        chunk = wanted[start : start + _MOST_ASKED]
        marks = ", ".join("?" * len(chunk))
        rows |= {str(row[1]): row for row in select_rows(store, query, f'WHERE "@id" IN ({marks})', chunk)}
    return rows


def applied(reply: Reply, query: Query) -> Reply:
    """The reply with the header that says which preferences were applied, if any."""
    return reply.with_headers({"Preference-Applied": query.prefer.applied}) if query.prefer.applied else reply


def _rows(store: Store, query: Query, position: Position, *, limit: int) -> list[tuple[Any, ...]]:
    after, parameters = after_sql(query, position)
    rest = f"WHERE {after} AND ({query.where}) ORDER BY {order_sql(query)} LIMIT ?"
    return select_rows(store, query, rest, (*parameters, limit))


def _repeats(call: Call) -> bool:
    return call.trick.repeat_page


def _position_behind(query: Query, position: Position, shown: Sequence[Sequence[Any]]) -> Position:
    """The position behind the last row shown."""
    first, last = (Mark(str(row[1]), _sorted_values(query, row)) for row in (shown[0], shown[-1]))
    return Position(position.page + 1, last, first, position.tracked_from)


def _sorted_values(query: Query, row: Sequence[Any]) -> tuple[str | None, ...]:
    return tuple(marked(value) for value in row[len(row) - len(query.order) :])


def _count(store: Store, query: Query) -> dict[str, Any]:
    count = count_rows(store, query)
    answer: dict[str, Any] = {"@odata.count": min(count, MOST_PER_PAGE)}
    if query.prefer.annotates(TOTAL):
        answer[f"@{TOTAL}"] = min(count, MOST_PER_PAGE)
        answer[f"@{TOTAL}limitexceeded"] = count > MOST_PER_PAGE
    return answer


def _selected_names(query: Query) -> str:
    return ",".join(column.name for column in query.columns)


def _select(store: Store, query: Query) -> str:
    """The SELECT list: key order, id and version; two entries a column (the value, and the table that a lookup points
    to); the sorted values."""
    carried = store.columns(query.entity.table)
    names = [name for column in query.fetched for name in (column.stored, column.type_stored)]
    columns = [quoted(name) if name in carried else "NULL" for name in names]
    return ", ".join(['"@order"', '"@id"', '"@version"', *columns, *(term.sql for term in query.order)])


def _print_row(query: Query, row: Sequence[Any], names: Names) -> dict[str, Any]:
    printed: dict[str, Any] = {"@odata.etag": f'W/"{row[2]}"'}
    for index, column in enumerate(query.columns):
        text, points_to = row[_HEAD + 2 * index], row[_HEAD + 1 + 2 * index]
        value = str(row[1]) if column.name == query.entity.key else column.json(text)
        if query.prefer.annotations and value is not None:
            printed |= _annotations(query, column, str(text), points_to or column.default_target, names)
        printed[column.name] = value
    return printed


def _annotations(query: Query, column: Column, text: str, target: str, names: Names) -> dict[str, str]:
    annotations: dict[str, str | None] = {FORMATTED: column.formatted(text)}
    if column.is_lookup:
        annotations = {
            FORMATTED: names.get(target, {}).get(text),
            NAVIGATION: navigation_name(column, target),
            LOGICAL_NAME: target,
        }
    wanted = {name: value for name, value in annotations.items() if value is not None and query.prefer.annotates(name)}
    return {f"{column.name}@{name}": value for name, value in wanted.items()}
