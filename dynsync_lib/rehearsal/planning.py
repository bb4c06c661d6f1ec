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

import hashlib
import hmac
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dynsync_lib
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import Outcome, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RECORD_TABLES, Table
from dynsync_lib.engine import Engine
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.replaced_folder import FolderInWork, replaced_folder
from dynsync_lib.forecasts.forecast_check import scan_table
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables, read_catalogue
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.rehearsal.covered_items import Item, ItemsSeen, all_items, candidates, items_seen
from dynsync_lib.rehearsal.dependencies import Dependencies
from dynsync_lib.rehearsal.field_masks import FieldMasks, find_masks
from dynsync_lib.rehearsal.lacking import lacking_at_first, needs_of
from dynsync_lib.rehearsal.look_alikes import (
    LookAlikes,
    Originals,
    make_look_alikes,
    new_ids,
    read_originals,
    write_look_alikes,
)
from dynsync_lib.rehearsal.proof import QUICK_SORTS, Proof, prove_by_forecast, prove_quickly
from dynsync_lib.rehearsal.pseudonyms import Pseudonyms
from dynsync_lib.rehearsal.reasons import Reasons
from dynsync_lib.rehearsal.record_names import Record
from dynsync_lib.rehearsal.rehearsal_folder import (
    KEY_FILE,
    LOOK_ALIKES,
    PLANNED,
    REHEARSAL_FILE,
    REHEARSAL_FOLDER,
    SAMPLE_COLUMNS,
    SAMPLE_FILE,
    SETTINGS_FILE,
    TAG_DIGITS,
    VERSION,
    Rehearsal,
    refuse_begun,
)
from dynsync_lib.rehearsal.smallest_cover import Sample, choose_sample
from dynsync_lib.rehearsal.unwritable import find_unwritable
from dynsync_lib.snapshot.snapshot import Snapshot, sha256_of

_BATCH: Final = 100
"""Records in one request, on both sides."""
_MOST_FORECASTS: Final = 3
"""Of samples, when all that is left to gain are questions on which their look-alikes do not turn."""
_SAMPLE: Final = Table("sample", "one record", SAMPLE_COLUMNS, ("system", "object", "record_id"))
_TABLES: Final = ("outcomes", "changes", "links", "collisions")


@dataclass(frozen=True, slots=True)
class PlanTask:
    """What is planned: a snapshot under settings (`settings_text` is their file), with the key of its pseudonyms."""

    snapshot: Snapshot
    settings: Settings
    settings_text: bytes
    rulebook: Rulebook
    key: bytes

    def tag(self, records: list[Record]) -> str:
        """The tag of a sample."""
        named = [self.snapshot.manifest_sha256, self.settings.digest, *map(str, records)]
        return hmac.digest(self.key, "\n".join(named).encode(), hashlib.sha256).hex()[:TAG_DIGITS]


def plan_rehearsal(task: PlanTask, out: Path, forecast: Forecast | None) -> Rehearsal:
    """The rehearsal, planned in `out`; `forecast` is that of the snapshot under the settings, made anew when None.

    Raises UsageError when the forecast is of something else, or `out` holds anything but a plan that may be replaced.
    """
    if forecast is not None:
        _refuse_other(forecast, task)
    refuse_begun(out)
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
        plan = _Search.begin(engine, task, whole).run(folder)
    (folder.new / SETTINGS_FILE).write_bytes(task.settings_text)
    (folder.new / KEY_FILE).write_text(task.key.hex() + "\n", encoding="ascii")
    with PolarsEngine() as polars:
        polars.write(polars.from_rows(plan.sample_rows(), SAMPLE_COLUMNS), _SAMPLE, folder.new / SAMPLE_FILE)
    return {
        "version": VERSION,
        "kit_version": dynsync_lib.__version__,
        "rulebook_version": task.rulebook.version,
        "tag": plan.tag,
        "snapshot_sha256": task.snapshot.manifest_sha256,
        "settings_sha256": task.settings.digest,
        "digests": {name: sha256_of(folder.new / name) for name in (SETTINGS_FILE, SAMPLE_FILE)},
        **plan.figures(task.rulebook),
    }


