"""The forecast: every table of `core.tables.FORECAST_TABLES` from the tables of one snapshot.

Facts
    * One record, one outcome; nothing is dropped or sampled.
    * The order of rows is the writer's: frames here have none.

Source: docs/semantics.md; the stages name their rules.
"""

from __future__ import annotations

from collections.abc import Callable

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.collisions import find_collisions
from dynsync_lib.core.advice.mapping_table import tell_mappings
from dynsync_lib.core.advice.near_names import find_near_names
from dynsync_lib.core.audit.findings import run_checks
from dynsync_lib.core.audit.marketing import foresee_marketing
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.sensitivity.moved_records import measure_sensitivity, with_sensitivity
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.sync.initial_sync import Decision, decide_sync
from dynsync_lib.core.tables import COLLISIONS, FORECAST_TABLES, OUTCOMES

Finish = Callable[[Frame, str], Frame]
"""Computes the table of that name once, and gives back a frame that reads the result."""


def build_forecast(situation: Situation, finish: Finish | None = None) -> dict[str, Frame]:
    """A frame for every name of `core.tables.FORECAST_TABLES`, each finished before another is made of it.

    `situation.tables` holds every record table that has an object, and `hubspot/links`. `finish` is called once for
    every table, with its frame and name; without one the tables are kept like any other frame.
    """
    finish = finish or situation.keep
    decision = decide_sync(situation)
    sensitivity = measure_sensitivity(situation, decision)
    outcomes = with_sensitivity(decision.outcomes, sensitivity)
    unfinished = {
        "outcomes": outcomes.select(*OUTCOMES.column_names),
        "changes": decision.changes,
        "links": decision.links,
        "collisions": collect_collisions(situation, decision),
        "near_names": find_near_names(situation, decision.outcomes),
        "mapping": tell_mappings(situation, decision.mappings),
        "sensitivity": sensitivity.table,
    }
    tables = {name: finish(frame, name) for name, frame in unfinished.items()}
    tables["summary"] = finish(summarize(tables["outcomes"]), "summary")
    marketing = foresee_marketing(situation, tables)
    tables["findings"] = finish(run_checks(situation, tables, marketing), "findings")
    return {name: tables[name] for name in FORECAST_TABLES}


def summarize(outcomes: Frame) -> Frame:
    """The forecast's `summary`: one row per system, object, outcome and reason that occurs."""
    return outcomes.group_by("system", "object", "outcome", "reason").agg(count=nw.len().cast(nw.Int64))


def collect_collisions(situation: Situation, decision: Decision) -> Frame:
    """The forecast's `collisions` of all enabled objects."""
    parts = [
        find_collisions(Job(situation, object_), system, decision.mappings[object_])
        for object_ in decision.pairs
        if Job(situation, object_).has_keys
        for system in System
        if not _is_told_as_contact(object_, system, decision) and not situation.is_empty(object_, system)
    ]
    if not parts:
        return situation.from_rows([], COLLISIONS.columns)
    return stack(parts)


def _is_told_as_contact(object_: Object, system: System, decision: Decision) -> bool:
    """HubSpot's contacts are listed once, though leads are contacts there, too."""
    return (object_, system) == (Object.LEAD, System.HUBSPOT) and Object.CONTACT in decision.pairs
