"""How many records would enter automations on the first day: those that are created, and those that are changed.

Facts
    * A workflow or flow may start when a record is created or a field changes; a record enters each of them once. So
      the number is that of records, by object and system: the most that one automation gets that watches all of them.
    * Counted are records that the forecast creates, and matched records in which a value lands.

Not modelled
    * Which automations there are and what they ask of a record: no API of them is read. Records in which several
      objects write (leads and contacts in HubSpot's contacts) count once for each.

Where it is used: `go_live.sheets`, `go_live.pack`.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynsync_lib.core.model import Object, Outcome, System
from dynsync_lib.core.tables import HELD_BACK
from dynsync_lib.forecasts.forecast_folder import Forecast


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Records of an object that would enter a system's automations: `created` in it, and `updated` there."""

    system: System
    object: Object
    created: int
    updated: int

    @property
    def records(self) -> int:
        """All of them."""
        return self.created + self.updated


def count_enrolments(forecast: Forecast) -> list[Enrolment]:
    """One entry for each system and object for which the forecast was made, in the order of both; reads counts."""
    objects = [Object(name) for name in Object if name in (forecast.info.get("objects") or {})]
    return [_count(forecast, system, object_) for system in System for object_ in objects]


def _count(forecast: Forecast, system: System, object_: Object) -> Enrolment:
    asked = {"system": system.other, "object": object_, "outcome": Outcome.CREATE}
    created = sum(row["count"] for row in forecast.rows("summary", where=asked))
    updated = forecast.count_groups(
        "changes",
        [f"{system}_id"],
        where={"object": [object_], "target_system": [system]},
        without={"note": list(HELD_BACK)},
    )
    return Enrolment(system, object_, created, updated)
