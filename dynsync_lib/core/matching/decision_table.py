"""Which line of step 5 each record meets, with counterpart, winner and rule.

Facts
    * The first line of the table of step 5 that fits decides; every record gets exactly one outcome.
    * With `company_dup = all_bind` later records of a name join their owner's pair as further pairs (2.35).

Source: rules record.create, record.direction, record.filter, record.inactive-out, record.fence, record.existing-only,
deal.stage-unmapped, deal.never-matched, invoice.to-hubspot, invoice.to-dynamics and those of `core.matching.pairs`;
docs/semantics.md step 5 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import Condition, all_of, as_expression, either, negate
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.first_records import Facts
from dynsync_lib.core.matching.pairs import Matching, first_rule, match_records
from dynsync_lib.core.matching.sides import Barrier
from dynsync_lib.core.model import PERSONS, Object, Outcome, Reason, System
from dynsync_lib.core.situation import Situation, has_second_round, stack
from dynsync_lib.core.typed_values import no_text

OUTCOME_OF: Final[Mapping[Line, Outcome]] = {
    **dict.fromkeys((Line.OWNER_PAIRED, Line.OVERLAP, Line.NOT_OWNER, Line.LOST, Line.TAKEN), Outcome.SHADOWED),
    **dict.fromkeys((Line.FENCED, Line.DIRECTION, Line.FILTERED, Line.INACTIVE), Outcome.EXCLUDED),
    **dict.fromkeys((Line.UNSTAGED, Line.NO_KEY, Line.NOT_IN_TARGET), Outcome.EXCLUDED),
    Line.CONFLICT: Outcome.FAILING,
    Line.CREATE: Outcome.CREATE,
    Line.JOINED: Outcome.LINK,
}
"""What becomes of a record without a pair."""
OVERLAP_RULE: Final = "lead.contact-overlap"


@dataclass(frozen=True, slots=True)
class Matched:
    """Every record's line of step 5, per system, and every pair that syncs.

    `placed`, one row per record: id, rank, key, barrier, line, rule_id, counterpart_id, winner_id. `pairs`, one row per
    pair: hubspot_id, dynamics_id, is_bound.
    """

    placed: Mapping[System, Frame]
    pairs: Frame


def match_object(job: Job, overlap: Facts) -> Matched:
    """Steps 1 to 5 of one object; `overlap` as in `core.matching.pairs.match_records`."""
    matching = match_records(job, overlap)
    placed = {system: _place(job, system, matching) for system in System}
    if _may_join(job):
        placed = {system: job.keep(records, f"{system}_{job.object}_placed") for system, records in placed.items()}
    return Matched(placed, job.keep(_all_pairs(job, matching, placed), f"{job.object}_all_pairs"))


def reason_of(object_: Object, *, own_key: bool) -> dict[int, str]:
    """The reasons of the lines that have one."""
    no_email = object_ in PERSONS and not own_key
    return {
        **dict.fromkeys((Line.FENCED, Line.FILTERED, Line.INACTIVE), Reason.FILTER.value),
        Line.DIRECTION: Reason.DIRECTION.value,
        Line.UNSTAGED: Reason.STAGE_UNMAPPED.value,
        Line.NO_KEY: (Reason.NO_EMAIL if no_email else Reason.NO_MATCH_KEY).value,
        Line.CONFLICT: Reason.EMAIL_CONFLICT.value,
        Line.NOT_IN_TARGET: Reason.NOT_IN_TARGET.value,
    }


def word_of(number: str, words: Mapping[int, str]) -> nw.Expr:
    """The word of a numeric column's value; null when it has none."""
    plain = {int(value): word for value, word in words.items()}
    return nw.col(number).replace_strict(plain, default=no_text(), return_dtype=nw.String)


# --- What is known about a record --------------------------------------------------------------------------------


def _place(job: Job, system: System, matching: Matching) -> Frame:
    records = _with_pairs(job.situation, system, matching)
    records = _with_owners(job, system, matching, records)
    records = _with_rivals(system, matching, records)
    table = _Table(job, system)
    columns = {
        "key": table.key(),
        "rule_id": no_text() if job.situation.scenarios else table.rule(),  # what scenarios move is told without a rule
        "counterpart_id": table.counterpart(),
        "winner_id": table.winner(),
    }
    lines = records.with_columns(line=table.line())
    return lines.select(*job.by, "id", "rank", "barrier", "line", **columns)


