"""Two portals of any size to pull, the same ones each time.

Where it is used: `pull.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import RECORD_TABLES, System
from dynsync_lib.emulator.world_given import described_fields

_CITIES: Final = ("Hamburg", "Graz", "Lyon", "Porto", "Brno", "Leeds")
_TITLES: Final = ("Buyer", "Engineer", None)
Row = dict[str, Any]


@dataclass(frozen=True)
class GivenWorld:
    """A world that was made for this run."""

    tables: Mapping[str, list[dict[str, Any]]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]


def make_world(size: int) -> GivenWorld:
    """So many contacts on each side, a tenth as many companies, one company for each contact."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RECORD_TABLES}
    tables["hubspot/contacts"] = list(_hubspot_contacts(size))
    tables["hubspot/companies"] = list(_companies(size // 10))
    tables["hubspot/owners"] = [{"id": str(number), "email": f"rep{number}@x.example"} for number in range(1, 41)]
    tables["dynamics/contacts"] = list(_dynamics_contacts(size))
    tables["dynamics/accounts"] = list(_accounts(size // 10))
    tables["hubspot/links"] = [_link(number, size) for number in range(1, size + 1)]
    tables["hubspot/properties"] = described_fields(System.HUBSPOT, tables)
    tables["dynamics/columns"] = described_fields(System.DYNAMICS, tables)
    ids = {"OrganizationId": _guid(1), "UserId": _guid(2), "BusinessUnitId": _guid(3)}
    detail = {"OrganizationId": _guid(1), "OrganizationType": "CustomerTest", "TenantId": _guid(4)}
    return GivenWorld(tables, {"portalId": 1, "accountType": "SANDBOX"}, {"WhoAmI": ids, "Detail": detail})


def _link(number: int, size: int) -> dict[str, Any]:
    ends = {"from_object": "contact", "from_id": str(number), "to_object": "company"}
    return {**ends, "to_id": str(number % max(size // 10, 1) + 1), "label": None, "is_primary": "true"}


def _moment(place: int) -> str:
    return f"2025-{place % 12 + 1:02d}-{place % 28 + 1:02d}T{place % 24:02d}:00:00Z"


def _guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _hubspot_contacts(size: int) -> Iterator[Row]:
    """One in a hundred has an additional address, two in a hundred have none."""
    chance = random.Random(1)
    for number in range(1, size + 1):
        yield {
            "hs_object_id": str(number),
            "email": None if chance.random() < 0.02 else f"person{number}@firm{number % 5_000}.example",
            "hs_additional_emails": f"old{number}@firm.example" if chance.random() < 0.01 else None,
            "firstname": f"First{number % 700}",
            "lastname": f"Last{number % 3_000}",
            "jobtitle": chance.choice(_TITLES),
            "phone": f"+49 30 555{number % 10_000:04d}",
            "city": chance.choice(_CITIES),
            "lifecyclestage": chance.choice(("customer", "opportunity", "subscriber")),
            "createdate": "2025-06-01T10:00:00.000Z",
            "lastmodifieddate": "2026-01-01T10:00:00.000Z",
        }


def _dynamics_contacts(size: int) -> Iterator[Row]:
    chance = random.Random(2)
    for number in range(1, size + 1):
        yield {
            "contactid": _guid(number),
            "emailaddress1": f"Person{number}@firm{number % 5_000}.example",
            "firstname": f"First{number % 700}",
            "lastname": f"Last{number % 3_000}",
            "jobtitle": chance.choice(_TITLES),
            "telephone1": f"+49-30-555{number % 10_000:04d}",
            "address1_city": chance.choice(_CITIES),
            "statecode": "1" if chance.random() < 0.05 else "0",
            "createdon": _moment(number),
            "modifiedon": "2026-02-01T10:00:00Z",
            "_parentcustomerid_value": _guid(number % max(size // 10, 1) + 1),
            "_parentcustomerid_type": "account",
        }


def _companies(size: int) -> Iterator[Row]:
    for number in range(1, size + 1):
        times = {"createdate": "2025-06-01T10:00:00.000Z", "hs_lastmodifieddate": "2026-01-01T10:00:00.000Z"}
        yield {"hs_object_id": str(number), "name": f"Firm {number} GmbH", "city": _CITIES[number % 6], **times}


def _accounts(size: int) -> Iterator[Row]:
    for number in range(1, size + 1):
        times = {"createdon": _moment(number), "modifiedon": "2026-02-01T10:00:00Z"}
        yield {"accountid": _guid(number), "name": f"Firm {number} GmbH", "statecode": "0", **times}
