"""What becomes of every record of one object's sync: steps 5 to 7 of docs/semantics.md section 5, composed.

Facts
    * `core.matching.decision_table` finds the line of every record; a pair is an update when a write of it lands, a
      link otherwise; a create, or a write, that the other side refuses makes the record fail.
    * What is known about fields (`FieldWork`) does not depend on who else is matched, so scenarios use it again.

Source: rules record.create, record.object-off and those of `core.matching.decision_table` and `core.writing.refusals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.bindings import may_have_pairs
from dynsync_lib.core.matching.decision_table import OUTCOME_OF, Matched, reason_of, word_of
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.model import HEALTH, Object, Outcome, Reason, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import Column
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.core.writing.compared_pairs import PAIR, WRITTEN, Comparison, compare_pairs, tell_changes
from dynsync_lib.core.writing.refusals import REFUSALS, refusals_of_creates
from dynsync_lib.core.writing.taken_emails import (
    EarlierPersons,
    conflicts_of_addresses,
    conflicts_of_creates,
    nobody_earlier,
)

DECIDED: Final = (
    "system",
    "object",
    "record_id",
    "outcome",
    "health",
    "reason",
    "rule_id",
    "counterpart_id",
    "winner_id",
    "match_key",
)
"""The columns of a decided outcome, in order."""


@dataclass(frozen=True, slots=True)
class FieldWork:
    """What is known about the fields of one object.

    `written` is `Comparison.written`, one row per pair; `refusals` has, per system, id and refusal (index in
    REFUSALS) of the records whose creation the other side would refuse. `comparison` is that of the pairs; None where
    nothing can be paired.
    """

    written: Frame
    refusals: Mapping[System, Frame]
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What one object's sync does.

    `records`, per system: id, key, barrier, line, line_rule (the rule were nothing refused), outcome, reason, rule_id,
    counterpart_id, winner_id, refusal (index in REFUSALS), updated (1: a write of its pairs lands, null: it has no
    pair); one row per record.
    """

    records: Mapping[System, Frame]
    matched: Matched


def work_on_fields(job: Job, matched: Matched, mappings: Sequence[JudgedMapping]) -> tuple[FieldWork, Frame | None]:
    """What is known about the fields of one object, and its rows of `changes`; None where nothing can be paired."""
    refusals = {system: _refusals(job, system, mappings) for system in System}
    if not may_have_pairs(job):
        nothing = {name: nw.lit(0) for name in WRITTEN if name not in PAIR}
        written = matched.pairs.head(0).select(*PAIR, **nothing)
        return FieldWork(written, refusals), None
    comparison = compare_pairs(job, matched.pairs, mappings)
    work = FieldWork(comparison.written, refusals, comparison)
    return work, tell_changes(job, comparison)


def _refusals(job: Job, system: System, mappings: Sequence[JudgedMapping]) -> Frame:
    """id, refusal of the records whose creation would be refused; of none where the side creates nothing."""
    if not creates_records(job, system):
        records = job.records(system)
        return records.head(0).select("id", refusal=nw.lit(0))
    refused = refusals_of_creates(job, system, mappings)
    return job.keep(refused, f"{system}_{job.object}_refused")


def creates_records(job: Job, system: System) -> bool:
    """Whether records of that system may be created in the other one."""
    sync = job.sync
    return sync.is_source(system) and not sync.only_existing_in_target


def decide_nothing(situation: Situation) -> Decided:
    """What the sync of an object without records does: its frames have no row."""
    return situation.remember(("nothing decided",), lambda: _decide_nothing(situation))


def _decide_nothing(situation: Situation) -> Decided:
    texts = ("id", "key", "line_rule", "outcome", "reason", "rule_id", "counterpart_id", "winner_id")
    numbers = ("rank", "barrier", "line", "refusal", "updated", *situation.by)
    columns = [*(Column(name, "text", "") for name in texts), *(Column(name, "integer", "") for name in numbers)]
    nothing = situation.from_rows([], columns)
    pairs = nothing.select(*situation.by, hubspot_id="id", dynamics_id="id", is_bound=nw.lit(value=False))
    sides = dict.fromkeys(System, nothing)
    return Decided(sides, Matched(sides, pairs))


