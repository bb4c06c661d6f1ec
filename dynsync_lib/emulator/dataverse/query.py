"""Turns the query options of a read into columns, conditions and an order (portal-apis 6.2).

Facts
    * Unknown columns are an error (0x80060888). The key comes always; a money column brings its currency along.
    * `$top` has no next page. `$skip`, `$search`, `$apply`, `$format` are not there; nor are they in Dataverse, but
      for `$apply`.
    * Without `$orderby` rows come in primary-key order, which is SQL Server's order of GUIDs (corrections F2, F3); with
      it the key decides between equals. A lookup is sorted by the primary name of the row it points to, a choice by its
      number (order-rows.md).
    * A number of rows below 0, and a flag that is neither true nor false, is refused in the words of OData's library.

Not modelled
    * `$apply`, FetchXML, saved queries, collection-valued `$expand`: refused with 501.

Where it is used: `emulator.dataverse.rows`, `emulator.dataverse.changes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.columns import Column, columns_of
from dynsync_lib.emulator.dataverse.expand import expanded_parts, selected_inside
from dynsync_lib.emulator.dataverse.filter import filter_sql
from dynsync_lib.emulator.dataverse.names import BY_LOGICAL, Entity, refused, unknown_column
from dynsync_lib.emulator.dataverse.navigation import Navigation, find_navigation
from dynsync_lib.emulator.dataverse.prefer import Preferences, read_preferences
from dynsync_lib.emulator.dataverse.sql_queries import SqlQuery, read_sql
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

_KNOWN: Final = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken", "sql"}
)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_OTHER_QUERIES: Final = frozenset({"fetchxml", "savedquery", "userquery"})
_CURRENCY: Final = "_transactioncurrencyid_value"


@dataclass(frozen=True, slots=True)
class Order:
    """One term of `$orderby`: the column, the expression of SQL to sort by, and whether it descends."""

    name: str
    sql: str
    descends: bool


@dataclass(frozen=True, slots=True)
class Expansion:
    """One expanded navigation property, and the columns shown of the row that it leads to."""

    navigation: Navigation
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What one read asks for.

    `where` is a condition of SQL, `top` the most rows (None: a page), `columns` those shown.
    """

    entity: Entity
    columns: tuple[Column, ...]
    where: str
    order: tuple[Order, ...]
    top: int | None
    wants_count: bool
    expansions: tuple[Expansion, ...]
    prefer: Preferences

    @property
    def fetched(self) -> tuple[Column, ...]:
        """The columns to read: those shown, then the lookups that are only expanded."""
        followed = (expansion.navigation.column for expansion in self.expansions)
        return tuple(dict.fromkeys([*self.columns, *followed]))


def read_query(store: Store, call: Call, entity: Entity) -> Query:
    """What a call asks for. Raises Refusal 400 for unknown options and columns, 501 for options not modelled."""
    for name, _ in call.options:
        if (name.startswith("$") and name not in _KNOWN) or name.lower() in _OTHER_QUERIES:
            raise refused(501, "0x80060888", f"The emulator has no query option {name}.")
        if name not in _KNOWN and not name.startswith("@"):
            raise refused(400, "0x80060888", f"The query parameter {name} is not supported.")
    sql = call.option("sql")
    known = columns_of(store, entity)
    if sql is not None:
        return _sql_query(store, call, read_sql(sql, entity, known), entity)
    text = call.option("$filter")
    return Query(
        entity,
        selected(call.listed("$select"), entity, known),
        filter_sql(text, entity, known, aliases=dict(call.options)) if text else "1",
        _orders(store, entity, known, _order_terms(call)),
        _top(call),
        _wants_count(call),
        _expansions(store, call, entity),
        read_preferences(call),
    )


def _sql_query(store: Store, call: Call, asked: SqlQuery, entity: Entity) -> Query:
    known = columns_of(store, entity)
    order = _orders(store, entity, known, asked.order)
    columns = selected(list(asked.names), entity, known)
    return Query(entity, columns, asked.where, order, asked.top, _wants_count(call), (), read_preferences(call))


def _top(call: Call) -> int | None:
    text = call.option("$top")
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        needs = "The $top query option requires a non-negative integer value."
        raise refused(400, "0x80060888", f"Invalid value '{text}' for $top query option found. {needs}")
    return int(text)


def _wants_count(call: Call) -> bool:
    text = call.option("$count") or "false"
    if text not in ("true", "false"):
        needs = "Valid values are 'true' and 'false'."
        raise refused(400, "0x80060888", f"Invalid value '{text}' for $count query option found. {needs}")
    return text == "true"


def selected(asked: list[str], entity: Entity, known: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns to show: the key, those asked for (all when none is), and the currency of an amount of money."""
    names = [entity.key, *(asked or known)]
    for name in names:
        if name not in known:
            raise unknown_column(name, entity)
    if any(known[name].type.brings_currency for name in names) and _CURRENCY in known:
        names.append(_CURRENCY)
    return tuple(known[name] for name in dict.fromkeys(names))


def _order_terms(call: Call) -> Iterator[tuple[str, bool]]:
    """The columns of `$orderby`, and whether each descends."""
    for part in (call.option("$orderby") or "").split(","):
        name, *ways = part.split()[:3] or [""]
        if ways not in ([], ["asc"], ["desc"]):
            raise refused(400, "0x80060888", f"Syntax error in the $orderby: '{part.strip()}'.")
        if name:
            yield name, ways == ["desc"]


def _orders(
    store: Store, entity: Entity, known: Mapping[str, Column], terms: Iterable[tuple[str, bool]]
) -> tuple[Order, ...]:
    orders: list[Order] = []
    for name, descends in terms:
        if name not in known:
            raise unknown_column(name, entity)
        if any(order.name == name for order in orders):
            raise refused(400, "0x80060888", f"The rows are sorted by '{name}' twice.")
        orders.append(Order(name, _order_sql(store, entity, known[name]), descends))
    return tuple(orders)


def _order_sql(store: Store, entity: Entity, column: Column) -> str:
    """What SQL sorts a column by: the primary name of the row that a lookup points to, else its own value."""
    if not column.is_lookup or not column.is_stored:
        return column.sql
    names = [_name_sql(store, entity, column, BY_LOGICAL[target]) for target in column.targets if target in BY_LOGICAL]
    if not names:
        return column.sql
    return names[0] if len(names) == 1 else f"coalesce({', '.join(names)})"


def _name_sql(store: Store, entity: Entity, column: Column, target: Entity) -> str:
    """The primary name of the row that a lookup points to, without case; NULL when that is in another table."""
    if target.primary_name not in store.columns(target.table):
        return "NULL"
    where = f'SELECT fold({quoted(target.primary_name)}) FROM {quoted(target.table)} AS "@end"'  # noqa: S608
    return f'({where} WHERE "@end"."@id" = {quoted(entity.table)}.{quoted(column.stored)})'


def _expansions(store: Store, call: Call, entity: Entity) -> tuple[Expansion, ...]:
    expansions = []
    for name, options in expanded_parts(call):
        navigation = find_navigation(store, entity, name)
        if navigation is None:
            raise refused(
                501, "0x80060888", f"The emulator has no single-valued navigation {name} of {entity.logical}."
            )
        target_columns = columns_of(store, navigation.target)
        expansions.append(Expansion(navigation, selected(selected_inside(options), navigation.target, target_columns)))
    return tuple(expansions)
