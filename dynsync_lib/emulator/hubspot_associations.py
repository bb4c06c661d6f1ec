"""HubSpot associations: by the thousand, of one record, their labels (portal-apis 2.5).

Facts
    * Batch read takes 1,000 ids; an id without associations is missing from the results, and reported as error.
    * A primary company carries the type `Primary` and the unlabelled one; a labelled pair carries its label and the
      unlabelled one. `toObjectId` is a number. 500 associations a page, in both forms.
    * The type ids of contacts, companies and deals are HubSpot's; those of invoices are invented, so discover them.

Not modelled
    * Paging inside the list call's `associations`: all of them come at once.

Where it is used: routes, hubspot_records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.hubspot_names import Kind
from dynsync_lib.emulator.hubspot_times import iso_ms
from dynsync_lib.emulator.store import Store

MOST_PER_BATCH = 1_000
MOST_PER_PAGE = 500
FIRST_OWN_TYPE_ID = 36
_UNLABELLED: Mapping[tuple[str, str], int] = {
    ("contact", "company"): 279,
    ("company", "contact"): 280,
    ("deal", "contact"): 3,
    ("contact", "deal"): 4,
    ("deal", "company"): 341,
    ("company", "deal"): 342,
    ("invoice", "contact"): 177,
    ("contact", "invoice"): 178,
    ("invoice", "company"): 179,
    ("company", "invoice"): 180,
    ("invoice", "deal"): 175,
    ("deal", "invoice"): 176,
    ("company", "company"): 13,
    ("contact", "contact"): 449,
    ("deal", "deal"): 451,
}
_PRIMARY: Mapping[tuple[str, str], int] = {
    ("contact", "company"): 1,
    ("company", "contact"): 2,
    ("deal", "company"): 5,
    ("company", "deal"): 6,
}
Link = tuple[int, int, str | None, bool]


def own_labels(store: Store, from_: Kind, to: Kind) -> dict[str, int]:
    """The portal's own labels between two kinds, with their type ids: in alphabetical order from 36 up."""
    sql = 'SELECT DISTINCT label FROM "hubspot/links" WHERE from_object = ? AND to_object = ? AND label IS NOT NULL'
    if not store.has("hubspot/links"):
        return {}
    labels = sorted(row[0] for row in store.query(sql, (from_.singular, to.singular)))
    return {label: FIRST_OWN_TYPE_ID + place for place, label in enumerate(labels)}


def read_links(store: Store, from_: Kind, to: Kind, ids: Sequence[int]) -> dict[int, list[Link]]:
    """The associations of each id that has any, by ascending target."""
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
    found = read_links(store, from_, to, ids)
    return {str(id_): [entry for link in links for entry in _short(from_, to, link)] for id_, links in found.items()}


def read_associations(store: Store, call: Call, pair: tuple[Kind, Kind], inputs: Sequence[Mapping[str, Any]]) -> Reply:
    """The answer of `POST /crm/v4/associations/{from}/{to}/batch/read` for inputs of `id` and `after`."""
    links = read_links(store, *pair, _numbers(inputs))
    labels = own_labels(store, *pair)
    results = []
    for item in inputs:
        id_ = str(item["id"])
        if id_.isdecimal() and int(id_) in links:
            page = _page(call, pair, labels, links[int(id_)], after=str(item.get("after") or "0"), limit=MOST_PER_PAGE)
            results.append({"from": {"id": id_}, "to": page.pop("results"), **page})
    missing = [str(item["id"]) for item in inputs if not _has(links, item)]
    return _batch_reply(call, pair, results, missing)


def get_associations(store: Store, call: Call, pair: tuple[Kind, Kind], *, after: str, limit: int) -> Reply:
    """`GET /crm/v4/objects/{type}/{id}/associations/{to}`."""
    id_ = int(call.names["id"]) if call.names["id"].isdecimal() else -1
    links = read_links(store, *pair, [id_]).get(id_, [])
    return json_reply(_page(call, pair, own_labels(store, *pair), links, after=after, limit=limit))


def get_labels(store: Store, pair: tuple[Kind, Kind]) -> Reply:
    """`GET /crm/v4/associations/{from}/{to}/labels`."""
    own = [_type("USER_DEFINED", id_, label) for label, id_ in own_labels(store, *pair).items()]
    return json_reply({"results": [*_own_types(pair, is_primary=True), *own]})


def _numbers(inputs: Sequence[Mapping[str, Any]]) -> list[int]:
    return [int(str(item["id"])) for item in inputs if str(item["id"]).isdecimal()]


def _has(links: Mapping[int, Any], item: Mapping[str, Any]) -> bool:
    return str(item["id"]).isdecimal() and int(str(item["id"])) in links


def _type(category: str, type_id: int, label: str | None) -> dict[str, Any]:
    return {"category": category, "typeId": type_id, "label": label}


def _own_types(pair: tuple[Kind, Kind], *, is_primary: bool) -> list[dict[str, Any]]:
    """HubSpot's own types of a pair: primary when it is, and unlabelled."""
    names = (pair[0].singular, pair[1].singular)
    primary = [_type("HUBSPOT_DEFINED", _PRIMARY[names], "Primary")] if is_primary and names in _PRIMARY else []
    return [*primary, _type("HUBSPOT_DEFINED", _UNLABELLED[names], None)]


def _page(
    call: Call, pair: tuple[Kind, Kind], labels: Mapping[str, int], links: Sequence[Link], *, after: str, limit: int
) -> dict[str, Any]:
    """One page of the associations of one record; `after` is the target at which it starts."""
    start = int(after) if after.isdecimal() else 0
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
    own = [_type("USER_DEFINED", labels[link[2]], link[2]) for link in group if link[2] is not None]
    return [*_own_types(pair, is_primary=any(link[3] for link in group)), *own]


def _short(from_: Kind, to: Kind, link: Link) -> list[dict[str, str]]:
    plain = f"{from_.singular}_to_{to.singular}"
    has_primary = (from_.singular, to.singular) in _PRIMARY
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
