"""Audit rules about records of one system that share a key: who loses it, and who is somebody else.

Facts
    * Only the first record of an address binds (2.12); what differs in the others never reaches HubSpot.
    * An own field alone decides who meets whom: those whom an address or a name would bring together may not (2.7).
    * An inactive Dynamics record may come first and own the key of an active one.
    * People who share an address end in one HubSpot contact (2.15); different last names tell that they are several.

Not modelled
    * Shared mailboxes by their name (`info@`): one last name on all of them may be a company's own choice.

Source: rules contact.first-per-email, lead.first-per-email, contact.shared-address, record.own-key,
company.shared-domain, record.inactive-readonly, company.auto-created.
"""

from __future__ import annotations

import functools
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, of_object, outcomes_of, records_of_side, with_outcome
from dynsync_lib.core.counting import Count, Number, Question, Tables, combined, known, rows_of, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.record_rows import text_of
from dynsync_lib.core.situation import IN_SYNC, Situation, has_second_round, is_keyed_by_domain
from dynsync_lib.core.sync.created_companies import additional_domains
from dynsync_lib.core.sync.flowing_mappings import objects_on

_OUTSIDE: Final = (Reason.FILTER.value, Reason.LIFECYCLE_ROUTE.value, Reason.OBJECT_OFF.value)
_DEFAULT_KEYS: Final = {Object.CONTACT: "email_key", Object.LEAD: "email_key", Object.COMPANY: "name_key"}


def count_shared_own_keys(situation: Situation, tables: Tables) -> Count:
    """Records in scope whose own matching field has a value that another record of their system has, too (2.12)."""
    own = [object_ for object_ in objects_on(situation) if situation.sync(object_).match_mode == "own_field"]
    return total(
        records_of_side(_sharing(tables, object_, system), object_, system)
        for system in System
        for object_ in own
        if (object_, system) != (Object.LEAD, System.HUBSPOT)
    )


def _sharing(tables: Tables, object_: Object, system: System) -> Frame:
    """The records in scope that share a key with each other."""
    members = _members(tables, object_, system).join(_in_scope(tables, object_, system), on="id", how="semi")
    sizes = members.group_by("match_key").agg(size=nw.len()).filter(nw.col("size") > 1)
    return members.join(sizes, on="match_key", how="semi")


def count_missed_by_own_keys(situation: Situation, tables: Tables) -> Count:
    """Dynamics records that would meet a HubSpot record by address or name, and do not by an own field (2.7)."""
    own = [object_ for object_ in objects_on(situation) if situation.sync(object_).match_mode == "own_field"]
    keys = {object_: _DEFAULT_KEYS[object_] for object_ in own if object_ in _DEFAULT_KEYS}
    missed = {object_: _missed(Job(situation, object_), tables, key) for object_, key in keys.items()}
    return total(records_of_side(records, object_, System.DYNAMICS) for object_, records in missed.items())


def count_shared_domains(situation: Situation, tables: Tables, *, system: System) -> Count:
    """Companies whose domain another one of their system has, too; 0 where the domain is a key (2.37)."""
    del tables
    if is_keyed_by_domain(situation) or has_second_round(situation):
        return known(0)
    domains = Job(situation, Object.COMPANY).records(system).filter(~nw.col("domain_key").is_null())
    sizes = domains.group_by("domain_key").agg(size=nw.len()).filter(nw.col("size") > 1)
    sharing = records_of_side(domains.join(sizes, on="domain_key", how="semi"), Object.COMPANY, system)
    return Question((Number(sizes, nw.col("size").sum()),), sum, sharing.lists)


def _missed(job: Job, tables: Tables, key: str) -> Frame:
    """Of the records without a counterpart, those of Dynamics whose default key one of HubSpot has.

    Who is refused because its address is taken names the holder as counterpart, and has none all the same.
    """
    keyed = {}
    for system in System:
        is_inside = ~nw.col("reason").is_in(_OUTSIDE).fill_null(value=False)
        is_refused = (nw.col("reason") == Reason.EMAIL_CONFLICT.value).fill_null(value=False)
        is_alone = nw.col("counterpart_id").is_null() | is_refused
        alone = outcomes_of(tables, job.object, system).filter(is_inside & is_alone)
        records = job.records(system).select("id", key=key).filter(~nw.col("key").is_null())
        keyed[system] = records.join(alone.select(id="record_id"), on="id", how="semi")
    return keyed[System.DYNAMICS].join(keyed[System.HUBSPOT].select("key").unique(), on="key", how="semi")


