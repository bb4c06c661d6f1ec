"""The first half of a chain: whether the record may travel, passes its filter, and what key it has beside whom.

Facts
    * Which way an object travels, its filters and its key are those of the settings, as `forecast.json` keeps them.
    * The values a filter looked at, and what a key is made of, are the snapshot's.

Source: rules record.direction, record.filter, lead.lifecycle-route, record.first-order, record.matching-mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.explain.evidence import Evidence, Row, Step
from dynsync_lib.core.filter_tree import Filter
from dynsync_lib.core.filters.expressions import FilteredTable, filter_expression
from dynsync_lib.core.filters.grammar import mask_filter, parse_filter
from dynsync_lib.core.keys import trim
from dynsync_lib.core.model import Direction, Object, Reason, System
from dynsync_lib.core.settings import LIFECYCLE_STAGES
from dynsync_lib.core.tables import KEY_SOURCE, objects_in, record_table

_PLURALS: Final = {
    Object.CONTACT: "contacts",
    Object.COMPANY: "companies",
    Object.LEAD: "leads",
    Object.DEAL: "deals",
    Object.INVOICE: "invoices",
}
_WAYS: Final = {
    Direction.TWO_WAY: "both ways",
    Direction.TO_HUBSPOT: "into HubSpot only",
    Direction.TO_DYNAMICS: "into Dynamics only",
}
_KEY_RULES: Final[Mapping[str, tuple[str, str]]] = {
    Object.CONTACT: ("contact.match-email", "e-mail address"),
    Object.LEAD: ("lead.match-email", "e-mail address"),
    Object.COMPANY: ("company.match-name", "name"),
}
_BY_DOMAIN: Final = ("company.match-domain", "domain")
_KEY_OF: Final = {"e-mail address": "email", "name": "name", "domain": "domain"}
_AS_DELIVERED: Final = "in the order in which the API delivers them"
_TURNS: Final[Mapping[str | None, str]] = {
    "file_order": "in the order of their file",
    "createdon_asc": "the first created first",
    "modifiedon_desc": "the last changed first",
    "modifiedon_asc": "the first changed first",
}
_KEYLESS_RULES: Final = {Object.DEAL: "deal.never-matched", Object.INVOICE: "invoice.to-hubspot"}


def syncs_of(evidence: Evidence, row: Row) -> dict[str, Mapping[str, Any]]:
    """The syncs that concern a record and are on, by object: a HubSpot contact is on the side of leads, too (1.7)."""
    objects = objects_in(record_table(Object(row["object"]), System(row["system"])))
    syncs = {object_.value: evidence.sync(object_.value) for object_ in objects}
    return {name: sync for name, sync in syncs.items() if sync is not None}


def is_source(sync: Mapping[str, Any], system: str) -> bool:
    """Whether records of a system travel in a sync."""
    return Direction(sync["direction"]).writes_to(System(system).other)


def scope_steps(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    """Whether the object is on, which way it goes, and what that means for this side."""
    del record
    syncs, system = syncs_of(evidence, row), System(row["system"])
    if not syncs:
        yield evidence.step("scope", f"The sync of {_PLURALS[Object(row['object'])]} is off.", "record.object-off")
    for name, sync in syncs.items():
        way = f"{_PLURALS[Object(name)].capitalize()} sync {_WAYS[Direction(sync['direction'])]}: "
        there = system.other.label
        yield evidence.step(
            "scope",
            f"{way}a {system.label} record may travel to {there}."
            if is_source(sync, system)
            else f"{way}a {system.label} record can be matched, and is never created in {there}.",
            "record.direction",
        )


def filter_steps(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    """The filter of this side, and the values of the record that decided."""
    system = System(row["system"])
    for name, sync in syncs_of(evidence, row).items():
        if not is_source(sync, system):
            continue
        key = "filter_to_dynamics" if system is System.HUBSPOT else "filter_to_hubspot"
        text = sync.get(key)
        what = f"{system.label} {_PLURALS[Object(name)]}"
        rule = "record.inactive-out" if row["rule_id"] == "record.inactive-out" else "record.filter"
        if text is None:
            yield evidence.step("filter", f"No filter: all {what} may enter.{_inactive(row)}", rule)
        else:
            verdict = _verdict(evidence, row, record, Filter(text, parse_filter(text)))
            shown = mask_filter(sync, key) if evidence.hides_people else text
            yield evidence.step("filter", f"Only {what} with {shown} may enter. {verdict}{_inactive(row)}", rule)


def _inactive(row: Row) -> str:
    is_out = row["rule_id"] == "record.inactive-out"
    return " It is inactive, and inactive rows are kept out." if is_out else ""


def _verdict(evidence: Evidence, row: Row, record: Row | None, filter_: Filter) -> str:
    if record is None or evidence.catalogue is None or evidence.taken_at is None:
        outcome = "It does not pass. " if row["reason"] == Reason.FILTER else ""
        return f"{outcome}The snapshot is not at hand, so the values that decided cannot be shown."
    values = (f"{name} is {_asked(evidence, row, record, name)}" for name in filter_.fields)
    passes = "passes" if _passes(evidence, row, filter_) else "does not pass"
    return f"Its {', '.join(values)}: it {passes}."


def _asked(evidence: Evidence, row: Row, record: Row, name: str) -> str:
    if name not in record and f"_{name}_value" not in record:
        return "not delivered"
    return evidence.value(row["object"], record.get(name, record.get(f"_{name}_value")))


def _passes(evidence: Evidence, row: Row, filter_: Filter) -> bool:
    system, object_ = System(row["system"]), Object(row["object"])
    frame = evidence.records[record_table(object_, system).name]
    if evidence.catalogue is None or evidence.taken_at is None:
        return False
    columns = frame.collect_schema().names()
    table = FilteredTable(system, object_, evidence.catalogue, evidence.rulebook, columns)
    expression = filter_expression(filter_, table, evidence.taken_at)
    record = frame.filter(nw.col("id") == row["record_id"]).select(passes=expression)
    return bool(record.collect().rows()[0][0])


def route_steps(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    """To which sync a HubSpot contact's lifecycle stage gives it, where contacts and leads share them out."""
    syncs = syncs_of(evidence, row)
    if row["system"] != System.HUBSPOT or len(syncs) < 2:
        return
    if not all(is_source(sync, System.HUBSPOT) for sync in syncs.values()):
        return
    stages = _stages_of(syncs)
    shares = " and ".join(f"{_PLURALS[Object(name)]} take {', '.join(taken)}" for name, taken in stages.items())
    yield evidence.step(
        "route", f"Of the stages {shares}. {_route(evidence, record, row, stages)}", "lead.lifecycle-route"
    )


