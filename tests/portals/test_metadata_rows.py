"""Metadata that people typed: options, objects and headings in the words they use."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from dynsync_lib.core.model import System
from dynsync_lib.portals.metadata_rows import heading_of, object_of, options_as_json, with_standard_fields
from tests.kit.small_portals import load_portals

GOLD_SILVER = [{"value": "1", "label": "Gold"}, {"value": "2", "label": "Silver"}]


@pytest.mark.parametrize(
    "text",
    [
        "1=Gold;2=Silver",
        " 1 = Gold ; 2=Silver; ",
        '["1=Gold", "2=Silver"]',
        '{"1": "Gold", "2": "Silver"}',
        '[{"value": "1", "label": "Gold"}, {"value": "2", "label": "Silver"}]',
    ],
)
def test_options_as_json__forms(text: str) -> None:
    assert json.loads(options_as_json(text)) == GOLD_SILVER


def test_options_as_json__labels_alone() -> None:
    assert json.loads(options_as_json("Gold;Silver")) == [
        {"value": "Gold", "label": "Gold"},
        {"value": "Silver", "label": "Silver"},
    ]


def test_words_of_the_vendors() -> None:
    assert [object_of(one) for one in ("account", "Opportunity", "contact")] == ["company", "deal", "contact"]
    headings = ["LogicalName", "Max Length", "fieldType", "required_level", "name", "options"]
    assert [heading_of(one) for one in headings] == ["name", "length", "field_type", "required", "name", "options"]


def test_load_files__typed_metadata(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id\n1\n",
        "d/columns": "entity,LogicalName,AttributeType,options,MaxLength\n"
        "account,new_tier,Picklist,1=Gold;2=Silver,\nopportunity,name,String,,80\n",
    }
    rows = parquet.read_table(load_portals(tmp_path, files).table_path("dynamics/columns")).to_pylist()
    told = [(row["object"], row["name"], row["type"], row["options"], row["length"]) for row in rows]
    assert [one for one in told if one[:2] in (("company", "new_tier"), ("deal", "name"))] == [
        ("company", "new_tier", "Picklist", json.dumps(GOLD_SILVER), None),
        ("deal", "name", "String", None, 80),
    ]


def test_with_standard_fields__unless_the_list_is_full() -> None:
    standard = [{"object": "contact", "name": "email"}, {"object": "company", "name": "name"}]
    tier = {"object": "contact", "name": "tier"}
    assert with_standard_fields([tier], standard, System.HUBSPOT) == [tier, *standard]
    own = {"object": "contact", "name": "email", "label": "Mail"}
    assert with_standard_fields([own], standard, System.HUBSPOT) == [own, standard[1]]
    full = [tier, {"object": "contact", "name": "hs_object_id"}]
    assert with_standard_fields(full, standard, System.HUBSPOT) == [*full, standard[1]]
