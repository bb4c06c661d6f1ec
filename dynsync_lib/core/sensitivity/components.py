"""Records that can have a say in one another's outcome: the components that scenarios decide again.

Facts
    * Contacts and leads are one family, since both are HubSpot's contacts; every other object is a family of its own.
    * Everything that the sync decides about a record depends on records that share its e-mail address (person), name
      (company) or own key (the rest), in any spelling: its *group*.
    * Groups whose records are tied to another group (by an own key, a domain, an additional address, a binding) are all
      one component, `LINKED`; every other group is a component by itself, and so is a record without an address or name
      that nothing ties to another.

Source: docs/semantics.md section 5, which names everything by which records meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.bindings import is_bound_before
from dynsync_lib.core.matching.sides import Barrier, barrier_of, key_of, own_key
from dynsync_lib.core.model import PERSONS, Object, System
from dynsync_lib.core.situation import (
    Situation,
    has_second_round,
    is_keyed_by_domain,
    may_match_by_domain,
    one_row_each,
    stack,
)
from dynsync_lib.core.tables import BINDINGS, record_table
from dynsync_lib.core.typed_values import no_text

LINKED: Final = "\x1flinked"
"""The component of all groups that are tied to others; no address, name or id begins like it."""
FAMILIES: Final[tuple[tuple[Object, ...], ...]] = (PERSONS, (Object.COMPANY,), (Object.DEAL,), (Object.INVOICE,))
_SPELLING: Final = {Object.CONTACT: "email_key_exact", Object.LEAD: "email_key_exact", Object.COMPANY: "name_key_exact"}
_GROUP: Final = {Object.CONTACT: "email_key", Object.LEAD: "email_key", Object.COMPANY: "name_key_accentless"}
"""The key that takes most spellings for one."""


def side_name(object_: Object, system: System) -> str:
    """`hubspot contact` and its like: one side of one sync."""
    return f"{system} {object_}"


def find_components(situation: Situation, family: Sequence[Object]) -> Frame:
    """One row per record and sync of a family's objects, of which some are on: component, side (`hubspot contact` and
    its like), id, spelling (address or name as delivered; null where it is the key itself), and the flags fails (does
    not pass), lacks_key, is_inactive, is_bound and shares_domain (a company with the domain of one of another group).

    Computes once, and once more what ties groups together.
    """
    objects = [object_ for object_ in family if situation.sync(object_).enabled and situation.has_records(object_)]
    members = stack([_members(Job(situation, object_), system) for object_ in objects for system in System])
    members = _with_shared_domains(situation, objects, members)
    ties = list(_ties(situation, objects, members))
    alone = nw.coalesce("group", nw.concat_str([nw.lit("\x1f"), "table", "id"]))
    columns = ("side", "id", "spelling", "fails", "lacks_key", "is_inactive", "is_bound", "shares_domain")
    if not ties:
        return situation.keep(members.select(*columns, component=alone), f"{family[0]}_components")
    tied = situation.keep(stack(ties), f"{family[0]}_ties")
    groups = tied.filter(~nw.col("group").is_null()).select("group", tied_group=nw.lit(value=True)).unique()
    records = tied.filter(nw.col("group").is_null()).select("table", "id", tied_record=nw.lit(value=True)).unique()
    members = members.join(groups, on="group", how="left").join(records, on=["table", "id"], how="left")
    is_tied = ~nw.col("tied_group").is_null() | ~nw.col("tied_record").is_null()
    members = members.select(*columns, component=nw.when(is_tied).then(nw.lit(LINKED)).otherwise(alone))
    return situation.keep(members, f"{family[0]}_components")


def _members(job: Job, system: System) -> Frame:
    """One row per record of one side: table, side, id, group and what `find_components` says; own (key), domain."""
    table = job.table(system)
    spelling = no_text()
    if job.object in _SPELLING:
        spelt = nw.col(_SPELLING[job.object])
        spelling = nw.when(spelt != nw.col(_GROUP[job.object])).then(spelt)
    is_own = job.has_own_key
    own = own_key(job, system) if is_own else no_text()
    group = nw.col(_GROUP[job.object]) if job.object in _GROUP else own
    is_inactive = job.inactive() if system is System.DYNAMICS else nw.lit(value=False)
    members = job.situation.tables[table.name].select(
        "id",
        table=nw.lit(table.name),
        side=nw.lit(side_name(job.object, system)),
        group=group,
        spelling=spelling,
        own=own if job.object in _GROUP else no_text(),
        domain=nw.col("domain_key") if job.object is Object.COMPANY else no_text(),
        fails=barrier_of(job, system) != Barrier.NONE.value,
        lacks_key=_lacks_key(job, system),
        is_inactive=is_inactive,
    )
    return _with_bound(job, system, members)


def _lacks_key(job: Job, system: System) -> nw.Expr:
    """Whether a record has no key, or, of persons whom nothing matches, no address (Q31)."""
    if job.has_keys:
        return key_of(job, system).is_null()
    is_asked = job.is_about_persons and job.sync.match_mode == "none"
    return nw.col("email_key").is_null() if is_asked else nw.lit(value=False)


def _with_bound(job: Job, system: System, members: Frame) -> Frame:
    if not is_bound_before(job):
        return members.with_columns(is_bound=nw.lit(value=False))
    named = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value)
    bound = named.select(nw.col(f"{system}_id").alias("id"), is_bound=nw.lit(value=True)).unique()
    return members.join(bound, on="id", how="left").with_columns(nw.col("is_bound").fill_null(value=False))


def _with_shared_domains(situation: Situation, objects: Sequence[Object], members: Frame) -> Frame:
    """The members with shares_domain: whether a record of another group, or one without a group, has their domain.

    It is asked of companies that a choice may match by domain.
    """
    if Object.COMPANY not in objects or not may_match_by_domain(situation):
        return members.with_columns(shares_domain=nw.lit(value=False))
    shared = _shared(members, "domain").select(domain="value", shares_domain=nw.lit(value=True))
    with_shared = members.join(shared, on="domain", how="left")
    return with_shared.with_columns(nw.col("shares_domain").fill_null(value=False))


# --- What ties groups together -----------------------------------------------------------------------------------


def _ties(situation: Situation, objects: Sequence[Object], members: Frame) -> Iterator[Frame]:
    """group, table, id of records that are tied to another group; the group alone where it has one."""
    for object_ in objects:
        if situation.sync(object_).match_mode == "own_field" and object_ in _GROUP:
            sides = [side_name(object_, system) for system in System]
            yield _sharing(members.filter(nw.col("side").is_in(sides)), "own")
        if is_bound_before(Job(situation, object_)):
            yield from _by_binding(Job(situation, object_), members)
    if Object.COMPANY in objects and (has_second_round(situation) or is_keyed_by_domain(situation)):
        yield members.filter("shares_domain").select("group", "table", "id")
    if any(person in objects for person in PERSONS):
        yield from _by_additional_address(situation, members)


def _sharing(members: Frame, name: str) -> Frame:
    """Members that share a value with a member of another group, or without one."""
    return members.join(_shared(members, name), left_on=name, right_on="value", how="semi").select(
        "group", "table", "id"
    )


def _shared(members: Frame, name: str) -> Frame:
    """value, one row per value of the column that members of two groups have, or one without a group among several."""
    holders = members.filter(~nw.col(name).is_null()).select("group", value=name)
    groups = holders.group_by("value").agg(
        first=nw.col("group").min(), last=nw.col("group").max(), with_group=nw.col("group").count(), size=nw.len()
    )
    is_mixed = (nw.col("first") != nw.col("last")).fill_null(value=False) | (nw.col("with_group") < nw.col("size"))
    return groups.filter(is_mixed & (nw.col("size") > 1)).select("value")


def _by_binding(job: Job, members: Frame) -> Iterator[Frame]:
    """Both ends of bindings between two groups, or with an end without one."""
    pairs = job.situation.tables[BINDINGS.name].filter(nw.col("object") == job.object.value)
    pairs = pairs.select("hubspot_id", "dynamics_id").unique()
    for system in System:
        side = members.filter(nw.col("side") == side_name(job.object, system))
        ends = {f"{system}_id": nw.col("id"), f"{system}_group": nw.col("group")}
        pairs = pairs.join(side.select(**ends), on=f"{system}_id")
    between = (nw.col("hubspot_group") != nw.col("dynamics_group")).fill_null(value=True)
    for system in System:
        table = nw.lit(job.table(system).name)
        yield pairs.filter(between).select(group=f"{system}_group", table=table, id=f"{system}_id")


def _by_additional_address(situation: Situation, members: Frame) -> Iterator[Frame]:
    """HubSpot contacts with an additional address that somebody else has, too, and the groups of those addresses."""
    contacts = record_table(Object.CONTACT, System.HUBSPOT).name
    listed = situation.tables[contacts].select("id", group="email_key", address="secondary_email_keys")
    listed = situation.keep(one_row_each(listed, "address").unique(), "additional_addresses")
    several = listed.group_by("address").agg(holders=nw.len()).filter(nw.col("holders") > 1).select("address")
    known = members.filter(~nw.col("group").is_null()).select(address="group").join(listed, on="address", how="semi")
    shared = stack([several, known.unique()]).unique()
    ties = situation.keep(listed.join(shared, on="address", how="semi"), "shared_additional_addresses")
    yield ties.select("group", "id", table=nw.lit(contacts)).select("group", "table", "id")
    yield ties.select("id", group="address", table=nw.lit(contacts)).select("group", "table", "id")
