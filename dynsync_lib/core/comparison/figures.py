"""The few figures by which scenarios are compared, out of what the sync decides.

Facts
    * Six of them are those of the report's first page, and counted as there: a matched record changes when a value is
      written to it, and HubSpot's contacts are one with those of leads.

Where it is used: `scenarios.decided`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import ChangeKind, LinkStatus, Object, Outcome, System
from dynsync_lib.core.tables import HELD_BACK

FIGURES: Final = (
    *("created_in_hubspot", "created_in_dynamics", "updated", "fields_overwritten"),
    *("shadowed", "excluded", "failing", "associated"),
)
"""Records created in each system, matched records that change, values overwritten; records that lose their key, stay
out by rule or filter, or are refused; associations that sync."""
_CREATED: Final = {System.DYNAMICS: "created_in_hubspot", System.HUBSPOT: "created_in_dynamics"}
_LEFT_OUT: Final = (Outcome.SHADOWED, Outcome.EXCLUDED, Outcome.FAILING)


def count_figures(outcomes: Frame, changes: Frame, links: Frame) -> Frame:
    """One row per figure that is not 0: `figure` (a key of FIGURES) and `count`. Nothing is computed yet."""
    created = [_counted(outcomes, name, outcome=Outcome.CREATE, system=system) for system, name in _CREATED.items()]
    left_out = [_counted(outcomes, outcome.value, outcome=outcome) for outcome in _LEFT_OUT]
    landing = changes.filter(~nw.col("note").is_in(list(HELD_BACK)).fill_null(value=False))
    overwritten = _counted(landing, "fields_overwritten", kind=ChangeKind.OVERWRITE)
    synced = links.filter(nw.col("status").is_in([LinkStatus.SYNCED.value, LinkStatus.AUTO_CREATED.value]))
    named = [*created, *left_out, overwritten, _named(synced, "associated"), _named(_written(landing), "updated")]
    return nw.concat(named).group_by("figure").agg(count=nw.len().cast(nw.Int64))


def _counted(frame: Frame, figure: str, **where: str) -> Frame:
    """A row for each that has these values."""
    for name, value in where.items():
        frame = frame.filter(nw.col(name) == str(value))
    return _named(frame, figure)


def _named(frame: Frame, figure: str) -> Frame:
    return frame.with_columns(figure=nw.lit(figure)).select("figure")


def _written(landing: Frame) -> Frame:
    """One row per matched record that a value is written to."""
    is_hubspot = nw.col("target_system") == System.HUBSPOT.value
    is_contact = is_hubspot & (nw.col("object") == Object.LEAD.value)
    return landing.select(
        "target_system",
        kind_of_record=nw.when(is_contact).then(nw.lit(Object.CONTACT.value)).otherwise(nw.col("object")),
        record_id=nw.when(is_hubspot).then(nw.col("hubspot_id")).otherwise(nw.col("dynamics_id")),
    ).unique()
