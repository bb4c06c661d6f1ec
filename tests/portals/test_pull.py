"""Pulling from two emulated portals over real HTTP: what comes out, what is survived, what goes on."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import stat
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.core.model import Object
from dynsync_lib.emulator.conditions.switches import Fault, Rights
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import build_world, read_world, write_world
from dynsync_lib.errors import (
    AccessError,
    PortalUnavailableError,
    RateLimitError,
    SafetyError,
    SignInError,
    SnapshotError,
    UnexpectedReplyError,
    UsageError,
)
from dynsync_lib.portals.files.load_files import load_files
from dynsync_lib.snapshot.snapshot import TABLE_NAMES, Snapshot
from tests.everyday import is_everyday, one_of_each
from tests.pulls import GENEROUS, KEYS, NOON, FakeTime, guid, pull, rows_of

SAMPLE = Path(__file__).parents[2] / "sample_data"
TABLES = ("Contact", "Account", "Lead", "Opportunity", "Invoice")
RECORDS = [name for name in TABLE_NAMES if name not in {"hubspot/properties", "dynamics/columns", "hubspot/links"}]


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """The emulator without faults, with all rights, with an empty log."""
    running.conditions.reset()
    return running


@pytest.fixture(scope="module")
def undisturbed(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A pull that nothing went wrong with."""
    running.conditions.reset()
    return pull(running, tmp_path_factory.mktemp("undisturbed") / "snapshot")


def _bytes(snapshot: Snapshot) -> dict[str, str]:
    """A hash of every file."""
    files = [path for path in snapshot.path.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(snapshot.path)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)
    }


def _break(emulator: Emulator, **fault: Any) -> None:
    emulator.conditions.add_faults([Fault(**fault)])


def _asked(emulator: Emulator, path: str) -> int:
    return sum(entry.path == path for entry in emulator.conditions.log())


HUBSPOT_ONLY: dict[str, Any] = {"dynamics_url": None}
DYNAMICS_ONLY: dict[str, Any] = {"hubspot_token": None}


# --- What comes out ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both_ways(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """The demo world pulled from its portals, and loaded from its files; every day without its crowd."""
    folder = tmp_path_factory.mktemp("both_ways")
    world = SAMPLE
    if is_everyday(request.config):
        world = folder / "world"
        write_world(build_world(scale=0), world)
    with Emulator(read_world(world), limits=GENEROUS) as emulator:
        pulled = pull(emulator, folder / "pulled")
    schema: dict[str, list[dict[str, Any]]] = {"properties": [], "columns": []}
    files = (world / "hubspot", world / "dynamics", folder / "loaded")
    return pulled, load_files(*files, key_maker=KEYS, standard_schema=schema, taken_at=NOON)


@pytest.mark.parametrize("name", RECORDS)
def test_pull_portals__a_world_pulled_is_the_world_loaded(both_ways: tuple[Snapshot, Snapshot], name: str) -> None:
    pulled, loaded = both_ways
    names = loaded.columns(name)
    assert set(names) <= set(pulled.columns(name))
    rows = [[row[column] for column in names] for row in rows_of(loaded, name)]
    assert rows == [[row[column] for column in names] for row in rows_of(pulled, name)]


@pytest.mark.parametrize("name", ["hubspot/properties", "dynamics/columns"])
def test_pull_portals__metadata_is_that_of_the_files(both_ways: tuple[Snapshot, Snapshot], name: str) -> None:
    assert rows_of(both_ways[0], name) == rows_of(both_ways[1], name)


def test_pull_portals__links_are_those_of_the_files(both_ways: tuple[Snapshot, Snapshot]) -> None:
    links = [sorted(map(repr, rows_of(snapshot, "hubspot/links"))) for snapshot in both_ways]
    assert links[0] == links[1]
    assert both_ways[0].manifest["portals"] == both_ways[1].manifest["portals"]


