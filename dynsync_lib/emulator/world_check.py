"""What must be true of a world before anybody trusts it.

Where it is used: `world`, which refuses to hand out a world with a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dynsync_lib.core.model import RECORD_TABLES
from dynsync_lib.emulator.world_cases import Expectation

Tables = Mapping[str, Sequence[Mapping[str, str | None]]]
_DOMAIN: Final = re.compile(r"@([\w.-]+)")
_RESERVED: Final = re.compile(r"(?:(?:^|\.)example\.(?:com|org|net)|\.example|\.test|^intranet)\.?$", re.IGNORECASE)
_ADDRESS_FIELDS: Final = ("email", "emailaddress1", "hs_additional_emails", "internalemailaddress")
_METADATA: Final = {"hubspot": "hubspot/properties", "dynamics": "dynamics/columns"}


def find_world_faults(tables: Tables, truth: Iterable[Expectation]) -> list[str]:
    """What is wrong, one sentence each; empty when nothing is."""
    return [
        *_id_faults(tables),
        *_link_faults(tables),
        *_domain_faults(tables),
        *_field_faults(tables),
        *_truth_faults(tables, truth),
    ]


def _ids(tables: Tables, name: str) -> list[str]:
    return [str(row[RECORD_TABLES[name].id_field]) for row in tables[name]]


def _id_faults(tables: Tables) -> Iterator[str]:
    for name in RECORD_TABLES:
        ids = _ids(tables, name)
        if len(set(ids)) < len(ids):
            yield f"{name} has an id twice."


def _link_faults(tables: Tables) -> Iterator[str]:
    hubspot = {
        f"{RECORD_TABLES[name].object}": set(_ids(tables, name))
        for name in RECORD_TABLES
        if name.startswith("hubspot/")
    }
    for row in tables["hubspot/links"]:
        for end in ("from", "to"):
            if row[f"{end}_id"] not in hubspot[str(row[f"{end}_object"])]:
                yield f"a link points to the {row[f'{end}_object']} {row[f'{end}_id']}, which is not there."
    known = {id_ for name in RECORD_TABLES if name.startswith("dynamics/") for id_ in _ids(tables, name)}
    for name in RECORD_TABLES:
        for row in tables[name] if name.startswith("dynamics/") else ():
            for column, value in row.items():
                if column.endswith("_value") and value is not None and value not in known:
                    yield f"{name} has a {column} that points to nothing."


def _domain_faults(tables: Tables) -> Iterator[str]:
    for name in RECORD_TABLES:
        for row in tables[name]:
            for field in _ADDRESS_FIELDS:
                for domain in _DOMAIN.findall(row.get(field) or ""):
                    if not _RESERVED.search(domain):
                        yield f"{name} has an address in a domain that is not reserved for documentation."


def _field_faults(tables: Tables) -> Iterator[str]:
    """Columns without metadata, and choices whose value is no option."""
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        fields = {
            str(row["name"]): row
            for row in tables[_METADATA[table.system.value]]
            if row["object"] == table.object.value
        }
        for column in sorted({column for row in tables[name] for column in row}):
            bare = column.removeprefix("_").removesuffix("_value").removesuffix("_type") if column[0] == "_" else column
            if bare not in fields:
                yield f"{name} has the column {column}, which the metadata does not know."
            elif options := fields[bare].get("options"):
                yield from _option_faults(tables, name, column, {one["value"] for one in json.loads(options)})


def _option_faults(tables: Tables, name: str, column: str, options: set[str]) -> Iterator[str]:
    for row in tables[name]:
        if row.get(column) is not None and row[column] not in options:
            yield f"{name} has {row[column]!r} in {column}, which is no option."


def _truth_faults(tables: Tables, truth: Iterable[Expectation]) -> Iterator[str]:
    known = {
        (table.system.value, f"{table.object}", id_)
        for name, table in RECORD_TABLES.items()
        for id_ in _ids(tables, name)
    }
    for one in truth:
        if (one.system, one.object, one.record_id) not in known:
            yield f"the case {one.case_id} names a record that is not there."
