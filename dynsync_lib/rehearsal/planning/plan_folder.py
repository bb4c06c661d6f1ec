"""From a snapshot and its forecast to the folder of a rehearsal: the sample, its look-alikes, and the proof.

Facts
    * Nothing is decided again but for the sample: what there is to show, who shows it and who depends on whom is read
      from the forecast's tables and the snapshot.
    * A candidate whose look-alike, or anything that it depends on, comes out otherwise than in the whole forecast is
      left out, and another one takes its place. What nobody is left to show is named, with the reason.
    * No portal is asked. The same snapshot, settings and key give the same bytes.

Where it is used: `kit.rehearsals`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dynsync_lib
from dynsync_lib.core.model import Outcome, System
from dynsync_lib.core.tables import RECORD_TABLES, Table
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.replaced_folder import FolderInWork, replaced_folder
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_tables
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.moments import utc_text
from dynsync_lib.rehearsal.lacking import lacking_at_first, needs_of
from dynsync_lib.rehearsal.planning.sample_search import PlanTask, ProvedSample, SampleSearch
from dynsync_lib.rehearsal.planning.time_windows import holds_until
from dynsync_lib.rehearsal.rehearsal_folder import (
    KEY_FILE,
    LOOK_ALIKES,
    PLANNED,
    REHEARSAL_FILE,
    REHEARSAL_FOLDER,
    SAMPLE_COLUMNS,
    SAMPLE_FILE,
    SETTINGS_FILE,
    VERSION,
    Rehearsal,
    refuse_begun,
)
from dynsync_lib.snapshot.snapshot import sha256_of

__all__ = ["PlanTask", "plan_rehearsal"]

_BATCH: Final = 100
"""Records in one request, on both sides."""
_SAMPLE: Final = Table("sample", "one record", SAMPLE_COLUMNS, ("system", "object", "record_id"))


def plan_rehearsal(task: PlanTask, out: Path, forecast: Forecast | None) -> Rehearsal:
    """The rehearsal, planned in `out`; `forecast` is that of the snapshot under the settings, made anew when None.

    Raises UsageError when the forecast is of something else, or `out` holds anything but a plan that may be replaced.
    """
    if forecast is not None:
        _refuse_other(forecast, task)
    refuse_begun(out, task.snapshot, task.settings.digest)
    with replaced_folder(out, REHEARSAL_FOLDER) as folder:
        whole = forecast or write_forecast(task.snapshot, task.settings, folder.work / "whole", rulebook=task.rulebook)
        info = _write_plan(task, whole, folder)
        text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
        (folder.new / REHEARSAL_FILE).write_text(text, encoding="utf-8")
    return Rehearsal(out, info)


def _refuse_other(forecast: Forecast, task: PlanTask) -> None:
    if forecast.info.get("snapshot_sha256") != task.snapshot.manifest_sha256:
        raise UsageError(
            f"The forecast in {forecast.folder} is not of the snapshot {task.snapshot.path}.",
            next_step="Name the snapshot's own forecast, or leave `--forecast` out.",
        )
    if forecast.info.get("settings_sha256") != task.settings.digest:
        raise UsageError(
            f"The forecast in {forecast.folder} was made with other settings.",
            next_step="Name a forecast that was made with these settings, or leave `--forecast` out.",
        )


def _write_plan(task: PlanTask, whole: Forecast, folder: FolderInWork) -> dict[str, Any]:
    """Writes everything but the mark, whose content comes out."""
    with open_tables(task.snapshot, work=folder.work) as engine:
        search = SampleSearch.begin(engine, task, whole)
        plan = _Plan(task, search, search.run(folder.work))
    for name in (LOOK_ALIKES, PLANNED):
        (plan.proved.folder / name).rename(folder.new / name)
    (folder.new / SETTINGS_FILE).write_bytes(task.settings_text)
    (folder.new / KEY_FILE).write_text(task.key.hex() + "\n", encoding="ascii")
    with PolarsEngine() as polars:
        polars.write(polars.from_rows(plan.sample_rows(), SAMPLE_COLUMNS), _SAMPLE, folder.new / SAMPLE_FILE)
    digests = {name: sha256_of(folder.new / name) for name in (SETTINGS_FILE, SAMPLE_FILE)}
    return plan.info(folder.new) | {"digests": digests}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a search has brought, as tables and figures."""

    task: PlanTask
    search: SampleSearch
    proved: ProvedSample

    def sample_rows(self) -> list[dict[str, Any]]:
        """The rows of the sample's table."""
        sample, rows = self.proved.sample, []
        needed = sample.needed_by()
        for record in sample.records:
            row = self.search.seen.outcomes[record]
            covers = [item for item in sample.covers.get(record, ()) if item in self.proved.shown]
            rows.append(
                {
                    "system": record.system.value,
                    "object": record.object.value,
                    "record_id": record.id,
                    "look_alike_id": self.proved.look_alikes.ids[record],
                    **{name: row[name] for name in ("outcome", "reason", "rule_id")},
                    "covers": ";".join(covers) or None,
                    "needed_by": str(needed[record]) if record in needed else None,
                }
            )
        return rows

    def info(self, folder: Path) -> dict[str, Any]:
        """What the mark says of the plan, whose look-alikes are in `folder`."""
        written = self.proved.written
        look_alikes = type(written)(folder / LOOK_ALIKES, written.manifest, written.manifest_sha256)
        lacking = lacking_at_first(needs_of(look_alikes, self.task.rulebook), self.task.rulebook)
        planned = Forecast(folder / PLANNED, self.proved.planned.info)
        return {
            "version": VERSION,
            "kit_version": dynsync_lib.__version__,
            "rulebook_version": self.task.rulebook.version,
            "tag": self.task.tag(self.proved.sample.records),
            "snapshot_sha256": self.task.snapshot.manifest_sha256,
            "settings_sha256": self.task.settings.digest,
            "holds_until": self._holds_until(),
            "records": {name: len(rows) for name, rows in self.proved.look_alikes.tables.items()},
            "writes": {system.value: self._writes(system, planned) for system in System},
            "covered": self._covered(),
            "not_covered": self._not_covered(),
            "lacking": [lack.as_dict() for lack in lacking],
        }

    def _holds_until(self) -> str | None:
        tables, taken_at = self.proved.look_alikes.tables, self.task.snapshot.taken_at
        until = holds_until(tables, self.search.masks, self.task.settings, taken_at)
        return None if until is None else utc_text(until)

    def _covered(self) -> list[Mapping[str, Any]]:
        shown = self.proved.shown
        return [
            {"id": id_, "words": item.words, "in_forecast": count, "records": len(shown[id_])}
            for id_, (item, count) in self.search.items.items()
            if id_ in shown
        ]

    def _not_covered(self) -> list[Mapping[str, Any]]:
        return [
            {"id": id_, "words": item.words, "in_forecast": count, "why": self.search.reasons.why(id_)}
            for id_, (item, count) in self.search.items.items()
            if id_ not in self.proved.shown
        ]

    def _writes(self, system: System, planned: Forecast) -> dict[str, int]:
        """How many look-alikes, associations and requests it takes, and what the sync would create."""
        look_alikes = self.proved.look_alikes
        tables = [
            look_alikes.tables[name]
            for name, table in RECORD_TABLES.items()
            if table.system is system and table.object is not None
        ]
        associations = len(look_alikes.links) if system is System.HUBSPOT else 0
        inactive = sum((row.get("statecode") or "0").strip() != "0" for rows in tables for row in rows)
        created = sum(
            row["count"]
            for row in planned.counts("outcomes", ["system", "outcome"])
            if (row["system"], row["outcome"]) == (system.other, Outcome.CREATE)
        )
        return {
            "records": sum(map(len, tables)),
            "associations": associations,
            "deactivations": inactive,
            "requests": sum(math.ceil(count / _BATCH) for count in (*map(len, tables), associations, inactive)),
            "created_by_sync": created,
        }