def test_pull_portals__manifest(undisturbed: Snapshot) -> None:
    manifest = undisturbed.manifest
    assert manifest["source"] == "emulator"
    assert undisturbed.taken_at == NOON
    assert manifest["portals"]["hubspot"] == {"id": "424242", "type": "SANDBOX"}
    assert manifest["portals"]["dynamics"]["type"] == "CustomerTest"
    assert manifest["caller"] == {"dynamics": "00000000-0000-0000-0000-000000000002"}
    rights = {f"prv{right}{table}": "Global" for table in TABLES for right in ("Read", "Create", "Write")}
    assert manifest["dynamics_caller"] == {"is_person": False, "privileges": rights}
    assert manifest["api_versions"] == {"hubspot": "v3, associations v4", "dynamics": "v9.2"}
    counts = {name: (table["rows"], table["server_rows"]) for name, table in manifest["tables"].items()}
    assert counts["hubspot/contacts"] == (230, 230)
    assert counts["dynamics/contacts"] == (30, 30)
    assert counts["hubspot/owners"] == (2, None)
    assert all(table["provided"] and table["note"] is None for table in manifest["tables"].values())


def test_pull_portals__keeps_what_its_user_may_do(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.rights = Rights(missing_privileges=frozenset({"prvCreateAccount", "prvWriteLead"}))
    held = pull(emulator, tmp_path / "held", **DYNAMICS_ONLY).caller_privileges
    assert held is not None
    rights = {f"prv{right}{table}" for table in TABLES for right in ("Read", "Create", "Write")}
    assert rights - set(held) == {"prvCreateAccount", "prvWriteLead"}
    _break(emulator, path="*/systemusers(*", status=404, body={"error": {"code": "0x8006088a"}}, times=9)
    assert pull(emulator, tmp_path / "untold", **DYNAMICS_ONLY).caller_privileges is None


def test_pull_portals__hubspot_rows(undisturbed: Snapshot) -> None:
    first, *_, tenth = rows_of(undisturbed, "hubspot/contacts")[:10]
    assert (first["id"], first["api_rank"], first["email_key"]) == ("1001", 0, "person1@x.example")
    assert first["secondary_email_keys"] == ["second@x.example", "third@x.example"]
    assert first["note"] == 'Line one,\n"quoted" ünï 1'
    assert (tenth["id"], tenth["email"], tenth["email_key"]) == ("1010", None, None)


def test_pull_portals__dynamics_rows_in_guid_order(undisturbed: Snapshot) -> None:
    rows = rows_of(undisturbed, "dynamics/contacts")
    assert [row["id"] for row in rows] == [guid(number) for number in range(1, 31)]
    assert [row["api_rank"] for row in rows] == list(range(30))
    assert (rows[0]["creditlimit"], rows[0]["donotemail"], rows[1]["donotemail"]) == ("1.50", "true", "false")
    assert (rows[2]["_parentcustomerid_value"], rows[2]["_parentcustomerid_type"]) == (guid(1), "contact")
    assert (rows[4]["_parentcustomerid_value"], rows[4]["_parentcustomerid_type"]) == (None, None)


def test_pull_portals__folder_is_private_and_alone(emulator: Emulator, tmp_path: Path) -> None:
    snapshot = pull(emulator, tmp_path / "monday")
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["monday"]


def test_pull_portals__only_wanted_fields(emulator: Emulator, tmp_path: Path) -> None:
    wanted = {"hubspot/contacts": ["note", "unknown"], "dynamics/contacts": ["parentcustomerid", "_ownerid_value"]}
    snapshot = pull(emulator, tmp_path / "s", fields=wanted)
    vendor = {name: set(snapshot.columns(name)) - {"id", "api_rank", "file_rank"} for name in wanted}
    keys = {"email_key", "email_key_exact", "email_valid"}
    assert vendor["hubspot/contacts"] - keys == {
        *("secondary_email_keys", "secondary_email_keys_exact", "hs_object_id", "email", "hs_additional_emails"),
        *("createdate", "lastmodifieddate", "note"),
    }
    assert vendor["dynamics/contacts"] - keys == {
        *("guid_sql_key", "contactid", "emailaddress1", "createdon", "modifiedon"),
        *("_parentcustomerid_value", "_parentcustomerid_type"),
    }
    assert "domain" in snapshot.columns("hubspot/companies")


def test_pull_portals__progress_counts_up(emulator: Emulator, tmp_path: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, progress=lambda *call: calls.append(call))
    assert [call for call in calls if call[0] == "hubspot/contacts"] == [
        ("hubspot/contacts", 100, 230),
        ("hubspot/contacts", 200, 230),
        ("hubspot/contacts", 230, 230),
    ]
    links = [call[1] for call in calls if call[0] == "hubspot/links"]
    assert links == sorted(links)
    assert links[-1] == 232


def test_pull_portals__within_a_running_loop(emulator: Emulator, tmp_path: Path, undisturbed: Snapshot) -> None:
    async def cell() -> Snapshot:
        return pull(emulator, tmp_path / "s")

    assert _bytes(asyncio.run(cell())) == _bytes(undisturbed)


def test_pull_portals__sign_in_is_discovered(emulator: Emulator, tmp_path: Path, undisturbed: Snapshot) -> None:
    snapshot = pull(emulator, tmp_path / "s", authority=None, tenant_id=None)
    assert _bytes(snapshot) == _bytes(undisturbed)


def test_pull_portals__one_side(emulator: Emulator, tmp_path: Path) -> None:
    snapshot = pull(emulator, tmp_path / "s", dynamics_url=None)
    assert snapshot.rows("hubspot/contacts") == 230
    assert not snapshot.is_provided("dynamics/contacts")
    assert not snapshot.is_provided("dynamics/columns")
    assert snapshot.manifest["portals"]["dynamics"] == {"id": None, "type": None}


def test_pull_portals__nothing_but_reading(emulator: Emulator, tmp_path: Path) -> None:
    pull(emulator, tmp_path / "s")
    posted = {entry.path for entry in emulator.conditions.log() if entry.method != "GET"}
    assert all(path.endswith(("/batch/read", "/search", "/oauth2/v2.0/token")) for path in posted)


# --- What is survived --------------------------------------------------------------------------------------------

CLOUDFLARE = "<html><body>502 Bad Gateway</body></html>"
NEW_429 = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "limit"}
OLD_429 = {"status": "error", "category": "RATE_LIMITS", "message": "You have reached your secondly limit."}
SERVICE = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}}


