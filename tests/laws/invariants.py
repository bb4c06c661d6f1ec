"""What every answer must be like, whoever gives it: data-sync rules, section 11.B."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator

from dynsync_lib.core.model import Outcome, System
from dynsync_lib.core.tables import RECORD_TABLES
from tests.opinions import Answer, SmallWorld

_IN_SYNC = {Outcome.CREATE, Outcome.UPDATE, Outcome.LINK}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def broken_invariants(world: SmallWorld, answer: Answer) -> list[str]:
    """A sentence for each invariant that an answer breaks, sorted; empty when it breaks none."""
    checks = (_one_outcome_each, _bound_once, _created_once, _nothing_blank, _nothing_against_direction, _reasons)
    return sorted(sentence for check in checks for sentence in check(world, answer))


def _one_outcome_each(world: SmallWorld, answer: Answer) -> Iterator[str]:
    """Creates, updates, links, excluded, shadowed and failing are the input, each record once."""
    records = {
        (str(table.system), str(table.object), str(row["id"]))
        for name, table in RECORD_TABLES.items()
        if table.object is not None
        for row in world.tables.get(name, ())
    }
    yield from (f"{record} has no outcome" for record in records - set(answer.outcomes))
    yield from (f"{record} is nobody's" for record in set(answer.outcomes) - records)
    known = set(Outcome)
    yield from (f"{record} is {told[0]}" for record, told in answer.outcomes.items() if told[0] not in known)


def _bound_once(world: SmallWorld, answer: Answer) -> Iterator[str]:
    """No record is the counterpart of two of one object, unless all of a name may bind."""
    if world.assumptions.get("company_dup") == "all_bind":
        return
    found = Counter(
        (system, object_, counterpart)
        for (system, object_, _), (outcome, _, _, counterpart, _) in answer.outcomes.items()
        if counterpart is not None and outcome in _IN_SYNC
    )
    yield from (f"{end} is the counterpart of {count} records" for end, count in found.items() if count > 1)


def _created_once(world: SmallWorld, answer: Answer) -> Iterator[str]:
    """No two Dynamics persons, of whichever sync, are created in HubSpot with one address (2.14, 9.14), nor one whose
    address a HubSpot contact has."""
    created = Counter(
        _address(row.get("emailaddress1"))
        for object_, table in (("contact", "dynamics/contacts"), ("lead", "dynamics/leads"))
        for row in world.tables.get(table, ())
        if answer.outcomes[("dynamics", object_, str(row["id"]))][0] == Outcome.CREATE
    )
    there = {_address(row.get("email")) for row in world.tables.get("hubspot/contacts", ())}
    yield from (f"{address} is created {count} times" for address, count in created.items() if address and count > 1)
    yield from (f"{address} is created though it is there" for address in created.keys() & there if address)


def _address(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").strip(_INVISIBLE + " \u00a0").lower()


def _nothing_blank(_: SmallWorld, answer: Answer) -> Iterator[str]:
    for row in answer.changes:
        if not str(row[8] or "").strip(_INVISIBLE + " \u00a0\t\n"):
            yield f"a blank is written: {row}"


def _nothing_against_direction(world: SmallWorld, answer: Answer) -> Iterator[str]:
    """Each write goes where its object and its mapping let values go."""
    for row in answer.changes:
        object_, target, field, source = row[0], System(row[3]), row[4], row[5]
        sync = next(one for name, one in world.sync.items() if name == object_)
        ends = (field, source) if target is System.HUBSPOT else (source, field)
        allowed = source == "default_lifecycle_stage" or any(
            (one.hubspot, one.dynamics) == ends and one.direction.writes_to(target) for one in sync.mappings
        )
        if not (sync.enabled and sync.direction.writes_to(target) and allowed):
            yield f"a write goes against its direction: {row}"


def _reasons(_: SmallWorld, answer: Answer) -> Iterator[str]:
    """Only what is excluded or failing has a reason; only what is shadowed, or linked behind another, a winner."""
    for record, (outcome, reason, _rule, _counterpart, winner) in answer.outcomes.items():
        if (reason is not None) != (outcome in (Outcome.EXCLUDED, Outcome.FAILING)):
            yield f"{record} is {outcome} with reason {reason}"
        if winner is not None and outcome not in (Outcome.SHADOWED, Outcome.LINK):
            yield f"{record} is {outcome} behind {winner}"
