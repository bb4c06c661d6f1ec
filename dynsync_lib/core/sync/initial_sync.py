"""The initial sync decided: outcomes, changes and links of all objects under one set of settings.

Facts
    * Companies come first, then contacts, leads, deals, invoices, since associations need both their ends decided
      (6.11) and a lead may ask what became of a contact (2.21).
    * Which side is processed first moves nothing: both records of a pair are known before either is written (Q2).

Where it is used: `core.forecast`, and `core.sensitivity.moved_records`, which decides again under other assumptions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.decision_table import Matched, match_object
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import IN_SYNC, Situation, stack
from dynsync_lib.core.sync.associations import decide_links
from dynsync_lib.core.sync.contacts_and_leads import (
    earlier_persons,
    hubspot_contacts,
    overlapped_keys,
    with_shared_creates,
)
from dynsync_lib.core.sync.object_outcomes import (
    Decided,
    FieldWork,
    compose,
    decide_nothing,
    no_outcomes,
    outcome_frame,
    switched_off,
    work_on_fields,
)
from dynsync_lib.core.sync.several_writers import mark_several_writers
from dynsync_lib.core.tables import CHANGES

ORDER: Final = (Object.COMPANY, Object.CONTACT, Object.LEAD, Object.DEAL, Object.INVOICE)
WorkOf = Callable[[Object, Matched], FieldWork]


@dataclass(frozen=True, slots=True)
class Decision:
    """`outcomes` has the columns `core.sync.object_outcomes.DECIDED`; `changes` and `links` are forecast tables.

    `mappings` has the judged mappings of every object; `works` what is known about the fields of every object that is
    on and has records, `decided` what the sync of every object that is on does. `pairs`, per object that is on:
    hubspot_id, dynamics_id of every pair that syncs.
    """

    outcomes: Frame
    changes: Frame
    links: Frame
    mappings: Mapping[Object, tuple[JudgedMapping, ...]]
    works: Mapping[Object, FieldWork]
    decided: Mapping[Object, Decided]
    pairs: Mapping[Object, Frame]


def decide_sync(situation: Situation) -> Decision:
    """Every record's outcome, every write, every association."""
    mappings = {object_: Job(situation, object_).mappings for object_ in Object}
    works: dict[Object, FieldWork] = {}
    changes: dict[Object, Frame] = {}

    def work_of(object_: Object, matched: Matched) -> FieldWork:
        works[object_], written = work_on_fields(Job(situation, object_), matched, mappings[object_])
        if written is not None:
            changes[object_] = written
        return works[object_]

    decided = decide_objects(situation, ORDER, work_of)
    objects = tell_outcomes(situation, decided)
    off = [_switched_off(Job(situation, object_)) for object_ in Object if object_ not in decided]
    outcomes = stack([*objects.outcomes, *(frame for frames in off for frame in frames)] or [no_outcomes(situation)])
    pairs = {object_: result.matched.pairs.select("hubspot_id", "dynamics_id") for object_, result in decided.items()}
    links = decide_links(situation, outcomes, pairs, as_leads=objects.as_leads)
    written = stack([_no_changes(outcomes), *mark_several_writers(situation, changes)])
    return Decision(outcomes, written, links, mappings, works, decided, pairs)


def decide_objects(situation: Situation, objects: Collection[Object], work_of: WorkOf) -> dict[Object, Decided]:
    """What each sync of those objects that are on does, contacts before leads; `work_of` knows the fields."""
    decided: dict[Object, Decided] = {}
    for object_ in ORDER:
        if object_ not in objects or not situation.sync(object_).enabled:
            continue
        if situation.has_records(object_):
            asks = object_ is Object.LEAD
            overlap = overlapped_keys(situation, decided.get(Object.CONTACT)) if asks else Facts((*situation.by, "key"))
            matched = match_object(Job(situation, object_), overlap)
            earlier = earlier_persons(situation, decided.get(Object.CONTACT)) if asks else None
            decided[object_] = compose(Job(situation, object_), matched, work_of(object_, matched), earlier)
        else:
            decided[object_] = decide_nothing(situation)
    return decided


@dataclass(frozen=True, slots=True)
class ToldOutcomes:
    """`outcomes`: frames of DECIDED. `as_leads`: id of HubSpot contacts in sync as leads only; None without leads."""

    outcomes: list[Frame]
    as_leads: Frame | None


def tell_outcomes(situation: Situation, decided: Mapping[Object, Decided]) -> ToldOutcomes:
    """The outcomes of all that was decided; HubSpot contacts once, whichever sync they belong to."""
    outcomes, as_leads = [], None
    for object_, result in decided.items():
        if object_ not in PERSONS and situation.has_records(object_):
            outcomes += [outcome_frame(Job(situation, object_), result.records[system], system) for system in System]
    if Object.CONTACT in decided:
        contacts = decided[Object.CONTACT].records[System.DYNAMICS]
        outcomes.append(outcome_frame(Job(situation, Object.CONTACT), contacts, System.DYNAMICS))
    if Object.LEAD in decided:
        leads = with_shared_creates(situation, decided)
        outcomes.append(outcome_frame(Job(situation, Object.LEAD), leads, System.DYNAMICS))
    if any(person in decided for person in PERSONS):
        persons = hubspot_contacts(situation, decided)
        outcomes.append(outcome_frame(Job(situation, Object.CONTACT), persons, System.HUBSPOT))
        if Object.LEAD in decided:
            in_sync = nw.col("outcome").is_in(list(IN_SYNC))
            as_leads = persons.filter(nw.col("as_lead") & in_sync).select("id")
    return ToldOutcomes(outcomes, as_leads)


def _switched_off(job: Job) -> list[Frame]:
    """Both sides of an object that is off, where they have records; HubSpot's contacts stay on as long as leads are."""
    sides = list(System)
    if job.object is Object.LEAD or (job.object is Object.CONTACT and job.situation.sync(Object.LEAD).enabled):
        sides = [System.DYNAMICS]
    return [switched_off(job, system) for system in sides if not job.is_empty(system)]


def _no_changes(outcomes: Frame) -> Frame:
    """The table of changes without a row."""
    return outcomes.head(0).select(**{name: nw.col("rule_id") for name in CHANGES.column_names})
