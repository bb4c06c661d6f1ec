"""A spoiled world is caught, whatever is wrong with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World, build_world, refuse_faults
from dynsync_lib.emulator.world.world_check import find_world_faults, known_columns
from dynsync_lib.errors import InputFileError

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(scale=0)


def faults_of(world: World, spoil: Callable[[Tables], object]) -> list[str]:
    tables: Any = copy.deepcopy(dict(world.tables))
    spoil(tables)
    return find_world_faults(tables, world.truth, sizes={})


def put(table: str, column: str, value: str) -> Callable[[Tables], object]:
    """Overwrites one cell of the first row."""
    return lambda tables: tables[table][0].update({column: value})


def test_find_world_faults__the_demo_world_has_none(world: World) -> None:
    assert find_world_faults(world.tables, world.truth, sizes={}) == []


def test_find_world_faults__an_id_twice(world: World) -> None:
    faults = faults_of(world, lambda tables: tables["hubspot/owners"].append(dict(tables["hubspot/owners"][0])))
    assert len(faults) == 1
    assert faults[0].startswith("hubspot/owners has the id ")


@pytest.mark.parametrize("end", ["from", "to"])
def test_find_world_faults__a_link_to_nothing(world: World, end: str) -> None:
    faults = faults_of(world, put("hubspot/links", f"{end}_id", "999999"))
    assert len(faults) == 1
    assert "999999, which is not there" in faults[0]


def test_find_world_faults__a_lookup_to_nothing(world: World) -> None:
    faults = faults_of(world, put("dynamics/contacts", "_parentcustomerid_value", "no-such-id"))
    assert faults == ["dynamics/contacts has no-such-id in _parentcustomerid_value, which is not there."]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("hubspot/contacts", "email", "someone@contoso.com"),
        ("hubspot/contacts", "email", "someone@example.com.de"),
        ("hubspot/contacts", "hs_additional_emails", "a@p01.example;someone@contoso.com"),
        ("dynamics/contacts", "emailaddress1", "someone@notexample.com"),
        ("dynamics/contacts", "websiteurl", "https://www.contoso.com/about"),
        ("hubspot/companies", "domain", "contoso.com"),
        ("dynamics/users", "internalemailaddress", "someone@contoso.com"),
    ],
)
def test_find_world_faults__a_domain_that_somebody_could_own(world: World, table: str, column: str, value: str) -> None:
    faults = faults_of(world, put(table, column, value))
    assert faults == [f"{table} has a domain in {column} that is not reserved for documentation."]


@pytest.mark.parametrize("domain", ["example.com", "mail.example.org", "EXAMPLE.NET", "p01.example", "host.test"])
def test_find_world_faults__reserved_domains_are_fine(world: World, domain: str) -> None:
    assert faults_of(world, put("hubspot/contacts", "email", f"someone@{domain}")) == []


@pytest.mark.parametrize("number", ["+49 30 1234567", "030 1234567", "+1 617 555 0200", "12"])
def test_find_world_faults__a_number_that_could_ring(world: World, number: str) -> None:
    faults = faults_of(world, put("dynamics/contacts", "telephone1", number))
    assert faults == ["dynamics/contacts has a number in telephone1 that is not in a range kept for fiction."]


@pytest.mark.parametrize("number", ["+49 (30) 23125-001", "030 23125 999 ext. 7", "+16175550101", "(617) 555-0199"])
def test_find_world_faults__numbers_for_fiction_are_fine(world: World, number: str) -> None:
    assert faults_of(world, put("dynamics/contacts", "telephone1", number)) == []


def test_find_world_faults__a_column_without_metadata(world: World) -> None:
    faults = faults_of(world, put("dynamics/accounts", "new_secret", "x"))
    assert faults == ["dynamics/accounts has the column new_secret, which the metadata does not know."]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("hubspot/contacts", "lifecyclestage", "Customer"),
        ("hubspot/contacts", "interests", "events;golf"),
        ("dynamics/contacts", "statecode", "7"),
    ],
)
def test_find_world_faults__a_value_that_is_no_option(world: World, table: str, column: str, value: str) -> None:
    faults = faults_of(world, put(table, column, value))
    assert len(faults) == 1
    assert faults[0].endswith(f"in {column}, which is no option.")


def test_find_world_faults__a_case_without_its_record(world: World) -> None:
    case = world.truth[0]
    lost = replace(case, records=(replace(case.records[0], record_id="gone"),))
    faults = find_world_faults(world.tables, [lost], sizes={})
    assert faults == ["the case P01 names a record that is not there."]


def test_find_world_faults__a_table_of_another_size(world: World) -> None:
    faults = find_world_faults(world.tables, world.truth, sizes={"dynamics/users": 99})
    assert faults == ["dynamics/users has 12 records instead of 99."]


def test_refuse_faults__raises_an_error_of_ours(world: World) -> None:
    tables: Any = copy.deepcopy(dict(world.tables))
    tables["hubspot/contacts"][0]["email"] = "someone@contoso.com"
    with pytest.raises(InputFileError, match=r"not reserved for documentation\. \(1 faults\)"):
        refuse_faults(tables, world.truth, scale=0)


def test_known_columns__covers_every_column_of_every_record_table(world: World) -> None:
    for name, table in RECORD_TABLES.items():
        if table.object is not None:
            metadata = world.tables["hubspot/properties" if name.startswith("hubspot/") else "dynamics/columns"]
            assert set(world.tables[name][0]) == set(known_columns(table, metadata)), name
