"""Who owns a key, who is paired with whom, and what becomes of records without a pair.

Facts
    * Only one record per key and side takes part, the first that may (2.12); one side of a pair must pull (4.10).
    * A HubSpot contact binds at most one Dynamics contact: primary address first, then additional ones by rank (2.18).
    * Every step and line below is numbered as in docs/semantics.md section 5.

Not modelled
    * Own matching fields, domains, earlier bindings, leads (rules record.matching-mode, record.bindings).

Source: rules contact.match-email, contact.first-per-email, contact.match-secondary, contact.one-binding,
contact.email-conflict, contact.no-email, company.match-name, company.first-per-name, company.no-name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.sides import Frame, Situation, key_column, prepare_side, stack

_BEHIND_ALL: Final = 2**40
MATCHING_TURNS_ON: Final = (
    *("first_record_order", "email_norm", "name_norm", "include_inactive"),
    *("filter_scope", "filter_stage", "secondary_email"),
)
"""The assumptions that can change who is matched."""
MATCH_RULE: Final = {Object.CONTACT: "contact.match-email", Object.COMPANY: "company.match-name"}
FIRST_RULE: Final = {Object.CONTACT: "contact.first-per-email", Object.COMPANY: "company.first-per-name"}
SECONDARY_RULE: Final = "contact.match-secondary"


@dataclass(frozen=True, slots=True)
class Matching:
    """The matching of one object.

    `sides`: per system `core.sides.prepare_side`. `owners`: per system key, id, rank, passes. `pairs`, one row per pair
    of owners: hubspot_id, dynamics_id, key, rule_id. `lost`: dynamics_id, winner_id. `conflicts`: dynamics_id,
    hubspot_id.
    """

    sides: dict[System, Frame]
    owners: dict[System, Frame]
    pairs: Frame
    lost: Frame
    conflicts: Frame


def match_records(situation: Situation, object_: Object) -> Matching:
    """Steps 1 to 4: eligible, owners, pairs by key, pairs by additional e-mail."""
    depends = ("matching", object_.value, *map(situation.chosen, MATCHING_TURNS_ON))
    if depends not in situation.found:
        situation.found[depends] = _match(situation, object_)
    matching: Matching = situation.found[depends]
    return matching


def _match(situation: Situation, object_: Object) -> Matching:
    sides = {system: prepare_side(situation, object_, system) for system in System}
    owners = {system: _kept_owners(situation, object_, system, sides[system]) for system in System}
    by_key = situation.keep(_pairs_by_key(situation, object_, owners), f"{object_}_pairs_by_key")
    if object_ is not Object.CONTACT or situation.chosen("secondary_email") == "ignore":
        nobody = by_key.head(0)
        lost = nobody.select("dynamics_id", winner_id="hubspot_id")
        return Matching(sides, owners, by_key, lost, nobody.select("dynamics_id", "hubspot_id"))
    return _match_secondary(situation, sides, owners, by_key)


def pair_first_of_names(situation: Situation) -> Frame:
    """hubspot_id, dynamics_id of companies of one name, the first on each side, whatever filters and directions say.

    Source: rule link.target-not-synced, assumption `assoc_missing_company = link_existing`.
    """
    firsts = {}
    for system in System:
        side = prepare_side(situation, Object.COMPANY, system).filter(~nw.col("key").is_null())
        first = side.group_by("key").agg(rank=nw.col("rank").min())
        firsts[system] = side.join(first, on=["key", "rank"], how="semi")
    hubspot = firsts[System.HUBSPOT].select("key", hubspot_id="id")
    return firsts[System.DYNAMICS].select("key", dynamics_id="id").join(hubspot, on="key").drop("key")


def _kept_owners(situation: Situation, object_: Object, system: System, side: Frame) -> Frame:
    owners = find_owners(
        side,
        is_source=situation.sync(object_).is_source(system),
        filter_scope=situation.chosen("filter_scope"),
        filter_stage=situation.chosen("filter_stage"),
    )
    return situation.keep(owners, f"{system}_{object_}_owners")


def find_owners(side: Frame, *, is_source: bool, filter_scope: str, filter_stage: str) -> Frame:
    """Step 2: the owner of every key, as key, id, rank, passes."""
    holders = side.filter(~nw.col("key").is_null())
    if filter_stage == "after_claim" or (filter_scope == "source" and not is_source):
        turn = nw.col("rank")
    elif filter_scope == "source":
        turn = nw.col("rank") + nw.when(nw.col("passes")).then(nw.lit(0)).otherwise(nw.lit(_BEHIND_ALL))
    else:
        holders, turn = holders.filter(nw.col("passes")), nw.col("rank")
    holders = holders.select("key", "id", "rank", "passes", turn=turn)
    first = holders.group_by("key").agg(nw.col("turn").min())
    return holders.join(first, on=["key", "turn"], how="semi").drop("turn")


def _pairs_by_key(situation: Situation, object_: Object, owners: dict[System, Frame]) -> Frame:
    hubspot = owners[System.HUBSPOT].select("key", hubspot_id="id", hubspot_passes="passes")
    dynamics = owners[System.DYNAMICS].select("key", dynamics_id="id", dynamics_passes="passes")
    both = dynamics.join(hubspot, on="key").filter(_may_pair(situation, object_))
    return both.select("hubspot_id", "dynamics_id", "key", rule_id=nw.lit(MATCH_RULE[object_]))


def _may_pair(situation: Situation, object_: Object) -> nw.Expr:
    """Step 3: one of the two is a source that passes; with `filter_scope = both` both pass."""
    sync = situation.sync(object_)
    pulls = nw.lit(value=False)
    if sync.is_source(System.HUBSPOT):
        pulls = pulls | nw.col("hubspot_passes")
    if sync.is_source(System.DYNAMICS):
        pulls = pulls | nw.col("dynamics_passes")
    if situation.chosen("filter_scope") == "both":
        pulls = pulls & nw.col("hubspot_passes") & nw.col("dynamics_passes")
    return pulls


def _match_secondary(
    situation: Situation, sides: dict[System, Frame], owners: dict[System, Frame], by_key: Frame
) -> Matching:
    """Step 4."""
    taken = situation.keep(_take_by_secondary(situation, sides, owners, by_key), "contact_taken")
    if situation.chosen("secondary_email") == "fail_409":
        lost = taken.head(0).select("dynamics_id", winner_id="hubspot_id")
        return Matching(sides, owners, by_key, lost, taken.select("dynamics_id", "hubspot_id"))
    holders = situation.keep(_holders_of_taken(taken, by_key), "contact_holders")
    rivals = taken.join(holders, on="hubspot_id", how="left")
    wins = nw.col("dynamics_id") == nw.col("winner_id")
    won = rivals.filter(wins).select("hubspot_id", "dynamics_id", "key", rule_id=nw.lit(SECONDARY_RULE))
    pairs = situation.keep(stack([by_key, won]), "contact_pairs")
    lost = rivals.filter(~wins).select("dynamics_id", "winner_id")
    return Matching(sides, owners, pairs, lost, taken.head(0).select("dynamics_id", "hubspot_id"))


def _take_by_secondary(
    situation: Situation, sides: dict[System, Frame], owners: dict[System, Frame], by_key: Frame
) -> Frame:
    """Which HubSpot contact each Dynamics owner without a pair takes: dynamics_id, dynamics_rank, key, hubspot_id."""
    waiting = owners[System.DYNAMICS].select("key", dynamics_id="id", dynamics_rank="rank", dynamics_passes="passes")
    waiting = waiting.join(by_key.select("dynamics_id"), on="dynamics_id", how="anti")
    offers = waiting.join(_addresses(situation, sides, owners), on="key").filter(_may_pair(situation, Object.CONTACT))
    first = offers.group_by("dynamics_id").agg(nw.col("hubspot_rank").min())
    taken = offers.join(first, on=["dynamics_id", "hubspot_rank"], how="semi")
    return taken.select("dynamics_id", "dynamics_rank", "key", "hubspot_id")


def _addresses(situation: Situation, sides: dict[System, Frame], owners: dict[System, Frame]) -> Frame:
    """Additional addresses of HubSpot contacts that may take part: key, hubspot_id, hubspot_rank, hubspot_passes."""
    suffix = key_column(situation, Object.CONTACT).removeprefix("email_key")
    listed = situation.tables["hubspot/contacts"].select("id", key=f"secondary_email_keys{suffix}").explode("key")
    owner_ids = owners[System.HUBSPOT].select("id")
    side = sides[System.HUBSPOT].select("id", "rank", "passes", own_key="key")
    entitled = stack([side.filter(nw.col("own_key").is_null()), side.join(owner_ids, on="id", how="semi")])
    held = listed.filter(~nw.col("key").is_null()).unique().join(entitled, on="id")
    other = held.filter((nw.col("key") != nw.col("own_key")).fill_null(value=True))
    return other.select("key", hubspot_id="id", hubspot_rank="rank", hubspot_passes="passes")


def _holders_of_taken(taken: Frame, by_key: Frame) -> Frame:
    """Which Dynamics contact has each taken HubSpot contact: hubspot_id, winner_id."""
    bound = by_key.join(taken.select("hubspot_id"), on="hubspot_id", how="semi")
    free = taken.join(by_key.select("hubspot_id"), on="hubspot_id", how="anti")
    first = free.group_by("hubspot_id").agg(nw.col("dynamics_rank").min())
    won = free.join(first, on=["hubspot_id", "dynamics_rank"], how="semi")
    columns = ("hubspot_id", nw.col("dynamics_id").alias("winner_id"))
    return stack([bound.select(*columns), won.select(*columns)])
