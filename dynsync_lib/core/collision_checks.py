"""Audit rules about records of one system that share a key: who loses it, and who is somebody else.

Facts
    * Only the first record of an address binds (2.12); what differs in the others never reaches HubSpot.
    * People who share an address end in one HubSpot contact (2.15); different last names tell that they are several.

Not modelled
    * Shared mailboxes by their name (`info@`): one last name on all of them may be a company's own choice.

Source: rules contact.first-per-email, lead.first-per-email, contact.shared-address, record.own-key.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.flowing import Tables, number_in, objects_on, records_of, with_outcome
from dynsync_lib.core.model import Object, Outcome, System
from dynsync_lib.core.sides import Frame, Situation


def count_several_people_of_contacts(situation: Situation, tables: Tables) -> int | None:
    """Dynamics contacts who share an address and not a last name (2.15)."""
    return _several_people(situation, tables, Object.CONTACT)


def count_several_people_of_leads(situation: Situation, tables: Tables) -> int | None:
    """Dynamics leads who share an address and not a last name (2.15)."""
    return _several_people(situation, tables, Object.LEAD)


def count_shadowed_others_of_contacts(situation: Situation, tables: Tables) -> int:
    """Dynamics contacts behind another of their address, from which they differ in mapped fields."""
    return _shadowed_others(situation, tables, Object.CONTACT)


def count_shadowed_others_of_leads(situation: Situation, tables: Tables) -> int:
    """Dynamics leads behind another of their address, from which they differ in mapped fields."""
    return _shadowed_others(situation, tables, Object.LEAD)


def count_shared_own_keys(situation: Situation, tables: Tables) -> int:
    """Records whose own matching field has a value that another record of their system has, too (2.12)."""
    own = [one for one in objects_on(situation) if situation.sync(one).match_mode == "own_field"]
    return sum(
        number_in(_members(tables, one, system).select(count=nw.len()))
        for system in System
        for one in own
        if (one, system) != (Object.LEAD, System.HUBSPOT)
    )


def _several_people(situation: Situation, tables: Tables, object_: Object) -> int | None:
    groups = _members(tables, object_).join(_in_scope(tables, object_), on="id", how="semi")
    if number_in(groups.select(count=nw.len())) == 0:
        return 0
    if "lastname" not in situation.columns(object_, System.DYNAMICS):
        return None
    last_name = values.lowered(values.trimmed(nw.col("lastname")))
    named = groups.join(records_of(situation, object_, System.DYNAMICS).select("id", last=last_name), on="id")
    spread = named.group_by("match_key").agg(low=nw.col("last").min(), high=nw.col("last").max())
    several = spread.filter(nw.col("low") != nw.col("high")).select("match_key")
    return number_in(named.join(several, on="match_key", how="semi").select(count=nw.len()))


def _shadowed_others(situation: Situation, tables: Tables, object_: Object) -> int:
    del situation
    shadowed = with_outcome(tables, object_, System.DYNAMICS, Outcome.SHADOWED.value)
    different = _members(tables, object_).filter(~nw.col("differs_in").is_null())
    return number_in(different.join(shadowed, on="id", how="semi").select(count=nw.len()))


def _members(tables: Tables, object_: Object, system: System = System.DYNAMICS) -> Frame:
    """match_key, id, differs_in of the records that share a key."""
    is_ours = (nw.col("system") == system.value) & (nw.col("object") == object_.value)
    return tables["collisions"].filter(is_ours).select("match_key", "differs_in", id="record_id")


def _in_scope(tables: Tables, object_: Object) -> Frame:
    inside = [one.value for one in Outcome if one is not Outcome.EXCLUDED]
    return with_outcome(tables, object_, System.DYNAMICS, *inside)
