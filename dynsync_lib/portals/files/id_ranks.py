"""The order in which an API would deliver the records of a file, by their ids.

Facts
    * An unordered read of Dataverse comes by primary key, in the order in which SQL Server sorts GUIDs (2.24, 2.25);
      HubSpot lists records by their numeric id (2.27). An export is in the order of its view, which says nothing.
    * A record without such an id keeps its place in the file, behind those that have one.

Source: rule record.first-order; docs/semantics.md section 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from dynsync_lib.core.keys import guid_sql_key
from dynsync_lib.core.model import System


def rank_ids(system: System, ids: Sequence[str]) -> list[int]:
    """The rank of each id, from 0, in the order of the ids given."""
    key_of = _guid_order if system is System.DYNAMICS else _number_order
    keys = [key_of(record_id) for record_id in ids]
    ordered = sorted((key, number) for number, key in enumerate(keys) if key is not None)
    unordered = (number for number, key in enumerate(keys) if key is None)
    ranks = [0] * len(ids)
    for rank, number in enumerate([*(number for _, number in ordered), *unordered]):
        ranks[number] = rank
    return ranks


def _guid_order(record_id: str) -> str | None:
    """Text that sorts as SQL Server sorts the GUID; None for what is none."""
    key = guid_sql_key(record_id)
    return key if key != record_id else None


def _number_order(record_id: str) -> str | None:
    """Text that sorts as the number does; None for what is none."""
    return f"{len(plain):04}{plain}" if (plain := record_id.lstrip("0") or "0").isdecimal() else None
