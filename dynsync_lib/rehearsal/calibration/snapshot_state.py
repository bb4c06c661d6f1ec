"""A snapshot as the state of both portals, and the people in it who are in both.

Where it is used: `rehearsal.calibration.calibration_plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import LINKS_IN, record_table
from dynsync_lib.emulator.witness.witness_store import Association, Record
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, SharedPerson, Table, kind_of
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.snapshot.snapshot import Snapshot

_BETWEEN: Final = "-"
"""Between tag and look-alike's id in the tag property of HubSpot's records."""


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """Both portals as a snapshot has them, a `PortalState`. Each table is read once."""

    snapshot: Snapshot
    _read: dict[Table, list[Record]] = field(default_factory=dict)

    def records(self, system: System, object_: Object) -> Sequence[Record]:
        """All records of one object of one side, in the order of delivery."""
        if (system, object_) not in self._read:
            table = record_table(object_, system)
            own = {column.name for column in table.structure}
            rows = sorted(read_rows(self.snapshot.table_path(table.name)), key=lambda row: int(row["api_rank"]))
            self._read[(system, object_)] = [
                Record(system, object_, row["id"], rank, {name: row[name] for name in row if name not in own})
                for rank, row in enumerate(rows)
            ]
        return self._read[(system, object_)]

    def associations(self) -> Sequence[Association]:
        """All associations between HubSpot records."""
        return [
            Association(
                Object(row["from_object"]),
                row["from_id"],
                Object(row["to_object"]),
                row["to_id"],
                bool(row["is_primary"]),
            )
            for row in read_rows(self.snapshot.table_path(LINKS_IN.name))
            if row["from_object"] in set(Object) and row["to_object"] in set(Object)
        ]


def portal_ids(state: SnapshotState, planned: Mapping[str, str], tag: str) -> dict[str, str]:
    """The portals' own ids of planned records, both by `question/name`: HubSpot's by their tag, Dynamics' as planned.

    A record that is not there keeps its planned id.
    """
    tagged: dict[tuple[Table, str], str] = {}
    for table in {KINDS[kind_of(key.rpartition("/")[2])] for key in planned}:
        for record in state.records(*table):
            own_tag, _, look_alike = (record.get(TAG_PROPERTY) or "").partition(_BETWEEN)
            if own_tag == tag:
                tagged[(table, look_alike)] = record.record_id
    return {key: tagged.get((KINDS[kind_of(key.rpartition("/")[2])], id_), id_) for key, id_ in planned.items()}


def shared_person(snapshot: Snapshot) -> SharedPerson | None:
    """The first person, by id, who is an owner in HubSpot and a user in Dynamics; None when nobody is.

    Whoever is archived or disabled does not count.
    """
    owners = _active(read_rows(snapshot.table_path("hubspot/owners")), "archived")
    users = _active(read_rows(snapshot.table_path("dynamics/users")), "isdisabled")
    by_key = {row["email_key"]: row["id"] for row in reversed(users)}
    for row in owners:
        if row["email_key"] in by_key:
            return SharedPerson(row["id"], by_key[row["email_key"]], row["email_key"])
    return None


def _active(rows: Sequence[Mapping[str, Any]], flag: str) -> list[Mapping[str, Any]]:
    active = [row for row in rows if row["email_key"] and str(row.get(flag) or "").lower() != "true"]
    return sorted(active, key=lambda row: str(row["id"]))
