"""Which records of a table are not as they were: written, moved in date, new or gone. Each table is read once.

Facts
    * Both snapshots are joined by id once; whatever asks what has changed looks at the few records that did.
    * Beside the fields that a mapping may write, the lookups are compared that the sync writes for associations.

Where it is used: the other modules of `verification`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import CREATED_BY, MODIFIED_BY, RECORD_TABLES, RecordTable, record_table
from dynsync_lib.core.typed_values import no_text, trimmed
from dynsync_lib.verification.evidence import Evidence, differ

ENDS: Final[Mapping[Object, Mapping[Object, str]]] = {
    Object.CONTACT: {Object.COMPANY: "_parentcustomerid_value"},
    Object.DEAL: {Object.COMPANY: "_parentaccountid_value", Object.CONTACT: "_parentcontactid_value"},
    Object.INVOICE: {Object.CONTACT: "_customerid_value"},
}
"""By the objects of both its ends the lookup that holds an association in Dynamics."""
LOOKUPS: Final[Mapping[str, tuple[str, ...]]] = {
    record_table(object_, System.DYNAMICS).name: tuple(lookups.values()) for object_, lookups in ENDS.items()
}
"""By table the lookups of Dynamics that hold what is an association in HubSpot."""
_USERS: Final = {"made_by": CREATED_BY, "changed_by": MODIFIED_BY}
"""The users of a record in the later snapshot, with the vendor's column for each."""


@dataclass(frozen=True, slots=True)
class TouchedRecords:
    """The records of one table that are not as they were.

    `rows`, one row a record: id, is_gone, is_new, is_moved (flags: the modified date, or without one the user who
    changed it last, is another one), made_by, changed_by (users in the later snapshot, in lower case, empty for none),
    and of every compared column `old COLUMN` and `new COLUMN`. `tells_change`: whether the snapshots say at all that a
    record was changed by somebody; `tells_who`: whether the later one says by whom.
    """

    rows: Frame
    tells_change: bool
    tells_who: bool

    def new(self) -> Frame:
        """The ids of the records that the earlier snapshot does not hold."""
        return self.rows.filter(nw.col("is_new")).select("id")

    def gone(self) -> Frame:
        """The ids of the records that the later snapshot does not hold."""
        return self.rows.filter(nw.col("is_gone")).select("id")

    def kept(self) -> Frame:
        """The rows of the records that both snapshots hold."""
        return self.rows.filter(~nw.col("is_new"), ~nw.col("is_gone"))


Touched = Mapping[RecordTable, TouchedRecords]
"""By table what `find_touched` finds."""


def old(column: str) -> str:
    """The name of the column that holds what the earlier snapshot holds."""
    return f"old {column}"


def new(column: str) -> str:
    """The name of the column that holds what the later snapshot holds."""
    return f"new {column}"


def find_touched(evidence: Evidence) -> dict[RecordTable, TouchedRecords]:
    """The touched records of every table that has an object. Computes: each table of both snapshots is read once."""
    return {table: _touched(evidence, table) for table in RECORD_TABLES.values() if table.object is not None}


def _touched(evidence: Evidence, table: RecordTable) -> TouchedRecords:
    columns, marker = _compared(evidence, table), _marker(evidence, table)
    both = _both_moments(evidence, table, columns, marker)
    is_gone, is_new = nw.col("new_id").is_null(), nw.col("id").is_null()
    is_moved = differ(trimmed(nw.col("was")), trimmed(nw.col("now"))) if marker is not None else nw.lit(value=False)
    is_changed = reduce(or_, [differ(nw.col(old(name)), nw.col(new(name))) for name in columns], is_moved)
    rows = both.filter(is_gone | is_new | is_changed).select(
        *(nw.col(name(column)) for column in columns for name in (old, new)),
        id=nw.coalesce("id", "new_id"),
        is_gone=is_gone,
        is_new=is_new,
        is_moved=is_moved & ~is_gone & ~is_new,
        **{name: _user(name) for name in _USERS},
    )
    tells_who = MODIFIED_BY[table.system] in evidence.after.columns(table.name)
    tells_change = marker is not None and (tells_who or not evidence.is_sync_alone)
    kept = evidence.engine.keep(rows, f"touched {table.name}")
    return TouchedRecords(kept, tells_change=tells_change, tells_who=tells_who)


def _marker(evidence: Evidence, table: RecordTable) -> str | None:
    """The column that says whether a record was changed: its modified date, else the user who changed it last."""
    fields = (table.modified_field, MODIFIED_BY[table.system])
    return next((column for field in fields if (column := evidence.delivered(table, field)) is not None), None)


def _both_moments(evidence: Evidence, table: RecordTable, columns: Sequence[str], marker: str | None) -> Frame:
    """The records of a table in both snapshots, one row each: id, was, and `old COLUMN` of the earlier one; new_id,
    now, the users of `_USERS` and `new COLUMN` of the later one. Null on the side that does not hold a record.
    """
    marked = nw.col(marker) if marker is not None else no_text()
    before = evidence.records(evidence.before, table).select(
        "id", **{old(name): nw.col(name) for name in columns}, was=marked
    )
    delivered = evidence.after.columns(table.name)
    users = {name: by_system[table.system] for name, by_system in _USERS.items()}
    after = evidence.records(evidence.after, table).select(
        **{new(name): nw.col(name) for name in columns},
        **{name: nw.col(column) if column in delivered else no_text() for name, column in users.items()},
        now=marked,
        new_id="id",
    )
    return before.join(after, left_on="id", right_on="new_id", how="full")


def _user(name: str) -> nw.Expr:
    return nw.coalesce(trimmed(nw.col(name)), nw.lit("")).str.to_lowercase()


def _compared(evidence: Evidence, table: RecordTable) -> list[str]:
    """The columns of fields that a mapping may write, and of the lookups, that both snapshots hold."""
    lookups: Iterable[str] = (
        name for name in LOOKUPS.get(table.name, ()) if evidence.delivered(table, name) is not None
    )
    return list(dict.fromkeys([*(field.column for field in evidence.written_fields(table)), *lookups]))
