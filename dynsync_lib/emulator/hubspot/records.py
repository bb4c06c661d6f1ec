"""Reads HubSpot records: a page, one record, or many by id (portal-apis 2.2, 2.4).

Facts
    * List: 10 records unless asked, 100 at most, ascending ids; `after` is the id at which the next page starts.
    * A list shows archived records or the others; one record and a batch show both when archived ones are asked for.
    * `paging` is absent on the last page. A property that does not exist is left out; one that is empty is null.
    * Every value is text; three properties come always. Batch read answers 207 when an id is unknown.

Not modelled
    * Merged records that come back under another id.

Where it is used: `emulator.hubspot.routes`, `emulator.hubspot.search`, `emulator.hubspot.record_writes`,
`emulator.hubspot.batches`, `emulator.hubspot.exports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dynsync_lib.emulator.calls import Call, Refusal, Reply, is_true, json_reply
from dynsync_lib.emulator.hubspot.associations import list_associations
from dynsync_lib.emulator.hubspot.bodies import (
    asks_for_archived,
    read_body,
    read_inputs,
    read_limit,
    refuse_too_many,
)
from dynsync_lib.emulator.hubspot.errors import hubspot_error, invalid, no_record, unknown_type
from dynsync_lib.emulator.hubspot.history import MOST_WITH_HISTORY, add_history
from dynsync_lib.emulator.hubspot.names import KIND_BY_NAME, NO_ARCHIVED_PAGES, OTHER_TYPES, Kind
from dynsync_lib.emulator.hubspot.record_ids import RECORD_ID, is_count, is_record_id, refuse_no_id
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import MERGED, Store
from dynsync_lib.emulator.times import iso_ms

MOST_PER_PAGE = 100
MOST_PER_BATCH = 100


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties that are shown of an object type: the SELECT list and the names, in the same order."""

    kind: Kind
    names: tuple[str, ...]
    sql: str


def find_kind(call: Call, name: str) -> Kind:
    """The object type of a name. Raises Refusal 400 for a name that HubSpot does not know, 501 for one not emulated."""
    if name.lower() in KIND_BY_NAME:
        return KIND_BY_NAME[name.lower()]
    if name.upper() in OTHER_TYPES:
        raise Refusal(hubspot_error(call, 501, f"The emulator has no objects of type {name}."))
    raise unknown_type(call, name)


def refuse_archived_pages(call: Call, name: str) -> None:
    """Raises Refusal 400 when archived records are asked for of a type whose archived records HubSpot does not list."""
    shown = NO_ARCHIVED_PAGES.get(name.upper())
    if shown is not None and asks_for_archived(call):
        raise invalid(call, f"Paging through deleted objects is not yet supported for object type {shown}")


def known_properties(store: Store, kind: Kind) -> frozenset[str]:
    """The names of the properties a kind has: those of the metadata and those of the records."""
    described = (row["name"] for row in store.metadata.get("hubspot/properties", ()) if row["object"] == kind.singular)
    names = {str(name) for name in described} | store.columns(kind.table)
    return frozenset(names - {"archived"}) | set(kind.always)


def shape_of(store: Store, kind: Kind, asked: Sequence[str]) -> Shape:
    """The properties to show when these are asked for; unknown ones are left out, as HubSpot does."""
    known = known_properties(store, kind)
    names = tuple(sorted({name for name in (asked or kind.defaults) if name in known} | set(kind.always)))
    carried = store.columns(kind.table)
    columns = [quoted(name) if name in carried else "NULL" for name in names]
    return Shape(kind, names, ", ".join(['"@rank"', '"@archived"', '"@changed_s"', *columns]))


