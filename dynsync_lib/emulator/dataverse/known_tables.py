"""Tables that Dataverse has and the emulator does not: refused by name, so that nobody takes them for missing.

Facts
    * Every environment has activities, notes, business units, roles and the like; those of Sales are there where
      invoices are. A table that stands in neither list is not there: 404, as Dataverse answers.

Where it is used: `emulator.dataverse.environment`, `emulator.dataverse.functions`, `emulator.dataverse.metadata`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Set
from functools import cache
from importlib import resources

import dynsync_lib
from dynsync_lib.emulator.calls import Refusal
from dynsync_lib.emulator.dataverse.names import refused, unknown_set


def no_such_set(name: str, missing_tables: Set[str]) -> Refusal:
    """501 for the entity set of a table that Dataverse has there, 404 for one that it has not.

    `missing_tables` are the tables that the environment lacks; without invoices it lacks all of Sales.
    """
    logical = next((table for table, of_set in _tables(missing_tables).items() if of_set == name), None)
    return unknown_set(name) if logical is None else no_table(logical)


def is_known(logical: str, missing_tables: Set[str] = frozenset()) -> bool:
    """Whether Dataverse has a table of this logical name that the emulator has not."""
    return logical in _tables(missing_tables)


def no_table(logical: str) -> Refusal:
    """501 for a table of that logical name."""
    return refused(501, "0x80060888", f"The emulator has no table {logical}.")


def _tables(missing_tables: Set[str]) -> Mapping[str, str]:
    everywhere, of_sales = _lists()["every_environment"], _lists()["sales"]
    return everywhere if "invoice" in missing_tables else {**everywhere, **of_sales}


@cache
def _lists() -> Mapping[str, Mapping[str, str]]:
    data = resources.files(dynsync_lib) / "emulator" / "data" / "known_tables.toml"
    lists: Mapping[str, Mapping[str, str]] = tomllib.loads(data.read_text(encoding="utf-8"))
    return lists
