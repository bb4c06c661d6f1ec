"""CreateMultiple, UpdateMultiple, UpsertMultiple: many rows of one table, all or none (portal-apis 6.6).

Facts
    * Targets name their table in `@odata.type`; updates hold the key, upserts the key or an address in `@odata.id`.
    * One failure undoes all of them: these are standard tables.

Where it is used: `emulator.dataverse.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Reply, json_reply
from dynsync_lib.emulator.dataverse.keys import addresses_text, keys_of
from dynsync_lib.emulator.dataverse.names import Entity, context_of, does_not_exist, refused, unreadable
from dynsync_lib.emulator.dataverse.payload import read_object
from dynsync_lib.emulator.dataverse.writes import RowWriter

_PREFIX: Final = "Microsoft.Dynamics.CRM."
_ADDRESS: Final = re.compile(r"(?:.*/)?[a-z_]+\((.*)\)")


def write_many(writer: RowWriter, entity: Entity, action: str) -> Reply:
    """`POST {set}/Microsoft.Dynamics.CRM.{action}`: 200 with the new ids for CreateMultiple, else 204.

    Raises Refusal for the first target that cannot be written; none is written then.
    """
    targets = read_object(writer.call).get("Targets")
    if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
        raise unreadable("Targets must be a list of objects.", entity)
    for target in targets:
        target_type = str(target.get("@odata.type", f"Microsoft.Dynamics.CRM.{entity.logical}")).lstrip("#")
        if target_type != f"Microsoft.Dynamics.CRM.{entity.logical}":
            raise unreadable(f"A target is of type {target_type}.", entity)
    with writer.store.change():
        ids = [ACTIONS[action](writer, entity, target) for target in targets]
    if action != "CreateMultiple":
        return Reply(204, b"")
    return json_reply({"@odata.context": context_of(writer.call, f"{_PREFIX}CreateMultipleResponse"), "Ids": ids})


def _create(writer: RowWriter, entity: Entity, target: Mapping[str, Any]) -> str:
    return writer.create(entity, target)


def _update(writer: RowWriter, entity: Entity, target: Mapping[str, Any]) -> str:
    stored, _, _ = writer.find(entity, _address(writer, entity, target))
    if stored is None:
        raise does_not_exist(entity, _address(writer, entity, target))
    writer.update(entity, stored, target)
    return stored.id


def _upsert(writer: RowWriter, entity: Entity, target: Mapping[str, Any]) -> str:
    stored, id_, key = writer.find(entity, _address(writer, entity, target))
    if stored is None:
        return writer.create(entity, {**target, **({entity.key: id_} if id_ else {})}, address=key)
    writer.update(entity, stored, target)
    return stored.id


def _address(writer: RowWriter, entity: Entity, target: Mapping[str, Any]) -> str:
    """The address of the row that a target names: by its key, its `@odata.id`, or an alternate key."""
    if target.get(entity.key):
        return str(target[entity.key])
    match = _ADDRESS.fullmatch(str(target.get("@odata.id", "")))
    if match is not None:
        return match[1]
    for _, columns in keys_of(writer.store, entity):
        if all(target.get(column) for column in columns):
            return ",".join(addresses_text({column: str(target[column]) for column in columns}))
    raise refused(400, "0x80060888", f"A target names no {entity.key}.")


ACTIONS: Final[Mapping[str, Callable[[RowWriter, Entity, Mapping[str, Any]], str]]] = {
    "CreateMultiple": _create,
    "UpdateMultiple": _update,
    "UpsertMultiple": _upsert,
}
