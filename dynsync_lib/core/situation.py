"""What every stage may look at, and the questions about settings that several stages ask.

Source: docs/semantics.md sections 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values as values
from dynsync_lib.core.conditions import Condition, either
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import HEALTH, PERSONS, Health, Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import ObjectSync, Settings
from dynsync_lib.core.tables import Column, record_table
from dynsync_lib.errors import RulebookError

Keep = Callable[[Frame, str], Frame]
FromRows = Callable[[Sequence[Mapping[str, Any]], Sequence[Column]], Frame]
_Kept = TypeVar("_Kept")

LAST: Final = 99_999_999_999_999
"""Later than every moment written as YYYYMMDDHHMMSS."""
EMAIL_COLUMN: Final = {"lower_trim": "email_key", "exact": "email_key_exact"}
NAME_COLUMN: Final = {
    "casefold_trim": "name_key",
    "exact_trim": "name_key_trim",
    "exact": "name_key_exact",
    "accent_fold": "name_key_accentless",
}
"""The finished keys that `email_norm` and `name_norm` choose between."""
IN_SYNC: Final = tuple(outcome.value for outcome, health in HEALTH.items() if health is Health.IN_SYNC)
"""The outcomes of records that sync."""
SCENARIO: Final = "scenario"
"""The column that says under which scenario of the situation a row is decided."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a stage may look at: the tables by name, settings, rulebook, fields, and the snapshot's time.

    `time_zone` is the HubSpot portal's, such as `Europe/Berlin`; None when nobody said.
    `keep` computes a frame once and gives back one that reads the result; `from_rows` makes a frame of a few rows.
    `memory` holds what stages of this situation worked out and others ask again. `beside` are the situations of further
    Dynamics environments with the same portal (1.11). `trimmed`, per table: vendor's columns whose values are known to
    have no outer white space, so that nobody need look for it. `empty_tables` are those that are known to have no row:
    what is decided about their records needs no frame. `associations_of` are the objects of HubSpot whose associations
    were delivered: who has none there is known to have none. `caller_privileges` are the depths to which the user who
    read Dynamics may read, create and write its tables, by the privilege's name, None when nobody said;
    `caller_is_person`: that user is a person, who may be the one that Data Sync acts as.

    `scenarios` are other sets of assumptions, by number, under which records are decided, all at once: then every
    record table has a row per scenario and record, with the number of the scenario in the column `scenario`, by which
    every stage joins and groups, too (`by`). Without scenarios the settings' own assumptions count, and there is no
    such column.
    """

    tables: Mapping[str, Frame]
    settings: Settings
    rulebook: Rulebook
    catalogue: Catalogue
    taken_at: datetime
    keep: Keep
    from_rows: FromRows
    memory: dict[tuple[str, ...], Any] = field(default_factory=dict)
    time_zone: str | None = None
    beside: Sequence[Situation] = ()
    trimmed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scenarios: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    empty_tables: frozenset[str] = frozenset()
    associations_of: frozenset[Object] = frozenset(Object)
    caller_privileges: Mapping[str, str] | None = None
    caller_is_person: bool = False

    @property
    def by(self) -> tuple[str, ...]:
        """What every join and group of records goes by, besides their ids and keys."""
        return (SCENARIO,) if self.scenarios else ()

    def choices(self, assumption: str) -> tuple[str, ...]:
        """The different choices of an assumption under which records are decided."""
        choices = [scenario[assumption] for scenario in self.scenarios.values() or [self.settings.assumptions]]
        return tuple(dict.fromkeys(choices))

    def chosen(self, assumption: str) -> str:
        """The choice in force. Raises RulebookError where scenarios differ in it: then `chooses` is to be asked."""
        choices = self.choices(assumption)
        if len(choices) > 1:
            raise RulebookError(
                f"`{assumption}` is asked for one choice where {', '.join(choices)} are decided at once.",
                next_step="Let that stage ask `Situation.chooses`, which answers row by row.",
            )
        return choices[0]

    def chooses(self, assumption: str, *choices: str) -> Condition:
        """Whether one of these choices is in force: plain where all scenarios agree, else by the row's scenario."""
        if not self.scenarios:
            return self.settings.assumptions[assumption] in choices
        fitting = [number for number, scenario in self.scenarios.items() if scenario[assumption] in choices]
        if len(fitting) in (0, len(self.scenarios)):
            return bool(fitting)
        return nw.col(SCENARIO).is_in(fitting)

    def by_choice(self, assumption: str, values: Mapping[str, nw.Expr]) -> nw.Expr:
        """The value that belongs to the choice in force, of one value for each choice."""
        *others, last = self.choices(assumption)
        value = values[last]
        for choice in others:
            value = either(self.chooses(assumption, choice), values[choice], value)
        return value

    def remember(self, name: tuple[str, ...], work: Callable[[], _Kept]) -> _Kept:
        """What the work gives, worked out the first time only; `name` says what it is."""
        if name not in self.memory:
            self.memory[name] = work()
        known: _Kept = self.memory[name]
        return known

    def is_empty(self, object_: Object, system: System) -> bool:
        """Whether one side is known to have no record of the object; leads are contacts in HubSpot."""
        return record_table(object_, system).name in self.empty_tables

    def has_records(self, object_: Object) -> bool:
        """Whether one of the sides may have records of the object."""
        return not all(self.is_empty(object_, system) for system in System)

    def sync(self, object_: Object) -> ObjectSync:
        """The object's section of the settings."""
        return self.settings.sync[object_]

    def columns(self, object_: Object, system: System) -> frozenset[str]:
        """The vendor's columns that were delivered."""
        table = record_table(object_, system)
        own = {SCENARIO, *(column.name for column in table.structure)}
        return frozenset(self.tables[table.name].collect_schema().names()) - own

    def trimmed_columns(self, object_: Object, system: System) -> frozenset[str]:
        """The vendor's columns whose values are known to be trimmed."""
        return self.trimmed.get(record_table(object_, system).name, frozenset())

    def text(self, object_: Object, system: System, name: str, column: str | None = None) -> nw.Expr:
        """A vendor's column trimmed, null when blank; `column` is its name in the frame at hand, None the vendor's."""
        return values.trimmed(nw.col(column or name), already=name in self.trimmed_columns(object_, system))


