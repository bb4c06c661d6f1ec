"""Pages of a table: cookies, links to the next page, and delta tokens (portal-apis 6.2, 6.7).

Facts
    * The link carries a cookie inside a cookie, encoded as Dataverse encodes it. It names the key and the sorted
      values of the first and the last row of the page, and the next page begins behind the last row even when it has
      been deleted.
    * The link must be used as it is: a cookie that would not be written so is refused.
    * A delta token names the last change a caller has seen; it expires after seven days.

Not modelled
    * Real skip tokens that expire; the real form of tracking cookies (here: the version at which the sweep began).

Where it is used: `emulator.dataverse.rows`, `emulator.dataverse.changes`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.dataverse.names import refused
from dynsync_lib.emulator.dataverse.query import Query
from dynsync_lib.emulator.store.database import guid_order, quoted

DELTA_LIFE_S: Final = 7 * 86_400
FIRST_KEY: Final = "00000000-0000-0000-0000-000000000000"
_TOKENS: Final = ("$skiptoken=", "%24skiptoken=", "$deltatoken=", "%24deltatoken=")
_HEX: Final = re.compile(r"%[0-9A-F]{2}")
_OUTER: Final = re.compile(
    r'<cookie pagenumber="([0-9]{1,9})" pagingcookie="([^"]*)" istracking="(False|True:[0-9]{1,15})" />'
)
_INNER: Final = re.compile(r'<(\w+) last="([^"]*)" first="([^"]*)" />')


@dataclass(frozen=True, slots=True)
class Mark:
    """A row as a cookie names it: its key and the values it is sorted by."""

    key: str
    values: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind the `last` row of the page before it, which began with `first`.

    `page` is its number from 1; `tracked_from` is the version of the store when a sweep with change tracking began,
    None without tracking.
    """

    page: int
    last: Mark
    first: Mark
    tracked_from: int | None = None


def read_position(call: Call, query: Query) -> Position:
    """Where the page begins. Raises Refusal 400 for a cookie that Dataverse would not have written."""
    token = call.option("$skiptoken")
    if token is None:
        nothing = Mark(FIRST_KEY, (None,) * len(query.order))
        return Position(1, nothing, nothing)
    outer = _OUTER.fullmatch(token)
    pairs = _INNER.findall(unquote(outer[2])) if outer else []
    if outer is None or len(pairs) != 1 + len(query.order):
        raise _unreadable()
    last, first = (
        Mark(texts[-1].strip("{}").lower(), tuple(html.unescape(text) if text else None for text in texts[:-1]))
        for texts in ([pair[which] for pair in pairs] for which in (1, 2))
    )
    tracked = outer[3].partition(":")[2]
    position = Position(int(outer[1]), last, first, int(tracked) if tracked else None)
    if _cookie(query, position) != token:
        raise _unreadable()
    return position


def after_sql(query: Query, position: Position) -> tuple[str, list[Any]]:
    """The condition of SQL for rows behind a position, with its parameters."""
    if position.page == 1 and position.last.key == FIRST_KEY:
        return "1", []
    key = guid_order(position.last.key)
    if not query.order:
        return '"@order" > ?', [key]
    parts, parameters, equal, equal_parameters = [], list[Any](), "1", list[Any]()
    for term, value in zip(query.order, map(_number, position.last.values), strict=True):
        parts.append(f"({equal} AND {_beyond(term.sql, value, descends=term.descends)})")
        parameters += [*equal_parameters, *([] if value is None else [value])]
        equal, equal_parameters = f"{equal} AND {term.sql} IS ?", [*equal_parameters, value]
    parts.append(f'({equal} AND "@order" > ?)')
    return "(" + " OR ".join(parts) + ")", [*parameters, *equal_parameters, key]


def order_sql(query: Query) -> str:
    """The terms behind ORDER BY; empty values come first when ascending, as in SQL Server."""
    terms = [f"{term.sql} {'DESC' if term.descends else 'ASC'}" for term in query.order]
    return ", ".join([*terms, quoted("@order")])


def next_link(call: Call, query: Query, position: Position) -> str:
    """The address of the page that begins at a position."""
    return _link(call, f"$skiptoken={quote(_cookie(query, position), safe='=/')}")


def delta_link(call: Call, version: int) -> str:
    """The address that lists everything changed after this version."""
    moment = datetime.fromtimestamp(call.at_s, tz=UTC).strftime("%m/%d/%Y %H:%M:%S")
    return _link(call, f"$deltatoken={_lowered(quote(f'{version}!{moment}', safe=''))}")


def read_delta(call: Call) -> int | None:
    """The version after which changes are asked for; None without a token.

    Raises Refusal 400 for a token that has expired or cannot be read.
    """
    token = call.option("$deltatoken")
    if token is None:
        return None
    version, _, moment = token.partition("!")
    try:
        issued_s = datetime.strptime(moment, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()
        number = int(version)
    except ValueError:
        raise refused(400, "0x80060888", "The delta token cannot be read.") from None
    if issued_s + DELTA_LIFE_S < call.at_s:
        message = "Version stamp associated with the client has expired. Please perform a full sync."
        raise refused(400, "0x80044352", message)
    return number


def _link(call: Call, token: str) -> str:
    options = [part for part in call.raw_query.split("&") if part and not part.startswith(_TOKENS)]
    return f"{call.origin}{call.raw_path}?" + "&".join([*options, token])


def _cookie(query: Query, position: Position) -> str:
    names = [*(term.name for term in query.order), query.entity.key]
    ends = zip(names, _texts(position.last), _texts(position.first), strict=True)
    inner = f'<cookie page="{position.page - 1}">{"".join(map(_element, ends))}</cookie>'
    tracking = "False" if position.tracked_from is None else f"True:{position.tracked_from}"
    encoded = _lowered(quote(inner, safe=""))
    return f'<cookie pagenumber="{position.page}" pagingcookie="{encoded}" istracking="{tracking}" />'


def _texts(mark: Mark) -> list[str]:
    return [*(html.escape(value or "", quote=True) for value in mark.values), f"{{{mark.key.upper()}}}"]


def _element(ends: tuple[str, str, str]) -> str:
    name, last, first = ends
    return f'<{name} last="{last}" first="{first}" />'


def _lowered(text: str) -> str:
    return _HEX.sub(lambda match: match[0].lower(), text)


def _beyond(sql: str, value: Any, *, descends: bool) -> str:
    if value is None:
        return "0" if descends else f"{sql} IS NOT NULL"
    return f"({sql} < ? OR {sql} IS NULL)" if descends else f"{sql} > ?"


def _number(text: str | None) -> Any:
    """A sorted value as SQL compared it: marked numbers are numbers again."""
    if text is None or not text.startswith("n:"):
        return text[2:] if text is not None else None
    return float(text[2:]) if "." in text or "e" in text else int(text[2:])


def marked(value: Any) -> str | None:
    """A sorted value as text for the cookie, with a mark on numbers so that they are read as numbers again."""
    return None if value is None else f"{'t' if isinstance(value, str) else 'n'}:{value}"


def _unreadable() -> Exception:
    return refused(400, "0x80060888", "The paging cookie cannot be read.")
