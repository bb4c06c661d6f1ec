"""Effects, findings and settings beside each other, from rows and texts written out here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib import kit
from dynsync_lib.core.comparison.effects import count_effects
from dynsync_lib.core.comparison.finding_changes import Found, compare_findings
from dynsync_lib.core.comparison.setting_differences import compare_settings
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.settings import ReportSettings, Settings
from dynsync_lib.core.settings_file.reader import parse_settings

NEVER = {"before": False, "after": False}


def settings_of(text: str) -> Settings:
    return parse_settings(text, file="dynsync.toml", rulebook=kit.rulebook())


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ("[sync.deal]", "", ["[sync.deal] enabled was true and is now false."]),
        (
            "[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'a'\ndynamics = 'b'",
            "[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'a'\ndynamics = 'c'\ndirection = 'to_hubspot'\n"
            "options = { y = '2', x = '1' }\n[[sync.contact.mapping]]\nhubspot = 'd'\ndynamics = 'e'",
            [
                "[[sync.contact.mapping]] a was mapped to b (two_way) and is now mapped to c (to_hubspot; options "
                "x = 1; y = 2).",
                "[[sync.contact.mapping]] d is now mapped to e (two_way).",
            ],
        ),
        (
            "[sync.contact]\ndefault_mappings = false\n[[sync.contact.mapping]]\nhubspot = 'a'\ndynamics = 'b'",
            "[sync.contact]\ndefault_mappings = false",
            ["[[sync.contact.mapping]] a is no longer mapped; it was mapped to b (two_way)."],
        ),
        (
            "[sync.deal.stages]\nwon = '3'",
            "[sync.deal.stages]\nwon = '4'\nnew = '1'",
            [
                "[sync.deal.stages] won was 3 and is now 4.",
                "[sync.deal.stages] new was not set and is now 1.",
            ],
        ),
        (
            "",
            "[assumptions]\nfilter_stage = 'after_claim'",
            [
                "The open question `filter_stage` was answered before_claim and is now after_claim: "
                + kit.rulebook().assumptions["filter_stage"].question
            ],
        ),
        (
            "[hubspot]\nmarketing_tier = 1000\n[rehearsal.hubspot]",
            "[hubspot]\nsync_as_marketing = true\n[files.columns]\nname = 'Firm'",
            [
                "[hubspot] marketing_tier was 1000 and is no longer set.",
                "[hubspot] sync_as_marketing was not set and is now true.",
                "[files.columns] name was not set and is now Firm.",
                "[rehearsal.hubspot] token_env was HUBSPOT_TEST_TOKEN and is no longer set.",
            ],
        ),
        (
            "[answers]\nplanned_merges = 0\nassociation_limits = true",
            "[answers]\nplanned_merges = 12\nother_connectors = 0",
            [
                "[answers] planned_merges was 0 and is now 12.",
                "[answers] other_connectors was not set and is now 0.",
                "[answers] association_limits was true and is no longer set.",
            ],
        ),
    ],
)
def test_settings__each_difference_is_a_sentence(before: str, after: str, sentences: list[str]) -> None:
    changes = compare_settings(settings_of(before), settings_of(after), kit.rulebook())
    assert [change.sentence for change in changes] == sentences


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[sync.contact]\nenabled = false\ndirection = 'to_hubspot'"),
        ("[sync.contact]\nfilter_to_hubspot = 'a = 1 and b = 2'", "[sync.contact]\nfilter_to_hubspot = 'a=1  and b=2'"),
        ("[sync.contact]", "# mine\n[sync.contact]\nconflict_winner = 'dynamics' # the default\n[assumptions]"),
    ],
)
def test_settings__that_mean_the_same_do_not_differ(before: str, after: str) -> None:
    assert compare_settings(settings_of(before), settings_of(after), kit.rulebook()) == []


@dataclass(frozen=True, slots=True)
class LaterSettings(Settings):
    """Settings of a kit with one more section."""

    invented: ReportSettings = field(default_factory=ReportSettings)


def test_settings__a_section_that_is_new_is_compared_as_well() -> None:
    fields = {name: getattr(settings_of(""), name) for name in Settings.__dataclass_fields__}
    before, after = LaterSettings(**fields), LaterSettings(**fields, invented=ReportSettings(agency="Company A"))
    (change,) = compare_settings(before, after, kit.rulebook())
    assert change.sentence == "[invented] agency was not set and is now Company A."
    assert change.affects == "invented"


def test_settings__say_what_a_key_is_for() -> None:
    after = (
        "[hubspot]\ntoken_env = 'OTHER'\nplan = 'free'\nauto_create_companies = 'on'\n[dynamics]\nwindows = 2\n"
        "[answers]\nplanned_merges = 1"
    )
    changes = compare_settings(settings_of(""), settings_of(after), kit.rulebook())
    assert {change.key: change.affects for change in changes} == {
        "token_env": "pull",
        "plan": "findings",
        "auto_create_companies": "sync",
        "windows": "pull",
        "planned_merges": "findings",
    }


# --- Findings ----------------------------------------------------------------------------------------------------


def check_of(id_: str) -> Check:
    return next(check for check in kit.rulebook().checks if (check.id, check.system) == (id_, "hubspot"))


def finding(id_: str, count: int | None) -> dict[str, Any]:
    """What a check of HubSpot's records says of so many."""
    check = check_of(id_)
    sentence = (check.not_checked or "") if count is None else check.sentence.format(count=count)
    return {
        "check_id": id_,
        "system": "hubspot",
        "object": check.object,
        "rule_id": check.rule_id,
        "severity": "not_checked" if count is None else "high",
        "count": count,
        "sentence": sentence,
    }


