"""Look-alikes stand in both test portals once each, whatever happened; and nothing of them after a clean-up."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.emulator.conditions.switches import Fault, PortalFacts, Rights
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import AccessError, ProductionPortalError, SafetyError, SnapshotError, UsageError
from dynsync_lib.kit.rulebooks import key_maker, read_settings, rulebook
from dynsync_lib.rehearsal.cleaning import pointing_rows
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.look_alike_rows import TABLES as TABLES_OF_RECORDS
from dynsync_lib.rehearsal.portal_records import PortalRecords
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from dynsync_lib.rehearsal.portal_store import NewIds
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal, Step, open_rehearsal
from dynsync_lib.rehearsal.seeding import Seeded
from dynsync_lib.rehearsal.standing import BEGIN, CLEANED, seeding_name
from dynsync_lib.snapshot.snapshot import open_snapshot
from tests.emulator.clients import environment_client, portal_client
from tests.emulator.small_world import small_world
from tests.pulls import GENEROUS, NOON, FakeTime, connections, rows_of
from tests.rehearsal.plans import ADA, BEA, CAL, FIRM, LINKS, SETTINGS, SHOP, TABLES, TAG, Tables, make_plan
from tests.rehearsal.portals import writes

OTHERS = {"hubspot/contacts": 3, "hubspot/companies": 2, "dynamics/contacts": 3, "dynamics/accounts": 2}


@pytest.fixture
def plan(tmp_path: Path) -> Rehearsal:
    return make_plan(tmp_path / "r")


@pytest.fixture(scope="module")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Rehearsal, Seeded]]:
    """Portals of their own after a seeding, its rehearsal and what it said; no test changes them."""
    rehearsal = make_plan(tmp_path_factory.mktemp("seeded") / "r")
    with Emulator(small_world(), limits=GENEROUS) as emulator:
        yield emulator, rehearsal, steps(emulator, rehearsal).seed(rehearsal)


def steps(emulator: Emulator, rehearsal: Rehearsal) -> PortalSteps:
    """The steps in the emulated portals, which never wait."""
    settings = read_settings(rehearsal.settings_path).of_test_portals()
    return PortalSteps(connections(emulator), settings, rulebook(), key_maker(), lambda: NOON, FakeTime().pace())


def state(emulator: Emulator) -> dict[str, list[dict[str, Any]]]:
    """All records of both portals, as their lists show them."""
    tables: dict[str, list[dict[str, Any]]] = {}
    with portal_client(emulator) as hubspot, environment_client(emulator) as dynamics:
        for name in ("contacts", "companies", "deals", "invoices"):
            shown = hubspot.get(f"/crm/v3/objects/{name}?limit=100&properties=email,name,dynsync_rehearsal").json()
            tables[f"hubspot/{name}"] = [row["properties"] for row in shown["results"]]
        for name in ("contacts", "accounts", "leads", "opportunities", "invoices"):
            tables[f"dynamics/{name}"] = dynamics.get(f"{name}").json()["value"]
    return tables


def counts(emulator: Emulator) -> dict[str, int]:
    return {name: len(rows) for name, rows in state(emulator).items() if rows}


ALL = {name: len(rows) + OTHERS.get(name, 0) for name, rows in TABLES.items()}


def test_seed__writes_each_look_alike_once(seeded_once: tuple[Emulator, Rehearsal, Seeded]) -> None:
    emulator, plan, seeded = seeded_once
    assert counts(emulator) == ALL
    assert seeded.refused == []
    assert seeded.is_in_order
    assert seeded.associations == 4
    assert dict(seeded.left_out) == {}
    assert seeded.ids["hubspot/contacts"] == {"1": "104", "2": "105", "3": "106"}
    before = len(writes(emulator))
    again = steps(emulator, plan).seed(plan)
    assert (again.ids, again.associations) == (seeded.ids, 4)
    assert len(writes(emulator)) == before


def test_seed__writes_values_lookups_states_and_associations(
    seeded_once: tuple[Emulator, Rehearsal, Seeded],
) -> None:
    _, plan, _ = seeded_once
    assert plan.step is Step.SEEDED
    before = open_snapshot(plan.before_path)
    contacts = {row["id"]: row for row in rows_of(before, "dynamics/contacts")}
    accounts = {row["id"]: row for row in rows_of(before, "dynamics/accounts")}
    assert contacts[ADA]["_parentcustomerid_value"] == FIRM
    assert contacts[BEA]["_parentcustomerid_value"] == ADA
    assert (contacts[CAL]["statecode"], contacts[CAL]["emailaddress1"]) == ("1", "no address")
    assert accounts[FIRM]["_primarycontactid_value"] == ADA
    assert (accounts[FIRM]["revenue"], accounts[SHOP]["statecode"]) == ("1500.50", "1")
    people = {row["dynsync_rehearsal"]: row for row in rows_of(before, "hubspot/contacts")}
    assert people[f"{TAG}-2"]["hs_additional_emails"] == "b@qa1.example;c@qa1.example"
    ends = ("from_object", "from_id", "to_id", "is_primary")
    links = {tuple(row[name] for name in ends) for row in rows_of(before, "hubspot/links")}
    assert {("contact", "104", "203", True), ("contact", "104", "204", False), ("deal", "1", "203", True)} <= links


def test_clean__leaves_all_else_as_it_was(emulator: Emulator, plan: Rehearsal) -> None:
    untouched = state(emulator)
    steps(emulator, plan).seed(plan)
    removal = steps(emulator, plan).plan_removal(plan, by_tag=False)
    assert counts(emulator) == ALL
    assert removal.count == sum(map(len, TABLES.values()))
    cleaned = steps(emulator, plan).clean(plan, by_tag=False)
    assert cleaned.changed_since_seeding == []
    assert counts(emulator) == OTHERS
    assert _without_times(state(emulator)) == _without_times(untouched)
    with portal_client(emulator) as hubspot:
        assert hubspot.get("/crm/v3/properties/contacts/dynsync_rehearsal").status_code == 404
    assert steps(emulator, plan).clean(plan, by_tag=False).removal.count == 0


def test_clean__by_the_tag_alone_finds_what_the_sync_made(emulator: Emulator, plan: Rehearsal) -> None:
    steps(emulator, plan).seed(plan)
    plan.journal_path.unlink()
    with portal_client(emulator) as hubspot, environment_client(emulator) as dynamics:
        for address in ("no@address.example", "bea2@qa1.example"):
            hubspot.post("/crm/v3/objects/contacts", json={"properties": {"email": address}})
        hubspot.post("/crm/v3/objects/companies", json={"properties": {"name": "QA2  shop"}})
        hubspot.post("/crm/v3/objects/deals", json={"properties": {"dealname": "Qa1 chance"}})
        hubspot.post("/crm/v3/objects/contacts", json={"properties": {"lastname": "Qa4"}})
        dynamics.post("contacts", json={"emailaddress1": "c@qa1.example"})
    made = steps(emulator, plan).plan_removal(plan, by_tag=True)
    assert {name: len(ids) for name, ids in made.made_by_sync.items() if ids} == {
        "hubspot/contacts": 1,
        "hubspot/companies": 1,
        "hubspot/deals": 1,
        "dynamics/contacts": 1,
    }
    with pytest.raises(UsageError, match="has no journal"):
        steps(emulator, plan).clean(plan, by_tag=False)
    cleaned = steps(emulator, plan).clean(plan, by_tag=True)
    assert cleaned.changed_since_seeding is None
    assert counts(emulator) == {**OTHERS, "hubspot/contacts": 5}


def test_seed__asks_once_what_tables_hold(emulator: Emulator, plan: Rehearsal) -> None:
    begun = len(emulator.conditions.log())
    steps(emulator, plan).seed(plan)
    asked = [entry.path for entry in emulator.conditions.log()[begun:] if "/EntityDefinitions" in entry.path]
    assert len(asked) > 20
    assert [path for path, count in Counter(asked).items() if count > 1] == []


def test_seed__after_a_clean_up_begins_anew(emulator: Emulator, plan: Rehearsal) -> None:
    for number in range(2):
        plan.receipt_path.mkdir()
        steps(emulator, plan).seed(plan)
        assert not plan.receipt_path.exists()
        contacts = {row["id"] for row in rows_of(open_snapshot(plan.before_path), "hubspot/contacts")}
        assert str(104 + 3 * number) in contacts
        assert counts(emulator) == ALL
        standing = {row["hs_object_id"] for row in state(emulator)["hubspot/contacts"]}
        assert {row["hs_object_id"] for row in rows_of(plan.before(), "hubspot/contacts")} == standing
        steps(emulator, plan).clean(plan, by_tag=False)
        assert counts(emulator) == OTHERS


@pytest.mark.long
@pytest.mark.parametrize("bytes_left", [1500, 1, 700, 2600])
def test_seed__goes_on_after_a_kill(emulator: Emulator, plan: Rehearsal, tmp_path: Path, bytes_left: int) -> None:
    assert _killed(emulator, plan, tmp_path, "seed", bytes_left) == -signal.SIGKILL
    seeded = steps(emulator, plan).seed(plan)
    assert (counts(emulator), seeded.refused, seeded.is_in_order) == (ALL, [], True)
    assert _killed(emulator, plan, tmp_path, "clean", 20) == -signal.SIGKILL
    steps(emulator, plan).clean(plan, by_tag=False)
    assert counts(emulator) == OTHERS


def _killed(emulator: Emulator, plan: Rehearsal, folder: Path, step: str, bytes_left: int) -> int:
    """The exit code of a step in a process of its own, which is killed after so many bytes of its journal."""
    file = folder / "addresses.json"
    file.write_text(json.dumps(emulator.addresses), encoding="utf-8")
    call = [sys.executable, "-m", "tests.rehearsal.seed_process", str(file), str(plan.folder), step, str(bytes_left)]
    return subprocess.run(call, cwd=Path(__file__).parents[2], capture_output=True, check=False).returncode


# --- Refused before anything is written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [PortalFacts(account_type="STANDARD"), PortalFacts(organization_type="Customer"), PortalFacts("?", "?")]
)
def test_seed__writes_nothing_to_production(emulator: Emulator, plan: Rehearsal, facts: PortalFacts) -> None:
    emulator.conditions.portals = facts
    with pytest.raises(ProductionPortalError):
        steps(emulator, plan).seed(plan)
    assert writes(emulator) == []
    assert plan.step is Step.PLANNED


def test_seed__names_foreign_records_in_the_way(emulator: Emulator, plan: Rehearsal) -> None:
    with portal_client(emulator) as hubspot, environment_client(emulator) as dynamics:
        hubspot.patch("/crm/v3/objects/contacts/103", json={"properties": {"email": "ADA@qa1.example"}})
        dynamics.patch(f"accounts({_account(dynamics)})", json={"name": "qa1  WORKS"})
        account = _account(dynamics)
    before = len(writes(emulator))
    with pytest.raises(SafetyError) as caught:
        steps(emulator, plan).seed(plan)
    assert str(caught.value).startswith(f"HubSpot contact 103, Dynamics company {account} of the test portals would be")
    assert len(writes(emulator)) == before


def _account(dynamics: Any) -> str:
    return str(dynamics.get("accounts?$select=accountid").json()["value"][0]["accountid"])


def test_seed__names_the_rights_that_are_missing(emulator: Emulator, plan: Rehearsal) -> None:
    plurals = ("contacts", "companies", "deals", "invoices")
    scopes = {f"crm.objects.{name}.{what}" for name in plurals for what in ("read", "write")}
    emulator.conditions.rights = Rights(
        scopes=frozenset({*scopes, "crm.objects.owners.read"} - {"crm.objects.companies.write"}),
        missing_privileges=frozenset({"prvDeleteLead"}),
    )
    with pytest.raises(AccessError) as caught:
        steps(emulator, plan).seed(plan)
    schemas = {f"crm.schemas.{name}.write" for name in plurals}
    assert set(caught.value.missing) == {"crm.objects.companies.write", "prvDeleteLead", *schemas}
    assert writes(emulator) == []


def test_seed__refuses_a_tag_that_exists(seeded_once: tuple[Emulator, Rehearsal, Seeded], tmp_path: Path) -> None:
    emulator, _, _ = seeded_once
    before = len(writes(emulator))
    other = make_plan(tmp_path / "other")
    with pytest.raises(SafetyError, match=f"hold 15 records of the tag {TAG} already"):
        steps(emulator, other).seed(other)
    assert len(writes(emulator)) == before


def test_seed__refuses_other_portals_than_before(
    seeded_once: tuple[Emulator, Rehearsal, Seeded], tmp_path: Path
) -> None:
    emulator, seeded, _ = seeded_once
    plan = open_rehearsal(shutil.copytree(seeded.folder, tmp_path / "r"))
    text = plan.journal_path.read_text(encoding="utf-8")
    plan.journal_path.write_text(text.replace('"hubspot":"424242"', '"hubspot":"7"'), encoding="utf-8")
    with pytest.raises(UsageError, match="was begun in HubSpot portal 7, and this is 424242"):
        steps(emulator, plan).seed(plan)


def test_seed__names_deciding_fields_and_tables_that_are_missing(emulator: Emulator, tmp_path: Path) -> None:
    tables: Tables = {**TABLES, "hubspot/contacts": [{"id": "1", "email": "x@qa1.example", "jobtitle": "Chief"}]}
    plan = make_plan(tmp_path / "r", tables, ())
    emulator.conditions.rights = Rights(missing_tables=frozenset({"invoice"}))
    with pytest.raises(AccessError, match=r"cannot be read whole: Dynamics has no .*invoice.* here"):
        steps(emulator, plan).seed(plan)
    assert writes(emulator) == []


def test_seed__names_deciding_fields_that_are_missing(emulator: Emulator, tmp_path: Path) -> None:
    people: list[dict[str, Any]] = [
        {"id": "1", "email": "x@qa1.example", "acme_tier": None},
        {"id": "2", "email": "y@qa1.example"},
    ]
    rows = [{"id": ADA, "emailaddress1": "z@qa1.example", "lastname": "Z", "acme_code": "1", "acme_note": "Note"}]
    plan = make_plan(tmp_path / "r", {"hubspot/contacts": people, "dynamics/contacts": rows}, ())
    mapping = '\n[[sync.contact.mapping]]\nhubspot = "acme_tier"\ndynamics = "acme_code"\n'
    plan.settings_path.write_text(f"{SETTINGS}{mapping}", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        steps(emulator, plan).seed(plan)
    names = "dynamics/contacts.acme_code, hubspot/contacts.acme_tier"
    assert str(caught.value) == f"The test portals lack {names}, which decide in this sync."
    assert writes(emulator) == []
    plan.settings_path.write_text(SETTINGS, encoding="utf-8")
    seeded = steps(emulator, plan).seed(plan)
    lacking = {(lack.system, lack.kind, lack.name) for lack in seeded.lacking}
    assert lacking >= {("hubspot", "property", "acme_tier"), ("dynamics", "column", "acme_note")}


def test_seed__refuses_look_alikes_that_were_changed(emulator: Emulator, plan: Rehearsal) -> None:
    file = plan.folder / "look_alikes" / "hubspot" / "contacts.parquet"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(SnapshotError, match="was changed after the snapshot was taken"):
        steps(emulator, plan).seed(plan)


# --- What a portal refuses, and what is left out -------------------------------------------------------------------


def test_seed__names_what_a_portal_refuses_and_leaves_out_what_points_to_it(emulator: Emulator, tmp_path: Path) -> None:
    contacts = [dict(row) for row in TABLES["dynamics/contacts"]]
    contacts[0]["lastname"] = "x" * 51
    hubspot = [{"id": "1", "email": "no address"}, {"id": "2", "email": "bea@qa1.example", "colour": "red"}]
    plan = make_plan(tmp_path / "r", {**TABLES, "dynamics/contacts": contacts, "hubspot/contacts": hubspot}, LINKS)
    seeded = steps(emulator, plan).seed(plan)
    assert [(row["system"], row["look_alike_id"], row["code"]) for row in seeded.refused] == [
        ("dynamics", ADA, "0x80044331"),
        ("hubspot", "1", "VALIDATION_ERROR"),
    ]
    assert dict(seeded.left_out) == {
        ("hubspot/contacts", "colour", "the portal has no such field"): 1,
        ("hubspot/links", "contact to company", "a record was refused"): 2,
        ("dynamics/accounts", "_primarycontactid_value", "the row that it points to was refused"): 1,
        ("dynamics/contacts", "_parentcustomerid_value", "the row that it points to was refused"): 1,
        ("dynamics/invoices", "_customerid_value", "the row that it points to was refused"): 1,
    }
    assert steps(emulator, plan).clean(plan, by_tag=False).removal.count == 12
    assert counts(emulator) == OTHERS


def test_clean__refuses_when_a_foreign_row_points_to_a_look_alike(emulator: Emulator, plan: Rehearsal) -> None:
    steps(emulator, plan).seed(plan)
    with environment_client(emulator) as dynamics:
        body = {"lastname": "Own", "parentcustomerid_account@odata.bind": f"/accounts({FIRM})"}
        dynamics.post("contacts", json=body)
    before = counts(emulator)
    with pytest.raises(SafetyError, match="point to what is removed"):
        steps(emulator, plan).clean(plan, by_tag=False)
    assert counts(emulator) == before


def test_clean__a_row_points_to_the_table_that_it_says() -> None:
    going: dict[str, set[str]] = {table.name: set() for table in TABLES_OF_RECORDS}
    going["dynamics/accounts"] = {FIRM}
    rows = [
        {"contactid": "of a contact", "_parentcustomerid_value": FIRM, "_parentcustomerid_type": "contact"},
        {"contactid": "of an account", "_parentcustomerid_value": FIRM, "_parentcustomerid_type": "account"},
        {"contactid": "of a user", "_ownerid_value": FIRM, "_ownerid_type": "systemuser"},
        {"contactid": "of who knows what", "_new_x_value": FIRM},
    ]
    pointing = pointing_rows(PortalRecords({"dynamics/contacts": rows}, {}), going)
    assert pointing == ["contact of an account", "contact of who knows what"]


def test_a_run_has_ids_of_its_own__also_when_the_tag_is_the_same(tmp_path: Path) -> None:
    journal, other = Journal(tmp_path / "journal.jsonl"), Journal(tmp_path / "other.jsonl")
    names = []
    for own, hour in ((journal, 8), (journal, 9), (other, 10)):
        own.note(BEGIN, tag=TAG, began_at=f"2026-11-30T{hour:02}:00:00+00:00")
        names.append(seeding_name(own))
        assert seeding_name(Journal(own.path)) == names[-1]  # when the run is gone on with
        own.answer(own.intend(CLEANED), others={})
    own.note(BEGIN, tag=TAG, began_at=None)
    guids = {NewIds(TAG, name).guid("new-1") for name in [*names, seeding_name(own)]}
    assert len(guids) == 4


def test_clean__takes_no_table_that_it_may_not_read_for_an_empty_one(
    seeded_once: tuple[Emulator, Rehearsal, Seeded], tmp_path: Path
) -> None:
    emulator, seeded, _ = seeded_once
    plan = open_rehearsal(shutil.copytree(seeded.folder, tmp_path / "r"))
    emulator.conditions.add_faults(
        [Fault(path="/api/data/v9.2/accounts", status=403, times=9, body={"error": {"code": "0"}})]
    )
    with pytest.raises(AccessError, match="cannot be read whole: Dynamics does not let"):
        steps(emulator, plan).clean(plan, by_tag=False)
    emulator.conditions.clear_faults()
    assert counts(emulator) == ALL


# --- Journal -------------------------------------------------------------------------------------------------------


def test_journal__forgets_a_torn_last_line_and_names_any_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    entry = journal.intend("create", names=["1"])
    journal.answer(entry, ids={"1": "7"})
    whole = journal.path.read_bytes()
    for cut in range(len(whole) + 1):
        journal.path.write_bytes(whole[:cut])
        known = Journal(journal.path)
        assert [bool(entry.answer) for entry in known] == [True] * (cut == len(whole)) + [False] * (
            whole.index(b"\n") < cut < len(whole)
        )
        known.note("begin")
        assert [json.loads(line) for line in journal.path.read_bytes().splitlines()][-1] == {"of": len(list(known))}
    journal.path.write_bytes(b"x\n" + whole)
    with pytest.raises(SnapshotError, match="line 1 cannot be read"):
        Journal(journal.path)


def test_journal__is_private(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.jsonl").note("begin")
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def _without_times(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    moving = ("lastmodifieddate", "hs_lastmodifieddate", "modifiedon", "@odata.etag", "dynsync_rehearsal")
    return {name: [{k: v for k, v in row.items() if k not in moving} for row in rows] for name, rows in tables.items()}
