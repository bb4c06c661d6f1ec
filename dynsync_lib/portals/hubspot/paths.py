"""Where HubSpot's API lies, by version (portal-apis 1.1). The bodies are the same in all of them.

Facts
    * v3 with associations v4 is supported until March 2027; dated versions come in March and September and live for 18
      months.

Where it is used: `portals.hubspot.reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HubSpotPaths:
    """The beginnings of the paths of one version; `told` is the version in the manifest's words."""

    told: str
    account: str
    associations: str
    objects: str
    owners: str
    properties: str


def _dated(date: str) -> HubSpotPaths:
    return HubSpotPaths(
        told=date,
        account=f"/account-info/{date}/details",
        associations=f"/crm/associations/{date}",
        objects=f"/crm/objects/{date}",
        owners=f"/crm/owners/{date}",
        properties=f"/crm/properties/{date}",
    )


DEFAULT_VERSION: Final = "v3"
PATHS: Final[Mapping[str, HubSpotPaths]] = {
    "v3": HubSpotPaths(
        told="v3, associations v4",
        account="/account-info/v3/details",
        associations="/crm/v4/associations",
        objects="/crm/v3/objects",
        owners="/crm/v3/owners",
        properties="/crm/v3/properties",
    ),
    "2026-03": _dated("2026-03"),
    "2026-09": _dated("2026-09"),
}
