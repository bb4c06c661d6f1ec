"""Creates, changes, archives and merges HubSpot records, one by one (portal-apis 2.4).

Facts
    * New ids are one more than the highest. Times are the emulator's; `lastmodifieddate` moves with every change.
    * Archived records keep their values, lose their addresses, and are found with `archived=true`.
    * The first company that is associated with a contact or a deal becomes its primary one.
    * A merged record is gone; its id leads to the record that it was merged into, which keeps its own values, takes
      those that it lacks, and gets the other's addresses as additional ones.

Not modelled
    * Companies made by themselves from an address's domain; what other properties a merge recomputes.

Where it is used: `emulator.hubspot.routes`, `emulator.hubspot.batches`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.hubspot.association_types import kind_of_type, read_specs
from dynsync_lib.emulator.hubspot.bodies import lacking, read_body
from dynsync_lib.emulator.hubspot.errors import invalid, no_record
from dynsync_lib.emulator.hubspot.history import remember
from dynsync_lib.emulator.hubspot.names import KIND_BY_NAME, Kind
from dynsync_lib.emulator.hubspot.record_ids import RECORD_ID, is_count, refuse_no_id
from dynsync_lib.emulator.hubspot.records import (
    record_json,
    select_records,
    shape_of,
    survivor_of,
    unique_names,
)
from dynsync_lib.emulator.hubspot.stored_associations import add_link, move_links, remove_links_of, set_company
from dynsync_lib.emulator.hubspot.unique import addresses_of, already_exists, already_has, find_collision
from dynsync_lib.emulator.hubspot.written_values import Texts, described, keeps_stage, read_properties
from dynsync_lib.emulator.store.database import fold, quoted
from dynsync_lib.emulator.store.records import MERGED, Store, Stored
from dynsync_lib.emulator.times import iso_ms

_MERGED: Final = ("primaryObjectId", "objectIdToMerge")
_NEEDS_ONE_OF: Final = {"contact": ("email", "firstname", "lastname"), "company": ("name", "domain")}


@dataclass(frozen=True, slots=True)
class RecordWriter:
    """Writes records of one object type for one call."""

    store: Store
    call: Call
    kind: Kind
    portal_id: int

    def create(self, body: Mapping[str, Any]) -> str:
        """Adds a record with the `properties` and `associations` of a body and gives its id.

        Raises Refusal 400 for values that are not taken, 409 for an address that another contact has.
        """
        texts = self.read(body.get("properties"), purpose="create")
        needed = _NEEDS_ONE_OF.get(self.kind.singular, ())
        if needed and not any(texts.get(name) for name in needed):
            raise invalid(self.call, f"A {self.kind.singular} needs one of these properties: {', '.join(needed)}")
        collision = find_collision(self.store, self.kind, texts, own_id=None)
        if collision is not None and collision.name in ("email", "hs_additional_emails"):
            raise already_exists(self.call, self.kind, collision)
        id_ = str(self._next_id())
        if collision is not None:
            raise already_has(self.call, self.kind, collision, own_id=id_, portal_id=self.portal_id)
        times = {"createdate": self._now, self.kind.modified: self._now, "hs_object_id": id_}
        self.store.insert(RECORD_TABLES[self.kind.table], id_, {**texts, **times}, at_s=self.call.at_s)
        self._keep_addresses(int(id_), texts)
        self._keep_company(int(id_), texts)
        self._associate(id_, body.get("associations") or ())
        return id_

    def update(self, stored: Stored, properties: Any) -> None:
        """Changes the properties of a record. Raises Refusal 400 for values that are not taken or that another has."""
        texts = self.read(properties, purpose="update")
        collision = find_collision(self.store, self.kind, texts, own_id=stored.id)
        if collision is not None:
            raise already_has(self.call, self.kind, collision, own_id=stored.id, portal_id=self.portal_id)
        stage = described(self.store, self.kind).get("lifecyclestage")
        if keeps_stage(stage, stored.values.get("lifecyclestage"), texts.get("lifecyclestage")):
            del texts["lifecyclestage"]
        self._store(stored, texts)
        self._keep_company(stored.rank, texts)

    def archive(self, stored: Stored) -> None:
        """Archives a record: it is not listed any more, its addresses are free again, its associations are removed."""
        times = {self.kind.modified: self._now}
        self.store.update(self.kind.table, stored.id, times, at_s=self.call.at_s, archived=True)
        remove_links_of(self.store, self.kind, stored.rank)
        self._keep_addresses(stored.rank, {})

    def merge(self, survivor: Stored, other: Stored) -> None:
        """Merges `other` into `survivor`, which keeps its own values and takes those that it lacks; `other` is
        deleted."""
        missing = {name: value for name, value in other.values.items() if value and not survivor.values.get(name)}
        own: Texts = {**missing, **self._joined_addresses(survivor, other)}
        own.pop("hs_object_id", None)
        merged = [*(survivor.values.get("hs_merged_object_ids") or "").split(";"), other.id]
        own["hs_merged_object_ids"] = ";".join(filter(None, merged))
        move_links(self.store, self.call, self.kind, (other.rank, survivor.rank))
        self._keep_addresses(other.rank, {})
        self.store.delete(self.kind.table, other.id)
        self.store.execute(f"INSERT INTO {quoted(MERGED)} VALUES (?, ?, ?)", (self.kind.table, other.id, survivor.id))  # noqa: S608
        self._store(survivor, own)

    def _joined_addresses(self, survivor: Stored, other: Stored) -> Texts:
        """The addresses of both contacts: the first is the survivor's own."""
        if self.kind.singular != "contact":
            return {}
        addresses = addresses_of(survivor.values) + addresses_of(other.values)
        return {"email": next(iter(addresses), None), "hs_additional_emails": ";".join(addresses[1:]) or None}

    def find(self, text: str, id_property: str | None = None) -> Stored | None:
        """The record of an id or of a unique value; None when there is none or it is archived."""
        if id_property in RECORD_ID:
            stored = self.store.find_id(self.kind.table, survivor_of(self.store, self.kind, text))
        elif id_property not in unique_names(self.store, self.kind):
            raise invalid(self.call, f"Property {id_property} is not a unique property of {self.kind.plural}")
        elif id_property not in self.store.columns(self.kind.table):
            stored = None
        else:
            where = f'fold({quoted(str(id_property))}) = ? AND "@archived" = 0'
            stored = self.store.find(self.kind.table, where, (fold(text),))
        return None if stored is None or stored.is_archived else stored

    def get(self, text: str, id_property: str | None = None) -> Stored:
        """The record of an id or of a unique value. Raises Refusal 404 when there is none or it is archived."""
        refuse_no_id(self.call, text, id_property)
        stored = self.find(text, id_property)
        if stored is None:
            raise no_record()
        return stored

    def read(self, properties: Any, *, purpose: str) -> Texts:
        """The texts that a write stores. Raises Refusal 400 when there is none, or for values that are not taken."""
        if not isinstance(properties, Mapping):
            raise lacking(self.call, "properties")
        if not properties:
            raise invalid(self.call, f"No properties found to {purpose}, please provide at least one.")
        return read_properties(self.store, self.call, self.kind, properties, portal_id=self.portal_id)

    @property
    def _now(self) -> str:
        return str(iso_ms(self.call.at_s))

    def _store(self, stored: Stored, texts: Texts) -> None:
        changed = {**texts, self.kind.modified: self._now}
        remember(self.store, self.kind.table, stored, changed, at_s=self.call.at_s)
        self.store.update(self.kind.table, stored.id, changed, at_s=self.call.at_s)
        self._keep_addresses(stored.rank, {**stored.values, **texts})

    def _keep_addresses(self, rank: int, values: Mapping[str, str | None]) -> None:
        if self.kind.singular == "contact":
            self.store.set_addresses(rank, addresses_of(values))

    def _keep_company(self, rank: int, texts: Texts) -> None:
        if self.kind.singular == "contact" and "associatedcompanyid" in texts:
            set_company(self.store, self.call, rank, texts["associatedcompanyid"])

    def _next_id(self) -> int:
        if not self.store.has(self.kind.table):
            return 1
        sql = f'SELECT max("@rank") FROM {quoted(self.kind.table)}'  # noqa: S608
        merged = f"SELECT max(CAST(id AS INTEGER)) FROM {quoted(MERGED)} WHERE name = ?"  # noqa: S608
        highest = (self.store.query(sql), self.store.query(merged, (self.kind.table,)))
        return int(max(rows[0][0] or 0 for rows in highest)) + 1

    def _associate(self, id_: str, associations: Sequence[Any]) -> None:
        for association in associations:
            target = str((association.get("to") or {}).get("id", ""))
            types = association.get("types") or [{}]
            to = KIND_BY_NAME.get(kind_of_type(self.kind.singular, types[0].get("associationTypeId")) or "")
            if to is None or not is_count(target):
                raise invalid(self.call, "An association needs a target with an id, and types that lead to it")
            for spec in read_specs(self.store, self.call, (self.kind, to), types):
                add_link(self.store, self.call, (self.kind, to), (int(id_), int(target)), spec)


