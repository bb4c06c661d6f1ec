"""What a record's outcome depends on: rivals for its key, counterparts, companies, and what it is associated with.

Facts
    * Everything that the sync decides about a record depends on records that share a key with it, on who it is matched
      with or loses to, and on what its associations point to; and on what these depend on in turn.
    * A key that hundreds share needs no hundreds: of each table come the first few by rank, with the record that the
      forecast names as winner or counterpart. The proof of a plan says whether that was enough.
    * Associations to records that are not there point to nothing that could be written.

Not modelled
    * Companies that HubSpot makes by itself depend on additional domains of companies, too; those are not looked for.

Source: docs/semantics.md sections 3, 5 and 8, which name everything by which records meet.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.sides import own_key, ranked
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import Situation, one_row_each
from dynsync_lib.core.tables import RECORD_TABLES, Column, objects_in, record_table
from dynsync_lib.engine import Engine
from dynsync_lib.rehearsal.planning.record_names import Record, record_of, tables_beside

MOST_RIVALS: Final = 4
"""Of one table, records that share a key."""
_KEY, _ID = Column("key", "text", ""), Column("id", "text", "")
_LOOKUPS: Final[Mapping[str, tuple[tuple[str, str, str | None], ...]]] = {
    "dynamics/contacts": (("_parentcustomerid_value", "_parentcustomerid_type", None),),
    "dynamics/opportunities": (
        ("_parentaccountid_value", "", "account"),
        ("_parentcontactid_value", "", "contact"),
        ("_customerid_value", "_customerid_type", None),
    ),
    "dynamics/invoices": (("_customerid_value", "_customerid_type", None),),
}
"""By table the lookups that are associations: column, column of the type, and the type where it is always the same."""
Meeting = tuple[str, str]
"""What records of a table meet others by, and a name for it: email, name, domain, or own and the object."""


@dataclass(slots=True)
class Dependencies:
    """What records depend on, looked up in a snapshot and its forecast as it is asked for.

    `ranks` holds the place of every record that was looked up in the order of first records; `needs` what each depends
    on directly; `associations` HubSpot's rows of every record that was looked up.
    """

    engine: Engine
    situation: Situation
    outcomes: Frame
    ranks: dict[Record, tuple[int, int]] = field(default_factory=dict)
    needs: dict[Record, set[Record]] = field(default_factory=dict)
    associations: dict[Record, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def find(self, records: Iterable[Record]) -> None:
        """Looks up the records and all that they depend on."""
        waiting = set(records) - self.needs.keys()
        while waiting:
            keys = self._read(waiting)
            wanted = set(self._named_by_forecast(waiting)) | set(self._associated(waiting))
            for record, other in wanted:
                self.needs[record].add(other)
            self._add_rivals(keys)
            waiting = {other for record in waiting for other in self.needs[record]} - self.needs.keys()
        self._drop_missing()

    def closure(self, record: Record) -> frozenset[Record]:
        """The record with all that it depends on."""
        reached, waiting = {record}, [record]
        while waiting:
            new = self.needs[waiting.pop()] - reached
            reached |= new
            waiting += new
        return frozenset(reached)

    def drop(self, record: Record) -> None:
        """Leaves a record out, whoever depends on it."""
        self.needs.pop(record, None)
        for others in self.needs.values():
            others.discard(record)

    # --- Looking up ------------------------------------------------------------------------------------------------

    def _read(self, records: set[Record]) -> dict[Meeting, dict[str, set[Record]]]:
        """Notes ranks and lookups of the records; their keys come out: by what they meet, and value."""
        keys: dict[Meeting, dict[str, set[Record]]] = defaultdict(lambda: defaultdict(set))
        for record in records:
            self.needs[record] = set()
        for table, ids in _by_table(records).items():
            for row in self.engine.rows(self._narrow(table).join(self._named(ids), on="id", how="semi")):
                record = Record(table, row["id"])
                self.ranks[record] = (row["rank"], row["api_rank"])
                self.needs[record] |= set(_lookups(table, row))
                for name, values in _keys(row):
                    for value in values:
                        keys[name, table][value].add(record)
        return keys

    def _narrow(self, table: str) -> Frame:
        """id, rank, api_rank, its keys and lookups of a table's records."""
        return self.situation.remember(("rehearsal", table), lambda: self._select(table))

    def _select(self, table: str) -> Frame:
        schema = RECORD_TABLES[table]
        records = ranked(self.situation, schema)
        columns = set(records.collect_schema().names())
        names: dict[str, Any] = {"id": "id", "rank": "rank", "api_rank": "api_rank"}
        lookups = [name for lookup in _LOOKUPS.get(table, ()) for name in lookup[:2] if name in columns]
        names |= {name: name for name in lookups}
        if schema.object in PERSONS:
            names["key/email"] = "email_key"
        if table == "hubspot/contacts":
            names["keys/email"] = "secondary_email_keys"
        if schema.object is Object.COMPANY:
            is_accentless = self.situation.chosen("name_norm") == "accent_fold"
            names["key/name"] = "name_key_accentless" if is_accentless else "name_key"
            if self.situation.chosen("company_keys") != "name":
                names["key/domain"] = "domain_key"
        for object_ in objects_in(schema):
            if self._has_own_key(object_):
                names[f"key/own/{object_}"] = own_key(Job(self.situation, object_), schema.system)
        return records.select(**names)

    def _has_own_key(self, object_: Object) -> bool:
        return self.situation.sync(object_).match_mode == "own_field"

    def _named(self, ids: Iterable[str]) -> Frame:
        return self.engine.from_rows([{"id": id_} for id_ in sorted(ids)], (_ID,))

    # --- Who is named ----------------------------------------------------------------------------------------------

    def _named_by_forecast(self, records: set[Record]) -> Iterator[tuple[Record, Record]]:
        """Counterparts and winners; where two tables could hold one, both are named, and the wrong one is dropped."""
        columns = tuple(Column(name, "text", "") for name in ("system", "object", "record_id"))
        rows = [{"system": r.system.value, "object": r.object.value, "record_id": r.id} for r in sorted(records)]
        named = self.engine.from_rows(rows, columns)
        outcomes = self.outcomes.select(*(column.name for column in columns), "counterpart_id", "winner_id")
        for row in self.engine.rows(outcomes.join(named, on=[column.name for column in columns], how="semi")):
            record = record_of(row["system"], row["object"], row["record_id"])
            for id_, system in ((row["counterpart_id"], record.system.other), (row["winner_id"], record.system)):
                if id_ is not None:
                    yield from ((record, Record(table, id_)) for table in tables_beside(record.object, system))

    def _associated(self, records: set[Record]) -> Iterator[tuple[Record, Record]]:
        """What HubSpot's associations of the records point to."""
        starts = [record for record in sorted(records) if record.system is System.HUBSPOT]
        if not starts:
            return
        columns = (Column("from_object", "text", ""), Column("from_id", "text", ""))
        rows = [{"from_object": record.object.value, "from_id": record.id} for record in starts]
        named = self.engine.from_rows(rows, columns)
        links = self.situation.tables["hubspot/links"]
        for row in self.engine.rows(links.join(named, on=["from_object", "from_id"], how="semi")):
            record = record_of(System.HUBSPOT, row["from_object"], row["from_id"])
            self.associations[record].append(row)
            yield record, record_of(System.HUBSPOT, row["to_object"], row["to_id"])

    def _add_rivals(self, keys: Mapping[Meeting, Mapping[str, set[Record]]]) -> None:
        """Notes for the records of each key the first others that have it, in every table where it can be met."""
        by_name: dict[str, dict[str, set[Record]]] = defaultdict(lambda: defaultdict(set))
        for (name, _), values in keys.items():
            for value, records in values.items():
                by_name[name][value] |= records
        for name, values in by_name.items():
            for table in self._tables_of(name):
                for column in self._columns_of(name, table):
                    for value, other in self._holders(table, column, values):
                        for record in values[value]:
                            self.needs[record].add(other)
        for record, others in self.needs.items():
            others.discard(record)

    def _tables_of(self, name: str) -> tuple[str, ...]:
        if name == "email":
            return tuple(dict.fromkeys(table for system in System for table in tables_beside(Object.CONTACT, system)))
        object_ = Object.COMPANY if name in ("name", "domain") else Object(name.removeprefix("own/"))
        return tuple(record_table(object_, system).name for system in System)

    def _columns_of(self, name: str, table: str) -> tuple[str, ...]:
        is_listed = (name, table) == ("email", "hubspot/contacts")
        return (f"key/{name}", f"keys/{name}") if is_listed else (f"key/{name}",)

    def _holders(self, table: str, column: str, values: Iterable[str]) -> Iterator[tuple[str, Record]]:
        """The first records of a table that hold one of the values in a column, with the value."""
        named = self.engine.from_rows([{"key": value} for value in sorted(values)], (_KEY,))
        held = self._narrow(table).select("id", "rank", "api_rank", key=column)
        if column.startswith("keys/"):
            held = self.situation.remember(
                ("rehearsal", table, column),
                lambda: self.situation.keep(one_row_each(held, "key"), "rehearsal_addresses"),
            )
        held = held.join(named, on="key", how="semi")
        first = held.with_columns(turn=nw.col("rank").rank("ordinal").over("key")).filter(nw.col("turn") <= MOST_RIVALS)
        for row in self.engine.rows(first):
            yield row["key"], Record(table, row["id"])

    def _drop_missing(self) -> None:
        """Leaves out what is named and is not there."""
        for record in [record for record in self.needs if record not in self.ranks]:
            del self.needs[record]
        for others in self.needs.values():
            others.intersection_update(self.needs)


def _by_table(records: Iterable[Record]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for record in records:
        ids[record.table].append(record.id)
    return dict(sorted(ids.items()))


def _keys(row: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for column, value in row.items():
        if value is not None and column.startswith("key/"):
            yield column.removeprefix("key/"), [value]
        elif value and column.startswith("keys/"):
            yield column.removeprefix("keys/"), value


def _lookups(table: str, row: Mapping[str, Any]) -> Iterator[Record]:
    """What the lookups of a Dynamics record point to."""
    for column, type_column, fixed_type in _LOOKUPS.get(table, ()):
        id_ = row.get(column)
        if id_:
            type_ = fixed_type or row.get(type_column)
            yield Record("dynamics/contacts" if type_ == "contact" else "dynamics/accounts", id_)
