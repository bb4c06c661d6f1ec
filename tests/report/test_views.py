"""Every view with full, empty, bare and broken-off tables."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from dynsync_lib import kit, report
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.report.decisions import read_decisions
from dynsync_lib.report.figures import count_numbers
from dynsync_lib.report.translation import translator_of
from tests.report.hand_made_forecast import LINKS, MAPPING, HandMadeForecast, empty_forecast

OF_A_FORECAST = {room for room in kit.ROOMS if room.startswith("report.")} - {
    "report.accuracy",  # these show how right a forecast was, a rehearsal, scenarios, words; or they are no views
    "report.differences",
    "report.fixes",
    "report.forecast_tables",
    "report.funnel",
    "report.glossary",
    "report.profiles",
    "report.receipt",
    "report.rehearsal_tables",
    "report.scenarios",
    "report.uncovered",
}
VIEWS: list[Callable[..., Any]] = [
    *(getattr(kit, name) for room, names in kit.ROOMS.items() if room in OF_A_FORECAST for name in names),
]
EVIL = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("view", VIEWS)
def test_views__full_forecast(view: Callable[..., Any]) -> None:
    told = view(HandMadeForecast())
    assert '<div class="dynsync">' in told._repr_html_()
    assert repr(told)


@pytest.mark.parametrize("view", VIEWS)
def test_views__empty_forecast(view: Callable[..., Any]) -> None:
    assert view(empty_forecast())._repr_html_()


@pytest.mark.parametrize("view", VIEWS)
def test_views__escape_what_customers_wrote(view: Callable[..., Any]) -> None:
    tables = {
        name: [tuple(EVIL if column.type == "text" else 1 for column in table.columns)]
        for name, table in FORECAST_TABLES.items()
    }
    info = {"taken_at": EVIL, "source": EVIL, "kit_version": EVIL, "assumptions": {EVIL: EVIL}, "not_provided": [EVIL]}
    info["objects"] = {EVIL: {"direction": EVIL, "conflict_winner": EVIL, "filter_to_hubspot": EVIL}}
    info["questions"] = {EVIL: EVIL}
    assert "<img" not in view(HandMadeForecast(info, tables))._repr_html_()


@pytest.mark.parametrize("view", VIEWS)
def test_views__optional_values_may_be_null(view: Callable[..., Any]) -> None:
    forecast = HandMadeForecast(info={"taken_at": None, "source": None})
    for name, column in {"findings": "fix", "near_names": "corroboration", "collisions": "differs_in"}.items():
        rows = [tuple({**row, column: None}.values()) for row in forecast.rows(name)]
        forecast = forecast.with_rows(name, rows)
    assert view(forecast)._repr_html_()


def test_findings_table__worst_first_and_grey_last() -> None:
    html = kit.findings_table(HandMadeForecast()).html
    assert [html.index(check) for check in ("G01", "G26", "G18")] == sorted(
        html.index(c) for c in ("G01", "G26", "G18")
    )
    assert "3 findings: 1 high, 1 medium, 1 not checked" in html


def test_mapping_table__worst_first() -> None:
    html = kit.mapping_table(HandMadeForecast()).html
    assert "3 field mappings: 1 blocked, 1 loses detail, 1 works" in html
    twice = HandMadeForecast().with_rows("mapping", MAPPING * 2)
    assert "6 field mappings: 2 blocked, 2 lose detail, 2 work" in kit.mapping_table(twice).html
    assert html.index("parentcustomerid") < html.index("closedate") < html.index("jobtitle")


def test_links_table__counts_kept_and_lost() -> None:
    html = kit.links_table(HandMadeForecast()).html
    assert "2 of 6 associations are kept" in html
    assert "To be made by hand" in html
    assert "Made by HubSpot" not in html


def test_links_table__tells_every_cause_of_a_loss_apart() -> None:
    link = ("hubspot", "contact", "1", "company", "7")
    lost = [
        (*link, "dropped_non_primary", "link.primary-disagreement"),
        (*link, "target_not_synced", "link.source-not-synced"),
        (*link, "target_not_synced", "link.loser-parent-lost"),
    ]
    forecast = HandMadeForecast().with_rows("links", [*LINKS, *lost])
    html = kit.links_table(forecast).html
    heads = re.findall(r'<th scope="col" class="ds-number">([^<]+)</th>', html)
    assert heads == [
        "Total",
        "Kept",
        "To be made by hand",
        "Not primary",
        "Primary differs",
        "Parent is a contact",
        "Record stays out",
        "Other end stays out",
        "Other end shadowed",
    ]
    (row,) = re.findall(r"HubSpot contacts to companies</th>(.*?)</tr>", html, re.DOTALL)
    assert re.findall(r'data-sort="(\d+)"', row) == ["6", "1", "0", "1", "1", "0", "1", "1", "1"]
    assert "Primary differs: the two systems name different primary companies" in html
    numbers = count_numbers(forecast)
    assert (numbers["links_non_primary"], numbers["links_primary_differs"]) == (1, 1)


def test_changes_table__a_lead_is_written_into_a_contact() -> None:
    change = ("lead", "1", "l-1", "hubspot", "phone", "telephone1", "fill", None, "1", None)
    assert "HubSpot contacts of leads" in kit.changes_table(HandMadeForecast().with_rows("changes", [change])).html


def test_changes_table__one_row_per_field() -> None:
    html = kit.changes_table(HandMadeForecast()).html
    assert "4 fields of matched records are written" in html
    assert "3 values are overwritten: 2 in HubSpot and 1 in Dynamics." in html
    assert html.index("<code>jobtitle</code>") < html.index("<code>telephone1</code>")


def test_collisions_table__biggest_group_first_and_total_named() -> None:
    html = kit.collisions_table(HandMadeForecast(), limit=1).html
    assert "2 groups of records share a key" in html
    assert "1 of 2 groups are shown" in html
    assert "a-8, a-9" in html
    assert "jobtitle, lastname" in html


def test_collisions_table__names_three_losers_and_counts_the_rest() -> None:
    rows = [("hubspot", "company", "x", str(n), n, n == 1, None) for n in range(1, 8)]
    html = kit.collisions_table(HandMadeForecast().with_rows("collisions", rows)).html
    assert '<code>2, 3, 4</code> <span class="ds-second">and 3 more</span>' in html


def test_collisions_table__names_four_fields_and_counts_the_rest() -> None:
    rows = [
        ("hubspot", "company", "x", "1", 1, True, None),
        ("hubspot", "company", "x", "2", 2, False, "name;city;phone;domain;zip;state"),
    ]
    html = kit.collisions_table(HandMadeForecast().with_rows("collisions", rows)).html
    assert "city, domain, name, phone and 2 more" in html


def test_assumptions_table__folds_what_moves_nothing() -> None:
    html = kit.assumptions_table(HandMadeForecast()).html
    shown, folded = html.split('<details class="ds-folded">')
    assert "2 of 3 other choices move a record" in shown
    assert "exact" not in shown.split("<caption")[-1]
    assert "1 other choice moves no record of this data" in folded
    assert "<code>exact</code>" in folded


def test_reason_table__never_adds_excluded_and_failing() -> None:
    html = kit.reason_table(HandMadeForecast()).html
    assert "9 shadowed, 84 excluded, 8 failing" in html
    assert "the e-mail address is not valid for HubSpot" in html


def test_near_names_table__most_alike_first() -> None:
    html = kit.near_names_table(HandMadeForecast()).html
    assert html.index("Morgen Licht") < html.index("Adler Papier GmbH")


def test_near_names_table__says_what_else_agrees_in_words() -> None:
    pair = ("7", "Adler Papier", "c-2", "Adler Papier GmbH", "legal_form", 92.3, "tax_number;city;phone")
    html = kit.near_names_table(HandMadeForecast().with_rows("near_names", [pair])).html
    assert "tax number, city, telephone number" in html
    assert "Steuernummer, Ort, Telefonnummer" in translator_of("de").page(html)


def test_read_decisions__d1_to_d18_with_known_numbers() -> None:
    assert [decision.id for decision in read_decisions()] == [f"D{number}" for number in range(1, 19)]
    numbers = count_numbers(empty_forecast())
    assert all(decision.tell(numbers) or decision.not_checked for decision in read_decisions())


def test_decisions_table__tells_the_numbers() -> None:
    html = kit.decisions_table(HandMadeForecast()).html
    assert "705 records are created in HubSpot and 30 in Dynamics." in html
    assert html.count("to be filled in") == 36


def _decision(forecast: HandMadeForecast, id_: str) -> str:
    html = kit.decisions_table(forecast).html
    return html.partition(f'id="decision-{id_}"')[2].partition("</tr>")[0]


def test_decisions_table__assesses_nothing_of_what_was_not_delivered() -> None:
    everything = HandMadeForecast()
    off = ["hubspot/companies", "dynamics/leads"]
    of_one_side = everything.with_rows("summary", [("hubspot", "contact", "create", None, 5)])
    of_one_side = of_one_side.with_info(not_provided=["dynamics/contacts", "dynamics/leads"])

    assert "Not assessed" not in _decision(everything, "D3") + _decision(everything, "D7")
    assert "Not assessed: Dynamics leads were not delivered." in _decision(everything.with_info(not_provided=off), "D7")
    assert "Not assessed" not in _decision(everything.with_info(not_provided=off), "D3")
    assert "Not assessed: Dynamics contacts were not delivered." in _decision(of_one_side, "D3")
    assert "find a partner" not in _decision(of_one_side, "D3")
    assert "Not assessed: no record of Dynamics was delivered." in _decision(of_one_side, "D1")
    assert "Of 3 field mappings, 1 names a lookup" in _decision(of_one_side, "D13")


def test_decisions_table__says_in_german_what_it_does_not_assess() -> None:
    for texts in ("Dynamics leads were", "HubSpot contacts, HubSpot companies and Dynamics accounts were"):
        assert "nicht geliefert" in (translator_of("de").find(f"Not assessed: {texts} not delivered.") or "")
    said = translator_of("de").find("Not assessed: no record of Dynamics was delivered.")
    assert said == "Nicht beurteilt: Kein Datensatz von Dynamics wurde geliefert."


def test_uncovered_records__of_files_only_those_of_another_table() -> None:
    copy = {
        "file": "hubspot/contacts (1).csv",
        "why": "holds the same as contacts.csv",
        "next_step": "Delete the copy.",
    }
    other = {"file": "dynamics/Export.csv", "why": "holds 3 records of new_project, a custom table", "next_step": ""}
    left_alone = [{**copy, "holds_other_table": False}, {**other, "holds_other_table": True}]
    forecast = HandMadeForecast().with_rows("summary", []).with_info(loaded={"left_alone": left_alone})
    assert kit.uncovered_records(forecast).sentences() == [
        "No sync covers dynamics/Export.csv: it holds 3 records of new_project, a custom table."
    ]


def test_cover__says_whether_people_are_masked() -> None:
    assert "Not masked" in kit.cover(HandMadeForecast()).html
    assert "People are masked" in kit.cover(HandMadeForecast().with_info(masked=True)).html


def test_cover__says_for_whom_and_how_old() -> None:
    piece = kit.cover(HandMadeForecast(), client="Adler & Co.")
    assert "Adler &amp; Co." in piece.html
    assert "Data of 23 November 2026, 08:05 UTC, pulled from the emulated demo portals" in piece.html


def test_provenance__names_what_is_missing() -> None:
    forecast = HandMadeForecast().with_info(
        standard_schema={"hubspot": True, "dynamics": True}, not_provided=["hubspot/owners"]
    )
    html = kit.provenance(forecast).html
    assert "not delivered by HubSpot and Dynamics; the standard fields stand in for them" in html
    assert "HubSpot owners" in html
    assert "HubSpot: 9 contacts; Dynamics: 12 contacts" in html
    forecast = forecast.with_info(records={"hubspot/companies": 1, "hubspot/owners": 1, "dynamics/opportunities": 2})
    assert "HubSpot: 1 company, 1 owner; Dynamics: 2 opportunities" in kit.provenance(forecast).html


def test_report__unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = report.nothing
