"""HubSpot's search: filters, one sort order, a text, pages up to the ten-thousandth result (portal-apis 2.3).

Facts
    * Groups are joined by or, filters in a group by and: 5 groups, 6 filters each, 18 in all. The body has at most
      3,000 characters. 200 results a page; `after` is a number of results, at most 10,000 can be reached.
    * Enumerations are compared exactly, texts without case and accents; IN and NOT_IN on texts want lower case. NEQ,
      NOT_IN and NOT_CONTAINS_TOKEN find records without a value, too (corrections F12, measured by a third party).
    * A value that is no number or no moment where the property is one is refused.
    * Archived records are never found. What was written is found once the index has caught up, which here takes as
      long as the limits say.

Not modelled
    * Ranking of `query` and word stems; single choices of a property that holds several. The default order is that of
      the ids, which is that of creation.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.hubspot.bodies import read_body
from dynsync_lib.emulator.hubspot.errors import hubspot_error, invalid
from dynsync_lib.emulator.hubspot.names import KIND_BY_NAME, Kind
from dynsync_lib.emulator.hubspot.record_ids import is_count
from dynsync_lib.emulator.hubspot.records import known_properties, record_json, select_records, shape_of
from dynsync_lib.emulator.hubspot.written_values import described, is_number
from dynsync_lib.emulator.store.database import plain, quoted
from dynsync_lib.emulator.store.records import Row, Store
from dynsync_lib.emulator.times import moment_ms

MOST_PER_PAGE: Final = 200
MOST_REACHED: Final = 10_000
LONGEST_BODY: Final = 3_000
MOST_GROUPS, MOST_PER_GROUP, MOST_FILTERS = 5, 6, 18
_NUMBERS: Final = frozenset({"number"})
_MOMENTS: Final = frozenset({"date", "datetime"})
_EXACT: Final = frozenset({"enumeration", "bool"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL, with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Searcher:
    """One search: the store and the call, the object type, its properties by name, and how late the index is."""

    store: Store
    call: Call
    kind: Kind
    types: Mapping[str, Row]
    lag_s: float

    def refused(self, message: str) -> Refusal:
        """400 for a search that cannot be done."""
        return invalid(self.call, message)


def search_records(store: Store, call: Call, kind: Kind, *, lag_s: float) -> Reply:
    """`POST /crm/v3/objects/{type}/search`."""
    searcher = Searcher(store, call, kind, described(store, kind), lag_s)
    if len(call.body.decode("utf-8", "replace")) > LONGEST_BODY:
        raise searcher.refused(f"The body of a search has at most {LONGEST_BODY} characters")
    body = read_body(call)
    limit, after = _limit(searcher, body), _after(searcher, body)
    condition = _all_of([_seen(searcher), _groups(searcher, body), _text(searcher, body)])
    names = body.get("properties") or []
    if not isinstance(names, list):
        raise searcher.refused("properties must be a list of names")
    shape = shape_of(store, kind, [str(name) for name in names])
    where = f"{condition.sql} ORDER BY {_order(searcher, body)} LIMIT ? OFFSET ?"
    rows = select_records(store, shape, where, (*condition.parameters, limit, after))
    total = store.count(kind.table, condition.sql, condition.parameters) if store.has(kind.table) else 0
    page: dict[str, Any] = {"total": total, "results": [record_json(shape, row) for row in rows]}
    if rows and after + limit < total:
        page["paging"] = {"next": {"after": str(after + limit)}}
    return json_reply(page)


def _limit(searcher: Searcher, body: Mapping[str, Any]) -> int:
    limit = body.get("limit", 10)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MOST_PER_PAGE:
        raise searcher.refused(f"limit must be a number from 0 to {MOST_PER_PAGE}")
    return limit


def _after(searcher: Searcher, body: Mapping[str, Any]) -> int:
    text = str(body.get("after") or "0")
    if not is_count(text):
        raise searcher.refused(f"The paging cursor {text} is not valid")
    if int(text) >= MOST_REACHED:
        raise searcher.refused(f"A search reaches at most {MOST_REACHED} results")
    return int(text)


def _seen(searcher: Searcher) -> Condition:
    """The records that the index holds: none that is archived, none that was written in the last `lag_s` seconds."""
    seen = '"@archived" = 0 AND ("@changed_s" IS NULL OR "@changed_s" <= ?)'
    return Condition(seen, (searcher.call.at_s - searcher.lag_s,))


def _groups(searcher: Searcher, body: Mapping[str, Any]) -> Condition:
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    lists = [group.get("filters") or [] if isinstance(group, Mapping) else None for group in groups]
    if any(filters is None for filters in lists):
        raise searcher.refused("filterGroups must be a list of objects with filters")
    counts = [len(filters or ()) for filters in lists]
    if len(counts) > MOST_GROUPS or max(counts, default=0) > MOST_PER_GROUP or sum(counts) > MOST_FILTERS:
        most = f"{MOST_GROUPS} filterGroups of {MOST_PER_GROUP} filters, {MOST_FILTERS} in all"
        raise searcher.refused(f"A search has at most {most}")
    joined = [_all_of([_condition(searcher, item) for item in filters or ()]) for filters in lists]
    if not joined:
        return Condition("1")
    parameters = tuple(value for condition in joined for value in condition.parameters)
    return Condition(" OR ".join(condition.sql for condition in joined), parameters)


def _condition(searcher: Searcher, item: Any) -> Condition:
    name, operator = (
        (str(item.get(key, "")) for key in ("propertyName", "operator")) if isinstance(item, Mapping) else ("", "")
    )
    make = _OPERATORS.get(operator)
    if make is None:
        raise searcher.refused(f"Invalid input JSON: Enum type must be one of: [{', '.join(_OPERATORS)}]")
    if name.startswith("associations."):
        return _associated(searcher, name.removeprefix("associations."), item)
    if name not in known_properties(searcher.store, searcher.kind):
        raise searcher.refused(f"There was a problem with the request: property {name} does not exist")
    return make(searcher, _Property(searcher, name), item)


def _associated(searcher: Searcher, name: str, item: Mapping[str, Any]) -> Condition:
    target = KIND_BY_NAME.get(name)
    if target is None or item["operator"] != "EQ" or not searcher.store.has("hubspot/links"):
        raise Refusal(hubspot_error(searcher.call, 501, f"The emulator has no search by associations.{name}."))
    sql = 'SELECT from_id FROM "hubspot/links" WHERE from_object = ? AND to_object = ? AND to_id = ?'
    value = _value(searcher, item)
    ids = (searcher.kind.singular, target.singular, int(value) if is_count(value) else -1)
    return Condition(f'"@rank" IN ({sql})', ids)


class _Property:
    """A property as SQL compares it: numbers and moments by value, texts without case, choices as they are."""

    def __init__(self, searcher: Searcher, name: str) -> None:
        self.searcher = searcher
        carried = name in searcher.store.columns(searcher.kind.table)
        self.column = '"@rank"' if name == "hs_object_id" else quoted(name) if carried else "NULL"
        named_type = str((searcher.types.get(name) or {}).get("type") or "string")
        of_every_portal = {"hs_object_id": "number", "createdate": "datetime", searcher.kind.modified: "datetime"}
        self.type = of_every_portal.get(name, named_type)

    @property
    def sql(self) -> str:
        """The expression of SQL for the stored value."""
        if self.type in _NUMBERS:
            return self.column if self.column == '"@rank"' else f"CAST({self.column} AS REAL)"
        if self.type in _MOMENTS:
            return f"moment_ms({self.column})"
        return self.column if self.type in _EXACT else f"plain({self.column})"

    @property
    def marker(self) -> str:
        """The expression of SQL for a value of the search, with `?` for the value."""
        if self.type in _NUMBERS:
            return "CAST(? AS REAL)"
        if self.type in _MOMENTS:
            return "moment_ms(?)"
        return "?" if self.type in _EXACT else "plain(?)"

    def refuse_value(self, text: str) -> None:
        """Raises Refusal 400 for a value that is none of the property's type."""
        is_wrong = (self.type in _NUMBERS and not is_number(text)) or (
            self.type in _MOMENTS and moment_ms(text) is None
        )
        if is_wrong:
            raise Refusal(hubspot_error(self.searcher.call, 400, "There was a problem with the request."))