def create_record(writer: RecordWriter) -> Reply:
    """`POST /crm/v3/objects/{type}`: 201 and the record."""
    body = read_body(writer.call)
    with writer.store.change():
        id_ = writer.create(body)
    return _record(writer, id_, body["properties"], status=201)


def patch_record(writer: RecordWriter) -> Reply:
    """`PATCH /crm/v3/objects/{type}/{id}`: 200 and the record."""
    properties = read_body(writer.call).get("properties")
    with writer.store.change():
        stored = writer.get(writer.call.names["id"], writer.call.option("idProperty"))
        writer.update(stored, properties)
    return _record(writer, stored.id, properties or (), status=200)


def archive_record(writer: RecordWriter) -> Reply:
    """`DELETE /crm/v3/objects/{type}/{id}`: 204, whether the record was there or not."""
    refuse_no_id(writer.call, writer.call.names["id"])
    with writer.store.change():
        stored = writer.find(writer.call.names["id"])
        if stored is not None:
            writer.archive(stored)
    return Reply(204, b"")


def merge_records(writer: RecordWriter) -> Reply:
    """`POST /crm/v3/objects/{type}/merge`: 200 and the record that stays."""
    body = read_body(writer.call)
    missing = [name for name in _MERGED if body.get(name) is None]
    if missing:
        raise lacking(writer.call, *missing)
    ids = [str(body[name]) for name in _MERGED]
    with writer.store.change():
        survivor, other = (writer.get(id_) for id_ in ids)
        if survivor.id == other.id:
            raise invalid(writer.call, "A record cannot be merged into itself")
        writer.merge(survivor, other)
    return _record(writer, survivor.id, (), status=200)


def _record(writer: RecordWriter, id_: str, written: Iterable[str], *, status: int) -> Reply:
    shape = shape_of(writer.store, writer.kind, [*writer.kind.defaults, *written])
    row = select_records(writer.store, shape, '"@id" = ?', (id_,))[0]
    return json_reply(record_json(shape, row), status=status)
