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

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import Facts, find_owners, fresh_pairs, may_pair
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import stack

_FIRST_RULE: Final = "company.first-per-domain"


@dataclass(frozen=True, slots=True)
class ByDomain:
    """What the second round finds.

    `pairs`: as `core.matching.pairs.Matching.pairs`. `taken`: per system, by id: winner_id, rule_id of step 3 and this
    one. `behind`: per system, by id: owner_id.
    """

    pairs: Frame
    taken: dict[System, Facts]
    behind: dict[System, Facts]


@dataclass(frozen=True, slots=True)
class RoundOne:
    """What is known after step 3: `sides` and `owners` as in `core.matching.pairs.Claims`, the `pairs` so far, and
    per system, by id, winner_id and rule_id of the owners that step 3 took (`taken`).
    """

    sides: Mapping[System, Frame]
    owners: Mapping[System, Frame]
    pairs: Frame
    taken: Mapping[System, Facts]


def match_by_domain(companies: Job, round_one: RoundOne) -> ByDomain:
    """Step 3b, of the companies that step 3 left without a pair."""
    entrants, firsts = {}, {}
    for system in System:
        enters = _entrants(companies, system, round_one)
        entrants[system] = companies.keep(enters, f"{system}_company_entrants")
        firsts[system] = companies.keep(_firsts(companies, system, entrants[system]), f"{system}_domains")
    by_domain = companies.keep(_pairs(companies, firsts), "company_pairs_by_domain")
    all_taken, behind, on = {}, {}, (*companies.by, "id")
    for system in System:
        fresh = companies.keep(_taken(companies, system, firsts, round_one.pairs), f"{system}_company_taken_by_domain")
        earlier = round_one.taken[system].rows
        all_taken[system] = Facts(on, fresh if earlier is None else stack([earlier, fresh]))
        later = _behind(companies, entrants[system], firsts[system], fresh)
        behind[system] = Facts(on, companies.keep(later, f"{system}_company_behind"))
    return ByDomain(by_domain, all_taken, behind)


def _entrants(companies: Job, system: System, round_one: RoundOne) -> Frame:
    """Who takes part and has a domain: key (the domain), id, rank, passes, paired, free (neither paired nor taken)."""
    by, yes = list(companies.by), nw.lit(value=True)
    entrants = round_one.sides[system].filter(~nw.col("domain").is_null())
    entrants = entrants.join(round_one.owners[system].select(*by, "id", owns=yes), on=[*by, "id"], how="left")
    enters = nw.col("key").is_null() | ~nw.col("owns").is_null() | nw.col("bound")
    paired = round_one.pairs.select(*by, id=f"{system}_id", paired=yes)
    entrants = entrants.filter(enters).select(*by, "id", "rank", "passes", key="domain")
    entrants = entrants.join(paired, on=[*by, "id"], how="left")
    entrants = entrants.with_columns(nw.col("paired").fill_null(value=False))
    entrants = round_one.taken[system].attach_to(entrants, taken_by="winner_id")
    return entrants.with_columns(free=~nw.col("paired") & nw.col("taken_by").is_null()).drop("taken_by")


def _firsts(companies: Job, system: System, entrants: Frame) -> Frame:
    """The owner of every domain: key, id, passes, paired, free."""
    owners = find_owners(companies, system, entrants, favoured="paired")
    free = entrants.select(*companies.by, "id", "free")
    columns = (*companies.by, "key", "id", "passes", "paired", "free")
    return owners.join(free, on=[*companies.by, "id"]).select(*columns)


def _pairs(companies: Job, firsts: Mapping[System, Frame]) -> Frame:
    by = list(companies.by)
    ends = {
        system: firsts[system]
        .filter(nw.col("free"))
        .select(*by, "key", nw.col("id").alias(f"{system}_id"), nw.col("passes").alias(f"{system}_passes"))
        for system in System
    }
    both = ends[System.DYNAMICS].join(ends[System.HUBSPOT], on=[*by, "key"])
    pairs = both.filter(may_pair(companies))
    return fresh_pairs(companies, pairs, nw.lit("company.match-domain"))


def _taken(companies: Job, system: System, firsts: Mapping[System, Frame], pairs: Frame) -> Frame:
    """Domain owners whose opposite domain owner has a pair: id, winner_id, rule_id."""
    by, other = list(companies.by), system.other
    mine = firsts[system].filter(nw.col("free")).select(*by, "key", "id")
    theirs = firsts[other].filter(nw.col("paired")).select(*by, "key", other_id="id")
    partners = pairs.select(*by, other_id=f"{other}_id", winner_id=f"{system}_id")
    taken = mine.join(theirs, on=[*by, "key"]).join(partners, on=[*by, "other_id"])
    return taken.select(*by, "id", "winner_id", rule_id=nw.lit(_FIRST_RULE))


def _behind(companies: Job, entrants: Frame, firsts: Frame, taken: Frame) -> Frame:
    """Entrants that stand behind their domain's owner: id, owner_id."""
    by = list(companies.by)
    free = entrants.filter(nw.col("free"))
    owners = firsts.select(*by, "key", owner_id="id")
    later = free.join(owners, on=[*by, "key"]).filter(nw.col("id") != nw.col("owner_id"))
    return later.join(taken.select(*by, "id"), on=[*by, "id"], how="anti").select(*by, "id", "owner_id")
