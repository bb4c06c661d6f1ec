"""Which associations are not as they were foretold: those that did not come over, and those that were to stay behind.

Facts
    * An association is carried over when the counterparts of both its records are associated on the other side: in
      HubSpot by an association, primary or not, in Dynamics by the lookup that holds it
      (`verification.touched_records.ENDS`).
    * A lookup holds one record: where several were to come into it, any of them is right (docs/semantics.md, 8).
    * One that was to stay behind and is there now, and was not before, puts the rule in doubt that kept it back.
    * A problem belongs to the record that the association starts at.

Not modelled
    * Records whose counterpart nobody can name: nothing is said of their associations. Companies that are found while
      their sync is off have no counterpart in a forecast.
    * Associations that nobody foretold: HubSpot makes some by itself. Those made by hand (`manual`), labels.

Where it is used: `verification.receipt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import LinkStatus, Object, System
from dynsync_lib.core.situation import stack
from dynsync_lib.core.tables import Column, RecordTable, record_table
from dynsync_lib.verification.created_records import CreatedRecords
from dynsync_lib.verification.evidence import Evidence, differ
from dynsync_lib.verification.touched_records import ENDS, Touched, new, old

_CARRIED: Final = (LinkStatus.SYNCED.value, LinkStatus.AUTO_CREATED.value)
_BOTH_ENDS: Final = ["target_id", "other_id"]
_LINKS: Final = "hubspot/links"
_PROBLEM: Final = tuple(
    Column(name, "flag" if name == "is_missing" else "text", "")
    for name in ("id", "target_id", "rule_id", "is_missing")
)
Counterparts = Mapping[Object, Frame]
"""By family hubspot_id, dynamics_id: who is whose counterpart after the sync."""


def find_counterparts(evidence: Evidence, family: Object, created: Mapping[System, CreatedRecords]) -> Frame:
    """hubspot_id, dynamics_id of the pairs of a family: those of the forecast, and new ones that can be named.

    Leads are left out: they have no associations.
    """
    sides = list(System) if family is Object.COMPANY else [System.DYNAMICS]
    paired = stack([_pairs(evidence, record_table(family, side)) for side in sides])
    paired = paired.unique() if len(sides) > 1 else paired
    named = [_named(system, rows.rows.filter(~nw.col("counterpart_id").is_null())) for system, rows in created.items()]
    pairs = stack([paired, *named])
    leads = record_table(Object.LEAD, System.DYNAMICS)
    if family is Object.CONTACT and evidence.after.rows(leads.name):
        ids = evidence.records(evidence.after, leads).select(dynamics_id="id")
        pairs = pairs.join(ids, on="dynamics_id", how="anti")
    return evidence.engine.keep(pairs, f"counterparts {family}")


def _pairs(evidence: Evidence, table: RecordTable) -> Frame:
    is_paired = nw.col("outcome").is_in(["update", "link"]) & ~nw.col("counterpart_id").is_null()
    return _named(table.system, evidence.outcomes(table).filter(is_paired).rename({"record_id": "id"}))


def _named(system: System, rows: Frame) -> Frame:
    """hubspot_id, dynamics_id out of id and counterpart_id of the records of one side."""
    names = {f"{system}_id": "id", f"{system.other}_id": "counterpart_id"}
    return rows.select(hubspot_id=names["hubspot_id"], dynamics_id=names["dynamics_id"])


def find_association_problems(
    evidence: Evidence, family: Object, counterparts: Counterparts, touched: Touched
) -> dict[System, Frame]:
    """By the side it starts at one row per association that is not as foretold: id, target_id, rule_id, is_missing.

    `target_id` is the counterpart that should hold it, or should not; `is_missing`: that one holds what it held.
    """
    problems: dict[System, list[Frame]] = {system: [] for system in System}
    for end, lookup in ENDS.get(family, {}).items():
        if end not in counterparts or not _is_seen(evidence, family, lookup):
            continue
        for system in System:
            foretold = evidence.engine.keep(
                _foretold(evidence, family, end, system, counterparts), f"associations {system} {family} {end}"
            )
            if system is System.HUBSPOT:
                problems[system].append(_unlike_lookups(evidence, foretold, _lookups(evidence, family, end, touched)))
            else:
                problems[system].append(_unlike_associations(foretold, _associations(evidence, family, end)))
    none = evidence.engine.from_rows([], _PROBLEM)
    return {system: stack([none, *frames]) for system, frames in problems.items()}


def _is_seen(evidence: Evidence, family: Object, lookup: str) -> bool:
    """Whether both snapshots hold what is associated, on both sides."""
    moments = (evidence.before, evidence.after)
    table = record_table(family, System.DYNAMICS)
    is_read = all(moment.is_provided(_LINKS) and family in moment.associations_of for moment in moments)
    return is_read and evidence.delivered(table, lookup) is not None


def _foretold(evidence: Evidence, family: Object, end: Object, system: System, counterparts: Counterparts) -> Frame:
    """id, target_id, other_id, rule_id, is_expected: the associations of one side whose records have counterparts.

    `target_id` and `other_id` are the counterparts of both ends.
    """
    ours = (nw.col("from_system") == system.value) & (nw.col("from_object") == family.value)
    links = evidence.forecast_table("links").filter(
        ours & (nw.col("to_object") == end.value) & (nw.col("status") != LinkStatus.MANUAL.value)
    )
    own, other = f"{system}_id", f"{system.other}_id"
    senders = counterparts[family].select(from_id=own, target_id=other)
    receivers = counterparts[end].select(to_id=own, other_id=other)
    return (
        links.join(receivers, on="to_id")
        .join(senders, on="from_id")
        .select("target_id", "other_id", "rule_id", id="from_id", is_expected=nw.col("status").is_in(_CARRIED))
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """target_id, other_id of what one side holds: `now`, what is there; `came`, what was not there before.

    Rows of `now` may come twice.
    """

    now: Frame
    came: Frame


def _lookups(evidence: Evidence, family: Object, end: Object, touched: Touched) -> _Held:
    """The records of Dynamics whose lookup points to another record; a lookup holds one."""
    table, lookup = record_table(family, System.DYNAMICS), ENDS[family][end]
    now = evidence.records(evidence.after, table).select(target_id="id", other_id=lookup)
    moved = touched[table].rows.filter(differ(nw.col(old(lookup)), nw.col(new(lookup))))
    came = moved.select(target_id="id", other_id=new(lookup))
    return _Held(now, came.filter(~nw.col("other_id").is_null()))


def _associations(evidence: Evidence, family: Object, end: Object) -> _Held:
    """The associations of HubSpot's records."""
    ours = (nw.col("from_object") == family.value) & (nw.col("to_object") == end.value)
    was, now = (
        evidence.engine.scan(snapshot.table_path(_LINKS)).filter(ours).select(target_id="from_id", other_id="to_id")
        for snapshot in (evidence.before, evidence.after)
    )
    return _Held(now, now.join(was, on=_BOTH_ENDS, how="anti"))


