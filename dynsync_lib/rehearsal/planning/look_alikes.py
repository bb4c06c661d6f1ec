"""The look-alikes of a sample: a snapshot as the test portals are to hold it, and whose look-alike each record is.

Facts
    * The order of first records is kept. HubSpot gives ids in the order of creation, so look-alikes have their place in
      it as id. Dataverse takes GUIDs that the client chose and reads them as SQL Server sorts them, by the last six
      bytes first (corrections F2 to F4): these hold the place, and the first eight bytes the tag.
    * Times that a portal sets are given in the order of creation, up to the snapshot's own moment, as a seeding would.
    * Lookups and associations to records outside the sample are left out.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.lookup_names import bare_name, is_lookup_id, is_lookup_type
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import RECORD_TABLES, Column, RecordTable
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.moments import utc_text
from dynsync_lib.rehearsal.planning.dependencies import Dependencies
from dynsync_lib.rehearsal.planning.field_masks import FieldMasks, Masked, Treatment, choose_texts
from dynsync_lib.rehearsal.planning.pseudonyms import Pseudonyms
from dynsync_lib.rehearsal.planning.record_names import Record
from dynsync_lib.snapshot.snapshot import ACCOUNT_FILE, FIXED_TABLES, Snapshot, read_facts
from dynsync_lib.snapshot.writer import SnapshotWriter

_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_ID: Final = Column("id", "text", "")
_PEOPLE: Final = ("hubspot/owners", "dynamics/users")
_ACCOUNT_FACTS: Final = ("timeZone", "companyCurrency", "additionalCurrencies")
"""What of HubSpot's account decides, or has to be set alike."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Originals:
    """The customer's rows by record; `people` are all owners and users, of whom a sample has those that it names."""

    rows: Mapping[Record, Row]
    people: Mapping[Record, Row]
    masks: FieldMasks

    def of(self, records: Iterable[Record]) -> Originals:
        """The rows of some records, with the owners and users whose ids stand in them, and all who share an address
        with one of these: owners and users are paired by it.
        """
        rows = {record: self.rows[record] for record in records}
        named = {value.strip() for row in rows.values() for value in row.values() if isinstance(value, str)}
        addresses = {row["email_key"] for record, row in self.people.items() if record.id in named} - {None}
        people = {
            record: row for record, row in self.people.items() if record.id in named or row["email_key"] in addresses
        }
        return Originals(rows | people, people, self.masks)


def read_originals(engine: Engine, snapshot: Snapshot, masks: FieldMasks, records: Iterable[Record]) -> Originals:
    """The rows of the records, and all owners and users, from the snapshot. Looks once through each table."""
    ids: dict[str, list[str]] = {}
    for record in sorted(set(records)):
        ids.setdefault(record.table, []).append(record.id)
    rows: dict[Record, Row] = {}
    for table, named in ids.items():
        frame = engine.scan(snapshot.table_path(table)).select("id", *masks.columns[table])
        wanted = engine.from_rows([{"id": id_} for id_ in named], (_ID,))
        for row in engine.rows(frame.join(wanted, on="id", how="semi")):
            rows[Record(table, row["id"])] = row
    people = {Record(table, row["id"]): row for table in _PEOPLE for row in read_rows(snapshot.table_path(table))}
    return Originals(rows, people, masks)


# --- Ids -----------------------------------------------------------------------------------------------------------


def new_ids(originals: Originals, dependencies: Dependencies, tag: str) -> dict[Record, str]:
    """The id of each look-alike, in the order of first records of its table."""
    ids: dict[Record, str] = {}
    for number, (table, schema) in enumerate(RECORD_TABLES.items()):
        records = sorted(
            (record for record in originals.rows if record.table == table), key=_turn(originals, dependencies)
        )
        for turn, record in enumerate(records, 1):
            ids[record] = str(turn) if schema.system is System.HUBSPOT else _guid(tag, number, turn)
    return ids


def _turn(originals: Originals, dependencies: Dependencies) -> Callable[[Record], tuple[int, int, str]]:
    def turn(record: Record) -> tuple[int, int, str]:
        if record in dependencies.ranks:
            return (*dependencies.ranks[record], record.id)
        return (originals.rows[record]["api_rank"], 0, record.id)

    return turn


def _guid(tag: str, table: int, turn: int) -> str:
    return f"{tag[:8]}-{tag[8:12]}-{tag[12:]}-80{table:02x}-{turn:012x}"


# --- Values --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """The look-alikes' rows by table in the order of creation, their associations, and the ids by original."""

    tables: Mapping[str, Sequence[Row]]
    links: Sequence[Row]
    ids: Mapping[Record, str]

    def by_original(self) -> dict[Record, Row]:
        """The look-alikes' rows by original."""
        rows = {(table, row["id"]): row for table, rows in self.tables.items() for row in rows}
        return {record: rows[record.table, id_] for record, id_ in self.ids.items()}


def make_look_alikes(
    originals: Originals,
    ids: Mapping[Record, str],
    pseudonyms: Pseudonyms,
    associations: Mapping[Record, Sequence[Row]],
    snapshot: Snapshot,
) -> LookAlikes:
    """The look-alikes of the originals under their new ids; `snapshot` says when it was taken."""
    maker = _Maker(originals, ids, *_all_texts(originals, pseudonyms))
    tables: dict[str, list[Row]] = {table: [] for table in RECORD_TABLES}
    for record in sorted(ids, key=lambda record: (record.table, _turn_of(ids[record]))):
        tables[record.table].append(maker.row(record))
    for rows in tables.values():
        for turn, row in enumerate(rows):
            moment = utc_text(snapshot.taken_at - timedelta(seconds=len(rows) - turn))
            row |= {name: moment for name, value in row.items() if value is _LATER}
    links = [
        {**row, "from_id": ids[record], "to_id": ids[target]}
        for record, rows in sorted(associations.items())
        for row in rows
        if record in ids and (target := _target(row)) in ids
    ]
    return LookAlikes(tables, sorted(links, key=_link_turn), ids)


