"""The lifecycle stage: forward only, and a default one."""

from __future__ import annotations

from typing import Any

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Direction, Object, System
from tests.core.field_pairs import Portals, options, sync

H, D, CONTACT = System.HUBSPOT, System.DYNAMICS, Object.CONTACT
STAGES = options("subscriber=Subscriber", "lead=Lead", "customer=Customer")
STAGE = Field(H, CONTACT, "lifecyclestage", "Lifecycle Stage", "enumeration", "radio", STAGES)
CODE = Field(D, CONTACT, "stage", "Stage", "Picklist", options=options("1=Subscriber", "2=Lead", "3=Customer"))
PAIR = ("h1", "d1")


def staged(stage: str | None, code: str | None = None, **assumptions: str) -> Portals:
    return Portals(
        [STAGE, CODE],
        sync("lifecyclestage <-> stage"),
        hubspot=[{"id": "h1", "lifecyclestage": stage, "lastmodifieddate": "2026-02-01"}],
        dynamics=[{"id": "d1", "stage": code, "modifiedon": "2026-01-01"}],
        assumptions=assumptions,
    )


def defaulted(stage: str | None, **settings: Any) -> Portals:
    portals = staged(stage)
    portals.sync = sync(default_lifecycle_stage="lead", **settings)
    return portals


def test_stage_does_not_go_backward() -> None:
    told = ["overwrite hubspot lifecyclestage: 'customer' to 'lead' [lifecycle_ignored]"]
    assert staged("customer", "2").changes(PAIR) == told


def test_stage_goes_backward_when_the_assumption_says_so() -> None:
    told = ["overwrite hubspot lifecyclestage: 'customer' to 'lead' [stale_winner]"]
    assert staged("customer", "2", lifecycle_backward="applied").changes(PAIR) == told


def test_stage_goes_forward_and_replaces_what_is_no_option() -> None:
    assert staged("lead", "3").changes(PAIR) == [
        "overwrite hubspot lifecyclestage: 'lead' to 'customer' [stale_winner]"
    ]
    assert staged("old", "1").changes(PAIR) == [
        "overwrite hubspot lifecyclestage: 'old' to 'subscriber' [stale_winner]"
    ]


def test_default_stage_fills_and_promotes_and_leaves_the_rest() -> None:
    assert defaulted(" ").changes(PAIR) == ["fill hubspot lifecyclestage: 'lead'"]
    promoted = ["overwrite hubspot lifecyclestage: 'subscriber' to 'lead' [stale_winner]"]
    assert defaulted("subscriber").changes(PAIR) == promoted
    assert defaulted("lead").changes(PAIR) == []
    assert defaulted("customer").changes(PAIR) == []
    assert defaulted("old").changes(PAIR) == []


def test_default_stage_needs_a_sync_into_hubspot() -> None:
    assert defaulted(None, direction=Direction.TO_DYNAMICS).changes(PAIR) == []


def test_default_stage_stands_behind_a_mapping_into_the_stage() -> None:
    portals = staged(None, None)
    portals.sync = sync("lifecyclestage <- stage", default_lifecycle_stage="lead")
    assert portals.changes(PAIR) == []
    portals.sync = sync("lifecyclestage -> stage", default_lifecycle_stage="lead")
    assert portals.changes(PAIR) == ["fill hubspot lifecyclestage: 'lead'"]


def test_saving_again_fills_and_overwrites_nothing_on_bound_pairs() -> None:
    again = {"resave_reconcile": "false"}
    assert staged("lead", "3", **again).changes(bound=[PAIR]) == []
    assert staged(None, "3", **again).changes(bound=[PAIR]) == ["fill hubspot lifecyclestage: 'customer'"]
    assert len(staged("lead", "3", **again).changes(PAIR)) == 1
    assert len(staged("lead", "3").changes(bound=[PAIR])) == 1
    promoted = defaulted("subscriber")
    promoted.assumptions = again
    assert promoted.changes(bound=[PAIR]) == []
