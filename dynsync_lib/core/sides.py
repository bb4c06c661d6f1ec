"""The records of one side as a narrow frame: id, rank, match key, and whether they pass their filter.

Facts
    * `api_rank` is the survivor rule; `first_record_order` offers other orders (2.12, 2.24-2.27).
    * Keys are finished at ingest; `email_norm` and `name_norm` only choose a column (2.16, 2.33).
    * With `include_inactive = false` an inactive Dynamics record fails its filter (4.5).

Source: rules record.first-order, record.filter, record.inactive-out; docs/semantics.md sections 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.catalogue import Catalogue
from dynsync_lib.core.filters import filter_expression
from dynsync_lib.core.model import Column, Object, RecordTable, System, record_table
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import ObjectSync, Settings

Frame = nw.LazyFrame[Any]
Keep = Callable[[Frame, str], Frame]
FromRows = Callable[[Sequence[Mapping[str, Any]], Sequence[Column]], Frame]

LAST: Final = 99_999_999_999_999
"""Later than every moment written as YYYYMMDDHHMMSS."""
_KEY_COLUMNS: Final[Mapping[tuple[Object, str], str]] = {
    (Object.CONTACT, "lower_trim"): "email_key",
    (Object.CONTACT, "exact"): "email_key_exact",
    (Object.COMPANY, "casefold_trim"): "name_key",
    (Object.COMPANY, "exact_trim"): "name_key_trim",
    (Object.COMPANY, "exact"): "name_key_exact",
}
_SIDE_TURNS_ON: Final = ("first_record_order", "email_norm", "name_norm", "include_inactive")
_NORM: Final = {Object.CONTACT: "email_norm", Object.COMPANY: "name_norm"}


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a stage may look at: the tables by name, settings, rulebook, fields, and the snapshot's time.

    `time_zone` is the HubSpot portal's, such as `Europe/Berlin`; None when nobody said.
    `keep` computes a frame once and gives back one that reads the result; `from_rows` makes a frame of a few rows.
    `found` remembers what was worked out, by what it depends on, so that other assumptions can begin from it.
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
    """One row per record: id, rank (int), key (null when none or the object has no keys), passes, passes_text (flags).

    `passes_text` is the filter alone; `passes` says no for inactive records that are kept out, too.
    """
    depends = ("side", object_.value, system.value, *map(situation.chosen, _SIDE_TURNS_ON))
    if depends not in situation.found:
        situation.found[depends] = _prepare(situation, object_, system)
    side: Frame = situation.found[depends]
    return side


def _prepare(situation: Situation, object_: Object, system: System) -> Frame:
    table = record_table(object_, system)
    records = ranked(situation.tables[table.name], table, situation.chosen("first_record_order"))
    passes_text = _filter(situation, object_, system)
    passes = passes_text & ~_kept_out(situation, object_, system)
    frame = records.select("id", "rank", _key(situation, object_).alias("key"), passes=passes, passes_text=passes_text)
    return situation.keep(frame, f"{system}_{object_}_side")


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


def inactive(columns: frozenset[str]) -> nw.Expr:
    """Whether a Dynamics record is inactive: `statecode` filled and not 0. Source: rule record.inactive-readonly."""
    if "statecode" not in columns:
        return nw.lit(value=False)
    return (values.trimmed(nw.col("statecode")) != "0").fill_null(value=False)


def key_column(situation: Situation, object_: Object) -> str:
    """The finished key column the assumptions choose."""
    return _KEY_COLUMNS[(object_, situation.chosen(_NORM[object_]))]


def _key(situation: Situation, object_: Object) -> nw.Expr:
    if object_ not in _NORM:
        return nw.lit(None, dtype=nw.String)
    return nw.col(key_column(situation, object_))


def _filter(situation: Situation, object_: Object, system: System) -> nw.Expr:
    return filter_expression(
        situation.sync(object_).filter_of(system),
        system=system,
        object_=object_,
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available=situation.columns(object_, system),
        taken_at=situation.taken_at,
    )


def _kept_out(situation: Situation, object_: Object, system: System) -> nw.Expr:
    if system is System.HUBSPOT or situation.chosen("include_inactive") == "true":
        return nw.lit(value=False)
    return inactive(situation.columns(object_, system))
