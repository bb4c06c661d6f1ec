"""Writes the look-alikes into both test portals, so that each stands there once, whatever happens on the way.

Facts
    * What can stand in the way is looked for before the first write: another rehearsal's records, foreign records that
      share a key, missing rights, fields that decide.
    * What stands in the portals is read when the command begins; the rest is written. So it can be run again after any
      end: nothing is made twice, because tag and GUID are unique in the portals themselves.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dynsync_lib.core.model import System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import SafetyError, UsageError
from dynsync_lib.listing import counted
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.rehearsal.dynamics_seeding import DynamicsSeeding
from dynsync_lib.rehearsal.hubspot_seeding import HubSpotSeeding
from dynsync_lib.rehearsal.journal import Journal
from dynsync_lib.rehearsal.lacking import NOTHING_NEEDED, Lack, Needs
from dynsync_lib.rehearsal.look_alike_rows import TABLES, LookAlikeRows
from dynsync_lib.rehearsal.portal_records import PortalRecords, fingerprints, read_records
from dynsync_lib.rehearsal.readiness import (
    lacking_now,
    missing_rights,
    refuse_foreign_records,
    refuse_lacking_fields,
    refuse_other_tag_property,
    refuse_unread_tables,
)
from dynsync_lib.rehearsal.rows_to_write import LeftOut
from dynsync_lib.rehearsal.standing import BEGIN, Ids, Standing, begin_of, standing_ids
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands in the test portals now.

    `ids` are the portals' ids by table and look-alike, `portals` those of the portals by system. `refused` names each
    look-alike that a portal did not take (system, object, look_alike_id, code); `left_out` counts values and
    associations that could not be written by table, field and reason; `unchecked` are the systems whose rights nobody
    could check. `is_in_order`: HubSpot's ids ascend as the look-alikes' do. `lacking` is what the portals lack of
    what the look-alikes need.
    """

    portals: Mapping[str, str]
    ids: Ids
    associations: int = 0
    refused: Sequence[Mapping[str, str]] = ()
    left_out: LeftOut = field(default_factory=Counter)
    unchecked: Sequence[str] = ()
    is_in_order: bool = True
    lacking: Sequence[Lack] = ()


async def seed_portals(
    look_alikes: LookAlikeRows,
    tag: str,
    portals: TestPortals,
    journal: Journal,
    settings: Settings,
    begins: Callable[[], None] = lambda: None,
    needs: Needs = NOTHING_NEEDED,
) -> Seeded:
    """Writes what does not stand there yet. `begins` is called before the first write of a seeding.

    `needs` are those of the look-alikes, which the portals are held against.

    Raises, before anything is written, SafetyError for foreign records in the way or a tag that the portals hold
    already, UsageError for other portals than before or fields that are missing, AccessError for missing rights.
    Raises PortalError when a portal does not do what it is told.
    """
    records = await read_records(portals)
    standing = Standing(look_alikes, journal, standing_ids(records, tag))
    _refuse_other_seeding(standing, tag, portals)
    refuse_other_tag_property(records, look_alikes.objects)
    refuse_unread_tables(look_alikes.tables, records, settings)
    lacking = await lacking_now(needs, portals, records)
    refuse_lacking_fields(lacking, look_alikes.tables, settings)
    if any(map(standing.pending, TABLES)):
        refuse_foreign_records(look_alikes.tables, records, settings, tag)
    unchecked = await missing_rights(portals, look_alikes.objects, records)
    if begin_of(journal) is None:
        begins()
        _begin(journal, tag, portals, records)
    hubspot = HubSpotSeeding(portals.hubspot, records, standing, tag)
    dynamics = DynamicsSeeding(portals.dynamics, records, standing, tag)
    await run_together(hubspot.run(), dynamics.run())
    return Seeded(
        portal_ids(portals),
        standing.ids,
        hubspot.associations,
        [_refusal(name, id_, code) for (name, id_), code in sorted(standing.refused.items())],
        standing.left_out,
        unchecked,
        hubspot.is_in_order(),
        lacking,
    )


def portal_ids(portals: TestPortals) -> dict[str, str]:
    """The ids of both portals, by system."""
    permits = (portals.hubspot.permit, portals.dynamics.permit)
    return {permit.system.value: permit.portal_id for permit in permits}


def refuse_other_portals(journal: Journal, portals: TestPortals) -> None:
    """Raises UsageError when the rehearsal was begun in other portals than these."""
    begun, now = begin_of(journal), portal_ids(portals)
    for system in System:
        if begun is not None and begun["portals"][system.value] != now[system.value]:
            before = begun["portals"][system.value]
            raise UsageError(
                f"The rehearsal was begun in {system.label} portal {before}, and this is {now[system.value]}.",
                next_step="Use the portals that it was begun in, or plan another rehearsal.",
            )


def _refuse_other_seeding(standing: Standing, tag: str, portals: TestPortals) -> None:
    refuse_other_portals(standing.journal, portals)
    count = sum(map(len, standing.ids.values()))
    if count and begin_of(standing.journal) is None:
        raise SafetyError(
            f"The test portals hold {counted(count, 'record', 'records')} of the tag {tag} already, and this journal "
            "names none.",
            next_step="Remove them with `dynsync rehearse clean REHEARSAL --by-tag --yes`, and run again.",
        )


def _begin(journal: Journal, tag: str, portals: TestPortals, records: PortalRecords) -> None:
    """Notes in which portals this begins and what stood there before."""
    moment = portals.hubspot.reader.server_time
    began_at = None if moment is None else moment.isoformat()
    journal.note(BEGIN, tag=tag, portals=portal_ids(portals), began_at=began_at, others=fingerprints(records, {}))


def _refusal(name: str, look_alike_id: str, code: str) -> dict[str, str]:
    table = RECORD_TABLES[name]
    return {
        "system": table.system.value,
        "object": str(table.object),
        "look_alike_id": look_alike_id,
        "code": code,
    }
