"""Records of one side that share a match key: who wins, and in what the others differ.

Facts
    * Addresses differ as they would be compared: by their e-mail key, which capital letters do not change.
    * Every group of two or more is listed, whatever the filters say; the winner is the owner of the key (2.12).

Source: rules contact.first-per-email, company.first-per-name, record.first-order.
"""

from __future__ import annotations

from collections.abc import Iterable

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.pairs import claim_keys
from dynsync_lib.core.matching.sides import prepare_side
from dynsync_lib.core.model import System
from dynsync_lib.core.tables import COLLISIONS, KEY_SOURCE


def find_collisions(job: Job, system: System, mappings: Iterable[JudgedMapping]) -> Frame:
    """The forecast's `collisions` of one object and side: one row per record that shares its key.

    Leads on HubSpot's side are listed as the contacts they are.
    """
    side = prepare_side(job, system).filter(~nw.col("key").is_null())
    shared = side.group_by("key").agg(size=nw.len()).filter(nw.col("size") > 1).select("key")
    members = side.join(shared, on="key", how="semi")
    winners = claim_keys(job).owners[system].select("key", owner_id="id")
    placed = job.keep(_with_position(members).join(winners, on="key", how="left"), f"{system}_{job.object}_members")
    listed = placed.join(_differences(job, system, placed, mappings), on="id", how="left")
    return listed.select(
        system=nw.lit(system.value),
        object=nw.lit((job.table(system).object or job.object).value),
        match_key="key",
        record_id="id",
        position="position",
        is_winner=(nw.col("id") == nw.col("owner_id")).fill_null(value=False),
        differs_in="differs_in",
    ).select(*COLLISIONS.column_names)


def _comparable(text: nw.Expr, *, is_trimmed: bool) -> nw.Expr:
    """The text without outer white space; an empty one for blank."""
    return (text if is_trimmed else typed_values.trimmed(text)).fill_null("")


def _with_position(members: Frame) -> Frame:
    """Adds `position`, the place in the group from 1."""
    position = nw.col("rank").rank("ordinal").over("key").cast(nw.Int64)
    return members.select("id", "key", "rank", position=position)


def _differences(job: Job, system: System, placed: Frame, mappings: Iterable[JudgedMapping]) -> Frame:
    """id, differs_in: mapped fields that differ from the owner's, separated by `;`, null when none."""
    delivered = job.columns(system)
    names = sorted({judged.name_of(system) for judged in mappings} & delivered)
    if not names:
        return placed.select("id", differs_in=typed_values.no_text())
    table = job.table(system).name
    address = KEY_SOURCE.get(table, {}).get("email")
    chosen = {name: nw.col("email_key" if name == address else name) for name in names}
    records = job.situation.tables[table].select("id", **chosen)
    records = records.join(placed.select("id"), on="id", how="semi")
    already = job.trimmed_columns(system)
    compared = {name: _comparable(nw.col(name), is_trimmed=name in already and name != address) for name in names}
    records = job.keep(records.with_columns(**compared), f"{system}_{job.object}_members_values")
    theirs = records.rename({name: f"owner:{name}" for name in names} | {"id": "owner_id"})
    both = placed.select("id", "owner_id").join(records, on="id").join(theirs, on="owner_id")
    differing = [nw.when(nw.col(name) != nw.col(f"owner:{name}")).then(nw.lit(name)) for name in names]
    joined = nw.concat_str(differing, separator=";", ignore_nulls=True)
    return both.select("id", differs_in=nw.when(joined != "").then(joined))
