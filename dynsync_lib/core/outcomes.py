"""What becomes of every contact and company: steps 5 to 7 of docs/semantics.md section 5.

Facts
    * The first line of the table of step 5 that fits decides; every record gets exactly one outcome.
    * With `company_dup = all_bind` later records of a name join their owner's pair as further pairs (2.35).

Source: rules record.create, record.direction, record.filter, record.inactive-out, record.object-off and those of
`core.matching` and `core.conflicts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.conflicts import compare_pairs, tell_changes
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.matching import FIRST_RULE, MATCHING_TURNS_ON, Matching, match_records
from dynsync_lib.core.model import HEALTH, Object, Outcome, Reason, System, record_table
from dynsync_lib.core.refusals import REFUSALS, refusals_of_creates
from dynsync_lib.core.sides import Frame, Situation, opposite, stack

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

_MATCHED_TURNS_ON: Final = (*MATCHING_TURNS_ON, "no_key", "company_dup")

# The lines of step 5; JOINED stands for `company_dup = all_bind`.
_PAIRED, _OWNER_PAIRED, _DIRECTION, _FILTER, _NO_KEY, _NOT_OWNER, _LOST, _CONFLICT, _CREATE, _JOINED = range(10)


@dataclass(frozen=True, slots=True)
class Decided:
    """What one object's stages found.

    `outcomes` has the columns DECIDED, one row per record; `changes` is the forecast table; `pairs` has hubspot_id and
    dynamics_id, one row per pair.
    """

    outcomes: Frame
    changes: Frame
    pairs: Frame
    work: FieldWork


@dataclass(frozen=True, slots=True)
class FieldWork:
    """What was found about fields, to be used again where only the matching differs.

    `pairs` are the pairs that were compared, `written` is `conflicts.Comparison.written`; `refusals` has, per system,
    the records whose creation the other side would refuse.
    """

    pairs: Frame
    written: Frame
    refusals: Mapping[System, Frame]


def decide_object(situation: Situation, object_: Object, mappings: Sequence[JudgedMapping]) -> Decided:
    """The outcomes of contacts or companies, both systems."""
    matched = match_object(situation, object_)
    comparison = compare_pairs(situation, object_, matched.pairs, mappings)
    refusals = {
        system: situation.keep(refusals_of_creates(situation, object_, system, mappings), f"{system}_{object_}_refused")
        for system in System
    }
    work = FieldWork(matched.pairs, comparison.written, refusals)
    outcomes = _compose(situation, object_, matched, work)
    return Decided(outcomes, tell_changes(situation, object_, comparison), matched.pairs, work)


def learn_pairs(
    situation: Situation,
    object_: Object,
    mappings: Sequence[JudgedMapping],
    *,
    work: FieldWork,
    others: Sequence[Situation],
) -> FieldWork:
    """What is known about fields, for the pairs that any of the other situations makes, too: compared all at once."""
    made = [match_object(other, object_).pairs for other in others]
    if not made:
        return work
    ids = ["hubspot_id", "dynamics_id"]
    fresh = situation.keep(stack(made).unique().join(work.pairs, on=ids, how="anti"), f"{object_}_new_pairs")
    if fresh.head(1).collect().is_empty():
        return work
    written = compare_pairs(situation, object_, fresh, mappings).written
    return replace(work, written=situation.keep(stack([work.written, written]), f"{object_}_all_written"))


def decide_again(situation: Situation, object_: Object, *, work: FieldWork) -> Frame:
    """The outcomes under another assumption about matching; `work` knows every pair that is made."""
    return _compose(situation, object_, match_object(situation, object_), work)


def decide_fields_again(
    situation: Situation, object_: Object, mappings: Sequence[JudgedMapping], *, work: FieldWork
) -> Frame:
    """The outcomes under another assumption about what is written; refusals of creates in `work` still hold."""
    matched = match_object(situation, object_)
    written = compare_pairs(situation, object_, matched.pairs, mappings).written
    return _compose(situation, object_, matched, replace(work, written=written))


@dataclass(frozen=True, slots=True)
class Matched:
    """Every record's line of step 5, per system, and every pair: hubspot_id, dynamics_id."""

    placed: Mapping[System, Frame]
    pairs: Frame


