"""What becomes of every record of one object's sync: steps 5 to 7 of docs/semantics.md section 5, composed.

Facts
    * `core.matching.decision_table` finds the line of every record; a pair is an update when a write of it lands, a
      link otherwise; a create, or a write, that the other side refuses makes the record fail.
    * What is known about fields (`FieldWork`) is used again where another assumption only moves who is matched.

Source: rules record.create, record.object-off and those of `core.matching.decision_table` and `core.writing.refusals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.matching.bindings import may_have_pairs
from dynsync_lib.core.matching.decision_table import OUTCOME_OF, Line, Matched, reason_of, word_of
from dynsync_lib.core.model import HEALTH, Object, Outcome, Reason, System
from dynsync_lib.core.situation import PERSONS, Frame, Situation, email_column, opposite, stack
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.writing.compared_pairs import WRITTEN, Comparison, compare_again, compare_pairs, tell_changes
from dynsync_lib.core.writing.refusals import REFUSALS, refusals_of_creates, what_refuses_creates
from dynsync_lib.core.writing.taken_emails import conflicts_of_creates

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
    """What was found about fields, to be used again where only the matching differs.

    `pairs` are the pairs that were compared, `written` is `core.writing.compared_pairs.Comparison.written`; `refusals`
    has, per system, the records whose creation the other side would refuse. `comparison` is that of the settings' own
    pairs; None where nothing can be paired.
    """

    pairs: Frame
    written: Frame
    refusals: Mapping[System, Frame]
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What one object's sync found.

    `told`, per system: id, key, barrier, line, line_rule (the rule were nothing refused), outcome, reason, rule_id,
    counterpart_id, winner_id, refusal (place in REFUSALS), updated (1: a write of its pairs lands, null: it has no
    pair); one row per record.
    """

    told: Mapping[System, Frame]
    matched: Matched


def work_on_fields(
    situation: Situation, object_: Object, matched: Matched, mappings: Sequence[JudgedMapping]
) -> tuple[FieldWork, Frame | None]:
    """What is known about the fields of one object, and its rows of `changes`; None where nothing can be paired."""
    refusals = {system: _refusals(situation, object_, system, mappings) for system in System}
    if not may_have_pairs(situation, object_):
        nothing = {name: nw.lit(0) for name in WRITTEN[2:]}
        written = matched.pairs.head(0).select("hubspot_id", "dynamics_id", **nothing)
        return FieldWork(matched.pairs, written, refusals), None
    comparison = compare_pairs(situation, object_, matched.pairs, mappings)
    work = FieldWork(matched.pairs, comparison.written, refusals, comparison)
    return work, tell_changes(situation, object_, comparison)


def _refusals(situation: Situation, object_: Object, system: System, mappings: Sequence[JudgedMapping]) -> Frame:
    """id, refusal of the records whose creation would be refused; of none where the side creates nothing."""
    sync = situation.sync(object_)
    if not sync.is_source(system) or sync.only_existing_in_target:
        records = situation.tables[record_table(object_, system).name]
        return records.head(0).select("id", refusal=nw.lit(0))
    place, asked = ("refused", object_.value, system.value), what_refuses_creates(situation, object_, system, mappings)
    known: tuple[object, Frame] | None = situation.found.get(place)
    if known is not None and known[0] == asked:
        return known[1]
    told = refusals_of_creates(situation, object_, system, mappings)
    refusals = situation.keep(told, f"{system}_{object_}_refused")
    situation.found.setdefault(place, (asked, refusals))  # the settings' own, to which other choices are compared
    return refusals


def write_again(
    situation: Situation,
    object_: Object,
    mappings: Sequence[JudgedMapping],
    *,
    work: FieldWork,
    fresh: Frame | None = None,
) -> FieldWork:
    """What is known about fields, with the pairs compared again under another assumption: the same, or `fresh` ones."""
    if work.comparison is None:
        return work
    if fresh is not None:
        return replace(work, written=compare_pairs(situation, object_, fresh, mappings).written)
    return replace(work, written=compare_again(situation, object_, work.comparison, mappings).written)


def refuse_again(
    situation: Situation, object_: Object, mappings: Sequence[JudgedMapping], *, work: FieldWork
) -> FieldWork:
    """What is known about fields, with the creates judged again under another assumption."""
    return replace(work, refusals={system: _refusals(situation, object_, system, mappings) for system in System})


def is_same_work(one: FieldWork, other: FieldWork) -> bool:
    """Whether two comparisons of the same pairs lead to the same outcomes: what lands and what is refused is equal."""
    if one.written is not other.written and _lacks(_landing(other), _landing(one)):
        return False
    kept = [(one.refusals[system], other.refusals[system]) for system in System]
    return not any(mine is not theirs and (_lacks(mine, theirs) or _lacks(theirs, mine)) for mine, theirs in kept)


