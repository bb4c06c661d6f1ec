"""Which line of step 5 each record meets, with counterpart, winner and rule.

Facts
    * The first line of the table of step 5 that fits decides; every record gets exactly one outcome.
    * With `company_dup = all_bind` later records of a name join their owner's pair as further pairs (2.35).

Source: rules record.create, record.direction, record.filter, record.inactive-out, record.fence, record.existing-only,
deal.stage-unmapped, deal.never-matched, invoice.to-hubspot, invoice.to-dynamics and those of `core.matching.pairs`;
docs/semantics.md step 5 and section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.pairs import Matching, first_rule, match_records, matching_turns_on
from dynsync_lib.core.matching.sides import Barrier
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.situation import PERSONS, Frame, Situation, has_keys, opposite, stack


class Line(IntEnum):
    """The lines of step 5; JOINED stands for `company_dup = all_bind`, OVERLAP for `lead_contact_overlap`."""

    PAIRED = 0
    FENCED = 1
    OWNER_PAIRED = 2
    DIRECTION = 3
    FILTERED = 4
    INACTIVE = 5
    UNSTAGED = 6
    OVERLAP = 7
    NO_KEY = 8
    NOT_OWNER = 9
    JOINED = 10
    LOST = 11
    CONFLICT = 12
    TAKEN = 13
    NOT_IN_TARGET = 14
    CREATE = 15


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
_BLANK: Final = nw.lit(None, dtype=nw.String)


@dataclass(frozen=True, slots=True)
class Matched:
    """Every record's line of step 5, per system, and every pair that syncs.

    `placed`: id, rank, key, barrier, line, rule_id, counterpart_id, winner_id. `pairs`: hubspot_id, dynamics_id and,
    with bindings, is_bound. `found` remembers what was worked out of it.
    """

    placed: Mapping[System, Frame]
    pairs: Frame
    found: dict[tuple[str, ...], Any] = field(default_factory=dict)


def match_object(situation: Situation, object_: Object, overlap: Frame | None = None) -> Matched:
    """Steps 1 to 5 of one object; `overlap` as in `core.matching.pairs.match_records`."""
    turns = (*matching_turns_on(object_), "no_key", "company_dup")
    depends = ("matched", object_.value, *map(situation.chosen, turns))
    if overlap is None and depends in situation.found:
        known: Matched = situation.found[depends]
        return known
    matching = match_records(situation, object_, overlap)
    placed = {system: _place(situation, object_, system, matching) for system in System}
    matched = Matched(placed, situation.keep(_all_pairs(matching, placed), f"{object_}_all_pairs"))
    if overlap is None:
        situation.found[depends] = matched
    return matched


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
    plain = {int(one): word for one, word in words.items()}
    return nw.col(number).replace_strict(plain, default=_BLANK, return_dtype=nw.String)


# --- What a record meets -----------------------------------------------------------------------------------------


def _place(situation: Situation, object_: Object, system: System, matching: Matching) -> Frame:
    met = _with_pairs(system, matching, matching.sides[system])
    met = _with_owners(situation, object_, system, matching, met=met)
    met = _with_rivals(system, matching, met)
    names = frozenset(met.collect_schema().names())
    table = _Table(situation, object_, system, names)
    told = met.with_columns(line=table.line()).select(
        "id",
        "rank",
        "barrier",
        "line",
        key=table.key(),
        rule_id=table.rule(),
        counterpart_id=table.counterpart(),
        winner_id=table.winner(),
    )
    return situation.keep(told, f"{system}_{object_}_placed")


def _with_pairs(system: System, matching: Matching, side: Frame) -> Frame:
    """Adds pair_id, pair_rule and, with bindings, fenced."""
    ends = {"id": f"{system}_id", "pair_id": f"{opposite(system)}_id", "pair_rule": "rule_id"}
    flags = ["fenced"] if matching.has_bindings else []
    return side.join(matching.pairs.select(*flags, **ends), on="id", how="left")


def _with_owners(situation: Situation, object_: Object, system: System, matching: Matching, *, met: Frame) -> Frame:
    """Adds owner_id of the key and, where a line asks, owner_pair_id; with bindings owner_fenced, and by_domain in a
    second round.
    """
    if matching.owners is None:
        return met
    flags = {"owner_fenced": "fenced"} if matching.has_bindings else {}
    owner_pairs = matching.pairs.select(owner_id=f"{system}_id", owner_pair_id=f"{opposite(system)}_id", **flags)
    owners = matching.owners[system].select("key", owner_id="id")
    if matching.behind is None and not _asks_owners_pair(situation, object_, system):
        return met.join(owners, on="key", how="left")
    if matching.behind is None:
        return met.join(owners.join(owner_pairs, on="owner_id", how="left"), on="key", how="left")
    behind = matching.behind[system].select("id", domain_owner_id="owner_id")
    met = met.join(owners, on="key", how="left").join(behind, on="id", how="left")
    met = met.with_columns(
        owner_id=nw.coalesce("domain_owner_id", "owner_id"), by_domain=~nw.col("domain_owner_id").is_null()
    )
    return met.join(owner_pairs, on="owner_id", how="left")


def _asks_owners_pair(situation: Situation, object_: Object, system: System) -> bool:
    """Whether a line asks for the pair of a key's owner: of a side that is no source, or where later records join."""
    return not situation.sync(object_).is_source(system) or (
        object_ is Object.COMPANY and situation.chosen("company_dup") == "all_bind"
    )


