"""The demo world: an invented company pair with planted cases, the same from the same seed.

Facts
    * Rows stand in API order: HubSpot by id, Dataverse by GUID as SQL Server sorts it (2.25).
    * All values are text; None is an empty field. People, companies and numbers are invented, domains reserved.
    * `python -m dynsync_lib.emulator.world DIR` writes the folder that `sample_data/` holds.

Where it is used: the emulator, the demo, the tests.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit

from dynsync_lib.core.model import COLUMNS, PROPERTIES, RECORD_TABLES, RecordTable, System
from dynsync_lib.emulator.world_cases import Expectation, plant_cases
from dynsync_lib.emulator.world_check import find_world_faults
from dynsync_lib.emulator.world_crowd import add_crowd
from dynsync_lib.emulator.world_fields import column_rows, property_rows, read_text
from dynsync_lib.emulator.world_records import Maker
from dynsync_lib.errors import InputFileError

Row = dict[str, str | None]
LINKS: Final = "hubspot/links"
LINK_COLUMNS: Final = (
    "contact_id",
    "company_id",
    "is_primary",
    "from_object",
    "from_id",
    "to_object",
    "to_id",
    "label",
)
TABLE_NAMES: Final = (*RECORD_TABLES, LINKS, PROPERTIES.name, COLUMNS.name)
_ACCOUNT: Final = {
    "portalId": 424242,
    "accountType": "DEVELOPER_TEST",
    "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR",
    "additionalCurrencies": [],
    "utcOffset": "+01:00",
    "utcOffsetMilliseconds": 3600000,
    "uiDomain": "app.hubspot.com",
    "dataHostingLocation": "eu1",
}
_IDS: Final = {
    "business_unit": "0aa0c0de-0000-4000-8000-00000000b001",
    "user": "0aa0c0de-0000-4000-8000-00000000a001",
    "organization": "0aa0c0de-0000-4000-8000-00000000c001",
    "environment": "0aa0c0de-0000-4000-8000-00000000e001",
    "tenant": "0aa0c0de-0000-4000-8000-00000000f001",
}


@dataclass(frozen=True, slots=True)
class World:
    """Both portals as rows of text, in API order.

    `account` is the answer of HubSpot's account info, `organization` has Dataverse's WhoAmI and Detail, `truth` what is
    expected of planted records, `settings` the text of the demo's dynsync.toml.
    """

    tables: Mapping[str, Sequence[Row]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]
    truth: tuple[Expectation, ...] = ()
    settings: str = ""


def build_world(*, seed: int = 20261123, scale: float = 1.0) -> World:
    """The world of a seed. `scale` multiplies the crowd around the planted cases.

    Raises InputFileError when the world breaks a rule of its own: our bug.
    """
    tables: dict[str, list[Row]] = {name: [] for name in TABLE_NAMES}
    tables[PROPERTIES.name], tables[COLUMNS.name] = property_rows(), column_rows()
    maker = Maker(random.Random(seed), tables)  # noqa: S311 - chance for invented data, not for secrets
    truth = plant_cases(maker)
    add_crowd(maker, scale=scale)
    world = World(tables, _ACCOUNT, _organization(), truth, read_text("demo_settings.toml"))
    faults = find_world_faults(world.tables, truth)
    if faults:
        raise InputFileError(f"The demo world is wrong: {faults[0]}", next_step="Correct dynsync_lib/emulator/data/.")
    return world


def write_world(world: World, folder: Path) -> None:
    """Writes the world as files of both CRMs, with truth.toml and dynsync.toml."""
    for name in TABLE_NAMES:
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_csv(path, _columns(name, world.tables[name]), world.tables[name])
    _write_json(folder / "hubspot/account.json", world.account)
    _write_json(folder / "dynamics/organization.json", world.organization)
    (folder / "truth.toml").write_text(truth_text(world.truth), encoding="utf-8")
    (folder / "dynsync.toml").write_text(world.settings, encoding="utf-8")


def read_world(folder: Path) -> World:
    """The world of a folder; tables without a file are empty. Raises InputFileError when nothing is there."""
    tables = {name: _read_csv(folder / f"{name}.csv") for name in TABLE_NAMES}
    if not any(tables.values()):
        raise InputFileError(f"{folder} holds no world.", next_step="Name a folder such as sample_data.")
    account = _read_json(folder / "hubspot/account.json") or _ACCOUNT
    organization = _read_json(folder / "dynamics/organization.json") or _organization()
    settings = folder / "dynsync.toml"
    return World(tables, account, organization, (), settings.read_text(encoding="utf-8") if settings.is_file() else "")


def truth_text(truth: Iterable[Expectation]) -> str:
    """The text of truth.toml: every case with its records and what is expected of each."""
    document = tomlkit.document()
    document.add(tomlkit.comment("What is planted in the demo world, and what its forecast must say (see README.md)."))
    cases = tomlkit.aot()
    for case_id, expected in _by_case(truth).items():
        case = tomlkit.table()
        first = expected[0]
        case.update({"id": case_id, "title": first.title, "says": first.says, "source": first.source})
        records = tomlkit.aot()
        for one in expected:
            records.append(tomlkit.item(_told(one)))
        case["record"] = records
        cases.append(case)
    document["case"] = cases
    return tomlkit.dumps(document)


def _told(one: Expectation) -> dict[str, str]:
    told = {
        "system": one.system,
        "object": one.object,
        "id": one.record_id,
        "outcome": one.outcome,
        "reason": one.reason,
        "winner_id": one.winner_id,
        "counterpart_id": one.counterpart_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _by_case(truth: Iterable[Expectation]) -> dict[str, list[Expectation]]:
    cases: dict[str, list[Expectation]] = {}
    for one in truth:
        cases.setdefault(one.case_id, []).append(one)
    return cases


def _columns(name: str, rows: Sequence[Row]) -> list[str]:
    if name == LINKS:
        return list(LINK_COLUMNS)
    if name in (PROPERTIES.name, COLUMNS.name):
        return list((PROPERTIES if name == PROPERTIES.name else COLUMNS).column_names)
    table = RECORD_TABLES[name]
    described = _described_columns(table) if table.object is not None else set()
    carried = {column for row in rows for column in row}
    return [table.id_field, *sorted((carried | described) - {table.id_field})]


def _described_columns(table: RecordTable) -> set[str]:
    """Every column the metadata knows, lookups as their two: an export has them all."""
    fields = property_rows() if table.system is System.HUBSPOT else column_rows()
    own = [row for row in fields if row["object"] == str(table.object)]
    plain = {str(row["name"]) for row in own if not row.get("targets")}
    return plain | {f"_{row['name']}_{end}" for row in own if row.get("targets") for end in ("value", "type")}


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column) for column in columns] for row in rows)


def _read_csv(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(stream)]


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _organization() -> dict[str, Any]:
    return {
        "WhoAmI": {
            "BusinessUnitId": _IDS["business_unit"],
            "UserId": _IDS["user"],
            "OrganizationId": _IDS["organization"],
        },
        "Detail": {
            "OrganizationId": _IDS["organization"],
            "FriendlyName": "Contoso test",
            "OrganizationVersion": "9.2.26061.00158",
            "EnvironmentId": _IDS["environment"],
            "DatacenterId": "00000000-0000-0000-0000-000000000000",
            "Geo": "EMEA",
            "TenantId": _IDS["tenant"],
            "UrlName": "contoso",
            "UniqueName": "contoso",
            "State": "Enabled",
            "OrganizationType": "CustomerTest",
        },
    }


if __name__ == "__main__":
    write_world(build_world(), Path(sys.argv[1]))