def _landing(work: FieldWork) -> Frame:
    """Per pair of whom an outcome can depend on it: whether writes land, and why they are refused; -1 when not."""
    landed = {f"{system}_landed": (nw.col(f"{system}_landed") > 0).cast(nw.Int64) for system in System}
    refusals = {f"{system}_refusal": nw.col(f"{system}_refusal").fill_null(-1) for system in System}
    return work.written.select("hubspot_id", "dynamics_id", **landed, **refusals)


def _lacks(frame: Frame, other: Frame) -> bool:
    """Whether a row of the other frame, in which nothing is null, is not in this one."""
    names = frame.collect_schema().names()
    return not other.join(frame, on=names, how="anti").head(1).collect().is_empty()


def learn_pairs(
    situation: Situation,
    object_: Object,
    mappings: Sequence[JudgedMapping],
    *,
    work: FieldWork,
    made: Sequence[Frame],
) -> FieldWork:
    """What is known about fields, for the pairs `made` under other assumptions, too: compared all at once."""
    if not made:
        return work
    ids = ["hubspot_id", "dynamics_id"]
    columns = work.pairs.collect_schema().names()
    fresh = stack([one.select(*columns) for one in made]).unique().join(work.pairs, on=ids, how="anti")
    fresh = situation.keep(fresh, f"{object_}_new_pairs")
    if fresh.head(1).collect().is_empty():
        return work
    again = compare_pairs(situation, object_, fresh, mappings).written
    landed = [nw.col(f"{system}_landed").max() for system in System]
    refusals = [nw.col(f"{system}_refusal").min() for system in System]
    written = stack([work.written, again.group_by(ids).agg(*landed, *refusals).select(*WRITTEN)])
    pairs = stack([work.pairs.select(*columns), fresh])
    return replace(work, pairs=pairs, written=situation.keep(written, f"{object_}_all_written"))


def compose(situation: Situation, object_: Object, matched: Matched, work: FieldWork) -> Decided:
    """Every record's outcome; `work` knows every pair that is made."""
    judged = _judge_pairs(situation, object_, matched.pairs, work)
    told = {}
    for system in System:
        conflicts = _conflicts(situation, object_, system, matched)
        met = _with_fields(situation, object_, system, matched.placed[system], judged=judged, work=work)
        told[system] = situation.keep(_tell(situation, object_, met, conflicts), f"{system}_{object_}_told")
    return Decided(told, matched)


def outcome_frame(told: Frame, system: System, object_: Object) -> Frame:
    """Rows of DECIDED, of records that have id, outcome, reason, rule_id, counterpart_id, winner_id and key."""
    named = told.select(
        "outcome",
        "reason",
        "rule_id",
        "counterpart_id",
        "winner_id",
        system=nw.lit(system.value),
        object=nw.lit(object_.value),
        record_id="id",
        match_key="key",
        health=_health(),
    )
    return named.select(*DECIDED)


def switched_off(situation: Situation, object_: Object, system: System) -> Frame:
    """Step 0: every record of an object that is off. Source: rule record.object-off."""
    records = situation.tables[record_table(object_, system).name].select(
        "id",
        outcome=nw.lit(Outcome.EXCLUDED.value),
        reason=nw.lit(Reason.OBJECT_OFF.value),
        rule_id=nw.lit("record.object-off"),
        counterpart_id=_NOTHING,
        winner_id=_NOTHING,
        key=_NOTHING,
    )
    return outcome_frame(records, system, object_)


def _health() -> nw.Expr:
    words = {outcome.value: health.value for outcome, health in HEALTH.items()}
    return nw.col("outcome").replace_strict(words, default=_NOTHING, return_dtype=nw.String)


# --- Steps 6 and 7 -----------------------------------------------------------------------------------------------


def _judge_pairs(situation: Situation, object_: Object, pairs: Frame, work: FieldWork) -> Frame:
    """Per pair: hubspot_refusal and dynamics_refusal (that record's writes are refused), updated (1: an update)."""
    lands = [(nw.col(f"{system}_landed") > 0) & nw.col(f"{opposite(system)}_refusal").is_null() for system in System]
    refusals = [f"{system}_refusal" for system in System]
    updated = (lands[0] | lands[1]).cast(nw.Int64)
    judged = work.written.select("hubspot_id", "dynamics_id", *refusals, updated=updated)
    if pairs is work.pairs:
        return judged
    return situation.keep(judged.join(pairs, on=["hubspot_id", "dynamics_id"], how="semi"), f"{object_}_judged")


def _conflicts(situation: Situation, object_: Object, system: System, matched: Matched) -> Frame | None:
    """id, refusal, counterpart_id of persons whose creation meets their address on the other side; None for others."""
    is_asked = system is System.DYNAMICS or situation.chosen("dv_dup_rules") == "true"
    if object_ not in PERSONS or not is_asked:
        return None
    if ("conflicts", system.value) not in matched.found:
        matched.found["conflicts", system.value] = _find_conflicts(situation, object_, system, matched.placed[system])
    conflicts: Frame = matched.found["conflicts", system.value]
    return conflicts


