"""Audit rules about records of one system that share a key: who loses it, and who is somebody else.

Facts
    * Only the first record of an address binds (2.12); what differs in the others never reaches HubSpot.
    * An own field alone decides who meets whom: those whom an address or a name would bring together may not (2.7).
    * People who share an address end in one HubSpot contact (2.15); different last names tell that they are several.

Not modelled
    * Shared mailboxes by their name (`info@`): one last name on all of them may be a company's own choice.

Source: rules contact.first-per-email, lead.first-per-email, contact.shared-address, record.own-key,
company.shared-domain.
"""

from __future__ import annotations

import functools
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, Tables, number_in, outcomes_of, records_of, rows_in, with_outcome
from dynsync_lib.core.model import Object, Outcome, Reason, System
from dynsync_lib.core.situation import IN_SYNC, Frame, Situation, has_second_round, is_keyed_by_domain
from dynsync_lib.core.sync.flowing_mappings import objects_on

_OUTSIDE: Final = (Reason.FILTER.value, Reason.LIFECYCLE_ROUTE.value, Reason.OBJECT_OFF.value)
_DEFAULT_KEYS: Final = {Object.CONTACT: "email_key", Object.LEAD: "email_key", Object.COMPANY: "name_key"}


def count_shared_own_keys(situation: Situation, tables: Tables) -> int:
    """Records in scope whose own matching field has a value that another one of their system has, too (2.12)."""
    own = [one for one in objects_on(situation) if situation.sync(one).match_mode == "own_field"]
    return sum(
        _sharing(tables, one, system)
        for system in System
        for one in own
        if (one, system) != (Object.LEAD, System.HUBSPOT)
    )


def _sharing(tables: Tables, object_: Object, system: System) -> int:
    members = _members(tables, object_, system).join(_in_scope(tables, object_, system), on="id", how="semi")
    sizes = members.group_by("match_key").agg(size=nw.len()).filter(nw.col("size") > 1)
    return rows_in(members.join(sizes, on="match_key", how="semi"))


def count_missed_by_own_keys(situation: Situation, tables: Tables) -> int:
    """Dynamics records that would meet a HubSpot record by address or name, and do not by an own field (2.7)."""
    own = [
        one for one in _DEFAULT_KEYS if situation.sync(one).enabled and situation.sync(one).match_mode == "own_field"
    ]
    return sum(_missed(situation, tables, one, _DEFAULT_KEYS[one]) for one in own)


def count_shared_domains(situation: Situation, tables: Tables, *, system: System) -> int:
    """Companies whose domain another one of their system has, too; 0 where the domain is a key (2.37)."""
    del tables
    if is_keyed_by_domain(situation) or has_second_round(situation):
        return 0
    domains = records_of(situation, Object.COMPANY, system).filter(~nw.col("domain_key").is_null())
    sizes = domains.group_by("domain_key").agg(size=nw.len()).filter(nw.col("size") > 1)
    return number_in(sizes.select(nw.col("size").sum()))


def _missed(situation: Situation, tables: Tables, object_: Object, key: str) -> int:
    """Of the records without a counterpart, those of Dynamics whose default key one of HubSpot has.

    Who is refused because its address is taken names the holder as counterpart, and has none all the same.
    """
    keyed = {}
    for system in System:
        is_inside = ~nw.col("reason").is_in(_OUTSIDE).fill_null(value=False)
        is_refused = (nw.col("reason") == Reason.EMAIL_CONFLICT.value).fill_null(value=False)
        is_alone = nw.col("counterpart_id").is_null() | is_refused
        alone = outcomes_of(tables, object_, system).filter(is_inside & is_alone)
        records = records_of(situation, object_, system).select("id", key=key).filter(~nw.col("key").is_null())
        keyed[system] = records.join(alone.select(id="record_id"), on="id", how="semi")
    met = keyed[System.DYNAMICS].join(keyed[System.HUBSPOT].select("key").unique(), on="key", how="semi")
    return rows_in(met)


def count_several_people(situation: Situation, tables: Tables, *, object_: Object) -> int | None:
    """Dynamics records that share an address and not a last name, where one of them syncs (2.15)."""
    members = _members(tables, object_)
    syncing = members.join(with_outcome(tables, object_, System.DYNAMICS, *IN_SYNC), on="id", how="semi")
    groups = members.join(_in_scope(tables, object_), on="id", how="semi")
    groups = groups.join(syncing.select("match_key").unique(), on="match_key", how="semi")
    if rows_in(groups) == 0:
        return 0
    if "lastname" not in situation.columns(object_, System.DYNAMICS):
        return None
    last_name = typed_values.lowered(typed_values.trimmed(nw.col("lastname")))
    named = groups.join(records_of(situation, object_, System.DYNAMICS).select("id", last=last_name), on="id")
    named = named.filter(~nw.col("last").is_null())
    spread = named.group_by("match_key").agg(low=nw.col("last").min(), high=nw.col("last").max())
    several = spread.filter(nw.col("low") != nw.col("high")).select("match_key")
    return rows_in(named.join(several, on="match_key", how="semi"))


def count_shadowed_others(situation: Situation, tables: Tables, *, object_: Object) -> int:
    """Dynamics records behind another of their address, from which they differ in mapped fields."""
    del situation
    shadowed = with_outcome(tables, object_, System.DYNAMICS, Outcome.SHADOWED.value)
    different = _members(tables, object_).filter(~nw.col("differs_in").is_null())
    return rows_in(different.join(shadowed, on="id", how="semi"))


def _members(tables: Tables, object_: Object, system: System = System.DYNAMICS) -> Frame:
    """match_key, id, differs_in of the records that share a key."""
    is_ours = (nw.col("system") == system.value) & (nw.col("object") == object_.value)
    return tables["collisions"].filter(is_ours).select("match_key", "differs_in", id="record_id")


def _in_scope(tables: Tables, object_: Object, system: System = System.DYNAMICS) -> Frame:
    inside = [one.value for one in Outcome if one is not Outcome.EXCLUDED]
    return with_outcome(tables, object_, system, *inside)


MEASURES: Final[Measures] = {
    "missed_by_own_keys": count_missed_by_own_keys,
    "several_people_of_contacts": functools.partial(count_several_people, object_=Object.CONTACT),
    "several_people_of_leads": functools.partial(count_several_people, object_=Object.LEAD),
    "shadowed_others_of_contacts": functools.partial(count_shadowed_others, object_=Object.CONTACT),
    "shadowed_others_of_leads": functools.partial(count_shadowed_others, object_=Object.LEAD),
    "shared_domains_in_dynamics": functools.partial(count_shared_domains, system=System.DYNAMICS),
    "shared_domains_in_hubspot": functools.partial(count_shared_domains, system=System.HUBSPOT),
    "shared_own_keys": count_shared_own_keys,
}
