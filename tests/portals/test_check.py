"""What `dynsync check` says of both portals, over real sockets against the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.emulator.conditions.switches import Fault, Rights, SignInSwitches
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import SafetyError
from dynsync_lib.portals.check.check_portals import Unset, check_portals
from dynsync_lib.portals.check.lines import CheckLine, CheckReport, portal_kind
from tests.pulls import FakeTime, connections

READING = frozenset(
    (
        *(f"crm.objects.{name}.read" for name in ("contacts", "companies", "deals", "invoices", "owners")),
        "crm.schemas.contacts.read",
    )
)
WRITING = frozenset(
    f"prv{right}{table}"
    for right in ("Create", "Write", "Delete")
    for table in ("Account", "Contact", "Lead", "Opportunity", "Invoice", "User")
)
TOTALS = "*/RetrieveTotalRecordCount*"


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.conditions.reset()
    running.conditions.rights = Rights(scopes=READING, missing_privileges=WRITING)
    return running


def _settings(text: str = "[sync.contact]\n[sync.company]\n") -> Settings:
    return parse_settings(text, file="dynsync.toml", rulebook=kit.rulebook())


def _check(emulator: Emulator, *, settings: str = "[sync.contact]\n[sync.company]\n", **changes: Any) -> CheckReport:
    return check_portals(connections(emulator, **changes), _settings(settings), unset={}, pace=FakeTime().pace(tries=2))


def _line(report: CheckReport, portal: str, about: str) -> CheckLine:
    (line,) = [line for line in report.lines if (line.portal, line.about) == (portal, about)]
    return line


def test_check__readers_of_two_test_portals(emulator: Emulator) -> None:
    report = _check(emulator)
    assert report.exit_code == 0
    assert [(line.portal, line.about, line.state, line.says) for line in report.lines if line.about != "sign-in"] == [
        ("hubspot", "portal", "ok", "HubSpot answers: portal 424242, SANDBOX, a test portal."),
        ("hubspot", "requests", "ok", _line(report, "hubspot", "requests").says),
        ("hubspot", "contacts", "ok", "Contacts can be read: 230, with 6 properties."),
        ("hubspot", "companies", "ok", "Companies can be read: 120, with 5 properties."),
        ("hubspot", "deals", "ok", "Deals can be read: 1, with 5 properties."),
        ("hubspot", "invoices", "ok", "Invoices can be read: 0, with 3 properties."),
        ("hubspot", "owners", "ok", "Owners can be read."),
        ("hubspot", "writing", "ok", f"The token can only read ({', '.join(sorted(READING))})."),
        ("dynamics", "environment", "ok", "Dynamics answers: environment Small, CustomerTest, a test environment."),
        ("dynamics", "accounts", "ok", "Accounts can be read: 12 of 12, in the whole environment."),
        ("dynamics", "contacts", "ok", "Contacts can be read: 30 of 30, in the whole environment."),
        ("dynamics", "leads", "ok", "Leads can be read: 1 of 1, in the whole environment."),
        ("dynamics", "opportunities", "ok", "Opportunities can be read: 1 of 1, in the whole environment."),
        ("dynamics", "invoices", "ok", "Invoices can be read: 1 of 1, in the whole environment."),
        ("dynamics", "systemusers", "ok", "Users can be read: 1 of 1, in the whole environment."),
        ("dynamics", "writing", "ok", "The caller can only read."),
        (
            "dynamics",
            "sync user",
            "not_checked",
            "Data Sync signs in as a user of its own, who sees and may write what his roles say.",
        ),
    ]
    assert _line(report, "hubspot", "portal").facts["kind"] == "test"
    assert _line(report, "hubspot", "requests").says.endswith(" of 625,000 requests of today are used.")
    assert _line(report, "dynamics", "sign-in").says.endswith("as an app, by its secret.")


def test_check__token_and_role_that_can_write(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(
        scopes=READING | {"crm.objects.contacts.write"}, missing_privileges=WRITING - {"prvWriteContact"}
    )
    report = _check(emulator)
    assert report.exit_code == 0
    hubspot, dynamics = _line(report, "hubspot", "writing"), _line(report, "dynamics", "writing")
    assert (hubspot.state, hubspot.says) == (
        "warning",
        "The token can write, too (crm.objects.contacts.write); the kit never does.",
    )
    assert (dynamics.state, dynamics.says) == (
        "warning",
        "The caller can write, too (prvWriteContact); the kit never does.",
    )
    assert hubspot.next_step
    assert dynamics.next_step


def test_check__what_cannot_be_asked_is_not_checked(emulator: Emulator) -> None:
    nothing = {"status": "error", "message": "no"}
    emulator.conditions.add_faults(
        [
            Fault(path="/oauth/v2/*", status=404, body=nothing, times=9),
            Fault(path="/account-info/v3/api-usage/*", status=200, body={"results": []}, times=9),
            Fault(path="*/systemusers(*", status=404, body={"error": {"code": "0x8006088a"}}, times=9),
            Fault(path=TOTALS, status=400, body={"error": {"code": "0x80060888"}}, times=9),
        ]
    )
    report = _check(emulator)
    assert {line.about for line in report.lines if line.portal == "hubspot" and line.state == "not_checked"} == {
        "requests",
        "writing",
    }
    dynamics = {line.about: line for line in report.lines if line.portal == "dynamics"}
    assert dynamics["writing"].state == dynamics["contacts"].state == "not_checked"
    assert dynamics["contacts"].says == "Contacts can be read: 30."
    assert report.exit_code == 0


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_check__in_every_version_of_the_api(emulator: Emulator, version: str) -> None:
    report = _check(emulator, settings=f'[hubspot]\napi_version = "{version}"\n[sync.contact]\n')
    assert [line.state for line in report.lines if line.portal == "hubspot"] == ["ok"] * 8
    asked = {entry.path for entry in emulator.conditions.log() if entry.path.startswith(("/crm/", "/account-info/"))}
    assert all(version in path for path in asked)


def test_check__missing_scopes(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(scopes=READING - {"crm.objects.companies.read", "crm.objects.invoices.read"})
    report = _check(emulator)
    companies, invoices = _line(report, "hubspot", "companies"), _line(report, "hubspot", "invoices")
    assert (companies.state, companies.facts["missing_scopes"]) == ("fault", ["crm.objects.companies.read"])
    assert companies.says == (
        "HubSpot does not let the token read /crm/v3/objects/companies: it lacks the scope crm.objects.companies.read."
    )
    assert (invoices.state, invoices.facts["missing_scopes"]) == ("warning", ["crm.objects.invoices.read"])
    assert invoices.says.endswith("The settings do not sync invoices, so they may stay unread.")
    assert report.exit_code == 3


def test_check__scope_of_an_object_that_is_synced(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(scopes=READING - {"crm.objects.deals.read"})
    assert _line(_check(emulator, settings="[sync.deal]\n"), "hubspot", "deals").state == "fault"


def test_check__missing_privilege_and_missing_app(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(
        missing_privileges=frozenset({"prvReadAccount"}), missing_tables=frozenset({"invoice", "opportunity"})
    )
    report = _check(emulator, settings="[sync.company]\n[sync.invoice]\n")
    accounts, invoices = _line(report, "dynamics", "accounts"), _line(report, "dynamics", "invoices")
    assert (accounts.state, accounts.facts["missing_privileges"]) == ("fault", ["prvReadAccount"])
    assert accounts.next_step == "Add the privilege to the security role of the application user, and run again."
    assert (invoices.state, invoices.says) == (
        "fault",
        "The environment has no invoices: the Sales app is not installed.",
    )
    assert _line(report, "dynamics", "opportunities").state == "warning"
    assert report.exit_code == 3


def test_check__no_application_user(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(application_user=False)
    report = _check(emulator)
    line = _line(report, "dynamics", "environment")
    assert (line.state, line.says) == ("fault", "Dynamics has no application user for this client.")
    assert "Application users, New app user" in line.next_step
    assert report.exit_code == 3


def test_check__rows_that_are_not_seen(emulator: Emulator) -> None:
    counts = {"Keys": ["account", "contact"], "Values": [12, 1200]}
    emulator.conditions.add_faults([Fault(path=TOTALS, status=200, body={"EntityRecordCountCollection": counts})])
    report = _check(emulator)
    line = _line(report, "dynamics", "contacts")
    assert (line.state, line.says) == ("warning", "Contacts can be read: 30 of 1,200, in the whole environment.")
    assert (line.facts["visible"], line.facts["total"]) == (30, 1200)
    assert _line(report, "dynamics", "accounts").state == "ok"
    assert _line(report, "dynamics", "leads").state == "not_checked"


def test_check__a_missing_table_does_not_hide_how_many_rows_the_others_have(emulator: Emulator) -> None:
    emulator.conditions.rights = Rights(scopes=READING, missing_tables=frozenset({"invoice"}))
    report = _check(emulator)
    assert _line(report, "dynamics", "invoices").state == "warning"
    assert _line(report, "dynamics", "opportunities").facts["total"] == 1
    assert _line(report, "dynamics", "contacts").facts["total"] == 30


@pytest.mark.parametrize(
    ("depth", "state", "says"),
    [
        ("Global", "ok", "at least 5,000 of 9,000, in the whole environment."),
        ("Local", "warning", "at least 5,000 of 9,000, in the caller's business unit only."),
        ("Basic", "warning", "at least 5,000 of 9,000, the caller's own only."),
        (None, "not_checked", "at least 5,000 of 9,000."),
    ],
)
def test_check__more_rows_than_dataverse_counts(emulator: Emulator, depth: str | None, state: str, says: str) -> None:
    counts = {"Keys": ["contact"], "Values": [9000]}
    privileges = {"RolePrivileges": [{"PrivilegeName": "prvReadContact", "Depth": depth}]} if depth else {}
    emulator.conditions.add_faults(
        [
            Fault(path=TOTALS, status=200, body={"EntityRecordCountCollection": counts}),
            Fault(path="*/systemusers(*", status=200, body=privileges),
            Fault(path="*/contacts", status=200, body={"value": [], "@odata.count": 5000}, portal="dynamics"),
        ]
    )
    line = _line(_check(emulator), "dynamics", "contacts")
    assert (line.state, line.says) == (state, f"Contacts can be read: {says}")


def test_check__person_who_is_the_user_of_data_sync(emulator: Emulator) -> None:
    emulator.conditions.sign_in = SignInSwitches(device_interval_s=0)
    sentences: list[str] = []
    for missing, state in ((WRITING, "warning"), (frozenset(), "ok")):
        emulator.conditions.rights = Rights(scopes=READING, missing_privileges=missing)
        report = _check(emulator, settings="[sync.contact]\n", sign_in="device_code", tell_person=sentences.append)
        line = _line(report, "dynamics", "sync user")
        assert line.state == state
        assert line.facts["needed"] == ["prvReadContact", "prvCreateContact", "prvWriteContact"]
        assert line.facts["missing_privileges"] == (["prvCreateContact", "prvWriteContact"] if missing else [])
    assert len(sentences) == 2


def test_check__only_reading_is_needed_towards_hubspot(emulator: Emulator) -> None:
    emulator.conditions.sign_in = SignInSwitches(device_interval_s=0)
    settings = '[sync.contact]\ndirection = "to_hubspot"\n'
    report = _check(emulator, settings=settings, sign_in="device_code", tell_person=lambda _: None)
    assert _line(report, "dynamics", "sync user").facts["needed"] == ["prvReadContact"]


def test_check__wrong_token_and_wrong_secret(emulator: Emulator) -> None:
    report = _check(emulator, hubspot_token="pat-eu1-wrong", client_secret="wr0ng")
    assert [(line.portal, line.about, line.state) for line in report.lines] == [
        ("hubspot", "portal", "fault"),
        ("dynamics", "sign-in", "fault"),
    ]
    text = " ".join(f"{line.says} {line.next_step} {line.facts}" for line in report.lines)
    assert "HubSpot does not accept the access token." in text
    assert "AADSTS7000215" in text
    assert "pat-eu1-wrong" not in text
    assert "wr0ng" not in text
    assert report.exit_code == 3


def test_check__nobody_answers(emulator: Emulator) -> None:
    report = _check(emulator, hubspot_url="http://127.0.0.1:9", dynamics_url="http://127.0.0.1:9", authority=None)
    assert [(line.portal, line.state) for line in report.lines] == [("hubspot", "fault"), ("dynamics", "fault")]
    assert all("does not answer" in line.says for line in report.lines)
    assert report.exit_code == 3


@pytest.mark.parametrize(
    ("path", "portal", "about"),
    [
        ("/account-info/v3/details", "hubspot", "portal"),
        ("/crm/v3/properties/contacts", "hubspot", "contacts"),
        ("/crm/v3/objects/contacts/search", "hubspot", "contacts"),
        ("*/WhoAmI", "dynamics", "environment"),
        ("*/RetrieveCurrentOrganization*", "dynamics", "environment"),
        ("*/api/data/v9.2/accounts", "dynamics", "accounts"),
    ],
)
def test_check__answers_of_another_shape(emulator: Emulator, path: str, portal: str, about: str) -> None:
    emulator.conditions.add_faults([Fault(path=path, status=200, body=[], times=9)])
    report = _check(emulator)
    line = _line(report, portal, about)
    assert (line.state, report.exit_code) == ("fault", 3)
    assert "does not answer as its documentation says" in line.says


def test_check__foreign_host_is_never_asked(emulator: Emulator) -> None:
    with pytest.raises(SafetyError, match="no secret is sent there"):
        _check(emulator, dynamics_url="https://evil.example")


@pytest.mark.parametrize(("is_begun", "state", "code"), [(False, "not_checked", 0), (True, "fault", 2)])
def test_check__side_that_is_not_set(emulator: Emulator, state: str, code: int, *, is_begun: bool) -> None:
    report = check_portals(
        connections(emulator),
        _settings(),
        unset={System.DYNAMICS: Unset(["The environment variable X is not set."], is_begun)},
        pace=FakeTime().pace(tries=2),
    )
    (line,) = [line for line in report.lines if line.portal == "dynamics"]
    assert (line.about, line.state, line.says) == ("settings", state, "The environment variable X is not set.")
    assert report.exit_code == code


@pytest.mark.parametrize(
    ("system", "type_", "kind"),
    [
        (System.HUBSPOT, "STANDARD", "production"),
        (System.HUBSPOT, "DEVELOPER_TEST", "test"),
        (System.HUBSPOT, "SANDBOX", "test"),
        (System.HUBSPOT, "APP_DEVELOPER", "test"),
        (System.HUBSPOT, "SOMETHING_NEW", "production"),
        (System.HUBSPOT, None, "production"),
        (System.DYNAMICS, "Customer", "production"),
        (System.DYNAMICS, "Secondary", "production"),
        (System.DYNAMICS, "Default", "production"),
        (System.DYNAMICS, "CustomerTest", "test"),
        (System.DYNAMICS, "Trial", "test"),
        (System.DYNAMICS, "Support", "production"),
        (System.DYNAMICS, "SANDBOX", "production"),
        (System.DYNAMICS, None, "production"),
    ],
)
def test_portal_kind(system: System, type_: str | None, kind: str) -> None:
    assert portal_kind(system, type_) == kind


def test_check__writes_nothing(emulator: Emulator) -> None:
    _check(emulator)
    asked = {(entry.method, entry.path) for entry in emulator.conditions.log()}
    posts = {path for method, path in asked if method != "GET"}
    assert {path.rpartition("/")[2] for path in posts} == {"search", "access-token-info", "token"}
