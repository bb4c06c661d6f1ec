"""Pairs by an additional e-mail of a HubSpot contact: step 4 of docs/semantics.md section 5.

Facts
    * Pairs by primary address are there first. An additional address is tried only for Dynamics records that still have
      no pair (2.18).
    * A HubSpot contact binds at most one Dynamics record of a sync; the others lost it and do not try again.

Source: rules contact.match-secondary, contact.one-binding, contact.email-conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import negate, rows_where
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import first_of_each, fresh_pairs, may_pair
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import EMAIL_COLUMN, Situation, one_row_each, stack

SECONDARY_RULE: Final = "contact.match-secondary"


@dataclass(frozen=True, slots=True)
class Secondary:
    """What additional e-mails do.

    `pairs`: as `core.matching.pairs.Matching.pairs`. `lost`: id, winner_id of Dynamics records that lost their HubSpot
    contact. `conflicts`: id, hubspot_id of those that HubSpot answers with 409.
    """

    pairs: Frame
    lost: Frame
    conflicts: Frame


def match_additional_emails(
    job: Job,
    *,
    sides: Mapping[System, Frame],
    owners: Mapping[System, Frame],
    pairs: Frame,
) -> Secondary:
    """Step 4. `owners` are those that may still take part, `pairs` the pairs so far."""
    by = list(job.by)
    offers = _offers(job, sides=sides, owners=owners, pairs=pairs)
    chosen = job.keep(_first_offers(job, offers), f"{job.object}_chosen")
    is_conflict = job.chooses("secondary_email", "fail_409")
    conflicts = rows_where(chosen, is_conflict).select(*by, "hubspot_id", id="dynamics_id")
    chosen = rows_where(chosen, negate(is_conflict))
    holders = job.keep(_holders(job, chosen, pairs), f"{job.object}_holders")
    rivals = chosen.join(holders, on=[*by, "hubspot_id"], how="left")
    wins = nw.col("dynamics_id") == nw.col("winner_id")
    won = fresh_pairs(job, rivals.filter(wins), nw.lit(SECONDARY_RULE))
    return Secondary(won, rivals.filter(~wins).select(*by, "winner_id", id="dynamics_id"), conflicts)


def _offers(
    job: Job,
    *,
    sides: Mapping[System, Frame],
    owners: Mapping[System, Frame],
    pairs: Frame,
) -> Frame:
    """Which HubSpot contacts each Dynamics owner without a pair could take: one row per Dynamics record and contact."""
    by = list(job.by)
    ends = {"dynamics_id": "id", "dynamics_rank": "rank", "dynamics_passes": "passes"}
    addresses = job.keep(_addresses(job, sides, owners[System.HUBSPOT]), f"{job.object}_additional_addresses")
    waiting = owners[System.DYNAMICS].select(*by, "key", **ends)
    waiting = waiting.join(addresses.select(*by, "key"), on=[*by, "key"], how="semi")
    waiting = waiting.join(pairs.select(*by, "dynamics_id"), on=[*by, "dynamics_id"], how="anti")
    return waiting.join(addresses, on=[*by, "key"]).filter(may_pair(job))


def _first_offers(job: Job, offers: Frame) -> Frame:
    """Which HubSpot contact each waiting Dynamics owner takes: dynamics_id, dynamics_rank, hubspot_id."""
    first = first_of_each(offers, [*job.by, "dynamics_id"], "hubspot_rank")
    return first.select(*job.by, "dynamics_id", "dynamics_rank", "hubspot_id")


def _addresses(job: Job, sides: Mapping[System, Frame], owners: Frame) -> Frame:
    """Additional addresses of HubSpot contacts that may take part: key, hubspot_id, hubspot_rank, hubspot_passes."""
    by, on_id = list(job.by), [*job.by, "id"]
    listed = job.keep(listed_addresses(job.situation), "additional_emails")
    holders = listed.select(*on_id).unique()
    side = sides[System.HUBSPOT].join(holders, on=on_id, how="semi")
    own = owners.join(holders, on=on_id, how="semi").filter(~nw.col("bound")).select(*on_id)
    free = nw.col("key").is_null() | nw.col("bound")
    contacts = side.select(*on_id, "rank", "passes", nw.col("key").alias("own_key"), free=free)
    owning = contacts.filter(~nw.col("free")).join(own, on=on_id, how="semi")
    held = listed.join(stack([contacts.filter(nw.col("free")), owning]), on=on_id)
    other = held.filter((nw.col("key") != nw.col("own_key")).fill_null(value=True))
    return other.select(*by, "key", hubspot_id="id", hubspot_rank="rank", hubspot_passes="passes")


def listed_addresses(situation: Situation) -> Frame:
    """id, key of every additional address that counts, in the form that `email_norm` chooses; one row each."""
    contacts, by = situation.tables["hubspot/contacts"], list(situation.by)
    parts = []
    for choice in situation.choices("email_norm"):
        column = f"secondary_{EMAIL_COLUMN[choice].replace('email_key', 'email_keys')}"
        fitting = rows_where(contacts, situation.chooses("email_norm", choice))
        parts.append(one_row_each(fitting.select(*by, "id", key=column), "key").unique())
    return stack(parts)


def _holders(job: Job, chosen: Frame, pairs: Frame) -> Frame:
    """Which Dynamics record has each HubSpot contact that was chosen: hubspot_id, winner_id."""
    on = [*job.by, "hubspot_id"]
    bound = pairs.join(chosen.select(*on), on=on, how="semi")
    free = chosen.join(pairs.select(*on), on=on, how="anti")
    won = first_of_each(free, on, "dynamics_rank")
    return stack([held.select(*on, winner_id="dynamics_id") for held in (bound, won)])
