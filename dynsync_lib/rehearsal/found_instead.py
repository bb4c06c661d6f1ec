"""What is there instead of what was foretold of one record: counterpart, fields, associations, in sentences.

Facts
    * Only fields that a mapping may write are told, in the record and in the one it is matched with.

Where it is used: `rehearsal.comparing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.model import Object, System, flows_into
from dynsync_lib.core.tables import HELD_BACK, RECORD_TABLES, record_table, stored_object
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.verification.touched_records import LOOKUPS

Row = Mapping[str, Any]
_LINKS: Final = "hubspot/links"
_SEEN: Final = {
    "create": "A counterpart is there now that was not.",
    "update": "No counterpart came, and fields were written.",
    "untouched": "No counterpart came, and nothing was written.",
    "gone": "The record is not there any more.",
}


class FoundInstead:
    """Looks records up in both snapshots and in the forecast of the earlier one, which are read once."""

    def __init__(self, before: Snapshot, after: Snapshot, forecast: Forecast) -> None:
        names = [name for name, table in RECORD_TABLES.items() if table.object is not None]
        self._before, self._after = ({name: _by_id(side, name) for name in names} for side in (before, after))
        self._links = [_companies(side) for side in (before, after)]
        self._outcomes = {(row["system"], row["object"], row["record_id"]): row for row in forecast.rows("outcomes")}
        self._changes: dict[tuple[str, str], list[Row]] = {}
        for row in forecast.rows("changes"):
            for system in System:
                self._changes.setdefault((system.value, row[f"{system}_id"]), []).append(row)
        self._fields: dict[str, set[str]] = {}
        for row in forecast.rows("mapping"):
            for system in System:
                if flows_into(row["allowed_directions"], system):
                    table = record_table(Object(row["object"]), system).name
                    self._fields.setdefault(table, set()).add(row[f"{system}_field"])

    def sentences(self, miss: Row) -> list[str]:
        """What is there instead: `miss` has system, object, record_id and actual."""
        name = (miss["system"], miss["object"], miss["record_id"])
        said = [_SEEN[miss["actual"]]] if miss["actual"] in _SEEN else []
        outcome = self._outcomes[name]
        said += self._of_record(System(name[0]), name[1], name[2])
        if outcome["counterpart_id"] and outcome["outcome"] in ("update", "link"):
            other = System(name[0]).other
            said += self._of_record(
                other, self._object_there(name[1], outcome["counterpart_id"], other), outcome["counterpart_id"]
            )
        return list(dict.fromkeys(said))

    def _object_there(self, object_: str, id_: str, system: System) -> str:
        """The object of a counterpart: a HubSpot contact may have a lead, a lead always has a contact."""
        is_lead = system is System.DYNAMICS and id_ in self._before["dynamics/leads"]
        return Object.LEAD.value if is_lead else stored_object(Object(object_), system).value

    def _of_record(self, system: System, object_: str, id_: str) -> Iterator[str]:
        table = record_table(Object(object_), system).name
        was, now = self._before[table].get(id_), self._after[table].get(id_)
        if was is None or now is None:
            return
        where = f"{system.label} {object_} {id_}"
        foretold: dict[str, list[str]] = {}
        for row in self._changes.get((system.value, id_), ()):
            if row["target_system"] == system.value and row["note"] not in HELD_BACK:
                foretold.setdefault(row["target_field"], []).append(row["new_value"])
        for field in sorted(self._fields.get(table, ())):
            before, after = _value(was, field), _value(now, field)
            if field in foretold and after not in foretold[field]:
                yield f"{where}: {field} was to be {' or '.join(map(_shown, foretold[field]))} and is {_shown(after)}."
            elif field not in foretold and before != after:
                yield f"{where}: {field} was {_shown(before)} and is {_shown(after)}, which nobody foretold."
        for lookup in LOOKUPS.get(table, ()):
            before, after = was.get(lookup) or "nothing", now.get(lookup) or "nothing"
            if before != after:
                yield f"{where}: {lookup} pointed to {before} and points to {after}."
        if system is System.HUBSPOT:
            yield from self._of_links(where, object_, id_)

    def _of_links(self, where: str, object_: str, id_: str) -> Iterator[str]:
        was, now = (links.get((object_, id_), set()) for links in self._links)
        for to_object, to_id in sorted(now - was):
            yield f"{where}: is associated with {to_object} {to_id} now."


def _value(row: Row, field: str) -> Any:
    return row.get(field, row.get(f"_{field}_value"))


def _shown(value: Any) -> str:
    return "empty" if value is None else repr(value)


def _by_id(snapshot: Snapshot, name: str) -> dict[str, Row]:
    return {row["id"]: row for row in pq.read_table(snapshot.table_path(name)).to_pylist()}


def _companies(snapshot: Snapshot) -> dict[tuple[str, str], set[tuple[str, str]]]:
    links: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in pq.read_table(snapshot.table_path(_LINKS)).to_pylist():
        links.setdefault((row["from_object"], row["from_id"]), set()).add((row["to_object"], row["to_id"]))
    return links
