"""The initial sync decided: outcomes, changes and links of all objects under one set of settings.

Facts
    * Companies come first, then contacts, deals, invoices, since associations need both their ends decided (6.11).

Not modelled
    * Leads: each one is excluded as switched off (rule lead.lifecycle-route).

Where it is used: `core.forecast`, and `core.sensitivity`, which decides again under other assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.deals import decide_deals, decide_invoices
from dynsync_lib.core.links import decide_links
from dynsync_lib.core.mapping import JudgedMapping, judge_mappings
from dynsync_lib.core.model import CHANGES, RECORD_TABLES, Object, System
from dynsync_lib.core.outcomes import FieldWork, decide_object, switched_off
from dynsync_lib.core.sides import Frame, Situation, stack

_MATCHED: Final = (Object.COMPANY, Object.CONTACT)


@dataclass(frozen=True, slots=True)
class Decision:
    """`outcomes` has the columns `core.outcomes.DECIDED`; `changes` and `links` are forecast tables.

    `mappings` has the judged mappings of every object that has a table on both sides.
    """

    outcomes: Frame
    changes: Frame
    links: Frame
    mappings: Mapping[Object, tuple[JudgedMapping, ...]]
    works: Mapping[Object, FieldWork]


def decide_sync(situation: Situation) -> Decision:
    """Every record's outcome, every write, every association."""
    matched: tuple[Object, ...] = tuple(object_ for object_ in Object if object_ is not Object.LEAD)
    mappings = {object_: _judge(situation, object_) for object_ in matched}
    enabled = [object_ for object_ in _MATCHED if situation.sync(object_).enabled]
    decided = {object_: decide_object(situation, object_, mappings[object_]) for object_ in enabled}
    works = {object_: one.work for object_, one in decided.items()}
    off = {object_: _switched_off(situation, object_) for object_ in _MATCHED if object_ not in enabled}
    parts = [one.outcomes for one in decided.values()] + list(off.values())
    parts += [
        _other_outcomes(situation, table.object, table.system)
        for table in RECORD_TABLES.values()
        if _is_other(table.object)
    ]
    outcomes = situation.keep(stack(parts), "outcomes")
    nobody = outcomes.head(0).select(hubspot_id="record_id", dynamics_id="record_id")
    pairs = {object_: decided[object_].pairs if object_ in decided else nobody for object_ in _MATCHED}
    changes = stack([_no_changes(outcomes), *(one.changes for one in decided.values())])
    return Decision(outcomes, changes, decide_links(situation, outcomes, pairs), mappings, works)


def _judge(situation: Situation, object_: Object) -> tuple[JudgedMapping, ...]:
    return judge_mappings(
        object_,
        situation.sync(object_),
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available={system: situation.columns(object_, system) for system in System},
        assumptions=situation.settings.assumptions,
    )


def _switched_off(situation: Situation, object_: Object) -> Frame:
    return stack([switched_off(situation, object_, system) for system in System])


def _no_changes(outcomes: Frame) -> Frame:
    """The table of changes without a row."""
    return outcomes.head(0).select(**{name: nw.col("rule_id") for name in CHANGES.column_names})


def _is_other(object_: Object | None) -> bool:
    return object_ is not None and object_ not in _MATCHED


def _other_outcomes(situation: Situation, object_: Object | None, system: System) -> Frame:
    if object_ is Object.DEAL and situation.sync(object_).enabled:
        return decide_deals(situation, system)
    if object_ is Object.INVOICE and situation.sync(object_).enabled:
        return decide_invoices(situation, system)
    return switched_off(situation, object_ or Object.LEAD, system)
