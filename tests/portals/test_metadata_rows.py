"""Metadata that people typed: options, objects and headings in the words they use."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from dynsync_lib.core.fields.catalogue import build_catalogue
from dynsync_lib.core.model import Object, System
from dynsync_lib.portals.files.load_report import read_load_report
from dynsync_lib.portals.files.metadata_files import heading_of, object_of, options_as_json, read_number
from dynsync_lib.portals.files.metadata_words import shipped_words
from dynsync_lib.portals.metadata_rows import with_standard_fields
from tests.kit.small_portals import load_portals
from tests.rulebook_texts import shipped_rulebook

GOLD_SILVER = [{"value": "1", "label": "Gold"}, {"value": "2", "label": "Silver"}]


@pytest.mark.parametrize(
    "text",
    [
        "1=Gold;2=Silver",
        " 1 = Gold ; 2=Silver; ",
        '["1=Gold", "2=Silver"]',
        '{"1": "Gold", "2": "Silver"}',
        '[{"value": "1", "label": "Gold"}, {"value": "2", "label": "Silver"}]',
        '[{"Value": 1, "Label": "Gold"}, {"Value": 2, "Label": "Silver"}]',
        '{"Options": [{"Value": 1, "Label": {"UserLocalizedLabel": {"Label": "Gold"}}}, "2=Silver"]}',
        "1:Gold;2:Silver",
        "1=Gold|2=Silver",
        "1=Gold\n2=Silver\n",
    ],
)
def test_options_as_json__forms(text: str) -> None:
    assert json.loads(options_as_json(text) or "") == GOLD_SILVER


def test_options_as_json__labels_alone() -> None:
    assert json.loads(options_as_json("Gold: best;Silver") or "") == [
        {"value": "Gold: best", "label": "Gold: best"},
        {"value": "Silver", "label": "Silver"},
    ]


@pytest.mark.parametrize("text", ["['Gold', 'Silver']", "[1, 2]", '"Gold"', "[]"])
def test_options_as_json__other_forms_are_not_understood(text: str) -> None:
    assert options_as_json(text) is None


@pytest.mark.parametrize(
    ("text", "whole", "number"),
    [
        ("80", 80, 80),
        ("4,000", 4000, 4000),
        ("4.000", 4000, 4),
        ("1 000 000", 1_000_000, 1_000_000),
        ("-0.5", -0.5, -0.5),
        ("abc", None, None),
        ("nan", None, None),
    ],
)
def test_read_number__as_people_write_it(text: str, whole: float | None, number: float | None) -> None:
    assert read_number(text, whole=True) == whole
    assert read_number(text, whole=False) == number


def test_words_of_the_vendors() -> None:
    assert [object_of(word) for word in ("account", "Opportunity", "contact")] == ["company", "deal", "contact"]
    assert [object_of(word) for word in ("Companies", "opportunities", "invoices")] == ["company", "deal", "invoice"]
    assert object_of("person") is None
    headings = ["LogicalName", "Max Length", "fieldType", "required_level", "name", "options"]
    assert [heading_of(heading) for heading in headings] == [
        "name",
        "length",
        "field_type",
        "required",
        "name",
        "options",
    ]


def test_load_files__typed_metadata(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id\n1\n",
        "d/columns": "entity,LogicalName,AttributeType,options,MaxLength\n"
        "account,new_tier,Picklist,1=Gold;2=Silver,\nopportunity,name,String,,80\n",
    }
    rows = parquet.read_table(load_portals(tmp_path, files).table_path("dynamics/columns")).to_pylist()
    fields = [(row["object"], row["name"], row["type"], row["options"], row["length"]) for row in rows]
    assert [field for field in fields if field[:2] in (("company", "new_tier"), ("deal", "name"))] == [
        ("company", "new_tier", "Picklist", json.dumps(GOLD_SILVER), None),
        ("deal", "name", "String", None, 80),
    ]


PROPERTIES = (
    "object,name,type,fieldType,read_only,modificationMetadata,Max Len\n"
    "contacts,a,Single-line text,,Yes,,9\n"
    'contact,b,Dropdown select,,no,"{""readOnlyValue"": true}",\n'
    "contact,c,number,calculation_score,,,\n"
    "contact,d,strng,,maybe,,\n"
    "person,e,string,,,,\n"
    "contact,a,string,textarea,1,,\n"
)
COLUMNS = (
    "object,name,Type,IsValidForUpdate,RequiredLevel,MaxLength,options\n"
    'contact,a,Single line of text,True,"{""Value"": ""SystemRequired""}","4,000",\n'
    "contact,b,Whole Number,False,Business Required,abc,\n"
    "contact,c,picklist,,systemrequired,,['x']\n"
)


def test_load_files__words_and_flags_as_people_and_tools_write_them(tmp_path: Path) -> None:
    files = {"h/contacts": "hs_object_id\n1\n", "h/properties": PROPERTIES, "d/columns": COLUMNS}
    snapshot = load_portals(tmp_path, files)
    types = {
        (row["name"], row["type"], row["field_type"], row["read_only"])
        for row in parquet.read_table(snapshot.table_path("hubspot/properties")).to_pylist()
        if row["name"] in "abcde"
    }
    assert types == {
        ("a", "string", "textarea", True),
        ("b", "enumeration", "select", True),
        ("c", "number", "calculation_score", None),
        ("d", "strng", None, None),
    }
    columns = {
        (row["name"], row["type"], row["read_only"], row["required"], row["length"], row["options"])
        for row in parquet.read_table(snapshot.table_path("dynamics/columns")).to_pylist()
        if row["name"] in "abc"
    }
    assert columns == {
        ("a", "String", None, "SystemRequired", 4000, None),
        ("b", "Integer", True, "ApplicationRequired", None, None),
        ("c", "Picklist", None, "SystemRequired", None, None),
    }


def test_load_files__words_of_german_screens(tmp_path: Path) -> None:
    columns = (
        "Tabelle;Logischer Name;Datentyp;Erforderlich;Maximale Länge\n"
        "Firma;new_a;Einzelne Textzeile;Empfohlen;40\nKontakt;new_b;Nur Datum;nein;\nVerkaufschance;new_c;Währung;ja;\n"
    )
    files = {"h/contacts": "hs_object_id\n1\n", "d/columns": columns}
    rows = parquet.read_table(load_portals(tmp_path, files).table_path("dynamics/columns")).to_pylist()
    names = ("object", "name", "type", "format", "required", "length")
    assert [tuple(row[name] for name in names) for row in rows if row["name"].startswith("new_")] == [
        ("company", "new_a", "String", None, "Recommended", 40),
        ("contact", "new_b", "DateTime", "DateOnly", "None", None),
        ("deal", "new_c", "Money", None, "SystemRequired", None),
    ]


def test_load_files__a_sign_is_neither_yes_nor_no(tmp_path: Path) -> None:
    properties = "object,name,type,read_only\ncontact,a,string,-1\n"
    snapshot = load_portals(tmp_path, {"d/contacts": "contactid\nd1\n", "h/properties": properties})
    reports = {report["table"]: report for report in read_load_report(snapshot)["files"]}
    assert reports["hubspot/properties"]["notes"] == ["read_only is neither yes nor no: 1 line, first in line 2."]


def test_every_type_of_the_words_is_one_that_the_kit_knows() -> None:
    book, words = shipped_rulebook(), shipped_words()
    known = {
        "properties": {type_ for rule in book.hubspot_kinds for type_ in rule.types},
        "columns": {type_ for rule in book.dynamics_kinds for type_ in rule.types},
    }
    never_mapped = {"json", "object_coordinates", "Uniqueidentifier", "EntityName", "ManagedProperty", "CalendarRules"}
    never_mapped |= {"Image", "File"}
    for table, meanings in words.types.items():
        assert {type_ for type_, _ in meanings.values()} - never_mapped <= known[table]


def test_load_files__counts_what_it_does_not_understand_of_metadata(tmp_path: Path) -> None:
    files = {"h/contacts": "hs_object_id\n1\n", "h/properties": PROPERTIES, "d/columns": COLUMNS}
    reports = {report["table"]: report for report in read_load_report(load_portals(tmp_path, files))["files"]}
    assert reports["hubspot/properties"]["unknown"] == ["Max Len"]
    assert reports["hubspot/properties"]["rows"] == 5
    assert reports["hubspot/properties"]["notes"] == [
        "The type is none that the kit knows: 1 line, first in line 5.",
        "read_only is neither yes nor no: 1 line, first in line 5.",
        "The object is none that the kit knows, and left out: 1 line, first in line 6.",
        "A field stands there again, and its last line counts: 1 line, first in line 7.",
    ]
    assert reports["dynamics/columns"]["notes"] == [
        "length is no number: 1 line, first in line 3.",
        "options are not understood: 1 line, first in line 4.",
    ]


def test_catalogue__what_hubspot_computes_is_read_only() -> None:
    row = {"object": "contact", "name": "score", "type": "number", "field_type": "calculation_score"}
    assert build_catalogue([row], []).fields[(System.HUBSPOT, Object.CONTACT, "score")].read_only


def test_with_standard_fields__unless_the_list_is_full() -> None:
    standard = [{"object": "contact", "name": "email"}, {"object": "company", "name": "name"}]
    tier = {"object": "contact", "name": "tier"}
    assert with_standard_fields([tier], standard, System.HUBSPOT) == [tier, *standard]
    own = {"object": "contact", "name": "email", "label": "Mail"}
    assert with_standard_fields([own], standard, System.HUBSPOT) == [own, standard[1]]
    full = [tier, {"object": "contact", "name": "hs_object_id"}]
    assert with_standard_fields(full, standard, System.HUBSPOT) == [*full, standard[1]]
