"""Rows of a snapshot as bodies of the Dataverse Web API: typed values, lookups bound by their navigation property.

Facts
    * Whole numbers, choices and states are JSON numbers, decimals and money too (with the digits that they were
      written with), flags are true or false; all else is text (portal-apis 6.2, 6.5).
    * A lookup is bound by `{navigation}@odata.bind`. The navigation property of a lookup with one target, and of every
      owner, has the lookup's own name; one with several targets has the target's name behind it
      (`parentcustomerid_account`).
    * A text that is no value of its column's type is sent as it is: the portal says what it thinks of it.

Not modelled
    * Navigation properties of custom lookups whose schema name has capitals; targets outside of `SETS`.

Where it is used: `rehearsal.writing.dataverse`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from dynsync_lib.core.lookup_names import is_lookup_id, is_lookup_type, lookup_of
from dynsync_lib.portals.metadata_rows import FLAGS
from dynsync_lib.portals.rows import MetadataRow
from dynsync_lib.rehearsal.writing.written import Values

SETS: Final[Mapping[str, str]] = {
    "account": "accounts",
    "contact": "contacts",
    "lead": "leads",
    "opportunity": "opportunities",
    "invoice": "invoices",
    "systemuser": "systemusers",
    "team": "teams",
    "transactioncurrency": "transactioncurrencies",
}
"""The entity sets that lookups can be bound to, by the table's logical name."""
_WHOLE: Final = frozenset({"Integer", "BigInt", "Picklist", "State", "Status"})
_DECIMAL: Final = frozenset({"Decimal", "Double", "Money"})
_WHOLE_TEXT: Final = re.compile(r"-?[0-9]{1,18}")
_DECIMAL_TEXT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DIGITS: Final = "\x00"
"""Stands around digits until they are printed without quotes."""
_QUOTED_DIGITS: Final = re.compile(r'"\\u0000([-0-9.]+)\\u0000"')
Columns = Mapping[str, MetadataRow]
"""A table's columns, as rows like `core.tables.COLUMNS`, by logical name."""


def row_body(columns: Columns, values: Values) -> dict[str, Any]:
    """The body of one row. `_name_type` says where a lookup points; None empties a column or a lookup."""
    body: dict[str, Any] = {}
    for name, text in values.items():
        if is_lookup_id(name):
            body |= _bound(columns, name, text, values)
        elif not is_lookup_type(name):
            body[name] = typed_value(columns.get(name, {}), text)
    return body


def body_text(body: object) -> bytes:
    """The JSON of a body, decimals with the digits they came with."""
    return _QUOTED_DIGITS.sub(r"\1", json.dumps(body)).encode()


def typed_value(column: MetadataRow, text: str | None) -> Any:
    """A text of a snapshot as the JSON value of its column, to be printed by `body_text`."""
    kind = column.get("type")
    if text is None:
        return None
    if kind == "Boolean":
        return FLAGS.get(text.lower(), text)
    if kind in _WHOLE and _WHOLE_TEXT.fullmatch(text):
        return int(text)
    if kind in _DECIMAL and _DECIMAL_TEXT.fullmatch(text):
        return f"{_DIGITS}{text}{_DIGITS}"
    return text


def navigation_of(columns: Columns, lookup: str, target: str) -> str:
    """The navigation property of a lookup to a table, by logical names."""
    column = columns.get(lookup, {})
    targets = str(column.get("targets") or "").split(";")
    return lookup if column.get("type") == "Owner" or len(targets) == 1 else f"{lookup}_{target}"


def _bound(columns: Columns, name: str, text: str | None, values: Values) -> dict[str, Any]:
    lookup = lookup_of(name)
    targets = str(columns.get(lookup, {}).get("targets") or "").split(";")
    target = values.get(f"_{lookup}_type") or targets[0]
    bound_name = f"{navigation_of(columns, lookup, target)}@odata.bind"
    return {bound_name: None if text is None else f"/{SETS.get(target, target)}({text})"}
