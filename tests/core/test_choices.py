"""Choices, one or several: how options are paired, compared and written."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System
from tests.core.field_pairs import Portals, options, sync

H, D, CONTACT = System.HUBSPOT, System.DYNAMICS, Object.CONTACT
TIER = Field(H, CONTACT, "tier", "Tier", "enumeration", "select", options("gold=Gold", "2=Silver", "trial=Trial"))
CODE = Field(D, CONTACT, "code", "Tier", "Picklist", options=options("1= gold ", "2=Bronze", "3=SILVER"))
TAGS = Field(H, CONTACT, "tags", "Tags", "enumeration", "checkbox", options("news=News", "web=Web", "fair=Fair"))
SET = Field(D, CONTACT, "interests", "Tags", "Virtual", "MultiSelectPicklistType", options("1=Web", "2=News", "9=Golf"))
PAIR = ("h1", "d1")


def tiers(tier: str | None, code: str | None, **settings: Any) -> Portals:
    own = settings.pop("options", None)
    return Portals(
        [TIER, CODE],
        sync("tier <-> code", options=own),
        hubspot=[{"id": "h1", "tier": tier}],
        dynamics=[{"id": "d1", "code": code}],
        assumptions={name: str(value) for name, value in settings.items()},
    )


def tags(hubspot: str | None, dynamics: str | None, multiselect: str = "true") -> Portals:
    return Portals(
        [TAGS, SET],
        sync("tags <-> interests"),
        hubspot=[{"id": "h1", "tags": hubspot}],
        dynamics=[{"id": "d1", "interests": dynamics}],
        assumptions={"multiselect": multiselect},
    )


def test_options_pair_by_label_without_case_and_outer_blanks() -> None:
    assert tiers("gold", "1").changes(PAIR) == []
    assert tiers("2", "1").changes(PAIR) == ["overwrite hubspot tier: '2' to 'gold'"]
    assert tiers("gold", None).changes(PAIR) == ["fill dynamics code: '1'"]


def test_option_without_a_partner_is_skipped() -> None:
    assert tiers("gold", "2").changes(PAIR) == ["overwrite hubspot tier: 'gold' to '2' [value_skipped]"]
    assert tiers("gold", "2").refusals(PAIR) == []


def test_option_without_a_partner_fails_when_the_assumption_says_so() -> None:
    failing = tiers("gold", "2", invalid_value="fail_options")
    assert failing.refusals(PAIR) == ["hubspot refuses: option (field.option-unpaired)"]
    assert failing.changes(PAIR) == []
    assert failing.refused_creates(H) == {}
    unpaired = tiers("trial", None, invalid_value="fail_options")
    assert unpaired.refused_creates(H) == {"h1": "option (field.option-unpaired)"}


def test_options_pair_by_value() -> None:
    assert tiers("2", "2", option_pairing="value").changes(PAIR) == []
    assert tiers("gold", None, option_pairing="value").changes(PAIR) == ["fill dynamics code: 'gold' [value_skipped]"]


@pytest.mark.parametrize("pairing", ["label_ci", "value", "explicit"])
def test_own_options_alone_decide(pairing: str) -> None:
    told = {"options": {"trial": "2"}, "option_pairing": pairing}
    assert tiers("trial", "2", **told).changes(PAIR) == []
    assert tiers("gold", None, **told).changes(PAIR) == ["fill dynamics code: 'gold' [value_skipped]"]


def test_explicit_pairing_without_own_options_pairs_nothing() -> None:
    assert tiers(None, "1", option_pairing="explicit").changes(PAIR) == ["fill hubspot tier: '1' [value_skipped]"]


def test_several_choices_do_not_flow_unless_asked() -> None:
    assert tags("news", None, multiselect="false").changes(PAIR) == []


@pytest.mark.parametrize(
    ("hubspot", "dynamics"),
    [
        ("news;web", "1,2"),
        (" news ; web;news", "2 ; 1"),
        ("web;;", ",1"),
        ("fair", "9"),
        ("web;fair", "9,1"),
    ],
)
def test_several_choices_are_equal_as_sets(hubspot: str, dynamics: str) -> None:
    assert tags(hubspot, dynamics).changes(PAIR) == []


def test_several_choices_are_written_in_the_targets_order() -> None:
    assert tags(None, "2, 9,1").changes(PAIR) == ["fill hubspot tags: 'news;web'"]
    assert tags("news;web;fair", None).changes(PAIR) == ["fill dynamics interests: '1,2'"]
    assert tags("web", "1,2").changes(PAIR) == ["overwrite hubspot tags: 'web' to 'news;web'"]


def test_several_choices_without_any_partner_are_skipped() -> None:
    assert tags("fair", None).changes(PAIR) == ["fill dynamics interests: 'fair' [value_skipped]"]
    assert tags("news", "9").changes(PAIR) == ["overwrite hubspot tags: 'news' to '9' [value_skipped]"]
