"""Audit rules about values: currencies, days, names, unique properties.

Facts
    * Each measure looks at mappings that really flow; where nothing of the kind is mapped, it counts nothing.
    * None means that the snapshot lacks what the question needs; the finding then says so in grey.

Not modelled
    * HubSpot's secret rule for suspicious names (5.14): what is counted are web addresses and code.
    * A portal's offset from UTC is taken from the year of the snapshot, both its winter's and its summer's.

Source: rules field.currency, field.date-precision, field.suspicious-name, field.unique-property.
"""

from __future__ import annotations

import functools
import operator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from dynsync_lib.core import typed_values
from dynsync_lib.core.audit.measures import Measures, Tables, landing_in_hubspot, records_of, rows_in, with_outcome
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, opposite, stack
from dynsync_lib.core.sync.flowing_mappings import flowing, flowing_of, objects_on
from dynsync_lib.core.writing.refusals import PERSONS

_CURRENCY: Final = {
    System.DYNAMICS: ("_transactioncurrencyid_value",),
    System.HUBSPOT: ("deal_currency_code", "hs_currency"),
}
_SUSPICIOUS: Final = r"(?i)http|www\.|://|[<>{}]"
_NAMES: Final = ("firstname", "lastname")
_DAY_S: Final = 86_400


def count_mixed_currencies(situation: Situation, tables: Tables) -> int | None:
    """Records whose mapped amount is in another currency than that of most; None when no currency was delivered."""
    del tables
    counts = [
        _in_other_currencies(situation, object_, system, judged)
        for object_ in objects_on(situation)
        for system in System
        for judged in [_amounts(situation, object_, system)]
        if judged
    ]
    return _sum(counts)


def count_shifted_days(situation: Situation, tables: Tables) -> int | None:
    """Dynamics values whose day in the portal's time zone may differ from the day HubSpot gets (5.21)."""
    del tables
    shifting = [
        (object_, one)
        for object_, one in flowing(situation)
        if one.writes_to(System.HUBSPOT) and one.kinds[System.HUBSPOT] == "date" and _is_local_time(one)
    ]
    if not shifting:
        return 0
    offsets = _offsets_s(situation)
    return None if offsets is None else sum(_shifted(situation, *one, offsets) for one in shifting)


def count_suspicious_names(situation: Situation, tables: Tables) -> int | None:
    """Dynamics persons whose name, to be written to HubSpot, holds a web address or code (5.14)."""
    count = 0
    for object_ in PERSONS:
        names = [one for one in flowing_of(situation, object_) if one.mapping.hubspot in _NAMES]
        written = [one for one in names if one.writes_to(System.HUBSPOT)]
        if written:
            count += rows_in(_suspicious(situation, tables, object_, written))
    return count


def count_unique_values(situation: Situation, tables: Tables) -> int | None:
    """Values that would be written to a HubSpot property with unique values although another record has them (9.18)."""
    return sum(
        _repeated(situation, tables, object_, one)
        for object_, one in flowing(situation)
        if one.is_compared and one.writes_to(System.HUBSPOT) and one.mapping.hubspot != "email" and _is_unique(one)
    )


# --- Currencies --------------------------------------------------------------------------------------------------


def _amounts(situation: Situation, object_: Object, system: System) -> list[JudgedMapping]:
    """Mappings that carry an amount away from one side."""
    return [
        one
        for one in flowing_of(situation, object_)
        if one.writes_to(opposite(system)) and (field := one.fields[System.DYNAMICS]) and field.type == "Money"
    ]


def _in_other_currencies(
    situation: Situation, object_: Object, system: System, amounts: list[JudgedMapping]
) -> int | None:
    there = situation.columns(object_, system)
    column = next((one for one in _CURRENCY[system] if one in there), None)
    if column is None:
        return None
    filled = [~typed_values.trimmed(nw.col(one.columns[system])).is_null() for one in amounts]
    asked = records_of(situation, object_, system).filter(functools.reduce(operator.or_, filled))
    by_currency = asked.select(currency=typed_values.trimmed(nw.col(column))).filter(~nw.col("currency").is_null())
    counts = by_currency.group_by("currency").agg(records=nw.len())
    row = counts.select(all=nw.col("records").sum(), most=nw.col("records").max()).collect().rows()[0]
    return int(row[0] or 0) - int(row[1] or 0)


