"""How far the result moves under the other choices of each open question: all of them decided in one pass.

Facts
    * A scenario is a row, not a run: records that a scenario can move stand once for it in the tables, with its number,
      and every stage joins and groups by that number, too. What no scenario can move is not decided again.
    * A record counts as moved when its outcome, reason, counterpart or winner differs. A switch that moves fields or
      associations only is told with no outcome changed.

Not modelled
    * Two switches at once; how many fields and associations a switch moves.

Source: rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.decision_table import Matched
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.sensitivity.affected_records import affected_records
from dynsync_lib.core.sensitivity.components import FAMILIES, side_name
from dynsync_lib.core.sensitivity.field_scenarios import FieldDifferences, Judge, field_differences, written_under
from dynsync_lib.core.sensitivity.scenarios import FIELD_KNOBS, Scenario, decided_at_once, list_scenarios
from dynsync_lib.core.situation import SCENARIO, Situation, stack
from dynsync_lib.core.sync.initial_sync import Decision, decide_objects, tell_outcomes
from dynsync_lib.core.sync.object_outcomes import FieldWork
from dynsync_lib.core.tables import SENSITIVITY, RecordTable, record_table
from dynsync_lib.core.typed_values import no_number, no_text
from dynsync_lib.core.writing.compared_pairs import PAIR, WRITTEN, compare_new_pairs

_COMPARED: Final = ("outcome", "reason", "counterpart_id", "winner_id")
_RECORD: Final = ("system", "object", "record_id")


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How far other choices move the forecast.

    `table` is the forecast table. `moved` has system, object, record_id, assumption_id and scenario, one row per record
    and choice that moves it. `numbers` are the scenarios that move a record at all, by assumption, in the order of its
    name.
    """

    table: Frame
    moved: Frame
    numbers: Mapping[str, Sequence[int]]


def measure_sensitivity(situation: Situation, decision: Decision) -> Sensitivity:
    """Decides under every other built choice and counts the records that move. Computes; raises RulebookError for an
    assumption that the core does not know."""
    scenarios = list_scenarios(situation)
    judged = _judged(situation, scenarios, decision)
    moves = [
        moves for family in FAMILIES if (moves := _moves_of(situation, decision, scenarios, judged, family)) is not None
    ]
    moved = stack(moves) if moves else None
    rows = _rows(scenarios, moved)
    knobs = {scenario.number: scenario.knob for scenario in scenarios}
    by_knob = _no_moves(decision) if moved is None else _named(moved, knobs)
    moving = [scenario for scenario, row in zip(scenarios, rows, strict=True) if row["outcomes_changed"]]
    return Sensitivity(situation.from_rows(rows, SENSITIVITY.columns), by_knob, _numbers_of(moving))


def _numbers_of(scenarios: Sequence[Scenario]) -> dict[str, list[int]]:
    """The numbers of the scenarios of each assumption, in the order of its name."""
    knobs = sorted({scenario.knob for scenario in scenarios})
    return {knob: [scenario.number for scenario in scenarios if scenario.knob == knob] for knob in knobs}


def with_sensitivity(outcomes: Frame, sensitivity: Sensitivity) -> Frame:
    """The outcomes with `sensitive_to`: the assumptions that would move the record, by name, separated by `;`."""
    knobs = sensitivity.numbers
    if not knobs:
        return outcomes.with_columns(sensitive_to=no_text())
    flags = {knob: nw.col(SCENARIO).is_in(list(knobs[knob])).cast(nw.Int64).max() for knob in knobs}
    by_record = sensitivity.moved.group_by(*_RECORD).agg(**flags)
    named = [nw.when(nw.col(knob) == 1).then(nw.lit(knob)) for knob in knobs]
    joined = nw.concat_str(named, separator=";", ignore_nulls=True)
    sensitive = by_record.select(*_RECORD, sensitive_to=joined)
    return outcomes.join(sensitive, on=list(_RECORD), how="left")


def _judged(situation: Situation, scenarios: Iterable[Scenario], decision: Decision) -> dict[Object, Judge]:
    """The judged mappings of every object that is on under each scenario about fields."""
    about_fields = [scenario for scenario in scenarios if scenario.knob in FIELD_KNOBS]
    return {
        object_: {
            other.number: Job(situation, object_).mappings_under(other.situation, other.knob) for other in about_fields
        }
        for object_ in decision.works
    }


# --- One family of objects ---------------------------------------------------------------------------------------


