"""Audit rules about twins: records that are probably one and the same, and that the sync does not bring together.

Facts
    * The second and third address of a Dynamics record are no keys (2.19), persons without an address are matched by
      nothing (2.20), deals are never matched (2.40): who is created so may stand on the other side already.
    * Each Dynamics environment syncs by itself; two of them may hold one person or firm (1.11).
    * A pair made by name or domain is doubtful when its other key names another record (2.31).

Not modelled
    * Second and third addresses are compared in lower case without white space, but not in NFKC.

Source: rules contact.other-addresses, contact.no-email, company.match-domain, deal.never-matched,
record.several-environments.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, number_with, outcomes_of, pairs_in, records_of_side, with_outcome
from dynsync_lib.core.counting import Count, Tables, combined, known, records_in, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import PERSONS, Object, Outcome, Reason, System
from dynsync_lib.core.situation import Situation, name_column, stack
from dynsync_lib.core.sync.associations import associations_of

_OTHER_ADDRESSES: Final = ("emailaddress2", "emailaddress3")
_NAMES: Final = ("firstname", "lastname")
_DEAL: Final = {
    System.HUBSPOT: ("dealname", "amount", "closedate"),
    System.DYNAMICS: ("name", "estimatedvalue", "estimatedclosedate"),
}


def count_other_addresses(situation: Situation, tables: Tables) -> Count:
    """HubSpot contacts whose address is the second or third of a Dynamics person they do not meet (2.19)."""
    alone = {system: _alone(tables, system) for system in System}
    contacts = Job(situation, Object.CONTACT).records(System.HUBSPOT).select("id", address="email_key")
    ours = contacts.filter(~nw.col("address").is_null()).join(alone[System.HUBSPOT], on="id")
    listed = [part for object_ in _matched_by_address(situation) for part in _other_addresses(Job(situation, object_))]
    if not listed:
        return known(0)
    theirs = stack(listed).join(alone[System.DYNAMICS], on="id").select("address", their_outcome="outcome")
    sharing = ours.join(theirs, on="address")
    created = (nw.col("outcome") == Outcome.CREATE.value) | (nw.col("their_outcome") == Outcome.CREATE.value)
    return records_of_side(sharing.filter(created).select("id").unique(), Object.CONTACT, System.HUBSPOT)


def count_namesakes_without_address(situation: Situation, tables: Tables) -> Count:
    """Persons without an address who are created although the other side has their full name (2.20)."""
    free = [person for person in _matched_by_address(situation) if not situation.sync(person).require_email]
    if not free:
        return known(0)
    unkeyed = tables["outcomes"].filter((nw.col("outcome") == Outcome.CREATE.value) & nw.col("match_key").is_null())
    names = {side: stack([_full_names(Job(situation, person), side) for person in free]) for side in System}
    namesakes = []
    for system in System:
        created = unkeyed.filter(nw.col("system") == system.value).select("object", id="record_id")
        theirs = names[system.other].select("full_name").unique()
        twins = names[system].join(created, on="id").join(theirs, on="full_name", how="semi")
        persons = twins.select("id", "object").unique()
        namesakes.append(records_in(persons, system=system, object=nw.col("object"), record_id=nw.col("id")))
    return total(namesakes)


def count_doubtful_pairs(situation: Situation, tables: Tables) -> Count:
    """Pairs of a company and an account one of which shares its other key with another record (2.31)."""
    paired = outcomes_of(tables, Object.COMPANY, System.DYNAMICS).filter(~nw.col("counterpart_id").is_null())
    pairs = paired.select("rule_id", dynamics_id="record_id", hubspot_id="counterpart_id")
    doubtful = [
        _told_apart(situation, pairs.filter(nw.col("rule_id") == rule), key)
        for rule, key in {"company.match-name": "domain_key", "company.match-domain": name_column(situation)}.items()
    ]
    return pairs_in(stack(doubtful).unique(), Object.COMPANY)


def count_shared_between_environments(situation: Situation, tables: Tables) -> Count:
    """Contacts and accounts in sync here whose key a record of another environment has that may sync, too."""
    shared = []
    for object_ in (Object.CONTACT, Object.COMPANY):
        keys = [part for other in situation.beside for part in _keys_that_may_sync(Job(other, object_))]
        if keys:
            mine = outcomes_of(tables, object_, System.DYNAMICS).filter(nw.col("health") == "in_sync")
            mine = mine.join(stack(keys).unique(), on="match_key", how="semi")
            shared.append(records_of_side(mine.select(id="record_id"), object_, System.DYNAMICS))
    return total(shared)


def count_twin_deals(situation: Situation, tables: Tables) -> Count:
    """Deals that are created although the other side has one of the same name, amount, closing date (2.40).

    Those of two companies that are no pair are no twins. None when a side did not deliver one of the three fields, and
    any deal is created.
    """
    if any(not set(names) <= situation.columns(Object.DEAL, system) for system, names in _DEAL.items()):
        creates = total(number_with(Object.DEAL, system, outcome=Outcome.CREATE.value) for system in System)
        return combined([creates], lambda counts: None if counts[0] else 0)
    created = {system: with_outcome(tables, Object.DEAL, system, Outcome.CREATE.value) for system in System}
    deals = {system: _deals(situation, system) for system in System}
    is_same = ["name", "amount", "day"]
    alike = deals[System.HUBSPOT].join(deals[System.DYNAMICS], on=is_same, suffix="_there")
    twins = alike.join(_company_pairs(tables), on=["hubspot_company", "dynamics_company"], how="left")
    is_same_company = nw.col("company_name") == nw.col("company_name_there")
    twins = twins.filter((is_same_company | nw.col("is_pair").fill_null(value=False)).fill_null(value=True))
    ids = {System.HUBSPOT: twins.select("id"), System.DYNAMICS: twins.select(id="id_there")}
    return total(
        records_of_side(ids[system].join(created[system], on="id", how="semi").unique(), Object.DEAL, system)
        for system in System
    )


def _keys_that_may_sync(job: Job) -> list[Frame]:
    """match_key of the Dynamics records that pass their filter, of an object that is on; empty when it has no keys."""
    if not job.sync.enabled or not job.has_keys:
        return []
    side = prepare_side(job, System.DYNAMICS)
    return [side.filter(nw.col("passes") & ~nw.col("key").is_null()).select(match_key="key")]


# --- Persons -----------------------------------------------------------------------------------------------------


def _matched_by_address(situation: Situation) -> list[Object]:
    """The persons that are on and matched by their e-mail address."""
    syncs = {person: situation.sync(person) for person in PERSONS}
    return [person for person, sync in syncs.items() if sync.enabled and sync.match_mode == "default"]


def _alone(tables: Tables, system: System) -> Frame:
    """id, outcome of the persons of one side without a counterpart whose object is on."""
    is_person = nw.col("object").is_in([person.value for person in PERSONS]) & (nw.col("system") == system.value)
    is_on = nw.col("reason").fill_null("") != Reason.OBJECT_OFF.value
    alone = tables["outcomes"].filter(is_person & is_on & nw.col("counterpart_id").is_null())
    return alone.select("outcome", id="record_id")


def _other_addresses(job: Job) -> list[Frame]:
    """id, address: one frame for each of the two columns that was delivered."""
    records = job.records(System.DYNAMICS)
    columns = job.columns(System.DYNAMICS)
    delivered = [name for name in _OTHER_ADDRESSES if name in columns]
    listed = [
        records.select("id", address=typed_values.lowered(typed_values.trimmed(nw.col(name)))) for name in delivered
    ]
    return [addresses.filter(~nw.col("address").is_null()) for addresses in listed]


def _full_names(job: Job, system: System) -> Frame:
    """id, full_name of the persons of one side who have both names."""
    records = job.records(system)
    if not set(_NAMES) <= job.columns(system):
        return records.head(0).select("id", full_name="id")
    first, last = (typed_values.lowered(typed_values.trimmed(nw.col(name))) for name in _NAMES)
    named = records.select("id", first=first, last=last).filter(~nw.col("first").is_null() & ~nw.col("last").is_null())
    return named.select("id", full_name=nw.concat_str([nw.col("first"), nw.lit("\n"), nw.col("last")]))


# --- Companies ---------------------------------------------------------------------------------------------------


def _told_apart(situation: Situation, pairs: Frame, key: str) -> Frame:
    """hubspot_id, dynamics_id of pairs whose `key` differs and is that of another record on the other side."""
    keyed = {
        system: Job(situation, Object.COMPANY)
        .records(system)
        .select(nw.col("id").alias(f"{system}_id"), nw.col(key).alias(f"{system}_key"))
        .filter(~nw.col(f"{system}_key").is_null())
        for system in System
    }
    both = pairs.join(keyed[System.HUBSPOT], on="hubspot_id").join(keyed[System.DYNAMICS], on="dynamics_id")
    differing = both.filter(nw.col("hubspot_key") != nw.col("dynamics_key"))
    parts = []
    for system in System:
        theirs = keyed[system.other].select(nw.col(f"{system.other}_key").alias(f"{system}_key")).unique()
        parts.append(differing.join(theirs, on=f"{system}_key", how="semi").select("hubspot_id", "dynamics_id"))
    return stack(parts)


# --- Deals -------------------------------------------------------------------------------------------------------


def _deals(situation: Situation, system: System) -> Frame:
    """id, name, amount, day, `<system>_company` and company_name of every deal that has the first four.

    One row per deal and company; the last two are null for a deal without one.
    """
    name, amount, day = (typed_values.trimmed(nw.col(column)) for column in _DEAL[system])
    deals = (
        Job(situation, Object.DEAL)
        .records(system)
        .select(
            "id", name=typed_values.lowered(name), amount=typed_values.number_text(amount), day=day.str.slice(0, 10)
        )
    )
    filled = [~nw.col(column).is_null() for column in ("name", "amount", "day")]
    return deals.filter(filled[0] & filled[1] & filled[2]).join(_companies(situation, system), on="id", how="left")


def _companies(situation: Situation, system: System) -> Frame:
    """id of a deal, `<system>_company` and company_name of its primary company, whatever travels."""
    column = f"{system}_company"
    links = associations_of(Job(situation, Object.DEAL), Object.COMPANY, system).select(
        id="from_id", **{column: nw.col("to_id")}
    )
    names = (
        Job(situation, Object.COMPANY)
        .records(system)
        .select(nw.col("id").alias(column), company_name=name_column(situation))
    )
    return links.join(names, on=column, how="left")


def _company_pairs(tables: Tables) -> Frame:
    """hubspot_company, dynamics_company, is_pair of every company and account that meet."""
    is_company = (nw.col("object") == Object.COMPANY.value) & ~nw.col("counterpart_id").is_null()
    matched = tables["outcomes"].filter(is_company)
    ours = {System.HUBSPOT: ("record_id", "counterpart_id"), System.DYNAMICS: ("counterpart_id", "record_id")}
    parts = [
        matched.filter(nw.col("system") == system.value).select(hubspot_company=hubspot, dynamics_company=dynamics)
        for system, (hubspot, dynamics) in ours.items()
    ]
    return stack(parts).unique().with_columns(is_pair=nw.lit(value=True))


MEASURES: Final[Measures] = {
    "doubtful_pairs": count_doubtful_pairs,
    "namesakes_without_address": count_namesakes_without_address,
    "other_addresses": count_other_addresses,
    "shared_between_environments": count_shared_between_environments,
    "twin_deals": count_twin_deals,
}