CONTACTS = "/crm/v3/objects/contacts"
AT_HUBSPOT: list[dict[str, Any]] = [
    {"path": CONTACTS, "status": 502, "body": CLOUDFLARE, "skip": 1},
    {"path": CONTACTS, "status": 429, "body": NEW_429},
    {"path": CONTACTS, "status": 200, "body": "<html>"},
    {"path": "*/search", "status": 429, "body": OLD_429},
    {"path": "/crm/v4/*", "cut": True},
    {"path": "/crm/v3/owners", "status": 423, "body": ""},
]
AT_DYNAMICS: list[dict[str, Any]] = [
    {"path": "/api/data/v9.2/contacts", "status": 503, "body": "", "times": 2},
    {"path": "/api/data/v9.2/contacts", "status": 401, "body": ""},
    {"path": "*/accounts", "cut": True, "times": 3},
    {"path": "*/leads", "status": 429, "body": SERVICE, "headers": {"Retry-After": "27"}},
    {"path": "*/Attributes", "status": 200, "body": "<html>"},
]
SHORT_PAGES: list[dict[str, Any]] = [
    {"path": "/crm/v3/objects/*", "short_page": 7, "times": 40},
    {"path": "/api/data/v9.2/contacts", "short_page": 4, "times": 9},
]
ANYWHERE: list[dict[str, Any]] = [{"path": "*", "status": 500, "body": CLOUDFLARE, "times": 3, "skip": 20}]


@pytest.mark.parametrize(
    "faults", [AT_HUBSPOT, AT_DYNAMICS, SHORT_PAGES, ANYWHERE], ids=["hubspot", "dynamics", "short", "anywhere"]
)
def test_pull_portals__faults_change_nothing(
    emulator: Emulator, tmp_path: Path, undisturbed: Snapshot, faults: list[dict[str, Any]]
) -> None:
    for fault in faults:
        _break(emulator, **fault)
    snapshot = pull(emulator, tmp_path / "s", tries=6)
    assert [fault.path for fault in emulator.conditions.waiting_faults() if fault.short_page is None] == []
    assert _bytes(snapshot) == _bytes(undisturbed)


def test_pull_portals__waits_as_long_as_asked(emulator: Emulator, tmp_path: Path) -> None:
    time = FakeTime()
    _break(emulator, path="*/contacts", portal="dynamics", status=429, body=SERVICE, headers={"Retry-After": "27"})
    pull(emulator, tmp_path / "s", **DYNAMICS_ONLY, time=time)
    assert 27.0 in time.slept


def test_pull_portals__a_token_in_a_broken_answer_is_not_logged(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _break(emulator, path="*/oauth2/v2.0/token", status=200, body='{"access_token": "eyJ0.secret", ')
    pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)
    assert emulator.conditions.waiting_faults() == []
    assert "secret" not in caplog.text


