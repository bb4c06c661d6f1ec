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

from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.filters.expressions import filter_expression
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import LIFECYCLE_STAGES
from dynsync_lib.core.situation import (
    LAST,
    PERSONS,
    Frame,
    Situation,
    email_column,
    has_keys,
    has_second_round,
    inactive,
    is_keyed_by_domain,
    is_routed,
    name_column,
)
from dynsync_lib.core.tables import RecordTable, record_table

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
    return (typed_values.moment_number(typed_values.trimmed(nw.col(field))) * sign).fill_null(LAST)


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
