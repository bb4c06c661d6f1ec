"""A situation in which records were changed, so that the sync can be decided as if somebody had put them right.

Facts
    * An own key is an address, a name with a domain, or a text that no other record has; its finished keys are those
      that ingest would make of it (`core.keys`).
    * Values that are put right are taken as empty: what they would be, nobody knows. Keys stay.
    * Names that are made alike are copied.

Not modelled
    * Filters that ask for a value which is changed decide by the changed one.
    * Additional addresses of a HubSpot contact stay its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fix_set.risks import ChangeKind, RecordChange
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import ID, KEY_SOURCE, Column, RecordTable, record_table
from dynsync_lib.core.typed_values import no_text

_NEW: Final = "new:"
_EMPTIED: Final = Column("new:is_emptied", "flag", "whether the values of the record count as empty")
_STATE: Final = "statecode"
_ACTIVE: Final = "0"
_OWN: Final = {"email": "own.key.{}@example.com", "name": "Own key {}", "domain": "own-key-{}.example.com"}
"""Values that no other record has, by what they are the source of."""


def with_changes(situation: Situation, changes: Iterable[RecordChange], keys: KeyMaker) -> Situation:
    """The situation after the changes. Cost: looks up the names that are copied, and describes joins."""
    by_object: dict[tuple[str, str], list[RecordChange]] = defaultdict(list)
    for change in changes:
        by_object[change.system, change.object].append(change)
    tables = dict(situation.tables)
    for (system, object_), here in by_object.items():
        side = _Side(Job(situation, Object(object_)), System(system), keys)
        tables[side.table.name] = _changed(side, tables[side.table.name], here)
    return replace(situation, tables=tables, memory={})


@dataclass(frozen=True, slots=True)
class _Side:
    """The records of one object in one system."""

    job: Job
    system: System
    keys: KeyMaker

    @property
    def table(self) -> RecordTable:
        """Their table."""
        return record_table(self.job.object, self.system)

    @property
    def sources(self) -> dict[str, str]:
        """The vendor's columns that finished keys are made of, by what they hold."""
        return {what: column for what, column in KEY_SOURCE.get(self.table.name, {}).items() if what in _OWN}

    @property
    def match_field(self) -> str | None:
        """The field of their own that records are matched by; None unless the settings name one."""
        return self.job.sync.match_hubspot if self.system is System.HUBSPOT else self.job.sync.match_dynamics

    def settable(self, here: Collection[str]) -> list[Column]:
        """The columns of those `here` that a change may set: finished keys, their sources, a match field, the state."""
        finished = [column for column in self.table.keys if column.type != "texts" and column.name != "guid_sql_key"]
        vendor = dict.fromkeys([*self.sources.values(), *filter(None, (self.match_field, _STATE))])
        return [column for column in (*finished, *(Column(name, "text", "") for name in vendor)) if column.name in here]

    def new_values(self, change: RecordChange, number: int, names: Mapping[str, str | None]) -> dict[str, Any]:
        """What the changed record has instead, by column; what is missing stays as it is."""
        if change.kind is ChangeKind.VALUES:
            return {_EMPTIED.name: True}
        if change.kind is ChangeKind.REACTIVATE:
            return {_STATE: _ACTIVE}
        if change.kind is ChangeKind.SAME_NAME:
            return self._with_keys({self.sources["name"]: names.get(change.beside or "")})
        text = f"{self.system}.{self.job.object}.{number}"
        own = {} if self.match_field is None else {self.match_field: _OWN["name"].format(text)}
        return own | self._with_keys({column: _OWN[what].format(text) for what, column in self.sources.items()})

    def _with_keys(self, vendor: dict[str, str | None]) -> dict[str, Any]:
        """The vendor's values and the finished keys that they make."""
        finished = self.keys.finish(self.table, vendor).items()
        return {**{name: key for name, key in finished if isinstance(key, str | bool)}, **vendor}


def _changed(side: _Side, frame: Frame, changes: Sequence[RecordChange]) -> Frame:
    """The records of one side, of which the changed ones have other values; the columns stay as they are."""
    here = set(frame.collect_schema().names())
    columns = side.settable(here)
    names = _names_of(side.job, side.system.other, changes)
    rows = [
        {ID.name: change.record_id, **_renamed(side.new_values(change, number, names))}
        for number, change in enumerate(changes, 1)
    ]
    renamed = [replace(column, name=f"{_NEW}{column.name}") for column in columns]
    joined = frame.join(side.job.situation.from_rows(rows, (ID, _EMPTIED, *renamed)), on=ID.name, how="left")
    is_emptied = nw.col(_EMPTIED.name).fill_null(value=False)
    mapped = {judged.columns[side.system] for judged in side.job.mappings if side.system in judged.delivered}
    emptied = {
        name: nw.when(~is_emptied).then(nw.col(name)).otherwise(no_text())
        for name in sorted(mapped & here - {column.name for column in columns})
    }
    newly_set = {column.name: nw.coalesce(f"{_NEW}{column.name}", column.name) for column in columns}
    return joined.with_columns(**emptied, **newly_set).drop(_EMPTIED.name, *(column.name for column in renamed))


def _renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name if name == _EMPTIED.name else f"{_NEW}{name}": value for name, value in values.items()}


def _names_of(job: Job, system: System, changes: Sequence[RecordChange]) -> dict[str, str | None]:
    """The names that are copied, by the id of the record of `system` that has them."""
    ids = [change.beside for change in changes if change.kind is ChangeKind.SAME_NAME]
    if not ids:
        return {}
    table = record_table(job.object, system)
    named = job.situation.tables[table.name].filter(nw.col("id").is_in(ids))
    return {str(id_): name for id_, name in named.select("id", KEY_SOURCE[table.name]["name"]).collect().rows()}
