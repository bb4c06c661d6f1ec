"""Turns the query options of a read into columns, conditions and an order (portal-apis 6.2).

Facts
    * Unknown columns are an error (0x80060888). The key comes always; a money column brings its currency along.
    * `$top` has no next page. `$skip`, `$search`, `$apply`, `$format` are not there; nor are they in Dataverse, but
      for `$apply`.
    * Without `$orderby` rows come in primary-key order; with it the key decides between equals.

Not modelled
    * `$apply`, FetchXML, collection-valued `$expand`: refused with 501.

Where it is used: `emulator.dataverse.rows`, `emulator.dataverse.changes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.columns import Column, columns_of
from dynsync_lib.emulator.dataverse.filter import filter_sql
from dynsync_lib.emulator.dataverse.names import Entity, refused, unknown_column
from dynsync_lib.emulator.dataverse.navigation import Navigation, find_navigation
from dynsync_lib.emulator.dataverse.prefer import Preferences, read_preferences
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

_KNOWN: Final = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken"})
_CURRENCY: Final = "_transactioncurrencyid_value"
_EXPAND: Final = re.compile(r"\s*(\w+)(?:\(([^()]*)\))?\s*(?:,|$)")
_SELECT: Final = re.compile(r"\$select=([^;]*)")


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
        if name not in _KNOWN and not name.startswith("@"):
            is_option = name.startswith("$")
            raise refused(501 if is_option else 400, "0x80060888", f"The emulator has no query option {name}.")
    known = columns_of(store, entity)
    text = call.option("$filter")
    top = call.option("$top")
    return Query(
        entity,
        selected(call.listed("$select"), entity, known),
        filter_sql(text, entity, known, aliases=dict(call.options)) if text else "1",
        _order(call, entity, known),
        int(top) if top and top.isdecimal() else None,
        call.option("$count") == "true",
        _expansions(store, call, entity),
        read_preferences(call),
    )


def selected(asked: list[str], entity: Entity, known: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns to show: the key, those asked for (all when none is), and the currency of an amount of money."""
    names = [entity.key, *(asked or known)]
    for name in names:
        if name not in known:
            raise unknown_column(name, entity)
    if any(known[name].type.brings_currency for name in names) and _CURRENCY in known:
        names.append(_CURRENCY)
    return tuple(known[name] for name in dict.fromkeys(names))


def _order(call: Call, entity: Entity, known: Mapping[str, Column]) -> tuple[Order, ...]:
    terms = []
    for part in (call.option("$orderby") or "").split(","):
        name, _, way = part.strip().partition(" ")
        if name and name not in known:
            raise unknown_column(name, entity)
        if name and name != entity.key:
            terms.append(Order(name, known[name].sql, way.strip() == "desc"))
        elif name:
            terms.append(Order(name, quoted("@order"), way.strip() == "desc"))
    return tuple(terms)


def _expansions(store: Store, call: Call, entity: Entity) -> tuple[Expansion, ...]:
    text = call.option("$expand")
    if text is None:
        return ()
    expansions = []
    for name, options in _EXPAND.findall(text):
        navigation = find_navigation(store, entity, name)
        if navigation is None:
            raise refused(
                501, "0x80060888", f"The emulator has no single-valued navigation {name} of {entity.logical}."
            )
        asked = _SELECT.search(options)
        names = [part.strip() for part in asked[1].split(",")] if asked else []
        target_columns = columns_of(store, navigation.target)
        expansions.append(Expansion(navigation, selected(names, navigation.target, target_columns)))
    return tuple(expansions)
