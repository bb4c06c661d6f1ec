"""What HubSpot answers as rows of a snapshot: records, properties, associations.

Facts
    * The primary company is typeId 1, 5 from deals; a labelled pair carries the unlabelled type as well, and
      `toObjectId` is a number or text (portal-apis 2.5).
    * A record without associations, or one that is gone, is reported as an error of the batch that is none (2.4, 2.5).

Not modelled
    * Sensitive properties, history.

Where it is used: `portals.hubspot.reader`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.pages import Row, value_text

OWNER_NAMES: Final = ("id", "archived", "createdAt", "email", "firstName", "lastName", "type", "updatedAt", "userId")
ARCHIVED_NAMES: Final = ("archived", "archivedAt")
"""What is kept of archived records besides their properties."""
_PRIMARY_TYPES: Final = frozenset({"1", "2", "5", "6"})


def choose_properties(
    table: RecordTable, rows: Iterable[Mapping[str, Any]], wanted: Collection[str] | None
) -> tuple[str, ...]:
    """The properties to read: all of the portal's (`wanted` None), or those wanted; always id, times and key sources.

    Names the portal does not have are left out: it would leave them out without a word.
    """
    always = (table.id_field, table.created_field, table.modified_field)
    known = {str(row["name"]) for row in rows}
    chosen = known if wanted is None else known & {*wanted, *KEY_SOURCE.get(table.name, {}).values()}
    return (table.id_field, *sorted((chosen | set(always)) - {table.id_field}))


def record_row(record: Mapping[str, Any]) -> dict[str, str | None]:
    """One record; an archived one says so. Raises UnexpectedReplyError when it has no id."""
    properties = record.get("properties")
    if not isinstance(properties, dict) or not record.get("id"):
        raise UnexpectedReplyError("HubSpot delivers a record without id or properties.", next_step="Report this.")
    row = {**{name: value_text(value) for name, value in properties.items()}, "hs_object_id": str(record["id"])}
    if record.get("archived") is True:
        row |= {name: value_text(record.get(name)) for name in ARCHIVED_NAMES}
    return row


def owner_row(owner: Mapping[str, Any]) -> Row:
    """One owner."""
    return {name: value_text(owner.get(name)) for name in OWNER_NAMES if name in owner}


def property_row(object_: Object, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row like `core.tables.PROPERTIES`."""
    rights = row.get("modificationMetadata") or {}
    options = sorted(row.get("options") or (), key=_display_order)
    return {
        "object": object_.value,
        "name": row["name"],
        "label": row.get("label"),
        "type": row.get("type"),
        "field_type": row.get("fieldType"),
        "options": [{"value": one.get("value"), "label": one.get("label")} for one in options],
        "read_only": bool(rights.get("readOnlyValue", row.get("calculated", False))),
        "calculated": bool(row.get("calculated", False)),
        "unique": bool(row.get("hasUniqueValue", False)),
        "hidden": bool(row.get("hidden", False)),
    }


def link_rows(pair: tuple[Object, Object], from_id: str, targets: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows like `core.tables.LINKS_IN` of one record, flags as text.

    One row without label for a primary or unlabelled pair of records, and one row for each of its labels.
    """
    rows: list[Row] = []
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
    """Raises for an error of a batch, other than that a record or its associations are not there."""
    errors = answer.get("errors") or () if isinstance(answer, dict) else ()
    for error in errors:
        kind = f"{error.get('category', '')} {error.get('subCategory', '')}"
        if "NOT_FOUND" not in kind and "NO_ASSOCIATIONS" not in kind:
            raise UnexpectedReplyError(
                f"HubSpot reports {kind.strip() or 'an error'} within a batch.", next_step="Run the same command again."
            )


def _display_order(option: Mapping[str, Any]) -> tuple[bool, int]:
    """Options without a place (-1) come last, as HubSpot shows them."""
    order = int(option.get("displayOrder") or 0)
    return (order < 0, order)


def _is_primary(type_: Mapping[str, Any]) -> bool:
    return type_.get("category") == "HUBSPOT_DEFINED" and str(type_.get("typeId")) in _PRIMARY_TYPES