# --- What stops a pull, and how it goes on -----------------------------------------------------------------------


def test_pull_portals__goes_on_at_its_last_page(emulator: Emulator, tmp_path: Path, undisturbed: Snapshot) -> None:
    _break(emulator, path="/crm/v3/objects/contacts", status=500, body=CLOUDFLARE, skip=2, times=9)
    with pytest.raises(PortalUnavailableError, match="status 500") as error:
        pull(emulator, tmp_path / "s", tries=2)
    assert "goes on where it stopped" in error.value.next_step
    assert not (tmp_path / "s").exists()
    assert stat.S_IMODE((tmp_path / "s.part").stat().st_mode) == 0o700
    emulator.conditions.reset()
    snapshot = pull(emulator, tmp_path / "s")
    assert _asked(emulator, "/crm/v3/objects/contacts") == 1
    assert _bytes(snapshot) == _bytes(undisturbed)
    assert not (tmp_path / "s.part").exists()


@pytest.mark.parametrize("stop", one_of_each([23, 2, 50], lambda _: "anywhere"))
def test_pull_portals__dies_anywhere_and_ends_in_the_same_bytes(
    emulator: Emulator, tmp_path: Path, undisturbed: Snapshot, stop: int
) -> None:
    _break(emulator, portal="dynamics", path="*/contacts", short_page=4, times=20)
    _break(emulator, status=500, body=CLOUDFLARE, skip=stop, times=50)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", tries=1)
    emulator.conditions.reset()
    assert _bytes(pull(emulator, tmp_path / "s")) == _bytes(undisturbed)


def test_pull_portals__a_stale_link_begins_the_table_again(
    emulator: Emulator, tmp_path: Path, undisturbed: Snapshot
) -> None:
    _break(emulator, portal="dynamics", path="*/contacts", short_page=4, times=3)
    _break(emulator, portal="dynamics", path="*/contacts", status=500, body="", times=9)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", tries=1)
    emulator.conditions.reset()
    stale = {"error": {"code": "0x80060888", "message": "The paging cookie cannot be read."}}
    _break(emulator, portal="dynamics", path="*/contacts", status=400, body=stale)
    assert _bytes(pull(emulator, tmp_path / "s")) == _bytes(undisturbed)


def test_pull_portals__other_fields_begin_again(emulator: Emulator, tmp_path: Path, undisturbed: Snapshot) -> None:
    _break(emulator, path="/crm/v3/objects/companies", status=500, body="", skip=1, times=9)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", tries=1, fields={"hubspot/contacts": []})
    emulator.conditions.reset()
    assert _bytes(pull(emulator, tmp_path / "s")) == _bytes(undisturbed)


def test_pull_portals__another_portal_begins_again(emulator: Emulator, tmp_path: Path, undisturbed: Snapshot) -> None:
    _break(emulator, path="/crm/v3/objects/contacts", status=500, body="", skip=1, times=9)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", tries=1)
    journal = tmp_path / "s.part" / "journal.json"
    journal.write_text(journal.read_text().replace("424242", "77"))
    emulator.conditions.reset()
    assert _bytes(pull(emulator, tmp_path / "s")) == _bytes(undisturbed)


def test_pull_portals__began_when_the_first_try_began(emulator: Emulator, tmp_path: Path) -> None:
    _break(emulator, path="/crm/v3/objects/contacts", status=500, body="", skip=1, times=9)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, tries=1)
    journal = tmp_path / "s.part" / "journal.json"
    content = json.loads(journal.read_text())
    journal.write_text(json.dumps({**content, "started_at": "2026-11-22T08:00:00Z"}))
    emulator.conditions.reset()
    snapshot = pull(emulator, tmp_path / "s", **HUBSPOT_ONLY)
    assert snapshot.manifest["started_at"] == "2026-11-22T08:00:00Z"
    assert snapshot.taken_at == datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def test_pull_portals__damaged_page(emulator: Emulator, tmp_path: Path) -> None:
    _break(emulator, path="/crm/v3/objects/contacts", status=500, body="", skip=1, times=9)
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, tries=1)
    (tmp_path / "s.part" / "pages" / "hubspot" / "contacts" / "000000.json.zst").write_bytes(b"not zstd")
    emulator.conditions.reset()
    with pytest.raises(SnapshotError, match="cannot be read") as error:
        pull(emulator, tmp_path / "s", **HUBSPOT_ONLY)
    assert ".part" in error.value.next_step