def _with_pairs(situation: Situation, system: System, matching: Matching) -> Frame:
    """The records of one side with pair_id, pair_rule and fenced of their pair."""
    by = list(situation.by)
    pairs = matching.pairs.select(*by, "fenced", id=f"{system}_id", pair_id=f"{system.other}_id", pair_rule="rule_id")
    records = matching.claims.sides[system].join(pairs, on=[*by, "id"], how="left")
    return records.with_columns(nw.col("fenced").fill_null(value=False))


def _with_owners(job: Job, system: System, matching: Matching, records: Frame) -> Frame:
    """Adds owner_id of the key, and of the owner's pair owner_pair_id and owner_fenced where a line asks for them;
    by_domain: the owner is that of its domain.
    """
    by = list(job.by)
    if not job.has_keys:
        nobody = dict.fromkeys(("owner_id", "owner_pair_id"), no_text())
        flags = dict.fromkeys(("by_domain", "owner_fenced"), nw.lit(value=False))
        return records.with_columns(**nobody, **flags)
    owners = matching.claims.owners[system].select(*by, "key", owner_id="id")
    records = matching.behind[system].attach_to(
        records.join(owners, on=[*by, "key"], how="left"), domain_owner_id="owner_id"
    )
    records = records.with_columns(
        owner_id=nw.coalesce("domain_owner_id", "owner_id"), by_domain=~nw.col("domain_owner_id").is_null()
    )
    if not _asks_owners_pair(job, system):
        return records.with_columns(owner_pair_id=no_text(), owner_fenced=nw.lit(value=False))
    pairs = matching.pairs.select(
        *by, owner_id=f"{system}_id", owner_pair_id=f"{system.other}_id", owner_fenced="fenced"
    )
    records = records.join(pairs, on=[*by, "owner_id"], how="left")
    return records.with_columns(nw.col("owner_fenced").fill_null(value=False))


def _asks_owners_pair(job: Job, system: System) -> bool:
    """Whether a line asks for the pair of a key's owner: of a side that is no source, or where later records join."""
    return not job.is_source(system) or _may_join(job)


def _may_join(job: Job) -> bool:
    """Whether later records may join their owner's pair, which asks for lines before all pairs are known."""
    return job.object is Object.COMPANY and job.chooses("company_dup", "all_bind") is not False


def _with_rivals(system: System, matching: Matching, records: Frame) -> Frame:
    """Adds taken_by and taken_rule, lost_to, conflict_id, overlap_id; the last three are Dynamics's."""
    records = matching.taken[system].attach_to(records, taken_by="winner_id", taken_rule="rule_id")
    if system is System.HUBSPOT:
        return records.with_columns(**dict.fromkeys(("lost_to", "conflict_id", "overlap_id"), no_text()))
    records = matching.lost.attach_to(records, lost_to="winner_id")
    records = matching.conflicts.attach_to(records, conflict_id="hubspot_id")
    return matching.overlap.attach_to(records, overlap_id="contact_id")


def _all_pairs(job: Job, matching: Matching, placed: Mapping[System, Frame]) -> Frame:
    """Every pair that syncs, further pairs of later records included."""
    columns = [*job.by, "hubspot_id", "dynamics_id", "is_bound"]
    parts = [matching.pairs.filter(~nw.col("fenced")).select(*columns)]
    if not _may_join(job):
        return parts[0]
    for system in System:
        joined = placed[system].filter((nw.col("line") == Line.JOINED.value) & ~nw.col("counterpart_id").is_null())
        ends = {f"{system}_id": nw.col("id"), f"{system.other}_id": nw.col("counterpart_id")}
        parts.append(joined.select(*job.by, **ends, is_bound=nw.lit(value=False)).select(*columns))
    return stack(parts)


# --- The table of step 5 -----------------------------------------------------------------------------------------

