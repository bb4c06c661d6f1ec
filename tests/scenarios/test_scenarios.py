"""Scenarios of a small engagement: figures counted by hand, what a switch means, and what is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Direction, Object
from dynsync_lib.errors import SettingsError, UsageError
from dynsync_lib.scenarios.draft import BEING_TRIED, NOT_MAPPED, ScenarioDraft
from dynsync_lib.scenarios.scenarios import Scenarios
from dynsync_lib.widgets.scenario_panel import ScenarioView
from tests.kit.small_portals import load_portals

PORTALS = {
    "h/contacts": "hs_object_id,email,firstname,city\n"
    "1,ann@c.example,Ann,Bonn\n"
    "2,bob@c.example,Bob,Kiel\n"
    "3,cid@c.example,Cid,\n"
    "4,,Dora,\n",
    "d/contacts": "contactid,emailaddress1,firstname,address1_city,statecode,donotbulkemail\n"
    "d1,ann@c.example,Ann,Jena,0,false\n"
    "d2,bob@c.example,Bob,Kiel,1,false\n"
    "d3,ann@c.example,Anna,Ulm,0,false\n"
    "d4,dan@c.example,Dan,Ulm,0,true\n"
    "d5,,Eve,Ulm,0,false\n",
}
SETTINGS = """# Acme
[hubspot]
marketing_contacts = 10
marketing_tier = 10
sync_as_marketing = false