def test_pull_portals__target_exists(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine.txt").write_text("mine")
    with pytest.raises(SnapshotError, match="exists already"):
        pull(emulator, tmp_path / "s")
    assert emulator.conditions.log() == []


@pytest.mark.parametrize(
    ("side", "path"), [(HUBSPOT_ONLY, "/crm/v3/objects/contacts"), (DYNAMICS_ONLY, "/api/data/v9.2/contacts")]
)
def test_pull_portals__page_that_repeats(emulator: Emulator, tmp_path: Path, side: dict[str, Any], path: str) -> None:
    _break(emulator, path=path, repeat_page=True, short_page=5, times=9)
    with pytest.raises(UnexpectedReplyError, match="same page twice"):
        pull(emulator, tmp_path / "s", **side)


def test_pull_portals__daily_limit(emulator: Emulator, tmp_path: Path) -> None:
    time = FakeTime()
    body = {**NEW_429, "policyName": "DAILY", "message": "You have reached your daily limit."}
    _break(emulator, portal="hubspot", path="/crm/v3/objects/contacts", status=429, body=body, times=9)
    with pytest.raises(RateLimitError, match="daily limit") as error:
        pull(emulator, tmp_path / "s", **HUBSPOT_ONLY, time=time)
    assert "midnight" in error.value.next_step
    assert time.slept == []


def test_pull_portals__pause_longer_than_patience(emulator: Emulator, tmp_path: Path) -> None:
    _break(emulator, portal="dynamics", path="*/contacts", status=429, body=SERVICE, headers={"Retry-After": "86400"})
    with pytest.raises(RateLimitError, match="asks to wait 86400 seconds"):
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)


# --- Who may read what -------------------------------------------------------------------------------------------

NEEDED = ("contacts", "companies")


def test_pull_portals__scopes_that_are_not_needed(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.rights = Rights(scopes=frozenset({f"crm.objects.{needed}.read" for needed in NEEDED}))
    snapshot = pull(emulator, tmp_path / "s", **HUBSPOT_ONLY)
    for name in ("deals", "invoices", "owners"):
        entry = snapshot.manifest["tables"][f"hubspot/{name}"]
        assert (entry["provided"], entry["rows"]) == (False, 0)
        assert f"crm.objects.{name}.read" in entry["note"]
    assert snapshot.rows("hubspot/contacts") == 230
    assert {row["from_object"] for row in rows_of(snapshot, "hubspot/links")} == {"contact"}
    assert "from deal to company were not read" in snapshot.manifest["tables"]["hubspot/links"]["note"]


def test_pull_portals__associations_that_were_refused_are_not_taken_for_none(
    emulator: Emulator, tmp_path: Path, undisturbed: Snapshot
) -> None:
    body = {"status": "error", "category": "MISSING_SCOPES", "message": "no", "errors": []}
    _break(emulator, path="/crm/v4/associations/deals/companies/*", status=403, body=body, times=9)
    snapshot = pull(emulator, tmp_path / "s", **HUBSPOT_ONLY)
    assert (snapshot.is_provided("hubspot/deals"), snapshot.is_provided("hubspot/links")) == (True, True)
    assert snapshot.associations_of == {Object.CONTACT, Object.INVOICE}
    assert undisturbed.associations_of == {Object.CONTACT, Object.DEAL, Object.INVOICE}


@pytest.mark.parametrize(
    ("path", "status"),
    one_of_each(
        product(["/crm/v3/properties/deals", "/crm/v3/objects/deals", "/api/data/v9.2/leads"], [403, 404]),
        lambda path, _: path,
    ),
)
def test_pull_portals__html_for_json_never_leaves_a_table_empty(
    emulator: Emulator, tmp_path: Path, undisturbed: Snapshot, path: str, status: int
) -> None:
    emulator.conditions.add_faults([Fault(path=path, status=status, body="<html>Not Found</html>")])
    with pytest.raises(UnexpectedReplyError, match=f"with status {status} and something that is no JSON"):
        pull(emulator, tmp_path / "s")
    assert _bytes(pull(emulator, tmp_path / "s")) == _bytes(undisturbed)


def test_pull_portals__records_without_associations_are_looked_up(emulator: Emulator, tmp_path: Path) -> None:
    body = {"status": "COMPLETE", "results": []}
    paths = ("/crm/v4/associations/contacts/*", "/crm/v3/objects/contacts/batch/read")
    emulator.conditions.add_faults([Fault(path=path, status=200, body=body) for path in paths])
    snapshot = pull(emulator, tmp_path / "s")
    assert snapshot.manifest["tables"]["hubspot/links"]["note"] == (
        "From contact to company: of 100 records without associations that were looked up, HubSpot does not know 100,"
        " so what they are associated with is not known."
    )


@pytest.mark.parametrize("name", ["contacts", "companies"])
def test_pull_portals__scope_that_is_needed(emulator: Emulator, tmp_path: Path, name: str) -> None:
    emulator.conditions.rights = Rights(
        scopes=frozenset({f"crm.objects.{needed}.read" for needed in NEEDED if needed != name})
    )
    with pytest.raises(AccessError, match=f"lacks the scope crm.objects.{name}.read") as error:
        pull(emulator, tmp_path / "s", **HUBSPOT_ONLY)
    assert error.value.correlation_id


def test_pull_portals__tables_that_are_not_needed(emulator: Emulator, tmp_path: Path) -> None:
    names = {"lead": "leads", "opportunity": "opportunities", "invoice": "invoices", "systemuser": "users"}
    emulator.conditions.rights = Rights(missing_tables=frozenset(names))
    snapshot = pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)
    for name in names.values():
        assert not snapshot.is_provided(f"dynamics/{name}")
        assert "Dynamics has no" in snapshot.manifest["tables"][f"dynamics/{name}"]["note"]
    assert snapshot.rows("dynamics/contacts") == 30


