"""Of which records a counterpart came into being on the other side.

Facts
    * A new counterpart is a record of the later snapshot that the earlier one does not hold, that no person made as far
      as the portal says, and that has the same key: the e-mail address, the company's name (its domain where that is
      the key, or without a name), an own match field, a deal's name, an invoice's number.
    * Where fewer counterparts came than records share the key, the values of the mapped texts tell which of them a
      counterpart was made from. Records with the same texts cannot be told apart: of them nothing is said.
    * Where the key does not flow into the other system, and records without a key have come, nothing is said.

Not modelled
    * A record that a person made by hand where the portal does not say who made it: it counts as the sync's.

Where it is used: `verification.receipt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, stack
from dynsync_lib.core.tables import CREATED_BY, RecordTable, record_table
from dynsync_lib.core.typed_values import NO_TEXT, lowered, trimmed
from dynsync_lib.verification.evidence import TEXT_KIND, Evidence, tables_of
from dynsync_lib.verification.people import SyncUsers
from dynsync_lib.verification.touched_records import Touched

NOT_CREATED: Final = 0
UNKNOWN: Final = 1
CREATED: Final = 2
_BETWEEN: Final = "\x1f"
_NAMES: Final = {Object.DEAL: ("dealname", "name"), Object.INVOICE: ("hs_number", "invoicenumber")}
_KEY_FIELDS: Final = {
    Object.CONTACT: ("email", "emailaddress1"),
    Object.LEAD: ("email", "emailaddress1"),
    Object.COMPANY: ("name", "name"),
    **_NAMES,
}
_FINISHED_KEYS: Final = {
    (Object.CONTACT, "email"): ("email_key",),
    (Object.CONTACT, "emailaddress1"): ("email_key",),
    (Object.LEAD, "email"): ("email_key",),
    (Object.LEAD, "emailaddress1"): ("email_key",),
    (Object.COMPANY, "name"): ("name_key", "domain_key"),
    (Object.COMPANY, "domain"): ("domain_key",),
    (Object.COMPANY, "websiteurl"): ("domain_key",),
}
"""The finished keys of the fields that have one, the first that is not null."""


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
    sharers = keep(members.join(per_key, on="key"), f"touched by new of {name}")
    sizes = sharers.group_by("key").agg(sharing=nw.len())
    sized = keep(sharers.join(sizes, on="key"), f"sized {name}")
    is_contested = (nw.col("arrived") > 0) & ((nw.col("arrived") < nw.col("sharing")) | _is_keyless())
    plain = sized.filter(~is_contested).select(
        "id",
        created=nw.when(nw.col("arrived") > 0).then(nw.lit(CREATED)).otherwise(nw.lit(NOT_CREATED)),
        made_by_people=nw.col("by_people") > 0,
        counterpart_id=nw.when(nw.col("arrived") == 1).then(nw.col("new_id")),
    )
    contested = keep(sized.filter(is_contested), f"contested {name}")
    told_apart = [_told_apart(evidence, contested, new, table, other) for table in tables for other in opposite]
    claims = contested.join(stack(told_apart).group_by("id").agg(nw.col("created").max()), on="id")
    rows = keep(stack([plain, _without_rivals(claims)]), f"created {name}")
    return CreatedRecords(rows, _is_traceable(evidence, new, members, system, family))


def _is_keyless() -> nw.Expr:
    return nw.col("key").str.ends_with(_BETWEEN)


def _without_rivals(claims: Frame) -> Frame:
    """The claims, those of a key unknown of which there are more than counterparts: a contact and a lead like it."""
    claimed = claims.group_by("key").agg(claimed=(nw.col("created") == CREATED).cast(nw.Int64).sum())
    has_rivals = (nw.col("claimed") > nw.col("arrived")) & (nw.col("created") == CREATED)
    created = nw.when(has_rivals).then(nw.lit(UNKNOWN)).otherwise(nw.col("created"))
    is_certain = (nw.col("created") == CREATED) & (nw.col("arrived") == 1) & ~has_rivals
    return claims.join(claimed, on="key").select(
        "id",
        created=created,
        made_by_people=nw.col("by_people") > 0,
        counterpart_id=nw.when(is_certain).then(nw.col("new_id")),
    )


def _is_traceable(evidence: Evidence, new: Frame, members: Frame, system: System, family: Object) -> bool:
    """Whether a record that has no new counterpart by its key has none at all.

    It may have one without the key where the key does not flow there. And where it is known that no person made them,
    new records of a key that nobody has, or of none, came from some record whose key was not written as it is.
    """
    arrived = new.filter(~nw.col("by_person"))
    if evidence.is_sync_alone or _tells_makers(evidence, system.other, family):
        known = arrived.filter(~_is_keyless()).join(members.select("key").unique(), on="key", how="semi")
        return not _count(evidence, arrived.join(known.select("id").unique(), on="id", how="anti"))
    for table in tables_of(system.other, family):
        object_ = Object(str(table.object))
        own = {field.name for field in evidence.written_fields(table)}
        if _finder_fields(evidence, object_)[table.system] not in own:
            return not _count(evidence, arrived.filter(_is_keyless()))
    return True


def _tells_makers(evidence: Evidence, system: System, family: Object) -> bool:
    """Whether the later snapshot says who made the records of a family on one side."""
    tables = evidence.held_tables(system, family)
    return all(CREATED_BY[system] in evidence.after.columns(table.name) for table in tables)


def _count(evidence: Evidence, frame: Frame) -> int:
    return int(evidence.engine.rows(frame.select(count=nw.len()))[0]["count"])


# --- Keys --------------------------------------------------------------------------------------------------------


def _finder_fields(evidence: Evidence, object_: Object) -> dict[System, str]:
    """The fields by which a new counterpart is found."""
    said = evidence.info.get("objects", {}).get(object_.value, {})
    if said.get("match_mode") == "own_field" and said.get("match_hubspot") and said.get("match_dynamics"):
        return {System.HUBSPOT: said["match_hubspot"], System.DYNAMICS: said["match_dynamics"]}
    hubspot, dynamics = _KEY_FIELDS[object_]
    if object_ is Object.COMPANY and _by_domain(evidence):
        hubspot, dynamics = "domain", "websiteurl"
    return {System.HUBSPOT: hubspot, System.DYNAMICS: dynamics}


def _by_domain(evidence: Evidence) -> bool:
    has_defaults = evidence.info.get("objects", {}).get("company", {}).get("default_mappings", True)
    return bool(has_defaults) and evidence.info.get("assumptions", {}).get("company_keys") == "domain"


def _key(evidence: Evidence, object_: Object, table: RecordTable, columns: Sequence[str]) -> nw.Expr:
    """The key of a record under the sync of an object; it ends in a separator when the record has none."""
    fields = _finder_fields(evidence, object_)
    field = fields[table.system]
    finished = _FINISHED_KEYS.get((object_, field), ())
    value = nw.coalesce(*finished) if finished else trimmed(nw.col(field)) if field in columns else NO_TEXT
    return nw.concat_str([nw.lit(f"{fields[System.HUBSPOT]}{_BETWEEN}"), nw.coalesce(value, nw.lit(""))])


def _members(evidence: Evidence, table: RecordTable, family: Object) -> Frame:
    """id, key: the records of one table of the earlier snapshot that may have a new counterpart of their own.

    One that is to be bound to what is made of another (a lead to the new contact of its address) may not.
    """
    object_ = Object(str(table.object))
    enabled = evidence.info.get("objects", {})
    if table.system is System.HUBSPOT and family is Object.CONTACT and "contact" not in enabled and "lead" in enabled:
        object_ = Object.LEAD
    key = _key(evidence, object_, table, evidence.before.columns(table.name))
    is_joining = nw.col("outcome").is_in(["update", "link"]) & nw.col("counterpart_id").is_null()
    joining = evidence.outcomes(table).filter(is_joining).select(id="record_id")
    return evidence.records(evidence.before, table).select("id", key=key).join(joining, on="id", how="anti")


def _new(
    evidence: Evidence, table: RecordTable, sources: Sequence[RecordTable], touched: Touched, users: SyncUsers
) -> list[Frame]:
    """id, key, by_person: the new records of a table, once for each kind of key that its sources have."""
    if table.system is System.DYNAMICS:
        objects = [Object(str(table.object))]
    else:
        objects = [Object(str(source.object)) for source in sources]
    by_key = {_finder_fields(evidence, object_)[System.HUBSPOT]: object_ for object_ in objects}
    columns = evidence.after.columns(table.name)
    makers = touched[table].rows.filter(nw.col("is_new")).select("id", "made_by")
    new = evidence.records(evidence.after, table).join(makers, on="id")
    by_person = users.is_person(table.system, "made_by")
    return [
        new.select("id", key=_key(evidence, object_, table, columns), by_person=by_person)
        for _, object_ in sorted(by_key.items())
    ]


# --- Which of several --------------------------------------------------------------------------------------------


def _told_apart(evidence: Evidence, contested: Frame, new: Frame, table: RecordTable, other: RecordTable) -> Frame:
    """id, created of the records of `table` whose key has too few new counterparts in `other`."""
    object_ = Object(str((table if table.system is System.DYNAMICS else other).object))
    texts = {system: _texts(evidence, object_, system, target=other.system) for system in System}
    members = _with_texts(contested, evidence.records(evidence.before, table), texts[table.system])
    arrived = (
        new.filter(~nw.col("by_person"))
        .select("id", "key")
        .join(contested.select("key").unique(), on="key", how="semi")
    )
    counterparts = _with_texts(arrived, evidence.records(evidence.after, other), texts[other.system])
    alike = members.group_by("key", "texts").agg(alike=nw.len())
    arrived_alike = counterparts.group_by("key", "texts").agg(arrived_alike=nw.len())
    counted = alike.join(arrived_alike, on=["key", "texts"], how="left")
    traced = counted.group_by("key").agg(traced=nw.coalesce("arrived_alike", nw.lit(0)).sum())
    judged = members.join(counted, on=["key", "texts"]).join(traced, on="key")
    alike_arrived = nw.coalesce("arrived_alike", nw.lit(0))
    all_traced = (nw.col("traced") >= nw.col("arrived")) | _is_keyless()
    says_nothing = nw.col("texts").str.replace_all(_BETWEEN, "", literal=True) == ""
    created = (
        nw.when((alike_arrived >= nw.col("alike")) & ~(says_nothing & _is_keyless()))
        .then(nw.lit(CREATED))
        .otherwise(nw.when((alike_arrived == 0) & all_traced).then(nw.lit(NOT_CREATED)).otherwise(nw.lit(UNKNOWN)))
    )
    return judged.select("id", created=created)


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
        if row["object"] != object_.value or row["allowed_directions"] not in ("two_way", f"to_{target}"):
            continue
        names = {table: str(row[f"{system}_field"]), opposite: str(row[f"{system.other}_field"])}
        held = [evidence.delivered(held_by, name) == name for held_by, name in names.items()]
        if all(held) and all(evidence.kind(held_by, name) == TEXT_KIND for held_by, name in names.items()):
            columns.append(names[table])
    return columns
