"""The rows behind the numbers of an audit: of its findings, and of what a forecast's tables hold beside them.

Facts
    * A finding's rows come from the same frames and conditions as its count; there are as many of them.
    * What a row is says the finding's sentence: a record, a pair (listed as its Dynamics record), an association
      (listed where it begins), a value (listed as its record), a mapping, a field or a filter.

Where it is used: `forecasts.finding_records`, `forecasts.finding_rows_file`, `forecasts.finding_moves`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.audit.association_checks import invoices_by_hand
from dynsync_lib.core.audit.findings import MARKETING_MEASURES, MEASURES, count_in_table
from dynsync_lib.core.audit.marketing import count_added, count_created, count_enrolled
from dynsync_lib.core.audit.measures import Measure
from dynsync_lib.core.counting import Question, Rows, Tables, known, rows_behind, rows_that
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import LinkStatus
from dynsync_lib.core.record_rows import RECORD_KEY
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import HELD_BACK

_LOST: Final = (
    LinkStatus.DROPPED_NON_PRIMARY.value,
    LinkStatus.PARENT_IS_CONTACT.value,
    LinkStatus.TARGET_NOT_SYNCED.value,
)
_MARKETING: Final[Mapping[str, Measure]] = {
    "created_as_marketing": count_created,
    "enrolled": count_enrolled,
    "tier_crossing": count_added,
}
"""What the findings about marketing contacts list; who is beyond the tier today, nobody knows."""
LISTS: Final[Mapping[str, Callable[[Tables], Question[Any]]]] = {
    "collisions": lambda _: rows_that(Rows("collisions", {})),
    "near_names": lambda _: rows_that(Rows("near_names", {})),
    "lost_associations": lambda _: rows_that(Rows("links", {"status": _LOST})),
    "overwrites": lambda _: rows_that(Rows("changes", {"kind": "overwrite"}, {"note": HELD_BACK})),
    "manual_invoices": invoices_by_hand,
}
"""What can be listed beside findings, by its name: records that share a key, pairs of like names, associations that
stay behind, values that are overwritten, invoices to associate with their company by hand."""


def is_listed(check: Check) -> bool:
    """Whether a check counts rows; else its number stands in the settings, and there are none."""
    return check.answer is None and (check.measure not in MARKETING_MEASURES or check.measure in _MARKETING)


def asks_records(check: Check) -> bool:
    """Whether a check asks more than the forecast's tables, so that its rows cannot be had without the snapshot."""
    return check.measure is not None


def rows_of_checks(situation: Situation | None, tables: Tables, checks: Sequence[Check]) -> list[list[Frame]]:
    """For every check the frames of the rows that its finding counts, of `core.record_rows.COLUMNS`.

    `tables` are the forecast's own, as they were written. Without a situation only checks that are not of
    `asks_records` may be among them. Computes the counts of these checks; the frames are described only.
    """
    return rows_behind(tables, [_listed(situation, check, tables) for check in checks])


def rows_of_list(tables: Tables, name: str) -> list[Frame]:
    """The frames of the rows of one of `LISTS`, of `core.record_rows.COLUMNS`; they are described only."""
    return rows_behind(tables, [LISTS[name](tables)])[0]


def with_counterparts(rows: Frame, tables: Tables) -> Frame:
    """The rows with the counterpart that the forecast knows where they name none; they are described only."""
    known_ids = tables["outcomes"].select(*RECORD_KEY, known_id="counterpart_id")
    joined = rows.join(known_ids, on=list(RECORD_KEY), how="left")
    return joined.with_columns(counterpart_id=nw.coalesce("counterpart_id", "known_id")).drop("known_id")


def _listed(situation: Situation | None, check: Check, tables: Tables) -> Question[Any]:
    """The question whose rows a check's finding counts."""
    if not is_listed(check):
        return known(None)
    if check.measure is None:
        return count_in_table(check)
    if situation is None:
        return known(None)
    return (_MARKETING.get(check.measure) or MEASURES[check.measure])(situation, tables)
