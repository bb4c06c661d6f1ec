"""What the audit rules say of contacts and leads, counted by hand; two systems' worth of people who share addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

Found = set[tuple[str, str | None, str | None, int | None]]


def found(folder: Path, files: dict[str, str], settings: str) -> Found:
    """(check, system, object, count) of every finding."""
    snapshot, file = load_portals(folder, files), folder / "dynsync.toml"
    file.write_text(settings, encoding="utf-8")
    rows = kit.records(kit.forecast(snapshot, file, folder / "f").findings)
    return {(row["check_id"], row["system"], row["object"], row["count"]) for row in rows}


def checks(told: Found) -> set[str]:
    return {check for check, _, _, _ in told}


ADDITIONAL = {
    "h/contacts": "hs_object_id,email,hs_additional_emails\n1,a@example.com,anna@example.com;a2@example.com\n",
    "d/contacts": "contactid,emailaddress1\nd1,a@example.com\nd2,anna@example.com\nd3,a2@example.com\n",
}


def test_addresses__who_loses_a_contact_by_an_additional_one_shares_none(tmp_path: Path) -> None:
    told = found(tmp_path, ADDITIONAL, "[sync.contact]\n")
    assert "G01" not in checks(told)
    assert ("G05", "dynamics", "contact", 2) in told


TAKEN = {
    "h/contacts": "hs_object_id,email,hs_additional_emails,zip\n"
    "1,a@example.com,,K1\n2,b@example.com,b2@example.com,K2\n",
    "d/contacts": "contactid,emailaddress1,address1_postalcode\nd1,a@example.com,K7\nd2,b2@example.com,K8\n"
    "d3,n@example.com,K9\nd4,n@example.com,K10\n",
}
OWN = 'match_mode = "own_field"\nmatch_field = { hubspot = "zip", dynamics = "address1_postalcode" }\n'


def test_addresses__primary_ones_that_are_taken_are_refused_and_no_additional_ones(tmp_path: Path) -> None:
    told = found(tmp_path, TAKEN, f"[sync.contact]\n{OWN}")
    # d1 by the primary address of 1, d2 by the additional one of 2, d4 by d3
    assert ("G29", "dynamics", "contact", 3) in told
    assert ("G05", "dynamics", "contact", 1) in told


def test_addresses__written_over_with_one_that_another_contact_has(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,hs_additional_emails,zip\n"
        "1,a@example.com,,K1\n2,b@example.com,b2@example.com,K2\n3,c@example.com,,K3\n4,d@example.com,,K4\n",
        "d/contacts": "contactid,emailaddress1,address1_postalcode\nd1,B@example.com,K1\nd3,b2@example.com,K3\n"
        "d4,new@example.com,K4\n",
    }
    told = found(tmp_path, files, f"[sync.contact]\n{OWN}")
    # 1 gets the primary address of 2, 3 an additional one of it
    assert ("G29", "hubspot", "contact", 2) in told
    (tmp_path / "away").mkdir()
    away = found(tmp_path / "away", files, f"[sync.contact]\ndirection = 'to_dynamics'\n{OWN}")
    assert "G29" not in checks(away)


LEADS = {
    "h/contacts": "hs_object_id,email,hs_additional_emails,hs_email_optout\n1,x@example.com,,true\n"
    "2,y@example.com,old@example.com,false\n",
    "d/leads": "leadid,emailaddress1,firstname,donotbulkemail\nl1,x@example.com,Al,0\nl2,x@example.com,Al,0\n"
    "l3,old@example.com,Bo,1\nl4,,Cy,0\nl5,no address,Di,0\n",
}


def test_leads__lose_addresses_lack_them_and_opt_out_as_contacts_do(tmp_path: Path) -> None:
    told = found(tmp_path, LEADS, "[sync.lead]\n")
    assert {one for one in told if one[0] in ("G01", "G02", "G05", "G06", "G42")} == {
        ("G01", "dynamics", "lead", 1),
        ("G05", "dynamics", "lead", 1),
        ("G06", "dynamics", "lead", 2),
        # 1 has opted out and l1 has not, l3 has and 2 has not
        ("G42", None, "contact", 2),
    }


@pytest.mark.parametrize(("overlap", "count"), [("both_bind_flag", 1), ("contact_wins", None)])
def test_leads__meet_a_contact_only_where_they_sync(tmp_path: Path, *, overlap: str, count: int | None) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n9,z@example.com\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\n",
        "d/leads": "leadid,emailaddress1\nl1,a@example.com\nl2,a@example.com\n",
    }
    text = f"[sync.contact]\n[sync.lead]\n[assumptions]\nlead_contact_overlap = '{overlap}'\n"
    assert {told for check, _, _, told in found(tmp_path, files, text) if check == "G04"} == ({count} - {None})


STAGES = {
    "h/contacts": "hs_object_id,email,lifecyclestage\n"
    "1,a@example.com,customer\n2,b@example.com,lead\n3,c@example.com,lead\n",
    "d/contacts": "contactid,emailaddress1\nd1,x@example.com\n",
    "d/leads": "leadid,emailaddress1\nl1,y@example.com\nl2,z@example.com\n",
}


@pytest.mark.parametrize(
    ("contact", "lead", "count"), [("none", "default", 2), ("default", "none", 4), ("none", "none", 6)]
)
def test_matching_switched_off__counts_who_belongs_to_that_sync(
    tmp_path: Path, *, contact: str, lead: str, count: int
) -> None:
    text = f"[sync.contact]\nmatch_mode = '{contact}'\n[sync.lead]\nmatch_mode = '{lead}'\n"
    assert ("G14", None, None, count) in found(tmp_path, STAGES, text)


def test_owners__a_contact_in_two_syncs_counts_once(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,hubspot_owner_id\n"
        "1,a@example.com,77\n2,b@example.com,78\n3,c@example.com,79\n",
        "h/owners": "id,email\n77,gone@example.com\n78,away@example.com\n79,ok@example.com\n",
        "d/users": "systemuserid,internalemailaddress\nu1,ok@example.com\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\n",
        "d/leads": "leadid,emailaddress1\nl1,b@example.com\n",
    }
    owner = "[[sync.{}.mapping]]\nhubspot = 'hubspot_owner_id'\ndynamics = 'ownerid'\n"
    text = f"[sync.contact]\n{owner.format('contact')}[sync.lead]\n{owner.format('lead')}"
    assert {one for one in found(tmp_path, files, text) if one[0] == "G44"} == {("G44", "hubspot", None, 2)}


def test_required__contacts_without_a_stage_are_asked_once(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,lastname\n1,a@example.com,\n2,b@example.com,Birch\n",
        "d/contacts": "contactid,emailaddress1\nd1,x@example.com\n",
        "d/leads": "leadid,emailaddress1\nl1,y@example.com\n",
    }
    told = found(tmp_path, files, "[sync.contact]\n[sync.lead]\n")
    assert {one for one in told if one[0] == "G28"} == {("G28", "hubspot", None, 1)}


def test_criterion__that_asks_what_is_not_there_is_told(tmp_path: Path) -> None:
    criterion = "[hubspot]\nmarketing_criterion = \"hs_lead_status = 'NEW'\"\n"
    told = found(tmp_path, ADDITIONAL, f"{criterion}[sync.contact]\n")
    assert ("G31", None, None, 1) in told


@pytest.mark.parametrize(("scope", "count"), [("source", None), ("both", 1)])
def test_filter__of_a_side_that_is_no_source_counts_where_it_is_asked(
    tmp_path: Path, *, scope: str, count: int | None
) -> None:
    text = "[sync.contact]\ndirection = 'to_hubspot'\nfilter_to_dynamics = \"hs_lead_status = 'NEW'\"\n"
    told = found(tmp_path, ADDITIONAL, f"{text}[assumptions]\nfilter_scope = '{scope}'\n")
    assert {number for check, _, _, number in told if check == "G31"} == ({count} - {None})


@pytest.mark.parametrize("sync", ["direction = 'to_dynamics'", "only_existing_in_target = true"])
def test_auto_created_companies__are_no_question_where_no_contact_is_created(tmp_path: Path, *, sync: str) -> None:
    assert "G18" not in checks(found(tmp_path, ADDITIONAL, f"[sync.contact]\n{sync}\n"))