def test_pull_portals__privilege_that_is_needed(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.rights = Rights(missing_privileges=frozenset({"prvReadAccount"}))
    with pytest.raises(AccessError, match="the privilege prvReadAccount is missing"):
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)


def test_pull_portals__privilege_that_is_not_needed(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.rights = Rights(missing_privileges=frozenset({"prvReadLead"}))
    snapshot = pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)
    assert "prvReadLead" in snapshot.manifest["tables"]["dynamics/leads"]["note"]


def test_pull_portals__no_application_user(emulator: Emulator, tmp_path: Path) -> None:
    emulator.conditions.rights = Rights(application_user=False)
    with pytest.raises(AccessError, match="no application user") as error:
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY)
    assert "Power Platform admin center" in error.value.next_step


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hubspot_token": "pat-na1-wrong"}, "HubSpot does not accept the access token"),
        ({"client_secret": "not~the~secret"}, "AADSTS7000215.*client secret is wrong"),
        ({"client_id": "12345678-0000-4000-8000-000000000000"}, "AADSTS700016.*does not know this client id"),
    ],
)
def test_pull_portals__sign_in_refused(
    emulator: Emulator, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SignInError, match=sentence) as error:
        pull(emulator, tmp_path / "s", **changes)
    assert error.value.next_step
    text = f"{error.value} {error.value.next_step}"
    assert not any(secret in text for secret in changes.values())


def test_pull_portals__wrong_tenant(emulator: Emulator, tmp_path: Path) -> None:
    host = emulator.addresses["dynamics"]["tls_url"]
    tenant = "99999999-0000-4000-8000-000000000000"
    with pytest.raises(SignInError, match="does not know the tenant") as error:
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY, authority=f"{host}/{tenant}", tenant_id=tenant)
    assert "tenant_id" in error.value.next_step


def test_pull_portals__untrusted_certificate(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(PortalUnavailableError):
        pull(emulator, tmp_path / "s", **DYNAMICS_ONLY, ca_file=None)


def test_pull_portals__nobody_listens(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(PortalUnavailableError, match="does not answer"):
        pull(emulator, tmp_path / "s", hubspot_url="http://127.0.0.1:1", dynamics_url=None)


def test_pull_portals__foreign_host(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(SafetyError, match="no secret is sent there"):
        pull(emulator, tmp_path / "s", hubspot_url="https://api.hubapi.com.evil.example")


def test_pull_portals__nothing_to_connect_to(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no portal to read"):
        pull(emulator, tmp_path / "s", hubspot_token=None, dynamics_url=None)


def test_pull_portals__language_and_base_currency_of_the_environment(both_ways: tuple[Snapshot, Snapshot]) -> None:
    organization = json.loads((both_ways[0].path / "dynamics/organization.json").read_text(encoding="utf-8"))
    assert organization["Organization"] == {"languagecode": "1033", "isocurrencycode": "EUR"}
