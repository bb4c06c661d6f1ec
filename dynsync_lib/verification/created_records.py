"""Of which records a counterpart came into being on the other side.

Facts
    * A new counterpart is a record of the later snapshot that the earlier one does not hold, that no person made as far
      as the portal says, and that has the same key: the e-mail address, the company's name (its domain where that is
      the key, or without a name), an own match field, a deal's name, an invoice's number.
    * Where fewer counterparts came than records share the key, the values of the mapped texts tell which of them a
      counterpart was made from. Records with the same texts cannot be told apart: of them nothing is said.
    * Where the key does not flow into the other system, a counterpart without a key may be of any record, whether that
      has a key or not: texts alone tell, and who has no counterpart by them may have one all the same.
    * Contacts and leads may be known by different keys. A new contact of HubSpot that one of each may claim is of
      neither for certain.

Not modelled
    * A record that a person made by hand where the portal does not say who made it: it counts as the sync's.

Where it is used: `verification.receipt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System, flows_into
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import CREATED_BY, RecordTable, record_table
from dynsync_lib.core.typed_values import lowered, trimmed
from dynsync_lib.verification.evidence import TEXT_KIND, Evidence, tables_of
from dynsync_lib.verification.finder_keys import (
    is_keyless,
    is_synced_to,
    key_arrives,
    key_of,
    keyless,
    kind_of_key,
)
from dynsync_lib.verification.people import SyncUsers
from dynsync_lib.verification.touched_records import Touched

NOT_CREATED: Final = 0
UNKNOWN: Final = 1
CREATED: Final = 2
_BETWEEN: Final = "\x1f"
_TOLD_BY: Final = (TEXT_KIND, "address")
"""The kinds of fields that are written letter by letter, but for upper and lower case."""
_ALIKE: Final = ["key", "texts"]
"""Records that share both cannot be told apart."""
_CLAIM: Final = ("id", "key", "texts", "created", "alike", "arrived_alike")
"""Of a member how many share key and texts with it, and how many new records do."""
_NO_TEXTS: Final = ""
"""The texts of records that their key tells apart from all others."""


@dataclass(frozen=True, slots=True)
class CreatedRecords:
    """`rows`: id, created (UNKNOWN or CREATED, of others nothing was created), made_by_people, of some records.

    `counterpart_id` in them is the id of the new counterpart, null where that is not certain or there is none.
    `is_traceable`: whether all other records can be said to have no new counterpart.
    """

    rows: Frame
    is_traceable: bool


def find_created(
    evidence: Evidence, system: System, family: Object, touched: Touched, users: SyncUsers
) -> CreatedRecords:
    """Of which records of a family on one side a counterpart is there that was not."""
    tables, opposite = evidence.held_tables(system, family), evidence.held_tables(system.other, family)
    keep, name = evidence.engine.keep, f"{system} {family}"
    members = stack([_members(evidence, table, family) for table in tables])
    new = keep(
        stack([rows for table in opposite for rows in _new(evidence, table, tables, touched, users)]), f"new of {name}"
    )
    per_key = keep(
        new.group_by("key").agg(
            new_id=nw.when(~nw.col("by_person")).then(nw.col("id")).min(),
            arrived=(~nw.col("by_person")).cast(nw.Int64).sum(),
            by_people=nw.col("by_person").cast(nw.Int64).sum(),
        ),
        f"new keys of {name}",
    )
    strays = _kinds_that_do_not_arrive(evidence, tables if system is System.DYNAMICS else opposite, system.other)
    sharers = keep(_sharers(evidence, members, per_key, strays), f"touched by new of {name}")
    sizes = sharers.group_by("key").agg(sharing=nw.len())
    sized = keep(sharers.join(sizes, on="key"), f"sized {name}")
    is_contested = (nw.col("arrived") > 0) & ((nw.col("arrived") < nw.col("sharing")) | is_keyless())
    contested = keep(sized.filter(is_contested), f"contested {name}")
    claims = keep(_claims(evidence, sized.filter(~is_contested), contested, new, tables, opposite), f"claims {name}")
    return CreatedRecords(
        keep(claims.select("id", "created", "made_by_people", "counterpart_id"), f"created {name}"),
        _is_traceable(evidence, new, members, system, family),
    )


def _kinds_that_do_not_arrive(evidence: Evidence, tables: Sequence[RecordTable], target: System) -> list[str]:
    """The kinds of keys that records made in `target` may lack though what they were made of has one.

    `tables` are those of Dynamics, since it has a sync for each.
    """
    objects = [table.own_object for table in tables]
    return sorted(
        {
            kind_of_key(evidence, object_, target)
            for object_ in objects
            if is_synced_to(evidence, object_, target) and not key_arrives(evidence, object_, target)
        }
    )


def _sharers(evidence: Evidence, members: Frame, per_key: Frame, strays: Sequence[str]) -> Frame:
    """The members with what came under their key: without a new record of it, where it does not arrive, under none."""
    by_key = members.join(per_key, on="key")
    without_key = per_key.filter(nw.col("key").is_in([keyless(kind) for kind in strays]), nw.col("arrived") > 0)
    if not strays or not _count(evidence, without_key):
        return by_key
    others = members.join(per_key.select("key"), on="key", how="anti")
    by_none = [
        others.filter(nw.col("key").str.starts_with(keyless(kind)))
        .select("id", key=nw.lit(keyless(kind)))
        .join(without_key, on="key")
        .select("id", "key", "new_id", "arrived", "by_people")
        for kind in strays
    ]
    return stack([by_key.select("id", "key", "new_id", "arrived", "by_people"), *by_none])


def _is_traceable(evidence: Evidence, new: Frame, members: Frame, system: System, family: Object) -> bool:
    """Whether a record that has no new counterpart by its key has none at all.

    It may have one without the key where the key does not flow there. And where it is known that no person made them,
    new records of a key that nobody has, or of none, came from some record whose key was not written as it is.
    """
    arrived = new.filter(~nw.col("by_person"))
    if evidence.is_sync_alone or _tells_makers(evidence, system.other, family):
        known = arrived.filter(~is_keyless()).join(members.select("key").unique(), on="key", how="semi")
        return not _count(evidence, arrived.join(known.select("id").unique(), on="id", how="anti"))
    objects = [table.own_object for table in tables_of(system.other, family)]
    if all(key_arrives(evidence, object_, system.other) for object_ in objects):
        return True
    return not _count(evidence, arrived.filter(is_keyless()))


def _tells_makers(evidence: Evidence, system: System, family: Object) -> bool:
    """Whether the later snapshot says who made the records of a family on one side."""
    tables = evidence.held_tables(system, family)
    return all(CREATED_BY[system] in evidence.after.columns(table.name) for table in tables)


def _count(evidence: Evidence, frame: Frame) -> int:
    return int(evidence.engine.rows(frame.select(count=nw.len()))[0]["count"])


# --- Members and new records -------------------------------------------------------------------------------------


def _members(evidence: Evidence, table: RecordTable, family: Object) -> Frame:
    """id, key: the records of one table of the earlier snapshot that may have a new counterpart of their own.

    One that is to be bound to what is made of another (a lead to the new contact of its address) may not.
    """
    object_ = table.own_object
    enabled = evidence.info.get("objects", {})
    if table.system is System.HUBSPOT and family is Object.CONTACT and "contact" not in enabled and "lead" in enabled:
        object_ = Object.LEAD
    key = key_of(evidence, object_, table, evidence.before, table.system.other)
    is_joining = nw.col("outcome").is_in(["update", "link"]) & nw.col("counterpart_id").is_null()
    joining = evidence.outcomes(table).filter(is_joining).select(id="record_id")
    return evidence.records(evidence.before, table).select("id", key=key).join(joining, on="id", how="anti")


def _new(
    evidence: Evidence, table: RecordTable, sources: Sequence[RecordTable], touched: Touched, users: SyncUsers
) -> list[Frame]:
    """id, key, by_person: the new records of a table, once for each kind of key that its sources have."""
    synced = (table,) if table.system is System.DYNAMICS else sources
    by_kind = {kind_of_key(evidence, each.own_object, table.system): each.own_object for each in synced}
    makers = touched[table].rows.filter(nw.col("is_new")).select("id", "made_by")
    new = evidence.records(evidence.after, table).join(makers, on="id")
    by_person = users.is_person(table.system, "made_by")
    return [
        new.select("id", key=key_of(evidence, object_, table, evidence.after, table.system), by_person=by_person)
        for _, object_ in sorted(by_kind.items())
    ]


# --- Who claims which --------------------------------------------------------------------------------------------


def _claims(
    evidence: Evidence,
    plain: Frame,
    contested: Frame,
    new: Frame,
    tables: Sequence[RecordTable],
    opposite: Sequence[RecordTable],
) -> Frame:
    """id, created, made_by_people, counterpart_id of the members under whose key something is new.

    `plain` are those of keys that as many new records have, `contested` all others.
    """
    arrived = new.filter(~nw.col("by_person")).select("id", "key")
    told_apart = [_told_apart(evidence, contested, arrived, table, other) for table in tables for other in opposite]
    judged, arrivals = (list(frames) for frames in zip(*told_apart, strict=True))
    created = nw.when(nw.col("arrived") > 0).then(nw.lit(CREATED)).otherwise(nw.lit(NOT_CREATED))
    by_key = plain.with_columns(created=created)
    target = opposite[0].system
    kinds = {kind_of_key(evidence, table.own_object, target) for table in (*tables, *opposite)}
    if len(kinds) == 1:  # then nobody else may claim what is plain
        return stack([_settled(by_key), _settled(_with_claims(contested, judged, arrivals))])
    judged.append(
        by_key.select(
            "id",
            "key",
            "created",
            texts=nw.lit(_NO_TEXTS),
            alike=nw.col("sharing").cast(nw.Int64),
            arrived_alike=nw.col("arrived").cast(nw.Int64),
        ).select(*_CLAIM)
    )
    arrivals.append(arrived.with_columns(texts=nw.lit(_NO_TEXTS)))
    return _settled(_with_claims(stack([plain, contested]), judged, arrivals))


def _settled(claims: Frame) -> Frame:
    is_certain = (nw.col("created") == CREATED) & (nw.col("arrived") == 1)
    return claims.select(
        "id",
        "created",
        made_by_people=nw.col("by_people") > 0,
        counterpart_id=nw.when(is_certain).then(nw.col("new_id")),
    )


def _with_claims(members: Frame, judged: Sequence[Frame], arrivals: Sequence[Frame]) -> Frame:
    """The members with what is known of them by their texts, the most that was found where there are several tables."""
    claims = _without_rivals(stack(judged), stack(arrivals))
    return members.join(claims.group_by("id").agg(nw.col("created").max()), on="id")


def _without_rivals(claims: Frame, arrivals: Frame) -> Frame:
    """id, created: the claims, those unknown that together are more than the new records which they are about.

    `arrivals` are id, key, texts of new records. One of them is claimed more than once by a contact and a lead of the
    same texts, or by records that have different kinds of keys.
    """
    groups = claims.filter(nw.col("created") != NOT_CREATED).select(*_ALIKE, "alike", "arrived_alike").unique()
    claimed = arrivals.join(groups, on=_ALIKE)
    loads = claimed.group_by("id").agg(load=nw.col("alike").sum())
    heaviest = claimed.join(loads, on="id").group_by(*_ALIKE).agg(load=nw.col("load").max())
    weighed = claims.join(heaviest, on=_ALIKE, how="left")
    is_contradicted = (nw.col("created") == CREATED) & (nw.col("load") > nw.col("arrived_alike"))
    created = nw.when(is_contradicted.fill_null(value=False)).then(nw.lit(UNKNOWN)).otherwise(nw.col("created"))
    return weighed.select("id", created=created)


def _told_apart(
    evidence: Evidence, contested: Frame, arrived: Frame, table: RecordTable, other: RecordTable
) -> tuple[Frame, Frame]:
    """The records of `table` whose key has too few new counterparts, judged by their texts; the new ones in `other`.

    The first has the columns of `_CLAIM`, the second id, key, texts.
    """
    object_ = (table if table.system is System.DYNAMICS else other).own_object
    texts = {system: _texts(evidence, object_, system, target=other.system) for system in System}
    members = _with_texts(contested.select("id", "key"), evidence.records(evidence.before, table), texts[table.system])
    of_contested = arrived.join(contested.select("key").unique(), on="key", how="semi")
    counterparts = _with_texts(of_contested, evidence.records(evidence.after, other), texts[other.system])
    alike = members.group_by(*_ALIKE).agg(alike=nw.len().cast(nw.Int64))
    arrived_alike = counterparts.group_by(*_ALIKE).agg(arrived_alike=nw.len().cast(nw.Int64))
    counted = alike.join(arrived_alike, on=_ALIKE, how="left").with_columns(
        arrived_alike=nw.coalesce("arrived_alike", nw.lit(0)).cast(nw.Int64)
    )
    totals = arrived.group_by("key").agg(arrived=nw.len())
    traced = counted.group_by("key").agg(traced=nw.col("arrived_alike").sum()).join(totals, on="key")
    judged = members.join(counted, on=_ALIKE).join(traced, on="key")
    named = nw.concat_str([nw.lit(f"{table.name}{_BETWEEN}{other.name}{_BETWEEN}"), nw.col("texts")])
    claims = judged.select("id", "key", "alike", "arrived_alike", texts=named, created=_created_by_texts()).select(
        *_CLAIM
    )
    return claims, counterparts.select("id", "key", texts=named)


def _created_by_texts() -> nw.Expr:
    """CREATED where as many new records as members have the texts, NOT_CREATED where none has and all are traced."""
    all_traced = (nw.col("traced") >= nw.col("arrived")) | is_keyless()
    says_nothing = nw.col("texts").str.replace_all(_BETWEEN, "", literal=True) == ""
    is_created = (nw.col("arrived_alike") >= nw.col("alike")) & ~(says_nothing & is_keyless())
    is_not = (nw.col("arrived_alike") == 0) & all_traced
    otherwise = nw.when(is_not).then(nw.lit(NOT_CREATED)).otherwise(nw.lit(UNKNOWN))
    return nw.when(is_created).then(nw.lit(CREATED)).otherwise(otherwise)


def _with_texts(few: Frame, records: Frame, columns: Sequence[str]) -> Frame:
    """The rows of `few` with `texts`, the values of these columns as one text, by which records are told apart.

    The text is made of the records of `few` alone: of all records it would cost more than all else.
    """
    named = {f"text {number}": column for number, column in enumerate(columns)}
    joined = few.join(records.select("id", **named), on="id")
    parts = [nw.coalesce(lowered(trimmed(nw.col(name))), nw.lit("")) for name in named]
    return joined.with_columns(texts=nw.concat_str([nw.lit(""), *parts], separator=_BETWEEN)).drop(*named)


def _texts(evidence: Evidence, object_: Object, system: System, *, target: System) -> list[str]:
    """The columns of the texts of a record that flow into `target`."""
    table, opposite = record_table(object_, system), record_table(object_, system.other)
    columns = []
    for row in evidence.mappings:
        if row["object"] != object_.value or not flows_into(row["allowed_directions"], target):
            continue
        names = {table: str(row[f"{system}_field"]), opposite: str(row[f"{system.other}_field"])}
        held = [evidence.delivered(held_by, name) == name for held_by, name in names.items()]
        if all(held) and all(evidence.kind(held_by, name) in _TOLD_BY for held_by, name in names.items()):
            columns.append(names[table])
    return columns
