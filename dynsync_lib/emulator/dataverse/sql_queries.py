"""Turns `?sql=SELECT ...`, the form of Microsoft's own client, into the query options that mean the same (6.8).

Facts
    * One SELECT of columns of one table, with TOP, WHERE and ORDER BY. In WHERE a column is compared with a constant,
      and comparisons are joined by AND, OR, NOT and brackets; lookups are named as rows name them.
    * TOP is a whole number, and like `$top` it leaves no next page.

Not modelled
    * Joins, DISTINCT, aggregates, GROUP BY, OFFSET, aliases of columns: refused with 501.

Where it is used: `emulator.dataverse.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.names import Entity, refused

_SELECT: Final = re.compile(
    r"\s*SELECT\s+(?:TOP\s+(?P<top>\d+)\s+)?(?P<names>\*|[\w.]+(?:\s*,\s*[\w.]+)*)\s+FROM\s+(?P<table>\w+)"
    r"(?:\s+(?:AS\s+)?(?!WHERE\b|ORDER\b)(?P<alias>\w+))?"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>[\w.]+(?:\s+(?:ASC|DESC))?"
    r"(?:\s*,\s*[\w.]+(?:\s+(?:ASC|DESC))?)*))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN: Final = re.compile(r"\s*('(?:[^']|'')*'|<>|!=|>=|<=|[=<>()]|[\w.+:-]+)")
_WHERE: Final = re.compile(rf"(?:{_TOKEN.pattern})*\s*")
_SIGNS: Final = {"=": "eq", "<>": "ne", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_JOINTS: Final = frozenset({"and", "or", "not", "(", ")"})
_GUID_OR_TIME: Final = re.compile(r"'([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|\d{4}-\d\d-\d\dT[^']+Z)'")


def as_options(call: Call, entity: Entity) -> Call:
    """The same call with `$select`, `$filter`, `$orderby` and `$top` in place of its SQL; one without SQL as it is.

    Raises Refusal 501 for what the emulator does not read, 400 for the name of another table.
    """
    text = call.option("sql")
    if text is None:
        return call
    match = _SELECT.fullmatch(text)
    if match is None:
        raise refused(501, "0x80060888", "The emulator reads no SQL but SELECT, TOP, FROM one table, WHERE, ORDER BY.")
    if match["table"].lower() != entity.logical:
        raise refused(400, "0x80060888", f"The SQL reads {match['table']}, the address {entity.logical}.")
    names = "" if match["names"] == "*" else ",".join(map(_bare, match["names"].split(",")))
    options = {
        "$select": names,
        "$filter": _filter(match["where"] or ""),
        "$orderby": ",".join(map(_bare, (match["order"] or "").split(","))).lower(),
        "$top": match["top"] or "",
    }
    return replace(call, raw_query="&".join(f"{name}={quote(value)}" for name, value in options.items() if value))


def _bare(name: str) -> str:
    """A column without the table's alias."""
    return name.strip().rpartition(".")[2]


def _filter(where: str) -> str:
    """A WHERE clause as OData writes it."""
    if not _WHERE.fullmatch(where):
        raise refused(400, "0x80060888", "The WHERE of the SQL cannot be read.")
    return " ".join(_terms(_TOKEN.findall(where)))


def _terms(rest: list[str]) -> Iterator[str]:
    """The comparisons and what joins them, until no token is left."""
    while rest:
        token = rest.pop(0)
        if token.lower() in _JOINTS:
            yield token.lower()
            continue
        yield _comparison(_bare(token), rest)


def _comparison(column: str, rest: list[str]) -> str:
    """One comparison; takes what belongs to it from the tokens that follow."""
    sign = rest.pop(0).lower() if rest else ""
    if sign == "is":
        is_not = bool(rest) and rest[0].lower() == "not"
        del rest[: 2 if is_not else 1]
        return f"{column} {'ne' if is_not else 'eq'} null"
    if not rest or (sign != "like" and sign not in _SIGNS):
        raise refused(501, "0x80060888", f"The emulator has no SQL operator {sign or 'here'}.")
    value = rest.pop(0)
    if sign == "like":
        return _like(column, value)
    plain = _GUID_OR_TIME.fullmatch(value)
    return f"{column} {_SIGNS[sign]} {plain[1] if plain else value}"


def _like(column: str, pattern: str) -> str:
    """LIKE with a percent sign at its ends."""
    text = pattern.strip("'").strip("%")
    if "%" in text or "_" in text:
        raise refused(501, "0x80060888", "The emulator reads LIKE with % at the ends alone.")
    starts, ends = pattern.startswith("'%"), pattern.endswith("%'")
    function = {(True, True): "contains", (False, True): "startswith", (True, False): "endswith"}.get((starts, ends))
    return f"{function}({column},'{text}')" if function else f"{column} eq '{text}'"
