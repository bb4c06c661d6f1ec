"""How many records may be associated with one, by pair of object types and by label, as an admin has set it.

Facts
    * A limit of the pair is that of its unlabelled type; each direction has its own (corrections F14).
    * Limits hold for new associations: those that are there stay. Merging brings all of them together.

Where it is used: `emulator.hubspot.stored_associations`, `emulator.hubspot.association_configurations`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core.tables import LINKS_IN
from dynsync_lib.emulator.calls import Call, Refusal
from dynsync_lib.emulator.hubspot.association_types import Pair, inverse_label, names_of
from dynsync_lib.emulator.hubspot.errors import hubspot_error
from dynsync_lib.emulator.store.database import quoted
from dynsync_lib.emulator.store.records import ASSOCIATION_LIMITS, Store

_TABLE: Final = quoted(ASSOCIATION_LIMITS)
_LINKS: Final = quoted(LINKS_IN.name)
_OF_PAIR: Final = "from_object = ? AND to_object = ?"
Ids = tuple[int, int]


def refuse_over_limit(store: Store, call: Call, pair: Pair, ids: Ids, label: str | None) -> None:
    """Raises Refusal 400 when one more association would be over a limit, seen from either end.

    Called before an association, or a label of one, is added.
    """
    back_label = inverse_label(store, pair, label)
    for (from_, to), (id_, to_id), text in ((pair, ids, label), (pair[::-1], ids[::-1], back_label)):
        most = limit_of(store, (from_, to), text)
        if most is None:
            continue
        where = f"{_OF_PAIR} AND from_id = ? AND to_id <> ? AND (? IS NULL OR label = ?)"
        sql = f"SELECT count(DISTINCT to_id) FROM {_LINKS} WHERE {where}"  # noqa: S608
        count = store.query(sql, (from_.singular, to.singular, id_, to_id, text, text))[0][0]
        if count >= most:
            what = f"{from_.singular} {id_} has {count} associations to {to.plural}"
            message = f"The {what}{f' as {text}' if text else ''}, and no more than {most} are allowed"
            more = {"category": "VALIDATION_ERROR", "subCategory": "crm.associations.LIMIT_EXCEEDED"}
            raise Refusal(hubspot_error(call, 400, message, **more))


def limit_of(store: Store, pair: Pair, label: str | None) -> int | None:
    """The limit of a label, or of the pair for None; None when there is none."""
    rows = store.query(f"SELECT most FROM {_TABLE} WHERE {_OF_PAIR} AND label IS ?", (*names_of(pair), label))  # noqa: S608
    return int(rows[0][0]) if rows else None
