"""Adds and removes associations in the store, which holds each from both ends (portal-apis 2.5).

Facts
    * The first company of a contact or a deal is its primary one; making another primary ends the one before.
    * `associatedcompanyid` of a contact is its primary company, and setting it is another way to set that one.
    * Removing a pair removes all its types; removing a label leaves the plain association.

Not modelled
    * When the primary company goes, none follows it.

Where it is used: `emulator.hubspot.record_writes`, `emulator.hubspot.association_writes`.
"""

from __future__ import annotations

from typing import Any, Final

from dynsync_lib.core.tables import LINKS_IN
from dynsync_lib.emulator.calls import Call, Refusal
from dynsync_lib.emulator.hubspot.association_limits import refuse_over_limit
from dynsync_lib.emulator.hubspot.association_types import PRIMARY, Pair, Spec, inverse_label, names_of
from dynsync_lib.emulator.hubspot.errors import hubspot_error
from dynsync_lib.emulator.hubspot.names import KIND_BY_NAME, Kind
from dynsync_lib.emulator.hubspot.record_ids import is_count
from dynsync_lib.emulator.hubspot.written_values import described
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import Store

_TABLE: Final = quoted(LINKS_IN.name)
_OWNERS: Final = ("contact", "deal")
_COMPANY_OF_CONTACT: Final = "associatedcompanyid"
Ids = tuple[int, int]


def add_link(store: Store, call: Call, pair: Pair, ids: Ids, spec: Spec) -> None:
    """Associates two records with a type.

    Raises Refusal 404 when one of them is not there, 400 when one of them has as many associations as it may.
    """
    for kind, id_ in zip(pair, ids, strict=True):
        stored = store.find_id(kind.table, str(id_))
        if stored is None or stored.is_archived:
            raise _no_record(call, kind, id_)
    _join(store, call, pair, ids, spec, is_limited=True)


def _join(store: Store, call: Call, pair: Pair, ids: Ids, spec: Spec, *, is_limited: bool) -> None:
    is_new = not _rows(store, pair, ids)
    if is_new:
        if is_limited:
            refuse_over_limit(store, call, pair, ids, None)
        _put(store, pair, ids, None)
    if spec.label is not None:
        if is_limited:
            refuse_over_limit(store, call, pair, ids, spec.label)
        _put(store, pair, ids, spec.label)
    if spec.is_primary or (is_new and names_of(pair) in PRIMARY and _primary_of(store, pair, ids) is None):
        _make_primary(store, call, pair, ids)


def remove_link(store: Store, call: Call, pair: Pair, ids: Ids) -> None:
    """Removes all associations between two records; does nothing when there is none."""
    was_primary = any(row[1] for row in _rows(store, pair, ids))
    _delete(store, pair, ids, "1", ())
    if was_primary:
        _tell_contact(store, call, pair, ids, None)


def remove_label(store: Store, call: Call, pair: Pair, ids: Ids, spec: Spec) -> None:
    """Removes one type between two records: a label, or primary; with the plain type all types are removed."""
    if spec.label is not None:
        _delete_label(store, pair, ids, spec.label)
    elif spec.is_primary:
        _set_primary(store, pair, ids, is_primary=False)
        _tell_contact(store, call, pair, ids, None)
    else:
        remove_link(store, call, pair, ids)


def remove_links_of(store: Store, kind: Kind, id_: int) -> None:
    """Removes all associations of a record."""
    for to_object, to_id, _, _ in _links_of(store, kind, id_):
        _delete(store, (kind, KIND_BY_NAME[to_object]), (id_, to_id), "1", ())


def move_links(store: Store, call: Call, kind: Kind, ids: Ids) -> None:
    """Moves all associations of the first record to the second."""
    links = _links_of(store, kind, ids[0])
    remove_links_of(store, kind, ids[0])
    for to_object, to_id, label, _ in links:
        if (to_object, to_id) != (kind.singular, ids[1]):
            to = KIND_BY_NAME[to_object]
            _join(store, call, (kind, to), (ids[1], to_id), Spec("", 0, label, is_primary=False), is_limited=False)


def set_company(store: Store, call: Call, contact_id: int, company_id: str | None) -> None:
    """Sets the primary company of a contact, as a write of `associatedcompanyid` does; None removes it."""
    pair = (KIND_BY_NAME["contact"], KIND_BY_NAME["company"])
    if company_id and is_count(company_id):
        add_link(store, call, pair, (contact_id, int(company_id)), Spec("HUBSPOT_DEFINED", 1, None, is_primary=True))


def _rows(store: Store, pair: Pair, ids: Ids) -> list[tuple[Any, ...]]:
    where = "from_object = ? AND to_object = ? AND from_id = ? AND to_id = ?"
    return store.query(f"SELECT label, is_primary FROM {_TABLE} WHERE {where}", (*names_of(pair), *ids))  # noqa: S608


