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

from dynsync_lib.core.conflicts import REFUSALS, compare_pairs, refusal_of_creates, tell_changes
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.matching import FIRST_RULE, Matching, match_records
from dynsync_lib.core.model import HEALTH, Object, Outcome, Reason, System, record_table
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
    matched = _Matched.of(situation, object_)
    comparison = compare_pairs(situation, object_, matched.pairs, mappings)
    refusals = {
        system: situation.keep(refusal_of_creates(situation, object_, system, mappings), f"{system}_{object_}_refused")
        for system in System
    }
    pairs = matched.pairs.select("hubspot_id", "dynamics_id")
    work = FieldWork(pairs, comparison.written, refusals)
    outcomes = _compose(situation, object_, matched, work)
    return Decided(outcomes, tell_changes(situation, object_, comparison), pairs, work)


def decide_again(situation: Situation, object_: Object, mappings: Sequence[JudgedMapping], *, work: FieldWork) -> Frame:
    """The outcomes under another matching, when what is known about fields still holds; only new pairs are compared."""
    matched = _Matched.of(situation, object_)
    pairs = matched.pairs.select("hubspot_id", "dynamics_id")
    fresh = situation.keep(pairs.join(work.pairs, on=["hubspot_id", "dynamics_id"], how="anti"), f"{object_}_new_pairs")
    if fresh.head(1).collect().is_empty():
        return _compose(situation, object_, matched, work)
    written = compare_pairs(situation, object_, fresh, mappings).written
    return _compose(situation, object_, matched, replace(work, written=stack([work.written, written])))


def decide_fields_again(
    situation: Situation, object_: Object, mappings: Sequence[JudgedMapping], *, work: FieldWork
) -> Frame:
    """The outcomes under another assumption about what is written; refusals of creates in `work` still hold."""
    matched = _Matched.of(situation, object_)
    written = compare_pairs(situation, object_, matched.pairs, mappings).written
    return _compose(situation, object_, matched, replace(work, written=written))


@dataclass(frozen=True, slots=True)
class _Matched:
    """Every record's line of step 5, and every pair."""

    placed: Mapping[System, Frame]
    pairs: Frame

    @classmethod
    def of(cls, situation: Situation, object_: Object) -> _Matched:
        matching = match_records(situation, object_)
        placed = {system: _place(situation, object_, system, matching) for system in System}
        return cls(placed, situation.keep(_all_pairs(object_, matching, placed), f"{object_}_all_pairs"))


def _compose(situation: Situation, object_: Object, matched: _Matched, work: FieldWork) -> Frame:
    parts = []
    for system in System:
        placed = matched.placed[system]
        parts.append(_unpaired(object_, system, placed=placed, refusals=work.refusals[system]))
        parts.append(_paired(object_, system, placed=placed, pairs=matched.pairs, written=work.written))
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


def _all_pairs(object_: Object, matching: Matching, placed: Mapping[System, Frame]) -> Frame:
    """Every pair: hubspot_id, dynamics_id, rule_id, and whose own pair it is (`own`: hubspot, dynamics or both)."""
    main = matching.pairs.select("hubspot_id", "dynamics_id", "rule_id", own=nw.lit("both"))
    parts = [main]
    for system in System:
        joined = placed[system].filter((nw.col("line") == _JOINED) & ~nw.col("owner_counterpart_id").is_null())
        ends = {f"{system}_id": nw.col("id"), f"{opposite(system)}_id": nw.col("owner_counterpart_id")}
        row = joined.select(**ends, rule_id=nw.lit(FIRST_RULE[object_]), own=nw.lit(system.value))
        parts.append(row.select("hubspot_id", "dynamics_id", "rule_id", "own"))
    return stack(parts)


# --- Records without a pair --------------------------------------------------------------------------------------


def _unpaired(object_: Object, system: System, *, placed: Frame, refusals: Frame) -> Frame:
    line = nw.col("line")
    has_pair = (line == _PAIRED) | ((line == _JOINED) & ~nw.col("owner_counterpart_id").is_null())
    rest = placed.filter(~has_pair)
    rest = rest.join(refusals, on="id", how="left")
    refusal = nw.when(line == _CREATE).then(nw.col("refusal"))
    failing = ~refusal.is_null()
    return outcome_rows(
        rest,
        system,
        object_,
        outcome=nw.when(failing).then(nw.lit("failing")).otherwise(_by_line(_OUTCOME_OF)),
        reason=nw.when(failing).then(_refusal_word(refusal, 0)).otherwise(_by_line(_reason_of(object_))),
        rule_id=nw.when(failing).then(_refusal_word(refusal, 1)).otherwise(_rule(object_)),
        counterpart=nw.when(line == _CONFLICT).then(nw.col("conflict_id")),
        winner=nw.when(line == _LOST).then(nw.col("lost_to")).otherwise(_owner_when_behind()),
        key=nw.col("key"),
    )


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


def _refusal_word(refusal: nw.Expr, part: int) -> nw.Expr:
    words = [(number, told[part]) for number, told in enumerate(REFUSALS)]
    return nw.coalesce(*(nw.when(refusal == number).then(nw.lit(str(word))) for number, word in words))


# --- Records with a pair -----------------------------------------------------------------------------------------


def _paired(object_: Object, system: System, *, placed: Frame, pairs: Frame, written: Frame) -> Frame:
    """Steps 6 and 7: update, link or failing, over all pairs of a record."""
    mine, theirs = f"{system}_id", f"{opposite(system)}_id"
    judged = (
        _judge_pairs(pairs, written, system)
        .group_by(mine)
        .agg(refusal=nw.col("refusal").min(), updated=nw.col("updated").max())
    )
    own = pairs.filter(nw.col("own").is_in(["both", system.value])).select(mine, theirs, "rule_id")
    keys = placed.select("id", "key")
    records = own.join(judged, on=mine).join(keys, left_on=mine, right_on="id").rename({mine: "id"})
    refusal = nw.col("refusal")
    settled = nw.when(nw.col("updated") > 0).then(nw.lit("update")).otherwise(nw.lit("link"))
    return outcome_rows(
        records,
        system,
        object_,
        outcome=nw.when(~refusal.is_null()).then(nw.lit("failing")).otherwise(settled),
        reason=_refusal_word(refusal, 0),
        rule_id=nw.coalesce(_refusal_word(refusal, 1), nw.col("rule_id")),
        counterpart=nw.col(theirs),
        key=nw.col("key"),
    )


def _judge_pairs(pairs: Frame, written: Frame, system: System) -> Frame:
    """Per pair, seen from `system`: refusal of its own writes, and updated (1 when it counts as an update)."""
    other = opposite(system)
    outward = _toward(written, other).rename({"landed": "out_landed", "refusal": "refusal"})
    inward = _toward(written, system).rename({"landed": "in_landed", "refusal": "in_refusal"})
    both = pairs.select("hubspot_id", "dynamics_id").join(outward, on=["hubspot_id", "dynamics_id"], how="left")
    both = both.join(inward, on=["hubspot_id", "dynamics_id"], how="left")
    lands_out = (nw.col("out_landed").fill_null(0) > 0) & nw.col("refusal").is_null()
    lands_in = (nw.col("in_landed").fill_null(0) > 0) & nw.col("in_refusal").is_null()
    return both.with_columns(updated=(lands_out | lands_in).cast(nw.Int64))


def _toward(written: Frame, target: System) -> Frame:
    return written.filter(nw.col("target_system") == target.value).drop("target_system")