def no_outcomes(situation: Situation) -> Frame:
    """A frame of DECIDED without a row."""
    return situation.from_rows([], [Column(name, "text", "") for name in DECIDED])


def compose(job: Job, matched: Matched, work: FieldWork, earlier: EarlierPersons | None = None) -> Decided:
    """Every record's outcome; `work` knows every pair there is, `earlier` the persons before these in turn."""
    judged = _judge_pairs(job.situation, work)
    decided = {}
    for system in System:
        records = _with_fields(job, system, matched.placed[system], judged=judged, work=work)
        conflicts = Facts((*job.by, "id"), numbers=frozenset({"refusal"}))
        if _asks_addresses(job, system):
            records = job.keep(records, f"{system}_{job.object}_placed")
            conflicts = replace(conflicts, rows=_conflicts(job, system, records, earlier))
        records = conflicts.attach_to(records, conflict_refusal="refusal", conflict_holder_id="counterpart_id")
        outcomes = _tell(job, records)
        is_read_again = not job.situation.scenarios or (
            job.is_about_persons and job.situation.sync(Object.LEAD).enabled
        )
        decided[system] = job.keep(outcomes, f"{system}_{job.object}_told") if is_read_again else outcomes
    return Decided(decided, matched)


def outcome_frame(job: Job, records: Frame, system: System) -> Frame:
    """Rows of DECIDED, of records that have id, outcome, reason, rule_id, counterpart_id, winner_id and key."""
    named = records.select(
        *job.by,
        "outcome",
        "reason",
        "rule_id",
        "counterpart_id",
        "winner_id",
        system=nw.lit(system.value),
        object=nw.lit(job.object.value),
        record_id="id",
        match_key="key",
        health=_health(),
    )
    return named.select(*job.by, *DECIDED)


def switched_off(job: Job, system: System) -> Frame:
    """Step 0: every record of an object that is off. Source: rule record.object-off."""
    records = job.records(system).select(
        "id",
        outcome=nw.lit(Outcome.EXCLUDED.value),
        reason=nw.lit(Reason.OBJECT_OFF.value),
        rule_id=nw.lit("record.object-off"),
        counterpart_id=no_text(),
        winner_id=no_text(),
        key=no_text(),
    )
    return outcome_frame(job, records, system)


def _health() -> nw.Expr:
    words = {outcome.value: health.value for outcome, health in HEALTH.items()}
    return nw.col("outcome").replace_strict(words, default=no_text(), return_dtype=nw.String)


# --- Steps 6 and 7 -----------------------------------------------------------------------------------------------


def _judge_pairs(situation: Situation, work: FieldWork) -> Frame:
    """Per pair: hubspot_refusal and dynamics_refusal (that record's writes are refused), updated (1: an update)."""
    lands = [(nw.col(f"{system}_landed") > 0) & nw.col(f"{system.other}_refusal").is_null() for system in System]
    refusals = [f"{system}_refusal" for system in System]
    updated = (lands[0] | lands[1]).cast(nw.Int64)
    return work.written.select(*situation.by, "hubspot_id", "dynamics_id", *refusals, updated=updated)


def _asks_addresses(job: Job, system: System) -> bool:
    """Whether the other side may refuse new records for an address that is taken there."""
    is_asked = system is System.DYNAMICS or job.chooses("dv_dup_rules", "true") is not False
    return job.is_about_persons and is_asked


def _conflicts(job: Job, system: System, records: Frame, earlier: EarlierPersons | None) -> Frame:
    """id, refusal (see REFUSALS), counterpart_id of new persons whose address is taken on the other side."""
    on = (*job.by, "id")
    creates = records.filter(nw.col("line") == Line.CREATE.value)
    if earlier is None and are_addresses_keys(job):
        asked = creates.filter(~nw.col("key").is_null()).select(*on, "rank", address="key")
        return conflicts_of_addresses(job, system, asked)
    creates = creates.with_columns(fails=~nw.col("create_refusal").is_null())
    return conflicts_of_creates(job, system, creates, earlier or nobody_earlier(job))


