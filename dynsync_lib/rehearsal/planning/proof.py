"""Whether look-alikes come out as their originals do: the forecast of the sample beside the whole one.

Facts
    * A look-alike holds when outcome, reason and rule are the original's, and counterpart and winner are the
      look-alikes of the original's.
    * A quick proof decides the sync alone; the last one is the forecast that is kept with the plan.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.frames import Frame
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.core.tables import COLLISIONS
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_situation
from dynsync_lib.rehearsal.planning.covered_items import ItemsSeen, items_seen
from dynsync_lib.rehearsal.planning.record_names import Record, tables_beside
from dynsync_lib.snapshot.snapshot import Snapshot

QUICK_SORTS: Final = ("outcome/", "change/", "link/")
"""Of items, what a quick proof can tell."""


@dataclass(frozen=True, slots=True)
class Proof:
    """By original what came out otherwise, as the look-alike's row of outcomes, and the items that look-alikes show."""

    differences: Mapping[Record, Mapping[str, Any]]
    shown: Mapping[Record, set[str]]


def prove_quickly(
    look_alikes: Snapshot, settings: Settings, rulebook: Rulebook, whole: ItemsSeen, ids: Mapping[Record, str]
) -> Proof:
    """The proof without questions and collisions."""
    with PolarsEngine() as engine:
        decision = decide_sync(open_situation(engine, look_alikes, settings, rulebook))
        tables = {
            "outcomes": decision.outcomes.with_columns(sensitive_to=no_text()),
            "changes": decision.changes,
            "links": decision.links,
            "collisions": engine.from_rows([], COLLISIONS.columns),
        }
        return _compare(engine, tables, whole, ids)


def prove_by_forecast(planned: Forecast, whole: ItemsSeen, ids: Mapping[Record, str]) -> Proof:
    """The proof by a whole forecast of the look-alikes."""
    with PolarsEngine() as engine:
        names = ("outcomes", "changes", "links", "collisions")
        return _compare(engine, {name: engine.scan(planned.table_path(name)) for name in names}, whole, ids)


def _compare(engine: PolarsEngine, tables: Mapping[str, Frame], whole: ItemsSeen, ids: Mapping[Record, str]) -> Proof:
    originals = {Record(record.table, id_): record for record, id_ in ids.items()}
    records = [Record(record.table, id_) for record, id_ in sorted(ids.items()) if record in whole.outcomes]
    seen = items_seen(engine, tables, records)
    differences = {
        originals[record]: seen.outcomes.get(record, {})
        for record in records
        if not _holds(whole.outcomes[originals[record]], seen.outcomes.get(record, {}), originals[record], ids)
    }
    return Proof(differences, {originals[record]: items for record, items in seen.by_record.items()})


def _holds(whole: Mapping[str, Any], row: Mapping[str, Any], record: Record, ids: Mapping[Record, str]) -> bool:
    is_same = all(whole[name] == row.get(name) for name in ("outcome", "reason", "rule_id"))
    return is_same and all(
        row.get(name) in _new_ids(whole[name], tables_beside(record.object, system), ids)
        for name, system in (("counterpart_id", record.system.other), ("winner_id", record.system))
    )


def _new_ids(id_: str | None, tables: tuple[str, ...], ids: Mapping[Record, str]) -> set[str | None]:
    """What a record that the forecast names may be called among look-alikes; nothing where it is not in the sample."""
    if id_ is None:
        return {None}
    return {ids[record] for table in tables if (record := Record(table, id_)) in ids}
