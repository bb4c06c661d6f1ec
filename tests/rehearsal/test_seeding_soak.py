"""Seedings and clean-ups that meet faults at every endpoint and are killed at any byte and at any request.

In the end each look-alike stands there once, then nothing of them does, and all else is as it was. Not one write goes
to a portal that said it is not for tests. The seeds are 0, 1, 2 ...; DYNSYNC_SEEDING_SEEDS says how many (3 if it is
not set), or which, as `=7` or `5000-9999`. A command that ended in an error of the kit, or was killed, is begun again.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from dynsync_lib.core.settings import Settings
from dynsync_lib.emulator.conditions.switches import Fault, PortalFacts
from dynsync_lib.errors import DynsyncError
from dynsync_lib.kit.rulebooks import read_settings, rulebook
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.rehearsal.cleaning import Cleaned, Cleaning
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.look_alike_rows import LookAlikeRows, read_look_alikes
from dynsync_lib.rehearsal.seeding import Seeded, seed_portals
from dynsync_lib.snapshot.snapshot import open_snapshot
from tests.fresh_seeds import seeds
from tests.rehearsal.direct_portals import DirectPortals, DyingJournal, Killed, nothing_happens
from tests.rehearsal.plans import ADA, CAL, LINKS, SETTINGS, SHOP, TABLES, TAG, Row, write_look_alikes

_ASKED = os.environ.get("DYNSYNC_SEEDING_SEEDS", "3")


def _seeds_of(asked: str) -> range:
    """The seeds of a number of runs, of one seed, or from one to another."""
    if asked.startswith("="):
        return range(int(asked[1:]), int(asked[1:]) + 1)
    first, _, last = asked.rpartition("-")
    return range(int(first), int(last) + 1) if first else seeds(int(last))


SEEDS = _seeds_of(_ASKED)
MOST_BEGINNINGS = 60
T = TypeVar("T")
MOVING = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "modifiedon", "dynsync_rehearsal"})
HTML = "<html><body>Bad Gateway</body></html>"
HUBSPOT_PATHS = (
    *("/account-info/v3/details", "*/access-token-info", "/crm/v3/owners", "/crm/v3/properties/*", "/crm/v3/objects/*"),
    *("*/batch/create", "*/batch/create", "*/batch/read", "*/batch/archive", "*/associate/default"),
    *("/crm/v4/associations/*", "/crm/v3/objects/contacts/batch/create", "/crm/v3/objects/companies/batch/create"),
)
DYNAMICS_PATHS = (
    *("*/WhoAmI", "*/RetrieveCurrentOrganization*", "*/RetrieveUserPrivileges*", "*/EntityDefinitions*"),
    *("*/contacts", "*/accounts", "*.CreateMultiple", "*.CreateMultiple", "*.UpdateMultiple", "*$batch"),
)
REFUSED = {"category": "VALIDATION_ERROR", "message": "no", "error": {"code": "0x80040216", "message": "no"}}
LIMITED = {"policyName": "TEN_SECONDLY_ROLLING", "error": {"code": "0x80072322", "message": "limit"}}
ANSWERS: tuple[dict[str, Any], ...] = (
    *({"status": status, "body": HTML} for status in (500, 502, 503, 504, 408)),
    *({"cut": True} for _ in range(5)),
    *({"status": 429, "body": LIMITED} for _ in range(2)),
    {"status": 429, "body": LIMITED, "headers": {"Retry-After": "7"}},
    {"status": 423, "body": ""},
    {"status": 477, "body": "", "headers": {"Retry-After": "60"}},
    *({"status": 400, "body": REFUSED} for _ in range(2)),
    {"status": 409, "body": REFUSED},
    {"status": 403, "body": REFUSED},
    {"status": 401, "body": REFUSED},
    {"status": 200, "body": HTML},
    {"status": 302, "body": "", "headers": {"Location": "https://elsewhere.example/"}},
)


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectPortals]:
    portals = DirectPortals(tmp_path_factory.mktemp("portals"))
    yield portals
    portals.here.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    file = tmp_path_factory.mktemp("settings") / "dynsync.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    return read_settings(file)


@pytest.fixture(scope="module")
def look_alikes(tmp_path_factory: pytest.TempPathFactory) -> LookAlikeRows:
    folder = tmp_path_factory.mktemp("look_alikes") / "s"
    write_look_alikes(folder, _crowd(), LINKS)
    return read_look_alikes(open_snapshot(folder))


def _crowd() -> dict[str, list[Row]]:
    """The look-alikes of the small plan, with as many contacts that there are several batches, and some refused."""
    tables = {name: list(rows) for name, rows in TABLES.items()}
    for number in range(4, 106):
        address = "no address" if number in (9, 77) else f"p{number}@qa1.example"
        tables["hubspot/contacts"].append({"id": str(number), "email": address})
    return tables


REFUSED_BY_NATURE = {("hubspot", "contact", "9"), ("hubspot", "contact", "77")}


class Journey:
    """All that happens to one rehearsal, by its seed: the same on every machine."""

    def __init__(self, seed: int, direct: DirectPortals, journal_path: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.direct, self.path = direct, journal_path
        self.by_tag = self.chance.random() < 0.3
        self.kills = [self.chance.choice(("byte", "request")) for _ in range(self.chance.choice((0, 1, 1, 2, 3)))]
        self.ends: Counter[str] = Counter()

    def add_troubles(self) -> None:
        troubles = [self._trouble() for _ in range(self.chance.randint(1, 7))]
        self.direct.conditions.add_faults(troubles)

    def _trouble(self) -> Fault:
        portal = self.chance.choice(("hubspot", "dynamics"))
        path = self.chance.choice(HUBSPOT_PATHS if portal == "hubspot" else DYNAMICS_PATHS)
        times, skip = self.chance.choice((1, 1, 1, 2, 3, 7)), self.chance.choice((0, 0, 1, 2, 5))
        return Fault(portal=portal, path=path, times=times, skip=skip, **self.chance.choice(ANSWERS))

    def until_done(self, step: Callable[[Journal], Awaitable[T]], is_done: Callable[[T], bool]) -> T:
        """What a step returns in the end, begun again as often as it takes."""
        for _ in range(MOST_BEGINNINGS):
            journal = self._prepare()
            try:
                result = run_blocking(_run(step, journal))
            except Killed:
                self.ends["killed"] += 1
            except DynsyncError as fault:
                self.ends[type(fault).__name__ if fault.sentence.endswith(".") else fault.sentence] += 1
            else:
                self.ends["done"] += 1
                if is_done(result):
                    return result
            self._restore()
        raise AssertionError(f"not done after {MOST_BEGINNINGS} beginnings: {self.ends}")

    def _prepare(self) -> Journal:
        """The journal for the next beginning, which may be the process's last moments; or a portal changes its type."""
        self.direct.before = nothing_happens
        self.direct.requests = 0
        if self.kills:
            if self.kills.pop() == "byte":
                return DyingJournal(self.path, self.chance.randint(0, 9_000))
            self._die_at(self.chance.randint(1, 160))
        elif self.chance.random() < 0.15:
            self._turn_at(self.chance.randint(1, 14))
        return Journal(self.path)

    def _die_at(self, last: int) -> None:
        def die(number: int, portal: str, path: str) -> None:
            del portal, path
            if number >= last:
                raise Killed

        self.direct.before = die

    def _turn_at(self, question: int) -> None:
        """From that question of the gate on, one portal says that it is none for tests."""
        system = self.chance.choice(("hubspot", "dynamics"))
        type_ = self.chance.choice({"hubspot": ("STANDARD", "NEW"), "dynamics": ("Customer", "Default", "New")}[system])
        asked = Counter[str]()

        def turn(number: int, portal: str, path: str) -> None:
            if portal == system and ("account-info" in path or "RetrieveCurrentOrganization" in path):
                asked[portal] += 1
                if asked[portal] == question:
                    kind = {"account_type": type_} if system == "hubspot" else {"organization_type": type_}
                    self.direct.conditions.portals = PortalFacts(**kind)
                    self.direct.turned_at = {system: number}

        self.direct.before = turn

    def _restore(self) -> None:
        self.direct.conditions.portals, self.direct.turned_at = PortalFacts(), {}


