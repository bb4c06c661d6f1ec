"""Microsoft's Dataverse SDK for Python, tried operation by operation, with the sign-in of azure-identity."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import pandas as pd
import pytest
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.aio.async_client import AsyncDataverseClient
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.config import DataverseConfig
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col

from dynsync_lib.emulator.conditions.switches import Fault
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.client_operations import Operation, each_operation, try_operation, untried
from tests.emulator.small_world import ADA, BOB, CY, SHOP

CLIENT: Final = "PowerPlatform-Dataverse-Client"
FETCH: Final = '<fetch><entity name="contact"><attribute name="firstname"/></entity></fetch>'
NAMES: Final = ["Ada", "Bob", "Cy"]


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataverseClient]:
    """The client over TLS, signed in as an application."""
    addresses = emulator.addresses["dynamics"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", addresses["ca_file"])
    with _credential(emulator) as credential, DataverseClient(addresses["tls_url"], credential, _AT_ONCE) as client:
        yield client


_AT_ONCE: Final = DataverseConfig(http_retries=1)


def _credential(emulator: Emulator) -> ClientSecretCredential:
    addresses = emulator.addresses["dynamics"]
    return ClientSecretCredential(
        addresses["tenant_id"],
        addresses["client_id"],
        addresses["client_secret"],
        authority=addresses["tls_url"],
        disable_instance_discovery=True,
    )


def _first_names(rows: Any) -> list[Any]:
    return [row["firstname"] for row in rows]


# --- Records -----------------------------------------------------------------------------------------------------


def _create(client: Any) -> None:
    id_ = client.records.create("contact", {"lastname": "Doe", "gendercode": 1})
    assert client.records.retrieve("contact", id_, select=["fullname"])["fullname"] == "Doe"


def _create_many(client: Any) -> None:
    ids = client.records.create("contact", [{"lastname": "One"}, {"lastname": "Two"}])
    assert [client.records.retrieve("contact", id_, select=["lastname"])["lastname"] for id_ in ids] == ["One", "Two"]


def _update(client: Any) -> None:
    client.records.update("contact", ADA, {"firstname": "Adele"})
    assert client.records.retrieve("contact", ADA, select=["firstname"])["firstname"] == "Adele"


def _update_many(client: Any) -> None:
    client.records.update("contact", [ADA, BOB], {"jobtitle": "Chief"})
    rows = client.records.list("contact", filter="jobtitle eq 'chief'", select=["firstname"])
    assert _first_names(rows) == ["Ada", "Bob"]


def _delete(client: Any) -> None:
    client.records.delete("contact", ADA)
    assert client.records.retrieve("contact", ADA) is None


def _delete_many(client: Any) -> None:
    client.records.delete("contact", [ADA, BOB], use_bulk_delete=False)
    assert _first_names(client.records.list("contact", select=["firstname"])) == ["Cy"]


def _bulk_delete(client: Any) -> object:
    return client.records.delete("contact", [ADA, BOB])


def _retrieve(client: Any) -> None:
    row = client.records.retrieve("contact", ADA, select=["firstname"], expand=["parentcustomerid_account"])
    assert row is not None
    assert (row["firstname"], row["parentcustomerid_account"]["name"]) == ("Ada", "Firm")


def _list(client: Any) -> None:
    rows = client.records.list("contact", select=["firstname"], filter="statecode eq 0", orderby=["firstname desc"])
    assert _first_names(rows) == ["Bob", "Ada"]


def _list_pages(client: Any) -> None:
    pages = client.records.list_pages("contact", select=["firstname"], page_size=2)
    assert [_first_names(page) for page in pages] == [["Ada", "Bob"], ["Cy"]]


def _get(client: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert client.records.get("contact", ADA, select=["firstname"])["firstname"] == "Ada"


def _upsert(client: Any) -> None:
    client.tables.create_alternate_key("contact", "new_byemail", ["emailaddress1"])
    for first in ("Dee", "Deedee"):
        item = {"alternate_key": {"emailaddress1": "dee@firm.example"}, "record": {"firstname": first}}
        client.records.upsert("contact", [item])
    (row,) = client.records.list("contact", select=["firstname"], filter="emailaddress1 eq 'dee@firm.example'")
    assert row["firstname"] == "Deedee"


def _upsert_many(client: Any) -> None:
    client.tables.create_alternate_key("contact", "new_byemail", ["emailaddress1"])
    addresses = ("ada@firm.example", "dee@firm.example")
    client.records.upsert(
        "contact", [{"alternate_key": {"emailaddress1": one}, "record": {"jobtitle": "Chief"}} for one in addresses]
    )
    rows = client.records.list("contact", select=["emailaddress1"], filter="jobtitle eq 'Chief'")
    assert sorted(row["emailaddress1"] for row in rows) == sorted(addresses)


def _wait(client: Any, emulator: Emulator) -> None:
    """A throttled read is an error that says how long to wait: the client leaves that to who calls it."""
    client.records.list("contact", select=["firstname"])
    refusal = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}}
    emulator.conditions.add_faults([Fault(path="*/contacts", status=429, headers={"Retry-After": "7"}, body=refusal)])
    with pytest.raises(HttpError) as raised:
        client.records.list("contact", select=["firstname"])
    assert (raised.value.is_transient, raised.value.details["retry_after"]) == (True, 7)


# --- Queries -----------------------------------------------------------------------------------------------------


def _builder(client: Any) -> None:
    query = client.query.builder("contact").select("firstname").where(col("firstname").contains("D"))
    assert _first_names(query.order_by("firstname").page_size(1).execute()) == ["Ada"]


def _builder_in(client: Any) -> None:
    query = client.query.builder("contact").select("firstname").where(col("lastname").in_(["Ames", "O'Neil", "Coe"]))
    assert _first_names(query.execute()) == ["Ada", "Cy"]


def _builder_between(client: Any) -> None:
    query = client.query.builder("contact").select("firstname").where(col("statecode").between(1, 2))
    assert _first_names(query.execute()) == ["Cy"]


def _sql(client: Any) -> None:
    rows = client.query.sql(
        "SELECT TOP 2 c.firstname FROM contact c WHERE c.lastname IN ('Ames', 'Bo') ORDER BY firstname"
    )
    assert _first_names(rows) == ["Ada", "Bob"]


def _sql_join(client: Any) -> object:
    return client.query.sql("SELECT a.name FROM account a JOIN contact c ON a.accountid = c.parentcustomerid")


def _sql_columns(client: Any) -> None:
    assert "firstname" in {column["name"] for column in client.query.sql_columns("contact")}


def _fetchxml(client: Any) -> object:
    return client.query.fetchxml(FETCH).execute()


# --- Batches, data frames, files ----------------------------------------------------------------------------------


def _batch(client: Any) -> None:
    batch = client.batch.new()
    batch.records.create("account", {"name": "New"})
    batch.records.retrieve("contact", ADA, select=["firstname"])
    batch.records.list("contact", select=["firstname"], filter="firstname eq 'Bob' and statecode eq 0")
    batch.query.sql("SELECT firstname FROM contact WHERE statecode = 1")
    result = batch.execute()
    assert [item.status_code for item in result.responses] == [204, 200, 200, 200]
    found = [[row["firstname"] for row in item.data["value"]] for item in result.responses[2:]]
    assert (result.responses[1].data["firstname"], found) == ("Ada", [["Bob"], ["Cy"]])


def _change_set(client: Any) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", {"name": "Made"})
        changes.records.create("contact", {"lastname": "Doe", "parentcustomerid_account@odata.bind": account})
        changes.records.update("contact", BOB, {"firstname": "Rob"})
    result = batch.execute()
    assert [item.status_code for item in result.responses] == [204, 204, 204]
    (row,) = client.records.list("contact", filter="lastname eq 'Doe'", expand=["parentcustomerid_account"])
    assert row["parentcustomerid_account"]["name"] == "Made"


def _batch_goes_on(client: Any) -> None:
    batch = client.batch.new()
    batch.records.delete("contact", SHOP)
    batch.records.delete("contact", CY)
    result = batch.execute(continue_on_error=True)
    assert [item.status_code for item in result.responses] == [404, 204]


def _dataframe_sql(client: Any) -> None:
    frame = client.dataframe.sql("SELECT firstname FROM contact ORDER BY firstname")
    assert list(frame["firstname"]) == NAMES


def _dataframe_create(client: Any) -> None:
    ids = client.dataframe.create("account", pd.DataFrame([{"name": "One"}, {"name": "Two"}]))
    assert client.records.retrieve("account", ids[1], select=["name"])["name"] == "Two"


def _upload(client: Any) -> object:
    return client.files.upload("contact", ADA, "new_Document", str(Path(__file__)))


# --- Tables ------------------------------------------------------------------------------------------------------


def _table(client: Any) -> None:
    table = client.tables.get("contact")
    assert table is not None
    assert (table["entity_set_name"], client.tables.get("nothing")) == ("contacts", None)


def _tables(client: Any) -> None:
    rows = client.tables.list(filter="IsCustomEntity eq false", select=["LogicalName", "DisplayName"])
    assert [row["LogicalName"] for row in rows][:2] == ["contact", "account"]


def _columns(client: Any) -> None:
    columns = client.tables.list_columns("contact", select=["LogicalName", "AttributeType"])
    assert {"firstname", "parentcustomerid"} <= {column["LogicalName"] for column in columns}


def _keys(client: Any) -> None:
    client.tables.create_alternate_key("contact", "new_byemail", ["emailaddress1"])
    assert [key.key_attributes for key in client.tables.get_alternate_keys("contact")] == [["emailaddress1"]]


def _add_columns(client: Any) -> None:
    assert client.tables.add_columns("contact", {"new_CompanyText": "string"}) == ["new_CompanyText"]
    client.records.update("contact", ADA, {"new_companytext": "Firm"})
    assert client.records.retrieve("contact", ADA, select=["new_companytext"])["new_companytext"] == "Firm"


def _add_number(client: Any) -> object:
    return client.tables.add_columns("contact", {"new_Rank": "int"})


def _remove_columns(client: Any) -> object:
    return client.tables.remove_columns("contact", ["new_interests"])


def _create_table(client: Any) -> object:
    return client.tables.create("new_Thing", {"new_Name": "string"})


def _delete_table(client: Any) -> object:
    return client.tables.delete("contact")


def _relationships(client: Any) -> object:
    return client.tables.list_relationships()


def _table_relationships(client: Any) -> object:
    return client.tables.list_table_relationships("contact")


# --- The async client --------------------------------------------------------------------------------------------


class _StaticCredential:
    """The emulator's static token as the async client takes one; the sign-in is tried by the other client."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token, and a moment far away at which it expires."""
        del scopes, options
        return AccessToken("emulator-static-token", 4_102_444_800)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> _StaticCredential:
        return self

    async def __aexit__(self, *details: object) -> None:
        del details