def match_object(situation: Situation, object_: Object) -> Matched:
    """Steps 1 to 5 of one object."""
    depends = ("matched", object_.value, *map(situation.chosen, _MATCHED_TURNS_ON))
    if depends not in situation.found:
        matching = match_records(situation, object_)
        placed = {system: _place(situation, object_, system, matching) for system in System}
        pairs = situation.keep(_all_pairs(matching, placed), f"{object_}_all_pairs")
        situation.found[depends] = Matched(placed, pairs)
    matched: Matched = situation.found[depends]
    return matched


def _compose(situation: Situation, object_: Object, matched: Matched, work: FieldWork) -> Frame:
    judged = situation.keep(_judge_pairs(matched.pairs, work.written), f"{object_}_judged")
    parts = [
        _tell(situation, object_, system, placed=matched.placed[system], judged=judged, refusals=work.refusals[system])
        for system in System
    ]
    return situation.keep(stack(parts), f"{object_}_outcomes")


def switched_off(situation: Situation, object_: Object, system: System) -> Frame:
    """Step 0: every record of an object that is off. Source: rule record.object-off."""
    records = situation.tables[record_table(object_, system).name].select("id")
    return outcome_rows(
        records,
        system,
        object_,
        outcome=nw.lit(Outcome.EXCLUDED.value),
        reason=nw.lit(Reason.OBJECT_OFF.value),
        rule_id=nw.lit("record.object-off"),
    )


def outcome_rows(
    records: Frame,
    system: System,
    object_: Object,
    *,
    outcome: nw.Expr,
    reason: nw.Expr,
    rule_id: nw.Expr,
    counterpart: nw.Expr | None = None,
    winner: nw.Expr | None = None,
    key: nw.Expr | None = None,
) -> Frame:
    """Rows of DECIDED for records that have `id`; expressions left out are null."""
    blank = nw.lit(None, dtype=nw.String)
    told = records.select(
        system=nw.lit(system.value),
        object=nw.lit(object_.value),
        record_id="id",
        outcome=outcome,
        reason=reason,
        rule_id=rule_id,
        counterpart_id=counterpart if counterpart is not None else blank,
        winner_id=winner if winner is not None else blank,
        match_key=key if key is not None else blank,
    )
    return told.with_columns(health=_health()).select(*DECIDED)


def _health() -> nw.Expr:
    words = {health: [one.value for one in Outcome if HEALTH[one] is health] for health in HEALTH.values()}
    named = [nw.when(nw.col("outcome").is_in(ones)).then(nw.lit(health.value)) for health, ones in words.items()]
    return nw.coalesce(*named)


# --- Step 5 ------------------------------------------------------------------------------------------------------


def _place(situation: Situation, object_: Object, system: System, matching: Matching) -> Frame:
    """Every record with its line of step 5, its counterpart, and the owner of its key with that one's counterpart."""
    other = opposite(system)
    mine, theirs = f"{system}_id", f"{other}_id"
    pairs = matching.pairs.select(id=mine, counterpart_id=theirs, pair_rule="rule_id")
    owners = matching.owners[system].select("key", owner_id="id")
    owner_pairs = pairs.select(owner_id="id", owner_counterpart_id="counterpart_id")
    owners = owners.join(owner_pairs, on="owner_id", how="left").select("key", "owner_id", "owner_counterpart_id")
    placed = matching.sides[system].join(pairs, on="id", how="left").join(owners, on="key", how="left")
    placed = _with_rivals(placed, system, matching)
    placed = placed.with_columns(line=_line(situation, object_, system))
    return situation.keep(placed, f"{system}_{object_}_placed")


def _with_rivals(placed: Frame, system: System, matching: Matching) -> Frame:
    """Adds `lost_to` and `conflict_id`; only Dynamics records have them."""
    if system is System.HUBSPOT:
        return placed.with_columns(lost_to=nw.lit(None, dtype=nw.String), conflict_id=nw.lit(None, dtype=nw.String))
    lost = matching.lost.select(id="dynamics_id", lost_to="winner_id")
    conflicts = matching.conflicts.select(id="dynamics_id", conflict_id="hubspot_id")
    return placed.join(lost, on="id", how="left").join(conflicts, on="id", how="left")


