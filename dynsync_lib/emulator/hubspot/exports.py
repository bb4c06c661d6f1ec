"""Exports of HubSpot: started, followed by their status, fetched as CSV (portal-apis 4).

Facts
    * An export is asked for by object and properties; its status names an address from which anybody who has it may
      fetch the file, without a token.
    * Headings and choices are labels unless internal NAMES or VALUES are asked for; an owner is its name. The ids of
      associated records are one column, joined by semicolons. Times are those of the account's zone.

Not modelled
    * Lists, filters, other formats than CSV: refused with 501. Zipped parts, caps, waiting: an export is complete at
      once and its address does not expire.

Where it is used: `emulator.hubspot.routes`, `emulator.hubspot.api`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.hubspot.associations import read_links
from dynsync_lib.emulator.hubspot.bodies import read_body
from dynsync_lib.emulator.hubspot.errors import hubspot_error, invalid, not_found
from dynsync_lib.emulator.hubspot.names import Kind
from dynsync_lib.emulator.hubspot.portal import Portal
from dynsync_lib.emulator.hubspot.records import find_kind, select_records, shape_of
from dynsync_lib.emulator.hubspot.written_values import described
from dynsync_lib.emulator.store.records import options_of
from dynsync_lib.emulator.times import iso_ms, moment_ms

_JOBS: Final = "@exports"
_FIRST_ID: Final = 100_000_001
_FILE: Final = re.compile(r"/exports/(\d+)/([0-9a-f-]{36})\.csv")
_ROWS_AT_ONCE: Final = 900
_HEAD: Final = 3
"""The number of columns before the properties of a selected record: id, archived flag, time of the last write."""
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Export:
    """One started export: the object type, its properties, and the types whose associated ids are columns."""

    id: str
    at_s: float
    name: str
    kind: Kind
    properties: tuple[str, ...]
    associated: tuple[Kind, ...]
    internal: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Column:
    """One property as it is exported: its heading, labels by value, and the zone of a time (None: no time)."""

    name: str
    heading: str
    choices: Labels
    zone: ZoneInfo | None

    def text(self, value: str | None) -> str:
        ms = moment_ms(value) if self.zone is not None else None
        if ms is not None:
            return datetime.fromtimestamp(ms / 1000, tz=UTC).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")
        if value is None or not self.choices:
            return value or ""
        return ";".join(self.choices.get(part, part) for part in value.split(";"))


def start_export(portal: Portal, call: Call) -> Reply:
    """`POST /crm/v3/exports/export/async`: 202, and where to ask for its status."""
    portal.need(call, "crm.export")
    body = read_body(call)
    id_ = str(_FIRST_ID + len(portal.store.metadata.get(_JOBS, ())))
    _read_export(call, id_, call.at_s, body)
    portal.store.add_metadata(_JOBS, {"id": id_, "at_s": str(call.at_s), "body": json.dumps(body)})
    where = f"{call.origin}/crm/v3/exports/export/async/tasks/{id_}/status"
    return json_reply({"id": id_, "links": {"status": where}}, status=202)


def export_status(portal: Portal, call: Call) -> Reply:
    """`GET /crm/v3/exports/export/async/tasks/{id}/status`."""
    portal.need(call, "crm.export")
    export = _find(portal, call, call.names["id"])
    moment, result = iso_ms(export.at_s), f"{call.origin}/exports/{export.id}/{_signature(export.id)}.csv"
    times = {"startedAt": moment, "completedAt": moment}
    return json_reply({"status": "COMPLETE", "result": result, **times, "numErrors": 0})


def export_details(portal: Portal, call: Call) -> Reply:
    """`GET /crm/v3/exports/export/{id}`."""
    portal.need(call, "crm.export")
    export = _find(portal, call, call.names["id"])
    about = {"id": export.id, "exportName": export.name, "exportType": "VIEW", "exportState": "DONE"}
    what = {"objectType": export.kind.singular.upper(), "objectProperties": list(export.properties)}
    count = portal.store.count(export.kind.table, '"@archived" = 0') if portal.store.has(export.kind.table) else 0
    moment = iso_ms(export.at_s)
    return json_reply({**about, **what, "recordCount": count, "createdAt": moment, "updatedAt": moment})


def fetch_export(portal: Portal, call: Call) -> Reply | None:
    """The file of an export, without a token; None when the path is not that of a file."""
    match = _FILE.fullmatch(call.path)
    if match is None or call.method != "GET":
        return None
    export = _find(portal, call, match[1])
    if match[2] != _signature(export.id):
        return hubspot_error(call, 403, "The signature of the address does not fit.")
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(_lines(portal, export))
    return Reply(200, stream.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8")


def _find(portal: Portal, call: Call, id_: str) -> Export:
    for row in portal.store.metadata.get(_JOBS, ()):
        if row["id"] == id_:
            return _read_export(call, id_, float(str(row["at_s"])), json.loads(str(row["body"])))
    raise not_found(call)


def _read_export(call: Call, id_: str, at_s: float, body: Mapping[str, Any]) -> Export:
    """What a body asks for. Raises Refusal 400 for one that cannot be read, 501 for what is not modelled."""
    names = body.get("objectProperties")
    if not isinstance(names, list) or not names or not body.get("objectType"):
        raise invalid(call, "Invalid input JSON: objectType and objectProperties are required")
    search = body.get("publicCrmSearchRequest") or {}
    is_plain = body.get("exportType") == "VIEW" and str(body.get("format", "CSV")).upper() == "CSV"
    if not is_plain or any(search.get(part) for part in ("filters", "filterGroups", "query")):
        raise Refusal(hubspot_error(call, 501, "The emulator exports views without filters, as CSV."))
    others = body.get("associatedObjectType") or []
    associated = tuple(find_kind(call, str(name)) for name in (others if isinstance(others, list) else [others]))
    internal = frozenset(map(str, body.get("exportInternalValuesOptions") or ()))
    kind = find_kind(call, str(body["objectType"]))
    return Export(id_, at_s, str(body.get("exportName") or ""), kind, tuple(map(str, names)), associated, internal)


def _signature(id_: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynsync:export.{id_}"))


def _lines(portal: Portal, export: Export) -> Iterator[list[str]]:
    """Headings and rows, by ascending id."""
    columns = _columns(portal, export)
    others = [f"Associated {other.singular.capitalize()} IDs" for other in export.associated]
    yield ["Record ID", *(column.heading for column in columns), *others]
    shape = shape_of(portal.store, export.kind, [column.name for column in columns])
    places = [_HEAD + shape.names.index(column.name) for column in columns]
    where, last = '"@rank" > ? AND "@archived" = 0 ORDER BY "@rank" LIMIT ?', 0
    while rows := select_records(portal.store, shape, where, (last, _ROWS_AT_ONCE)):
        ends = [_ends(portal, export.kind, other, [int(row[0]) for row in rows]) for other in export.associated]
        for row in rows:
            cells = [column.text(row[index]) for column, index in zip(columns, places, strict=True)]
            yield [str(row[0]), *cells, *(ids_by_record.get(int(row[0]), "") for ids_by_record in ends)]
        last = int(rows[-1][0])


def _columns(portal: Portal, export: Export) -> list[_Column]:
    """The properties that the portal has, as they are exported."""
    known, zone = described(portal.store, export.kind), ZoneInfo(str(portal.account.get("timeZone") or "UTC"))
    columns = []
    for name in export.properties:
        row = known.get(name)
        if row is not None and name != "hs_object_id":
            heading = name if "NAMES" in export.internal else str(row["label"] or name)
            choices = {} if "VALUES" in export.internal else _choices(portal, row)
            columns.append(_Column(name, heading, choices, zone if row["type"] == "datetime" else None))
    return columns


def _choices(portal: Portal, row: Mapping[str, str | None]) -> Labels:
    """Label by value; of owners their names."""
    if row["name"] != "hubspot_owner_id":
        return {str(option["value"]): str(option["label"]) for option in options_of(row)}
    if not portal.store.has("hubspot/owners"):
        return {}
    rows = portal.store.query('SELECT "@id", "firstName", "lastName" FROM "hubspot/owners"')
    return {str(id_): " ".join(filter(None, names)) for id_, *names in rows}


def _ends(portal: Portal, kind: Kind, other: Kind, ids: Sequence[int]) -> dict[int, str]:
    links = read_links(portal.store, kind, other, ids)
    return {id_: ";".join(dict.fromkeys(str(link[1]) for link in record_links)) for id_, record_links in links.items()}