# --- The search ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """A sample that was proved, its look-alikes and what they show."""

    tag: str
    sample: Sample
    look_alikes: LookAlikes
    snapshot: Snapshot
    planned: Forecast
    whole: ItemsSeen
    items: Mapping[str, tuple[Item, int]]
    shown: Mapping[str, list[Record]]
    reasons: Reasons

    def sample_rows(self) -> list[dict[str, Any]]:
        """The rows of the sample's table."""
        needed, rows = self.sample.needed_by(), []
        for record in self.sample.records:
            row = self.whole.outcomes[record]
            covers = [item for item in self.sample.covers.get(record, ()) if item in self.shown]
            rows.append(
                {
                    "system": record.system.value,
                    "object": record.object.value,
                    "record_id": record.id,
                    "look_alike_id": self.look_alikes.ids[record],
                    **{name: row[name] for name in ("outcome", "reason", "rule_id")},
                    "covers": ";".join(covers) or None,
                    "needed_by": str(needed[record]) if record in needed else None,
                }
            )
        return rows

    def figures(self, rulebook: Rulebook) -> dict[str, Any]:
        """What the mark says of the plan."""
        lacking = lacking_at_first(needs_of(self.snapshot, rulebook), rulebook)
        return {
            "records": {name: len(rows) for name, rows in self.look_alikes.tables.items()},
            "writes": self._writes(),
            "covered": [
                {"id": id_, "words": item.words, "in_forecast": count, "records": len(self.shown[id_])}
                for id_, (item, count) in self.items.items()
                if id_ in self.shown
            ],
            "not_covered": [
                {"id": id_, "words": item.words, "in_forecast": count, "why": self.reasons.why(id_)}
                for id_, (item, count) in self.items.items()
                if id_ not in self.shown
            ],
            "lacking": [lack.as_dict() for lack in lacking],
        }

    def _writes(self) -> dict[str, dict[str, int]]:
        """By system how many look-alikes, associations and requests it takes, and what the sync would create."""
        outcomes = self.planned.counts("outcomes", ["system", "outcome"])
        writes = {}
        for system in System:
            tables = [
                self.look_alikes.tables[name]
                for name, table in RECORD_TABLES.items()
                if table.system is system and table.object is not None
            ]
            associations = len(self.look_alikes.links) if system is System.HUBSPOT else 0
            created = sum(
                row["count"] for row in outcomes if (row["system"], row["outcome"]) == (system.other, Outcome.CREATE)
            )
            inactive = sum((row.get("statecode") or "0").strip() != "0" for rows in tables for row in rows)
            writes[system.value] = {
                "records": sum(map(len, tables)),
                "associations": associations,
                "deactivations": inactive,
                "requests": sum(math.ceil(count / _BATCH) for count in (*map(len, tables), associations, inactive)),
                "created_by_sync": created,
            }
        return writes


