"""Which records of a customer no test portal would take, so that they can have no look-alike.

Facts
    * HubSpot keeps an address once, over primary and additional ones, without regard to case (2.14, 9.14), and other
      properties once whose values must be unique (9.18): of several records that share one, the first is written.
    * HubSpot takes no contact whose address is not valid (9.13), none without address and name, and no company without
      name and domain (portal-apis 2.4).
    * Portals hold no such records themselves; exported files may, after edits or out of several portals.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.keys import email_key, is_valid_email, lower, split_addresses, trim
from dynsync_lib.core.model import System
from dynsync_lib.rehearsal.planning.record_names import Record

_ADDRESS: Final = "email"
_NEEDS_ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "hubspot/contacts": ("email", "firstname", "lastname"),
    "hubspot/companies": ("name", "domain"),
}
TWICE: Final = "HubSpot takes a record with the same address or other unique value only once."
INVALID: Final = "HubSpot takes no contact whose address is not valid."
NAMELESS: Final = "HubSpot takes no contact without address and name, and no company without name and domain."
Row = Mapping[str, Any]


def find_unwritable(
    rows: Mapping[Record, Row],
    turn: Callable[[Record], tuple[int, ...]],
    catalogue: Catalogue,
    top_level_domains: frozenset[str],
) -> dict[Record, str]:
    """The records that HubSpot would refuse, with the reason; of several that share a value all but the first in turn.

    `rows` are the records' rows, `turn` says who comes first.
    """
    refused: dict[Record, str] = {}
    held: set[tuple[str, str, str]] = set()
    records = [record for record in rows if record.system is System.HUBSPOT and record.kind.object is not None]
    for record in sorted(records, key=turn):
        row = rows[record]
        values = set(_unique_values(record, row, catalogue))
        reason = _fault(record, row, top_level_domains) or (TWICE if values & held else None)
        if reason is not None:
            refused[record] = reason
        else:
            held |= values
    return refused


def _fault(record: Record, row: Row, top_level_domains: frozenset[str]) -> str | None:
    """What HubSpot has against a record by itself."""
    needed = _NEEDS_ONE_OF.get(record.table, ())
    delivered = [name for name in needed if name in row]
    if delivered and not any(trim(row[name] or "") for name in delivered):
        return NAMELESS
    address = row.get(_ADDRESS) if record.table == "hubspot/contacts" else None
    if address and trim(address) and not is_valid_email(address, top_level_domains):
        return INVALID
    return None


def _unique_values(record: Record, row: Row, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Table, property and value of everything that HubSpot keeps once."""
    if record.table == "hubspot/contacts":
        addresses: Sequence[str] = (row.get(_ADDRESS) or "", *split_addresses(row.get("hs_additional_emails")))
        yield from ((record.table, _ADDRESS, key) for key in map(email_key, addresses) if key is not None)
    for name, value in row.items():
        field = catalogue.find(System.HUBSPOT, record.kind.own_object, name) if name != _ADDRESS else None
        if field is not None and field.unique and value and trim(value):
            yield record.table, name, lower(trim(value))