def _moves_of(
    situation: Situation,
    decision: Decision,
    scenarios: Sequence[Scenario],
    judged: Mapping[Object, Judge],
    family: Sequence[Object],
) -> Frame | None:
    """scenario, system, object, record_id of the records of a family that move; None where nothing can."""
    on = [object_ for object_ in family if object_ in decision.works]
    if not on:
        return None
    differences = {
        object_: field_differences(
            Job(situation, object_),
            scenarios,
            mappings=decision.mappings[object_],
            work=decision.works[object_],
            judged=judged[object_],
        )
        for object_ in on
    }
    affected = affected_records(situation, family, scenarios, decision=decision, differences=differences)
    if affected is None:
        return None
    tables = _affected_tables(situation, on, affected.records)
    once = decided_at_once(situation, affected.scenarios, tables)
    again = _FieldsAgain(situation, decision, affected.scenarios, tables, judged, differences)
    decided = decide_objects(once, on, again.work_of)
    outcomes = stack(tell_outcomes(once, decided).outcomes)
    return situation.keep(_differing(decision.outcomes, outcomes), f"{family[0]}_moves")


def _differing(outcomes: Frame, again: Frame) -> Frame:
    """scenario, system, object, record_id of the records that are decided otherwise."""
    fresh = again.select(SCENARIO, *_RECORD, **{f"{name}_again": nw.col(name) for name in _COMPARED})
    both = fresh.join(outcomes.select(*_RECORD, *_COMPARED), on=list(_RECORD))
    same = [nw.col(name).fill_null("") == nw.col(f"{name}_again").fill_null("") for name in _COMPARED]
    return both.filter(~nw.all_horizontal(*same, ignore_nulls=False)).select(SCENARIO, *_RECORD)


def _affected_tables(situation: Situation, objects: Sequence[Object], affected: Frame) -> dict[str, Frame]:
    """The record tables of these objects, with a row for every scenario that can move a record, and its number."""
    sides = {
        record_table(object_, system).name: (object_, system) for object_ in reversed(objects) for system in System
    }
    tables = {}
    for name, (object_, system) in sides.items():
        ids = affected.filter(nw.col("side") == side_name(object_, system)).select(SCENARIO, "id")
        columns = _asked_columns(situation, objects, record_table(object_, system))
        table = situation.tables[name].select(*columns).join(ids, on="id")
        tables[name] = situation.keep(table, f"{name}_affected")
    return tables


def _asked_columns(situation: Situation, objects: Iterable[Object], table: RecordTable) -> list[str]:
    """The columns of a record table that deciding about records reads: what the kit adds, and what settings ask."""
    asked = {column.name for column in table.structure} | {table.created_field, table.modified_field}
    asked |= {"statecode", "statuscode", "lifecyclestage", "dealstage"}
    for object_ in objects:
        sync = situation.sync(object_)
        filtered = sync.filter_of(table.system)
        fields = {*(filtered.fields if filtered is not None else ()), sync.match_field(table.system) or ""}
        asked |= {column for field in fields for column in (field, f"_{field}_value")}
    return [name for name in situation.tables[table.name].collect_schema().names() if name in asked]


# --- What is known about fields under all scenarios ----------------------------------------------------------------

_FIGURES: Final = tuple(name for name in WRITTEN if name not in PAIR)
"""What is told of a pair: how many writes land in each system, and why one of them is refused."""


