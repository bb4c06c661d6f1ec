"""Writes of several pairs into one field of one record: docs/semantics.md, section 6, "Several writers".

Facts
    * Which of them is written last, nobody says; so each of them says that the value is a guess.
    * HubSpot has one contact where Dynamics has a contact and a lead (1.7).

Where it is used: `emulator.witness.initial_sync`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.decisions import Write
from dynsync_lib.emulator.witness.plan import table_of

_Target = tuple[System, Object, str, str]


def note_several_writers(writes: Sequence[Write]) -> list[Write]:
    """The writes; those that land and disagree about one field of one record carry the note `several_writers`."""
    values: dict[_Target, set[str]] = {}
    for write in writes:
        if write.lands:
            values.setdefault(_target(write), set()).add(write.new_value)
    return [
        replace(write, note="several_writers") if write.lands and len(values[_target(write)]) > 1 else write
        for write in writes
    ]


def _target(write: Write) -> _Target:
    record_id = write.hubspot_id if write.target_system is System.HUBSPOT else write.dynamics_id
    return (write.target_system, table_of(write.object, write.target_system), record_id, write.target_field)
