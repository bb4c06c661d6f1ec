"""Lets the witness do the sync in both test portals of this machine's emulator, in the place of the real Data Sync.

Facts
    * Only portals on this machine are run so: elsewhere the real sync is what is rehearsed.
    * Each batch is in the journal before it is sent, its answer before the next one. A run that was stopped goes on
      where it ended; one that was finished does nothing more.
    * What a portal refuses stays undone, as in a real sync, and comes out as a miss.

Where it is used: `rehearsal.sync_steps`, `rehearsal.waiting`, `kit.rehearsals`.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import record_table
from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from dynsync_lib.errors import AnswerLostError, SafetyError, UsageError
from dynsync_lib.forecasts.open_snapshot import read_catalogue
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.rehearsal.journal import Entry, Journal
from dynsync_lib.rehearsal.portal_store import (
    CREATION_ORDER,
    Changes,
    NewIds,
    changes_between,
    store_of_snapshot,
)
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
from dynsync_lib.rehearsal.standing import current_entries, seeding_name
from dynsync_lib.rehearsal.sync_plans import sync_plan
from dynsync_lib.rehearsal.writing.batches import batches
from dynsync_lib.rehearsal.writing.hubspot import MOST_ASSOCIATIONS
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.written import Rows, Written

RAN: Final = "ran"
_BATCH: Final = "run"
_LOST: Final = "A run ended while HubSpot was creating records, and nobody knows which are there."
_CLEAN: Final = "Clean the rehearsal with `dynsync rehearse clean REHEARSAL`, seed it again, and run it again."
Key = tuple[System, Object]


@dataclass(frozen=True, slots=True)
class Ran:
    """What the sync wrote: counts of records created and changed by system and object, and of associations.

    `refused`: what a portal did not take, by its code. `is_new`: False when it had run before.
    """

    created: Mapping[str, int]
    updated: Mapping[str, int]
    associated: int
    refused: Mapping[str, int]
    is_new: bool = True


def refuse_other_than_emulated(connections: PortalConnections) -> None:
    """Raises UsageError unless both portals are on this machine."""
    if not connections.is_emulated:
        raise UsageError(
            "Only portals that this machine emulates are run by the emulator, and these are elsewhere.",
            next_step="Give the addresses of `dynsync emulator --json` with --emulator, or let the real sync run: "
            "`dynsync rehearse wait REHEARSAL`.",
        )


def refuse_unseeded(rehearsal: Rehearsal) -> None:
    """Raises UsageError when no seeding of the rehearsal has come to its end."""
    if not rehearsal.before_path.exists():
        raise UsageError(
            f"The rehearsal {rehearsal.folder} is not seeded, so there is nothing to sync.",
            next_step=f"Run `dynsync rehearse seed {rehearsal.folder}` first.",
        )


async def run_witness(rehearsal: Rehearsal, portals: TestPortals, settings: Settings, rulebook: Rulebook) -> Ran:
    """Writes what the witness decides about the snapshot that seeding ended with.

    Raises SafetyError when nobody knows whether HubSpot made records, and PortalError: then it can be run again.
    """
    journal = Journal(rehearsal.journal_path)
    finished = [entry for entry in current_entries(journal) if entry.what == RAN]
    if finished:
        return Ran(**finished[0].facts, is_new=False)
    snapshot = rehearsal.before()
    before = store_of_snapshot(snapshot, rehearsal.tag)
    after = copy.deepcopy(before)
    fields = read_catalogue(snapshot).fields.values()
    run_initial_sync(after, sync_plan(settings, fields, snapshot.taken_at, rulebook))
    run = _Run(portals, journal, NewIds(rehearsal.tag, seeding_name(journal)))
    ran = await run.write(changes_between(before, after))
    journal.note(RAN, created=ran.created, updated=ran.updated, associated=ran.associated, refused=ran.refused)
    return ran


@dataclass(slots=True)
class _Run:
    portals: TestPortals
    journal: Journal
    ids: NewIds
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    associated: int = 0
    answered: dict[tuple[str, ...], Entry] = field(default_factory=dict)

    async def write(self, changes: Changes) -> Ran:
        """All of it, batch by batch."""
        entries = [entry for entry in current_entries(self.journal) if entry.what == _BATCH]
        self.answered = {tuple(entry.facts["batch"]): entry for entry in entries}
        for system in System:
            for object_ in CREATION_ORDER:
                for batch in batches(changes.creates.get((system, object_), {})):
                    await self._create((system, object_), batch)
        for key, rows in sorted(changes.updates.items()):
            for batch in batches(rows):
                await self._update(key, batch)
        await self._associate(changes)
        counts = dict(self.created), dict(self.updated)
        return Ran(*counts, self.associated, dict(self.refused))

    async def _create(self, key: Key, batch: Rows) -> None:
        system, object_ = key
        rows = {name: self.ids.resolved(values) for name, values in batch.items()}
        if system is System.DYNAMICS:
            rows = {
                name: {**values, record_table(object_, system).id_field: self.ids.guid(name)}
                for name, values in rows.items()
            }
        entry = self.answered.get(("create", system, object_, next(iter(batch))))
        is_asked = entry is not None and entry.answer is None
        if is_asked and system is System.HUBSPOT:
            raise SafetyError(_LOST, next_step=_CLEAN)
        writer = self.portals.writer(system)

        async def write() -> Mapping[str, Any]:
            return _answer(await writer.create(object_, rows))

        answer = await self._once(("create", system, object_, next(iter(batch))), write)
        known = dict(answer["ids"])
        if is_asked:  # sent before: what is refused now may be there
            known |= {name: self.ids.guid(name) for name in answer["refused"]}
        self.ids.ids |= known
        self.created[f"{system} {object_}"] += len(known)
        self.refused.update(code for name, code in answer["refused"].items() if name not in known)

    async def _update(self, key: Key, batch: Rows) -> None:
        system, object_ = key
        rows = {name: self.ids.resolved(values) for name, values in batch.items()}
        writer = self.portals.writer(system)

        async def write() -> Mapping[str, Any]:
            return _answer(await writer.update(object_, rows))

        answer = await self._once(("update", system, object_, next(iter(batch))), write)
        self.updated[f"{system} {object_}"] += len(answer["ids"])
        self.refused.update(answer["refused"].values())

    async def _associate(self, changes: Changes) -> None:
        ends: dict[tuple[Object, Object, bool], list[tuple[str, str]]] = {}
        for link in changes.associations:
            from_id, to_id = self.ids.resolved_id(link.from_id), self.ids.resolved_id(link.to_id)
            if from_id is not None and to_id is not None:
                is_primary = link.is_primary and link.to_object is Object.COMPANY
                ends.setdefault((link.from_object, link.to_object, is_primary), []).append((from_id, to_id))
        for kind, pairs in sorted(ends.items()):
            for start in range(0, len(pairs), MOST_ASSOCIATIONS):
                await self._associate_batch(kind, pairs[start : start + MOST_ASSOCIATIONS], start)

    async def _associate_batch(
        self, kind: tuple[Object, Object, bool], batch: Sequence[tuple[str, str]], start: int
    ) -> None:
        from_object, to_object, is_primary = kind

        async def write() -> Mapping[str, Any]:
            writer = self.portals.hubspot.writer
            return {"refused": len(await writer.associate((from_object, to_object), batch, primary=is_primary))}

        answer = await self._once(("associate", from_object, to_object, str(is_primary), str(start)), write)
        self.associated += len(batch) - answer["refused"]
        if answer["refused"]:
            self.refused["association"] += answer["refused"]

    async def _once(
        self, name: tuple[str, ...], write: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """The answer to one batch: the one in the journal, or that of sending it now."""
        entry = self.answered.get(name)
        if entry is not None and entry.answer is not None:
            return entry.answer
        entry = entry or self.journal.intend(_BATCH, batch=list(name))
        try:
            answer = await write()
        except AnswerLostError as lost:
            if name[:2] != ("create", System.HUBSPOT):
                raise  # sending it again does no harm
            raise SafetyError(_LOST, next_step=_CLEAN) from lost
        return self.journal.answer(entry, **answer).answer or {}


def _answer(written: Written) -> dict[str, Any]:
    return {"ids": dict(written.ids), "refused": {name: why.code for name, why in written.refused.items()}}
