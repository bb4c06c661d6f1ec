"""The steps of a rehearsal that write to the test portals: seed and clean, each from its folder to its folder.

Facts
    * Seeding ends with a snapshot of both portals, so that what the sync meets is known, foreign records included. What
      followed an earlier seeding goes when anything new is written.
    * Cleaning removes nothing when it only says what it would remove.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.needed_fields import needed_fields
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.portals.dataverse.reader import KnownTables
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.pull.pull_portals import PullOptions, pull_portals, run_blocking
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.rehearsal.cleaning import Cleaned, Cleaning, Removal
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.lacking import needs_of
from dynsync_lib.rehearsal.look_alike_rows import HUBSPOT_TABLES, read_look_alikes
from dynsync_lib.rehearsal.rehearsal_folder import TAG_PROPERTY, Rehearsal
from dynsync_lib.rehearsal.seeding import Seeded, refuse_other_portals, seed_portals
from dynsync_lib.rehearsal.writing.portal_pair import DEFAULT_PACE, TestPortals, open_test_portals
from dynsync_lib.snapshot.snapshot import Snapshot

Fields = dict[str, Collection[str]]
"""By table of a snapshot the fields to read."""


@dataclass(frozen=True, slots=True)
class PortalSteps:
    """What the steps need beside the rehearsal: the test portals, settings, rules, the time in UTC, and the pace."""

    connections: PortalConnections
    settings: Settings
    rulebook: Rulebook
    key_maker: KeyMaker
    clock: Callable[[], datetime]
    pace: Pace = DEFAULT_PACE

    def seed(self, rehearsal: Rehearsal) -> Seeded:
        """Writes the look-alikes that do not stand there yet, then reads both portals into `rehearsal.before_path`.

        Raises as `rehearsal.seeding.seed_portals`, and SnapshotError for a rehearsal that was changed.
        """
        snapshot, journal = rehearsal.look_alikes(), Journal(rehearsal.journal_path)
        look_alikes, needs, entries = read_look_alikes(snapshot), needs_of(snapshot, self.rulebook), len(list(journal))
        known = KnownTables()

        async def run() -> Seeded:
            async with self.open_portals(known) as portals:
                forget = partial(_forget_later_steps, rehearsal)
                return await seed_portals(look_alikes, rehearsal.tag, portals, journal, self.settings, forget, needs)

        seeded = run_blocking(run())
        if len(list(journal)) > entries or not rehearsal.before_path.exists():
            _forget_later_steps(rehearsal)
            self.read_portals(rehearsal.before_path, known=known)
        return seeded

    def open_portals(self, known: KnownTables | None = None) -> AbstractAsyncContextManager[TestPortals]:
        """Both test portals, open within the context. What is asked of tables of Dynamics is added to `known`.

        Raises as `open_test_portals`.
        """
        version = self.settings.hubspot.api_version
        return open_test_portals(self.connections, self.pace, version=version, known=known)

    def read_portals(self, out: Path, fields: Fields | None = None, *, known: KnownTables | None = None) -> Snapshot:
        """The snapshot of both portals, written to `out`; without `fields` what the sync looks at, and the tag.

        What `known` says of tables of Dynamics is not asked again.
        Raises as a pull does.
        """
        return pull_portals(
            self.connections,
            out,
            key_maker=self.key_maker,
            clock=self.clock,
            fields=fields or _tagged_fields(self.settings, self.rulebook),
            options=PullOptions(hubspot_version=self.settings.hubspot.api_version, known_tables=known),
            pace=self.pace,
        )

    def plan_removal(self, rehearsal: Rehearsal, *, by_tag: bool) -> Removal:
        """What there is to remove now. Nothing is written."""

        async def run() -> Removal:
            async with self.open_portals() as portals:
                return await self._cleaning(rehearsal, portals, by_tag=by_tag).plan()

        return run_blocking(run())

    def clean(self, rehearsal: Rehearsal, *, by_tag: bool) -> Cleaned:
        """Removes what the rehearsal and its sync made; `by_tag`: without the journal.

        Raises as `rehearsal.cleaning.Cleaning`, and UsageError without a journal unless `by_tag`.
        """

        async def run() -> Cleaned:
            async with self.open_portals() as portals:
                cleaning = self._cleaning(rehearsal, portals, by_tag=by_tag)
                return await cleaning.remove(await cleaning.plan())

        with private_files():
            return run_blocking(run())

    def _cleaning(self, rehearsal: Rehearsal, portals: TestPortals, *, by_tag: bool) -> Cleaning:
        if not by_tag and not rehearsal.journal_path.exists():
            raise UsageError(
                f"{rehearsal.folder} has no journal, so nothing says that it was seeded.",
                next_step="See by the tag alone what stands in the portals: add --by-tag.",
            )
        journal = None if by_tag else Journal(rehearsal.journal_path)
        if journal is not None:
            refuse_other_portals(journal, portals)
        rows, free_mail = read_look_alikes(rehearsal.look_alikes()), self.rulebook.free_mail_domains
        return Cleaning(rows, rehearsal.tag, portals, journal, self.settings, free_mail)


def _forget_later_steps(rehearsal: Rehearsal) -> None:
    """Removes what an earlier seeding, since cleaned up or not yet whole, was followed by."""
    for path in (
        rehearsal.before_path,
        rehearsal.before_forecast_path,
        rehearsal.after_path,
        rehearsal.read_again_path,
        rehearsal.receipt_path,
    ):
        remove_folder(path)


def remove_folder(path: Path) -> None:
    """Removes a folder of a rehearsal where there is one; a link is left alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


def _tagged_fields(settings: Settings, rulebook: Rulebook) -> Fields:
    """The fields to read from test portals: what the sync asks for, and the tag property of HubSpot's records."""
    needed = dict(needed_fields(settings, rulebook))
    return {**needed, **{table.name: {*needed[table.name], TAG_PROPERTY} for table in HUBSPOT_TABLES}}
