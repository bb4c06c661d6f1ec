"""Creates and removes associations of HubSpot over the API (portal-apis 2.5).

Facts
    * One call creates up to 2,000 associations or removes those of up to 100 records; PUT creates a single one.
    * A pair that names a record that is not there, or that would be over a limit, is an error of its own: 207.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.hubspot.association_types import Pair, Spec, add_label, own_labels, read_specs
from dynsync_lib.emulator.hubspot.batches import batch_answer
from dynsync_lib.emulator.hubspot.bodies import lacking, read_body, read_inputs, read_json, refuse_too_many
from dynsync_lib.emulator.hubspot.errors import invalid
from dynsync_lib.emulator.hubspot.record_ids import is_count
from dynsync_lib.emulator.hubspot.stored_associations import Ids, add_link, remove_label, remove_link
from dynsync_lib.emulator.store.records import Store

MOST_CREATED: Final = 2_000
MOST_ARCHIVED: Final = 100
Item = Mapping[str, Any]


def create_associations(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/batch/create`: 201, or 207 with errors."""

    def make(item: Item) -> dict[str, Any]:
        ids, specs = _ids(call, item), read_specs(store, call, pair, item.get("types"))
        for spec in specs:
            add_link(store, call, pair, ids, spec)
        return _labels_of(pair, ids, specs)

    return _each(store, call, make, status=201)


def create_default_associations(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/batch/associate/default`: the plain type of each pair."""

    def make(item: Item) -> dict[str, Any]:
        ids, spec = _ids(call, item), read_specs(store, call, pair, None)[0]
        add_link(store, call, pair, ids, spec)
        return _with_spec(ids, spec)

    return _each(store, call, make, status=200)


def archive_associations(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/batch/archive`: 204."""
    with store.change():
        for item in _items(call, most=MOST_ARCHIVED):
            for to in item.get("to") or ():
                remove_link(store, call, pair, _ids(call, {"from": item.get("from"), "to": to}))
    return Reply(204, b"")


def archive_labels(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/batch/labels/archive`: 204."""
    with store.change():
        for item in _items(call, most=MOST_ARCHIVED):
            for spec in read_specs(store, call, pair, item.get("types")):
                remove_label(store, call, pair, _ids(call, item), spec)
    return Reply(204, b"")


def put_association(store: Store, call: Call, pair: Pair) -> Reply:
    """`PUT /crm/v4/objects/{type}/{id}/associations/{to}/{toId}`: 201, with the types of the body."""
    types, ids = read_json(call, empty="[]"), _path_ids(call)
    with store.change():
        specs = read_specs(store, call, pair, types)
        for spec in specs:
            add_link(store, call, pair, ids, spec)
    return json_reply(_labels_of(pair, ids, specs), status=201)


def put_default_association(store: Store, call: Call, pair: Pair) -> Reply:
    """Joins two records by the unlabelled type: `PUT /crm/v4/objects/{type}/{id}/associations/default/{to}/{toId}`.

    Answers 200 in the shape of a batch answer with one result; no body is read.
    """
    ids = _path_ids(call)
    with store.change():
        spec = read_specs(store, call, pair, None)[0]
        add_link(store, call, pair, ids, spec)
    return batch_answer(call, [_with_spec(ids, spec)], [], status=200)


def delete_association(store: Store, call: Call, pair: Pair) -> Reply:
    """`DELETE /crm/v4/objects/{type}/{id}/associations/{to}/{toId}`: 204."""
    with store.change():
        remove_link(store, call, pair, _path_ids(call))
    return Reply(204, b"")


def create_label(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST /crm/v4/associations/{from}/{to}/labels`: the new types, one for each direction."""
    body = read_body(call)
    missing = [name for name in ("label", "name") if not str(body.get(name) or "").strip()]
    if missing:
        raise lacking(call, *missing)
    label, inverse = str(body["label"]), str(body.get("inverseLabel") or body["label"])
    if label in own_labels(store, *pair):
        raise invalid(call, f"There is a label {label} between these two object types")
    with store.change():
        return json_reply({"results": add_label(store, pair, label, inverse)})


def _each(store: Store, call: Call, make: Callable[[Item], dict[str, Any]], *, status: int) -> Reply:
    results, errors = [], []
    with store.change():
        for item in _items(call, most=MOST_CREATED):
            try:
                with store.change():
                    results.append(make(item))
            except Refusal as refusal:
                error = json.loads(refusal.reply.body)
                if refusal.reply.status != 404 and "subCategory" not in error:
                    raise
                errors.append({name: error[name] for name in ("status", "category", "message")})
    return batch_answer(call, results, errors, status=status)


def _items(call: Call, *, most: int) -> Sequence[Item]:
    inputs = read_inputs(call)
    refuse_too_many(call, inputs, most=most)
    return inputs


def _ids(call: Call, item: Item) -> Ids:
    texts = [str((item.get(end) or {}).get("id", "")) for end in ("from", "to")]
    if not all(is_count(text) for text in texts):
        raise invalid(call, "Every input needs the ids of two records")
    return int(texts[0]), int(texts[1])


def _path_ids(call: Call) -> Ids:
    texts = call.names["id"], call.names["to_id"]
    if not all(is_count(text) for text in texts):
        raise invalid(call, "Record ids are numbers")
    return int(texts[0]), int(texts[1])


def _labels_of(pair: Pair, ids: Ids, specs: list[Spec]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": pair[0].type_id,
        "fromObjectId": ids[0],
        "toObjectTypeId": pair[1].type_id,
        "toObjectId": ids[1],
        "labels": [spec.label for spec in specs if spec.label is not None],
    }


def _with_spec(ids: Ids, spec: Spec) -> dict[str, Any]:
    association_spec = {"associationCategory": spec.category, "associationTypeId": spec.type_id}
    return {"from": {"id": str(ids[0])}, "to": {"id": str(ids[1])}, "associationSpec": association_spec}