def _with_rivals(system: System, matching: Matching, met: Frame) -> Frame:
    """Adds, where there can be any: taken_by and taken_rule, lost_to, conflict_id, overlap_id."""
    if matching.taken is not None:
        taken = matching.taken[system].select("id", taken_by="winner_id", taken_rule="rule_id")
        met = met.join(taken, on="id", how="left")
    if system is System.HUBSPOT:
        return met
    secondary = matching.secondary
    if secondary is not None and secondary.lost is not None:
        met = met.join(secondary.lost.select("id", lost_to="winner_id"), on="id", how="left")
    if secondary is not None and secondary.conflicts is not None:
        met = met.join(secondary.conflicts.select("id", conflict_id="hubspot_id"), on="id", how="left")
    if matching.overlap is not None:
        met = met.join(matching.overlap.select("key", overlap_id="contact_id"), on="key", how="left")
    return met


def _all_pairs(matching: Matching, placed: Mapping[System, Frame]) -> Frame:
    """Every pair that syncs, further pairs of later records included."""
    live = matching.pairs.filter(~nw.col("fenced")) if matching.has_bindings else matching.pairs
    ids = ["hubspot_id", "dynamics_id", *(["is_bound"] if matching.has_bindings else [])]
    parts = [live.select(*ids)]
    if matching.owners is None:
        return parts[0]
    for system in System:
        joined = placed[system].filter((nw.col("line") == Line.JOINED.value) & ~nw.col("counterpart_id").is_null())
        ends = {f"{system}_id": nw.col("id"), f"{opposite(system)}_id": nw.col("counterpart_id")}
        parts.append(joined.select(**ends, is_bound=nw.lit(value=False)).select(*ids))
    return stack(parts)


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of step 5 for one side, over the columns that `_place` has joined."""

    situation: Situation
    object: Object
    system: System
    names: frozenset[str]

    def line(self) -> nw.Expr:
        tests = [(self._is("fenced"), Line.FENCED), (self._has("pair_id"), Line.PAIRED)]
        tests += [*self._of_side(), *self._of_key(), *self._of_rivals()]
        told = [nw.when(test).then(nw.lit(line.value)) for test, line in tests if test is not None]
        return nw.coalesce(*told, nw.lit(Line.CREATE.value))

    def _of_side(self) -> list[tuple[nw.Expr | None, Line]]:
        """Lines 2 to 4, and the overlap that comes after them."""
        tests: list[tuple[nw.Expr | None, Line]] = []
        if not self.situation.sync(self.object).is_source(self.system):
            tests += [(self._has("owner_pair_id"), Line.OWNER_PAIRED), (nw.lit(value=True), Line.DIRECTION)]
        if self.situation.chosen("filter_stage") == "before_claim":
            tests += self._fails()
        return [*tests, (self._has("overlap_id"), Line.OVERLAP)]

    def _of_key(self) -> list[tuple[nw.Expr | None, Line]]:
        """Lines 5 to 7."""
        tests: list[tuple[nw.Expr | None, Line]] = []
        if self._wants_key():
            tests.append((nw.col("key").is_null(), Line.NO_KEY))
        duplicates, later, joins = self._duplicates(), self._is_later(), self._is_later(joins=True)
        if duplicates == "first_wins":
            tests.append((later, Line.NOT_OWNER))
        if duplicates == "all_bind":
            behind = self._is_later(joins=False)
            tests.append((behind, Line.NOT_OWNER))
        tests += self._fails()
        if duplicates == "all_bind":
            fenced = self._is("owner_fenced")
            tests += [(joins & fenced if joins is not None and fenced is not None else None, Line.NOT_OWNER)]
            tests.append((joins, Line.JOINED))
        return tests

    def _of_rivals(self) -> list[tuple[nw.Expr | None, Line]]:
        """Lines 8 to 9c."""
        tests = [(self._has("lost_to"), Line.LOST), (self._has("conflict_id"), Line.CONFLICT)]
        if self._duplicates() != "rest_created":
            tests += [(self._has("taken_by"), Line.TAKEN), (self._is("by_domain"), Line.TAKEN)]
        if self.situation.sync(self.object).only_existing_in_target:
            tests.append((nw.lit(value=True), Line.NOT_IN_TARGET))
        return tests

    def _fails(self) -> list[tuple[nw.Expr | None, Line]]:
        barrier = nw.col("barrier")
        lines = [(barrier.is_in([Barrier.ROUTE.value, Barrier.FILTER.value]), Line.FILTERED)]
        if self.system is System.DYNAMICS:
            lines.append((barrier == Barrier.INACTIVE.value, Line.INACTIVE))
        if self.object is Object.DEAL:
            lines.append((barrier == Barrier.STAGE.value, Line.UNSTAGED))
        return list(lines)

    def _wants_key(self) -> bool:
        """Whether a record without a key stays out (line 5)."""
        if not has_keys(self.situation, self.object):
            return False
        if self.object in PERSONS and not self._own_key():
            return self.situation.sync(self.object).require_email
        return self.situation.chosen("no_key") != "create"

    def _own_key(self) -> bool:
        return self.situation.sync(self.object).match_mode == "own_field"

    def _duplicates(self) -> str:
        is_company = self.object is Object.COMPANY and not self._own_key()
        return self.situation.chosen("company_dup") if is_company else "first_wins"

    def _is_later(self, *, joins: bool | None = None) -> nw.Expr | None:
        """Not the owner of its key; `joins` False: behind the owner of its domain, True: of its key proper."""
        if "owner_id" not in self.names:
            return None
        later = (nw.col("owner_id") != nw.col("id")).fill_null(value=False)
        by_domain = self._is("by_domain")
        if self.object is Object.COMPANY and by_domain is not None:
            later = later & ~(by_domain & nw.col("key").is_null())
            if joins is not None:
                return later & ~by_domain if joins else later & by_domain
        return None if joins is False else later

    def _has(self, name: str) -> nw.Expr | None:
        return ~nw.col(name).is_null() if name in self.names else None

    def _is(self, name: str) -> nw.Expr | None:
        return nw.col(name).fill_null(value=False) if name in self.names else None

    # --- words -----------------------------------------------------------------------------------------------

    def counterpart(self) -> nw.Expr:
        """The record of the other system; for a join that of its owner."""
        told = [self._when((Line.PAIRED, Line.FENCED), "pair_id"), self._when((Line.CONFLICT,), "conflict_id")]
        told.append(self._when((Line.JOINED,), "owner_pair_id"))
        return _first_of(told)

    def winner(self) -> nw.Expr:
        """The record of the same system that it lost to."""
        told = [self._when((Line.OWNER_PAIRED, Line.NOT_OWNER), "owner_id"), self._when((Line.LOST,), "lost_to")]
        told += [self._when((Line.TAKEN,), "taken_by"), self._when((Line.OVERLAP,), "overlap_id")]
        if "by_domain" in self.names:
            told.append(self._when((Line.TAKEN,), "owner_id"))
        if "owner_pair_id" in self.names:
            joined = (nw.col("line") == Line.JOINED.value) & nw.col("owner_pair_id").is_null()
            told.append(nw.when(joined).then(nw.col("owner_id")))
        return _first_of(told)

    def key(self) -> nw.Expr:
        """The key it was matched by: its own, or the domain of a pair of the second round."""
        if "domain" not in self.names:
            return nw.col("key")
        by_domain = (nw.col("pair_rule") == "company.match-domain").fill_null(value=False)
        return nw.when(by_domain).then(nw.col("domain")).otherwise(nw.col("key"))

    def rule(self) -> nw.Expr:
        """The rule of the line; of a pair its own."""
        told = [self._when((Line.PAIRED, Line.FENCED), "pair_rule"), self._when((Line.TAKEN,), "taken_rule")]
        if "by_domain" in self.names:
            behind = nw.col("line").is_in([Line.OWNER_PAIRED.value, Line.NOT_OWNER.value, Line.TAKEN.value])
            told.append(nw.when(behind & nw.col("by_domain")).then(nw.lit("company.first-per-domain")))
        return _first_of([*told, word_of("line", self._rules())])

    def _rules(self) -> dict[int, str]:
        first = first_rule(self.situation, self.object)
        return {
            **dict.fromkeys((Line.OWNER_PAIRED, Line.NOT_OWNER, Line.JOINED), first),
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
        if self._own_key():
            return "record.own-key"
        return "contact.no-email" if self.object in PERSONS else "company.no-name"

    def _create_rule(self) -> str:
        if self.object is Object.DEAL and not self._own_key():
            return "deal.never-matched"
        if self.object is Object.INVOICE and not self._own_key():
            return "invoice.to-hubspot" if self.system is System.DYNAMICS else "invoice.to-dynamics"
        return "record.create"

    def _when(self, lines: tuple[Line, ...], name: str) -> nw.Expr | None:
        """The column where the record meets one of the lines; None when there is no such column."""
        if name not in self.names:
            return None
        return nw.when(nw.col("line").is_in([line.value for line in lines])).then(nw.col(name))


def _first_of(told: list[nw.Expr | None]) -> nw.Expr:
    return nw.coalesce(*(one for one in told if one is not None), _BLANK)