def _sum(counts: list[int | None]) -> int | None:
    """The sum of what is known; None when nothing was found and something is not known."""
    known = sum(count for count in counts if count is not None)
    return None if not known and None in counts else known


# --- Days --------------------------------------------------------------------------------------------------------


def _is_local_time(judged: JudgedMapping) -> bool:
    field = judged.fields[System.DYNAMICS]
    return judged.kinds[System.DYNAMICS] == "datetime" and field is not None and field.behavior == "UserLocal"


def _offsets_s(situation: Situation) -> tuple[int, int] | None:
    """The portal's smallest and largest offset from UTC, in seconds; None when its time zone is not known."""
    try:
        zone = ZoneInfo(situation.time_zone or "")
    except (ValueError, OSError, LookupError):
        return None
    months = (datetime(situation.taken_at.year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    seconds = [int((offset or timedelta()).total_seconds()) for offset in months]
    return min(seconds), max(seconds)


def _shifted(situation: Situation, object_: Object, judged: JudgedMapping, offsets_s: tuple[int, int]) -> int:
    """Values not at midnight whose local day is the day before or after."""
    moment = typed_values.moment(typed_values.trimmed(nw.col(judged.columns[System.DYNAMICS])))
    parts = [moment.str.slice(place, 2).cast(nw.Int64) * unit for place, unit in ((11, 3600), (14, 60), (17, 1))]
    second = parts[0] + parts[1] + parts[2]
    before, after = second + offsets_s[0] < 0, second + offsets_s[1] >= _DAY_S
    is_shifted = ((second > 0) & (before | after)).fill_null(value=False)
    return rows_in(records_of(situation, object_, System.DYNAMICS).filter(is_shifted))


# --- Names and unique values -------------------------------------------------------------------------------------


def _suspicious(situation: Situation, tables: Tables, object_: Object, names: list[JudgedMapping]) -> Frame:
    """dynamics_id of persons that are created with such a name or get one written."""
    tests = [_is_suspicious(nw.col(one.columns[System.DYNAMICS])) for one in names]
    records = records_of(situation, object_, System.DYNAMICS).filter(functools.reduce(operator.or_, tests))
    created = records.join(with_outcome(tables, object_, System.DYNAMICS, "create"), on="id", how="semi")
    written = landing_in_hubspot(tables["changes"], object_).filter(
        nw.col("target_field").is_in([one.mapping.hubspot for one in names]) & _is_suspicious(nw.col("new_value"))
    )
    return stack([created.select(dynamics_id="id"), written.select("dynamics_id")]).unique()


def _is_suspicious(name: nw.Expr) -> nw.Expr:
    return name.str.contains(_SUSPICIOUS).fill_null(value=False)


def _is_unique(judged: JudgedMapping) -> bool:
    field = judged.fields[System.HUBSPOT]
    return field is not None and field.unique


def _repeated(situation: Situation, tables: Tables, object_: Object, judged: JudgedMapping) -> int:
    """Writes and new records whose value another HubSpot record has or gets."""
    written = landing_in_hubspot(tables["changes"], object_).filter(nw.col("target_field") == judged.mapping.hubspot)
    written = written.select(id="hubspot_id", value="new_value")
    records = records_of(situation, object_, System.DYNAMICS)
    created = records.join(with_outcome(tables, object_, System.DYNAMICS, "create"), on="id", how="semi")
    created = created.select("id", value=typed_values.trimmed(nw.col(judged.columns[System.DYNAMICS])))
    planned = stack([written, created.filter(~nw.col("value").is_null())])
    there = records_of(situation, object_, System.HUBSPOT)
    kept = there.select("id", value=typed_values.trimmed(nw.col(judged.columns[System.HUBSPOT])))
    kept = kept.join(written, on="id", how="anti").filter(~nw.col("value").is_null())
    held = stack([planned, kept]).group_by("value").agg(times=nw.len()).filter(nw.col("times") > 1)
    return rows_in(planned.join(held, on="value", how="semi"))


MEASURES: Final[Measures] = {
    "mixed_currencies": count_mixed_currencies,
    "shifted_days": count_shifted_days,
    "suspicious_names": count_suspicious_names,
    "unique_values": count_unique_values,
}
