"""Whether a folder holds a world and nothing that only looks like one: checked before anything of it is served.

Facts
    * At least one table is there, every table has its id, and what `hubspot/` and `dynamics/` hold beside tables and
      the answers of both portals is refused by name: nothing is passed over in silence. Files of other kinds than CSV
      and JSON, and what lies beside the two folders, do not matter.
    * Ids are checked when the records are loaded (`emulator.store.records`).

Where it is used: `emulator.world.demo_world`, `emulator.world.world_folder`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import COLUMNS, PROPERTIES, RECORD_TABLES
from dynsync_lib.emulator.world.csv_rows import CsvRows
from dynsync_lib.emulator.world.metadata import Row
from dynsync_lib.errors import InputFileError
from dynsync_lib.messages import tell_cell
from dynsync_lib.shapes import TEXT_OR_NULL

LINKS: Final = "hubspot/links"
TABLE_NAMES: Final = (*RECORD_TABLES, LINKS, PROPERTIES.name, COLUMNS.name)
ACCOUNT: Final = "hubspot/account.json"
ORGANIZATION: Final = "dynamics/organization.json"
_STEP: Final = "Write the folder anew, or correct the file."
_SHORT_ENDS: Final = ("contact_id", "company_id")
_ENDS: Final = ("from_object", "from_id", "to_object", "to_id")
_OBJECTS: Final = frozenset(map(str, Object))
ACCOUNT_SHAPE: Final = {
    "portalId": (int, str),
    "accountType?": TEXT_OR_NULL,
    "utcOffsetMilliseconds?": (int, str, type(None)),
    "timeZone?": TEXT_OR_NULL,
    "companyCurrency?": TEXT_OR_NULL,
}
ORGANIZATION_SHAPE: Final = {
    "WhoAmI": {"BusinessUnitId": str, "UserId": str, "OrganizationId": str},
    "Detail": {"OrganizationId": str, "TenantId": str, "OrganizationVersion": str, "UniqueName?": TEXT_OR_NULL},
    "Organization?": ({"languagecode?": (str, int, type(None)), "isocurrencycode?": TEXT_OR_NULL}, type(None)),
}
"""What the emulator needs of what both portals say of themselves."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")


def refuse_no_world(folder: Path) -> None:
    """Raises InputFileError, with the first fault, for a folder that holds no world or something foreign beside it."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise InputFileError(f"{folder} {what}.", next_step="Name a folder such as sample_data.")
    if not any((folder / f"{name}.csv").exists() for name in TABLE_NAMES):
        raise InputFileError(f"{folder} holds no world.", next_step="Name a folder such as sample_data.")
    for path in _foreign(folder):
        known = ", ".join(Path(name).name for name in TABLE_NAMES if name.startswith(f"{path.parent.name}/"))
        raise InputFileError(
            f"{path} is no part of a world.", next_step=f"Remove it: {path.parent.name} has the tables {known}."
        )
    for name, table in RECORD_TABLES.items():
        CsvRows(folder / f"{name}.csv").need(table.id_field)
    for name in (PROPERTIES.name, COLUMNS.name):
        CsvRows(folder / f"{name}.csv").need("object", "name")
    links = CsvRows(folder / f"{LINKS}.csv")
    links.need(*(_ENDS if "from_object" in links.columns else _SHORT_ENDS))


def _foreign(folder: Path) -> Iterator[Path]:
    """CSV and JSON files that a world does not have, in the order of their names."""
    known = {folder / f"{name}.csv" for name in TABLE_NAMES} | {folder / ACCOUNT, folder / ORGANIZATION}
    for system in System:
        for path in sorted((folder / system.value).glob("*")) if (folder / system.value).is_dir() else ():
            if path.suffix.lower() in (".csv", ".json") and path not in known:
                yield path


def checked_links(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of links as they are. Raises InputFileError at one between objects that a world does not have."""
    for row in rows:
        for end in ("from_object", "to_object"):
            if row[end] not in _OBJECTS - {"lead"}:
                raise InputFileError(f"{path} has {tell_cell(row[end])} as {end}.", next_step=_STEP)
        yield row


def checked_fields(path: Path, rows: Iterable[Row]) -> list[Row]:
    """The rows of properties or columns as they are. Raises InputFileError at one without a name, of an object that a
    world does not have, or whose options cannot be read."""
    read = list(rows)
    for row in read:
        if row["object"] not in _OBJECTS or not row["name"]:
            field, object_ = tell_cell(row["name"]), tell_cell(row["object"])
            raise InputFileError(f"{path} has a field, {field}, of {object_}.", next_step=_STEP)
        if not _are_options(row.get("options")):
            sentence = f"{path} has options of {tell_cell(row['name'])} that are no JSON list of values with labels."
            raise InputFileError(sentence, next_step=_STEP)
    return read


def _are_options(text: str | None) -> bool:
    try:
        options = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return False
    return isinstance(options, list) and all(_is_option(option) for option in options)


def _is_option(option: Any) -> bool:
    return isinstance(option, Mapping) and all(isinstance(option.get(name), str) for name in ("value", "label"))


def refuse_account(path: Path, account: Mapping[str, Any]) -> None:
    """Raises InputFileError for an account of the right shape with a number that is none, or a zone nobody knows."""
    for name in ("portalId", "utcOffsetMilliseconds"):
        value = account.get(name)
        if value is not None and _WHOLE.fullmatch(str(value)) is None:
            raise InputFileError(f"{path} has {tell_cell(str(value))} as {name}, no number.", next_step=_STEP)
    name = account.get("timeZone") or "UTC"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as fault:
        raise InputFileError(f"{path} has the time zone {name!r:.60}, which is none.", next_step=_STEP) from fault
