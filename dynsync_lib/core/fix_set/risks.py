"""What is at risk in a forecast, and which changes of records would take each risk away.

Facts
    * At risk are: a record that loses its key, a record that fails, a company and an account with names that are alike,
      and an association that is lost because a record at one of its ends is one of these.
    * A change concerns one record. A risk is gone when all changes that it needs are made: an association whose two
      ends both stay out needs two.
    * Of near names each company and each account takes part in one pair, the likeliest.

Not modelled
    * Reasons of failing that no value of the record itself cures: they are risks that no change here takes away.
    * Merging: a record that is merged is no risk either, as one with a key of its own.

Source: record.shadowed, link.target-not-synced, advice.near-name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from dynsync_lib.core.model import LinkStatus, Object, Outcome, Reason, System

Row = Mapping[str, Any]
RecordKey = tuple[str, str, str]
"""System, object and id of a record."""


class ChangeKind(StrEnum):
    """What is changed of a record."""

    OWN_KEY = "own_key"
    VALUES = "values"
    REACTIVATE = "reactivate"
    SAME_NAME = "same_name"


class RiskKind(StrEnum):
    """What is at risk."""

    SHADOWED = "shadowed"
    FAILING = "failing"
    NEAR_NAME = "near_name"
    ASSOCIATION = "association"


@dataclass(frozen=True, slots=True, order=True)
class RecordChange:
    """A change of one record. `beside` is the id of the record that it is made alike with, else that of the one it
    collides with, where there is one.
    """

    system: str
    object: str
    record_id: str
    kind: ChangeKind
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing at risk. `needs` are the changes that take it away together; empty: none does. `key` tells it apart."""

    kind: RiskKind
    key: tuple[str, ...]
    needs: frozenset[RecordChange]


_BY_VALUES: Final = (Reason.TOO_LONG, Reason.RANGE, Reason.OPTION)


def find_risks(outcomes: Iterable[Row], near_names: Iterable[Row], links: Iterable[Row], *, winner: str) -> list[Risk]:
    """All that is at risk, in the order of the rows: of outcomes, then near names, then associations.

    The rows are those of the forecast's tables; others than those at risk may be among them. `winner` is the system
    whose company names stay.
    """
    of_records = dict(_of_records(outcomes))
    of_names = list(_of_near_names(near_names, winner))
    return [*of_records.values(), *of_names, *_of_links(links, of_records)]


def _of_records(outcomes: Iterable[Row]) -> Iterator[tuple[RecordKey, Risk]]:
    for row in outcomes:
        if row["outcome"] in (Outcome.SHADOWED, Outcome.FAILING):
            key = (row["system"], row["object"], row["record_id"])
            change = _change_of(row)
            needs = frozenset() if change is None else frozenset((change,))
            yield key, Risk(RiskKind(row["outcome"]), key, needs)


def _change_of(row: Row) -> RecordChange | None:
    """The change that takes a record out of risk; None when it knows none."""
    record = (row["system"], row["object"], row["record_id"])
    if row["outcome"] == Outcome.SHADOWED:
        return RecordChange(*record, ChangeKind.OWN_KEY, row["winner_id"])
    if row["reason"] in (Reason.INVALID_EMAIL, Reason.EMAIL_CONFLICT):
        return RecordChange(*record, ChangeKind.OWN_KEY)
    if row["reason"] in _BY_VALUES:
        return RecordChange(*record, ChangeKind.VALUES)
    if row["reason"] == Reason.INACTIVE_READONLY and row["counterpart_id"] and row["system"] == System.HUBSPOT:
        return RecordChange(System.DYNAMICS, row["object"], row["counterpart_id"], ChangeKind.REACTIVATE, record[2])
    return None


def _of_near_names(near_names: Iterable[Row], winner: str) -> Iterator[Risk]:
    taken: set[tuple[str, str]] = set()
    likeliest = sorted(near_names, key=lambda row: (-(row["score"] or 0), row["hubspot_id"], row["dynamics_id"]))
    for row in likeliest:
        ids = {system: row[f"{system}_id"] for system in (System.HUBSPOT, System.DYNAMICS)}
        if taken.isdisjoint(ids.items()):
            taken.update(ids.items())
            loser = System(winner).other
            change = RecordChange(loser, Object.COMPANY, ids[loser], ChangeKind.SAME_NAME, ids[loser.other])
            yield Risk(RiskKind.NEAR_NAME, (ids[System.HUBSPOT], ids[System.DYNAMICS]), frozenset((change,)))


def _of_links(links: Iterable[Row], of_records: Mapping[RecordKey, Risk]) -> Iterator[Risk]:
    for row in links:
        if row["status"] != LinkStatus.TARGET_NOT_SYNCED:
            continue
        system, key = row["from_system"], tuple(row[name] for name in LINK_KEY)
        ends = [(system, row["from_object"], row["from_id"]), (system, row["to_object"], row["to_id"])]
        at_risk = [of_records[end] for end in ends if end in of_records]
        if at_risk:
            can_be_cured = all(risk.needs for risk in at_risk)
            needs = frozenset(change for risk in at_risk for change in risk.needs) if can_be_cured else frozenset()
            yield Risk(RiskKind.ASSOCIATION, key, needs)


LINK_KEY: Final = ("from_system", "from_object", "from_id", "to_object", "to_id")
"""What tells an association from all others."""
