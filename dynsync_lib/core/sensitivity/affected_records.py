"""Which records a scenario can move at all: only their components are decided again.

Facts
    * One table of components, one row each, answers for all knobs about records: a switch about filters asks for a
      record that fails, one about spelling for two spellings, one about the order for two records of one side, which
      that order puts otherwise.
    * A scenario about fields can move a pair of which a write lands or is refused otherwise, and a new record that is
      refused otherwise (`core.sensitivity.field_scenarios`).
    * What is named here may be more than what moves, never less: the law of sensitivity asks the witness.

Source: rules/assumptions.toml; docs/semantics.md, where each knob stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import Condition, all_of, any_of, as_expression
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.lines import Line
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.sensitivity.components import LINKED, find_components, side_name
from dynsync_lib.core.sensitivity.field_scenarios import FieldDifferences
from dynsync_lib.core.sensitivity.reordered_components import reordered_components
from dynsync_lib.core.sensitivity.scenarios import Scenario
from dynsync_lib.core.situation import SCENARIO, Situation, may_match_by_domain, stack
from dynsync_lib.core.sync.initial_sync import Decision
from dynsync_lib.core.tables import record_table

_SEVERAL: Final = "several_on_a_side"
"""The test of components in which the order of first records can matter."""
_SECOND_ROUND: Final = "second_round"
"""The test of components that a second round by domain can move."""


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
    differences: Mapping[Object, FieldDifferences],
) -> Affected | None:
    """Every record of a family that is to be decided again, and under which scenarios; None when there is none.

    `differences` is what scenarios about fields change, per object that is on.
    Computes the table of components once, and counts it.
    """
    on = [object_ for object_ in family if object_ in decision.works]
    members = find_components(situation, family)
    moving, parts = _by_components(situation, on, scenarios, members)
    named = [
        *_by_fields(decision, on, differences),
        *_by_duplicate_rules(situation, decision, on, scenarios),
        *_by_pair_in_other_sync(decision, on, scenarios),
    ]
    if named:
        records = situation.keep(stack(named), f"{family[0]}_named")
        numbers = set(records.select(SCENARIO).unique().collect().get_column(SCENARIO).to_list())
        moving += [scenario for scenario in scenarios if scenario.number in numbers]
        components = records.join(members.select("side", "id", "component"), on=["side", "id"])
        parts += [components.select(SCENARIO, "component").unique()] if numbers else []
    if not moving:
        return None
    affected = stack(parts).join(members.select("component", "side", "id"), on="component")
    return Affected(moving, situation.keep(affected.select(SCENARIO, "side", "id"), f"{family[0]}_affected"))


# --- Knobs about records -----------------------------------------------------------------------------------------


def _by_components(
    situation: Situation, objects: Sequence[Object], scenarios: Sequence[Scenario], members: Frame
) -> tuple[list[Scenario], list[Frame]]:
    """The scenarios about records that can move a component, and scenario, component of those that each can move."""
    tests = _tests(situation, objects)
    asked = [(scenario, name) for scenario in scenarios if (name := _test_of(situation, scenario)) in tests]
    names = sorted({name for _, name in asked})
    if not names:
        return [], []
    components = _summarized(objects, members).select("component", **{name: tests[name] for name in names})
    components = components.filter(nw.any_horizontal(*names, ignore_nulls=False))
    components = situation.keep(components, f"{objects[0]}_touched_components")
    moving, parts = _flagged(components, [(scenario, name) for scenario, name in asked if name != _SEVERAL])
    sorting = [scenario for scenario, name in asked if name == _SEVERAL]
    if not sorting:
        return moving, parts
    several = members.join(components.filter(_SEVERAL).select("component"), on="component", how="semi")
    sorted_moving, sorted_parts = _by_order(situation, objects, sorting, several)
    return moving + sorted_moving, parts + sorted_parts


def _by_order(
    situation: Situation, objects: Sequence[Object], sorting: Sequence[Scenario], several: Frame
) -> tuple[list[Scenario], list[Frame]]:
    """The scenarios about the order that can move a component, and scenario, component of those that each can move.

    `several` are the members of components with two records on a side.
    """
    orders = {f"order_{scenario.number}": scenario.choice for scenario in sorting}
    reordered = situation.keep(reordered_components(situation, objects, orders, several), f"{objects[0]}_reordered")
    return _flagged(reordered, list(zip(sorting, orders, strict=True)))


def _test_of(situation: Situation, scenario: Scenario) -> str:
    """The name of the test that says which components a scenario can move: the knob's, but for two choices."""
    if scenario.knob == "first_record_order":
        return _SEVERAL
    if scenario.knob == "company_keys" and "domain" not in (scenario.choice, situation.chosen("company_keys")):
        return _SECOND_ROUND
    return scenario.knob


