"""No request keeps the emulator busy or fills its memory: what is too deep, too long or too much is refused."""

from __future__ import annotations

import sqlite3
from urllib.parse import quote

import httpx
import pytest

from dynsync_lib.emulator.dataverse import batch
from dynsync_lib.emulator.json_texts import JsonBoundError, parse_json
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.emulator.store import database
from dynsync_lib.emulator.store.database import Database
from tests.emulator.clients import environment_client, portal_client
from tests.emulator.small_world import small_world

JSON = {"Content-Type": "application/json"}
DIGITS = "9" * 5_000
HOSTILE = {
    "deep list": "[" * 500_000,
    "deep object": '{"a":' * 100_000,
    "deep inside": '{"properties":' + "[" * 200 + "]" * 200 + "}",
    "many parts": '{"inputs":[' + "{}," * 200_000 + "{}]}",
    "one text, never ended": '"' + '\\"' * 500_000,
    "many texts, never ended": '"\\' * 300_000,
    "digits": '{"id":' + DIGITS + "}",
}


# --- JSON --------------------------------------------------------------------------------------------------------


def test_parse_json__bounds() -> None:
    assert parse_json("[" * 100 + "]" * 100)
    assert len(parse_json("[" + "{}," * 99_998 + "{}]")) == 99_999
    assert parse_json('{"a": "' + "[" * 5_000 + '"}') == {"a": "[" * 5_000}
    for text, says in (
        ("[" * 101 + "]" * 101, "100 lists and objects deep"),
        ("[" + "{}," * 100_000 + "{}]", "100,000"),
    ):
        with pytest.raises(JsonBoundError, match=says):
            parse_json(text)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "path", ["objects/contacts", "objects/contacts/search", "objects/contacts/batch/upsert", "properties/contacts"]
)
def test_hubspot__hostile_json_400(portal: httpx.Client, path: str, body: str) -> None:
    answer = portal.post(f"/crm/v3/{path}", content=body.encode(), headers=JSON)
    assert answer.status_code == 400
    assert len(answer.content) < 5_000


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("path", ["contacts", "contacts/Microsoft.Dynamics.CRM.CreateMultiple"])
def test_dataverse__hostile_json_400(environment: httpx.Client, path: str, body: str) -> None:
    answer = environment.post(path, content=body.encode(), headers=JSON)
    assert answer.status_code == 400
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    "path",
    [
        *(f"objects/contacts?after={DIGITS}", f"objects/contacts?limit={DIGITS}", f"owners?after={DIGITS}"),
        f"owners?limit={DIGITS}",
    ],
)
def test_hubspot__numbers_that_are_too_long_400(portal: httpx.Client, path: str) -> None:
    assert portal.get(f"/crm/v3/{path}").status_code == 400


# --- Queries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("contacts?$expand=" + ",".join(["parentcustomerid_account"] * 16), "An $expand names at most 15 navigations."),
        ("EntityDefinitions?$expand=" + ",".join(["Attributes"] * 16), "An $expand names at most 15 navigations."),
        ("contacts?$orderby=firstname,lastname,firstname desc", "The rows are sorted by 'firstname' twice."),
        ("contacts?sql=SELECT firstname FROM contact ORDER BY firstname, firstname", "sorted by 'firstname' twice."),
        ("contacts?sql=SELECT firstname FROM contact WHERE " + "(" * 5_000, "nested too deeply"),
        ("contacts?$filter=" + "not " * 4_000 + "donotemail", "nested too deeply"),
        ("EntityDefinitions?$filter=" + " or ".join(["IsActivity eq true"] * 1_000), "nested too deeply"),
        ("EntityDefinitions?$filter=" + "not " * 4_000 + "IsActivity", "nested too deeply"),
        ("EntityDefinitions?$filter=" + "/".join(["a"] * 8_000) + " eq 1", "nested too deeply"),
        (f"contacts?$filter={'@a ' * 4_000}&@a={'x' * 9_000}", "A $filter has at most 65536 characters."),
    ],
)
def test_dataverse__queries_that_ask_too_much_400(environment: httpx.Client, query: str, says: str) -> None:
    path, _, options = query.partition("?")
    answer = environment.get(f"{path}?{quote(options, safe='$=&@,')}")
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True), answer.text[:500]


def test_total_record_count__counts_each_table_once(environment: httpx.Client) -> None:
    names = ",".join(['"contact"'] * 2_000)
    answer = environment.get(f"RetrieveTotalRecordCount(EntityNames=@p)?@p=[{names}]").json()
    assert answer["EntityRecordCountCollection"]["Keys"] == ["contact"]