def _route(evidence: Evidence, record: Row | None, row: Row, stages: Mapping[str, Any]) -> str:
    if record is None:
        nowhere = row["reason"] == Reason.LIFECYCLE_ROUTE
        return "Its stage is in neither." if nowhere else "The snapshot is not at hand, so its stage cannot be shown."
    if "lifecyclestage" not in record:
        return "The stage was not delivered, so it belongs to the contacts."
    stage, belongs = _stage_of(record), _takes(record, stages)
    shown = evidence.value(row["object"], stage) if evidence.hides_people else stage
    says = f"Its stage is {shown}" if stage else "It has no stage"
    return f"{says}: it belongs to {'the ' + _PLURALS[Object(belongs)] if belongs else 'neither'}."


def _stage_of(record: Row) -> str:
    return trim(record["lifecyclestage"] or "")


def _takes(record: Row, stages: Mapping[str, Any]) -> str | None:
    return next((name for name, taken in stages.items() if _stage_of(record) in taken), None)


def sync_that_creates(evidence: Evidence, row: Row, record: Row) -> str | None:
    """The object as which the other system would get a new record; None when it would get none (4.6)."""
    syncs = {name: sync for name, sync in syncs_of(evidence, row).items() if is_source(sync, row["system"])}
    if len(syncs) < 2 or "lifecyclestage" not in record:
        return next(iter(syncs), None)
    return _takes(record, _stages_of(syncs))


def _stages_of(syncs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: sync.get("lifecycle_stages") or LIFECYCLE_STAGES[Object(name)] for name, sync in syncs.items()}


