"""The readable cases: core and witness are both asked, and both must say what is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.engine import DuckDbEngine
from tests.laws.small_worlds import FIELDS
from tests.opinions import Answer, SmallWorld, ask_core, ask_witness, mapping_of
from tests.rulebook_texts import shipped_rulebook

_TABLES = {"h": "hubspot/contacts", "k": "hubspot/companies", "d": "dynamics/contacts", "a": "dynamics/accounts"}
_MAPPINGS = {
    Object.CONTACT: ["email <-> emailaddress1", "firstname <-> firstname"],
    Object.COMPANY: ["name <-> name", "city <-> city"],
}

_CORE_LATER = {"M05", "M12"}
"""Cases that the witness alone is asked until the core foresees HubSpot's 409 (9.14)."""


def cases() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{case['id']}: {case['says']}")


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: Mapping[str, Any]) -> None:
    world = read_world(case)
    with DuckDbEngine(None) as engine:
        core = ask_core(world, engine, shipped_rulebook())
    answers = [ask_witness(world)] if case["id"] in _CORE_LATER else [core, ask_witness(world)]
    for answer in answers:
        assert told_outcomes(answer) == case["expect"]
        if "writes" in case:
            assert answer.change_lines() == case["writes"]


def told_outcomes(answer: Answer) -> list[str]:
    """`d1 create (record.create)`: the outcome lines without system and object, sorted."""
    return sorted(line.split(" ", 2)[2].replace(": ", " ", 1) for line in answer.outcome_lines())


def read_world(case: Mapping[str, Any]) -> SmallWorld:
    """The small world of a case."""
    tables: dict[str, list[dict[str, str | None]]] = {}
    for text in case["records"]:
        id_, _, fields = text.partition(": ")
        values = dict(part.split("=", 1) for part in fields.split(", "))
        tables.setdefault(_TABLES[id_[0]], []).append({"id": id_, **values})
    sync = {object_: read_sync(case.get(object_.value, {}), object_) for object_ in _MAPPINGS}
    return SmallWorld(tables=tables, fields=FIELDS, sync=sync, assumptions=case.get("assumptions", {}))


def read_sync(told: Mapping[str, Any], object_: Object) -> ObjectSync:
    """The settings of one object."""
    return ObjectSync(
        enabled=True,
        direction=Direction(told.get("direction", "two_way")),
        conflict_winner=System(told.get("conflict_winner", "dynamics")),
        filter_to_hubspot=told.get("filter_to_hubspot"),
        filter_to_dynamics=told.get("filter_to_dynamics"),
        mappings=tuple(map(mapping_of, told.get("mappings", _MAPPINGS[object_]))),
    )
