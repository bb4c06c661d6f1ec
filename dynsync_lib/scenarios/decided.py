"""A snapshot that is decided again and again: its tables stay in the engine, and each settings give their figures.

Facts
    * Only outcomes, written values, associations and marketing contacts are worked out; sensitivity and findings, which
      take most of a forecast's time, are not.

Where it is used: `scenarios.scenarios`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.funnel import describe_funnel, read_funnel
from dynsync_lib.core.audit.marketing import MarketingOutlook, foresee_marketing
from dynsync_lib.core.comparison.figures import FIGURES, count_figures
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.replay import find_escapes
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.engine import Engine
from dynsync_lib.forecasts.difference import Difference, Row, Tables, keep_decision, measure_difference
from dynsync_lib.forecasts.open_snapshot import open_situation
from dynsync_lib.snapshot.snapshot import Snapshot

MARKETING: Final = "marketing_afterwards"
ESCAPES: Final = "escapes"
ALL_FIGURES: Final = (*FIGURES, MARKETING, ESCAPES)
"""The figures of a scenario: those of `core.comparison.figures`, marketing contacts once sync and workflow are through,
and pairs that a filter would no longer let in and that sync on."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the sync does under some settings: tables in the engine, and figures.

    `figures` has every key of ALL_FIGURES; marketing contacts are None where nobody said how many there are today.
    `pairs`: per object that is on, hubspot_id and dynamics_id of its pairs.
    """

    situation: Situation
    tables: Tables
    pairs: Mapping[Object, Frame]
    marketing: MarketingOutlook
    figures: Mapping[str, int | None]


class SnapshotDecider:
    """Decides one snapshot under settings after settings. It can be used until the engine is closed."""

    def __init__(self, engine: Engine, snapshot: Snapshot, settings: Settings, rulebook: Rulebook) -> None:
        self._engine = engine
        self._situation = open_situation(engine, snapshot, settings, rulebook)

    def decide(self, settings: Settings, *, bound: Mapping[Object, Frame] | None = None) -> Decided:
        """What the sync does under these settings. Computes: a few tenths of a second at demo size.

        `bound` are the pairs that sync already when these settings are saved; escapes are counted among them.
        """
        situation = replace(self._situation, settings=settings, memory={})
        decision = decide_sync(situation)
        tables = keep_decision(situation, decision)
        marketing = foresee_marketing(situation, tables)
        counted = {row["figure"]: row["count"] for row in self._engine.rows(count_figures(**tables))}
        figures = {
            **{name: counted.get(name, 0) for name in FIGURES},
            MARKETING: marketing.afterwards,
            ESCAPES: self._count_escapes(situation, bound or {}),
        }
        return Decided(situation, tables, decision.pairs, marketing, figures)

    def compare(self, before: Decided, after: Decided) -> Difference:
        """What the sync does otherwise under the second settings."""
        marketing = {
            name: side.situation.settings.hubspot.sync_as_marketing
            for name, side in (("before", before), ("after", after))
        }
        return measure_difference(self._engine, before.tables, after.tables, marketing=marketing)

    def funnel(self, decided: Decided, object_: Object, system: System) -> list[Row]:
        """The steps from all records of a side to those that sync; see `core.advice.funnel.read_funnel`."""
        funnel = describe_funnel(Job(decided.situation, object_), system, decided.tables["outcomes"])
        return read_funnel(funnel, self._engine.rows(funnel.groups))

    def _count_escapes(self, situation: Situation, bound: Mapping[Object, Frame]) -> int:
        jobs = [Job(situation, object_) for object_ in bound if situation.sync(object_).enabled]
        escapes = [find_escapes(job, bound[job.object]) for job in jobs if job.has_records]
        if not escapes:
            return 0
        (counted,) = self._engine.rows(nw.concat([frame.select("object") for frame in escapes]).select(count=nw.len()))
        return int(counted["count"])
