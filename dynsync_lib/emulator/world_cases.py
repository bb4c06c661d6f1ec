"""The planted cases: read from `data/cases.toml`, made into records, listed as truth.

Facts
    * Every case has keys of its own (a domain, a name), so the invented crowd around it cannot move its outcome.
    * What is expected was written by hand from docs/semantics.md, under the demo's settings.

Where it is used: `world`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynsync_lib.core.model import RECORD_TABLES
from dynsync_lib.emulator.world_fields import read_data
from dynsync_lib.emulator.world_records import Maker

_PEOPLE = ("hubspot/contacts", "dynamics/contacts", "dynamics/leads")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one planted record must become. Fields left None are not stated, except that `reason` None means none."""

    case_id: str
    title: str
    says: str
    source: str
    system: str
    object: str
    record_id: str
    outcome: str
    reason: str | None
    winner_id: str | None
    counterpart_id: str | None


def plant_cases(maker: Maker) -> tuple[Expectation, ...]:
    """Adds the records of every case to the maker's tables; what is expected of them comes out, case by case."""
    return tuple(one for case in read_data("cases.toml")["case"] for one in _plant(maker, case))


def _plant(maker: Maker, case: Mapping[str, Any]) -> Iterator[Expectation]:
    person = {"firstname": maker.pick("first"), "lastname": maker.pick("last")}
    ids: dict[str, str] = {}
    for record in case["record"]:
        ids[record["name"]] = _add(maker, record, person, ids)
    for link in case.get("links", ()):
        maker.link(ids[link["contact"]], ids[link["company"]], is_primary=link["primary"])
    for record in case["record"]:
        yield _expect(case, record, ids)


def _add(maker: Maker, record: Mapping[str, Any], person: Mapping[str, str], ids: Mapping[str, str]) -> str:
    table = record["table"]
    values = {
        name: ids[value[1:]] if value[:1] == "@" and value[1:] in ids else value
        for name, value in record["values"].items()
    }
    common = dict(person) if table in _PEOPLE else {}
    if table == "hubspot/contacts":
        common["lifecyclestage"] = "customer"
    return maker.add(table, {**common, **values})


def _expect(case: Mapping[str, Any], record: Mapping[str, Any], ids: Mapping[str, str]) -> Expectation:
    table, expect = RECORD_TABLES[record["table"]], record["expect"]
    return Expectation(
        case["id"],
        case["title"],
        case["says"],
        case["source"],
        table.system.value,
        str(table.object),
        ids[record["name"]],
        expect["outcome"],
        expect.get("reason"),
        ids.get(expect.get("winner", "")),
        ids.get(expect.get("counterpart", "")),
    )