def select_records(store: Store, shape: Shape, where: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The records that satisfy a condition of SQL, which may end in ORDER BY and LIMIT.

    Of each: id as a number, whether it is archived, when it was written here, then the properties of the shape.
    """
    if not store.has(shape.kind.table):
        return []
    return store.query(f"SELECT {shape.sql} FROM {quoted(shape.kind.table)} WHERE {where}", parameters)  # noqa: S608


def record_json(shape: Shape, row: Sequence[Any]) -> dict[str, Any]:
    """One record as HubSpot prints it."""
    properties = dict(zip(shape.names, row[3:], strict=True))
    properties["hs_object_id"] = str(row[0])
    created, updated = iso_ms(properties["createdate"]), iso_ms(properties[shape.kind.modified])
    times = {"createdAt": created, "updatedAt": updated or created}
    gone = {"archivedAt": iso_ms(row[2]) or updated} if row[1] else {}
    return {"id": str(row[0]), "properties": properties, **times, "archived": bool(row[1]), **gone}


def _with_history(kind: Kind, names: Sequence[str], history: Sequence[str]) -> list[str]:
    """What is shown when the history of some properties is asked for besides."""
    return [*(names or kind.defaults), *history]


def read_after(call: Call) -> int:
    """The id at which the page starts; 0 on the first page."""
    text = call.option("after") or "0"
    if not is_count(text):
        raise invalid(call, f"The paging cursor {text} is not valid")
    return int(text)


def list_records(store: Store, call: Call) -> Reply:
    """`GET /crm/v3/objects/{type}`."""
    kind = find_kind(call, call.names["type"])
    history = call.listed("propertiesWithHistory")
    limit = read_limit(call, default=10, most=MOST_WITH_HISTORY if history else MOST_PER_PAGE)
    shape = shape_of(store, kind, _with_history(kind, call.listed("properties"), history))
    shown = min(limit, call.trick.short_page or limit)
    after = read_after(call)
    where = '"@rank" >= ? AND "@archived" = ? ORDER BY "@rank" LIMIT ?'
    rows = select_records(store, shape, where, (after, asks_for_archived(call), shown + 1))
    results = [record_json(shape, row) for row in rows[:shown]]
    add_history(store, kind.table, history, results)
    _add_associations(store, call, kind, results)
    page: dict[str, Any] = {"results": results}
    if len(rows) > shown:
        start = after if call.trick.repeat_page else results[-1] and int(results[-1]["id"]) + 1
        page["paging"] = {"next": {"after": str(start), "link": next_link(call, str(start))}}
    return json_reply(page)


def next_link(call: Call, after: str) -> str:
    """The address of the next page at the host that was asked (some clients follow it)."""
    options = [part for part in call.raw_query.split("&") if part and not part.startswith("after=")]
    return f"{call.origin}{call.raw_path}?" + "&".join([*options, f"after={after}"])


def get_record(store: Store, call: Call) -> Reply:
    """`GET /crm/v3/objects/{type}/{id}`."""
    kind = find_kind(call, call.names["type"])
    history = call.listed("propertiesWithHistory")
    shape = shape_of(store, kind, _with_history(kind, call.listed("properties"), history))
    refuse_no_id(call, call.names["id"], call.option("idProperty"))
    column, cast = _id_column(store, call, kind, call.option("idProperty"))
    where = f'{column} = ? AND "@archived" <= ? LIMIT 1'
    rows = select_records(store, shape, where, (cast(call.names["id"]), asks_for_archived(call)))
    if not rows:
        raise no_record()
    results = [record_json(shape, rows[0])]
    add_history(store, kind.table, history, results)
    _add_associations(store, call, kind, results)
    return json_reply(results[0])


def read_batch(store: Store, call: Call) -> Reply:
    """`POST /crm/v3/objects/{type}/batch/read`: 200, or 207 with `errors` when an id is unknown."""
    kind = find_kind(call, call.names["type"])
    body = read_body(call)
    history = [str(name) for name in body.get("propertiesWithHistory") or ()]
    asked = read_ids(call, most=MOST_WITH_HISTORY if history else MOST_PER_BATCH)
    names = [str(name) for name in body.get("properties") or ()]
    shape = shape_of(store, kind, _with_history(kind, names, history))
    column, cast = _id_column(store, call, kind, body.get("idProperty"))
    marks = ", ".join("?" * len(asked))
    where = f'{column} IN ({marks}) AND "@archived" <= ? ORDER BY "@rank"'
    rows = select_records(store, shape, where, (*map(cast, asked), asks_for_archived(call)))
    results = [record_json(shape, row) for row in rows]
    add_history(store, kind.table, history, results)
    return _batch_reply(call, kind, results, _missing(store, kind, column, asked, rows, cast))


def read_ids(call: Call, *, most: int) -> list[str]:
    """The ids of a batch, in order, each once. Raises Refusal 400 when an input has none, or there are too many."""
    inputs = read_inputs(call, with_ids=True)
    refuse_too_many(call, inputs, most=most)
    return list(dict.fromkeys(str(item["id"]) for item in inputs))


def _id_column(store: Store, call: Call, kind: Kind, id_property: str | None) -> tuple[str, Any]:
    """The column by which records are looked up, and the function that turns an id of the body into its value; the id
    of a merged record becomes that of its survivor."""
    if id_property in RECORD_ID:
        return '"@rank"', lambda text: int(survivor_of(store, kind, text)) if is_record_id(text) else -1
    if id_property not in unique_names(store, kind):
        raise invalid(call, f"Property {id_property} is not a unique property of {kind.plural}")
    carried = id_property in store.columns(kind.table)
    return f"fold({quoted(str(id_property))})" if carried else "NULL", str.casefold


def survivor_of(store: Store, kind: Kind, id_: str) -> str:
    """The id of the record that a merged record was merged into; any other id as it is, without leading zeros."""
    id_ = id_.lstrip("0") or "0"
    rows = store.query(f"SELECT survivor FROM {quoted(MERGED)} WHERE name = ? AND id = ?", (kind.table, id_))  # noqa: S608
    return survivor_of(store, kind, rows[0][0]) if rows else id_


def unique_names(store: Store, kind: Kind) -> set[str]:
    """The properties with unique values, by which a record can be addressed instead of by its id."""
    rows = store.metadata.get("hubspot/properties", ())
    names = {str(row["name"]) for row in rows if row["object"] == kind.singular and is_true(row.get("unique"))}
    return names | set(kind.unique)


def _missing(
    store: Store, kind: Kind, column: str, asked: Sequence[str], rows: Sequence[Sequence[Any]], cast: Any
) -> list[str]:
    if len(rows) == len(asked):
        return []
    ranks = ", ".join(str(row[0]) for row in rows)
    present = {row[0] for row in store.query(f'SELECT {column} FROM {quoted(kind.table)} WHERE "@rank" IN ({ranks})')}  # noqa: S608
    return [id_ for id_ in asked if cast(id_) not in present]


def _batch_reply(call: Call, kind: Kind, results: Sequence[dict[str, Any]], missing: Sequence[str]) -> Reply:
    moment = iso_ms(call.at_s)
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results}
    answer |= {"startedAt": moment, "completedAt": moment}
    if missing:
        what = f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist."
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": f"{what} Check that ids are valid."}
        answer |= {"numErrors": 1, "errors": [{**error, "context": {"ids": list(missing)}}]}
    return json_reply(answer, status=207 if missing else 200)


def _add_associations(store: Store, call: Call, kind: Kind, results: Sequence[dict[str, Any]]) -> None:
    """Adds the associations to the types asked for; those of other types are passed over, as HubSpot does."""
    targets = [KIND_BY_NAME[name.lower()] for name in call.listed("associations") if name.lower() in KIND_BY_NAME]
    for target in targets:
        associations = list_associations(store, kind, target, [int(record["id"]) for record in results])
        for record in results:
            if record["id"] in associations:
                page = {"results": associations[record["id"]]}
                record.setdefault("associations", {})[target.plural] = page
