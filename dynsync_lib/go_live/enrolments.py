"""How many records would enter automations on the first day: those that are created, and those that are changed.

Facts
    * A workflow or flow may start when a record is created or a field changes; a record enters each of them once. So
      the number is that of records, by object and system: the most that one automation gets that watches all of them.
    * Counted are records that the forecast creates, and matched records in which a value lands.
    * Where a side or the column that matches was not delivered, nobody knows who is created; where mappings were not
      compared, at least so many are changed.

Not modelled
    * Which automations there are and what they ask of a record: no API of them is read. Records in which several
      objects write (leads and contacts in HubSpot's contacts) count once for each.

Where it is used: `go_live.sheets`, `go_live.pack`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core.model import Object, Outcome, Severity, System
from dynsync_lib.core.tables import HELD_BACK, record_table
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.report.forecast_tables import is_compared

_KEYS_CHECK: Final = "G61"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Records of an object that would enter a system's automations: `created` in it, and `updated` there.

    `is_known` is false where a side was not delivered, `is_whole` where mappings of the object were not compared.
    """

    system: System
    object: Object
    created: int
    updated: int
    is_known: bool = True
    is_whole: bool = True

    @property
    def records(self) -> int:
        """All of them."""
        return self.created + self.updated


def count_enrolments(forecast: Forecast) -> list[Enrolment]:
    """One entry for each system and object for which the forecast was made, in the order of both; reads counts."""
    objects = [Object(name) for name in Object if name in (forecast.info.get("objects") or {})]
    uncompared = {row["object"] for row in forecast.rows("mapping") if not is_compared(row)}
    return [
        replace(
            _count(forecast, system, object_),
            is_known=knows_matches(forecast, object_),
            is_whole=object_.value not in uncompared,
        )
        for system in System
        for object_ in objects
    ]


def knows_matches(forecast: Forecast, object_: Object) -> bool:
    """Whether both sides delivered the object's records, and the columns by which records are matched."""
    missing = forecast.info.get("not_provided") or ()
    keys = forecast.rows("findings", where={"check_id": _KEYS_CHECK, "severity": Severity.NOT_CHECKED})
    return not keys and all(record_table(object_, system).name not in missing for system in System)


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
