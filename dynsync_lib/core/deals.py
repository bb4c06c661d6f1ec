"""Deals and invoices: never matched, so each one in scope is created on the other side.

Facts
    * A deal syncs when its stage is paired: HubSpot's `dealstage` is a key of `[sync.deal.stages]`, the opportunity's
      `statuscode` one of its values (2.41). Deals are neither matched nor merged (2.40).
    * Invoices travel from Dynamics to HubSpot (2.45).

Not modelled
    * Pipelines; likely duplicates; what a deal's fields would look like (they are not validated).

Source: rules deal.never-matched, deal.stage-unmapped, invoice.to-hubspot; docs/semantics.md section 7.
"""

from __future__ import annotations

from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.model import Object, Outcome, Reason, System, record_table
from dynsync_lib.core.outcomes import outcome_rows
from dynsync_lib.core.sides import Frame, Situation, prepare_side

_STAGE_FIELD: Final = {System.HUBSPOT: "dealstage", System.DYNAMICS: "statuscode"}


def decide_deals(situation: Situation, system: System) -> Frame:
    """The outcomes of one side's deals, as rows of `core.outcomes.DECIDED`."""
    side = prepare_side(situation, Object.DEAL, system)
    if not situation.sync(Object.DEAL).is_source(system):
        return _rows(side, Object.DEAL, system, tests=[_DIRECTION], rule="deal.never-matched")
    stage = (~nw.col("paired"), Reason.STAGE_UNMAPPED, nw.lit("deal.stage-unmapped"))
    staged = _with_stage(situation, side, system)
    return _rows(staged, Object.DEAL, system, tests=[_FILTER, stage], rule="deal.never-matched")


def decide_invoices(situation: Situation, system: System) -> Frame:
    """The outcomes of one side's invoices, as rows of `core.outcomes.DECIDED`."""
    side = prepare_side(situation, Object.INVOICE, system)
    travels = system is System.DYNAMICS and situation.sync(Object.INVOICE).is_source(system)
    return _rows(side, Object.INVOICE, system, tests=[_FILTER if travels else _DIRECTION], rule="invoice.to-hubspot")


_Test = tuple[nw.Expr, Reason, nw.Expr]
_DIRECTION: Final[_Test] = (nw.lit(value=True), Reason.DIRECTION, nw.lit("record.direction"))
_FILTER: Final[_Test] = (
    ~nw.col("passes"),
    Reason.FILTER,
    nw.when(nw.col("passes_text")).then(nw.lit("record.inactive-out")).otherwise(nw.lit("record.filter")),
)


def _rows(side: Frame, object_: Object, system: System, *, tests: list[_Test], rule: str) -> Frame:
    """The first test that a record meets keeps it out; what is left is created."""
    reasons = nw.coalesce(*(nw.when(test).then(nw.lit(reason.value)) for test, reason, _ in tests))
    rules = nw.coalesce(*(nw.when(test).then(why) for test, _, why in tests), nw.lit(rule))
    outcome = nw.when(reasons.is_null()).then(nw.lit(Outcome.CREATE.value)).otherwise(nw.lit(Outcome.EXCLUDED.value))
    return outcome_rows(side, system, object_, outcome=outcome, reason=reasons, rule_id=rules)


def _with_stage(situation: Situation, side: Frame, system: System) -> Frame:
    """Adds `paired`: whether the record's stage is paired with one of the other side."""
    field = _STAGE_FIELD[system]
    if field not in situation.columns(Object.DEAL, system):
        return side.with_columns(paired=nw.lit(value=False))
    stages = situation.sync(Object.DEAL).stages
    known = list(stages) if system is System.HUBSPOT else list(stages.values())
    paired = values.trimmed(nw.col(field)).is_in(known).fill_null(value=False)
    return side.join(situation.tables[record_table(Object.DEAL, system).name].select("id", paired=paired), on="id")
