"""Whatever is asked of the Dataverse Web API, it answers: no request, however strange, is a fault of the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.serving.certificates import make_certificates
from dynsync_lib.emulator.serving.portals_here import PortalsHere, SignInPlace
from tests.emulator.small_world import ADA, small_world

DIGITS = "9" * 5_000
"""More than Python makes a number of."""
PIECES = [
    *("firstname", "statecode", "createdon", "birthdate", "contactid", "_parentcustomerid_value", "donotemail"),
    *("'x'", "''", "'", "1", "-1", DIGITS, "1e5", "null", "true", ADA, "2024-01-01", "2024-01-01T00:00:00Z"),
    *(" eq ", " ne ", " gt ", " and ", " or ", "not ", " in ", " add ", "(", ")", ",", ";", "/", "*", "%", "_", "[a-"),
    *("contains(", "any(x:x eq 1)", "Microsoft.Dynamics.CRM.In(", "PropertyName=", "PropertyValues=", "[", "]", '"'),
    *("@p1", "²²²²²²²²²²", "\x00", "é", "SELECT ", "FROM contact ", "WHERE ", "ORDER BY ", "TOP ", "IN ", "LIKE "),
    *("desc", "parentcustomerid_account", "($select=name)", "duration'P1D'", "12:00:00"),
]
OPTIONS = ["$filter", "$select", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken", "sql", "@p1"]
READS = [
    *("contacts", f"contacts({ADA})", f"contacts(firstname='{ADA}')", "contacts/$count", "accounts", "organizations"),
    *("EntityDefinitions", "EntityDefinitions(LogicalName='contact')", "RetrieveTotalRecordCount(EntityNames=@p1)"),
    "EntityDefinitions(LogicalName='contact')/Attributes",
]
WRITES = [
    *("contacts", f"contacts({ADA})", "$batch", "PublishXml", "EntityDefinitions(LogicalName='contact')/Attributes"),
    *(f"contacts/Microsoft.Dynamics.CRM.{action}Multiple" for action in ("Create", "Update", "Upsert")),
    "EntityDefinitions(LogicalName='contact')/Keys",
]
BODIES = [
    *("", "{}", "[", "[" * 50_000, '{"a":' * 5_000, "null", "5", '{"firstname":null}', '{"firstname":["x"]}'),
    *('{"birthdate":"²²²²²²²²²²"}', '{"createdon":"999999999999999999"}', '{"overriddencreatedon":"20240101"}'),
    *('{"numberofchildren":1e400}', '{"creditlimit":NaN}', f'{{"gendercode":{DIGITS}}}', '{"contactid":5}'),
    *('{"contactid":"x"}', '{"contactid":[]}', '{"parentcustomerid_account@odata.bind":5}', '{"Targets":[{}]}'),
    *('{"Targets":5}', '{"Targets":[{"contactid":5}]}', '{"Targets":[{"@odata.id":5}]}', '{"SchemaName":5}'),
    *('{"SchemaName":"new_k","KeyAttributes":[5]}', '{"SchemaName":"new_k","KeyAttributes":[["x"]]}'),
    '{"SchemaName":"new_t","@odata.type":"Microsoft.Dynamics.CRM.StringAttributeMetadata","DisplayName":5}',
    *(
        "--b\r\n\r\nGET x HTTP/1.1\r\n--b--",
        "--b\r\n\r\n\r\n--b--",
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n",
    ),
]
HEADERS = {
    "prefer": [
        "",
        "odata.maxpagesize=1",
        f"odata.maxpagesize={DIGITS}",
        "odata.track-changes",
        "return=representation",
    ],
    "if-match": ["", "*", 'W/"1"'],
    "if-none-match": ["", "*", "null"],
    "content-type": ["application/json", "multipart/mixed; boundary=b", "multipart/mixed"],
}


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalsHere]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    conditions = Conditions(Limits(dataverse_requests=1_000_000, dataverse_execution_ms=1_000_000_000))
    place_of_sign_in = SignInPlace("https://127.0.0.1:1", make_certificates(folder, host="127.0.0.1"))
    portals = PortalsHere(small_world(), conditions, place_of_sign_in)
    yield portals
    portals.close()


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A request made of parts that Dataverse's own requests are made of, put together anyhow."""
    is_read = draw(st.booleans())
    path = f"/api/data/v9.2/{draw(st.sampled_from(READS if is_read else WRITES))}"
    text = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
    options = draw(st.dictionaries(st.sampled_from(OPTIONS), text, max_size=3)) if is_read else {}
    query = "&".join(f"{name}={quote(value)}" for name, value in options.items())
    headers = {name: draw(st.sampled_from(values)) for name, values in HEADERS.items()}
    method = "GET" if is_read else draw(st.sampled_from(["POST", "PATCH", "DELETE"]))
    body = b"" if is_read else draw(st.sampled_from(BODIES)).encode()
    token = {"authorization": "Bearer emulator-static-token"}
    return Call(method, path, path, query, {**token, **headers}, body, at_s=1.7e9, correlation_id="x")


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(call=calls())
def test_any_request__is_answered(portals: PortalsHere, call: Call) -> None:
    reply = portals.answer_dynamics(call)
    assert reply.status < 500 or reply.status == 501


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("body", [*(text.encode() for text in BODIES), b"\xff\xfe"])
def test_any_body__is_answered(portals: PortalsHere, path: str, body: bytes) -> None:
    whole = f"/api/data/v9.2/{path}"
    for method in ("POST", "PATCH"):
        for kind in HEADERS["content-type"]:
            headers = {"authorization": "Bearer emulator-static-token", "content-type": kind}
            reply = portals.answer_dynamics(Call(method, whole, whole, "", headers, body, at_s=1.7e9))
            assert reply.status < 500 or reply.status == 501