@dataclass(frozen=True, slots=True)
class _FieldsAgain:
    """What is known about the fields of records that are decided again: all of it from tables that are there already.

    `situation` and `decision` are the settings' own; `affected` are the record tables with a row per scenario, by name;
    `judged` has, per object, the mappings under each scenario about fields, `differences` what such a scenario changes
    for the pairs and new records of the settings' own decision.

    The figures of a pair under a scenario (the columns WRITTEN) are those of the settings, or what `differences` has of
    that pair and scenario. Only pairs that scenarios make, and the settings do not, are compared anew.
    """

    situation: Situation
    decision: Decision
    scenarios: Sequence[Scenario]
    affected: Mapping[str, Frame]
    judged: Mapping[Object, Judge]
    differences: Mapping[Object, FieldDifferences]

    def work_of(self, object_: Object, matched: Matched) -> FieldWork:
        """The fields of all pairs under every scenario (`matched` has them), and the refusals of new records."""
        refusals = {system: self._refusals(object_, system) for system in System}
        pairs = matched.pairs.select(SCENARIO, *PAIR)
        if self.decision.works[object_].comparison is None:
            nothing = dict.fromkeys(_FIGURES, no_number())
            return FieldWork(pairs.head(0).with_columns(**nothing), refusals)
        by_settings, by_scenario = self._figures_of(object_, pairs)
        written = pairs.join(by_settings, on=list(PAIR))
        if by_scenario is not None:
            written = _replaced(written, by_scenario, [SCENARIO, *PAIR], _FIGURES)
        return FieldWork(self.situation.keep(written, f"{object_}_written_again"), refusals)

    def _figures_of(self, object_: Object, pairs: Frame) -> tuple[Frame, Frame | None]:
        """WRITTEN of these pairs as the settings have it, and, with the scenario, where a scenario has it otherwise;
        None where none does.
        """
        by_settings, by_scenario = self.decision.works[object_].written, self.differences[object_].written
        new = pairs.select(*PAIR).unique().join(by_settings.select(*PAIR), on=list(PAIR), how="anti")
        new = self.situation.keep(new, f"{object_}_new_pairs")
        if new.head(1).collect().is_empty():
            return by_settings, by_scenario
        job = Job(self.situation, object_)
        comparison = compare_new_pairs(job, new, self.decision.mappings[object_])
        by_settings = stack([by_settings, comparison.written])
        if self.situation.chosen("lead_contact_overlap") != "first_sync_wins":
            # only there does who is matched depend on what is written; elsewhere fields make no new pair
            return by_settings, by_scenario
        about_fields = [scenario for scenario in self.scenarios if scenario.knob in FIELD_KNOBS]
        of_new = written_under(job, about_fields, comparison=comparison, judged=self.judged[object_])
        parts = [figures for figures in (by_scenario, of_new) if figures is not None]
        return by_settings, stack(parts) if parts else None

    def _refusals(self, object_: Object, system: System) -> Frame:
        """scenario, id, refusal of the records whose creation is refused: by the settings, where no scenario says
        otherwise, and by scenarios.
        """
        records = self.affected[record_table(object_, system).name].select(SCENARIO, "id")
        by_settings = self.decision.works[object_].refusals[system].select("id", "refusal")
        refused = records.join(by_settings, on="id").select(SCENARIO, "id", "refusal")
        by_scenario = self.differences[object_].refusals.get(system)
        if by_scenario is None:
            return refused
        unchanged = refused.join(by_scenario, on=[SCENARIO, "id"], how="anti")
        return stack([unchanged, by_scenario.filter(~nw.col("refusal").is_null())])


def _replaced(frame: Frame, others: Frame, on: list[str], names: Sequence[str]) -> Frame:
    """The frame with these columns as the others have them, where the others have the row."""
    renamed = others.select(*on, *(nw.col(name).alias(f"{name}:other") for name in names), differs=nw.lit(value=True))
    both = frame.join(renamed, on=on, how="left")
    is_other = ~nw.col("differs").is_null()
    values = {name: nw.when(is_other).then(nw.col(f"{name}:other")).otherwise(nw.col(name)) for name in names}
    return both.with_columns(**values).select(*on, *names)


# --- What moves --------------------------------------------------------------------------------------------------


def _named(moved: Frame, knobs: Mapping[int, str]) -> Frame:
    """system, object, record_id, assumption_id, scenario, one row per record and choice that moves it."""
    knob = nw.col(SCENARIO).replace_strict(dict(knobs), default=no_text(), return_dtype=nw.String)
    return moved.select(*_RECORD, SCENARIO, assumption_id=knob)


def _no_moves(decision: Decision) -> Frame:
    """`Sensitivity.moved` where nothing moves."""
    return decision.outcomes.head(0).select(*_RECORD, assumption_id="rule_id", **{SCENARIO: no_number()})


def _rows(scenarios: Sequence[Scenario], moved: Frame | None) -> list[dict[str, str | int | None]]:
    """The forecast's `sensitivity`, one row per scenario."""
    counts: dict[int, dict[str, int]] = {}
    if moved is not None:
        counted = moved.group_by(SCENARIO, "object").agg(count=nw.len()).collect()
        for row in counted.rows(named=True):
            counts.setdefault(row[SCENARIO], {})[row["object"]] = row["count"]
    return [_row(scenario, counts.get(scenario.number, {})) for scenario in scenarios]


def _row(scenario: Scenario, counts: Mapping[str, int]) -> dict[str, str | int | None]:
    by_object = ";".join(f"{object_}={counts[object_]}" for object_ in sorted(counts))
    return {
        "assumption_id": scenario.knob,
        "choice": scenario.choice,
        "outcomes_changed": sum(counts.values()),
        "by_object": by_object or None,
    }