def _typed(searcher: Searcher, property_: _Property, item: Mapping[str, Any], key: str = "value") -> str:
    text = _value(searcher, item, key)
    property_.refuse_value(text)
    return text


def _value(searcher: Searcher, item: Mapping[str, Any], key: str = "value") -> str:
    value = item.get(key)
    if value is None or isinstance(value, list | dict):
        raise searcher.refused(f"{item['operator']} needs a {key}")
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _compared(sign: str) -> Callable[[Searcher, _Property, Mapping[str, Any]], Condition]:
    def compare(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
        return Condition(f"{property_.sql} {sign} {property_.marker}", (_typed(searcher, property_, item),))

    return compare


def _not_equal(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
    return Condition(f"{property_.sql} IS NOT {property_.marker}", (_typed(searcher, property_, item),))


def _between(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
    ends = (_typed(searcher, property_, item), _typed(searcher, property_, item, "highValue"))
    return Condition(f"{property_.sql} BETWEEN {property_.marker} AND {property_.marker}", ends)


def _among(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
    values = item.get("values")
    if not isinstance(values, list) or not values:
        raise searcher.refused(f"{item['operator']} needs values")
    for value in values:
        property_.refuse_value(str(value))
    marker = "unaccented(?)" if property_.marker == "plain(?)" else property_.marker
    listed = f"{property_.sql} IN ({', '.join([marker] * len(values))})"
    is_not = item["operator"] == "NOT_IN"
    return Condition(f"({property_.column} IS NULL OR NOT {listed})" if is_not else listed, tuple(map(str, values)))


def _known(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
    del searcher
    return Condition(f"{property_.column} IS {'NOT NULL' if item['operator'] == 'HAS_PROPERTY' else 'NULL'}")


def _token(searcher: Searcher, property_: _Property, item: Mapping[str, Any]) -> Condition:
    is_not = "NOT " if item["operator"].startswith("NOT_") else ""
    return Condition(f"{is_not}has_token({property_.column}, ?)", (_value(searcher, item),))


def _text(searcher: Searcher, body: Mapping[str, Any]) -> Condition:
    """The condition that every word of `query` is in one of the properties that are searched by default."""
    carried = searcher.store.columns(searcher.kind.table)
    names = [quoted(name) for name in searcher.kind.search_in if name in carried]
    query = body.get("query") or ""
    if not isinstance(query, str):
        raise searcher.refused("query must be a text")
    words = (plain(query) or "").split()
    if not words:
        return Condition("1")
    one_word = " OR ".join(f"instr(plain({name}), ?)" for name in names) or "0"
    return Condition(" AND ".join([f"({one_word})"] * len(words)), tuple(word for word in words for _ in names))


def _order(searcher: Searcher, body: Mapping[str, Any]) -> str:
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise searcher.refused("A search has at most one sort")
    for item in sorts:
        name, descends = _sort(searcher, item)
        if name not in known_properties(searcher.store, searcher.kind):
            raise searcher.refused(f"There was a problem with the request: property {name} does not exist")
        sql = _Property(searcher, name).sql
        return (
            f'{sql} IS NULL, {sql} {"DESC" if descends else "ASC"}, "@rank"' if sql != '"@rank"' else _by_id(descends)
        )
    return '"@rank"'


def _sort(searcher: Searcher, item: Any) -> tuple[str, bool]:
    """The property that a sort names, and whether it goes downwards."""
    if isinstance(item, Mapping):
        if item.get("direction", "ASCENDING") not in ("ASCENDING", "DESCENDING"):
            raise searcher.refused("Enum type must be one of: [ASCENDING, DESCENDING]")
        return str(item.get("propertyName", "")), item.get("direction") == "DESCENDING"
    return str(item).removeprefix("-"), str(item).startswith("-")


def _by_id(descends: bool) -> str:  # noqa: FBT001 - a direction
    return f'"@rank" {"DESC" if descends else "ASC"}'


def _all_of(conditions: Sequence[Condition]) -> Condition:
    sql = " AND ".join(f"({condition.sql})" for condition in conditions) or "1"
    return Condition(f"({sql})", tuple(value for condition in conditions for value in condition.parameters))


_OPERATORS: Final[Mapping[str, Callable[[Searcher, _Property, Mapping[str, Any]], Condition]]] = {
    "IN": _among,
    "NOT_HAS_PROPERTY": _known,
    "LT": _compared("<"),
    "EQ": _compared("="),
    "GT": _compared(">"),
    "NOT_IN": _among,
    "GTE": _compared(">="),
    "CONTAINS_TOKEN": _token,
    "HAS_PROPERTY": _known,
    "LTE": _compared("<="),
    "NOT_CONTAINS_TOKEN": _token,
    "BETWEEN": _between,
    "NEQ": _not_equal,
}
"""What answers to each operator, in the order in which HubSpot's refusal names them."""
