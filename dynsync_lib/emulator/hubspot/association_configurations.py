"""Sets and shows the limits of associations: HubSpot's association definition configurations.

Facts
    * A limit is at most 250,000, which is what plans allow, and a label's is not above that of its pair
      (corrections F14).

Not modelled
    * The lower limits of some plans and pairs; limits of the primary type, which are one anyway.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.hubspot.association_limits import limit_of
from dynsync_lib.emulator.hubspot.association_types import UNLABELLED, Pair, Spec, names_of, read_specs
from dynsync_lib.emulator.hubspot.batches import batch_answer
from dynsync_lib.emulator.hubspot.bodies import lacking, read_inputs
from dynsync_lib.emulator.hubspot.errors import invalid
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import ASSOCIATION_LIMITS, Store

MOST_OF_PLANS: Final = 250_000
_TABLE: Final = quoted(ASSOCIATION_LIMITS)
_OF_PAIR: Final = "from_object = ? AND to_object = ?"
Item = Mapping[str, Any]


def list_limits(store: Store, call: Call, pair: Pair) -> Reply:
    """`GET /crm/v4/associations/definitions/configurations/{from}/{to}`: the limits in this direction."""
    del call
    return json_reply({"results": _limits(store, _OF_PAIR, names_of(pair))})


def list_all_limits(store: Store, call: Call) -> Reply:
    """`GET /crm/v4/associations/definitions/configurations/all`."""
    del call
    return json_reply({"results": _limits(store, "1", ())})


def create_limits(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST .../batch/create`: 201, or 207 with those that are not below the pair's."""
    return _each(store, call, pair, lambda spec, most: _set(store, call, pair, spec, most), status=201)


def update_limits(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST .../batch/update`: 200, or 207 with those that are not there or not below the pair's."""

    def update(spec: Spec, most: int) -> dict[str, Any]:
        if limit_of(store, pair, spec.label) is None:
            raise invalid(call, f"Type {spec.type_id} has no limit that could be changed")
        changed = _set(store, call, pair, spec, most)
        return {name: value for name, value in changed.items() if name != "label"}

    return _each(store, call, pair, update, status=200)


def purge_limits(store: Store, call: Call, pair: Pair) -> Reply:
    """`POST .../batch/purge`: 204."""
    with store.change():
        for item in read_inputs(call):
            spec = _spec(store, call, pair, item)
            store.execute(f"DELETE FROM {_TABLE} WHERE {_OF_PAIR} AND label IS ?", (*names_of(pair), spec.label))  # noqa: S608
    return Reply(204, b"")


def _each(store: Store, call: Call, pair: Pair, step: Callable[[Spec, int], dict[str, Any]], *, status: int) -> Reply:
    wanted = [(_spec(store, call, pair, item), _most(call, item)) for item in read_inputs(call)]
    results, errors = [], []
    with store.change():
        for spec, most in wanted:
            try:
                results.append(step(spec, most))
            except Refusal as refusal:
                error = json.loads(refusal.reply.body)
                errors.append({name: error[name] for name in ("status", "category", "message")})
    return batch_answer(call, results, errors, status=status)


def _set(store: Store, call: Call, pair: Pair, spec: Spec, most: int) -> dict[str, Any]:
    """Sets one limit and gives it as HubSpot prints it. Raises Refusal 400 when a label's would be above its pair's."""
    of_pair = limit_of(store, pair, None)
    if spec.label is not None and of_pair is not None and most > of_pair:
        raise invalid(call, f"The limit of a label must be from 1 to {of_pair}, the limit of its pair, not {most}")
    sql = f"SELECT max(most) FROM {_TABLE} WHERE {_OF_PAIR} AND label IS NOT NULL"  # noqa: S608
    of_labels = store.query(sql, names_of(pair))[0][0]
    if spec.label is None and of_labels is not None and most < of_labels:
        raise invalid(call, f"The limit of a pair must be at least {of_labels}, the limit of a label of it, not {most}")
    store.execute(f"DELETE FROM {_TABLE} WHERE {_OF_PAIR} AND label IS ?", (*names_of(pair), spec.label))  # noqa: S608
    values = (*names_of(pair), spec.category, spec.type_id, spec.label, most)
    store.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    return _printed(spec.category, spec.type_id, spec.label, most)


def _limits(store: Store, where: str, parameters: tuple[str, ...]) -> list[dict[str, Any]]:
    sql = f"SELECT category, type_id, label, most FROM {_TABLE} WHERE {where} ORDER BY from_object, to_object, type_id"  # noqa: S608
    return [_printed(*row) for row in store.query(sql, parameters)]


def _printed(category: str, type_id: int, label: str | None, most: int) -> dict[str, Any]:
    return {"category": category, "typeId": type_id, "label": label, "userEnforcedMaxToObjectIds": most}


def _spec(store: Store, call: Call, pair: Pair, item: Item) -> Spec:
    """The type that an input names, unlabelled or a label. Raises Refusal 400 for any other."""
    category = "USER_DEFINED" if item.get("typeId") != UNLABELLED.get(names_of(pair)) else "HUBSPOT_DEFINED"
    named = {"associationCategory": item.get("category", category), "associationTypeId": item.get("typeId")}
    spec = read_specs(store, call, pair, [named])[0]
    if spec.is_primary:
        raise invalid(call, "A record has one primary company at most, whatever the limits say")
    return spec


def _most(call: Call, item: Item) -> int:
    most = item.get("maxToObjectIds")
    if most is None:
        raise lacking(call, "maxToObjectIds")
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_OF_PLANS:
        raise invalid(call, f"maxToObjectIds must be a whole number from 1 to {MOST_OF_PLANS}")
    return most
