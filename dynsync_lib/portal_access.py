"""From settings to portals: where they are, which secrets open them, which fields are asked for.

Where it is used: `kit.pull`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv import dotenv_values

from dynsync_lib.core.filter_grammar import fields_of, parse_filter
from dynsync_lib.core.model import RECORD_TABLES, Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.errors import SettingsError
from dynsync_lib.portals.connections import PortalConnections


def emulator_connections(addresses: Mapping[str, Mapping[str, str]]) -> PortalConnections:
    """The two portals of a running emulator, from its addresses."""
    hubspot, dynamics = addresses["hubspot"], addresses["dynamics"]
    return PortalConnections(
        hubspot_url=hubspot["url"],
        hubspot_token=hubspot["token"],
        dynamics_url=dynamics["tls_url"],
        authority=dynamics["authority"],
        tenant_id=dynamics["tenant_id"],
        client_id=dynamics["client_id"],
        client_secret=dynamics["client_secret"],
        ca_file=Path(dynamics["ca_file"]),
    )


def settings_connections(settings: Settings, file: Path) -> PortalConnections:
    """The portals that the settings name, with the secrets of the environment or of a `.env` beside the file.

    Raises SettingsError that names every variable that is missing.
    """
    known = {**dotenv_values(file.parent / ".env"), **os.environ}
    dynamics = settings.dynamics
    names = (settings.hubspot.token_env, dynamics.client_id_env, dynamics.client_secret_env)
    faults = [f"The environment variable {name} is not set." for name in names if not known.get(name)]
    if not dynamics.url:
        faults.append(f"{file.name}: `url` under [dynamics] is empty.")
    if faults:
        raise SettingsError(faults, next_step=f"Set them in the environment or in a file .env beside {file.name}.")
    token, client_id, client_secret = (str(known[name]) for name in names)
    return PortalConnections(
        hubspot_token=token,
        dynamics_url=dynamics.url.rstrip("/"),
        authority=None,
        tenant_id=dynamics.tenant_id or None,
        client_id=client_id,
        client_secret=client_secret,
        ca_file=None,
    )


def needed_fields(settings: Settings, rulebook: Rulebook) -> dict[str, Collection[str]]:
    """What is asked of each table: what the CRMs have out of the box, what is mapped, what filters and stages ask."""
    schema = rulebook.standard_schema
    needed: dict[str, Collection[str]] = {}
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        rows = schema["properties" if table.system is System.HUBSPOT else "columns"]
        fields = {row["name"] for row in rows if row["object"] == table.object.value}
        sync = settings.sync[table.object]
        fields |= {one.hubspot if table.system is System.HUBSPOT else one.dynamics for one in sync.mappings}
        fields |= _asked(sync.filter_of(table.system)) | ({sync.match_field(table.system) or ""} - {""})
        needed[name] = frozenset(fields)
    needed["hubspot/contacts"] = frozenset({*needed["hubspot/contacts"], *_asked_of_people(settings)})
    return needed


def _asked_of_people(settings: Settings) -> set[str]:
    """What leads and the marketing criterion ask of HubSpot's contacts."""
    lead = settings.sync[Object.LEAD]
    asked = {one.hubspot for one in lead.mappings} | _asked(lead.filter_to_dynamics) if lead.enabled else set()
    own = {lead.match_hubspot} if lead.enabled and lead.match_hubspot else set()
    return asked | own | {"lifecyclestage"} | _asked(settings.hubspot.marketing_criterion)


def _asked(text: str | None) -> set[str]:
    return set(fields_of(parse_filter(text))) if text else set()
