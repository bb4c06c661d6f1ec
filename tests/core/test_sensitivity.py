"""What another answer to an open question moves: every knob is told, and records say which ones concern them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit

FILES = {
    "h/contacts": "hs_object_id,email,lifecyclestage,firstname\n"
    "1,a@example.com,lead,Al\n2,B@example.com,customer,Bo\n3,x@example.com,dreamer,Cy\n",
    "d/contacts": "contactid,emailaddress1,firstname\nD1,a@example.com,Al\nD2,b@example.com,Bo\n",
    "d/leads": "leadid,emailaddress1,firstname\nL1,a@example.com,Al\nL2,n@example.com,Ned\n",
}
SETTINGS = "[sync.contact]\ndefault_mappings = false\n[sync.lead]\ndefault_mappings = false\n"


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    folder = tmp_path_factory.mktemp("sensitivity")
    for name, text in FILES.items():
        path: Path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    snapshot = kit.load(folder / "h", folder / "d", folder / "s", taken_at=datetime(2026, 11, 23, tzinfo=UTC))
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def moved(forecast: kit.Forecast) -> dict[tuple[str, str], tuple[int, Any]]:
    rows = kit.records(forecast.sensitivity)
    return {(row["assumption_id"], row["choice"]): (row["outcomes_changed"], row["by_object"]) for row in rows}


def sensitive_to(forecast: kit.Forecast) -> dict[str, Any]:
    return {row["record_id"]: row["sensitive_to"] for row in kit.records(forecast.outcomes)}


def test_sensitivity__has_every_other_choice_of_every_question(forecast: kit.Forecast) -> None:
    knobs = kit.rulebook().assumptions.values()
    wanted = {(knob.id, choice) for knob in knobs for choice in knob.choices if choice != knob.default}
    assert set(moved(forecast)) == wanted
    assert {knob.status for knob in knobs} == {"implemented"}
    assert len(knobs) == 27


def test_sensitivity__what_moves_no_outcome_is_told_with_none(forecast: kit.Forecast) -> None:
    told = moved(forecast)
    for knob in ("process_first", "owner_fallback", "assoc_conflict", "assoc_missing_company", "auto_company_first"):
        assert {count for (name, _), count in told.items() if name == knob} == {(0, None)}


def test_sensitivity__a_lead_with_a_contacts_address(forecast: kit.Forecast) -> None:
    told = moved(forecast)
    assert told[("lead_contact_overlap", "contact_wins")] == (1, "lead=1")
    assert told[("lead_contact_overlap", "first_sync_wins")] == (1, "lead=1")
    assert sensitive_to(forecast)["l1"] == "lead_contact_overlap"
    assert sensitive_to(forecast)["l2"] is None


def test_sensitivity__exact_addresses_part_a_pair(forecast: kit.Forecast) -> None:
    assert moved(forecast)[("email_norm", "exact")] == (2, "contact=2")
    assert sensitive_to(forecast)["2"] == "email_norm"
    assert sensitive_to(forecast)["d2"] == "email_norm"


def test_forecast__leads_and_contacts_share_the_contacts_of_hubspot(forecast: kit.Forecast) -> None:
    told = {row["record_id"]: (row["outcome"], row["reason"], row["rule_id"]) for row in kit.records(forecast.outcomes)}
    assert told["1"] == ("link", None, "contact.match-email")
    assert told["l1"] == ("link", None, "lead.match-email")
    assert told["3"] == ("excluded", "lifecycle_route", "lead.lifecycle-route")
    assert told["l2"] == ("create", None, "record.create")
