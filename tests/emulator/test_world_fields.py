"""The metadata of the demo portals."""

from __future__ import annotations

import json

from dynsync_lib.emulator.world.metadata import column_rows, property_rows


def named(rows: list[dict[str, str | None]], object_: str, name: str) -> dict[str, str | None]:
    return next(row for row in rows if (row["object"], row["name"]) == (object_, name))


def test_property_rows__have_every_kind_of_property() -> None:
    rows = property_rows()
    assert {row["type"] for row in rows} == {"bool", "date", "datetime", "enumeration", "number", "string"}
    assert {"booleancheckbox", "checkbox", "radio", "select", "textarea"} <= {str(row["field_type"]) for row in rows}
    assert {row["object"] for row in rows} == {"company", "contact", "deal", "invoice"}
    for flag in ("read_only", "calculated", "unique", "hidden"):
        assert {row[flag] for row in rows} == {"true", "false"}, flag


def test_column_rows__have_every_kind_of_column() -> None:
    rows = column_rows()
    kinds = {"String", "Memo", "Integer", "Money", "DateTime", "Boolean", "Picklist", "State", "Status", "Lookup"}
    assert kinds | {"Customer", "Owner", "Uniqueidentifier", "Virtual"} == {row["type"] for row in rows}
    assert {row["behavior"] for row in rows} == {None, "DateOnly", "UserLocal"}
    assert {row["object"] for row in rows} == {"company", "contact", "deal", "invoice", "lead"}
    assert {row["required"] for row in rows} == {"None", "Recommended", "ApplicationRequired", "SystemRequired"}


def test_column_rows__are_text_as_in_a_csv_file() -> None:
    assert named(column_rows(), "contact", "new_newslettercount") == {
        "object": "contact",
        "name": "new_newslettercount",
        "label": "Newsletters Sent",
        "type": "Integer",
        "format": None,
        "options": None,
        "read_only": "false",
        "required": "None",
        "length": None,
        "min_value": "0",
        "max_value": "100000",
        "targets": None,
        "behavior": None,
    }


def test_property_rows__options_are_a_json_list() -> None:
    options = json.loads(str(named(property_rows(), "company", "payment_terms")["options"]))
    assert options == [
        {"value": "net_15", "label": "Net 15"},
        {"value": "net_30", "label": "Net 30"},
        {"value": "net_60", "label": "Net 60"},
    ]


def test_property_rows__the_portal_wins_over_the_standard() -> None:
    rows = [row for row in property_rows() if (row["object"], row["name"]) == ("deal", "dealstage")]
    assert len(rows) == 1
    assert "closedwon" in str(rows[0]["options"])


def test_rows__are_sorted_and_unique() -> None:
    for rows in (property_rows(), column_rows()):
        keys = [(str(row["object"]), str(row["name"])) for row in rows]
        assert keys == sorted(set(keys))
