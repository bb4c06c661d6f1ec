"""Writes the look-alikes of Dynamics: rows table by table, then lookups that had to wait, then states.

Facts
    * Rows point to rows of earlier tables, and some to later ones or to one another: these lookups are updates.
    * Rows that are not active are read-only, so states come last.

Where it is used: `rehearsal.seeding`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.lookup_names import is_lookup_id
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.rehearsal.look_alike_rows import DYNAMICS_TABLES
from dynsync_lib.rehearsal.portal_records import PortalRecords
from dynsync_lib.rehearsal.rows_to_write import CREATED, RowWrites, WritePlan, match_people
from dynsync_lib.rehearsal.standing import Standing, done_before
from dynsync_lib.rehearsal.writing.batches import batches
from dynsync_lib.rehearsal.writing.portal_pair import DynamicsTestPortal
from dynsync_lib.rehearsal.writing.written import Rows, Values, Written

_USERS: Final = "dynamics/users"
_DATES_BACK: Final = "prvOverrideCreatedOnCreatedBy"


@dataclass(slots=True)
class DynamicsSeeding:
    """Writes to one environment what does not stand there yet."""

    portal: DynamicsTestPortal
    records: PortalRecords
    standing: Standing
    tag: str
    _writes: dict[str, Mapping[str, RowWrites]] = field(default_factory=dict)

    async def run(self) -> None:
        """Raises PortalError."""
        privileges = await self._privileges_for_dates()
        for table in DYNAMICS_TABLES:
            if self.standing.look_alikes.tables[table.name]:
                self._writes[table.name] = self._plan_table(table, privileges)
                await self._create(table)
        for step in ("lookups", "state"):
            await run_together(*(self._update(RECORD_TABLES[name], step) for name in self._writes))

    async def _privileges_for_dates(self) -> Collection[str]:
        """The caller's privileges where a table can take times of creation; none where none can."""
        if not any(CREATED in fields for fields in self.records.fields.values()):
            return ()
        return await self.portal.reader.read_privileges() or ()

    def _plan_table(self, table: RecordTable, privileges: Collection[str]) -> dict[str, RowWrites]:
        alike, fields = self.standing.look_alikes, self.records.fields[table.name]
        people = match_people(RECORD_TABLES[_USERS], self.records.rows.get(_USERS, ()), alike.tables[_USERS])
        dates_back = CREATED in fields and _DATES_BACK in privileges
        plan = WritePlan(table, fields, self.tag, people, self.standing.left_out, tuple(self._writes), dates_back)
        by_id = {str(row["id"]): row for row in alike.tables[table.name]}
        return {id_: plan.writes(by_id[id_]) for id_ in alike.ids(table)}

    async def _create(self, table: RecordTable) -> None:
        object_, writes = table.own_object, self._writes[table.name]

        async def look_up(names: Sequence[str]) -> dict[str, str]:
            return {id_: id_ for id_ in await self.portal.reader.find_known(table, names)}

        rows = {id_: self._bindable(table, writes[id_].create) for id_ in self.standing.pending(table)}

        async def write(batch: Rows, more: bool) -> Written:  # noqa: FBT001 - the form that `Standing` wants
            return await self.portal.writer.create(object_, batch, more=more)

        await self.standing.create(table, rows, write, look_up)

    async def _update(self, table: RecordTable, step: str) -> None:
        """Writes what could not be set on creation: `step` is `lookups` or `state`."""
        object_, journal = table.own_object, self.standing.journal
        done, known = done_before(journal, step, table=table.name), self.standing.ids.get(table.name, {})
        rows: dict[str, Values] = {}
        for id_, writes in self._writes[table.name].items():
            values = self._bindable(table, writes.lookups if step == "lookups" else writes.state)
            if values and id_ in known and id_ not in done:
                rows[id_] = values
        for batch in batches(rows):
            entry = journal.intend(step, table=table.name, items=list(batch))
            written = await self.portal.writer.update(object_, batch)
            codes = {id_: refusal.code for id_, refusal in written.refused.items()}
            self.standing.refused |= {(table.name, id_): code for id_, code in codes.items()}
            journal.answer(entry, refused=codes)

    def _bindable(self, table: RecordTable, values: Values) -> Values:
        """The values without lookups to look-alikes that were refused."""
        refused = {id_ for _, id_ in self.standing.refused}
        dangling = [name for name, text in values.items() if is_lookup_id(name) and text in refused]
        for name in dangling:
            self.standing.left_out[table.name, name, "the row that it points to was refused"] += 1
        gone = {*dangling, *(name.replace("_value", "_type") for name in dangling)}
        return {name: text for name, text in values.items() if name not in gone}