def count_several_people(persons: Job, tables: Tables) -> Count:
    """Dynamics records that share an address and not a last name, where one of them syncs (2.15).

    None when last names were not delivered and there is anybody to ask for.
    """
    members = _members(tables, persons.object)
    syncing = members.join(with_outcome(tables, persons.object, System.DYNAMICS, *IN_SYNC), on="id", how="semi")
    groups = members.join(_in_scope(tables, persons.object), on="id", how="semi")
    groups = groups.join(syncing.select("match_key").unique(), on="match_key", how="semi")
    if "lastname" not in persons.columns(System.DYNAMICS):
        return combined([rows_of(groups)], lambda sizes: None if sizes[0] else 0)
    last_name = typed_values.lowered(persons.text(System.DYNAMICS, "lastname"))
    named = groups.join(persons.records(System.DYNAMICS).select("id", "lastname"), on="id")
    named = named.with_columns(last=last_name).filter(~nw.col("last").is_null())
    spread = named.group_by("match_key").agg(low=nw.col("last").min(), high=nw.col("last").max())
    several = spread.filter(nw.col("low") != nw.col("high")).select("match_key")
    people = named.join(several, on="match_key", how="semi")
    return records_of_side(people, persons.object, System.DYNAMICS)


def count_shadowed_others(persons: Job, tables: Tables) -> Count:
    """Dynamics records behind another of their address, from which they differ in mapped fields."""
    shadowed = with_outcome(tables, persons.object, System.DYNAMICS, Outcome.SHADOWED.value)
    different = _members(tables, persons.object).filter(~nw.col("differs_in").is_null())
    differing = different.join(shadowed, on="id", how="semi")
    fields = text_of("differs in ", nw.col("differs_in").str.replace_all(";", ", "))
    return records_of_side(differing, persons.object, System.DYNAMICS, fields)


def count_inactive_winners(situation: Situation, tables: Tables) -> Count:
    """Active Dynamics records that lose their key to an inactive one of their table, which is read-only besides."""
    return total(
        records_of_side(
            _behind_inactive(Job(situation, object_), tables),
            object_,
            System.DYNAMICS,
            text_of("its key belongs to ", nw.col("winner_id")),
        )
        for object_ in objects_on(situation)
    )


def _behind_inactive(job: Job, tables: Tables) -> Frame:
    """The active records of one table of Dynamics whose winner is inactive."""
    states = job.records(System.DYNAMICS).with_columns(inactive=job.inactive())
    is_shadowed = nw.col("outcome") == Outcome.SHADOWED.value
    behind = outcomes_of(tables, job.object, System.DYNAMICS).filter(is_shadowed).select("winner_id", id="record_id")
    behind = behind.join(states.filter(~nw.col("inactive")).select("id"), on="id", how="semi")
    return behind.join(states.filter(nw.col("inactive")).select(winner_id="id"), on="winner_id", how="semi")


def count_accounts_of_additional_domains(situation: Situation, tables: Tables) -> Count:
    """Accounts that are created although a HubSpot company has their domain as an additional one, which is no key."""
    domains = additional_domains(situation)
    if domains is None:
        return known(0)
    created = with_outcome(tables, Object.COMPANY, System.DYNAMICS, Outcome.CREATE.value)
    accounts = Job(situation, Object.COMPANY).records(System.DYNAMICS).select("id", domain="domain_key")
    theirs = accounts.join(created, on="id", how="semi").join(domains, on="domain", how="semi")
    return records_of_side(theirs, Object.COMPANY, System.DYNAMICS)


def _members(tables: Tables, object_: Object, system: System = System.DYNAMICS) -> Frame:
    """match_key, id, differs_in of the records that share a key."""
    is_ours = (nw.col("system") == system.value) & (nw.col("object") == object_.value)
    return tables["collisions"].filter(is_ours).select("match_key", "differs_in", id="record_id")


def _in_scope(tables: Tables, object_: Object, system: System = System.DYNAMICS) -> Frame:
    """id of the records of one side that no filter or switch keeps out."""
    inside = [outcome.value for outcome in Outcome if outcome is not Outcome.EXCLUDED]
    return with_outcome(tables, object_, system, *inside)


MEASURES: Final[Measures] = {
    "accounts_of_additional_domains": count_accounts_of_additional_domains,
    "inactive_winners": count_inactive_winners,
    "missed_by_own_keys": count_missed_by_own_keys,
    "several_people_of_contacts": of_object(Object.CONTACT, count_several_people),
    "several_people_of_leads": of_object(Object.LEAD, count_several_people),
    "shadowed_others_of_contacts": of_object(Object.CONTACT, count_shadowed_others),
    "shadowed_others_of_leads": of_object(Object.LEAD, count_shadowed_others),
    "shared_domains_in_dynamics": functools.partial(count_shared_domains, system=System.DYNAMICS),
    "shared_domains_in_hubspot": functools.partial(count_shared_domains, system=System.HUBSPOT),
    "shared_own_keys": count_shared_own_keys,
}
