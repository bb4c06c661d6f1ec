"""What the audit rules say of a small portal under different settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email,company,createdate\n1,a@example.com,Acme,2026-01-01T00:00:00Z\n",
    "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n"
    "D1,b@example.com,,\nD2,c@example.com,D1,contact\nD3,c@example.com,,\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_portals(tmp_path_factory.mktemp("findings"), FILES)


def findings(snapshot: Snapshot, folder: Path, settings: str) -> dict[str, tuple[str, int | None, str]]:
    file = folder / "dynsync.toml"
    file.write_text(settings + "\n[sync.contact]\n" if "[sync.contact]" not in settings else settings, encoding="utf-8")
    rows = kit.records(kit.forecast(snapshot, file, folder / "f").findings)
    return {row["check_id"]: (row["severity"], row["count"], row["sentence"]) for row in rows}


def test_findings__duplicates_parents_and_what_is_not_checked(snapshot: Snapshot, tmp_path: Path) -> None:
    told = findings(snapshot, tmp_path, "")
    assert told["G01"] == (
        "high",
        1,
        "1 Dynamics contact loses its e-mail address to an earlier contact and will never sync.",
    )
    assert told["G16"] == ("medium", 1, "1 Dynamics contact has another contact as its company.")
    assert told["G42"][:2] == ("not_checked", None)
    assert told["G50"][:2] == ("not_checked", None)
    assert told["G18"][:2] == ("not_checked", None)
    assert told["G39"] == (
        "not_checked",
        None,
        "Whether the contacts that the sync creates become marketing contacts is not known; set sync_as_marketing in "
        "the settings.",
    )
    assert told["G40"][:2] == ("not_checked", None)
    assert "G30" not in told


def test_findings__auto_created_companies(snapshot: Snapshot, tmp_path: Path) -> None:
    company = "[sync.contact]\n[sync.company]\n"
    assert findings(snapshot, tmp_path, company)["G18"][:2] == ("not_checked", None)
    on = findings(snapshot, tmp_path, "[hubspot]\nauto_create_companies = 'on'\n" + company)
    assert on["G18"] == ("high", 2, "HubSpot may create companies by itself for 2 new contacts.")
    assert "G18" not in findings(snapshot, tmp_path, "[hubspot]\nauto_create_companies = 'off'\n" + company)


def test_findings__marketing_tier(snapshot: Snapshot, tmp_path: Path) -> None:
    marketing = "[hubspot]\nsync_as_marketing = true\n"
    assert findings(snapshot, tmp_path, marketing)["G40"][0] == "not_checked"
    tier = marketing + "marketing_contacts = 1999\nmarketing_tier = 2000\n"
    assert findings(snapshot, tmp_path, tier)["G40"] == (
        "blocker",
        2,
        "2 contacts would be added to the marketing contacts, which then exceed the tier that is paid for.",
    )
    assert "G40" not in findings(snapshot, tmp_path, marketing + "marketing_contacts = 1\nmarketing_tier = 2000\n")


@pytest.mark.parametrize(
    ("today", "answer", "severity"),
    [
        (1997, None, None),  # two contacts are created: even with them the tier suffices
        (1999, None, "not_checked"),
        (1999, "false", None),
        (1999, "true", "blocker"),
    ],
)
def test_findings__marketing_tier_without_the_switch(
    snapshot: Snapshot, tmp_path: Path, today: int, answer: str | None, severity: str | None
) -> None:
    switch = f"sync_as_marketing = {answer}\n" if answer else ""
    tier = f"[hubspot]\nmarketing_contacts = {today}\nmarketing_tier = 2000\n{switch}"
    told = findings(snapshot, tmp_path, tier)
    assert told.get("G40", (None,))[0] == severity
    assert told.get("G39", (None,))[0] == {None: "not_checked", "false": None, "true": "high"}[answer]


def test_findings__own_mappings_without_data_hub_and_lookups(snapshot: Snapshot, tmp_path: Path) -> None:
    own = "[[sync.contact.mapping]]\nhubspot = 'company'\ndynamics = 'parentcustomerid'\n"
    told = findings(snapshot, tmp_path, "[hubspot]\ndata_hub = false\n[sync.contact]\n" + own)
    assert told["G30"] == (
        "blocker",
        1,
        "1 mapping of your own needs a paid Data Hub, which this portal does not have.",
    )
    assert told["G20"] == ("blocker", 1, "1 mapping names a lookup, which cannot sync.")


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        ("", "not_checked"),
        ("data_hub = true", "not_checked"),
        ("plan = 'starter'", "not_checked"),
        ("data_hub = false", "blocker"),
        ("plan = 'free'", "blocker"),
        ("data_hub = true\nplan = 'starter'", None),
    ],
)
def test_findings__own_mappings_where_nobody_said_what_is_paid_for(
    snapshot: Snapshot, tmp_path: Path, answers: str, severity: str | None
) -> None:
    own = "[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'company'\ndynamics = 'emailaddress2'\n"
    told = findings(snapshot, tmp_path, f"[hubspot]\n{answers}\n{own}")
    assert told.get("G30", (None,))[0] == severity
    if severity == "not_checked":
        assert told["G30"][1:] == (
            None,
            "Whether the portal allows mappings of your own is not known: they need a paid Data Hub; set plan and "
            "data_hub in the settings.",
        )


def test_findings__not_checked_name_the_question_to_answer(snapshot: Snapshot, tmp_path: Path) -> None:
    own = "[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'company'\ndynamics = 'emailaddress2'\n"
    findings(snapshot, tmp_path, own)
    rows = kit.open_forecast(tmp_path / "f").rows("findings", where={"severity": "not_checked"})
    fixes = {row["check_id"]: row["fix"] for row in rows}
    assert fixes["G30"] == (
        "Answer the questions in the settings: [hubspot] plan = 'free', 'starter', 'professional' or 'enterprise', and "
        "data_hub = true or false."
    )
    assert fixes["G39"] == "Answer the question in the settings: [hubspot] sync_as_marketing = true or false."
    assert fixes["G40"].startswith("Answer the questions in the settings: [hubspot] marketing_contacts and ")
    asked = {check for question in kit.rulebook().questions.values() for check in question.checks}
    assert [check for check, fix in fixes.items() if check in asked and "in the settings: [" not in fix] == []


def test_findings__forecast_json_names_what_it_rests_on(snapshot: Snapshot, tmp_path: Path) -> None:
    findings(snapshot, tmp_path, "")
    info = kit.open_forecast(tmp_path / "f").info
    assert info["snapshot_sha256"] == snapshot.manifest_sha256
    assert info["rulebook_version"] == kit.rulebook().version
    assert info["standard_schema"] == {"hubspot": True, "dynamics": True}
    assert info["taken_at"] == "2026-11-23T00:00:00Z"
    assert "dynamics/leads" in info["not_provided"]


def test_findings__leads_beside_contacts(tmp_path: Path) -> None:
    files = {
        "d/contacts": "contactid,emailaddress1,statecode\nd1,a@example.com,0\nd2,b@example.com,1\n",
        "d/leads": "leadid,emailaddress1\nl1,A@example.com\nl2,b@example.com\nl3,c@example.com\n",
    }
    snapshot = load_portals(tmp_path, {**files, "h/contacts": "hs_object_id,email\n"})
    settings = "[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n[sync.lead]\n"
    assert findings(snapshot, tmp_path, settings)["G04"][:2] == ("high", 1)
    assert "G04" not in findings(snapshot, tmp_path, "[sync.contact]\n")


def test_findings__matching_switched_off(snapshot: Snapshot, tmp_path: Path) -> None:
    told = findings(snapshot, tmp_path, "[sync.contact]\nmatch_mode = 'none'\n")
    assert told["G14"][:2] == ("blocker", 3)
    assert "G14" not in findings(snapshot, tmp_path, "")
