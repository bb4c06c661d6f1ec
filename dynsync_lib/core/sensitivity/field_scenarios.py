"""What scenarios about fields change: which writes land, which are refused, and which new records.

Facts
    * The wide table of compared pairs is read once for all scenarios; only the mappings that a scenario changes are
      worked out anew: what lands is the settings' own, less what their plans gave, plus what the scenario's give.
    * A pair, or a new record, of which nothing differs has no row here.

Source: docs/semantics.md section 6 and step 7; rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.bindings import is_bound_before
from dynsync_lib.core.model import System
from dynsync_lib.core.sensitivity.scenarios import FIELD_KNOBS, Scenario
from dynsync_lib.core.situation import SCENARIO, stack
from dynsync_lib.core.sync.object_outcomes import FieldWork, creates_records
from dynsync_lib.core.writing.compared_pairs import PAIR, WRITTEN, Comparison, comparisons, tests_of_pair, with_values
from dynsync_lib.core.writing.compared_pairs import compared_mappings as compared
from dynsync_lib.core.writing.refusals import first_refusal, refusals_under, what_refuses_creates
from dynsync_lib.core.writing.writes import Write, WritePlan, lands_column, plan_writes, wanted_column, work_out

_FIGURES: Final = tuple(name for name in WRITTEN if name not in PAIR)


@dataclass(frozen=True, slots=True)
class FieldDifferences:
    """Of one object, what differs from the settings' own answer, one row per scenario and pair, or new record.

    `written`: scenario and the columns WRITTEN; `refusals`, per system: scenario, id, refusal (null: accepted). None
    where no scenario can differ. `about_creates` are the numbers of the scenarios that `refusals` was asked for.
    """

    written: Frame | None = None
    refusals: Mapping[System, Frame] = field(default_factory=dict)
    about_creates: Mapping[System, tuple[int, ...]] = field(default_factory=dict)


Judge = Mapping[int, Sequence[JudgedMapping]]
"""The judged mappings of one object under each scenario about fields, by the scenario's number."""


def field_differences(
    job: Job,
    scenarios: Sequence[Scenario],
    *,
    mappings: Sequence[JudgedMapping],
    work: FieldWork,
    judged: Judge,
) -> FieldDifferences:
    """What scenarios about fields change for the pairs and new records of one object.

    `mappings` and `work` are the settings' own. Computes one table for the pairs and one for each side's new records.
    """
    about_fields = [scenario for scenario in scenarios if scenario.knob in FIELD_KNOBS]
    written = None
    if work.comparison is not None:
        written = written_under(job, about_fields, comparison=work.comparison, judged=judged)
    refusals, about_creates = {}, {}
    for system in System:
        differing = _differing_creates(job, system, about_fields, mappings=mappings, judged=judged)
        about_creates[system] = tuple(scenario.number for scenario in differing)
        if differing:
            refusals[system] = _refusals_under(job, system, differing, mappings=mappings, judged=judged)
    return FieldDifferences(written, refusals, about_creates)


# --- New records -------------------------------------------------------------------------------------------------


def _differing_creates(
    job: Job,
    system: System,
    scenarios: Iterable[Scenario],
    *,
    mappings: Sequence[JudgedMapping],
    judged: Judge,
) -> list[Scenario]:
    """The scenarios under which creates may be refused for other reasons."""
    if not creates_records(job, system):
        return []
    own = what_refuses_creates(job, system, mappings)
    return [
        scenario
        for scenario in scenarios
        if what_refuses_creates(Job(scenario.situation, job.object), system, judged[scenario.number]) != own
    ]


def _refusals_under(
    job: Job,
    system: System,
    scenarios: Sequence[Scenario],
    *,
    mappings: Sequence[JudgedMapping],
    judged: Judge,
) -> Frame:
    choices = {"refusal": (job, mappings)}
    choices |= {
        _under("refusal", scenario): (Job(scenario.situation, job.object), judged[scenario.number])
        for scenario in scenarios
    }
    refused = refusals_under(job, system, choices)
    differs = {_under("differs", scenario): _differs("refusal", _under("refusal", scenario)) for scenario in scenarios}
    refused = refused.with_columns(**differs).filter(nw.any_horizontal(*differs, ignore_nulls=False))
    refused = job.keep(refused, f"{system}_{job.object}_refused_otherwise")
    parts = [
        refused.filter(nw.col(_under("differs", scenario))).select(
            "id", refusal=_under("refusal", scenario), **{SCENARIO: nw.lit(scenario.number)}
        )
        for scenario in scenarios
    ]
    return stack([part.select(SCENARIO, "id", "refusal") for part in parts])