def _flagged(components: Frame, flags: Sequence[tuple[Scenario, str]]) -> tuple[list[Scenario], list[Frame]]:
    """The scenarios whose flag a component has, and scenario, component of those that have it."""
    if not flags:
        return [], []
    counts = components.select(**{name: nw.col(name).cast(nw.Int64).sum() for _, name in flags}).collect()
    moving = [(scenario, name) for scenario, name in flags if counts.get_column(name).item()]
    return [scenario for scenario, _ in moving], [
        components.filter(nw.col(name)).select(nw.lit(scenario.number).alias(SCENARIO), "component")
        for scenario, name in moving
    ]


def _summarized(objects: Sequence[Object], members: Frame) -> Frame:
    """One row per component: how many records of each side, spelt otherwise than the key, and with each flag; of
    companies the first and the last spelling, and how many share a domain, too.
    """
    counts = {side: (nw.col("side") == side).cast(nw.Int64).sum() for side in _sides(objects)}
    flags = ("fails", "lacks_key", "is_inactive", "is_bound")
    sums = {name: nw.col(name).cast(nw.Int64).sum() for name in flags}
    of_companies = {  # not asked of persons: the least of texts costs as much as all the counts
        "first_spelling": nw.col("spelling").min(),
        "last_spelling": nw.col("spelling").max(),
        "shares_domain": nw.col("shares_domain").cast(nw.Int64).sum(),
    }
    asked = of_companies if Object.COMPANY in objects else {}
    spelt = nw.col("spelling").count()
    return members.group_by("component").agg(**counts, **sums, **asked, spelt=spelt, records=nw.len())


def _sides(objects: Sequence[Object]) -> list[str]:
    return [side_name(object_, system) for object_ in objects for system in System]


def _tests(situation: Situation, objects: Sequence[Object]) -> dict[str, nw.Expr]:
    """For each knob about records that this family can turn on: whether it can move a component."""
    several = nw.any_horizontal(*(nw.col(side) > 1 for side in _sides(objects)), ignore_nulls=False)
    fails, lacks_key = nw.col("fails") > 0, nw.col("lacks_key") > 0
    meets, is_linked = nw.col("records") > 1, nw.col("component") == LINKED
    has_rival = any_of(several, lacks_key, is_linked, _overlaps(objects), _both_must_pass(situation, meets))
    overlaps, own_key = _overlaps(objects), _is_matched_by(situation, objects, "own_field")
    tests = {
        _SEVERAL: several,
        "filter_semantics": (nw.col("is_bound") > 0) & fails,
        "filter_scope": fails & meets,
        "filter_stage": fails & as_expression(has_rival),
        "include_inactive": nw.col("is_inactive") > 0,
        "lead_contact_overlap": overlaps,
    }
    if any(object_ in PERSONS for object_ in objects):
        tests |= {"secondary_email": is_linked, "email_norm": meets & (nw.col("spelt") > 0)}
    if Object.COMPANY in objects and _is_matched_by(situation, objects, "default"):
        tests |= {"name_norm": _is_spelt_in_two_ways(), "company_dup": several}
        shares_domain = nw.col("shares_domain") > 0
        tests |= _company_keys(situation, any_of(several, is_linked, shares_domain, _is_spelt_in_two_ways()))
    if _is_matched_by(situation, [object_ for object_ in objects if object_ in PERSONS], "none"):
        tests |= {"no_email_unmatched": lacks_key}
    if Object.COMPANY in objects or own_key:
        tests |= {"no_key": lacks_key}
    return tests


