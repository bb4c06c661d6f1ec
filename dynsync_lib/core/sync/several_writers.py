"""Fields that several pairs write: the last value is a guess, so `changes` says so.

Facts
    * A contact and a lead of Dynamics may be bound to one HubSpot contact, and with `company_dup = all_bind` several
      companies to one. Each pair is compared on its own; which is written last nobody says (2.15, 2.21).

Not modelled
    * Which of the values stays.

Source: rule contact.shared-address; docs/semantics.md section 6, Several writers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.tables import CHANGES, HELD_BACK

SEVERAL_WRITERS: Final = "several_writers"
_FIELD: Final = ("written_object", "target_system", "written_id", "target_field")
"""What is one field of one record."""


def mark_several_writers(situation: Situation, changes: Mapping[Object, Frame]) -> list[Frame]:
    """The changes of every object, with the note of those that write another value than another pair does."""
    shared = [object_ for object_ in changes if object_ in _sharing(situation, changes)]
    marked = [frame for object_, frame in changes.items() if object_ not in shared]
    if not shared:
        return marked
    together = situation.keep(stack([changes[object_] for object_ in shared]), "changes_shared")
    return [*marked, _mark(together)]


def _sharing(situation: Situation, objects: Collection[Object]) -> set[Object]:
    """The objects of which several pairs may write one field."""
    persons = set(PERSONS) if set(PERSONS) <= set(objects) else set()
    return persons | ({Object.COMPANY} if situation.chosen("company_dup") == "all_bind" else set())


def _mark(changes: Frame) -> Frame:
    is_hubspots = nw.col("target_system") == System.HUBSPOT.value
    is_lead = nw.col("object") == Object.LEAD.value
    named = changes.with_columns(
        written_object=nw.when(is_hubspots & is_lead).then(nw.lit(Object.CONTACT.value)).otherwise(nw.col("object")),
        written_id=nw.when(is_hubspots).then(nw.col("hubspot_id")).otherwise(nw.col("dynamics_id")),
        lands=~nw.col("note").is_in(list(HELD_BACK)).fill_null(value=False),
    )
    values = named.filter(nw.col("lands")).group_by(*_FIELD)
    ends = values.agg(first_value=nw.col("new_value").min(), last_value=nw.col("new_value").max())
    several = ends.filter(nw.col("first_value") != nw.col("last_value")).select(*_FIELD, several=nw.lit(value=True))
    joined = named.join(several, on=list(_FIELD), how="left")
    is_several = nw.col("lands") & ~nw.col("several").is_null()
    note = nw.when(is_several).then(nw.lit(SEVERAL_WRITERS)).otherwise(nw.col("note"))
    return joined.with_columns(note=note).select(*CHANGES.column_names)
