"""What the editor asks of a snapshot: the fields of both sides with what they hold, and the verdicts on mappings.

Facts
    * Each answer opens the snapshot's tables and closes them again; what was answered once is remembered.
    * An object that is off is judged as if it were on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from dynsync_lib.core.advice.field_facts import FieldFacts, OptionCount, count_options, read_field_facts
from dynsync_lib.core.advice.lookup_recipes import recipe_of
from dynsync_lib.core.advice.mapping_table import tell_mappings
from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.option_pairs import pair_options
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import FieldMapping, Settings
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables, read_catalogue
from dynsync_lib.snapshot.snapshot import Snapshot

_Verdicts = dict[tuple[Any, ...], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OptionPair:
    """Two options that belong together, or one without a partner (None), with the records that hold each.

    A label is None for a value that is no option of the field.
    """

    hubspot: str | None
    hubspot_label: str | None
    hubspot_records: int | None
    dynamics: str | None
    dynamics_label: str | None
    dynamics_records: int | None

    @classmethod
    def of(
        cls,
        hubspot: str | None,
        dynamics: str | None,
        ours: Mapping[str, OptionCount],
        theirs: Mapping[str, OptionCount],
    ) -> OptionPair:
        """The pair of two values, or of one and None, with what was counted on both sides."""
        left = OptionCount("", None, None) if hubspot is None else ours.get(hubspot, OptionCount(hubspot, None, 0))
        right = (
            OptionCount("", None, None) if dynamics is None else theirs.get(dynamics, OptionCount(dynamics, None, 0))
        )
        return cls(hubspot, left.label, left.records, dynamics, right.label, right.records)


@dataclass(slots=True)
class SnapshotFields:
    """The fields of a snapshot, under the rulebook. `shows_people`: samples of people are shown as they are."""

    snapshot: Snapshot
    rulebook: Rulebook
    shows_people: bool = False
    catalogue: Catalogue = field(init=False)
    _facts: dict[Object, Mapping[System, tuple[FieldFacts, ...]]] = field(init=False, default_factory=dict)
    _verdicts: _Verdicts = field(init=False, default_factory=dict)
    _recipes: dict[tuple[Object, str], str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.catalogue = read_catalogue(self.snapshot)

    @property
    def portals(self) -> dict[System, str]:
        """The id of each side's portal; empty where the snapshot does not know it."""
        return {system: str(self.snapshot.manifest["portals"][system.value].get("id") or "") for system in System}

    def facts(self, object_: Object, settings: Settings) -> Mapping[System, tuple[FieldFacts, ...]]:
        """Every field of both sides of an object. Computes when an object is asked for the first time."""
        if object_ not in self._facts:
            with self._job(object_, settings) as job:
                masked = not self.shows_people
                self._facts[object_] = {system: read_field_facts(job, system, masked=masked) for system in System}
        return self._facts[object_]

    def verdicts(self, object_: Object, settings: Settings) -> list[Mapping[str, Any]]:
        """A row of the forecast's `mapping` for each mapping in force. Computes for those that are new."""
        mappings = settings.sync[object_].mappings
        unknown = [mapping for mapping in mappings if _key(object_, mapping, settings) not in self._verdicts]
        if unknown:
            with self._job(object_, settings) as job:
                judged = [judged for judged in job.mappings if judged.mapping in unknown]
                rows = tell_mappings(job.situation, {object_: tuple(judged)}).collect().rows(named=True)
            by_names = {(row["hubspot_field"], row["dynamics_field"]): row for row in rows}
            for mapping in unknown:
                row = by_names[mapping.names]
                self._verdicts[_key(object_, mapping, settings)] = row
        return [self._verdicts[_key(object_, mapping, settings)] for mapping in mappings]

    def option_pairs(self, object_: Object, mapping: FieldMapping, settings: Settings) -> list[OptionPair]:
        """The options of a mapped choice: those that belong together, then those without a partner on either side.

        Empty for mappings that are not of choices. Computes: counts the records of each option.
        """
        with self._job(object_, settings) as job:
            judged = next(judged for judged in job.mappings if judged.mapping == mapping)
            if not judged.pairs_options():
                return []
            ours = {option.value: option for option in count_options(job, judged, System.HUBSPOT)}
            theirs = {option.value: option for option in count_options(job, judged, System.DYNAMICS)}
        together = judged.option_pairs
        alone: list[tuple[str | None, str | None]] = [(value, None) for value in ours if value not in dict(together)]
        alone += [(None, value) for value in theirs if value not in {partner for _, partner in together}]
        return [OptionPair.of(left, right, ours, theirs) for left, right in (*together, *alone)]

    def paired(self, object_: Object, settings: Settings, mapping: FieldMapping) -> dict[str, str]:
        """HubSpot's options with the Dynamics options they belong to, by value; empty for what is no choice."""
        hubspot = self.catalogue.find(System.HUBSPOT, object_, mapping.hubspot)
        dynamics = self.catalogue.find(System.DYNAMICS, object_, mapping.dynamics)
        if hubspot is None or dynamics is None:
            return {}
        return dict(pair_options(mapping.options, hubspot, dynamics, settings.assumptions["option_pairing"]))

    def recipe(self, object_: Object, column: Field, settings: Settings) -> str:
        """What to do in place of mapping a lookup. Computes when a lookup is asked for the first time."""
        if (object_, column.name) not in self._recipes:
            with self._job(object_, settings) as job:
                self._recipes[object_, column.name] = recipe_of(job, column).text
        return self._recipes[object_, column.name]

    @contextmanager
    def _job(self, object_: Object, settings: Settings) -> Iterator[Job]:
        sync = {**settings.sync, object_: replace(settings.sync[object_], enabled=True)}
        with temporary_folder() as work, open_tables(self.snapshot, work=work) as engine:
            yield Job(open_situation(engine, self.snapshot, replace(settings, sync=sync), self.rulebook), object_)


def _key(object_: Object, mapping: FieldMapping, settings: Settings) -> tuple[Any, ...]:
    """What a verdict depends on."""
    options, assumptions = tuple(mapping.options.items()), tuple(settings.assumptions.items())
    direction = settings.sync[object_].direction
    return object_, mapping.hubspot, mapping.dynamics, mapping.direction, options, direction, assumptions
