"""Companies that found nobody by name, matched by domain: step 3b of docs/semantics.md section 5.

Facts
    * Bound records, owners of their name and records without a name take part; the rest stand behind the owner of
      their name.
    * Records with a pair own their domain before all others, so that a domain never pulls a pair apart (2.31).

Source: rules company.match-domain, company.first-per-domain; assumption `company_keys = name_or_domain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.first_records import find_owners, may_pair
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, opposite, stack

_FIRST_RULE: Final = "company.first-per-domain"


@dataclass(frozen=True, slots=True)
class ByDomain:
    """What the second round found.

    `pairs`: hubspot_id, dynamics_id, rule_id. `taken`: per system id, winner_id, rule_id of step 3 and this one.
    `behind`: per system id, owner_id.
    """

    pairs: Frame
    taken: dict[System, Frame]
    behind: dict[System, Frame]


def match_by_domain(
    situation: Situation,
    sides: Mapping[System, Frame],
    *,
    owners: Mapping[System, Frame],
    made: Frame,
    taken: Mapping[System, Frame] | None,
) -> ByDomain:
    """Step 3b. `made` are the pairs so far, `taken` (id, winner_id, rule_id) what step 3 took."""
    entrants = {
        system: situation.keep(
            _entrants(system, sides[system], owner_ids=owners[system].select("id"), made=made, taken=taken),
            f"{system}_company_entrants",
        )
        for system in System
    }
    firsts = {
        system: situation.keep(_firsts(situation, system, entrants[system]), f"{system}_domains") for system in System
    }
    pairs = situation.keep(_pairs(situation, firsts), "company_pairs_by_domain")
    all_taken, behind = {}, {}
    for system in System:
        fresh = situation.keep(_taken(system, firsts, made), f"{system}_company_taken_by_domain")
        all_taken[system] = fresh if taken is None else stack([taken[system], fresh])
        behind[system] = situation.keep(_behind(entrants[system], firsts[system], fresh), f"{system}_company_behind")
    return ByDomain(pairs, all_taken, behind)


def _entrants(
    system: System, side: Frame, *, owner_ids: Frame, made: Frame, taken: Mapping[System, Frame] | None
) -> Frame:
    """Who takes part and has a domain: key (the domain), id, rank, passes, paired, free (neither paired nor taken)."""
    told = side.filter(~nw.col("domain").is_null())
    told = told.join(owner_ids.with_columns(owns=nw.lit(value=True)), on="id", how="left")
    enters = nw.col("key").is_null() | ~nw.col("owns").is_null()
    if "bound" in side.collect_schema().names():
        enters = enters | nw.col("bound")
    paired = made.select(id=f"{system}_id", paired=nw.lit(value=True))
    told = told.filter(enters).select("id", "rank", "passes", key="domain").join(paired, on="id", how="left")
    told = told.with_columns(nw.col("paired").fill_null(value=False))
    if taken is None:
        return told.with_columns(free=~nw.col("paired"))
    told = told.join(taken[system].select("id", was_taken=nw.lit(value=True)), on="id", how="left")
    return told.with_columns(free=~nw.col("paired") & nw.col("was_taken").is_null()).drop("was_taken")


def _firsts(situation: Situation, system: System, entrants: Frame) -> Frame:
    """The owner of every domain: key, id, passes, paired, free."""
    owners = find_owners(
        entrants,
        is_source=situation.sync(Object.COMPANY).is_source(system),
        filter_scope=situation.chosen("filter_scope"),
        filter_stage=situation.chosen("filter_stage"),
        favoured="paired",
    )
    return owners.join(entrants.select("id", "free"), on="id").select("key", "id", "passes", "paired", "free")


def _pairs(situation: Situation, firsts: Mapping[System, Frame]) -> Frame:
    ends = {
        system: firsts[system]
        .filter(nw.col("free"))
        .select("key", nw.col("id").alias(f"{system}_id"), nw.col("passes").alias(f"{system}_passes"))
        for system in System
    }
    both = ends[System.DYNAMICS].join(ends[System.HUBSPOT], on="key").filter(may_pair(situation, Object.COMPANY))
    return both.select("hubspot_id", "dynamics_id", rule_id=nw.lit("company.match-domain"))


def _taken(system: System, firsts: Mapping[System, Frame], made: Frame) -> Frame:
    """Domain owners whose opposite domain owner has a pair: id, winner_id, rule_id."""
    other = opposite(system)
    mine = firsts[system].filter(nw.col("free")).select("key", "id")
    theirs = firsts[other].filter(nw.col("paired")).select("key", other_id="id")
    partners = made.select(other_id=f"{other}_id", winner_id=f"{system}_id")
    met = mine.join(theirs, on="key").join(partners, on="other_id")
    return met.select("id", "winner_id", rule_id=nw.lit(_FIRST_RULE))


def _behind(entrants: Frame, firsts: Frame, taken: Frame) -> Frame:
    """Entrants that stand behind their domain's owner: id, owner_id."""
    met = entrants.filter(nw.col("free")).join(firsts.select("key", owner_id="id"), on="key")
    later = met.filter(nw.col("id") != nw.col("owner_id"))
    return later.join(taken.select("id"), on="id", how="anti").select("id", "owner_id")
