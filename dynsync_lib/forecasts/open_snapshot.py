"""What a forecast looks at, out of a snapshot: its tables in an engine, its fields, and other environments beside it.

Facts
    * A side without metadata is described by the shipped standard schema; what it does not know counts as plain
      text, and `_x_value` as a lookup `x`.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue, Field, build_catalogue
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.keys import accentless_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import (
    ACCENTLESS_NAME,
    BINDINGS,
    FILE_RANK,
    LINKS_IN,
    RECORD_TABLES,
    UNRESOLVED_LOOKUPS,
    Column,
    RecordTable,
)
from dynsync_lib.core.typed_values import no_number
from dynsync_lib.engine import AUTO, Engine, open_engine_for
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.forecasts.forecast_info import PROVIDERS
from dynsync_lib.snapshot.snapshot import Snapshot

_NAME_KEY: Final = Column("name_key", "text", "the finished key of a name")
_TEXT_TYPE: Final = {System.HUBSPOT: "string", System.DYNAMICS: "String"}


def open_tables(*snapshots: Snapshot, work: Path, engine: str = AUTO) -> AbstractContextManager[Engine, bool | None]:
    """The engine for those snapshots; what is kept between stages is in `work`, or in memory when they are small."""
    records = sum(snapshot.rows(name) for snapshot in snapshots for name in RECORD_TABLES)
    return open_engine_for(records, work=work, name=engine)


def open_situation(
    engine: Engine, snapshot: Snapshot, settings: Settings, rulebook: Rulebook, *, beside: Iterable[Snapshot] = ()
) -> Situation:
    """All that the core may look at: the snapshot's tables in the engine, the settings, the fields of both systems.

    `beside` are snapshots of further Dynamics environments of the same portal (1.11). Nothing is computed yet.
    """
    names = (*RECORD_TABLES, LINKS_IN.name, *filter(snapshot.has_table, (UNRESOLVED_LOOKUPS.name,)))
    tables = {name: _scan(engine, snapshot, name) for name in names}
    catalogue, taken_at = read_catalogue(snapshot), snapshot.taken_at
    parts = (tables, settings, rulebook, catalogue, taken_at, engine.keep, engine.from_rows)
    trimmed = {name: snapshot.trimmed_columns(name) for name in RECORD_TABLES}
    empty = frozenset(name for name in RECORD_TABLES if not snapshot.rows(name))
    situation = Situation(
        *parts,
        time_zone=snapshot.time_zone,
        trimmed=trimmed,
        empty_tables=empty,
        associations_of=snapshot.associations_of,
        caller_privileges=snapshot.caller_privileges,
        caller_is_person=snapshot.caller_is_person,
    )
    return replace(situation, beside=[_beside(engine, situation, other) for other in beside])


def _scan(engine: Engine, snapshot: Snapshot, name: str) -> Frame:
    """A table of the snapshot. Earlier ones do not say the place of a record in its file (there `api_rank` is it), nor
    names without accents, which are made of the names' keys.
    """
    table = engine.scan(snapshot.table_path(name))
    if name not in RECORD_TABLES:
        return table
    lacking = {column.name for column in RECORD_TABLES[name].structure} - set(snapshot.columns(name))
    if FILE_RANK.name in lacking:
        table = table.with_columns(**{FILE_RANK.name: no_number()})
    return _with_accentless_names(engine, table) if ACCENTLESS_NAME.name in lacking else table


def _with_accentless_names(engine: Engine, table: Frame) -> Frame:
    keys = table.select("name_key").unique().collect().get_column("name_key").to_list()
    rows = [{"name_key": key, ACCENTLESS_NAME.name: accentless_key(key)} for key in sorted(filter(None, keys))]
    return table.join(engine.from_rows(rows, (_NAME_KEY, ACCENTLESS_NAME)), on="name_key", how="left")


def _beside(engine: Engine, situation: Situation, snapshot: Snapshot) -> Situation:
    """The same portal under the same settings beside another Dynamics environment."""
    names = [name for name, table in RECORD_TABLES.items() if table.system is System.DYNAMICS]
    theirs = {name: _scan(engine, snapshot, name) for name in names}
    tables = {name: table for name, table in {**situation.tables, **theirs}.items() if name != BINDINGS.name}
    trimmed = {**situation.trimmed, **{name: snapshot.trimmed_columns(name) for name in names}}
    empty = situation.empty_tables.difference(names) | {name for name in names if not snapshot.rows(name)}
    catalogue = read_catalogue(snapshot)
    return replace(situation, tables=tables, catalogue=catalogue, memory={}, trimmed=trimmed, empty_tables=empty)


def read_catalogue(snapshot: Snapshot) -> Catalogue:
    """The fields of both systems, with type, options, length and what may be written.

    A column that a side without metadata delivered and the standard schema does not know is plain text, or a lookup.

    >>> from dynsync_lib.core.model import Object, System
    >>> catalogue = kit.read_catalogue(kit.open_snapshot("out/demo/snapshot"))
    >>> catalogue.find(System.DYNAMICS, Object.CONTACT, "emailaddress1").type
    'String'
    """
    standard = {system: not snapshot.is_provided(name) for system, name in PROVIDERS.items()}
    listed = {system: _listed_fields(system, _MetadataTable.of(snapshot, name)) for system, name in PROVIDERS.items()}
    catalogue = Catalogue({**listed[System.HUBSPOT], **listed[System.DYNAMICS]}, standard)
    extra = {}
    for name, table in RECORD_TABLES.items():
        if table.object is not None and standard[table.system]:
            own = {column.name for column in table.structure}
            columns = [column for column in snapshot.columns(name) if column not in own]
            for unknown in _unknown_fields(catalogue, table, columns):
                extra[(table.system, table.object, unknown.name)] = unknown
    return Catalogue({**catalogue.fields, **extra}, standard)


@dataclass(frozen=True, slots=True)
class _MetadataTable:
    """A table of properties or columns: the same as any other of the same bytes, wherever it is."""

    sha256: str
    path: Path = field(compare=False)

    @classmethod
    def of(cls, snapshot: Snapshot, name: str) -> _MetadataTable:
        return cls(snapshot.sha256(name), snapshot.table_path(name))


@lru_cache(maxsize=4)
def _listed_fields(system: System, table: _MetadataTable) -> Mapping[tuple[System, Object, str], Field]:
    """The fields that a table of metadata lists; kept, since settings, forecast and explanations ask for the same."""
    rows = read_rows(table.path)
    return build_catalogue(*((rows, ()) if system is System.HUBSPOT else ((), rows))).fields


def _unknown_fields(known: Catalogue, table: RecordTable, columns: Iterable[str]) -> Iterator[Field]:
    """A field for every delivered column that the schema does not know; the two columns of a lookup are one field."""
    object_ = table.own_object
    unknown = [column for column in columns if known.find(table.system, object_, column) is None]
    lookups = [column[1:-6] for column in unknown if _is_lookup(column, table.system)]
    parts = {f"_{name}_{part}" for name in lookups for part in ("value", "type")}
    for name in lookups:
        yield Field(table.system, object_, name, name, "Lookup")
    for name in unknown:
        if name not in parts:
            yield Field(table.system, object_, name, name, _TEXT_TYPE[table.system])


def _is_lookup(column: str, system: System) -> bool:
    return system is System.DYNAMICS and column.startswith("_") and column.endswith("_value")