_LATER: Final = "\x00time"
"""Stands for a time that is not yet known."""


def _turn_of(id_: str) -> int:
    return int(id_) if id_.isdigit() else int(id_[-12:], 16)


def _link_turn(row: Row) -> tuple[str, int, str, int, str]:
    return row["from_object"], int(row["from_id"]), row["to_object"], int(row["to_id"]), row["label"] or ""


def _target(row: Row) -> Record:
    return Record("hubspot/companies" if row["to_object"] == "company" else "hubspot/contacts", row["to_id"])


def _all_texts(originals: Originals, pseudonyms: Pseudonyms) -> tuple[dict[str, str], dict[str, str]]:
    """The pseudonyms of all texts at once, and those of web addresses."""
    plain: set[str] = set()
    web: set[str] = set()
    for table, masks in originals.masks.columns.items():
        rows = [row for record, row in originals.rows.items() if record.table == table]
        plain |= set(choose_texts(rows, masks, (Treatment.TEXT, Treatment.TYPED)))
        web |= set(choose_texts(rows, masks, (Treatment.WEB,)))
    return pseudonyms.of_texts(plain), pseudonyms.of_web_texts(web)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes a look-alike of one row."""

    originals: Originals
    ids: Mapping[Record, str]
    texts: Mapping[str, str]
    web_texts: Mapping[str, str]

    def row(self, record: Record) -> Row:
        """The look-alike's values; times of the portal are still open."""
        original = self.originals.rows[record]
        columns = self.originals.masks.columns[record.table]
        values = {name: self._value(record, name, masked, original) for name, masked in columns.items()}
        self._drop_types(values, original)
        return {"id": self.ids[record], **values}

    def _value(self, record: Record, column: str, masked: Masked, row: Row) -> str | None:
        value = row[column]
        if masked.treatment is Treatment.CREATED and _MOMENT.fullmatch(value or ""):
            return str(value)
        if masked.treatment in (Treatment.TIME, Treatment.CREATED):
            return _LATER
        if value is None or masked.treatment is Treatment.BLANK:
            return None
        if masked.treatment is Treatment.LOOKUP:
            return value if is_lookup_type(column) else self._new_id(record, column, value, row)
        if masked.treatment is Treatment.KEPT:
            return str(value)
        known = self.web_texts if masked.treatment is Treatment.WEB else self.texts
        parts = masked.parts(value)
        parts[::2] = [part if masked.keeps(part) else known[part] for part in parts[::2]]
        return "".join(parts)

    def _new_id(self, record: Record, column: str, value: str, row: Row) -> str | None:
        """The look-alike's id of the record that a lookup points to; None outside the sample, and for teams."""
        type_ = row.get(column.replace("_value", "_type"))
        if record.system is System.HUBSPOT or bare_name(column) == "ownerid":
            table = "hubspot/owners" if record.system is System.HUBSPOT else "dynamics/users"
            return None if type_ == "team" else self.ids.get(Record(table, value.strip()))
        is_contact = type_ == "contact" or column == "_parentcontactid_value"
        return self.ids.get(Record("dynamics/contacts" if is_contact else "dynamics/accounts", value))

    def _drop_types(self, values: Row, original: Row) -> None:
        """A lookup that points nowhere any more has no type, either."""
        for column in filter(is_lookup_id, list(values)):
            type_ = column.replace("_value", "_type")
            if type_ in values and values[column] is None and original[column] is not None:
                values[type_] = None


# --- The snapshot --------------------------------------------------------------------------------------------------


def write_look_alikes(
    look_alikes: LookAlikes, masks: FieldMasks, snapshot: Snapshot, keys: KeyMaker, out: Path
) -> Snapshot:
    """The look-alikes as a snapshot of the moment of the original; of metadata it has all, of the account little."""
    moment = snapshot.taken_at
    with SnapshotWriter(out, source="emulator", started_at=moment) as writer:
        facts = read_facts(snapshot.path / ACCOUNT_FILE)
        writer.write_json(ACCOUNT_FILE, {name: facts[name] for name in _ACCOUNT_FACTS if name in facts})
        for name, table in RECORD_TABLES.items():
            rows = [_finished(table, keys, turn, row) for turn, row in enumerate(look_alikes.tables[name])]
            vendor = list(masks.columns[name])
            writer.write(name, rows, vendor_columns=vendor, provided=snapshot.is_provided(name))
        for name in FIXED_TABLES:
            rows = list(look_alikes.links) if name == "hubspot/links" else read_rows(snapshot.table_path(name))
            writer.write(name, rows, provided=snapshot.is_provided(name))
        kept = {name: snapshot.manifest[name] for name in _MANIFEST_FACTS if name in snapshot.manifest}
        return writer.finish(finished_at=moment, facts=kept)


_MANIFEST_FACTS: Final = ("associations_of", "standard_schema")


def _finished(table: RecordTable, keys: KeyMaker, turn: int, row: Row) -> Row:
    values = {**row, table.id_field: row["id"]}
    return {"id": row["id"], "api_rank": turn, "file_rank": turn, **keys.finish(table, values), **row}