def _find_conflicts(situation: Situation, object_: Object, system: System, placed: Frame) -> Frame:
    creates = placed.filter(nw.col("line") == Line.CREATE.value)
    is_keyed = situation.sync(object_).match_mode == "default" and email_column(situation) == "email_key"
    told = creates.select("id", "rank", address="key") if is_keyed else creates.select("id", "rank")
    conflicts = conflicts_of_creates(situation, object_, system, told)
    return conflicts if system is System.DYNAMICS else situation.keep(conflicts, f"{object_}_duplicates")


def _with_fields(
    situation: Situation, object_: Object, system: System, placed: Frame, *, judged: Frame, work: FieldWork
) -> Frame:
    """Adds updated and pair_refusal of the record's pairs, and create_refusal."""
    by_record = judged.select(id=f"{system}_id", pair_refusal=f"{system}_refusal", updated="updated")
    if object_ is Object.COMPANY and situation.chosen("company_dup") == "all_bind":
        by_record = by_record.group_by("id").agg(nw.col("pair_refusal").min(), nw.col("updated").max())
    create = work.refusals[system].select("id", create_refusal="refusal")
    return placed.join(by_record, on="id", how="left").join(create, on="id", how="left")


def _tell(situation: Situation, object_: Object, met: Frame, conflicts: Frame | None) -> Frame:
    """The outcome of every record of one side, as in `Decided.told`."""
    line, has_pair = nw.col("line"), ~nw.col("updated").is_null()
    refusal = nw.col("create_refusal")
    counterpart = nw.col("counterpart_id")
    if conflicts is not None:
        told = conflicts.select("id", conflict_refusal="refusal", conflict_id="counterpart_id")
        met = met.join(told, on="id", how="left")
        meets = (nw.col("conflict_refusal") < nw.coalesce(refusal, nw.lit(len(REFUSALS)))).fill_null(value=False)
        counterpart = nw.when(meets & (line == Line.CREATE.value)).then(nw.col("conflict_id")).otherwise(counterpart)
        refusal = nw.when(meets).then(nw.col("conflict_refusal")).otherwise(refusal)
    of_create = nw.when(line == Line.CREATE.value).then(refusal)
    told = met.with_columns(
        refusal=nw.when(has_pair).then(nw.col("pair_refusal")).otherwise(of_create), counterpart_id=counterpart
    )
    own_key = situation.sync(object_).match_mode == "own_field"
    lines: dict[int, str] = {line: outcome.value for line, outcome in OUTCOME_OF.items()}
    return told.with_columns(case=_case()).select(
        *("id", "key", "barrier", "line", "counterpart_id", "winner_id", "refusal", "updated"),
        line_rule="rule_id",
        outcome=word_of("case", {**lines, **_OUTCOME_OF_CASE}),
        reason=word_of("case", {**reason_of(object_, own_key=own_key), **_REASON_OF_CASE}),
        rule_id=nw.coalesce(refusal_word(1), nw.col("rule_id")),
    )


_LINKED, _UPDATED, _REFUSED = 100, 101, 200
"""Cases beside the lines: a pair that stays as it is, one that is written to, and any refusal by its place."""
_OUTCOME_OF_CASE: Final[Mapping[int, str]] = {
    _LINKED: Outcome.LINK.value,
    _UPDATED: Outcome.UPDATE.value,
    **{_REFUSED + number: Outcome.FAILING.value for number in range(len(REFUSALS))},
}
_REASON_OF_CASE: Final[Mapping[int, str]] = {_REFUSED + place: told[0].value for place, told in enumerate(REFUSALS)}


def _case() -> nw.Expr:
    """A record's line, or the case that counts instead; one number, since words are slow to choose between."""
    settled = nw.when(nw.col("updated") > 0).then(nw.lit(_UPDATED)).otherwise(nw.lit(_LINKED))
    of_pair = nw.when(~nw.col("updated").is_null()).then(settled)
    return nw.coalesce(nw.col("refusal") + _REFUSED, of_pair, nw.col("line"))


_NOTHING: Final = nw.lit(None, dtype=nw.String)


def first_true(*tests: tuple[nw.Expr, nw.Expr], other: nw.Expr) -> nw.Expr:
    """The value of the first test that is true, else `other`."""
    told = other
    for test, value in reversed(tests):
        told = nw.when(test).then(value).otherwise(told)
    return told


def refusal_word(part: int) -> nw.Expr:
    """The reason (0) or the rule (1) of the column `refusal`."""
    return word_of("refusal", {number: str(told[part]) for number, told in enumerate(REFUSALS)})
