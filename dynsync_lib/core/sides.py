"""The records of one side as a narrow frame: id, rank, match key, and whether they pass their filter.

Facts
    * `api_rank` is the survivor rule; `first_record_order` offers other orders (2.12, 2.24-2.27).
    * Keys are finished at ingest; `email_norm`, `name_norm` and `company_keys` only choose a column (2.16, 2.32, 2.33).
      An own field is the key trimmed, and compared exactly (2.3).
    * With `include_inactive = false` an inactive Dynamics record fails its filter (4.5). A deal passes when its stage
      is paired, too (2.41); a HubSpot contact when it belongs to the sync (4.6).

Source: rules record.first-order, record.filter, record.inactive-out, record.matching-mode, deal.stage-unmapped,
lead.lifecycle-route; docs/semantics.md sections 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.catalogue import Catalogue
from dynsync_lib.core.filters import filter_expression
from dynsync_lib.core.model import HEALTH, Column, Health, Object, RecordTable, System, record_table
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import LIFECYCLE_STAGES, ObjectSync, Settings

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
_STAGE_FIELD: Final = {System.HUBSPOT: "dealstage", System.DYNAMICS: "statuscode"}
SIDE_TURNS_ON: Final[Mapping[Object, tuple[str, ...]]] = {
    Object.CONTACT: ("first_record_order", "include_inactive", "email_norm"),
    Object.LEAD: ("first_record_order", "include_inactive", "email_norm"),
    Object.COMPANY: ("first_record_order", "include_inactive", "name_norm", "company_keys"),
    Object.DEAL: ("first_record_order", "include_inactive"),
    Object.INVOICE: ("first_record_order", "include_inactive"),
}
"""The assumptions that a side turns on."""


class Barrier(IntEnum):
    """What keeps a record from passing; the first that applies."""

    NONE = 0
    ROUTE = 1
    FILTER = 2
    INACTIVE = 3
    STAGE = 4


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
        return values.trimmed(nw.col(column or name), already=name in self.trimmed_columns(object_, system))

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


def prepare_side(situation: Situation, object_: Object, system: System) -> Frame:
    """One row per record: id, rank (int), key (null when none), barrier (a `Barrier`), passes (flag).

    Where companies have a second round by domain they have `domain`, too.
    """
    depends = ("side", object_.value, system.value, *map(situation.chosen, SIDE_TURNS_ON[object_]))
    if depends not in situation.found:
        situation.found[depends] = _prepare(situation, object_, system)
    side: Frame = situation.found[depends]
    return side


def _prepare(situation: Situation, object_: Object, system: System) -> Frame:
    table = record_table(object_, system)
    records = ranked(situation.tables[table.name], table, situation.chosen("first_record_order"))
    columns = {"key": key_of(situation, object_, system), "barrier": _barrier(situation, object_, system)}
    if object_ is Object.COMPANY and has_second_round(situation):
        columns["domain"] = nw.col("domain_key")
    told = records.select("id", "rank", **columns).with_columns(passes=nw.col("barrier") == Barrier.NONE.value)
    return situation.keep(told, f"{system}_{object_}_side")


def ranked(records: Frame, table: RecordTable, order: str) -> Frame:
    """The records with `rank`, their place in the order the assumption `first_record_order` names."""
    ordering = _ordering(table, order, frozenset(records.collect_schema().names()))
    if ordering is None:
        return records.with_columns(rank=nw.col("api_rank"))
    ordered = records.with_columns(turn=ordering).with_row_index("rank", order_by=["turn", "api_rank", "id"])
    return ordered.with_columns(nw.col("rank").cast(nw.Int64))


def _ordering(table: RecordTable, order: str, available: frozenset[str]) -> nw.Expr | None:
    """What is sorted by before `api_rank`; None when nothing is."""
    if order == "guid_sql" and table.system is System.DYNAMICS:
        return nw.col("guid_sql_key")
    field = {"createdon_asc": table.created_field, "modifiedon_desc": table.modified_field}.get(order)
    if field is None or field not in available:
        return None
    sign = 1 if order == "createdon_asc" else -1
    return (values.moment_number(values.trimmed(nw.col(field))) * sign).fill_null(LAST)


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


def key_of(situation: Situation, object_: Object, system: System) -> nw.Expr:
    """A record's match key; null when it has none. Source: docs/semantics.md section 3."""
    if not has_keys(situation, object_):
        return nw.lit(None, dtype=nw.String)
    field = situation.sync(object_).match_field(system)
    if situation.sync(object_).match_mode == "own_field":
        return _own_key(situation, object_, system, field or "")
    if object_ in PERSONS:
        return nw.col(email_column(situation))
    return nw.col("domain_key" if is_keyed_by_domain(situation) else name_column(situation))


def _own_key(situation: Situation, object_: Object, system: System, field: str) -> nw.Expr:
    delivered = situation.columns(object_, system)
    name = next((one for one in (field, f"_{field}_value") if one in delivered), None)
    return situation.text(object_, system, name) if name is not None else nw.lit(None, dtype=nw.String)


# --- What a record must pass -------------------------------------------------------------------------------------


def _barrier(situation: Situation, object_: Object, system: System) -> nw.Expr:
    barriers: list[tuple[nw.Expr, Barrier]] = []
    is_ours = belongs(situation, object_, system)
    if is_ours is not None:
        barriers.append((~is_ours, Barrier.ROUTE))
    if situation.sync(object_).filter_of(system):
        barriers.append((~_filter(situation, object_, system), Barrier.FILTER))
    if system is System.DYNAMICS and situation.chosen("include_inactive") == "false":
        barriers.append((inactive(situation, object_), Barrier.INACTIVE))
    if object_ is Object.DEAL:
        barriers.append((~_has_stage(situation, system), Barrier.STAGE))
    nothing = nw.lit(Barrier.NONE.value)
    if not barriers:
        return nothing
    return nw.coalesce(*(nw.when(test).then(nw.lit(barrier.value)) for test, barrier in barriers), nothing)


def belongs(situation: Situation, object_: Object, system: System) -> nw.Expr | None:
    """Whether a HubSpot contact belongs to this sync of contacts or leads; None when the route is not asked (4.6)."""
    if system is not System.HUBSPOT or object_ not in PERSONS or not is_routed(situation):
        return None
    if "lifecyclestage" not in situation.columns(object_, system):
        return nw.lit(value=object_ is Object.CONTACT)
    stages = situation.sync(object_).lifecycle_stages or LIFECYCLE_STAGES[object_]
    return _is_one_of(situation.text(object_, system, "lifecyclestage"), stages)


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


def _is_one_of(text: nw.Expr, known: Collection[str]) -> nw.Expr:
    return text.is_in(list(known)).fill_null(value=False) if known else nw.lit(value=False)


def _filter(situation: Situation, object_: Object, system: System) -> nw.Expr:
    return filter_expression(
        situation.sync(object_).filter_of(system),
        system=system,
        object_=object_,
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available=situation.columns(object_, system),
        taken_at=situation.taken_at,
        trimmed=situation.trimmed_columns(object_, system),
    )


def _has_stage(situation: Situation, system: System) -> nw.Expr:
    """Whether a deal's stage is paired with one of the other side. Source: rule deal.stage-unmapped."""
    field = _STAGE_FIELD[system]
    if field not in situation.columns(Object.DEAL, system):
        return nw.lit(value=False)
    stages = situation.sync(Object.DEAL).stages
    stage = situation.text(Object.DEAL, system, field)
    return _is_one_of(stage, list(stages) if system is System.HUBSPOT else list(stages.values()))