_Test = tuple[Condition, Line]


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of step 5 of docs/semantics.md for one side of an object.

    `line` is the table itself, as an expression: the number of the first line whose test holds for a record. What the
    settings decide leaves a line out, or makes it hold for all; what the record decides is asked of the columns that
    `_place` has joined:

    * of the record: id, key, domain, barrier (why it does not pass);
    * of its pair: pair_id, pair_rule, fenced;
    * of the owner of its key, or of its domain (then by_domain): owner_id, owner_pair_id, owner_fenced;
    * of rivals: taken_by and taken_rule, lost_to, conflict_id, overlap_id.

    `counterpart`, `winner`, `key` and `rule` say what is told beside the line, and read the column `line`.
    """

    job: Job
    system: System

    def line(self) -> nw.Expr:
        """The number of the line that decides; each test is one line of the table, in its order."""
        return _first_line(
            [
                (nw.col("fenced"), Line.FENCED),
                (_has("pair_id"), Line.PAIRED),
                *self._lines_of_the_side(),
                *self._lines_of_the_key(),
                *self._lines_of_rivals(),
                (True, Line.CREATE),
            ]
        )

    def _lines_of_the_side(self) -> list[_Test]:
        """Lines 2 to 4, and the leads that a contact keeps out, which come after them."""
        lines: list[_Test] = []
        if not self.job.is_source(self.system):
            lines += [(_has("owner_pair_id"), Line.OWNER_PAIRED), (True, Line.DIRECTION)]
        is_before_claim = self.job.chooses("filter_stage", "before_claim")
        lines += [(all_of(is_before_claim, fails), line) for fails, line in self._filter_lines()]
        return [*lines, (_has("overlap_id"), Line.OVERLAP)]

    def _lines_of_the_key(self) -> list[_Test]:
        """Lines 5 to 7. A later record of an `all_bind` company joins its owner's pair only where it passes line 7."""
        is_later, by_domain = self._is_later(), nw.col("by_domain")
        first_wins, all_bind = self._later_records("first_wins"), self._later_records("all_bind")
        joins = all_of(all_bind, is_later, ~by_domain)
        return [
            (all_of(self._wants_key(), nw.col("key").is_null()), Line.NO_KEY),
            (self._lacks_address(), Line.NO_KEY),
            (all_of(first_wins, is_later), Line.NOT_OWNER),
            (all_of(all_bind, is_later, by_domain), Line.NOT_OWNER),
            *self._filter_lines(),
            (all_of(joins, nw.col("owner_fenced")), Line.NOT_OWNER),
            (joins, Line.JOINED),
        ]

    def _lines_of_rivals(self) -> list[_Test]:
        """Lines 8 to 9c."""
        stays_behind = negate(self._later_records("rest_created"))
        return [
            (_has("lost_to"), Line.LOST),
            (_has("conflict_id"), Line.CONFLICT),
            (all_of(stays_behind, _has("taken_by")), Line.TAKEN),
            (all_of(stays_behind, nw.col("by_domain")), Line.TAKEN),
            (self.job.sync.only_existing_in_target, Line.NOT_IN_TARGET),
        ]

    def _filter_lines(self) -> list[_Test]:
        """Line 4, and 7: it does not pass, by what kept it out."""
        barrier = nw.col("barrier")
        lines: list[_Test] = [(barrier.is_in([Barrier.ROUTE.value, Barrier.FILTER.value]), Line.FILTERED)]
        if self.system is System.DYNAMICS:
            lines.append((barrier == Barrier.INACTIVE.value, Line.INACTIVE))
        if self.job.object is Object.DEAL:
            lines.append((barrier == Barrier.STAGE.value, Line.UNSTAGED))
        return lines

    def _wants_key(self) -> Condition:
        """Whether a record without a key stays out (line 5)."""
        if not self.job.has_keys:
            return False
        if self.job.is_about_persons and not self.job.has_own_key:
            return self.job.sync.require_email
        return negate(self.job.chooses("no_key", "create"))

    def _lacks_address(self) -> Condition:
        """Whether a person without an address stays out where nothing is matched (line 5, Q31)."""
        excludes = self.job.chooses("no_email_unmatched", "exclude")
        is_asked = self.job.is_about_persons and self.job.sync.match_mode == "none" and self.job.sync.require_email
        return all_of(is_asked, excludes, nw.col("unaddressed"))

    def _later_records(self, choice: str) -> Condition:
        """Whether this choice of `company_dup` says what becomes of later records of a key.

        Of persons, and of all that is matched by an own field, the first record always wins.
        """
        if self.job.object is Object.COMPANY and not self.job.has_own_key:
            return self.job.chooses("company_dup", choice)
        return choice == "first_wins"

    def _is_later(self) -> Condition:
        """Whether a record with a key is not the owner of it, nor, in a second round, of its domain (line 6)."""
        if not self.job.has_keys:
            return False
        later = (nw.col("owner_id") != nw.col("id")).fill_null(value=False)
        if self.job.object is not Object.COMPANY or has_second_round(self.job.situation) is False:
            return later
        return later & ~(nw.col("by_domain") & nw.col("key").is_null())

    # --- words -----------------------------------------------------------------------------------------------

    def counterpart(self) -> nw.Expr:
        """The record of the other system: of its pair, of the address that answers 409, or of its owner's pair."""
        return nw.coalesce(
            _on_lines("pair_id", Line.PAIRED, Line.FENCED),
            _on_lines("conflict_id", Line.CONFLICT),
            _on_lines("owner_pair_id", Line.JOINED),
        )

    def winner(self) -> nw.Expr:
        """The record of the same system that it lost to; of a join only where the owner it joins has no pair."""
        alone = (nw.col("line") == Line.JOINED.value) & nw.col("owner_pair_id").is_null()
        return nw.coalesce(
            _on_lines("owner_id", Line.OWNER_PAIRED, Line.NOT_OWNER),
            _on_lines("lost_to", Line.LOST),
            _on_lines("taken_by", Line.TAKEN),
            _on_lines("overlap_id", Line.OVERLAP),
            nw.when((nw.col("line") == Line.TAKEN.value) & nw.col("by_domain")).then(nw.col("owner_id")),
            nw.when(alone).then(nw.col("owner_id")),
        )

    def key(self) -> nw.Expr:
        """The key it was matched by: its own, or the domain of a pair of the second round."""
        if self.job.object is not Object.COMPANY:
            return nw.col("key")
        by_domain = (nw.col("pair_rule") == "company.match-domain").fill_null(value=False)
        matched = nw.when(by_domain).then(nw.col("domain")).otherwise(nw.col("key"))
        return either(has_second_round(self.job.situation), matched, nw.col("key"))

    def rule(self) -> nw.Expr:
        """The rule of the line; of a pair its own."""
        is_behind_owner = _is_on(Line.OWNER_PAIRED, Line.NOT_OWNER, Line.TAKEN)
        is_later = _is_on(Line.OWNER_PAIRED, Line.NOT_OWNER, Line.JOINED)
        return nw.coalesce(
            _on_lines("pair_rule", Line.PAIRED, Line.FENCED),
            _on_lines("taken_rule", Line.TAKEN),
            nw.when(is_behind_owner & nw.col("by_domain")).then(nw.lit("company.first-per-domain")),
            nw.when(is_later).then(first_rule(self.job)),
            word_of("line", self._rules()),
        )

    def _rules(self) -> dict[int, str]:
        """The rules of the lines that have one of their own, whoever the rivals are."""
        return {
            Line.DIRECTION: "record.direction",
            Line.FILTERED: "record.filter",
            Line.INACTIVE: "record.inactive-out",
            Line.UNSTAGED: "deal.stage-unmapped",
            Line.OVERLAP: OVERLAP_RULE,
            Line.NO_KEY: self._no_key_rule(),
            Line.LOST: "contact.one-binding",
            Line.CONFLICT: "contact.email-conflict",
            Line.NOT_IN_TARGET: "record.existing-only",
            Line.CREATE: self._create_rule(),
        }

    def _no_key_rule(self) -> str:
        if self.job.has_own_key:
            return "record.own-key"
        return "contact.no-email" if self.job.is_about_persons else "company.no-name"

    def _create_rule(self) -> str:
        if self.job.object is Object.DEAL and not self.job.has_own_key:
            return "deal.never-matched"
        if self.job.object is Object.INVOICE and not self.job.has_own_key:
            return "invoice.to-hubspot" if self.system is System.DYNAMICS else "invoice.to-dynamics"
        return "record.create"


def _first_line(tests: Iterable[_Test]) -> nw.Expr:
    """The number of the first line whose test holds; one test always holds, and those behind it are not asked."""
    numbers: list[nw.Expr] = []
    for test, line in tests:
        if test is True:
            return nw.coalesce(*numbers, nw.lit(line.value))
        if test is not False:
            numbers.append(nw.when(as_expression(test)).then(nw.lit(line.value)))
    raise ValueError("no line of step 5 holds for every record")


def _has(name: str) -> nw.Expr:
    return ~nw.col(name).is_null()


def _on_lines(name: str, *lines: Line) -> nw.Expr:
    """The column where the record meets one of the lines, null elsewhere."""
    return nw.when(_is_on(*lines)).then(nw.col(name))


def _is_on(*lines: Line) -> nw.Expr:
    """Whether the record meets one of the lines."""
    return nw.col("line").is_in([line.value for line in lines])
