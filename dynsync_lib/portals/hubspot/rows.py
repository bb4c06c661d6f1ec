"""HubSpot's answers as rows: records, owners, properties, associations.

Facts
    * The primary company is typeId 1, 5 from deals; a labelled pair carries the unlabelled type as well, and
      `toObjectId` is a number or text (portal-apis 2.5).
    * A batch reports a record without associations, or a deleted one, as an error; neither is one (2.4, 2.5).

Not modelled
    * Sensitive properties, history.

Where it is used: `portals.hubspot.reader`, `portals.pull.hubspot_tables`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.pages import value_text
from dynsync_lib.portals.rows import MetadataRow, TextRow

OWNER_NAMES: Final = ("id", "archived", "createdAt", "email", "firstName", "lastName", "type", "updatedAt", "userId")
ARCHIVED_NAMES: Final = ("archived", "archivedAt")
"""What is kept of archived records besides their properties."""
_PRIMARY_TYPES: Final = frozenset({"1", "2", "5", "6"})


def choose_properties(
    table: RecordTable, rows: Iterable[MetadataRow], wanted: Collection[str] | None
) -> tuple[str, ...]:
    """The names of the properties to read, the id first, then in order of the alphabet.

    `rows` are the portal's properties; `wanted` None means all of them. Id, times and the sources of match keys are
    always read. Wanted names that the portal does not have are left out, as it would do without a message.
    """
    always = (table.id_field, table.created_field, table.modified_field)
    known = {str(row["name"]) for row in rows}
    chosen = known if wanted is None else known & {*wanted, *KEY_SOURCE.get(table.name, {}).values()}
    return (table.id_field, *sorted((chosen | set(always)) - {table.id_field}))


def record_row(record: Mapping[str, Any]) -> TextRow:
    """One record, its properties as text; an archived record has the columns of `ARCHIVED_NAMES`, too.

    Raises UnexpectedReplyError when it has no id.
    """
    properties = record.get("properties")
    if not isinstance(properties, dict) or not record.get("id"):
        raise UnexpectedReplyError("HubSpot delivers a record without id or properties.", next_step="Report this.")
    row = {**{name: value_text(value) for name, value in properties.items()}, "hs_object_id": str(record["id"])}
    if record.get("archived") is True:
        row |= {name: value_text(record.get(name)) for name in ARCHIVED_NAMES}
    return row


def owner_row(owner: Mapping[str, Any]) -> TextRow:
    """One owner, with those columns of `OWNER_NAMES` that HubSpot delivered."""
    return {name: value_text(owner.get(name)) for name in OWNER_NAMES if name in owner}


def property_row(object_: Object, row: Mapping[str, Any]) -> MetadataRow:
    """One property as a row like `core.tables.PROPERTIES`, its options in the order of HubSpot's screens."""
    rights = row.get("modificationMetadata") or {}
    options = sorted(row.get("options") or (), key=_display_order)
    return {
        "object": object_.value,
        "name": row["name"],
        "label": row.get("label"),
        "type": row.get("type"),
        "field_type": row.get("fieldType"),
        "options": [{"value": option.get("value"), "label": option.get("label")} for option in options],
        "read_only": bool(rights.get("readOnlyValue", row.get("calculated", False))),
        "calculated": bool(row.get("calculated", False)),
        "unique": bool(row.get("hasUniqueValue", False)),
        "hidden": bool(row.get("hidden", False)),
    }


def link_rows(pair: tuple[Object, Object], from_id: str, targets: Iterable[Mapping[str, Any]]) -> list[TextRow]:
    """The associations of one record as rows like `core.tables.LINKS_IN`, flags as text.

    `targets` are the records it is associated with, as HubSpot names them. Each gives a row without label when it is
    primary or has no label, and a row for each of its labels.
    """
    rows: list[TextRow] = []
    for target in targets:
        types = target.get("associationTypes") or ()
        ends = {
            "from_object": pair[0].value,
            "from_id": from_id,
            "to_object": pair[1].value,
            "to_id": str(target.get("toObjectId")),
        }
        is_primary = any(_is_primary(type_) for type_ in types)
        labels = sorted({str(type_["label"]) for type_ in types if type_.get("label") and not _is_primary(type_)})
        if is_primary or not labels:
            rows.append({**ends, "label": None, "is_primary": value_text(is_primary)})
        rows += [{**ends, "label": label, "is_primary": "false"} for label in labels]
    return rows


def refuse_errors(answer: Any) -> None:
    """Raises UnexpectedReplyError for an error in a batch, other than a missing record or missing associations."""
    errors = answer.get("errors") or () if isinstance(answer, dict) else ()
    for error in errors:
        kind = f"{error.get('category', '')} {error.get('subCategory', '')}"
        if "NOT_FOUND" not in kind and "NO_ASSOCIATIONS" not in kind:
            raise UnexpectedReplyError(
                f"HubSpot reports {kind.strip() or 'an error'} within a batch.", next_step="Run the same command again."
            )


def _display_order(option: Mapping[str, Any]) -> tuple[bool, int]:
    """Options without a display order (-1) come last, as HubSpot shows them."""
    order = int(option.get("displayOrder") or 0)
    return (order < 0, order)


def _is_primary(type_: Mapping[str, Any]) -> bool:
    return type_.get("category") == "HUBSPOT_DEFINED" and str(type_.get("typeId")) in _PRIMARY_TYPES