[sync.contact]
direction = "two_way" # both ways
filter_to_hubspot = "statecode = 0"
"""
TO_HUBSPOT = kit.SetSync(Object.CONTACT, "direction", "to_hubspot")
NARROW = kit.SetSync(Object.CONTACT, "filter_to_hubspot", "statecode = 0 and donotbulkemail = false")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load_portals(tmp_path_factory.mktemp("scenarios"), PORTALS).path


@pytest.fixture
def scenarios(snapshot: Path, tmp_path: Path) -> Iterator[Scenarios]:
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    with kit.scenarios(snapshot, tmp_path / "dynsync.toml") as opened:
        yield opened


def test_scenarios__stand_side_by_side(scenarios: Scenarios) -> None:
    scenarios.add("one way", TO_HUBSPOT)
    scenarios.add("narrow", NARROW)
    rows = {row.pop("scenario"): row for row in map(dict, scenarios.rows)}
    assert rows["as it is"] == {
        "created_in_hubspot": 1,  # dan
        "created_in_dynamics": 1,  # cid
        "updated": 1,  # ann in HubSpot
        "fields_overwritten": 1,  # her city
        "shadowed": 1,  # the other ann
        "excluded": 2,  # dora and eve have no address
        "failing": 0,
        "associated": 0,
        "marketing_afterwards": 10,
        "escapes": 0,
    }
    differing = {
        name: {key: count for key, count in rows[name].items() if count != rows["as it is"][key]}
        for name in ("one way", "narrow")
    }
    # bob is inactive: only HubSpot's side let him in, so that his pair escapes when HubSpot is no source any more
    assert differing["one way"] == {"created_in_dynamics": 0, "excluded": 5, "escapes": 1}
    assert differing["narrow"] == {"created_in_hubspot": 0, "excluded": 3}


def test_scenarios__count_as_the_forecast_does(scenarios: Scenarios, tmp_path: Path) -> None:
    counted = scenarios.add("one way", TO_HUBSPOT, NARROW).figures
    forecast = kit.forecast(scenarios.snapshot, scenarios.save("one way"), tmp_path / "forecast")
    six = kit.six_figures(forecast).as_dict()
    assert {name: counted[name] for name in six} == six


def test_scenarios__show_their_differences(scenarios: Scenarios) -> None:
    scenarios.add("narrow", NARROW)
    difference = scenarios.difference("narrow")
    assert difference.records[["record_id", "before", "after", "after_reason"]].values.tolist() == [
        ["d4", "create", "excluded", "filter"]
    ]
    assert scenarios.changes_in_words("narrow") == [
        "[sync.contact] filter_to_hubspot was statecode = 0 and is now statecode = 0 and donotbulkemail = false."
    ]


def steps(rows: list[Any]) -> list[tuple[str, int]]:
    return [(row["step"], row["left"]) for row in rows]


def test_funnel__goes_condition_by_condition_and_both_ways(scenarios: Scenarios) -> None:
    scenarios.add("narrow", NARROW)
    into_hubspot = scenarios.funnel_rows("contact", "dynamics", scenario="narrow")
    assert steps(into_hubspot) == [
        ("records", 5),
        ("filter", 4),  # bob is inactive
        ("filter", 3),  # dan wants no bulk mail
        ("key", 2),  # eve has no address
        ("claim", 1),  # the other ann is shadowed
        *[("created", 0), ("matched", 1), ("failing", 0), ("excluded", 0)],
        ("through_counterpart", 1),  # bob, since HubSpot's bob passes
    ]
    assert [row["condition"] for row in into_hubspot[1:3]] == ["statecode = 0", "donotbulkemail = false"]
    assert steps(scenarios.funnel_rows("contact", "hubspot"))[:3] == [("records", 4), ("key", 3), ("claim", 3)]


def test_funnel__of_a_side_that_is_no_source_ends_at_once(scenarios: Scenarios) -> None:
    scenarios.add("one way", TO_HUBSPOT)
    rows = scenarios.funnel_rows("contact", "hubspot", scenario="one way")
    assert steps(rows)[:2] == [("records", 4), ("direction", 0)]
    assert steps(rows)[-1] == ("through_counterpart", 1)  # ann


def test_marketing__crosses_the_tier_where_creates_become_marketing(scenarios: Scenarios, tmp_path: Path) -> None:
    assert scenarios.marketing_rows[0]["holds"] == "yes"
    switched = tmp_path / "marketing.toml"
    switched.write_text(SETTINGS.replace("sync_as_marketing = false", "sync_as_marketing = true"), "utf-8")
    with kit.scenarios(scenarios.snapshot, switched) as opened:
        row = opened.marketing_rows[0]
    assert (row["made_marketing"], row["afterwards"], row["holds"]) == (1, 11, "no")
    base = scenarios.marketing_rows[0]
    assert (base["at_most"], base["holds_at_most"]) == (11, "no")


def test_marketing__without_the_switch_is_not_known(scenarios: Scenarios, tmp_path: Path) -> None:
    open_ = tmp_path / "open.toml"
    open_.write_text(SETTINGS.replace("sync_as_marketing = false\n", ""), "utf-8")
    with kit.scenarios(scenarios.snapshot, open_) as opened:
        row = opened.marketing_rows[0]
    assert (row["made_marketing"], row["afterwards"], row["holds"], row["holds_at_most"]) == (None, None, None, "no")


def test_saving__makes_the_changes_and_keeps_comments(scenarios: Scenarios) -> None:
    scenarios.add("one way", TO_HUBSPOT, kit.SetAssumption("company_dup", "all_bind"))
    settings = scenarios.save("one way")
    assert settings.sync[Object.CONTACT].direction is Direction.TO_HUBSPOT
    text = scenarios.file.path.read_text(encoding="utf-8")
    assert 'direction = "to_hubspot" # both ways\n' in text
    assert text.startswith("# Acme\n")
    with pytest.raises(UsageError, match="was changed since the scenarios were opened"):
        scenarios.save("one way")


def test_wrong_scenarios__are_refused_and_leave_the_others(scenarios: Scenarios) -> None:
    with pytest.raises(SettingsError, match="`doontbulk`, which is no contact column of dynamics"):
        scenarios.add("wrong", kit.SetSync(Object.CONTACT, "filter_to_hubspot", "doontbulk = false"))
    with pytest.raises(UsageError, match=r"^'no change' is no change of settings\.$") as caught:
        scenarios.add("wrong", "no change")  # type: ignore[arg-type]
    assert caught.value.next_step.startswith("Use one of: kit.SetMapping, kit.RemoveMapping, ")
    for name in (" ", "as it is"):
        with pytest.raises(UsageError, match="cannot be the name of a scenario"):
            scenarios.add(name, TO_HUBSPOT)
    for refused in (scenarios.scenario, scenarios.remove, scenarios.difference, scenarios.save):
        with pytest.raises(UsageError, match="There is no scenario “wrong”"):
            refused("wrong")
    with pytest.raises(UsageError, match="The settings as they are stay"):
        scenarios.remove("as it is")
    for object_, system, says in (
        ("contat", "hubspot", "`contat` is no object"),
        ("contact", "dynamo", "`dynamo` is no system"),
        ("deal", "hubspot", "The sync of deal is off"),
    ):
        with pytest.raises(UsageError, match=says):
            scenarios.funnel_rows(object_, system)
    assert scenarios.names == ("as it is",)


def test_scenarios__name_what_was_not_delivered(scenarios: Scenarios, tmp_path: Path) -> None:
    assert scenarios.notes == []
    lacking = load_portals(tmp_path / "lacking", {"h/contacts": PORTALS["h/contacts"], "d/users": "systemuserid\nu1\n"})
    says = "Not checked: dynamics/contacts was not delivered, and whatever has its counterpart there counts as created."
    with kit.scenarios(lacking, scenarios.file.path) as opened:
        assert opened.notes == [says]
        assert says in kit.scenario_panel(opened).figures
    compared = kit.diff_settings(scenarios.file.path, scenarios.file.path, snapshot=lacking)
    assert compared.figures["notes"] == [says]


# --- The panel ---------------------------------------------------------------------------------------------------


def test_draft__switches_back_and_forth(scenarios: Scenarios) -> None:
    draft = ScenarioDraft(scenarios)
    draft.switch("contact", "direction", "to_hubspot")
    assert draft.message == "[sync.contact] direction was two_way and is now to_hubspot."
    draft.switch("contact", "filter_to_hubspot", " ")
    draft.choose("email_norm", "exact")
    draft.turn("contact", "firstname", NOT_MAPPED)
    assert [type(change).__name__ for change in draft.changes()] == [
        *("SetSync", "SetSync", "RemoveMapping", "SetAssumption")
    ]
    assert draft.rows[-1]["scenario"] == BEING_TRIED
    draft.switch("contact", "direction", "two_way")
    draft.switch("contact", "filter_to_hubspot", "statecode = 0")
    draft.choose("email_norm", "lower_trim")
    draft.turn("contact", "firstname", "two_way")
    assert draft.changes() == []
    assert scenarios.names == ("as it is",)


def test_draft__says_what_is_wrong_and_goes_on(scenarios: Scenarios) -> None:
    draft = ScenarioDraft(scenarios)
    draft.switch("contact", "filter_to_hubspot", "statecode =")
    assert draft.message.startswith("Not tried: dynsync.toml, line 9: The filter cannot be used: it ends where a value")
    assert (scenarios.names, draft.is_refused) == (("as it is",), True)
    with pytest.raises(UsageError, match="Nothing is being tried"):
        draft.keep("mine")


def answer_of(panel: ScenarioView, **message: Any) -> str:
    """What the panel answers to a message of the browser."""
    panel._on_message(panel, message, [])
    return str(panel.answer["text"])


def test_panel__shows_the_state_and_calls_it(scenarios: Scenarios) -> None:
    panel = kit.scenario_panel(scenarios)
    assert panel.answer == {"text": "Nothing is changed yet.", "is_fault": False, "number": 1}
    contact = panel.switches["objects"]["contact"]
    assert (contact["enabled"], contact["direction"], contact["filter_to_hubspot"]) == (
        True,
        "two_way",
        "statecode = 0",
    )
    assert ["firstname", "firstname", "two_way"] in contact["mappings"]
    assert answer_of(panel, do="switch", object="contact", key="direction", value="to_hubspot") == (
        "[sync.contact] direction was two_way and is now to_hubspot."
    )
    assert scenarios.names == ("as it is", BEING_TRIED)
    assert answer_of(panel, do="keep", name="one way") == "Kept as “one way”."
    assert (panel.switches["kept"], panel.switches["is_tried"]) == (["one way"], False)
    assert answer_of(panel, do="reset") == "Nothing is changed."
    assert answer_of(panel, do="write", name="one way").startswith("“one way” is written to dynsync.toml.")
    assert 'direction = "to_hubspot"' in scenarios.file.path.read_text(encoding="utf-8")
    assert answer_of(panel, do="forget", name="one way") == "“one way” is forgotten."
    assert list(scenarios.names) == ["as it is"]


def test_panel__keeps_nothing_that_could_not_be_tried(scenarios: Scenarios) -> None:
    panel = kit.scenario_panel(scenarios)
    answer_of(panel, do="choose", assumption="email_norm", choice="exact")
    wrong = answer_of(panel, do="switch", object="contact", key="filter_to_hubspot", value="statecode =")
    assert wrong.startswith("Not tried: dynsync.toml, line 9: ")
    assert panel.answer["is_fault"]
    assert panel.switches["objects"]["contact"]["filter_to_hubspot"] == "statecode ="
    assert BEING_TRIED not in panel.figures
    assert answer_of(panel, do="keep", name="mine") == "Nothing is being tried. Switch something first."


def test_panel__says_what_is_asked_and_answered_in_words(scenarios: Scenarios) -> None:
    words = kit.scenario_panel(scenarios).words
    assert words["objects"]["company"] == "Companies (accounts)"
    assert words["flows"]["to_hubspot"] == "into HubSpot"
    assert words["choices"]["company_dup"]["rest_created"] == "rest created"
    assert words["choices"]["include_inactive"] == {"true": "yes", "false": "no"}
    asked, note = words["questions"]["process_first"]
    assert (asked, note) == (
        "Which side is processed first after indexing?",
        "Moves nothing: both choices give one result.",
    )


def test_panel__draws_figures_only_when_they_are_others(scenarios: Scenarios) -> None:
    drawn: list[int] = []

    def show(rows: Sequence[Mapping[str, Any]], _: Sequence[str]) -> str:
        drawn.append(len(rows))
        return f"{len(rows)} scenarios"

    panel = ScenarioView(ScenarioDraft(scenarios), show=show)
    answer_of(panel, do="reset")
    answer_of(panel, do="switch", object="contact", key="direction", value="to_hubspot")
    assert drawn == [1, 2]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no umask")
def test_scenarios__leave_what_others_write_as_private_as_it_was(snapshot: Path, tmp_path: Path) -> None:
    settings = tmp_path / "dynsync.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    before = os.umask(0o022)
    try:
        with kit.scenarios(snapshot, settings):
            (tmp_path / "notes.txt").touch()
        assert (tmp_path / "notes.txt").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)