# --- Pairs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Changed:
    """What one scenario changes about writes: plans of the settings that go, and others that come."""

    scenario: Scenario
    gone: tuple[WritePlan, ...]
    new: tuple[WritePlan, ...]


def written_under(job: Job, scenarios: Sequence[Scenario], *, comparison: Comparison, judged: Judge) -> Frame | None:
    """scenario and the columns WRITTEN of the pairs of a comparison that differ; None where no plan does."""
    own = _plans(job, comparison.flowing)
    changes = []
    for scenario in scenarios:
        if scenario.knob == "resave_reconcile" and not is_bound_before(job):
            continue  # it is about bound pairs only
        other = _plans(Job(scenario.situation, job.object), compared(judged[scenario.number]))
        gone = tuple(plan for name, plan in own.items() if other.get(name) != plan)
        new = tuple(plan for name, plan in other.items() if own.get(name) != plan)
        if gone or new:
            changes.append(_Changed(scenario, gone, new))
    if not changes:
        return None
    return _ScenarioWrites(job, comparison, own, changes).differing_rows()


def _plans(job: Job, flowing: Mapping[int, JudgedMapping]) -> dict[str, WritePlan]:
    """Every write that is planned, by the name of its column of landing."""
    plans = (plan for target in System for plan in plan_writes(job, flowing, target))
    return {lands_column(plan): plan for plan in plans}


@dataclass(frozen=True, slots=True)
class _ScenarioWrites:
    """One reading of the wide table of compared pairs for all scenarios that change a write.

    `own` are the settings' own plans, by the column of their landing; `changes` what each scenario changes of them.
    A write that no scenario changes is not worked out again: figures of the settings are taken, and corrected.

    Columns that each step adds, `n` being a scenario's number:

    1. `_with_new_values`: what changed mappings compare, `equal:INDEX@n` and `new:INDEX:SYSTEM@n`;
    2. `_writes`: whether a write lands, `lands:INDEX:SYSTEM` of the settings' own and `...@n` of a scenario's;
    3. of the same writes `refused ...`, the first reason why the target refuses it, and `SYSTEM_landed@n` (`_landed`);
    4. `SYSTEM_refusal@n` (`_refusals`);
    5. `differs@n` (`_differs`).
    """

    job: Job
    comparison: Comparison
    own: Mapping[str, WritePlan]
    changes: Sequence[_Changed]

    def differing_rows(self) -> Frame:
        """scenario and WRITTEN, one row per scenario and pair that differs. Computes one narrow table."""
        writes = self._writes()
        refused = {name: first_refusal(write.tests) for name, write in writes.items() if write.tests}
        wide = self._with_new_values()
        wide = wide.with_columns(**{name: write.lands for name, write in writes.items()})
        wide = wide.with_columns(**{_refused(name): number for name, number in refused.items()}, **self._landed())
        wide = wide.with_columns(**self._refusals(frozenset(refused)))
        differs = {_under("differs", change.scenario): self._differs(change.scenario) for change in self.changes}
        differing = wide.with_columns(**differs).filter(nw.any_horizontal(*differs, ignore_nulls=False))
        figures = [_under(name, change.scenario) for change in self.changes for name in _FIGURES]
        narrow = self.job.keep(differing.select(*PAIR, *differs, *figures), f"{self.job.object}_written_otherwise")
        return stack([_rows_of(narrow, change.scenario) for change in self.changes])

    def _with_new_values(self) -> Frame:
        """The wide table with what changed mappings compare: values that the settings do not ask for, new options."""
        wide, known = self.comparison.wide, self.comparison.flowing
        others = {
            _tag(plan, change.scenario): plan.judged
            for change in self.changes
            for plan in change.new
            if plan.judged is not None and not self._is_compared(plan)
        }
        added = [judged for judged in others.values() if _has_other_columns(judged, known.values())]
        if added:
            extra = with_values(self.job, wide.select(*PAIR), added)
            names = set(wide.collect_schema().names())
            fresh = [name for name in extra.collect_schema().names() if name not in names]
            wide = wide.join(extra.select("hubspot_id", "dynamics_id", *fresh), on=["hubspot_id", "dynamics_id"])
        compared_anew = comparisons(others)
        return wide.with_columns(**compared_anew) if compared_anew else wide

    def _is_compared(self, plan: WritePlan) -> bool:
        """Whether the settings compare the values of a plan's mapping already, with the same verdict."""
        return plan.judged is None or self.comparison.flowing.get(plan.index) == plan.judged

    def _writes(self) -> dict[str, Write]:
        """The writes to be worked out, by their column of landing: those of the settings that go or may be refused,
        and every scenario's new ones.
        """
        going = {lands_column(plan) for change in self.changes for plan in change.gone}
        writes = {}
        for name, plan in self.own.items():
            write = work_out(self.job, plan)
            if name in going or write.tests:
                writes[name] = replace(write, wanted=nw.col(wanted_column(plan)))
        for change in self.changes:
            for plan in change.new:
                name = _lands(plan, change.scenario)
                writes[name] = self._work_out(plan, change.scenario)
        return writes

    def _work_out(self, plan: WritePlan, scenario: Scenario) -> Write:
        tag = str(plan.index) if self._is_compared(plan) else _tag(plan, scenario)
        return work_out(Job(scenario.situation, self.job.object), plan, lands=_lands(plan, scenario), compared=tag)

    def _landed(self) -> dict[str, nw.Expr]:
        """How many writes land in each system under each scenario: the settings' number, less what goes, plus what
        comes.
        """
        landed = {}
        for change in self.changes:
            for target in System:
                gone = [lands_column(plan) for plan in change.gone if plan.target is target]
                new = [_lands(plan, change.scenario) for plan in change.new if plan.target is target]
                total = nw.col(f"{target}_landed")
                for name in gone:
                    total = total - nw.col(name).cast(nw.Int64)
                for name in new:
                    total = total + nw.col(name).cast(nw.Int64)
                landed[_under(f"{target}_landed", change.scenario)] = total
        return landed

    def _refusals(self, tested: frozenset[str]) -> dict[str, nw.Expr]:
        """Why each system refuses what its counterpart writes, under each scenario: the first reason of all writes.

        `tested` are the columns of landing of the writes that may be refused.
        """
        refusals = {}
        for change in self.changes:
            gone = {lands_column(plan) for plan in change.gone}
            for target in System:
                stay = [name for name, plan in self.own.items() if plan.target is target and name not in gone]
                new = [_lands(plan, change.scenario) for plan in change.new if plan.target is target]
                names = [_refused(name) for name in [*stay, *new] if name in tested]
                landed = _under(f"{target}_landed", change.scenario)
                of_pair = first_refusal(tests_of_pair(self.job, target, landed))
                name = _under(f"{target.other}_refusal", change.scenario)
                refusals[name] = nw.min_horizontal(of_pair, *names).cast(nw.Int64) if names else of_pair
        return refusals

    def _differs(self, scenario: Scenario) -> nw.Expr:
        """Whether an outcome can differ: a write lands at all, or does not, or is refused otherwise."""
        names = {name: _under(name, scenario) for name in _FIGURES}
        refusals = [_differs(name, names[name]) for name in _FIGURES if name.endswith("_refusal")]
        lands = _is_update({name: name for name in _FIGURES}) != _is_update(names)
        return nw.any_horizontal(lands, *refusals, ignore_nulls=False)


