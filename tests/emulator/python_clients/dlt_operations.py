"""dlt, a library that loads data from APIs, with its REST source pointed at the emulated portal.

dlt's own HubSpot source comes with no package: it is copied from GitHub into projects. What is tried here is the source
that dlt brings along, set up for HubSpot's endpoints; it follows the links of pages as the other one does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__REQUEST_MAX_ATTEMPTS"] = "1"  # dlt asks again after 501 and waits between, as after any 5xx

from dlt.sources.helpers.rest_client import RESTClient  # type: ignore[import-not-found,unused-ignore]
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth  # type: ignore[import-not-found,unused-ignore]
from dlt.sources.helpers.rest_client.paginators import (  # type: ignore[import-not-found,unused-ignore]
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
)
from dlt.sources.rest_api import rest_api_source  # type: ignore[import-not-found,unused-ignore]
from operations import read_addresses, run  # type: ignore[import-not-found,unused-ignore]
from requests import HTTPError

PORTAL = read_addresses()["hubspot"]
TOKEN = {"type": "bearer", "token": PORTAL["token"]}
CLIENT = RESTClient(
    PORTAL["url"],
    auth=BearerTokenAuth(PORTAL["token"]),
    data_selector="results",
    paginator=JSONLinkPaginator(next_url_path="paging.next.link"),
)
OTHERS = {"associations": "deals,products,tickets,quotes"}
SOURCE = {
    "client": {
        "base_url": PORTAL["url"],
        "auth": TOKEN,
        "paginator": {"type": "json_link", "next_url_path": "paging.next.link"},
    },
    "resource_defaults": {"primary_key": "id", "endpoint": {"data_selector": "results", "params": {"limit": 2}}},
    "resources": [
        {"name": "contacts", "endpoint": {"path": "crm/v3/objects/contacts", "params": OTHERS}},
        {"name": "companies", "endpoint": "crm/objects/2026-03/companies"},
        {"name": "owners", "endpoint": "crm/v3/owners/"},
        {
            "name": "companies_of_contacts",
            "endpoint": "crm/v4/objects/contacts/{resources.contacts.id}/associations/companies",
        },
    ],
}


def _ids(pages: Iterable[Any]) -> list[str]:
    return [record["id"] for page in pages for record in page]


def _pages() -> None:
    pages = CLIENT.paginate("crm/v3/objects/contacts", params={"limit": 2, "properties": "email,phone"})
    assert _ids(pages) == ["101", "102", "103"]


def _search() -> None:
    paginator = JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_body_path="after")
    pages = CLIENT.paginate("crm/v3/objects/contacts/search", method="POST", json={"limit": 2}, paginator=paginator)
    assert _ids(pages) == ["101", "102", "103"]


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = list(rest_api_source(SOURCE).with_resources(name))
    return rows


def _resource() -> None:
    assert [row["id"] for row in _rows("contacts")] == ["101", "102", "103"]
    assert [row["id"] for row in _rows("companies")] == ["201", "202"]
    assert [row["email"] for row in _rows("owners")] == ["rik@contoso.example"]


def _resource_of_another() -> None:
    assert [row["toObjectId"] for row in _rows("companies_of_contacts")] == [201, 201]


def _tickets() -> None:
    """Raises with the body of the refusal, which dlt's own error leaves out."""
    try:
        _ids(CLIENT.paginate("crm/v3/objects/tickets"))
    except HTTPError as error:
        raise ValueError(error.response.text if error.response is not None else error) from None


run(
    {
        "RESTClient.paginate, JSONLinkPaginator": _pages,
        "RESTClient.paginate, search by JSONResponseCursorPaginator": _search,
        "rest_api_source, json_link": _resource,
        "rest_api_source, resource of another resource": _resource_of_another,
        "RESTClient.paginate, tickets": _tickets,
    }
)