async def _run(step: Callable[[Journal], Awaitable[T]], journal: Journal) -> T:
    return await step(journal)


@pytest.mark.parametrize("seed", SEEDS)
def test_rehearsal__through_faults_and_kills(
    direct: DirectPortals, settings: Settings, look_alikes: LookAlikeRows, tmp_path: Path, seed: int
) -> None:
    direct.reset()
    before = _contents(direct)
    journey = Journey(seed, direct, tmp_path / "journal.jsonl")

    async def seeding(journal: Journal) -> Seeded:
        async with direct.open() as portals:
            return await seed_portals(look_alikes, TAG, portals, journal, settings)

    async def cleaning(journal: Journal) -> Cleaned:
        async with direct.open() as portals:
            known = None if journey.by_tag else journal
            clean = Cleaning(look_alikes, TAG, portals, known, settings, rulebook().free_mail_domains)
            return await clean.remove(await clean.plan())

    journey.add_troubles()
    seeded = journey.until_done(seeding, _is_whole)
    _refuse_wrong_state(direct, look_alikes, seeded)
    journey.add_troubles()
    journey.until_done(cleaning, bool)
    direct.before = nothing_happens
    assert _contents(direct) == before, f"seed {seed}: {journey.ends}"
    assert direct.writes_to_production == 0


