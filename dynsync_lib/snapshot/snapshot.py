"""The snapshot: a folder of Parquet tables and a manifest, written once, checked when opened.

Facts
    * Every table of `core.tables.RECORD_TABLES` exists, without rows when it was not read; the manifest says which
      were.
    * The vendor's values are text, as delivered.
    * HubSpot's archived records, when they were asked for, are tables of their own (`hubspot/archived_contacts`), so
      that no forecast counts them as live ones.
    * Names in lookups of exported files that mean no single record are a table of their own (`unresolved_lookups`), and
      the manifest counts them for each lookup.
    * The manifest holds the hash of every table, so its own hash stands for all bytes of the snapshot.

Where it is used: `kit` opens snapshots; `snapshot.writer` writes them for `portals.files.load_files` and
`portals.pull.pull_portals`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import (
    COLUMNS,
    LINKS_IN,
    PROPERTIES,
    RECORD_TABLES,
    SCHEMA_VERSION,
    UNRESOLVED_LOOKUPS,
    Column,
)
from dynsync_lib.errors import SnapshotError
from dynsync_lib.folders.temporary_folder import bring_back
from dynsync_lib.shapes import misshapen
from dynsync_lib.small_files import SmallFileError, parse_json, read_json, read_small
from dynsync_lib.snapshot.snapshot_check import LOAD_REPORT, manifest_fault, table_fault


def archived_table(name: str) -> str:
    """The name of the table that holds the archived records of another: `hubspot/archived_contacts`."""
    return name.replace("/", "/archived_")


FIXED_TABLES: Final = {table.name: table for table in (LINKS_IN, PROPERTIES, COLUMNS)}
"""The tables that have the kit's own columns only, by name."""
TABLE_NAMES: Final = (*RECORD_TABLES, *FIXED_TABLES)
ARCHIVED_TABLES: Final = {
    archived_table(name): table
    for name, table in RECORD_TABLES.items()
    if table.system is System.HUBSPOT and table.object is not None
}
"""The tables of archived records, by name; a snapshot has those that were asked for."""
EXTRA_TABLES: Final = (*ARCHIVED_TABLES, UNRESOLVED_LOOKUPS.name)
"""The tables that only some snapshots have."""
ACCOUNT_FILE: Final = "hubspot/account.json"
"""HubSpot's answer of account-info."""
ORGANIZATION_FILE: Final = "dynamics/organization.json"
"""Dataverse's answers of WhoAmI and RetrieveCurrentOrganization, its language and its currency."""


