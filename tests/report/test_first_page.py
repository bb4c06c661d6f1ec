"""The first page: what a stakeholder reads first, and that nothing is left away in silence."""

import re
from typing import Any

from dynsync_lib.report.first_page import first_page
from dynsync_lib.report.light import traffic_light
from dynsync_lib.report.marketing import MarketingContacts, marketing_gauge, read_marketing
from dynsync_lib.report.reasons import plain_reasons, read_plain_words
from dynsync_lib.report.totals import read_totals, totals_chart
from tests.report.hand_made_forecast import HandMadeForecast, empty_forecast
from tests.rulebook_texts import shipped_rulebook


def _finding(check: str, severity: str, count: int, object_: str | None = "contact") -> tuple[Any, ...]:
    return (check, severity, None, object_, count, 0.5, f"{check} was found.", "Mend it.", "some.rule")


def _with(*findings: tuple[Any, ...]) -> HandMadeForecast:
    return HandMadeForecast().with_rows("findings", list(findings))


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_plain_reasons__opt_outs_come_before_a_mapping_slip() -> None:
    forecast = _with(_finding("G20", "blocker", 1, None), _finding("G02", "high", 5), _finding("G42", "blocker", 154))
    reasons = plain_reasons(forecast, traffic_light(forecast))
    assert [(reason.tone, reason.sentence) for reason in reasons] == [
        ("bad", "154 people have opted out in one system and not in the other."),
        ("bad", "1 planned field cannot sync."),
        ("warn", "G02 was found."),
    ]


def test_plain_reasons__add_up_the_findings_of_one_kind() -> None:
    small = ("G01", "high", "dynamics", "lead", 1, 0.001, "1 lead loses its address.", "Merge.", "lead.first-per-email")
    forecast = _with(_finding("G01", "high", 54), small)
    (reason,) = plain_reasons(forecast, traffic_light(forecast))
    assert reason.sentence.startswith("55 people share an e-mail address with somebody else")


def test_plain_words__name_checks_and_decisions_that_exist() -> None:
    asked = {check.id for check in shipped_rulebook().checks}
    assert {check for words in read_plain_words() for check in words.checks} <= asked
    assert all(re.fullmatch(r"D([1-9]|1[0-8])", words.decision) for words in read_plain_words())


def test_first_page__counts_what_is_not_on_it() -> None:
    blockers = [_finding(f"G9{number}", "blocker", 1) for number in range(5)]
    text = _text(first_page(_with(*blockers, _finding("G80", "not_checked", 0))).html)
    assert "And 2 blockers, 1 open point more, in the part for admins." in text


def test_first_page__shows_the_decisions_that_its_reasons_ask_for() -> None:
    html = first_page(_with(_finding("G42", "blocker", 2), _finding("G45", "high", 3, "invoice"))).html
    assert re.findall(r"#decision-(D\d+)", html) == ["D10", "D14", "D1"]


def test_first_page__an_empty_forecast_is_not_assessed() -> None:
    assert "Not assessed" in _text(first_page(empty_forecast()).html)


def test_first_page__says_below_its_figures_what_was_not_compared() -> None:
    reason = "Dynamics jobtitle was not delivered, so no values were compared."
    rows = [("contact", "jobtitle", "jobtitle", "not_checked", "two_way", reason, "field.missing", None, None)]
    text = _text(first_page(HandMadeForecast().with_rows("mapping", rows)).html)
    says = "Not checked: 1 of 1 mapping was not compared."
    assert "records that will fail" in text.partition(says)[0]
    assert text.count(says) == 1
    assert "were not compared" not in _text(first_page(HandMadeForecast()).html)


def test_marketing__says_what_the_tier_comes_to() -> None:
    assert str(MarketingContacts(people=743, added=0, today=884, tier=1000)) == (
        "None of the 743 people created in HubSpot becomes a marketing contact. 884 of the 1,000 that are paid for are "
        "used. Were all of them, it would be 1,627: 627 too many."
    )
    assert str(MarketingContacts(people=743, added=200, today=884, tier=1000)) == (
        "200 people become marketing contacts. 1,084 are 84 more than the 1,000 that are paid for."
    )


def test_marketing__speaks_of_one_person() -> None:
    one = MarketingContacts(people=1, added=0, today=1, tier=9)
    assert str(one).startswith("The one person created in HubSpot does not become a marketing contact. ")
    added = MarketingContacts(people=1, added=1, today=1, tier=9)
    assert str(added).startswith("1 person becomes a marketing contact. ")


def test_marketing__what_nobody_said_is_not_known() -> None:
    contacts = MarketingContacts(people=3, added=3, today=None, tier=None, is_workflow_known=False)
    assert str(contacts) == (
        "Whether the tier still suffices is not known: nobody has entered today’s marketing contacts and the tier. "
        "3 people become marketing contacts. Whom a workflow adds is not known."
    )


def test_marketing__an_unknown_switch_is_said() -> None:
    contacts = MarketingContacts(people=743, added=2, today=884, tier=1000, is_switch_known=False)
    assert str(contacts) == (
        "Whether the 743 people created in HubSpot become marketing contacts is not known: the settings do not say it. "
        "By a workflow, 2 people become marketing contacts. 886 of the 1,000 that are paid for are used. Were all of "
        "them, it would be 1,627: 627 too many."
    )
    unknown = ("G39", "not_checked", "hubspot", "contact", None, None, "Not known.", "", "marketing.creates-count")
    forecast = _with(unknown).with_info(marketing={"contacts": 884, "tier": 1000, "sync_as_marketing": None})
    assert not read_marketing(forecast).is_switch_known
    assert "<svg" not in (marketing_gauge(forecast).html)


def test_read_marketing__adds_those_whom_a_workflow_enrols() -> None:
    assert read_marketing(_with(_finding("G39", "high", 7), _finding("G39", "medium", 2))).added == 9


def test_totals__leads_become_contacts_of_hubspot() -> None:
    objects: dict[str, Any] = {"contact": {}, "lead": {}}
    forecast = HandMadeForecast().with_info(objects=objects, records={"hubspot/contacts": 100, "dynamics/contacts": 90})
    leads = [*forecast.tables["summary"], ("dynamics", "lead", "create", None, 4)]
    totals = read_totals(forecast.with_rows("summary", leads))
    assert [(total.system, total.object, total.today, total.created) for total in totals] == [
        ("hubspot", "contact", 100, 704),
        ("dynamics", "contact", 90, 30),
        ("dynamics", "lead", None, 0),
    ]


def test_totals__what_was_not_delivered_is_said() -> None:
    chart = totals_chart(HandMadeForecast().with_info(not_provided=["hubspot/contacts"]))
    assert "HubSpot: how many contacts there are is not known." in chart.sentence
