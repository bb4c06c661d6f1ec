"""Which mappings were compared, and which nobody could compare, as a column of theirs was not delivered.

Facts
    * A mapping is the same one by its object and its two fields. Of several snapshots or settings, it was compared
      where it was compared in each.
    * A mapping through which nothing flows has nothing to compare.

Where it is used: `verification.verify_folder`, `forecasts.replay_folder`, `forecasts.settings_difference`,
`forecasts.forecast_difference`, `forecasts.snapshot_difference`.

Source: rule field.missing (5.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.job import Job
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import NOT_COMPARED
from dynsync_lib.listing import counted_of, some_of

_MOST_NAMED: Final = 8
_NAMES: Final = ("object", "hubspot_field", "dynamics_field")
MappingName = tuple[str, str, str]
"""Object, property of HubSpot, column of Dynamics."""


@dataclass(frozen=True, slots=True)
class ComparedMappings:
    """By the name of each mapping whether its values were compared."""

    is_compared: Mapping[MappingName, bool]

    @property
    def figures(self) -> dict[str, Any]:
        """Plain values: `mappings`, how many there are; `mappings_not_compared`: object and fields of each.

        `not_checked` has a sentence that names the first of these, where there are some.
        """
        return {
            "mappings": len(self.is_compared),
            "mappings_not_compared": [dict(zip(_NAMES, name, strict=True)) for name in self._uncompared()],
            "not_checked": self.sentences(),
        }

    def sentences(self, where: str = "") -> list[str]:
        """A sentence that names the mappings that were not compared; none where all were. `where`: " in FOLDER"."""
        missing = [f"{object_} {hubspot} / {dynamics}" for object_, hubspot, dynamics in self._uncompared()]
        if not missing:
            return []
        of_all = counted_of(len(missing), len(self.is_compared), "mapping", "mappings")
        return [f"Not checked{where}: {of_all} not compared: {some_of(missing, _MOST_NAMED)}."]

    def _uncompared(self) -> list[MappingName]:
        return sorted(name for name, is_compared in self.is_compared.items() if not is_compared)


def mappings_of_rows(rows: Iterable[Mapping[str, Any]]) -> ComparedMappings:
    """Those of the rows of a forecast's table `mapping`."""
    names = {name_of(row): NOT_COMPARED not in (row["reason"] or "") for row in rows}
    return ComparedMappings(names)


def name_of(row: Mapping[str, Any]) -> MappingName:
    """The name of the mapping that a row of the table `mapping` is about."""
    return row["object"], row["hubspot_field"], row["dynamics_field"]


def mappings_of(situation: Situation) -> ComparedMappings:
    """Those of the objects that are on."""
    return ComparedMappings(
        {
            (object_.value, judged.mapping.hubspot, judged.mapping.dynamics): not judged.lacks_a_column
            for object_ in objects_on(situation)
            for judged in Job(situation, object_).mappings
        }
    )


def compared_in_each(*sides: ComparedMappings) -> ComparedMappings:
    """Those of all sides; a mapping was compared where each side that has it compared it."""
    names = {name for side in sides for name in side.is_compared}
    return ComparedMappings({name: all(side.is_compared.get(name, True) for side in sides) for name in names})