_AGAIN: Final = "Take the snapshot again."
LOAD_REPORT_FILE: Final = "load_report.json"
"""What was said when exported files were loaded."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that was opened and checked.

    `manifest_sha256` identifies all its tables: the manifest holds the hash of each.
    """

    path: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str

    @property
    def taken_at(self) -> datetime:
        """When reading ended, in UTC; filters are evaluated at this time."""
        return datetime.fromisoformat(self.manifest["finished_at"]).astimezone(UTC)

    @property
    def is_taken_at_known(self) -> bool:
        """Whether `taken_at` is when the data is of; False for files whose date nobody knew when they were loaded."""
        return self.manifest.get("taken_at_from") != "loading"

    @property
    def load_report(self) -> dict[str, Any]:
        """What was said when exported files were loaded; empty for a snapshot of APIs."""
        report = read_facts(self.path / LOAD_REPORT_FILE)
        fault = misshapen(report, LOAD_REPORT)
        if fault is not None:
            raise SnapshotError(f"{self.path / LOAD_REPORT_FILE} cannot be used: {fault}.", next_step=_AGAIN)
        return report

    @property
    def time_zone(self) -> str | None:
        """The HubSpot portal's time zone, such as `Europe/Berlin`; None when the portal did not say."""
        zone = read_facts(self.path / ACCOUNT_FILE).get("timeZone")
        if zone is None:
            return None
        try:
            return ZoneInfo(str(zone)).key
        except (ValueError, KeyError, OSError):
            file = self.path / ACCOUNT_FILE
            raise SnapshotError(f"{file} names the time zone {zone!r}, which is none.", next_step=_AGAIN) from None

    @property
    def ui_domain(self) -> str | None:
        """Where people see the HubSpot portal, such as `app-eu1.hubspot.com`; None when the portal did not say."""
        domain = read_facts(self.path / ACCOUNT_FILE).get("uiDomain")
        return domain if isinstance(domain, str) else None

    @property
    def associations_of(self) -> frozenset[Object]:
        """The objects of HubSpot whose associations were read or loaded; all where the manifest does not say."""
        names = self.manifest.get("associations_of")
        return frozenset(Object) if names is None else frozenset(map(Object, names))

    @property
    def caller_privileges(self) -> Mapping[str, str] | None:
        """How deep the user who pulled may read, create and write Dynamics' tables, by the privilege's name.

        None when Dataverse did not say, and for files.
        """
        privileges: Mapping[str, str] | None = self.manifest.get("dynamics_caller", {}).get("privileges")
        return privileges

    @property
    def caller_is_person(self) -> bool:
        """Whether a person signed in to Dynamics for the pull, and no application."""
        return bool(self.manifest.get("dynamics_caller", {}).get("is_person", False))

    def table_path(self, name: str) -> Path:
        """The Parquet file of a table such as `hubspot/contacts`."""
        return self.path / f"{name}.parquet"

    def sha256(self, name: str) -> str:
        """The SHA-256 of a table's bytes, as 64 hexadecimal digits."""
        return str(self.manifest["tables"][name]["sha256"])

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns of a table, in order."""
        return tuple(self.manifest["tables"][name]["columns"])

    def trimmed_columns(self, name: str) -> frozenset[str]:
        """The columns of a table in which no value has outer white space; none when the manifest does not say."""
        untrimmed = self.manifest["tables"][name].get("untrimmed")
        return frozenset() if untrimmed is None else frozenset(self.columns(name)) - frozenset(untrimmed)

    def has_table(self, name: str) -> bool:
        """Whether the snapshot has a table of `EXTRA_TABLES`; all others are always there."""
        return name in self.manifest["tables"]

    def is_provided(self, name: str) -> bool:
        """Whether the table was read or loaded; if not, it exists without rows."""
        return bool(self.manifest["tables"][name]["provided"])

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        return int(self.manifest["tables"][name]["rows"])


def open_snapshot(path: str | Path) -> Snapshot:
    """The snapshot in a folder, after all its tables were compared with the hashes of the manifest.

    Reads every byte of the tables once, a second for some gigabytes. Raises SnapshotError when the folder holds none, a
    table is missing or was changed, or the schema version is another one.

    >>> kit.open_snapshot("out/demo/snapshot").rows("hubspot/companies")
    260
    """
    path = Path(path)
    bring_back(path)
    file = path / "manifest.json"
    if not file.is_file():
        raise SnapshotError(
            f"{path} is no snapshot: it has no manifest.json.",
            next_step="Make one with `dynsync pull` or `dynsync load`.",
        )
    try:
        raw = read_small(file)
    except SmallFileError as error:
        raise SnapshotError(f"{file} {error}.", next_step=_AGAIN) from error
    manifest = _parse_manifest(raw, file)
    for name in (*TABLE_NAMES, *(name for name in EXTRA_TABLES if name in manifest["tables"])):
        _check_table(path, name, manifest)
    return Snapshot(path, manifest, hashlib.sha256(raw).hexdigest())


def _parse_manifest(raw: bytes, file: Path) -> dict[str, Any]:
    try:
        manifest = parse_json(raw)
        version = manifest["schema_version"]
    except (SmallFileError, KeyError, TypeError) as error:
        raise SnapshotError(f"{file} cannot be read.", next_step=_AGAIN) from error
    if version != SCHEMA_VERSION:
        raise SnapshotError(
            f"{file} is of schema version {version}, and this kit reads version {SCHEMA_VERSION}.",
            next_step="Take the snapshot again with this kit.",
        )
    fault = manifest_fault(manifest)
    if fault is not None:
        raise SnapshotError(f"{file} cannot be used: {fault}.", next_step=_AGAIN)
    return dict(manifest)


def _check_table(path: Path, name: str, manifest: Mapping[str, Any]) -> None:
    file = path / f"{name}.parquet"
    entry = manifest["tables"].get(name)
    if entry is None or not file.is_file():
        raise SnapshotError(f"The snapshot {path} lacks {name}.parquet.", next_step=_AGAIN)
    if sha256_of(file) != entry["sha256"]:
        raise SnapshotError(
            f"{file} was changed after the snapshot was taken.", next_step="Take the snapshot again; never edit one."
        )
    fault = table_fault(file, entry, {column.name: column for column in own_columns(name)})
    if fault is not None:
        raise SnapshotError(f"{file} {fault}.", next_step="Take the snapshot again; never edit one.")


def own_columns(name: str) -> tuple[Column, ...]:
    """The columns that the kit gives a table of a snapshot: all of a table of its own, the first ones of records."""
    if name == UNRESOLVED_LOOKUPS.name:
        return UNRESOLVED_LOOKUPS.columns
    return FIXED_TABLES[name].columns if name in FIXED_TABLES else {**RECORD_TABLES, **ARCHIVED_TABLES}[name].structure


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_facts(file: Path) -> dict[str, Any]:
    """The JSON object in a file of what a portal says about itself; empty without such a file or object.

    Raises SnapshotError when the file cannot be read.
    """
    try:
        value = read_json(file) if file.exists() else {}
    except SmallFileError as error:
        raise SnapshotError(f"{file} {error}.", next_step=_AGAIN) from error
    return value if isinstance(value, dict) else {}
