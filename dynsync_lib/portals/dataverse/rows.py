"""Dataverse's records as rows, and the column names to ask for.

Facts
    * A lookup is asked for as `_name_value`; an annotation says to which table it points, and becomes `_name_type`
      (portal-apis 6.2).
    * GUIDs are lower case in the rows, whatever the portal prints.

Where it is used: `portals.dataverse.reader`, `portals.pull.dynamics_tables`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.lookup_names import bare_name, is_lookup_id, is_lookup_type
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES
from dynsync_lib.portals.pages import TableRead, value_text
from dynsync_lib.portals.rows import TextRow

_LOOKUP_TABLE: Final = "@Microsoft.Dynamics.CRM.lookuplogicalname"
USER_NAMES: Final = (
    "systemuserid",
    "createdon",
    "domainname",
    "fullname",
    "internalemailaddress",
    "isdisabled",
    "modifiedon",
)


def choose_columns(table: RecordTable, readable: Iterable[str], wanted: Collection[str] | None) -> tuple[str, ...]:
    """The names of the columns to read, the id first, then in order of the alphabet.

    `wanted` None means all of `readable`. Id, times and the sources of match keys are always read. A lookup may be
    wanted as `ownerid`, `_ownerid_value` or `_ownerid_type`; it is read as both its columns.
    """
    known = set(readable)
    keys = KEY_SOURCE.get(table.name, {}).values()
    always = {table.id_field, table.created_field, table.modified_field, *keys}
    bare = None if wanted is None else {bare_name(name) for name in wanted} | always
    chosen = {name for name in known if bare is None or bare_name(name) in bare} | {table.id_field}
    return (table.id_field, *sorted(chosen - {table.id_field}))


def vendor_names(attribute: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a column in rows, from its metadata: two for a lookup, else one."""
    name = str(attribute["LogicalName"])
    is_lookup = attribute.get("AttributeType") in LOOKUP_TYPES
    return (f"_{name}_value", f"_{name}_type") if is_lookup else (name,)


def selected(names: Sequence[str]) -> tuple[str, ...]:
    """The names that `$select` takes: without `_name_type`, which comes with `_name_value`."""
    return tuple(name for name in names if not is_lookup_type(name))


def record_row(read: TableRead, record: Mapping[str, Any]) -> TextRow:
    """One record, with those columns of `read.names` that were delivered, as text.

    Raises UnexpectedReplyError when it has no id.
    """
    id_ = record.get(read.table.id_field)
    if not id_:
        raise UnexpectedReplyError(
            f"Dynamics delivers a record of {read.table.name} without {read.table.id_field}.", next_step="Report this."
        )
    row: dict[str, str | None] = {}
    for name in read.names:
        if is_lookup_type(name):
            lookup = f"{name.removesuffix('_type')}_value"
            if lookup in record:
                row[name] = value_text(record.get(f"{lookup}{_LOOKUP_TABLE}"))
        elif name in record:
            row[name] = value_text(record[name])
    for name in (read.table.id_field, *filter(is_lookup_id, row)):
        row[name] = _lower(row[name])
    return row


def _lower(guid: str | None) -> str | None:
    return None if guid is None else guid.lower()