def key_steps(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    """The match key, and what it was made of; additional addresses beside it."""
    sync = _deciding_sync(evidence, row, record)
    if sync is None:
        return
    mode = sync.get("match_mode", "default")
    if mode == "own_field":
        yield evidence.step("key", _own_key(evidence, row, sync), "record.own-key")
    elif mode == "none":
        yield evidence.step("key", "Nothing is matched: the settings say so.", "record.matching-mode")
    elif row["object"] in _KEYLESS_RULES:
        rule = _KEYLESS_RULES[Object(row["object"])]
        yield evidence.step("key", f"{_PLURALS[Object(row['object'])].capitalize()} have no match key.", rule)
    else:
        rule, what = _BY_DOMAIN if _is_by_domain(evidence, row, record) else _KEY_RULES[row["object"]]
        yield evidence.step("key", _default_key(evidence, row, record, what), rule)
        yield from _additional(evidence, row, record)


def _deciding_sync(evidence: Evidence, row: Row, record: Row | None) -> Mapping[str, Any] | None:
    """The sync whose key counts: that of its counterpart, else that to which it belongs; None when all are off."""
    syncs = syncs_of(evidence, row)
    if len(syncs) < 2:
        return next(iter(syncs.values()), None)
    there = {"system": System(row["system"]).other.value, "record_id": row["counterpart_id"] or ""}
    paired = next((name for name in syncs if evidence.rows("outcomes", object=name, **there)), None)
    belongs = sync_that_creates(evidence, row, record) if record is not None else None
    return syncs[paired or belongs or next(iter(syncs))]


def _own_key(evidence: Evidence, row: Row, sync: Mapping[str, Any]) -> str:
    field = sync.get(f"match_{row['system']}")
    key = evidence.key(row, row["match_key"])
    return f"Its match key is its own field {field}: {key}." if key else f"Its own key field {field} is empty."


def _is_by_domain(evidence: Evidence, row: Row, record: Row | None) -> bool:
    """Whether a company is matched by its domain: where that is the key, or where its domain found its partner."""
    if row["object"] != Object.COMPANY or not (evidence.sync(Object.COMPANY) or {}).get("default_mappings", True):
        return False
    choice = evidence.choice("company_keys")
    if choice != "name_or_domain":
        return choice == "domain"
    domain = (record or {}).get("domain_key")
    return row["rule_id"] == "company.match-domain" or (domain is not None and row["match_key"] == domain)


def _default_key(evidence: Evidence, row: Row, record: Row | None, what: str) -> str:
    key = evidence.key(row, row["match_key"])
    if key is None:
        return f"It has no {what}, so it has no match key."
    source = KEY_SOURCE[record_table(Object(row["object"]), System(row["system"])).name]
    field = source[_KEY_OF[what]]
    if record is None or record.get(field) is None:
        return f"Its match key, made of its {what}, is {key}."
    return f"Its match key is {key}, made of {field} {evidence.value(row['object'], record[field])}."


def _additional(evidence: Evidence, row: Row, record: Row | None) -> Iterator[Step]:
    keys = (record or {}).get("secondary_email_keys")
    if keys is not None and len(keys):
        addresses = ", ".join(str(evidence.key(row, address)) for address in keys)
        yield evidence.step("key", f"Its additional addresses are {addresses}.", "contact.match-secondary")


def rival_steps(evidence: Evidence, row: Row) -> Iterator[Step]:
    """Who else has the key on the same side, in which order, and whose it is."""
    if row["match_key"] is None:
        return
    same = evidence.rows("collisions", system=row["system"], object=row["object"], match_key=row["match_key"])
    if not same:
        return
    placed = sorted(same, key=lambda rival: int(rival["position"]))
    order = ", ".join(rival["record_id"] for rival in placed)
    owner = next((rival["record_id"] for rival in placed if rival["is_winner"]), None)
    mine = next((rival["position"] for rival in placed if rival["record_id"] == row["record_id"]), None)
    system = System(row["system"])
    turn = _say_turn(system, evidence.choice("first_record_order"))
    says = f"{len(same)} {system.label} records share it, {turn}: {order}."
    says += f" This one is number {mine}." if mine else ""
    yield evidence.step("rivals", f"{says} It belongs to {owner}." if owner else says, "record.first-order")


def _say_turn(system: System, choice: str | None) -> str:
    """In which order a system's records are taken under a choice of `first_record_order`."""
    is_of_guids = choice == "guid_sql" and system is System.DYNAMICS
    return "in SQL Server's order of their ids" if is_of_guids else _TURNS.get(choice, _AS_DELIVERED)
