"""What every stage may look at, and the questions about settings that several stages ask.

Source: docs/semantics.md sections 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.model import HEALTH, Health, Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import ObjectSync, Settings
from dynsync_lib.core.tables import Column, record_table

Frame = nw.LazyFrame[Any]
Keep = Callable[[Frame, str], Frame]
FromRows = Callable[[Sequence[Mapping[str, Any]], Sequence[Column]], Frame]
_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

LAST: Final = 99_999_999_999_999
"""Later than every moment written as YYYYMMDDHHMMSS."""
_EMAIL_COLUMN: Final = {"lower_trim": "email_key", "exact": "email_key_exact"}
_NAME_COLUMN: Final = {"casefold_trim": "name_key", "exact_trim": "name_key_trim", "exact": "name_key_exact"}
SYSTEM_WORDS: Final = {System.HUBSPOT: "HubSpot", System.DYNAMICS: "Dynamics"}
"""The systems as a sentence names them."""
PERSONS: Final[tuple[Object, ...]] = (Object.CONTACT, Object.LEAD)
IN_SYNC: Final = tuple(outcome.value for outcome, health in HEALTH.items() if health is Health.IN_SYNC)
"""The outcomes of records that sync."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a stage may look at: the tables by name, settings, rulebook, fields, and the snapshot's time.

    `time_zone` is the HubSpot portal's, such as `Europe/Berlin`; None when nobody said.
    `keep` computes a frame once and gives back one that reads the result; `from_rows` makes a frame of a few rows.
    `found` remembers what was worked out, by what it depends on, so that other assumptions can begin from it. `beside`
    are the situations of further Dynamics environments with the same portal (1.11). `at_once` is how many questions the
    engine takes at the same time. `trimmed`, per table: vendor's columns whose values are known to have no outer white
    space, so that nobody need look for it.
    """

    tables: Mapping[str, Frame]
    settings: Settings
    rulebook: Rulebook
    catalogue: Catalogue
    taken_at: datetime
    keep: Keep
    from_rows: FromRows
    found: dict[tuple[str, ...], Any] = field(default_factory=dict)
    time_zone: str | None = None
    beside: Sequence[Situation] = ()
    at_once: int = 1
    trimmed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def chosen(self, assumption: str) -> str:
        """The choice in force."""
        return self.settings.assumptions[assumption]

    def sync(self, object_: Object) -> ObjectSync:
        """The object's section of the settings."""
        return self.settings.sync[object_]

    def columns(self, object_: Object, system: System) -> frozenset[str]:
        """The vendor's columns that were delivered."""
        table = record_table(object_, system)
        own = {column.name for column in table.structure}
        return frozenset(self.tables[table.name].collect_schema().names()) - own

    def trimmed_columns(self, object_: Object, system: System) -> frozenset[str]:
        """The vendor's columns whose values are known to be trimmed."""
        return self.trimmed.get(record_table(object_, system).name, frozenset())

    def text(self, object_: Object, system: System, name: str, column: str | None = None) -> nw.Expr:
        """A vendor's column trimmed, null when blank; `column` is its name in the frame at hand, None the vendor's."""
        return typed_values.trimmed(nw.col(column or name), already=name in self.trimmed_columns(object_, system))

    def each(self, function: Callable[[_Item], _Found], items: Iterable[_Item]) -> list[_Found]:
        """What the function gives for every item, in their order; as many at the same time as the engine takes."""
        if self.at_once == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.at_once) as threads:
            return list(threads.map(function, items))


def stack(frames: Sequence[Frame]) -> Frame:
    """The rows of all frames, which have the same columns: joined two by two, since engines plan deep unions slowly."""
    if len(frames) < 3:
        return nw.concat(list(frames))
    middle = len(frames) // 2
    return nw.concat([stack(frames[:middle]), stack(frames[middle:])])


def opposite(system: System) -> System:
    """The other system."""
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT


def inactive(situation: Situation, object_: Object) -> nw.Expr:
    """Whether a Dynamics record is inactive: `statecode` filled and not 0. Source: rule record.inactive-readonly."""
    if "statecode" not in situation.columns(object_, System.DYNAMICS):
        return nw.lit(value=False)
    return (situation.text(object_, System.DYNAMICS, "statecode") != "0").fill_null(value=False)


def has_keys(situation: Situation, object_: Object) -> bool:
    """Whether records of the object are matched by a key at all (2.3, 2.8)."""
    mode = situation.sync(object_).match_mode
    return mode == "own_field" or (mode == "default" and object_ in (*PERSONS, Object.COMPANY))


def has_second_round(situation: Situation) -> bool:
    """Whether companies that found nobody by name are matched by domain (step 3b)."""
    return _company_keys(situation) == "name_or_domain"


def is_keyed_by_domain(situation: Situation) -> bool:
    """Whether the domain is the companies' key."""
    return _company_keys(situation) == "domain"


def _company_keys(situation: Situation) -> str:
    """By what companies are matched; the domain counts only with the default mappings (2.6)."""
    sync = situation.sync(Object.COMPANY)
    if sync.match_mode != "default":
        return sync.match_mode
    return situation.chosen("company_keys") if sync.default_mappings else "name"


def email_column(situation: Situation) -> str:
    """The finished e-mail key that the assumptions choose."""
    return _EMAIL_COLUMN[situation.chosen("email_norm")]


def name_column(situation: Situation) -> str:
    """The finished name key that the assumptions choose."""
    return _NAME_COLUMN[situation.chosen("name_norm")]


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