def test_database__a_select_ends_and_a_change_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MOST_STEPS", 2_000_000)
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {}) SELECT x FROM n"
    opened = Database()
    try:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            opened.query(f"SELECT count(*) FROM ({numbers.format(10_000_000)})")  # noqa: S608
        opened.execute("CREATE TABLE t (x)")
        assert opened.execute(f"INSERT INTO t {numbers.format(500_000)}") == 500_000
        assert opened.query("SELECT count(*) FROM t") == [(500_000,)]
    finally:
        opened.close()


def test_searches__that_take_too_many_steps_400(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_STEPS_AT_ONCE", 50)
    with (
        Emulator(small_world()) as running,
        portal_client(running) as portal,
        environment_client(running) as environment,
    ):
        monkeypatch.setattr(database, "MOST_STEPS", 50)
        words = {"query": " ".join(["a"] * 200)}
        searched = portal.post("/crm/v3/objects/contacts/search", json=words)
        found = environment.get("contacts?$filter=" + " or ".join(["contains(firstname,'a')"] * 200))
        monkeypatch.undo()
        assert portal.post("/crm/v3/objects/contacts/search", json=words).status_code == 200
    assert (searched.status_code, searched.json()["message"]) == (400, "The emulator cannot answer this: interrupted")
    assert (found.status_code, found.json()["error"]["message"]) == (400, "The query cannot be answered: interrupted")


# --- Batches -----------------------------------------------------------------------------------------------------

PART = "--b\r\nContent-Type: application/http\r\n\r\n"
CHANGES = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"


def _batch(environment: httpx.Client, text: str) -> httpx.Response:
    headers = {"Content-Type": "multipart/mixed; boundary=b", "Prefer": "odata.continue-on-error"}
    return environment.post("$batch", content=text.encode(), headers=headers)


@pytest.mark.parametrize(
    "text", ["--b\r\n" * 1_000_000, CHANGES + "--c\r\n" * 1_000_000, f"{PART}GET contacts HTTP/1.1\r\n" * 1_001]
)
def test_batch__too_many_parts_400(environment: httpx.Client, text: str) -> None:
    answer = _batch(environment, text)
    assert (answer.status_code, "at most 1000 requests" in answer.text) == (400, True)


@pytest.mark.parametrize("blanks", [50_000, 2_000_000])
def test_batch__request_lines_are_read_in_one_go(environment: httpx.Client, blanks: int) -> None:
    answer = _batch(environment, f"{PART}GET x{' ' * blanks}y\r\n{PART}GET WhoAmI   HTTP/1.1\r\n\r\n--b--")
    assert answer.text.count("HTTP/1.1 400") == 1
    assert answer.text.count("HTTP/1.1 200") == 1
    assert len(answer.content) < 5_000


def test_batch__answers_end_at_a_bound(environment: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(_batch(environment, f"{PART}GET contacts HTTP/1.1\r\n\r\n--b--").text)
    monkeypatch.setattr(batch, "LONGEST_ANSWER", 3 * whole)
    answer = _batch(environment, f"{PART}GET contacts HTTP/1.1\r\n\r\n" * 50 + "--b--")
    assert (answer.status_code, answer.text.count("HTTP/1.1 200"), answer.text.count("HTTP/1.1 400")) == (200, 3, 1)
    assert "The answers to a batch have at most" in answer.text


def test_batch__references_become_addresses_in_one_go(
    environment: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = "--c\r\nContent-ID: {}\r\n\r\nPOST {} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}\r\n"
    account = create.format(1, "accounts", '{"name":"Company A"}')
    contact = create.format(2, "contacts", '{"lastname":"$1 and $9","parentcustomerid_account@odata.bind":"$1"}')
    monkeypatch.setattr(batch, "LONGEST_BODY", 1_000)
    flood = create.format(3, "contacts", '{"x":[' + ",".join(['"$1"'] * 100) + "]}")
    done = _batch(environment, f"{CHANGES}{account}{contact}--c--\r\n--b--")
    assert done.text.count("HTTP/1.1 204") == 2
    rows = environment.get("contacts?$select=lastname&$expand=parentcustomerid_account($select=name)").json()["value"]
    assert [row["parentcustomerid_account"]["name"] for row in rows if row["lastname"] == "$1 and $9"] == ["Company A"]
    refused = _batch(environment, f"{CHANGES}{account}{flood}--c--\r\n--b--")
    assert "The body is too long with what its references stand for." in refused.text
