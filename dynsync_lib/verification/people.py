"""Which records somebody changed between two snapshots, as far as the portals tell by whom and when.

Facts
    * A record was changed when its modified date is another one. Who changed it last says `_modifiedby_value` or
      `hs_updated_by_user_id`, where it was delivered.
    * The sync writes as one user (or as none, which is a blank). It is the one that most of the records name that were
      to be written and were changed, and most of the new records that were to be created.

Not modelled
    * A person who works as the sync's own user: those changes count as the sync's.

Where it is used: `verification.receipt`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import CREATED_BY, HELD_BACK, RecordTable
from dynsync_lib.verification.evidence import FAMILIES, Evidence
from dynsync_lib.verification.touched_records import Touched

_KEYS: Final = {Object.CONTACT: "email_key", Object.LEAD: "email_key", Object.COMPANY: "name_key"}


@dataclass(frozen=True, slots=True)
class SyncUsers:
    """By system the user the sync writes as, an empty text for none; a system in which nobody wrote has no entry."""

    ids: Mapping[System, str]

    def is_person(self, system: System, column: str) -> nw.Expr:
        """Whether the user that a column of `TouchedRecords` names is a person: somebody, and not the sync."""
        return (nw.col(column) != "") & (nw.col(column) != self.ids.get(system, ""))


def find_sync_users(evidence: Evidence, touched: Touched) -> SyncUsers:
    """The users the sync writes as, out of what it was to write and to create. Computes a count per table."""
    ids = {}
    for system in System:
        counted: Counter[str] = Counter()
        for family in filter(evidence.is_held, FAMILIES):
            for table in evidence.held_tables(system, family):
                for frame in (_written_by(evidence, table, touched), _created_by(evidence, table, touched)):
                    if frame is not None:
                        rows = evidence.engine.rows(frame.group_by("who").agg(count=nw.len()))
                        counted.update({str(row["who"]): int(row["count"]) for row in rows})
        if counted:
            ids[system] = min(counted, key=lambda who: (-counted[who], who))
    return SyncUsers(ids)


def _written_by(evidence: Evidence, table: RecordTable, touched: Touched) -> Frame | None:
    """who, one row per record that was to be written and was changed; None where no portal says."""
    records = touched[table]
    if not records.tells_who or evidence.delivered(table, table.modified_field) is None:
        return None
    changes = evidence.forecast_table("changes")
    is_written = (nw.col("target_system") == table.system.value) & ~nw.coalesce("note", nw.lit("")).is_in(HELD_BACK)
    written = changes.filter(is_written).select(id=f"{table.system}_id").unique()
    moved = records.rows.filter(nw.col("is_moved")).select("id", who="changed_by")
    return moved.join(written, on="id", how="semi").select("who")


def _created_by(evidence: Evidence, table: RecordTable, touched: Touched) -> Frame | None:
    """who, one row per new record whose key is that of one that was to be created; None where nobody says."""
    key, by = _KEYS.get(table.own_object), CREATED_BY[table.system]
    if key is None or by not in evidence.after.columns(table.name):
        return None
    outcomes = evidence.forecast_table("outcomes")
    is_create = (nw.col("system") == table.system.other.value) & (nw.col("outcome") == "create")
    keys = outcomes.filter(is_create).select(key="match_key").unique()
    makers = touched[table].rows.filter(nw.col("is_new")).select("id", who="made_by")
    new = evidence.records(evidence.after, table).select("id", key=key).join(makers, on="id")
    return new.join(keys, on="key", how="semi").select("who")


def changed_records(table: RecordTable, touched: Touched, users: SyncUsers) -> Frame | None:
    """id, by_people, by_somebody (flags), one row per record that was changed and not by the sync.

    `by_somebody`: the date says that it was changed, and nobody says by whom. None where neither is delivered.
    """
    records = touched[table]
    if not records.tells_change:
        return None
    moved = records.rows.filter(nw.col("is_moved"))
    if not records.tells_who:
        return moved.select("id", by_people=nw.lit(value=False), by_somebody=nw.lit(value=True))
    by_people = moved.filter(users.is_person(table.system, "changed_by"))
    return by_people.select("id", by_people=nw.lit(value=True), by_somebody=nw.lit(value=False))
