"""The traffic light at, below and above each threshold."""

from typing import Any

import pytest

from dynsync_lib.report.light import Thresholds, traffic_light
from tests.report.hand_made_forecast import FINDINGS, HandMadeForecast, empty_forecast


def _clean() -> HandMadeForecast:
    return HandMadeForecast().with_rows("findings", [])


def _finding(severity: str, count: int | None, share: float | None, check: str = "G99") -> tuple[Any, ...]:
    return (check, severity, None, "contact", count, share, "Something was found.", "Mend it.", "some.rule")


def test_traffic_light__nothing_found_is_go() -> None:
    light = traffic_light(_clean())
    assert (light.level, light.grounds) == ("go", ())
    assert light.word == "Go"


def test_traffic_light__no_records_is_not_assessed() -> None:
    assert traffic_light(empty_forecast()).level == "not_assessed"


def test_traffic_light__every_sync_off_is_not_assessed() -> None:
    grey = [_finding("not_checked", None, None)]
    rows = [("hubspot", "contact", "excluded", "object_off", 4), ("dynamics", "lead", "excluded", "object_off", 2)]
    off = (
        _clean()
        .with_rows("sensitivity", [])
        .with_rows("summary", rows)
        .with_info(objects={})
        .with_rows("findings", grey)
    )
    light = traffic_light(off)
    assert repr(light) == "Not assessed. No record belongs to a sync that is switched on, so nothing was decided."
    assert [ground.tone for ground in light.grounds] == ["grey"]
    assert traffic_light(off.with_rows("findings", [_finding("blocker", 1, None)])).level == "no_go"


def test_traffic_light__a_side_that_was_not_delivered_is_not_assessed() -> None:
    alone = _clean().with_rows("sensitivity", []).with_rows("summary", [("hubspot", "contact", "create", None, 4)])
    light = traffic_light(alone.with_info(not_provided=["dynamics/contacts"]))
    assert repr(light) == "Not assessed. No record of Dynamics was delivered, so who matches was not decided."
    assert [ground.tone for ground in light.grounds] == ["grey"]
    assert traffic_light(alone.with_info(not_provided=["dynamics/leads"])).level == "go"


def test_traffic_light__blocker_is_no_go() -> None:
    light = traffic_light(_clean().with_rows("findings", [_finding("blocker", 1, 0.0001), _finding("high", 50, 0.5)]))
    assert light.level == "no_go"
    assert [ground.tone for ground in light.grounds] == ["bad", "warn"]


@pytest.mark.parametrize(("share", "level"), [(0.01, "go"), (0.0101, "go_with_conditions")])
def test_traffic_light__high_finding_counts_above_one_percent(share: float, level: str) -> None:
    assert traffic_light(_clean().with_rows("findings", [_finding("high", 9, share)])).level == level


def test_traffic_light__high_finding_without_share_is_held_against_all_records() -> None:
    forecast = _clean()
    assert traffic_light(forecast.with_rows("findings", [_finding("high", 12, None)])).level == "go"
    assert traffic_light(forecast.with_rows("findings", [_finding("high", 13, None)])).level == "go_with_conditions"


def test_traffic_light__not_checked_is_never_a_pass() -> None:
    light = traffic_light(_clean().with_rows("findings", [_finding("not_checked", None, None)]))
    assert light.level == "go_with_conditions"
    assert [ground.tone for ground in light.grounds] == ["grey"]


def test_traffic_light__standard_fields_are_named_in_grey() -> None:
    light = traffic_light(_clean().with_info(standard_schema={"hubspot": True, "dynamics": False}))
    assert light.level == "go_with_conditions"
    assert light.grounds[0].sentence.startswith("The fields of HubSpot were not delivered")


def test_traffic_light__tables_that_were_not_delivered_are_named_in_grey() -> None:
    light = traffic_light(_clean().with_info(not_provided=["dynamics/contacts", "dynamics/invoices"]))
    assert light.level == "go_with_conditions"
    (ground,) = light.grounds
    assert (ground.tone, ground.sentence.partition(". ")[0]) == ("grey", "Dynamics contacts were not delivered")


def test_traffic_light__says_that_only_what_was_checked_does_not_block() -> None:
    unchecked = traffic_light(_clean().with_rows("findings", [_finding("not_checked", None, None)]))
    assert unchecked.sentence.startswith("Nothing that was checked blocks the sync; ")
    checked = traffic_light(_clean().with_rows("findings", [_finding("high", 50, 0.5)]))
    assert checked.sentence == "Nothing blocks the sync; settle its conditions first."


def test_traffic_light__consent_conflict_is_red_whatever_its_severity() -> None:
    assert traffic_light(_clean().with_rows("findings", [_finding("low", 1, 0.001, "G42")])).level == "no_go"
    light = traffic_light(_clean().with_rows("findings", [_finding("not_checked", None, None, "G42")]))
    assert light.level == "go_with_conditions"


@pytest.mark.parametrize(("moved", "level"), [(61, "go"), (62, "go_with_conditions")])
def test_traffic_light__open_question_counts_above_five_percent(moved: int, level: str) -> None:
    forecast = _clean().with_rows("sensitivity", [("company_dup", "all_bind", moved, None)])
    light = traffic_light(forecast)
    assert light.level == level
    assert level == "go" or "What happens to further accounts" in light.grounds[0].sentence


@pytest.mark.parametrize(
    ("severity", "count", "level"), [("blocker", 301, "no_go"), ("not_checked", None, "go_with_conditions")]
)
def test_traffic_light__marketing_tier_is_told_once(severity: str, count: int | None, level: str) -> None:
    """By its finding alone, which counts those whom a workflow adds, too."""
    marketing = {"contacts": 301, "tier": 1000, "sync_as_marketing": True}
    forecast = _clean().with_info(marketing=marketing).with_rows("findings", [_finding(severity, count, None, "G40")])
    light = traffic_light(forecast)
    assert (light.level, len(light.grounds)) == (level, 1)


def test_traffic_light__thresholds_can_be_chosen() -> None:
    forecast = HandMadeForecast().with_rows("findings", [FINDINGS[0]])
    assert traffic_light(forecast).level == "go"
    assert traffic_light(forecast, thresholds=Thresholds(high_share=0.005)).level == "go_with_conditions"


def test_traffic_light__html_folds_what_is_beyond_three_grounds() -> None:
    html = traffic_light(_clean().with_rows("findings", [_finding("high", 50, 0.5)] * 5))._repr_html_()
    assert "<summary>2 more</summary>" in html
    assert html.count("Something was found.") == 5