def _in_loop(work: Callable[[Any], Awaitable[None]]) -> Callable[[Any, Emulator], object]:
    """A try that runs with the async client, over TLS."""

    async def run(emulator: Emulator) -> None:
        addresses = emulator.addresses["dynamics"]
        client = AsyncDataverseClient(addresses["tls_url"], _StaticCredential(), _AT_ONCE)
        context = ssl.create_default_context(cafile=addresses["ca_file"])
        client._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        async with client:
            await work(client)

    return lambda _, emulator: asyncio.run(run(emulator))


async def _async_pages(client: Any) -> None:
    pages = [
        _first_names(page) async for page in client.records.list_pages("contact", select=["firstname"], page_size=2)
    ]
    assert pages == [["Ada", "Bob"], ["Cy"]]


async def _async_writes(client: Any) -> None:
    id_ = await client.records.create("contact", {"lastname": "Doe"})
    await client.records.update("contact", id_, {"firstname": "Dee"})
    row = await client.records.retrieve("contact", id_, select=["fullname"])
    assert row is not None
    assert row["fullname"] == "Dee Doe"
    await client.records.delete("contact", id_)
    assert await client.records.retrieve("contact", id_) is None


async def _async_sql(client: Any) -> None:
    assert _first_names(await client.query.sql("SELECT firstname FROM contact WHERE statecode = 1")) == ["Cy"]


