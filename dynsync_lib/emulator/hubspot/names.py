"""HubSpot's names: object types with their aliases, and the paths of every version.

Facts
    * `contact`, `contacts` and `0-1` are one type, in any case; invoices are `0-53` (1.1).
    * The paths of 2026-03 and 2026-09 show the same bodies as v3 and v4 for everything used here.
    * The modified date is `lastmodifieddate` for contacts and `hs_lastmodifieddate` for the others (2.2).

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type: its names, its property with the date of the last change, the properties shown by default."""

    plural: str
    singular: str
    type_id: str
    modified: str
    defaults: tuple[str, ...]
    search_in: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name of its table in a world."""
        return f"hubspot/{self.plural}"

    @property
    def scope(self) -> str:
        """The scope that a token needs to read it."""
        return f"crm.objects.{self.plural}.read"

    @property
    def write_scope(self) -> str:
        """The scope that a token needs to write it."""
        return f"crm.objects.{self.plural}.write"

    @property
    def always(self) -> tuple[str, ...]:
        """The properties that are always shown."""
        return ("createdate", "hs_object_id", self.modified)


_CONTACT_TEXTS = ("firstname", "lastname", "email", "phone", "hs_additional_emails", "fax", "mobilephone", "company")
_MODIFIED = "hs_lastmodifieddate"
KINDS: Final = (
    Kind(
        "contacts",
        "contact",
        "0-1",
        "lastmodifieddate",
        ("email", "firstname", "lastname"),
        (*_CONTACT_TEXTS, "hs_marketable_until_renewal"),
        ("email",),
    ),
    Kind("companies", "company", "0-2", _MODIFIED, ("name", "domain"), ("website", "phone", "name", "domain")),
    Kind(
        "deals", "deal", "0-3", _MODIFIED, ("dealname", "amount", "closedate", "pipeline", "dealstage"), ("dealname",)
    ),
    Kind("invoices", "invoice", "0-53", _MODIFIED, (), ("hs_number",)),
)
KIND_BY_NAME: Final = {name: kind for kind in KINDS for name in (kind.plural, kind.singular, kind.type_id)}
_OTHERS: Final = """
    ticket tickets 0-5 product products 0-7 line_item line_items 0-8 quote quotes 0-14 communication communications 0-18
    feedback_submission feedback_submissions 0-19 task tasks 0-27 note notes 0-46 meeting meetings 0-47 call calls 0-48
    email emails 0-49 marketing_event marketing_events 0-54 quote_template quote_templates 0-64
    subscription subscriptions 0-69 deal_split deal_splits 0-72 goal_target goal_targets 0-74 user users 0-115
    order orders 0-123 lead leads 0-136 cart carts 0-142 partner_client partner_clients 0-145 service services 0-162
    courses 0-410 listings 0-420 appointments 0-421 commerce_payment commerce_payments payments discount discounts
    fee fees tax taxes campaign campaigns postal_mail
"""
"""The other types that every portal has, with the names they answer to (corrections F15, measured by a third party)."""
OTHER_TYPES: Final = frozenset(_OTHERS.upper().split())
_NO_ARCHIVED_PAGES: Final = {
    "0-47 (MEETING_EVENT)": "meeting meetings 0-47",
    "0-18 (COMMUNICATION)": "communication communications 0-18",
    "0-72 (DEAL_SPLIT)": "deal_split deal_splits 0-72",
    "0-64 (QUOTE_TEMPLATE)": "quote_template quote_templates 0-64",
}
NO_ARCHIVED_PAGES: Final = {
    name.upper(): shown for shown, names in _NO_ARCHIVED_PAGES.items() for name in names.split()
}
"""The types whose archived records HubSpot does not list: how its refusal names them, by name in upper case."""

_DATED = r"(?:2026-03|2026-09)"
_ALIASES: Final = tuple(
    (re.compile(pattern), target)
    for pattern, target in (
        (rf"^/crm/objects/{_DATED}/(?=[^/]+/[^/]+/associations/)", "/crm/v4/objects/"),
        (rf"^/crm/objects/{_DATED}/", "/crm/v3/objects/"),
        (rf"^/crm/pipelines/{_DATED}/", "/crm/v3/pipelines/"),
        (rf"^/crm/associations/(?:{_DATED}|v4)/", "/crm/v4/associations/"),
        (rf"^/crm/properties/{_DATED}/", "/crm/v3/properties/"),
        (rf"^/crm/owners/{_DATED}(?=/|$)", "/crm/v3/owners"),
        (rf"^/crm/limits/{_DATED}/", "/crm/v3/limits/"),
        (rf"^/account-info/{_DATED}/", "/account-info/v3/"),
        (rf"^/crm/exports/{_DATED}/", "/crm/v3/exports/"),
        (rf"^(?:/crm-object-schemas/(?:{_DATED}|v3)/schemas|/crm/v3/schemas)(?=/|$)", "/crm-object-schemas/v3/schemas"),
    )
)


def canonical_path(path: str) -> str:
    """The v3 or v4 form of a path, without a trailing slash."""
    for pattern, target in _ALIASES:
        path = pattern.sub(target, path)
    return path.rstrip("/") or "/"
