"""What the first sync sets off beside the records, on a small portal whose figures can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email,city,hs_marketable_status,hs_email_optout\n"
    "1,ann@example.com,,false,true\n"
    "2,bob@example.com,Bonn,true,false\n"
    "3,cid@example.com,Bonn,false,\n"
    "4,dee@example.com,Kiel,,true\n",
    "h/companies": "hs_object_id,name,domain\n50,Known,known.example\n",
    "d/contacts": "contactid,emailaddress1,address1_city,donotbulkemail,donotemail\n"
    "a1,ann@example.com,Bonn,false,0\n"
    "a2,bob@example.com,Bonn,1,false\n"
    "a3,eve@example.com,Bonn,false,false\n"
    "a4,fay@example.com,Kiel,false,false\n"
    "a5,dee@example.com,Kiel,false,true\n",
    "d/accounts": "accountid,name\nc1,Elsewhere\n",
    "d/opportunities": "opportunityid,statuscode,_parentcontactid_value\no1,1,a1\no2,1,a3\no3,9,a2\n",
}
NOT_MARKETING = "[hubspot]\nsync_as_marketing = false\n"
CONTACTS = "[sync.contact]\nconflict_winner = 'dynamics'\n"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_portals(tmp_path_factory.mktemp("side-effects"), FILES)


def findings(snapshot: Snapshot, folder: Path, settings: str) -> dict[str, list[tuple[str, int | None]]]:
    file = folder / "dynsync.toml"
    file.write_text(settings, encoding="utf-8")
    told: dict[str, list[tuple[str, int | None]]] = {}
    for row in kit.records(kit.forecast(snapshot, file, folder / "f").findings):
        told.setdefault(row["check_id"], []).append((row["severity"], row["count"]))
    return told


def test_consent__told_for_matched_contacts_who_opted_out_on_one_side(snapshot: Snapshot, tmp_path: Path) -> None:
    # ann: HubSpot only; bob: Dynamics only (bulk e-mail); dee: both sides, which agrees; eve and fay have no match
    assert findings(snapshot, tmp_path, CONTACTS)["G42"] == [("blocker", 2)]


def test_enrolment__asks_contacts_as_they_stand_after_the_sync(snapshot: Snapshot, tmp_path: Path) -> None:
    # ann gets her city from Dynamics, cid has it, eve is created with it; bob is a marketing contact already
    told = findings(snapshot, tmp_path, NOT_MARKETING + "marketing_criterion = \"city = 'Bonn'\"\n" + CONTACTS)
    assert told["G39"] == [("medium", 3)]


def test_enrolment__without_a_criterion_nothing_is_said(snapshot: Snapshot, tmp_path: Path) -> None:
    assert "G39" not in findings(snapshot, tmp_path, NOT_MARKETING + CONTACTS)


def test_enrolment__counts_towards_the_tier(snapshot: Snapshot, tmp_path: Path) -> None:
    criterion = f"{NOT_MARKETING}marketing_criterion = \"city = 'Bonn'\"\nmarketing_contacts = 1\nmarketing_tier = "
    assert findings(snapshot, tmp_path, f"{criterion}3\n{CONTACTS}")["G40"] == [("blocker", 3)]
    assert "G40" not in findings(snapshot, tmp_path, f"{criterion}4\n{CONTACTS}")


def test_marketing_switch__contacts_created_with_it_are_not_enrolled_again(snapshot: Snapshot, tmp_path: Path) -> None:
    switch = "[hubspot]\nsync_as_marketing = true\nmarketing_criterion = \"city = 'Bonn'\"\n"
    # eve and fay are created as marketing contacts; ann and cid are left for the workflow
    assert sorted(findings(snapshot, tmp_path, switch + CONTACTS)["G39"]) == [("high", 2), ("medium", 2)]


def test_cascades__contacts_with_a_new_deal(snapshot: Snapshot, tmp_path: Path) -> None:
    deals = "[sync.deal]\ndirection = 'to_hubspot'\n[sync.deal.stages]\n'new' = '1'\n"
    assert findings(snapshot, tmp_path, CONTACTS + deals)["G38"] == [("low", 2)]


def test_cascades__deals_that_are_there_already_are_no_new_ones(snapshot: Snapshot, tmp_path: Path) -> None:
    own = "match_mode = 'own_field'\nmatch_field = { hubspot = 'dealname', dynamics = 'name' }\n"
    deals = f"[sync.deal]\ndirection = 'to_hubspot'\n{own}[sync.deal.stages]\n'new' = '1'\n"
    assert "G38" not in findings(snapshot, tmp_path, CONTACTS + deals)


def test_auto_created_companies__concern_contacts_though_companies_are_off(snapshot: Snapshot, tmp_path: Path) -> None:
    on = "[hubspot]\nauto_create_companies = 'on'\n"
    assert findings(snapshot, tmp_path, on + CONTACTS)["G18"] == [("high", 2)]
    assert findings(snapshot, tmp_path, CONTACTS)["G18"] == [("not_checked", None)]


@pytest.mark.parametrize(
    ("sync", "echoes"),
    [
        ("only_existing_in_target = true", 0),
        ("sync_user_may_write = false", 0),
        ("filter_to_dynamics = \"lifecyclestage = 'customer'\"", 0),
        ('filter_to_dynamics = "domain is known"', 1),
    ],
)
def test_auto_created_companies__come_back_as_far_as_the_sync_lets_them(
    snapshot: Snapshot, tmp_path: Path, *, sync: str, echoes: int
) -> None:
    on = "[hubspot]\nauto_create_companies = 'on'\n"
    told = findings(snapshot, tmp_path, f"{on}{CONTACTS}[sync.company]\n{sync}\n")
    assert told["G18"] == [("high", 1)] * echoes + [("high", 2)]


def test_auto_created_companies__come_back_as_accounts(snapshot: Snapshot, tmp_path: Path) -> None:
    on = "[hubspot]\nauto_create_companies = 'on'\n"
    both = CONTACTS + "[sync.company]\ndirection = '{}'\n"
    # eve and fay share a domain: HubSpot makes one company, which would come back as one account
    assert findings(snapshot, tmp_path, on + both.format("two_way"))["G18"] == [("high", 1), ("high", 2)]
    assert findings(snapshot, tmp_path, on + both.format("to_hubspot"))["G18"] == [("high", 2)]
    assert findings(snapshot, tmp_path, both.format("two_way"))["G18"] == [("not_checked", None), ("not_checked", None)]
