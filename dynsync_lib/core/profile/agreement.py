"""Mapped fields in the records that are matched: do both sides hold the same, something else, or only one of them?

Facts
    * Values are compared as the sync compares them (`core.writing.field_values`), so what differs here is what a sync
      overwrites, if its directions let it.
    * A mapping through which nothing flows, or of which a column was not delivered, is not compared.

Source: rules field.equal-after-typing, field.missing; docs/semantics.md section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import System
from dynsync_lib.core.writing.compared_pairs import comparisons, with_values
from dynsync_lib.core.writing.field_values import value_of
from dynsync_lib.core.writing.writes import IS_BOUND, equal_column


@dataclass(frozen=True, slots=True)
class Agreement:
    """One mapping and the matched records by what its two fields hold; all None when they were not compared."""

    hubspot_field: str
    dynamics_field: str
    pairs: int | None = None
    equal: int | None = None
    different: int | None = None
    only_hubspot: int | None = None
    only_dynamics: int | None = None
    neither: int | None = None


def measure_agreement(job: Job, pairs: Frame) -> list[Agreement]:
    """One entry for every mapping of the object, in the order of the settings.

    `pairs` has hubspot_id and dynamics_id, one row per matched pair. Computes: one pass over the values of the pairs.
    """
    compared = {str(index): judged for index, judged in enumerate(job.mappings) if judged.is_compared}
    counts: Mapping[str, int] = {}
    if compared:
        wide = with_values(job, pairs.with_columns(**{IS_BOUND: nw.lit(value=False)}), list(compared.values()))
        wide = wide.with_columns(**comparisons(compared))
        asked: dict[str, nw.Expr] = {"pairs": nw.len()}
        for tag, judged in compared.items():
            ours, theirs = (~value_of(system, judged).is_null() for system in System)
            equal = nw.col(equal_column(tag)).fill_null(value=False)
            asked[f"equal_{tag}"] = (ours & theirs & equal).cast(nw.Int64).sum()
            asked[f"both_{tag}"] = (ours & theirs).cast(nw.Int64).sum()
            asked[f"hubspot_{tag}"] = ours.cast(nw.Int64).sum()
            asked[f"dynamics_{tag}"] = theirs.cast(nw.Int64).sum()
        row = wide.select(**asked).collect().rows(named=True)[0]
        counts = {name: int(value or 0) for name, value in row.items()}
    return [_agreement(job, index, counts, is_compared=str(index) in compared) for index in range(len(job.mappings))]


def _agreement(job: Job, index: int, counts: Mapping[str, int], *, is_compared: bool) -> Agreement:
    mapping = job.mappings[index].mapping
    if not is_compared:
        return Agreement(mapping.hubspot, mapping.dynamics)
    equal, both = counts[f"equal_{index}"], counts[f"both_{index}"]
    hubspot, dynamics = counts[f"hubspot_{index}"], counts[f"dynamics_{index}"]
    return Agreement(
        mapping.hubspot,
        mapping.dynamics,
        pairs=counts["pairs"],
        equal=equal,
        different=both - equal,
        only_hubspot=hubspot - both,
        only_dynamics=dynamics - both,
        neither=counts["pairs"] - hubspot - dynamics + both,
    )
