"""Marketing contacts after the sync: whom a criterion would enrol, and what the tier covers; counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from tests.everyday import one_of_each
from tests.kit.small_portals import load_portals

HUBSPOT = (
    "hs_object_id,email,lifecyclestage,hs_marketable_status,hs_email_optout,jobtitle\n1,z@c.example,lead,true,true,x\n"
)
THREE = "contactid,emailaddress1,firstname,jobtitle\nD1,b@c.example,B,CEO\nD2,c@c.example,C,CEO\nD3,d@c.example,D,CTO\n"
PORTAL = '[hubspot]\nmarketing_contacts = {}\nmarketing_tier = 10\nsync_as_marketing = {}\nmarketing_criterion = "{}"\n'
CONTACTS = "[sync.contact]\ndirection = 'to_hubspot'\n"


def told(
    folder: Path,
    criterion: str = "",
    *,
    sync: str = CONTACTS,
    today: int = 10,
    as_marketing: str = "false",
    **files: str,
) -> list[tuple[str, Any]]:
    """`("G39", 2)` of every finding about marketing contacts, in order."""
    tables = {
        "h/contacts": HUBSPOT,
        "d/contacts": THREE,
        **{name.replace("_", "/"): text for name, text in files.items()},
    }
    text = PORTAL.format(today, as_marketing, criterion) + sync
    (folder / "dynsync.toml").write_text(text, encoding="utf-8")
    forecast = kit.forecast(load_portals(folder, tables), folder / "dynsync.toml", folder / "f")
    rows = [row for row in kit.records(forecast.findings) if row["check_id"] in ("G39", "G40")]
    return [(row["check_id"], row["count"]) for row in rows]


@pytest.mark.parametrize(
    ("criterion", "count"),
    one_of_each(
        [
            ("jobtitle = 'ceo'", 2),
            ("jobtitle != 'ceo'", 1),
            ("not jobtitle = 'CEO'", 1),
            ("lifecyclestage is unknown", 3),
            ("email is unknown", 0),
            # the HubSpot file does not hold the first name; who is created brings one along
            ("firstname = 'b'", 1),
            # what HubSpot sets by itself
            ("createdate within last 1 days", 3),
            ("hs_marketable_status = false", 3),
        ],
        lambda criterion, count: (criterion.split()[1], count),
    ),
)
def test_criterion__counts_each_contact_that_is_created_once(tmp_path: Path, criterion: str, count: int) -> None:
    found = told(tmp_path, criterion)
    assert found == ([("G39", count), ("G40", count)] if count else [])


def test_criterion__sees_the_default_stage_of_those_created(tmp_path: Path) -> None:
    sync = CONTACTS + "default_lifecycle_stage = 'customer'\n"
    assert told(tmp_path, "lifecyclestage = 'customer'", sync=sync) == [("G39", 3), ("G40", 3)]


def test_criterion__counts_a_matched_contact_once(tmp_path: Path) -> None:
    contacts = "contactid,emailaddress1,firstname,jobtitle\nD1,z@c.example,B,CEO\n"
    assert told(tmp_path, "jobtitle = 'ceo'", d_contacts=contacts) == []  # a marketing contact already
    (tmp_path / "other").mkdir()
    leads = "leadid,emailaddress1,firstname\nL1,y@c.example,L\n"
    sync = CONTACTS + "[sync.lead]\ndirection = 'to_hubspot'\n"
    assert told(tmp_path / "other", "jobtitle is unknown", sync=sync, d_leads=leads) == [("G39", 1), ("G40", 1)]


def test_leads_alone__are_contacts_of_hubspot(tmp_path: Path) -> None:
    leads = "leadid,emailaddress1,firstname,jobtitle\nL1,y@c.example,L,CEO\n"
    sync = "[sync.lead]\ndirection = 'to_hubspot'\n"
    assert told(tmp_path, sync=sync, as_marketing="true", d_leads=leads) == [("G39", 1), ("G40", 1)]
    (tmp_path / "other").mkdir()
    assert told(tmp_path / "other", "jobtitle = 'CEO'", sync=sync, d_leads=leads) == [("G39", 1), ("G40", 1)]


def test_criterion__asks_for_the_owner_whom_the_contact_will_have(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "h_owners": "id,email\n70,ann@c.example\n71,bob@c.example\n",
        "d_users": "systemuserid,internalemailaddress\nu1,ANN@c.example\nu2,bob@c.example\nu3,eve@c.example\n",
        "d_contacts": "contactid,emailaddress1,_ownerid_value\n"
        "D1,b@c.example,u1\nD2,c@c.example,u2\nD3,d@c.example,u3\n",
    }
    owner = "[[sync.contact.mapping]]\nhubspot = 'hubspot_owner_id'\ndynamics = 'ownerid'\n"
    (tmp_path / "none").mkdir()
    assert told(tmp_path, "hubspot_owner_id = '70'", sync=CONTACTS + owner, **files) == [("G39", 1), ("G40", 1)]
    unowned = told(tmp_path / "none", "hubspot_owner_id is unknown", sync=CONTACTS + owner, **files)
    assert unowned == [("G39", 1), ("G40", 1)]


def test_criterion__counts_those_created_where_no_status_was_delivered(tmp_path: Path) -> None:
    contacts = "hs_object_id,email,jobtitle\n1,z@c.example,CEO\n"
    found = told(tmp_path, "jobtitle = 'ceo'", h_contacts=contacts)
    # that of 1 is not known, though it has the title
    assert found == [("G39", 2), ("G39", None), ("G40", 2)]


def test_tier__that_is_exceeded_today_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, today=20) == [("G40", 10)]
