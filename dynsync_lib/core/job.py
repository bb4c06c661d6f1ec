"""The sync of one object: the situation and the object together, and what every stage asks of the two.

Facts
    * A job decides nothing and holds nothing: two jobs of one situation and object are the same.
    * The verdicts on an object's mappings are worked out once per situation (5.A).

Source: rule record.inactive-readonly; docs/semantics.md sections 1 to 4 and 6.

Where it is used: every stage that decides about the records of one object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import Condition
from dynsync_lib.core.fields.mappings import JudgedMapping, MappingJudge
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import RecordTable, record_table


@dataclass(frozen=True, slots=True)
class Job:
    """The sync of one object in a situation."""

    situation: Situation
    object: Object

    @property
    def sync(self) -> ObjectSync:
        """The object's section of the settings."""
        return self.situation.sync(self.object)

    @property
    def by(self) -> tuple[str, ...]:
        """What every join and group of records goes by, besides their ids and keys."""
        return self.situation.by

    def chosen(self, assumption: str) -> str:
        """The choice in force, as `Situation.chosen`. Raises RulebookError where scenarios differ in it."""
        return self.situation.chosen(assumption)

    def chooses(self, assumption: str, *choices: str) -> Condition:
        """Whether one of these choices is in force, as `Situation.chooses`."""
        return self.situation.chooses(assumption, *choices)

    def keep(self, frame: Frame, name: str) -> Frame:
        """The frame computed once, and one that reads the result."""
        return self.situation.keep(frame, name)

    @property
    def is_about_persons(self) -> bool:
        """Whether the records are persons: contacts or leads."""
        return self.object in PERSONS

    @property
    def has_own_key(self) -> bool:
        """Whether records are matched by a field that the settings name (2.3)."""
        return self.sync.match_mode == "own_field"

    @property
    def has_keys(self) -> bool:
        """Whether records are matched by a key at all (2.3, 2.8)."""
        is_keyed = self.is_about_persons or self.object is Object.COMPANY
        return self.has_own_key or (self.sync.match_mode == "default" and is_keyed)

    # --- one side -------------------------------------------------------------------------------------------------

    def is_source(self, system: System) -> bool:
        """Whether records of that side travel."""
        return self.sync.is_source(system)

    def table(self, system: System) -> RecordTable:
        """The table of one side's records; leads are contacts in HubSpot."""
        return record_table(self.object, system)

    def records(self, system: System) -> Frame:
        """The records of one side, one row each, with all columns of their table."""
        return self.situation.tables[self.table(system).name]

    def columns(self, system: System) -> frozenset[str]:
        """The vendor's columns that were delivered."""
        return self.situation.columns(self.object, system)

    def trimmed_columns(self, system: System) -> frozenset[str]:
        """The vendor's columns whose values are known to be trimmed."""
        return self.situation.trimmed_columns(self.object, system)

    def text(self, system: System, name: str, column: str | None = None) -> nw.Expr:
        """A vendor's column trimmed, null when blank; `column` is its name in the frame at hand, None the vendor's."""
        return self.situation.text(self.object, system, name, column)

    @property
    def has_records(self) -> bool:
        """Whether one of the sides may have records."""
        return self.situation.has_records(self.object)

    def is_empty(self, system: System) -> bool:
        """Whether one side is known to have no record."""
        return self.situation.is_empty(self.object, system)

    def inactive(self) -> nw.Expr:
        """Whether a Dynamics record is inactive: `statecode` filled and not 0. Source: record.inactive-readonly."""
        if "statecode" not in self.columns(System.DYNAMICS):
            return nw.lit(value=False)
        return (self.text(System.DYNAMICS, "statecode") != "0").fill_null(value=False)

    # --- its mappings ---------------------------------------------------------------------------------------------

    @property
    def mappings(self) -> tuple[JudgedMapping, ...]:
        """The mappings with their verdicts, in the order of the settings. Judged once per situation."""
        return self._judged().mappings

    @property
    def flowing(self) -> list[JudgedMapping]:
        """The mappings that flow into one of the systems; none when the object is off."""
        if not self.sync.enabled:
            return []
        return [judged for judged in self.mappings if any(judged.writes_to(system) for system in System)]

    def mappings_under(self, other: Situation, knob: str) -> tuple[JudgedMapping, ...]:
        """The verdicts under a situation that differs from this one in `knob` alone: judged only if they ask for it."""
        judged = self._judged()
        return Job(other, self.object).mappings if knob in judged.asked else judged.mappings

    def _judged(self) -> _Judged:
        return self.situation.remember(("judged", self.object.value), self._judge)

    def _judge(self) -> _Judged:
        assumptions = _Recorder(self.situation.settings.assumptions)
        judge = MappingJudge(
            self.object,
            self.sync,
            catalogue=self.situation.catalogue,
            rulebook=self.situation.rulebook,
            available={system: self.columns(system) for system in System},
            assumptions=assumptions,
            trimmed={system: self.trimmed_columns(system) for system in System},
        )
        return _Judged(judge.verdicts(), frozenset(assumptions.asked))


@dataclass(frozen=True, slots=True)
class _Judged:
    """The judged mappings of one object, and the assumptions that their verdicts asked for."""

    mappings: tuple[JudgedMapping, ...]
    asked: frozenset[str]


class _Recorder(Mapping[str, str]):
    """Assumptions that write down which of them were asked for."""

    def __init__(self, assumptions: Mapping[str, str]) -> None:
        self._assumptions = assumptions
        self.asked: set[str] = set()

    def __getitem__(self, knob: str) -> str:
        self.asked.add(knob)
        return self._assumptions[knob]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._assumptions)
        return iter(self._assumptions)

    def __len__(self) -> int:
        return len(self._assumptions)
