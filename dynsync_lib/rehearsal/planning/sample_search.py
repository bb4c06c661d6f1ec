"""The search for a sample whose look-alikes all hold: choose, make look-alikes, prove, learn, choose again.

Facts
    * At first everybody who may be chosen is tried at once, with all that they depend on: whoever comes out otherwise
      is left out, and nobody shows what his look-alike does not. So the first choice is nearly always the last.
    * What nobody is left to show is looked for among more records, in portals where not all were tried.
    * It ends: each round leaves out a candidate, or an item that somebody shows.

Where it is used: `rehearsal.planning.plan_folder`.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.forecast_check import scan_table
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.open_snapshot import open_situation, read_catalogue
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.rehearsal.planning.covered_items import (
    ALL_ARE_CANDIDATES,
    Item,
    ItemsSeen,
    Tables,
    all_items,
    candidates,
    items_seen,
    more_candidates,
)
from dynsync_lib.rehearsal.planning.dependencies import Dependencies
from dynsync_lib.rehearsal.planning.field_masks import FieldMasks, find_masks
from dynsync_lib.rehearsal.planning.look_alikes import (
    LookAlikes,
    Originals,
    make_look_alikes,
    new_ids,
    read_originals,
    write_look_alikes,
)
from dynsync_lib.rehearsal.planning.proof import QUICK_SORTS, Proof, prove_by_forecast, prove_quickly
from dynsync_lib.rehearsal.planning.pseudonyms import Pseudonyms
from dynsync_lib.rehearsal.planning.reasons import Reasons
from dynsync_lib.rehearsal.planning.record_names import Record
from dynsync_lib.rehearsal.planning.smallest_cover import Sample, choose_sample
from dynsync_lib.rehearsal.planning.unwritable import find_unwritable
from dynsync_lib.rehearsal.rehearsal_folder import LOOK_ALIKES, PLANNED, TAG_DIGITS
from dynsync_lib.snapshot.snapshot import Snapshot

_MOST_FORECASTS: Final = 3
"""Of samples, when all that is left to gain are questions on which their look-alikes do not turn."""
_MOST_LOOKED_FOR: Final = 12
"""Items for which more records are looked for: each costs a look through a table."""
_ALL_SORTS: Final = ("",)
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


@dataclass(frozen=True, slots=True)
class ProvedSample:
    """A sample that holds: its look-alikes, written to `folder` with their forecast, and who shows which item."""

    sample: Sample
    look_alikes: LookAlikes
    folder: Path
    written: Snapshot
    planned: Forecast
    shown: Mapping[str, list[Record]]


@dataclass(slots=True)
class SampleSearch:
    """One search. `items` are all things to show, with how often each occurs; `seen` says who shows what; `open` are
    the candidates that are left.
    """

    engine: Engine
    task: PlanTask
    tables: Tables
    dependencies: Dependencies
    items: Mapping[str, tuple[Item, int]]
    catalogue: Catalogue
    masks: FieldMasks
    reasons: Reasons
    originals: Originals
    seen: ItemsSeen = field(default_factory=ItemsSeen)
    open: set[Record] = field(default_factory=set)
    _shows: dict[Record, set[str]] = field(default_factory=dict)
    _refused: set[Record] = field(default_factory=set)

    @classmethod
    def begin(cls, engine: Engine, task: PlanTask, whole: Forecast) -> SampleSearch:
        """Reads what there is to show; nobody may show it yet."""
        hashes = whole.info.get("sha256") or {}
        tables = {name: scan_table(engine.scan, whole.folder, name, hashes) for name in _TABLES}
        situation = open_situation(engine, task.snapshot, task.settings, task.rulebook)
        catalogue = read_catalogue(task.snapshot)
        masks = find_masks(task.snapshot, task.settings, task.rulebook, catalogue)
        originals = read_originals(engine, task.snapshot, masks, ())
        reasons = Reasons(task.settings, masks, originals.rows)
        dependencies = Dependencies(engine, situation, tables["outcomes"])
        items = all_items(engine, tables)
        return cls(engine, task, tables, dependencies, items, catalogue, masks, reasons, originals)

    def run(self, work: Path) -> ProvedSample:
        """The sample that holds, with its look-alikes and their forecast below `work`."""
        attempts = (work / f"attempt_{number}" for number in itertools.count())
        self._try_everybody(candidates(self.engine, self.tables, records=self._records), next(attempts))
        if self._records > ALL_ARE_CANDIDATES:
            self._look_further(attempts)
        for forecasts in itertools.count(1):
            attempt, sample, written, look_alikes = self._choose(attempts)
            planned = write_forecast(written, self.task.settings, attempt / PLANNED, rulebook=self.task.rulebook)
            proof = prove_by_forecast(planned, self.seen, look_alikes.ids)
            has_more = self._learn(sample, proof, _ALL_SORTS)
            if not proof.differences and (not has_more or forecasts >= _MOST_FORECASTS):
                break
        return ProvedSample(sample, look_alikes, attempt, written, planned, self._shown_by(sample, proof))

    # --- Candidates ------------------------------------------------------------------------------------------------

    @property
    def _records(self) -> int:
        """How many records the forecast has."""
        return sum(self.task.snapshot.rows(name) for name, table in RECORD_TABLES.items() if table.object is not None)

    def _try_everybody(self, chosen: Iterable[Record], attempt: Path) -> None:
        """Makes candidates of some records, all of which are tried at once."""
        chosen = set(chosen)
        self._add(chosen)
        closures = {record: self.dependencies.closure(record) for record in sorted(chosen & self.open)}
        self._try(Sample(closures), attempt)

    def _add(self, chosen: set[Record]) -> None:
        known = set(self.dependencies.needs)
        self.dependencies.find(chosen - self._refused)
        new = sorted(self.dependencies.needs.keys() - known)
        seen = items_seen(self.engine, self.tables, new)
        self.seen.by_record.update(seen.by_record)
        self.seen.outcomes.update(seen.outcomes)
        self._shows.update({record: set(items) for record, items in seen.by_record.items()})
        rows = {**self.originals.rows, **read_originals(self.engine, self.task.snapshot, self.masks, new).rows}
        self.originals = Originals(rows, self.originals.people, self.masks)
        self.reasons.originals = rows
        self._leave_out_unwritable()
        self.open |= chosen & self.dependencies.needs.keys()

    def _leave_out_unwritable(self) -> None:
        turn = self.dependencies.ranks.__getitem__
        domains = self.task.rulebook.top_level_domains
        for record, reason in find_unwritable(self.originals.rows, turn, self.catalogue, domains).items():
            self.reasons.note_unwritable(reason, self.seen.by_record[record])
            self.dependencies.drop(record)
            self._refused.add(record)
            self.open.discard(record)

    def _look_further(self, attempts: Iterator[Path]) -> None:
        """Tries more records for items that none of the candidates can show."""
        closures = [self.dependencies.closure(record) for record in self.open]
        shown = {item for closure in closures for record in closure for item in self._shows.get(record, ())}
        lacking = [item for id_, (item, _) in self.items.items() if id_ not in shown]
        more = {
            record for item in lacking[:_MOST_LOOKED_FOR] for record in more_candidates(self.engine, self.tables, item)
        }
        if more - self.dependencies.needs.keys():
            self._try_everybody(more - self.dependencies.needs.keys(), next(attempts))

    # --- Trying ----------------------------------------------------------------------------------------------------

    def _choose(self, attempts: Iterator[Path]) -> tuple[Path, Sample, Snapshot, LookAlikes]:
        """A sample that holds by the quick proof, and where its look-alikes are written."""
        for attempt in attempts:
            sample = choose_sample(self.open, self.dependencies.closure, self._shows)
            tried = self._try(sample, attempt)
            if tried is not None:
                return attempt, sample, *tried
        raise AssertionError("attempts never end")

    def _try(self, sample: Sample, attempt: Path) -> tuple[Snapshot, LookAlikes] | None:
        """The look-alikes of a sample, written below `attempt`; None when some did not hold, which is learnt."""
        look_alikes = self._make(sample)
        attempt.mkdir()
        keys = KeyMaker(self.task.rulebook.top_level_domains)
        written = write_look_alikes(look_alikes, self.masks, self.task.snapshot, keys, attempt / LOOK_ALIKES)
        proof = prove_quickly(written, self.task.settings, self.task.rulebook, self.seen, look_alikes.ids)
        return None if self._learn(sample, proof, QUICK_SORTS) else (written, look_alikes)

    def _make(self, sample: Sample) -> LookAlikes:
        records, book = sample.records, self.task.rulebook
        originals = self.originals.of(records)
        pseudonyms = Pseudonyms(self.task.key, book.top_level_domains, book.free_mail_domains, self.masks.kept_texts)
        ids = new_ids(originals, self.dependencies, self.task.tag(records))
        associations = self.dependencies.associations
        look_alikes = make_look_alikes(originals, ids, pseudonyms, associations, self.task.snapshot)
        self.reasons.look_alikes.update(look_alikes.by_original())
        return look_alikes

    # --- Learning --------------------------------------------------------------------------------------------------

    def _learn(self, sample: Sample, proof: Proof, sorts: tuple[str, ...]) -> bool:
        """Leaves out who did not hold and what was not shown; whether there was anything to learn."""
        bad = {chosen for chosen, closure in sample.chosen.items() if closure & proof.differences.keys()}
        for record, row in proof.differences.items():
            self.reasons.note_difference(record, row, self._shows.get(record, set()))
        for chosen in sorted(bad):
            culprits = sorted(sample.chosen[chosen] & proof.differences.keys())
            self.reasons.note_dependents(chosen, culprits, self._shows.get(chosen, set()))
        self.open -= bad
        unseen = dict(self._unseen(sample, proof, sorts))
        for record, items in unseen.items():
            self._shows[record] -= items
            self.reasons.note_unseen(record, items)
        return bool(bad or unseen)

    def _unseen(self, sample: Sample, proof: Proof, sorts: tuple[str, ...]) -> Iterator[tuple[Record, set[str]]]:
        """What look-alikes that hold do not show, though their originals do."""
        for record in sample.records:
            lacking = self._shows.get(record, set()) - proof.shown.get(record, set())
            items = {item for item in lacking if item.startswith(sorts)}
            if items and record not in proof.differences:
                yield record, items

    def _shown_by(self, sample: Sample, proof: Proof) -> dict[str, list[Record]]:
        """By item who shows it, in the whole forecast and in the sample's."""
        shown: dict[str, list[Record]] = {}
        for record in sample.records:
            for item in self.seen.by_record.get(record, set()) & proof.shown.get(record, set()):
                shown.setdefault(item, []).append(record)
        return shown
