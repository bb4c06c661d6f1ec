"""Work plan, watch list, funnels, glossary and the catalogue of rules."""

import re
from typing import Any

from dynsync_lib import kit
from dynsync_lib.report.glossary import read_glossary
from dynsync_lib.report.origin_funnel import origin_funnels
from dynsync_lib.report.rule_catalogue import show_rules
from dynsync_lib.report.watch_plan import watch_plan
from dynsync_lib.report.work_plan import plan_work, read_tasks, work_plan
from tests.report.hand_made_forecast import HandMadeForecast, empty_forecast
from tests.rulebook_texts import shipped_rulebook


def _finding(check: str, count: int | None, object_: str | None = None) -> tuple[Any, ...]:
    severity = "not_checked" if count is None else "high"
    return (check, severity, None, object_, count, 0.5, f"{check} was found.", "Mend it.", "some.rule")


def test_plan_work__hours_follow_the_counts() -> None:
    forecast = HandMadeForecast().with_rows("findings", [_finding("G01", 20, "contact"), _finding("G18", None)])
    asked = [(item.task.when, item.hours, item.because) for item in plan_work(forecast) if item.task.checks]
    assert asked == [("before", 1.0, ("G01 was found.",)), ("before", 0.5, ("G18 was found.",))]


def test_plan_work__stages_of_deals_and_other_choices_are_two_tasks() -> None:
    forecast = HandMadeForecast().with_rows("findings", [_finding("G21", 3, "deal"), _finding("G21", 9)])
    asked = [(item.task.object, item.hours) for item in plan_work(forecast) if item.task.checks]
    assert asked == [("deal", 1.0), ("none", 2.0)]


def test_work_plan__says_its_hours_in_all() -> None:
    assert work_plan(HandMadeForecast().with_rows("findings", [])).sentence == (
        "About 11 hours of work: 4 before, 3 on the day, 4 afterwards"
    )


def test_tasks__name_checks_that_exist() -> None:
    asked = {check.id for check in shipped_rulebook().checks}
    assert {check for task in read_tasks() for check in task.checks} <= asked


def test_watch_plan__counts_by_the_words_of_sync_health() -> None:
    plan = watch_plan(HandMadeForecast())
    assert plan.sentence == "Switch off when more than 740 records are created in HubSpot, 31 in Dynamics, or 24 fail"
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", plan.html) if "Dynamics contacts" in row]
    assert re.findall(r'data-sort="(\d+)"', row) == ["900", "700", "20", "6", "9"]


def test_origin_funnels__take_away_step_by_step() -> None:
    html = origin_funnels(HandMadeForecast()).html
    assert "Of 273 people in HubSpot, 225 reach Dynamics: 30 created there and 195 matched." in html
    assert "No filter holds anybody back." in html
    assert (
        "all of them: 953; pass direction, filter and stage: 935; have an e-mail address to be matched by: 915" in html
    )
    assert "The filter into HubSpot: statecode = 0." in html


def test_origin_funnels__say_when_there_is_nobody() -> None:
    assert "Contacts that originate in Dynamics: there are none." in origin_funnels(empty_forecast()).html


def test_plan_work__an_empty_forecast_still_asks_for_what_every_first_sync_needs() -> None:
    assert [item.hours for item in plan_work(empty_forecast())] == [4.0, 1.0, 2.0, 4.0]


def test_glossary__is_in_order_and_speaks_in_sentences() -> None:
    words = read_glossary()
    assert list(words) == sorted(words, key=str.casefold)
    assert all(meaning.endswith(".") for meaning in words.values())


def test_rule_catalogue__has_a_place_for_every_rule() -> None:
    html = kit.rule_catalogue().html
    assert set(re.findall(r'<tr id="rule-([^"]+)">', html)) == set(shipped_rulebook().rules)
    assert "Sources by their keys" in html


def test_show_rules__escapes_what_a_rule_says() -> None:
    rule = {"id": "a.b", "says": "<b>", "why": None, "confidence": "DOC", "sources": "K1"}
    assert "&lt;b&gt;" in show_rules([rule], {"K1": "<i>"}).html