def _links_of(store: Store, kind: Kind, id_: int) -> list[tuple[Any, ...]]:
    links = []
    for to in dict.fromkeys(KIND_BY_NAME.values()) if store.has(LINKS_IN.name) else ():
        where = "from_object = ? AND to_object = ? AND from_id = ?"
        sql = f"SELECT to_object, to_id, label, is_primary FROM {_TABLE} WHERE {where}"  # noqa: S608
        links += store.query(sql, (kind.singular, to.singular, id_))
    return links


def _both_ways(pair: Pair, ids: Ids) -> list[tuple[Any, ...]]:
    """The rows' keys from both ends: objects and ids."""
    forth, back = names_of(pair), names_of((pair[1], pair[0]))
    return [(forth[0], ids[0], forth[1], ids[1]), (back[0], ids[1], back[1], ids[0])]


def _put(store: Store, pair: Pair, ids: Ids, label: str | None) -> None:
    texts = (label, inverse_label(store, pair, label))
    for key, text in zip(_both_ways(pair, ids), texts, strict=True):
        where = "from_object = ? AND from_id = ? AND to_object = ? AND to_id = ? AND label IS ?"
        if not store.query(f"SELECT 1 FROM {_TABLE} WHERE {where}", (*key, text)):  # noqa: S608
            store.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, 0)", (*key, text))  # noqa: S608


def _delete_label(store: Store, pair: Pair, ids: Ids, label: str) -> None:
    """Deletes a label, which may read otherwise from the other end."""
    texts = (label, inverse_label(store, pair, label))
    for key, text in zip(_both_ways(pair, ids), texts, strict=True):
        where = "from_object = ? AND from_id = ? AND to_object = ? AND to_id = ? AND label = ?"
        store.execute(f"DELETE FROM {_TABLE} WHERE {where}", (*key, text))  # noqa: S608


def _delete(store: Store, pair: Pair, ids: Ids, where: str, parameters: tuple[Any, ...]) -> None:
    for from_object, from_id, to_object, to_id in _both_ways(pair, ids):
        key = "from_object = ? AND to_object = ? AND from_id = ? AND to_id = ?"
        sql = f"DELETE FROM {_TABLE} WHERE {key} AND {where}"  # noqa: S608
        store.execute(sql, (from_object, to_object, from_id, to_id, *parameters))


def _owned(pair: Pair, ids: Ids) -> tuple[Pair, Ids]:
    """The pair as seen from the record that has a primary company."""
    is_owner = pair[0].singular in _OWNERS
    return (pair, ids) if is_owner else ((pair[1], pair[0]), (ids[1], ids[0]))


def _primary_of(store: Store, pair: Pair, ids: Ids) -> int | None:
    (owner, company), (owner_id, _) = _owned(pair, ids)
    where = "from_object = ? AND to_object = ? AND from_id = ? AND is_primary"
    sql = f"SELECT to_id FROM {_TABLE} WHERE {where}"  # noqa: S608
    rows = store.query(sql, (owner.singular, company.singular, owner_id))
    return int(rows[0][0]) if rows else None


def _make_primary(store: Store, call: Call, pair: Pair, ids: Ids) -> None:
    before = _primary_of(store, pair, ids)
    own_pair, own_ids = _owned(pair, ids)
    if before is not None:
        _set_primary(store, own_pair, (own_ids[0], before), is_primary=False)
    _set_primary(store, own_pair, own_ids, is_primary=True)
    _tell_contact(store, call, pair, ids, str(own_ids[1]))


def _set_primary(store: Store, pair: Pair, ids: Ids, *, is_primary: bool) -> None:
    for from_object, from_id, to_object, to_id in _both_ways(pair, ids):
        key = "from_object = ? AND to_object = ? AND from_id = ? AND to_id = ? AND label IS NULL"
        sql = f"UPDATE {_TABLE} SET is_primary = ? WHERE {key}"  # noqa: S608
        store.execute(sql, (is_primary, from_object, to_object, from_id, to_id))


def _tell_contact(store: Store, call: Call, pair: Pair, ids: Ids, company_id: str | None) -> None:
    """Keeps the contact's `associatedcompanyid` equal to its primary company, in portals that have this property."""
    (owner, _), (owner_id, _) = _owned(pair, ids)
    if owner.singular == "contact" and _COMPANY_OF_CONTACT in described(store, owner):
        store.update(owner.table, str(owner_id), {_COMPANY_OF_CONTACT: company_id}, at_s=call.at_s)


def _no_record(call: Call, kind: Kind, id_: int) -> Refusal:
    message = f"{kind.singular.capitalize()} with id {id_} does not exist"
    return Refusal(hubspot_error(call, 404, message, category="OBJECT_NOT_FOUND"))
