"""A world small enough to know by heart."""

from __future__ import annotations

from typing import Any

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World
from dynsync_lib.emulator.world.metadata import column_rows, property_rows, read_data
from dynsync_lib.emulator.world.world_contents import LINKS

ADA, BOB, CY = (f"00000000-0000-4000-8000-0000000000c{number}" for number in (1, 2, 3))
FIRM, SHOP = (f"00000000-0000-4000-8000-0000000000a{number}" for number in (1, 2))
CREATED = "2024-02-01T09:30:00Z"


def small_world() -> World:
    """Three contacts and two companies on each side; Ada and Bob belong to Firm, Ada calls it her employer."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RECORD_TABLES}
    tables |= {
        "hubspot/contacts": [
            _contact("101", "ada@firm.example", "Ada", hs_additional_emails="ada@old.example;a@old.example"),
            _contact("102", "bob@firm.example", "Bob", lifecyclestage="customer"),
            _contact("103", None, "Cy"),
        ],
        "hubspot/companies": [_company("201", "Firm", "firm.example"), _company("202", "Shop", "shop.example")],
        "hubspot/owners": [
            {"id": "7", "email": "rik@contoso.example", "firstName": "Rik", "lastName": "Rep", "archived": "false"},
            {"id": "8", "email": "old@contoso.example", "firstName": "Old", "lastName": "Rep", "archived": "true"},
        ],
        "dynamics/contacts": [
            _row(ADA, "contactid", firstname="Ada", lastname="Ames", fullname="Ada Ames", statecode="0"),
            _row(BOB, "contactid", firstname="Bob", lastname="Bo", fullname="Bob Bo", statecode="0"),
            _row(CY, "contactid", firstname="Cy", lastname="Coe", fullname="Cy Coe", statecode="1"),
        ],
        "dynamics/accounts": [
            _row(FIRM, "accountid", name="Firm", numberofemployees="1250", revenue="1500.50", statecode="0"),
            _row(SHOP, "accountid", name="Shop", statecode="0"),
        ],
        LINKS: [
            {"from_object": "contact", "from_id": "101", "to_object": "company", "to_id": "201", "is_primary": "true"},
            {"from_object": "contact", "from_id": "101", "to_object": "company", "to_id": "201", "label": "Employer"},
            {"from_object": "contact", "from_id": "102", "to_object": "company", "to_id": "201", "is_primary": "true"},
        ],
        "hubspot/properties": property_rows(),
        "dynamics/columns": column_rows(),
    }
    ada, bob = tables["dynamics/contacts"][:2]
    ada |= {"emailaddress1": "ada@firm.example", "_parentcustomerid_value": FIRM, "_parentcustomerid_type": "account"}
    bob |= {"emailaddress1": "bob@firm.example", "_parentcustomerid_value": ADA, "_parentcustomerid_type": "contact"}
    portals = read_data("portals.toml")
    return World(tables, portals["account"], portals["organization"])


def _contact(id_: str, email: str | None, first: str, **more: str) -> dict[str, Any]:
    times = {"createdate": f"2024-0{id_[-1]}-01T09:30:00Z", "lastmodifieddate": "2026-01-01T00:00:00Z"}
    return {"hs_object_id": id_, "email": email, "firstname": first, "lead_score": id_[-1], **times, **more}


def _company(id_: str, name: str, domain: str) -> dict[str, Any]:
    times = {"createdate": CREATED, "hs_lastmodifieddate": CREATED}
    return {"hs_object_id": id_, "name": name, "domain": domain, **times}


def _row(id_: str, key: str, **values: str) -> dict[str, Any]:
    return {key: id_, "createdon": CREATED, "modifiedon": CREATED, "statuscode": "1", **values}