def _line(situation: Situation, object_: Object, system: System) -> nw.Expr:
    is_source = situation.sync(object_).is_source(system)
    fails, keyless = ~nw.col("passes"), nw.col("key").is_null()
    filtered_first = situation.chosen("filter_stage") == "before_claim"
    is_later = (nw.col("owner_id") != nw.col("id")).fill_null(value=False)
    tests: list[tuple[nw.Expr, int]] = [(~nw.col("counterpart_id").is_null(), _PAIRED)]
    if not is_source:
        tests += [(~nw.col("owner_counterpart_id").is_null(), _OWNER_PAIRED), (nw.lit(value=True), _DIRECTION)]
    if filtered_first:
        tests.append((fails, _FILTER))
    if not (object_ is Object.COMPANY and situation.chosen("no_key") == "create"):
        tests.append((keyless, _NO_KEY))
    duplicates = "first_wins" if object_ is Object.CONTACT else situation.chosen("company_dup")
    if duplicates == "first_wins":
        tests.append((is_later, _NOT_OWNER))
    tests.append((fails, _FILTER))
    if duplicates == "all_bind":
        tests.append((is_later, _JOINED))
    tests += [(~nw.col("lost_to").is_null(), _LOST), (~nw.col("conflict_id").is_null(), _CONFLICT)]
    return nw.coalesce(*(nw.when(test).then(nw.lit(line)) for test, line in tests), nw.lit(_CREATE))


def _all_pairs(matching: Matching, placed: Mapping[System, Frame]) -> Frame:
    """Every pair, further pairs of later records included: hubspot_id, dynamics_id."""
    parts = [matching.pairs.select("hubspot_id", "dynamics_id")]
    for system in System:
        joined = placed[system].filter((nw.col("line") == _JOINED) & ~nw.col("owner_counterpart_id").is_null())
        ends = {f"{system}_id": nw.col("id"), f"{opposite(system)}_id": nw.col("owner_counterpart_id")}
        parts.append(joined.select(**ends).select("hubspot_id", "dynamics_id"))
    return stack(parts)


# --- Steps 6 and 7, and the words ---------------------------------------------------------------------------------


def _judge_pairs(pairs: Frame, written: Frame) -> Frame:
    """Per pair: hubspot_refusal and dynamics_refusal (that record's writes are refused), updated (1: an update)."""
    sides = {}
    for system in System:
        is_target = nw.col("target_system") == system.value
        sides[f"{system}_landed"] = nw.when(is_target).then(nw.col("landed")).max()
        sides[f"{opposite(system)}_refusal"] = nw.when(is_target).then(nw.col("refusal")).min()
    by_pair = written.group_by("hubspot_id", "dynamics_id").agg(**sides)
    lands = [(nw.col(f"{system}_landed") > 0) & nw.col(f"{opposite(system)}_refusal").is_null() for system in System]
    refusals = [f"{system}_refusal" for system in System]
    judged = by_pair.select("hubspot_id", "dynamics_id", *refusals, updated=(lands[0] | lands[1]).cast(nw.Int64))
    return judged.join(pairs, on=["hubspot_id", "dynamics_id"], how="semi")


