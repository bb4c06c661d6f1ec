"""The law of the deciding line: what `explain` reads off a row of outcomes is the line that the core decided it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from dynsync_lib.core.explain.deciding_line import deciding_line
from dynsync_lib.core.explain.evidence import Evidence, Row
from dynsync_lib.core.lines import FILTERED_LATER, Line
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.contacts_and_leads import hubspot_contacts
from dynsync_lib.core.sync.initial_sync import Decision, decide_sync
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.fresh_seeds import seeds
from tests.laws.small_worlds import seeded_world
from tests.laws.test_witness_law import ENGAGEMENTS
from tests.opinions import situation_of
from tests.rulebook_texts import shipped_rulebook

_Record = tuple[str, str, str]


@pytest.mark.parametrize("seed", seeds(2 * ENGAGEMENTS))
def test_the_line_that_is_told_is_the_line_that_decided(seed: int) -> None:
    with PolarsEngine() as engine:
        situation = situation_of(seeded_world(seed, 40), engine, shipped_rulebook())
        decision = decide_sync(situation)
        lines, rows = _lines(situation, decision), engine.rows(decision.outcomes)
    evidence = Evidence({}, _info(situation), situation.rulebook)
    asked = [(row, lines.get((row["system"], row["object"], row["record_id"]))) for row in rows]
    wrong = [
        f"{row}: {label}, not {line}"
        for row, line in asked
        for label in [deciding_line(evidence, row)]
        if label not in _labels(situation, row, line)
    ]
    assert rows
    assert wrong == []


def _labels(situation: Situation, row: Row, line: Line | None) -> frozenset[str]:
    """What may be told of a row that was decided by that line, None before all lines."""
    if line is None:
        return frozenset({"step 0"})
    if row["reason"] == "lifecycle_route" or row["rule_id"] in ("lead.contact-overlap", "contact.created-beside"):
        return frozenset({"section 5.8"})
    if row["outcome"] == "failing":
        return frozenset({"step 5, line 9, or step 7"} if line is Line.CONFLICT else {"step 7", _EITHER})
    is_later = line.label == Line.FILTERED.label and situation.chosen("filter_stage") == "after_claim"
    label = FILTERED_LATER if is_later else line.label
    return frozenset({f"step 5, line {label}", *(told for told in _TWO_LINES if label in told.split()[3::2])})


_EITHER = "step 5, line 9, or step 7"
_TWO_LINES = ("step 5, line 2 or 6", "step 5, line 6 or 9b", "step 5, line 2 or 6 or 9b")
"""What is told where the row cannot say which line it was."""


def _lines(situation: Situation, decision: Decision) -> Mapping[_Record, Line]:
    """By record the line of step 5 that decided it; what has no line belongs to an object that is off."""
    return dict(_decided_lines(situation, decision))


def _decided_lines(situation: Situation, decision: Decision) -> Iterator[tuple[_Record, Line]]:
    parts = [
        (system, object_, result.records[system])
        for object_, result in decision.decided.items()
        for system in System
        if situation.has_records(object_) and not (system is System.HUBSPOT and object_ in PERSONS)
    ]
    if any(person in decision.decided for person in PERSONS):
        parts.append((System.HUBSPOT, Object.CONTACT, hubspot_contacts(situation, decision.decided)))
    for system, object_, records in parts:
        for id_, line in records.select("id", "line").collect().rows():
            yield (system.value, object_.value, id_), Line(line)


def _info(situation: Situation) -> dict[str, object]:
    """What the chain asks of forecast.json."""
    on = {object_.value: sync for object_, sync in situation.settings.sync.items() if sync.enabled}
    objects = {name: {"direction": sync.direction.value} for name, sync in on.items()}
    return {"assumptions": dict(situation.settings.assumptions), "objects": objects}
