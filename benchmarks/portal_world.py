"""Two portals of any size as a world folder, the same ones each time.

So many contacts on each side, a tenth as many companies, one company for each contact. Two HubSpot contacts in a
hundred have no address, one has an additional one; five Dynamics contacts in a hundred are inactive.

Where it is used: `pull.py`, `emulator.py`.
"""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

PROPERTIES: Final = ("email", "firstname", "lastname", "jobtitle", "phone", "city", "lifecyclestage")
_CITIES: Final = ("Hamburg", "Graz", "Lyon", "Porto", "Brno", "Leeds")
_JOBS: Final = ("Buyer", "Engineer", "")
_STAGES: Final = ("customer", "opportunity", "subscriber")
_TIMES: Final = ("2025-06-01T10:00:00Z", "2026-01-01T10:00:00Z")
Cells = tuple[str, ...]


def write_world(folder: Path, size: int) -> None:
    """A folder that `dynsync emulator --world` serves; `size` is the number of contacts on each side."""
    firms = max(size // 10, 1)
    heads: Cells = ("hs_object_id", "hs_additional_emails", *PROPERTIES, "createdate", "lastmodifieddate")
    _write(folder / "hubspot/contacts.csv", heads, _hubspot_contacts(size))
    heads = ("hs_object_id", "name", "domain", "city", "createdate", "hs_lastmodifieddate")
    rows = ((str(n), f"Firm {n} GmbH", f"firm{n}.example", _CITIES[n % 6], *_TIMES) for n in range(1, firms + 1))
    _write(folder / "hubspot/companies.csv", heads, rows)
    owners = ((str(n), f"rep{n}@x.example") for n in range(1, 41))
    _write(folder / "hubspot/owners.csv", ("id", "email"), owners)
    pairs = ((str(n), str(n % firms + 1), "true") for n in range(1, size + 1))
    _write(folder / "hubspot/links.csv", ("contact_id", "company_id", "is_primary"), pairs)
    heads = ("contactid", "emailaddress1", "firstname", "lastname", "fullname", "jobtitle", "telephone1", "statecode")
    lookup = ("_parentcustomerid_value", "_parentcustomerid_type")
    _write(
        folder / "dynamics/contacts.csv", (*heads, *lookup, "createdon", "modifiedon"), _dynamics_contacts(size, firms)
    )
    accounts = ((guid(n), f"Firm {n} GmbH", f"www.firm{n}.example", "0", *_TIMES) for n in range(1, firms + 1))
    heads = ("accountid", "name", "websiteurl", "statecode", "createdon", "modifiedon")
    _write(folder / "dynamics/accounts.csv", heads, accounts)


def guid(number: int) -> str:
    """Ids whose order in SQL Server is that of the numbers."""
    return str(uuid.UUID(int=number))


def _hubspot_contacts(size: int) -> Iterator[Cells]:
    chance = random.Random(1)
    for n in range(1, size + 1):
        email = "" if chance.random() < 0.02 else f"person{n}@firm{n % 5_000}.example"
        more = f"old{n}@firm.example" if chance.random() < 0.01 else ""
        work = (chance.choice(_JOBS), f"+49 30 555{n % 10_000:04d}", chance.choice(_CITIES), chance.choice(_STAGES))
        yield (str(n), more, email, *_name(n), *work, *_TIMES)


def _dynamics_contacts(size: int, firms: int) -> Iterator[Cells]:
    """Created all over one year, so that windows of time have something to divide."""
    chance = random.Random(2)
    for n in range(1, size + 1):
        first, last = _name(n)
        made = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:00:00Z"
        address = f"Person{n + size // 2}@firm{n % 5_000}.example"
        state = "1" if chance.random() < 0.05 else "0"
        work = (chance.choice(_JOBS), f"+49-40-555{n % 10_000:04d}", state, guid(n % firms + 1), "account")
        yield (guid(n), address, first, last, f"{first} {last}", *work, made, _TIMES[1])


def _name(number: int) -> tuple[str, str]:
    return f"First{number % 700}", f"Last{number % 3_000}"


def _write(path: Path, heads: Iterable[str], rows: Iterable[Cells]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
