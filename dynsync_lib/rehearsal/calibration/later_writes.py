"""What is written once more after a run was seeded, so that records differ in when they were made and changed.

Facts
    * `again d1` removes a Dynamics record and makes it anew, `touch d2` writes into it what it holds. Each comes more
      than a second after the one before, because Dynamics keeps whole seconds.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import record_table
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, CraftedWorld, kind_of
from dynsync_lib.rehearsal.calibration.packs import Pack
from dynsync_lib.rehearsal.calibration.reading import TIMES
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.written import Values

Sleep = Callable[[float], Awaitable[None]]
_PAUSE_S: Final = 1.1
_AGAIN: Final = "again"


async def write_later(portals: TestPortals, packs: Iterable[Pack], world: CraftedWorld, sleep: Sleep) -> int:
    """Carries out what the packs want afterwards, in their order; how many writes it took.

    Raises PortalError, and UnexpectedReplyError when Dynamics refuses one.
    """
    writes = 0
    for pack in packs:
        for line in pack.afterwards:
            verb, _, name = line.partition(" ")
            await sleep(_PAUSE_S)
            await _write(portals, verb, name, pack, world)
            writes += 1
    return writes


async def _write(portals: TestPortals, verb: str, name: str, pack: Pack, world: CraftedWorld) -> None:
    table, id_ = KINDS[kind_of(name)], world.ids[f"{pack.question}/{name}"]
    own = dict(world.rows[table])[id_]
    values: Values = {column: text for column, text in own.items() if column not in TIMES and text is not None}
    object_, writer = Object(table[1]), portals.dynamics.writer
    if verb == _AGAIN:
        await writer.delete(object_, [id_])
        id_field = record_table(object_, System.DYNAMICS).id_field
        written = await writer.create(object_, {id_: {**values, id_field: id_}})
    else:
        written = await writer.update(object_, {id_: values})
    if written.refused:
        code = written.refused[id_].code
        raise UnexpectedReplyError(
            f"Dynamics refuses to write {name} of {pack.question} once more: {code}.",
            next_step="Clean the run and seed it again.",
        )
