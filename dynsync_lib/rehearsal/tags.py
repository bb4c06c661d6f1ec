"""How look-alikes are known in the test portals, also without the journal.

Facts
    * In HubSpot each has a text in TAG_PROPERTY: the tag, a dash, and the look-alike's id. The property's values are
      unique, so that HubSpot itself refuses to have a look-alike twice, and finds one by that text at once, where its
      search lags behind.
    * In Dynamics its GUID begins with the tag's digits, and GUIDs are unique.

Where it is used: `rehearsal.cleaning`, and whatever reads a snapshot of the test portals.
"""

from __future__ import annotations

from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.portals.rows import TextRow
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY

_LABEL: Final = "DynSync rehearsal"


def tag_text(tag: str, look_alike_id: str) -> str:
    """What the tag property of one of HubSpot's look-alikes holds."""
    return f"{tag}-{look_alike_id}"


def look_alike_of(tag: str, table: RecordTable, row: TextRow) -> str | None:
    """The id of the look-alike that a row of a test portal is; None for every other record.

    >>> from dynsync_lib.core.tables import RECORD_TABLES
    >>> row = {"hs_object_id": "512", "dynsync_rehearsal": "0123456789abcdef-7"}
    >>> look_alike_of("0123456789abcdef", RECORD_TABLES["hubspot/contacts"], row)
    '7'
    """
    if table.system is System.HUBSPOT:
        mark, _, id_ = (row.get(TAG_PROPERTY) or "").partition("-")
        return id_ if mark == tag and id_ else None
    guid = (row.get(table.id_field) or "").lower()
    return guid if guid.replace("-", "").startswith(tag) else None


def tag_property(object_: Object, group: str) -> dict[str, Any]:
    """The tag property of an object, as HubSpot's API makes one; `group` is a group of properties that is there."""
    return {
        "name": TAG_PROPERTY,
        "label": _LABEL,
        "description": f"Marks {object_.value} records that a rehearsal of the sync made; they are removed afterwards.",
        "type": "string",
        "fieldType": "text",
        "groupName": group,
        "hasUniqueValue": True,
        "formField": False,
    }
