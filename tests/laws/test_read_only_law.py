"""The law of the closed door: nothing a client can build writes to a portal, and no secret goes to another host.

What may leave is said here a second time, from the vendors' pages and not from the kit's own list.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, get_args

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import PortalError, SafetyError, UsageError
from dynsync_lib.portals.dataverse import reader as dataverse
from dynsync_lib.portals.http.hosts import Portal, check_host, is_loopback
from dynsync_lib.portals.http.transport import Guard, ReadOnlyTransport
from dynsync_lib.portals.hubspot import reader as hubspot
from dynsync_lib.portals.hubspot.paths import PATHS
from dynsync_lib.portals.pages import Delivery, TableRead
from dynsync_lib.portals.sign_in.auth import BearerAuth
from tests.pulls import FakeTime

ORIGINS: Final[dict[Portal, str]] = {
    "hubspot": "https://api.hubapi.com",
    "dynamics": "https://contoso.crm4.dynamics.com",
    "sign-in": "https://login.microsoftonline.com",
}
SECRET: Final = "pat-eu1-this-stays-at-home"
MANY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def _reads(portal: Portal, method: str, path: str) -> bool:
    """Whether a request changes nothing: GET at the APIs, and the few POSTs that ask."""
    if re.search(r"\.\.|//|%2f|\\|;", path, re.IGNORECASE):
        return False
    if method == "GET":
        return True
    asking = {
        "hubspot": r"/crm/[a-z0-9/-]+/[a-z_/]+/(batch/read|search)|/oauth/v2/private-apps/get/access-token-info",
        "dynamics": r"(?!)",
        "sign-in": r"/[\w.-]+/oauth2/v2\.0/(token|devicecode)",
    }
    return method == "POST" and re.fullmatch(asking[portal], path) is not None


# --- Any method, any path ----------------------------------------------------------------------------------------

METHODS = st.sampled_from(("GET", "POST", "PUT", "PATCH", "DELETE", "MERGE", "post", "Post", "get", "HEAD", "QUERY"))
WORDS = (
    *("crm", "v3", "v4", "2026-03", "2026-09", "objects", "associations", "properties", "owners", "contacts"),
    *("companies", "0-1", "101", "batch", "read", "create", "update", "upsert", "archive", "merge", "search", "labels"),
    *("account-info", "details", "oauth", "private-apps", "get", "access-token-info", "imports", "exports", "export"),
    *("api", "data", "v9.2", "accounts", "$batch", "Microsoft.Dynamics.CRM.CreateMultiple", "WhoAmI", "$ref"),
    *("contacts(0a1b2c3d-0000-4000-8000-000000000001)", "EntityDefinitions(LogicalName='contact')", "Attributes"),
    *("RetrieveTotalRecordCount(EntityNames=@p1)", "tenant", "oauth2", "v2.0", "token", "devicecode", "..", ".", ""),
)
JOINTS = st.sampled_from(
    ("/", "/", "/", "/", "//", "/../", "/./", "%2F", "%2e%2e/", ";", "\\", "?", "#", "%00", "/%2E%2E/")
)
PATHS_WRITTEN = st.lists(st.tuples(JOINTS, st.sampled_from(WORDS)), min_size=1, max_size=9).map(
    lambda parts: "/" + "".join(joint + word for joint, word in parts).lstrip("/")
)
KNOWN = st.sampled_from(
    (
        *("/crm/v3/objects/contacts", "/crm/v3/objects/contacts/101", "/crm/v3/objects/contacts/batch/create"),
        *(
            "/crm/objects/2026-09/contacts",
            "/crm/objects/2026-09/contacts/batch/upsert",
            "/crm/v3/objects/contacts/merge",
        ),
        *("/crm/v4/associations/contacts/companies/batch/archive", "/crm/v3/properties/contacts", "/crm/v3/imports"),
        *("/crm/v3/objects/contacts/batch/read", "/crm/objects/2026-03/deals/search", "/crm/v3/exports/export/async"),
        *("/api/data/v9.2/contacts", "/api/data/v9.2/$batch", "/api/data/v9.2/accounts", "/api/data/v9.2/WhoAmI"),
        *("/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.UpdateMultiple", "/tenant/oauth2/v2.0/token"),
    )
)


@MANY
@given(portal=st.sampled_from(get_args(Portal)), method=METHODS, path=st.one_of(PATHS_WRITTEN, KNOWN))
@example(portal="hubspot", method="POST", path="/crm/v3/objects/contacts/batch%2Fread")
@example(portal="hubspot", method="POST", path="/crm/v3/objects/x/batch/read/%2e%2e/archive")
@example(portal="hubspot", method="POST", path="/crm/v3/objects/contacts")
@example(portal="dynamics", method="GET", path="/api/data/v9.2/contacts%2f..%2f$batch")
def test_guard__lets_nothing_pass_that_writes(portal: Portal, method: str, path: str) -> None:
    try:
        request = httpx.Request(method, ORIGINS[portal] + path)
    except httpx.InvalidURL:
        return
    try:
        Guard(portal, httpx.URL(ORIGINS[portal])).check(request)
    except SafetyError:
        return
    assert _reads(portal, request.method, request.url.raw_path.decode().partition("?")[0])


@pytest.mark.parametrize("header", ["X-HTTP-Method", "x-http-method-override", "X-Method-Override"])
def test_guard__takes_no_method_for_another(header: str) -> None:
    request = httpx.Request("GET", f"{ORIGINS['dynamics']}/api/data/v9.2/contacts", headers={header: "DELETE"})
    with pytest.raises(SafetyError, match="only reads"):
        Guard("dynamics", httpx.URL(ORIGINS["dynamics"])).check(request)


# --- Any host ----------------------------------------------------------------------------------------------------

OWN_HOSTS: Final[dict[Portal, str]] = {
    "hubspot": r"api(-[a-z0-9]+)?\.hubapi\.com",
    "dynamics": r"[a-z0-9-]+\.crm\d*\.(dynamics\.com|appsplatform\.us|dynamics\.cn|microsoftdynamics\.us)",
    "sign-in": r"login\.(microsoftonline\.(com|us)|microsoft\.com|windows\.net|partner\.microsoftonline\.cn)",
}
NAMES = (
    *("api", "hubapi", "com", "contoso", "crm4", "crm", "dynamics", "login", "microsoftonline", "evil", "example"),
    *("localhost", "127.0.0.1", "[::1]", "xn--hubapi", "hubаpi", "API.HUBAPI.COM", "10.0.0.1", "microsoft", "net"),
)
HOSTS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(".".join)
ADDRESSES = st.builds(
    lambda scheme, user, host, tail: f"{scheme}{user}{host}{tail}",
    st.sampled_from(("https://", "http://", "", "//", "ftp://", "HTTPS://")),
    st.sampled_from(("", "", "", "api.hubapi.com@", "contoso.crm4.dynamics.com:443@", "a:b@")),
    st.one_of(HOSTS, st.sampled_from(("api.hubapi.com", "contoso.crm4.dynamics.com", "login.microsoftonline.com"))),
    st.sampled_from(
        ("", "/", ":443", ":8443", "/main.aspx?appid=1", "?x=@evil.example", "#.hubapi.com", ".", "\\@evil")
    ),
)


@MANY
@given(portal=st.sampled_from(get_args(Portal)), address=ADDRESSES)
def test_check_host__names_own_hosts_and_this_machine_only(portal: Portal, address: str) -> None:
    try:
        origin = check_host(portal, address)
    except (SafetyError, UsageError):
        return
    if is_loopback(origin):
        assert origin.host in {"localhost", "127.0.0.1", "::1"}
    else:
        assert (origin.scheme, origin.port, origin.userinfo) == ("https", None, b"")
        assert re.fullmatch(OWN_HOSTS[portal], origin.host)


# --- Whatever a portal answers -----------------------------------------------------------------------------------

LINKS = st.one_of(
    st.none(),
    ADDRESSES,
    st.sampled_from(
        (
            f"{ORIGINS['dynamics']}/api/data/v9.2/contacts?$skiptoken=1",
            f"{ORIGINS['dynamics']}/api/data/v9.2/$batch",
            f"{ORIGINS['dynamics']}/api/data/v9.2/contacts/../../../admin",
            "https://evil.example/api/data/v9.2/contacts",
            "//evil.example/api/data/v9.2/contacts",
            "/api/data/v9.2/contacts(1)/Microsoft.Dynamics.CRM.Delete",
            "contacts",
        )
    ),
)
ODD = st.one_of(
    st.none(),
    st.integers(),
    st.sampled_from(
        ("", "1", "../../merge", "1/../../merge", "contacts\r\nX-Evil: 1", "$batch", "é", "a b", "%2e%2e", "?", "#")
    ),
    st.lists(st.text(max_size=3), max_size=2),
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": ODD, "properties": st.one_of(ODD, st.dictionaries(st.sampled_from(("email", "note")), ODD))},
        optional={"contactid": ODD, "name": ODD, "from": st.fixed_dictionaries({"id": ODD}), "to": ODD, "paging": ODD},
    ),
    max_size=2,
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "results": st.one_of(ODD, RECORDS),
        "value": st.one_of(ODD, RECORDS),
        "paging": st.one_of(
            ODD, st.fixed_dictionaries({"next": st.one_of(ODD, st.fixed_dictionaries({"after": ODD}))})
        ),
        "@odata.nextLink": LINKS,
        "EntitySetName": st.one_of(ODD, st.just("contacts")),
        "portalId": ODD,
        "total": ODD,
        "Detail": st.one_of(ODD, st.just({"OrganizationId": "1"})),
        "EntityRecordCountCollection": st.one_of(ODD, st.just({"Keys": ["contact"], "Values": [1]})),
    },
)
SINCE = datetime(2026, 11, 23, tzinfo=UTC)
Use = Callable[[Any], Awaitable[Any]]


def _uses(portal: Portal, name: str, cursor: str | None) -> tuple[Use, ...]:
    """Everything a reader can do."""
    system = System.HUBSPOT if portal == "hubspot" else System.DYNAMICS
    table = RECORD_TABLES[f"{system}/contacts"]
    read = TableRead(table, (table.id_field, name))
    reading: tuple[Use, ...] = (
        lambda reader: reader.read_page(read, cursor),
        lambda reader: reader.read_page(TableRead(table, (name,) * 400), cursor),
        lambda reader: reader.read_changed(read, SINCE, cursor),
    )
    if portal == "hubspot":
        owners = TableRead(RECORD_TABLES["hubspot/owners"], ("id",))
        return (
            *reading,
            lambda reader: reader.read_account(),
            lambda reader: reader.read_properties(Object.CONTACT),
            lambda reader: reader.count(Object.DEAL),
            lambda reader: reader.read_page(owners, cursor),
            lambda reader: reader.read_links((Object.CONTACT, Object.COMPANY), [name]),
        )
    return (
        *reading,
        lambda reader: reader.read_organization(),
        lambda reader: reader.read_columns(table, Object.CONTACT),
        lambda reader: reader.count([table]),
        lambda reader: reader.find_span(table),
    )


def _sent(portal: Portal, version: str, use: Use, answers: list[Any]) -> list[httpx.Request]:
    """The requests that left for these answers, given in turn, again and again."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if len(sent) > 20:
            return httpx.Response(400)
        return httpx.Response(200, json=answers[(len(sent) - 1) % len(answers)])

    async def run() -> None:
        origin, pace = httpx.URL(ORIGINS[portal]), FakeTime().pace(tries=2)
        transport = ReadOnlyTransport(Guard(portal, origin), httpx.MockTransport(answer))
        client = (
            hubspot.open_client(origin, SECRET, transport, pace)
            if portal == "hubspot"
            else dataverse.open_client(origin, BearerAuth(SECRET), transport, pace)
        )
        async with client:
            reader: Any = (
                hubspot.HubSpotReader(client, pace, version=version)
                if portal == "hubspot"
                else dataverse.DataverseReader(client, pace)
            )
            told = await use(reader)
            if isinstance(told, Delivery):
                await told.rows()
                if told.cursor is not None:
                    await use(reader)

    said = ""
    try:
        asyncio.run(run())
    except (PortalError, SafetyError) as fault:
        said = f"{fault} {fault.next_step}"
    assert SECRET not in said
    return sent


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_readers__only_read_and_only_at_home_whatever_is_answered(data: st.DataObject) -> None:
    portal: Portal = data.draw(st.sampled_from(("hubspot", "dynamics")))
    name = str(data.draw(ODD))
    cursor = data.draw(LINKS if portal == "dynamics" else st.one_of(st.none(), ODD.map(str)))
    use = data.draw(st.sampled_from(_uses(portal, name, cursor)))
    answers = data.draw(st.lists(ANSWERS, min_size=1, max_size=3))
    for request in _sent(portal, data.draw(st.sampled_from(sorted(PATHS))), use, answers):
        assert f"{request.url.scheme}://{request.url.host}" == ORIGINS[portal]
        assert request.url.port is None
        assert _reads(portal, request.method, request.url.raw_path.decode().partition("?")[0])
