"""What another answer to an open question moves: every knob is told, and records say which ones concern them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email,lifecyclestage,firstname\n"
    "1,a@example.com,lead,Al\n2,B@example.com,customer,Bo\n3,x@example.com,dreamer,Cy\n",
    "d/contacts": "contactid,emailaddress1,firstname\nD1,a@example.com,Al\nD2,b@example.com,Bo\n",
    "d/leads": "leadid,emailaddress1,firstname\nL1,a@example.com,Al\nL2,n@example.com,Ned\n",
}
SETTINGS = "[sync.contact]\ndefault_mappings = false\n[sync.lead]\ndefault_mappings = false\n"


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    return forecast_of(tmp_path_factory.mktemp("sensitivity"), FILES, SETTINGS)


def forecast_of(folder: Path, files: dict[str, str], settings: str) -> kit.Forecast:
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    snapshot = load_portals(folder, files, taken_at=datetime(2026, 11, 23, tzinfo=UTC))
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def moved(forecast: kit.Forecast) -> dict[tuple[str, str], tuple[int, Any]]:
    rows = kit.records(forecast.sensitivity)
    return {(row["assumption_id"], row["choice"]): (row["outcomes_changed"], row["by_object"]) for row in rows}


def sensitive_to(forecast: kit.Forecast) -> dict[str, Any]:
    return {row["record_id"]: row["sensitive_to"] for row in kit.records(forecast.outcomes)}


def test_sensitivity__has_every_other_choice_of_every_question(forecast: kit.Forecast) -> None:
    knobs = kit.rulebook().assumptions.values()
    wanted = {(knob.id, choice) for knob in knobs for choice in knob.built_choices if choice != knob.default}
    assert set(moved(forecast)) == wanted
    assert {knob.status for knob in knobs} == {"implemented"}
    assert len(knobs) == 33


def test_sensitivity__what_moves_no_outcome_is_told_with_none(forecast: kit.Forecast) -> None:
    told = moved(forecast)
    silent = ("process_first", "owner_fallback", "assoc_conflict", "assoc_missing_company", "assoc_deal_company")
    for knob in (*silent, "auto_company_first"):
        assert {count for (name, _), count in told.items() if name == knob} == {(0, None)}


def test_sensitivity__a_lead_with_a_contacts_address(forecast: kit.Forecast) -> None:
    told = moved(forecast)
    # the lead stays behind; HubSpot's contact 1, in stage lead, has no pair among leads then, and becomes one
    assert told[("lead_contact_overlap", "contact_wins")] == (2, "contact=1;lead=1")
    assert told[("lead_contact_overlap", "first_sync_wins")] == (2, "contact=1;lead=1")
    assert sensitive_to(forecast)["l1"] == "lead_contact_overlap"
    assert sensitive_to(forecast)["l2"] is None


def test_sensitivity__a_contact_that_only_a_lead_matches(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,lastname\n1,a@example.com,Ash\n2,b@example.com,Box\n",
        "d/contacts": "contactid,emailaddress1,lastname\nD2,b@example.com,Box\n",
        "d/leads": "leadid,emailaddress1\nL1,a@example.com\nL2,b@example.com\n",
    }
    told = forecast_of(tmp_path, files, "[sync.contact]\n[sync.lead]\ndirection = 'to_hubspot'\n")
    assert moved(told)[("pair_in_other_sync", "enough")] == (1, "contact=1")
    assert sensitive_to(told)["1"] == "pair_in_other_sync"


def test_sensitivity__people_without_an_address_where_nothing_is_matched(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,firstname\n1,,Al\n",
        "d/contacts": "contactid,emailaddress1,firstname\nD1,,Bo\nD2,b@example.com,Cy\n",
    }
    told = forecast_of(tmp_path, files, "[sync.contact]\nmatch_mode = 'none'\n")
    assert moved(told)[("no_email_unmatched", "create")] == (2, "contact=2")


def test_sensitivity__rules_for_writes_move_whom_they_would_refuse(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n",
        "d/contacts": "contactid,emailaddress1,firstname\nD1,a@example.com,\nD2,b@example.com,Cy\n",
    }
    told = forecast_of(tmp_path, files, "[sync.contact]\nrequired_properties = ['firstname']\n")
    assert moved(told)[("hs_write_rules", "on")] == (1, "contact=1")


def test_sensitivity__exact_addresses_part_a_pair(forecast: kit.Forecast) -> None:
    assert moved(forecast)[("email_norm", "exact")] == (2, "contact=2")
    assert sensitive_to(forecast)["2"] == "email_norm"
    assert sensitive_to(forecast)["d2"] == "email_norm"


MATCHED_OTHERWISE = {
    "nothing": "match_mode = 'none'\n",
    "another field": "match_mode = 'own_field'\nmatch_field = { hubspot = 'ext', dynamics = 'extid' }\n",
}


@pytest.mark.parametrize("settings", MATCHED_OTHERWISE.values(), ids=MATCHED_OTHERWISE.keys())
def test_sensitivity__an_additional_address_is_taken_whatever_contacts_are_matched_by(
    tmp_path: Path, settings: str
) -> None:
    files = {
        "h/contacts": "hs_object_id,email,hs_additional_emails,ext\n1,new@c.example,old@c.example,A1\n",
        "d/contacts": "contactid,emailaddress1,extid\nD1,old@c.example,B2\n",
    }
    told = forecast_of(tmp_path, files, f"[sync.contact]\n{settings}")
    # d1 is refused under every choice, since HubSpot's contact 1 has its address
    assert moved(told)[("secondary_email", "fail_409")] == (0, None)
    assert sensitive_to(told)["d1"] is None


@pytest.mark.parametrize("settings", MATCHED_OTHERWISE.values(), ids=MATCHED_OTHERWISE.keys())
def test_sensitivity__the_first_of_an_address_is_created_whatever_contacts_are_matched_by(
    tmp_path: Path, settings: str
) -> None:
    files = {
        "h/contacts": "hs_object_id,email,ext\n1,new@c.example,A1\n",
        "d/contacts": "contactid,emailaddress1,modifiedon,extid\n"
        "D1,ann@c.example,2026-01-01T00:00:00Z,B2\nD2,ann@c.example,2026-02-01T00:00:00Z,C3\n",
    }
    told = forecast_of(tmp_path, files, f"[sync.contact]\n{settings}")
    # d1 is created and d2 refused; the other way round when the record modified last comes first
    assert moved(told)[("first_record_order", "modifiedon_desc")] == (2, "contact=2")
    assert sensitive_to(told)["d1"] == sensitive_to(told)["d2"] == "first_record_order"


@pytest.mark.parametrize(
    ("settings", "statecode", "reason"),
    [("sync_user_may_write = false\n", "0", "privilege"), ("", "1", "inactive_readonly")],
)
def test_sensitivity__a_value_too_long_is_seen_behind_another_refusal(
    tmp_path: Path, settings: str, statecode: str, reason: str
) -> None:
    files = {
        "h/contacts": f"hs_object_id,email,firstname\n1,ann@c.example,{'Ann' * 20}\n",
        "d/contacts": f"contactid,emailaddress1,firstname,statecode\nD1,ann@c.example,,{statecode}\n",
    }
    mapping = "[[sync.contact.mapping]]\nhubspot = 'firstname'\ndynamics = 'firstname'\ndirection = 'to_dynamics'\n"
    told = forecast_of(tmp_path, files, f"[sync.contact]\ndefault_mappings = false\n{settings}{mapping}")
    # 60 characters where 50 fit: were the value skipped, nothing would be written, and nothing refused
    assert {row["record_id"]: row["reason"] for row in kit.records(told.outcomes)} == {"1": reason, "d1": None}
    assert moved(told)[("invalid_value", "skip_field")] == (1, "contact=1")
    assert sensitive_to(told)["1"] == "invalid_value"


def test_forecast__leads_and_contacts_share_the_contacts_of_hubspot(forecast: kit.Forecast) -> None:
    told = {row["record_id"]: (row["outcome"], row["reason"], row["rule_id"]) for row in kit.records(forecast.outcomes)}
    assert told["1"] == ("link", None, "contact.match-email")
    assert told["l1"] == ("link", None, "lead.match-email")
    assert told["3"] == ("excluded", "lifecycle_route", "lead.lifecycle-route")
    assert told["l2"] == ("create", None, "record.create")


def test_sensitivity__an_order_moves_those_whom_it_puts_otherwise(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,createdate,lastmodifieddate\n"
        "1,a@example.com,2026-01-01T00:00:00Z,2026-03-01T00:00:00Z\n"
        "2,a@example.com,2026-01-02T00:00:00Z,2026-03-02T00:00:00Z\n"
        "3,b@example.com,2026-01-04T00:00:00Z,\n"
        "4,b@example.com,2026-01-03T00:00:00Z,\n",
        "d/contacts": "contactid,emailaddress1\nD1,z@example.com\n",
    }
    forecast = forecast_of(tmp_path, files, "[sync.contact]\ndefault_mappings = false\n")
    orders = {choice: figures for (knob, choice), figures in moved(forecast).items() if knob == "first_record_order"}
    assert orders == {
        "createdon_asc": (2, "contact=2"),  # 4 before 3
        "file_order": (0, None),
        "guid_sql": (0, None),
        "modifiedon_asc": (0, None),
        "modifiedon_desc": (2, "contact=2"),  # 2 before 1; without a moment 3 and 4 stay as they are
    }
    moved_records = {id_ for id_, knobs in sensitive_to(forecast).items() if "first_record_order" in (knobs or "")}
    assert moved_records == {"1", "2", "3", "4"}


def test_sensitivity__a_second_round_moves_those_who_share_a_domain(tmp_path: Path) -> None:
    files = {  # two names of one domain, one name spelt in two ways, and two with nobody to meet
        "h/companies": "hs_object_id,name,domain\n1,Ash,ash.example\n2,Box,box.example\n"
        "3,Cup,cup.example\n4,Café,cafe.example\n",
        "d/accounts": "accountid,name,websiteurl\nA1,Ash Ltd,ash.example\nA2,Box,box.example\n"
        "A3,Dot,dot.example\nA4,Cafe,cafe.example\n",
    }
    forecast = forecast_of(tmp_path, files, "[sync.company]\n")
    assert moved(forecast)[("company_keys", "name_or_domain")] == (4, "company=4")
    knobs = sensitive_to(forecast)
    assert {id_ for id_, named in knobs.items() if "company_keys" in (named or "")} == {"1", "4", "a1", "a4"}
