"""Who owns a key, and who is paired with whom.

Facts
    * Only one record per key and side takes part, the first that may (2.12); one side of a pair must pull (4.10).
    * A record that is bound already goes before all others, and has no other pair (2.9).
    * Every step is numbered as in docs/semantics.md section 5; `core.matching.by_additional_email` is step 4,
      `core.matching.by_domain` is step 3b, `core.matching.bindings` step 1b.

Not modelled
    * What a key that changed after an earlier run would have matched: the binding counts, not the key (2.9).

Source: rules contact.match-email, contact.first-per-email, lead.match-email, lead.first-per-email, company.match-name,
company.match-domain, company.first-per-name, company.first-per-domain, record.own-key, record.bindings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.bindings import bound_pairs
from dynsync_lib.core.matching.by_additional_email import Secondary, match_additional_emails
from dynsync_lib.core.matching.by_domain import match_by_domain
from dynsync_lib.core.matching.first_records import find_owners, may_pair
from dynsync_lib.core.matching.sides import SIDE_TURNS_ON, prepare_side, ranked
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import (
    PERSONS,
    Frame,
    Situation,
    has_keys,
    has_second_round,
    is_keyed_by_domain,
    name_column,
    opposite,
    stack,
)
from dynsync_lib.core.tables import record_table

_TURNS_ON: Final = ("filter_scope", "filter_stage", "secondary_email", "filter_semantics")
_MATCH_RULE: Final = {
    Object.CONTACT: "contact.match-email",
    Object.LEAD: "lead.match-email",
    Object.COMPANY: "company.match-name",
}
_FIRST_RULE: Final = {
    Object.CONTACT: "contact.first-per-email",
    Object.LEAD: "lead.first-per-email",
    Object.COMPANY: "company.first-per-name",
}
OWN_KEY_RULE: Final = "record.own-key"
BINDINGS_RULE: Final = "record.bindings"


@dataclass(frozen=True, slots=True)
class Matching:
    """The matching of one object.

    `sides`: per system `core.matching.sides.prepare_side`, with the flag `bound` when there are bindings. `owners`: per
    system key, id, rank, passes; None where the object has no keys. `pairs`, one row per pair of owners and per bound
    pair: hubspot_id, dynamics_id, rule_id and, when there are bindings, the flags is_bound and fenced. `taken`: per
    system id, winner_id, rule_id of owners whose opposite owner has another; None when there can be none. `behind`: per
    system id, owner_id of those that stand behind the owner of their domain; None without a second round. `secondary`
    is None where additional e-mails play no part. `overlap`: key, contact_id of leads that a contact keeps out, or
    None.
    """

    sides: Mapping[System, Frame]
    owners: Mapping[System, Frame] | None
    pairs: Frame
    taken: Mapping[System, Frame] | None = None
    behind: Mapping[System, Frame] | None = None
    secondary: Secondary | None = None
    overlap: Frame | None = None
    has_bindings: bool = False


def matching_turns_on(object_: Object) -> tuple[str, ...]:
    """The assumptions that can change who is matched."""
    return (*SIDE_TURNS_ON[object_], *_TURNS_ON)


def match_rule(situation: Situation, object_: Object) -> str:
    """The rule of a pair by key."""
    if situation.sync(object_).match_mode == "own_field":
        return OWN_KEY_RULE
    if object_ is Object.COMPANY and is_keyed_by_domain(situation):
        return "company.match-domain"
    return _MATCH_RULE.get(object_, OWN_KEY_RULE)


def first_rule(situation: Situation, object_: Object) -> str:
    """The rule by which only the first record of a key takes part."""
    if situation.sync(object_).match_mode == "own_field":
        return OWN_KEY_RULE
    if object_ is Object.COMPANY and is_keyed_by_domain(situation):
        return "company.first-per-domain"
    return _FIRST_RULE.get(object_, OWN_KEY_RULE)


def match_records(situation: Situation, object_: Object, overlap: Frame | None = None) -> Matching:
    """Steps 1 to 4: eligible, bound, owners, pairs by key, by domain and by additional e-mail.

    `overlap` (key, contact_id) are the keys of leads that take no part since a contact has them. Without it the result
    is remembered.
    """
    depends = ("matching", object_.value, *map(situation.chosen, matching_turns_on(object_)))
    if overlap is not None:
        return _match(situation, object_, overlap)
    if depends not in situation.found:
        situation.found[depends] = _match(situation, object_, None)
    matching: Matching = situation.found[depends]
    return matching


def pair_first_of_names(situation: Situation) -> Frame:
    """hubspot_id, dynamics_id of companies of one name, the first on each side, whatever filters and directions say.

    Source: rule link.target-not-synced, assumption `assoc_missing_company`.
    """
    firsts = {}
    for system in System:
        table = record_table(Object.COMPANY, system)
        records = ranked(situation.tables[table.name], table, situation.chosen("first_record_order"))
        named = records.select("id", "rank", key=name_column(situation)).filter(~nw.col("key").is_null())
        first = named.group_by("key").agg(rank=nw.col("rank").min())
        firsts[system] = named.join(first, on=["key", "rank"], how="semi")
    hubspot = firsts[System.HUBSPOT].select("key", hubspot_id="id")
    return firsts[System.DYNAMICS].select("key", dynamics_id="id").join(hubspot, on="key").drop("key")


def _match(situation: Situation, object_: Object, overlap: Frame | None) -> Matching:
    sides = {system: prepare_side(situation, object_, system) for system in System}
    bound = bound_pairs(situation, object_, sides)
    if bound is not None:
        sides = {system: _with_bound(situation, object_, system, sides[system], bound=bound) for system in System}
    told = _told_bindings(situation, object_, bound)
    if not has_keys(situation, object_):
        none = sides[System.HUBSPOT].head(0).select(hubspot_id="id", dynamics_id="id", rule_id="id")
        return Matching(sides, None, told if told is not None else none, has_bindings=bound is not None)
    owners = {system: _owners(situation, object_, system, sides[system], bound=bound) for system in System}
    by_key = situation.keep(_pairs_by_key(situation, object_, owners, overlap=overlap), f"{object_}_pairs_by_key")
    begun = Matching(sides, owners, _joined(by_key, told), overlap=overlap, has_bindings=bound is not None)
    if bound is not None:
        begun = replace(begun, taken=_taken(situation, object_, owners, bound))
    return _match_further(situation, object_, begun)


def _match_further(situation: Situation, object_: Object, begun: Matching) -> Matching:
    """Steps 3b and 4."""
    if object_ is Object.COMPANY and has_second_round(situation):
        owners = begun.owners or {}
        found = match_by_domain(situation, begun.sides, owners=owners, made=begun.pairs, taken=begun.taken)
        pairs = situation.keep(_joined(found.pairs, begun.pairs), "company_pairs")
        return replace(begun, pairs=pairs, taken=found.taken, behind=found.behind)
    is_default = situation.sync(object_).match_mode == "default"
    if object_ not in PERSONS or not is_default or situation.chosen("secondary_email") == "ignore":
        return begun
    secondary = match_additional_emails(
        situation,
        object_,
        sides=begun.sides,
        owners=begun.owners or {},
        made=begun.pairs,
        taken=None if begun.taken is None else begun.taken[System.DYNAMICS],
        overlap=begun.overlap,
    )
    if secondary.won is None:
        return replace(begun, secondary=secondary)
    pairs = situation.keep(_joined(secondary.won, begun.pairs), f"{object_}_pairs")
    return replace(begun, pairs=pairs, secondary=secondary)


# --- Step 1b -----------------------------------------------------------------------------------------------------


def _with_bound(situation: Situation, object_: Object, system: System, side: Frame, *, bound: Frame) -> Frame:
    """The side with the flag `bound`."""
    ids = bound.select(id=f"{system}_id", bound=nw.lit(value=True))
    told = side.join(ids, on="id", how="left").with_columns(nw.col("bound").fill_null(value=False))
    return situation.keep(told, f"{system}_{object_}_side_bound")


def _told_bindings(situation: Situation, object_: Object, bound: Frame | None) -> Frame | None:
    """The bound pairs as rows of `Matching.pairs`. Source: rule record.fence."""
    if bound is None:
        return None
    is_fence = situation.chosen("filter_semantics") == "continuous"
    fenced = ~may_pair(situation, object_) if is_fence else nw.lit(value=False)
    rule = nw.when(fenced).then(nw.lit("record.fence")).otherwise(nw.lit(BINDINGS_RULE))
    told = bound.select("hubspot_id", "dynamics_id", rule_id=rule, is_bound=nw.lit(value=True), fenced=fenced)
    return situation.keep(told, f"{object_}_bindings_told")


def _joined(pairs: Frame, others: Frame | None) -> Frame:
    """The pairs beside others, which may have the flags of bound pairs."""
    if others is None:
        return pairs
    names = others.collect_schema().names()
    flags = {name: nw.lit(value=False) for name in ("is_bound", "fenced") if name in names}
    flagged = pairs.with_columns(**flags) if flags else pairs
    return stack([others.select(*names), flagged.select(*names)])


# --- Steps 2 and 3 -----------------------------------------------------------------------------------------------


def _owners(situation: Situation, object_: Object, system: System, side: Frame, *, bound: Frame | None) -> Frame:
    owners = find_owners(
        side,
        is_source=situation.sync(object_).is_source(system),
        filter_scope=situation.chosen("filter_scope"),
        filter_stage=situation.chosen("filter_stage"),
        favoured="bound" if bound is not None else None,
    )
    return situation.keep(owners, f"{system}_{object_}_owners")


def _pairs_by_key(
    situation: Situation, object_: Object, owners: Mapping[System, Frame], *, overlap: Frame | None
) -> Frame:
    ends = {}
    for system in System:
        mine = owners[system]
        if "bound" in mine.collect_schema().names():
            mine = mine.filter(~nw.col("bound"))
        ends[system] = mine.select(
            "key", nw.col("id").alias(f"{system}_id"), nw.col("passes").alias(f"{system}_passes")
        )
    if overlap is not None:
        ends[System.DYNAMICS] = ends[System.DYNAMICS].join(overlap, on="key", how="anti")
    both = ends[System.DYNAMICS].join(ends[System.HUBSPOT], on="key").filter(may_pair(situation, object_))
    return both.select("hubspot_id", "dynamics_id", rule_id=nw.lit(match_rule(situation, object_)))


def _taken(situation: Situation, object_: Object, owners: Mapping[System, Frame], bound: Frame) -> dict[System, Frame]:
    """Owners whose opposite owner is bound to another record: id, winner_id, rule_id."""
    taken = {}
    for system in System:
        mine = owners[system].filter(~nw.col("bound")).select("key", "id")
        theirs = owners[opposite(system)].filter(nw.col("bound")).select("key", other_id="id")
        partners = bound.select(other_id=f"{opposite(system)}_id", winner_id=f"{system}_id")
        met = mine.join(theirs, on="key").join(partners, on="other_id")
        told = met.select("id", "winner_id", rule_id=nw.lit(BINDINGS_RULE))
        taken[system] = situation.keep(told, f"{system}_{object_}_taken")
    return taken
