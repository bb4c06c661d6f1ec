"""hubspot-sdk, HubSpot's client of 2026-03 for Python, at the emulated portal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from hubspot_sdk import APIStatusError, AsyncHubSpot, HubSpot  # type: ignore[import-not-found,unused-ignore]
from operations import read_addresses, run  # type: ignore[import-not-found,unused-ignore]

PORTAL = read_addresses()["hubspot"]
CLIENT = HubSpot(access_token=PORTAL["token"], base_url=PORTAL["url"], max_retries=0)
CONTACTS, ASSOCIATIONS = CLIENT.crm.objects.contacts, CLIENT.crm.associations
PLAIN = {"association_category": "HUBSPOT_DEFINED", "association_type_id": 279}


def _status(call: Any) -> int:
    try:
        call()
    except APIStatusError as error:
        status: int = error.status_code
        return status
    return 200


def _list() -> None:
    assert [contact.id for contact in CONTACTS.list(limit=2, properties=["email"])] == ["101", "102", "103"]


def _list_asynchronously() -> None:
    async def read() -> list[str]:
        async with AsyncHubSpot(access_token=PORTAL["token"], base_url=PORTAL["url"]) as client:
            return [company.id async for company in client.crm.objects.companies.list(limit=1)]

    assert asyncio.run(read()) == ["201", "202"]


def _get() -> None:
    ada = CONTACTS.get("101", properties=["email"], associations=["companies"])
    assert (ada.properties["email"], ada.associations["companies"].results[0].id) == ("ada@firm.example", "201")


def _get_missing() -> None:
    assert _status(lambda: CONTACTS.get("999")) == 404
    assert _status(lambda: CONTACTS.get("abc")) == 404


def _create_update_delete() -> None:
    made = CONTACTS.create(properties={"email": "dee@x.example"}, associations=[])
    changed = CONTACTS.update(made.id, properties={"firstname": "Dee"})
    assert changed.properties["firstname"] == "Dee"
    CONTACTS.delete(made.id)
    assert _status(lambda: CONTACTS.get(made.id)) == 404


def _batches() -> None:
    made = CONTACTS.batch.create(inputs=[{"properties": {"email": "eve@x.example"}, "associations": []}])
    id_ = made.results[0].id
    CONTACTS.batch.update(inputs=[{"id": id_, "properties": {"firstname": "Eve"}}])
    eve = {"id": "eve@x.example", "id_property": "email", "properties": {"city": "Bonn"}}
    upserted = CONTACTS.batch.upsert(inputs=[eve])
    read = CONTACTS.batch.get(inputs=[{"id": id_}], properties=["city", "firstname"], properties_with_history=[])
    assert (upserted.results[0].new, read.results[0].properties["city"]) == (False, "Bonn")
    CONTACTS.batch.delete(inputs=[{"id": id_}])


def _merge() -> None:
    first, second = (CONTACTS.create(properties={"firstname": name}, associations=[]).id for name in ("Una", "Duo"))
    assert CONTACTS.merge(primary_object_id=first, object_id_to_merge=second).id == first


def _search() -> None:
    filters = [{"property_name": "firstname", "operator": "EQ", "value": "ADA"}]
    answer = CONTACTS.search(
        after="0", filter_groups=[{"filters": filters}], limit=1, properties=["email"], sorts=["email"]
    )
    assert (answer.total, answer.results[0].id) == (1, "101")


def _ids(targets: Iterable[Any]) -> list[str]:
    """The ids of associated records: numbers, which the client passes on as they are."""
    return [str(target.to_object_id) for target in targets]


def _associations() -> None:
    assert _ids(ASSOCIATIONS.list("companies", object_type="contacts", object_id="101")) == ["201"]


def _association_batches() -> None:
    batch = ASSOCIATIONS.batch
    pair = {"from_object_type": "contacts", "to_object_type": "companies"}
    batch.create(to_object_type="companies", from_object_type="contacts", inputs=[_link("103", "202")])
    read = batch.get(**pair, inputs=[{"id": "103"}])
    assert _ids(read.results[0].to) == ["202"]
    batch.delete(**pair, inputs=[{"from": {"id": "103"}, "to": [{"id": "202"}]}])


def _link(contact: str, company: str) -> dict[str, Any]:
    return {"from": {"id": contact}, "to": {"id": company}, "types": [PLAIN]}


def _labels() -> None:
    labels = CLIENT.crm.associations_schema.labels
    labels.create_label("companies", from_object_type="contacts", label="Adviser", name="adviser")
    listed = labels.list_labels("companies", from_object_type="contacts").results
    assert "Adviser" in [label.label for label in listed]


def _limits() -> None:
    assert CLIENT.crm.associations_schema.limits.list().results == []


def _properties() -> None:
    names = [item.name for item in CLIENT.crm.properties.list("contacts").results]
    assert "hubspot_owner_id" in names
    assert CLIENT.crm.properties.get("email", object_type="contacts").label == "Email"


def _owners() -> None:
    assert [owner.id for owner in CLIENT.crm.owners.list(email="rik@contoso.example")] == ["7"]


def _account() -> None:
    assert CLIENT.account.get().account_type == "DEVELOPER_TEST"


run(
    {
        "crm.objects.contacts.list": _list,
        "crm.objects.companies.list, asynchronous": _list_asynchronously,
        "crm.objects.contacts.get": _get,
        "crm.objects.contacts.get, missing": _get_missing,
        "crm.objects.contacts.create, update, delete": _create_update_delete,
        "crm.objects.contacts.batch.create, update, upsert, get, delete": _batches,
        "crm.objects.contacts.merge": _merge,
        "crm.objects.contacts.search": _search,
        "crm.associations.list": _associations,
        "crm.associations.batch.create, get, delete": _association_batches,
        "crm.associations_schema.labels.create_label, list_labels": _labels,
        "crm.associations_schema.limits.list": _limits,
        "crm.properties.list, get": _properties,
        "crm.properties.groups.list": lambda: CLIENT.crm.properties.groups.list("contacts"),
        "crm.owners.list": _owners,
        "account.get, details": _account,
        "crm.pipelines.list": lambda: CLIENT.crm.pipelines.list("deals"),
        "crm.objects.tickets.list": lambda: list(CLIENT.crm.objects.tickets.list()),
    }
)
