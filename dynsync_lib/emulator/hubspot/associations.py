"""Reads HubSpot's associations: of a thousand records, of one record, and their labels (portal-apis 2.5).

Facts
    * Batch read takes 1,000 ids; an id without associations is missing from the results, and reported as error.
    * A primary company carries the type `Primary` and the unlabelled one; a labelled pair carries its label and the
      unlabelled one. `toObjectId` is a number. 500 associations a page, in both forms.
    * The type ids of contacts, companies and deals are HubSpot's; those of invoices are invented, so discover them.

Not modelled
    * Paging inside the list call's `associations`: all of them come at once.

Where it is used: `emulator.hubspot.routes`, `emulator.hubspot.records`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.hubspot.association_types import PRIMARY, association_type, own_labels, own_types
from dynsync_lib.emulator.hubspot.bodies import read_inputs, read_limit, refuse_too_many
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.hubspot.record_ids import is_count, refuse_no_id
from dynsync_lib.emulator.store.records import Store
from dynsync_lib.emulator.times import iso_ms

MOST_PER_BATCH = 1_000
MOST_PER_PAGE = 500
Link = tuple[int, int, str | None, bool]


def read_links(store: Store, from_: Kind, to: Kind, ids: Sequence[int]) -> dict[int, list[Link]]:
    """The associations of each id that has any, by id; those of an id by ascending target."""
    if not ids or not store.has("hubspot/links"):
        return {}
    marks = ", ".join("?" * len(ids))
    sql = (
        'SELECT DISTINCT from_id, to_id, label, is_primary FROM "hubspot/links" '  # noqa: S608
        f"WHERE from_object = ? AND to_object = ? AND from_id IN ({marks}) ORDER BY from_id, to_id, label"
    )
    rows = store.query(sql, (from_.singular, to.singular, *ids))
    return {from_id: list(links) for from_id, links in groupby(rows, key=lambda row: int(row[0]))}


def list_associations(store: Store, from_: Kind, to: Kind, ids: Sequence[int]) -> dict[str, list[dict[str, str]]]:
    """The associations in the short form of the list call: one entry for each type of each pair."""
    links_by_id = read_links(store, from_, to, ids)
    return {str(id_): _short_forms(from_, to, links) for id_, links in links_by_id.items()}


def _short_forms(from_: Kind, to: Kind, links: Sequence[Link]) -> list[dict[str, str]]:
    """Each type of each pair once, however many labels the pair has."""
    entries = {(entry["id"], entry["type"]): entry for link in links for entry in _short(from_, to, link)}
    return list(entries.values())


def _read_batch(store: Store, call: Call, pair: tuple[Kind, Kind], inputs: Sequence[Mapping[str, Any]]) -> Reply:
    links = read_links(store, *pair, _numbers(inputs))
    labels = own_labels(store, *pair)
    results = []
    for item in inputs:
        id_ = str(item["id"])
        if is_count(id_) and int(id_) in links:
            page = _page(call, pair, labels, links[int(id_)], after=str(item.get("after") or "0"), limit=MOST_PER_PAGE)
            results.append({"from": {"id": id_}, "to": page.pop("results"), **page})
    missing = [str(item["id"]) for item in inputs if not _has(links, item)]
    return _batch_reply(call, pair, results, missing)


def read_association_batch(store: Store, call: Call, pair: tuple[Kind, Kind]) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/batch/read`."""
    inputs = read_inputs(call, with_ids=True)
    refuse_too_many(call, inputs, most=MOST_PER_BATCH)
    return _read_batch(store, call, pair, list({str(item["id"]): item for item in inputs}.values()))


def get_associations(store: Store, call: Call, pair: tuple[Kind, Kind]) -> Reply:
    """`GET /crm/v4/objects/{type}/{id}/associations/{to}`."""
    after, limit = call.option("after") or "0", read_limit(call, default=500, most=500)
    refuse_no_id(call, call.names["id"])
    id_ = int(call.names["id"])
    links = read_links(store, *pair, [id_]).get(id_, [])
    return json_reply(_page(call, pair, own_labels(store, *pair), links, after=after, limit=limit))


def get_labels(store: Store, call: Call, pair: tuple[Kind, Kind]) -> Reply:
    """`GET /crm/v4/associations/{from}/{to}/labels`."""
    del call
    own = [association_type("USER_DEFINED", id_, label) for label, id_ in own_labels(store, *pair).items()]
    return json_reply({"results": [*own_types(pair, is_primary=True), *own]})


def _numbers(inputs: Sequence[Mapping[str, Any]]) -> list[int]:
    return [int(str(item["id"])) for item in inputs if is_count(str(item["id"]))]


def _has(links: Mapping[int, Any], item: Mapping[str, Any]) -> bool:
    return is_count(str(item["id"])) and int(str(item["id"])) in links


def _page(
    call: Call, pair: tuple[Kind, Kind], labels: Mapping[str, int], links: Sequence[Link], *, after: str, limit: int
) -> dict[str, Any]:
    """One page of the associations of one record; `after` is the target at which it starts."""
    start = int(after) if is_count(after) else 0
    groups = [(to_id, list(group)) for to_id, group in groupby(links, key=lambda link: link[1]) if to_id >= start]
    targets = [
        {"toObjectId": to_id, "associationTypes": _types(pair, labels, group)} for to_id, group in groups[:limit]
    ]
    page: dict[str, Any] = {"results": targets}
    if len(groups) > limit:
        following = str(groups[limit][0])
        page["paging"] = {"next": {"after": following, "link": f"{call.origin}{call.raw_path}?after={following}"}}
    return page


def _types(pair: tuple[Kind, Kind], labels: Mapping[str, int], group: Sequence[Link]) -> list[dict[str, Any]]:
    own = [association_type("USER_DEFINED", labels[link[2]], link[2]) for link in group if link[2] is not None]
    return [*own_types(pair, is_primary=any(link[3] for link in group)), *own]


def _short(from_: Kind, to: Kind, link: Link) -> list[dict[str, str]]:
    plain = f"{from_.singular}_to_{to.singular}"
    has_primary = (from_.singular, to.singular) in PRIMARY
    names = [plain] if link[3] or not has_primary else []
    names += [link[2].lower().replace(" ", "_")] if link[2] else []
    names += [f"{plain}_unlabeled"] if has_primary else []
    return [{"id": str(link[1]), "type": name} for name in names]


def _batch_reply(call: Call, pair: tuple[Kind, Kind], results: list[Any], missing: Sequence[str]) -> Reply:
    moment = iso_ms(call.at_s)
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": moment, "completedAt": moment}
    if missing:
        errors = [_no_associations(pair, id_) for id_ in missing]
        answer |= {"numErrors": len(errors), "errors": errors}
    return json_reply(answer, status=207 if missing else 200)


def _no_associations(pair: tuple[Kind, Kind], id_: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {pair[1].singular} is associated with {pair[0].singular} {id_}.",
        "context": {"fromObjectId": [id_]},
    }