def stack(frames: Sequence[Frame]) -> Frame:
    """The rows of all frames, which have the same columns: joined two by two, since engines plan deep unions slowly."""
    if len(frames) < 3:
        return nw.concat(list(frames))
    middle = len(frames) // 2
    return nw.concat([stack(frames[:middle]), stack(frames[middle:])])


def has_second_round(situation: Situation) -> Condition:
    """Whether companies without a pair by name are matched by domain (step 3b)."""
    return _companies_match_by(situation, "name_or_domain")


def is_keyed_by_domain(situation: Situation) -> Condition:
    """Whether the domain is the companies' key."""
    return _companies_match_by(situation, "domain")


def may_match_by_domain(situation: Situation) -> bool:
    """Whether a choice of `company_keys` counts; a domain does only with the default mappings (2.6)."""
    sync = situation.sync(Object.COMPANY)
    return sync.match_mode == "default" and sync.default_mappings


def _companies_match_by(situation: Situation, choice: str) -> Condition:
    """Whether companies are matched so."""
    if may_match_by_domain(situation):
        return situation.chooses("company_keys", choice)
    return choice == "name" and situation.sync(Object.COMPANY).match_mode == "default"


def name_column(situation: Situation) -> str:
    """The column of the finished name key, for stages that know one choice only."""
    return NAME_COLUMN[situation.chosen("name_norm")]


def email_key(situation: Situation) -> nw.Expr:
    """The finished e-mail key that the assumptions choose."""
    return situation.by_choice("email_norm", {choice: nw.col(name) for choice, name in EMAIL_COLUMN.items()})


def name_key(situation: Situation) -> nw.Expr:
    """The finished name key that the assumptions choose."""
    return situation.by_choice("name_norm", {choice: nw.col(name) for choice, name in NAME_COLUMN.items()})


def one_row_each(frame: Frame, column: str) -> Frame:
    """One row per element of a column of lists; empty lists and null elements are gone."""
    return frame.filter(nw.col(column).list.len() > 0).explode(column).filter(~nw.col(column).is_null())


def is_routed(situation: Situation) -> bool:
    """Whether HubSpot contacts are shared out between contacts and leads: both draw on them (4.6)."""
    return all(draws_contacts(situation, person) for person in PERSONS)


def draws_contacts(situation: Situation, person: Object) -> bool:
    """Whether HubSpot contacts may travel as contacts, or as leads."""
    sync = situation.sync(person)
    return sync.enabled and sync.is_source(System.HUBSPOT)
