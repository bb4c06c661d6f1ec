"""Writing one HubSpot record: create, change, archive, merge (portal-apis 2.4).

Where it is used: hubspot_routes.
"""

from __future__ import annotations

from collections.abc import Iterable

from dynsync_lib.emulator.calls import Reply, json_reply
from dynsync_lib.emulator.hubspot_bodies import read_body
from dynsync_lib.emulator.hubspot_errors import invalid
from dynsync_lib.emulator.hubspot_records import record_json, select_records, shape_of
from dynsync_lib.emulator.hubspot_writes import RecordWriter


def create_record(writer: RecordWriter) -> Reply:
    """`POST /crm/v3/objects/{type}`: 201 and the record."""
    body = read_body(writer.call)
    with writer.store.change():
        id_ = writer.create(body)
    return _record(writer, id_, body.get("properties") or {}, status=201)


def patch_record(writer: RecordWriter) -> Reply:
    """`PATCH /crm/v3/objects/{type}/{id}`: 200 and the record."""
    properties = read_body(writer.call).get("properties")
    with writer.store.change():
        stored = writer.found(writer.call.names["id"], writer.call.option("idProperty"))
        writer.update(stored, properties)
    return _record(writer, stored.id, properties or {}, status=200)


def archive_record(writer: RecordWriter) -> Reply:
    """`DELETE /crm/v3/objects/{type}/{id}`: 204, whether the record was there or not."""
    with writer.store.change():
        stored = writer.find(writer.call.names["id"])
        if stored is not None:
            writer.archive(stored)
    return Reply(204, b"")


def merge_records(writer: RecordWriter) -> Reply:
    """`POST /crm/v3/objects/{type}/merge`: 200 and the record that stays."""
    body = read_body(writer.call)
    ids = (str(body.get("primaryObjectId", "")), str(body.get("objectIdToMerge", "")))
    with writer.store.change():
        survivor, other = (writer.found(id_) for id_ in ids)
        if survivor.id == other.id:
            raise invalid(writer.call, "A record cannot be merged into itself")
        writer.merge(survivor, other)
    return _record(writer, survivor.id, (), status=200)


def _record(writer: RecordWriter, id_: str, written: Iterable[str], *, status: int) -> Reply:
    shape = shape_of(writer.store, writer.kind, [*writer.kind.defaults, *written])
    row = select_records(writer.store, shape, '"@id" = ?', (id_,))[0]
    return json_reply(record_json(shape, row), status=status)
