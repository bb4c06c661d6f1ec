"""The paths of HubSpot's API, by version (portal-apis 1.1). Requests and answers are the same in all versions.

Facts
    * v3 with associations v4 is supported until March 2027; dated versions come in March and September and live for 18
      months.

Where it is used: `portals.hubspot.reader`, `portals.pull.pull_portals`, `portals.check.check_portals`,
`rehearsal.gate`, `rehearsal.writing.hubspot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import Object


@dataclass(frozen=True, slots=True)
class HubSpotPaths:
    """The beginnings of the paths of one version; `manifest_text` is what the manifest calls the version."""

    manifest_text: str
    account: str
    associations: str
    objects: str
    owners: str
    properties: str


def _dated(date: str) -> HubSpotPaths:
    return HubSpotPaths(
        manifest_text=date,
        account=f"/account-info/{date}/details",
        associations=f"/crm/associations/{date}",
        objects=f"/crm/objects/{date}",
        owners=f"/crm/owners/{date}",
        properties=f"/crm/properties/{date}",
    )


DEFAULT_VERSION: Final = "v3"
"""The version that is asked for unless the settings name another."""
PATHS: Final[Mapping[str, HubSpotPaths]] = {
    "v3": HubSpotPaths(
        manifest_text="v3, associations v4",
        account="/account-info/v3/details",
        associations="/crm/v4/associations",
        objects="/crm/v3/objects",
        owners="/crm/v3/owners",
        properties="/crm/v3/properties",
    ),
    "2026-03": _dated("2026-03"),
    "2026-09": _dated("2026-09"),
}
PLURALS: Final[Mapping[Object, str]] = {
    Object.CONTACT: "contacts",
    Object.COMPANY: "companies",
    Object.DEAL: "deals",
    Object.INVOICE: "invoices",
}
"""What paths call HubSpot's objects."""
