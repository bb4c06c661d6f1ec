"""The demo world: an invented HubSpot portal and Dynamics environment with planted cases, the same for the same seed.

Facts
    * Rows are in API order: HubSpot by id, Dataverse by GUID as SQL Server sorts it (2.25).
    * All values are text; None is an empty field. Every row of an object has every column that the metadata names.
    * People, companies and numbers are invented, domains and telephone numbers kept for documentation and fiction.
    * `python -m dynsync_lib.emulator.world DIR` writes the folder that `sample_data/` holds.

Not modelled
    * Teams, currencies and territories: lookups to them are empty.

Where it is used: the emulator, the demo, the tests.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.emulator.world.crowd import SIZES, fill_tables
from dynsync_lib.emulator.world.csv_rows import CsvRows
from dynsync_lib.emulator.world.handmade_worlds import described_fields, whole_links
from dynsync_lib.emulator.world.metadata import column_rows, property_rows, read_data, read_text
from dynsync_lib.emulator.world.planted_cases import count_planted
from dynsync_lib.emulator.world.record_maker import Maker, Row
from dynsync_lib.emulator.world.truth import Case, read_truth, truth_text
from dynsync_lib.emulator.world.world_check import find_world_faults, known_columns
from dynsync_lib.emulator.world.world_contents import (
    ACCOUNT,
    ACCOUNT_SHAPE,
    LINKS,
    ORGANIZATION,
    ORGANIZATION_SHAPE,
    TABLE_NAMES,
    checked_fields,
    checked_links,
    refuse_account,
    refuse_no_world,
)
from dynsync_lib.errors import InputFileError
from dynsync_lib.shapes import Shape, misshapen
from dynsync_lib.small_files import SmallFileError, read_json

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


@dataclass(frozen=True, slots=True)
class World:
    """Both portals as rows of text, in API order.

    `tables` has a list of rows for each of TABLE_NAMES; `account` is the answer of HubSpot's account info,
    `organization` has Dataverse's WhoAmI and Detail, `truth` is what the forecast must say of planted records,
    `settings` the text of the demo's dynsync.toml.
    """

    tables: Mapping[str, Sequence[Row]]
    account: Mapping[str, Any]
    organization: Mapping[str, Any]
    truth: tuple[Case, ...] = ()
    settings: str = ""


def build_world(*, seed: int = 20261123, scale: float = 1.0) -> World:
    """The world of a seed. `scale` multiplies the numbers of records; 0 leaves only the planted cases.

    Raises InputFileError when the world breaks a rule of `world_check`, which is a fault of this code.
    """
    tables: dict[str, list[Row]] = {name: [] for name in TABLE_NAMES}
    tables[PROPERTIES.name], tables[COLUMNS.name] = property_rows(), column_rows()
    truth = fill_tables(Maker(random.Random(seed), tables), scale=scale)  # noqa: S311 - invented data, not secrets
    refuse_faults(tables, truth, scale=scale)
    whole = {name: _whole_rows(_columns(name, tables), rows) for name, rows in tables.items()}
    portals = read_data("portals.toml")
    return World(whole, portals["account"], portals["organization"], truth, _settings(whole["hubspot/contacts"]))


def refuse_faults(tables: Mapping[str, Sequence[Row]], truth: Iterable[Case], *, scale: float) -> None:
    """Raises InputFileError with the first fault that `world_check` finds in a world of this scale."""
    planted = count_planted()
    sizes = {name: max(round(size * scale), planted[name]) for name, size in SIZES.items() if name not in _STAFF}
    faults = find_world_faults(tables, truth, sizes=sizes)
    if faults:
        raise InputFileError(
            f"The demo world is wrong: {faults[0]} ({len(faults)} faults)", next_step="Correct dynsync_lib/emulator/."
        )


def write_world(world: World, folder: Path) -> None:
    """Writes the world as files of both CRMs, with truth.toml and dynsync.toml; other files stay as they are."""
    for name in TABLE_NAMES:
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_csv(path, _columns(name, world.tables), world.tables[name])
    _write_json(folder / "hubspot/account.json", world.account)
    _write_json(folder / "dynamics/organization.json", world.organization)
    _write_text(folder / "truth.toml", truth_text(world.truth))
    _write_text(folder / "dynsync.toml", world.settings)


def read_world(folder: Path) -> World:
    """The world of a folder; a table, the truth or the settings without a file is empty, a portal without one is the
    demo's.

    Raises InputFileError for a folder that holds none, or something wrong or foreign.
    """
    refuse_no_world(folder)
    tables = {name: read_table(folder, name) for name in TABLE_NAMES}
    tables[LINKS] = list(checked_links(folder / f"{LINKS}.csv", whole_links(tables[LINKS])))
    for system, metadata in ((System.HUBSPOT, PROPERTIES.name), (System.DYNAMICS, COLUMNS.name)):
        if not tables[metadata]:
            tables[metadata] = described_fields(system, tables)
    account, organization = read_portals(folder)
    return World(tables, account, organization, _read_truth(folder / "truth.toml"), _read_text(folder / "dynsync.toml"))


_STAFF: Final = ("hubspot/owners", "dynamics/users")


def _whole_rows(columns: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    return [{column: row.get(column) for column in columns} for row in rows]


def _columns(name: str, tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """The columns of a table's file: the id, then the others in alphabetical order; those of links and metadata as in
    `core.model`."""
    if name == LINKS:
        return list(LINK_COLUMNS)
    if name in (PROPERTIES.name, COLUMNS.name):
        return list((PROPERTIES if name == PROPERTIES.name else COLUMNS).column_names)
    table = RECORD_TABLES[name]
    fields = tables[PROPERTIES.name if table.system is System.HUBSPOT else COLUMNS.name]
    described = set(known_columns(table, fields)) if table.object is not None else set()
    carried = {column for row in tables[name] for column in row}
    return [table.id_field, *sorted((carried | described) - {table.id_field})]


def _settings(contacts: Sequence[Row]) -> str:
    """The text of the demo's dynsync.toml, with the number of HubSpot's marketing contacts and, as the tier bought, the
    next full thousand."""
    marketing = sum(row["hs_marketable_status"] == "true" for row in contacts)
    tier = (marketing // 1_000 + 1) * 1_000
    return Template(read_text("demo_settings.toml")).substitute(marketing_contacts=marketing, marketing_tier=tier)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column) for column in columns] for row in rows)


def read_portals(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What HubSpot's account and Dynamics' organisation of a folder say of themselves; the demo's answers without a
    file."""
    usual = read_data("portals.toml")
    account = _read_json(folder / ACCOUNT, ACCOUNT_SHAPE) or usual["account"]
    organization = _read_json(folder / ORGANIZATION, ORGANIZATION_SHAPE) or usual["organization"]
    refuse_account(folder / ACCOUNT, account)
    return account, organization


