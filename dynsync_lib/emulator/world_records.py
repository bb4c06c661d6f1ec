"""Makes single records of the demo world: ids in API order, believable values.

Facts
    * HubSpot ids ascend; the last group of a Dynamics GUID counts upward, so both are made in API order (2.24, 2.25).
    * Domains are reserved for documentation (`*.example`); telephone numbers stand in ranges kept for fiction.

Where it is used: `world`, `world_cases`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dynsync_lib.emulator.world_fields import read_data

Row = dict[str, str | None]
_BEGIN: Final = datetime(2023, 1, 9, 8, 0, 0, tzinfo=UTC)
_DAYS: Final = 1_040
WORDS: Final[Mapping[str, Any]] = read_data("words.toml")


@dataclass(slots=True)
class Maker:
    """Makes records from one source of chance; every record it makes lands in `tables`."""

    chance: random.Random
    tables: dict[str, list[Row]]
    hubspot_id: int = 100
    guid_count: int = 0
    domains: set[str] = field(default_factory=set)

    def add(self, table: str, row: Mapping[str, str | None]) -> str:
        """Adds a record with its id and times filled in where they are missing; its id comes out."""
        fresh = self._hubspot(table) if table.startswith("hubspot/") else self._dynamics(table)
        whole = {**fresh, **row}
        self.tables[table].append(whole)
        return str(whole[_ID_FIELD[table]])

    def link(self, contact: str, company: str, *, is_primary: bool = True, label: str | None = None) -> None:
        """Associates a HubSpot contact with a company."""
        self.associate("contact", contact, "company", to_id=company, is_primary=is_primary, label=label)

    def associate(
        self, from_object: str, from_id: str, to_object: str, *, to_id: str, is_primary: bool, label: str | None = None
    ) -> None:
        """Associates two HubSpot records."""
        contact = from_id if from_object == "contact" else None
        self.tables["hubspot/links"].append(
            {
                "contact_id": contact,
                "company_id": to_id if contact else None,
                "is_primary": "true" if is_primary else "false",
                "from_object": from_object,
                "from_id": from_id,
                "to_object": to_object,
                "to_id": to_id,
                "label": label,
            }
        )

    def moment(self) -> datetime:
        """A moment of the last years, to the second."""
        return _BEGIN + timedelta(days=self.chance.randrange(_DAYS), seconds=self.chance.randrange(36_000))

    def guid(self) -> str:
        """The next Dynamics id."""
        self.guid_count += 1
        head = f"{self.chance.getrandbits(64):016x}"
        return f"{head[:8]}-{head[8:12]}-{head[12:16]}-b{self.chance.getrandbits(12):03x}-{self.guid_count:012x}"

    def pick(self, words: str) -> Any:
        """One of a list of words."""
        return self.chance.choice(WORDS[words])

    def phone(self) -> str:
        """Eleven digits of a fictional number."""
        return f"49305550{self.chance.randrange(1000):03d}"

    def _hubspot(self, table: str) -> Row:
        self.hubspot_id += self.chance.randrange(1, 6)
        created = self.moment()
        times = ("createdAt", "updatedAt") if table == "hubspot/owners" else _HUBSPOT_TIMES.get(table, _OTHER_TIMES)
        return {
            _ID_FIELD[table]: str(self.hubspot_id),
            times[0]: f"{created:%Y-%m-%dT%H:%M:%S}.{self.chance.randrange(1000):03d}Z",
            times[1]: f"{created + timedelta(days=self.chance.randrange(1, 300)):%Y-%m-%dT%H:%M:%S}.000Z",
        }

    def _dynamics(self, table: str) -> Row:
        created = self.moment()
        changed = created + timedelta(days=self.chance.randrange(1, 300))
        row: Row = {
            _ID_FIELD[table]: self.guid(),
            "createdon": f"{created:%Y-%m-%dT%H:%M:%SZ}",
            "modifiedon": f"{changed:%Y-%m-%dT%H:%M:%SZ}",
        }
        return row if table == "dynamics/users" else {**row, "statecode": "0", "statuscode": "1"}


_OTHER_TIMES: Final = ("createdate", "hs_lastmodifieddate")
_HUBSPOT_TIMES: Final = {"hubspot/contacts": ("createdate", "lastmodifieddate")}
_ID_FIELD: Final = {
    "hubspot/contacts": "hs_object_id",
    "hubspot/companies": "hs_object_id",
    "hubspot/deals": "hs_object_id",
    "hubspot/invoices": "hs_object_id",
    "hubspot/owners": "id",
    "dynamics/contacts": "contactid",
    "dynamics/accounts": "accountid",
    "dynamics/leads": "leadid",
    "dynamics/opportunities": "opportunityid",
    "dynamics/invoices": "invoiceid",
    "dynamics/users": "systemuserid",
}
