"""The emulated portals over real sockets, read by clients that nobody here wrote."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.world.demo_world import World, build_world
from tests.emulator.clients import hubspot_client

WORLD: World = build_world(scale=0.2)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(WORLD) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(emulator: Emulator) -> None:
    emulator.conditions.reset()


# --- HubSpot's own client library --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_hubspot_api_client__reads_every_record(emulator: Emulator, kind: str) -> None:
    read = getattr(hubspot_client(emulator).crm, kind)
    name = "email" if kind == "contacts" else "name"
    records = read.get_all(properties=[name])
    world = [(row["hs_object_id"], row.get(name)) for row in WORLD.tables[f"hubspot/{kind}"]]
    assert [(item.id, item.properties[name]) for item in records] == world


def test_hubspot_api_client__reads_every_association(emulator: Emulator) -> None:
    client = hubspot_client(emulator).crm.associations.v4.batch_api
    contacts = [{"id": row["hs_object_id"]} for row in WORLD.tables["hubspot/contacts"]]
    associations = set()
    for start in range(0, len(contacts), 1_000):
        asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=contacts[start : start + 1_000])
        for result in client.get_page("contacts", "companies", asked).results:
            for to in result.to:
                primary = any(kind.label == "Primary" for kind in to.association_types)
                associations.add((result._from.id, str(to.to_object_id), primary))
    links = [row for row in WORLD.tables["hubspot/links"] if row["from_object"] == "contact"]
    world: dict[tuple[str | None, str | None], bool] = {}
    for row in links:
        pair = (row["from_id"], row["to_id"])
        world[pair] = world.get(pair, False) or row["is_primary"] == "true"
    assert associations == {(*pair, primary) for pair, primary in world.items()}


# --- HubSpot -----------------------------------------------------------------------------------------------------


def test_hubspot__without_token_401(portal: httpx.Client) -> None:
    answer = portal.get("/crm/v3/objects/contacts", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_hubspot__without_scope_403_names_it(portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"scopes": ["crm.objects.companies.read"]})
    answer = portal.get("/crm/v3/objects/contacts")
    assert answer.status_code == 403
    assert answer.json()["category"] == "MISSING_SCOPES"
    assert answer.json()["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.read"]}


def test_hubspot__unknown_route_501_names_itself(portal: httpx.Client) -> None:
    answer = portal.get("/crm/v3/objects/contacts/1/audit")
    assert answer.status_code == 501
    assert answer.json()["message"] == "The emulator has no GET /crm/v3/objects/contacts/1/audit."


@pytest.mark.parametrize("limit", ["0", "101", "ten"])
def test_hubspot__page_size_from_1_to_100(portal: httpx.Client, limit: str) -> None:
    answer = portal.get("/crm/v3/objects/contacts", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_hubspot__pages_end_without_paging(portal: httpx.Client) -> None:
    first = portal.get("/crm/v3/objects/companies", params={"limit": "1"}).json()
    assert first["paging"]["next"]["after"] == str(int(first["results"][0]["id"]) + 1)
    last = WORLD.tables["hubspot/companies"][-1]["hs_object_id"]
    assert "paging" not in portal.get("/crm/v3/objects/companies", params={"after": last}).json()


def test_hubspot__search_tells_the_total(portal: httpx.Client) -> None:
    answer = portal.post("/crm/v3/objects/contacts/search", json={"limit": 1}).json()
    assert answer["total"] == len(WORLD.tables["hubspot/contacts"])


def test_hubspot__limits_refuse_in_both_shapes() -> None:
    with Emulator(build_world(scale=0), limits=Limits(hubspot_requests=1, hubspot_search_requests=1)) as running:
        addresses = running.addresses["hubspot"]
        with httpx.Client(
            base_url=addresses["url"], headers={"Authorization": f"Bearer {addresses['token']}"}
        ) as client:
            client.get("/crm/v3/owners")
            refused = client.get("/crm/v3/owners")
            client.post("/crm/v3/objects/contacts/search", json={})
            searched = client.post("/crm/v3/objects/contacts/search", json={})
    assert (refused.status_code, refused.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert (searched.status_code, searched.json()["category"]) == (429, "RATE_LIMITS")


# --- Dataverse --------------------------------------------------------------------------------------------------


def test_dataverse__without_token_a_challenge_names_the_tenant(emulator: Emulator) -> None:
    addresses = emulator.addresses["dynamics"]
    answer = httpx.get(addresses["url"] + "/api/data/v9.2/WhoAmI")
    assert answer.status_code == 401
    assert f"authorization_uri={addresses['authority']}/oauth2/authorize" in answer.headers["WWW-Authenticate"]


def test_dataverse__every_contact_over_cookie_pages(environment: httpx.Client) -> None:
    ids, link = [], "contacts?$select=contactid"
    while link:
        page = environment.get(link, headers={"Prefer": "odata.maxpagesize=100"}).json()
        ids += [row["contactid"] for row in page["value"]]
        link = page.get("@odata.nextLink")
    assert ids == [row["contactid"] for row in WORLD.tables["dynamics/contacts"]]


def test_dataverse__filters_and_annotates(environment: httpx.Client) -> None:
    query = "contacts?$select=emailaddress1,statecode,_parentcustomerid_value&$filter=statecode eq 1&$top=3"
    rows = environment.get(query, headers={"Prefer": 'odata.include-annotations="*"'}).json()["value"]
    assert {row["statecode"] for row in rows} == {1}
    assert {row["statecode@OData.Community.Display.V1.FormattedValue"] for row in rows} == {"Inactive"}


def test_dataverse__unknown_column_400(environment: httpx.Client) -> None:
    answer = environment.get("contacts?$select=parentcustomerid")
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "0x80060888",
        "message": "Could not find a property named 'parentcustomerid' on type 'Microsoft.Dynamics.CRM.contact'.",
    }


def test_dataverse__unknown_set_404_and_option_501(environment: httpx.Client) -> None:
    assert environment.get("nothings").json()["error"]["code"] == "0x8006088a"
    assert environment.get("contacts?$skip=5").status_code == 501


def test_dataverse__rights_403(environment: httpx.Client, portal: httpx.Client) -> None:
    portal.post("/__emu/rights", json={"missing_privileges": ["prvReadContact"]})
    assert "prvReadContact" in environment.get("contacts").json()["error"]["message"]
    portal.post("/__emu/rights", json={"application_user": False})
    assert environment.get("accounts").json()["error"]["code"] == "0x80072560"


def test_dataverse__metadata_has_options_targets_and_lengths(environment: httpx.Client) -> None:
    where = "EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM."
    texts = environment.get(f"{where}StringAttributeMetadata?$select=LogicalName,MaxLength").json()["value"]
    assert {item["LogicalName"]: item["MaxLength"] for item in texts}["firstname"] == 50
    states = environment.get(f"{where}StateAttributeMetadata?$expand=OptionSet").json()["value"]
    assert [option["Value"] for option in states[0]["OptionSet"]["Options"]] == [0, 1]
    lookups = environment.get(f"{where}LookupAttributeMetadata?$select=LogicalName,Targets").json()["value"]
    assert {item["LogicalName"]: item["Targets"] for item in lookups}["parentcustomerid"] == ["account", "contact"]


def test_dataverse__counts(environment: httpx.Client) -> None:
    answer = environment.get('RetrieveTotalRecordCount(EntityNames=["account"])').json()
    assert answer["EntityRecordCountCollection"]["Values"] == [len(WORLD.tables["dynamics/accounts"])]


def test_dataverse__protection_says_how_long_to_wait() -> None:
    with Emulator(build_world(scale=0), limits=Limits(dataverse_requests=1)) as running:
        addresses = running.addresses["dynamics"]
        header = {"Authorization": "Bearer emulator-static-token"}
        httpx.get(addresses["url"] + "/api/data/v9.2/WhoAmI", headers=header)
        refused = httpx.get(addresses["url"] + "/api/data/v9.2/WhoAmI", headers=header)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x80072322")
    assert int(refused.headers["Retry-After"]) >= 1


# --- Control plane -----------------------------------------------------------------------------------------------


def test_control__faults_meet_as_many_requests_as_asked(portal: httpx.Client) -> None:
    fault = {"path": "/crm/v3/owners", "status": 502, "body": "<html>Bad gateway</html>", "times": 1}
    portal.post("/__emu/faults", json=fault)
    first, second = portal.get("/crm/v3/owners"), portal.get("/crm/v3/owners")
    assert (first.status_code, first.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert second.status_code == 200


def test_control__a_cut_answer_breaks_off(portal: httpx.Client) -> None:
    portal.post("/__emu/faults", json={"path": "/crm/v3/owners", "cut": True})
    with pytest.raises(httpx.RemoteProtocolError):
        portal.get("/crm/v3/owners")


def test_control__log_shows_no_token_and_no_address(portal: httpx.Client) -> None:
    portal.get("/crm/v3/objects/contacts/ada@x.example", params={"idProperty": "email"})
    entry = portal.get("/__emu/log").json()["requests"][-1]
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/crm/v3/objects/contacts/***", 404)


def test_control__bad_requests_are_named(portal: httpx.Client) -> None:
    assert portal.post("/__emu/faults", json={"colour": "red"}).json()["error"].endswith("a fault has no colour")
    assert portal.get("/__emu/nothing").status_code == 501


def test_told__what_a_person_pastes(emulator: Emulator) -> None:
    addresses = emulator.told
    assert set(emulator.addresses["dynamics"]) == set(addresses["dynamics"]) - {"certificate", "token"}
    assert "PRIVATE KEY" in Path(addresses["dynamics"]["certificate"]).read_text(encoding="ascii")
    asked = {"Authorization": f"Bearer {addresses['dynamics']['token']}"}
    assert httpx.get(addresses["dynamics"]["url"] + "/api/data/v9.2/WhoAmI", headers=asked).status_code == 200
    assert httpx.get(addresses["control"]["url"] + "health").json() == {"status": "ok"}


class _Terminated(threading.Event):
    """Is told to end while it waits, as by a process manager."""

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        signal.raise_signal(signal.SIGTERM)
        return self.is_set()


def test_wait__ends_in_order_when_told_to_end(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = _Terminated()
    monkeypatch.setattr(emulator, "_stop", stop)
    emulator.wait()
    assert (stop.is_set(), signal.getsignal(signal.SIGTERM)) == (True, before)
