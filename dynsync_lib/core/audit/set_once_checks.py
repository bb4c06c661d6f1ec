"""Audit rule about fields that are mostly set once, when a record is new, and that the first sync overwrites.

Facts
    * Which fields these are is data (rules/set_once_fields.toml); whoever has further ones answers G33.
    * Asked are fields that a mapping writes; a change that is held back overwrites nothing.

Not modelled
    * Fields of customers under other names: no metadata says that a field is set once.

Source: rules field.set-once, field.conflict-winner.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.audit.typed_checks import list_values
from dynsync_lib.core.counting import Count, Question, Rows, Tables, combined, rows_that, total
from dynsync_lib.core.job import Job
from dynsync_lib.core.lookup_names import lookup_of
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import HELD_BACK


def count_set_once(situation: Situation, tables: Tables) -> Count:
    """Values of fields that are mostly set once and are overwritten."""
    del tables
    return total(_counts(situation).values())


def name_set_once(situation: Situation, tables: Tables) -> Question[str]:
    """`hubspot contact.hubspot_owner_id (2 values)`, most values first."""
    del tables
    counts = _counts(situation)
    return combined(counts.values(), lambda numbers: list_values(dict(zip(counts, numbers, strict=True))))


def _counts(situation: Situation) -> dict[str, Question[int]]:
    """How many values of each such field are overwritten, by system, object and field."""
    names = situation.rulebook.set_once_fields
    counts: dict[str, Question[int]] = {}
    for object_ in objects_on(situation):
        for judged in Job(situation, object_).flowing:
            for system in System:
                name = judged.name_of(system)
                if judged.writes_to(system) and lookup_of(name).casefold() in names:
                    where = {"object": object_.value, "target_system": system.value, "target_field": name}
                    rows = Rows("changes", {**where, "kind": "overwrite"}, {"note": HELD_BACK})
                    counts[f"{system} {object_}.{name}"] = rows_that(rows)
    return counts


MEASURES: Final[Measures] = {"set_once_overwrites": count_set_once}