async def _async_fetchxml(client: Any) -> None:
    await client.query.fetchxml(FETCH).execute()


async def _async_batch(client: Any) -> None:
    batch = client.batch.new()
    async with batch.changeset() as changes:
        changes.records.update("contact", ADA, {"firstname": "Adele"})
        changes.records.delete("contact", CY)
    batch.records.list("contact", select=["firstname"], filter="statecode eq 0")
    result = await batch.execute()
    assert [item.status_code for item in result.responses] == [204, 204, 200]
    assert [row["firstname"] for row in result.responses[2].data["value"]] == ["Adele", "Bob"]


async def _async_tables(client: Any) -> None:
    assert len(await client.tables.list(select=["LogicalName"])) == 9


TRIES: Final[Mapping[str, Callable[[Any], object]]] = {
    "records.create": _create,
    "records.create of many": _create_many,
    "records.retrieve": _retrieve,
    "records.list": _list,
    "records.list_pages": _list_pages,
    "records.get": _get,
    "records.update": _update,
    "records.update of many": _update_many,
    "records.upsert": _upsert,
    "records.upsert of many": _upsert_many,
    "records.delete": _delete,
    "records.delete of many": _delete_many,
    "records.delete in bulk": _bulk_delete,
    "query.builder": _builder,
    "query.builder with in_": _builder_in,
    "query.builder with between": _builder_between,
    "query.sql": _sql,
    "query.sql with JOIN": _sql_join,
    "query.sql_columns": _sql_columns,
    "query.fetchxml": _fetchxml,
    "batch.new": _batch,
    "batch.new with changeset": _change_set,
    "batch.execute with continue_on_error": _batch_goes_on,
    "dataframe.sql": _dataframe_sql,
    "dataframe.create": _dataframe_create,
    "files.upload": _upload,
    "tables.get": _table,
    "tables.list": _tables,
    "tables.list_columns": _columns,
    "tables.create_alternate_key": _keys,
    "tables.add_columns of texts": _add_columns,
    "tables.add_columns of numbers": _add_number,
    "tables.remove_columns": _remove_columns,
    "tables.create": _create_table,
    "tables.delete": _delete_table,
    "tables.list_relationships": _relationships,
    "tables.list_table_relationships": _table_relationships,
}
WITH_EMULATOR: Final[Mapping[str, Callable[[Any, Emulator], object]]] = {
    "HttpError.details of a 429": _wait,
    "aio.records.list_pages": _in_loop(_async_pages),
    "aio.records.create, update, delete": _in_loop(_async_writes),
    "aio.query.sql": _in_loop(_async_sql),
    "aio.query.fetchxml": _in_loop(_async_fetchxml),
    "aio.batch.new with changeset": _in_loop(_async_batch),
    "aio.tables.list": _in_loop(_async_tables),
}


def test_every_operation_is_tried() -> None:
    assert untried(CLIENT, [*TRIES, *WITH_EMULATOR]) == set()


@each_operation(CLIENT)
def test_operation(row: Operation, client: DataverseClient, emulator: Emulator) -> None:
    if row.operation in TRIES:
        try_operation(row, lambda: TRIES[row.operation](client))
    else:
        try_operation(row, lambda: WITH_EMULATOR[row.operation](client, emulator))
