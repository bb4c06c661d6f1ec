"""What audit rules count: the records of a side, their outcomes, the changes that land, as frames and as numbers.

Where it is used: `core.audit.findings` and the modules of audit rules that it brings together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import narwhals.stable.v2 as nw

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation
from dynsync_lib.core.tables import record_table

Tables = Mapping[str, Frame]
Measure = Callable[[Situation, Tables], int | None]
"""What an audit rule counts; None means that the snapshot lacks what the question needs."""
Measures = Mapping[str, Measure]
"""By the name that rules/checks.toml asks for it with."""


def records_of(situation: Situation, object_: Object, system: System) -> Frame:
    """The records of one side; leads are contacts in HubSpot."""
    return situation.tables[record_table(object_, system).name]


def outcomes_of(tables: Tables, object_: Object, system: System) -> Frame:
    """The outcomes of the records of one side; leads are contacts in HubSpot."""
    name = record_table(object_, system).object
    return tables["outcomes"].filter((nw.col("system") == system.value) & (nw.col("object") == str(name)))


def with_outcome(tables: Tables, object_: Object, system: System, *outcomes: str) -> Frame:
    """id of the records of one side that have one of the outcomes; leads are contacts in HubSpot."""
    told = outcomes_of(tables, object_, system).filter(nw.col("outcome").is_in(outcomes))
    return told.select(id="record_id")


def landing_in_hubspot(changes: Frame, *objects: Object) -> Frame:
    """The changes of these objects that land in HubSpot, without those that a note leaves out."""
    lands = nw.col("note").is_null() | (nw.col("note") == "stale_winner")
    is_one = nw.col("object").is_in([one.value for one in objects])
    return changes.filter(is_one & (nw.col("target_system") == System.HUBSPOT.value) & lands)


def number_in(one: Frame) -> int:
    """The only number of a frame of one cell; 0 for null."""
    return int(one.collect().item() or 0)


def rows_in(frame: Frame) -> int:
    """How many rows a frame has."""
    return number_in(frame.select(count=nw.len()))
