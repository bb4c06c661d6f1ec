"""Addresses that open records: of each object in both systems, and none where nothing trustworthy is known."""

from __future__ import annotations

import pytest

from dynsync_lib.record_urls import urls_of_portals

_PORTALS = {
    "hubspot": {"id": "424242", "ui_domain": "app-eu1.hubspot.com"},
    "dynamics": {"url": "https://contoso.crm4.dynamics.com/"},
}
_GUID = "01f7e658-2f26-4325-bd65-000000000229"


@pytest.mark.parametrize(
    ("object_", "type_id", "table"),
    [
        ("contact", "0-1", "contact"),
        ("lead", "0-1", "lead"),
        ("company", "0-2", "account"),
        ("deal", "0-3", "opportunity"),
        ("invoice", "0-53", "invoice"),
    ],
)
def test_url_of__each_object_of_both_systems(object_: str, type_id: str, table: str) -> None:
    urls = urls_of_portals(_PORTALS)
    hubspot = f"https://app-eu1.hubspot.com/contacts/424242/record/{type_id}/17"
    dynamics = f"https://contoso.crm4.dynamics.com/main.aspx?etn={table}&pagetype=entityrecord&id={_GUID}"
    assert urls.url_of("hubspot", object_, "17") == hubspot
    assert urls.url_of("dynamics", object_, _GUID) == dynamics


def test_url_of__portal_without_domain_has_the_usual_one() -> None:
    urls = urls_of_portals({"hubspot": {"id": "7", "ui_domain": None}})
    assert urls.url_of("hubspot", "company", "1") == "https://app.hubspot.com/contacts/7/record/0-2/1"
    assert urls.url_of("dynamics", "company", _GUID) == ""


@pytest.mark.parametrize(
    ("portals", "system", "record_id"),
    [
        ({}, "hubspot", "17"),
        ({"hubspot": {"id": None}, "dynamics": {"url": None}}, "dynamics", _GUID),
        ({"hubspot": {"id": "7", "ui_domain": "evil.example"}}, "hubspot", "17"),
        ({"hubspot": {"id": "7/../8"}}, "hubspot", "17"),
        ({"dynamics": {"url": "javascript:alert(1)"}}, "dynamics", _GUID),
        ({"dynamics": {"url": "https://contoso.crm4.dynamics.com/?x=1"}}, "dynamics", _GUID),
        (_PORTALS, "hubspot", "17?a=b"),
        (_PORTALS, "dynamics", "no guid"),
        (_PORTALS, "hubspot", None),
        (_PORTALS, None, None),
    ],
)
def test_url_of__is_empty_where_nothing_fits(
    portals: dict[str, dict[str, str | None]], system: str | None, record_id: str | None
) -> None:
    assert urls_of_portals(portals).url_of(system, "contact", record_id) == ""