def test_findings__are_gone_new_more_fewer_or_not_checked() -> None:
    before = Found(
        [finding("G05", 3), finding("G06", 3), finding("G08", 3), finding("G21", 1), finding("G11", 4)],
        ["contact", "deal"],
    )
    after = Found([finding("G05", 2), finding("G06", 5), finding("G15", 2), finding("G11", 4)], ["contact"])
    checks = kit.rulebook().checks
    moves = {
        checks.index(check_of("G05")): (2, 1),
        checks.index(check_of("G21")): (1, 0),
        checks.index(check_of("G11")): (1, 1),
    }
    rows = compare_findings(before, after, checks, moves)
    assert {row["check_id"]: (row["state"], row["before"], row["after"], row["gone"], row["new"]) for row in rows} == {
        "G15": ("new", 0, 2, None, None),
        "G06": ("more", 3, 5, None, None),
        "G05": ("fewer", 3, 2, 2, 1),
        "G08": ("gone", 3, 0, None, None),
        "G11": ("others", 4, 4, 1, 1),
        "G21": ("not_checked", 1, None, None, None),  # deals are off after: nobody asked
    }


def test_findings__of_one_rule_are_told_apart_by_what_they_say() -> None:
    alike = Counter((check.id, check.system, check.object, check.rule_id) for check in kit.rulebook().checks)
    assert max(alike.values()) > 1
    found = Found([finding("G05", 3), {**finding("G05", 3), "sentence": "Something else."}], ["contact"])
    assert len(compare_findings(found, found, kit.rulebook().checks, {})) == 2


def test_findings__of_hubspots_contacts_are_asked_for_leads_too() -> None:
    (row,) = compare_findings(Found([finding("G05", 3)], ["contact"]), Found([], ["lead"]), kit.rulebook().checks, {})
    assert row["state"] == "gone"


# --- Effects -----------------------------------------------------------------------------------------------------


def outcome(before: str, after: str, count: int, *, is_same: bool = False) -> dict[str, Any]:
    return {
        "system": "dynamics",
        "object": "contact",
        "before": before,
        "after": after,
        "is_same": is_same,
        "count": count,
    }


def test_effects__are_additional_no_longer_or_otherwise() -> None:
    outcomes = [
        outcome("create", "create", 5, is_same=True),
        outcome("update", "create", 3),
        outcome("update", "link", 2),
        outcome("shadowed", "shadowed", 1),
    ]
    rows = count_effects(outcomes, [], [], marketing={"before": False, "after": True})
    assert [tuple(row.values()) for row in rows] == [
        ("created", "hubspot", "contact", 5, 8, 3, 0, 0),
        ("made_marketing", "hubspot", "contact", 0, 8, 8, 0, 0),
        ("matched", "dynamics", "contact", 5, 2, 0, 3, 2),
        ("shadowed", "dynamics", "contact", 1, 1, 0, 0, 1),
    ]


def _of_marketing(marketing: dict[str, bool | None], *outcomes: dict[str, Any]) -> list[Any]:
    rows = count_effects(outcomes, [], [], marketing=marketing)
    return [tuple(row.values())[3:] for row in rows if row["effect"] == "made_marketing"]


def test_effects__of_a_switch_that_nobody_answered_are_not_known() -> None:
    stays, comes = outcome("create", "create", 5, is_same=True), outcome("update", "create", 3)
    assert _of_marketing({"before": False, "after": None}, stays, comes) == [(0, None, None, None, None)]
    assert _of_marketing({"before": None, "after": True}, stays, comes) == [(None, 8, None, None, None)]
    assert _of_marketing({"before": None, "after": None}, stays, comes) == [(None, None, None, None, None)]
    assert _of_marketing({"before": None, "after": None}, stays) == [(None, None, 0, 0, 0)]
    assert _of_marketing({"before": None, "after": False}, comes) == []


def test_effects__of_values_kept_back_are_none() -> None:
    change = {"object": "contact", "target_system": "hubspot", "is_same": False, "count": 4}
    rows = count_effects([], [{**change, "before": "kept_back", "after": "overwrite"}], [], marketing=NEVER)
    assert [tuple(row.values()) for row in rows] == [("overwritten", "hubspot", "contact", 0, 4, 4, 0, 0)]


OUTCOMES = st.sampled_from(["create", "update", "link", "shadowed", "excluded", "failing", "not_there"])


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(OUTCOMES, OUTCOMES, st.integers(1, 9)), max_size=12))
def test_effects__add_up_and_turn_round(ways: list[tuple[str, str, int]]) -> None:
    there = [outcome(before, after, count, is_same=before == after) for before, after, count in ways]
    back = [outcome(after, before, count, is_same=before == after) for before, after, count in ways]
    rows = count_effects(there, [], [], marketing=NEVER)
    for row in rows:
        assert row["after"] - row["before"] == row["additional"] - row["no_longer"]
        assert row["otherwise"] <= min(row["before"], row["after"])
    turned = [
        {**row, "before": row["after"], "after": row["before"]}
        | {"additional": row["no_longer"], "no_longer": row["additional"]}
        for row in rows
    ]
    assert count_effects(back, [], [], marketing=NEVER) == turned