def _is_update(names: Mapping[str, str]) -> nw.Expr:
    """Whether a write of a pair lands that is not refused; `names` are the columns of the figures."""
    lands = [
        (nw.col(names[f"{system}_landed"]) > 0) & nw.col(names[f"{system.other}_refusal"]).is_null()
        for system in System
    ]
    return lands[0] | lands[1]


def _rows_of(narrow: Frame, scenario: Scenario) -> Frame:
    """The pairs that differ under one scenario, with its figures under their own names."""
    figures = {name: nw.col(_under(name, scenario)) for name in _FIGURES}
    differing = narrow.filter(nw.col(_under("differs", scenario)))
    rows = differing.select(*PAIR, **figures, **{SCENARIO: nw.lit(scenario.number)})
    return rows.select(SCENARIO, *WRITTEN)


def _has_other_columns(judged: JudgedMapping, known: Iterable[JudgedMapping]) -> bool:
    """Whether a mapping reads columns that the wide table does not hold."""
    columns = {(system, name) for judged in known for system, name in judged.columns.items()}
    return not columns.issuperset(judged.columns.items())


def _differs(name: str, other: str) -> nw.Expr:
    """Whether two numbers differ; null counts as a number of its own."""
    return nw.col(name).fill_null(-1) != nw.col(other).fill_null(-1)


def _under(name: str, scenario: Scenario) -> str:
    """The column that holds a figure under a scenario."""
    return f"{name}@{scenario.number}"


def _tag(plan: WritePlan, scenario: Scenario) -> str:
    return _under(str(plan.index), scenario)


def _lands(plan: WritePlan, scenario: Scenario) -> str:
    return _under(lands_column(plan), scenario)


def _refused(lands: str) -> str:
    return f"refused {lands}"
