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

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.conditions import Condition, all_of, as_expression, either, only_where, rows_where
from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.filters.expressions import FilteredTable, filter_expression
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import LIFECYCLE_STAGES
from dynsync_lib.core.situation import (
    LAST,
    Situation,
    email_key,
    has_second_round,
    is_keyed_by_domain,
    is_routed,
    name_key,
    stack,
)
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.core.typed_values import no_text

_STAGE_FIELD: Final = {System.HUBSPOT: "dealstage", System.DYNAMICS: "statuscode"}


class Barrier(IntEnum):
    """What keeps a record from passing; the first that applies."""

    NONE = 0
    ROUTE = 1
    FILTER = 2
    INACTIVE = 3
    STAGE = 4


def prepare_side(job: Job, system: System) -> Frame:
    """One row per record: id, rank (int), key (null when none), domain, barrier (a `Barrier`), and the flags passes and
    unaddressed.

    `unaddressed`: a person without an e-mail address where nothing is matched (Q31). `domain` is null unless companies
    have a second round by domain.
    """
    name = ("side", job.object.value, system.value)
    return job.situation.remember(name, lambda: _prepare(job, system))


def _prepare(job: Job, system: System) -> Frame:
    records = ranked(job.situation, job.table(system))
    domain = nw.col("domain_key") if job.object is Object.COMPANY else no_text()
    side = records.select(
        *job.by,
        "id",
        "rank",
        key=key_of(job, system),
        domain=only_where(all_of(job.object is Object.COMPANY, has_second_round(job.situation)), domain),
        barrier=barrier_of(job, system),
        unaddressed=_is_unaddressed(job),
    ).with_columns(passes=nw.col("barrier") == Barrier.NONE.value)
    return job.keep(side, f"{system}_{job.object}_side")


def _is_unaddressed(job: Job) -> nw.Expr:
    is_asked = job.is_about_persons and job.sync.match_mode == "none"
    return nw.col("email_key").is_null() if is_asked else nw.lit(value=False)


def ranked(situation: Situation, table: RecordTable) -> Frame:
    """The records of a table with `rank` (int), their position in the order that `first_record_order` names; unique on
    a side. Where scenarios differ in it, the ranks of those that sort are computed once.
    """
    orders = situation.choices("first_record_order")
    records = situation.tables[table.name]
    if len(orders) == 1:
        return _in_order(situation, records, table, orders[0])
    ranks = situation.remember(("ranks", table.name), lambda: _ranks(situation, table, orders))
    if ranks is None:
        return records.with_columns(rank=nw.col("api_rank"))
    sorted_records = records.join(ranks, on=[*situation.by, "id"], how="left")
    return sorted_records.with_columns(rank=nw.coalesce("sorted_rank", "api_rank")).drop("sorted_rank")


def _ranks(situation: Situation, table: RecordTable, orders: Sequence[str]) -> Frame | None:
    """id, sorted_rank of the records of scenarios that sort them; None when none does."""
    parts = []
    for order in orders:
        chosen = rows_where(situation.tables[table.name], situation.chooses("first_record_order", order))
        if with_turn(situation, chosen, table, order) is not None:
            ordered = _in_order(situation, chosen, table, order)
            parts.append(ordered.select(*situation.by, "id", sorted_rank="rank"))
    return situation.keep(stack(parts), f"{table.name}_ranks") if parts else None


def _in_order(situation: Situation, records: Frame, table: RecordTable, order: str) -> Frame:
    sorted_by = with_turn(situation, records, table, order)
    if sorted_by is None:
        return records.with_columns(rank=nw.col("api_rank"))
    return nw.numbered(sorted_by, "rank", ["turn", "api_rank", "id"])


def with_turn(situation: Situation, records: Frame, table: RecordTable, order: str, name: str = "turn") -> Frame | None:
    """The records with what an order sorts by before `api_rank`, under that name; None when nothing is.

    A number, or text for `guid_sql`.
    """
    if order == "guid_sql" and table.system is System.DYNAMICS:
        return records.with_columns(nw.col("guid_sql_key").alias(name))
    if order == "file_order":
        return records.with_columns(nw.col("file_rank").fill_null(LAST).alias(name))
    column, _, way = order.rpartition("_")
    field = {"createdon": table.created_field, "modifiedon": table.modified_field}.get(column)
    if field is None or field not in records.collect_schema().names():
        return None
    sign = -1 if way == "desc" else 1
    is_trimmed = field in situation.trimmed.get(table.name, ())
    moments = records.with_columns(typed_values.trimmed(nw.col(field), already=is_trimmed).alias(name))
    return moments.with_columns((typed_values.moment_number(nw.col(name)) * sign).fill_null(LAST).alias(name))


