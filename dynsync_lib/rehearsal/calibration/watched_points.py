"""What is found afterwards at the lines that a pack watches.

Facts
    * A line names a record and a field, new records (their number, or a field of theirs), or the company that a record
      or new records are associated with (in HubSpot the primary one), as `packs/README.md` says.
    * New is what the earlier state does not hold. Several values stand in order of the alphabet.

Where it is used: `rehearsal.calibration.foreseen`, `rehearsal.calibration.reading`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from dynsync_lib.core.keys import trim
from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.witness_store import Association, Record
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, Table, kind_of

_NEW: Final = "new "
_COMPANY: Final = " -> company"
PARENTS: Final = {Object.CONTACT: "_parentcustomerid_value", Object.DEAL: "_parentaccountid_value"}
"""By object the column of Dynamics that holds the company of a record."""


class PortalState(Protocol):
    """Both portals at one moment; the witness's stores are such states, too."""

    def records(self, system: System, object_: Object) -> Sequence[Record]:
        """All records of one object of one side."""
        ...

    def associations(self) -> Sequence[Association]:
        """All associations between HubSpot records."""
        ...


@dataclass(frozen=True, slots=True)
class Watcher:
    """What two states show of one pack. `ids`: its records by name, as `h1`; `mark` stands in all its keys."""

    before: PortalState
    after: PortalState
    ids: Mapping[str, str]
    mark: str

    def at(self, point: str) -> str:
        """What is found at a line that is watched; blank for nothing.

        Raises KeyError for a line about a record that the pack does not have.
        """
        subject, arrow, _ = point.partition(_COMPANY)
        subject, _, column = subject.partition(".")
        if not subject.startswith(_NEW):
            record = self.now(subject)
            return self._shown(record, column, to_company=bool(arrow)) if record is not None else ""
        records = self.new_records(KINDS[subject.removeprefix(_NEW)])
        if not column and not arrow:
            return str(len(records))
        shown = [self._shown(record, column, to_company=bool(arrow)) for record in records]
        return ", ".join(sorted(filter(None, shown)))

    def now(self, name: str) -> Record | None:
        """A record of the pack as it is afterwards; None when it is gone."""
        return _find(self.after, KINDS[kind_of(name)], self.ids[name])

    def earlier(self, name: str) -> Record | None:
        """A record of the pack as it was before; None when it was not there."""
        return _find(self.before, KINDS[kind_of(name)], self.ids[name])

    def new_records(self, table: Table) -> list[Record]:
        """The records of a table that were not there before and bear the pack's mark."""
        earlier = {record.record_id for record in self.before.records(*table)}
        return [new for new in self.after.records(*table) if new.record_id not in earlier and self._is_marked(new)]

    def _is_marked(self, record: Record) -> bool:
        return any(self.mark in unicodedata.normalize("NFKC", text).lower() for text in record.values.values() if text)

    def _shown(self, record: Record, column: str, *, to_company: bool) -> str:
        return self._company(record) if to_company else trim(record.get(column) or "")

    def _company(self, record: Record) -> str:
        """The name of the company that a record is associated with; in HubSpot the primary one."""
        if record.system is System.DYNAMICS:
            company_id = record.get(PARENTS[record.object])
        else:
            links = (link for link in self.after.associations() if link.to_object is Object.COMPANY and link.is_primary)
            ours = (
                link.to_id for link in links if (link.from_object, link.from_id) == (record.object, record.record_id)
            )
            company_id = next(ours, None)
        company = _find(self.after, (record.system, Object.COMPANY), company_id) if company_id else None
        return trim(company.get("name") or "") if company is not None else ""


def _find(state: PortalState, table: Table, record_id: str) -> Record | None:
    return next((record for record in state.records(*table) if record.record_id == record_id), None)
