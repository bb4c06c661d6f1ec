"""The settings to make in HubSpot so that the real Data Sync does in the test portals what the forecast is about.

Facts
    * They are those of the rehearsal's settings file, in the order of Data Sync's own pages (corrections F21): which
      objects, then of each direction, conflicts, matching, filters, limits and field mappings; last what stands
      elsewhere in the portal.
    * What the settings do not know is said so: it is to be made as in the real portal.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.filter_tree import text_of
from dynsync_lib.core.model import PERSONS, Direction, Object, System
from dynsync_lib.core.settings import ObjectSync, Settings

PAGE: Final = "Settings > Integrations > Connected apps > Microsoft Dynamics 365 > CRM Syncs"
_ARROWS: Final = {"two_way": "both ways", "to_hubspot": "Dynamics to HubSpot", "to_dynamics": "HubSpot to Dynamics"}
_PAGES: Final = {
    Object.CONTACT: "Contacts",
    Object.COMPANY: "Companies",
    Object.LEAD: "Leads",
    Object.DEAL: "Deals",
    Object.INVOICE: "Invoices",
}
"""What the app calls each object."""
_NEW_CONTACTS: Final[Mapping[bool | None, str]] = {
    True: "marketing contacts",
    False: "non-marketing contacts",
    None: "non-marketing contacts (the settings do not say; the forecast counts none)",
}
_AUTO_COMPANIES: Final = {
    "on": "on",
    "off": "off",
    "unknown": "as in the real portal (the settings do not say)",
}


@dataclass(frozen=True, slots=True)
class SettingToMake:
    """One setting: where it stands, of which object (empty: of the portal), its name, and what to set it to."""

    where: str
    object: str
    setting: str
    value: str


def settings_to_make(settings: Settings, mappings: Sequence[Mapping[str, Any]]) -> list[SettingToMake]:
    """Every setting, in the order of the pages; `mappings` are the rows of a forecast's table `mapping`."""
    return [*_of_objects(settings, mappings), *_of_portal(settings)]


def _of_objects(settings: Settings, mappings: Sequence[Mapping[str, Any]]) -> Iterator[SettingToMake]:
    for object_ in Object:
        sync = settings.sync[object_]
        page = f"{PAGE} > {_PAGES[object_]}"
        if not sync.enabled:
            yield SettingToMake(PAGE, object_.value, "Sync", "off")
            continue
        lines = [*_lines(object_, sync), *_of_fields(object_, mappings)]
        yield from (SettingToMake(page, object_.value, setting, value) for setting, value in lines)


def _lines(object_: Object, sync: ObjectSync) -> Iterator[tuple[str, str]]:
    yield "Sync", "on"
    yield "Direction", _ARROWS[sync.direction.value]
    if sync.direction is Direction.TWO_WAY:
        yield "If there is a conflict, use data from", sync.conflict_winner.label
    yield "Match records by", _matching(object_, sync)
    for system in System:
        if sync.is_source(system):
            text = text_of(sync.filter_of(system))
            yield f"Filter of {system.label}'s records", text or "none"
    yield "Limit: only records that exist on the other side", _on(is_on=sync.only_existing_in_target)
    if object_ in PERSONS:
        yield "Limit: only contacts with an e-mail address", _on(is_on=sync.require_email)
        yield "Lifecycle stages to Dynamics", ", ".join(sync.lifecycle_stages) or "the app's own"
        yield "Lifecycle stage of new contacts", sync.default_lifecycle_stage or "none"
    for hubspot, dynamics in sorted(sync.stages.items()):
        yield "Deal stage", f"{hubspot} in HubSpot is {dynamics} in Dynamics"


def _matching(object_: Object, sync: ObjectSync) -> str:
    if sync.match_mode == "own_field":
        return f"{sync.match_hubspot} in HubSpot, {sync.match_dynamics} in Dynamics"
    is_unmatched = sync.match_mode == "none" or object_ in (Object.DEAL, Object.INVOICE)
    return "no matching" if is_unmatched else "the app's default"


def _on(*, is_on: bool) -> str:
    return "on" if is_on else "off"


def _of_fields(object_: Object, mappings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in mappings:
        if row["object"] == object_.value:
            pair = f"{row['hubspot_field']} (HubSpot) and {row['dynamics_field']} (Dynamics)"
            direction = _ARROWS.get(row["allowed_directions"] or "", "off")
            yield f"Field mapping {pair}", direction


def _of_portal(settings: Settings) -> Iterator[SettingToMake]:
    contacts = f"{PAGE} > {_PAGES[Object.CONTACT]}"
    yield SettingToMake(
        contacts, Object.CONTACT.value, "New contacts are", _NEW_CONTACTS[settings.hubspot.sync_as_marketing]
    )
    companies = _AUTO_COMPANIES[settings.hubspot.auto_create_companies]
    yield SettingToMake(
        "Settings > Objects > Companies", "", "Create and associate companies with contacts automatically", companies
    )
