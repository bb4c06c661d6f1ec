"""Which fields a sync asks each portal for: what is mapped, what filters and stages ask, and the standard fields.

Facts
    * Who made a record and who changed it last is asked for, too: no table of a forecast looks at it, a verification
      tells by it what people did (docs/verification.md).

Where it is used: `kit.pull`.
"""

from __future__ import annotations

from collections.abc import Collection

from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import CREATED_BY, MODIFIED_BY, RECORD_TABLES


def needed_fields(settings: Settings, rulebook: Rulebook) -> dict[str, Collection[str]]:
    """The vendor columns to read, by table name; users and owners are read whole and not named.

    They are the standard fields of both CRMs, who made and who changed a record, the mapped fields, and those that
    filters, match keys, leads and the marketing criterion read.
    """
    schema = rulebook.standard_schema
    needed: dict[str, Collection[str]] = {}
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        rows = schema["properties" if table.system is System.HUBSPOT else "columns"]
        fields = {row["name"] for row in rows if row["object"] == table.object.value}
        fields |= {CREATED_BY[table.system], MODIFIED_BY[table.system]}
        sync = settings.sync[table.object]
        fields |= {pair.hubspot if table.system is System.HUBSPOT else pair.dynamics for pair in sync.mappings}
        fields |= _asked(sync.filter_of(table.system)) | ({sync.match_field(table.system) or ""} - {""})
        needed[name] = frozenset(fields)
    needed["hubspot/contacts"] = frozenset({*needed["hubspot/contacts"], *_asked_of_people(settings)})
    return needed


def _asked_of_people(settings: Settings) -> set[str]:
    """The properties of HubSpot's contacts that leads, the lead stage and the marketing criterion read."""
    lead = settings.sync[Object.LEAD]
    asked = {pair.hubspot for pair in lead.mappings} | _asked(lead.filter_to_dynamics) if lead.enabled else set()
    own = {lead.match_hubspot} if lead.enabled and lead.match_hubspot else set()
    return asked | own | {"lifecyclestage"} | _asked(settings.hubspot.marketing_criterion)


def _asked(filter_: Filter | None) -> set[str]:
    return set(filter_.fields) if filter_ is not None else set()
