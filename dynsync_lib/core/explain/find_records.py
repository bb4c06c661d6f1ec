"""Which records a key means: an id, a GUID in any spelling, an e-mail address, a name.

Facts
    * Ids and match keys stand in the forecast; additional addresses, people's names and names of deals only in the
      snapshot, so they are found only where that is at hand.
    * Names are compared without regard to case and to blanks around and between the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.explain.evidence import Evidence
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.keys import email_key, name_key, trim
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable

_NAMES: Final = ("fullname", "name", "dealname", "hs_title")
_FIRST_AND_LAST: Final = ("firstname", "lastname")


def find_records(evidence: Evidence, key: str) -> list[dict[str, Any]]:
    """The outcomes of the records that the key means, sorted by system, object and id; none when it means nobody."""
    names = _spellings(key)
    outcomes = evidence.tables["outcomes"]
    rows = _rows(outcomes.filter(nw.col("record_id").is_in(names) | nw.col("match_key").is_in(names)))
    for name, frame in evidence.records.items():
        ids = _matching_ids(frame, RECORD_TABLES[name], key)
        if ids:
            rows += _outcomes_of(outcomes, RECORD_TABLES[name], ids)
    unique = {(row["system"], row["object"], row["record_id"]): row for row in rows}
    return [unique[record] for record in sorted(unique)]


def _spellings(key: str) -> list[str]:
    """Every form in which an id or a match key may stand in the forecast."""
    plain = trim(key)
    bare = plain.strip("{}").lower()
    return sorted({spelling for spelling in (key, plain, bare, email_key(key), name_key(key)) if spelling})


def _matching_ids(frame: Frame, table: RecordTable, key: str) -> list[str]:
    """The records of one table that have the key as an address or as a name."""
    tests = list(_tests(set(frame.collect_schema().names()), table, key))
    if not tests:
        return []
    return [row["id"] for row in _rows(frame.filter(nw.any_horizontal(*tests, ignore_nulls=True)).select("id"))]


def _tests(columns: set[str], table: RecordTable, key: str) -> Iterator[nw.Expr]:
    address, name = email_key(key), name_key(key)
    if address and "email_key" in columns:
        yield nw.col("email_key") == address
    if address and "secondary_email_keys" in columns:
        yield nw.col("secondary_email_keys").list.contains(address)
    if name and "name_key" in columns:
        yield nw.col("name_key") == name
    if name and "name_key" not in columns:
        yield from (_folded(nw.col(field)) == name for field in _NAMES if field in columns and field != table.id_field)
    if name and columns.issuperset(_FIRST_AND_LAST):
        yield _folded(nw.concat_str([nw.col(field) for field in _FIRST_AND_LAST], separator=" ")) == name


def _folded(text: nw.Expr) -> nw.Expr:
    return text.str.to_lowercase().str.strip_chars().str.replace_all(r"\s+", " ")


def _outcomes_of(outcomes: Frame, table: RecordTable, ids: list[str]) -> list[dict[str, Any]]:
    mine = (nw.col("system") == str(table.system)) & (nw.col("object") == str(table.object))
    return _rows(outcomes.filter(mine & nw.col("record_id").is_in(ids)))


def _rows(frame: Frame) -> list[dict[str, Any]]:
    return list(frame.collect().rows(named=True))
