"""Change tracking: what has changed since a delta token (portal-apis 6.7).

Facts
    * Changed rows come in full, in the shape first asked for; deleted ones as id and reason; then a new delta link.
    * `$filter`, `$orderby`, `$expand` and `$top` do not go with it.

Not modelled
    * Pages of changes: all come at once, in the order in which they were made.

Where it is used: `emulator.dataverse.routes`.
"""

from __future__ import annotations

from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.dataverse.columns import exact_json_reply
from dynsync_lib.emulator.dataverse.names import Entity, context_of, refused
from dynsync_lib.emulator.dataverse.pages import delta_link, read_delta
from dynsync_lib.emulator.dataverse.prefer import read_preferences
from dynsync_lib.emulator.dataverse.query import read_query
from dynsync_lib.emulator.dataverse.rows import applied, list_rows, print_rows, select_rows
from dynsync_lib.emulator.store.records import Store

_NOT_WITH_TRACKING: Final = ("$filter", "$orderby", "$expand", "$top")


def list_rows_or_changes(store: Store, call: Call, entity: Entity) -> Reply:
    """`GET {set}`: a page of rows or, with a delta token, what has changed."""
    since = read_delta(call)
    if since is None and not read_preferences(call).tracks_changes:
        return list_rows(store, call, entity)
    for name in _NOT_WITH_TRACKING:
        if call.option(name) is not None:
            raise refused(400, "0x80060888", f"The query option {name} does not go with change tracking.")
    return list_rows(store, call, entity) if since is None else _list_changes(store, call, entity, since)


def _list_changes(store: Store, call: Call, entity: Entity, since: int) -> Reply:
    query = read_query(store, call, entity)
    now = store.version
    rows = select_rows(store, query, 'WHERE "@version" > ? ORDER BY "@version"', (since,))
    gone = store.query('SELECT id FROM "@deleted" WHERE name = ? AND version > ?', (entity.table, since))
    context = context_of(call, f"{entity.set}/$deletedEntity")
    deleted: list[dict[str, Any]] = [{"@odata.context": context, "id": id_, "reason": "deleted"} for (id_,) in gone]
    answer = {
        "@odata.context": context_of(call, f"{entity.set}/$delta"),
        "value": [*print_rows(store, query, rows), *deleted],
        "@odata.deltaLink": delta_link(call, now),
    }
    return applied(exact_json_reply(answer), query)
