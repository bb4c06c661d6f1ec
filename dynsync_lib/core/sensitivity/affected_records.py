"""Which records a scenario can move at all: only their components are decided again.

Facts
    * One table of components, one row each, answers for all knobs about records: a switch about the order asks for two
      records of one side, one about filters for a record that fails, one about spelling for two spellings.
    * A scenario about fields can move a pair of which a write lands or is refused otherwise, and a new record that is
      refused otherwise (`core.sensitivity.field_scenarios`).
    * What is named here may be more than what moves, never less: the law of sensitivity asks the witness.

Source: rules/assumptions.toml; docs/semantics.md, where each knob stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.decision_table import Line
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.sensitivity.components import LINKED, side_name
from dynsync_lib.core.sensitivity.field_scenarios import FieldDifferences
from dynsync_lib.core.sensitivity.scenarios import Scenario
from dynsync_lib.core.situation import PERSONS, SCENARIO, Frame, Situation, stack
from dynsync_lib.core.sync.initial_sync import Decision

_SIDES: Final = tuple(side_name(object_, system) for object_ in Object for system in System)


@dataclass(frozen=True, slots=True)
class Affected:
    """`records`, one row per scenario and record of a sync: scenario, side, id. `scenarios` are those that occur."""

    scenarios: Sequence[Scenario]
    records: Frame


def affected_records(
    situation: Situation,
    family: Sequence[Object],
    scenarios: Sequence[Scenario],
    *,
    decision: Decision,
    members: Frame,
    differences: Mapping[Object, FieldDifferences],
) -> Affected | None:
    """Every record of a family that is to be decided again, and under which scenarios; None when there is none.

    `members` is what `find_components` gives, `differences` what scenarios about fields change, per object that is on.
    Computes the table of components once, and counts it.
    """
    on = [object_ for object_ in family if object_ in decision.decided]
    parts = _by_components(situation, on, scenarios, members)
    named = [*_by_fields(decision, on, differences), *_by_duplicate_rules(decision, on, scenarios)]
    if named:
        records = situation.keep(stack(named), f"{family[0]}_named")
        components = members.select("side", "id", "component")
        parts.append(records.join(components, on=["side", "id"]).select(SCENARIO, "component"))
    if not parts:
        return None
    affected = situation.keep(stack(parts).unique(), f"{family[0]}_affected_components")
    records = affected.join(members.select("component", "side", "id"), on="component")
    records = situation.keep(records.select(SCENARIO, "side", "id"), f"{family[0]}_affected")
    numbers = set(records.select(SCENARIO).unique().collect().get_column(SCENARIO).to_list())
    moving = [scenario for scenario in scenarios if scenario.number in numbers]
    return Affected(moving, records) if moving else None


# --- Knobs about records -----------------------------------------------------------------------------------------


def _by_components(
    situation: Situation, objects: Sequence[Object], scenarios: Sequence[Scenario], members: Frame
) -> list[Frame]:
    """scenario, component of the components that each scenario about records can move."""
    tests = _tests(situation, objects)
    asked = [scenario for scenario in scenarios if scenario.knob in tests]
    knobs = sorted({scenario.knob for scenario in asked})
    if not knobs:
        return []
    components = _summarized(members).select("component", **{knob: tests[knob] for knob in knobs})
    components = components.filter(nw.any_horizontal(*knobs, ignore_nulls=False))
    components = situation.keep(components, f"{objects[0]}_touched_components")
    counts = components.select(**{knob: nw.col(knob).cast(nw.Int64).sum() for knob in knobs}).collect()
    counted = {knob: counts.get_column(knob).item() for knob in knobs}
    return [
        components.filter(nw.col(scenario.knob)).select(nw.lit(scenario.number).alias(SCENARIO), "component")
        for scenario in asked
        if counted[scenario.knob]
    ]


def _summarized(members: Frame) -> Frame:
    """One row per component: how many records of each side, spellings, and records with each flag."""
    counts = {side: (nw.col("side") == side).cast(nw.Int64).sum() for side in _SIDES}
    flags = ("fails", "lacks_key", "is_inactive", "is_bound")
    sums = {name: nw.col(name).cast(nw.Int64).sum() for name in flags}
    spellings = {"first_spelling": nw.col("spelling").min(), "last_spelling": nw.col("spelling").max()}
    return members.group_by("component").agg(**counts, **sums, **spellings, records=nw.len())


def _tests(situation: Situation, objects: Sequence[Object]) -> dict[str, nw.Expr]:
    """For each knob about records that this family can turn on: whether it can move a component."""
    sides = [side_name(object_, system) for object_ in objects for system in System]
    several = nw.any_horizontal(*(nw.col(side) > 1 for side in sides), ignore_nulls=False)
    fails, spelt = nw.col("fails") > 0, nw.col("first_spelling") != nw.col("last_spelling")
    meets, is_linked = nw.col("records") > 1, nw.col("component") == LINKED
    tests = {
        "first_record_order": several,
        "no_key": nw.col("lacks_key") > 0,
        "filter_semantics": (nw.col("is_bound") > 0) & fails,
        "filter_scope": fails & meets,
        "filter_stage": fails & (meets | (nw.col("lacks_key") > 0)),
        "include_inactive": nw.col("is_inactive") > 0,
    }
    is_by_default = any(situation.sync(object_).match_mode == "default" for object_ in objects)
    if any(object_ in PERSONS for object_ in objects):
        tests |= {"secondary_email": is_linked}
        if is_by_default:
            tests |= {"email_norm": spelt.fill_null(value=False)}
    if set(PERSONS) <= set(objects):
        contact, lead = (side_name(person, System.DYNAMICS) for person in PERSONS)
        tests |= {"lead_contact_overlap": (nw.col(contact) > 0) & (nw.col(lead) > 0)}
    if Object.COMPANY in objects and is_by_default:
        tests |= {"name_norm": spelt.fill_null(value=False), "company_dup": several, **_company_keys(situation)}
    return tests


def _company_keys(situation: Situation) -> dict[str, nw.Expr]:
    """Another key can move every company, and one without it most of all; a domain needs the default mappings."""
    is_asked = situation.sync(Object.COMPANY).default_mappings
    return {"company_keys": nw.col("records") > 0} if is_asked else {}


# --- Records that are named one by one -----------------------------------------------------------------------------


def _by_fields(
    decision: Decision, objects: Sequence[Object], differences: Mapping[Object, FieldDifferences]
) -> list[Frame]:
    """scenario, side, id of pairs and new records that scenarios about fields can move."""
    parts = []
    for object_ in objects:
        differing = differences[object_]
        if differing.written is not None:
            side = nw.lit(side_name(object_, System.HUBSPOT))
            parts.append(differing.written.select(SCENARIO, side=side, id="hubspot_id"))
        for system, refusals in differing.refusals.items():
            creates = _creates(decision, object_, system)
            refused = refusals.join(creates, on="id", how="semi")
            parts.append(refused.select(SCENARIO, side=nw.lit(side_name(object_, system)), id="id"))
    return parts


def _by_duplicate_rules(decision: Decision, objects: Sequence[Object], scenarios: Sequence[Scenario]) -> list[Frame]:
    """scenario, side, id of persons that are new to Dynamics, whose duplicate rules may refuse them."""
    return [
        _creates(decision, object_, System.HUBSPOT).select(
            nw.lit(scenario.number).alias(SCENARIO), side=nw.lit(side_name(object_, System.HUBSPOT)), id="id"
        )
        for scenario in scenarios
        for object_ in objects
        if scenario.knob == "dv_dup_rules" and object_ in PERSONS
    ]


def _creates(decision: Decision, object_: Object, system: System) -> Frame:
    """id of the records that come to be created, refused or not."""
    told = decision.decided[object_].told[system]
    return told.filter(nw.col("line") == Line.CREATE.value).select("id")