def are_addresses_keys(job: Job) -> bool:
    """Whether persons are matched by the address as HubSpot holds it: no two that are created share one then."""
    return job.sync.match_mode == "default" and job.chooses("email_norm", "lower_trim") is True


def _with_fields(job: Job, system: System, placed: Frame, *, judged: Frame, work: FieldWork) -> Frame:
    """Adds updated and pair_refusal of the record's pairs, and create_refusal."""
    on = [*job.by, "id"]
    by_record = judged.select(*job.by, id=f"{system}_id", pair_refusal=f"{system}_refusal", updated="updated")
    if job.object is Object.COMPANY and job.chooses("company_dup", "all_bind") is not False:
        by_record = by_record.group_by(*on).agg(nw.col("pair_refusal").min(), nw.col("updated").max())
    create = work.refusals[system].select(*on, create_refusal="refusal")
    return placed.join(by_record, on=on, how="left").join(create, on=on, how="left")


def _tell(job: Job, records: Frame) -> Frame:
    """The outcome of every record of one side, as in `Decided.records`."""
    line, has_pair = nw.col("line"), ~nw.col("updated").is_null()
    refusal, of_conflict = nw.col("create_refusal"), nw.col("conflict_refusal")
    is_taken = (of_conflict < nw.coalesce(refusal, nw.lit(len(REFUSALS)))).fill_null(value=False)
    is_create = line == Line.CREATE.value
    counterpart = nw.when(is_taken & is_create).then(nw.col("conflict_holder_id")).otherwise(nw.col("counterpart_id"))
    refusal = nw.when(is_taken).then(of_conflict).otherwise(refusal)
    of_create = nw.when(is_create).then(refusal)
    judged = records.with_columns(
        refusal=nw.when(has_pair).then(nw.col("pair_refusal")).otherwise(of_create), counterpart_id=counterpart
    )
    own_key = job.has_own_key
    lines: dict[int, str] = {line: outcome.value for line, outcome in OUTCOME_OF.items()}
    return judged.with_columns(case=_case()).select(
        *job.by,
        *("id", "key", "barrier", "line", "counterpart_id", "winner_id", "refusal", "updated"),
        line_rule="rule_id",
        outcome=word_of("case", {**lines, **_OUTCOME_OF_CASE}),
        reason=word_of("case", {**reason_of(job.object, own_key=own_key), **_REASON_OF_CASE}),
        rule_id=nw.col("rule_id") if job.situation.scenarios else nw.coalesce(refusal_word(1), nw.col("rule_id")),
    )


_LINKED, _UPDATED, _REFUSED = 100, 101, 200
"""Cases beside the lines: a pair that stays as it is, one that is written to, and any refusal by its place."""
_OUTCOME_OF_CASE: Final[Mapping[int, str]] = {
    _LINKED: Outcome.LINK.value,
    _UPDATED: Outcome.UPDATE.value,
    **{_REFUSED + number: Outcome.FAILING.value for number in range(len(REFUSALS))},
}
_REASON_OF_CASE: Final[Mapping[int, str]] = {
    _REFUSED + number: reason.value for number, (reason, _) in enumerate(REFUSALS)
}


def _case() -> nw.Expr:
    """A record's line, or the case that counts instead; one number, since words are slow to choose between."""
    settled = nw.when(nw.col("updated") > 0).then(nw.lit(_UPDATED)).otherwise(nw.lit(_LINKED))
    of_pair = nw.when(~nw.col("updated").is_null()).then(settled)
    return nw.coalesce(nw.col("refusal") + _REFUSED, of_pair, nw.col("line"))


def first_true(*tests: tuple[nw.Expr, nw.Expr], other: nw.Expr) -> nw.Expr:
    """The value of the first test that is true, else `other`."""
    result = other
    for test, value in reversed(tests):
        result = nw.when(test).then(value).otherwise(result)
    return result


def refusal_word(part: int) -> nw.Expr:
    """The reason (0) or the rule (1) of the column `refusal`."""
    return word_of("refusal", {number: str(words[part]) for number, words in enumerate(REFUSALS)})
