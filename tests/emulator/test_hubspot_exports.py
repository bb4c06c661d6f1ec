"""Exports of HubSpot: asked for, looked at, fetched, and read as the files that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from dynsync_lib.emulator.world.metadata import property_rows
from dynsync_lib.portals.files.load_files import load_files
from tests.pulls import KEYS, NOON, rows_of

START = "/crm/v3/exports/export/async"


def _export(portal: httpx.Client, **body: Any) -> str:
    """The address of the file of an export."""
    asked = {"exportType": "VIEW", "exportName": "all", "format": "CSV", "objectType": "CONTACT", **body}
    started = portal.post(START, json=asked)
    assert started.status_code == 202, started.text
    status = portal.get(started.json()["links"]["status"]).json()
    assert (status["status"], status["numErrors"]) == ("COMPLETE", 0)
    return str(status["result"])


def test_export__labels_and_associated_ids(portal: httpx.Client) -> None:
    names = ["email", "firstname", "lifecyclestage", "createdate", "colour"]
    address = _export(portal, objectProperties=names, associatedObjectType=["COMPANY"])
    assert httpx.get(address).content.decode("utf-8-sig").splitlines() == [
        "Record ID,Email,First Name,Lifecycle Stage,Create Date,Associated Company IDs",
        "101,ada@firm.example,Ada,,2024-01-01 10:30,201",
        "102,bob@firm.example,Bob,Customer,2024-02-01 10:30,201",
        "103,,Cy,,2024-03-01 10:30,",
    ]


def test_export__internal_names_and_values(portal: httpx.Client) -> None:
    options = ["NAMES", "VALUES"]
    address = _export(portal, objectProperties=["lifecyclestage"], exportInternalValuesOptions=options)
    assert httpx.get(address).text.lstrip("\ufeff").splitlines()[:3] == [
        "Record ID,lifecyclestage",
        "101,",
        "102,customer",
    ]


def test_export__details(portal: httpx.Client) -> None:
    asked = {"exportType": "VIEW", "format": "CSV", "objectType": "companies", "objectProperties": ["name"]}
    id_ = portal.post("/crm/exports/2026-09/export/async", json=asked).json()["id"]
    details = portal.get(f"/crm/v3/exports/export/{id_}").json()
    assert (details["exportState"], details["objectType"], details["recordCount"]) == ("DONE", "COMPANY", 2)


def test_export__loads_as_a_file_of_the_portal(portal: httpx.Client, tmp_path: Path) -> None:
    address = _export(portal, objectProperties=["email", "firstname"], associatedObjectType="COMPANY")
    folder = tmp_path / "hubspot"
    folder.mkdir()
    (folder / "contacts.csv").write_bytes(httpx.get(address).content)
    schema: dict[str, list[dict[str, Any]]] = {"properties": list(property_rows()), "columns": []}
    loaded = load_files(folder, None, tmp_path / "s", key_maker=KEYS, standard_schema=schema, taken_at=NOON)
    assert [row["id"] for row in rows_of(loaded, "hubspot/contacts")] == ["101", "102", "103"]
    pairs = {(row["from_id"], row["to_id"]) for row in rows_of(loaded, "hubspot/links")}
    assert pairs == {("101", "201"), ("102", "201")}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"exportType": "LIST"}, 501),
        ({"format": "XLSX"}, 501),
        ({"publicCrmSearchRequest": {"query": "ada"}}, 501),
        ({"publicCrmSearchRequest": {"filters": [], "filterGroups": [], "sorts": [], "query": ""}}, 202),
        ({"objectProperties": []}, 400),
        ({"objectType": "WIDGET"}, 400),
    ],
)
def test_export__what_it_takes(portal: httpx.Client, changes: dict[str, Any], status: int) -> None:
    asked = {"exportType": "VIEW", "format": "CSV", "objectType": "CONTACT", "objectProperties": ["email"], **changes}
    assert portal.post(START, json=asked).status_code == status


def test_export__needs_its_scope_and_its_signature(portal: httpx.Client) -> None:
    address = _export(portal, objectProperties=["email"])
    assert httpx.get(address.replace(".csv", "x.csv")).status_code == 401
    other = address.rpartition("/")[0] + "/00000000-0000-4000-8000-000000000000.csv"
    assert httpx.get(other).status_code == 403
    assert portal.get(f"{START}/tasks/9/status").status_code == 404
    portal.post("/__emu/rights", json={"scopes": ["crm.objects.contacts.read"]})
    refused = portal.post(START, json={"exportType": "VIEW", "objectType": "CONTACT", "objectProperties": ["email"]})
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
