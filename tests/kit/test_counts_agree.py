"""Two counts of one thing agree, on the demo world: figures, tables, findings, and what the command line prints."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.console import Console

from dynsync_lib import kit
from dynsync_lib.cli import console, forecast_words

HELD_BACK = {"value_skipped", "owner_unresolved", "lifecycle_ignored"}


@pytest.fixture
def forecast(demo_forecast: kit.Forecast) -> kit.Forecast:
    return demo_forecast


def _figure(forecast: kit.Forecast, key: str) -> Any:
    return next(figure for figure in kit.six_figures(forecast).figures if figure.key == key)


def test_records_that_change__are_those_that_a_value_is_written_to(forecast: kit.Forecast) -> None:
    landing = [row for row in forecast.rows("changes") if row["note"] not in HELD_BACK]
    in_hubspot = {
        ("contact" if row["object"] == "lead" else row["object"], row["hubspot_id"])
        for row in landing
        if row["target_system"] == "hubspot"
    }
    in_dynamics = {(row["object"], row["dynamics_id"]) for row in landing if row["target_system"] == "dynamics"}
    pairs = {(row["object"], row["hubspot_id"], row["dynamics_id"]) for row in landing}
    assert (len(in_hubspot), len(in_dynamics), len(pairs)) == (401, 129, 436)
    figure = _figure(forecast, "updated")
    assert (figure.value, figure.label) == (401 + 129, "matched records that change")
    assert figure.sentence == (
        "401 in HubSpot and 129 in Dynamics, in 436 pairs. The outcome “Matched, changed” counts both ends of the "
        "pairs, 859 records."
    )


def test_records_that_change__belong_to_pairs_of_the_outcome(forecast: kit.Forecast) -> None:
    """Every record that is written is `update`, fails towards the other side, or is created beside its pair."""
    beside = {row["record_id"] for row in forecast.rows("outcomes") if row["rule_id"] == "contact.created-beside"}
    outcomes = {(row["system"], row["object"], row["record_id"]): row["outcome"] for row in forecast.rows("outcomes")}
    assert sum(outcome == "update" for outcome in outcomes.values()) == 859
    for row in forecast.rows("changes"):
        if row["note"] in HELD_BACK:
            continue
        system = row["target_system"]
        object_ = "contact" if (row["object"], system) == ("lead", "hubspot") else row["object"]
        outcome = outcomes[system, object_, row[f"{system}_id"]]
        assert outcome in {"update", "failing"} or (outcome == "create" and row["hubspot_id"] in beside)


def test_findings__count_what_the_figures_count(forecast: kit.Forecast) -> None:
    count = {(row["check_id"], row["rule_id"]): row["count"] for row in forecast.rows("findings")}
    figures = kit.six_figures(forecast).as_dict()
    assert count["G34", "field.conflict-winner"] == figures["fields_overwritten"] == 527
    stale = next(row for row in forecast.rows("findings") if row["check_id"] == "G36")
    assert f"{stale['count']:,} of them by an older record" in _figure(forecast, "fields_overwritten").sentence


def test_summary__counts_the_outcomes(forecast: kit.Forecast) -> None:
    by = ["system", "object", "outcome", "reason"]
    counted = [{name: row[name] for name in (*by, "count")} for row in forecast.rows("summary")]
    assert counted == forecast.counts("outcomes", by)


def test_shares__name_their_whole(forecast: kit.Forecast) -> None:
    html = kit.findings_table(forecast)._repr_html_()
    shares = [row for row in forecast.rows("findings") if row["share"] is not None]
    wholes = re.findall(r'class="ds-share[^>]*>[^<]+<span class="ds-second">(of [^<]+)</span>', html)
    assert len(wholes) == len(shares) > 20
    assert {"of Dynamics contacts", "of HubSpot associations", "of field mappings"} <= set(wholes)
    for ground in kit.traffic_light(forecast).grounds:
        assert "%" not in ground.threshold or re.match(r".+% of [a-zA-Z ,]+; amber above", ground.threshold)


def test_invoices_by_hand__are_a_share_of_the_invoices(forecast: kit.Forecast) -> None:
    (ground,) = [ground for ground in kit.traffic_light(forecast).grounds if ground.sentence.startswith("105 invoices")]
    assert ground.threshold.replace("\N{NO-BREAK SPACE}", " ") == "70 % of Dynamics invoices; amber above 1.0 %"


def test_reasons__tell_shadowed_records_as_the_findings_do(forecast: kit.Forecast) -> None:
    """54 contacts lose their address, as the finding says; the other two of the 56 have another reason."""
    html = kit.reason_table(forecast)._repr_html_()
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>.*?</tr>", html) if "Dynamics contacts" in row]
    shadowed = [re.sub(r"\|+", "|", row) for row in rows if "Shadowed" in row]
    assert shadowed == [
        "|Dynamics contacts|Shadowed|an earlier record has the same e-mail address or name|54|",
        "|Dynamics contacts|Shadowed|its HubSpot contact is already matched with another record|2|",
    ]


def test_flow__says_why_the_sides_count_different_numbers_of_matched_records(forecast: kit.Forecast) -> None:
    sentence = repr(kit.flow_chart(forecast))
    assert "830 matched" in sentence
    assert "863 matched" in sentence
    assert "The two numbers of matched records differ: " in sentence


def test_command_line__prints_what_the_page_shows(
    forecast: kit.Forecast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "out", Console(highlight=False, soft_wrap=True))
    forecast_words.print_figures(forecast)
    printed = capsys.readouterr().out
    for figure in kit.six_figures(forecast).figures:
        assert f"{figure.value:,}  {figure.label}" in printed
    assert _figure(forecast, "updated").sentence in printed