def read_table(folder: Path, name: str) -> list[Row]:
    """The rows of one table of a folder; empty without a file. Raises InputFileError for what is no CSV in UTF-8."""
    rows = CsvRows(folder / f"{name}.csv")
    if name in (PROPERTIES.name, COLUMNS.name):
        return checked_fields(rows.path, rows)
    return list(rows)


def _write_json(path: Path, value: object) -> None:
    _write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _read_text(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise InputFileError(f"{path} is no text in UTF-8.", next_step="Write the folder anew.") from fault


def _read_json(path: Path, shape: Shape) -> Any:
    """The object of a JSON file; None without the file or with an empty one. Raises InputFileError for any other."""
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return None
    try:
        value = read_json(path)
    except SmallFileError as error:
        raise InputFileError(f"{path} {error}.", next_step="Write the folder anew.") from error
    fault = misshapen(value, shape)
    if fault is not None:
        raise InputFileError(f"{path} cannot be used: {fault}.", next_step="Write the folder anew.")
    return value


def _read_truth(path: Path) -> tuple[Case, ...]:
    text = _read_text(path)
    try:
        return read_truth(text) if text else ()
    except (ValueError, KeyError, TypeError) as fault:
        raise InputFileError(f"{path} is no list of cases.", next_step="Write the folder anew.") from fault


def main(arguments: Sequence[str]) -> None:
    """Writes the demo world into the folder named by the one argument. Raises SystemExit with a sentence otherwise."""
    if len(arguments) != 1:
        raise SystemExit("Name one folder to write: python -m dynsync_lib.emulator.world sample_data")
    write_world(build_world(), Path(arguments[0]))