def _both_must_pass(situation: Situation, meets: nw.Expr) -> Condition:
    """Whether records meet of which both must pass."""
    return all_of(situation.chooses("filter_scope", "both"), meets)


def _is_matched_by(situation: Situation, objects: Sequence[Object], match_mode: str) -> bool:
    return any(situation.sync(object_).match_mode == match_mode for object_ in objects)


def _overlaps(objects: Sequence[Object]) -> nw.Expr:
    """Whether a component has leads and contacts of Dynamics."""
    if not set(PERSONS) <= set(objects):
        return nw.col("records") < 0  # a plain literal would have no length of its own
    contact, lead = (side_name(person, System.DYNAMICS) for person in PERSONS)
    return (nw.col(contact) > 0) & (nw.col(lead) > 0)


def _is_spelt_in_two_ways() -> nw.Expr:
    """Whether a component's addresses or names are spelt in more than one way; `spelling` is null for the plain one."""
    some_plain = (nw.col("spelt") > 0) & (nw.col("spelt") < nw.col("records"))
    return some_plain | (nw.col("first_spelling") != nw.col("last_spelling")).fill_null(value=False)


def _company_keys(situation: Situation, may_meet_by_domain: Condition) -> dict[str, nw.Expr]:
    """The domain as the only key can move every company; a second round by domain only those that share a name and
    spell it otherwise, are several with it on a side, or share a domain.
    """
    if not may_match_by_domain(situation):
        return {}
    return {"company_keys": nw.col("records") > 0, _SECOND_ROUND: as_expression(may_meet_by_domain)}


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


def _by_duplicate_rules(
    situation: Situation, decision: Decision, objects: Sequence[Object], scenarios: Sequence[Scenario]
) -> list[Frame]:
    """scenario, side, id of persons that are new to Dynamics, though a record there has their address."""
    numbers = [scenario.number for scenario in scenarios if scenario.knob == "dv_dup_rules"]
    parts = []
    for object_ in [object_ for object_ in objects if object_ in PERSONS and numbers]:
        hubspot, dynamics = (situation.tables[record_table(object_, system).name] for system in System)
        creates = _creates(decision, object_, System.HUBSPOT)
        addresses = hubspot.select("id", "email_key").filter(~nw.col("email_key").is_null())
        held = addresses.join(creates, on="id", how="semi").join(
            dynamics.select("email_key"), on="email_key", how="semi"
        )
        side = nw.lit(side_name(object_, System.HUBSPOT))
        parts += [held.select(nw.lit(number).alias(SCENARIO), side=side, id="id") for number in numbers]
    return parts


def _by_pair_in_other_sync(decision: Decision, objects: Sequence[Object], scenarios: Sequence[Scenario]) -> list[Frame]:
    """scenario, side, id of HubSpot contacts that have a pair in one sync and come to be created in the other."""
    numbers = [scenario.number for scenario in scenarios if scenario.knob == "pair_in_other_sync"]
    if not numbers or not set(PERSONS) <= set(objects):
        return []
    has_pair = nw.col("line").is_in([Line.PAIRED.value, Line.FENCED.value])
    parts = []
    for person, other in (PERSONS, PERSONS[::-1]):
        paired = decision.decided[person].records[System.HUBSPOT].filter(has_pair).select("id")
        beside = _creates(decision, other, System.HUBSPOT).join(paired, on="id", how="semi")
        side = nw.lit(side_name(person, System.HUBSPOT))
        parts += [beside.select(nw.lit(number).alias(SCENARIO), side=side, id="id") for number in numbers]
    return parts


def _creates(decision: Decision, object_: Object, system: System) -> Frame:
    """id of the records that come to be created, refused or not."""
    records = decision.decided[object_].records[system]
    return records.filter(nw.col("line") == Line.CREATE.value).select("id")
