"""Pairs by an additional e-mail of a HubSpot contact: step 4 of docs/semantics.md section 5.

Facts
    * Primary addresses go first; an additional one binds only who is left (2.18).
    * A HubSpot contact binds at most one Dynamics record of a sync; the others lost it and do not try again.

Source: rules contact.match-secondary, contact.one-binding, contact.email-conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.matching.first_records import may_pair
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, email_column, one_row_each, stack

SECONDARY_RULE: Final = "contact.match-secondary"


@dataclass(frozen=True, slots=True)
class Secondary:
    """What additional e-mails did.

    `won`: pairs as hubspot_id, dynamics_id, rule_id; None when nothing is bound by them. `lost`: id, winner_id of
    Dynamics records that lost their HubSpot contact. `conflicts`: id, hubspot_id of those that meet a 409.
    """

    won: Frame | None
    lost: Frame | None
    conflicts: Frame | None


def match_additional_emails(
    situation: Situation,
    object_: Object,
    *,
    sides: Mapping[System, Frame],
    owners: Mapping[System, Frame],
    made: Frame,
    taken: Frame | None,
    overlap: Frame | None,
) -> Secondary:
    """Step 4. `made` are the pairs so far; `taken` (id) and `overlap` (key) say which owners take no part."""
    waiting = owners[System.DYNAMICS].select("key", dynamics_id="id", dynamics_rank="rank", dynamics_passes="passes")
    addresses = _addresses(situation, sides, owners)
    waiting = waiting.join(addresses.select("key"), on="key", how="semi")
    waiting = waiting.join(made.select("dynamics_id"), on="dynamics_id", how="anti")
    if taken is not None:
        waiting = waiting.join(taken.select(dynamics_id="id"), on="dynamics_id", how="anti")
    if overlap is not None:
        waiting = waiting.join(overlap, on="key", how="anti")
    offers = waiting.join(addresses, on="key").filter(may_pair(situation, object_))
    chosen = situation.keep(_first_offers(offers), f"{object_}_chosen")
    if situation.chosen("secondary_email") == "fail_409":
        return Secondary(None, None, chosen.select("hubspot_id", id="dynamics_id"))
    holders = situation.keep(_holders(chosen, made), f"{object_}_holders")
    rivals = chosen.join(holders, on="hubspot_id", how="left")
    wins = nw.col("dynamics_id") == nw.col("winner_id")
    won = rivals.filter(wins).select("hubspot_id", "dynamics_id", rule_id=nw.lit(SECONDARY_RULE))
    return Secondary(won, rivals.filter(~wins).select("winner_id", id="dynamics_id"), None)


def _first_offers(offers: Frame) -> Frame:
    """Which HubSpot contact each waiting Dynamics owner takes: dynamics_id, dynamics_rank, hubspot_id."""
    first = offers.group_by("dynamics_id").agg(nw.col("hubspot_rank").min())
    taken = offers.join(first, on=["dynamics_id", "hubspot_rank"], how="semi")
    return taken.select("dynamics_id", "dynamics_rank", "hubspot_id")


def _addresses(situation: Situation, sides: Mapping[System, Frame], owners: Mapping[System, Frame]) -> Frame:
    """Additional addresses of HubSpot contacts that may take part: key, hubspot_id, hubspot_rank, hubspot_passes."""
    suffix = email_column(situation).removeprefix("email_key")
    contacts = situation.tables["hubspot/contacts"].select("id", key=f"secondary_email_keys{suffix}")
    listed = situation.keep(one_row_each(contacts, "key").unique(), "additional_emails")
    holders = listed.select("id").unique()
    side = sides[System.HUBSPOT].join(holders, on="id", how="semi")
    own = owners[System.HUBSPOT].join(holders, on="id", how="semi").select("id")
    free = nw.col("key").is_null()
    if "bound" in side.collect_schema().names():
        free = free | nw.col("bound")
        own = own.join(side.filter(nw.col("bound")).select("id"), on="id", how="anti")
    told = side.select("id", "rank", "passes", nw.col("key").alias("own_key"), free=free)
    entitled = stack([told.filter(nw.col("free")), told.filter(~nw.col("free")).join(own, on="id", how="semi")])
    held = listed.join(entitled, on="id")
    other = held.filter((nw.col("key") != nw.col("own_key")).fill_null(value=True))
    return other.select("key", hubspot_id="id", hubspot_rank="rank", hubspot_passes="passes")


def _holders(chosen: Frame, made: Frame) -> Frame:
    """Which Dynamics record has each HubSpot contact that was chosen: hubspot_id, winner_id."""
    bound = made.join(chosen.select("hubspot_id"), on="hubspot_id", how="semi")
    free = chosen.join(made.select("hubspot_id"), on="hubspot_id", how="anti")
    first = free.group_by("hubspot_id").agg(nw.col("dynamics_rank").min())
    won = free.join(first, on=["hubspot_id", "dynamics_rank"], how="semi")
    columns = ("hubspot_id", nw.col("dynamics_id").alias("winner_id"))
    return stack([bound.select(*columns), won.select(*columns)])
