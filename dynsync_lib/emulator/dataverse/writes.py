"""Creating, changing and deleting rows (portal-apis 6.6, 7.2).

Facts
    * POST answers 204 with the row's address, or 201 with the row when that is preferred. PATCH without `If-Match` is
      an upsert; `If-Match: *` only updates, an etag only that version, `If-None-Match: *` only creates.
    * Duplicate detection is off unless `MSCRM.SuppressDuplicateDetection: false` switches it on.
    * Rows that are not active are read-only until they are activated (documented; the code of the refusal is ours).
    * Where the table has the columns, a row names the user who created it and who changed it last.
    * Deleting a row empties the lookups that pointed to it.

Not modelled
    * Plug-ins, workflows, business rules, cascades, status transitions, rollup and calculated columns other than full
      names; `createdon` can be set on creation by `overriddencreatedon` when the table has that column.

Where it is used: `emulator.dataverse.bulk`, `emulator.dataverse.environment`, `emulator.dataverse.routes`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse.columns import columns_of, exact_json_reply
from dynsync_lib.emulator.dataverse.keys import (
    Address,
    find_by_key,
    is_guid,
    no_such_key,
    read_address,
    refuse_duplicate_keys,
)
from dynsync_lib.emulator.dataverse.names import ENTITIES, Entity, does_not_exist, refused, unreadable
from dynsync_lib.emulator.dataverse.payload import Texts, bound_tables, read_object, read_payload
from dynsync_lib.emulator.dataverse.prefer import read_preferences
from dynsync_lib.emulator.dataverse.privileges import APPEND, APPEND_TO, CREATE, DELETE, WRITE
from dynsync_lib.emulator.dataverse.query import read_query
from dynsync_lib.emulator.dataverse.rows import read_row
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store, Stored

Body = Mapping[str, Any]
_DUPLICATES_BY: Final = {"contact": "emailaddress1", "account": "name", "lead": "emailaddress1"}
_STATUS_OF_STATE: Final = {"0": "1", "1": "2"}


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Writes rows for one call.

    `need` raises Refusal 403 when the caller lacks a privilege; `user_id` is the owner of new rows.
    """

    store: Store
    call: Call
    need: Callable[[Entity, str], None]
    user_id: str

    def create(self, entity: Entity, body: Body, *, address: Address | None = None) -> str:
        """Adds a row with these values, and with those of the alternate key in its address; gives its id.

        Raises Refusal 400 for values that are not taken, 412 for a duplicate.
        """
        self.need(entity, CREATE)
        self._need_binding(entity, body)
        values = {**(address or {}), **body}
        texts = read_payload(self.store, entity, values, creates=True)
        self._refuse_detected(entity, texts)
        refuse_duplicate_keys(self.store, entity, texts, own_id=None)
        id_ = self._own_id(entity, body) or self._new_id(entity)
        if self.store.find_id(entity.table, id_) is not None:
            raise refused(412, "0x80040237", "A record with matching key values already exists.")
        whole = {**self._defaults(entity), **texts, entity.key: id_}
        self.store.insert(RECORD_TABLES[entity.table], id_, self._derived(entity, whole), at_s=self.call.at_s)
        return id_

    def update(self, entity: Entity, stored: Stored, body: Body) -> None:
        """Changes one row.

        Raises Refusal 400 for values that are not taken or a row that is not active, 412 for a duplicate.
        """
        self.need(entity, WRITE)
        self._need_binding(entity, body)
        texts = read_payload(self.store, entity, body, creates=False)
        if stored.values.get("statecode") not in (None, "0") and "statecode" not in texts:
            message = (
                f"The {entity.logical} With Id = {stored.id} is not active: it is read-only until it is activated."
            )
            raise refused(400, "0x80040203", message)
        refuse_duplicate_keys(self.store, entity, {**stored.values, **texts}, own_id=stored.id)
        if "statecode" in texts and "statuscode" not in texts and texts["statecode"] in _STATUS_OF_STATE:
            texts["statuscode"] = _STATUS_OF_STATE[texts["statecode"]]
        changed = self._derived(entity, {**stored.values, **texts})
        changes = {name: value for name, value in changed.items() if stored.values.get(name) != value}
        written = {**changes, "modifiedon": self._now, **self._by("modified")}
        self.store.update(entity.table, stored.id, self._only_known(written, entity), at_s=self._at)

    def delete(self, entity: Entity, stored: Stored) -> None:
        """Removes one row and empties the lookups that pointed to it."""
        self.need(entity, DELETE)
        self.store.delete(entity.table, stored.id)
        for other in ENTITIES:
            for column in columns_of(self.store, other).values():
                if entity.logical in column.targets and column.stored in self.store.columns(other.table):
                    self._empty(other, column.stored, column.type_stored, stored.id)

    def find(self, entity: Entity, text: str) -> tuple[Stored | None, str | None, Address]:
        """The row of an address (None when there is none), the address's GUID (None for a key), and its alternate
        key."""
        id_, address = read_address(self.store, entity, text)
        stored = self.store.find_id(entity.table, id_) if id_ else find_by_key(self.store, entity, address)
        return stored, id_, address

    @property
    def _at(self) -> float:
        return self.call.at_s

    @property
    def _now(self) -> str:
        return datetime.fromtimestamp(self.call.at_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _new_id(self, entity: Entity) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:{entity.logical}:{self.store.version}"))

    def _own_id(self, entity: Entity, body: Body) -> str | None:
        """The id that a body gives its row, None without one. Raises Refusal 400 for what is no GUID."""
        value = body.get(entity.key)
        text = value.strip("{}").lower() if isinstance(value, str) else ""
        if value is not None and not is_guid(text):
            raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.Guid'.", entity)
        return text or None

    def _need_binding(self, entity: Entity, body: Body) -> None:
        for target in bound_tables(self.store, entity, body):
            self.need(entity, APPEND)
            self.need(target, APPEND_TO)

    def _defaults(self, entity: Entity) -> Texts:
        people = {**self._by("created"), **self._by("modified")}
        owner = {"_ownerid_value": self.user_id, "_ownerid_type": "systemuser", **people}
        number = f"INV-{self.store.version:06d}"
        values = {"createdon": self._now, "modifiedon": self._now, "statecode": "0", "statuscode": "1", **owner}
        return self._only_known(
            {**values, **({"invoicenumber": number} if entity.logical == "invoice" else {})}, entity
        )

    def _by(self, done: str) -> Texts:
        """The user of the call as the one who created or modified a row."""
        return {f"_{done}by_value": self.user_id, f"_{done}by_type": "systemuser"}

    def _derived(self, entity: Entity, texts: Texts) -> Texts:
        """The values with those that Dataverse computes from them: full name and creation time."""
        known = columns_of(self.store, entity)
        if entity.primary_name == "fullname" or "fullname" in known:
            parts = (texts.get("firstname"), texts.get("lastname"))
            texts = {**texts, **({"fullname": " ".join(filter(None, parts)) or None} if "fullname" in known else {})}
        if texts.get("overriddencreatedon"):
            texts = {**texts, "createdon": texts["overriddencreatedon"]}
        return texts

    def _only_known(self, texts: Texts, entity: Entity) -> Texts:
        """Those of the values whose columns the table has."""
        known = columns_of(self.store, entity).values()
        names = {name for column in known for name in (column.stored, column.type_stored)}
        return {name: value for name, value in texts.items() if name in names}

    def _empty(self, other: Entity, column: str, type_column: str, id_: str) -> None:
        sql = f'SELECT "@id" FROM {quoted(other.table)} WHERE {quoted(column)} = ?'  # noqa: S608
        for (referring,) in self.store.query(sql, (id_,)):
            self.store.update(other.table, referring, {column: None, type_column: None}, at_s=self._at)

    def _refuse_detected(self, entity: Entity, texts: Texts) -> None:
        """Raises Refusal 412 when detection is on and another row has the name or address of the standard rules."""
        name = _DUPLICATES_BY.get(entity.logical, "")
        if self.call.header("mscrm.suppressduplicatedetection").lower() != "false" or not texts.get(name):
            return
        if find_by_key(self.store, entity, {name: str(texts[name])}) is not None:
            raise refused(412, "0x80040333", "A record was not created or updated because a duplicate already exists.")


def create_row(writer: RowWriter, entity: Entity) -> Reply:
    """`POST {set}`."""
    with writer.store.change():
        id_ = writer.create(entity, read_object(writer.call))
    return written(writer, entity, id_, created=True)


def patch_row(writer: RowWriter, entity: Entity, address: str) -> Reply:
    """`PATCH {set}({key})`: update, upsert or create, as the headers say."""
    body = read_object(writer.call)
    with writer.store.change():
        stored, id_, key = writer.find(entity, address)
        _refuse_versions(writer.call, entity, stored, address)
        if stored is not None:
            writer.update(entity, stored, body)
            return written(writer, entity, stored.id, created=False)
        new_id = writer.create(entity, {**body, **({entity.key: id_} if id_ else {})}, address=key)
    return written(writer, entity, new_id, created=True)


def delete_row(writer: RowWriter, entity: Entity, address: str) -> Reply:
    """`DELETE {set}({key})`."""
    with writer.store.change():
        stored, id_, _ = writer.find(entity, address)
        if stored is None:
            raise does_not_exist(entity, address) if id_ else no_such_key(entity)
        _refuse_versions(writer.call, entity, stored, address)
        writer.delete(entity, stored)
    return Reply(204, b"")


def written(writer: RowWriter, entity: Entity, id_: str, *, created: bool) -> Reply:
    """The answer to a write: the row's address, and the row itself when that is preferred."""
    where = f"{writer.call.origin}/api/data/v9.2/{entity.set}({id_})"
    headers = {"OData-EntityId": where, **({"Location": where} if created else {})}
    prefer = read_preferences(writer.call)
    if not prefer.wants_row:
        return Reply(204, b"", headers)
    row = read_row(writer.store, writer.call, read_query(writer.store, writer.call, entity), id_)
    reply = exact_json_reply(row).with_headers({**headers, "Preference-Applied": prefer.applied})
    return Reply(201 if created else 200, reply.body, reply.headers, reply.media_type)


def _refuse_versions(call: Call, entity: Entity, stored: Stored | None, address: str) -> None:
    wanted, unwanted = call.header("if-match"), call.header("if-none-match")
    if unwanted == "*" and stored is not None:
        raise refused(412, "0x80040237", "A record with matching key values already exists.")
    if wanted and stored is None:
        raise does_not_exist(entity, address)
    if wanted not in ("", "*") and stored is not None and wanted != f'W/"{stored.version}"':
        raise refused(
            412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided."
        )
