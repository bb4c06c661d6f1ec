"""Checks a world: sizes, ids, metadata, and that nothing in it could be a real person or company.

Facts
    * Nothing in it could be somebody: every domain is reserved for documentation, every telephone number for fiction.

Where it is used: `emulator.world.demo_world`, which refuses to hand out a world with a fault.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dynsync_lib.core.tables import RECORD_TABLES, RecordTable
from dynsync_lib.emulator.world.crowd_companies import PLACES
from dynsync_lib.emulator.world.truth import Case

Tables = Mapping[str, Sequence[Mapping[str, str | None]]]
_HOST: Final = re.compile(r"(?:@|//)([^\s/@;\"]+)")
_RESERVED: Final = re.compile(r"(?:(?:^|\.)example\.(?:com|org|net)|\.example|\.test)\.?$|^[^.]+$", re.IGNORECASE)
_ADDRESSES: Final = ("email", "emailaddress1", "emailaddress2", "hs_additional_emails", "internalemailaddress")
_SITES: Final = ("website", "websiteurl")
_PHONES: Final = ("phone", "mobilephone", "fax", "telephone1")
_METADATA: Final = {"hubspot": "hubspot/properties", "dynamics": "dynamics/columns"}


def find_world_faults(tables: Tables, truth: Iterable[Case], *, sizes: Mapping[str, int]) -> list[str]:
    """The faults of a world, one sentence each; empty when there is none.

    `sizes` are the records each table must hold.
    """
    return [
        *_size_faults(tables, sizes),
        *_id_faults(tables),
        *_link_faults(tables),
        *_lookup_faults(tables),
        *_host_faults(tables),
        *_phone_faults(tables),
        *_field_faults(tables),
        *_truth_faults(tables, truth),
    ]


def known_columns(table: RecordTable, metadata: Iterable[Mapping[str, str | None]]) -> dict[str, str | None]:
    """The columns that metadata gives a table of records, with their options as JSON (None: no choice); a lookup is two
    columns."""
    known: dict[str, str | None] = {}
    for field in metadata:
        if field["object"] == str(table.object):
            name = str(field["name"])
            ends = [f"_{name}_value", f"_{name}_type"] if field.get("targets") else [name]
            known |= {end: field.get("options") for end in ends}
    return known


def _ids(tables: Tables, name: str) -> list[str]:
    return [str(row[RECORD_TABLES[name].id_field]) for row in tables[name]]


def _size_faults(tables: Tables, sizes: Mapping[str, int]) -> Iterator[str]:
    for name, size in sizes.items():
        if len(tables[name]) != size:
            yield f"{name} has {len(tables[name])} records instead of {size}."


def _id_faults(tables: Tables) -> Iterator[str]:
    for name in RECORD_TABLES:
        for id_, times in Counter(_ids(tables, name)).items():
            if times > 1:
                yield f"{name} has the id {id_} twice."


def _link_faults(tables: Tables) -> Iterator[str]:
    hubspot = [name for name in RECORD_TABLES if name.startswith("hubspot/")]
    known = {str(RECORD_TABLES[name].object): set(_ids(tables, name)) for name in hubspot}
    for row in tables["hubspot/links"]:
        for end in ("from", "to"):
            if row[f"{end}_id"] not in known[str(row[f"{end}_object"])]:
                yield f"a link points to the {row[f'{end}_object']} {row[f'{end}_id']}, which is not there."


def _lookup_faults(tables: Tables) -> Iterator[str]:
    dynamics = [name for name in RECORD_TABLES if name.startswith("dynamics/")]
    known = {id_ for name in dynamics for id_ in _ids(tables, name)}
    for name in dynamics:
        for row in tables[name]:
            for column, value in row.items():
                if column.endswith("_value") and value is not None and value not in known:
                    yield f"{name} has {value} in {column}, which is not there."


def _cells(tables: Tables, columns: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Table, column and text of every filled cell of these columns."""
    for name in RECORD_TABLES:
        for row in tables[name]:
            for column in columns:
                if value := row.get(column):
                    yield name, column, value


def _host_faults(tables: Tables) -> Iterator[str]:
    for name, column, value in _cells(tables, (*_ADDRESSES, *_SITES)):
        if not all(_RESERVED.search(host.strip("\u00a0\u200b")) for host in _HOST.findall(value)):
            yield f"{name} has a domain in {column} that is not reserved for documentation."
    for name, column, value in _cells(tables, ("domain",)):
        if not _RESERVED.search(value):
            yield f"{name} has a domain in {column} that is not reserved for documentation."


def _phone_faults(tables: Tables) -> Iterator[str]:
    """Faults for telephone numbers outside the ranges kept for fiction, spelled internationally or nationally."""
    kept = tuple({start for town in PLACES for key in ("phone", "mobile") for start in _starts(town.get(key, ""))})
    for name, column, value in _cells(tables, _PHONES):
        if not re.sub(r"\D", "", value).startswith(kept):
            yield f"{name} has a number in {column} that is not in a range kept for fiction."


def _starts(pattern: str) -> list[str]:
    if not pattern:
        return []
    country, _, rest = pattern.partition(" ")
    national = re.sub(r"\D", "", rest)
    return [f"{country[1:]}{national}", national if country == "+1" else f"0{national}"]


def _field_faults(tables: Tables) -> Iterator[str]:
    """Faults for columns without metadata, and for choices whose value is no option."""
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        known = known_columns(table, tables[_METADATA[table.system.value]])
        for column in sorted({column for row in tables[name] for column in row}):
            if column not in known:
                yield f"{name} has the column {column}, which the metadata does not know."
            elif options := known[column]:
                yield from _option_faults(tables, name, column, {option["value"] for option in json.loads(options)})


def _option_faults(tables: Tables, name: str, column: str, options: set[str]) -> Iterator[str]:
    for row in tables[name]:
        for value in (row.get(column) or "").split(";"):
            if value and value not in options:
                yield f"{name} has {value!r} in {column}, which is no option."


def _truth_faults(tables: Tables, truth: Iterable[Case]) -> Iterator[str]:
    known = {
        (table.system.value, str(table.object), id_)
        for name, table in RECORD_TABLES.items()
        for id_ in _ids(tables, name)
    }
    for case in truth:
        for record in case.records:
            if (record.system, record.object, record.record_id) not in known:
                yield f"the case {case.id} names a record that is not there."
