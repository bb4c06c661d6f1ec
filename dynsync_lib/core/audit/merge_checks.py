"""Audit rules about false merges: a company and an account that are matched by name and are probably two firms.

Facts
    * Looked at are domain, city and telephone number, where both records have them. A pair is doubted when at least two
      are known of both records and none agrees; those that differ in more stand first.
    * Of telephone numbers the last nine digits are compared, of domains the finished keys.

Not modelled
    * A firm that moved and changed its domain is doubted, too.

Source: rule company.match-name (2.30).
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, outcomes_of, pairs_in
from dynsync_lib.core.counting import Count, Tables, combined, rows_of, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.record_rows import listed, text_of
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import AGREEMENTS

_CITY: Final = {System.HUBSPOT: "city", System.DYNAMICS: "address1_city"}
_PHONE: Final = {System.HUBSPOT: "phone", System.DYNAMICS: "telephone1"}
_KINDS: Final = ("domain", "city", "phone")
_FEWEST_KNOWN: Final = 2
_DIGITS_COMPARED: Final = 9


def count_false_merges(situation: Situation, tables: Tables) -> Count:
    """Pairs matched by name of which two or three of domain, city and telephone number are known, and none agrees.

    None when fewer than two of the three were delivered by both sides, and there is a pair.
    """
    paired = outcomes_of(tables, Object.COMPANY, System.DYNAMICS)
    paired = paired.filter(~nw.col("counterpart_id").is_null() & (nw.col("rule_id") == "company.match-name"))
    pairs = paired.select(dynamics_id="record_id", hubspot_id="counterpart_id")
    job = Job(situation, Object.COMPANY)
    kinds = [kind for kind in _KINDS if all(_is_delivered(job, system, kind) for system in System)]
    if len(kinds) < _FEWEST_KNOWN:
        return combined([rows_of(pairs)], lambda counts: None if counts[0] else 0)
    for system in System:
        pairs = pairs.join(_known_of(job, system, kinds), on=f"{system}_id")
    judged = pairs.with_columns(
        differing=nw.sum_horizontal(*(_differs(kind).cast(nw.Int64) for kind in kinds)),
        agreeing=nw.sum_horizontal(*(_agrees(kind).cast(nw.Int64) for kind in kinds)),
    )
    detail = listed(*(nw.when(_differs(kind)).then(text_of(f"another {AGREEMENTS[kind]}")) for kind in kinds))
    doubted = judged.filter((nw.col("agreeing") == 0) & (nw.col("differing") >= _FEWEST_KNOWN))
    worst_first = range(len(kinds), _FEWEST_KNOWN - 1, -1)
    return total(
        pairs_in(doubted.filter(nw.col("differing") == number), Object.COMPANY, detail) for number in worst_first
    )


def _is_delivered(job: Job, system: System, kind: str) -> bool:
    columns = {"domain": None, "city": _CITY[system], "phone": _PHONE[system]}
    column = columns[kind]
    return column is None or column in job.columns(system)


def _known_of(job: Job, system: System, kinds: list[str]) -> Frame:
    """`<system>_id`, and `<system>_<kind>` of every kind as it is compared; null when blank."""
    values = {
        "domain": nw.col("domain_key"),
        "city": typed_values.lowered(typed_values.trimmed(nw.col(_CITY[system]))),
        "phone": typed_values.digits(nw.col(_PHONE[system])).str.tail(_DIGITS_COMPARED),
    }
    columns = {f"{system}_{kind}": values[kind] for kind in kinds}
    return job.records(system).select(nw.col("id").alias(f"{system}_id"), **columns)


def _differs(kind: str) -> nw.Expr:
    return (nw.col(f"hubspot_{kind}") != nw.col(f"dynamics_{kind}")).fill_null(value=False)


def _agrees(kind: str) -> nw.Expr:
    return (nw.col(f"hubspot_{kind}") == nw.col(f"dynamics_{kind}")).fill_null(value=False)


MEASURES: Final[Measures] = {"false_merges": count_false_merges}
