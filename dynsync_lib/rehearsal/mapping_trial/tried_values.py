"""Writes the trials into both test portals, a record each, reads them back, and removes them.

Facts
    * Records are known as those of a rehearsal are: by a tag, which depends on nothing but this module, so that what a
      killed trial left behind is removed by the next one.
    * A record with nothing but what it must have goes before those of each table: where the portal refuses that one,
      its refusal of the others says nothing about values.
    * A value that empties a field is written over another one.

Where it is used: `rehearsal.mapping_trial.try_mapping`, `rehearsal.mapping_trial.results`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable, record_table
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.rehearsal.mapping_trial.edge_values import is_address
from dynsync_lib.rehearsal.mapping_trial.trials import Trial
from dynsync_lib.rehearsal.portal_records import PortalRecords, read_records, tag_field
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY
from dynsync_lib.rehearsal.standing import standing_ids
from dynsync_lib.rehearsal.tags import tag_property, tag_text
from dynsync_lib.rehearsal.writing.batches import batches
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.written import Refusal, Values

TAG: Final = "d75c7a1edf1e1d5a"
"""Of the records of a trial, in every portal and in every run."""
MARK: Final = "dynsynctrial"
"""What the texts of these records begin with."""
_PLAIN: Final = "plain"
_OVERWRITTEN: Final = {
    "text": "x",
    "number": "1",
    "date": "2026-05-04",
    "datetime": "2026-05-04T10:00:00Z",
    "yes_no": "true",
}
"""By kind what stands in a field before it is emptied."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a portal made of a trial: `refusal` when it took no record, else `value` as it was read back."""

    value: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of all trials, in their order; None for one whose table takes not even a plain record.

    `unusable`: by system and object why, in the portal's words. `left` counts records that are still there.
    """

    tried: Sequence[Tried | None]
    unusable: Mapping[tuple[System, Object], str]
    left: int = 0


async def try_values(portals: TestPortals, trials: Sequence[Trial], settings: Settings) -> Outcome:
    """Writes, reads back and removes. Raises PortalError; whatever happens, what was written is removed.

    Costs about a request per hundred records, twice the reading of all records, and the removal.
    """
    run = _TrialRun(portals, settings, trials)
    await run.begin()
    try:
        await run.write()
        outcome = await run.read()
    finally:
        left = await run.remove()
    return Outcome(outcome, run.unusable, left)


@dataclass(slots=True)
class _TrialRun:
    portals: TestPortals
    settings: Settings
    trials: Sequence[Trial]
    refused: dict[int, Refusal] = field(default_factory=dict)
    unusable: dict[tuple[System, Object], str] = field(default_factory=dict)
    records: PortalRecords | None = None

    async def begin(self) -> None:
        """Removes what an earlier trial left behind, and makes the tag property."""
        await self.remove()
        for object_ in sorted({trial.table for trial in self.trials if trial.system is System.HUBSPOT}):
            if self.records is not None and tag_field(object_, self.records) is None:
                definition = tag_property(object_, await self.portals.hubspot.property_group(object_))
                await self.portals.hubspot.writer.create_property(object_, definition)

    async def write(self) -> None:
        tables = sorted({(trial.system, trial.table) for trial in self.trials})
        await run_together(*(self._write_table(*table) for table in tables))

    async def _write_table(self, system: System, object_: Object) -> None:
        table = record_table(object_, system)
        writer = self.portals.writer(system)
        plain = await writer.create(object_, {_PLAIN: self._row(table, _PLAIN, {})})
        if plain.refused:
            refusal = plain.refused[_PLAIN]
            self.unusable[(system, object_)] = f"{refusal.code}: {refusal.message}"
            return
        rows = {
            str(number): self._trial_row(table, number)
            for number, trial in enumerate(self.trials)
            if (trial.system, trial.table) == (system, object_)
        }
        for batch in batches(rows):
            written = await writer.create(object_, batch)
            self.refused |= {int(name): refusal for name, refusal in written.refused.items()}
            emptied = {
                written.ids[name]: {self.trials[int(name)].field.name: None}
                for name in batch
                if name in written.ids and self.trials[int(name)].edge.value is None
            }
            if emptied:
                names = {written.ids[name]: name for name in batch if name in written.ids}
                again = await writer.update(object_, emptied)
                self.refused |= {int(names[id_]): refusal for id_, refusal in again.refused.items()}

    # --- Rows ------------------------------------------------------------------------------------------------------

    def _trial_row(self, table: RecordTable, number: int) -> Values:
        trial = self.trials[number]
        value = trial.edge.value if trial.edge.value is not None else self._overwritten(trial)
        return self._row(table, str(number), {trial.field.name: value})

    def _overwritten(self, trial: Trial) -> str | None:
        if trial.field.options:
            return trial.field.options[0].value
        return f"emptied@{MARK}.example.com" if is_address(trial.field) else _OVERWRITTEN.get(trial.kind)

    def _row(self, table: RecordTable, name: str, values: Values) -> Values:
        """A record with what it must have, the tag, and these values."""
        must = dict.fromkeys(_NAMES[table.name], f"{MARK} {name}")
        if table.name in _STAGES:
            must |= {**_STAGES[table.name], **self._stage(table)}
        tag = {TAG_PROPERTY: tag_text(TAG, name)} if table.system is System.HUBSPOT else {table.id_field: _guid(name)}
        return {**must, **values, **tag}

    def _stage(self, table: RecordTable) -> dict[str, str]:
        """The first stage that the settings pair, where a deal must have one."""
        stages = self.settings.sync[Object.DEAL].stages
        return {"dealstage": next(iter(stages))} if table.name == "hubspot/deals" and stages else {}

    # --- Reading and removing --------------------------------------------------------------------------------------

    async def read(self) -> list[Tried | None]:
        """What became of each trial."""
        records = await read_records(self.portals)
        ids = standing_ids(records, TAG)
        rows = {
            (name, str(row[RECORD_TABLES[name].id_field])): row for name, held in records.rows.items() for row in held
        }
        results: list[Tried | None] = []
        for number, trial in enumerate(self.trials):
            table = record_table(trial.table, trial.system)
            if (trial.system, trial.table) in self.unusable:
                results.append(None)
            elif number in self.refused:
                results.append(Tried(refusal=self.refused[number]))
            else:
                look_alike = str(number) if trial.system is System.HUBSPOT else _guid(str(number))
                id_ = ids.get(table.name, {}).get(look_alike)
                if id_ is None:
                    raise UnexpectedReplyError(
                        f"A record of the trial that {trial.system.label} took is not there.", next_step="Run it again."
                    )
                results.append(Tried(rows[(table.name, id_)].get(trial.field.name)))
        return results

    async def remove(self) -> int:
        """Removes all records with the tag of trials; how many are left."""
        self.records = await read_records(self.portals)
        ids = standing_ids(self.records, TAG)
        if not any(ids.values()):
            return 0
        await run_together(*(self.portals.remove(RECORD_TABLES[name], own.values()) for name, own in ids.items()))
        self.records = await read_records(self.portals)
        return sum(map(len, standing_ids(self.records, TAG).values()))


def _guid(name: str) -> str:
    number = 0 if name == _PLAIN else int(name) + 1
    return f"{TAG[:8]}-{TAG[8:12]}-{TAG[12:]}-8000-{number:012x}"


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "hubspot/contacts": ("lastname",),
    "hubspot/companies": ("name",),
    "hubspot/deals": ("dealname",),
    "hubspot/invoices": ("hs_title",),
    "dynamics/contacts": ("lastname",),
    "dynamics/accounts": ("name",),
    "dynamics/leads": ("lastname", "subject"),
    "dynamics/opportunities": ("name",),
    "dynamics/invoices": ("name",),
}
"""By table the columns that a record must have, which hold its name."""
_STAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "hubspot/deals": {"pipeline": "default", "dealstage": "appointmentscheduled"}
}
