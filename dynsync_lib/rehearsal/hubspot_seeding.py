"""Writes the look-alikes of HubSpot: the tag property, the records in their order, the associations.

Facts
    * Ids are given in the order of creation, which is the order of first records. Tables are written at the same time,
      the batches of a table one after the other.
    * Primary companies are associated before others, because the first company becomes primary by itself.

Not modelled
    * Association labels; contacts with companies of which none is primary.

Where it is used: `rehearsal.seeding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, RecordTable
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.rehearsal.look_alike_rows import HUBSPOT_TABLES, in_order
from dynsync_lib.rehearsal.portal_records import PortalRecords, tag_field
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.rows_to_write import WritePlan, match_people
from dynsync_lib.rehearsal.standing import Standing, done_before
from dynsync_lib.rehearsal.tags import tag_property, tag_text
from dynsync_lib.rehearsal.writing.hubspot import MOST_ASSOCIATIONS, Ends, Pair
from dynsync_lib.rehearsal.writing.portal_pair import HubSpotTestPortal
from dynsync_lib.rehearsal.writing.written import Rows, Written

_OWNERS: Final = "hubspot/owners"
PROPERTY: Final = "property"


@dataclass(slots=True)
class HubSpotSeeding:
    """Writes to one portal what does not stand there yet; `associations` counts those of this rehearsal."""

    portal: HubSpotTestPortal
    records: PortalRecords
    standing: Standing
    tag: str
    associations: int = 0

    async def run(self) -> None:
        """Raises PortalError."""
        for table in HUBSPOT_TABLES:
            await self._make_tag_property(table)
        await run_together(*map(self._create, HUBSPOT_TABLES))
        for primary in (True, False):
            await run_together(*(self._associate(pair, primary=primary) for pair in self._pairs(primary=primary)))

    def is_in_order(self) -> bool:
        """Whether ids ascend in the order of the look-alikes, table by table."""
        known = [self.standing.ids.get(table.name, {}) for table in HUBSPOT_TABLES]
        numbers = [[int(ids[name]) for name in in_order(ids)] for ids in known]
        return all(ids == sorted(ids) for ids in numbers)

    async def _make_tag_property(self, table: RecordTable) -> None:
        object_ = table.own_object
        if not self.standing.pending(table) or tag_field(object_, self.records) is not None:
            return
        definition = tag_property(object_, await self.portal.property_group(object_))
        entry = self.standing.journal.intend(PROPERTY, items=[object_.value])
        await self.portal.writer.create_property(object_, definition)
        self.standing.journal.answer(entry)

    async def _create(self, table: RecordTable) -> None:
        object_, alike = table.own_object, self.standing.look_alikes

        async def look_up(names: Sequence[str]) -> dict[str, str]:
            by_text = {tag_text(self.tag, name): name for name in names}
            known = await self.portal.reader.find_by_unique(object_, TAG_PROPERTY, list(by_text))
            return {by_text[text]: id_ for text, id_ in known.items() if text in by_text}

        people = match_people(RECORD_TABLES[_OWNERS], self.records.rows.get(_OWNERS, ()), alike.tables[_OWNERS])
        fields = self.records.fields.get(table.name, {})
        plan = WritePlan(table, fields, self.tag, people, self.standing.left_out)
        by_id = {str(row["id"]): row for row in alike.tables[table.name]}
        rows = {name: plan.writes(by_id[name]).create for name in self.standing.pending(table)}

        async def write(batch: Rows, more: bool) -> Written:  # noqa: FBT001 - the form that `Standing` wants
            return await self.portal.writer.create(object_, batch, more=more)

        await self.standing.create(table, rows, write, look_up)

    def _pairs(self, *, primary: bool) -> list[Pair]:
        links = [link for link in self.standing.look_alikes.links if bool(link["is_primary"]) is primary]
        return sorted({(Object(link["from_object"]), Object(link["to_object"])) for link in links})

    async def _associate(self, pair: Pair, *, primary: bool) -> None:
        kind = f"{pair[0]} to {pair[1]}{', primary' if primary else ''}"
        ends = self._ends(pair, primary=primary)
        self.associations += len(ends)
        done = done_before(self.standing.journal, "associate", kind=kind)
        pending = [end for end in ends if end not in done]
        for start in range(0, len(pending), MOST_ASSOCIATIONS):
            batch = pending[start : start + MOST_ASSOCIATIONS]
            entry = self.standing.journal.intend("associate", kind=kind, items=batch)
            refused = await self.portal.writer.associate(pair, batch, primary=primary)
            self.associations -= len(refused)
            if refused:
                self.standing.left_out[LINKS_IN.name, kind, "the portal refused it"] += len(refused)
            self.standing.journal.answer(entry, refused=refused)

    def _ends(self, pair: Pair, *, primary: bool) -> list[Ends]:
        """The portal's ids of the associations of two objects; those with a record that was refused are left out."""
        names = [next(table.name for table in HUBSPOT_TABLES if table.object is object_) for object_ in pair]
        ids = [self.standing.ids.get(name, {}) for name in names]
        ends: dict[Ends, None] = {}
        for link in self.standing.look_alikes.links:
            if (link["from_object"], link["to_object"]) != pair or bool(link["is_primary"]) is not primary:
                continue
            from_id, to_id = ids[0].get(str(link["from_id"])), ids[1].get(str(link["to_id"]))
            if from_id is None or to_id is None:
                self.standing.left_out[LINKS_IN.name, f"{pair[0]} to {pair[1]}", "a record was refused"] += 1
            else:
                ends[from_id, to_id] = None
        return list(ends)