def _unlike_lookups(evidence: Evidence, foretold: Frame, held: _Held) -> Frame:
    """The problems of associations that go into lookups, which hold one record.

    One of those that were to come is enough; where one came that was to stay behind, that one alone is the problem.
    """
    unexpected = evidence.engine.keep(_unexpected(foretold, held), "unexpected lookups")
    expected = foretold.filter(nw.col("is_expected"))
    lacking = evidence.engine.keep(expected.join(held.now, on=_BOTH_ENDS, how="anti"), "lacking lookups")
    right = expected.join(lacking.select("target_id"), on="target_id", how="semi").join(
        held.now, on=_BOTH_ENDS, how="semi"
    )
    settled = stack([right.select("target_id"), unexpected.select("target_id")])
    others = held.came.select("target_id", came=nw.lit(value=True))
    missing = lacking.join(settled, on="target_id", how="anti").join(others, on="target_id", how="left")
    return stack([missing.select("id", "target_id", "rule_id", is_missing=nw.col("came").is_null()), unexpected])


def _unlike_associations(foretold: Frame, held: _Held) -> Frame:
    """The problems of associations that go into HubSpot."""
    lacking = foretold.filter(nw.col("is_expected")).join(held.now, on=_BOTH_ENDS, how="anti")
    missing = lacking.select("id", "target_id", "rule_id", is_missing=nw.lit(value=True))
    return stack([missing, _unexpected(foretold, held)])


def _unexpected(foretold: Frame, held: _Held) -> Frame:
    """The problems of associations that were to stay behind and came."""
    stays = foretold.filter(~nw.col("is_expected")).join(held.came, on=_BOTH_ENDS, how="semi")
    expected = foretold.filter(nw.col("is_expected"))
    arrived = stays.join(expected, on=_BOTH_ENDS, how="anti")
    return arrived.select("id", "target_id", "rule_id", is_missing=nw.lit(value=False))