def _tell(
    situation: Situation, object_: Object, system: System, *, placed: Frame, judged: Frame, refusals: Frame
) -> Frame:
    """The outcome of every record of one side."""
    by_record = judged.select(id=f"{system}_id", pair_refusal=f"{system}_refusal", updated="updated")
    if object_ is Object.COMPANY and situation.chosen("company_dup") == "all_bind":
        by_record = by_record.group_by("id").agg(nw.col("pair_refusal").min(), nw.col("updated").max())
    create = refusals.select("id", create_refusal="refusal")
    records = placed.join(by_record, on="id", how="left").join(create, on="id", how="left")
    line = nw.col("line")
    has_pair = ~nw.col("updated").is_null()
    refusal = (
        nw.when(has_pair)
        .then(nw.col("pair_refusal"))
        .otherwise(nw.when(line == _CREATE).then(nw.col("create_refusal")))
    )
    records = records.with_columns(refusal=refusal, has_pair=has_pair)
    paired, failing = nw.col("has_pair"), ~nw.col("refusal").is_null()
    settled = nw.when(nw.col("updated") > 0).then(nw.lit("update")).otherwise(nw.lit("link"))
    counterpart = nw.coalesce(nw.col("counterpart_id"), nw.col("owner_counterpart_id"))
    return outcome_rows(
        records,
        system,
        object_,
        outcome=_first((failing, nw.lit("failing")), (paired, settled), other=_by_line(_OUTCOME_OF)),
        reason=_first((failing, _refusal_word(0)), (paired, _NOTHING), other=_by_line(_reason_of(object_))),
        rule_id=_first((failing, _refusal_word(1)), (paired, _pair_rule(object_)), other=_rule(object_)),
        counterpart=_first((paired, counterpart), (line == _CONFLICT, nw.col("conflict_id")), other=_NOTHING),
        winner=_first((paired, _NOTHING), (line == _LOST, nw.col("lost_to")), other=_owner_when_behind()),
        key=nw.col("key"),
    )


_NOTHING: Final = nw.lit(None, dtype=nw.String)


def _first(*tests: tuple[nw.Expr, nw.Expr], other: nw.Expr) -> nw.Expr:
    """The value of the first test that is true, else `other`."""
    told = other
    for test, value in reversed(tests):
        told = nw.when(test).then(value).otherwise(told)
    return told


def _pair_rule(object_: Object) -> nw.Expr:
    return nw.coalesce(nw.col("pair_rule"), nw.lit(FIRST_RULE[object_]))


_OUTCOME_OF: Final = {
    _OWNER_PAIRED: Outcome.SHADOWED.value,
    _DIRECTION: Outcome.EXCLUDED.value,
    _FILTER: Outcome.EXCLUDED.value,
    _NO_KEY: Outcome.EXCLUDED.value,
    _NOT_OWNER: Outcome.SHADOWED.value,
    _LOST: Outcome.SHADOWED.value,
    _CONFLICT: Outcome.FAILING.value,
    _CREATE: Outcome.CREATE.value,
    _JOINED: Outcome.LINK.value,
}


def _reason_of(object_: Object) -> dict[int, str]:
    return {
        _DIRECTION: Reason.DIRECTION.value,
        _FILTER: Reason.FILTER.value,
        _NO_KEY: (Reason.NO_EMAIL if object_ is Object.CONTACT else Reason.NO_MATCH_KEY).value,
        _CONFLICT: Reason.EMAIL_CONFLICT.value,
    }


def _rule(object_: Object) -> nw.Expr:
    by_line = _by_line(
        {
            _OWNER_PAIRED: FIRST_RULE[object_],
            _DIRECTION: "record.direction",
            _NO_KEY: "contact.no-email" if object_ is Object.CONTACT else "company.no-name",
            _NOT_OWNER: FIRST_RULE[object_],
            _LOST: "contact.one-binding",
            _CONFLICT: "contact.email-conflict",
            _CREATE: "record.create",
            _JOINED: FIRST_RULE[object_],
        }
    )
    by_text = nw.when(nw.col("passes_text")).then(nw.lit("record.inactive-out")).otherwise(nw.lit("record.filter"))
    return nw.when(nw.col("line") == _FILTER).then(by_text).otherwise(by_line)


def _by_line(words: dict[int, str]) -> nw.Expr:
    return nw.coalesce(*(nw.when(nw.col("line") == line).then(nw.lit(word)) for line, word in words.items()))


def _owner_when_behind() -> nw.Expr:
    return nw.when(nw.col("line").is_in([_OWNER_PAIRED, _NOT_OWNER, _JOINED])).then(nw.col("owner_id"))


def _refusal_word(part: int) -> nw.Expr:
    words = [(number, told[part]) for number, told in enumerate(REFUSALS)]
    return nw.coalesce(*(nw.when(nw.col("refusal") == number).then(nw.lit(str(word))) for number, word in words))
