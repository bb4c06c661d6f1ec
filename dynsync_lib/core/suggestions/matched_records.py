"""The records of both sides that are matched, a sample of them, with the values of all their fields.

Facts
    * Contacts and leads are matched by e-mail, companies by name: the first record of each key, as in a forecast
      without filters. Deals and invoices, which the sync never matches, are brought together by a name or number that
      only one record of each side has.
    * The sample is the first 400 pairs by the Dynamics id, whose order says nothing of the records.

Not modelled
    * Additional e-mail addresses, and keys of one's own.

Source: rules contact.match-email, company.match-name, record.first-order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.matching.first_records import first_of_each
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.suggestions.shared_values import Values
from dynsync_lib.core.tables import record_table

MOST_PAIRS: Final = 400
_KEYS: Final[Mapping[Object, str]] = {
    Object.CONTACT: "email_key",
    Object.LEAD: "email_key",
    Object.COMPANY: "name_key",
}
_NAMES: Final[Mapping[Object, Mapping[System, str]]] = {
    Object.DEAL: {System.HUBSPOT: "dealname", System.DYNAMICS: "name"},
    Object.INVOICE: {System.HUBSPOT: "hs_number", System.DYNAMICS: "invoicenumber"},
}


@dataclass(frozen=True, slots=True)
class MatchedRecords:
    """The values of matched records by system and field, one value per pair, all in the same order.

    `any` are values of records of each side, matched or not: what the fields hold.
    """

    pairs: int
    values: Mapping[System, Mapping[str, Values]]
    any: Mapping[System, Mapping[str, Values]]


_NOTHING: Final[Mapping[System, Mapping[str, Values]]] = {system: {} for system in System}
NOBODY: Final = MatchedRecords(0, _NOTHING, _NOTHING)


def match_records(
    object_: Object, tables: Mapping[str, Frame], fields: Mapping[System, Collection[str]]
) -> MatchedRecords:
    """The sample of an object. `fields` are the names that are wanted; what was not delivered is left out.

    Computes: both tables' keys are joined, and the wanted columns of the sample are read.
    """
    sides = {system: tables[record_table(object_, system).name] for system in System}
    columns = {system: sides[system].collect_schema().names() for system in System}
    wanted = {system: [name for name in fields[system] if name in columns[system]] for system in System}
    if not all(_has_key(object_, system, columns[system]) for system in System):
        return MatchedRecords(0, _NOTHING, {system: _first(sides[system], wanted[system]) for system in System})
    ours, theirs = (_owners(object_, system, sides[system]) for system in System)
    pairs = ours.join(theirs, on="key").sort("dynamics_id").head(MOST_PAIRS).collect()
    ids = {system: pairs.get_column(f"{system}_id").to_list() for system in System}
    read = {system: _values(sides[system], wanted[system], ids[system]) for system in System}
    count = len(ids[System.HUBSPOT])
    is_enough = count * 4 >= MOST_PAIRS
    further = read if is_enough else {system: _first(sides[system], wanted[system]) for system in System}
    return MatchedRecords(count, read, further)


def _has_key(object_: Object, system: System, columns: Collection[str]) -> bool:
    return _KEYS.get(object_, _NAMES.get(object_, {}).get(system)) in columns


def _owners(object_: Object, system: System, records: Frame) -> Frame:
    """key, <system>_id of the records that own their keys."""
    if object_ in _KEYS:
        keyed = records.select("id", "api_rank", key=nw.col(_KEYS[object_])).filter(~nw.col("key").is_null())
        return first_of_each(keyed, ["key"], "api_rank").select("key", **{f"{system}_id": "id"})
    name = typed_values.lowered(typed_values.trimmed(nw.col(_NAMES[object_][system])))
    keyed = records.select("id", key=name).filter(~nw.col("key").is_null())
    unique = keyed.group_by("key").agg(count=nw.len(), first=nw.col("id").min()).filter(nw.col("count") == 1)
    return unique.select("key", **{f"{system}_id": "first"})


def _first(records: Frame, names: list[str]) -> dict[str, Values]:
    """The values of columns in the records that the API delivers first."""
    rows = records.select("id", "api_rank", *names).sort("api_rank", "id").head(MOST_PAIRS).collect()
    return {name: rows.get_column(name).to_list() for name in names}


def _values(records: Frame, names: list[str], ids: list[str]) -> dict[str, Values]:
    """The values of columns in the order of the ids."""
    rows = records.filter(nw.col("id").is_in(ids)).select("id", *names).collect()
    number = {id_: row for row, id_ in enumerate(rows.get_column("id").to_list())}
    order = [number[id_] for id_ in ids]
    columns = {name: rows.get_column(name).to_list() for name in names}
    return {name: [values[row] for row in order] for name, values in columns.items()}
