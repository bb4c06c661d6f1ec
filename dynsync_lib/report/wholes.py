"""Shares and their wholes: 3.6 % of what.

Facts
    * What a finding's share is taken of is in `forecast.json` (`wholes`), by check, system, object and rule. A forecast
      of an earlier kit does not have it; its shares stand alone.

Where it is used: `report.views`, `report.light`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynsync_lib.report.forecast_tables import ForecastTables, Row
from dynsync_lib.report.tables import Share
from dynsync_lib.report.words import object_word, records_word, system_word


def finding_share(forecast: ForecastTables, row: Row) -> Share | None:
    """The share of a finding with its whole; None when it has none."""
    if row["share"] is None:
        return None
    wholes: Mapping[str, Any] = forecast.info.get("wholes") or {}
    key = "|".join(str(row[name] or "") for name in ("check_id", "system", "object", "rule_id"))
    return Share(float(row["share"]), _whole(wholes.get(key), row))


def _whole(kind: str | None, row: Row) -> str:
    """Such as "Dynamics contacts", "HubSpot associations"; nothing when the kind is not known."""
    of_system = f"{system_word(row['system'])} " if row["system"] is not None else ""
    if kind == "links":
        return f"{of_system}associations".strip()
    if kind == "changes":
        return "values that differ, skipped ones too"
    if kind == "mapping":
        return "field mappings"
    if kind != "records":
        return ""
    if row["object"] is None:
        return f"{of_system}records" if of_system else "all records"
    return records_word(row["object"], row["system"]) if of_system else object_word(row["object"])