@dataclass(slots=True)
class _Search:
    """Looks for a sample whose look-alikes all hold."""

    engine: Engine
    task: PlanTask
    masks: FieldMasks
    originals: Originals
    dependencies: Dependencies
    items: Mapping[str, tuple[Item, int]]
    seen: ItemsSeen
    open: set[Record]
    reasons: Reasons
    shows: dict[Record, set[str]] = field(default_factory=dict)

    @classmethod
    def begin(cls, engine: Engine, task: PlanTask, whole: Forecast) -> _Search:
        """Reads what there is to show, who may show it, and who depends on whom."""
        hashes = whole.info.get("sha256") or {}
        tables = {name: scan_table(engine.scan, whole.folder, name, hashes) for name in _TABLES}
        situation = open_situation(engine, task.snapshot, task.settings, task.rulebook)
        dependencies = Dependencies(engine, situation, tables["outcomes"])
        records = sum(task.snapshot.rows(name) for name, table in RECORD_TABLES.items() if table.object is not None)
        chosen = candidates(engine, tables, records=records)
        dependencies.find(chosen)
        seen = items_seen(engine, tables, sorted(dependencies.needs))
        catalogue = read_catalogue(task.snapshot)
        masks = find_masks(task.snapshot, task.settings, task.rulebook, catalogue)
        originals = read_originals(engine, task.snapshot, masks, dependencies.needs)
        reasons = Reasons(task.settings, masks, originals.rows)
        domains = task.rulebook.top_level_domains
        for record, reason in find_unwritable(
            originals.rows, dependencies.ranks.__getitem__, catalogue, domains
        ).items():
            reasons.note_unwritable(reason, seen.by_record[record])
            dependencies.drop(record)
        known = {record for record in chosen if record in dependencies.needs}
        shows = {record: set(items) for record, items in seen.by_record.items()}
        items = all_items(engine, tables)
        return cls(engine, task, masks, originals, dependencies, items, seen, known, reasons, shows)

    def run(self, folder: FolderInWork) -> _Plan:
        """The sample that holds, with its look-alikes and forecast in the new folder."""
        attempts = itertools.count()
        everybody = Sample({record: self.dependencies.closure(record) for record in sorted(self.open)})
        self._try(everybody, folder.work / f"attempt_{next(attempts)}")
        forecasts = 0
        while True:
            attempt = folder.work / f"attempt_{next(attempts)}"
            sample = choose_sample(self.open, self.dependencies.closure, self.shows)
            tried = self._try(sample, attempt)
            if tried is None:
                continue
            written, look_alikes = tried
            planned = write_forecast(written, self.task.settings, attempt / PLANNED, rulebook=self.task.rulebook)
            proof = prove_by_forecast(planned, self.seen, look_alikes.ids)
            forecasts += 1
            if self._learn(sample, proof, ("",)) and (proof.differences or forecasts < _MOST_FORECASTS):
                continue
            for name in (LOOK_ALIKES, PLANNED):
                (attempt / name).rename(folder.new / name)
            return self._plan(sample, look_alikes, planned, proof, written, folder.new)

    def _plan(
        self,
        sample: Sample,
        look_alikes: LookAlikes,
        planned: Forecast,
        proof: Proof,
        written: Snapshot,
        folder: Path,
    ) -> _Plan:
        return _Plan(
            self.task.tag(sample.records),
            sample,
            look_alikes,
            Snapshot(folder / LOOK_ALIKES, written.manifest, written.manifest_sha256),
            Forecast(folder / PLANNED, planned.info),
            self.seen,
            self.items,
            self._shown(sample, proof),
            self.reasons,
        )

    def _try(self, sample: Sample, attempt: Path) -> tuple[Snapshot, LookAlikes] | None:
        """The look-alikes of a sample, written below `attempt`; None when some did not hold, which is learnt."""
        look_alikes = self._make(sample)
        written = self._write(look_alikes, attempt / LOOK_ALIKES)
        proof = prove_quickly(written, self.task.settings, self.task.rulebook, self.seen, look_alikes.ids)
        return None if self._learn(sample, proof, QUICK_SORTS) else (written, look_alikes)

    def _make(self, sample: Sample) -> LookAlikes:
        records = sample.records
        originals = self.originals.of(records)
        book = self.task.rulebook
        pseudonyms = Pseudonyms(self.task.key, book.top_level_domains, book.free_mail_domains, self.masks.kept_texts)
        ids = new_ids(originals, self.dependencies, self.task.tag(records))
        associations = self.dependencies.associations
        look_alikes = make_look_alikes(originals, ids, pseudonyms, associations, self.task.snapshot)
        self.reasons.look_alikes.update(look_alikes.by_original())
        return look_alikes

    def _write(self, look_alikes: LookAlikes, out: Path) -> Snapshot:
        out.parent.mkdir()
        keys = KeyMaker(self.task.rulebook.top_level_domains)
        return write_look_alikes(look_alikes, self.masks, self.task.snapshot, keys, out)

    def _learn(self, sample: Sample, proof: Proof, sorts: tuple[str, ...]) -> bool:
        """Leaves out who did not hold and what was not shown; whether there was anything to learn."""
        bad = {chosen for chosen, closure in sample.chosen.items() if closure & proof.differences.keys()}
        for record, row in proof.differences.items():
            self.reasons.note_difference(record, row, self.shows.get(record, set()))
        for chosen in bad:
            culprits = sorted(sample.chosen[chosen] & proof.differences.keys())
            self.reasons.note_dependents(chosen, culprits, self.shows.get(chosen, set()))
        self.open -= bad
        lost = False
        for record in sample.records:
            if record in proof.differences:
                continue
            unseen = {
                item
                for item in self.shows.get(record, set()) - proof.shown.get(record, set())
                if item.startswith(sorts)
            }
            if unseen:
                lost = True
                self.shows[record] -= unseen
                self.reasons.note_unseen(record, unseen)
        return bool(bad) or lost

    def _shown(self, sample: Sample, proof: Proof) -> dict[str, list[Record]]:
        shown: dict[str, list[Record]] = {}
        for record in sample.records:
            for item in self.seen.by_record.get(record, set()) & proof.shown.get(record, set()):
                shown.setdefault(item, []).append(record)
        return shown
