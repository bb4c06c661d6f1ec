"""The columns in which Microsoft's services write one lookup: an id, the table it points to, and a name.

Facts
    * The Web API writes `_parentcustomerid_value` and its annotations, Synapse Link and Fabric `parentcustomerid` and
      `parentcustomerid_entitytype`, SQL `parentcustomerid`, `parentcustomeridtype` and `parentcustomeridname`.
    * In a snapshot a lookup is `_parentcustomerid_value` and `_parentcustomerid_type`. The name counts only where no
      column holds the id.

Where it is used: `portals.files.headings`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.portals.metadata_rows import LOOKUP_TYPES

_IDS: Final = ("_{}_value", "{}")
_TYPES: Final = (
    "_{}_type",
    "_{}_value@Microsoft.Dynamics.CRM.lookuplogicalname",
    "{}@Microsoft.Dynamics.CRM.lookuplogicalname",
    "{}_entitytype",
    "{}type",
)
_NAMES: Final = ("{}name", "_{}_value@OData.Community.Display.V1.FormattedValue")


class LookupHeading(NamedTuple):
    """One column of a lookup: its name in the snapshot, the lookup, and whether its cells name records."""

    name: str
    field: Field
    holds_names: bool = False


def lookup_headings(fields: Iterable[Field], cells: Collection[str]) -> dict[str, LookupHeading]:
    """The columns of lookups among a file's headings, by heading; of two that mean the same the first form counts."""
    headings: dict[str, LookupHeading] = {}
    for field in fields:
        if field.system is System.DYNAMICS and field.type in LOOKUP_TYPES:
            headings |= dict(_of_field(field, cells))
    return headings


def _of_field(field: Field, cells: Collection[str]) -> Iterator[tuple[str, LookupHeading]]:
    id_ = _first(_IDS, field, cells)
    if id_ is not None:
        yield id_, LookupHeading(f"_{field.name}_value", field)
        type_ = _first(_TYPES, field, cells)
        if type_ is not None:
            yield type_, LookupHeading(f"_{field.name}_type", field)
        return
    name = _first(_NAMES, field, cells)
    if name is not None:
        yield name, LookupHeading(f"{field.name}name", field, holds_names=True)


def _first(forms: Iterable[str], field: Field, cells: Collection[str]) -> str | None:
    return next((name for form in forms if (name := form.format(field.name)) in cells), None)
