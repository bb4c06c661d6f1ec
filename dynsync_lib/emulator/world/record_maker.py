"""Makes single records of the demo world: ids in API order, believable values.

Facts
    * HubSpot ids ascend; the last group of a Dynamics GUID, which SQL Server sorts by first, counts upward: the rows of
      a table are made in the order in which the API delivers them (2.24, 2.25).
    * Domains are reserved for documentation (`*.example`); telephone numbers are in ranges kept for fiction.

Where it is used: `emulator.world.demo_world`, `emulator.world.planted_cases`, the crowd.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.metadata import read_data

Row = dict[str, str | None]
_BEGIN: Final = datetime(2023, 1, 9, 8, 0, 0, tzinfo=UTC)
_DAYS: Final = 1_040
_LATIN: Final = str.maketrans(
    {"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "ä": "ae", "ö": "oe", "ü": "ue"}
)
WORDS: Final[Mapping[str, Any]] = read_data("words.toml")


@dataclass(frozen=True, slots=True)
class Name:
    """A first and a last name as written, and the Latin spelling that goes into addresses."""

    first: str
    last: str
    slug: str


@dataclass(slots=True)
class Maker:
    """Makes records from one random generator and adds them to `tables`."""

    chance: random.Random
    tables: dict[str, list[Row]]
    hubspot_id: int = 100
    guid_count: int = 0
    taken: set[str] = field(default_factory=set)

    def add(self, table: str, row: Mapping[str, str | None]) -> str:
        """Adds a record, fills in its id, times and state where they are missing, and gives its id."""
        fresh = self._hubspot(table) if table.startswith("hubspot/") else self._dynamics(table)
        whole = {**fresh, **row}
        if table == "dynamics/contacts":
            whole["fullname"] = " ".join(part for part in (whole.get("firstname"), whole.get("lastname")) if part)
        self.tables[table].append(whole)
        return str(whole[RECORD_TABLES[table].id_field])

    def associate(
        self,
        from_object: str,
        from_id: str,
        to_object: str,
        *,
        to_id: str,
        is_primary: bool = False,
        label: str | None = None,
    ) -> None:
        """Associates two HubSpot records."""
        between = (from_object, to_object) == ("contact", "company")
        self.tables["hubspot/links"].append(
            {
                "contact_id": from_id if between else None,
                "company_id": to_id if between else None,
                "is_primary": "true" if is_primary else "false",
                "from_object": from_object,
                "from_id": from_id,
                "to_object": to_object,
                "to_id": to_id,
                "label": label,
            }
        )

    def moment(self) -> datetime:
        """A moment between the beginning of 2023 and the end of 2025, to the second."""
        return _BEGIN + timedelta(days=self.chance.randrange(_DAYS), seconds=self.chance.randrange(36_000))

    def happens(self, share: float) -> bool:
        """True with this probability (0 to 1)."""
        return self.chance.random() < share

    def pick(self, words: str) -> Any:
        """A random entry of a list of words.toml."""
        return self.chance.choice(WORDS[words])

    def pick_name(self) -> tuple[str, str]:
        """A first and a last name of one language, as written."""
        name = self.name()
        return name.first, name.last

    def name(self) -> Name:
        """A first and a last name of one language."""
        people = self.chance.choice(WORDS["people"])
        first, last = self.chance.choice(people["first"]), self.chance.choice(people["last"])
        return Name(_written(first), _written(last), f"{slug(_latin(first))}.{slug(_latin(last))}")

    def digits(self, pattern: str) -> str:
        """The pattern with a digit for each `#`."""
        return "".join(str(self.chance.randrange(10)) if letter == "#" else letter for letter in pattern)

    def one_of(self, table: str, id_field: str) -> str:
        """The id of a random record of a table."""
        return str(self.chance.choice(self.tables[table])[id_field])

    def _hubspot(self, table: str) -> Row:
        self.hubspot_id += self.chance.randrange(1, 6)
        kept, created = RECORD_TABLES[table], self.moment()
        return {
            kept.id_field: str(self.hubspot_id),
            kept.created_field: f"{created:%Y-%m-%dT%H:%M:%S}.{self.chance.randrange(1000):03d}Z",
            kept.modified_field: f"{self._later(created):%Y-%m-%dT%H:%M:%S}.{self.chance.randrange(1000):03d}Z",
        }

    def _dynamics(self, table: str) -> Row:
        self.guid_count += 1
        created = self.moment()
        row: Row = {
            RECORD_TABLES[table].id_field: self._guid(),
            "createdon": f"{created:%Y-%m-%dT%H:%M:%SZ}",
            "modifiedon": f"{self._later(created):%Y-%m-%dT%H:%M:%SZ}",
        }
        return row if table == "dynamics/users" else {**row, "statecode": "0", "statuscode": "1"}

    def _guid(self) -> str:
        head = f"{self.chance.getrandbits(60):015x}"
        return f"{head[:8]}-{head[8:12]}-4{head[12:]}-b{self.chance.getrandbits(12):03x}-{self.guid_count:012x}"

    def _later(self, created: datetime) -> datetime:
        return created + timedelta(days=self.chance.randrange(1, 300), seconds=self.chance.randrange(36_000))


def slug(text: str) -> str:
    """The text as a part of an address: Latin letters and digits in lower case."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_LATIN))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())


def age(maker: Maker, row: Row, fields: Iterable[str], *, blank: float) -> Row:
    """The row as years of use leave it: each of the fields is empty with the probability `blank`."""
    lost = {name for name in fields if maker.happens(blank)}
    return {name: None if name in lost else value for name, value in row.items()}


def crowd_contacts(maker: Maker) -> list[Row]:
    """The Dynamics contacts of the crowd, which unlike the planted ones all have a preferred way of contact."""
    return [row for row in maker.tables["dynamics/contacts"] if row.get("preferredcontactmethodcode")]


def _written(word: str) -> str:
    return word.partition("|")[0]


def _latin(word: str) -> str:
    return word.partition("|")[2] or word
