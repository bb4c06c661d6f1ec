"""Until when a plan holds: filters that ask for the last days are asked when the sync runs, not when it was planned.

Facts
    * A look-alike that lies within the last days leaves them some day, and one that lies in the future enters them.
      Before the first that does, every filter says what it said at the snapshot's moment.
    * Times that a portal sets are those of the seeding, so they do not count.

Where it is used: `rehearsal.planning.plan_folder`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dynsync_lib.core.filter_tree import Filter, Window, conditions_of
from dynsync_lib.core.keys import trim
from dynsync_lib.core.model import System
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import record_table
from dynsync_lib.rehearsal.planning.field_masks import FieldMasks

_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}).*)?.*", re.DOTALL)
Row = Mapping[str, Any]


def holds_until(
    tables: Mapping[str, Sequence[Row]], masks: FieldMasks, settings: Settings, taken_at: datetime
) -> datetime | None:
    """When the first filter would say something else of a look-alike; None when none ever would.

    `tables` are the look-alikes' rows by table, `taken_at` is the snapshot's moment.
    """
    return min(_turns(tables, masks, settings, taken_at), default=None)


def _turns(
    tables: Mapping[str, Sequence[Row]], masks: FieldMasks, settings: Settings, taken_at: datetime
) -> Iterator[datetime]:
    for object_, sync in settings.sync.items():
        for system in System:
            table = record_table(object_, system).name
            for window in _windows(sync.filter_of(system) if sync.enabled else None):
                if window.field not in masks.set_by_portal(table):
                    yield from _turns_of(window, tables[table], taken_at)


def _windows(filter_: Filter | None) -> Iterator[Window]:
    if filter_ is not None:
        yield from (condition for condition in conditions_of(filter_.tree) if isinstance(condition, Window))


def _turns_of(window: Window, rows: Sequence[Row], taken_at: datetime) -> Iterator[datetime]:
    length = timedelta(days=window.days)
    for row in rows:
        moment = _moment(row.get(window.field))
        if moment is not None and moment > taken_at:
            yield moment
        elif moment is not None and moment + length > taken_at:
            yield moment + length


def _moment(text: str | None) -> datetime | None:
    """The moment of a text, to the second and in UTC; None when it is none."""
    match = _MOMENT.fullmatch(trim(text or ""))
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00:00'}").replace(tzinfo=UTC)
    except ValueError:
        return None
