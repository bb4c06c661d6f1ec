"""Which look-alikes stand in the test portals, and the writing of those that do not, batch by batch.

Facts
    * What is intended is in the journal before it is sent, its answer before the next batch. After a lost answer, and
      for whatever was refused, the portal is asked what stands there: a record that was there already is no refusal.

Where it is used: `rehearsal.hubspot_seeding`, `rehearsal.dynamics_seeding`, `rehearsal.seeding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import AnswerLostError
from dynsync_lib.rehearsal.journal import Entry, Journal
from dynsync_lib.rehearsal.look_alike_rows import TABLES, LookAlikeRows
from dynsync_lib.rehearsal.portal_records import PortalRecords
from dynsync_lib.rehearsal.rows_to_write import LeftOut
from dynsync_lib.rehearsal.tags import look_alike_of
from dynsync_lib.rehearsal.writing.batches import MOST_PER_BATCH, chunks
from dynsync_lib.rehearsal.writing.written import Rows, Written

BEGIN: Final = "begin"
CLEANED: Final = "cleaned"
_MOST_ROUNDS: Final = 6
"""How often a batch whose answer is lost again and again is looked up and sent again."""
Ids = dict[str, dict[str, str]]
"""By table name the portal's ids by the look-alike's id."""
Write = Callable[[Rows, bool], Awaitable[Written]]
"""Creates rows; the flag says that more of them follow at once."""
LookUp = Callable[[Sequence[str]], Awaitable[dict[str, str]]]
"""The portal's ids of those look-alikes that stand there."""


@dataclass(slots=True)
class Standing:
    """What stands in the portals: `ids`, and by table and look-alike the code of what a portal `refused`.

    `left_out` counts values and associations that could not be written.
    """

    look_alikes: LookAlikeRows
    journal: Journal
    ids: Ids
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=Counter)

    def pending(self, table: RecordTable) -> list[str]:
        """The look-alikes of a table that do not stand there yet, in the order of creation."""
        known = self.ids.get(table.name, {})
        return [id_ for id_ in self.look_alikes.ids(table) if id_ not in known]

    async def create(self, table: RecordTable, rows: Rows, write: Write, look_up: LookUp) -> None:
        """Creates rows in their order. Raises PortalError; what was done until then is noted."""
        batches = chunks(rows, MOST_PER_BATCH)
        for number, batch in enumerate(batches, 1):
            names, job = batch, partial(_write_batch, write, more=number < len(batches))
            for turn in range(1, _MOST_ROUNDS + 1):
                names = await self._create_batch(table, {name: rows[name] for name in names}, job, look_up, turn)
                if not names:
                    break

    async def _create_batch(
        self, table: RecordTable, rows: Rows, write: Callable[[Rows], Awaitable[Written]], look_up: LookUp, turn: int
    ) -> list[str]:
        """The names of those rows of which neither stands there nor is refused, because an answer was lost."""
        entry = self.journal.intend("create", table=table.name, names=list(rows))
        try:
            written = await write(rows)
        except AnswerLostError:
            written = Written(await look_up(list(rows)))
            if turn == _MOST_ROUNDS and len(written.ids) < len(rows):
                raise
        else:
            known = await look_up(list(written.refused)) if written.refused else {}
            refused = {name: why for name, why in written.refused.items() if name not in known}
            written = Written({**written.ids, **known}, refused)
        codes = {name: refusal.code for name, refusal in written.refused.items()}
        self.journal.answer(entry, ids=dict(written.ids), refused=codes)
        self.ids.setdefault(table.name, {}).update(written.ids)
        self.refused |= {(table.name, name): code for name, code in codes.items()}
        return [name for name in rows if name not in written.ids and name not in codes]


async def _write_batch(write: Write, rows: Rows, *, more: bool) -> Written:
    return await write(rows, more)


def standing_ids(records: PortalRecords, tag: str) -> Ids:
    """The ids of the look-alikes that stand in the portals, by table and look-alike."""
    ids: Ids = {}
    for table in TABLES:
        for row in records.rows.get(table.name, ()):
            look_alike = look_alike_of(tag, table, row)
            if look_alike is not None:
                ids.setdefault(table.name, {})[look_alike] = str(row[table.id_field])
    return ids


def current_entries(journal: Journal) -> Iterator[Entry]:
    """The entries of this seeding: those after the last clean-up that was finished."""
    entries = list(journal)
    last = max((number for number, entry in enumerate(entries, 1) if entry.what == CLEANED and entry.answer), default=0)
    return iter(entries[last:])


def begin_of(journal: Journal) -> Mapping[str, Any] | None:
    """What was noted before the first write of this seeding: portals, and the fingerprints of all other records.

    None before anything was written.
    """
    begun = [entry for entry in current_entries(journal) if entry.what == BEGIN]
    return begun[0].facts if begun else None


def seeding_name(journal: Journal) -> str:
    """What tells this seeding from all others of one tag: its place in the journal, and when it began.

    A rehearsal that is planned or copied again has a journal of its own, and begins at another time.
    """
    begun = next((entry for entry in current_entries(journal) if entry.what == BEGIN), None)
    return "" if begun is None else f"{begun.number} {begun.facts.get('began_at')}"


def done_before(journal: Journal, what: str, **facts: str) -> set[Any]:
    """The items of all answered entries of a kind with these facts, without those refused; each as text or tuple."""
    entries = [entry for entry in current_entries(journal) if entry.what == what and entry.answer is not None]
    fitting = [entry for entry in entries if all(entry.facts.get(name) == value for name, value in facts.items())]
    return {
        item
        for entry in fitting
        for item in _plain(entry.facts["items"]) - _plain((entry.answer or {}).get("refused", ()))
    }


def intended_before(journal: Journal, what: str) -> set[Any]:
    """The items of all entries of a kind, answered or not."""
    return {item for entry in current_entries(journal) if entry.what == what for item in _plain(entry.facts["items"])}


def _plain(items: Iterable[Any]) -> set[Any]:
    return {tuple(item) if isinstance(item, list) else item for item in items}
