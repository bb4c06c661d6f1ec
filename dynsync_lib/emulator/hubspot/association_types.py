"""The types of HubSpot's associations: primary, unlabelled, and a portal's own labels (portal-apis 2.5).

Facts
    * The type ids of contacts, companies and deals are HubSpot's; those of invoices and of records of one kind are
      invented: clients must ask for the labels.
    * `Primary` belongs to a contact or a deal: each has at most one primary company.

Where it is used: `emulator.hubspot.associations`, `emulator.hubspot.stored_associations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.hubspot.errors import invalid
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.store.associations import FIRST_OWN_TYPE_ID, LABELS
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

UNLABELLED: Final[Mapping[tuple[str, str], int]] = {
    ("contact", "company"): 279,
    ("company", "contact"): 280,
    ("deal", "contact"): 3,
    ("contact", "deal"): 4,
    ("deal", "company"): 341,
    ("company", "deal"): 342,
    ("invoice", "contact"): 177,
    ("contact", "invoice"): 178,
    ("invoice", "company"): 179,
    ("company", "invoice"): 180,
    ("invoice", "deal"): 175,
    ("deal", "invoice"): 176,
    ("company", "company"): 13,
    ("contact", "contact"): 449,
    ("deal", "deal"): 451,
}
PRIMARY: Final[Mapping[tuple[str, str], int]] = {
    ("contact", "company"): 1,
    ("company", "contact"): 2,
    ("deal", "company"): 5,
    ("company", "deal"): 6,
}
Pair = tuple[Kind, Kind]


@dataclass(frozen=True, slots=True)
class Spec:
    """One type of association: its category and number, its label (None without one), and whether it is primary."""

    category: str
    type_id: int
    label: str | None
    is_primary: bool


def names_of(pair: Pair) -> tuple[str, str]:
    """The names of two object types, in the singular."""
    return pair[0].singular, pair[1].singular


def association_type(category: str, type_id: int, label: str | None) -> dict[str, Any]:
    """A type as HubSpot prints it."""
    return {"category": category, "typeId": type_id, "label": label}


def own_types(pair: Pair, *, is_primary: bool) -> list[dict[str, Any]]:
    """HubSpot's own types of a pair: primary when it is, and unlabelled."""
    names = names_of(pair)
    primary = (
        [association_type("HUBSPOT_DEFINED", PRIMARY[names], "Primary")] if is_primary and names in PRIMARY else []
    )
    return [*primary, association_type("HUBSPOT_DEFINED", UNLABELLED[names], None)]


def own_labels(store: Store, from_: Kind, to: Kind) -> dict[str, int]:
    """The portal's own labels between two kinds, with their type ids."""
    if not store.has("hubspot/links"):
        return {}
    sql = f"SELECT label, type_id FROM {quoted(LABELS)} WHERE from_object = ? AND to_object = ? ORDER BY type_id"  # noqa: S608
    return dict(store.query(sql, (from_.singular, to.singular)))


def read_specs(store: Store, call: Call, pair: Pair, types: Any) -> list[Spec]:
    """The association types that a write names; the unlabelled type when it names none.

    Raises Refusal 400 for a type that does not exist between these two object types.
    """
    if types is not None and not isinstance(types, list):
        raise invalid(call, "types must be a list")
    plain = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": UNLABELLED.get(names_of(pair))}
    return [_spec(store, call, pair, item) for item in (types or [plain])]


def kind_of_type(from_: str, type_id: Any) -> str | None:
    """The object type that one of HubSpot's own association types leads to; None when the number is none of them."""
    for (start, end), number in (*UNLABELLED.items(), *PRIMARY.items()):
        if start == from_ and number == type_id:
            return end
    return None


def add_label(store: Store, pair: Pair, label: str, inverse: str) -> Sequence[dict[str, Any]]:
    """Adds a label of the portal between two object types, with the text of the other direction, and gives its two
    types."""
    types = []
    for direction, text, back in ((pair, label, inverse), ((pair[1], pair[0]), inverse, label)):
        labels = own_labels(store, *direction)
        number = labels.get(text) or max(labels.values(), default=FIRST_OWN_TYPE_ID - 1) + 1
        if text not in labels:
            sql = f"INSERT INTO {quoted(LABELS)} VALUES (?, ?, ?, ?, ?)"  # noqa: S608
            store.execute(sql, (*names_of(direction), text, number, back))
        types.append(association_type("USER_DEFINED", number, text))
    return types


def inverse_label(store: Store, pair: Pair, label: str | None) -> str | None:
    """How a label of the portal reads from the other end; None for no label."""
    sql = f"SELECT inverse FROM {quoted(LABELS)} WHERE from_object = ? AND to_object = ? AND label = ?"  # noqa: S608
    rows = store.query(sql, (*names_of(pair), label)) if label is not None else []
    return str(rows[0][0]) if rows else label


def _spec(store: Store, call: Call, pair: Pair, item: Any) -> Spec:
    category = item.get("associationCategory") if isinstance(item, Mapping) else None
    number = item.get("associationTypeId") if isinstance(item, Mapping) else None
    names = names_of(pair)
    if category == "HUBSPOT_DEFINED" and number in (UNLABELLED.get(names), PRIMARY.get(names)):
        return Spec(category, int(str(number)), None, number == PRIMARY.get(names))
    for label, type_id in own_labels(store, *pair).items() if category == "USER_DEFINED" else ():
        if number == type_id:
            return Spec("USER_DEFINED", type_id, label, False)
    raise invalid(call, f"{category} association type {number} does not lead from {names[0]} to {names[1]}")
