"""The rollback sheet: which records come into being, and what stood in every field before it is written.

Facts
    * Rows are streamed out of the forecast's tables: memory does not grow with the portal.
    * A record that is created has no id yet. It is known by the record that it is made of, which the sync card names.
    * A value that is told and does not land (`core.tables.HELD_BACK`) is none to put back.
    * At `partial` and `pseudonym` values of people are cut, so that nothing of theirs can be put back from the sheet,
      whose workbook says so.

Where it is used: `go_live.pack`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.masking import Mask
from dynsync_lib.core.model import Object, Outcome, System
from dynsync_lib.core.tables import HELD_BACK, stored_object
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.record_urls import RecordUrls

CREATED_COLUMNS: Final = ("created_in", "object", "made_of_system", "made_of_id", "url", "known_by", "how_to_undo")
VALUE_COLUMNS: Final = ("system", "object", "record_id", "url", "field", "value_before", "value_after", "how_to_undo")
_NOT_KNOWN: Final = "not known"
_FIND: Final = {
    System.HUBSPOT.value: "Filter HubSpot by record source and the day; the sync card names its pair; delete it there.",
    System.DYNAMICS.value: "Filter Dynamics by the sync's user as creator and the day; delete it there.",
}


def created_rows(forecast: Forecast, mask: Mask, urls: RecordUrls) -> Iterator[Sequence[object]]:
    """One row of CREATED_COLUMNS for each record that the sync creates, in the order of the outcomes."""
    for row in _rows(forecast, "outcomes", ("system", "object", "record_id", "outcome", "match_key")):
        if row["outcome"] == Outcome.CREATE:
            system, object_, record_id = row["system"], row["object"], row["record_id"]
            target = System(system).other.value
            yield (
                *(target, _stored_as(target, object_), system, record_id),
                urls.url_of(system, _stored_as(system, object_), record_id) or _NOT_KNOWN,
                mask.key(object_, row["match_key"]),
                _FIND[target],
            )


def value_rows(forecast: Forecast, mask: Mask, urls: RecordUrls) -> Iterator[Sequence[object]]:
    """One row of VALUE_COLUMNS for each value that lands in a matched record, in the order of the changes."""
    names = ("object", "hubspot_id", "dynamics_id", "target_system", "target_field", "old_value", "new_value", "note")
    for row in _rows(forecast, "changes", names):
        if row["note"] not in HELD_BACK:
            system, object_ = row["target_system"], row["object"]
            record_id = row[f"{system}_id"]
            old = row["old_value"]
            yield (
                *(system, _stored_as(system, object_), record_id),
                urls.url_of(system, _stored_as(system, object_), record_id) or _NOT_KNOWN,
                row["target_field"],
                mask.value(object_, old),
                mask.value(object_, row["new_value"]),
                "Empty the field again." if old is None else "Write the value before.",
            )


def _stored_as(system: str, object_: str) -> str:
    """What the record is where it is stored."""
    return stored_object(Object(object_), System(system)).value


def _rows(forecast: Forecast, table: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table, some columns of it; those that an older file lacks are None."""
    with pq.ParquetFile(forecast.table_path(table)) as file:
        here = [name for name in names if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=here):
            for row in batch.to_pylist():
                yield {**dict.fromkeys(names), **row}
