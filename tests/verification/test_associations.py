"""Associations in the receipt: as ruled, with one rule changed, and what people did."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness import initial_sync, links
from tests.kit.small_portals import load_portals
from tests.verification.after_sync import Edit, change, sync_by_witness

SETTINGS = """
[sync.contact]
[sync.company]
[sync.deal]
[sync.deal.stages]
open = "1"
"""
FILES = {
    "h/contacts": "hs_object_id,email,lastmodifieddate\n"
    "1,ann@c.example,2026-11-01T00:00:00Z\n2,bob@c.example,2026-11-01T00:00:00Z\n"
    "3,cid@c.example,2026-11-01T00:00:00Z\n4,dan@c.example,2026-11-01T00:00:00Z\n",
    "h/companies": "hs_object_id,name\n11,Company A\n12,Company B\n13,Company C\n",
    "h/links": "contact_id,company_id,is_primary\n1,11,true\n1,12,false\n3,12,true\n",
    "h/deals": "hs_object_id,dealname,dealstage\n21,First deal,open\n",
    "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type,modifiedon,"
    "_modifiedby_value\n"
    "d1,ann@c.example,,,2026-11-01T00:00:00Z,u1\nd2,bob@c.example,a2,account,2026-11-01T00:00:00Z,u1\n"
    "d4,dan@c.example,d1,contact,2026-11-01T00:00:00Z,u1\nd5,eve@c.example,a1,account,2026-11-01T00:00:00Z,u1\n",
    "d/opportunities": "opportunityid,name,statuscode,_parentaccountid_value,_parentcontactid_value\n"
    "o1,Second deal,1,a1,d2\n",
    "d/accounts": "accountid,name\na1,Company A\na2,Company B\n",
}


@pytest.fixture(scope="module")
def forecast_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the snapshot `s`, settings and the forecast `f`, which no test changes."""
    folder = tmp_path_factory.mktemp("portals")
    load_portals(folder, FILES)
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    kit.forecast(folder / "s", folder / "dynsync.toml", folder / "f")
    return folder


@pytest.fixture
def portals(forecast_once: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return shutil.copytree(forecast_once, tmp_path / "portals")


def misses(portals: Path, *, edit: Edit | None = None) -> dict[str, str]:
    """The rule in doubt by the record that was missed, after the witness, and then perhaps people, were at work."""
    before = kit.open_snapshot(portals / "s")
    settings = kit.read_settings(portals / "dynsync.toml", snapshot=before)
    sync_by_witness(before, settings, portals / "t", edit=edit)
    figures = kit.verify(portals / "s", portals / "t", portals / "f").figures
    assert figures["by_cause"].get("not_settled", 0) == 0
    return {f"{row['system']} {row['object']} {row['record_id']}": row["rule_id"] for row in figures["missed"]}


def test_every_association_as_ruled(portals: Path) -> None:
    assert misses(portals) == {}


def test_rule_changed__nothing_is_carried_over(portals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of deals nothing is said: files hold no associations of HubSpot's deals."""
    monkeypatch.setattr(initial_sync, "_carry", lambda *_: None)
    assert misses(portals) == {
        "dynamics contact d1": "link.both-synced",
        "dynamics contact d2": "link.both-synced",
        "dynamics contact d5": "link.both-synced",
        "hubspot contact 1": "link.both-synced",
        "hubspot contact 2": "link.both-synced",
        "hubspot contact 3": "link.both-synced",
    }


def test_rule_changed__another_company_is_the_primary_one(portals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merged = links._merged
    monkeypatch.setattr(
        links, "_merged", lambda store: [replace(link, is_primary=not link.is_primary) for link in merged(store)]
    )
    assert misses(portals) == {
        "dynamics contact d1": "link.primary-only",
        "hubspot contact 1": "link.primary-only",
        "hubspot contact 3": "link.both-synced",
    }


def _moved(values: dict[str, str | None]) -> Edit:
    return lambda store: change(store, System.DYNAMICS, Object.CONTACT, "d1", values)


@pytest.mark.parametrize(
    ("by", "missed"),
    [
        ({"_modifiedby_value": "u7"}, {}),
        ({}, {"dynamics contact d1": "link.primary-only", "hubspot contact 1": "link.primary-only"}),
    ],
)
def test_people__another_company_is_no_miss(portals: Path, by: dict[str, str | None], missed: dict[str, str]) -> None:
    moved = {"_parentcustomerid_value": "a2", "modifiedon": "2026-11-23T10:00:00Z"}
    assert misses(portals, edit=_moved({**moved, **by})) == missed