def _is_whole(seeded: Seeded) -> bool:
    """Whether nothing is missing but what a portal refuses every time."""
    refused = {(row["system"], row["object"], row["look_alike_id"]) for row in seeded.refused}
    return refused == REFUSED_BY_NATURE and not seeded.left_out


def _refuse_wrong_state(direct: DirectPortals, look_alikes: LookAlikeRows, seeded: Seeded) -> None:
    """Each look-alike stands there once, with its associations, lookups and state; and nobody else is there."""
    store = direct.here.store
    for name, rows in look_alikes.tables.items():
        if name in ("hubspot/owners", "dynamics/users"):
            continue
        refused = sum(name == "hubspot/contacts" for _ in REFUSED_BY_NATURE)
        assert len(seeded.ids.get(name, {})) == len(rows) - refused, name
        mark = '"dynsync_rehearsal" IS NOT NULL' if name.startswith("hubspot") else f"\"@id\" LIKE '{TAG[:8]}-%'"
        assert store.count(name, f'{mark} AND "@archived" = 0') == len(rows) - refused if rows else True, name
    states = [_state(direct, "dynamics/contacts", id_) for id_ in (ADA, CAL)]
    assert [*states, _state(direct, "dynamics/accounts", SHOP)] == ["0", "1", "1"]
    ids = seeded.ids["hubspot/contacts"]["1"], seeded.ids["hubspot/companies"]["1"]
    where = "from_object = 'contact' AND to_object = 'company' AND from_id = ? AND to_id = ?"
    primary = store.query(f'SELECT is_primary FROM "hubspot/links" WHERE {where}', tuple(map(int, ids)))  # noqa: S608
    assert [bool(row[0]) for row in primary] == [True]
    assert seeded.associations == len(LINKS)


def _state(direct: DirectPortals, table: str, id_: str) -> Any:
    return direct.here.store.query(f'SELECT statecode FROM "{table}" WHERE "@id" = ?', (id_,))[0][0]  # noqa: S608


def _contents(direct: DirectPortals) -> dict[str, Any]:
    """All live records and associations of both portals without times of change, and the names of all properties."""
    store = direct.here.store
    contents: dict[str, Any] = {}
    for name in (*TABLES, "hubspot/invoices", "hubspot/links"):
        if not store.has(name):
            contents[name] = []
            continue
        columns = sorted(store.columns(name) - MOVING)
        live = ' WHERE "@archived" = 0' if name != "hubspot/links" else ""
        shown = ", ".join(f'"{column}"' for column in columns)
        rows = store.query(f'SELECT {shown} FROM "{name}"{live}')  # noqa: S608
        plain = [{c: v for c, v in zip(columns, row, strict=True) if v is not None} for row in rows]
        contents[name] = sorted(plain, key=str)
    contents["properties"] = sorted((row["object"], row["name"]) for row in store.metadata["hubspot/properties"])
    return contents