def key_of(job: Job, system: System) -> nw.Expr:
    """A record's match key; null when it has none. Source: docs/semantics.md section 3."""
    if not job.has_keys:
        return no_text()
    sync = job.sync
    if sync.match_mode == "own_field":
        return own_key(job, system)
    if job.is_about_persons:
        return email_key(job.situation)
    return either(is_keyed_by_domain(job.situation), nw.col("domain_key"), name_key(job.situation))


def own_key(job: Job, system: System) -> nw.Expr:
    """The value of the field by which the settings match records; null where it was not delivered (2.3)."""
    field, delivered = job.sync.match_field(system) or "", job.columns(system)
    name = next((name for name in (field, f"_{field}_value") if name in delivered), None)
    return job.text(system, name) if name is not None else no_text()


# --- What a record must pass -------------------------------------------------------------------------------------


def barrier_of(job: Job, system: System) -> nw.Expr:
    """What keeps a record from passing, as the number of a `Barrier`."""
    tests = [(test, barrier) for test, barrier in barriers_of(job, system) if test is not False]
    nothing = nw.lit(Barrier.NONE.value)
    if not tests:
        return nothing
    numbers = (nw.when(as_expression(test)).then(nw.lit(barrier.value)) for test, barrier in tests)
    return nw.coalesce(*numbers, nothing)


def barriers_of(job: Job, system: System) -> list[tuple[Condition, Barrier]]:
    """All that may keep a record of one side from passing, in the order in which it is asked: the test, and what it is.

    True is who stays out; never null.
    """
    barriers: list[tuple[Condition, Barrier]] = []
    is_ours = belongs(job, system)
    if is_ours is not None:
        barriers.append((~is_ours, Barrier.ROUTE))
    if job.sync.filter_of(system):
        barriers.append((~passes(job, system, job.sync.filter_of(system)), Barrier.FILTER))
    if system is System.DYNAMICS:
        stays_out = all_of(job.chooses("include_inactive", "false"), job.inactive())
        barriers.append((stays_out, Barrier.INACTIVE))
    if job.object is Object.DEAL:
        barriers.append((~_has_stage(job.situation, system), Barrier.STAGE))
    return barriers


def belongs(job: Job, system: System) -> nw.Expr | None:
    """Whether a HubSpot contact belongs to this sync of contacts or leads; None when the route is not asked (4.6)."""
    if system is not System.HUBSPOT or not job.is_about_persons or not is_routed(job.situation):
        return None
    if "lifecyclestage" not in job.columns(system):
        return nw.lit(value=job.object is Object.CONTACT)
    stages = job.sync.lifecycle_stages or LIFECYCLE_STAGES[job.object]
    return _is_one_of(job.text(system, "lifecyclestage"), stages)


def _is_one_of(text: nw.Expr, known: Collection[str]) -> nw.Expr:
    return text.is_in(list(known)).fill_null(value=False) if known else nw.lit(value=False)


def passes(job: Job, system: System, filter_: Filter | None) -> nw.Expr:
    """Whether a record of one side passes a filter; never null."""
    catalogue, rulebook = job.situation.catalogue, job.situation.rulebook
    columns, trimmed = job.columns(system), job.trimmed_columns(system)
    table = FilteredTable(system, job.object, catalogue, rulebook, columns, trimmed)
    return filter_expression(filter_, table, job.situation.taken_at)


def _has_stage(situation: Situation, system: System) -> nw.Expr:
    """Whether a deal's stage is paired with one of the other side. Source: rule deal.stage-unmapped."""
    field = _STAGE_FIELD[system]
    if field not in situation.columns(Object.DEAL, system):
        return nw.lit(value=False)
    stages = situation.sync(Object.DEAL).stages
    stage = situation.text(Object.DEAL, system, field)
    return _is_one_of(stage, list(stages) if system is System.HUBSPOT else list(stages.values()))
