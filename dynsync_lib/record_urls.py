"""Addresses that open a record in HubSpot or in Dynamics, for whoever shows ids to people.

Facts
    * HubSpot opens `https://<ui domain>/contacts/<portal>/record/<object type>/<id>`; European portals have another
      domain than the others (`uiDomain` of the account's details).
    * A model-driven app of Dynamics opens `<environment>/main.aspx?etn=<table>&pagetype=entityrecord&id=<guid>`.
    * What a portal or a settings file says of itself goes into no address unless it looks like what it should be: an
      address opens HubSpot, or the environment that the settings name, and nothing else.

Not modelled
    * Which app of an environment opens: Dynamics asks where a person has several.

Where it is used: `forecasts.finding_records`, `forecasts.fix_sets`, `worklist.rows`; whoever shows links to records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import Object, System

_OBJECT_TYPES: Final[Mapping[Object, str]] = {
    Object.CONTACT: "0-1",
    Object.LEAD: "0-1",
    Object.COMPANY: "0-2",
    Object.DEAL: "0-3",
    Object.INVOICE: "0-53",
}
"""HubSpot's object type ids; the leads of Dynamics are contacts there (1.7)."""
_TABLES: Final[Mapping[Object, str]] = {
    Object.CONTACT: "contact",
    Object.LEAD: "lead",
    Object.COMPANY: "account",
    Object.DEAL: "opportunity",
    Object.INVOICE: "invoice",
}
"""Logical names of Dynamics' tables."""
_WHY_LACKING: Final[Mapping[System, str]] = {
    System.HUBSPOT: "the snapshot does not say which portal it is of",
    System.DYNAMICS: "the settings name no `url` under [dynamics]",
}
_UI_DOMAIN: Final = re.compile(r"(?:[a-z0-9-]+\.)+hubspot\.com")
_USUAL_UI_DOMAIN: Final = "app.hubspot.com"
_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ENVIRONMENT: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class RecordUrls:
    """Makes addresses of ids. `hubspot` and `dynamics` are what each begins with; None: that portal is not known."""

    hubspot: str | None
    dynamics: str | None

    def url_of(self, system: str | None, object_: str | None, record_id: str | None) -> str:
        """The address that opens a record; empty where its portal is not known, or the id is none of that portal.

        >>> urls_of_portals({"hubspot": {"id": "4711"}, "dynamics": {}}).url_of("hubspot", "company", "17")
        'https://app.hubspot.com/contacts/4711/record/0-2/17'
        """
        if system is None or object_ is None or record_id is None:
            return ""
        if system == System.HUBSPOT:
            is_known = self.hubspot is not None and _NUMBER.fullmatch(record_id) is not None
            return f"{self.hubspot}/record/{_OBJECT_TYPES[Object(object_)]}/{record_id}" if is_known else ""
        is_known = self.dynamics is not None and _GUID.fullmatch(record_id) is not None
        query = f"etn={_TABLES[Object(object_)]}&pagetype=entityrecord&id={record_id}"
        return f"{self.dynamics}/main.aspx?{query}" if is_known else ""

    @property
    def lacking(self) -> dict[System, str]:
        """By system whose records no address opens, why that is."""
        starts = {System.HUBSPOT: self.hubspot, System.DYNAMICS: self.dynamics}
        return {system: _WHY_LACKING[system] for system, start in starts.items() if start is None}


def urls_of_portals(portals: Mapping[str, Mapping[str, Any]]) -> RecordUrls:
    """The addresses for what `forecast.json` says of both portals (`portals`): HubSpot's `id` and `ui_domain`, the
    `url` of the Dynamics environment. Any of them may be missing or null.
    """
    hubspot, dynamics = portals.get("hubspot") or {}, portals.get("dynamics") or {}
    portal, domain = str(hubspot.get("id") or ""), str(hubspot.get("ui_domain") or _USUAL_UI_DOMAIN)
    is_portal = _NUMBER.fullmatch(portal) is not None and _UI_DOMAIN.fullmatch(domain) is not None
    environment = str(dynamics.get("url") or "").rstrip("/")
    is_environment = _ENVIRONMENT.fullmatch(environment) is not None
    return RecordUrls(
        hubspot=f"https://{domain}/contacts/{portal}" if is_portal else None,
        dynamics=environment if is_environment else None,
    )
